/*
 * See classes.h. One sweep over the borders of all sets; what is open at a place is known by the sum (exclusive or) of
 * numbers drawn for the sets. Two classes become one only where such sums of 64 bits meet by chance.
 */
#include "rehearse/classes.h"

#include <stdlib.h>

#include "base/vec.h"

struct border {
    u128 at; /* from here on */
    uint64_t set;
};

struct part {
    uint64_t open;
    u128 first;
    u128 last;
};

struct classes {
    struct arena *arena;
    enum family family;
    uint64_t drawn;
    struct VEC(struct border) borders;
};

struct classes *classes_new(struct arena *arena, enum family family)
{
    struct classes *classes = arena_new_object(arena, struct classes);

    *classes = (struct classes){.arena = arena, .family = family};
    return classes;
}

static uint64_t draw(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u; /* splitmix64 */

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

void classes_add(struct classes *classes, const struct ranges *set)
{
    uint64_t number = draw(&classes->drawn);

    for (size_t i = 0; i < set->n; i++) {
        *vec_push(classes->arena, &classes->borders) = (struct border){set->v[i].lo, number};
        if (set->v[i].hi < addr_max(classes->family))
            *vec_push(classes->arena, &classes->borders) = (struct border){set->v[i].hi + 1, number};
    }
}

static int by_place(const void *a, const void *b)
{
    const struct border *x = a;
    const struct border *y = b;

    return x->at < y->at ? -1 : x->at > y->at;
}

static int by_open(const void *a, const void *b)
{
    const struct part *x = a;
    const struct part *y = b;

    if (x->open != y->open)
        return x->open < y->open ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

static int by_first(const void *a, const void *b)
{
    const struct address_class *x = a;
    const struct address_class *y = b;

    return x->first < y->first ? -1 : x->first > y->first;
}

/* The addresses between two borders next to each other. */
static struct part *cut(struct classes *classes, size_t *n)
{
    struct part *parts = arena_new_array(classes->arena, struct part, classes->borders.n + 1);
    struct part part = {0};

    *n = 0;
    if (classes->borders.n > 0)
        qsort(classes->borders.v, classes->borders.n, sizeof *classes->borders.v, by_place);
    vec_each (struct border *, border, &classes->borders) {
        if (border->at > part.first) {
            part.last = border->at - 1;
            parts[(*n)++] = part;
            part.first = border->at;
        }
        part.open ^= border->set;
    }
    part.last = addr_max(classes->family);
    parts[(*n)++] = part;
    return parts;
}

struct address_class *classes_find(struct classes *classes, size_t *n)
{
    size_t part_n;
    struct part *parts = cut(classes, &part_n);
    struct address_class *found = arena_new_array(classes->arena, struct address_class, part_n);

    *n = 0;
    qsort(parts, part_n, sizeof *parts, by_open);
    for (size_t i = 0; i < part_n; i++) {
        if (*n == 0 || parts[i].open != parts[i - 1].open)
            found[(*n)++] = (struct address_class){parts[i].first, parts[i].last};
        found[*n - 1].last = parts[i].last;
    }
    qsort(found, *n, sizeof *found, by_first);
    return found;
}
