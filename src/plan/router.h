/* Routes with what is computed once for a site kept: paths between nodes, and the one host firewall of interest. */
#ifndef PORTOLAN_PLAN_ROUTER_H
#define PORTOLAN_PLAN_ROUTER_H

#include "base/vec.h"
#include "plan/route.h"

/* A part of one end that takes one way. */
struct piece {
    const struct ranges *ranges;
    const struct zone *zone;       /* NULL: in none */
    const struct firewall *at;     /* a firewall between zones whose own addresses these are */
    const struct firewall **hosts; /* firewalls of the hosts */
    size_t host_n;
};

struct pieces VEC(struct piece);

extern const struct range piece_link_local;

/* A firewall on a shortest path, from one of its zones to another. */
struct crossing {
    const struct firewall *firewall;
    size_t from; /* zones by number */
    size_t to;
    struct str in;
    struct str out;
    bool shown;
};

struct path VEC(struct crossing *);

struct path_list {
    struct path *v;
    size_t n;
    size_t capacity;
    bool reachable;
};

struct router {
    struct arena *arena;
    const struct site *site;
    const struct firewall *only;    /* the only host firewall whose hops are asked for; NULL: all of them */
    const struct firewall *on_link; /* the host firewall that link-local ends are on whatever their addresses */
    uint32_t **distances;           /* by node: zones, then firewalls */
    struct path_list ***paths;      /* [from][to] */
};

void router_find(struct router *router, enum family family, const struct ranges *source,
                 const struct ranges *destination, bool subnet, struct routes *routes);
/* Zones and firewalls as nodes by number: zones first. */
size_t zone_node(const struct site *site, const struct zone *zone);
size_t firewall_node(const struct site *site, const struct firewall *firewall);
#define ROUTER_FAR UINT32_MAX
/* Steps from a node to each other one; ROUTER_FAR where there is no way. Kept in the router. */
uint32_t *router_distances(struct router *router, size_t from);
/* Whether packets of a zone come to the firewall by its interface of that number. */
bool router_behind(struct router *router, const struct firewall *firewall, const struct zone *zone, size_t interface);
/* It stands between zones, not on a host. */
bool firewall_between(const struct firewall *firewall);
/* One end in its pieces, which do not overlap. Addresses of no zone are left out where `any` is written. */
struct pieces pieces_make(struct router *router, enum family family, const struct ranges *set, bool subnet);
struct str host_interface(const struct firewall *firewall, const struct zone *peer, const struct zone *home);
struct str host_entrance(const struct firewall *firewall, const struct zone *peer, const struct zone *home);
bool host_is_in(const struct firewall *firewall, const struct zone *zone); /* by an address of either family */

#endif
