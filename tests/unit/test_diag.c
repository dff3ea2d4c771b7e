/* Places in texts, and how diagnostics about them look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct source *text_of(struct arena *arena, const char *text)
{
    return source_new(arena, STR("f"), str_of(text));
}

static void assert_prints(const struct diags *diags, bool color, const char *wanted)
{
    struct buf out = BUF_EMPTY;

    diags_print(&out, diags, color);
    buf_addc(&out, '\0');
    assert_string_equal(out.p, wanted);
    buf_free(&out);
}

static void lines_and_columns(void **state)
{
    struct arena *arena = arena_new();
    const char *text = "one\ntwo\r\n\nfour";
    struct source *source = text_of(arena, text);
    static const char *const lines[] = {"one", "two", "", "four"};
    uint32_t line = 1;
    uint32_t column = 1;

    (void)state;
    assert_int_equal(source->line_n, 4);
    for (uint32_t at = 0; at <= strlen(text); at++) {
        assert_int_equal(source_line(source, at), line);
        assert_int_equal(source_column(source, at), column);
        column = text[at] == '\n' ? 1 : column + 1;
        line += text[at] == '\n';
    }
    for (uint32_t i = 0; i < 4; i++) {
        struct span span = span_line(source, i + 1);

        assert_true(str_is(source_line_text(source, i + 1), lines[i]));
        assert_int_equal(source_line(source, span.at), i + 1);
        assert_int_equal(span.n, strlen(lines[i]));
    }
    assert_int_equal(source_line_text(source, 0).n, 0);
    assert_int_equal(source_line_text(source, 5).n, 0);
    source = text_of(arena, "");
    assert_true(source->line_n == 1 && source_line(source, 0) == 1 && source_column(source, 0) == 1);
    arena_free(arena);
}

static void place_inside_a_text(void **state)
{
    struct arena *arena = arena_new();
    struct source *source = text_of(arena, "k: 'a/b' x");

    (void)state;
    assert_int_equal(span_inside(span_at(source, 3, 5), STR("a/b"), 2, 1).at, 6); /* within the quotes */
    assert_int_equal(span_inside(span_at(source, 4, 3), STR("a/b"), 2, 1).at, 6);
    assert_int_equal(span_inside(span_at(source, 3, 5), STR("other"), 2, 1).at, 3); /* not shown byte by byte */
    assert_int_equal(span_inside(span_at(source, 3, 5), STR("a/b"), 2, 9).n, 5);
    assert_null(span_inside(SPAN_NONE, STR("a"), 0, 1).source);
    arena_free(arena);
}

/* One error at a place, printed. */
static const struct {
    const char *text;
    size_t at, n;
    const char *wanted;
} places[] = {
    {"abc def\n", 4, 3, "f:1:5: error: m\n    abc def\n        ^^^\n"},
    {"abc def\n", 0, 1, "f:1:1: error: m\n    abc def\n    ^\n"},
    {"a\nbc\n", 3, 0, "f:2:2: error: m\n    bc\n     ^\n"},     /* a point */
    {"a\nbc\nde\n", 3, 5, "f:2:2: error: m\n    bc\n     ^\n"}, /* ends with its line */
    {"abc", 3, 1, "f:1:4: error: m\n    abc\n       ^\n"},      /* behind the last byte */
    {"abc\r\n", 3, 1, "f:1:4: error: m\n    abc\n       ^\n"},
    {"\tk:\tv\n", 4, 1, "f:1:5: error: m\n     k: v\n        ^\n"},     /* tabs are one blank wide */
    {"a\x1b[1mb\n", 5, 1, "f:1:6: error: m\n    a?[1mb\n         ^\n"}, /* nothing that steers a terminal */
    {"a\n\nb\n", 2, 0, "f:2:1: error: m\n"},                            /* no line to show */
    {"\xc3\xa4\xc3\xb6: x\n", 6, 1, "f:1:7: error: m\n    \xc3\xa4\xc3\xb6: x\n        ^\n"}, /* letters, not bytes */
    {"x: \xc3\xa4\xc3\xb6\n", 3, 4, "f:1:4: error: m\n    x: \xc3\xa4\xc3\xb6\n       ^^\n"},
    {"a\xc2\x9b"
     "2Jb\n",
     5, 1, "f:1:6: error: m\n    a?2Jb\n        ^\n"}, /* a C1 control in UTF-8 */
};

static void marks_under_the_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(places); i++) {
        struct arena *arena = arena_new();
        struct diags diags;

        diags_init(&diags, arena);
        diag_error(&diags, span_at(text_of(arena, places[i].text), places[i].at, places[i].n), "m");
        assert_prints(&diags, false, places[i].wanted);
        arena_free(arena);
    }
}

/* A span of a whole line is marked, but not across the whole screen. */
static void marks_at_most(void **state)
{
    struct arena *arena = arena_new();
    struct buf line = BUF_EMPTY;
    struct buf wanted = BUF_EMPTY;
    struct diags diags;

    (void)state;
    buf_fill(&line, 'x', 100);
    buf_addc(&line, '\0');
    buf_adds(&wanted, "f:1:1: error: m\n    ");
    buf_fill(&wanted, 'x', 100);
    buf_adds(&wanted, "\n    ");
    buf_fill(&wanted, '^', 72);
    buf_addc(&wanted, '\n');
    buf_addc(&wanted, '\0');
    diags_init(&diags, arena);
    diag_error(&diags, span_at(text_of(arena, line.p), 0, 100), "m");
    assert_prints(&diags, false, wanted.p);
    buf_free(&line);
    buf_free(&wanted);
    arena_free(arena);
}

/* Of a long line a part is shown, and the mark is under the same letter as in the whole line. */
static void long_lines(void **state)
{
    static const size_t ats[] = {0, 1, 79, 80, 81, 159, 160, 500, 900, 998, 999};

    (void)state;
    for (size_t i = 0; i < 2 * COUNT(ats); i++) {
        struct arena *arena = arena_new();
        size_t at = ats[i / 2];
        struct buf out = BUF_EMPTY;
        struct str shown;
        struct str marks;
        struct diags diags;
        char text[2000];
        size_t width = 1 + i % 2; /* the same with letters of two bytes */

        for (size_t k = 0; k < 1000; k++)
            memcpy(text + k * width, k == at ? "##" : width == 1 ? "a" : "\xc3\xa4", width);
        diags_init(&diags, arena);
        diag_error(&diags, span_at(source_new(arena, STR("f"), (struct str){text, 1000 * width}), at * width, width),
                   "m");
        diags_print(&out, &diags, false);
        str_cut(buf_str(&out), '\n', &marks);
        shown = str_cut(marks, '\n', &marks);
        assert_true(shown.n <= 4 + 160);
        /* Walk both lines letter by letter. */
        for (size_t k = 0; k < marks.n && marks.p[k] != '^'; k++) {
            size_t letter = 1;

            while (letter < shown.n && ((unsigned char)shown.p[letter] & 0xc0) == 0x80)
                letter++;
            assert_int_not_equal((unsigned char)shown.p[0] & 0xc0, 0x80); /* no half letter */
            shown = str_from(shown, letter);
        }
        assert_true(str_starts(shown, "#"));
        buf_free(&out);
        arena_free(arena);
    }
}

static void colours_and_hints(void **state)
{
    struct arena *arena = arena_new();
    struct source *source = text_of(arena, "abc\n");
    struct diags diags;

    (void)state;
    diags_init(&diags, arena);
    diag_hint(&diags, "to nobody");
    assert_prints(&diags, false, "");
    diag_warning(&diags, span_at(source, 1, 1), "second %d", 2);
    diag_hint(&diags, "do %s", "that");
    diag_error(&diags, span_at(source, 0, 1), "first");
    diag_note(&diags, SPAN_NONE, "nowhere");
    assert_true(diags.errors == 1 && diags.warnings == 1 && diags.n == 3);
    assert_prints(&diags, false,
                  "f:1:1: error: first\n    abc\n    ^\nf:1:2: warning: second 2\n    abc\n     ^\n    do that\n"
                  "portolan: note: nowhere\n");
    assert_prints(&diags, true,
                  "f:1:1: \033[1;31merror:\033[0m first\n    abc\n    \033[1;31m^\033[0m\n"
                  "f:1:2: \033[1;33mwarning:\033[0m second 2\n    abc\n     \033[1;33m^\033[0m\n    do that\n"
                  "portolan: \033[1;36mnote:\033[0m nowhere\n");
    arena_free(arena);
}

/* Of another list everything is taken over, or counted; its messages may go. */
static void appended(void **state)
{
    struct arena *arena = arena_new();
    struct arena *other = arena_new();
    struct diags diags;
    struct diags others;

    (void)state;
    diags_init(&diags, arena);
    diags_init(&others, other);
    diag_warning(&diags, SPAN_NONE, "one");
    diag_error(&others, SPAN_NONE, "two");
    diag_hint(&others, "hint");
    diags_append(&diags, &others);
    arena_free(other);
    assert_true(diags.errors == 1 && diags.warnings == 1 && diags.n == 2 && diags.hidden == 0);
    assert_prints(&diags, false, "portolan: warning: one\nportolan: error: two\n    hint\n");
    diags_init(&others, arena);
    for (size_t i = 0; i < DIAG_KEPT + 5; i++)
        diag_error(&others, SPAN_NONE, "many");
    diags_append(&diags, &others);
    assert_true(diags.errors == DIAG_KEPT + 6 && diags.n == DIAG_KEPT && diags.hidden == 7);
    arena_free(arena);
}

/* What is not kept is counted, whatever is kept; a hint of what is not kept goes nowhere. */
static void too_many(void **state)
{
    (void)state;
    for (unsigned notes = 0; notes <= 150; notes += 150) {
        struct arena *arena = arena_new();
        struct buf out = BUF_EMPTY;
        struct diags diags;

        diags_init(&diags, arena);
        for (unsigned i = 0; i < notes; i++)
            diag_note(&diags, SPAN_NONE, "note");
        for (unsigned i = 0; i < 250 - notes; i++)
            diag_error(&diags, SPAN_NONE, "error");
        assert_int_equal(diags.errors, 250 - notes);
        assert_int_equal(diags.n, DIAG_KEPT);
        diag_hint(&diags, "of the last");
        assert_int_equal(diags.v[DIAG_KEPT - 1].hint.n, 0);
        diags_print(&out, &diags, false);
        assert_true(str_ends(buf_str(&out), "\nportolan: note: 50 more errors and warnings are not shown\n"));
        buf_free(&out);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_columns),
        cmocka_unit_test(place_inside_a_text),
        cmocka_unit_test(marks_under_the_place),
        cmocka_unit_test(marks_at_most),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(colours_and_hints),
        cmocka_unit_test(appended),
        cmocka_unit_test(too_many),
    };
    return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
