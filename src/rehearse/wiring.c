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

#define TABLE_FIRST 1000u /* of a host with several zones */
#define FORWARDING_MS 10000
#define PORT_MAX 65000 /* gateways of 169.254/16 */

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
    {"ipv6/conf/all/disable_ipv6", "0", true},
    {"ipv6/conf/default/disable_ipv6", "0", true},
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

static int make_wires(struct stage *stage, struct netlink **opened, struct diags *diags)
{
    struct netlink *netlink;
    int error = namespace_add(&stage->wires);
    int index = NETLINK_LOOPBACK + 1;

    if (error == 0)
        error = visit(stage, &stage->wires, NULL, opened);
    if (error < 0)
        return say(diags, error, "a namespace", STR_EMPTY);
    netlink = *opened;
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

        netlink_wire(netlink, &here, NETLINK_LOOPBACK + 1 + (int)(*port)->segment, (*port)->place->net.net,
                     &(*port)->link);
    }
    return flush(netlink, diags);
}

/* --- places ------------------------------------------------------------------------------------------------------- */

static void add_neighbours(const struct stage *stage, struct netlink *netlink, const struct port *port)
{
    vec_each (struct port *const *, other, &stage->ports) {
        if (*other == port || (*other)->segment != port->segment)
            continue;
        for (enum family family = 0; family < FAMILY_N; family++) {
            if (stage_has(stage, family))
                netlink_neighbour(netlink, port->link.index, family, port_gateway(*other, family),
                                  (*other)->link.hardware);
        }
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
    return NETLINK_LOOPBACK;
}

static void add_addresses(const struct stage *stage, struct netlink *netlink, const struct place *place)
{
    for (size_t i = 0; i < stage->cast->n && place->firewall != NULL; i++) {
        const struct actor *actor = stage->cast->v[i];

        for (enum family family = 0; actor->firewall == place->firewall && family < FAMILY_N; family++) {
            for (size_t a = 0; stage_has(stage, family) && a < actor->address_n[family]; a++)
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
                for (size_t a = 0; stage_has(stage, family) && a < actor->address_n[family]; a++)
                    netlink_rule(netlink, family, actor->addresses[family][a], table);
            }
        }
        table++;
        build_routes(&view);
    }
}

static int furnish(struct stage *stage, struct netlink *netlink, struct place *place, struct diags *diags)
{
    struct view view = {stage, netlink, place, place->zone, NULL, NETLINK_TABLE_MAIN};

    netlink_up(netlink, NETLINK_LOOPBACK);
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
        build_routes(&view);
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
    struct netlink *wires = NULL;
    int error = 0;

    if (stage->ports.n > PORT_MAX)
        return say(diags, -E2BIG, "more interfaces than fit", STR_EMPTY);
    for (size_t i = 0; i < n && error == 0; i++)
        error = make_place(stage, i < stage->crowd_n ? &stage->crowds[i] : &stage->firewalls[i - stage->crowd_n],
                           &netlinks[i], diags);
    if (error == 0)
        error = make_wires(stage, &wires, diags);
    for (size_t i = 0; i < n && error == 0; i++) {
        if (netlinks[i] != NULL)
            error = furnish(stage, netlinks[i],
                            i < stage->crowd_n ? &stage->crowds[i] : &stage->firewalls[i - stage->crowd_n], diags);
    }
    if (error == 0) {
        error = netlink_await_bridges(wires, FORWARDING_MS);
        if (error < 0)
            say(diags, error, "the bridges do not forward", STR_EMPTY);
    }
    for (size_t i = 0; i < n; i++)
        netlink_close(netlinks[i]);
    netlink_close(wires);
    return error;
}
