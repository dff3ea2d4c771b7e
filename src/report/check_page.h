/* The parts of a check's page, which check_html.c puts together. Inside of report/ only. */
#ifndef PORTOLAN_REPORT_CHECK_PAGE_H
#define PORTOLAN_REPORT_CHECK_PAGE_H

#include "model/result.h"
#include "report/html_parts.h"

struct check_page {
    struct buf *out;
    struct arena *arena;
    const struct check_result *result;
    const struct verdict **verdicts; /* by the id of their flow, those of one flow in their order */
};

struct check_counts {
    size_t fail; /* flows, by their worst verdict */
    size_t unknown;
    size_t warn;
    size_t test_fail;
    size_t test_unknown;
    size_t errors; /* findings other than excess */
    size_t excess;
    size_t warnings;
    size_t free; /* flows that no verdict is about */
};

enum tone check_page_tone(const struct verdict *verdict);
/* How many verdicts a flow has; *first is the first of them. */
size_t check_page_verdicts(const struct check_page *page, const struct flow *flow, const struct verdict *const **first);
const struct verdict *check_page_worst(const struct verdict *const *verdicts, size_t n); /* NULL: there is none */

void check_page_failures(const struct check_page *page, const struct check_counts *c);
void check_page_flows(const struct check_page *page);
void check_page_tests(const struct check_page *page);
void check_page_exceptions(const struct check_page *page);
void check_page_firewalls(const struct check_page *page);

#endif
