/* Open points, contradictions and dead entries of catalogs. */
#ifndef PORTOLAN_CATALOG_LINT_H
#define PORTOLAN_CATALOG_LINT_H

#include "model/lint.h"

/*
 * Findings in the catalogs, one after the other in the order given, then those between them. All rules are general:
 * they compare roles, services, ports and conditions, and know no product. Cost: the square of the requirements.
 */
struct lint_finding *catalog_lint(struct arena *arena, const struct catalog *const *catalogs, size_t n,
                                  size_t *finding_n);

#endif
