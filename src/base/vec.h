/*
 * Growing arrays in an arena. A vector is a struct with the members v, n and capacity:
 *
 *     struct rules VEC(struct rule);        declares the type
 *     *vec_push(arena, &rules) = rule;      appends a zeroed element and gives its address
 *     vec_reserve(arena, &rules, n);        room for n elements in all
 *     vec_each (struct rule *, rule, &rules) { … }
 *
 * Growth doubles and leaves the old array in the arena: at most as much again is wasted, and nothing where the room was
 * reserved.
 */
#ifndef PORTOLAN_BASE_VEC_H
#define PORTOLAN_BASE_VEC_H

#include <string.h>

#include "base/arena.h"

#define VEC(type)                                                                                                      \
    {                                                                                                                  \
        type *v;                                                                                                       \
        size_t n;                                                                                                      \
        size_t capacity;                                                                                               \
    }

#define vec_push(arena, vec)                                                                                           \
    (((vec)->n == (vec)->capacity                                                                                      \
          ? (void)((vec)->v = vec_grow((arena), (vec)->v, (vec)->n, &(vec)->capacity, sizeof *(vec)->v))               \
          : (void)0),                                                                                                  \
     &(vec)->v[(vec)->n++])

#define vec_reserve(arena, vec, wanted)                                                                                \
    ((void)((vec)->v = vec_room((arena), (vec)->v, (vec)->n, &(vec)->capacity, sizeof *(vec)->v, (wanted))))

#define vec_each(pointer_type, name, vec)                                                                              \
    for (pointer_type name = (vec)->v; name != NULL && name < (vec)->v + (vec)->n; name++)

static inline void *vec_room(struct arena *arena, void *old, size_t n, size_t *capacity, size_t size, size_t wanted)
{
    void *grown;

    if (wanted <= *capacity)
        return old;
    grown = arena_array(arena, wanted, size);
    if (n > 0)
        memcpy(grown, old, n * size);
    *capacity = wanted;
    return grown;
}

static inline void *vec_grow(struct arena *arena, void *old, size_t n, size_t *capacity, size_t size)
{
    return vec_room(arena, old, n, capacity, size, *capacity == 0 ? (size > 64 ? 1 : 8) : *capacity * 2);
}

#endif
