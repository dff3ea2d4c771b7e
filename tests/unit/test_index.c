/* The index of boxes: whatever meets a cube is a candidate, also after boxes have become others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet/index.h"

#define BOXES 300u
#define CHANGES 500

static uint64_t seed = 88172645463325252u;

static unsigned pick(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static struct cube random_box(struct arena *arena)
{
    struct cube cube = CUBE_ALL;
    struct range v[2];

    for (unsigned i = 0; i < 2; i++) {
        v[i].lo = pick(0xffff) << 16;
        v[i].hi = v[i].lo + (pick(5) == 0 ? 0xfffffff : 0xffff);
    }
    if (pick(4) != 0)
        cube.field[FIELD_SOURCE] = ranges_of(arena, v, 1 + pick(2));
    if (pick(4) != 0)
        cube.field[FIELD_DESTINATION] = ranges_of(arena, v + 1, 1);
    if (pick(2) != 0)
        cube.field[FIELD_PORT] = ranges_value(arena, pick(65536));
    return cube;
}

static const struct ranges *asks(const void *context, size_t i, enum field field)
{
    return ((const struct cube *)context)[i].field[field];
}

/* Candidates are all that meet the cube; of those that do not only some. */
static void assert_found(const struct box_index *index, const struct cube *boxes, const struct cube *cube)
{
    struct cursor cursor;
    size_t candidates = 0;
    size_t at;

    cursor_start(&cursor, index, cube);
    at = cursor_next(&cursor, 0);
    for (size_t i = 0; i < BOXES; i++) {
        bool candidate = at == i;

        assert_true(candidate || !cube_overlaps(&boxes[i], cube));
        candidates += candidate;
        if (candidate)
            at = cursor_next(&cursor, i + 1);
    }
    assert_int_equal(at, BOXES);
    if (cube->field[FIELD_PORT] != NULL)
        assert_true(candidates < BOXES);
}

static void changes(void **state)
{
    struct arena *arena = arena_new();
    struct cube boxes[BOXES];
    struct box_index *index;

    (void)state;
    for (size_t i = 0; i < BOXES; i++)
        boxes[i] = random_box(arena);
    index = index_new(arena, BOXES, asks, boxes);
    for (int n = 0; n < CHANGES; n++) {
        struct cube cube = random_box(arena);
        size_t i = pick(BOXES);

        assert_found(index, boxes, &cube);
        index_leave(index, i, asks, boxes);
        boxes[i] = random_box(arena);
        index_enter(index, i, asks, boxes);
        assert_found(index, boxes, &boxes[i]);
    }
    arena_free(arena);
}

/* What has left is no candidate. */
static void left(void **state)
{
    struct arena *arena = arena_new();
    struct cube boxes[BOXES];
    struct cursor cursor;
    struct box_index *index;

    (void)state;
    for (size_t i = 0; i < BOXES; i++)
        boxes[i] = random_box(arena);
    index = index_new(arena, BOXES, asks, boxes);
    for (size_t i = 0; i < BOXES; i++)
        index_leave(index, i, asks, boxes);
    for (size_t i = 0; i < BOXES; i++) {
        cursor_start(&cursor, index, &boxes[i]);
        assert_true(boxes[i].field[FIELD_PORT] == NULL || cursor_next(&cursor, 0) == BOXES);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(changes), cmocka_unit_test(left)};

    return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
