/*
 * What one firewall should let through: the flows that cross it, bound to its hooks and interfaces, and the baseline.
 * Made from a plan, taken by the printers of the dialects and by the proof that what was printed is exactly this.
 */
#ifndef PORTOLAN_MODEL_POLICY_H
#define PORTOLAN_MODEL_POLICY_H

#include "model/flow.h"
#include "model/ruleset.h"

enum baseline {
    BASELINE_LOOPBACK,
    BASELINE_REPLIES,
    BASELINE_ICMP_ERRORS,
    BASELINE_NEIGHBOUR_DISCOVERY,
    BASELINE_DHCP,
    BASELINE_N
};

#define BASELINE_DEFAULT                                                                                               \
    (1u << BASELINE_LOOPBACK | 1u << BASELINE_REPLIES | 1u << BASELINE_ICMP_ERRORS | 1u << BASELINE_NEIGHBOUR_DISCOVERY)

const char *baseline_name(enum baseline baseline);

/* Part of a flow on its way through one firewall: state new; replies pass by state. */
struct permit {
    const struct flow *flow; /* family, transport, ports, source ports, id, purpose, origin */
    enum hook hook;          /* HOOK_FORWARD, HOOK_INPUT or HOOK_OUTPUT */
    struct str in;           /* interface; empty: not bound. INPUT has no `out`, OUTPUT no `in`. */
    struct str out;
    const struct ranges *source; /* the part of the flow that takes this way; never empty */
    const struct ranges *destination;
};

/*
 * One way by which packets can meet a firewall: an interface they come in by, one they go out by, and the addresses
 * that belong there. A packet that fits no face is spoofed (or comes by an interface that the site does not know).
 */
struct face {
    enum hook hook;
    struct str in; /* empty: not bound */
    struct str out;
    const struct ranges *source[FAMILY_N]; /* never NULL */
    const struct ranges *destination[FAMILY_N];
};

struct policy {
    struct str firewall;
    struct str site;
    unsigned hooks;    /* 1u << HOOK_FORWARD, … that it decides on */
    unsigned families; /* FAMILY_BIT set to be printed */
    unsigned baseline; /* 1u << enum baseline */
    bool reject;       /* what is not permitted is rejected rather than dropped */
    /* scope: site: packets with neither end in these pass untouched; NULL: every packet is decided on. */
    const struct ranges *scope[FAMILY_N];
    const struct permit *permits; /* in the order of the plan */
    size_t permit_n;
    const struct permit
        *accepted; /* excess that the site bears (`accept`, not expired): never printed, never counted */
    size_t accepted_n;
    const struct face *faces;
    size_t face_n;
    bool management_unreached; /* a host firewall, or one with addresses, whose management port no flow reaches */
    bool counters;
};

#endif
