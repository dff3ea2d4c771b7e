/*
 * What one firewall has to let through: of every flow the part that meets it, at which hook and between which
 * interfaces; and what it may, and what it has to leave alone. See policy.h.
 */
#include "plan/policy_maker.h"

#include "net/proto.h"

#define NAMED 8 /* unresolved flows that are named in a warning */
#define MANAGEMENT_PORT 22

struct permits VEC(struct permit);

struct collecting {
    struct router *router;
    const struct firewall *firewall;
    struct permits *permits;
};

/* Permits that differ in one end alone are one; so are those of several paths by the same interfaces. */
static bool melt(struct arena *arena, struct permit *into, const struct permit *permit)
{
    if (into->flow != permit->flow || into->hook != permit->hook || !str_eq(into->in, permit->in) ||
        !str_eq(into->out, permit->out))
        return false;
    if (ranges_subset(permit->source, into->source) && ranges_subset(permit->destination, into->destination))
        return true;
    if (ranges_equal(into->source, permit->source))
        into->destination = ranges_union(arena, into->destination, permit->destination);
    else if (ranges_equal(into->destination, permit->destination))
        into->source = ranges_union(arena, into->source, permit->source);
    else
        return false;
    return true;
}

static void add_permit(struct arena *arena, struct permits *permits, size_t first, struct permit permit)
{
    for (size_t i = first; i < permits->n; i++) {
        if (!melt(arena, &permits->v[i], &permit))
            continue;
        /* What has grown may now melt with another one. */
        permit = permits->v[i];
        permits->n--;
        for (size_t j = i; j < permits->n; j++)
            permits->v[j] = permits->v[j + 1];
        add_permit(arena, permits, first, permit);
        return;
    }
    *vec_push(arena, permits) = permit;
}

static void collect(struct collecting *collecting, const struct flow *flow)
{
    struct router *router = collecting->router;
    struct routes routes = {0};
    size_t first = collecting->permits->n;

    router_find(router, flow->family, flow->source.ranges, flow->destination.ranges, flow->subnet, &routes);
    for (size_t i = 0; i < routes.n; i++) {
        for (size_t h = 0; h < routes.v[i].hop_n; h++) {
            const struct hop *hop = &routes.v[i].hops[h];

            if (hop->firewall != collecting->firewall)
                continue;
            add_permit(router->arena, collecting->permits, first,
                       (struct permit){
                           .flow = flow,
                           .hook = hop->hook,
                           .in = hop->in,
                           .out = hop->out,
                           .source = routes.v[i].source,
                           .destination = routes.v[i].destination,
                       });
        }
    }
}

static bool overlaps(const struct address_set *a, const struct address_set *b)
{
    for (unsigned f = 0; a != NULL && b != NULL && f < FAMILY_N; f++) {
        if (ranges_overlap(a->family[f].ranges, b->family[f].ranges))
            return true;
    }
    return false;
}

/* Whether the host of the firewall is an end of the flow, by whatever address: then its link-local one is too. */
static bool on_link(struct router *router, const struct firewall *firewall, const struct flow *flow)
{
    for (size_t i = 0; i < router->site->instance_n; i++) {
        const struct instance *instance = &router->site->instances[i];
        const struct requirement *requirement;
        struct role_end from;
        struct role_end to;

        if (instance->catalog == NULL || !str_eq(instance->name, flow->instance))
            continue;
        requirement = catalog_requirement(instance->catalog, flow->requirement);
        if (requirement == NULL)
            return false;
        from = role_resolve(router->arena, router->site, instance, requirement->from);
        to = role_resolve(router->arena, router->site, instance, requirement->to);
        return overlaps(firewall->addresses, from.set) || overlaps(firewall->addresses, to.set);
    }
    return false;
}

static bool wanted(const struct flow *flow)
{
    return flow->need != NEED_FORBIDDEN && flow->ports_known && flow->source.ranges->n > 0 &&
           flow->destination.ranges->n > 0;
}

static void collect_flows(struct collecting *collecting, const struct plan *plan)
{
    struct router *router = collecting->router;

    for (size_t i = 0; i < plan->n; i++) {
        const struct flow *flow = plan->flows[i];

        if (!wanted(flow))
            continue;
        router->on_link = flow->subnet && flow->family == FAMILY_V6 && !firewall_between(collecting->firewall) &&
                                  on_link(router, collecting->firewall, flow)
                              ? collecting->firewall
                              : NULL;
        collect(collecting, flow);
    }
    router->on_link = NULL;
}

static void collect_accepted(struct collecting *collecting, uint32_t today)
{
    const struct site *site = collecting->router->site;

    for (size_t i = 0; i < site->accept_n; i++) {
        const struct exception *accept = &site->accept[i];
        struct str id = str_printf(collecting->router->arena, "accept/%zu", i + 1);
        struct probe_flows flows;

        if (exception_expired(accept, today) ||
            (accept->firewall.n > 0 && !str_eq(accept->firewall, collecting->firewall->name)))
            continue;
        flows = plan_exception_flows(collecting->router->arena, accept, id);
        for (size_t f = 0; f < flows.n; f++)
            collect(collecting, flows.v[f]);
    }
}

static void say_unresolved(const struct plan *plan, const struct firewall *firewall, struct diags *diags)
{
    struct buf list = BUF_EMPTY;
    size_t n = 0;

    for (size_t i = 0; i < plan->n; i++) {
        const struct flow *flow = plan->flows[i];

        if (flow->need == NEED_FORBIDDEN || flow->status == FLOW_RESOLVED)
            continue;
        if (n++ < NAMED)
            buf_addf(&list, "%s%.*s", n > 1 ? ", " : "", STR_ARG(flow->id));
    }
    if (n > NAMED)
        buf_addf(&list, " and %zu more", n - NAMED);
    if (n > 0)
        diag_warning(diags, firewall->span, "nothing or not all is let through of flows that are unresolved: %.*s",
                     STR_ARG(buf_str(&list)));
    buf_free(&list);
}

static unsigned families_of(const struct plan *plan)
{
    const struct site *site = plan->site;
    unsigned families = 0;

    for (size_t i = 0; i < plan->n; i++)
        families |= FAMILY_BIT(plan->flows[i]->family);
    for (size_t i = 0; i < site->zone_n; i++) {
        for (size_t j = 0; j < site->zones[i].prefix_n; j++)
            families |= FAMILY_BIT(site->zones[i].prefixes[j].family);
    }
    for (size_t i = 0; i < site->names.n; i++) {
        const struct address_set *set = site->names.entries[i].value;

        for (unsigned f = 0; !set->any && f < FAMILY_N; f++)
            families |= set->family[f].item_n > 0 ? FAMILY_BIT(f) : 0;
    }
    return families == 0 ? FAMILY_BIT(FAMILY_V4) : families;
}

static void add_scope(struct arena *arena, struct policy *policy, const struct address_set *set)
{
    for (unsigned f = 0; set != NULL && !set->any && f < FAMILY_N; f++)
        policy->scope[f] = ranges_union(arena, policy->scope[f], set->family[f].ranges);
}

/* What fills a role or stands in an extra flow is of the site; `any` is the world. */
static void make_scope(struct arena *arena, const struct site *site, struct policy *policy)
{
    for (unsigned f = 0; f < FAMILY_N; f++)
        policy->scope[f] = &ranges_empty;
    for (size_t i = 0; i < site->instance_n; i++) {
        for (size_t j = 0; j < site->instances[i].binding_n; j++)
            add_scope(arena, policy, site->instances[i].bindings[j].set);
    }
    for (size_t i = 0; i < site->extra_n; i++) {
        add_scope(arena, policy, site->extra[i].from);
        add_scope(arena, policy, site->extra[i].to);
    }
}

static bool reaches_management(const struct permit *permit)
{
    const struct flow *flow = permit->flow;

    if (permit->hook != HOOK_INPUT || (flow->transport != PROTO_TCP && flow->transport != TRANSPORT_ANY))
        return false;
    return flow->ports == NULL || ranges_contain(flow->ports, MANAGEMENT_PORT);
}

static bool management_unreached(const struct policy *policy)
{
    if ((policy->hooks & 1u << HOOK_INPUT) == 0)
        return false;
    for (size_t i = 0; i < policy->permit_n; i++) {
        if (reaches_management(&policy->permits[i]))
            return false;
    }
    return true;
}

static unsigned hooks_of(const struct firewall *firewall)
{
    const unsigned host = 1u << HOOK_INPUT | 1u << HOOK_OUTPUT;

    if (!firewall_between(firewall))
        return host;
    return 1u << HOOK_FORWARD | (firewall->addresses != NULL ? host : 0);
}

struct policy *plan_policy(struct arena *arena, const struct plan *plan, const struct firewall *firewall,
                           uint32_t today, struct diags *diags)
{
    struct policy *policy = arena_new_object(arena, struct policy);
    struct router router = {.arena = arena, .site = plan->site, .only = firewall};
    struct permits permits = {0};
    struct permits accepted = {0};
    struct collecting collecting = {&router, firewall, &permits};

    *policy = (struct policy){
        .firewall = firewall->name,
        .site = plan->site->name,
        .hooks = hooks_of(firewall),
        .families = families_of(plan),
        .baseline = firewall->baseline,
        .reject = firewall->reject,
    };
    if (firewall->scope_site)
        make_scope(arena, plan->site, policy);
    collect_flows(&collecting, plan);
    collecting.permits = &accepted;
    collect_accepted(&collecting, today);
    policy->permits = permits.v;
    policy->permit_n = permits.n;
    policy->accepted = accepted.v;
    policy->accepted_n = accepted.n;
    faces_make(&router, firewall, policy);
    policy->management_unreached = management_unreached(policy);
    say_unresolved(plan, firewall, diags);
    return policy;
}
