/* model/catalog.h -> a file of catalog/. */
#ifndef PORTOLAN_CATALOG_WRITE_H
#define PORTOLAN_CATALOG_WRITE_H

#include "base/buf.h"
#include "model/catalog.h"

/* What catalog_read reads back to the same catalog. Text is written in one line, quoted where YAML would take it for
 * something else. */
void catalog_write(struct buf *out, const struct catalog *catalog);

/* Its parts: everything before `requirements:`, and one text, in quotes where it needs them. */
void catalog_write_head(struct buf *out, const struct catalog *catalog);
void catalog_write_text(struct buf *out, struct str text);

#endif
