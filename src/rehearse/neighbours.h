/*
 * The packets that must not pass: next to what flows allow, between zones that have no flow, what the site's tests
 * deny, and witnesses of what a proof found to be too much. Pure: which they are; sending them is another's.
 */
#ifndef PORTOLAN_REHEARSE_NEIGHBOURS_H
#define PORTOLAN_REHEARSE_NEIGHBOURS_H

#include "rehearse/cast.h"

enum neighbour_kind {
    NEIGHBOUR_PORT,        /* next to an allowed range of ports */
    NEIGHBOUR_TRANSPORT,   /* the same port of the other of TCP and UDP */
    NEIGHBOUR_SOURCE_PORT, /* next to an allowed range of source ports */
    NEIGHBOUR_SOURCE,      /* next to an allowed range of sources */
    NEIGHBOUR_DESTINATION,
    NEIGHBOUR_ZONES, /* from a zone to one to which no flow of it goes */
    NEIGHBOUR_TEST,  /* a deny test of the site, or a flow that its document forbids */
    NEIGHBOUR_WITNESS,
    NEIGHBOUR_N
};

const char *neighbour_name(enum neighbour_kind kind); /* "port", "source port", … */

struct neighbour {
    enum neighbour_kind kind;
    struct packet packet; /* opens a connection (SYN, echo request); of a witness as it was found. No interfaces. */
    const struct actor *from;
    const struct actor *to;
    const struct flow *flow; /* that it is next to, or that is forbidden; NULL: none */
    struct str why;          /* "next to pool-a/host-ntp/udp" */
};

struct neighbours {
    struct neighbour *v;
    size_t n;
    size_t capacity;
    size_t unplaced; /* witnesses whose ends nobody in the cast has, or that cross no firewall: not in the list */
};

struct neighbours_wishes {
    const struct plan *plan; /* of a site */
    const struct cast *cast;
    const struct policy *const *policies; /* one for each firewall of the site */
    const struct packet *witnesses;       /* that a proof found to pass beyond all flows */
    size_t witness_n;
    uint32_t today; /* YYYYMMDD, for what is accepted until then */
};

/*
 * Each packet once, by its five-tuple; the first reason counts, in the order tests, witnesses, then the other kinds.
 * All cross at least one firewall that has to stop them. What a flow, an accepted excess or the baseline allows is left
 * out, but for tests and witnesses: a test holds whatever the documents say. Of each end of a flow one address of
 * every zone in it takes part, where that is a host with a firewall of its own one without too, and the last of all.
 */
struct neighbours *neighbours_find(struct arena *arena, const struct neighbours_wishes *wishes);

#endif
