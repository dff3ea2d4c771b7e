/* The tree of boxes against a look at every box. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet/tree.h"

#define BOXES 400u

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static int32_t pick(int32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (int32_t)((random_state >> 32) % (uint32_t)n);
}

/* Narrow in some fields, wide in others; `values` of each field, most of them with one only. */
static struct ranked random_box(const int32_t values[FIELD_N])
{
    struct ranked box;

    for (size_t i = 0; i < FIELD_N; i++) {
        int32_t a = pick(values[i]);
        int32_t b = pick(3) == 0 ? pick(values[i]) : a;

        box.lo[i] = pick(4) == 0 ? 0 : a < b ? a : b;
        box.hi[i] = pick(4) == 0 ? values[i] - 1 : a > b ? a : b;
    }
    return box;
}

static size_t ask_all(const struct box_tree *tree, enum tree_relation relation, const struct ranked *box, size_t from,
                      size_t to, uint8_t found[BOXES])
{
    struct tree_cursor cursor;
    size_t n = 0;

    memset(found, 0, BOXES);
    tree_ask(&cursor, tree, relation, box, from, to);
    for (size_t i = tree_next(&cursor); i < to; i = tree_next(&cursor)) {
        found[i]++;
        n++;
    }
    return n;
}

static void compare(const struct box_tree *tree, const struct ranked *boxes, size_t n, const struct ranked *asked)
{
    size_t from = (size_t)pick((int32_t)n);
    size_t to = from + (size_t)pick((int32_t)(n - from) + 1);
    uint8_t found[BOXES];
    struct tree_cursor cursor;
    size_t first = to;
    size_t count;

    count = ask_all(tree, TREE_OVERLAPS, asked, from, to, found);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(found[i], i >= from && i < to && ranked_overlaps(asked, &boxes[i]));
        count -= found[i];
    }
    assert_int_equal(count, 0);
    ask_all(tree, TREE_HOLDS, asked, from, to, found);
    for (size_t i = n; i-- > 0;) {
        assert_int_equal(found[i], i >= from && i < to && ranked_within(asked, &boxes[i]));
        first = found[i] ? i : first;
    }
    /* Narrowed on the way, it ends at the first. */
    tree_ask(&cursor, tree, TREE_HOLDS, asked, from, to);
    for (size_t i = tree_next(&cursor); i < cursor.to; i = tree_next(&cursor))
        cursor.to = i;
    assert_int_equal(cursor.to, first);
}

static void same_as_a_look_at_every_box(void **state)
{
    static const int32_t values[][FIELD_N] = {
        {[FIELD_SOURCE] = 1000, [FIELD_DESTINATION] = 900, [FIELD_PROTOCOL] = 5, [FIELD_PORT] = 100, [FIELD_STATE] = 3},
        {[FIELD_PORT] = 3},
        {0},
        {2, 2, 9, 9, 3, 9, 9, 3, 3, 3, 3, 3},
    };

    (void)state;
    for (unsigned round = 0; round < 40; round++) {
        struct arena *arena = arena_new();
        size_t n = 1 + (size_t)pick(round % 2 == 0 ? 12 : (int32_t)BOXES);
        struct ranked *boxes = arena_new_array(arena, struct ranked, n);
        int32_t field_values[FIELD_N];
        struct box_tree *tree;

        for (size_t i = 0; i < FIELD_N; i++)
            field_values[i] = values[round % 4][i] + (values[round % 4][i] == 0);
        for (size_t i = 0; i < n; i++)
            boxes[i] = i > 0 && pick(10) == 0 ? boxes[i - 1] : random_box(field_values);
        tree = tree_new(arena, boxes, n);
        for (unsigned i = 0; i < 100; i++) {
            struct ranked asked = i % 4 == 0 ? boxes[(size_t)pick((int32_t)n)] : random_box(field_values);

            compare(tree, boxes, n, &asked);
        }
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_a_look_at_every_box),
    };

    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
