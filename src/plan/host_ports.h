/*
 * What a host of a site has to answer: its ports as the flows to it ask for them. One entry a family, transport and
 * port, with the service that answers there and everybody who may ask.
 */
#ifndef PORTOLAN_PLAN_HOST_PORTS_H
#define PORTOLAN_PLAN_HOST_PORTS_H

#include "model/plan.h"

struct host_port {
    enum family family;
    unsigned transport; /* PROTO_TCP or PROTO_UDP */
    uint16_t port;
    bool passive;       /* a data port of FTP */
    struct str service; /* "tcp" or "udp" where no flow names a protocol */
    const struct ranges *sources;
    const struct flow *flow; /* the first that named the service, for messages; NULL: none did, a person */
    size_t order;            /* in which they were added */
};

struct host_ports {
    struct host_port *v;
    size_t n;
    size_t capacity;
};

/*
 * Adds what the flows ask for whose destination has an address of `host` (a set for each family; empty: none). Who has
 * the only address of the host is no source. Ports that are not known, `any` port, and transports that are neither TCP,
 * UDP nor ICMP (which is the kernel's) are warnings that name the flow. Forbidden flows are not answered.
 */
void plan_host_ports(struct arena *arena, const struct plan *plan, const struct ranges *const host[FAMILY_N],
                     struct host_ports *ports, struct diags *diags);

/*
 * Sorts by family, transport and port, and joins those that are the same: each once, its sources those of all. One that
 * names no protocol goes with one that does; two services at one port are an error that names both.
 */
void host_ports_join(struct arena *arena, struct host_ports *ports, struct diags *diags);

#endif
