/*
 * Questions about one box of a chain and all the others: is it hidden by those before it, would those behind it decide
 * its packets alike.
 *
 * A box is split by one that holds a point of it, the pieces likewise, until a point is found that nothing holds or
 * nothing is left. Most boxes are settled by their first point, or by one box that holds them altogether. Which boxes
 * hold a point a tree tells; no list of all that meet a box is ever made.
 */
#ifndef PORTOLAN_PROVE_COVER_H
#define PORTOLAN_PROVE_COVER_H

#include "packet/tree.h"
#include "prove/flat.h"

/* The entries of an unfolded chain as boxes, in order. */
struct box_list {
    const struct flat *flat;
    struct ranks *ranks;
    struct ranked_boxes boxes;
    uint32_t *owners;          /* the entry of each box */
    uint32_t *first;           /* the first box of each entry, and behind the last; none: it has too many ranges */
    const struct rule **rules; /* of each box; NULL: the policy */
    uint32_t *holders;         /* a box before each that surely hides all of it; else, or not yet known, HOLDER_NONE */
    uint8_t *special;          /* boxes whose entry has unknowns, or is not understood */
    struct box_tree *tree;
};

#define HOLDER_NONE UINT32_MAX

void box_list_make(struct arena *arena, const struct flat *flat, struct box_list *list);

struct used_boxes VEC(uint32_t);

struct cover {
    bool leaves;                 /* some point of the box is in none of those before, */
    bool differs;                /* and some such point is decided otherwise by the first behind that holds it */
    bool undecided;              /* the search was given up before it was known whether one differs */
    struct used_boxes hiders;    /* boxes before that, where nothing is left, hold all of it */
    struct used_boxes stand_ins; /* boxes behind that, where nothing differs, decide what is left */

    struct arena *arena;
    const struct box_list *list;
    uint32_t at; /* the box that is asked about */
    const struct flat_entry *entry;
    struct ranked_boxes open; /* parts of the box that have not been looked at */
    uint64_t random;
};

/* Judges box `at` of the list. Everything in *cover is the arena's. */
void cover_judge(struct cover *cover, struct arena *arena, const struct box_list *list, uint32_t at);

#endif
