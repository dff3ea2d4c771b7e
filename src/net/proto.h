/* IP protocols and what stands above them: names (IANA's registry, as Debian's /etc/protocols), ports, ICMP types. */
#ifndef PORTOLAN_NET_PROTO_H
#define PORTOLAN_NET_PROTO_H

#include "base/buf.h"
#include "net/addr.h"

enum {
    PROTO_ICMP = 1,
    PROTO_TCP = 6,
    PROTO_UDP = 17,
    PROTO_DCCP = 33,
    PROTO_GRE = 47,
    PROTO_ESP = 50,
    PROTO_AH = 51,
    PROTO_ICMPV6 = 58,
    PROTO_SCTP = 132,
    PROTO_UDPLITE = 136,
};

/* A name or a number 0-255; -1 when it is neither. */
int proto_parse(struct str text);
void proto_format(struct buf *out, unsigned proto); /* the name where there is one, else the number */
bool proto_has_ports(unsigned proto);
const struct ranges *proto_with_ports(struct arena *arena); /* all of them */
/* ICMP of the family: 1 or 58. */
unsigned proto_icmp(enum family family);

/* "80" or "6910-6930", 1..65535 (0 too with zero_allowed). False when it is not that. */
bool port_range_parse(struct str text, bool zero_allowed, struct range *ports);

/*
 * ICMP messages by the names that iptables and nft use, and by numbers: TYPE, TYPE/CODE, TYPE/CODE:CODE. A type alone
 * stands for all its codes.
 * A message is kept as one number, type << 8 | code, so that a type is the range of its codes.
 */
bool icmp_parse(struct str name, enum family family, struct range *messages);
/* The name of a type (any code) as nft prints it; NULL where it has none. */
const char *icmp_type_name(enum family family, unsigned type);

static inline u128 icmp_message(unsigned type, unsigned code)
{
    return (u128)(type << 8 | code);
}

#endif
