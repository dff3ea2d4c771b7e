/*
 * What a host has to answer; see host_ports.h. Ports that a catalog calls dynamic are told apart by the parameters that
 * pin them, for each is another program's.
 */
#include "plan/host_ports.h"

#include <stdlib.h>

#include "model/services.h"
#include "net/proto.h"
#include "plan/maker.h"

/* What a service of a flow answers with: some name no protocol of their own. */
static struct str answering(struct str service, unsigned transport)
{
    bool none = service.n == 0 || str_is(service, "any") || str_is(service, "tcp") || str_is(service, "udp") ||
                str_is(service, "ftp-passive") || str_is(service, "nfs-dynamic");

    if (none)
        return transport == PROTO_TCP ? STR("tcp") : STR("udp");
    return service;
}

static bool names_protocol(struct str service)
{
    return !str_is(service, "tcp") && !str_is(service, "udp");
}

/* What was added first stays first: places in the array decide last. */
static int by_place(const void *left, const void *right)
{
    const struct host_port *a = left;
    const struct host_port *b = right;

    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    if (a->transport != b->transport)
        return a->transport < b->transport ? -1 : 1;
    if (a->port != b->port)
        return a->port < b->port ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static bool same_place(const struct host_port *a, const struct host_port *b)
{
    return a->family == b->family && a->transport == b->transport && a->port == b->port;
}

static void conflict(const struct host_port *there, const struct host_port *new, struct diags *diags)
{
    const char *transport = new->transport == PROTO_TCP ? "tcp" : "udp";

    if (there->flow != NULL && new->flow != NULL)
        diag_error(diags, SPAN_NONE, "two services at %u/%s: %.*s for %.*s, %.*s for %.*s", new->port, transport,
                   STR_ARG(there->service), STR_ARG(there->flow->id), STR_ARG(new->service), STR_ARG(new->flow->id));
    else
        diag_error(diags, SPAN_NONE, "two services at %u/%s: %.*s and %.*s", new->port, transport,
                   STR_ARG(there->service), STR_ARG(new->service));
}

/* False: another service is there. */
static bool join(struct arena *arena, struct host_port *there, const struct host_port *new)
{
    there->sources = ranges_union(arena, there->sources, new->sources);
    there->passive = there->passive || new->passive;
    if (!names_protocol(new->service) || str_eq(there->service, new->service))
        return true;
    if (names_protocol(there->service))
        return false;
    there->service = new->service;
    there->flow = new->flow;
    return true;
}

void host_ports_join(struct arena *arena, struct host_ports *ports, struct diags *diags)
{
    const struct flow *told[2] = {NULL, NULL};
    size_t kept = 0;

    for (size_t i = 0; i < ports->n; i++)
        ports->v[i].order = i;
    if (ports->n > 1)
        qsort(ports->v, ports->n, sizeof *ports->v, by_place);
    for (size_t i = 0; i < ports->n; i++) {
        struct host_port *last = kept > 0 ? &ports->v[kept - 1] : NULL;

        if (last == NULL || !same_place(last, &ports->v[i])) {
            ports->v[kept++] = ports->v[i];
        } else if (!join(arena, last, &ports->v[i]) &&
                   (last->flow == NULL || told[0] != last->flow || told[1] != ports->v[i].flow)) {
            conflict(last, &ports->v[i], diags); /* once for a range */
            told[0] = last->flow;
            told[1] = ports->v[i].flow;
        }
    }
    ports->n = kept;
}

/* ------------------------------------------------------------------ flows */

static const struct instance *instance_of(const struct plan *plan, const struct flow *flow)
{
    for (size_t i = 0; plan->site != NULL && i < plan->site->instance_n; i++) {
        if (str_eq(plan->site->instances[i].name, flow->instance))
            return &plan->site->instances[i];
    }
    return NULL;
}

static void add_range(struct arena *arena, struct host_ports *ports, struct host_port port, struct range range)
{
    for (uint32_t number = (uint32_t)range.lo; number <= range.hi; number++) {
        port.port = (uint16_t)number;
        *vec_push(arena, ports) = port;
    }
}

/* The programs of a dynamic requirement, each at the port that its parameter pins. What is pinned is no other's. */
static const struct ranges *add_pinned(struct arena *arena, const struct plan *plan, const struct flow *flow,
                                       struct host_ports *ports, struct host_port port)
{
    const struct instance *instance = instance_of(plan, flow);
    const struct ranges *rest = flow->ports;

    for (size_t i = 0; instance != NULL && i < flow->discover_n; i++) {
        const struct ranges *pinned;
        struct range range;

        if (!program_pin(arena, instance, flow->discover[i], &range))
            continue;
        /* Of a requirement with several transports only some may have dynamic ports. */
        pinned = ranges_intersect(arena, flow->ports, ranges_one(arena, range.lo, range.hi));
        port.service =
            service_known(flow->discover[i]) ? flow->discover[i] : answering(STR_EMPTY, (unsigned)flow->transport);
        for (size_t k = 0; k < pinned->n; k++)
            add_range(arena, ports, port, pinned->v[k]);
        rest = ranges_subtract(arena, rest, pinned);
    }
    return rest;
}

static void add_flow(struct arena *arena, const struct plan *plan, const struct flow *flow,
                     const struct ranges *sources, struct host_ports *ports)
{
    struct host_port port = {.family = flow->family,
                             .transport = (unsigned)flow->transport,
                             .passive = str_is(flow->service, "ftp-passive"),
                             .service = answering(flow->service, (unsigned)flow->transport),
                             .sources = sources,
                             .flow = flow};
    const struct ranges *rest = add_pinned(arena, plan, flow, ports, port);

    for (size_t i = 0; i < rest->n; i++)
        add_range(arena, ports, port, rest->v[i]);
}

/* Why nobody can stand in for it; NULL: somebody can, or the kernel does. */
static const char *cannot(const struct flow *flow)
{
    if (flow->transport == PROTO_ICMP)
        return NULL;
    if (flow->transport == TRANSPORT_UNSTATED)
        return "the document states no transport";
    if (flow->transport != PROTO_TCP && flow->transport != PROTO_UDP)
        return flow->transport == TRANSPORT_ANY ? "any port of any protocol" : "neither TCP nor UDP";
    if (flow->ports_known && flow->ports == NULL)
        return "any port";
    return flow->ports == NULL || flow->ports->n == 0 ? "its ports are not known" : NULL;
}

/* Nobody is his own far end. */
static const struct ranges *sources_of(struct arena *arena, const struct flow *flow, const struct ranges *host)
{
    return ranges_count(host) == 1 ? ranges_subtract(arena, flow->source.ranges, host) : flow->source.ranges;
}

void plan_host_ports(struct arena *arena, const struct plan *plan, const struct ranges *const host[FAMILY_N],
                     struct host_ports *ports, struct diags *diags)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct flow *flow = plan->flows[i];
        const struct ranges *sources = sources_of(arena, flow, host[flow->family]);
        const char *why = cannot(flow);

        if (flow->need == NEED_FORBIDDEN || !ranges_overlap(flow->destination.ranges, host[flow->family]) ||
            sources->n == 0)
            continue;
        if (why != NULL)
            diag_warning(diags, SPAN_NONE, "nothing stands in for %.*s: %s%s%.*s", STR_ARG(flow->id), why,
                         flow->reason.n > 0 ? ": " : "", STR_ARG(flow->reason));
        else if (flow->transport != PROTO_ICMP)
            add_flow(arena, plan, flow, sources, ports);
        if (why == NULL && flow->transport != PROTO_ICMP && !flow->ports_known)
            diag_warning(diags, SPAN_NONE, "not all of %.*s is stood in for: %.*s", STR_ARG(flow->id),
                         STR_ARG(flow->reason));
    }
}
