/*
 * What a site lets this machine ask: the flows and tests whose source addresses it has, or those of --from; see
 * probing.h. What is not asked of a flow is said: a note names the flow, and what stands for the rest.
 */
#include "cli/probe_acting.h"

#include "net/proto.h"

#define MOST_ADDRESSES 256u /* of a prefix or range, before two stand for it */
#define MOST_PORTS 16u
#define MOST_SOURCES 16u

/* --- what a flow asks -------------------------------------------------------------------------------------------- */

/* Addresses to ask the flow from; false: it is not for this machine. */
static bool sources_of(struct acting *acting, const struct flow *flow, struct probing_subject *subject)
{
    static const struct range link_local = {(u128)0xfe80 << 112, ((u128)0xfec0 << 112) - 1};
    struct arena *arena = acting->probing->cli->arena;
    const struct ranges *as = ranges_intersect(arena, acting->as[flow->family], flow->source.ranges);
    struct VEC(struct addr_range) list = {0};

    if (flow->source.any) {
        as = ranges_intersect(arena, as, addr_unicast(flow->family));
        if (flow->family == FAMILY_V6)
            as = ranges_subtract(arena, as, ranges_of(arena, &link_local, 1));
    }
    if (as->n == 0)
        return false;
    for (size_t i = 0; acting->bind && i < as->n; i++) {
        for (u128 address = as->v[i].lo; address <= as->v[i].hi && list.n < MOST_SOURCES; address++)
            *vec_push(arena, &list) = (struct addr_range){flow->family, {address, address}};
    }
    if (list.n == MOST_SOURCES && ranges_count(as) > MOST_SOURCES)
        diag_note(&acting->probing->cli->diags, SPAN_NONE,
                  "%.*s: asked from %u addresses of this machine, not from all", STR_ARG(flow->id), MOST_SOURCES);
    subject->sources = list.v;
    subject->source_n = list.n;
    return true;
}

/* The service whose usual port it is, so that there is an answer to wait for. */
static const struct service *service_at(unsigned proto, const struct ranges *ports)
{
    size_t n;
    const struct service *const *all = service_all(&n);

    for (size_t i = 0; ports != NULL && ranges_count(ports) == 1 && i < n; i++) {
        if ((proto == PROTO_TCP ? all[i]->tcp : all[i]->udp) != NULL &&
            service_default_port(all[i], proto) == ports->v[0].lo)
            return all[i];
    }
    return service_find(proto == PROTO_ICMP ? STR("icmp") : proto == PROTO_TCP ? STR("tcp") : STR("udp"));
}

/* Few ports are all asked; of many the usual one, and the ends of each range. */
static const struct ranges *ports_of(struct acting *acting, const struct flow *flow, const struct service *service)
{
    struct arena *arena = acting->probing->cli->arena;
    struct VEC(struct range) list = {0};
    const struct ranges *chosen;
    uint16_t usual = service_default_port(service, (unsigned)flow->transport);

    if (flow->ports == NULL || acting->probing->options->all_ports || ranges_count(flow->ports) <= MOST_PORTS)
        return flow->ports;
    if (ranges_contain(flow->ports, usual))
        *vec_push(arena, &list) = (struct range){usual, usual};
    for (size_t i = 0; i < flow->ports->n; i++) {
        *vec_push(arena, &list) = (struct range){flow->ports->v[i].lo, flow->ports->v[i].lo};
        *vec_push(arena, &list) = (struct range){flow->ports->v[i].hi, flow->ports->v[i].hi};
    }
    chosen = ranges_of(arena, list.v, list.n);
    diag_note(&acting->probing->cli->diags, SPAN_NONE, "%.*s: %u of %u ports are asked (--all-ports asks them all)",
              STR_ARG(flow->id), (unsigned)ranges_count(chosen), (unsigned)ranges_count(flow->ports));
    return chosen;
}

static void add_host(struct acting *acting, const struct probing_subject *subject, enum family family, u128 address)
{
    struct arena *arena = acting->probing->cli->arena;
    struct probing_subject *one = arena_copy(arena, subject, sizeof *subject);

    /* Nobody is asked by himself; where sources are bound, each knows its own. */
    if (!acting->bind && ranges_count(acting->as[family]) == 1 && ranges_contain(acting->as[family], address))
        return;
    one->host = acting_name(acting, family, address);
    probing_add_address(acting->probing, one, family, address, 0);
}

static void add_hosts(struct acting *acting, const struct flow *flow, const struct probing_subject *subject)
{
    for (size_t i = 0; i < flow->destination.item_n && !acting->probing->too_many; i++) {
        const struct range *range = &flow->destination.items[i];
        bool whole = addr_prefix_length(flow->family, *range) >= 0;

        if (range->hi - range->lo < MOST_ADDRESSES) {
            for (u128 n = 0; n <= range->hi - range->lo; n++)
                add_host(acting, subject, flow->family, range->lo + n);
            continue;
        }
        diag_note(&acting->probing->cli->diags, SPAN_NONE, "%.*s: two addresses stand for a range of more than %u",
                  STR_ARG(flow->id), MOST_ADDRESSES);
        add_host(acting, subject, flow->family, range->lo + whole);
        add_host(acting, subject, flow->family, range->hi - whole);
    }
}

static void add_nothing(struct acting *acting, struct probing_subject *subject, enum outcome outcome, struct str reason)
{
    const struct flow *flow = subject->flow;

    if (subject->host.n == 0)
        subject->host = flow->destination.item_n == 1 && !flow->destination.any
                            ? acting_name(acting, flow->family, flow->destination.items[0].lo)
                            : STR("any");
    probing_add_nothing(acting->probing, subject, outcome, reason);
}

/* A domain is asked for by its name, whatever addresses the site knows: these may be old. */
static void add_domains(struct acting *acting, const struct flow *flow, const struct probing_subject *subject)
{
    struct arena *arena = acting->probing->cli->arena;
    bool wild = false;

    for (size_t i = 0; i < flow->domain_n; i++) {
        struct probing_subject *one = arena_copy(arena, subject, sizeof *subject);

        one->host = one->name = flow->domains[i];
        one->families = FAMILY_BIT(flow->family);
        if (!str_starts(flow->domains[i], "*")) {
            probing_add_name(acting->probing, one);
        } else if (flow->destination.item_n == 0) {
            one->name = STR_EMPTY;
            add_nothing(acting, one, OUTCOME_UNVERIFIABLE,
                        STR("any name below a domain: there is none to ask for, name one as a target"));
        } else {
            wild = true;
        }
    }
    if (wild) {
        struct probing_subject *one = arena_copy(arena, subject, sizeof *subject);

        one->bare = true; /* what these hosts are called nobody has said */
        add_hosts(acting, flow, one);
    }
}

/* Everything is known but the hosts. */
static void add_subject(struct acting *acting, const struct flow *flow, struct probing_subject *subject)
{
    if (flow->domain_n > 0) {
        add_domains(acting, flow, subject);
    } else if (flow->destination.any) {
        add_nothing(acting, subject, OUTCOME_UNVERIFIABLE,
                    STR("any address: there is none to ask, name one as a target"));
    } else {
        subject->by_address = true;
        add_hosts(acting, flow, subject);
    }
}

/* --- a port that a parameter pins is that of the parameter's service --------------------------------------------- */

static bool covers(struct str value, uint16_t port)
{
    struct range range;

    return port_range_parse(value, false, &range) && range.lo <= port && port <= range.hi;
}

/* "mountd-port" -> mountd. */
static const struct service *service_of_parameter(struct str name)
{
    return str_ends(name, "-port") ? service_find(str_head(name, name.n - 5)) : NULL;
}

static const struct service *pinned_service(const struct site *site, const struct flow *flow, uint16_t port)
{
    const struct service *service;

    for (size_t i = 0; i < site->instance_n; i++) {
        const struct instance *instance = &site->instances[i];

        if (!str_eq(instance->name, flow->instance))
            continue;
        for (size_t k = 0; k < instance->parameter_n; k++) {
            service = service_of_parameter(instance->parameters[k].name);
            if (service != NULL && service->via != NULL && covers(instance->parameters[k].value, port))
                return service;
        }
    }
    return NULL;
}

/* Ports of NFS 3's services: each is asked for what it is. */
static void add_pinned(struct acting *acting, const struct site *site, const struct flow *flow,
                       const struct probing_subject *subject)
{
    struct arena *arena = acting->probing->cli->arena;

    for (size_t i = 0; i < flow->ports->n; i++) {
        for (u128 port = flow->ports->v[i].lo; port <= flow->ports->v[i].hi; port++) {
            struct probing_subject *one = arena_copy(arena, subject, sizeof *subject);
            const struct service *service = pinned_service(site, flow, (uint16_t)port);

            one->service =
                service != NULL ? service : service_find(flow->transport == PROTO_TCP ? STR("tcp") : STR("udp"));
            one->ports = ranges_value(arena, port);
            add_subject(acting, flow, one);
        }
    }
}

/* --- flows and tests --------------------------------------------------------------------------------------------- */

static void add_echo(struct acting *acting, const struct flow *flow, struct probing_subject *subject)
{
    subject->service = service_find(STR("icmp"));
    subject->protos[0] = PROTO_ICMP;
    subject->proto_n = 1;
    subject->any = flow->transport == TRANSPORT_ANY;
    add_subject(acting, flow, subject);
}

static bool tells_ports(const struct service *service)
{
    return service->via != NULL || probing_names_ports(service);
}

/* One port out of a wide range, which only rpcbind knows. */
static bool somewhere_in(const struct flow *flow, const struct service *service)
{
    bool rpc = tells_ports(service) && !(service->via != NULL && str_is(str_of(service->via), "ftp"));

    return rpc && flow->ports != NULL && ranges_count(flow->ports) > MOST_PORTS;
}

static void add_open_port(struct acting *acting, const struct flow *flow, struct probing_subject *subject)
{
    bool told = tells_ports(subject->service);

    subject->sought = acting->probing->options->discover && told;
    if (subject->sought)
        add_subject(acting, flow, subject);
    else
        add_nothing(acting, subject, flow->ports_known ? OUTCOME_UNVERIFIABLE : OUTCOME_UNRESOLVED,
                    told ? STR("the port is chosen at run time: --discover asks for it")
                         : STR("the port is not known"));
}

static void add_ported(struct acting *acting, const struct flow *flow, struct probing_subject *subject)
{
    const struct probing *probing = acting->probing;

    subject->protos[0] = (unsigned)flow->transport;
    subject->proto_n = 1;
    if (subject->service == NULL || str_is(flow->service, "any"))
        subject->service = service_at(subject->protos[0], flow->ports);
    if (!flow->ports_known || somewhere_in(flow, subject->service)) {
        add_open_port(acting, flow, subject);
        return;
    }
    if (flow->ports != NULL && str_is(str_of(subject->service->name), "nfs-dynamic")) {
        add_pinned(acting, probing->plan->site, flow, subject);
        return;
    }
    subject->sought = subject->service->via != NULL && str_is(str_of(subject->service->via), "ftp");
    subject->ports = ports_of(acting, flow, subject->service);
    if (subject->ports == NULL)
        add_nothing(acting, subject, OUTCOME_UNVERIFIABLE, STR("any port: there is none to ask, name one as a target"));
    else
        add_subject(acting, flow, subject);
}

static void add_flow(struct acting *acting, const struct flow *flow, struct str test, bool denied)
{
    struct probing_subject *subject = arena_new_object(acting->probing->cli->arena, struct probing_subject);

    *subject = (struct probing_subject){.order = acting->asked++,
                                        .flow = flow,
                                        .test = test,
                                        .service = service_find(flow->service),
                                        .families = FAMILY_BIT(flow->family),
                                        .denied = denied,
                                        .bare = denied};
    if (!sources_of(acting, flow, subject))
        return;
    if (flow->transport == PROTO_TCP || flow->transport == PROTO_UDP) {
        add_ported(acting, flow, subject);
    } else if (flow->transport == PROTO_ICMP || flow->transport == TRANSPORT_ANY) {
        add_echo(acting, flow, subject);
    } else {
        subject->service = subject->service != NULL ? subject->service : service_find(STR("any"));
        add_nothing(acting, subject, flow->transport == TRANSPORT_UNSTATED ? OUTCOME_UNRESOLVED : OUTCOME_UNVERIFIABLE,
                    flow->transport == TRANSPORT_UNSTATED ? STR("the document names no transport")
                                                          : STR("no probe speaks this transport"));
    }
}

/* Of any protocol an echo, and connections to ports that everybody wants to reach, are asked. */
static void add_sample(struct acting *acting, const struct flow *flow, struct str test, bool denied)
{
    static const struct range wanted[] = {{22, 22}, {80, 80}, {443, 443}};
    struct flow *tcp = arena_copy(acting->probing->cli->arena, flow, sizeof *flow);

    tcp->transport = PROTO_TCP;
    tcp->ports = ranges_of(acting->probing->cli->arena, wanted, 3);
    tcp->ports_known = true;
    add_flow(acting, tcp, test, denied);
}

static void add_tests(struct acting *acting, const struct site *site)
{
    struct arena *arena = acting->probing->cli->arena;

    for (size_t i = 0; i < site->test_n; i++) {
        const struct site_test *test = &site->tests[i];
        struct probe_flows flows = plan_exception_flows(arena, &test->what, STR("test"));

        for (size_t k = 0; k < flows.n; k++) {
            add_flow(acting, flows.v[k], test->text, !test->allow);
            if (flows.v[k]->transport == TRANSPORT_ANY && !test->allow)
                add_sample(acting, flows.v[k], test->text, true);
        }
    }
}

static void set_outward(struct probing *probing, const struct site *site)
{
    struct buf text = BUF_EMPTY;

    for (enum family family = 0; site->resolver != NULL && family < FAMILY_N; family++) {
        const struct ends *ends = &site->resolver->family[family];

        for (size_t i = 0; i < ends->item_n; i++) {
            buf_adds(&text, text.n > 0 ? "," : "");
            addr_format(&text, family, ends->items[i].lo);
        }
    }
    if (probing->resolver.n == 0)
        probing->resolver = str_dup(probing->cli->arena, buf_str(&text));
    buf_free(&text);
    if (probing->has_proxy || site->proxy.host.n == 0)
        return;
    probing->has_proxy = true;
    probing->proxy_url = site->proxy;
}

bool probing_site(struct probing *probing, struct str path)
{
    struct cli *cli = probing->cli;
    struct plan *plan = inputs_plan(cli, path);
    struct acting acting;
    struct str from = cli_last(&probing->options->from);

    if (plan == NULL)
        return false;
    probing->plan = plan;
    if (!acting_open(&acting, probing))
        return false;
    probing->title = from.n == 0 ? plan->site->name
                                 : str_printf(cli->arena, "%.*s from %.*s", STR_ARG(plan->site->name), STR_ARG(from));
    set_outward(probing, plan->site);
    for (size_t i = 0; i < plan->n; i++)
        add_flow(&acting, plan->flows[i], STR_EMPTY,
                 plan->flows[i]->need == NEED_FORBIDDEN || probing->options->expected.n > 0);
    add_tests(&acting, plan->site);
    if (probing->items.n == 0 && probing->names.n == 0)
        diag_error(&cli->diags, SPAN_NONE,
                   from.n > 0 ? "no flow and no test of the site begins at %.*s"
                              : "no flow and no test of the site begins at an address of this machine (--from names "
                                "the host to ask as)%.*s",
                   STR_ARG(from));
    return cli->diags.errors == 0;
}
