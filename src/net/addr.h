/* IP addresses of both families as numbers in host byte order, prefixes and ranges of them. */
#ifndef PORTOLAN_NET_ADDR_H
#define PORTOLAN_NET_ADDR_H

#include "base/buf.h"
#include "net/ranges.h"

enum family { FAMILY_V4, FAMILY_V6, FAMILY_N };

#define FAMILY_BIT(family) (1u << (family))
#define FAMILY_BOTH (FAMILY_BIT(FAMILY_V4) | FAMILY_BIT(FAMILY_V6))

/* Addresses lo..hi of one family: one address, a prefix, or a range. */
struct addr_range {
    enum family family;
    struct range range;
};

enum addr_error {
    ADDR_OK,
    ADDR_NOT_ADDRESS, /* not an address at all (perhaps a name) */
    ADDR_BAD_LENGTH,  /* prefix length that the family does not have */
    ADDR_HOST_BITS,   /* 10.0.0.1/8: bits behind the prefix are set; the range is that of the prefix all the same */
    ADDR_BACKWARDS,   /* a range whose end is before its start */
    ADDR_MIXED,       /* a range from one family to the other */
    ADDR_BAD_MASK,    /* dotted mask with holes */
    ADDR_ERROR_N
};

const char *addr_error_text(enum addr_error error); /* what is wrong, for a message */

u128 addr_max(enum family family); /* the last address: all ones */
unsigned addr_bits(enum family family);

/* "10.0.0.1", "fd00::1"; no zone index. */
bool addr_parse(struct str text, enum family *family, u128 *addr);
/* An address, a prefix (length, or for IPv4 a dotted mask), or a range a-b. */
enum addr_error addr_range_parse(struct str text, struct addr_range *range);
struct range addr_prefix(enum family family, u128 addr, unsigned length); /* host bits are cut off */
/* The prefix length when the range is a whole prefix, else -1. */
int addr_prefix_length(enum family family, struct range range);

void addr_format(struct buf *out, enum family family, u128 addr); /* RFC 5952 for IPv6 */
struct str addr_text(struct arena *arena, enum family family, u128 addr);
void addr_range_format(struct buf *out, enum family family, struct range range); /* a, a/len or a-b */

/* How many prefixes cover the range exactly, and each of them in order: call with `at` at range.lo, then after each. */
struct range addr_next_prefix(enum family family, struct range rest);

/* Addresses that a packet may have as its unicast source or destination beyond the host itself:
 * without multicast, limited broadcast, loopback and the unspecified address (RFC 6890). */
const struct ranges *addr_unicast(enum family family);
const struct ranges *addr_all(enum family family);

#endif
