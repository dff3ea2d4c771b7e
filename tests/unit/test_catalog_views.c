/* Views of a catalog: the JSON of the contract, and cells that CSV and Markdown have to quote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "catalog/catalog.h"
#include "report/catalog.h"

static const char text[] =
    "portolan: catalog/1\nproduct: p\ntitle: 'P, \"the\" | one'\ndocuments: {d: {title: D}}\n"
    "roles: {h: {title: H}, w: {title: W, domains: [{under: a.org, hosts: ['@', '*']}]}}\n"
    "features: {f: {title: F, default: on}}\n"
    "parameters: {q: {title: Q, default: 10-20}, o: {title: O}}\n"
    "requirements:\n"
    "  - {id: a, from: h, to: w, service: tcp, ports: ['{q}/udp', '{o}/tcp', dynamic/tcp], purpose: =1+1,\n"
    "     when: not f, origin: ['d#\"x\"'], inferred: {from: y}, source-ports: [67], reply: none}\n"
    "  - {id: b, from: h, to: h, service: any, ports: [any], purpose: 'x|y', origin: ['d#\"x\"'], review: z}\n";

static struct str view_of(struct arena *arena, enum view view, bool list)
{
    struct diags diags;
    struct buf out = BUF_EMPTY;
    const struct catalog *catalog;
    struct str copy;

    diags_init(&diags, arena);
    catalog = catalog_read(arena, source_new(arena, STR("p.yaml"), str_of(text)), &diags);
    assert_non_null(catalog);
    if (list)
        report_catalog_list(&out, arena, &catalog, 1, view);
    else
        report_catalog_show(&out, arena, catalog, view);
    assert_true(buf_ok(&out));
    copy = str_dup(arena, buf_str(&out));
    buf_free(&out);
    return copy;
}

static void test_json(void **state)
{
    struct arena *arena = arena_new();
    struct str printed = view_of(arena, VIEW_JSON, false);
    json_t *document = json_loadb(printed.p, printed.n, JSON_REJECT_DUPLICATES, NULL);
    json_t *expected = json_pack(
        "{s:s,s:s,s:s,s:[s,s],s:[s,s,s],s:[s,s,s],s:s,s:s,s:s,s:s,s:[s],s:{s:s},s:n,s:s,s:[[i,i]]}", "id", "a", "from",
        "h", "to", "w", "domains", "a.org", "*.a.org", "ports", "10-20/udp", "{o}/tcp", "dynamic/tcp", "ports_written",
        "{q}/udp", "{o}/tcp", "dynamic/tcp", "service", "tcp", "purpose", "=1+1", "when", "not f", "need", "required",
        "origin", "d#\"x\"", "inferred", "from", "y", "review", "reply", "none", "source_ports", 67, 67);

    (void)state;
    assert_non_null(document);
    assert_non_null(expected);
    assert_true(json_equal(json_array_get(json_object_get(document, "requirements"), 0), expected));
    assert_int_equal(json_integer_value(json_object_get(document, "schema_version")), 1);
    assert_true(json_is_array(json_object_get(document, "notes")));
    assert_true(json_is_null(json_object_get(json_array_get(json_object_get(document, "requirements"), 1), "when")));
    json_decref(expected);
    json_decref(document);
    arena_free(arena);
}

static void test_quoting(void **state)
{
    struct arena *arena = arena_new();

    (void)state;
    assert_true(str_is(view_of(arena, VIEW_CSV, true), "product,requirements,roles,features,parameters,title\n"
                                                       "p,2,2,1,2,\"P, \"\"the\"\" | one\"\n"));
    assert_true(str_is(view_of(arena, VIEW_MARKDOWN, true),
                       "| product | requirements | roles | features | parameters | title |\n"
                       "| --- | --- | --- | --- | --- | --- |\n"
                       "| p | 2 | 2 | 1 | 2 | P, \"the\" \\| one |\n"));
    assert_true(str_is(view_of(arena, VIEW_TEXT, true), "PRODUCT  REQUIREMENTS  ROLES  FEATURES  PARAMETERS  TITLE\n"
                                                        "p        2             2      1         2           "
                                                        "P, \"the\" | one\n"));
    arena_free(arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_quoting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
