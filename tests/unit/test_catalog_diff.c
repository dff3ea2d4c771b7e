/* The difference between two catalogs: which requirements are one, whatever they are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "catalog/diff.h"

#define HEAD "portolan: catalog/1\nproduct: p\ntitle: P\ndocuments: {d: {title: D}}\n"
#define REST "service: tcp, purpose: x, origin: ['d#\"x\"']"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct catalog *read(const char *text)
{
    struct diags diags;
    const struct catalog *catalog;

    diags_init(&diags, arena);
    catalog = catalog_read(arena, source_new(arena, STR("p.yaml"), str_of(text)), &diags);
    assert_non_null(catalog);
    return catalog;
}

static const struct catalog_diff *between(const char *old, const char *new)
{
    return catalog_diff(arena, read(old), read(new), NULL, 0);
}

static void expect_list(const struct change_list *list, const char *removed, const char *added)
{
    assert_int_equal(list->removed_n, removed[0] != '\0');
    assert_int_equal(list->added_n, added[0] != '\0');
    if (removed[0] != '\0')
        assert_true(str_is(list->removed[0], removed));
    if (added[0] != '\0')
        assert_true(str_is(list->added[0], added));
}

static const char base[] = HEAD "roles: {host: {title: H}, ntp: {title: N}, dns: {title: D}}\n"
                                "features: {f: {title: F, default: off}}\n"
                                "parameters: {q: {title: Q, default: 8012}}\n"
                                "requirements:\n"
                                "  - {id: time, from: host, to: ntp, ports: [123/udp], " REST "}\n"
                                "  - {id: names, from: host, to: dns, ports: [53/udp, 53/tcp], " REST "}\n"
                                "  - {id: own, from: host, to: host, ports: ['{q}/tcp'], when: f, " REST "}\n";

static void test_same(void **state)
{
    const struct catalog_diff *diff = between(base, base);

    (void)state;
    assert_true(catalog_diff_equal(diff, true));
    assert_int_equal(diff->same_n, 3);
}

/* Other names for the same roles and requirements are words; a role is known by what is asked of it. */
static void test_renamed(void **state)
{
    const struct catalog_diff *diff =
        between(base, HEAD "roles: {node: {title: H}, clock: {title: N}, resolver: {title: D}}\n"
                           "features: {f: {title: F, default: off}}\n"
                           "parameters: {q: {title: Q, default: 8012}}\n"
                           "requirements:\n"
                           "  - {id: a, from: node, to: clock, ports: [123/udp], " REST "}\n"
                           "  - {id: b, from: node, to: resolver, ports: [53/udp, 53/tcp], " REST "}\n"
                           "  - {id: c, from: node, to: node, ports: ['{q}/tcp'], when: f, " REST "}\n");

    (void)state;
    assert_int_equal(diff->added_n, 0);
    assert_int_equal(diff->removed_n, 0);
    assert_int_equal(diff->changed_n, 3);
    assert_int_equal(diff->words_n, 3);
    assert_int_equal(diff->name_n, 3);
    assert_string_equal(diff->names[0].kind, "role");
    assert_true(str_is(diff->names[0].old, "host"));
    assert_true(str_is(diff->names[0].new, "node"));
    assert_false(catalog_diff_equal(diff, false));
}

static void test_changed(void **state)
{
    const struct catalog_diff *diff =
        between(base, HEAD "roles: {host: {title: H}, ntp: {title: N}, dns: {title: D}, log: {title: L}}\n"
                           "features: {f: {title: F, default: on}}\n"
                           "requirements:\n"
                           "  - {id: time, from: host, to: ntp, ports: [123/udp], need: optional, " REST "}\n"
                           "  - {id: names, from: host, to: dns, ports: [53/udp], " REST "}\n"
                           "  - {id: other, from: host, to: host, ports: [8012/tcp], " REST "}\n"
                           "  - {id: logs, from: host, to: log, ports: [514/udp], " REST "}\n");

    (void)state;
    assert_int_equal(diff->added_n, 1);
    assert_true(str_is(diff->added[0]->id, "logs"));
    assert_int_equal(diff->removed_n, 0);
    assert_int_equal(diff->changed_n, 3);
    assert_int_equal(diff->words_n, 0);
    expect_list(&diff->changed[0].fields[CATALOG_NEED], "required", "optional");
    expect_list(&diff->changed[1].fields[CATALOG_PORTS], "53/tcp", "");
    /* A parameter stands for its default: the same fact, said otherwise. */
    assert_true(str_is(diff->changed[2].old[0]->id, "own"));
    assert_true(str_is(diff->changed[2].new[0]->id, "other"));
    expect_list(&diff->changed[2].fields[CATALOG_PORTS], "{q}/tcp", "8012/tcp");
    expect_list(&diff->changed[2].fields[CATALOG_WHEN], "f", "always");
    /* role log, feature f, parameter q */
    assert_int_equal(diff->name_n, 3);
    assert_true(str_is(diff->names[1].after, "on"));
    assert_int_equal(diff->names[2].new.n, 0);
}

/* One row that became two, and two domains that became one role. */
static void test_parted_and_joined(void **state)
{
    const struct catalog_diff *diff =
        between(HEAD "roles: {h: {title: H}, a: {title: A, domains: [a.org]}, b: {title: B, domains: [b.org]}}\n"
                     "requirements:\n"
                     "  - {id: api, from: h, to: h, ports: [80/tcp, 443/tcp], " REST "}\n"
                     "  - {id: a, from: h, to: a, ports: [443/tcp], " REST "}\n"
                     "  - {id: b, from: h, to: b, ports: [443/tcp], " REST "}\n",
                HEAD "roles: {h: {title: H}, w: {title: W, domains: [a.org, b.org]}}\n"
                     "features: {http: {title: F, default: on}}\n"
                     "requirements:\n"
                     "  - {id: api-tls, from: h, to: h, ports: [443/tcp], " REST "}\n"
                     "  - {id: api-plain, from: h, to: h, ports: [80/tcp], when: http, " REST "}\n"
                     "  - {id: web, from: h, to: w, ports: [443/tcp], " REST "}\n");

    (void)state;
    assert_int_equal(diff->added_n, 0);
    assert_int_equal(diff->removed_n, 0);
    assert_int_equal(diff->changed_n, 2);
    assert_int_equal(diff->changed[0].old_n, 1);
    assert_int_equal(diff->changed[0].new_n, 2);
    expect_list(&diff->changed[0].fields[CATALOG_PORTS], "", "");
    expect_list(&diff->changed[0].fields[CATALOG_WHEN], "", "http");
    assert_false(diff->changed[0].words_only);
    assert_int_equal(diff->changed[1].old_n, 2);
    assert_true(diff->changed[1].words_only);
}

/* A requirement that goes from another end, and one that asks for other ports of the same service. */
static void test_moved(void **state)
{
    const struct catalog_diff *diff =
        between(HEAD "roles: {h: {title: H}, s: {title: S}, t: {title: T}}\n"
                     "requirements:\n"
                     "  - {id: one, from: h, to: s, ports: [1/tcp, 2/tcp], " REST "}\n"
                     "  - {id: ranges, from: h, to: t, ports: [10-20/udp], " REST "}\n",
                HEAD "roles: {h: {title: H}, s: {title: S}, t: {title: T}, c: {title: C}}\n"
                     "requirements:\n"
                     "  - {id: uno, from: c, to: s, ports: [1/tcp, 2/tcp], " REST "}\n"
                     "  - {id: other, from: h, to: t, ports: [30-40/udp], " REST "}\n");

    (void)state;
    assert_int_equal(diff->added_n, 0);
    assert_int_equal(diff->removed_n, 0);
    assert_int_equal(diff->changed_n, 2);
    expect_list(&diff->changed[0].fields[CATALOG_FROM], "h", "c");
    expect_list(&diff->changed[1].fields[CATALOG_PORTS], "10-20/udp", "30-40/udp");
}

/* What a sibling has of the old catalog is there; a sibling that has no part in it is not asked. */
static void test_siblings(void **state)
{
    static const char old[] = HEAD "roles: {h: {title: H}, s: {title: S}, c: {title: C}, v: {title: V}}\n"
                                   "parameters: {old-port: {title: Q, default: 8012}}\n"
                                   "requirements:\n"
                                   "  - {id: one, from: h, to: s, ports: [1/tcp, '{old-port}/tcp'], " REST "}\n"
                                   "  - {id: two, from: c, to: h, ports: [22/tcp], " REST "}\n"
                                   "  - {id: three, from: c, to: v, ports: [5900/tcp], " REST "}\n";
    static const char new[] = HEAD "roles: {h: {title: H}, s: {title: S}}\n"
                                   "parameters: {q: {title: Q, default: 8012}}\n"
                                   "requirements:\n"
                                   "  - {id: uno, from: h, to: s, ports: [1/tcp, '{q}/tcp'], " REST "}\n";
    static const char console[] = "portolan: catalog/1\nproduct: console\ntitle: P\ndocuments: {d: {title: D}}\n"
                                  "roles: {desk: {title: D}, h: {title: H}, screen: {title: S}}\n"
                                  "features: {f: {title: screens are looked at, default: off}}\n"
                                  "requirements:\n"
                                  "  - {id: shell, from: desk, to: h, ports: [22/tcp], " REST "}\n"
                                  "  - {id: look, from: desk, to: screen, ports: [5900/tcp], when: f, " REST "}\n";
    static const char toll[] = "portolan: catalog/1\nproduct: toll\ntitle: P\ndocuments: {d: {title: D}}\n"
                               "roles: {a: {title: A}, b: {title: B}}\n"
                               "requirements:\n"
                               "  - {id: pay, from: a, to: b, ports: [9/tcp], " REST "}\n";
    const struct catalog *siblings[] = {read(toll), read(console)};
    const struct catalog_diff *diff = catalog_diff(arena, read(old), read(new), siblings, 2);

    (void)state;
    assert_int_equal(diff->sibling_n, 1);
    assert_true(str_is(diff->siblings[0]->product, "console"));
    assert_int_equal(diff->added_n + diff->removed_n, 0);
    assert_int_equal(diff->changed_n, 3);
    assert_true(diff->changed[0].words_only); /* the parameter has another name, nothing else */
    assert_true(str_is(diff->changed[1].new[0]->id, "console/shell"));
    assert_true(diff->changed[2].when_only);
    assert_int_equal(diff->changed[2].why_n, 1);
    assert_true(str_is(diff->changed[2].why[0], "feature f, off: screens are looked at"));
}

/* Two names of one role, and a row that is said twice, are what they are once. */
static void test_said_twice(void **state)
{
    const struct catalog_diff *diff =
        between(HEAD "roles: {ph: {title: P hosts}, p: {title: P}, d: {title: D}}\n"
                     "requirements:\n"
                     "  - {id: a, from: ph, to: ph, ports: [80/tcp, 443/tcp], " REST "}\n"
                     "  - {id: b, from: ph, to: d, ports: [88/tcp, 389/tcp, 636/tcp], " REST "}\n"
                     "  - {id: c, from: p, to: d, ports: [88/tcp], " REST "}\n"
                     "  - {id: e, from: p, to: d, ports: [389/tcp], " REST "}\n"
                     "  - {id: f, from: p, to: d, ports: [636/tcp], " REST "}\n",
                HEAD "roles: {host: {title: H}, dc: {title: D}}\n"
                     "requirements:\n"
                     "  - {id: api, from: host, to: host, ports: [80/tcp, 443/tcp], " REST "}\n"
                     "  - {id: ad, from: host, to: dc, ports: [88/tcp, 389/tcp, 636/tcp], " REST "}\n");

    (void)state;
    assert_int_equal(diff->added_n + diff->removed_n, 0);
    assert_int_equal(diff->changed_n, 2);
    assert_int_equal(diff->words_n, 2);
    assert_int_equal(diff->changed[1].old_n, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same, setup, teardown),
        cmocka_unit_test_setup_teardown(test_renamed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parted_and_joined, setup, teardown),
        cmocka_unit_test_setup_teardown(test_moved, setup, teardown),
        cmocka_unit_test_setup_teardown(test_siblings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_said_twice, setup, teardown),
    };

    return cmocka_run_group_tests_name("catalog_diff", tests, NULL, NULL);
}
