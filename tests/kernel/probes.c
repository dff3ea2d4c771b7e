/*
 * See probes.h. The state of a packet is what Linux's conntrack calls it (net/netfilter/nf_conntrack_proto_*.c): a SYN
 * or a bare ACK opens, a SYN/ACK or RST without a connection is invalid; ICMP queries open, answers and errors about
 * nothing known are invalid; neighbour and listener discovery of IPv6 are not tracked. Each packet is of a connection
 * that nothing before it was of, so that its state does not hang on the others.
 *
 * Left out is what the kernel never brings to the hooks, or brings to others than asked for: sources that are its own
 * addresses, addresses that are not unicast.
 */
#include "probes.h"

#include "net/proto.h"

#define TRIES 40

uint64_t place_random(struct place *place, uint64_t below)
{
    place->random ^= place->random << 13;
    place->random ^= place->random >> 7;
    place->random ^= place->random << 17;
    return place->random % below;
}

/* Unicast of global scope, or private. */
static bool routed(enum family family, u128 address)
{
    if (family == FAMILY_V4)
        return address >> 24 != 0 && address >> 24 != 127 && address >> 16 != 0xa9fe && address < 0xe0000000;
    /* fe80::/10 stays on its link, ff00::/8 is multicast, ::/32 holds what only looks like IPv4. */
    return address >> 118 != 0x3fa && address >> 120 != 0xff && address >> 96 != 0;
}

/* An address of the set, mostly at its edges; with `outside` one just beside it. False where there is none. */
static bool pick_address(struct place *place, enum family family, const struct ranges *set, bool outside, u128 *address)
{
    for (unsigned i = 0; i < TRIES && set->n > 0; i++) {
        struct range range = set->v[place_random(place, set->n)];
        bool low = place_random(place, 2) == 0;
        u128 at = low ? range.lo : range.hi;

        if (outside) {
            if (low ? at == 0 : at == addr_max(family))
                continue;
            at = low ? at - 1 : at + 1;
        } else if (place_random(place, 4) == 0 && range.hi > range.lo) {
            at = range.lo + (((u128)place_random(place, UINT64_MAX) << 64 | place_random(place, UINT64_MAX)) %
                             (range.hi - range.lo));
        } else if (!routed(family, at) && range.hi - range.lo > 0xffffff) {
            at = (low ? range.lo : range.hi - 0xffffff) +
                 place_random(place, 0xffffff); /* `any` begins and ends oddly */
        }
        if (routed(family, at) && ranges_contain(set, at) == !outside) {
            *address = at;
            return true;
        }
    }
    return false;
}

static uint16_t pick_port(struct place *place, const struct ranges *ports, bool outside)
{
    for (unsigned i = 0; i < TRIES && ports != NULL && ports->n > 0; i++) {
        struct range range = ports->v[place_random(place, ports->n)];
        bool low = place_random(place, 2) == 0;
        u128 at = low ? range.lo : range.hi;

        if (outside)
            at = low ? at - 1 : at + 1;
        if (at >= 1 && at <= 65535 && ranges_contain(ports, at) == !outside)
            return (uint16_t)at;
    }
    return (uint16_t)(1 + place_random(place, 65535));
}

static struct str other_interface(struct place *place, struct str than)
{
    struct str name = place->interfaces[place_random(place, place->interface_n)];

    for (unsigned i = 0; i < TRIES && str_eq(name, than); i++)
        name = place->interfaces[place_random(place, place->interface_n)];
    return name;
}

static uint8_t pick_protocol(struct place *place, enum family family)
{
    static const uint8_t others[] = {PROTO_TCP, PROTO_TCP, PROTO_UDP, PROTO_UDP, PROTO_SCTP,
                                     PROTO_GRE, PROTO_ESP, 89,        103};
    uint64_t at = place_random(place, sizeof others + 2);

    return at < sizeof others ? others[at] : (uint8_t)proto_icmp(family);
}

static void tcp_state(struct place *place, struct packet *packet)
{
    static const struct {
        uint8_t flags;
        enum state state;
    } kinds[] = {
        {TCP_ACK, STATE_NEW}, {TCP_SYN | TCP_ACK, STATE_INVALID}, {TCP_RST, STATE_INVALID},
        {0, STATE_INVALID},   {TCP_SYN | TCP_FIN, STATE_INVALID},
    };
    uint64_t at = place_random(place, 40);

    packet->tcp_flags = at < 5 ? kinds[at].flags : TCP_SYN;
    packet->state = at < 5 ? kinds[at].state : STATE_NEW;
}

static void icmp_state(struct place *place, struct packet *packet)
{
    static const uint8_t v4[] = {8, 8, 8, 8, 0, 3, 11, 12, 13, 42};
    static const uint8_t v6[] = {128, 128, 128, 128, 129, 1, 2, 3, 4, 135, 136, 143, 200};

    packet->icmp_type =
        packet->family == FAMILY_V4 ? v4[place_random(place, sizeof v4)] : v6[place_random(place, sizeof v6)];
    if (packet->icmp_type == 3 && packet->family == FAMILY_V4)
        packet->icmp_code = (uint8_t)place_random(place, 16);
    if (packet->family == FAMILY_V4)
        packet->state = packet->icmp_type == 8 || packet->icmp_type == 13 ? STATE_NEW : STATE_INVALID;
    else
        packet->state = packet->icmp_type == 128                               ? STATE_NEW
                        : packet->icmp_type >= 130 && packet->icmp_type <= 137 ? STATE_UNTRACKED
                        : packet->icmp_type == 143                             ? STATE_UNTRACKED
                                                                               : STATE_INVALID;
}

/* Whether this connection, either way round, was not there yet; then it is now. */
static bool fresh(struct place *place, const struct engine_probe *probe)
{
    const struct packet *p = &probe->packet;
    bool ports = proto_has_ports(p->protocol);
    unsigned low = ports ? p->source_port : probe->icmp_id;
    unsigned high = ports ? p->port : 0;
    bool turned = p->source > p->destination;
    u128 a = turned ? p->destination : p->source;
    u128 b = turned ? p->source : p->destination;
    struct str key = str_printf(place->arena, "%u %u %llx%016llx %llx%016llx %u %u", p->family, p->protocol,
                                (unsigned long long)(a >> 64), (unsigned long long)a, (unsigned long long)(b >> 64),
                                (unsigned long long)b, turned && ports ? high : low, turned && ports ? low : high);

    return map_set(place->arena, &place->used, key, place) == NULL;
}

static void push(struct place *place, struct engine_probe *probe, struct probes *probes)
{
    struct packet *packet = &probe->packet;
    enum family family = packet->family;
    bool to_own = ranges_contain(place->own[family], packet->destination);
    bool from_own = ranges_contain(place->own[family], packet->source);

    if (packet->source == packet->destination || (to_own && from_own))
        return;
    probe->hook = to_own ? HOOK_INPUT : from_own ? HOOK_OUTPUT : HOOK_FORWARD;
    packet->has_in = packet->has_out = true;
    if (probe->hook == HOOK_OUTPUT)
        packet->in = STR_EMPTY;
    else if (packet->in.n == 0)
        packet->in = place->interfaces[place_random(place, place->interface_n)];
    if (probe->hook == HOOK_INPUT)
        packet->out = STR_EMPTY;
    else if (packet->out.n == 0)
        packet->out = place->interfaces[place_random(place, place->interface_n)];
    packet->state = STATE_NEW;
    if (packet->protocol == PROTO_TCP)
        tcp_state(place, packet);
    if (packet->protocol == PROTO_ICMP || packet->protocol == PROTO_ICMPV6) {
        icmp_state(place, packet);
        probe->icmp_id = ++place->next_icmp;
    }
    if (!proto_has_ports(packet->protocol))
        packet->source_port = packet->port = 0;
    if (fresh(place, probe))
        *vec_push(place->arena, probes) = *probe;
}

enum twist {
    TWIST_NONE,
    TWIST_SOURCE,
    TWIST_DESTINATION,
    TWIST_PORT,
    TWIST_PROTOCOL,
    TWIST_IN,
    TWIST_OUT,
    TWIST_TURN,
    TWIST_N
};

/* One packet of a permit, or one that differs from it in one thing. */
static void probe_permit(struct place *place, const struct permit *permit, enum twist twist, struct probes *probes)
{
    const struct flow *flow = permit->flow;
    struct engine_probe probe = {.packet = {.family = flow->family, .in = permit->in, .out = permit->out}};
    struct packet *packet = &probe.packet;

    if (!pick_address(place, flow->family, permit->source, twist == TWIST_SOURCE, &packet->source) ||
        !pick_address(place, flow->family, permit->destination, twist == TWIST_DESTINATION, &packet->destination))
        return;
    packet->protocol = flow->transport < 0 ? pick_protocol(place, flow->family) : (uint8_t)flow_protocol(flow);
    while (twist == TWIST_PROTOCOL && flow->transport >= 0 && packet->protocol == flow_protocol(flow))
        packet->protocol = pick_protocol(place, flow->family);
    packet->port = pick_port(place, flow->ports, twist == TWIST_PORT);
    packet->source_port = flow->source_ports != NULL ? pick_port(place, flow->source_ports, false) : ++place->next_port;
    if (packet->source_port == 0)
        packet->source_port = ++place->next_port;
    if (twist == TWIST_IN)
        packet->in = other_interface(place, permit->in);
    if (twist == TWIST_OUT)
        packet->out = other_interface(place, permit->out);
    if (twist == TWIST_TURN) {
        u128 source = packet->source;

        packet->source = packet->destination;
        packet->destination = source;
        packet->in = permit->out;
        packet->out = permit->in;
    }
    push(place, &probe, probes);
}

/* Any packet that belongs to a face. */
static void probe_face(struct place *place, const struct face *face, struct probes *probes)
{
    enum family family = (enum family)place_random(place, FAMILY_N);
    struct engine_probe probe = {.packet = {.family = family, .in = face->in, .out = face->out}};
    struct packet *packet = &probe.packet;

    if (!pick_address(place, family, face->source[family], false, &packet->source) ||
        !pick_address(place, family, face->destination[family], false, &packet->destination))
        return;
    packet->protocol = pick_protocol(place, family);
    packet->port = (uint16_t)(place_random(place, 2) == 0 ? 1 + place_random(place, 65535) : 53);
    packet->source_port = (uint16_t)(++place->next_port == 0 ? ++place->next_port : place->next_port);
    push(place, &probe, probes);
}

void probes_make(struct place *place, size_t n, struct probes *probes)
{
    const struct policy *policy = place->policy;

    for (size_t tries = 0; probes->n < n && tries < 4 * n; tries++) {
        if (policy->face_n > 0 && (policy->permit_n == 0 || place_random(place, 8) == 0))
            probe_face(place, &policy->faces[place_random(place, policy->face_n)], probes);
        else if (policy->permit_n > 0)
            probe_permit(place,
                         &policy->permits[tries < 2 * policy->permit_n ? tries % policy->permit_n
                                                                       : place_random(place, policy->permit_n)],
                         tries < policy->permit_n ? TWIST_NONE : (enum twist)place_random(place, TWIST_N), probes);
    }
}

/* Whether something answers it, in a way that can be made here: the host itself says RST to a SYN that it lets in. */
static bool answered(const struct engine_probe *probe)
{
    const struct packet *packet = &probe->packet;

    if (!probe->passed || packet->state != STATE_NEW)
        return false;
    switch (packet->protocol) {
    case PROTO_TCP: return packet->tcp_flags == TCP_SYN && probe->hook != HOOK_INPUT;
    case PROTO_SCTP: return probe->hook != HOOK_INPUT;
    case PROTO_ICMP: return packet->icmp_type == 8;
    case PROTO_ICMPV6: return packet->icmp_type == 128;
    default: return true;
    }
}

void probes_answers(struct place *place, const struct probes *passed, struct probes *answers)
{
    vec_each (const struct engine_probe *, probe, passed) {
        struct engine_probe answer = *probe;
        const struct packet *packet = &probe->packet;

        if (!answered(probe))
            continue;
        answer.packet.source = packet->destination;
        answer.packet.destination = packet->source;
        answer.packet.source_port = packet->port;
        answer.packet.port = packet->source_port;
        answer.packet.in = packet->out;
        answer.packet.out = packet->in;
        answer.packet.state = STATE_ESTABLISHED;
        answer.packet.tcp_flags = packet->protocol == PROTO_TCP ? TCP_SYN | TCP_ACK : 0;
        if (packet->icmp_type == 8 || packet->icmp_type == 128)
            answer.packet.icmp_type = packet->icmp_type == 8 ? 0 : 129;
        if (probe->hook != HOOK_FORWARD)
            answer.hook = probe->hook == HOOK_INPUT ? HOOK_OUTPUT : HOOK_INPUT;
        *vec_push(place->arena, answers) = answer;
    }
}
