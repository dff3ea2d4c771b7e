/*
 * Which namespaces a site needs and how they are connected: places and their ports. Nothing is made here yet.
 *
 * A firewall between zones has a port for each interface. A host has one in each zone in which it has addresses, named
 * as the site names the interface to that zone.
 */
#include <string.h>

#include "rehearse/build.h"

/* Zones that a firewall has behind one interface are one segment. */
static void join_segments(struct stage *stage)
{
    const struct site *site = stage->site;

    for (size_t z = 0; z < stage->crowd_n; z++)
        stage->segments[z] = z;
    for (size_t f = 0; f < site->firewall_n; f++) {
        const struct firewall *firewall = &site->firewalls[f];

        for (size_t i = 0; firewall_between(firewall) && i < firewall->interface_n; i++) {
            for (size_t k = 0; k < i; k++) {
                size_t one = stage->segments[zone_node(site, firewall->interfaces[i].zone)];
                size_t other = stage->segments[zone_node(site, firewall->interfaces[k].zone)];

                if (!str_eq(firewall->interfaces[i].name, firewall->interfaces[k].name))
                    continue;
                for (size_t z = 0; z < stage->crowd_n; z++)
                    stage->segments[z] = stage->segments[z] == one ? other : stage->segments[z];
            }
        }
    }
}

static size_t segment_of(const struct stage *stage, const struct zone *zone)
{
    return stage->segments[zone == NULL ? 0 : zone_node(stage->site, zone)];
}

static const struct port *port_named(const struct place *place, struct str name)
{
    for (size_t i = 0; i < place->ports.n; i++) {
        if (str_eq(place->ports.v[i]->link.name, name))
            return place->ports.v[i];
    }
    return NULL;
}

static void add_port(struct stage *stage, struct place *place, const struct zone *zone, struct str name)
{
    struct port *port = arena_new_object(stage->arena, struct port);

    *port = (struct port){.place = place, .zone = zone, .segment = segment_of(stage, zone)};
    *vec_push(stage->arena, &stage->ports) = port;
    *vec_push(stage->arena, &place->ports) = port;
    port->number = (unsigned)stage->ports.n;
    port->link = (struct netlink_port){
        .name = name,
        .index = (int)place->ports.n + 1, /* 1 is the loopback */
        .hardware = {2, 0, 0, (uint8_t)(port->number >> 16), (uint8_t)(port->number >> 8), (uint8_t)port->number},
    };
}

/* --- hosts -------------------------------------------------------------------------------------------------------- */

static bool has_address_in(const struct stage *stage, const struct firewall *firewall, const struct zone *zone)
{
    for (size_t i = 0; i < stage->cast->n; i++) {
        if (stage->cast->v[i]->firewall == firewall && stage->cast->v[i]->zone == zone)
            return true;
    }
    return false;
}

/* The name that the site gives to the interface in that zone; else one that it does not use. */
static struct str name_for(struct stage *stage, const struct place *place, const struct zone *zone)
{
    const struct firewall *firewall = place->firewall;
    struct str name = host_interface(firewall, zone, zone);

    if (name.n > 0 && port_named(place, name) == NULL)
        return name;
    for (unsigned i = 0;; i++) {
        bool taken;

        name = str_printf(stage->arena, "eth%u", i);
        taken = port_named(place, name) != NULL;
        for (size_t k = 0; k < firewall->interface_n; k++)
            taken = taken || str_eq(firewall->interfaces[k].name, name);
        if (!taken)
            return name;
    }
}

static void place_host(struct stage *stage, struct place *place, struct diags *diags)
{
    const struct firewall *firewall = place->firewall;
    const struct zone *home = NULL;

    for (size_t z = 0; z < stage->crowd_n; z++) {
        const struct zone *zone = stage->site->zone_n == 0 ? NULL : &stage->site->zones[z];

        if (!has_address_in(stage, firewall, zone))
            continue;
        home = place->ports.n == 0 ? zone : home;
        add_port(stage, place, zone, name_for(stage, place, zone));
    }
    for (size_t i = 0; i < firewall->interface_n && place->ports.n > 0; i++) {
        const struct zone_interface *interface = &firewall->interfaces[i];

        if (port_named(place, interface->name) != NULL)
            continue;
        add_port(stage, place, home, interface->name);
        diag_warning(diags, firewall->span,
                     "\"%.*s\" has no address in zone \"%.*s\": nothing comes in by its interface %.*s",
                     STR_ARG(firewall->host), STR_ARG(interface->zone->name), STR_ARG(interface->name));
    }
}

/* --- firewalls ---------------------------------------------------------------------------------------------------- */

static void place_firewall(struct stage *stage, struct place *place)
{
    const struct firewall *firewall = place->firewall;

    place->routes = true;
    for (size_t i = 0; i < firewall->interface_n; i++) {
        if (port_named(place, firewall->interfaces[i].name) == NULL)
            add_port(stage, place, firewall->interfaces[i].zone, firewall->interfaces[i].name);
    }
}

void build_places(struct stage *stage, struct diags *diags)
{
    const struct site *site = stage->site;

    stage->crowd_n = site->zone_n == 0 ? 1 : site->zone_n;
    stage->segments = arena_new_array(stage->arena, size_t, stage->crowd_n);
    stage->crowds = arena_new_array(stage->arena, struct place, stage->crowd_n);
    stage->firewalls = arena_new_array(stage->arena, struct place, site->firewall_n);
    join_segments(stage);
    for (size_t z = 0; z < stage->crowd_n; z++) {
        struct place *place = &stage->crowds[z];

        *place = (struct place){.net = {-1, -1}, .zone = site->zone_n == 0 ? NULL : &site->zones[z]};
        add_port(stage, place, place->zone, STR("eth0"));
    }
    for (size_t f = 0; f < site->firewall_n; f++) {
        struct place *place = &stage->firewalls[f];

        *place = (struct place){.net = {-1, -1}, .firewall = &site->firewalls[f]};
        if (firewall_between(place->firewall) && place->firewall->interface_n > 0)
            place_firewall(stage, place);
        else
            place_host(stage, place, diags);
        if (place->ports.n == 0)
            diag_error(diags, place->firewall->span, "firewall \"%.*s\" cannot be built: %s",
                       STR_ARG(place->firewall->name),
                       firewall_between(place->firewall) ? "the site names no interface of it to any zone"
                                                         : "its host has no address");
    }
}

/* --- ports -------------------------------------------------------------------------------------------------------- */

u128 port_gateway(const struct port *port, enum family family)
{
    if (family == FAMILY_V4)
        return 0xa9fe0000u | port->number;
    return (u128)0xfe80 << 112 | 0x000000fffe000000u | port->number; /* RFC 4291, appendix A */
}

/* Of a firewall by the first of its interfaces to the zone; several zones may be behind one. */
const struct port *place_port(const struct place *place, const struct zone *zone)
{
    const struct firewall *firewall = place->firewall;

    for (size_t i = 0; i < place->ports.n; i++) {
        if (place->ports.v[i]->zone == zone)
            return place->ports.v[i];
    }
    for (size_t i = 0; place->routes && i < firewall->interface_n; i++) {
        if (firewall->interfaces[i].zone == zone)
            return port_named(place, firewall->interfaces[i].name);
    }
    return NULL;
}
