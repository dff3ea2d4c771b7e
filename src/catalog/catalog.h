/* A file of catalog/ -> model/catalog.h. */
#ifndef PORTOLAN_CATALOG_CATALOG_H
#define PORTOLAN_CATALOG_CATALOG_H

#include "model/catalog.h"

/*
 * Reads a whole catalog. All its errors are in diags; NULL when there is one. The catalog borrows from the source's
 * text and spans point into it: the source lives as long as the catalog.
 */
struct catalog *catalog_read(struct arena *arena, const struct source *source, struct diags *diags);

#endif
