/* Views of a rehearsal. */
#ifndef PORTOLAN_REPORT_REHEARSE_H
#define PORTOLAN_REPORT_REHEARSE_H

#include "base/buf.h"
#include "model/rehearsal.h"

/* What does not hold, each with its packet and where it died; then the sum. */
void report_rehearse_text(struct buf *out, const struct rehearsal *rehearsal, bool color);
void report_rehearse_json(struct buf *out, const struct rehearsal *rehearsal);
/* One table: flows, neighbours, tests, findings and changes. */
void report_rehearse_csv(struct buf *out, const struct rehearsal *rehearsal);
void report_rehearse_markdown(struct buf *out, const struct rehearsal *rehearsal);
void report_rehearse_html(struct buf *out, const struct rehearsal *rehearsal);
void report_rehearse_junit(struct buf *out, const struct rehearsal *rehearsal);

/* A required flow that does not come through with all of its packets. */
bool rehearsed_flow_fails(const struct rehearsed_flow *flow);

#endif
