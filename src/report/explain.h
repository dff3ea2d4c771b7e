/* Views of `explain`. */
#ifndef PORTOLAN_REPORT_EXPLAIN_H
#define PORTOLAN_REPORT_EXPLAIN_H

#include "model/verdict.h"

/* A rule that the packet met, or a policy. */
struct explain_step {
    struct rule_ref rule;
    bool matched;
    bool unknown; /* neither known to match nor not to */
    enum action action;
};

struct explanation {
    const struct packet *packet;
    const struct packet *rewritten; /* what rules made of it; NULL: nothing was written */
    bool rewritten_sure;            /* false: of several values one is shown */
    enum hook hook;
    enum verdict_kind verdict;
    const struct explain_step *steps;
    size_t step_n;
};

void report_explain_text(struct buf *out, const struct explanation *explanation, bool all, bool color);
void report_explain_json(struct buf *out, const struct explanation *explanation);

#endif
