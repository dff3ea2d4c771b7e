/*
 * Views of `catalog diff`. JSON: {"old", "new", "siblings": [product], "equal", "added": [requirement as in show],
 * "removed": […], "changed": [{"old": [id], "new": [id], "fields": {field: {"added": […], "removed": […]}}, "why":
 * […]}], "names": [{"kind", "old", "new", "before", "after", "title"}], "summary", "effect"}; "effect" only where a
 * site was given:
 * {"site", "flows": the change ticket of `plan --against`, "firewalls": [{"firewall", "dialect", "added", "removed"}]}.
 */
#ifndef PORTOLAN_REPORT_CATALOG_DIFF_H
#define PORTOLAN_REPORT_CATALOG_DIFF_H

#include "model/catalog_diff.h"
#include "report/table.h"

/*
 * `words`: changes of words only are shown too, not only counted. `effect` may be NULL. Every view but CSV; `arena` is
 * for what is needed on the way.
 */
void report_catalog_diff(struct buf *out, struct arena *arena, const struct catalog_diff *diff,
                         const struct catalog_effect *effect, bool words, enum view view);

#endif
