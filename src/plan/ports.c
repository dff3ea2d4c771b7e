/*
 * Ports of a requirement, transport by transport: parameters get their values, dynamic ports are pinned by the
 * parameters that are named like their programs (`mountd` by `mountd-port`), and what the site omits is taken out.
 */
#include "plan/maker.h"

#include "model/ports.h"
#include "net/proto.h"

struct pins {
    struct VEC(struct range) ranges;
    bool complete;
    struct str missing;
};

static struct port_group *group_of(struct arena *arena, struct port_groups *groups, int transport)
{
    struct port_group *group;

    vec_each (struct port_group *, known, groups) {
        if (known->transport == transport)
            return known;
    }
    group = vec_push(arena, groups);
    *group = (struct port_group){.transport = transport, .ranges = &ranges_empty, .reason = STR_EMPTY};
    return group;
}

static void add_range(struct arena *arena, struct port_group *group, uint16_t lo, uint16_t hi)
{
    group->ranges = ranges_union(arena, group->ranges, ranges_one(arena, lo, hi));
}

/* The site's value, else the default; empty: neither. */
static struct str parameter_value(const struct instance *instance, struct str name)
{
    const struct parameter *parameter = catalog_parameter(instance->catalog, name);

    for (size_t i = 0; i < instance->parameter_n; i++) {
        if (str_eq(instance->parameters[i].name, name))
            return instance->parameters[i].value;
    }
    return parameter == NULL ? STR_EMPTY : parameter->value;
}

static bool add_parameter(struct maker *maker, const struct instance *instance, const struct requirement *requirement,
                          const struct port_item *item, struct port_group *group)
{
    struct str value = parameter_value(instance, item->parameter);
    uint16_t lo;
    uint16_t hi;

    if (port_value_parse(value, &lo, &hi)) {
        add_range(maker->arena, group, lo, hi);
        return true;
    }
    diag_error(maker->diags, instance->span, "%.*s/%.*s needs the parameter \"%.*s\", which has no default",
               STR_ARG(instance->name), STR_ARG(requirement->id), STR_ARG(item->parameter));
    diag_hint(maker->diags, "set it under `parameters` of \"%.*s\"", STR_ARG(instance->name));
    return false;
}

static struct str pin_name(struct arena *arena, struct str program)
{
    return str_printf(arena, "%.*s-port", STR_ARG(program));
}

bool program_pin(struct arena *arena, const struct instance *instance, struct str program, struct range *ports)
{
    uint16_t lo;
    uint16_t hi;

    if (!port_value_parse(parameter_value(instance, pin_name(arena, program)), &lo, &hi))
        return false;
    *ports = (struct range){lo, hi};
    return true;
}

static struct pins find_pins(struct maker *maker, const struct instance *instance,
                             const struct requirement *requirement)
{
    struct pins pins = {.complete = requirement->discover_n > 0, .missing = STR_EMPTY};

    for (size_t i = 0; i < requirement->discover_n; i++) {
        struct str name = pin_name(maker->arena, requirement->discover[i]);
        struct range range;

        if (program_pin(maker->arena, instance, requirement->discover[i], &range)) {
            *vec_push(maker->arena, &pins.ranges) = range;
            continue;
        }
        pins.complete = false;
        pins.missing = str_printf(maker->arena, "%.*s%s%.*s", STR_ARG(pins.missing), pins.missing.n > 0 ? ", " : "",
                                  STR_ARG(name));
    }
    return pins;
}

static void add_dynamic(struct maker *maker, const struct instance *instance, const struct requirement *requirement,
                        const struct pins *pins, struct port_group *group, bool *said)
{
    if (pins->complete) {
        group->ranges =
            ranges_union(maker->arena, group->ranges, ranges_of(maker->arena, pins->ranges.v, pins->ranges.n));
        return;
    }
    group->open = true;
    group->reason =
        pins->missing.n == 0
            ? STR("the ports are chosen at run time")
            : str_printf(maker->arena, "the ports are chosen at run time, and %.*s %s not set", STR_ARG(pins->missing),
                         memchr(pins->missing.p, ',', pins->missing.n) ? "are" : "is");
    if (!*said)
        diag_warning(maker->diags, instance->span, "%.*s/%.*s stays unresolved: %.*s", STR_ARG(instance->name),
                     STR_ARG(requirement->id), STR_ARG(group->reason));
    *said = true;
}

static bool omit_item(struct maker *maker, const struct exception *omit, const struct port_item *item,
                      struct port_group *group)
{
    const struct ranges *cut;
    const struct ranges *left;

    if (item->transport != TRANSPORT_ANY && item->transport != group->transport)
        return false;
    if (item->kind == PORT_ANY || item->kind == PORT_ICMP) {
        group->dropped = true;
        return true;
    }
    if (group->any || (group->open && group->ranges->n == 0)) {
        diag_error(maker->diags, omit->span, "%.*s: a part cannot be left out of ports that are %s",
                   STR_ARG(omit->requirement), group->any ? "`any`" : "not known");
        return true;
    }
    cut = ranges_one(maker->arena, item->lo, item->hi);
    if (!ranges_overlap(group->ranges, cut))
        return false;
    left = ranges_subtract(maker->arena, group->ranges, cut);
    group->ranges = left;
    group->dropped = left->n == 0 && !group->open;
    return true;
}

static void apply_omissions(struct maker *maker, const struct instance *instance, const struct requirement *requirement,
                            struct port_groups *groups)
{
    for (size_t i = 0; i < maker->site->omit_n; i++) {
        const struct exception *omit = &maker->site->omit[i];
        struct str id;
        struct str name = str_cut(omit->requirement, '/', &id);

        if (!str_eq(name, instance->name) || !str_eq(id, requirement->id) || exception_expired(omit, maker->today))
            continue;
        for (size_t p = 0; p < omit->port_n; p++) {
            vec_each (struct port_group *, group, groups) {
                if (!group->dropped && omit_item(maker, omit, &omit->ports[p], group))
                    maker->omit_used[i] = true;
            }
        }
    }
}

bool ports_of_requirement(struct maker *maker, const struct instance *instance, const struct requirement *requirement,
                          struct port_groups *groups)
{
    struct pins pins = find_pins(maker, instance, requirement);
    bool good = true;
    bool said = maker->quiet;

    for (size_t i = 0; i < requirement->port_n; i++) {
        const struct port_item *item = &requirement->ports[i];
        struct port_group *group = group_of(maker->arena, groups, item->transport);

        switch (item->kind) {
        case PORT_RANGE: add_range(maker->arena, group, item->lo, item->hi); break;
        case PORT_PARAMETER: good = add_parameter(maker, instance, requirement, item, group) && good; break;
        case PORT_DYNAMIC: add_dynamic(maker, instance, requirement, &pins, group, &said); break;
        case PORT_UNSTATED:
            group->open = true;
            group->reason = STR("the document does not state the ports");
            break;
        case PORT_ANY:
        case PORT_ICMP: group->any = true; break;
        case PORT_KIND_N: break;
        }
    }
    apply_omissions(maker, instance, requirement, groups);
    return good;
}

struct port_groups ports_of_exception(struct arena *arena, const struct exception *exception)
{
    struct port_groups groups = {0};

    for (size_t i = 0; i < exception->port_n; i++) {
        const struct port_item *item = &exception->ports[i];
        struct port_group *group = group_of(arena, &groups, item->transport);

        if (item->kind == PORT_RANGE)
            add_range(arena, group, item->lo, item->hi);
        else
            group->any = true;
    }
    return groups;
}
