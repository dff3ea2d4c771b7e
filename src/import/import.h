/*
 * Vendors' documents -> a catalog that a person reviews.
 *
 * Knows no document: columns are found by their heads and by what they hold, ends and directions by headings, sentences
 * and section rows. What is not in the row itself stands in `inferred` with its reason; what cannot be read, or could
 * be meant in two ways, is a warning at its cell and a `review`, never a guess. What is left out is a note.
 */
#ifndef PORTOLAN_IMPORT_IMPORT_H
#define PORTOLAN_IMPORT_IMPORT_H

#include "document/page.h"
#include "model/catalog.h"

struct import_options {
    struct str product;   /* empty: as the first page's title or the file's name has it */
    struct str title;     /* likewise */
    struct str retrieved; /* YYYY-MM-DD; may be empty */
};

/*
 * Never NULL; a catalog without a single requirement comes with a warning. The catalog borrows from the pages and lives
 * in the arena. Cost: linear in the pages, but for notes (notes times requirements).
 */
struct catalog *import_pages(struct arena *arena, const struct page *const *pages, size_t n,
                             const struct import_options *options, struct diags *diags);

#endif
