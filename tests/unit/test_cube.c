/*
 * The algebra of packet sets, held against enumeration: cubes over a few small fields and two unknowns, every operation
 * compared with what it means for each single point.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet/cube.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define CASES 4000
#define UNKNOWNS 2u

static const enum field fields[] = {FIELD_STATE, FIELD_FRAGMENT, FIELD_PROTOCOL};
static const unsigned sizes[] = {STATE_N, FRAGMENT_N, 4};

#define POINTS (5 * 3 * 4 * 4)

static uint64_t seed = 88172645463325252u;

static unsigned pick(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

/* The last value stands for everything up to the end of the field. All of them are no constraint: NULL. */
static const struct ranges *random_ranges(struct arena *arena, size_t i)
{
    struct range v[STATE_N];
    size_t n = 0;

    for (unsigned k = 0; k < sizes[i]; k++) {
        if (pick(2) == 0)
            v[n++] = (struct range){k, k + 1 == sizes[i] ? field_max(fields[i], FAMILY_V4) : k};
    }
    return n == 0 || n == sizes[i] ? NULL : ranges_of(arena, v, n);
}

static struct cube random_cube(struct arena *arena)
{
    struct cube cube = CUBE_ALL;

    for (size_t i = 0; i < COUNT(fields); i++) {
        if (pick(3) != 0)
            cube.field[fields[i]] = random_ranges(arena, i);
    }
    for (uint32_t id = 0; id < UNKNOWNS; id++) {
        struct cube one = CUBE_ALL;

        one.literals = literals_one(arena, id, pick(2) == 0);
        if (pick(3) == 0)
            assert_true(cube_intersect(arena, &cube, &one, &cube));
    }
    return cube;
}

static bool has_point(const struct cube *cube, unsigned point)
{
    for (size_t i = 0; i < COUNT(fields); i++) {
        unsigned value = point % sizes[i];

        point /= sizes[i];
        if (cube->field[fields[i]] != NULL && !ranges_contain(cube->field[fields[i]], value))
            return false;
    }
    for (uint32_t i = 0; cube->literals != NULL && i < cube->literals->n; i++) {
        uint32_t literal = cube->literals->v[i];

        if ((point >> (literal >> 1) & 1) != (literal & 1))
            return false;
    }
    return true;
}

static unsigned count_point(const struct cubes *cubes, unsigned point)
{
    unsigned n = 0;

    vec_each (const struct cube *, cube, cubes)
        n += has_point(cube, point);
    return n;
}

/* No empty field, no unknown twice. */
static void assert_whole(const struct cube *cube)
{
    for (enum field field = 0; field < FIELD_N; field++)
        assert_true(cube->field[field] == NULL || cube->field[field]->n > 0);
    for (uint32_t i = 1; cube->literals != NULL && i < cube->literals->n; i++)
        assert_true(cube->literals->v[i - 1] >> 1 < cube->literals->v[i] >> 1);
}

static void two_cubes(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct arena *arena = arena_new();
        struct cube a = random_cube(arena);
        struct cube b = random_cube(arena);
        struct cube both = a;
        struct cubes left = {0};
        bool meet = cube_intersect(arena, &a, &b, &both);
        bool overlap = false;
        bool within = true;
        bool equal = true;

        cube_subtract(arena, &a, &b, FAMILY_V4, &left);
        assert_whole(&both);
        vec_each (struct cube *, cube, &left)
            assert_whole(cube);
        for (unsigned point = 0; point < POINTS; point++) {
            bool x = has_point(&a, point);
            bool y = has_point(&b, point);

            overlap = overlap || (x && y);
            within = within && (!x || y);
            equal = equal && x == y;
            assert_int_equal(has_point(&both, point), meet ? x && y : x); /* untouched where nothing is in both */
            assert_int_equal(count_point(&left, point), x && !y);         /* disjoint, and exactly that */
        }
        assert_int_equal(meet, overlap);
        assert_int_equal(cube_overlaps(&a, &b), overlap);
        assert_int_equal(cube_within(&a, &b), within);
        assert_int_equal(cube_equal(&a, &b), equal);
        assert_true(cube_within(&a, &a) && cube_equal(&a, &a));
        arena_free(arena);
    }
}

static void lists(void **state)
{
    (void)state;
    for (int i = 0; i < CASES / 2; i++) {
        struct arena *arena = arena_new();
        struct cubes cubes = {0};
        struct cubes less;
        struct cube b = random_cube(arena);
        unsigned before[POINTS];
        unsigned n = pick(6);

        for (unsigned k = 0; k < n; k++)
            *vec_push(arena, &cubes) = random_cube(arena);
        for (unsigned point = 0; point < POINTS; point++)
            before[point] = count_point(&cubes, point);
        less = cubes_subtract(arena, &cubes, &b, FAMILY_V4);
        for (unsigned point = 0; point < POINTS; point++)
            assert_int_equal(count_point(&less, point), has_point(&b, point) ? 0 : before[point]);
        cubes_merge(arena, &cubes, FAMILY_V4);
        assert_true(cubes.n <= n);
        for (unsigned point = 0; point < POINTS; point++)
            assert_int_equal(count_point(&cubes, point) > 0, before[point] > 0);
        for (size_t k = 0; k < cubes.n; k++) {
            assert_whole(&cubes.v[k]);
            for (size_t j = 0; j < cubes.n; j++)
                assert_true(j == k || !cube_within(&cubes.v[j], &cubes.v[k]));
        }
        arena_free(arena);
    }
}

/* A box that was cut and has grown together again is as wide as one that never was. */
static void merge_of_every_value(void **state)
{
    struct arena *arena = arena_new();
    struct cubes cubes = {0};

    (void)state;
    for (unsigned k = 0; k < 3; k++) {
        struct cube cube = CUBE_ALL;

        cube.field[FIELD_DESTINATION] = ranges_one(arena, k == 0 ? 2 : 1, k == 0 ? 2 : 1);
        if (k > 0)
            cube.field[FIELD_PORT] = ranges_one(arena, k == 1 ? 0 : 80, k == 1 ? 79 : 65535);
        *vec_push(arena, &cubes) = cube;
    }
    cubes_merge(arena, &cubes, FAMILY_V4);
    assert_int_equal(cubes.n, 1);
    assert_null(cubes.v[0].field[FIELD_PORT]);
    arena_free(arena);
}

/* What was cut into pieces is one again. */
static void merge_undoes_cuts(void **state)
{
    struct arena *arena = arena_new();
    struct cubes cubes = {0};

    (void)state;
    for (unsigned k = 0; k < 12; k++) {
        struct cube cube = CUBE_ALL;

        cube.field[FIELD_STATE] = ranges_one(arena, k % 3, k % 3);
        cube.field[FIELD_PORT] = ranges_one(arena, 10 * (k / 3), 10 * (k / 3) + 9);
        *vec_push(arena, &cubes) = cube;
    }
    cubes_merge(arena, &cubes, FAMILY_V4);
    assert_int_equal(cubes.n, 1);
    assert_true(ranges_equal(cubes.v[0].field[FIELD_PORT], ranges_one(arena, 0, 39)));
    assert_true(ranges_equal(cubes.v[0].field[FIELD_STATE], ranges_one(arena, 0, 2)));
    arena_free(arena);
}

/* What others say again, or says more, is joined without looking at all pairs. */
static void join_of_the_same(void **state)
{
    struct arena *arena = arena_new();
    struct cubes cubes = {0};

    (void)state;
    for (unsigned k = 0; k < 40; k++) {
        struct cube cube = CUBE_ALL;

        cube.field[FIELD_SOURCE] = ranges_one(arena, k % 2, k % 2);
        if (k % 4 != 1)
            cube.field[FIELD_PORT] = ranges_one(arena, 7, 7);
        *vec_push(arena, &cubes) = cube;
    }
    cubes_join(arena, &cubes, FAMILY_V4);
    assert_int_equal(cubes.n, 2);
    assert_true(cubes.v[0].field[FIELD_PORT] != NULL && ranges_contain(cubes.v[0].field[FIELD_SOURCE], 0));
    assert_true(cubes.v[1].field[FIELD_PORT] == NULL && ranges_contain(cubes.v[1].field[FIELD_SOURCE], 1));
    arena_free(arena);
}

static void narrow(void **state)
{
    struct arena *arena = arena_new();
    struct cube cube = CUBE_ALL;

    (void)state;
    assert_true(cube_narrow(arena, &cube, FIELD_PORT, NULL) && cube.field[FIELD_PORT] == NULL);
    assert_true(cube_narrow(arena, &cube, FIELD_PORT, ranges_one(arena, 10, 20)));
    assert_true(cube_narrow(arena, &cube, FIELD_PORT, ranges_one(arena, 15, 30)));
    assert_true(ranges_equal(cube.field[FIELD_PORT], ranges_one(arena, 15, 20)));
    assert_false(cube_narrow(arena, &cube, FIELD_PORT, ranges_one(arena, 21, 30)));
    assert_false(cube_narrow(arena, &cube, FIELD_STATE, &ranges_empty));
    arena_free(arena);
}

/* Of IPv6 addresses, the rest reaches to the last one; of IPv4 not beyond. */
static void rest_of_a_family(void **state)
{
    struct arena *arena = arena_new();

    (void)state;
    for (enum family family = 0; family < FAMILY_N; family++) {
        struct cube all = CUBE_ALL;
        struct cube b = CUBE_ALL;
        struct cubes left = {0};

        b.field[FIELD_SOURCE] = ranges_one(arena, 0, 9);
        cube_subtract(arena, &all, &b, family, &left);
        assert_int_equal(left.n, 1);
        assert_true(ranges_equal(left.v[0].field[FIELD_SOURCE], ranges_one(arena, 10, addr_max(family))));
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_cubes),
        cmocka_unit_test(lists),
        cmocka_unit_test(merge_undoes_cuts),
        cmocka_unit_test(join_of_the_same),
        cmocka_unit_test(merge_of_every_value),
        cmocka_unit_test(narrow),
        cmocka_unit_test(rest_of_a_family),
    };
    return cmocka_run_group_tests_name("cube", tests, NULL, NULL);
}
