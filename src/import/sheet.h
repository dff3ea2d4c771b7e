/*
 * A catalog as a page of tables, and back: columns are the catalog's own keys, so nothing has to be understood. What
 * any format writes of such a page it reads back to the same catalog.
 */
#ifndef PORTOLAN_IMPORT_SHEET_H
#define PORTOLAN_IMPORT_SHEET_H

#include "document/page.h"
#include "model/catalog.h"

/* `guarded`: for programs that take a cell with = + - or @ at its start for a formula; such a cell begins with '. */
const struct page *sheet_page(struct arena *arena, const struct catalog *catalog, bool guarded);

bool sheet_is(const struct page *page);
/* NULL with errors at the cells' texts where it is no good catalog. */
struct catalog *sheet_catalog(struct arena *arena, const struct page *page, struct diags *diags);

#endif
