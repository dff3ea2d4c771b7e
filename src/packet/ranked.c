/* Boxes over ranks; see ranked.h. */
#include "packet/ranked.h"

#include <assert.h>
#include <stdlib.h>

struct values128 VEC(u128);

static int by_value(const void *a, const void *b)
{
    u128 x = *(const u128 *)a;
    u128 y = *(const u128 *)b;

    return x < y ? -1 : x > y;
}

struct ranks *ranks_of(struct arena *arena, const struct cube *const *cubes, size_t n, enum family family)
{
    struct ranks *ranks = arena_new_object(arena, struct ranks);

    ranks->family = family;
    for (enum field field = 0; field < FIELD_N; field++) {
        struct values128 values = {0};
        struct rank_table *table = &ranks->fields[field];

        *vec_push(arena, &values) = 0;
        for (size_t i = 0; i < n; i++) {
            const struct ranges *ranges = cubes[i]->field[field];

            for (size_t k = 0; ranges != NULL && k < ranges->n; k++) {
                *vec_push(arena, &values) = ranges->v[k].lo;
                if (ranges->v[k].hi < field_max(field, family))
                    *vec_push(arena, &values) = ranges->v[k].hi + 1;
            }
        }
        qsort(values.v, values.n, sizeof *values.v, by_value);
        table->starts = values.v;
        for (size_t i = 0; i < values.n; i++) {
            if (table->n == 0 || table->starts[table->n - 1] != values.v[i])
                table->starts[table->n++] = values.v[i];
        }
        assert(table->n < INT32_MAX);
    }
    return ranks;
}

static int32_t rank_of(const struct rank_table *table, u128 value)
{
    return (int32_t)index_bin(table->starts, table->n, value);
}

bool ranked_boxes_of(struct arena *arena, const struct ranks *ranks, const struct cube *cube, size_t most,
                     struct ranked_boxes *boxes)
{
    size_t first = boxes->n;
    size_t count = 1;
    struct ranked whole;

    for (enum field field = 0; field < FIELD_N; field++) {
        const struct ranges *ranges = cube->field[field];

        count *= ranges == NULL ? 1 : ranges->n;
        if (count > most)
            return false;
        whole.lo[field] = 0;
        whole.hi[field] = (int32_t)ranks->fields[field].n - 1;
    }
    if (count == 0)
        return true;
    *vec_push(arena, boxes) = whole;
    for (enum field field = 0; field < FIELD_N; field++) {
        const struct ranges *ranges = cube->field[field];
        size_t n = boxes->n;

        for (size_t k = 0; ranges != NULL && k < ranges->n; k++) {
            int32_t lo = rank_of(&ranks->fields[field], ranges->v[k].lo);
            int32_t hi = rank_of(&ranks->fields[field], ranges->v[k].hi);

            /* The last range takes the boxes themselves, the others copies of them. */
            for (size_t i = first; i < n; i++) {
                struct ranked *box = &boxes->v[i];

                if (k + 1 < ranges->n) {
                    struct ranked copy = *box;

                    box = vec_push(arena, boxes);
                    *box = copy;
                }
                box->lo[field] = lo;
                box->hi[field] = hi;
            }
        }
    }
    return true;
}

struct cube ranked_cube(struct arena *arena, const struct ranks *ranks, const struct ranked *box)
{
    struct cube cube = CUBE_ALL;

    for (enum field field = 0; field < FIELD_N; field++) {
        const struct rank_table *table = &ranks->fields[field];
        size_t after = (size_t)box->hi[field] + 1;

        if (box->lo[field] == 0 && after == table->n)
            continue;
        cube.field[field] = ranges_one(arena, table->starts[box->lo[field]],
                                       after == table->n ? field_max(field, ranks->family) : table->starts[after] - 1);
    }
    return cube;
}

size_t ranked_subtract(const struct ranked *a, const struct ranked *b, struct ranked out[2 * FIELD_N])
{
    struct ranked rest = *a;
    size_t n = 0;

    for (size_t field = 0; field < FIELD_N; field++) {
        if (rest.lo[field] < b->lo[field]) {
            out[n] = rest;
            out[n++].hi[field] = b->lo[field] - 1;
            rest.lo[field] = b->lo[field];
        }
        if (rest.hi[field] > b->hi[field]) {
            out[n] = rest;
            out[n++].lo[field] = b->hi[field] + 1;
            rest.hi[field] = b->hi[field];
        }
    }
    return n;
}

double ranked_share(const struct ranked *a, const struct ranked *b)
{
    double share = 1;

    for (size_t i = 0; i < FIELD_N; i++) {
        int32_t lo = a->lo[i] > b->lo[i] ? a->lo[i] : b->lo[i];
        int32_t hi = a->hi[i] < b->hi[i] ? a->hi[i] : b->hi[i];

        if (lo != a->lo[i] || hi != a->hi[i])
            share *= ((double)hi - lo + 1) / ((double)a->hi[i] - a->lo[i] + 1);
    }
    return share;
}
