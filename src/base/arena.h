/*
 * Arena: memory that lives and dies together.
 *
 * A phase of the program allocates from one arena and frees it as a whole. Allocation never returns NULL: when the
 * machine has no memory left, or a hostile size overflows, the process ends with a message (callers bound sizes that
 * come from input before they allocate). Memory is zeroed and aligned to 16 bytes.
 */
#ifndef PORTOLAN_BASE_ARENA_H
#define PORTOLAN_BASE_ARENA_H

#include <stddef.h>

#include "base/banned.h"

struct arena;

/* A place in an arena to which it can be rolled back. */
struct arena_mark {
    void *block;
    size_t used;
};

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* takes NULL */

void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size); /* count * size, checked for overflow */
void *arena_copy(struct arena *arena, const void *data, size_t size);

/* Everything allocated after the mark is gone after the release; blocks are kept for reuse. */
struct arena_mark arena_mark(const struct arena *arena);
void arena_release(struct arena *arena, struct arena_mark mark);

size_t arena_size(const struct arena *arena); /* bytes held from the system */
size_t arena_used(const struct arena *arena); /* of those, of blocks that no release has given back */

#define arena_new_object(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_new_array(arena, type, count) ((type *)arena_array((arena), (count), sizeof(type)))

#endif
