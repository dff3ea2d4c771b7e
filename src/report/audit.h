/* Views of `audit`: findings about the rules of a ruleset, in the order of their rules. */
#ifndef PORTOLAN_REPORT_AUDIT_H
#define PORTOLAN_REPORT_AUDIT_H

#include "model/result.h"

/* A rule with all that was found about it, one after the other: what, by which rules, a packet. */
void report_audit_text(struct buf *out, const struct audit_result *result, bool color);
/* {"schema_version":1,"findings":[…],"summary":{"shadowed":N,…}}: a count for every kind of an audit. */
void report_audit_json(struct buf *out, const struct audit_result *result);
void report_audit_csv(struct buf *out, const struct audit_result *result);
void report_audit_markdown(struct buf *out, const struct audit_result *result);
void report_audit_sarif(struct buf *out, const struct audit_result *result);
void report_audit_junit(struct buf *out, const struct audit_result *result);

#endif
