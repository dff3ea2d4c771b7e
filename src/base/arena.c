/*
 * Arena of growing blocks, each twice the last up to a limit. All but small ones are mapped with all their pages at
 * once: a fault for each page was a third of the time that a large input took, and what comes fresh from the system is
 * zero already. The limit is low, for the last block of an arena is mapped in vain where nobody comes to its end. (Huge
 * pages were tried: faster where the system has some at hand, twice as slow where it has to make them.)
 * Under AddressSanitizer what is not handed out is poisoned, and a redzone follows each allocation, so that an overrun
 * inside an arena is caught like one on the heap.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#define REDZONE 16
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define REDZONE 0
#endif

#define ALIGN 16
#define FIRST_BLOCK (16 * 1024)
#define LARGEST_BLOCK ((size_t)1024 * 1024)
#define MAPPED_BLOCK ((size_t)128 * 1024) /* from here on */
#define PAGE 4096

struct block {
    struct block *next; /* the block allocated before this one */
    size_t size;        /* bytes in data */
    size_t touched;     /* bytes of data that may not be zero */
    size_t mapped;      /* bytes mapped for it; 0: from malloc */
    _Alignas(ALIGN) char data[];
};

struct arena {
    struct block *current;
    struct block *spare; /* released, for the next that fit */
    size_t used;         /* of the current block */
    size_t next_size;
    size_t held;
    size_t taken; /* of held, in the current block and those before it */
};

static void out_of_memory(size_t size)
{
    fprintf(stderr, "portolan: out of memory (%zu bytes)\n", size);
    abort();
}

struct arena *arena_new(void)
{
    struct arena *arena = calloc(1, sizeof *arena);

    if (arena == NULL)
        out_of_memory(sizeof *arena);
    arena->next_size = FIRST_BLOCK;
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;

        UNPOISON(block->data, block->size);
        if (block->mapped > 0)
            munmap(block, block->mapped);
        else
            free(block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    free_blocks(arena->current);
    free_blocks(arena->spare);
    free(arena);
}

/* *size becomes what fits. NULL: the system has no memory. */
static struct block *map_block(size_t *size)
{
    size_t mapped = (*size + sizeof(struct block) + PAGE - 1) & ~(size_t)(PAGE - 1);
    struct block *block = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (block == MAP_FAILED)
        return NULL;
    *size = mapped - sizeof *block;
    block->mapped = mapped;
    return block;
}

static struct block *new_block(size_t size)
{
    struct block *block;

    if (size >= MAPPED_BLOCK) {
        block = map_block(&size);
        if (block == NULL)
            out_of_memory(size);
    } else {
        block = malloc(sizeof *block + size);
        if (block == NULL)
            out_of_memory(size);
        block->touched = size;
        block->mapped = 0;
    }
    block->size = size;
    return block;
}

static struct block *take_spare(struct arena *arena, size_t size)
{
    for (struct block **at = &arena->spare; *at != NULL; at = &(*at)->next) {
        struct block *block = *at;

        if (block->size >= size) {
            *at = block->next;
            return block;
        }
    }
    return NULL;
}

static void add_block(struct arena *arena, size_t size)
{
    struct block *block = take_spare(arena, size);
    size_t data_size = arena->next_size < size ? size : arena->next_size;

    if (block == NULL) {
        block = new_block(data_size);
        arena->held += block->size;
        if (arena->next_size < LARGEST_BLOCK)
            arena->next_size *= 2;
    }
    arena->taken += block->size;
    block->next = arena->current;
    POISON(block->data, block->size);
    arena->current = block;
    arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct block *block;
    size_t rounded;
    size_t at;

    if (size > SIZE_MAX / 2)
        out_of_memory(size);
    rounded = (size + REDZONE + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (arena->current == NULL || arena->current->size - arena->used < rounded)
        add_block(arena, rounded);
    block = arena->current;
    at = arena->used;
    arena->used += rounded;
    UNPOISON(block->data + at, size);
    if (at < block->touched)
        memset(block->data + at, 0, size < block->touched - at ? size : block->touched - at);
    if (block->touched < arena->used)
        block->touched = arena->used;
    return block->data + at;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / 2 / size)
        out_of_memory(SIZE_MAX);
    return arena_alloc(arena, count * size);
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
    void *p = arena_alloc(arena, size);

    if (size != 0)
        memcpy(p, data, size);
    return p;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){.block = arena->current, .used = arena->used};
}

void arena_release(struct arena *arena, struct arena_mark mark)
{
    while (arena->current != mark.block) {
        struct block *block = arena->current;

        assert(block != NULL); /* the mark is of this arena, and nothing older was released since */
        arena->taken -= block->size;
        arena->current = block->next;
        block->next = arena->spare;
        arena->spare = block;
    }
    arena->used = mark.used;
    if (arena->current != NULL)
        POISON(arena->current->data + arena->used, arena->current->size - arena->used);
}

size_t arena_size(const struct arena *arena)
{
    return arena->held;
}

size_t arena_used(const struct arena *arena)
{
    return arena->taken;
}
