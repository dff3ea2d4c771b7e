/* See pairs.h. */
#include "rehearse/pairs.h"

#include "net/proto.h"
#include "service/service.h"

#define RANGES_MAX 8  /* of one end */
#define PORTS_MAX 8   /* ranges of ports, two ports each */
#define TURNS 2       /* partners that each end meets */
#define ANY_PORT 9000 /* stands for any port */

struct ends_played VEC(const struct cast_entry *);
struct ports_played VEC(unsigned);

struct pairing {
    struct arena *arena;
    const struct site *site;
    const struct cast *cast;
    const struct flow *flow;
    bool all;
    struct pairs *pairs;
};

static void add_end(struct pairing *pairing, struct ends_played *ends, const struct cast_entry *entry)
{
    vec_each (const struct cast_entry **, known, ends) {
        if (*known == entry)
            return;
    }
    *vec_push(pairing->arena, ends) = entry;
}

static void add_range(struct pairing *pairing, struct range range, bool all, struct ends_played *ends)
{
    const struct cast_entry *first;
    size_t n = cast_within(pairing->cast, pairing->flow->family, range, &first);

    for (size_t i = 0; all && i < n; i++)
        *vec_push(pairing->arena, ends) = &first[i];
    if (all || n == 0)
        return;
    add_end(pairing, ends, &first[0]);
    add_end(pairing, ends, &first[n - 1]);
}

/* Of several members in one zone the first and the last, whichever range they are of. */
static struct ends_played find_ends(struct pairing *pairing, const struct ranges *set)
{
    struct ends_played ends = {0};

    for (size_t i = 0; i < set->n && (i < RANGES_MAX || pairing->all); i++)
        add_range(pairing, set->v[i], pairing->all, &ends);
    for (size_t z = 0; z < pairing->site->zone_n && !pairing->all; z++) {
        const struct ranges *here =
            ranges_intersect(pairing->arena, set, pairing->site->zones[z].ranges[pairing->flow->family]);

        if (here->n == 0)
            continue;
        add_range(pairing, here->v[0], false, &ends);
        add_range(pairing, here->v[here->n - 1], false, &ends);
    }
    return ends;
}

bool flow_has(const struct flow *flow, const struct packet *packet)
{
    unsigned protocol = flow->transport < 0 ? packet->protocol : flow_protocol(flow);

    return flow->family == packet->family && protocol == packet->protocol &&
           ranges_contain(flow->source.ranges, packet->source) &&
           ranges_contain(flow->destination.ranges, packet->destination) &&
           (flow->ports == NULL || ranges_contain(flow->ports, packet->port));
}

bool pair_is_played(const struct flow *flow, const struct actor *from, const struct actor *to)
{
    if (from == NULL || to == NULL || from == to || (flow->subnet && from->zone != to->zone))
        return false;
    return from->firewall != NULL || to->firewall != NULL || from->zone != to->zone;
}

static void add_pair(struct pairing *pairing, unsigned protocol, unsigned port, const struct cast_entry *from,
                     const struct cast_entry *to)
{
    const struct flow *flow = pairing->flow;
    struct packet packet = {.family = flow->family,
                            .source = from->address,
                            .destination = to->address,
                            .protocol = (uint8_t)protocol,
                            .port = proto_has_ports(protocol) ? (uint16_t)port : 0,
                            .tcp_flags = protocol == PROTO_TCP ? TCP_SYN : 0,
                            .state = STATE_NEW};

    if (!pair_is_played(flow, from->actor, to->actor))
        return;
    if (protocol == proto_icmp(flow->family))
        packet.icmp_type = flow->family == FAMILY_V4 ? 8 : 128;
    if (flow->source_ports != NULL && proto_has_ports(protocol))
        packet.source_port = (uint16_t)flow->source_ports->v[0].lo;
    *vec_push(pairing->arena, pairing->pairs) = (struct pair){packet, from->actor, to->actor};
}

/* Each member of an end meets TURNS of the other. */
static void add_pairs(struct pairing *pairing, unsigned protocol, unsigned port, const struct ends_played *from,
                      const struct ends_played *to)
{
    size_t most = from->n > to->n ? from->n : to->n;
    size_t least = from->n > to->n ? to->n : from->n;
    size_t turns = least < TURNS ? least : TURNS;

    for (size_t i = 0; i < most; i++) {
        for (size_t turn = 0; turn < turns; turn++)
            add_pair(pairing, protocol, port, from->v[(from->n == most ? i : i + turn) % from->n],
                     to->v[(from->n == most ? i + turn : i) % to->n]);
    }
}

static void add_port(struct arena *arena, struct ports_played *ports, unsigned port)
{
    vec_each (unsigned *, known, ports) {
        if (*known == port)
            return;
    }
    *vec_push(arena, ports) = port;
}

/* The edges of each range, and the service's own port. */
static struct ports_played find_ports(struct pairing *pairing)
{
    const struct flow *flow = pairing->flow;
    const struct service *service = service_find(flow->service);
    unsigned usual = service == NULL ? 0 : service_default_port(service, (unsigned)flow->transport);
    struct ports_played ports = {0};

    for (size_t i = 0; flow->ports != NULL && i < flow->ports->n; i++) {
        if (i >= PORTS_MAX && i + 1 < flow->ports->n)
            continue;
        add_port(pairing->arena, &ports, (unsigned)flow->ports->v[i].lo);
        add_port(pairing->arena, &ports, (unsigned)flow->ports->v[i].hi);
    }
    if (usual != 0 && (flow->ports == NULL || ranges_contain(flow->ports, usual)))
        add_port(pairing->arena, &ports, usual);
    if (flow->ports == NULL && ports.n == 0)
        add_port(pairing->arena, &ports, ANY_PORT);
    return ports;
}

static void add_protocol(struct pairing *pairing, unsigned protocol, const struct ends_played *from,
                         const struct ends_played *to)
{
    struct ports_played ports = find_ports(pairing);

    if (!proto_has_ports(protocol)) {
        add_pairs(pairing, protocol, 0, from, to);
        return;
    }
    vec_each (unsigned *, port, &ports)
        add_pairs(pairing, protocol, *port, from, to);
}

/* Empty: it can be played. */
static struct str why_not(const struct flow *flow)
{
    if (flow->status != FLOW_RESOLVED)
        return flow->reason.n > 0 ? flow->reason : STR("the flow is not resolved");
    if (flow->transport == TRANSPORT_UNSTATED)
        return STR("the document states no transport");
    if (!flow->ports_known && (flow->ports == NULL || flow->ports->n == 0))
        return flow->reason.n > 0 ? flow->reason : STR("its ports are not known");
    return STR_EMPTY;
}

void pairs_find(struct arena *arena, const struct site *site, const struct cast *cast, const struct flow *flow,
                bool all, struct pairs *pairs, struct str *reason)
{
    struct pairing pairing = {arena, site, cast, flow, all, pairs};
    size_t before = pairs->n;
    struct ends_played from;
    struct ends_played to;

    *reason = why_not(flow);
    if (reason->n > 0)
        return;
    from = find_ends(&pairing, flow->source.ranges);
    to = find_ends(&pairing, flow->destination.ranges);
    if (from.n == 0 || to.n == 0) {
        *reason = STR("nobody plays one of its ends");
        return;
    }
    if (flow->transport == TRANSPORT_ANY) {
        add_protocol(&pairing, PROTO_TCP, &from, &to);
        add_protocol(&pairing, PROTO_UDP, &from, &to);
        add_protocol(&pairing, proto_icmp(flow->family), &from, &to);
    } else {
        add_protocol(&pairing, flow_protocol(flow), &from, &to);
    }
    if (pairs->n == before)
        *reason = STR("no ruleset stands between its ends");
}
