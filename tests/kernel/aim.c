/*
 * See aim.h. States are what Linux's conntrack calls them (nf_conntrack_proto_*.c of Linux 6.1 and later; probes.c has
 * the same for fewer packets): whatever opens no connection and belongs to none is invalid.
 *
 * Left out is what the kernel never brings to the hooks, or brings to others than asked for: addresses that are not
 * unicast, sources that are its own on a packet that comes in, extension headers of IPv6 as protocols.
 */
#include "aim.h"

#include "net/proto.h"

#define TRIES 8

static unsigned below(struct aim *aim, unsigned n)
{
    return draw_below(aim->draw, n);
}

static bool once_in(struct aim *aim, unsigned n)
{
    return draw_once_in(aim->draw, n);
}

u128 aim_own(enum family family, size_t interface)
{
    if (interface < WORLD_INTERFACES)
        return world_address(family, NET_OWN, (unsigned)interface + 1);
    return world_address(family, interface == WORLD_INTERFACES ? NET_SOURCES : NET_DESTINATIONS, 7);
}

bool aim_is_own(enum family family, u128 address)
{
    for (size_t i = 0; i < WORLD_INTERFACES + 2; i++) {
        if (aim_own(family, i) == address)
            return true;
    }
    return false;
}

static bool routed(enum family family, u128 address)
{
    if (family == FAMILY_V4)
        return address >> 24 != 0 && address >> 24 != 127 && address >> 16 != 0xa9fe && address < 0xe0000000;
    return address >> 118 != 0x3fa && address >> 120 != 0xff && address >> 96 != 0;
}

/* --- aiming at a rule --------------------------------------------------------------------------------------------- */

/* A value at or near an edge of the set. */
static u128 edge(struct aim *aim, const struct ranges *set, bool outside)
{
    struct range range = set->v[below(aim, (unsigned)set->n)];

    if (outside)
        return once_in(aim, 2) ? range.lo - 1 : range.hi + 1;
    if (range.hi > range.lo && once_in(aim, 4))
        return range.lo + below(aim, range.hi - range.lo > 65535 ? 65535 : (unsigned)(range.hi - range.lo));
    return once_in(aim, 2) ? range.lo : range.hi;
}

static void set_field(struct aim *aim, struct packet *packet, enum field field, u128 value)
{
    switch (field) {
    case FIELD_SOURCE:
        if (value <= addr_max(packet->family))
            packet->source = value;
        break;
    case FIELD_DESTINATION:
        if (value <= addr_max(packet->family))
            packet->destination = value;
        break;
    case FIELD_PROTOCOL: packet->protocol = (uint8_t)value; break;
    case FIELD_SOURCE_PORT: packet->source_port = (uint16_t)value; break;
    case FIELD_PORT: packet->port = (uint16_t)value; break;
    case FIELD_ICMP:
        packet->icmp_type = (uint8_t)(value >> 8);
        packet->icmp_code = (uint8_t)value;
        break;
    case FIELD_TCP_FLAGS: packet->tcp_flags = (uint8_t)value; break;
    case FIELD_FRAGMENT:
        if (!aim->tracks && value < FRAGMENT_N)
            packet->fragment = (enum fragment)value;
        break;
    case FIELD_MARK: packet->mark = (uint32_t)value; break;
    case FIELD_IN:
    case FIELD_OUT:
    case FIELD_STATE: /* comes of what the packet is */
    case FIELD_N: break;
    }
}

static void aim_interface(struct aim *aim, struct packet *packet, const struct match *match)
{
    const struct interface_pattern *pattern =
        match->interface_n == 0 ? NULL : &match->interfaces[below(aim, (unsigned)match->interface_n)];

    for (unsigned i = 0; i < TRIES && pattern != NULL; i++) {
        struct str name = str_of(draw_of(aim->draw, world_interfaces));

        if (!str_eq(pattern->prefix ? str_head(name, pattern->name.n) : name, pattern->name))
            continue;
        if (match->field == FIELD_IN)
            packet->in = name;
        else
            packet->out = name;
    }
}

static void aim_match(struct aim *aim, struct packet *packet, const struct match *match, bool outside)
{
    const struct match_group *group;

    switch (match->kind) {
    case MATCH_RANGES:
        if (match->ranges->n > 0)
            set_field(aim, packet, match->field, edge(aim, match->ranges, outside));
        break;
    case MATCH_INTERFACES: aim_interface(aim, packet, match); break;
    case MATCH_ANY_OF:
    case MATCH_NONE_OF:
        if (match->group_n == 0)
            break;
        group = &match->groups[below(aim, (unsigned)match->group_n)];
        for (size_t i = 0; i < group->n; i++)
            aim_match(aim, packet, &group->v[i], outside && once_in(aim, 2));
        break;
    case MATCH_TRANSLATED:
    case MATCH_UNKNOWN:
    case MATCH_N: break;
    }
}

static void aim_rule(struct aim *aim, struct packet *packet, const struct rule *rule)
{
    unsigned outside = once_in(aim, 2) ? UINT32_MAX : below(aim, (unsigned)rule->match_n + 1);

    for (unsigned i = 0; i < rule->match_n; i++)
        aim_match(aim, packet, &rule->matches[i], i == outside);
}

/* Some rule by which packets come to the chain; NULL: none. */
static const struct rule *caller_of(const struct ruleset *ruleset, const struct chain *chain)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        for (size_t k = 0; k < ruleset->chains[i]->rule_n; k++) {
            if (ruleset->chains[i]->rules[k].target == chain)
                return &ruleset->chains[i]->rules[k];
        }
    }
    return NULL;
}

/* The hook of the base chain behind it all; HOOK_NONE: nothing was aimed at. */
static enum hook aim_at(struct aim *aim, struct packet *packet)
{
    const struct chain *chain = aim->ruleset->chains[below(aim, (unsigned)aim->ruleset->chain_n)];
    const struct rule *rule;

    if (chain->rule_n == 0 || (chain->families & FAMILY_BIT(packet->family)) == 0)
        return HOOK_NONE;
    rule = &chain->rules[below(aim, (unsigned)chain->rule_n)];
    while (chain->hook == HOOK_NONE) {
        const struct rule *caller = caller_of(aim->ruleset, chain);

        if (caller == NULL)
            break;
        aim_rule(aim, packet, caller);
        chain = caller->chain;
    }
    aim_rule(aim, packet, rule);
    return chain->hook;
}

/* --- what a packet needs to be one -------------------------------------------------------------------------------- */

static enum state tcp_state(uint8_t flags)
{
    unsigned known = flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN);

    return known == TCP_SYN || known == TCP_ACK ? STATE_NEW : STATE_INVALID;
}

/* Of an opener. URG alone goes with SYN, ACK and FIN+ACK. */
static enum state state_of(const struct packet *packet)
{
    static const bool queries[2][19] = {{[8] = true, [13] = true, [15] = true, [17] = true}};
    uint8_t type = packet->icmp_type;

    if (packet->protocol == PROTO_TCP)
        return tcp_state(packet->tcp_flags);
    if (packet->protocol == PROTO_ICMP)
        return type < sizeof queries[0] && queries[0][type] ? STATE_NEW : STATE_INVALID;
    if (packet->protocol == PROTO_ICMPV6)
        return type == 128 || type == 139                    ? STATE_NEW
               : (type >= 130 && type <= 136) || type == 143 ? STATE_UNTRACKED
                                                             : STATE_INVALID;
    return STATE_NEW;
}

static bool is_icmp(const struct packet *packet)
{
    return packet->protocol == proto_icmp(packet->family);
}

/* Whether the kernel takes it as this protocol, and tells its connections as we do. */
static bool protocol_fits(const struct aim *aim, const struct packet *packet)
{
    static const uint8_t extensions[] = {43, 44, PROTO_AH, 59, 60, 135, 139, 140};
    uint8_t protocol = packet->protocol;

    for (size_t i = 0; i < sizeof extensions && packet->family == FAMILY_V6; i++) {
        if (protocol == extensions[i])
            return false;
    }
    if (aim->tracks && (protocol == PROTO_ICMP || protocol == PROTO_ICMPV6) && !is_icmp(packet))
        return false;
    /* Multicast router discovery is tracked or not, by version. */
    if (aim->tracks && protocol == PROTO_ICMPV6 && packet->icmp_type >= 151 && packet->icmp_type <= 153)
        return false;
    return protocol != 0 && protocol != 255;
}

/* Whether conntrack tells its connections by ports. DCCP it does or does not, by version. */
static bool ports_tell(const struct packet *packet)
{
    return proto_has_ports(packet->protocol) && packet->protocol != PROTO_DCCP;
}

/*
 * Whether this connection, either way round, was not there yet; then it is now. Where NAT makes ends alike that were
 * not, source ports alone must tell connections, and of a protocol without ports there is one.
 */
static bool fresh(struct aim *aim, const struct packet *p)
{
    bool ports = ports_tell(p);
    bool turned = p->source > p->destination;
    u128 a = turned ? p->destination : p->source;
    u128 b = turned ? p->source : p->destination;
    unsigned low = !ports ? 0 : turned ? p->port : p->source_port;
    unsigned high = !ports ? 0 : turned ? p->source_port : p->port;
    struct str key;

    if (!aim->tracks || is_icmp(p)) /* of ICMP each has an identifier of its own */
        return true;
    if (aim->translates)
        key = str_printf(aim->arena, "%u %u %u", p->family, p->protocol, ports ? p->source_port : 0u);
    else
        key = str_printf(aim->arena, "%u %u %llx%016llx %llx%016llx %u %u", p->family, p->protocol,
                         (unsigned long long)(a >> 64), (unsigned long long)a, (unsigned long long)(b >> 64),
                         (unsigned long long)b, low, high);
    return map_set(aim->arena, &aim->used, key, aim) == NULL;
}

static void any_packet(struct aim *aim, struct packet *packet)
{
    static const uint8_t protocols[] = {PROTO_TCP, PROTO_TCP,     PROTO_TCP,  PROTO_TCP, PROTO_UDP,
                                        PROTO_UDP, PROTO_UDP,     PROTO_SCTP, PROTO_GRE, PROTO_ESP,
                                        89,        PROTO_UDPLITE, PROTO_DCCP};
    static const uint8_t odd_flags[] = {TCP_ACK, TCP_SYN | TCP_ACK, TCP_RST, 0,   TCP_SYN | TCP_FIN, TCP_FIN | TCP_ACK,
                                        255,     TCP_SYN | TCP_URG, 63,      128, TCP_SYN | 192};
    static const uint8_t types[FAMILY_N][8] = {{8, 0, 3, 11, 13, 5, 42, 17}, {128, 129, 1, 2, 135, 143, 137, 200}};
    unsigned at = below(aim, sizeof protocols + 2);

    packet->family = aim->ruleset->families == FAMILY_BOTH             ? (enum family)below(aim, FAMILY_N)
                     : aim->ruleset->families == FAMILY_BIT(FAMILY_V4) ? FAMILY_V4
                                                                       : FAMILY_V6;
    packet->source = world_address(packet->family, NET_SOURCES, below(aim, 12));
    packet->destination = world_address(packet->family, NET_DESTINATIONS, below(aim, 12));
    packet->in = str_of(draw_of(aim->draw, world_interfaces));
    packet->out = str_of(draw_of(aim->draw, world_interfaces));
    packet->protocol = at < sizeof protocols ? protocols[at] : (uint8_t)proto_icmp(packet->family);
    packet->port = (uint16_t)(once_in(aim, 2) ? 80 : 443);
    packet->tcp_flags = once_in(aim, 6) ? draw_of(aim->draw, odd_flags) : TCP_SYN;
    packet->icmp_type = once_in(aim, 2) ? types[packet->family][0] : types[packet->family][below(aim, 8)];
    packet->icmp_code = once_in(aim, 4) ? (uint8_t)below(aim, 6) : 0;
    if (!aim->tracks && once_in(aim, 8))
        packet->fragment = (enum fragment)below(aim, FRAGMENT_N);
}

/* Leaves out what the packet does not have, as the model does. */
static void trim(const struct aim *aim, struct packet *packet)
{
    bool header = proto_has_ports(packet->protocol) || is_icmp(packet);

    if (((aim->peeks && header) || aim->peeks_any) && packet->fragment == FRAGMENT_LATER)
        packet->fragment = FRAGMENT_FIRST;
    if (!proto_has_ports(packet->protocol))
        packet->source_port = packet->port = 0;
    if (packet->protocol != PROTO_TCP)
        packet->tcp_flags = 0;
    if (!is_icmp(packet) || packet->fragment == FRAGMENT_LATER)
        packet->icmp_type = packet->icmp_code = 0;
}

enum hook aim_hook(const struct packet *packet)
{
    bool to = aim_is_own(packet->family, packet->destination);
    bool from = aim_is_own(packet->family, packet->source);

    return to && from ? HOOK_NONE : to ? HOOK_INPUT : from ? HOOK_OUTPUT : HOOK_FORWARD;
}

/* The ways and the mark that a packet has at its hook: only the host marks packets before all rules. */
static void take_way(struct engine_probe *probe)
{
    struct packet *packet = &probe->packet;

    packet->has_in = packet->has_out = true;
    if (probe->hook == HOOK_OUTPUT)
        packet->in = STR_EMPTY;
    else
        packet->mark = 0;
    if (probe->hook == HOOK_INPUT)
        packet->out = STR_EMPTY;
}

static bool shoot(struct aim *aim, struct shot *shot)
{
    struct packet *packet = &shot->probe.packet;
    enum hook wanted;

    packet->source_port = ++aim->next_port;
    any_packet(aim, packet);
    wanted = aim_at(aim, packet);
    if (wanted == HOOK_INPUT || (wanted == HOOK_NONE && once_in(aim, 6)))
        packet->destination = aim_own(packet->family, once_in(aim, 3) ? below(aim, 4) : WORLD_INTERFACES + 1);
    if (wanted == HOOK_OUTPUT || (wanted == HOOK_NONE && once_in(aim, 6)))
        packet->source = aim_own(packet->family, once_in(aim, 3) ? below(aim, 4) : WORLD_INTERFACES);
    shot->probe.hook = aim_hook(packet);
    trim(aim, packet);
    if (shot->probe.hook == HOOK_NONE || packet->source == packet->destination ||
        !routed(packet->family, packet->source) || !routed(packet->family, packet->destination) ||
        !protocol_fits(aim, packet))
        return false;
    /* The kernel puts together what is for itself, in IPv4 before INPUT, in IPv6 behind it. */
    if (shot->probe.hook == HOOK_INPUT)
        packet->fragment = FRAGMENT_NONE;
    take_way(&shot->probe);
    packet->state = aim->tracks ? state_of(packet) : STATE_NEW;
    if (is_icmp(packet))
        shot->probe.icmp_id = ++aim->next_icmp;
    return fresh(aim, packet);
}

void aim_openers(struct aim *aim, size_t n, struct shots *shots)
{
    for (size_t tries = 0; shots->n < n && tries < 3 * n; tries++) {
        struct shot shot = {.probe = {.any_ends = true}};

        if (shoot(aim, &shot))
            *vec_push(aim->arena, shots) = shot;
    }
}

/* --- of connections ----------------------------------------------------------------------------------------------- */

/* The host itself says RST or ABORT to what it lets in, and conntrack may forget the connection. */
static bool host_answers(const struct engine_probe *probe)
{
    uint8_t protocol = probe->packet.protocol;

    return probe->hook == HOOK_INPUT && (protocol == PROTO_TCP || protocol == PROTO_SCTP);
}

/* Whether something answers it, in a way that can be made here. */
static bool answered(const struct shot *shot)
{
    const struct engine_probe *probe = &shot->probe;
    const struct packet *packet = &probe->packet;

    if (!shot->connected || packet->state != STATE_NEW || host_answers(probe))
        return false;
    switch (packet->protocol) {
    case PROTO_TCP: return (packet->tcp_flags & ~(TCP_ECE | TCP_CWR)) == TCP_SYN;
    case PROTO_DCCP: return false;
    case PROTO_ICMP: return packet->icmp_type == 8;
    case PROTO_ICMPV6: return packet->icmp_type == 128;
    default: return true;
    }
}

static void turn(struct engine_probe *probe)
{
    struct packet was = probe->packet;
    struct packet *packet = &probe->packet;

    packet->source = was.destination;
    packet->destination = was.source;
    packet->source_port = was.port;
    packet->port = was.source_port;
    packet->in = was.out;
    packet->out = was.in;
    packet->mark = 0;
    if (probe->hook != HOOK_FORWARD)
        probe->hook = probe->hook == HOOK_INPUT ? HOOK_OUTPUT : HOOK_INPUT;
}

/* Translated ends are beyond what one packet's way through the rules says: see prove/reply.c. */
static bool came_as_it_was(const struct engine_probe *probe)
{
    const struct packet *seen = &probe->seen;
    const struct packet *packet = &probe->packet;

    return seen->source == packet->source && seen->destination == packet->destination &&
           seen->source_port == packet->source_port && seen->port == packet->port;
}

void aim_replies(struct aim *aim, struct shots *shots)
{
    size_t n = shots->n;

    for (size_t i = 0; i < n && aim->tracks; i++) {
        struct shot shot = shots->v[i];
        struct packet *packet = &shot.probe.packet;

        if (!answered(&shot) || !came_as_it_was(&shot.probe))
            continue;
        shot.opener = i + 1;
        shot.reply = true;
        shot.connected = false;
        turn(&shot.probe);
        packet->state = STATE_ESTABLISHED;
        packet->tcp_flags = packet->protocol == PROTO_TCP ? TCP_SYN | TCP_ACK : 0;
        if (is_icmp(packet))
            packet->icmp_type = packet->family == FAMILY_V4 ? 0 : 129;
        *vec_push(aim->arena, shots) = shot;
    }
}

static void once_more(struct aim *aim, struct shots *shots, const struct shot *reply)
{
    static const uint8_t flags[] = {TCP_ACK, TCP_ACK | TCP_PSH, TCP_ACK | TCP_FIN, TCP_ACK | TCP_URG};
    struct shot shot = shots->v[reply->opener - 1];

    /* To an answer that the host did not ask for it says RST. */
    if (shot.probe.packet.protocol == PROTO_SCTP ||
        (shot.probe.packet.protocol == PROTO_TCP && shot.probe.hook == HOOK_OUTPUT))
        return;
    shot.opener = reply->opener;
    shot.probe.packet.state = STATE_ESTABLISHED;
    if (shot.probe.packet.protocol == PROTO_TCP)
        shot.probe.packet.tcp_flags = draw_of(aim->draw, flags);
    *vec_push(aim->arena, shots) = shot;
}

/* From the other end, or from a router on the way. */
static void error_about(struct aim *aim, struct shots *shots, size_t opener)
{
    static const uint8_t types[FAMILY_N][4] = {{3, 3, 11, 12}, {1, 1, 3, 4}};
    struct shot shot = shots->v[opener];
    struct packet *packet = &shot.probe.packet;

    shot.opener = opener + 1;
    shot.reply = true;
    shot.probe.about = arena_copy(aim->arena, packet, sizeof *packet);
    turn(&shot.probe);
    if (shot.probe.hook != HOOK_OUTPUT && once_in(aim, 2))
        packet->source = world_address(packet->family, NET_DESTINATIONS, 200);
    packet->protocol = (uint8_t)proto_icmp(packet->family);
    packet->icmp_type = types[packet->family][below(aim, 4)];
    packet->icmp_code = (uint8_t)below(aim, 2);
    packet->state = STATE_RELATED;
    trim(aim, packet);
    *vec_push(aim->arena, shots) = shot;
}

void aim_more(struct aim *aim, struct shots *shots)
{
    size_t n = shots->n;

    for (size_t i = 0; i < n && aim->tracks; i++) {
        const struct shot *shot = &shots->v[i];
        bool opener = shot->connected && shot->opener == 0 && shot->probe.packet.state == STATE_NEW &&
                      !host_answers(&shot->probe);

        if (shot->reply && shot->connected)
            once_more(aim, shots, shot);
        else if (opener && came_as_it_was(&shot->probe) && once_in(aim, 3))
            error_about(aim, shots, i);
    }
}
