/* Parameters set in the text of a site: every other byte stays, and what cannot be done so is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "site/site.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct site_pin one_pin = {.instance = STR("p"), .parameter = STR("m-port"), .value = STR("20")};

/* The new text with these pins, or the first error. */
static void assert_pinned(const char *text, const struct site_pin *wanted, size_t n, const char *result)
{
    struct arena *arena = arena_new();
    const struct source *source = source_new(arena, STR("f"), str_of(text));
    struct site_pin *pins = arena_new_array(arena, struct site_pin, n);
    const struct source *made;
    struct diags diags;

    diags_init(&diags, arena);
    memcpy(pins, wanted, n * sizeof *pins);
    made = site_pinned(arena, source, pins, n, &diags);
    assert_int_equal(made == NULL, diags.errors > 0);
    assert_string_equal(str_cstr(arena, made == NULL ? diags.v[0].message : made->text), result);
    for (size_t i = 0; made != NULL && i < n; i++) {
        struct str value = str_head(str_from(made->text, pins[i].span.at), pins[i].span.n);

        assert_ptr_equal(pins[i].span.source, made);
        assert_true(str_contains(value, str_cstr(arena, pins[i].value)));
    }
    arena_free(arena);
}

static void places(void **state)
{
    static const char *const cases[][2] = {
        /* Nothing there: a line behind the product, or a pair in braces. */
        {"instances:\n  p:\n    product: x\n    roles: {}\n",
         "instances:\n  p:\n    product: x\n    parameters: {m-port: 20}\n    roles: {}\n"},
        {"instances:\n  p:\n    roles: {}\n    product: x # why\n  q:\n    product: x\n",
         "instances:\n  p:\n    roles: {}\n    product: x # why\n    parameters: {m-port: 20}\n  q:\n    product: x\n"},
        {"instances:\n  p:\n    product: x", "instances:\n  p:\n    product: x\n    parameters: {m-port: 20}"},
        {"instances:\r\n  p:\r\n    product: x\r\nzones: {}\r\n",
         "instances:\r\n  p:\r\n    product: x\r\n    parameters: {m-port: 20}\r\nzones: {}\r\n"},
        {"instances:\r\n  p:\r\n    product: x",
         "instances:\r\n  p:\r\n    product: x\r\n    parameters: {m-port: 20}"},
        {"instances: {p: {product: x}}\n", "instances: {p: {product: x, parameters: {m-port: 20}}}\n"},
        {"instances: {p: {product: \"x\" , roles: {}}}\n",
         "instances: {p: {product: \"x\", parameters: {m-port: 20} , roles: {}}}\n"},
        {"instances:\n  p: {\n    product: x, # a, b\n    roles: {}\n  }\n",
         "instances:\n  p: {\n    product: x, parameters: {m-port: 20}, # a, b\n    roles: {}\n  }\n"},
        /* Nothing in it. */
        {"instances: {p: {product: x, parameters: {}}}", "instances: {p: {product: x, parameters: {m-port: 20}}}"},
        {"instances: {p: {product: x, parameters: }}", "instances: {p: {product: x, parameters: {m-port: 20}}}"},
        {"instances:\n  p:\n    product: x\n    parameters:  # none\n    roles: {}\n",
         "instances:\n  p:\n    product: x\n    parameters: {m-port: 20}  # none\n    roles: {}\n"},
        {"instances:\n  p:\n    parameters: ~ # none\n    product: x\n",
         "instances:\n  p:\n    parameters: {m-port: 20} # none\n    product: x\n"},
        /* Others in it. */
        {"instances: {p: {product: x, parameters: {a: 1}}}",
         "instances: {p: {product: x, parameters: {a: 1, m-port: 20}}}"},
        {"instances: {p: {product: x, parameters: { a: 1, b: '2', }}}",
         "instances: {p: {product: x, parameters: { a: 1, b: '2', m-port: 20, }}}"},
        {"instances:\n  p:\n    product: x\n    parameters: {a: 1, # first\n      b: 2 # second\n      }\n",
         "instances:\n  p:\n    product: x\n    parameters: {a: 1, # first\n      b: 2, m-port: 20 # second\n      "
         "}\n"},
        {"instances:\n  p:\n    product: x\n    parameters:\n      a: 1\n      b: 2 # second\n    # roles\n    roles: "
         "{}\n",
         "instances:\n  p:\n    product: x\n    parameters:\n      a: 1\n      b: 2 # second\n      m-port: 20\n"
         "    # roles\n    roles: {}\n"},
        {"instances:\n  p:\n    product: x\n    parameters:\n      a: 1", /* no newline at the end: none there after */
         "instances:\n  p:\n    product: x\n    parameters:\n      a: 1\n      m-port: 20"},
        {"instances:\r\n  p:\r\n    product: x\r\n    parameters:\r\n      a: \"1\"\r\n...\r\n",
         "instances:\r\n  p:\r\n    product: x\r\n    parameters:\r\n      a: \"1\"\r\n      m-port: 20\r\n...\r\n"},
        /* Itself in it: the value alone, in its quotes. */
        {"instances: {p: {product: x, parameters: {m-port: 9, a: 1}}}",
         "instances: {p: {product: x, parameters: {m-port: 20, a: 1}}}"},
        {"instances:\n  p:\n    product: x\n    parameters:\n      m-port:  \"100-200\"  # wide\n",
         "instances:\n  p:\n    product: x\n    parameters:\n      m-port:  \"20\"  # wide\n"},
        {"instances:\n  p:\n    product: x\n    parameters:\n      m-port:\n        '7'\n",
         "instances:\n  p:\n    product: x\n    parameters:\n      m-port:\n        '20'\n"},
        {"instances: {p: {product: x, parameters: {m-port: '20'}}}",
         "instances: {p: {product: x, parameters: {m-port: '20'}}}"},
        /* Characters of several bytes before it, and the same names elsewhere. */
        {"site: zürich # ÄÖ\ninstances: {\"ö\": {product: x}, p: {product: x, parameters: {ä: 1, m-port: 9}}}",
         "site: zürich # ÄÖ\ninstances: {\"ö\": {product: x}, p: {product: x, parameters: {ä: 1, m-port: 20}}}"},
        {"p: {product: y, parameters: {m-port: 9}}\ninstances: {q: {product: x, parameters: {m-port: 9}}, p: {product: "
         "x}}",
         "p: {product: y, parameters: {m-port: 9}}\ninstances: {q: {product: x, parameters: {m-port: 9}}, p: {product: "
         "x, "
         "parameters: {m-port: 20}}}"},
        /* What is shared is not changed for others, and no anchor is lost. */
        {"instances: {q: {product: x, parameters: &a {m-port: 9}}, p: {product: x, parameters: *a}}",
         "\"m-port: 20\" cannot be written here so that nothing else changes"},
        {"instances:\n  q: &q\n    product: x\n  p: *q\n",
         "\"m-port: 20\" cannot be written here so that nothing else changes"},
        {"instances: {q: {product: x, parameters: {m-port: &m 9}}, p: {product: x, parameters: {m-port: *m}}}",
         "\"m-port: 20\" cannot be written here so that nothing else changes"},
        {"instances: {p: {product: x, parameters: {m-port: &m 9}}}",
         "\"m-port: 20\" cannot be written here so that nothing else changes"},
        {"instances: {q: {product: &x x}, p: {product: *x}}",
         "\"m-port: 20\" cannot be written here so that nothing else changes"},
        {"instances:\n  q: {product: &x x}\n  p:\n    product: *x\n", /* a line of its own is not in the way */
         "instances:\n  q: {product: &x x}\n  p:\n    product: *x\n    parameters: {m-port: 20}\n"},
        {"instances:\n  p:\n    ? product\n    : x\n",
         "\"m-port: 20\" cannot be written here so that nothing else changes"},
        {"instances:\n  p:\n    product: x\n    parameters:\n      m-port: |-\n        9\n",
         "\"m-port: 20\" cannot be written here so that nothing else changes"},
        {"instances:\r  p:\r    product: x\r", "\"m-port: 20\" cannot be written here so that nothing else changes"},
        {"a: 1\rinstances: {p: {product: x, parameters: {}}}",
         "\"m-port: 20\" cannot be written here so that nothing else changes"},
        {"a: 1\rinstances: {p: {product: x, parameters: {m-port: 9}}}",
         "\"m-port: 20\" cannot be written here so that nothing else changes"},
        {"instances: {p: {product: x}", "did not find expected ',' or '}', while parsing a flow mapping"},
        {"instances: {p: {product: x}, p: {product: y}}", "key \"p\" stands here twice"},
        {"instances: {q: {product: x}}", "the site has no instance \"p\""},
        {"instances: {p: {roles: {}}}", "the site has no instance \"p\""},
        {"instances: {p: x}", "the site has no instance \"p\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_pinned(cases[i][0], &one_pin, 1, cases[i][1]);
}

static void several(void **state)
{
    const struct site_pin pins[] = {
        {.instance = STR("p"), .parameter = STR("m-port"), .value = STR("20")},
        {.instance = STR("q"), .parameter = STR("m-port"), .value = STR("21")},
        {.instance = STR("p"), .parameter = STR("n-port"), .value = STR("22")},
    };

    (void)state;
    assert_pinned("instances:\n  q:\n    product: x\n    parameters: {m-port: 9}\n  p:\n    product: x\n", pins,
                  COUNT(pins),
                  "instances:\n  q:\n    product: x\n    parameters: {m-port: 21}\n  p:\n    product: x\n"
                  "    parameters: {m-port: 20, n-port: 22}\n");
}

static void before(void **state)
{
    struct arena *arena = arena_new();
    const struct source *source =
        source_new(arena, STR("f"), STR("instances: {p: {product: x, parameters: {m-port: '20', n-port: 9}}}"));
    struct site_pin pins[] = {one_pin, one_pin, one_pin};
    struct diags diags;

    (void)state;
    diags_init(&diags, arena);
    assert_ptr_equal(site_pinned(arena, source, pins, 1, &diags), source);
    pins[1].parameter = STR("n-port");
    pins[2].parameter = STR("o-port");
    assert_non_null(site_pinned(arena, source, pins, 3, &diags));
    assert_true(str_is(pins[0].before, "20"));
    assert_true(str_is(pins[1].before, "9"));
    assert_true(str_is(pins[2].before, ""));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(several),
        cmocka_unit_test(before),
    };

    return cmocka_run_group_tests_name("site_edit", tests, NULL, NULL);
}
