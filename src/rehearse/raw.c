/* See raw.h. Headers of RFC 791, 8200, 9293, 768, 792 and 4443; checksums of RFC 1071. */
#include "rehearse/raw.h"

#include "net/proto.h"

#define DATA "portolan"
#define DATA_N (sizeof DATA - 1)

static void put(uint8_t *p, u128 value, size_t n)
{
    for (size_t i = n; i-- > 0; value >>= 8)
        p[i] = (uint8_t)value;
}

static u128 get(const uint8_t *p, size_t n)
{
    u128 value = 0;

    for (size_t i = 0; i < n; i++)
        value = value << 8 | p[i];
    return value;
}

static uint32_t sum_of(const uint8_t *p, size_t n)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    return sum;
}

static uint16_t folded(uint32_t sum)
{
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static size_t put_tcp(const struct packet *packet, uint8_t *upper)
{
    put(upper, packet->source_port, 2);
    put(upper + 2, packet->port, 2);
    put(upper + 4, 1000, 4);
    upper[12] = 5 << 4;
    upper[13] = packet->tcp_flags;
    put(upper + 14, 1024, 2);
    return 20;
}

static size_t put_udp(const struct packet *packet, uint8_t *upper)
{
    put(upper, packet->source_port, 2);
    put(upper + 2, packet->port, 2);
    put(upper + 4, 8 + DATA_N, 2);
    memcpy(upper + 8, DATA, DATA_N);
    return 8 + DATA_N;
}

static size_t put_icmp(const struct packet *packet, uint8_t *upper)
{
    upper[0] = packet->icmp_type;
    upper[1] = packet->icmp_code;
    put(upper + 4, 1, 2);
    put(upper + 6, 1, 2);
    memcpy(upper + 8, DATA, DATA_N);
    return 8 + DATA_N;
}

/* Where the checksum of the protocol stands; 0: it has none that we know. */
static size_t checksum_at(const struct packet *packet)
{
    if (packet->protocol == PROTO_TCP)
        return 16;
    if (packet->protocol == PROTO_UDP)
        return 6;
    return packet->protocol == proto_icmp(packet->family) ? 2 : 0;
}

static size_t put_upper(const struct packet *packet, uint8_t *upper)
{
    if (packet->protocol == PROTO_TCP)
        return put_tcp(packet, upper);
    if (packet->protocol == PROTO_UDP)
        return put_udp(packet, upper);
    if (packet->protocol == proto_icmp(packet->family))
        return put_icmp(packet, upper);
    memcpy(upper, DATA, DATA_N); /* of any other protocol nothing is asked but its number */
    return DATA_N;
}

/* What conntrack would look deeper into (a CRC of SCTP) is not made. */
static bool can_be_made(const struct packet *packet)
{
    bool known = packet->protocol == PROTO_TCP || packet->protocol == PROTO_UDP || !proto_has_ports(packet->protocol);

    return known && packet->state == STATE_NEW && packet->fragment == FRAGMENT_NONE && packet->mark == 0;
}

static void put_checksum(const struct packet *packet, const uint8_t *ends, size_t ends_n, uint8_t *upper, size_t n)
{
    size_t at = checksum_at(packet);
    bool pseudo = packet->protocol != PROTO_ICMP;
    uint16_t sum;

    if (at == 0)
        return;
    sum = folded(sum_of(upper, n) + (pseudo ? sum_of(ends, ends_n) + (uint32_t)n + packet->protocol : 0));
    put(upper + at, sum == 0 && packet->protocol == PROTO_UDP ? 0xffff : sum, 2);
}

size_t raw_build(const struct packet *packet, uint8_t bytes[RAW_MAX])
{
    bool v4 = packet->family == FAMILY_V4;
    size_t head = v4 ? 20 : 40;
    size_t width = v4 ? 4 : 16;
    uint8_t *ends = bytes + (v4 ? 12 : 8);
    size_t n;

    if (!can_be_made(packet))
        return 0;
    memset(bytes, 0, RAW_MAX);
    n = put_upper(packet, bytes + head);
    put(ends, packet->source, width);
    put(ends + width, packet->destination, width);
    put_checksum(packet, ends, 2 * width, bytes + head, n);
    bytes[0] = v4 ? 0x45 : 0x60;
    bytes[v4 ? 8 : 7] = 64; /* hops */
    bytes[v4 ? 9 : 6] = packet->protocol;
    put(bytes + (v4 ? 2 : 4), v4 ? head + n : n, 2);
    if (v4) {
        bytes[6] = 0x40; /* not to be cut */
        put(bytes + 10, folded(sum_of(bytes, head)), 2);
    }
    return head + n;
}

bool raw_read_upper(struct packet *packet, const uint8_t *bytes, size_t n)
{
    bool icmp = packet->protocol == proto_icmp(packet->family);

    packet->source_port = packet->port = 0;
    if ((icmp && n < 2) || (proto_has_ports(packet->protocol) && n < 4))
        return false;
    if (icmp) {
        packet->icmp_type = bytes[0];
        packet->icmp_code = bytes[1];
    } else if (proto_has_ports(packet->protocol)) {
        packet->source_port = (uint16_t)get(bytes, 2);
        packet->port = (uint16_t)get(bytes + 2, 2);
    }
    return true;
}

bool raw_read_v4(struct packet *packet, const uint8_t *bytes, size_t n)
{
    size_t head = n > 0 ? (size_t)(bytes[0] & 0xf) * 4 : 0;

    if (n < 20 || head < 20 || n < head)
        return false;
    packet->family = FAMILY_V4;
    packet->protocol = bytes[9];
    packet->source = get(bytes + 12, 4);
    packet->destination = get(bytes + 16, 4);
    return raw_read_upper(packet, bytes + head, n - head);
}
