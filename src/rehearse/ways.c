/*
 * See ways.h. Every node weighs something, drawn by its number, and of the shortest paths the lightest is taken: sums
 * of such weights are different, so there is just one, the same in both directions, and what is left of it at each step
 * is the one of that step. Nodes of the preferred route weigh nothing, and so it is the lightest.
 */
#include "rehearse/ways.h"

#define LIGHTEST ((uint64_t)1 << 40) /* of a node that is not preferred; the drawn part is below 1 << 32 */

struct ways *ways_make(struct arena *arena, const struct site *site, const struct route *prefer)
{
    struct ways *ways = arena_new_object(arena, struct ways);

    *ways = (struct ways){
        .router = {.arena = arena, .site = site},
        .prefer = prefer,
        .node_n = site->zone_n + site->firewall_n,
    };
    ways->steps = arena_new_array(arena, struct way_step *, ways->node_n);
    return ways;
}

/* A firewall of the route, or a zone that it goes through. */
static bool is_preferred(const struct ways *ways, size_t node)
{
    const struct site *site = ways->router.site;

    for (size_t i = 0; ways->prefer != NULL && i < ways->prefer->hop_n; i++) {
        const struct hop *hop = &ways->prefer->hops[i];

        if (node >= site->zone_n) {
            if (hop->firewall == &site->firewalls[node - site->zone_n])
                return true;
            continue;
        }
        for (size_t k = 0; firewall_between(hop->firewall) && k < hop->firewall->interface_n; k++) {
            const struct zone_interface *interface = &hop->firewall->interfaces[k];

            if (zone_node(site, interface->zone) == node &&
                (str_eq(interface->name, hop->in) || str_eq(interface->name, hop->out)))
                return true;
        }
    }
    return false;
}

static uint64_t weight(const struct ways *ways, size_t node)
{
    uint64_t x = (node + 1) * 0x9e3779b97f4a7c15u; /* splitmix64 */

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return is_preferred(ways, node) ? 0 : LIGHTEST + ((x ^ x >> 31) >> 32);
}

struct choice {
    const uint32_t *distance; /* to the end, by node */
    uint64_t *cost;           /* of the way from there to the end */
    struct way_step *steps;
};

/* One interface of a firewall is an edge of the graph, for both of its ends. */
static void try_edge(const struct ways *ways, const struct choice *choice, size_t from, const struct firewall *firewall,
                     const struct zone_interface *interface)
{
    const struct site *site = ways->router.site;
    size_t zone = zone_node(site, interface->zone);
    size_t node = firewall_node(site, firewall);
    size_t next = from == zone ? node : zone;

    if ((from != zone && from != node) || choice->distance[next] == ROUTER_FAR ||
        choice->distance[next] + 1 != choice->distance[from])
        return;
    if (choice->steps[from].firewall != NULL && choice->cost[next] >= choice->cost[from])
        return;
    choice->cost[from] = choice->cost[next];
    choice->steps[from] = (struct way_step){firewall, interface};
}

static struct way_step *steps_to(struct ways *ways, size_t to)
{
    const struct site *site = ways->router.site;
    struct arena *arena = ways->router.arena;
    struct choice choice = {
        .distance = router_distances(&ways->router, to),
        .cost = arena_new_array(arena, uint64_t, ways->node_n),
        .steps = arena_new_array(arena, struct way_step, ways->node_n),
    };

    for (uint32_t distance = 1; distance < ways->node_n; distance++) {
        for (size_t from = 0; from < ways->node_n; from++) {
            if (choice.distance[from] != distance)
                continue;
            for (size_t f = 0; f < site->firewall_n; f++) {
                const struct firewall *firewall = &site->firewalls[f];

                for (size_t i = 0; firewall_between(firewall) && i < firewall->interface_n; i++)
                    try_edge(ways, &choice, from, firewall, &firewall->interfaces[i]);
            }
            choice.cost[from] += weight(ways, from);
        }
    }
    return choice.steps;
}

struct way_step ways_step(struct ways *ways, size_t from, size_t to)
{
    if (ways->steps[to] == NULL)
        ways->steps[to] = steps_to(ways, to);
    return ways->steps[to][from];
}

/* One firewall of the way, from a zone or (as an end) from itself; *at moves to the zone behind it, or to the end. */
static bool follow_hop(struct ways *ways, size_t *at, size_t end, const struct hop *hop)
{
    const struct site *site = ways->router.site;
    size_t node = firewall_node(site, hop->firewall);
    struct way_step step;

    if (*at != node) {
        step = ways_step(ways, *at, end);
        if (step.firewall != hop->firewall || !str_eq(step.interface->name, hop->in))
            return false;
    }
    *at = node;
    if (node == end)
        return true;
    step = ways_step(ways, node, end);
    if (step.firewall == NULL || !str_eq(step.interface->name, hop->out))
        return false;
    *at = zone_node(site, step.interface->zone);
    return true;
}

bool ways_follow(struct ways *ways, size_t from, size_t to, const struct route *route)
{
    size_t at = from;

    for (size_t i = 0; i < route->hop_n; i++) {
        const struct hop *hop = &route->hops[i];

        if (firewall_between(hop->firewall) && hop->firewall->interface_n > 0 && !follow_hop(ways, &at, to, hop))
            return false;
    }
    return at == to;
}
