/* Map from strings to pointers, in an arena. Keys are borrowed. Iteration is in the order of insertion. */
#ifndef PORTOLAN_BASE_MAP_H
#define PORTOLAN_BASE_MAP_H

#include "base/arena.h"
#include "base/str.h"

struct map_entry {
    struct str key;
    void *value;
};

struct map {
    struct map_entry *entries; /* n of them, as inserted */
    size_t n;
    size_t capacity;
    uint32_t *slots; /* index + 1 into entries; a power of two of them */
    size_t slot_n;
};

void *map_get(const struct map *map, struct str key); /* NULL where there is none */
/* Sets key to value; returns the value that was there before, or NULL. */
void *map_set(struct arena *arena, struct map *map, struct str key, void *value);

#endif
