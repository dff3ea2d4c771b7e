/* What `check`, `excess`, `why`, `audit` and `diff` found, for every view (report/). Plain data. */
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

/* What an audit of one firewall's rulesets found. */
struct audit_result {
    struct str title; /* of the rulesets: names of their files, or of the firewall */
    const struct finding *findings;
    size_t finding_n;
    size_t rule_n;   /* rules that were looked at */
    bool incomplete; /* a budget ran out: there may be more */
};

/* Packets that two rulesets treat differently, in the same way throughout the box. */
struct difference {
    enum hook hook; /* where they are seen; HOOK_NONE: there is only one */
    struct box box;
    enum verdict_kind left; /* never VERDICT_PARTIAL; undetermined: may be permitted and may be denied */
    enum verdict_kind right;
    struct rule_ref left_rule;
    struct rule_ref right_rule;
    struct packet packet; /* one of the box */
    struct str reason;    /* in words, where verdicts and rules do not say it all; may be empty */
};

struct diff_result {
    struct str left; /* names of the two, for titles */
    struct str right;
    bool equal;        /* proved: no packet is treated differently, whatever the unknowns are */
    bool undetermined; /* not proved, and no difference that is certain: unknowns, or a budget that ran out */
    bool incomplete;   /* a budget ran out: there may be more differences */
    const struct difference *v;
    size_t n;
};

/* Whether a verdict leaves its flow's need unmet: a required flow that does not pass, a forbidden one that does. */
bool verdict_fails(const struct verdict *verdict);
bool verdict_warns(const struct verdict *verdict); /* likewise, of an optional or recommended flow */

#endif
