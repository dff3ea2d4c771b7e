/* See allowed.h. Flows are looked for by transport. */
#include "rehearse/allowed.h"

#include "net/proto.h"
#include "plan/maker.h"
#include "rehearse/between.h"

struct flow_list VEC(const struct flow *);

struct allowed {
    struct arena *arena;
    const struct neighbours_wishes *wishes;
    struct flow_list flows[FAMILY_N][257]; /* by IP protocol; the last: of any */
    struct between *between;
};

#define ANY_TRANSPORT 256

static void add_flow(struct allowed *allowed, const struct flow *flow)
{
    unsigned at = ANY_TRANSPORT;

    if (flow->need == NEED_FORBIDDEN || !flow->ports_known || flow->transport == TRANSPORT_UNSTATED)
        return;
    if (flow->transport != TRANSPORT_ANY)
        at = flow_protocol(flow);
    *vec_push(allowed->arena, &allowed->flows[flow->family][at]) = flow;
}

struct allowed *allowed_new(struct arena *arena, const struct neighbours_wishes *wishes)
{
    struct allowed *allowed = arena_new_object(arena, struct allowed);
    const struct site *site = wishes->plan->site;

    *allowed = (struct allowed){.arena = arena, .wishes = wishes, .between = between_new(arena, site)};
    for (size_t i = 0; i < wishes->plan->n; i++)
        add_flow(allowed, wishes->plan->flows[i]);
    for (size_t i = 0; i < site->accept_n; i++) {
        struct probe_flows flows;

        if (exception_expired(&site->accept[i], wishes->today))
            continue;
        flows = plan_exception_flows(arena, &site->accept[i], STR("accept"));
        for (size_t k = 0; k < flows.n; k++)
            add_flow(allowed, flows.v[k]);
    }
    return allowed;
}

static bool covers(const struct flow *flow, const struct packet *packet)
{
    if (proto_has_ports(packet->protocol) &&
        ((flow->ports != NULL && !ranges_contain(flow->ports, packet->port)) ||
         (flow->source_ports != NULL && !ranges_contain(flow->source_ports, packet->source_port))))
        return false;
    return packet->source != packet->destination && ranges_contain(flow->source.ranges, packet->source) &&
           ranges_contain(flow->destination.ranges, packet->destination);
}

bool allowed_flow(const struct allowed *allowed, const struct actor *from, const struct actor *to,
                  const struct packet *packet)
{
    const struct flow_list *lists[] = {&allowed->flows[packet->family][packet->protocol],
                                       &allowed->flows[packet->family][ANY_TRANSPORT]};

    for (size_t l = 0; l < 2; l++) {
        vec_each (const struct flow *const *, flow, lists[l]) {
            if ((!(*flow)->subnet || from->zone == to->zone) && covers(*flow, packet))
                return true;
        }
    }
    return false;
}

/* --- ways --------------------------------------------------------------------------------------------------------- */

bool allowed_crosses(struct allowed *allowed, const struct actor *from, const struct actor *to,
                     const struct packet *packet)
{
    const struct routes *routes = between_routes(allowed->between, from, to, packet, false);

    for (size_t i = 0; i < routes->n; i++) {
        if (routes->v[i].hop_n == 0)
            return false;
    }
    return routes->n > 0 && routes->gap_n == 0;
}

static bool is_dhcp(const struct packet *packet)
{
    bool v4 = packet->family == FAMILY_V4;

    return packet->protocol == PROTO_UDP &&
           (v4 ? packet->port == 67 || packet->port == 68 : packet->port == 546 || packet->port == 547);
}

static bool decides(const struct allowed *allowed, const struct hop *hop, const struct packet *packet)
{
    const struct policy *policy = allowed->wishes->policies[hop->firewall - allowed->wishes->plan->site->firewalls];
    const struct ranges *scope = policy->scope[packet->family];

    if ((policy->baseline & 1u << BASELINE_DHCP) != 0 && is_dhcp(packet))
        return false;
    return scope == NULL || ranges_contain(scope, packet->source) || ranges_contain(scope, packet->destination);
}

bool allowed_decided(struct allowed *allowed, const struct actor *from, const struct actor *to,
                     const struct packet *packet)
{
    const struct routes *routes = between_routes(allowed->between, from, to, packet, false);

    for (size_t i = 0; i < routes->n; i++) {
        bool decided = false;

        for (size_t k = 0; k < routes->v[i].hop_n; k++)
            decided = decided || decides(allowed, &routes->v[i].hops[k], packet);
        if (!decided)
            return false;
    }
    return routes->n > 0 && routes->gap_n == 0;
}
