/* Views of `diff`: the packets that two rulesets treat differently. */
#ifndef PORTOLAN_REPORT_DIFF_H
#define PORTOLAN_REPORT_DIFF_H

#include "model/result.h"

void report_diff_text(struct buf *out, const struct diff_result *result, bool color);
/* {"schema_version":1,"equal":bool,"differences":[{"box","left","right","left_rule","right_rule","packet"}]} */
void report_diff_json(struct buf *out, const struct diff_result *result);
void report_diff_csv(struct buf *out, const struct diff_result *result);
void report_diff_markdown(struct buf *out, const struct diff_result *result);
void report_diff_sarif(struct buf *out, const struct diff_result *result);

#endif
