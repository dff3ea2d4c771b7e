/*
 * Products of sets; see cube.h. The difference of two cubes takes one field after the other: what the first field of b
 * leaves of a, then, within b's first field, what its second leaves, and so on; the pieces are disjoint and there are
 * at most as many as b has constraints.
 */
#include "packet/cube.h"

#include <stdlib.h>

/* Fields in the order in which a difference takes them: first those that leave few and large pieces. */
static const enum field order[FIELD_N] = {
    FIELD_STATE, FIELD_PROTOCOL, FIELD_IN,   FIELD_OUT,       FIELD_FRAGMENT,    FIELD_DESTINATION,
    FIELD_PORT,  FIELD_SOURCE,   FIELD_ICMP, FIELD_TCP_FLAGS, FIELD_SOURCE_PORT, FIELD_MARK,
};

const struct literals *literals_one(struct arena *arena, uint32_t id, bool value)
{
    struct literals *made = arena_alloc(arena, sizeof *made + sizeof made->v[0]);

    made->n = 1;
    made->v[0] = id << 1 | (value ? 1u : 0u);
    return made;
}

/* Whether some unknown has different values in the two. */
static bool literals_clash(const struct literals *a, const struct literals *b)
{
    if (a == NULL || b == NULL || a == b)
        return false;
    for (uint32_t i = 0, j = 0; i < a->n && j < b->n;) {
        if (a->v[i] >> 1 == b->v[j] >> 1) {
            if (a->v[i] != b->v[j])
                return true;
            i++;
            j++;
        } else if (a->v[i] < b->v[j]) {
            i++;
        } else {
            j++;
        }
    }
    return false;
}

static bool literals_hold(const struct literals *a, uint32_t literal)
{
    for (uint32_t i = 0; a != NULL && i < a->n; i++) {
        if (a->v[i] == literal)
            return true;
    }
    return false;
}

/* All of b's unknowns are in a. */
static bool literals_within(const struct literals *a, const struct literals *b)
{
    for (uint32_t i = 0; b != NULL && i < b->n; i++) {
        if (!literals_hold(a, b->v[i]))
            return false;
    }
    return true;
}

static const struct literals *literals_join(struct arena *arena, const struct literals *a, const struct literals *b)
{
    struct literals *made;
    uint32_t i = 0;
    uint32_t j = 0;

    if (a == NULL || a == b)
        return b;
    if (b == NULL)
        return a;
    made = arena_alloc(arena, sizeof *made + (a->n + b->n) * sizeof made->v[0]);
    while (i < a->n || j < b->n) {
        if (j == b->n || (i < a->n && a->v[i] < b->v[j])) {
            made->v[made->n++] = a->v[i++];
        } else {
            if (i < a->n && a->v[i] == b->v[j])
                i++;
            made->v[made->n++] = b->v[j++];
        }
    }
    return made;
}

bool cube_overlaps(const struct cube *a, const struct cube *b)
{
    for (enum field field = 0; field < FIELD_N; field++) {
        const struct ranges *x = a->field[field];
        const struct ranges *y = b->field[field];

        if (x != NULL && y != NULL && x != y && !ranges_overlap(x, y))
            return false;
    }
    return !literals_clash(a->literals, b->literals);
}

bool cube_within(const struct cube *a, const struct cube *b)
{
    for (enum field field = 0; field < FIELD_N; field++) {
        const struct ranges *x = a->field[field];
        const struct ranges *y = b->field[field];

        if (y != NULL && x != y && (x == NULL || !ranges_subset(x, y)))
            return false;
    }
    return literals_within(a->literals, b->literals);
}

bool cube_equal(const struct cube *a, const struct cube *b)
{
    return cube_within(a, b) && cube_within(b, a);
}

bool cube_narrow(struct arena *arena, struct cube *cube, enum field field, const struct ranges *to)
{
    const struct ranges *left = to;

    if (to == NULL)
        return true;
    if (cube->field[field] != NULL)
        left = ranges_intersect(arena, cube->field[field], to);
    if (left->n == 0)
        return false;
    cube->field[field] = left;
    return true;
}

bool cube_intersect(struct arena *arena, const struct cube *a, const struct cube *b, struct cube *out)
{
    struct cube made = *a;

    if (!cube_overlaps(a, b))
        return false;
    for (enum field field = 0; field < FIELD_N; field++) {
        if (!cube_narrow(arena, &made, field, b->field[field]))
            return false;
    }
    made.literals = literals_join(arena, a->literals, b->literals);
    *out = made;
    return true;
}

void cube_subtract(struct arena *arena, const struct cube *a, const struct cube *b, enum family family,
                   struct cubes *out)
{
    struct cube rest = *a;

    if (!cube_overlaps(a, b)) {
        *vec_push(arena, out) = *a;
        return;
    }
    for (size_t i = 0; i < FIELD_N; i++) {
        enum field field = order[i];
        const struct ranges *x = rest.field[field];
        const struct ranges *y = b->field[field];
        const struct ranges *left;

        if (y == NULL || x == y)
            continue;
        left = x == NULL ? ranges_complement(arena, y, field_max(field, family)) : ranges_subtract(arena, x, y);
        if (left->n == 0)
            continue;
        *vec_push(arena, out) = rest;
        out->v[out->n - 1].field[field] = left;
        rest.field[field] = x == NULL ? y : ranges_intersect(arena, x, y);
    }
    for (uint32_t i = 0; b->literals != NULL && i < b->literals->n; i++) {
        uint32_t literal = b->literals->v[i];

        if (literals_hold(rest.literals, literal))
            continue;
        *vec_push(arena, out) = rest;
        out->v[out->n - 1].literals =
            literals_join(arena, rest.literals, literals_one(arena, literal >> 1, (literal & 1) == 0));
        rest.literals = literals_join(arena, rest.literals, literals_one(arena, literal >> 1, (literal & 1) != 0));
    }
}

struct cubes cubes_subtract(struct arena *arena, const struct cubes *from, const struct cube *b, enum family family)
{
    struct cubes left = {0};
    size_t i = 0;

    while (i < from->n && !cube_overlaps(&from->v[i], b))
        i++;
    if (i == from->n)
        return *from;
    for (i = 0; i < from->n; i++)
        cube_subtract(arena, &from->v[i], b, family, &left);
    return left;
}

/* Whether a and b are the same in all but one field: then their union is one cube. */
static bool alike_but(const struct cube *a, const struct cube *b, enum field but)
{
    for (enum field field = 0; field < FIELD_N; field++) {
        const struct ranges *x = a->field[field];
        const struct ranges *y = b->field[field];

        if (field != but && x != y && (x == NULL || y == NULL || !ranges_equal(x, y)))
            return false;
    }
    return literals_within(a->literals, b->literals) && literals_within(b->literals, a->literals);
}

/* NULL where one or both are every value: a full set and NULL would look different to the next merge. */
static const struct ranges *union_of(struct arena *arena, const struct ranges *a, const struct ranges *b, u128 max)
{
    const struct ranges *both;

    if (a == NULL || b == NULL || a == b)
        return a == NULL ? a : b;
    both = ranges_union(arena, a, b);
    return both->n == 1 && both->v[0].lo == 0 && both->v[0].hi == max ? NULL : both;
}

/* Fields in which most cubes differ come first: the lists of values become long there, and the cubes few. */
static const enum field join_order[FIELD_N] = {
    FIELD_DESTINATION, FIELD_SOURCE, FIELD_PORT,     FIELD_SOURCE_PORT, FIELD_PROTOCOL, FIELD_ICMP,
    FIELD_TCP_FLAGS,   FIELD_STATE,  FIELD_FRAGMENT, FIELD_IN,          FIELD_OUT,      FIELD_MARK,
};

static uint64_t hash_ranges(uint64_t hash, const struct ranges *ranges)
{
    hash = (hash ^ (ranges == NULL ? 1 : 2 + ranges->n)) * 0x9e3779b97f4a7c15u;
    for (size_t k = 0; ranges != NULL && k < ranges->n; k++) {
        uint64_t lo = (uint64_t)ranges->v[k].lo ^ (uint64_t)(ranges->v[k].lo >> 64) * 3;
        uint64_t hi = (uint64_t)ranges->v[k].hi ^ (uint64_t)(ranges->v[k].hi >> 64) * 3;

        hash = (hash ^ lo) * 0x9e3779b97f4a7c15u;
        hash = (hash ^ hash >> 29 ^ hi) * 0x9e3779b97f4a7c15u;
    }
    return hash;
}

uint64_t cube_hash(const struct cube *cube, enum field without)
{
    uint64_t hash = 0;

    for (enum field field = 0; field < FIELD_N; field++) {
        if (field != without)
            hash = hash_ranges(hash, cube->field[field]);
    }
    for (uint32_t i = 0; cube->literals != NULL && i < cube->literals->n; i++)
        hash = (hash ^ cube->literals->v[i]) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

/* Joins those that differ in the field at most; `slots` has room for twice as many, all 0. True: some were joined. */
static bool join_in(struct arena *arena, struct cubes *cubes, enum field field, enum family family, uint32_t *slots,
                    size_t slot_n)
{
    size_t kept = 0;
    size_t alike = 0;

    while (alike < cubes->n && cubes->v[alike].field[field] == cubes->v[0].field[field])
        alike++;
    if (alike == cubes->n)
        return false;
    memset(slots, 0, slot_n * sizeof *slots);
    for (size_t i = 0; i < cubes->n; i++) {
        const struct cube cube = cubes->v[i];
        size_t at = cube_hash(&cube, field) & (slot_n - 1);

        while (slots[at] != 0 && !alike_but(&cubes->v[slots[at] - 1], &cube, field))
            at = (at + 1) & (slot_n - 1);
        if (slots[at] != 0) {
            struct cube *into = &cubes->v[slots[at] - 1];

            into->field[field] = union_of(arena, into->field[field], cube.field[field], field_max(field, family));
            continue;
        }
        cubes->v[kept++] = cube;
        slots[at] = (uint32_t)kept;
    }
    if (kept == cubes->n)
        return false;
    cubes->n = kept;
    return true;
}

void cubes_join(struct arena *arena, struct cubes *cubes, enum family family)
{
    size_t slot_n = 16;
    uint32_t *slots;
    bool joined = true;

    while (slot_n < 2 * cubes->n)
        slot_n *= 2;
    slots = arena_new_array(arena, uint32_t, slot_n);
    while (joined && cubes->n > 1) {
        joined = false;
        for (size_t i = 0; i < FIELD_N; i++)
            joined = join_in(arena, cubes, join_order[i], family, slots, slot_n) || joined;
    }
}

/* Takes out cubes that others hold. */
static bool absorb(struct cubes *cubes)
{
    size_t before = cubes->n;

    for (size_t i = 0; i < cubes->n; i++) {
        for (size_t j = i + 1; j < cubes->n;) {
            bool held = cube_within(&cubes->v[j], &cubes->v[i]);

            if (!held && !cube_within(&cubes->v[i], &cubes->v[j])) {
                j++;
                continue;
            }
            if (!held)
                cubes->v[i] = cubes->v[j];
            cubes->v[j] = cubes->v[--cubes->n];
        }
    }
    return cubes->n < before;
}

void cubes_merge(struct arena *arena, struct cubes *cubes, enum family family)
{
    do
        cubes_join(arena, cubes, family);
    while (absorb(cubes));
}

/* --- order -------------------------------------------------------------------------------------------------------- */

struct sized {
    double size;
    size_t order;
};

static int by_size(const void *a, const void *b)
{
    const struct sized *x = a;
    const struct sized *y = b;

    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static double size_of(const struct cube *cube, enum family family)
{
    double size = 1;

    for (enum field field = 0; field < FIELD_N; field++) {
        if (cube->field[field] != NULL)
            size *= (double)ranges_count(cube->field[field]) / ((double)field_max(field, family) + 1);
    }
    return size;
}

void cubes_sort(struct arena *arena, struct cubes *cubes, enum family family)
{
    struct sized *sized = arena_new_array(arena, struct sized, cubes->n);
    struct cube *sorted = arena_new_array(arena, struct cube, cubes->n);

    if (cubes->n < 2)
        return;
    for (size_t i = 0; i < cubes->n; i++)
        sized[i] = (struct sized){size_of(&cubes->v[i], family), i};
    qsort(sized, cubes->n, sizeof *sized, by_size);
    for (size_t i = 0; i < cubes->n; i++)
        sorted[i] = cubes->v[sized[i].order];
    cubes->v = sorted;
    cubes->capacity = cubes->n;
}
