/*
 * Interfaces, addresses, neighbours and routes of one network namespace, asked for by rtnetlink(7) in batches:
 * thousands of requests in a handful of system calls, and no other program.
 *
 * Requests are queued; a full batch goes by itself. The first that the kernel refuses is what netlink_flush tells, and
 * nothing is sent after it.
 */
#ifndef PORTOLAN_SYSTEM_NETLINK_H
#define PORTOLAN_SYSTEM_NETLINK_H

#include "base/str.h"
#include "net/addr.h"

struct netlink;

#define NETLINK_LOOPBACK 1  /* the number of `lo` in every namespace */
#define NETLINK_NAME_MAX 15 /* bytes of an interface's name */

/* An interface's number and hardware address; the numbers of a namespace are its caller's to give, from 2. */
struct netlink_port {
    struct str name;
    int index;
    uint8_t hardware[6];
};

enum netlink_target {
    NETLINK_LOCAL,       /* this namespace itself */
    NETLINK_LINK,        /* by the interface, no gateway */
    NETLINK_GATEWAY,     /* by the interface, to `gateway`, which need not be known to be there */
    NETLINK_UNREACHABLE, /* nowhere */
};

struct netlink_route {
    enum family family;
    struct range prefix; /* a whole one */
    enum netlink_target target;
    int index;
    u128 gateway;
    uint32_t table; /* NETLINK_TABLE_… or any other number */
};

#define NETLINK_TABLE_MAIN 254u
#define NETLINK_TABLE_LOCAL 255u

/* A socket of the namespace in which the process is now, for good. 0 or -errno. */
int netlink_open(struct netlink **opened);
void netlink_close(struct netlink *netlink); /* takes NULL */

void netlink_up(struct netlink *netlink, int index);
void netlink_bridge(struct netlink *netlink, const struct netlink_port *bridge);
/* An interface that leads nowhere. */
void netlink_dummy(struct netlink *netlink, struct str name);
/* Two ends of a wire: one here in the bridge and up, the other in the namespace of that file, to be brought up there.
 */
void netlink_wire(struct netlink *netlink, const struct netlink_port *here, int bridge, int there_fd,
                  const struct netlink_port *there);
/* One address alone, no prefix; used at once, without asking whether another has it. */
void netlink_address(struct netlink *netlink, int index, enum family family, u128 address);
void netlink_neighbour(struct netlink *netlink, int index, enum family family, u128 address, const uint8_t hardware[6]);
void netlink_route(struct netlink *netlink, const struct netlink_route *route);
/* Packets from this address ask that table. */
void netlink_rule(struct netlink *netlink, enum family family, u128 source, uint32_t table);

/* Sends what is queued. 0, or -errno of the first request refused, with what it was about in *said (valid until the
 * next call). */
int netlink_flush(struct netlink *netlink, struct str *said);

/*
 * Waits until every interface that is in a bridge forwards: the kernel notices a moment after both of its ends are up,
 * and drops packets until then. 0, -ETIMEDOUT, or -errno. Nothing may be queued.
 */
int netlink_await_bridges(struct netlink *netlink, unsigned timeout_ms);

#endif
