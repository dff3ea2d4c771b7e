/*
 * Large boxes of what holes leave, held against the plain difference: together they are it, each is of it, as wide as
 * it can be, and in no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet/carve.h"

#define CASES 3000
#define HOLES 12u
#define WORK 1000000u

static const enum field fields[] = {FIELD_SOURCE, FIELD_DESTINATION, FIELD_PORT};

static uint64_t seed = 88172645463325252u;

static unsigned pick(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static struct cube random_cube(struct arena *arena)
{
    struct cube cube = CUBE_ALL;

    for (size_t i = 0; i < 3; i++) {
        u128 step = field_max(fields[i], FAMILY_V6) / 16;
        u128 a = pick(16) * step;
        u128 b = pick(3) == 0 ? pick(16) * step : a;

        if (pick(3) != 0)
            cube.field[fields[i]] = ranges_one(arena, a < b ? a : b, (a < b ? b : a) + pick(2) * (step - 1));
    }
    return cube;
}

static struct holes random_holes(struct arena *arena, const struct cube *from)
{
    struct holes holes = {0};

    for (unsigned i = pick(HOLES); i > 0; i--) {
        struct cube cube = random_cube(arena);

        if (cube_overlaps(from, &cube))
            *vec_push(arena, &holes) = arena_copy(arena, &cube, sizeof cube);
    }
    return holes;
}

static struct cubes difference(struct arena *arena, const struct cube *from, const struct holes *holes)
{
    struct cubes left = {0};

    *vec_push(arena, &left) = *from;
    vec_each (const struct cube *const *, hole, holes)
        left = cubes_subtract(arena, &left, *hole, FAMILY_V6);
    return left;
}

/* No field can be wider. */
static bool is_maximal(struct arena *arena, const struct cube *from, const struct cube *box, const struct holes *holes)
{
    for (size_t i = 0; i < 3; i++) {
        struct cube wider = *box;
        struct cube beside = *box;

        wider.field[fields[i]] = from->field[fields[i]];
        vec_each (const struct cube *const *, hole, holes) {
            struct cubes left = {0};

            *vec_push(arena, &left) = wider;
            if (!cube_overlaps(&wider, *hole))
                continue;
            beside = wider;
            if (wider.field[fields[i]] == NULL)
                beside.field[fields[i]] =
                    ranges_complement(arena, (*hole)->field[fields[i]], field_max(fields[i], FAMILY_V6));
            else
                beside.field[fields[i]] = ranges_subtract(arena, wider.field[fields[i]], (*hole)->field[fields[i]]);
            wider = beside;
        }
        if (!cube_within(&wider, box))
            return false;
    }
    return true;
}

static void all_that_is_left(void **state)
{
    struct arena *arena = arena_new();

    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct arena_mark mark = arena_mark(arena);
        struct cube from = random_cube(arena);
        struct holes holes = random_holes(arena, &from);
        struct cubes left = difference(arena, &from, &holes);
        struct carving carving = {FAMILY_V6, &from, &holes, SIZE_MAX, WORK};
        struct cubes boxes = {0};

        assert_true(carve(arena, &carving, &boxes));
        vec_each (const struct cube *, box, &boxes) {
            assert_true(cube_within(box, &from) && is_maximal(arena, &from, box, &holes));
            vec_each (const struct cube *const *, hole, &holes)
                assert_false(cube_overlaps(box, *hole));
            vec_each (const struct cube *, other, &boxes)
                assert_true(other == box || !cube_within(box, other));
            left = cubes_subtract(arena, &left, box, FAMILY_V6);
        }
        assert_int_equal(left.n, 0);
        arena_release(arena, mark);
    }
    arena_free(arena);
}

/* The first is the one that is wanted when there is to be but one. */
static void limits(void **state)
{
    struct arena *arena = arena_new();
    struct cube from = CUBE_ALL;
    struct cube hole = CUBE_ALL;
    struct holes holes = {0};
    struct carving carving = {FAMILY_V4, &from, &holes, 1, WORK};
    struct cubes boxes = {0};

    (void)state;
    hole.field[FIELD_SOURCE] = ranges_one(arena, 0, 0x7fffffff);
    hole.field[FIELD_PORT] = ranges_one(arena, 0, 9);
    *vec_push(arena, &holes) = &hole;
    assert_false(carve(arena, &carving, &boxes));
    assert_int_equal(boxes.n, 1);
    assert_true(boxes.v[0].field[FIELD_SOURCE] == NULL && boxes.v[0].field[FIELD_PORT]->v[0].lo == 10);
    carving.most = 2;
    boxes.n = 0;
    assert_true(carve(arena, &carving, &boxes));
    assert_int_equal(boxes.n, 2);
    assert_true(boxes.v[1].field[FIELD_PORT] == NULL && boxes.v[1].field[FIELD_SOURCE]->v[0].lo == 0x80000000);
    carving.work = 1;
    boxes.n = 0;
    assert_false(carve(arena, &carving, &boxes));
    assert_int_equal(carving.work, 0);
    hole = CUBE_ALL;
    carving.work = WORK;
    boxes.n = 0;
    assert_true(carve(arena, &carving, &boxes));
    assert_int_equal(boxes.n, 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_that_is_left), cmocka_unit_test(limits)};

    return cmocka_run_group_tests_name("carve", tests, NULL, NULL);
}
