/* What probes found: the result of `probe`, for every view (report/probe.h). Plain data. */
#ifndef PORTOLAN_MODEL_PROBE_H
#define PORTOLAN_MODEL_PROBE_H

#include "model/flow.h"
#include "model/outcome.h"
#include "model/verdict.h"

struct probe_detail {
    struct str name;
    struct str value;
};

/* One address and port of one target. */
struct probe_outcome {
    struct str target;       /* "ntp://10.0.0.1:123", with the name where there is one */
    const struct flow *flow; /* NULL: none */
    struct str service;
    struct str expected; /* "denied": a refusal holds; empty: it must be open */
    enum outcome outcome;
    bool holds;          /* what was found is what was expected */
    bool undetermined;   /* neither proved nor disproved; `holds` is false */
    struct str answered; /* what answered instead; may be empty */
    struct str reason;
    const struct probe_detail *details;
    size_t detail_n;
    bool has_ms[PHASE_N];
    double ms[PHASE_N];
};

/* A flow whose verdict and outcome disagree. */
struct probe_disagreement {
    const struct probe_outcome *outcome;
    const struct verdict *verdict; /* it names the rule that should have decided */
    struct str message;
};

struct probe_summary {
    size_t by_outcome[OUTCOME_N];
    size_t n;
    size_t hold;
    size_t fail;
    size_t undetermined;
};

struct probe_run {
    struct str title;
    const struct probe_outcome *v;
    size_t n;
    const struct probe_disagreement *disagreements;
    size_t disagreement_n;
    struct probe_summary summary;
    bool interrupted; /* not all was asked */
};

#endif
