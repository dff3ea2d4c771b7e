/* Flows: one for each requirement, transport and family. */
#include "plan/maker.h"

/* fe80::/10: in a flow that stays in its subnet, IPv6 also speaks between link-local addresses (RFC 4291, 2.5.6). */
static const struct range link_local = {(u128)0xfe80 << 112, ((u128)0xfec0 << 112) - 1};

static struct ends with_link_local(struct arena *arena, const struct ends *ends)
{
    struct ends more = *ends;
    size_t at = 0;

    if (ends->any)
        return more;
    more.ranges = ranges_union(arena, ends->ranges, ranges_of(arena, &link_local, 1));
    more.items = arena_new_array(arena, struct range, ends->item_n + 1);
    while (at < ends->item_n && ends->items[at].lo < link_local.lo) {
        more.items[at] = ends->items[at];
        at++;
    }
    more.items[at] = link_local;
    for (; at < ends->item_n; at++)
        more.items[at + 1] = ends->items[at];
    more.item_n = ends->item_n + 1;
    return more;
}

/* Nothing is left of source × destination once no address is paired with itself. */
static bool is_one_to_itself(const struct ends *source, const struct ends *destination)
{
    return source->ranges->n == 1 && source->ranges->v[0].lo == source->ranges->v[0].hi &&
           ranges_equal(source->ranges, destination->ranges);
}

static struct str flow_id(struct arena *arena, struct str first, int transport, enum family family)
{
    struct buf id = BUF_EMPTY;
    struct str made;

    buf_add(&id, first);
    buf_addc(&id, '/');
    transport_format(&id, transport);
    if (family == FAMILY_V6)
        buf_adds(&id, "/v6");
    made = str_dup(arena, buf_str(&id));
    buf_free(&id);
    return made;
}

static void set_ports(struct flow *flow, const struct port_group *group)
{
    flow->transport = group->transport;
    flow->ports_known = group->any || group->ranges->n > 0;
    flow->ports = group->any || group->ranges->n == 0 ? NULL : group->ranges;
    if (group->open) {
        flow->status = FLOW_UNRESOLVED;
        flow->reason = group->reason;
    }
}

static void set_domains(struct maker *maker, struct flow *flow, const struct role_end *from, const struct role_end *to)
{
    const struct role_end *ends[] = {from, to};

    flow->domains = to->domains;
    flow->domain_n = to->domain_n;
    for (size_t i = 0; i < 2; i++) {
        if (ends[i]->missing.n == 0)
            continue;
        flow->status = FLOW_UNRESOLVED;
        flow->reason = str_printf(maker->arena, "%.*s%snot resolved: %.*s", STR_ARG(flow->reason),
                                  flow->reason.n > 0 ? "; " : "", STR_ARG(ends[i]->missing));
    }
}

static void say_no_family(struct maker *maker, const struct instance *instance, const struct requirement *requirement,
                          const struct role_end *from, const struct role_end *to)
{
    static const char *const has[] = {"no addresses", "IPv4 alone", "IPv6 alone", "IPv4 and IPv6"};
    const struct role_end *ends[] = {from, to};
    unsigned families[2] = {0};

    for (size_t i = 0; i < 2; i++) {
        for (unsigned f = 0; f < FAMILY_N; f++)
            families[i] |= role_end_has(ends[i], (enum family)f) ? FAMILY_BIT(f) : 0;
    }
    diag_error(maker->diags, to->span,
               "%.*s/%.*s has no address family for both ends: \"%.*s\" has %s, \"%.*s\" has %s",
               STR_ARG(instance->name), STR_ARG(requirement->id), STR_ARG(requirement->from), has[families[0] & 3],
               STR_ARG(requirement->to), has[families[1] & 3]);
    if (requirement->has_family)
        diag_hint(maker->diags, "the requirement is for %s", requirement->family == FAMILY_V4 ? "IPv4" : "IPv6");
}

static struct flow *new_flow(struct maker *maker, const struct instance *instance,
                             const struct requirement *requirement)
{
    struct flow *flow = arena_new_object(maker->arena, struct flow);

    *flow = (struct flow){
        .instance = instance->name,
        .requirement = requirement->id,
        .product = instance->catalog->product,
        .source_ports = requirement->source_ports,
        .reason = STR_EMPTY,
        .need = requirement->need,
        .subnet = requirement->subnet,
        .no_reply = requirement->no_reply,
        .any_of = requirement->any_of,
        .service = requirement->service,
        .purpose = requirement->purpose,
        .origins = requirement->origins,
        .origin_n = requirement->origin_n,
        .discover = requirement->discover,
        .discover_n = requirement->discover_n,
        .span = requirement->span,
    };
    return flow;
}

static bool has_family(const struct requirement *requirement, const struct role_end *from, const struct role_end *to,
                       enum family family)
{
    if (requirement->has_family && requirement->family != family)
        return false;
    /* Link-local addresses are there wherever IPv6 is; a requirement that asks for it needs no other address. */
    if (requirement->subnet && requirement->has_family && family == FAMILY_V6)
        return true;
    return role_end_has(from, family) && role_end_has(to, family);
}

static void add_flow(struct maker *maker, const struct instance *instance, const struct requirement *requirement,
                     const struct role_end *from, const struct role_end *to, const struct port_group *group,
                     enum family family)
{
    struct flow *flow = new_flow(maker, instance, requirement);

    flow->family = family;
    flow->source = from->set->family[family];
    flow->destination = to->set->family[family];
    if (requirement->subnet && family == FAMILY_V6) {
        flow->source = with_link_local(maker->arena, &flow->source);
        flow->destination = with_link_local(maker->arena, &flow->destination);
    }
    set_ports(flow, group);
    set_domains(maker, flow, from, to);
    flow->id =
        flow_id(maker->arena, str_printf(maker->arena, "%.*s/%.*s", STR_ARG(instance->name), STR_ARG(requirement->id)),
                group->transport, family);
    if (is_one_to_itself(&flow->source, &flow->destination)) {
        if (from->role != to->role)
            diag_note(maker->diags, to->span, "%.*s is from an address to itself: there is nothing to let through",
                      STR_ARG(flow->id));
        return;
    }
    *vec_push(maker->arena, &maker->flows) = flow;
}

void flows_of_requirement(struct maker *maker, const struct instance *instance, const struct requirement *requirement,
                          const struct role_end *from, const struct role_end *to)
{
    struct port_groups groups = {0};
    bool some = false;

    for (unsigned f = 0; f < FAMILY_N; f++)
        some = some || has_family(requirement, from, to, (enum family)f);
    if (!some)
        say_no_family(maker, instance, requirement, from, to);
    if (!ports_of_requirement(maker, instance, requirement, &groups))
        return;
    vec_each (struct port_group *, group, &groups) {
        for (unsigned f = 0; f < FAMILY_N; f++) {
            if (!group->dropped && has_family(requirement, from, to, (enum family)f))
                add_flow(maker, instance, requirement, from, to, group, (enum family)f);
        }
    }
}

static void add_exception_flow(struct maker *maker, const struct exception *exception, struct str id,
                               const struct port_group *group, enum family family)
{
    struct flow *flow = arena_new_object(maker->arena, struct flow);

    *flow = (struct flow){
        .id = flow_id(maker->arena, id, group->transport, family),
        .instance = STR("extra"),
        .requirement = exception->id,
        .product = STR_EMPTY,
        .family = family,
        .source = exception->from->family[family],
        .destination = exception->to->family[family],
        .reason = STR_EMPTY,
        .no_reply = exception->no_reply,
        .any_of = STR_EMPTY,
        .service = exception->service.n > 0 ? exception->service : STR_EMPTY,
        .purpose = exception->reason,
        .span = exception->span,
    };
    if (flow->source.ranges->n == 0 || flow->destination.ranges->n == 0 ||
        is_one_to_itself(&flow->source, &flow->destination))
        return;
    set_ports(flow, group);
    *vec_push(maker->arena, &maker->flows) = flow;
}

void flows_of_exception(struct maker *maker, const struct exception *exception, struct str id)
{
    struct port_groups groups = ports_of_exception(maker->arena, exception);

    if (exception->from == NULL || exception->to == NULL)
        return;
    vec_each (struct port_group *, group, &groups) {
        for (unsigned f = 0; f < FAMILY_N; f++)
            add_exception_flow(maker, exception, id, group, (enum family)f);
    }
}

struct probe_flows plan_exception_flows(struct arena *arena, const struct exception *exception, struct str id)
{
    struct maker maker = {.arena = arena};

    flows_of_exception(&maker, exception, id);
    return (struct probe_flows){maker.flows.v, maker.flows.n};
}
