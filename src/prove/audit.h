/*
 * What is wrong with a ruleset on its own: rules that never match, and rules without which nothing would change.
 *
 * Each base chain is looked at by itself, unfolded (flat.h), over the packets that may come to it. Exact for what is
 * modelled; a match that the model cannot know hides nothing but what asks for the very same.
 */
#ifndef PORTOLAN_PROVE_AUDIT_H
#define PORTOLAN_PROVE_AUDIT_H

#include "prove/prover.h"

/* Rules for which a budget ran out, and all those of chains too large to unfold. */
struct undecided {
    size_t n;
    struct rule_ref first;
};

/* Appends findings of the kinds shadowed, contradicts, redundant, unreachable-chain and unused-set. */
void audit_find(struct arena *arena, const struct prover *prover, struct findings *findings,
                struct undecided *undecided);

#endif
