/* What became of the packets of a question: the leaves of its walks, and what follows from them for every unknown. */
#ifndef PORTOLAN_PROVE_OUTCOME_H
#define PORTOLAN_PROVE_OUTCOME_H

#include "prove/prover.h"

/* Zeroed but for what the caller wants; the walk fills the rest. */
struct outcome {
    bool with_self;      /* wanted: packets from an address to itself count too */
    bool until_sure;     /* wanted: stop when some packets surely pass and some surely do not */
    struct forks *forks; /* NULL, or where the walk's own unknowns are wanted */
    struct leaves passing;
    struct leaves stopped; /* a target that is not modelled is in both */
    bool passes_surely;
    bool stops_surely;
    struct leaf sure_stop;
    const struct rule *gave_up_at; /* NULL: everything was looked at */
    struct arena *arena;
    struct program *program;
    const struct cube *asked; /* part of the region, for what unknowns it leaves open */
    uint64_t steps;           /* that may still be taken */
};

/* Walks the region. Everything lives in the arena. */
enum walk_end outcome_walk(struct arena *arena, const struct prover *prover, enum family family, enum hook hook,
                           const struct cubes *region, struct outcome *outcome);

/* The leaf's packets whatever the unknowns are: literals dropped, unbound interfaces as wide as the question's. */
struct cube outcome_projected(const struct outcome *outcome, const struct leaf *leaf);
/* Whether some unknown has a part in this leaf. */
bool outcome_depends(const struct outcome *outcome, const struct leaf *leaf);
/* What of the region no leaf may reach. False: too many steps, and *left is untouched. */
bool outcome_beyond(struct outcome *outcome, const struct cubes *region, const struct leaves *leaves,
                    struct cubes *left);
/* Takes steps; false when there are not so many. */
bool outcome_spend(struct outcome *outcome, size_t steps);

#endif
