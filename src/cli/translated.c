/*
 * Several firewalls on a way, one of which translates addresses: those behind it see other packets than the flow's, and
 * where a new destination leads is not known. What they say of the flow's own packets is then no answer.
 */
#include "cli/checking.h"

void checking_open_verdict(struct verdict *verdict, const struct verdict *before)
{
    verdict->kind = VERDICT_UNDETERMINED;
    verdict->rule = before->translated_by;
    verdict->rules = &before->translated_by;
    verdict->rule_n = 1;
    verdict->has_rewritten = false;
    verdict->reason = STR("a firewall before translates the packets: what comes here is not the flow");
}

/* Every verdict on the flow at this hop, there and back. */
static void open_hop(struct checking *c, const struct verdict *before, const struct hop *hop)
{
    vec_each (struct verdict *, verdict, &c->verdicts) {
        const struct gate *gate = checking_gate(c, hop->firewall);

        if (verdict->flow == before->flow && gate != NULL && str_eq(verdict->firewall, gate->policy->firewall))
            checking_open_verdict(verdict, before);
    }
}

static void open_route(struct checking *c, const struct verdict *before, const struct route *route)
{
    bool behind = false;

    for (size_t i = 0; i < route->hop_n; i++) {
        const struct gate *gate = checking_gate(c, route->hops[i].firewall);

        if (behind)
            open_hop(c, before, &route->hops[i]);
        behind = behind || (gate != NULL && str_eq(before->firewall, gate->policy->firewall));
    }
}

void checking_translated(struct checking *c)
{
    for (size_t i = 0; i < c->verdicts.n; i++) {
        const struct verdict *verdict = &c->verdicts.v[i];
        const struct flow *flow = verdict->flow;
        struct arena_mark mark = arena_mark(c->scratch);
        struct routes routes = {0};

        if (!verdict->translated_by.present || verdict->direction != DIRECTION_REQUEST || c->plan == NULL)
            continue;
        routes_find(c->scratch, c->plan->site, flow->family, flow->source.ranges, flow->destination.ranges,
                    flow->subnet, &routes);
        for (size_t k = 0; k < routes.n; k++)
            open_route(c, verdict, &routes.v[k]);
        arena_release(c->scratch, mark);
    }
}
