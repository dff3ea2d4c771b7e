/* Verdicts that follow a ruleset while it is edited, against proofs from scratch; see oracle.h. */
#include "oracle.h"
#include "prove/edit.h"

/* What a proof from scratch says; its witness may be another one. */
static void compare_edited(struct arena *arena, struct arena *scratch, const struct edit *edit,
                           const struct ruleset *ruleset, const struct policy *policy, unsigned long number)
{
    const struct prover *prover = prover_new(arena, ruleset, policy);

    for (size_t i = 0; i < policy->permit_n; i++) {
        for (enum direction direction = DIRECTION_REQUEST; direction <= DIRECTION_REPLY; direction++) {
            const struct verdict *kept = edit_verdict(edit, i, direction);
            struct verdict fresh;

            judge_permit(scratch, prover, &policy->permits[i], direction, &fresh);
            /* A rule that asked once whether packets are translated still has them told apart: that may say more. */
            if (tracing && kept->kind != fresh.kind && fresh.kind == VERDICT_UNDETERMINED)
                continue;
            if (kept->kind != fresh.kind || kept->has_packet != fresh.has_packet)
                complain("a verdict is not that of the edited ruleset", number, &fresh.packet);
            else if (fresh.has_packet && !networks && !blurred() && !confirms(ruleset, &policy->permits[i], kept))
                complain("the oracle does not confirm the witness after an edit", number, &kept->packet);
        }
    }
}

void compare_edits(struct arena *arena, struct arena *scratch, struct ruleset *ruleset, const struct policy *policy,
                   unsigned long number)
{
    struct edit *edit = edit_start(arena, ruleset, policy);

    for (unsigned n = 0; n < 4; n++) {
        size_t c = pick((unsigned)ruleset->chain_n);
        struct chain *chain = ruleset->chains[c];
        size_t i = chain->rule_n == 0 ? 0 : pick((unsigned)chain->rule_n);
        struct rule old;
        struct rule rule;
        size_t judged;

        if (chain->rule_n == 0)
            continue;
        old = chain->rules[i];
        random_rule(arena, ruleset, c, i);
        rule = chain->rules[i];
        chain->rules[i] = old;
        if (pick(6) == 0)
            rule.action = ACTION_NONE;
        if (!edit_rule(edit, chain, i, &rule, &judged))
            complain("an edit is refused", number, NULL);
        compare_edited(arena, scratch, edit, ruleset, policy, number);
    }
    edit_free(edit);
}
