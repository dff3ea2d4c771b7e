/*
 * The ends of ways in pieces that take one way each, and what a host's own firewall sees of it: a firewall between
 * zones has addresses of its own, a host may lie in several zones.
 */
#include "plan/router.h"

#include <string.h>

const struct range piece_link_local = {(u128)0xfe80 << 112, ((u128)0xfec0 << 112) - 1};

static const struct ranges *own(const struct firewall *firewall, enum family family)
{
    return firewall->addresses == NULL ? &ranges_empty : firewall->addresses->family[family].ranges;
}

static bool at_node(const struct site *site, const struct firewall *firewall)
{
    return firewall_between(firewall) &&
           (site->zone_n == 0 || firewall->interface_n > 0 || firewall->addresses != NULL);
}

static void push_piece(struct router *router, struct pieces *pieces, const struct ranges *ranges,
                       const struct zone *zone, const struct firewall *at)
{
    if (ranges->n > 0)
        *vec_push(router->arena, pieces) = (struct piece){.ranges = ranges, .zone = zone, .at = at};
}

/* Link-local addresses are on every host: they belong to those whose other addresses are among the ends too. */
static const struct ranges *host_part(struct router *router, const struct firewall *firewall, enum family family,
                                      const struct ranges *whole, bool subnet)
{
    const struct ranges *part = ranges_intersect(router->arena, whole, own(firewall, family));

    if (!subnet || family != FAMILY_V6 || (part->n == 0 && firewall != router->on_link))
        return part;
    return ranges_union(router->arena, part,
                        ranges_intersect(router->arena, whole, ranges_of(router->arena, &piece_link_local, 1)));
}

static void split_by_host(struct router *router, struct pieces *pieces, const struct firewall *firewall,
                          const struct ranges *part)
{
    size_t n = pieces->n;

    for (size_t i = 0; i < n; i++) {
        struct piece piece = pieces->v[i];
        const struct ranges *in = ranges_intersect(router->arena, piece.ranges, part);
        const struct ranges *rest;
        struct piece mine = piece;

        if (in->n == 0)
            continue;
        rest = ranges_subtract(router->arena, piece.ranges, in);
        mine.ranges = in;
        mine.hosts = arena_new_array(router->arena, const struct firewall *, piece.host_n + 1);
        if (piece.host_n > 0)
            memcpy(mine.hosts, piece.hosts, piece.host_n * sizeof *mine.hosts);
        mine.hosts[mine.host_n++] = firewall;
        pieces->v[i] = mine;
        if (rest->n > 0) {
            struct piece *left = vec_push(router->arena, pieces);

            *left = piece;
            left->ranges = rest;
        }
    }
}

static void split_by_zone(struct router *router, struct pieces *pieces, enum family family, const struct ranges *set,
                          const struct firewall *at, bool everything)
{
    const struct site *site = router->site;

    if (site->zone_n == 0) {
        push_piece(router, pieces, set, NULL, at);
        return;
    }
    for (size_t i = 0; i < site->zone_n && set->n > 0; i++) {
        const struct zone *zone = &site->zones[i];

        if (!ranges_overlap(set, zone->ranges[family]))
            continue;
        push_piece(router, pieces, ranges_intersect(router->arena, set, zone->ranges[family]), zone, at);
        set = ranges_subtract(router->arena, set, zone->ranges[family]);
    }
    /* Where `any` is written, addresses of no zone are not meant: the site has none. */
    if (!everything || at != NULL)
        push_piece(router, pieces, set, NULL, at);
}

struct pieces pieces_make(struct router *router, enum family family, const struct ranges *set, bool subnet)
{
    const struct site *site = router->site;
    const struct ranges *special = ranges_subtract(router->arena, addr_all(family), addr_unicast(family));
    bool everything = ranges_subset(special, set);
    const struct ranges *left;
    struct pieces pieces = {0};

    if (everything)
        set = ranges_intersect(router->arena, set, addr_unicast(family));
    left = set;
    for (size_t i = 0; i < site->firewall_n; i++) {
        const struct firewall *firewall = &site->firewalls[i];
        const struct ranges *part;

        if (!at_node(site, firewall) || !ranges_overlap(set, own(firewall, family)))
            continue;
        part = ranges_intersect(router->arena, set, own(firewall, family));
        split_by_zone(router, &pieces, family, part, firewall, everything);
        left = ranges_subtract(router->arena, left, part);
    }
    split_by_zone(router, &pieces, family, left, NULL, everything);
    for (size_t i = 0; i < site->firewall_n; i++) {
        const struct firewall *firewall = &site->firewalls[i];

        if (!firewall_between(firewall) && (router->only == NULL || router->only == firewall))
            split_by_host(router, &pieces, firewall, host_part(router, firewall, family, set, subnet));
    }
    return pieces;
}

/* --- interfaces of hosts ------------------------------------------------------------------------------------------ */

/*
 * The interface of a host by which packets go to a zone: the one bound to that zone, else the one of the zone
 * in which the host is, else its only one. Empty: not bound.
 */
struct str host_interface(const struct firewall *firewall, const struct zone *peer, const struct zone *home)
{
    struct str of_home = STR_EMPTY;
    bool single = firewall->interface_n > 0;

    for (size_t i = 0; i < firewall->interface_n; i++) {
        if (firewall->interfaces[i].zone == peer)
            return firewall->interfaces[i].name;
        if (firewall->interfaces[i].zone == home && of_home.n == 0)
            of_home = firewall->interfaces[i].name;
        single = single && str_eq(firewall->interfaces[i].name, firewall->interfaces[0].name);
    }
    return of_home.n > 0 || !single ? of_home : firewall->interfaces[0].name;
}

bool host_is_in(const struct firewall *firewall, const struct zone *zone)
{
    for (unsigned f = 0; firewall->addresses != NULL && f < FAMILY_N; f++) {
        if (ranges_overlap(zone->ranges[f], firewall->addresses->family[f].ranges))
            return true;
    }
    return false;
}

/*
 * The interface of a host by which packets of a zone come to an address in `home`. A host that is in the zone, too, is
 * still sought where the address is; else what is bound to the zone says where its packets come in.
 */
struct str host_entrance(const struct firewall *firewall, const struct zone *peer, const struct zone *home)
{
    bool in_both = peer != NULL && home != NULL && host_is_in(firewall, peer);

    for (size_t i = 0; in_both && i < firewall->interface_n; i++) {
        if (firewall->interfaces[i].zone == home)
            return firewall->interfaces[i].name;
    }
    return host_interface(firewall, peer, home);
}
