/*
 * Faces: by which interfaces packets meet a firewall, and which addresses belong behind each. An interface to a zone
 * also carries the zones whose shortest path comes in by it.
 *
 * A source is always unicast: nothing sends from a multicast address. Link-local IPv6 lies behind every interface, and
 * every host has such an address of its own (RFC 4291, 2.1).
 */
#include "plan/policy_maker.h"

static const struct range link_local = {(u128)0xfe80 << 112, ((u128)0xfec0 << 112) - 1};
static const struct range multicast_v6 = {(u128)0xff00 << 112, ~(u128)0};
static const struct range multicast_v4 = {0xe0000000, 0xefffffff};
static const struct range broadcast_v4 = {UINT32_MAX, UINT32_MAX};

struct side {
    struct str interface;
    const struct ranges *behind[FAMILY_N];
};

struct sides VEC(struct side);

struct faces VEC(struct face);

struct work {
    struct router *router;
    const struct firewall *firewall;
    const struct ranges *own[FAMILY_N];   /* unicast */
    const struct ranges *group[FAMILY_N]; /* broadcast and multicast */
    struct sides sides;
    struct faces faces;
};

static struct side *side_of(struct work *work, struct str interface)
{
    struct side *side;

    vec_each (struct side *, known, &work->sides) {
        if (str_eq(known->interface, interface))
            return known;
    }
    side = vec_push(work->router->arena, &work->sides);
    side->interface = interface;
    for (unsigned f = 0; f < FAMILY_N; f++)
        side->behind[f] = &ranges_empty;
    return side;
}

static void put_behind(struct work *work, struct str interface, const struct zone *zone)
{
    struct side *side = side_of(work, interface);

    for (unsigned f = 0; f < FAMILY_N; f++)
        side->behind[f] = ranges_union(work->router->arena, side->behind[f], zone->ranges[f]);
}

/* Those of the zone that are not behind `but` already. */
static void put_more(struct work *work, struct side *side, const struct zone *zone, const struct side *but)
{
    struct arena *arena = work->router->arena;

    for (unsigned f = 0; f < FAMILY_N; f++)
        side->behind[f] = ranges_union(arena, side->behind[f], ranges_subtract(arena, zone->ranges[f], but->behind[f]));
}

static void find_sides(struct work *work)
{
    const struct site *site = work->router->site;
    const struct firewall *firewall = work->firewall;

    for (size_t i = 0; i < firewall->interface_n; i++)
        side_of(work, firewall->interfaces[i].name);
    if (firewall->interface_n == 0) {
        struct side *side = side_of(work, STR_EMPTY);

        for (unsigned f = 0; f < FAMILY_N; f++)
            side->behind[f] = addr_all((enum family)f);
        return;
    }
    for (size_t z = 0; z < site->zone_n; z++) {
        if (!firewall_between(firewall)) {
            const struct zone *home = NULL;

            for (size_t h = 0; h < site->zone_n && home == NULL; h++) {
                if (host_is_in(firewall, &site->zones[h]))
                    home = &site->zones[h];
            }
            put_behind(work, host_interface(firewall, &site->zones[z], home), &site->zones[z]);
            continue;
        }
        for (size_t i = 0; i < firewall->interface_n; i++) {
            if (router_behind(work->router, firewall, &site->zones[z], i))
                put_behind(work, firewall->interfaces[i].name, &site->zones[z]);
        }
    }
}

static const struct ranges *sources_behind(const struct work *work, const struct side *side, enum family family)
{
    struct arena *arena = work->router->arena;

    return ranges_subtract(arena, ranges_intersect(arena, side->behind[family], addr_unicast(family)),
                           work->own[family]);
}

/* Where packets may be sent by an interface: never to loopback or to the unspecified addresses. */
static const struct ranges *destinations_behind(const struct work *work, const struct side *side, enum family family,
                                                bool host)
{
    struct arena *arena = work->router->arena;
    const struct ranges *unicast = ranges_intersect(arena, side->behind[family], addr_unicast(family));
    const struct ranges *group =
        host ? work->group[family] : ranges_intersect(arena, side->behind[family], work->group[family]);

    return ranges_union(arena, ranges_subtract(arena, unicast, work->own[family]), group);
}

static struct face *new_face(struct work *work, enum hook hook)
{
    struct face *face = vec_push(work->router->arena, &work->faces);

    *face = (struct face){.hook = hook, .in = STR_EMPTY, .out = STR_EMPTY};
    return face;
}

static void add_forward(struct work *work)
{
    vec_each (struct side *, in, &work->sides) {
        vec_each (struct side *, out, &work->sides) {
            struct face *face = new_face(work, HOOK_FORWARD);

            face->in = in->interface;
            face->out = out->interface;
            for (unsigned f = 0; f < FAMILY_N; f++) {
                face->source[f] = sources_behind(work, in, (enum family)f);
                face->destination[f] = destinations_behind(work, out, (enum family)f, false);
            }
        }
    }
}

static const struct ranges *with_link_local(struct arena *arena, const struct ranges *ranges, enum family family)
{
    return family == FAMILY_V4 ? ranges : ranges_union(arena, ranges, ranges_of(arena, &link_local, 1));
}

/* What goes between an interface and the addresses of a host in `home`, and is not behind it for the host's others. */
static void add_of_home(struct work *work, enum hook hook, const struct zone *home, const struct side *side)
{
    struct arena *arena = work->router->arena;
    const struct site *site = work->router->site;
    struct side more = {.interface = side->interface, .behind = {&ranges_empty, &ranges_empty}};
    struct face *face;

    for (size_t z = 0; z < site->zone_n; z++) {
        const struct zone *zone = &site->zones[z];
        struct str by =
            hook == HOOK_INPUT ? host_entrance(work->firewall, zone, home) : host_interface(work->firewall, zone, home);

        if (str_eq(by, side->interface))
            put_more(work, &more, zone, side);
    }
    if (more.behind[FAMILY_V4]->n == 0 && more.behind[FAMILY_V6]->n == 0)
        return;
    face = new_face(work, hook);
    *(hook == HOOK_INPUT ? &face->in : &face->out) = side->interface;
    for (unsigned f = 0; f < FAMILY_N; f++) {
        const struct ranges *here = ranges_intersect(arena, work->own[f], home->ranges[f]);

        face->source[f] = hook == HOOK_INPUT ? sources_behind(work, &more, (enum family)f) : here;
        face->destination[f] = hook == HOOK_INPUT ? here : destinations_behind(work, &more, (enum family)f, false);
    }
}

/* A host in several zones: by which interface its packets come and go is a question of its address, too. */
static void add_homes(struct work *work)
{
    const struct site *site = work->router->site;

    for (size_t h = 0; h < site->zone_n; h++) {
        if (firewall_between(work->firewall) || !host_is_in(work->firewall, &site->zones[h]))
            continue;
        vec_each (struct side *, side, &work->sides) {
            add_of_home(work, HOOK_INPUT, &site->zones[h], side);
            add_of_home(work, HOOK_OUTPUT, &site->zones[h], side);
        }
    }
}

static void add_host(struct work *work)
{
    struct arena *arena = work->router->arena;

    vec_each (struct side *, side, &work->sides) {
        struct face *input = new_face(work, HOOK_INPUT);

        input->in = side->interface;
        for (unsigned f = 0; f < FAMILY_N; f++) {
            input->source[f] = with_link_local(arena, sources_behind(work, side, (enum family)f), (enum family)f);
            input->destination[f] =
                ranges_union(arena, with_link_local(arena, work->own[f], (enum family)f), work->group[f]);
        }
    }
    vec_each (struct side *, side, &work->sides) {
        struct face *output = new_face(work, HOOK_OUTPUT);

        output->out = side->interface;
        for (unsigned f = 0; f < FAMILY_N; f++) {
            output->source[f] = with_link_local(arena, work->own[f], (enum family)f);
            output->destination[f] =
                with_link_local(arena, destinations_behind(work, side, (enum family)f, true), (enum family)f);
        }
    }
    add_homes(work);
}

void faces_make(struct router *router, const struct firewall *firewall, struct policy *policy)
{
    struct arena *arena = router->arena;
    const struct range v4[] = {multicast_v4, broadcast_v4};
    struct work work = {.router = router, .firewall = firewall};

    for (unsigned f = 0; f < FAMILY_N; f++)
        work.own[f] = firewall->addresses == NULL ? &ranges_empty : firewall->addresses->family[f].ranges;
    work.group[FAMILY_V4] = ranges_of(arena, v4, 2);
    work.group[FAMILY_V6] = ranges_of(arena, &multicast_v6, 1);
    find_sides(&work);
    if ((policy->hooks & 1u << HOOK_FORWARD) != 0)
        add_forward(&work);
    if ((policy->hooks & 1u << HOOK_INPUT) != 0)
        add_host(&work);
    policy->faces = work.faces.v;
    policy->face_n = work.faces.n;
}
