/*
 * Interface names as numbers. Sorted by name, a wildcard `eth+` (nft: `eth*`) is one contiguous range, so that sets of
 * interfaces are ranges like every other field. A numbering is made once from all the names and wildcards that rules
 * and questions use; between two of those names lie all the others, which no rule tells apart.
 */
#ifndef PORTOLAN_MODEL_INTERFACES_H
#define PORTOLAN_MODEL_INTERFACES_H

#include "base/map.h"
#include "base/vec.h"
#include "net/ranges.h"

struct interface_pattern {
    struct str name; /* without the + or * */
    bool prefix;     /* every interface whose name begins with it */
};

/* A point that only ends a wildcard is its name and this byte, which sorts behind every name that begins so. */
#define INTERFACE_AFTER '\xff'

struct interface_numbers {
    struct str *points; /* sorted: the names, and the ends of the wildcards; point i has the number 2 i + 2 */
    size_t n;
};

/* Collects patterns; then interfaces_number makes the numbering. */
struct interface_patterns VEC(struct interface_pattern);

struct interface_numbers *interfaces_number(struct arena *arena, const struct interface_patterns *patterns);

/* The number 0 is "no interface": FIELD_OUT on its way to the host itself, FIELD_IN of what the host sends. */
#define INTERFACE_NONE 0

/* Numbers of the interfaces that a pattern means; the pattern must have been among those numbered. */
struct range interfaces_range(const struct interface_numbers *numbers, const struct interface_pattern *pattern);
u128 interfaces_last(const struct interface_numbers *numbers); /* the largest number */
/* A name that has this number; made up (and said to be by its shape) where the number stands for all the others. */
struct str interfaces_name(struct arena *arena, const struct interface_numbers *numbers, u128 number);

#endif
