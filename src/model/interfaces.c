/*
 * Numbering of interface names; see interfaces.h. The sorted points p0 < p1 < … get the even numbers 2, 4, …; what
 * lies between two points gets the odd number between. The wildcard P is numbered from the point P (the shortest name
 * that begins so) to the point P\xff (after every name that begins so).
 */
#include "model/interfaces.h"

#include <assert.h>
#include <stdlib.h>

#define AFTER "\xff" /* INTERFACE_AFTER */

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

struct interface_numbers *interfaces_number(struct arena *arena, const struct interface_patterns *patterns)
{
    struct interface_numbers *numbers = arena_new_object(arena, struct interface_numbers);
    size_t n = 0;

    numbers->points = arena_new_array(arena, struct str, patterns->n * 2);
    for (size_t i = 0; i < patterns->n; i++) {
        struct str name = patterns->v[i].name;

        numbers->points[n++] = name;
        if (patterns->v[i].prefix)
            numbers->points[n++] = str_printf(arena, "%.*s" AFTER, STR_ARG(name));
    }
    if (n > 0)
        qsort(numbers->points, n, sizeof *numbers->points, by_name);
    for (size_t i = 0; i < n; i++) {
        if (numbers->n == 0 || !str_eq(numbers->points[numbers->n - 1], numbers->points[i]))
            numbers->points[numbers->n++] = numbers->points[i];
    }
    return numbers;
}

/* A point against a name, or with `after` against the end of the wildcard of that name. */
static int compare(struct str point, struct str name, bool after)
{
    int order = str_cmp(str_head(point, name.n), name);

    return order != 0 ? order : str_cmp(str_from(point, name.n), after ? STR(AFTER) : STR_EMPTY);
}

/* Number of a name, or of the end of its wildcard: even at a point, odd between points. */
static u128 find(const struct interface_numbers *numbers, struct str name, bool after)
{
    size_t low = 0;
    size_t high = numbers->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(numbers->points[middle], name, after) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 2 * (u128)low + (low < numbers->n && compare(numbers->points[low], name, after) == 0 ? 2 : 1);
}

static u128 number_of(const struct interface_numbers *numbers, struct str name)
{
    return find(numbers, name, false);
}

struct range interfaces_range(const struct interface_numbers *numbers, const struct interface_pattern *pattern)
{
    u128 first = number_of(numbers, pattern->name);

    assert(first % 2 == 0);
    /* Every name that begins so, but not the point that only ends the wildcard. */
    return (struct range){first, pattern->prefix ? find(numbers, pattern->name, true) - 1 : first};
}

u128 interfaces_last(const struct interface_numbers *numbers)
{
    return 2 * (u128)numbers->n + 1;
}

/* Whether a name that nobody wrote is in the same wildcards as a number: then no rule tells them apart. */
static bool stands_for(const struct interface_numbers *numbers, struct str name, u128 number)
{
    u128 own = number_of(numbers, name);

    if (own == number || own % 2 == 0)
        return own == number;
    for (size_t i = 0; i < numbers->n; i++) {
        struct str base = numbers->points[i];
        bool inside;

        if (!str_ends(base, AFTER))
            continue;
        base.n--;
        inside = number_of(numbers, base) <= number && number < 2 * (u128)i + 2;
        if (str_eq(str_head(name, base.n), base) != inside)
            return false;
    }
    return true;
}

/* One that looks like an interface: eth0 and the like, or what comes before it with a number. */
static struct str usual_name(struct arena *arena, struct str base, unsigned i)
{
    return i < 100   ? str_printf(arena, "eth%u", i)
           : i < 200 ? str_printf(arena, "%.*s%u", STR_ARG(base), i - 100)
                     : str_printf(arena, "if%u", i - 200);
}

struct str interfaces_name(struct arena *arena, const struct interface_numbers *numbers, u128 number)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz-_.!";
    size_t at = (size_t)(number / 2);
    struct str base = at > 0 ? numbers->points[at - 1] : STR_EMPTY;

    if (number == INTERFACE_NONE)
        return STR_EMPTY;
    if (number % 2 == 0 && base.n > 0 && !str_ends(base, AFTER))
        return base;
    if (str_ends(base, AFTER))
        base.n--;
    for (unsigned i = 0; i < 300; i++) {
        struct str name = usual_name(arena, base, i);

        if (stands_for(numbers, name, number))
            return name;
    }
    for (size_t n = base.n + 1; n-- > 0;) {
        for (size_t i = 0; i < sizeof letters - 1; i++) {
            struct str name = str_printf(arena, "%.*s%c", STR_ARG(str_head(base, n)), letters[i]);

            if (stands_for(numbers, name, number))
                return name;
        }
    }
    return STR("other"); /* outside of a wildcard for every name there is nothing */
}
