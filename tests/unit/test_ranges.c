/* net/ranges.h, held against sets of the numbers 0..63 as bits: every operation, over many random pairs. */
#include "net/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define MEMBERS 64
#define CASES 20000

/* xorshift64: the same numbers in every run. */
static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static const struct ranges *random_ranges(struct arena *arena, uint64_t *seed)
{
    struct range v[6];
    size_t n = next(seed) % 6;
    for (size_t i = 0; i < n; i++) {
        u128 lo = next(seed) % MEMBERS;
        v[i] = (struct range){lo, lo + next(seed) % (MEMBERS - (uint64_t)lo)};
    }
    return ranges_of(arena, v, n);
}

static uint64_t bits(const struct ranges *set)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < MEMBERS; i++)
        mask |= (uint64_t)ranges_contain(set, i) << i;
    return mask;
}

/* Sorted, disjoint, not touching. */
static void assert_normal(const struct ranges *set)
{
    for (size_t i = 0; i < set->n; i++) {
        assert_true(set->v[i].lo <= set->v[i].hi);
        assert_true(i == 0 || set->v[i - 1].hi + 1 < set->v[i].lo);
    }
}

static void same_as_bits(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    uint64_t seed = 88172645463325252u;
    for (unsigned i = 0; i < CASES; i++) {
        struct arena_mark mark = arena_mark(arena);
        const struct ranges *a = random_ranges(arena, &seed);
        const struct ranges *b = random_ranges(arena, &seed);
        const struct ranges *results[] = {
            a,
            b,
            ranges_union(arena, a, b),
            ranges_intersect(arena, a, b),
            ranges_subtract(arena, a, b),
            ranges_complement(arena, a, MEMBERS - 1),
        };
        uint64_t x = bits(a);
        uint64_t y = bits(b);
        const uint64_t wanted[] = {x, y, x | y, x & y, x & ~y, ~x};
        for (size_t j = 0; j < sizeof(wanted) / sizeof(*wanted); j++) {
            assert_normal(results[j]);
            assert_true(bits(results[j]) == wanted[j]);
            assert_true(ranges_count(results[j]) == (u128)__builtin_popcountll(wanted[j]));
        }
        assert_true(ranges_overlap(a, b) == ((x & y) != 0));
        assert_true(ranges_subset(a, b) == ((x & ~y) == 0));
        assert_true(ranges_equal(a, b) == (x == y));
        arena_release(arena, mark);
    }
    arena_free(arena);
}

static void at_the_end_of_the_numbers(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const u128 max = ~(u128)0;
    const struct ranges *all = ranges_one(arena, 0, max);
    assert_int_equal(ranges_complement(arena, all, max)->n, 0);
    assert_true(ranges_equal(ranges_complement(arena, &ranges_empty, max), all));
    assert_true(ranges_count(all) == max); /* saturated */
    const struct ranges *last = ranges_one(arena, max, max);
    const struct ranges *rest = ranges_subtract(arena, all, last);
    assert_true(rest->n == 1 && rest->v[0].hi == max - 1);
    assert_true(ranges_equal(ranges_union(arena, last, rest), all));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_bits),
        cmocka_unit_test(at_the_end_of_the_numbers),
    };
    return cmocka_run_group_tests_name("ranges", tests, NULL, NULL);
}
