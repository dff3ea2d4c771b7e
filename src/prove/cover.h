/*
 * Questions about one box of a chain and all the others: is it hidden by those before it, would those behind it decide
 * its packets alike.
 *
 * A box is split by one that holds a point of it, the pieces likewise, until a point is found that nothing holds or
 * nothing is left. Which boxes hold a point an index tells; no list of all that meet a box is ever made.
 */
#ifndef PORTOLAN_PROVE_COVER_H
#define PORTOLAN_PROVE_COVER_H

#include "packet/ranked.h"
#include "prove/flat.h"

/* The entries of an unfolded chain as boxes, in order. */
struct box_list {
    const struct flat *flat;
    struct ranks *ranks;
    struct ranked_boxes boxes;
    uint32_t *owners;          /* the entry of each box */
    uint32_t *first;           /* the first box of each entry, and behind the last; none: it has too many ranges */
    const struct rule **rules; /* of each box; NULL: the policy */
    uint8_t *special;          /* boxes whose entry has unknowns, or is not understood */
    struct box_index *index;
};

void box_list_make(struct arena *arena, const struct flat *flat, struct box_list *list);

struct cover {
    struct arena *arena;
    const struct box_list *list;
    uint32_t at; /* the box that is asked about */
    const struct flat_entry *entry;
    struct used_boxes VEC(uint32_t) used; /* boxes that took part in an answer */
    uint64_t budget;                      /* 0 at the end: the answer `false` is no answer */
    uint64_t random;
};

void cover_start(struct cover *cover, struct arena *arena, const struct box_list *list, uint32_t at);
/* Some points: *leaves when one is in no box before, *differs when such a one fares otherwise behind. */
void cover_try_points(struct cover *cover, bool *leaves, bool *differs);
/* Whether some point of `box` is in none of the boxes before. */
bool cover_leaves(struct cover *cover, const struct ranked *box);
/* Whether some point of `box` that is in none of those before is decided otherwise by the first behind that holds it.
 */
bool cover_differs(struct cover *cover, const struct ranked *box);

#endif
