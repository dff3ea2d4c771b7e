/* The tools under everything: arena, slices, buffers, numbers, maps, nearest names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/num.h"
#include "base/suggest.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint64_t seed = 88172645463325252u;

static uint64_t next(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

/* --- arena ------------------------------------------------------------------------------------------------------- */

/* Blocks of any size keep what was put into them, are aligned, and do not overlap. */
static void arena_keeps_what_it_gives(void **state)
{
    enum { PIECES = 400 };
    struct arena *arena = arena_new();
    unsigned char *pieces[PIECES];
    size_t sizes[PIECES];

    (void)state;
    for (size_t i = 0; i < PIECES; i++) {
        sizes[i] = next(i % 20 == 0 ? 40000 : 200);
        pieces[i] = arena_alloc(arena, sizes[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)(i % 255) + 1, sizes[i]);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(pieces[i][k], i % 255 + 1);
    }
    arena_free(arena);
    arena_free(NULL);
}

static void arena_release_gives_back(void **state)
{
    struct arena *arena = arena_new();
    struct arena_mark empty = arena_mark(arena);
    char *kept = arena_copy(arena, "kept", 5);
    struct arena_mark mark = arena_mark(arena);
    size_t held = 0;

    (void)state;
    for (int round = 0; round < 5; round++) {
        char *first = arena_alloc(arena, 100);

        /* What a round left behind is not seen by the next. */
        for (int i = 0; i < 100; i++)
            assert_int_equal(first[i], 0);
        memset(first, 'x', 100);
        for (int i = 0; i < 50; i++)
            memset(arena_alloc(arena, 30000), 'x', 30000);
        if (round == 0)
            held = arena_size(arena);
        assert_int_equal(arena_size(arena), held); /* the blocks are used again */
        arena_release(arena, mark);
    }
    assert_string_equal(kept, "kept");
    arena_release(arena, empty);
    assert_int_equal(arena_size(arena), held);
    assert_non_null(arena_alloc(arena, 0));
    arena_free(arena);
}

/* --- slices ------------------------------------------------------------------------------------------------------ */

static int sign(int n)
{
    return n < 0 ? -1 : n > 0;
}

/* Sorted as people sort; every pair must agree with its place here. */
static const char *const natural[] = {
    "",
    "1",
    "02",
    "2",
    "10",
    "100000000000000000000",
    "200000000000000000000",
    "a",
    "a0",
    "a00",
    "a1",
    "a1b",
    "a01b2",
    "a2",
    "a10",
    "a10b",
    "ab",
    "b1-2",
    "b1-10",
    "b2",
};

static void natural_order(void **state)
{
    static const char letters[] = "01209ab-";

    (void)state;
    for (size_t i = 0; i < COUNT(natural); i++) {
        for (size_t k = 0; k < COUNT(natural); k++) {
            int order = str_cmp_natural(str_of(natural[i]), str_of(natural[k]));

            if (sign(order) != sign((int)i - (int)k))
                fail_msg("\"%s\" against \"%s\": %d", natural[i], natural[k], order);
        }
    }
    /* An order at all: opposite ways opposite, equal only to itself, transitive. */
    for (int i = 0; i < 20000; i++) {
        char text[3][6];
        struct str s[3];

        for (int k = 0; k < 3; k++) {
            s[k] = (struct str){text[k], next(6)};
            for (size_t c = 0; c < s[k].n; c++)
                text[k][c] = letters[next(sizeof letters - 1)];
        }
        assert_int_equal(sign(str_cmp_natural(s[0], s[1])), -sign(str_cmp_natural(s[1], s[0])));
        assert_int_equal(str_cmp_natural(s[0], s[1]) == 0, str_eq(s[0], s[1]));
        if (str_cmp_natural(s[0], s[1]) <= 0 && str_cmp_natural(s[1], s[2]) <= 0)
            assert_true(str_cmp_natural(s[0], s[2]) <= 0);
    }
}

static void slices(void **state)
{
    struct str nothing = {0};
    struct str rest;
    struct str s;

    (void)state;
    static const struct {
        const char *text, *head, *rest;
    } cuts[] = {{"a=b", "a", "b"}, {"a", "a", ""}, {"", "", ""}, {"=", "", ""}, {"=b=c", "", "b=c"}, {"a=", "a", ""}};
    static const struct {
        const char *text, *trimmed;
    } trims[] = {{" \t a b\r\n", "a b"}, {"   ", ""}, {"", ""}, {"a", "a"}};

    for (size_t i = 0; i < COUNT(cuts); i++) {
        assert_true(str_is(str_cut(str_of(cuts[i].text), '=', &rest), cuts[i].head));
        assert_true(str_is(rest, cuts[i].rest));
    }
    for (size_t i = 0; i < COUNT(trims); i++)
        assert_true(str_is(str_trim(str_of(trims[i].text)), trims[i].trimmed));
    s = STR("  one\ttwo   three ");
    assert_true(str_is(str_word(&s), "one") && str_is(str_word(&s), "two") && str_is(str_word(&s), "three"));
    assert_true(str_word(&s).n == 0 && s.n == 0);

    assert_true(str_eq(nothing, STR_EMPTY) && str_eq(str_of(NULL), nothing) && str_cmp(nothing, STR_EMPTY) == 0);
    assert_true(str_trim(nothing).n == 0 && str_from(nothing, 3).n == 0 && str_cut(nothing, 'x', &rest).n == 0);
    assert_true(str_cmp(STR("ab"), STR("abc")) < 0 && str_cmp(STR("b"), STR("abc")) > 0);
    assert_true(str_cmp(STR("a\xff"), STR("ab")) > 0); /* bytes, not signed letters */
    assert_true(str_starts(STR("eth0"), "eth") && !str_starts(STR("et"), "eth") && str_starts(nothing, ""));
    assert_true(str_ends(STR("a.nft"), ".nft") && !str_ends(STR("nft"), ".nft"));
    assert_true(str_contains(STR("abc"), "bc") && !str_contains(STR("abc"), "bd") && !str_contains(nothing, "b"));
    assert_true(str_is(str_from(STR("abc"), 2), "c") && str_from(STR("abc"), 9).n == 0);
    assert_true(str_is(str_head(STR("abc"), 2), "ab") && str_is(str_head(STR("abc"), 9), "abc"));
}

static void copies(void **state)
{
    struct arena *arena = arena_new();
    char text[] = "text";
    struct str copy = str_dup(arena, str_of(text));
    const char *cstr = str_cstr(arena, (struct str){text, 2});
    struct buf buf = BUF_EMPTY;

    (void)state;
    text[0] = 'T';
    assert_true(str_is(copy, "text"));
    assert_string_equal(cstr, "te");
    assert_string_equal(str_cstr(arena, (struct str){0}), "");
    assert_true(str_is(str_printf(arena, "%d-%s", 7, "x"), "7-x"));

    assert_true(buf_str(&buf).n == 0 && buf_str(&buf).p != NULL);
    buf_addf(&buf, "%0*d", 300, 7); /* longer than its first size */
    assert_int_equal(buf_str(&buf).n, 300);
    assert_true(str_ends(buf_str(&buf), "007"));
    buf.n = 0;
    buf_addu(&buf, 0);
    buf_addc(&buf, ' ');
    buf_addu(&buf, UINT64_MAX);
    assert_true(str_is(buf_str(&buf), "0 18446744073709551615"));
    buf.n = 0;
    buf_adds(&buf, "a");
    buf_addc(&buf, '\0');
    buf_add(&buf, STR_EMPTY);
    buf_fill(&buf, '-', 3);
    buf_fill(&buf, '-', 0);
    assert_true(str_eq(buf_str(&buf), STR("a\0---")) && buf_ok(&buf));
    buf_fill(&buf, 'x', SIZE_MAX / 2); /* fails, and stays failed */
    buf_adds(&buf, "more");
    assert_true(!buf_ok(&buf) && str_eq(buf_str(&buf), STR("a\0---")));
    buf_free(&buf);
    assert_true(buf_ok(&buf) && buf.p == NULL);
    arena_free(arena);
}

/* --- numbers ----------------------------------------------------------------------------------------------------- */

#define NONE UINT64_MAX

static const struct {
    const char *text;
    uint64_t max;
    uint64_t decimal; /* NONE: it is none */
    uint64_t any;
} numbers[] = {
    {"0", 65535, 0, 0},
    {"65535", 65535, 65535, 65535},
    {"65536", 65535, NONE, NONE},
    {"99999999999999999999999", UINT64_MAX - 1, NONE, NONE},
    {"18446744073709551614", UINT64_MAX - 1, UINT64_MAX - 1, UINT64_MAX - 1},
    {"18446744073709551615", UINT64_MAX - 1, NONE, NONE},
    {"18446744073709551616", UINT64_MAX, NONE, NONE},
    {"007", 7, 7, 7},
    {"8", 7, NONE, NONE},
    {"0", 0, 0, 0},
    {"1", 0, NONE, NONE},
    {"", 10, NONE, NONE},
    {"-1", 10, NONE, NONE},
    {"+1", 10, NONE, NONE},
    {" 1", 10, NONE, NONE},
    {"1 ", 10, NONE, NONE},
    {"1e1", 100, NONE, NONE},
    {"a", 100, NONE, NONE},
    {"0x", 100, NONE, NONE},
    {"0xff", 255, NONE, 255},
    {"0XfF", 255, NONE, 255},
    {"0x100", 255, NONE, NONE},
    {"0xg", 255, NONE, NONE},
    {"0xffffffff", UINT32_MAX, NONE, UINT32_MAX},
};

static void numbers_that_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        uint64_t decimal = NONE;
        uint64_t any = NONE;

        /* Written only on success. */
        if (num_decimal(str_of(numbers[i].text), numbers[i].max, &decimal) != (numbers[i].decimal != NONE) ||
            decimal != numbers[i].decimal)
            fail_msg("decimal \"%s\"", numbers[i].text);
        if (num_any(str_of(numbers[i].text), numbers[i].max, &any) != (numbers[i].any != NONE) || any != numbers[i].any)
            fail_msg("any \"%s\"", numbers[i].text);
    }
}

static void dates_that_exist(void **state)
{
    static const struct {
        const char *text;
        uint32_t date; /* 0: none */
    } dates[] = {
        {"2026-11-21", 20261121}, {"2024-02-29", 20240229}, {"2023-02-29", 0},        {"2000-02-29", 20000229},
        {"1900-02-29", 0},        {"2100-02-29", 0},        {"2400-02-29", 24000229}, {"2024-02-30", 0},
        {"2026-04-30", 20260430}, {"2026-04-31", 0},        {"2026-06-31", 0},        {"2026-09-31", 0},
        {"2026-11-31", 0},        {"2026-12-31", 20261231}, {"2026-12-32", 0},        {"2026-13-01", 0},
        {"2026-00-10", 0},        {"2026-01-00", 0},        {"2026-1-01", 0},         {"26-01-01", 0},
        {"2026-01-011", 0},       {"2026/01/01", 0},        {"2026-01-0x", 0},        {"", 0},
        {"20260101--", 0},        {"2026- 1-01", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(dates); i++) {
        uint32_t date = 0;

        if (num_date(str_of(dates[i].text), &date) != (dates[i].date != 0) || date != dates[i].date)
            fail_msg("\"%s\" is %u", dates[i].text, date);
    }
}

/* --- maps -------------------------------------------------------------------------------------------------------- */

static void map_grows_in_order(void **state)
{
    enum { KEYS = 3000 };
    struct arena *arena = arena_new();
    struct map map = {0};
    int values[KEYS + 1];

    (void)state;
    assert_null(map_get(&map, STR("nothing")));
    for (int i = 0; i < KEYS; i++) {
        struct str key = i == 0 ? STR_EMPTY : str_printf(arena, "key%d", i);

        assert_null(map_set(arena, &map, key, &values[i]));
        assert_ptr_equal(map_get(&map, key), &values[i]);
        assert_null(map_get(&map, str_printf(arena, "key%d", i + 1)));
    }
    assert_int_equal(map.n, KEYS);
    for (int i = 0; i < KEYS; i++) {
        assert_ptr_equal(map.entries[i].value, &values[i]);
        assert_ptr_equal(map_get(&map, map.entries[i].key), &values[i]);
    }
    /* A new value keeps the place of its key. */
    assert_ptr_equal(map_set(arena, &map, STR("key7"), &values[KEYS]), &values[7]);
    assert_ptr_equal(map.entries[7].value, &values[KEYS]);
    assert_int_equal(map.n, KEYS);
    arena_free(arena);
}

/* --- nearest names ----------------------------------------------------------------------------------------------- */

static void distances(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned edits;
    } cases[] = {{"", "", 0},      {"", "abc", 3},    {"ntp", "ntp", 0},   {"ntp", "npt", 1},        {"ntp", "nttp", 1},
                 {"ntp", "np", 1}, {"ntp", "ntx", 1}, {"abcd", "badc", 2}, {"kitten", "sitting", 3}, {"ab", "ba", 1}};
    char far[66];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(suggest_distance(str_of(cases[i].a), str_of(cases[i].b)), cases[i].edits);
        assert_int_equal(suggest_distance(str_of(cases[i].b), str_of(cases[i].a)), cases[i].edits);
    }
    memset(far, 'a', sizeof far);
    assert_int_equal(suggest_distance((struct str){far, 64}, (struct str){far, 63}), 1);
    assert_true(suggest_distance((struct str){far, 65}, (struct str){far, 64}) > 64);
}

static void nearest_name(void **state)
{
    static const struct {
        const char *wanted, *best;
    } cases[] = {{"chek", "check"}, {"exces", "excess"}, {"plan", "plan"},       {"xyzzy", ""},
                 {"c", "a"},        {"pln", "plan"},     {"renderer", "render"}, {"", "a"}};
    static const char *const names[] = {"check", "excess", "plan", "plank", "render", "a"};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct suggest suggest = suggest_for(str_of(cases[i].wanted));

        for (size_t k = 0; k < COUNT(names); k++)
            suggest_offer(&suggest, str_of(names[k]));
        if (!str_is(suggest.best, cases[i].best))
            fail_msg("\"%s\": \"%.*s\"", cases[i].wanted, STR_ARG(suggest.best));
    }
}

static void hint_only_when_near(void **state)
{
    struct arena *arena = arena_new();
    struct suggest suggest = suggest_for(STR("chek"));
    struct diags diags;

    (void)state;
    diags_init(&diags, arena);
    diag_error(&diags, SPAN_NONE, "unknown");
    suggest_hint(&suggest, &diags);
    assert_int_equal(diags.v[0].hint.n, 0);
    suggest_offer(&suggest, STR("check"));
    suggest_hint(&suggest, &diags);
    assert_true(str_is(diags.v[0].hint, "did you mean \"check\"?"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_keeps_what_it_gives),
        cmocka_unit_test(arena_release_gives_back),
        cmocka_unit_test(natural_order),
        cmocka_unit_test(slices),
        cmocka_unit_test(copies),
        cmocka_unit_test(numbers_that_fit),
        cmocka_unit_test(dates_that_exist),
        cmocka_unit_test(map_grows_in_order),
        cmocka_unit_test(distances),
        cmocka_unit_test(nearest_name),
        cmocka_unit_test(hint_only_when_near),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
