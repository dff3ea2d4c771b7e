/* What probes ask and what they found: the result of `probe`, for every view (report/probe.h). Plain data. */
#ifndef PORTOLAN_MODEL_PROBE_H
#define PORTOLAN_MODEL_PROBE_H

#include "model/outcome.h"
#include "model/verdict.h"

/* One address and port of one target, or of one flow or test of a site. */
struct probe_question {
    struct str target;       /* "ntp://clock:123": with the name where there is one */
    const struct flow *flow; /* NULL: a bare target, or a test */
    struct str test;         /* the site's test as text; empty: none */
    struct str service;
    struct str proxy; /* through which it is asked; empty: straight */
    u128 address;
    u128 source;
    enum family family; /* of both */
    unsigned proto;     /* PROTO_TCP, PROTO_UDP, PROTO_ICMP; 0: nothing can be asked, the outcome says why */
    uint16_t port;
    bool has_address;
    bool has_source;
    bool denied;     /* a refusal is what is expected */
    bool by_address; /* of a site, to a host and not to a domain: a certificate of its own is usual there */
};

/* What is true of what was expected. Only failures make an exit status of 1. */
enum probe_state {
    PROBE_HOLDS,
    PROBE_WARNS, /* it does not hold, and need not: an optional flow, or another of its any-of holds */
    PROBE_FAILS,
    PROBE_UNDETERMINED,
    PROBE_STATE_N
};

const char *probe_state_name(enum probe_state state); /* "holds" */

struct probe_detail {
    struct str name;
    struct str value;
};

struct probe_outcome {
    struct probe_question question;
    enum outcome outcome;
    enum probe_state state;
    bool connected;      /* the far end, or something in its place, has taken part */
    bool interrupted;    /* before it was over */
    bool unvouched;      /* tls-untrusted: whole and in its time, but nobody that is trusted here vouches for it */
    struct str answered; /* what answered instead; may be empty */
    struct str reason;
    struct str warning; /* what is worth knowing though it holds; may be empty */
    const struct probe_detail *details;
    size_t detail_n;
    bool has_ms[PHASE_N];
    double ms[PHASE_N];
};

/*
 * Sets the state, by what was expected and what was found, and adds to reason or warning what that rests on. A
 * certificate that is `unvouched` is borne where the question is `by_address`.
 */
void probe_judge(struct arena *arena, struct probe_outcome *outcome);

/* What an outcome proves about the network between the two ends, whatever the far end is. */
enum probe_passage {
    PROBE_PASSED,
    PROBE_STOPPED,
    PROBE_UNKNOWN, /* a firewall can reset in the host's name, and a host can be silent */
    PROBE_PASSAGE_N
};
enum probe_passage probe_passage(const struct probe_outcome *outcome);

enum probe_finding_kind {
    PROBE_DISAGREES,   /* the rulesets say otherwise: `verdict` names the rule that should have decided */
    PROBE_INTERCEPTED, /* one issuer that nobody trusts, over names that have nothing in common */
    PROBE_FINDING_N
};

const char *probe_finding_name(enum probe_finding_kind kind);

struct probe_finding {
    enum probe_finding_kind kind;
    const struct probe_outcome *outcome;
    struct verdict verdict; /* PROBE_DISAGREES */
    struct str message;
};

/* A port that rpcbind named, and the parameter of an instance that would pin it. */
struct probe_port {
    struct str instance;
    struct str parameter; /* "mountd-port"; empty: the product has none for it */
    struct str service;
    unsigned proto;
    uint16_t port;
    struct str target; /* the host that said so */
};

struct probe_summary {
    size_t by_outcome[OUTCOME_N];
    size_t by_state[PROBE_STATE_N];
    size_t n;
};

struct probe_run {
    struct str title;
    const struct probe_outcome *v;
    size_t n;
    const struct probe_finding *findings;
    size_t finding_n;
    const struct probe_port *ports;
    size_t port_n;
    struct probe_summary summary;
    bool interrupted; /* not all was asked */
};

void probe_count(const struct probe_outcome *v, size_t n, struct probe_summary *summary);

/* What would be asked, without sending anything. */
struct probe_planned {
    struct probe_question question;
    struct str before;       /* what is asked first: addresses of a resolver, a port of rpcbind; may be empty */
    const struct str *sends; /* each packet in words, in the order in which they may be sent; n 0: nothing is asked */
    size_t send_n;
    struct str reason; /* why nothing can be asked; may be empty */
};

struct probe_plan {
    struct str title;
    const struct probe_planned *v;
    size_t n;
};

#endif
