/*
 * Sets of unsigned numbers as sorted, disjoint, inclusive ranges that do not touch. Immutable once made; they live in
 * the arena they were made in and may be shared. One type serves addresses (IPv4 as its 32-bit number), ports,
 * protocols and every other field of a packet.
 *
 * "No constraint" is never expressed by a range set that happens to be empty: an empty set has no member. Where a
 * field may be unconstrained, a NULL pointer says so, and the header of the user of this type says that it may be NULL.
 * The functions here take no NULL.
 */
#ifndef PORTOLAN_NET_RANGES_H
#define PORTOLAN_NET_RANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

typedef unsigned __int128 u128;

struct range {
    u128 lo;
    u128 hi; /* inclusive, not less than lo */
};

struct ranges {
    size_t n;
    struct range v[];
};

extern const struct ranges ranges_empty;

/* Any ranges, in any order, overlapping or not. */
const struct ranges *ranges_of(struct arena *arena, const struct range *v, size_t n);
const struct ranges *ranges_one(struct arena *arena, u128 lo, u128 hi);
const struct ranges *ranges_value(struct arena *arena, u128 value);

/* Results may be one of the arguments itself. Cost: linear in both, after a binary search for the first that counts. */
const struct ranges *ranges_union(struct arena *arena, const struct ranges *a, const struct ranges *b);
const struct ranges *ranges_intersect(struct arena *arena, const struct ranges *a, const struct ranges *b);
const struct ranges *ranges_subtract(struct arena *arena, const struct ranges *a, const struct ranges *b);
const struct ranges *ranges_complement(struct arena *arena, const struct ranges *a, u128 max); /* within 0..max */

bool ranges_contain(const struct ranges *a, u128 value);
bool ranges_overlap(const struct ranges *a, const struct ranges *b);
bool ranges_subset(const struct ranges *a, const struct ranges *b); /* a within b */
bool ranges_equal(const struct ranges *a, const struct ranges *b);
u128 ranges_count(const struct ranges *a); /* of members; saturates at the largest u128 */

#endif
