/*
 * The importer over whatever a format's reader makes of any bytes: there is always a catalog; with requirements in it
 * it is one that the catalog's reader takes without an error, and writing what was read gives the same text.
 */
#include "catalog/catalog.h"
#include "catalog/write.h"
#include "document/format.h"
#include "fuzz.h"
#include "import/import.h"

static void read_back(struct arena *arena, struct str text, const struct catalog *written)
{
    struct diags diags;
    struct buf again = BUF_EMPTY;
    const struct catalog *read;

    diags_init(&diags, arena);
    read = catalog_read(arena, source_new(arena, STR("written.yaml"), text), &diags);
    if (read == NULL || read->requirement_n != written->requirement_n)
        abort();
    catalog_write(&again, read);
    if (!str_eq(buf_str(&again), text))
        abort();
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct str text = {(const char *)data, size};
    const struct source *source = source_new(arena, STR("input"), text);
    const struct page *pages[] = {NULL, NULL};
    struct import_options options = {.retrieved = STR("2026-11-19")};
    const struct catalog *catalog;
    struct diags diags;
    struct buf out = BUF_EMPTY;

    diags_init(&diags, arena);
    pages[0] = pages[1] = document_format_of(source->name, text)->read(arena, source, &diags);
    catalog = import_pages(arena, pages, size % 5 == 0 ? 2 : 1, &options, &diags);
    if (catalog == NULL)
        abort();
    catalog_write(&out, catalog);
    if (!buf_ok(&out))
        abort();
    if (catalog->requirement_n > 0)
        read_back(arena, buf_str(&out), catalog);
    buf_free(&out);
    arena_free(arena);
    return 0;
}
