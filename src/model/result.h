/* What `check`, `excess` and `why` found, for every view (report/). Plain data. */
#ifndef PORTOLAN_MODEL_RESULT_H
#define PORTOLAN_MODEL_RESULT_H

#include "model/site.h"
#include "model/verdict.h"

struct test_result {
    const struct site_test *test;
    struct str name; /* "deny outside > pool 22/tcp" */
    bool holds;
    bool undetermined; /* then it neither holds nor fails */
    struct str reason;
    struct packet packet; /* that should not pass and does, or should and does not */
    bool has_packet;
    struct rule_ref rule;
};

struct check_summary {
    size_t flows;
    size_t permitted; /* flows, by their worst verdict */
    size_t denied;
    size_t partial;
    size_t undetermined;
    size_t excess; /* findings of that kind */
};

struct check_result {
    struct str title; /* of the site, or of the files */
    const struct flow **flows;
    size_t flow_n;
    struct verdict *verdicts;
    size_t verdict_n;
    struct finding *findings;
    size_t finding_n;
    struct test_result *tests;
    size_t test_n;
    struct check_summary summary;
    bool excess_searched;    /* excess was looked for, and to the end */
    const struct site *site; /* NULL: none */
    bool strict;
};

/* Whether a verdict leaves its flow's need unmet: a required flow that does not pass, a forbidden one that does. */
bool verdict_fails(const struct verdict *verdict);
bool verdict_warns(const struct verdict *verdict); /* likewise, of an optional or recommended flow */

#endif
