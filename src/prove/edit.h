/*
 * Verdicts that follow a ruleset while it is edited: after a rule has become another, only those permits are judged
 * again whose packets the old rule or the new one can take.
 */
#ifndef PORTOLAN_PROVE_EDIT_H
#define PORTOLAN_PROVE_EDIT_H

#include "prove/prover.h"

struct edit;

/*
 * Judges every permit of the policy, which must outlive it, as must the ruleset. What is kept is in the arena, what
 * edits add as well.
 */
struct edit *edit_start(struct arena *arena, struct ruleset *ruleset, const struct policy *policy);
void edit_free(struct edit *edit); /* what is not in the arena; takes NULL */

const struct prover *edit_prover(const struct edit *edit);
/* The verdict on permit i of the policy, always that of the ruleset as it is now; a reply only where there is one. */
const struct verdict *edit_verdict(const struct edit *edit, size_t i, enum direction direction);

/*
 * Rule i (from 0) of a chain of the ruleset becomes `rule`, whose chain and index are set; one with ACTION_NONE is as
 * good as none. *judged is how many verdicts were asked for again. False, and nothing is changed, where the new rule
 * names an interface or an unknown that the ruleset had not: then a new start is needed.
 *
 * Cost: the rule's bins in the index of its chain, and a verdict for each question that meets the old rule or the new
 * one. Where rules write into packets, the fields that they write do not tell questions apart; an edit of a rule that
 * writes judges everything.
 */
bool edit_rule(struct edit *edit, struct chain *chain, size_t i, const struct rule *rule, size_t *judged);

#endif
