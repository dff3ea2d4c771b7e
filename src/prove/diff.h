/*
 * Two rulesets, of any dialects: which packets do they treat differently. Entries of unfolded chains that are alike and
 * in the same order on both sides are set aside; only packets of the others can fare differently, and they are walked
 * through both.
 */
#ifndef PORTOLAN_PROVE_DIFF_H
#define PORTOLAN_PROVE_DIFF_H

#include "model/result.h"
#include "prove/flat.h"
#include "prove/prover.h"
#include "prove/walk.h"

struct differences VEC(struct difference);

struct diff_question {
    struct ruleset *left;
    struct ruleset *right; /* its unknowns are renumbered: those of the same text are the same on both sides */
    unsigned hooks;        /* 1u << enum hook that are compared */
};

/*
 * Appends the differences, as few boxes as joining gives: those that the same rules decide one after the other, the
 * largest first. A refusal is a refusal: drop and reject are alike. False when a budget ran out before everything was
 * looked at: *gave_up_at is the rule then, of either side. *one_sided: families for which only one of the two speaks.
 */
bool diff_find(struct arena *arena, const struct diff_question *question, struct differences *differences,
               unsigned *one_sided, struct rule_ref *gave_up_at);

/* --- align.c ------------------------------------------------------------------------------------------------------ */

/* Two base chains at the same place on the way of packets, unfolded and aligned; the left is 0. */
struct chain_pair {
    const struct flat *flats[2];
    uint32_t *numbers[2]; /* of each entry; the same for entries that are alike */
    uint32_t number_n;
    uint8_t *kept[2]; /* entries that both have, in the same order */
};

/*
 * Fills in the pair for its two flats: entries that both have are kept, as many as can be in the same order; beyond 400
 * insertions and deletions only those of a common head and tail. False: the chains are too large.
 */
bool align_chains(struct arena *arena, struct chain_pair *pair);

/* --- plain.c ------------------------------------------------------------------------------------------------------ */

/* Packets (right->cube) that the two sides decide by these entries. */
typedef void plain_note(void *context, const struct leaf *left, const struct leaf *right);

/*
 * What the chains of a hook, in the order of the way, do with the packets of a region, but for what both decide by the
 * same entries. Each packet is noted at most once. False: an entry that the region meets has unknowns or writes, or the
 * region falls into too many parts; some may have been noted then. Memory stays in the arena.
 */
bool plain_compare(struct arena *arena, enum hook hook, const struct chain_pair *pairs, size_t pair_n,
                   const struct cube *region, plain_note *note, void *context);

#endif
