/* YAML into trees: places, and everything that must not get through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/yaml.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct read {
    struct arena *arena;
    struct diags diags;
    struct yaml_node *root;
};

static struct read read_str(struct str text)
{
    struct read read = {.arena = arena_new()};

    diags_init(&read.diags, read.arena);
    read.root = yaml_parse(read.arena, source_new(read.arena, STR("f"), text), &read.diags);
    return read;
}

/* A tree as text, with the place of each node: {k@1:1:v@1:4}. */
static void show(struct buf *out, const struct yaml_node *node, bool places)
{
    if (node->kind == YAML_SCALAR)
        buf_addf(out, node->quoted ? "'%.*s'" : "%.*s", STR_ARG(node->text));
    else
        buf_addc(out, node->kind == YAML_LIST ? '[' : '{');
    for (size_t i = 0; i < node->n; i++) {
        buf_adds(out, i > 0 ? " " : "");
        if (node->kind == YAML_MAP) {
            const struct span *span = &node->pairs[i].key_span;

            buf_addf(out, "%.*s", STR_ARG(node->pairs[i].key));
            if (places)
                buf_addf(out, "@%u:%u", source_line(span->source, span->at), source_column(span->source, span->at));
            buf_addc(out, ':');
        }
        show(out, node->kind == YAML_MAP ? node->pairs[i].value : node->items[i], places);
    }
    if (node->kind != YAML_SCALAR)
        buf_addc(out, node->kind == YAML_LIST ? ']' : '}');
    if (places)
        buf_addf(out, "@%u:%u+%u", source_line(node->span.source, node->span.at),
                 source_column(node->span.source, node->span.at), node->span.n);
}

static void assert_reads(struct str text, bool places, const char *wanted)
{
    struct read read = read_str(text);
    struct buf out = BUF_EMPTY;

    if (read.root == NULL) {
        diags_print(&out, &read.diags, false);
        fail_msg("\"%.*s\": %.*s", STR_ARG(text), STR_ARG(buf_str(&out)));
    }
    assert_int_equal(read.diags.n, 0);
    show(&out, read.root, places);
    buf_addc(&out, '\0');
    assert_string_equal(out.p, wanted);
    buf_free(&out);
    arena_free(read.arena);
}

static void trees(void **state)
{
    static const struct {
        struct str text;
        const char *tree;
    } cases[] = {
        {STR("a: 1\nb: [x, 'y z', \"\\u00e4\"]\n"), "{a:1 b:[x 'y z' '\xc3\xa4']}"},
        {STR("- no\n- on\n- ~\n- 0x10\n- 'no'\n"), "[no on ~ 0x10 'no']"}, /* scalars stay text */
        {STR("a:\n  - b: c\n    d: e\n  - f\n"), "{a:[{b:c d:e} f]}"},
        {STR("a:\r\n  b: c\r\nd: e\r\n"), "{a:{b:c} d:e}"},
        {STR("\xef\xbb\xbf"
             "a: b\nc: d\n"),
         "{a:b c:d}"}, /* a byte order mark */
        {STR("---\na: b\n...\n"), "{a:b}"},
        {STR("# only a comment\n\na: |\n  one\n  two\n"), "{a:'one\ntwo\n'}"},
        {STR("a: &x [1, 2]\nb: *x\n"), "{a:[1 2] b:[1 2]}"},
        {STR("a: &x 1\nb: &x 2\nc: *x\n"), "{a:1 b:2 c:2}"}, /* an anchor again: the later one counts */
        {STR("a:\nb: ''\n"), "{a: b:''}"},
        {STR("{}"), "{}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_reads(cases[i].text, false, cases[i].tree);
}

/* Columns are bytes, and libyaml counts characters. */
static void places(void **state)
{
    (void)state;
    assert_reads(STR("a: bc\nd: [e,  f]\n"), true, "{a@1:1:bc@1:4+2 d@2:1:[e@2:5+1 f@2:9+1]@2:4+7}@1:1+17");
    assert_reads(STR("\xc3\xa4: \xe2\x82\xac\xe2\x82\xac x\n\xc3\xb6: y\n"), true,
                 "{\xc3\xa4@1:1:\xe2\x82\xac\xe2\x82\xac x@1:5+8 \xc3\xb6@2:1:y@2:5+1}@1:1+19");
    assert_reads(STR("a: 'b'\r\n  \r\nc: d\r\n"), true, "{a@1:1:'b'@1:4+3 c@3:1:d@3:4+1}@1:1+18");
    assert_reads(STR("\xef\xbb\xbf"
                     "a: b\nc: d\n"),
                 true, "{a@1:4:b@1:7+1 c@2:1:d@2:4+1}@1:4+10");
}

static void assert_fails(struct str text, const char *wanted)
{
    struct read read = read_str(text);
    struct buf out = BUF_EMPTY;

    vec_each (struct diag *, diag, &read.diags)
        buf_addf(&out, "%s%u:%u: %.*s", out.n > 0 ? " | " : "",
                 diag->span.source == NULL ? 0 : source_line(diag->span.source, diag->span.at),
                 diag->span.source == NULL ? 0 : source_column(diag->span.source, diag->span.at),
                 STR_ARG(diag->message));
    buf_addc(&out, '\0');
    if (strncmp(out.p, wanted, strlen(wanted)) != 0)
        fail_msg("\"%.*s\": %s", STR_ARG(str_head(text, 60)), out.p);
    assert_int_not_equal(read.diags.errors, 0);
    buf_free(&out);
    arena_free(read.arena);
}

static void refused(void **state)
{
    static const struct {
        struct str text;
        const char *errors; /* how they begin */
    } cases[] = {
        {STR(""), "1:1: the file is empty"},
        {STR("\xef\xbb\xbf"), "1:"},
        {STR("\xef\xbb\xbf"
             "a: \xff\n"),
         "1:7: not a text file: "},
        {STR("a: 1\nb: 2\na: 3\na: 4\n"), "3:1: key \"a\" stands here twice | 4:1: key \"a\" stands here twice"},
        {STR("a: 1\n'a': 2\n"), "2:1: key \"a\" stands here twice"},
        {STR("x: {b: 1, b: 2}\n"), "1:11: key \"b\" stands here twice"},
        {STR("a: *b\n"), "1:4: alias *b names no anchor"},
        {STR("a: &b [1, *b]\n"), "1:11: alias *b names a node that it is part of"},
        {STR("a: &b {c: {d: *b}}\n"), "1:15: alias *b names a node that it is part of"},
        {STR("a: 1\n---\nb: 2\n"), "3:1: a second document in one file"},
        {STR("a: 1\n...\n---\n*b\n"), "4:1: a second document in one file"},
        {STR("[a]: 1\n"), "1:1: a key must be a string"},
        {STR("a: &k x\n*k : 1\n"), "2:1: a key must be a string"},
        {STR("a: b\nc: \xff\xfe\n"), "2:4: not a text file: "},
        {STR("a: b\nc: \xc3\n"), "2:5: not a text file: "},
        {STR("a: b\0c\n"), "1:5: not a text file: "},
        {STR("a: [1, 2\nb: 3\n"), "2:"},
        {STR("a: 'b\n"), "2:1: "},
        {STR("a:\n\tb: c\n"), "2:1: "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_fails(cases[i].text, cases[i].errors);
}

/* Each line ten times the one before: a billion nodes out of one kilobyte. */
static void exploding_aliases(void **state)
{
    struct buf text = BUF_EMPTY;

    (void)state;
    buf_adds(&text, "a0: &a0 x\n");
    for (int i = 1; i <= 9; i++) {
        buf_addf(&text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            buf_addf(&text, "%s*a%d", k > 0 ? ", " : "", i - 1);
        buf_adds(&text, "]\n");
    }
    assert_fails(buf_str(&text), "8:");
    buf_free(&text);
}

static void nesting(void **state)
{
    (void)state;
    for (size_t depth = 60; depth <= 70; depth++) {
        struct buf text = BUF_EMPTY;
        struct read read;

        buf_fill(&text, '[', depth);
        buf_fill(&text, ']', depth);
        read = read_str(buf_str(&text));
        assert_int_equal(read.root != NULL, depth <= 64);
        assert_int_equal(read.diags.errors, depth <= 64 ? 0 : 1);
        assert_true(depth <= 64 || read.diags.v[0].span.at == 64);
        arena_free(read.arena);
        buf_free(&text);
    }
}

static void asking_for_keys(void **state)
{
    static const char *const keys[] = {"ports", "from", NULL};
    struct read read = read_str(STR("port: 1\nfrom: [a]\nempty: ''\nfrm: 3\n"));
    struct str value = STR_EMPTY;

    (void)state;
    assert_null(yaml_get(read.root, "ports"));
    assert_null(yaml_need(read.root, "ports", &read.diags));
    assert_true(str_is(read.diags.v[0].message, "missing key \"ports\""));
    assert_non_null(yaml_need(read.root, "from", &read.diags));
    assert_false(yaml_string(yaml_get(read.root, "from"), "from", &read.diags, &value));
    assert_true(str_is(read.diags.v[1].message, "from must be a string, not a list"));
    assert_false(yaml_string(yaml_get(read.root, "empty"), "it", &read.diags, &value));
    assert_true(str_is(read.diags.v[2].message, "it is empty"));
    assert_false(yaml_string(NULL, "it", &read.diags, &value) || yaml_is_list(NULL, "it", &read.diags));
    assert_true(yaml_is_map(read.root, "it", &read.diags) && value.n == 0 && read.diags.n == 3);
    yaml_finish(read.root, keys, "here", &read.diags);
    assert_int_equal(read.diags.n, 5);
    assert_true(str_is(read.diags.v[3].message, "unknown key \"port\" in here"));
    assert_true(str_is(read.diags.v[3].hint, "did you mean \"ports\"?"));
    assert_true(str_is(read.diags.v[4].hint, "did you mean \"from\"?"));
    yaml_finish(read.root, keys, "here", &read.diags); /* once each */
    assert_int_equal(read.diags.n, 5);
    arena_free(read.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees),   cmocka_unit_test(places),
        cmocka_unit_test(refused), cmocka_unit_test(exploding_aliases),
        cmocka_unit_test(nesting), cmocka_unit_test(asking_for_keys),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
