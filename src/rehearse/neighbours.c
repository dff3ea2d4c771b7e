/*
 * See neighbours.h. For each flow the packets that differ from one of its own in just one field, by just one: what a
 * rule with a border in the wrong place lets through.
 */
#include "rehearse/neighbours.h"

#include "net/proto.h"
#include "rehearse/allowed.h"
#include "rehearse/ends.h"

#define STARTS_MAX 8      /* ranges of ports of a flow */
#define SOURCE_PORT 40000 /* as everywhere: packet.h */
#define LAST_PORT 65535

struct finding_neighbours {
    struct arena *arena;
    const struct neighbours_wishes *wishes;
    const struct site *site;
    struct allowed *allowed;
    struct map known; /* five-tuples */
    struct neighbours *found;
};

const char *neighbour_name(enum neighbour_kind kind)
{
    static const char *const names[NEIGHBOUR_N] = {
        [NEIGHBOUR_PORT] = "port",     [NEIGHBOUR_TRANSPORT] = "transport",     [NEIGHBOUR_SOURCE_PORT] = "source port",
        [NEIGHBOUR_SOURCE] = "source", [NEIGHBOUR_DESTINATION] = "destination", [NEIGHBOUR_ZONES] = "zones",
        [NEIGHBOUR_TEST] = "test",     [NEIGHBOUR_WITNESS] = "witness",
    };

    return names[kind];
}

/* --- packets ------------------------------------------------------------------------------------------------------ */

static struct packet opener(enum family family, u128 source, u128 destination, int protocol, unsigned port)
{
    struct packet packet = {
        .family = family,
        .source = source,
        .destination = destination,
        .protocol = (uint8_t)protocol,
        .state = STATE_NEW,
    };

    if (proto_has_ports(packet.protocol)) {
        packet.source_port = SOURCE_PORT;
        packet.port = (uint16_t)port;
    }
    if (packet.protocol == PROTO_TCP)
        packet.tcp_flags = TCP_SYN;
    if (packet.protocol == proto_icmp(family))
        packet.icmp_type = family == FAMILY_V4 ? 8 : 128;
    return packet;
}

/* A packet that was not there yet. */
static bool is_new(struct finding_neighbours *finding, const struct packet *packet)
{
    struct str key =
        str_printf(finding->arena, "%u %u %llx.%llx %llx.%llx %u %u %u %u", packet->family, packet->protocol,
                   (unsigned long long)(packet->source >> 64), (unsigned long long)packet->source,
                   (unsigned long long)(packet->destination >> 64), (unsigned long long)packet->destination,
                   packet->source_port, packet->port, packet->icmp_type, packet->icmp_code);

    return map_set(finding->arena, &finding->known, key, finding) == NULL;
}

static bool add(struct finding_neighbours *finding, enum neighbour_kind kind, const struct packet *packet,
                const struct flow *flow, struct str why)
{
    const struct actor *from = cast_find(finding->wishes->cast, packet->family, packet->source);
    const struct actor *to = cast_find(finding->wishes->cast, packet->family, packet->destination);
    bool derived = kind != NEIGHBOUR_TEST && kind != NEIGHBOUR_WITNESS;

    if (from == NULL || to == NULL || from == to || !allowed_crosses(finding->allowed, from, to, packet))
        return false;
    if (derived &&
        (allowed_flow(finding->allowed, from, to, packet) || !allowed_decided(finding->allowed, from, to, packet)))
        return false;
    if (is_new(finding, packet))
        *vec_push(finding->arena, finding->found) = (struct neighbour){kind, *packet, from, to, flow, why};
    return true;
}

/* --- next to a flow ----------------------------------------------------------------------------------------------- */

static struct str next_to(struct finding_neighbours *finding, const struct flow *flow)
{
    return str_printf(finding->arena, "next to %.*s", STR_ARG(flow->id));
}

static struct end_list flow_ends(struct finding_neighbours *finding, enum family family, const struct ranges *set)
{
    return ends_of(finding->arena, finding->site, finding->wishes->cast, family, set);
}

/* How many ranges of ports stand for the flow. */
static size_t starts_of(const struct flow *flow)
{
    if (flow->ports == NULL)
        return 1;
    return flow->ports->n < STARTS_MAX ? flow->ports->n : STARTS_MAX;
}

/* At the first port of one of its ranges. */
static struct packet of_flow(const struct flow *flow, size_t start, u128 source, u128 destination)
{
    unsigned port = flow->ports == NULL ? 1 : (unsigned)flow->ports->v[start].lo;
    struct packet packet = opener(flow->family, source, destination, flow_protocol(flow), port);

    if (flow->source_ports != NULL && proto_has_ports(packet.protocol))
        packet.source_port = (uint16_t)flow->source_ports->v[0].lo;
    return packet;
}

/* The numbers below and above each range, as ports of the packet. */
static void add_ports(struct finding_neighbours *finding, const struct flow *flow, struct packet packet,
                      const struct ranges *ports, enum neighbour_kind kind)
{
    uint16_t *field = kind == NEIGHBOUR_SOURCE_PORT ? &packet.source_port : &packet.port;
    struct str why = next_to(finding, flow);

    for (size_t i = 0; ports != NULL && i < ports->n; i++) {
        if (ports->v[i].lo > 1) {
            *field = (uint16_t)(ports->v[i].lo - 1);
            add(finding, kind, &packet, flow, why);
        }
        if (ports->v[i].hi < LAST_PORT) {
            *field = (uint16_t)(ports->v[i].hi + 1);
            add(finding, kind, &packet, flow, why);
        }
    }
}

static void add_transport(struct finding_neighbours *finding, const struct flow *flow, const struct packet *packet)
{
    struct packet other;

    if (packet->protocol != PROTO_TCP && packet->protocol != PROTO_UDP)
        return;
    other = opener(packet->family, packet->source, packet->destination,
                   packet->protocol == PROTO_TCP ? PROTO_UDP : PROTO_TCP, packet->port);
    add(finding, NEIGHBOUR_TRANSPORT, &other, flow, next_to(finding, flow));
}

/* Addresses next to those of one end, with one of the other end. */
static void add_beside(struct finding_neighbours *finding, const struct flow *flow, const struct ranges *end,
                       struct packet packet, enum neighbour_kind kind)
{
    u128 *field = kind == NEIGHBOUR_SOURCE ? &packet.source : &packet.destination;
    struct str why = next_to(finding, flow);

    for (size_t i = 0; i < end->n; i++) {
        if (end->v[i].lo > 0) {
            *field = end->v[i].lo - 1;
            add(finding, kind, &packet, flow, why);
        }
        if (end->v[i].hi < addr_max(flow->family)) {
            *field = end->v[i].hi + 1;
            add(finding, kind, &packet, flow, why);
        }
    }
}

static void add_between(struct finding_neighbours *finding, const struct flow *flow, u128 source, u128 destination)
{
    struct packet packet = of_flow(flow, 0, source, destination);

    add_ports(finding, flow, packet, flow->ports, NEIGHBOUR_PORT);
    for (size_t i = 0; flow->ports != NULL && i < starts_of(flow); i++) {
        packet = of_flow(flow, i, source, destination);
        add_transport(finding, flow, &packet);
        if (flow->source_ports != NULL)
            add_ports(finding, flow, packet, flow->source_ports, NEIGHBOUR_SOURCE_PORT);
    }
}

static void add_flow(struct finding_neighbours *finding, const struct flow *flow)
{
    struct end_list from = flow_ends(finding, flow->family, flow->source.ranges);
    struct end_list to = flow_ends(finding, flow->family, flow->destination.ranges);

    vec_each (const struct cast_entry **, source, &from) {
        vec_each (const struct cast_entry **, destination, &to)
            add_between(finding, flow, (*source)->address, (*destination)->address);
    }
    for (size_t i = 0; i < starts_of(flow); i++) {
        vec_each (const struct cast_entry **, destination, &to)
            add_beside(finding, flow, flow->source.ranges, of_flow(flow, i, 0, (*destination)->address),
                       NEIGHBOUR_SOURCE);
        vec_each (const struct cast_entry **, source, &from)
            add_beside(finding, flow, flow->destination.ranges, of_flow(flow, i, (*source)->address, 0),
                       NEIGHBOUR_DESTINATION);
    }
}

/* --- what is denied ----------------------------------------------------------------------------------------------- */

/* What stands for "any port of any protocol": what people try first. */
static size_t usual(struct packet packets[3], enum family family, u128 source, u128 destination)
{
    packets[0] = opener(family, source, destination, PROTO_TCP, 22);
    packets[1] = opener(family, source, destination, PROTO_UDP, 53);
    packets[2] = opener(family, source, destination, (int)proto_icmp(family), 0);
    return 3;
}

/* The first and the last port of each range. */
static void add_forbidden_pair(struct finding_neighbours *finding, const struct flow *flow, u128 source,
                               u128 destination, struct str why)
{
    struct packet packets[3];

    if (flow->transport == TRANSPORT_ANY) {
        size_t n = usual(packets, flow->family, source, destination);

        for (size_t i = 0; i < n; i++)
            add(finding, NEIGHBOUR_TEST, &packets[i], flow, why);
        return;
    }
    packets[0] = of_flow(flow, 0, source, destination);
    if (flow->ports == NULL)
        add(finding, NEIGHBOUR_TEST, &packets[0], flow, why);
    for (size_t i = 0; flow->ports != NULL && i < flow->ports->n; i++) {
        packets[0].port = (uint16_t)flow->ports->v[i].lo;
        add(finding, NEIGHBOUR_TEST, &packets[0], flow, why);
        packets[0].port = (uint16_t)flow->ports->v[i].hi;
        add(finding, NEIGHBOUR_TEST, &packets[0], flow, why);
    }
}

static void add_forbidden(struct finding_neighbours *finding, const struct flow *flow, struct str why)
{
    struct end_list from = flow_ends(finding, flow->family, flow->source.ranges);
    struct end_list to = flow_ends(finding, flow->family, flow->destination.ranges);

    if (flow->transport == TRANSPORT_UNSTATED || !flow->ports_known)
        return;
    vec_each (const struct cast_entry **, source, &from) {
        vec_each (const struct cast_entry **, destination, &to)
            add_forbidden_pair(finding, flow, (*source)->address, (*destination)->address, why);
    }
}

static void add_tests(struct finding_neighbours *finding)
{
    const struct plan *plan = finding->wishes->plan;

    for (size_t i = 0; i < finding->site->test_n; i++) {
        const struct site_test *test = &finding->site->tests[i];
        struct probe_flows flows;

        if (test->allow)
            continue;
        flows = plan_exception_flows(finding->arena, &test->what, STR("test"));
        for (size_t k = 0; k < flows.n; k++)
            add_forbidden(finding, flows.v[k], test->text);
    }
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->flows[i]->need == NEED_FORBIDDEN)
            add_forbidden(finding, plan->flows[i],
                          str_printf(finding->arena, "forbidden %.*s", STR_ARG(plan->flows[i]->id)));
    }
}

/*
 * A witness is of one firewall, and a host's own may stop it all the same: then those are tried that are next to the
 * host in its zone and have none. What of that is not permitted anywhere does no harm.
 */
static void add_beside_witness(struct finding_neighbours *finding, struct packet packet, enum neighbour_kind kind)
{
    const struct cast *cast = finding->wishes->cast;
    u128 *field = kind == NEIGHBOUR_SOURCE ? &packet.source : &packet.destination;
    const struct actor *guarded = cast_find(cast, packet.family, *field);
    struct end_list beside;

    if (guarded == NULL || guarded->firewall == NULL || guarded->zone == NULL)
        return;
    beside = ends_beside(finding->arena, cast, packet.family, *field);
    vec_each (const struct cast_entry **, entry, &beside) {
        *field = (*entry)->address;
        add(finding, kind, &packet, NULL, STR("next to what is permitted beyond all flows"));
    }
}

static void add_witnesses(struct finding_neighbours *finding)
{
    for (size_t i = 0; i < finding->wishes->witness_n; i++) {
        struct packet packet = finding->wishes->witnesses[i];

        packet.in = packet.out = STR_EMPTY;
        packet.has_in = packet.has_out = false;
        if (!add(finding, NEIGHBOUR_WITNESS, &packet, NULL, STR("permitted beyond all flows"))) {
            finding->found->unplaced++;
            continue;
        }
        add_beside_witness(finding, packet, NEIGHBOUR_SOURCE);
        add_beside_witness(finding, packet, NEIGHBOUR_DESTINATION);
    }
}

/* --- zones -------------------------------------------------------------------------------------------------------- */

/* joined[from * zone_n + to]: some flow goes there. */
static bool *join_zones(struct finding_neighbours *finding, enum family family)
{
    const struct site *site = finding->site;
    const struct plan *plan = finding->wishes->plan;
    bool *joined = arena_new_array(finding->arena, bool, site->zone_n * site->zone_n);

    for (size_t i = 0; i < plan->n; i++) {
        const struct flow *flow = plan->flows[i];

        for (size_t a = 0; flow->family == family && flow->need != NEED_FORBIDDEN && !flow->subnet && a < site->zone_n;
             a++) {
            if (!ranges_overlap(flow->source.ranges, site->zones[a].ranges[family]))
                continue;
            for (size_t b = 0; b < site->zone_n; b++)
                joined[a * site->zone_n + b] = joined[a * site->zone_n + b] ||
                                               ranges_overlap(flow->destination.ranges, site->zones[b].ranges[family]);
        }
    }
    return joined;
}

static void add_zones(struct finding_neighbours *finding, enum family family)
{
    const struct site *site = finding->site;
    const bool *joined = join_zones(finding, family);

    for (size_t i = 0; i < site->zone_n * site->zone_n; i++) {
        const struct zone *a = &site->zones[i / site->zone_n];
        const struct zone *b = &site->zones[i % site->zone_n];
        const struct cast_entry *from;
        const struct cast_entry *to;
        struct packet packets[3];
        struct str why;
        size_t n;

        if (a == b || joined[i])
            continue;
        from = ends_first(finding->wishes->cast, family, a->ranges[family]);
        to = ends_first(finding->wishes->cast, family, b->ranges[family]);
        if (from == NULL || to == NULL)
            continue;
        why = str_printf(finding->arena, "no flow from zone %.*s to zone %.*s", STR_ARG(a->name), STR_ARG(b->name));
        n = usual(packets, family, from->address, to->address);
        for (size_t k = 0; k < n; k++)
            add(finding, NEIGHBOUR_ZONES, &packets[k], NULL, why);
    }
}

struct neighbours *neighbours_find(struct arena *arena, const struct neighbours_wishes *wishes)
{
    struct finding_neighbours finding = {
        .arena = arena,
        .wishes = wishes,
        .site = wishes->plan->site,
        .allowed = allowed_new(arena, wishes),
        .found = arena_new_object(arena, struct neighbours),
    };

    add_tests(&finding);
    add_witnesses(&finding);
    for (size_t i = 0; i < wishes->plan->n; i++) {
        const struct flow *flow = wishes->plan->flows[i];

        if (flow->need != NEED_FORBIDDEN && flow->ports_known && flow->transport >= 0)
            add_flow(&finding, flow);
    }
    for (unsigned f = 0; f < FAMILY_N; f++)
        add_zones(&finding, (enum family)f);
    return finding.found;
}
