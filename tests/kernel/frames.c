/*
 * Headers of IP, TCP, UDP, SCTP and ICMP; see frames.h. RFC 791, 8200, 9293, 768, 3828, 4340, 9260 (and its
 * CRC32c), 792, 4443.
 * What Linux's conntrack looks at decides what stands here: it drops wrong checksums into the state invalid, wants an
 * INIT chunk to begin an SCTP association and the verification tag of that INIT in the answer.
 */
#include "frames.h"

#include "net/proto.h"

#define TRAILER 8
#define SYN_SEQUENCE 1000u
#define INIT_TAG 0x01020304u
#define PROTO_FRAGMENT 44 /* the fragment header of IPv6 */

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static uint32_t sum(uint32_t from, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        from += (uint32_t)bytes[i] << (i % 2 == 0 ? 8 : 0);
    return from;
}

static unsigned fold(uint32_t total)
{
    while (total >> 16 != 0)
        total = (total & 0xffff) + (total >> 16);
    return ~total & 0xffff;
}

static uint32_t crc32c(const uint8_t *bytes, size_t n)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
    }
    return ~crc;
}

void frame_address(enum family family, u128 address, uint8_t *out)
{
    size_t n = family == FAMILY_V4 ? 4 : 16;

    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(address >> 8 * (n - 1 - i));
}

static size_t tcp(const struct packet *packet, uint8_t *at)
{
    bool answer = packet->tcp_flags == (TCP_SYN | TCP_ACK);

    put16(at, packet->source_port);
    put16(at + 2, packet->port);
    put32(at + 4, answer ? SYN_SEQUENCE * 5 : SYN_SEQUENCE);
    put32(at + 8, (packet->tcp_flags & TCP_ACK) != 0 ? SYN_SEQUENCE + 1 : 0);
    at[12] = 5 << 4;
    at[13] = packet->tcp_flags;
    put16(at + 14, 8192);
    return 20;
}

static size_t sctp(const struct packet *packet, uint8_t *at)
{
    bool answer = packet->state == STATE_ESTABLISHED;

    put16(at, packet->source_port);
    put16(at + 2, packet->port);
    put32(at + 4, answer ? INIT_TAG : 0);
    at[12] = answer ? 2 : 1; /* INIT ACK, INIT */
    put16(at + 14, 20 + TRAILER);
    put32(at + 16, INIT_TAG + answer);
    put32(at + 20, 65536);
    put16(at + 24, 1);
    put16(at + 26, 1);
    put32(at + 28, 1);
    return 32;
}

/* A DCCP-Request with a long sequence number. */
static size_t dccp(const struct packet *packet, uint8_t *at)
{
    put16(at, packet->source_port);
    put16(at + 2, packet->port);
    at[4] = 5;
    at[8] = 1;
    at[15] = 1;
    put32(at + 16, 42);
    return 20;
}

/* What stands between the IP header and the id. */
static size_t upper(const struct packet *packet, uint16_t icmp_id, uint8_t *at)
{
    switch (packet->protocol) {
    case PROTO_TCP: return tcp(packet, at);
    case PROTO_SCTP: return sctp(packet, at);
    case PROTO_DCCP: return dccp(packet, at);
    case PROTO_UDP:
    case PROTO_UDPLITE: /* has the bytes that its checksum covers where UDP has its length */
        put16(at, packet->source_port);
        put16(at + 2, packet->port);
        put16(at + 4, 8 + TRAILER);
        return 8;
    case PROTO_ICMP:
    case PROTO_ICMPV6:
        at[0] = packet->icmp_type;
        at[1] = packet->icmp_code;
        put16(at + 4, icmp_id);
        put16(at + 6, 1);
        return 8;
    default: return 8; /* zeroes: plain GRE, an ESP of SPI 0, … */
    }
}

static void checksum(const struct packet *packet, const uint8_t *ends, size_t ends_n, uint8_t *at, size_t n)
{
    uint32_t pseudo = sum(0, ends, ends_n) + packet->protocol + (uint32_t)n;
    unsigned value;

    switch (packet->protocol) {
    case PROTO_TCP: put16(at + 16, fold(sum(pseudo, at, n))); break;
    case PROTO_DCCP: put16(at + 6, fold(sum(pseudo, at, n))); break;
    case PROTO_UDP:
    case PROTO_UDPLITE:
        value = fold(sum(pseudo, at, n));
        put16(at + 6, value == 0 ? 0xffff : value);
        break;
    case PROTO_ICMP: put16(at + 2, fold(sum(0, at, n))); break;
    case PROTO_ICMPV6: put16(at + 2, fold(sum(pseudo, at, n))); break;
    case PROTO_SCTP: {
        uint32_t crc = crc32c(at, n);

        for (size_t i = 0; i < 4; i++)
            at[8 + i] = (uint8_t)(crc >> 8 * i);
        break;
    }
    default: break;
    }
}

/* Fragments stand far from the beginning: xt_tcpudp.c drops those that overlap a header. */
#define LATER_OFFSET 20u /* in 8 bytes */

static size_t frame_v4(const struct packet *packet, uint8_t *out, size_t n)
{
    out[0] = 0x45;
    put16(out + 2, (unsigned)(20 + n));
    put16(out + 4, 1);
    put16(out + 6, packet->fragment == FRAGMENT_FIRST ? 0x2000 : packet->fragment == FRAGMENT_LATER ? LATER_OFFSET : 0);
    out[8] = 64;
    out[9] = packet->protocol;
    frame_address(FAMILY_V4, packet->source, out + 12);
    frame_address(FAMILY_V4, packet->destination, out + 16);
    put16(out + 10, fold(sum(0, out, 20)));
    checksum(packet, out + 12, 8, out + 20, n);
    return 20 + n;
}

static size_t frame_v6(const struct packet *packet, uint8_t *out, size_t n)
{
    uint8_t *upper_at = out + 40;
    uint8_t ends[32];

    frame_address(FAMILY_V6, packet->source, ends);
    frame_address(FAMILY_V6, packet->destination, ends + 16);
    checksum(packet, ends, 32, upper_at, n);
    if (packet->fragment != FRAGMENT_NONE) {
        memmove(upper_at + 8, upper_at, n);
        memset(upper_at, 0, 8);
        upper_at[0] = packet->protocol;
        put16(upper_at + 2, packet->fragment == FRAGMENT_FIRST ? 1 : LATER_OFFSET << 3);
        put32(upper_at + 4, 1);
        n += 8;
    }
    out[0] = 0x60;
    put16(out + 4, (unsigned)n);
    out[6] = packet->fragment == FRAGMENT_NONE ? packet->protocol : PROTO_FRAGMENT;
    /* Neighbour discovery counts only when it has crossed no router: RFC 4861, 7.1. */
    out[7] = packet->protocol == PROTO_ICMPV6 && packet->icmp_type >= 133 && packet->icmp_type <= 137 ? 255 : 64;
    memcpy(out + 8, ends, 32);
    return 40 + n;
}

static size_t finish(const struct packet *packet, uint32_t id, uint8_t *out, size_t header, size_t n)
{
    memcpy(out + header + n, "PTLN", 4);
    put32(out + header + n + 4, id);
    n += TRAILER;
    return packet->family == FAMILY_V4 ? frame_v4(packet, out, n) : frame_v6(packet, out, n);
}

size_t frame_make(const struct packet *packet, uint32_t id, uint16_t icmp_id, uint8_t out[FRAME_MAX])
{
    size_t header = packet->family == FAMILY_V4 ? 20 : 40;

    memset(out, 0, FRAME_MAX);
    return finish(packet, id, out, header, upper(packet, icmp_id, out + header));
}

size_t frame_make_error(const struct packet *packet, const struct packet *about, uint32_t id, uint16_t icmp_id,
                        uint8_t out[FRAME_MAX])
{
    size_t header = packet->family == FAMILY_V4 ? 20 : 40;
    uint8_t quoted[FRAME_MAX];
    size_t n = frame_make(about, id, icmp_id, quoted) - TRAILER;

    memset(out, 0, FRAME_MAX);
    out[header] = packet->icmp_type;
    out[header + 1] = packet->icmp_code;
    memcpy(out + header + 8, quoted, n);
    return finish(packet, id, out, header, 8 + n);
}

static u128 read_address(const uint8_t *at, size_t n)
{
    u128 address = 0;

    for (size_t i = 0; i < n; i++)
        address = address << 8 | at[i];
    return address;
}

/* The id that bytes end with. */
static bool read_id(const uint8_t *bytes, size_t n, uint32_t *id)
{
    const uint8_t *at = bytes + n - TRAILER;

    if (n < TRAILER || memcmp(at, "PTLN", 4) != 0)
        return false;
    *id = (uint32_t)read_address(at + 4, 4);
    return true;
}

static void read_upper(const uint8_t *at, size_t n, struct packet *packet)
{
    if (n < 4)
        return;
    if (proto_has_ports(packet->protocol)) {
        packet->source_port = (uint16_t)(at[0] << 8 | at[1]);
        packet->port = (uint16_t)(at[2] << 8 | at[3]);
    } else if (packet->protocol == proto_icmp(packet->family)) {
        packet->icmp_type = at[0];
        packet->icmp_code = at[1];
    }
}

bool frame_read_upper(const uint8_t *bytes, size_t n, uint8_t protocol, const uint8_t source[16],
                      const uint8_t destination[16], uint32_t *id, struct packet *packet)
{
    *packet = (struct packet){.family = FAMILY_V6,
                              .protocol = protocol,
                              .source = read_address(source, 16),
                              .destination = read_address(destination, 16)};
    read_upper(bytes, n, packet);
    return read_id(bytes, n, id);
}

bool frame_read(const uint8_t *bytes, size_t n, uint32_t *id, struct packet *packet)
{
    bool later;
    bool ours;

    if (n >= 48 && bytes[0] >> 4 == 6) {
        size_t header = bytes[6] == PROTO_FRAGMENT ? 48 : 40;

        later = header == 48 && (bytes[42] << 8 | (bytes[43] & 0xf8)) != 0;
        ours = frame_read_upper(bytes + header, n - header, bytes[header == 48 ? 40 : 6], bytes + 8, bytes + 24, id,
                                packet);
    } else {
        if (n < 20 || bytes[0] != 0x45)
            return false;
        later = ((bytes[6] & 0x1f) | bytes[7]) != 0;
        *packet = (struct packet){.family = FAMILY_V4,
                                  .protocol = bytes[9],
                                  .source = read_address(bytes + 12, 4),
                                  .destination = read_address(bytes + 16, 4)};
        read_upper(bytes + 20, n - 20, packet);
        ours = read_id(bytes, n, id);
    }
    if (later)
        packet->source_port = packet->port = packet->icmp_type = packet->icmp_code = 0;
    return ours;
}
