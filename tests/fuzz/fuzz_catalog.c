/*
 * The catalog's reader: any bytes give a catalog, or at least one error. A catalog that was read is linted and shown in
 * every view; one of unusual size is not, for the linter compares all requirements with each other.
 */
#include "catalog/catalog.h"
#include "catalog/lint.h"
#include "fuzz.h"
#include "report/catalog.h"

#define MOST_REQUIREMENTS 40

static void view_all(struct arena *arena, const struct catalog *catalog)
{
    const struct catalog *both[] = {catalog, catalog};
    size_t n;
    const struct lint_finding *findings = catalog_lint(arena, both, 2, &n);

    for (size_t view = 0; view < VIEW_N; view++) {
        struct buf out = BUF_EMPTY;

        report_catalog_list(&out, arena, both, 2, (enum view)view);
        report_catalog_show(&out, arena, catalog, (enum view)view);
        report_catalog_lint(&out, arena, findings, n, (enum view)view);
        if (!buf_ok(&out))
            abort();
        buf_free(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct diags diags;
    struct buf out = BUF_EMPTY;
    const struct source *source = source_new(arena, STR("input.yaml"), (struct str){(const char *)data, size});
    const struct catalog *catalog;

    diags_init(&diags, arena);
    catalog = catalog_read(arena, source, &diags);
    if ((catalog == NULL) != (diags.errors > 0))
        abort(); /* nothing read and no reason, or a reason and all the same a catalog */
    if (catalog != NULL && catalog->requirement_n <= MOST_REQUIREMENTS)
        view_all(arena, catalog);
    diags_print(&out, &diags, false);
    buf_free(&out);
    arena_free(arena);
    return 0;
}
