/*
 * Certificates of the prover against the small checker (evidence.h), and the checker against certificates that were
 * made wrong: what it lets pass is worth nothing if it lets everything pass. See oracle.h.
 */
#include "oracle.h"

#include "evidence.h"

enum mutation { DROP_PART, WIDEN_PART, OTHER_RULE, OTHER_ACTION, MUTATION_N };

static const char *const mutations[MUTATION_N] = {"a part is missing", "a part is too wide", "another rule is cited",
                                                  "another end is claimed"};

/* Some rule or policy of the same ruleset; NULL where there is no rule but the one. */
static const struct rule *another_rule(const struct prover *prover, const struct decision *decision)
{
    const struct ruleset *ruleset = prover->ruleset;
    const struct chain *chain = ruleset->chains[pick((unsigned)ruleset->chain_n)];
    const struct rule *rule = chain->rule_n == 0 ? NULL : &chain->rules[pick((unsigned)chain->rule_n)];

    if (rule != decision->rule)
        return rule;
    return decision->rule == NULL ? NULL : decision->rule->index > 1 ? decision->rule - 1 : NULL;
}

/* Makes a certificate wrong. False where it has nothing that could be wrong in this way. */
static bool spoil(struct arena *arena, const struct prover *prover, enum mutation mutation,
                  struct certificate *certificate)
{
    struct leaf *part;
    struct decision *decision;

    if (certificate->parts.n == 0)
        return false;
    certificate->parts.v = arena_copy(arena, certificate->parts.v, certificate->parts.n * sizeof *certificate->parts.v);
    part = &certificate->parts.v[pick((unsigned)certificate->parts.n)];
    switch (mutation) {
    case DROP_PART: *part = certificate->parts.v[--certificate->parts.n]; return true;
    case WIDEN_PART: part->cube.field[pick(2) == 0 ? FIELD_STATE : FIELD_FRAGMENT] = NULL; return true;
    case OTHER_ACTION: part->action = part->action == ACTION_ACCEPT ? ACTION_DROP : ACTION_ACCEPT; return true;
    case OTHER_RULE:
        if (part->decisions == NULL)
            return false;
        decision = arena_copy(arena, part->decisions, sizeof *decision);
        decision->rule = another_rule(prover, decision);
        if (decision->rule == part->decisions->rule)
            return false;
        part->decisions = decision;
        return true;
    case MUTATION_N: break;
    }
    return false;
}

/* Whether some packet is in the part at all: of a choice that cannot be made anything may be said. */
static bool is_about_something(struct arena *arena, const struct prover *prover, const struct permit *permit,
                               enum direction direction, const struct verdict *verdict,
                               const struct certificate *certificate)
{
    vec_each (const struct fork *, fork, &certificate->forks) {
        if (fork->rule == NULL)
            return false;
    }
    return evidence_refuse(arena, prover, permit, direction, verdict, certificate) == NULL;
}

/* The rule that a trace ends at. */
struct ending {
    struct naive_step last;
    bool sure;
};

static void note_step(void *context, const struct naive_step *step)
{
    struct ending *ending = context;

    if (step->matched == TERNARY_NO || step->action == ACTION_NONE)
        return;
    ending->sure = ending->sure && step->matched == TERNARY_YES;
    ending->last = *step;
}

/* The packet of a verdict that stops it is stopped by the rule that the verdict names. */
static void compare_stop(const struct prover *prover, const struct permit *permit, const struct verdict *verdict,
                         unsigned long number)
{
    bool request = verdict->direction == DIRECTION_REQUEST;
    struct packet packet = verdict->packet;
    struct ending ending = {.sure = true};
    struct naive_question question = {
        .ruleset = prover->ruleset, .hook = verdict->hook, .packet = &packet, .step = note_step, .context = &ending};
    struct rule_ref rule;

    packet.in = request ? permit->in : permit->out;
    packet.out = request ? permit->out : permit->in;
    packet.has_in = packet.in.n > 0;
    packet.has_out = packet.out.n > 0;
    naive_ask(&question);
    if (!ending.sure)
        return;
    rule = ending.last.rule != NULL ? rule_ref_of(ending.last.rule)
                                    : rule_ref_policy(prover->arena, prover->ruleset, ending.last.chain);
    if (rule.index != verdict->rule.index || !str_eq(rule.chain, verdict->rule.chain))
        complain("another rule stops the packet than the verdict names", number, &packet);
}

void compare_certificate(struct arena *arena, const struct prover *prover, const struct permit *permit,
                         enum direction direction, unsigned long number)
{
    struct certificate certificate;
    struct verdict verdict;
    const char *why;

    judge_certified(arena, prover, permit, direction, &verdict, &certificate);
    if (verdict.kind == VERDICT_DENIED || verdict.kind == VERDICT_PARTIAL)
        compare_stop(prover, permit, &verdict, number);
    if (verdict.kind != VERDICT_PERMITTED && verdict.kind != VERDICT_DENIED)
        return;
    why = evidence_refuse(arena, prover, permit, direction, &verdict, &certificate);
    if (why != NULL) {
        printf("%s %s: ", verdict_name(verdict.kind), direction_name(direction));
        complain(why, number, NULL);
        return;
    }
    certificates_checked++;
    if (!is_about_something(arena, prover, permit, direction, &verdict, &certificate))
        return;
    for (enum mutation mutation = 0; mutation < MUTATION_N; mutation++) {
        struct certificate spoiled = certificate;

        /* Where requests are translated, two of them may have the same reply: it is there without one of its parts. */
        if (mutation == DROP_PART && direction == DIRECTION_REPLY && prover->ruleset->rewrites != 0)
            continue;
        if (!spoil(arena, prover, mutation, &spoiled))
            continue;
        if (evidence_refuse(arena, prover, permit, direction, &verdict, &spoiled) == NULL) {
            printf("%s: ", mutations[mutation]);
            complain("the checker takes it", number, NULL);
        }
    }
}
