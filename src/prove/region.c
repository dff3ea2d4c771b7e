/*
 * Questions as packet sets; see prover.h and DESIGN, "Files", on flows, paths and excess.
 *
 * What Linux's conntrack calls new is in net/netfilter/nf_conntrack_proto_icmp.c and …_icmpv6.c: of ICMP only the
 * queries (echo, timestamp, information, address mask; echo and node information for ICMPv6) open anything, and their
 * answers are the replies.
 */
#include "net/proto.h"
#include "prove/prover.h"

static const struct ranges *values(struct arena *arena, const unsigned *v, size_t n)
{
    struct range range[16];

    for (size_t i = 0; i < n; i++)
        range[i] = (struct range){v[i], v[i]};
    return ranges_of(arena, range, n);
}

static const struct ranges *icmp_types(struct arena *arena, const unsigned *types, size_t n)
{
    struct range range[8];

    for (size_t i = 0; i < n; i++)
        range[i] = (struct range){icmp_message(types[i], 0), icmp_message(types[i], 255)};
    return ranges_of(arena, range, n);
}

static const struct ranges *icmp_opening(struct arena *arena, enum family family, enum direction direction)
{
    static const unsigned queries_v4[] = {8, 13, 15, 17};
    static const unsigned answers_v4[] = {0, 14, 16, 18};
    static const unsigned queries_v6[] = {128, 139};
    static const unsigned answers_v6[] = {129, 140};

    if (family == FAMILY_V4)
        return icmp_types(arena, direction == DIRECTION_REQUEST ? queries_v4 : answers_v4, 4);
    return icmp_types(arena, direction == DIRECTION_REQUEST ? queries_v6 : answers_v6, 2);
}

const struct ranges *region_interface(struct arena *arena, const struct prover *prover, struct str name)
{
    struct interface_pattern pattern = {.name = name.n > 0 ? name : STR("lo")};
    struct range range = interfaces_range(prover->interfaces, &pattern);
    const struct ranges *ranges = ranges_one(arena, range.lo, range.hi);

    if (name.n > 0)
        return ranges;
    return ranges_subtract(arena, ranges_one(arena, INTERFACE_NONE + 1, interfaces_last(prover->interfaces)), ranges);
}

/* Interfaces of a packet at a hook: what comes to the host has no way out yet, what it sends came in by none. */
static void bind_interfaces(struct arena *arena, const struct prover *prover, enum hook hook, struct str in,
                            struct str out, struct cube *cube)
{
    const struct ranges *none = ranges_value(arena, INTERFACE_NONE);

    cube->field[FIELD_IN] = hook == HOOK_OUTPUT ? none : region_interface(arena, prover, in);
    cube->field[FIELD_OUT] = hook == HOOK_INPUT ? none : region_interface(arena, prover, out);
}

/* Without multicast and the like, unless there is nothing else: then it is what was asked for. */
static const struct ranges *unicast(struct arena *arena, const struct ranges *ranges, enum family family)
{
    const struct ranges *left;

    if (ranges_subset(ranges, addr_unicast(family)))
        return ranges;
    left = ranges_intersect(arena, ranges, addr_unicast(family));
    return left->n > 0 ? left : ranges;
}

static void add_tcp(struct arena *arena, const struct cube *base, enum direction direction, struct cubes *out)
{
    struct cube *cube = vec_push(arena, out);

    *cube = *base;
    cube->field[FIELD_PROTOCOL] = ranges_value(arena, PROTO_TCP);
    cube->field[FIELD_TCP_FLAGS] = ranges_value(arena, direction == DIRECTION_REQUEST ? TCP_SYN : TCP_SYN | TCP_ACK);
}

static void add_icmp(struct arena *arena, const struct cube *base, enum family family, enum direction direction,
                     struct cubes *out)
{
    struct cube *cube = vec_push(arena, out);

    *cube = *base;
    cube->field[FIELD_PROTOCOL] = ranges_value(arena, proto_icmp(family));
    cube->field[FIELD_ICMP] = icmp_opening(arena, family, direction);
    cube->field[FIELD_SOURCE_PORT] = NULL;
    cube->field[FIELD_PORT] = NULL;
}

static void add_protocols(struct arena *arena, const struct cube *base, const struct flow *flow,
                          enum direction direction, struct cubes *out)
{
    struct cube *cube;

    if (flow->transport == PROTO_TCP || flow->transport == TRANSPORT_ANY)
        add_tcp(arena, base, direction, out);
    if (flow->transport == PROTO_ICMP || flow->transport == TRANSPORT_ANY)
        add_icmp(arena, base, flow->family, direction, out);
    if (flow->transport == PROTO_TCP || flow->transport == PROTO_ICMP)
        return;
    cube = vec_push(arena, out);
    *cube = *base;
    if (flow->transport == TRANSPORT_ANY) {
        unsigned others[] = {PROTO_TCP, PROTO_ICMP, PROTO_ICMPV6};

        cube->field[FIELD_PROTOCOL] = ranges_complement(arena, values(arena, others, 3), 255);
    } else {
        cube->field[FIELD_PROTOCOL] = ranges_value(arena, flow_protocol(flow));
    }
    if (flow->transport != TRANSPORT_ANY && !proto_has_ports((unsigned)flow->transport)) {
        cube->field[FIELD_SOURCE_PORT] = NULL;
        cube->field[FIELD_PORT] = NULL;
    }
}

struct cubes region_of_permit(struct arena *arena, const struct prover *prover, const struct permit *permit,
                              enum direction direction, enum hook *hook)
{
    const struct flow *flow = permit->flow;
    const struct ranges *from = unicast(arena, permit->source, flow->family);
    const struct ranges *to = unicast(arena, permit->destination, flow->family);
    const struct ranges *source_ports = flow->source_ports;
    const struct ranges *ports = flow->ports;
    bool request = direction == DIRECTION_REQUEST;
    struct cube base = CUBE_ALL;
    struct cubes cubes = {0};

    if (source_ports == NULL)
        source_ports = ranges_one(arena, 1, 65535);
    if (ports == NULL)
        ports = ranges_one(arena, 1, 65535);
    *hook = permit->hook;
    if (!request && permit->hook != HOOK_FORWARD)
        *hook = permit->hook == HOOK_INPUT ? HOOK_OUTPUT : HOOK_INPUT;
    bind_interfaces(arena, prover, *hook, request ? permit->in : permit->out, request ? permit->out : permit->in,
                    &base);
    base.field[FIELD_SOURCE] = request ? from : to;
    base.field[FIELD_DESTINATION] = request ? to : from;
    base.field[FIELD_SOURCE_PORT] = request ? source_ports : ports;
    base.field[FIELD_PORT] = request ? ports : source_ports;
    base.field[FIELD_STATE] = ranges_value(arena, request ? STATE_NEW : STATE_ESTABLISHED);
    base.field[FIELD_FRAGMENT] = ranges_value(arena, FRAGMENT_NONE);
    base.field[FIELD_MARK] = ranges_value(arena, 0);
    add_protocols(arena, &base, flow, direction, &cubes);
    return cubes;
}

struct cube region_excused(struct arena *arena, const struct prover *prover, const struct permit *permit)
{
    const struct flow *flow = permit->flow;
    struct cube cube = CUBE_ALL;

    if (permit->in.n > 0 && permit->hook != HOOK_OUTPUT)
        cube.field[FIELD_IN] = region_interface(arena, prover, permit->in);
    if (permit->out.n > 0 && permit->hook != HOOK_INPUT)
        cube.field[FIELD_OUT] = region_interface(arena, prover, permit->out);
    cube.field[FIELD_SOURCE] = permit->source;
    cube.field[FIELD_DESTINATION] = permit->destination;
    if (flow->transport == TRANSPORT_ANY)
        return cube;
    cube.field[FIELD_PROTOCOL] = ranges_value(arena, flow_protocol(flow));
    if (proto_has_ports((unsigned)flow->transport)) {
        cube.field[FIELD_PORT] = flow->ports;
        cube.field[FIELD_SOURCE_PORT] = flow->source_ports;
    }
    return cube;
}

/* All values in which ACK or RST is set: what answers, or refuses, never what opens. */
static const struct ranges *answering_flags(struct arena *arena)
{
    struct range range[256];
    size_t n = 0;

    for (unsigned flags = 0; flags < 256; flags++) {
        if ((flags & (TCP_ACK | TCP_RST)) != 0)
            range[n++] = (struct range){flags, flags};
    }
    return ranges_of(arena, range, n);
}

static bool asks_state(const struct match *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == MATCH_RANGES && v[i].field == FIELD_STATE)
            return true;
        for (size_t k = 0; (v[i].kind == MATCH_ANY_OF || v[i].kind == MATCH_NONE_OF) && k < v[i].group_n; k++) {
            if (asks_state(v[i].groups[k].v, v[i].groups[k].n))
                return true;
        }
    }
    return false;
}

bool region_stateless(const struct ruleset *ruleset)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        for (size_t k = 0; k < ruleset->chains[i]->rule_n; k++) {
            if (asks_state(ruleset->chains[i]->rules[k].matches, ruleset->chains[i]->rules[k].match_n))
                return false;
        }
    }
    return true;
}

void region_mirrored(struct arena *arena, const struct prover *prover, const struct permit *permit, enum hook hook,
                     struct cubes *cubes)
{
    struct permit back = *permit;
    struct flow flow = *permit->flow;
    const struct ranges *tcp = ranges_value(arena, PROTO_TCP);
    struct cube cube;

    if (flow.no_reply)
        return;
    back.flow = &flow;
    flow.ports = permit->flow->source_ports;
    flow.source_ports = permit->flow->ports;
    back.source = permit->destination;
    back.destination = permit->source;
    back.in = permit->out;
    back.out = permit->in;
    back.hook = hook;
    cube = region_excused(arena, prover, &back);
    if (flow.transport == TRANSPORT_ANY) {
        cube.field[FIELD_PROTOCOL] = ranges_complement(arena, tcp, 255);
        *vec_push(arena, cubes) = cube;
    }
    if (flow.transport == TRANSPORT_ANY || flow.transport == PROTO_TCP) {
        cube.field[FIELD_PROTOCOL] = tcp;
        cube.field[FIELD_TCP_FLAGS] = answering_flags(arena);
    }
    *vec_push(arena, cubes) = cube;
}

bool region_of_face(struct arena *arena, const struct prover *prover, const struct face *face, enum family family,
                    struct cube *cube)
{
    static const unsigned opening[] = {STATE_NEW, STATE_INVALID, STATE_UNTRACKED};

    if (face->source[family]->n == 0 || face->destination[family]->n == 0)
        return false;
    *cube = CUBE_ALL;
    bind_interfaces(arena, prover, face->hook, face->in, face->out, cube);
    cube->field[FIELD_SOURCE] = face->source[family];
    cube->field[FIELD_DESTINATION] = face->destination[family];
    cube->field[FIELD_SOURCE_PORT] = ranges_one(arena, 1, 65535);
    cube->field[FIELD_STATE] = values(arena, opening, 3);
    cube->field[FIELD_MARK] = ranges_value(arena, 0);
    return true;
}
