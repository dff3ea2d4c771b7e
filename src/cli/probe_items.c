/* Subjects into single questions, and what each of them would send; see probing.h. */
#include "cli/probing.h"

#include "net/proto.h"
#include "service/own.h"

bool probing_names_ports(const struct service *service)
{
    return str_is(str_of(service->name), "nfs-dynamic") || (service->via != NULL && service->ports[0].lo > 0);
}

static struct probing_item *add_item(struct probing *probing, const struct probing_subject *subject,
                                     const struct service *service, unsigned proto)
{
    struct probing_item *item;

    if (probing->items.n + probing->names.n >= PROBING_MOST) {
        if (!probing->too_many)
            diag_error(&probing->cli->diags, SPAN_NONE, "more than %zu probes at once: ask for less of %s://%.*s",
                       PROBING_MOST, subject->service->name, STR_ARG(subject->host));
        probing->too_many = true;
        return NULL;
    }
    item = arena_new_object(probing->cli->arena, struct probing_item);
    item->subject = subject;
    item->service = service;
    item->origin = probing->items.n;
    item->question = (struct probe_question){.flow = subject->test.n > 0 ? NULL : subject->flow,
                                             .test = subject->test,
                                             .service = str_of(subject->service->name),
                                             .proto = proto,
                                             .denied = subject->denied,
                                             .by_address = subject->by_address};
    *vec_push(probing->cli->arena, &probing->items) = item;
    return item;
}

static void set_target(struct probing *probing, struct probing_item *item, const struct service *named, uint16_t port)
{
    item->question.target =
        target_text(probing->cli->arena, named, item->question.proto, item->subject->host, item->question.port);
    item->ask = (struct ask){.host = item->subject->name.n > 0 ? item->subject->name : item->subject->host,
                             .port = port,
                             .own = probing->options->own};
}

static void place(struct probing_item *item, enum family family, u128 address, const struct addr_range *source,
                  uint64_t resolve_us)
{
    item->question.has_address = true;
    item->question.family = family;
    item->question.address = address;
    item->resolve_us = resolve_us;
    if (source != NULL) {
        item->question.has_source = true;
        item->question.source = source->range.lo;
    }
}

/* --- ports and transports ---------------------------------------------------------------------------------------- */

/* Where and how the subject is asked over one transport; `made` is NULL-terminated by n. */
typedef void with_item(struct probing *probing, struct probing_item *item, void *context);

/* Who tells the port: the service of `via`, or the subject's own where its answer names the ports. */
static void sought_item(struct probing *probing, const struct probing_subject *subject, unsigned proto, with_item *done,
                        void *context)
{
    const struct service *asked = subject->service;
    struct probing_item *item;
    unsigned over = proto;

    if (service_default_port(asked, proto) == 0 && asked->via != NULL) {
        asked = service_find(str_of(asked->via));
        over = asked->tcp != NULL ? PROTO_TCP : proto;
    }
    item = add_item(probing, subject, asked, over);
    if (item == NULL)
        return;
    item->followed = true;
    item->question.port = service_default_port(asked, over);
    set_target(probing, item, asked, item->question.port);
    if (asked != subject->service) {
        item->ask.seek = str_of(subject->service->name);
        item->ask.seek_of = proto;
    }
    done(probing, item, context);
}

static void port_item(struct probing *probing, const struct probing_subject *subject, unsigned proto, uint16_t port,
                      with_item *done, void *context)
{
    struct probing_item *item = add_item(probing, subject, subject->service, proto);

    if (item == NULL)
        return;
    item->followed = probing_names_ports(subject->service);
    item->question.port = port;
    set_target(probing, item, subject->service, port);
    done(probing, item, context);
}

static void each_item(struct probing *probing, const struct probing_subject *subject, with_item *done, void *context)
{
    for (size_t p = 0; p < subject->proto_n && !probing->too_many; p++) {
        unsigned proto = subject->protos[p];

        if (subject->sought) {
            sought_item(probing, subject, proto, done, context);
        } else if (proto == PROTO_ICMP || subject->ports == NULL) {
            port_item(probing, subject, proto, proto == PROTO_ICMP ? 0 : service_default_port(subject->service, proto),
                      done, context);
        } else {
            for (size_t i = 0; i < subject->ports->n; i++) {
                for (u128 port = subject->ports->v[i].lo; port <= subject->ports->v[i].hi && !probing->too_many; port++)
                    port_item(probing, subject, proto, (uint16_t)port, done, context);
            }
        }
    }
}

struct at {
    enum family family;
    u128 address;
    const struct addr_range *source; /* NULL: any */
    uint64_t resolve_us;
};

static void place_item(struct probing *probing, struct probing_item *item, void *context)
{
    const struct at *at = context;

    (void)probing;
    place(item, at->family, at->address, at->source, at->resolve_us);
}

void probing_add_address(struct probing *probing, const struct probing_subject *subject, enum family family,
                         u128 address, uint64_t resolve_us)
{
    struct at at = {.family = family, .address = address, .resolve_us = resolve_us};

    if (subject->source_n == 0)
        each_item(probing, subject, place_item, &at);
    for (size_t i = 0; i < subject->source_n; i++) {
        at.source = &subject->sources[i];
        if (at.source->family == family && at.source->range.lo != address)
            each_item(probing, subject, place_item, &at);
    }
}

static void leave_to_proxy(struct probing *probing, struct probing_item *item, void *context)
{
    (void)context;
    item->proxied = true;
    item->question.proxy = probing->proxy_url.text;
}

void probing_add_name(struct probing *probing, struct probing_subject *subject)
{
    struct probing_subject *straight = subject;

    if (probing->has_proxy) {
        struct probing_subject *proxied = arena_copy(probing->cli->arena, subject, sizeof *subject);

        straight = arena_copy(probing->cli->arena, subject, sizeof *subject);
        proxied->proto_n = straight->proto_n = 0;
        for (size_t i = 0; i < subject->proto_n; i++) {
            struct probing_subject *side = subject->protos[i] == PROTO_TCP ? proxied : straight;

            side->protos[side->proto_n++] = subject->protos[i];
        }
        each_item(probing, proxied, leave_to_proxy, NULL);
    }
    if (straight->proto_n > 0)
        *vec_push(probing->cli->arena, &probing->names) = straight;
}

void probing_add_nothing(struct probing *probing, const struct probing_subject *subject, enum outcome outcome,
                         struct str reason)
{
    struct probing_item *item =
        add_item(probing, subject, subject->service, subject->proto_n == 1 ? subject->protos[0] : 0);

    if (item == NULL)
        return;
    item->nothing = true;
    item->outcome = outcome;
    item->reason = reason;
    item->question.target = target_text(probing->cli->arena, subject->service, item->question.proto, subject->host, 0);
}

struct probing_item *probing_follow(struct probing *probing, const struct probing_item *item,
                                    const struct service *service, unsigned proto, uint16_t port)
{
    struct probing_item *next = arena_copy(probing->cli->arena, item, sizeof *item);

    next->service = service;
    next->followed = false;
    next->question.proto = proto;
    next->question.port = port;
    next->question.service = str_of(service->name);
    set_target(probing, next, service, port);
    return next;
}

/* --- what would be sent ------------------------------------------------------------------------------------------ */

struct lines VEC(struct str);

static void add_exchange(struct arena *arena, const struct exchange *exchange, bool own, struct lines *lines)
{
    if (exchange->sends == own_sends_tcp || exchange->sends == own_sends_udp) {
        *vec_push(arena, lines) = str_of(exchange->sends[own]);
        return;
    }
    for (size_t i = 0; exchange->sends[i] != NULL; i++)
        *vec_push(arena, lines) = str_of(exchange->sends[i]);
}

static void add_tls(struct arena *arena, const struct probing_item *item, enum tls tls, struct lines *lines)
{
    static const char *const when[TLS_N] = {[TLS_NONE] = "",
                                            [TLS_FIRST] = "",
                                            [TLS_EITHER] = ", and all again without where TLS is not spoken",
                                            [TLS_UPGRADE] = ", when the server agrees to it"};

    if (tls != TLS_NONE)
        *vec_push(arena, lines) = item->subject->name.n > 0 ? str_printf(arena, "a TLS handshake for %.*s%s",
                                                                         STR_ARG(item->subject->name), when[tls])
                                                            : str_printf(arena, "a TLS handshake%s", when[tls]);
}

static void add_sends(struct probing *probing, const struct probing_item *item, struct lines *lines)
{
    struct arena *arena = probing->cli->arena;
    const struct exchange *exchange = service_exchange(item->service, item->question.proto);
    bool tcp = item->question.proto == PROTO_TCP;

    if (tcp)
        *vec_push(arena, lines) = item->proxied
                                      ? str_printf(arena, "a TCP connection to the proxy, and there %s to %.*s:%u",
                                                   probing->proxy_url.socks ? "a SOCKS5 request" : "an HTTP CONNECT",
                                                   STR_ARG(item->subject->host), item->question.port)
                                      : STR("a TCP connection");
    if (item->subject->bare && tcp)
        return;
    add_tls(arena, item, exchange->tls, lines);
    add_exchange(arena, exchange, item->ask.own, lines);
    if (item->question.proto == PROTO_UDP)
        *vec_push(arena, lines) = STR("where nothing comes back: an empty datagram to a closed port of the host");
    if (item->followed && item->ask.seek.n > 0)
        *vec_push(arena, lines) = str_printf(arena, "a probe of %.*s over %s at the port that the answer names",
                                             STR_ARG(item->ask.seek), item->ask.seek_of == PROTO_TCP ? "TCP" : "UDP");
    else if (item->followed)
        *vec_push(arena, lines) = STR("probes of the ports that the answer names");
}

static void plan_item(struct probing *probing, const struct probing_item *item, struct str before,
                      struct probe_planned *planned)
{
    struct lines lines = {0};

    *planned = (struct probe_planned){.question = item->question, .before = before, .reason = item->reason};
    if (item->nothing)
        return;
    add_sends(probing, item, &lines);
    planned->sends = lines.v;
    planned->send_n = lines.n;
}

static void no_address(struct probing *probing, struct probing_item *item, void *context)
{
    (void)probing;
    (void)item;
    (void)context;
}

void probing_plan(struct probing *probing, struct probe_plan *plan)
{
    struct arena *arena = probing->cli->arena;
    struct VEC(struct probe_planned) made = {0};
    size_t at = probing->items.n;
    struct str whom = probing->resolver.n > 0 ? probing->resolver : STR("the resolver of this machine");

    for (size_t i = 0; i < at; i++)
        plan_item(probing, probing->items.v[i], STR_EMPTY, vec_push(arena, &made));
    vec_each (struct probing_subject **, subject, &probing->names) {
        struct str before =
            str_printf(arena, "asks %.*s for all addresses of %.*s", STR_ARG(whom), STR_ARG((*subject)->host));

        each_item(probing, *subject, no_address, NULL);
        for (; at < probing->items.n; at++)
            plan_item(probing, probing->items.v[at], before, vec_push(arena, &made));
    }
    *plan = (struct probe_plan){.title = probing->title, .v = made.v, .n = made.n};
}
