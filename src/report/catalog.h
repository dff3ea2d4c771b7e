/* Views of `catalog list`, `catalog show` and `catalog lint`. The JSON is described in DESIGN.md, section 5. */
#ifndef PORTOLAN_REPORT_CATALOG_H
#define PORTOLAN_REPORT_CATALOG_H

#include "model/lint.h"
#include "report/table.h"

/* Every view ends its output with a line end. `arena` is for what is needed on the way. A shown catalog is text or JSON
 * here; as tables it is what import/sheet.h makes of it. */
void report_catalog_list(struct buf *out, struct arena *arena, const struct catalog *const *catalogs, size_t n,
                         enum view view);
void report_catalog_show(struct buf *out, struct arena *arena, const struct catalog *catalog, enum view view);
void report_catalog_lint(struct buf *out, struct arena *arena, const struct lint_finding *findings, size_t n,
                         enum view view);

#endif
