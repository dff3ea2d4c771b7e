/*
 * What is wrong with a ruleset on its own: rules that never match, and rules without which nothing would change.
 *
 * Each base chain is looked at by itself, unfolded (flat.h), over the packets that may come to it. Exact for what is
 * modelled; a match that the model cannot know hides nothing but what asks for the very same.
 */
#ifndef PORTOLAN_PROVE_AUDIT_H
#define PORTOLAN_PROVE_AUDIT_H

#include "prove/prover.h"

/*
 * Appends findings of the kinds shadowed, contradicts, redundant, unreachable-chain and unused-set. *undecided counts
 * the rules for which a budget ran out, and all rules of chains too large to unfold.
 */
void audit_find(struct arena *arena, const struct prover *prover, struct findings *findings, size_t *undecided);

/* --- cover.c: one box against many -------------------------------------------------------------------------------- */

#include "packet/ranked.h"

/* Some of a list of boxes, by number, in order. */
struct picks {
    const uint32_t *v;
    size_t n;
};

struct cover {
    struct arena *arena; /* for lists on the way; rolled back */
    const struct ranked *boxes;
    uint8_t *used; /* set for the boxes that took part; NULL: nobody asks */
    uint64_t budget;
};

/* Whether some point of `box` is in none of the picked boxes: *point is a box of such points. */
bool cover_leaves(struct cover *cover, const struct ranked *box, struct picks picks, struct ranked *point);

/*
 * Whether some point of `box` that is in none of `before` would be decided otherwise by the first of `after` that
 * holds it: `alike[i]` tells whether box i decides as wanted. The last of `after` holds everything.
 */
bool cover_differs(struct cover *cover, const struct ranked *box, struct picks before, struct picks after,
                   const uint8_t *alike, struct ranked *point);

#endif
