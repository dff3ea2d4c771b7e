/* Random numbers that a seed repeats (xorshift64*). */
#ifndef PORTOLAN_TESTS_DRAW_H
#define PORTOLAN_TESTS_DRAW_H

#include <stdbool.h>
#include <stdint.h>

struct draw {
    uint64_t state; /* not 0 */
};

/* Seeds that follow each other give draws that have nothing in common. */
static inline struct draw draw_from(uint64_t seed)
{
    uint64_t mixed = (seed + 1) * 0x9e3779b97f4a7c15u;

    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    return (struct draw){(mixed ^ mixed >> 27) | 1};
}

static inline unsigned draw_below(struct draw *draw, unsigned n)
{
    draw->state ^= draw->state << 13;
    draw->state ^= draw->state >> 7;
    draw->state ^= draw->state << 17;
    return (unsigned)((draw->state * 2685821657736338717u >> 33) % n);
}

/* True once in n times. */
static inline bool draw_once_in(struct draw *draw, unsigned n)
{
    return draw_below(draw, n) == 0;
}

#define draw_of(draw, array) ((array)[draw_below((draw), (unsigned)(sizeof(array) / sizeof *(array)))])

#endif
