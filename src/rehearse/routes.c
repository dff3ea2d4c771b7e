/*
 * Routes of one place: what is local to it, what is beyond the link, what the next firewall has. Zones go by their
 * prefixes as written, so the longest decides in routing as it does between zones; firewalls and hosts that have one go
 * by each of their addresses. Where there is no way, a route says so, or the default would take the packets.
 */
#include "rehearse/build.h"

static void add_route(const struct view *view, enum family family, struct range prefix, const struct port *by,
                      const struct port *to)
{
    struct netlink_route route = {.family = family, .prefix = prefix, .table = view->table};

    if (!stage_has(view->stage, family))
        return;
    if (to == NULL) {
        route.target = NETLINK_UNREACHABLE;
    } else if (to->place == view->place) {
        route.target = NETLINK_LOCAL;
        route.index = NETLINK_LOOPBACK;
    } else {
        route.target = NETLINK_GATEWAY;
        route.index = by->link.index;
        route.gateway = port_gateway(to, family);
    }
    netlink_route(view->netlink, &route);
}

/* A zone as it was written: the longest prefix decides in routing as between zones. */
static void add_zone_routes(const struct view *view, const struct zone *zone, const struct port *by,
                            const struct port *to)
{
    for (unsigned f = 0; f < FAMILY_N && (zone == NULL || zone->rest); f++)
        add_route(view, (enum family)f, (struct range){0, addr_max((enum family)f)}, by, to);
    for (size_t i = 0; zone != NULL && i < zone->prefix_n; i++) {
        struct addr_range rest = zone->prefixes[i];

        for (;;) {
            struct range prefix = addr_next_prefix(rest.family, rest.range);

            add_route(view, rest.family, prefix, by, to);
            if (prefix.hi >= rest.range.hi)
                break;
            rest.range.lo = prefix.hi + 1;
        }
    }
}

/* The port of the next firewall on the segment of a zone. */
static const struct port *next_port(struct stage *stage, size_t from, size_t to)
{
    struct way_step step = ways_step(stage->ways, from, to);
    const struct place *place;

    if (step.firewall == NULL)
        return NULL;
    place = &stage->firewalls[step.firewall - stage->site->firewalls];
    for (size_t i = 0; i < place->ports.n; i++) {
        if (str_eq(place->ports.v[i]->link.name, step.interface->name))
            return place->ports.v[i];
    }
    return NULL;
}

/* Towards a node: who has it next, and by which port of ours. */
static void towards(const struct view *view, size_t node, const struct port **by, const struct port **to)
{
    struct stage *stage = view->stage;
    struct way_step step;

    *by = view->port;
    *to = NULL;
    if (!view->place->routes) {
        size_t here = zone_node(stage->site, view->zone);

        *to = here == node ? stage->crowds[here].ports.v[0] : next_port(stage, here, node);
        return;
    }
    step = ways_step(stage->ways, firewall_node(stage->site, view->place->firewall), node);
    if (step.firewall == NULL)
        return;
    for (size_t i = 0; i < view->place->ports.n; i++) {
        if (str_eq(view->place->ports.v[i]->link.name, step.interface->name))
            *by = view->place->ports.v[i];
    }
    if (zone_node(stage->site, step.interface->zone) == node)
        *to = stage->crowds[node].ports.v[0];
    else
        *to = next_port(stage, zone_node(stage->site, step.interface->zone), node);
}

static void add_actor_routes(const struct view *view, const struct actor *actor, const struct port *by,
                             const struct port *to)
{
    for (unsigned f = 0; f < FAMILY_N; f++) {
        for (size_t i = 0; i < actor->address_n[f]; i++)
            add_route(view, (enum family)f, (struct range){actor->addresses[f][i], actor->addresses[f][i]}, by, to);
    }
}

/* A firewall, or a host with one, is found by each of its addresses. */
static void add_guarded_routes(const struct view *view, const struct actor *actor)
{
    struct stage *stage = view->stage;
    struct place *there = stage_place(stage, actor);
    const struct port *by = view->port;
    const struct port *to = NULL;

    if (there == view->place || there->ports.n == 0)
        return;
    if (there->routes) {
        towards(view, firewall_node(stage->site, actor->firewall), &by, &to);
    } else if (view->place->routes ? (by = place_port(view->place, actor->zone)) != NULL : view->zone == actor->zone) {
        to = place_port(there, actor->zone);
    } else {
        return; /* behind the next firewall on the way to its zone */
    }
    add_actor_routes(view, actor, by, to);
}

void build_routes(const struct view *view)
{
    struct stage *stage = view->stage;

    for (size_t i = 0; i < stage->cast->n; i++) {
        if (stage->cast->v[i]->firewall != NULL)
            add_guarded_routes(view, stage->cast->v[i]);
    }
    for (size_t z = 0; z < stage->crowd_n; z++) {
        const struct zone *zone = stage->site->zone_n == 0 ? NULL : &stage->site->zones[z];
        const struct port *by = view->port;
        const struct port *to = stage->crowds[z].ports.v[0];

        if (zone != NULL)
            towards(view, z, &by, &to);
        add_zone_routes(view, zone, by, to);
    }
}
