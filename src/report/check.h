/* Views of what `check`, `excess` and `why` found. */
#ifndef PORTOLAN_REPORT_CHECK_H
#define PORTOLAN_REPORT_CHECK_H

#include <jansson.h>

#include "model/result.h"

void report_check_text(struct buf *out, const struct check_result *result, bool color);
void report_check_json(struct buf *out, const struct check_result *result);
void report_check_csv(struct buf *out, const struct check_result *result);
void report_check_markdown(struct buf *out, const struct check_result *result);
/* One page that needs nothing else. */
void report_check_html(struct buf *out, const struct check_result *result);

void report_excess_text(struct buf *out, const struct check_result *result, bool color);
void report_excess_json(struct buf *out, const struct check_result *result);
void report_excess_csv(struct buf *out, const struct check_result *result);
void report_excess_markdown(struct buf *out, const struct check_result *result);

/* "verdicts" of a check, for other documents too. */
json_t *report_json_verdicts(const struct verdict *verdicts, size_t n);
/* What a flow asks for in one line: `pool-a/host-ntp/udp: 10.20.0.11 > 10.20.9.1 123/udp`. */
void report_line_flow(struct buf *out, const struct flow *flow);

#endif
