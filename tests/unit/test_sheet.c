/* Catalogs as tables and back, cell by cell: what a page of a catalog says is that catalog. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog/builtin.h"
#include "catalog/catalog.h"
#include "catalog/write.h"
#include "import/sheet.h"

static const char hard[] =
    "portolan: catalog/1\nproduct: p\ntitle: \"=P: \\\"the\\\" | one\"\n"
    "documents: {d: {title: D, url: \"https://a.org\", retrieved: 2026-11-19}}\n"
    "notes: [{text: \"-x, {y}: #z\", origin: \"d#\\\"n\\\"\"}]\n"
    "roles: {h: {title: H}, k: {title: K, else: h}, w: {title: W, domains: [a.org, \"*.a.org\"]}}\n"
    "features: {f: {title: F, default: off}, g: {title: G, default: on}}\n"
    "parameters: {q: {title: Q, default: 10-20}, o: {title: O}}\n"
    "requirements:\n"
    "  - {id: a, from: h, to: w, ports: [\"{q}/udp\", \"{o}/tcp\", dynamic/tcp], discover: [mountd], service: tcp,\n"
    "     purpose: \"=1+1\", when: not f and (g or f), need: optional, family: ipv6, scope: subnet, reply: none,\n"
    "     source-ports: [67, 1024-65535], review: \"@me: see\", inferred: {from: \"y: z\", to: w},\n"
    "     origin: [\"d#\\\"x: 1\\\"\", \"d#\\\"y\\\"\"]}\n"
    "  - {id: b, from: k, to: h, ports: [any], service: any, purpose: p, replaces: [a], any-of: way,\n"
    "     origin: [\"d#\\\"x\\\"\"]}\n";

static struct str written(struct arena *arena, const struct catalog *catalog)
{
    struct buf out = BUF_EMPTY;
    struct str text;

    catalog_write(&out, catalog);
    assert_true(buf_ok(&out));
    text = str_dup(arena, buf_str(&out));
    buf_free(&out);
    return text;
}

static void check(struct arena *arena, const char *name, struct str text)
{
    struct diags diags;
    const struct catalog *catalog;
    const struct catalog *again;
    struct str first;

    diags_init(&diags, arena);
    catalog = catalog_read(arena, source_new(arena, str_of(name), text), &diags);
    assert_non_null(catalog);
    first = written(arena, catalog);
    again = catalog_read(arena, source_new(arena, str_of(name), first), &diags);
    assert_non_null(again);
    assert_true(str_eq(written(arena, again), first));
    for (int guarded = 0; guarded < 2; guarded++) {
        const struct page *page = sheet_page(arena, catalog, guarded == 1);

        assert_true(sheet_is(page));
        again = sheet_catalog(arena, page, &diags);
        assert_non_null(again);
        assert_true(str_eq(written(arena, again), first));
    }
    assert_int_equal(diags.errors, 0);
}

static void catalogs_come_back(void **state)
{
    struct arena *arena = arena_new();

    (void)state;
    check(arena, "hard.yaml", str_of(hard));
    for (size_t i = 0; i < builtin_catalog_n; i++)
        check(arena, builtin_catalog[i].name, (struct str){builtin_catalog[i].text, builtin_catalog[i].size});
    arena_free(arena);
}

/* A spreadsheet must not take a text for a formula. */
static void formulas_are_guarded(void **state)
{
    struct arena *arena = arena_new();
    struct diags diags;
    const struct page *page;
    const struct grid *head;
    const struct catalog *catalog;

    (void)state;
    diags_init(&diags, arena);
    catalog = catalog_read(arena, source_new(arena, STR("hard.yaml"), str_of(hard)), &diags);
    assert_non_null(catalog);
    page = sheet_page(arena, catalog, true);
    head = page->blocks[1].grid;
    assert_true(str_is(grid_at(head, 1, 2)->text, "'=P: \"the\" | one"));
    page = sheet_page(arena, catalog, false);
    assert_true(str_is(grid_at(page->blocks[1].grid, 1, 2)->text, "=P: \"the\" | one"));
    arena_free(arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalogs_come_back),
        cmocka_unit_test(formulas_are_guarded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
