/*
 * Two rulesets, of any dialects: which packets do they treat differently. Entries of unfolded chains that are alike and
 * in the same order on both sides are set aside; only packets of the others can fare differently, and they are walked
 * through both.
 */
#ifndef PORTOLAN_PROVE_DIFF_H
#define PORTOLAN_PROVE_DIFF_H

#include "model/result.h"
#include "prove/prover.h"

struct differences VEC(struct difference);

struct diff_question {
    struct ruleset *left;
    struct ruleset *right; /* its unknowns are renumbered: those of the same text are the same on both sides */
    unsigned hooks;        /* 1u << enum hook that are compared */
};

/*
 * Appends the differences, as few boxes as merging gives. A refusal is a refusal: drop and reject are alike. False when
 * a budget ran out before everything was looked at: *gave_up_at is the rule then, of either side. *one_sided: families
 * for which only one of the two speaks.
 */
bool diff_find(struct arena *arena, const struct diff_question *question, struct differences *differences,
               unsigned *one_sided, struct rule_ref *gave_up_at);

/* --- align.c ------------------------------------------------------------------------------------------------------ */

/*
 * Marks a longest common subsequence of two lists of numbers: keep_a[i] and keep_b[k] are set for what is in it. With
 * more than `most` insertions and deletions nothing but a common head and tail is kept.
 */
void align_lists(struct arena *arena, const uint32_t *a, size_t a_n, const uint32_t *b, size_t b_n, size_t most,
                 uint8_t *keep_a, uint8_t *keep_b);

#endif
