/*
 * The play: what is sent on the stage, in two acts, and what became of it. Act one are the flows, each as conversations
 * of its own service (dialogue.h), or one way where nothing answers. Act two is what must not pass (neighbours.h),
 * packet by packet (volley.h). Every packet is also asked of the prover.
 *
 * What is played hangs on the plan and on the cast alone, so that two rulesets can be seen with the same packets.
 */
#ifndef PORTOLAN_REHEARSE_PLAY_H
#define PORTOLAN_REHEARSE_PLAY_H

#include "model/rehearsal.h"
#include "rehearse/neighbours.h"
#include "rehearse/pairs.h"
#include "rehearse/proof.h"
#include "rehearse/real.h"
#include "rehearse/volley.h"

struct play_wishes {
    const struct plan *plan; /* of a site */
    const struct cast *cast;
    const struct policy *const *policies; /* one for each firewall of the site */
    const struct packet *witnesses;
    size_t witness_n;
    const struct packet *asked; /* of flows, beside those that are chosen: what a proof showed of them */
    size_t asked_n;
    uint32_t today;
    bool all; /* every actor of each flow */
};

struct play {
    struct play_wishes wishes;
    struct VEC(struct scene_part) flows; /* of the plan, then those of the site's tests that allow */
    struct pairs pairs;                  /* of all of them, one after the other */
    struct neighbours *neighbours;
};

struct scene_part {
    const struct flow *flow;
    const struct site_test *test; /* that asks for it; NULL: the plan does */
    size_t first;                 /* of its pairs */
    size_t n;
    struct str reason; /* why there are none */
};

/* Conversations that a server in the place of our stand-ins has at most, when all of them are tried again. */
size_t play_connections(const struct play *play, const struct reals *reals);
struct play *play_make(struct arena *arena, const struct play_wishes *wishes);

/* On which rulesets, and what is kept. */
struct play_side {
    const struct ruleset *const *rulesets; /* these four: one for each firewall of the site */
    const struct stage_ruleset *texts;
    struct prover *const *provers;
    struct arena *proofs;           /* another than theirs; afterwards as it was */
    const struct verdict *verdicts; /* of the check: of whole flows */
    size_t verdict_n;
    struct str pcap;     /* file for all packets; empty: none */
    struct reals *reals; /* servers in the place of stand-ins, ready (real.h); NULL: none */
    unsigned timeout_ms; /* of one try of a conversation */
    unsigned turn;       /* how often was played on this stage before: ports that are still remembered are not used */
};

struct played {
    struct rehearsal rehearsal;       /* all but its title and changes */
    struct played_packet *pairs;      /* by pair */
    struct played_packet *neighbours; /* by neighbour */
};

/*
 * Builds the stage, plays, and takes it down. 0, or -errno with an error in diags: where it could not be built or
 * loaded nothing was played.
 */
int play_run(struct arena *arena, const struct play *play, const struct play_side *side, struct diags *diags,
             struct played *result);
/*
 * The same on a stage that stands, with the rulesets that it has. `diags` as above; of side, texts are not asked for.
 */
int play_on(struct arena *arena, const struct play *play, const struct play_side *side, struct stage *stage,
            struct diags *diags, struct played *result);
/* What the second did otherwise than the first; becomes part of its rehearsal. */
void play_compare(struct arena *arena, const struct play *play, const struct played *before, struct played *after);

#endif
