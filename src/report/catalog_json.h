/* Catalogs as JSON; catalog.h chooses. */
#ifndef PORTOLAN_REPORT_CATALOG_JSON_H
#define PORTOLAN_REPORT_CATALOG_JSON_H

#include <jansson.h>

#include "base/buf.h"
#include "model/lint.h"

void catalog_json_list(struct buf *out, const struct catalog *const *catalogs, size_t n);
void catalog_json_show(struct buf *out, const struct catalog *catalog);
void catalog_json_lint(struct buf *out, const struct lint_finding *findings, size_t n);
/* A requirement as in the document of `catalog show`. */
json_t *catalog_json_requirement(const struct catalog *catalog, const struct requirement *requirement);

#endif
