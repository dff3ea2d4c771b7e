/* What rules write into packets, kept beside the packets as they came: matching through it, and writing to it. */
#ifndef PORTOLAN_PROVE_REWRITE_H
#define PORTOLAN_PROVE_REWRITE_H

#include "prove/walk.h"

/* A part's cube as rules see it now. Not exact in both directions: for indexes and for showing. */
struct cube rewrite_view(struct arena *arena, const struct rewritten *now, const struct cube *cube);
/* Whether a rule asks for NAT: then its cube is no question to the packets, even where nothing was written. */
bool rewrite_asked(const struct cube *asks);
/*
 * What a rule asks, as a question to the packets as they came; false: none of the part can match. All that was written
 * must be on one side of what is asked (rewrite_apart). `now` may be NULL.
 */
bool rewrite_question(struct arena *arena, const struct rewritten *now, const struct cube *asks, struct cube *question);
/*
 * Whether the rule tells apart, within the part, what the kernel may have chosen: values of a written field, or whether
 * NAT changed an end. Then fork->field and fork->values say what the choice is about.
 */
bool rewrite_apart(struct arena *arena, const struct rewritten *now, const struct cube *part, const struct cube *asks,
                   struct fork *fork);
/* What was written, where the kernel chose as the fork says, or otherwise. */
const struct rewritten *rewrite_side(struct arena *arena, const struct rewritten *now, const struct fork *fork,
                                     bool holds);

/* Fields that say where a packet comes from and goes to. */
#define REWRITE_ENDS (1u << FIELD_SOURCE | 1u << FIELD_DESTINATION | 1u << FIELD_SOURCE_PORT | 1u << FIELD_PORT)

/* Whether packets go on with the same ends; marks and states are the firewall's own. */
bool rewrite_same(const struct rewritten *a, const struct rewritten *b);
/*
 * Whether packets of `a`, where it leaves open what it writes (an address of the host's own, a target of which only the
 * name is listed), may go on with the same ends as those of `b`.
 */
bool rewrite_may_be(const struct rewritten *a, const struct rewritten *b, enum family family);

enum rewrite_end {
    REWRITE_DONE,  /* *now is what the packets look like */
    REWRITE_SPLIT, /* only piece by piece: nothing was written yet */
    REWRITE_OPAQUE /* too many pieces, or something that is not modelled */
};

/*
 * Lets an action of a rule write, at a base chain, in a walk of `program` through `main`. The pieces are disjoint and
 * make up the cube.
 */
enum rewrite_end rewrite_apply(struct arena *arena, const struct program *program, enum hook main,
                               const struct chain *base, const struct rule *rule, const struct cube *cube,
                               const struct rewritten **now, struct cubes *pieces);

#endif
