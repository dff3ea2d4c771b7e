/*
 * The prover: what a ruleset does with the flows of a policy, and what it lets through beyond them.
 *
 * Exact and three-valued. A packet's fate may depend on unknowns (a rate limit, an interface that nobody named); then
 * it is counted once as let through and once as not, and a verdict is `undetermined` only where the two differ.
 */
#ifndef PORTOLAN_PROVE_PROVER_H
#define PORTOLAN_PROVE_PROVER_H

#include "model/policy.h"
#include "model/verdict.h"
#include "prove/walk.h"

/* One firewall's ruleset, ready for questions about one policy. */
struct prover {
    struct arena *arena; /* lives as long as the prover */
    const struct ruleset *ruleset;
    const struct interface_numbers *interfaces;
    struct program *programs[FAMILY_N]; /* NULL: the ruleset does not speak for the family */
    struct program
        *plain[FAMILY_N]; /* of packets as flows have them: no extension headers, not spoofed; often the same */
};

/* `policy` names the interfaces that questions will use. */
struct prover *prover_new(struct arena *arena, const struct ruleset *ruleset, const struct policy *policy);

struct findings VEC(struct finding);

/* --- region.c: the packets of a question ------------------------------------------------------------------------- */

/* Packets that must pass for a permit's flow to work, in one direction; *hook is where they are seen. */
struct cubes region_of_permit(struct arena *arena, const struct prover *prover, const struct permit *permit,
                              enum direction direction, enum hook *hook);
/* Every packet that a permit excuses: all states, flags and fragments of its five-tuple. */
struct cube region_excused(struct arena *arena, const struct prover *prover, const struct permit *permit);
/* Whether no rule asks for the state of a connection: then replies have rules of their own. */
bool region_stateless(const struct ruleset *ruleset);
/* What a stateless ruleset has to let through at `hook` for a permit's replies; TCP with ACK or RST only. Appends. */
void region_mirrored(struct arena *arena, const struct prover *prover, const struct permit *permit, enum hook hook,
                     struct cubes *cubes);
/* Packets that can open a connection and come by this face; false where there are none. */
bool region_of_face(struct arena *arena, const struct prover *prover, const struct face *face, enum family family,
                    struct cube *cube);
/* An interface as a set of numbers; an empty name: every one but none and loopback. */
const struct ranges *region_interface(struct arena *arena, const struct prover *prover, struct str name);

/* --- witness.c: sets of packets for people ----------------------------------------------------------------------- */

/* One packet of the set, with usual values where it has them. */
struct packet witness_packet(struct arena *arena, const struct prover *prover, enum family family,
                             const struct cube *cube);
/* Whether the set has a packet whose source is not its destination: no flow pairs an address with itself. */
bool witness_exists(const struct cube *cube);
struct box witness_box(struct arena *arena, const struct prover *prover, enum family family, const struct cube *cube);

/* --- judge.c: one permit ------------------------------------------------------------------------------------------ */

/*
 * The verdict on one permit in one direction. All of *verdict is written. Questions share a budget of steps that grows
 * with each: one that needs more than is there is undetermined, and names the rule that made it so.
 */
void judge_permit(struct arena *arena, const struct prover *prover, const struct permit *permit,
                  enum direction direction, struct verdict *verdict);
/*
 * What follows a flow's first packet and the answer to it (the third packet of TCP, another request of UDP) is no
 * request and no reply of the flow: it is the reply of the permit turned round.
 */
struct permit judge_turned(struct arena *arena, const struct permit *permit);

/*
 * What somebody needs who does not believe a verdict `permitted` or `denied`: the packets of the question cut into
 * disjoint parts, each with what decides it in every base chain on its way. No rule on the way tells packets of a part
 * apart. Packets from an address to itself may be in no part; what `now` of a leaf says is no part of the evidence.
 */
struct certificate {
    struct cubes region;    /* the packets of the question */
    struct leaves parts;    /* for each value of the unknowns that has a part in it; none of another verdict */
    struct leaves requests; /* of a reply that NAT or NOTRACK may change: the requests that it answers, likewise */
    struct forks forks;     /* what the unknowns beyond those of the ruleset mean */
};

/* The same verdict with its certificate, which lives in the arena: nothing of the arena is rolled back. */
void judge_certified(struct arena *arena, const struct prover *prover, const struct permit *permit,
                     enum direction direction, struct verdict *verdict, struct certificate *certificate);

/*
 * Packets of a region that may pass a hook, as cubes: with `surely` only those that pass whatever the unknowns are.
 * Those from an address to itself are among them. *rule is one that decides.
 */
bool judge_passing(struct arena *arena, const struct prover *prover, enum family family, enum hook hook,
                   const struct cubes *region, bool surely, struct cubes *passing, struct rule_ref *rule);

struct onward {
    struct cubes packets;
    bool elsewhere; /* some may have been sent to another destination: their way is not known */
    struct rule_ref rule;
};

/*
 * Likewise, the packets as the next firewall on the way sees them. With `surely` none that are translated: whether the
 * next lets them through is not asked.
 */
bool judge_onward(struct arena *arena, const struct prover *prover, enum family family, enum hook hook,
                  const struct cubes *region, bool surely, struct onward *onward);

/* --- rules.c: what decides ---------------------------------------------------------------------------------------- */

/* What a leaf ended at, by name. */
struct rule_ref rules_name(const struct prover *prover, const struct leaf *leaf);
/* Fills in verdict->rules: what decides about all these leaves. */
void rules_of_leaves(struct arena *arena, const struct prover *prover, const struct leaves *leaves,
                     struct verdict *verdict);

/* --- excess.c: what is permitted beyond --------------------------------------------------------------------------- */

/*
 * Appends findings for what the ruleset permits beyond the policy's permits, its baseline and what it accepts: boxes as
 * large as can be, the largest first, of packets that are all excess. Those of a rule hold what it can take; another
 * rule may let a part of them through before it does, but it is the one that decides the finding's packet.
 *
 * Together the boxes are all there is, but for rules that open very many: each has the largest (in rulesets of 100
 * rules 100, in large ones fewer, always one), and the last says in its reason that there may be more. False when a
 * budget ran out before everything was looked at: *gave_up_at is the rule then.
 */
bool excess_find(struct arena *arena, const struct prover *prover, const struct policy *policy,
                 struct findings *findings, struct rule_ref *gave_up_at);

/* --- baseline.c: a firewall that works -----------------------------------------------------------------------------
 */

/* Appends a warning for each piece of the baseline that the ruleset does not let through. */
void baseline_find(struct arena *arena, const struct prover *prover, const struct policy *policy,
                   struct findings *findings);
/* The packets of the baseline at a hook, for excess to leave out. */
struct cubes baseline_region(struct arena *arena, const struct prover *prover, const struct policy *policy,
                             enum hook hook, enum family family);

#endif
