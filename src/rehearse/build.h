/* What the files of the stage share: places, what connects them, and how far they are built. */
#ifndef PORTOLAN_REHEARSE_BUILD_H
#define PORTOLAN_REHEARSE_BUILD_H

#include "rehearse/stage.h"
#include "rehearse/ways.h"
#include "system/netlink.h"

/* An interface of a place. */
struct port {
    struct place *place;
    const struct zone *zone; /* of its segment */
    size_t segment;
    unsigned number; /* over all of the stage, from 1: hardware address and gateway are made of it */
    struct netlink_port link;
};

/* A network namespace: the hosts of a zone, a host with a firewall, or a firewall. */
struct place {
    struct namespace net;
    const struct firewall *firewall; /* NULL: the hosts of `zone` */
    const struct zone *zone;         /* NULL: of a firewall; or the site has no zones */
    bool routes;                     /* a firewall between zones */
    bool loaded;
    struct VEC(struct port *) ports;
};

struct stage {
    struct arena *arena;
    const struct site *site;
    const struct cast *cast;
    struct ways *ways;
    unsigned families;       /* FAMILY_BIT of each that this machine has */
    struct namespace home;   /* of the process */
    struct namespace wires;  /* of the bridges */
    size_t crowd_n;          /* zones, or 1 without */
    size_t *segments;        /* by zone */
    struct place *crowds;    /* the hosts of each zone */
    struct place *firewalls; /* by firewall of the site; net.net -1: it has no place */
    struct VEC(struct port *) ports;
};

/* places.c: which places there are, and their ports. */
void build_places(struct stage *stage, struct diags *diags);
/* wiring.c: namespaces, interfaces, addresses, neighbours and routes. 0 or -errno with an error in diags. */
int build_network(struct stage *stage, struct diags *diags);
/* Where routes of one table go, as seen from one node. */
struct view {
    struct stage *stage;
    struct netlink *netlink;
    const struct place *place;
    const struct zone *zone; /* where it stands; NULL: a firewall between zones, or no zones */
    const struct port *port; /* by which packets leave; of a firewall its step says */
    uint32_t table;
};
/* routes.c: all routes of a table, queued. */
void build_routes(const struct view *view);
/* load.c: one firewall's ruleset. False with errors in diags. */
bool build_nothing(const struct place *place, struct diags *diags); /* takes a ruleset away */
bool build_ruleset(const struct place *place, const struct stage_ruleset *ruleset, struct diags *diags);

/* The address of a port for those who send through it. */
u128 port_gateway(const struct port *port, enum family family);
/* The port of a place on the segment of a zone; NULL: it has none. */
const struct port *place_port(const struct place *place, const struct zone *zone);

bool stage_has(const struct stage *stage, enum family family); /* whether this machine does */
/* Where an actor is. */
struct place *stage_place(struct stage *stage, const struct actor *actor);

#endif
