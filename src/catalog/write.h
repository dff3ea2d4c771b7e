/* model/catalog.h -> a file of catalog/. */
#ifndef PORTOLAN_CATALOG_WRITE_H
#define PORTOLAN_CATALOG_WRITE_H

#include "base/buf.h"
#include "model/catalog.h"

/* What catalog_read reads back to the same catalog. Text is written in one line, quoted where YAML would take it for
 * something else. */
void catalog_write(struct buf *out, const struct catalog *catalog);

#endif
