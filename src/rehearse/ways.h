/*
 * Next hops: the shortest paths of plan/route.h as routing tables. From every zone and firewall to every other there is
 * one next step, so that packets there and back cross the same firewalls.
 */
#ifndef PORTOLAN_REHEARSE_WAYS_H
#define PORTOLAN_REHEARSE_WAYS_H

#include "plan/router.h"

/* How packets leave a node: of a zone by which firewall, which interface of it is in that zone; of a firewall by which
 * interface. */
struct way_step {
    const struct firewall *firewall; /* NULL: no way, or already there */
    const struct zone_interface *interface;
};

struct ways {
    struct router router;
    const struct route *prefer;
    size_t node_n;
    struct way_step **steps; /* [to][from]; rows are made when they are asked for */
};

/*
 * Of several paths as short as each other one is taken. Where `prefer` (NULL: none in particular) is among them, that
 * is the one: all alternatives of a site are seen one after the other. Both must outlive the ways.
 */
struct ways *ways_make(struct arena *arena, const struct site *site, const struct route *prefer);
struct way_step ways_step(struct ways *ways, size_t from, size_t to);
/* Whether packets from node to node cross the firewalls of the route, by its interfaces and in its order. */
bool ways_follow(struct ways *ways, size_t from, size_t to, const struct route *route);

#endif
