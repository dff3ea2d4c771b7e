/* JUnit's XML, as continuous integration reads it: a case for each verdict, finding and test. */
#ifndef PORTOLAN_REPORT_JUNIT_H
#define PORTOLAN_REPORT_JUNIT_H

#include "model/result.h"

/* Findings that are warnings are cases that hold. */
void report_check_junit(struct buf *out, const struct check_result *result);
/* Findings alone, each of them a failure, as for the exit status of who asked for nothing else; where there are none,
 * one case that holds, since an empty suite is an error to some readers. */
void report_findings_junit(struct buf *out, struct str title, const struct finding *findings, size_t n);

#endif
