/*
 * Classes of addresses: two of one class are in exactly the same sets. Who treats addresses by these sets alone cannot
 * tell members of a class apart, so one of each stands for all.
 */
#ifndef PORTOLAN_REHEARSE_CLASSES_H
#define PORTOLAN_REHEARSE_CLASSES_H

#include "net/addr.h"

struct address_class {
    u128 first; /* the lowest and the highest member */
    u128 last;
};

struct classes; /* of one family, while sets are added */

struct classes *classes_new(struct arena *arena, enum family family);
/* The set must outlive the classes. */
void classes_add(struct classes *classes, const struct ranges *set);
/* In the order of their first members. Cost: n log n in the ranges of all sets. */
struct address_class *classes_find(struct classes *classes, size_t *n);

#endif
