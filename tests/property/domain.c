/* Chance, the values that it chooses among, and single packets of them; see oracle.h. */
#include "oracle.h"

#include "net/proto.h"

uint64_t random_state;
const uint8_t *chosen;
size_t chosen_n;

unsigned pick(unsigned n)
{
    if (chosen_n > 0) {
        chosen_n--;
        return *chosen++ % n;
    }
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state * 2685821657736338717u) >> 33) % n;
}

/* Domains: what rules may name, and for ports what lies before, between and behind those. */
const char *const interfaces[INTERFACES] = {"eth0", "eth1", "wlan0", "tun7"};
const unsigned char protocols[PROTOCOLS] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_GRE, 99};
const unsigned named_ports[NAMED_PORTS] = {80, 443};
const unsigned ports[PORTS] = {1, 80, 100, 443, 1000};
const unsigned flags[FLAGS] = {TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK};
static const unsigned messages[MESSAGES] = {0, 8 << 8, 3 << 8 | 4, 13 << 8};
enum family family;
bool tracing;
bool choosing;
bool networks;
bool rewriting;

u128 address(unsigned i)
{
    return family == FAMILY_V4 ? 0x0a000000 + i : ((u128)0xfd00 << 112) + i;
}

u128 icmp_value(unsigned i)
{
    static const unsigned v6[] = {129 << 8, 128 << 8, 2 << 8, 139 << 8};

    return family == FAMILY_V4 ? messages[i] : v6[i];
}

unsigned protocol_value(unsigned i)
{
    return protocols[i] == PROTO_ICMP ? proto_icmp(family) : protocols[i];
}

u128 value_of(enum field field, unsigned i)
{
    switch (field) {
    case FIELD_SOURCE:
    case FIELD_DESTINATION: return address(i);
    case FIELD_PROTOCOL: return protocol_value(i);
    case FIELD_SOURCE_PORT: return named_ports[0];
    case FIELD_PORT: return named_ports[i];
    case FIELD_ICMP: return icmp_value(i);
    case FIELD_TCP_FLAGS: return flags[i];
    case FIELD_STATE:
    case FIELD_FRAGMENT:
    case FIELD_MARK: return i;
    case FIELD_IN:
    case FIELD_OUT:
    case FIELD_N: break;
    }
    return 0;
}

static unsigned values_of(enum field field)
{
    switch (field) {
    case FIELD_SOURCE:
    case FIELD_DESTINATION: return ADDRESSES;
    case FIELD_PROTOCOL: return COUNT(protocols) - 1; /* 99 is named by none */
    case FIELD_PORT: return COUNT(named_ports);
    case FIELD_ICMP: return COUNT(messages);
    case FIELD_TCP_FLAGS: return COUNT(flags);
    case FIELD_STATE: return STATE_N;
    case FIELD_FRAGMENT: return FRAGMENT_N;
    case FIELD_MARK: return MARKS;
    case FIELD_SOURCE_PORT:
    case FIELD_IN:
    case FIELD_OUT:
    case FIELD_N: break;
    }
    return 1;
}

const struct ranges *random_ranges(struct arena *arena, enum field field)
{
    struct range v[3];
    size_t n = 1 + pick(3);
    const struct ranges *made;

    for (size_t i = 0; i < n; i++) {
        u128 a = value_of(field, pick(values_of(field)));
        u128 b = field == FIELD_ICMP || field == FIELD_PROTOCOL || pick(2) == 0
                     ? a
                     : value_of(field, pick(values_of(field)));

        v[i] = (struct range){a < b ? a : b, a < b ? b : a};
    }
    made = ranges_of(arena, v, n);
    return pick(4) == 0 ? ranges_complement(arena, made, field_max(field, family)) : made;
}

size_t names_for(struct str bound, struct str *names)
{
    if (bound.n > 0) {
        names[0] = bound;
        return 1;
    }
    for (size_t i = 0; i < COUNT(interfaces); i++)
        names[i] = str_of(interfaces[i]);
    names[COUNT(interfaces)] = STR("ethernet9");
    return COUNT(interfaces) + 1;
}

struct packet random_packet(const struct face *face)
{
    static const enum state opening[] = {STATE_NEW, STATE_INVALID, STATE_UNTRACKED};
    struct str names[8];
    struct packet packet = {.family = family, .has_in = true, .has_out = true};
    u128 message = icmp_value(pick(4));

    packet.in = face->in.n > 0 ? face->in : (names_for(STR_EMPTY, names), names[pick(5)]);
    packet.out = face->out.n > 0 ? face->out : (names_for(STR_EMPTY, names), names[pick(5)]);
    packet.source = address(pick(ADDRESSES));
    packet.destination = address(pick(ADDRESSES));
    packet.protocol = (uint8_t)protocol_value(pick(COUNT(protocols)));
    packet.state = opening[pick(3)];
    packet.fragment = (enum fragment)pick(FRAGMENT_N);
    if (proto_has_ports(packet.protocol)) {
        packet.source_port = (uint16_t)ports[pick(COUNT(ports))];
        packet.port = (uint16_t)ports[pick(COUNT(ports))];
    }
    if (packet.protocol == PROTO_TCP)
        packet.tcp_flags = (uint8_t)flags[pick(3)];
    if (packet.protocol == proto_icmp(family)) {
        packet.icmp_type = (uint8_t)(message >> 8);
        packet.icmp_code = (uint8_t)(message & 255);
    }
    return packet;
}
