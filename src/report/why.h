/* Views of `why`. */
#ifndef PORTOLAN_REPORT_WHY_H
#define PORTOLAN_REPORT_WHY_H

#include "model/result.h"

struct answer {
    struct str question;
    const struct flow *const *flows; /* that ask for it */
    size_t flow_n;
    const struct verdict *verdicts; /* of the question's own packets, at each firewall */
    size_t verdict_n;
    bool routed; /* there is a way between the ends, perhaps past no firewall */
    bool gap;    /* some of the ends have none */
};

void report_why_text(struct buf *out, const struct answer *answer, bool color);
void report_why_json(struct buf *out, const struct answer *answer);

#endif
