/* See proof.h. The packet becomes a flow of one packet, and every firewall on its way is asked about that. */
#include "rehearse/proof.h"

#include "net/proto.h"
#include "prove/passage.h"

struct asking {
    struct arena *arena;
    const struct proving *with;
    struct played_packet *played;
    struct passage_hop *hops;
    const struct route *route;
    bool translated; /* a firewall before writes addresses */
};

static bool opens(const struct packet *packet)
{
    if (packet->state != STATE_NEW || packet->fragment != FRAGMENT_NONE || packet->mark != 0)
        return false;
    if (packet->protocol == PROTO_TCP)
        return packet->tcp_flags == TCP_SYN;
    if (packet->protocol == proto_icmp(packet->family))
        return packet->icmp_type == (packet->family == FAMILY_V4 ? 8 : 128) && packet->icmp_code == 0;
    return true;
}

static struct flow *flow_of(struct arena *arena, const struct packet *packet, bool subnet)
{
    struct flow *flow = arena_new_object(arena, struct flow);
    bool ports = proto_has_ports(packet->protocol);

    *flow = (struct flow){
        .id = STR("packet"),
        .family = packet->family,
        .source = {.ranges = ranges_value(arena, packet->source)},
        .destination = {.ranges = ranges_value(arena, packet->destination)},
        .transport = packet->protocol == proto_icmp(packet->family) ? PROTO_ICMP : packet->protocol,
        .ports = ports ? ranges_value(arena, packet->port) : NULL,
        .ports_known = true,
        .source_ports = ports ? ranges_value(arena, packet->source_port) : NULL,
        .status = FLOW_RESOLVED,
        .subnet = subnet,
    };
    return flow;
}

/* False: that is all there is to say. */
static bool ask_permit(struct asking *asking, size_t at, const struct permit *permit, enum direction direction)
{
    struct played_packet *played = asking->played;
    struct verdict verdict;

    judge_permit(asking->arena, asking->hops[at].prover, permit, direction, &verdict);
    asking->translated = asking->translated || verdict.translated_by.present;
    if (direction == DIRECTION_REQUEST || verdict.kind != VERDICT_PERMITTED) {
        played->proof_rule = verdict.rule;
        played->proof_firewall = asking->route->hops[at].firewall->name;
    }
    if (verdict.kind == VERDICT_PERMITTED)
        return true;
    played->proof = verdict.kind != VERDICT_DENIED ? VERDICT_UNDETERMINED
                    : direction == DIRECTION_REPLY ? VERDICT_PARTIAL
                                                   : VERDICT_DENIED;
    return false;
}

static bool ask_hop(struct asking *asking, size_t at, enum direction direction)
{
    return ask_permit(asking, at, &asking->hops[at].permit, direction);
}

static bool ask_what_follows(struct asking *asking, size_t at)
{
    struct permit turned = judge_turned(asking->arena, &asking->hops[at].permit);

    return ask_permit(asking, at, &turned, DIRECTION_REPLY);
}

/* What was translated has other addresses behind, which only the whole way knows. */
static void ask_whole(struct asking *asking)
{
    struct played_packet *played = asking->played;
    struct packet packet;
    bool has_packet;

    switch (
        passage_find(asking->arena, asking->hops, asking->route->hop_n, &packet, &has_packet, &played->proof_rule)) {
    case PASSAGE_NONE: played->proof = VERDICT_DENIED; break;
    case PASSAGE_MAYBE: played->proof = VERDICT_UNDETERMINED; break;
    case PASSAGE_SOME: played->proof = VERDICT_PERMITTED; break;
    }
}

static void ask_route(struct asking *asking, const struct flow *flow, bool replies)
{
    const struct route *route = asking->route;

    asking->hops = arena_new_array(asking->arena, struct passage_hop, route->hop_n);
    asking->played->proof = VERDICT_PERMITTED;
    for (size_t i = 0; i < route->hop_n; i++) {
        const struct hop *hop = &route->hops[i];

        asking->hops[i].prover = asking->with->provers[hop->firewall - asking->with->site->firewalls];
        asking->hops[i].permit =
            (struct permit){flow, hop->hook, hop->in, hop->out, flow->source.ranges, flow->destination.ranges};
    }
    for (size_t i = 0; i < route->hop_n && !asking->translated; i++) {
        if (!ask_hop(asking, i, DIRECTION_REQUEST))
            return;
    }
    if (asking->translated) {
        ask_whole(asking);
        if (replies && asking->played->proof == VERDICT_PERMITTED && route->hop_n > 1)
            asking->played->proof = VERDICT_UNDETERMINED; /* replies behind it are not followed */
    }
    for (size_t i = 0; i < route->hop_n && replies && asking->played->proof == VERDICT_PERMITTED; i++)
        ask_hop(asking, i, DIRECTION_REPLY);
    if (asking->translated || !replies || !asking->played->follows)
        return;
    for (size_t i = 0; i < route->hop_n && asking->played->proof == VERDICT_PERMITTED; i++)
        ask_what_follows(asking, i);
}

static void ask(struct asking *asking, const struct actor *from, const struct actor *to, bool subnet, bool replies)
{
    const struct proving *with = asking->with;
    const struct packet *packet = &asking->played->packet;
    const struct routes *routes = between_routes(with->between, from, to, packet, subnet);

    if (routes->n == 0 && routes->gap_n > 0)
        asking->played->proof = VERDICT_DENIED;
    for (size_t i = 0; i < routes->n; i++) {
        if (routes->n > 1 && !stage_follows(with->stage, from, to, &routes->v[i]))
            continue;
        asking->route = &routes->v[i];
        ask_route(asking, flow_of(asking->arena, packet, subnet), replies);
        return;
    }
}

void proof_find(struct arena *arena, const struct proving *proving, const struct actor *from, const struct actor *to,
                bool subnet, bool replies, struct played_packet *played)
{
    struct asking asking = {.arena = arena, .with = proving, .played = played};
    struct arena_mark mark = arena_mark(arena);

    played->proof = VERDICT_UNDETERMINED;
    if (opens(&played->packet))
        ask(&asking, from, to, subnet, replies);
    arena_release(arena, mark);
}
