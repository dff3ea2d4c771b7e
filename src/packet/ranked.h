/*
 * Boxes over ranks, for questions about whole rulesets. Every value that some box of a list mentions gets a rank, so
 * that a field of any width is a 32-bit number and a box twelve pairs of them, which the processor compares at once.
 *
 * A cube whose field has several ranges becomes several boxes. Unknowns are no field: a box keeps the cube's.
 */
#ifndef PORTOLAN_PACKET_RANKED_H
#define PORTOLAN_PACKET_RANKED_H

#include "packet/index.h"

struct ranked {
    int32_t lo[FIELD_N];
    int32_t hi[FIELD_N]; /* inclusive */
};

/* Ranks of one field: value v has the rank of the last start that is not above it. */
struct rank_table {
    u128 *starts;
    size_t n;
};

struct ranks {
    struct rank_table fields[FIELD_N];
    enum family family;
};

/* The ranks of all values in the cubes. */
struct ranks *ranks_of(struct arena *arena, const struct cube *const *cubes, size_t n, enum family family);

struct ranked_boxes VEC(struct ranked);
/* Appends the boxes of a cube; false, and nothing is appended, when they would be more than `most`. */
bool ranked_boxes_of(struct arena *arena, const struct ranks *ranks, const struct cube *cube, size_t most,
                     struct ranked_boxes *boxes);
/* The cube that a box stands for. */
struct cube ranked_cube(struct arena *arena, const struct ranks *ranks, const struct ranked *box);

static inline bool ranked_overlaps(const struct ranked *a, const struct ranked *b)
{
    int32_t apart = 0;

    for (size_t i = 0; i < FIELD_N; i++)
        apart |= (a->lo[i] > b->hi[i]) | (b->lo[i] > a->hi[i]);
    return apart == 0;
}

static inline bool ranked_within(const struct ranked *a, const struct ranked *b)
{
    int32_t outside = 0;

    for (size_t i = 0; i < FIELD_N; i++)
        outside |= (a->lo[i] < b->lo[i]) | (a->hi[i] > b->hi[i]);
    return outside == 0;
}

static inline struct ranked ranked_intersect(const struct ranked *a, const struct ranked *b) /* they overlap */
{
    struct ranked both;

    for (size_t i = 0; i < FIELD_N; i++) {
        both.lo[i] = a->lo[i] > b->lo[i] ? a->lo[i] : b->lo[i];
        both.hi[i] = a->hi[i] < b->hi[i] ? a->hi[i] : b->hi[i];
    }
    return both;
}

/* What of a is not in b (they overlap), as at most 2 * FIELD_N disjoint boxes; returns how many. */
size_t ranked_subtract(const struct ranked *a, const struct ranked *b, struct ranked out[2 * FIELD_N]);
/* How much of a is in b (they overlap), as a share of its ranks, for choosing; 1: all of it. */
double ranked_share(const struct ranked *a, const struct ranked *b);

#endif
