/*
 * The way of packets through a site: which firewalls they cross, at which hook, in by which interface and out by
 * which. Zones and firewalls form a graph; a way is a shortest path in it (DESIGN, "Path").
 */
#ifndef PORTOLAN_PLAN_ROUTE_H
#define PORTOLAN_PLAN_ROUTE_H

#include "model/policy.h"
#include "model/site.h"

struct hop {
    const struct firewall *firewall;
    enum hook hook; /* FORWARD; INPUT or OUTPUT where the firewall or its host is an end */
    struct str in;  /* empty: not bound to an interface */
    struct str out;
};

/* All packets of one family from these sources to these destinations take these hops, in this order. */
struct route {
    enum family family;
    const struct ranges *source;
    const struct ranges *destination;
    const struct hop *hops;
    size_t hop_n;         /* 0: within a zone, past no firewall */
    unsigned alternative; /* from 0: of several shortest paths for the same ends, all of which must permit */
};

/* What a flow asks of one hop of its route. */
struct permit route_permit(const struct flow *flow, const struct route *route, const struct hop *hop);

/* Ends between which there is no path. */
struct gap {
    const struct zone *from; /* NULL: addresses of no zone */
    const struct zone *to;
    const struct ranges *source;
    const struct ranges *destination;
};

struct routes {
    struct route *v;
    size_t n;
    size_t capacity;
    struct gap *gaps;
    size_t gap_n;
};

/*
 * Appends the routes of source × destination to `routes`. With `subnet` no zone firewall is crossed, only the host
 * firewalls of the ends. A site without zones has one zone: everything.
 */
void routes_find(struct arena *arena, const struct site *site, enum family family, const struct ranges *source,
                 const struct ranges *destination, bool subnet, struct routes *routes);

#endif
