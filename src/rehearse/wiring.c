/*
 * Makes the network of the stage: namespaces, bridges and wires, addresses, neighbours and routes.
 *
 * The hosts of a zone are local addresses by route rather than by assignment: their zone's prefixes are routes of type
 * `local`, and all else stands in the same table as more specific routes or as the default, so the longest prefix
 * decides as it does between zones. IPv6 lets a socket bind to such an address only where ip_nonlocal_bind is set.
 *
 * A host with a firewall and addresses in several zones answers by the segment of the address: each has a table of its
 * own, chosen by the source.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "rehearse/build.h"

#define LOOPBACK 1
#define TABLE_FIRST 1000u /* of a host with several zones */
#define PORT_MAX 65000    /* gateways of 169.254/16 */

struct sysctl {
    const char *path; /* in /proc/sys/net */
    const char *value;
    bool wanted; /* only: some kernels do not have it */
};

static const struct sysctl common[] = {
    {"ipv4/conf/all/rp_filter", "0", false},
    {"ipv4/conf/default/rp_filter", "0", false},
    {"ipv4/conf/all/send_redirects", "0", false},
    {"ipv4/conf/default/send_redirects", "0", false},
    {"ipv4/conf/all/accept_redirects", "0", false},
    {"ipv4/conf/default/accept_redirects", "0", false},
    {"ipv4/icmp_ratelimit", "0", true},
    {"ipv4/icmp_msgs_per_sec", "1000000", true},
    {"ipv6/icmp/ratelimit", "0", true},
    {"ipv6/conf/all/accept_dad", "0", true},
    {"ipv6/conf/default/accept_dad", "0", true},
    {"ipv6/conf/default/accept_ra", "0", true},
    {"ipv6/conf/default/router_solicitations", "0", true},
    {"ipv6/conf/default/accept_redirects", "0", true},
};

static const struct sysctl of_crowds[] = {
    {"ipv4/conf/all/accept_local", "1", false}, /* spoofed packets arrive too */
    {"ipv6/ip_nonlocal_bind", "1", true},
};

static const struct sysctl of_firewalls[] = {
    {"ipv4/ip_forward", "1", false},
    {"ipv6/conf/all/forwarding", "1", true},
};

static const struct sysctl of_wires[] = {
    {"ipv6/conf/default/disable_ipv6", "1", true},
};

#define SETTINGS(list) (list), sizeof(list) / sizeof *(list)

static int set_all(const struct sysctl *settings, size_t n)
{
    int folder = open("/proc/sys/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = folder < 0 ? -errno : 0;

    for (size_t i = 0; i < n && error == 0; i++) {
        int fd = openat(folder, settings[i].path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, settings[i].value, strlen(settings[i].value)) < 0)
            error = settings[i].wanted ? 0 : -errno;
        if (fd >= 0)
            close(fd);
    }
    if (folder >= 0)
        close(folder);
    return error;
}

/* --- namespaces --------------------------------------------------------------------------------------------------- */

/* In the new namespace: its settings, and a socket that asks for its network. */
static int prepare(const struct place *place, struct netlink **netlink)
{
    int error = place == NULL ? set_all(SETTINGS(of_wires)) : set_all(SETTINGS(common));

    if (error == 0 && place != NULL && place->firewall == NULL)
        error = set_all(SETTINGS(of_crowds));
    if (error == 0 && place != NULL && place->routes)
        error = set_all(SETTINGS(of_firewalls));
    return error == 0 ? netlink_open(netlink) : error;
}

/* Runs what has to be done inside, and comes back. `place` NULL: the wires. */
static int visit(const struct stage *stage, const struct namespace *net, const struct place *place,
                 struct netlink **netlink)
{
    int error = namespace_enter(net);
    int back;

    if (error < 0)
        return error;
    error = prepare(place, netlink);
    back = namespace_enter(&stage->home);
    return error < 0 ? error : back;
}

static int say(struct diags *diags, int error, const char *what, struct str detail)
{
    diag_error(diags, SPAN_NONE, "cannot build the network of the site: %s%s%.*s: %s", what, detail.n > 0 ? ": " : "",
               STR_ARG(detail), strerror(-error));
    return error;
}

static int flush(struct netlink *netlink, struct diags *diags)
{
    struct str said;
    int error = netlink_flush(netlink, &said);

    return error < 0 ? say(diags, error, "the kernel refused", said) : 0;
}

/* --- wires -------------------------------------------------------------------------------------------------------- */

static int make_wires(struct stage *stage, struct diags *diags)
{
    struct netlink *netlink = NULL;
    int error = namespace_add(&stage->wires);
    int index = LOOPBACK + 1;

    if (error == 0)
        error = visit(stage, &stage->wires, NULL, &netlink);
    if (error < 0) {
        netlink_close(netlink);
        return say(diags, error, "a namespace", STR_EMPTY);
    }
    for (size_t z = 0; z < stage->crowd_n; z++) {
        struct netlink_port bridge = {
            .name = str_printf(stage->arena, "zone%zu", z),
            .index = index++,
            .hardware = {2, 1, 0, (uint8_t)(z >> 16), (uint8_t)(z >> 8), (uint8_t)z},
        };

        netlink_bridge(netlink, &bridge); /* of a segment: the number of its zone, and some are empty */
    }
    vec_each (struct port **, port, &stage->ports) {
        struct netlink_port here = {
            .name = str_printf(stage->arena, "port%u", (*port)->number),
            .index = index++,
            .hardware = {2, 2, 0, (*port)->link.hardware[3], (*port)->link.hardware[4], (*port)->link.hardware[5]},
        };

        netlink_wire(netlink, &here, LOOPBACK + 1 + (int)(*port)->segment, (*port)->place->net.net, &(*port)->link);
    }
    error = flush(netlink, diags);
    netlink_close(netlink);
    return error;
}

/* --- routes ------------------------------------------------------------------------------------------------------- */

/* Where routes of one table go, as seen from one node. */
struct view {
    struct stage *stage;
    struct netlink *netlink;
    const struct place *place;
    const struct zone *zone; /* where it stands; NULL: a firewall between zones, or no zones */
    const struct port *port; /* by which packets leave; of a firewall its step says */
    uint32_t table;
};

static void add_route(const struct view *view, enum family family, struct range prefix, const struct port *by,
                      const struct port *to)
{
    struct netlink_route route = {.family = family, .prefix = prefix, .table = view->table};

    if (to == NULL) {
        route.target = NETLINK_UNREACHABLE;
    } else if (to->place == view->place) {
        route.target = NETLINK_LOCAL;
        route.index = LOOPBACK;
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

static void add_routes(const struct view *view)
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

/* --- places ------------------------------------------------------------------------------------------------------- */

static void add_neighbours(const struct stage *stage, struct netlink *netlink, const struct port *port)
{
    vec_each (struct port *const *, other, &stage->ports) {
        if (*other == port || (*other)->segment != port->segment)
            continue;
        for (unsigned f = 0; f < FAMILY_N; f++)
            netlink_neighbour(netlink, port->link.index, (enum family)f, port_gateway(*other, (enum family)f),
                              (*other)->link.hardware);
    }
}

/* Gateways are looked up before they are taken: they have to be beyond a link, whatever else is local here. */
static void add_link_local(struct netlink *netlink, const struct port *port, uint32_t table)
{
    struct netlink_route route = {
        .family = FAMILY_V4,
        .prefix = {0xa9fe0000u, 0xa9feffffu},
        .target = NETLINK_LINK,
        .index = port->link.index,
        .table = table,
    };

    netlink_route(netlink, &route);
}

static int interface_for(const struct place *place, const struct actor *actor, enum family family, u128 address)
{
    if (!place->routes)
        return place_port(place, actor->zone)->link.index;
    for (size_t i = 0; i < place->firewall->interface_n; i++) {
        const struct zone *zone = place->firewall->interfaces[i].zone;

        if (ranges_contain(zone->ranges[family], address))
            return place_port(place, zone)->link.index;
    }
    return LOOPBACK;
}

static void add_addresses(const struct stage *stage, struct netlink *netlink, const struct place *place)
{
    for (size_t i = 0; i < stage->cast->n && place->firewall != NULL; i++) {
        const struct actor *actor = stage->cast->v[i];

        for (enum family family = 0; actor->firewall == place->firewall && family < FAMILY_N; family++) {
            for (size_t a = 0; a < actor->address_n[family]; a++)
                netlink_address(netlink, interface_for(place, actor, family, actor->addresses[family][a]), family,
                                actor->addresses[family][a]);
        }
    }
}

/* Each zone of a host has its table; packets choose it by their source. */
static void add_host_routes(struct stage *stage, struct netlink *netlink, const struct place *place)
{
    uint32_t table = TABLE_FIRST;

    for (size_t i = 0; i < stage->cast->n; i++) {
        const struct actor *actor = stage->cast->v[i];
        struct view view = {stage, netlink, place, actor->zone, NULL, NETLINK_TABLE_MAIN};

        if (actor->firewall != place->firewall)
            continue;
        view.port = place_port(place, actor->zone);
        if (table > TABLE_FIRST) { /* the first is the main one too: packets without a source */
            view.table = table;
            for (enum family family = 0; family < FAMILY_N; family++) {
                for (size_t a = 0; a < actor->address_n[family]; a++)
                    netlink_rule(netlink, family, actor->addresses[family][a], table);
            }
        }
        table++;
        add_routes(&view);
    }
}

static int furnish(struct stage *stage, struct netlink *netlink, struct place *place, struct diags *diags)
{
    struct view view = {stage, netlink, place, place->zone, NULL, NETLINK_TABLE_MAIN};

    netlink_up(netlink, LOOPBACK);
    if (place->firewall == NULL)
        view.table = NETLINK_TABLE_LOCAL;
    for (size_t i = 0; i < place->ports.n; i++)
        netlink_up(netlink, place->ports.v[i]->link.index);
    for (size_t i = 0; i < place->ports.n; i++) {
        add_link_local(netlink, place->ports.v[i], view.table);
        add_neighbours(stage, netlink, place->ports.v[i]);
    }
    add_addresses(stage, netlink, place);
    view.port = place->ports.v[0];
    if (place->firewall != NULL && !place->routes)
        add_host_routes(stage, netlink, place);
    else
        add_routes(&view);
    return flush(netlink, diags);
}

static int make_place(struct stage *stage, struct place *place, struct netlink **netlink, struct diags *diags)
{
    int error;

    if (place->ports.n == 0)
        return 0;
    error = namespace_add(&place->net);
    if (error == 0)
        error = visit(stage, &place->net, place, netlink);
    return error < 0 ? say(diags, error, "a namespace", STR_EMPTY) : 0;
}

int build_network(struct stage *stage, struct diags *diags)
{
    size_t n = stage->crowd_n + stage->site->firewall_n;
    struct netlink **netlinks = arena_new_array(stage->arena, struct netlink *, n);
    int error = 0;

    if (stage->ports.n > PORT_MAX)
        return say(diags, -E2BIG, "more interfaces than fit", STR_EMPTY);
    for (size_t i = 0; i < n && error == 0; i++)
        error = make_place(stage, i < stage->crowd_n ? &stage->crowds[i] : &stage->firewalls[i - stage->crowd_n],
                           &netlinks[i], diags);
    if (error == 0)
        error = make_wires(stage, diags);
    for (size_t i = 0; i < n && error == 0; i++) {
        if (netlinks[i] != NULL)
            error = furnish(stage, netlinks[i],
                            i < stage->crowd_n ? &stage->crowds[i] : &stage->firewalls[i - stage->crowd_n], diags);
    }
    for (size_t i = 0; i < n; i++)
        netlink_close(netlinks[i]);
    return error;
}
