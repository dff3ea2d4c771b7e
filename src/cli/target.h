/*
 * What `probe` and `listen` are pointed at: SERVICE://HOST[:PORTS] at the far end, SERVICE[:PORTS] on this machine.
 *
 *     target    = service [ "+" transport ] "://" host [ ":" ports ] [ "/" ]
 *     responder = service [ "+" transport ] [ ":" ports ]
 *     transport = "tcp" | "udp"
 *     host      = name | address | prefix | range | "[" ( address | prefix | range ) "]"
 *     ports     = port [ "-" port ] { "," port [ "-" port ] }
 *
 * An IPv6 address with a port stands in brackets, alone it needs none. A path is an error, for no probe asks for one.
 */
#ifndef PORTOLAN_CLI_TARGET_H
#define PORTOLAN_CLI_TARGET_H

#include "base/diag.h"
#include "net/addr.h"
#include "service/service.h"

enum target_host {
    TARGET_NO_HOST, /* of a responder */
    TARGET_ADDRESSES,
    TARGET_NAME,
    TARGET_HOST_N
};

struct target {
    struct span span;
    const struct service *service;
    unsigned protos[2]; /* PROTO_TCP, PROTO_UDP, PROTO_ICMP, in the order in which they are asked; no double */
    size_t proto_n;
    enum target_host kind;
    struct str host;             /* as written, without brackets */
    struct addr_range addresses; /* TARGET_ADDRESSES */
    const struct ranges *ports;  /* 1-65535; NULL: the usual one of the service, or it has none (ICMP) */
};

struct targets VEC(struct target);

/* Whether an operand is meant to be a target, and not a path. */
bool target_is(struct str text);
/*
 * Reads one. False with errors in diags, each at its place in `span`, the text's place. Without a port a service whose
 * port is not usual anywhere is an error, unless another service tells it (service->via).
 */
bool target_parse(struct arena *arena, struct str text, struct span span, struct diags *diags, struct target *target);
bool responder_parse(struct arena *arena, struct str text, struct span span, struct diags *diags,
                     struct target *responder);
/* One a line; blanks at both ends and what stands behind `#` are left out. All errors at once; false: there were some.
 */
bool targets_read(struct arena *arena, const struct source *source, struct diags *diags, struct targets *targets);

/* "dns+udp://10.0.0.1:53", "icmp://h", "ntp://[fd00::1]:123": the one address or name and port that is asked. */
struct str target_text(struct arena *arena, const struct service *service, unsigned proto, struct str host,
                       uint16_t port);

#endif
