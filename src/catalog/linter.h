/* What the parts of the linter share: lint.c (open points, unused names), reach.c (conditions), compare.c (tables). */
#ifndef PORTOLAN_CATALOG_LINTER_H
#define PORTOLAN_CATALOG_LINTER_H

#include "base/buf.h"
#include "base/vec.h"
#include "model/lint.h"

struct linter {
    struct arena *arena;
    struct lint_findings VEC(struct lint_finding) found;
};

struct lint_ids VEC(struct str);

/* Adds a finding and gives it back, to have its requirements set. The text of the buffer is copied and the buffer
 * freed. */
struct lint_finding *linter_add(struct linter *linter, enum lint_kind kind, enum severity severity,
                                const struct catalog *catalog, struct span span, struct buf *message);
/* Adds an id to a list unless it is there. */
void linter_id(struct linter *linter, struct lint_ids *ids, struct str id);
void linter_set_ids(struct lint_finding *finding, const struct lint_ids *ids);

/* The ports of an item, a parameter's by its default; false where none are known. */
bool linter_ports(const struct catalog *catalog, const struct port_item *item, uint16_t *lo, uint16_t *hi);
/* The role itself, or the one at the end of its chain of `else`. */
struct str linter_role(const struct catalog *catalog, struct str name);

void linter_reach(struct linter *linter, const struct catalog *catalog);
void linter_transports(struct linter *linter, const struct catalog *catalog);
void linter_across(struct linter *linter, const struct catalog *const *catalogs, size_t n);

#endif
