/* Views of a plan, and of the difference between two: the change ticket. The JSON is described in DESIGN, section 5. */
#ifndef PORTOLAN_REPORT_PLAN_H
#define PORTOLAN_REPORT_PLAN_H

#include <jansson.h>

#include "model/plan.h"

void report_plan_text(struct buf *out, const struct plan *plan);
void report_plan_json(struct buf *out, const struct plan *plan);
void report_plan_csv(struct buf *out, const struct plan *plan); /* its first columns are those that `check` reads */
void report_plan_markdown(struct buf *out, const struct plan *plan);
void report_plan_dot(struct buf *out, const struct plan *plan);
/* `34 flows: 30 resolved, 4 unresolved; 12 IPv6; 3 optional`, without a line end. */
void report_plan_summary(struct buf *out, const struct plan *plan);

void report_change_text(struct buf *out, const struct change *change);
void report_change_json(struct buf *out, const struct change *change);
void report_change_markdown(struct buf *out, const struct change *change);

/* The change as an object, without "schema_version": for documents of which it is a part. */
json_t *report_json_change(const struct change *change);
/* A flow as in the document of `plan`. */
json_t *report_json_flow(const struct flow *flow);

#endif
