/* See between.h. */
#include "rehearse/between.h"

#include "plan/router.h"

struct between {
    struct arena *arena;
    struct router router;
    struct map routes; /* by ends_key */
};

/* The same in bytes for the same ends. */
struct ends_key {
    const void *from[2];
    const void *to[2];
    uint32_t family;
    uint32_t subnet;
};

struct between *between_new(struct arena *arena, const struct site *site)
{
    struct between *between = arena_new_object(arena, struct between);

    *between = (struct between){.arena = arena, .router = {.arena = arena, .site = site}};
    return between;
}

const struct routes *between_routes(struct between *between, const struct actor *from, const struct actor *to,
                                    const struct packet *packet, bool subnet)
{
    struct ends_key key = {{from->zone, from->firewall}, {to->zone, to->firewall}, packet->family, subnet};
    struct str bytes = {(const char *)&key, sizeof key};
    struct routes *routes = map_get(&between->routes, bytes);

    if (routes == NULL) {
        routes = arena_new_object(between->arena, struct routes);
        router_find(&between->router, packet->family, ranges_value(between->arena, packet->source),
                    ranges_value(between->arena, packet->destination), subnet, routes);
        map_set(between->arena, &between->routes, str_dup(between->arena, bytes), routes);
    }
    return routes;
}
