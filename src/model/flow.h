/* Flows: requirements made concrete by a site. Plain data, immutable once planned. */
#ifndef PORTOLAN_MODEL_FLOW_H
#define PORTOLAN_MODEL_FLOW_H

#include "model/catalog.h"

/* Addresses of one family, both as they were written and as an exact set. */
struct ends {
    const struct ranges *ranges; /* never NULL; `any` is every address of the family */
    bool any;                    /* written `any` */
    struct range *items;         /* as written: one address, prefix or range each; sorted, without doubles */
    size_t item_n;
};

enum flow_status { FLOW_RESOLVED, FLOW_UNRESOLVED };

struct flow {
    struct str id; /* INSTANCE/REQUIREMENT/TRANSPORT, with /v6 for IPv6; extra/ID/TRANSPORT */
    struct str instance;
    struct str requirement;
    struct str product; /* empty for extra flows */
    enum family family;
    struct ends source;
    struct ends destination; /* no members: a domain that is not resolved */
    struct str *domains;     /* that the destination stands for; n 0: none */
    size_t domain_n;
    int transport;                     /* IP protocol, TRANSPORT_ANY or TRANSPORT_UNSTATED */
    const struct ranges *ports;        /* NULL: any, or the transport has none */
    bool ports_known;                  /* false: dynamic or unstated */
    const struct ranges *source_ports; /* NULL: 1-65535 */
    enum flow_status status;
    struct str reason; /* why it is unresolved; may be empty */
    enum need need;
    bool subnet;   /* never leaves the subnet: crosses no zone firewall */
    bool no_reply; /* nothing answers */
    struct str any_of;
    struct str service;
    struct str purpose;
    struct str *origins;
    size_t origin_n;
    struct str *discover;
    size_t discover_n;
    struct span span; /* of the requirement or the extra entry */
};

const char *flow_status_name(enum flow_status status);
/* "tcp", "udp", "icmp" (both families), "any", "unstated", or a protocol's name or number. */
void transport_format(struct buf *out, int transport);
/* The inverse; false when it is none. ICMPv6 is PROTO_ICMP here: a flow's family says which. */
bool transport_parse(struct str text, int *transport);
/* IP protocol that a packet of the flow carries: 58 for ICMP over IPv6. The flow's transport is not ANY or UNSTATED. */
uint8_t flow_protocol(const struct flow *flow);

#endif
