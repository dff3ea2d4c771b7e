/* Views of what probes found, and of what they would send. */
#ifndef PORTOLAN_REPORT_PROBE_H
#define PORTOLAN_REPORT_PROBE_H

#include "model/probe.h"

/* Runs of ports that fared alike, and were not open, are one line of the text; the other views have each. */
void report_probe_text(struct buf *out, const struct probe_run *run, bool color);
void report_probe_json(struct buf *out, const struct probe_run *run);
void report_probe_csv(struct buf *out, const struct probe_run *run);
void report_probe_markdown(struct buf *out, const struct probe_run *run);
void report_probe_html(struct buf *out, const struct probe_run *run);
/* A case for each outcome and finding; what is undetermined fails, as it does for `check`. */
void report_probe_junit(struct buf *out, const struct probe_run *run);

/* `portolan probe --dry-run`. */
void report_probe_plan_text(struct buf *out, const struct probe_plan *plan);
void report_probe_plan_json(struct buf *out, const struct probe_plan *plan);
void report_probe_plan_csv(struct buf *out, const struct probe_plan *plan);

/* Parameters that would pin the ports that rpcbind named, as they stand in a site file. */
void report_probe_ports(struct buf *out, const struct probe_port *ports, size_t n);

/* Parts of the views: "10.0.0.1", empty where there is no address; the flow's id or the test; the warning or reason. */
struct str report_probe_address(struct arena *arena, const struct probe_question *question);
bool report_probe_named(const struct probe_question *question); /* the target shows a name, and not its address */
struct str report_probe_subject(const struct probe_question *question);
struct str report_probe_why(struct arena *arena, const struct probe_outcome *outcome);

#endif
