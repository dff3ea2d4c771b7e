/*
 * Ways through a site. Zones and firewalls between them are the nodes of a graph; a firewall's own addresses lie at the
 * firewall, all others in their zone. Of the shortest paths between two nodes as many are given as it takes to show
 * every crossing (firewall, way in, way out) that lies on one: what must permit is known from the crossings alone.
 */
#include "plan/router.h"

#include <string.h>

#define FAR ROUTER_FAR

struct crossings VEC(struct crossing);

bool firewall_between(const struct firewall *firewall)
{
    return firewall->host.n == 0;
}

size_t zone_node(const struct site *site, const struct zone *zone)
{
    return (size_t)(zone - site->zones);
}

size_t firewall_node(const struct site *site, const struct firewall *firewall)
{
    return site->zone_n + (size_t)(firewall - site->firewalls);
}

uint32_t *router_distances(struct router *router, size_t from)
{
    const struct site *site = router->site;
    size_t n = site->zone_n + site->firewall_n;
    uint32_t *distance;
    size_t *queue;
    size_t head = 0;
    size_t tail = 0;

    if (router->distances == NULL)
        router->distances = arena_new_array(router->arena, uint32_t *, n);
    if (router->distances[from] != NULL)
        return router->distances[from];
    distance = arena_new_array(router->arena, uint32_t, n);
    queue = arena_new_array(router->arena, size_t, n);
    for (size_t i = 0; i < n; i++)
        distance[i] = FAR;
    distance[from] = 0;
    queue[tail++] = from;
    while (head < tail) {
        size_t at = queue[head++];

        for (size_t f = 0; f < site->firewall_n; f++) {
            const struct firewall *firewall = &site->firewalls[f];

            for (size_t i = 0; firewall_between(firewall) && i < firewall->interface_n; i++) {
                size_t zone = zone_node(site, firewall->interfaces[i].zone);
                size_t other = at == zone ? site->zone_n + f : at == site->zone_n + f ? zone : n;

                if (other == n || distance[other] != FAR)
                    continue;
                distance[other] = distance[at] + 1;
                queue[tail++] = other;
            }
        }
    }
    router->distances[from] = distance;
    return distance;
}

/* Crossings from zone to zone that lie on some shortest path between two nodes, in the order of the path. */
static struct crossings find_crossings(struct router *router, size_t from, size_t to)
{
    const struct site *site = router->site;
    const uint32_t *there = router_distances(router, from);
    const uint32_t *back = router_distances(router, to);
    struct crossings found = {0};

    for (uint32_t step = 0; there[to] != FAR && step < there[to]; step++) {
        for (size_t f = 0; f < site->firewall_n; f++) {
            const struct firewall *firewall = &site->firewalls[f];
            size_t node = site->zone_n + f;

            if (!firewall_between(firewall) || node == from || node == to || there[node] != step || back[node] == FAR ||
                there[node] + back[node] != there[to])
                continue;
            for (size_t i = 0; i < firewall->interface_n; i++) {
                size_t in = zone_node(site, firewall->interfaces[i].zone);

                for (size_t j = 0; there[in] + 1 == there[node] && j < firewall->interface_n; j++) {
                    size_t out = zone_node(site, firewall->interfaces[j].zone);

                    if (back[out] + 1 == back[node])
                        *vec_push(router->arena, &found) = (struct crossing){
                            firewall, in, out, firewall->interfaces[i].name, firewall->interfaces[j].name, false};
                }
            }
        }
    }
    return found;
}

static struct crossing *neighbour(struct crossings *crossings, const struct crossing *of, bool after)
{
    struct crossing *first = NULL;

    vec_each (struct crossing *, other, crossings) {
        if (after ? other->from != of->to : other->to != of->from)
            continue;
        if (!other->shown)
            return other;
        if (first == NULL)
            first = other;
    }
    return first;
}

/* Paths that show each crossing at least once. */
static void cover(struct router *router, struct crossings *crossings, struct path_list *paths)
{
    vec_each (struct crossing *, start, crossings) {
        struct VEC(struct crossing *) before = {0};
        struct path path = {0};

        if (start->shown)
            continue;
        for (struct crossing *at = neighbour(crossings, start, false); at != NULL; at = neighbour(crossings, at, false))
            *vec_push(router->arena, &before) = at;
        for (size_t i = before.n; i > 0; i--)
            *vec_push(router->arena, &path) = before.v[i - 1];
        for (struct crossing *at = start; at != NULL; at = neighbour(crossings, at, true))
            *vec_push(router->arena, &path) = at;
        for (size_t i = 0; i < path.n; i++)
            path.v[i]->shown = true;
        *vec_push(router->arena, paths) = path;
    }
}

/* NULL where there is no way. An empty list of paths: there is one, and it crosses nothing. */
static struct path_list *find_paths(struct router *router, size_t from, size_t to)
{
    const struct site *site = router->site;
    size_t n = site->zone_n + site->firewall_n;
    struct crossings crossings;
    struct path_list *paths;

    if (router->paths == NULL)
        router->paths = arena_new_array(router->arena, struct path_list **, n);
    if (router->paths[from] == NULL)
        router->paths[from] = arena_new_array(router->arena, struct path_list *, n);
    paths = router->paths[from][to];
    if (paths == NULL) {
        paths = arena_new_object(router->arena, struct path_list);
        paths->reachable = router_distances(router, from)[to] != FAR;
        crossings = find_crossings(router, from, to);
        cover(router, &crossings, paths);
        router->paths[from][to] = paths;
    }
    return paths->reachable ? paths : NULL;
}

/* --- hops --------------------------------------------------------------------------------------------------------- */

struct hops VEC(struct hop);

static void push_hop(struct router *router, struct hops *hops, const struct firewall *firewall, enum hook hook,
                     struct str in, struct str out)
{
    *vec_push(router->arena, hops) = (struct hop){firewall, hook, in, out};
}

/* Interfaces of a firewall towards the node at the other end. */
static struct str towards(struct router *router, const struct firewall *firewall, size_t other, size_t nth)
{
    const struct site *site = router->site;
    const uint32_t *distance = router_distances(router, other);
    size_t node = firewall_node(site, firewall);

    for (size_t i = 0; i < firewall->interface_n; i++) {
        if (distance[node] == FAR || distance[zone_node(site, firewall->interfaces[i].zone)] + 1 != distance[node])
            continue;
        if (nth-- == 0)
            return firewall->interfaces[i].name;
    }
    return STR_EMPTY;
}

struct pair {
    const struct piece *source;
    const struct piece *destination;
    size_t from; /* nodes */
    size_t to;
    bool subnet;
    enum family family;
};

static void emit(struct router *router, struct routes *routes, const struct pair *pair, const struct hops *middle,
                 struct str first, struct str last, unsigned alternative)
{
    const struct piece *source = pair->source;
    const struct piece *destination = pair->destination;
    struct hops hops = {0};

    for (size_t i = 0; i < source->host_n; i++)
        push_hop(router, &hops, source->hosts[i], HOOK_OUTPUT, STR_EMPTY,
                 host_interface(source->hosts[i], destination->zone, source->zone));
    if (source->at != NULL)
        push_hop(router, &hops, source->at, HOOK_OUTPUT, STR_EMPTY, first);
    for (size_t i = 0; i < middle->n; i++)
        *vec_push(router->arena, &hops) = middle->v[i];
    if (destination->at != NULL)
        push_hop(router, &hops, destination->at, HOOK_INPUT, last, STR_EMPTY);
    for (size_t i = 0; i < destination->host_n; i++)
        push_hop(router, &hops, destination->hosts[i], HOOK_INPUT,
                 pair->subnet ? host_interface(destination->hosts[i], source->zone, destination->zone)
                              : host_entrance(destination->hosts[i], source->zone, destination->zone),
                 STR_EMPTY);
    *vec_push(router->arena, routes) = (struct route){
        .family = pair->family,
        .source = source->ranges,
        .destination = destination->ranges,
        .hops = hops.v,
        .hop_n = hops.n,
        .alternative = alternative,
    };
}

static void emit_path(struct router *router, struct routes *routes, const struct pair *pair, const struct path *path,
                      unsigned *alternative)
{
    struct hops middle = {0};
    const struct firewall *source = pair->source->at;
    const struct firewall *destination = pair->destination->at;

    for (size_t i = 0; i < path->n; i++)
        push_hop(router, &middle, path->v[i]->firewall, HOOK_FORWARD, path->v[i]->in, path->v[i]->out);
    /* A firewall that is an end may have several interfaces that way. */
    for (size_t s = 0; s == 0 || (source != NULL && towards(router, source, pair->to, s).n > 0); s++) {
        struct str first = source == NULL ? STR_EMPTY : towards(router, source, pair->to, s);

        for (size_t d = 0; d == 0 || (destination != NULL && towards(router, destination, pair->from, d).n > 0); d++) {
            struct str last = destination == NULL ? STR_EMPTY : towards(router, destination, pair->from, d);

            emit(router, routes, pair, &middle, first, last, (*alternative)++);
        }
    }
}

static void push_gap(struct router *router, struct routes *routes, const struct pair *pair)
{
    struct gap *grown = arena_new_array(router->arena, struct gap, routes->gap_n + 1);

    if (routes->gap_n > 0)
        memcpy(grown, routes->gaps, routes->gap_n * sizeof *grown);
    grown[routes->gap_n++] = (struct gap){
        .from = pair->source->zone,
        .to = pair->destination->zone,
        .source = pair->source->ranges,
        .destination = pair->destination->ranges,
    };
    routes->gaps = grown;
}

/* Without zones every firewall between stands in every way. */
static void route_without_zones(struct router *router, struct routes *routes, const struct pair *pair)
{
    const struct site *site = router->site;
    struct hops middle = {0};

    for (size_t i = 0; !pair->subnet && i < site->firewall_n; i++) {
        const struct firewall *firewall = &site->firewalls[i];

        if (firewall_between(firewall) && firewall != pair->source->at && firewall != pair->destination->at)
            push_hop(router, &middle, firewall, HOOK_FORWARD, STR_EMPTY, STR_EMPTY);
    }
    emit(router, routes, pair, &middle, STR_EMPTY, STR_EMPTY, 0);
}

/* The node of a piece; false where it lies nowhere. */
static bool node_of(const struct site *site, const struct piece *piece, size_t *node)
{
    if (piece->at != NULL && piece->at->interface_n > 0)
        *node = firewall_node(site, piece->at);
    else if (piece->zone != NULL)
        *node = zone_node(site, piece->zone);
    else
        return false;
    return true;
}

static void route_pair(struct router *router, struct routes *routes, struct pair *pair)
{
    static const struct path nothing = {0};
    const struct site *site = router->site;
    struct path_list *paths = NULL;
    struct hops none = {0};
    unsigned alternative = 0;

    if (site->zone_n == 0) {
        route_without_zones(router, routes, pair);
        return;
    }
    if (node_of(site, pair->source, &pair->from) && node_of(site, pair->destination, &pair->to))
        paths = find_paths(router, pair->from, pair->to);
    if (pair->subnet) {
        emit(router, routes, pair, &none, STR_EMPTY, STR_EMPTY, 0);
        return;
    }
    if (paths == NULL) {
        push_gap(router, routes, pair);
        return;
    }
    if (paths->n == 0)
        emit_path(router, routes, pair, &nothing, &alternative);
    vec_each (struct path *, path, paths)
        emit_path(router, routes, pair, path, &alternative);
}

static bool shares_host(const struct piece *a, const struct piece *b)
{
    if (a->at != NULL && a->at == b->at)
        return true;
    /* A piece on several hosts is link-local: from one of them to another. */
    return a->host_n == 1 && b->host_n == 1 && a->hosts[0] == b->hosts[0] &&
           !ranges_contain(a->ranges, piece_link_local.lo) && !ranges_contain(b->ranges, piece_link_local.lo);
}

static bool is_one_to_itself(const struct ranges *a, const struct ranges *b)
{
    return a->n == 1 && a->v[0].lo == a->v[0].hi && ranges_equal(a, b);
}

void router_find(struct router *router, enum family family, const struct ranges *source,
                 const struct ranges *destination, bool subnet, struct routes *routes)
{
    struct pieces from = pieces_make(router, family, source, subnet);
    struct pieces to = pieces_make(router, family, destination, subnet);

    vec_each (struct piece *, s, &from) {
        vec_each (struct piece *, d, &to) {
            struct pair pair = {.source = s, .destination = d, .subnet = subnet, .family = family};

            if (!shares_host(s, d) && !is_one_to_itself(s->ranges, d->ranges))
                route_pair(router, routes, &pair);
        }
    }
}

struct permit route_permit(const struct flow *flow, const struct route *route, const struct hop *hop)
{
    return (struct permit){.flow = flow,
                           .hook = hop->hook,
                           .in = hop->in,
                           .out = hop->out,
                           .source = route->source,
                           .destination = route->destination};
}

void routes_find(struct arena *arena, const struct site *site, enum family family, const struct ranges *source,
                 const struct ranges *destination, bool subnet, struct routes *routes)
{
    struct router router = {.arena = arena, .site = site};

    router_find(&router, family, source, destination, subnet, routes);
}

bool router_behind(struct router *router, const struct firewall *firewall, const struct zone *zone, size_t interface)
{
    const uint32_t *distance = router_distances(router, zone_node(router->site, zone));
    uint32_t mine = distance[firewall_node(router->site, firewall)];

    return mine != FAR && distance[zone_node(router->site, firewall->interfaces[interface].zone)] + 1 == mine;
}
