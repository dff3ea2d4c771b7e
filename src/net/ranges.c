/* Sorted, disjoint, inclusive ranges; see ranges.h. */
#include "net/ranges.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const struct ranges ranges_empty = {.n = 0};

static struct ranges *allocate(struct arena *arena, size_t n)
{
    return arena_alloc(arena, sizeof(struct ranges) + n * sizeof(struct range));
}

static int by_lo(const void *a, const void *b)
{
    const struct range *x = a;
    const struct range *y = b;

    return x->lo < y->lo ? -1 : x->lo > y->lo;
}

#define FEW 1024u /* qsort asks through a pointer, and copies through another: for these Shell's way is faster */

static void sort(struct range *v, size_t n)
{
    static const size_t gaps[] = {301, 132, 57, 23, 10, 4, 1};

    if (n > FEW) {
        qsort(v, n, sizeof *v, by_lo);
        return;
    }
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
        for (size_t i = gaps[g]; i < n; i++) {
            struct range range = v[i];
            size_t at = i;

            for (; at >= gaps[g] && v[at - gaps[g]].lo > range.lo; at -= gaps[g])
                v[at] = v[at - gaps[g]];
            v[at] = range;
        }
    }
}

/* Appends a range that does not begin before the last one, melting the two where they meet. */
static void append(struct ranges *to, u128 lo, u128 hi)
{
    if (to->n > 0) {
        struct range *last = &to->v[to->n - 1];

        if (lo <= last->hi || lo - last->hi == 1) {
            if (hi > last->hi)
                last->hi = hi;
            return;
        }
    }
    to->v[to->n++] = (struct range){lo, hi};
}

const struct ranges *ranges_of(struct arena *arena, const struct range *v, size_t n)
{
    struct range *sorted;
    struct ranges *made;
    bool in_order = true;

    if (n == 0)
        return &ranges_empty;
    for (size_t i = 0; i < n; i++) {
        assert(v[i].lo <= v[i].hi);
        in_order = in_order && (i == 0 || v[i - 1].lo <= v[i].lo);
    }
    made = allocate(arena, n);
    if (in_order) {
        for (size_t i = 0; i < n; i++)
            append(made, v[i].lo, v[i].hi);
        return made;
    }
    sorted = arena_copy(arena, v, n * sizeof *v);
    sort(sorted, n);
    for (size_t i = 0; i < n; i++)
        append(made, sorted[i].lo, sorted[i].hi);
    return made;
}

const struct ranges *ranges_one(struct arena *arena, u128 lo, u128 hi)
{
    struct ranges *made = allocate(arena, 1);

    assert(lo <= hi);
    made->n = 1;
    made->v[0] = (struct range){lo, hi};
    return made;
}

const struct ranges *ranges_value(struct arena *arena, u128 value)
{
    return ranges_one(arena, value, value);
}

/* Index of the first range whose end is not before `value`. */
static size_t first_reaching(const struct ranges *a, u128 value)
{
    size_t low = 0;
    size_t high = a->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (a->v[middle].hi < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct ranges *ranges_union(struct arena *arena, const struct ranges *a, const struct ranges *b)
{
    struct ranges *made;
    size_t i = 0;
    size_t j = 0;

    if (a->n == 0 || a == b)
        return b;
    if (b->n == 0)
        return a;
    made = allocate(arena, a->n + b->n);
    while (i < a->n || j < b->n) {
        if (j == b->n || (i < a->n && a->v[i].lo <= b->v[j].lo)) {
            append(made, a->v[i].lo, a->v[i].hi);
            i++;
        } else {
            append(made, b->v[j].lo, b->v[j].hi);
            j++;
        }
    }
    return made;
}

/* Behind the last range that does not begin after `value`. */
static size_t behind_last(const struct ranges *a, u128 value)
{
    size_t low = 0;
    size_t high = a->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (a->v[middle].lo <= value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_within(const struct ranges *a, const struct range *all)
{
    return a->v[0].lo >= all->lo && a->v[a->n - 1].hi <= all->hi;
}

const struct ranges *ranges_intersect(struct arena *arena, const struct ranges *a, const struct ranges *b)
{
    struct ranges *made;
    size_t i;
    size_t j;
    size_t i_end;
    size_t j_end;

    if (a == b)
        return a;
    if (a->n == 0 || b->n == 0)
        return &ranges_empty;
    if (b->n == 1 && is_within(a, &b->v[0]))
        return a;
    if (a->n == 1 && is_within(b, &a->v[0]))
        return b;
    i = first_reaching(a, b->v[0].lo);
    i_end = behind_last(a, b->v[b->n - 1].hi);
    if (i >= i_end)
        return &ranges_empty;
    j = first_reaching(b, a->v[i].lo);
    j_end = behind_last(b, a->v[i_end - 1].hi);
    if (j >= j_end)
        return &ranges_empty;
    made = allocate(arena, i_end - i + j_end - j);
    while (i < i_end && j < j_end) {
        const struct range *x = &a->v[i];
        const struct range *y = &b->v[j];
        u128 lo = x->lo > y->lo ? x->lo : y->lo;
        u128 hi = x->hi < y->hi ? x->hi : y->hi;

        if (lo <= hi)
            made->v[made->n++] = (struct range){lo, hi};
        if (x->hi < y->hi)
            i++;
        else
            j++;
    }
    return made;
}

const struct ranges *ranges_subtract(struct arena *arena, const struct ranges *a, const struct ranges *b)
{
    struct ranges *made;
    size_t j;
    size_t j_end;

    if (a == b || a->n == 0)
        return &ranges_empty;
    if (b->n == 0)
        return a;
    j = first_reaching(b, a->v[0].lo);
    j_end = behind_last(b, a->v[a->n - 1].hi);
    if (j >= j_end)
        return a;
    made = allocate(arena, a->n + j_end - j);
    for (size_t i = 0; i < a->n; i++) {
        u128 lo = a->v[i].lo;
        bool left = true;

        while (j < j_end && b->v[j].hi < lo)
            j++;
        for (size_t k = j; k < j_end && b->v[k].lo <= a->v[i].hi; k++) {
            if (b->v[k].lo > lo)
                made->v[made->n++] = (struct range){lo, b->v[k].lo - 1};
            if (b->v[k].hi >= a->v[i].hi) {
                left = false;
                break;
            }
            lo = b->v[k].hi + 1;
        }
        if (left)
            made->v[made->n++] = (struct range){lo, a->v[i].hi};
    }
    return made;
}

const struct ranges *ranges_complement(struct arena *arena, const struct ranges *a, u128 max)
{
    return ranges_subtract(arena, ranges_one(arena, 0, max), a);
}

bool ranges_contain(const struct ranges *a, u128 value)
{
    size_t i = first_reaching(a, value);

    return i < a->n && a->v[i].lo <= value;
}

bool ranges_overlap(const struct ranges *a, const struct ranges *b)
{
    size_t i;
    size_t j;

    if (a->n == 0 || b->n == 0 || a->v[a->n - 1].hi < b->v[0].lo || b->v[b->n - 1].hi < a->v[0].lo)
        return false;
    if (a->n == 1 && b->n == 1)
        return true;
    i = first_reaching(a, b->v[0].lo);
    j = first_reaching(b, a->v[i].lo);
    while (i < a->n && j < b->n) {
        if (a->v[i].hi < b->v[j].lo)
            i++;
        else if (b->v[j].hi < a->v[i].lo)
            j++;
        else
            return true;
    }
    return false;
}

bool ranges_subset(const struct ranges *a, const struct ranges *b)
{
    size_t j;

    if (a == b || a->n == 0)
        return true;
    j = first_reaching(b, a->v[0].lo);
    for (size_t i = 0; i < a->n; i++) {
        while (j < b->n && b->v[j].hi < a->v[i].lo)
            j++;
        if (j == b->n || b->v[j].lo > a->v[i].lo || b->v[j].hi < a->v[i].hi)
            return false;
    }
    return true;
}

bool ranges_equal(const struct ranges *a, const struct ranges *b)
{
    if (a == b)
        return true;
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        if (a->v[i].lo != b->v[i].lo || a->v[i].hi != b->v[i].hi)
            return false;
    }
    return true;
}

u128 ranges_count(const struct ranges *a)
{
    u128 sum = 0;

    for (size_t i = 0; i < a->n; i++) {
        u128 more = a->v[i].hi - a->v[i].lo;

        if (more == ~(u128)0 || sum > ~(u128)0 - more - 1)
            return ~(u128)0;
        sum += more + 1;
    }
    return sum;
}
