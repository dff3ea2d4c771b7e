/* What excess.c found, by the rule that opens it, and how it becomes findings. */
#ifndef PORTOLAN_PROVE_OPENED_H
#define PORTOLAN_PROVE_OPENED_H

#include "prove/prover.h"

/* Boxes that one rule (or policy) opens. They may overlap each other and those of other rules. */
struct opened {
    const struct rule *rule; /* NULL: the policy of `chain` */
    const struct chain *chain;
    enum family family;
    enum hook hook;
    struct cubes boxes;
    struct cubes maybe;     /* for some values of the unknowns */
    struct cubes witnesses; /* packets in those boxes that this rule decides and none before it */
    bool more;              /* it may open more than these */
};

struct opened_list VEC(struct opened);

/* Appends a finding for each box, at most `most` of one rule, the largest first. */
void opened_report(struct arena *arena, const struct prover *prover, const struct policy *policy, size_t most,
                   struct opened_list *list, struct findings *findings);

#endif
