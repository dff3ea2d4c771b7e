/*
 * SARIF 2.1.0 (OASIS, 27 March 2020): findings for the code-scanning pages of forges. A result's rule is the kind of
 * finding or verdict; its place is the firewall rule that decides, with the line where the ruleset has lines.
 */
#ifndef PORTOLAN_REPORT_SARIF_H
#define PORTOLAN_REPORT_SARIF_H

#include "model/result.h"

/* Verdicts that are not as they should be, tests that do not hold, and findings. */
void report_check_sarif(struct buf *out, const struct check_result *result);
void report_findings_sarif(struct buf *out, const struct finding *findings, size_t n);
void report_differences_sarif(struct buf *out, const struct difference *differences, size_t n);

#endif
