/* Open addressing over an array of entries in the order of insertion; see map.h. */
#include "base/map.h"

#include <assert.h>
#include <string.h>

static size_t find_slot(const struct map *map, struct str key)
{
    size_t at = str_hash(key) & (map->slot_n - 1);

    while (map->slots[at] != 0 && !str_eq(map->entries[map->slots[at] - 1].key, key))
        at = (at + 1) & (map->slot_n - 1);
    return at;
}

void *map_get(const struct map *map, struct str key)
{
    size_t at;

    if (map->slot_n == 0)
        return NULL;
    at = find_slot(map, key);
    return map->slots[at] == 0 ? NULL : map->entries[map->slots[at] - 1].value;
}

static void grow(struct arena *arena, struct map *map)
{
    size_t capacity = map->capacity == 0 ? 8 : map->capacity * 2;
    struct map_entry *entries = arena_new_array(arena, struct map_entry, capacity);

    assert(capacity < UINT32_MAX / 2);
    if (map->n > 0)
        memcpy(entries, map->entries, map->n * sizeof *entries);
    map->entries = entries;
    map->capacity = capacity;
    map->slot_n = capacity * 2;
    map->slots = arena_new_array(arena, uint32_t, map->slot_n);
    for (size_t i = 0; i < map->n; i++)
        map->slots[find_slot(map, entries[i].key)] = (uint32_t)i + 1;
}

void *map_set(struct arena *arena, struct map *map, struct str key, void *value)
{
    size_t at;
    void *old;

    if (map->n == map->capacity)
        grow(arena, map);
    at = find_slot(map, key);
    if (map->slots[at] != 0) {
        old = map->entries[map->slots[at] - 1].value;
        map->entries[map->slots[at] - 1].value = value;
        return old;
    }
    map->entries[map->n] = (struct map_entry){key, value};
    map->slots[at] = (uint32_t)++map->n;
    return NULL;
}
