/* Stand-ins of a site's host, or by their names; see stand_ins.h. */
#include "cli/stand_ins.h"

#include <stdlib.h>

#include "cli/ends.h"
#include "cli/inputs.h"
#include "cli/target.h"
#include "net/proto.h"
#include "system/addresses.h"

/* Who may ask where nothing else is said: this machine and private networks, which no stranger has (RFC 1918, 3927,
 * 4193, 4291 2.5.6). */
static const char *const nearby[] = {"127.0.0.0/8",    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                     "169.254.0.0/16", "::1",        "fc00::/7",      "fe80::/10"};

/* Sockets are descriptors, and connections need some too. */
#define SOCKETS_MAX 8192

static bool add_prefix(struct cli *cli, struct stand_ins *wanted, struct str text)
{
    struct addr_range prefix;
    enum addr_error error = addr_range_parse(text, &prefix);

    if (error != ADDR_OK) {
        diag_error(&cli->diags, SPAN_NONE, "--allow %.*s: %s", STR_ARG(text), addr_error_text(error));
        return false;
    }
    wanted->allow[prefix.family] =
        ranges_union(cli->arena, wanted->allow[prefix.family] != NULL ? wanted->allow[prefix.family] : &ranges_empty,
                     ranges_one(cli->arena, prefix.range.lo, prefix.range.hi));
    return true;
}

bool stand_ins_options(struct cli *cli, struct stand_ins *wanted, const struct values *bind, const struct values *allow)
{
    bool good = true;
    enum family family;
    u128 addr;

    wanted->bind = bind;
    vec_each (struct str *, text, bind) {
        if (addr_parse(*text, &family, &addr))
            continue;
        diag_error(&cli->diags, SPAN_NONE, "--bind %.*s: %s", STR_ARG(*text), addr_error_text(ADDR_NOT_ADDRESS));
        good = false;
    }
    vec_each (struct str *, text, allow)
        good = add_prefix(cli, wanted, *text) && good;
    return good;
}

/* ------------------------------------------------------------------ sockets */

static int by_port(const void *a, const void *b)
{
    const struct tally *x = a;
    const struct tally *y = b;

    if (x->transport != y->transport)
        return x->transport < y->transport ? -1 : 1;
    return x->port < y->port ? -1 : x->port > y->port;
}

/* One tally a port, whatever the address. */
static void make_tallies(struct cli *cli, struct stand_ins *wanted)
{
    size_t n = 0;

    wanted->tallies = arena_new_array(cli->arena, struct tally, wanted->sockets.n);
    vec_each (struct stand_in *, socket, &wanted->sockets)
        wanted->tallies[n++] =
            (struct tally){.service = str_of(socket->service->name), .transport = socket->proto, .port = socket->port};
    if (n > 1)
        qsort(wanted->tallies, n, sizeof *wanted->tallies, by_port);
    for (size_t i = 0; i < n; i++) {
        if (wanted->tally_n == 0 || by_port(&wanted->tallies[wanted->tally_n - 1], &wanted->tallies[i]) != 0)
            wanted->tallies[wanted->tally_n++] = wanted->tallies[i];
    }
    vec_each (struct stand_in *, socket, &wanted->sockets) {
        struct tally key = {.transport = socket->proto, .port = socket->port};

        socket->user = bsearch(&key, wanted->tallies, wanted->tally_n, sizeof key, by_port);
    }
}

static void add_sockets(struct cli *cli, struct stand_ins *wanted, const struct host_ports *ports, enum family family,
                        bool any, u128 address)
{
    for (size_t i = 0; i < ports->n; i++) {
        const struct host_port *port = &ports->v[i];
        const struct ranges *allowed = port->sources;

        if (port->family != family)
            continue;
        if (port->flow != NULL && wanted->allow[family] != NULL)
            allowed = ranges_union(cli->arena, allowed, wanted->allow[family]);
        *vec_push(cli->arena, &wanted->sockets) = (struct stand_in){
            .service = service_find(port->service),
            .proto = port->transport,
            .family = family,
            .any_address = any,
            .address = address,
            .port = port->port,
            .offer = &wanted->offer,
            .allowed = allowed,
            .netns = -1,
        };
    }
}

/* What responders tell of other ports of the same host: rpcbind of the programs, ftp of a data port. */
static void make_offer(struct cli *cli, struct stand_ins *wanted, const struct host_ports *ports)
{
    struct next *registered = arena_new_array(cli->arena, struct next, ports->n);
    struct offer *offer = &wanted->offer;

    offer->ports = registered;
    for (size_t i = 0; i < ports->n; i++) {
        const struct host_port *port = &ports->v[i];
        const struct service *service = service_find(port->service);
        bool there = false;

        if (port->passive && offer->passive_port == 0)
            offer->passive_port = port->port;
        if (service != &service_nfs && (service->via == NULL || strcmp(service->via, "rpcbind") != 0))
            continue;
        for (size_t k = 0; k < offer->port_n; k++) /* of the other family */
            there = there || (registered[k].service == service->name && registered[k].proto == port->transport);
        if (!there)
            registered[offer->port_n++] = (struct next){service->name, port->transport, port->port};
    }
}

static bool finish(struct cli *cli, struct stand_ins *wanted, size_t errors)
{
    if (cli->diags.errors > errors)
        return false;
    if (wanted->sockets.n > SOCKETS_MAX) {
        diag_error(&cli->diags, SPAN_NONE, "%zu sockets are needed, %d is the most", wanted->sockets.n, SOCKETS_MAX);
        return false;
    }
    make_tallies(cli, wanted);
    return true;
}

/* ------------------------------------------------------------------ a host of a site */

struct hosting {
    struct cli *cli;
    struct stand_ins *wanted;
    const struct plan *plan;
    struct str name;
    const struct ranges *host[FAMILY_N];
};

/* At one address of this machine, or at all: what the addresses `asked` of the host have to answer. */
static void stand_at(struct hosting *h, enum family family, const struct ranges *asked, bool any, u128 address)
{
    const struct ranges *host[FAMILY_N] = {&ranges_empty, &ranges_empty};
    struct host_ports ports = {0};
    struct diags said_before;

    diags_init(&said_before, h->cli->arena);
    host[family] = asked;
    plan_host_ports(h->cli->arena, h->plan, host, &ports, &said_before);
    host_ports_join(h->cli->arena, &ports, &h->cli->diags);
    add_sockets(h->cli, h->wanted, &ports, family, any, address);
}

static bool stand_at_bound(struct hosting *h, enum family family)
{
    bool bound = false;

    vec_each (const struct str *, text, h->wanted->bind) {
        enum family its;
        u128 addr;

        if (addr_parse(*text, &its, &addr) && its == family) {
            stand_at(h, family, h->host[family], false, addr);
            bound = true;
        }
    }
    return bound || h->wanted->bind->n > 0;
}

/* Those of the addresses that this machine has. */
static const struct ranges *own_of(struct cli *cli, const struct ranges *addresses, enum family family)
{
    const struct ranges *own[FAMILY_N];

    return addresses_own(cli->arena, own) < 0 ? &ranges_empty : ranges_intersect(cli->arena, addresses, own[family]);
}

static void stand_for_family(struct hosting *h, enum family family)
{
    const struct ranges *here = own_of(h->cli, h->host[family], family);
    size_t before = h->wanted->sockets.n;

    if (h->host[family]->n == 0 || stand_at_bound(h, family))
        return;
    for (size_t i = 0; i < here->n; i++) {
        for (u128 addr = here->v[i].lo; addr <= here->v[i].hi; addr++)
            stand_at(h, family, ranges_value(h->cli->arena, addr), false, addr);
    }
    if (here->n > 0)
        return;
    stand_at(h, family, h->host[family], true, 0);
    if (h->wanted->sockets.n > before)
        diag_note(&h->cli->diags, SPAN_NONE,
                  "this machine has no IPv%d address of %.*s: it listens on all of its own; --bind chooses one",
                  family == FAMILY_V4 ? 4 : 6, STR_ARG(h->name));
}

bool stand_ins_of_site(struct cli *cli, struct stand_ins *wanted, struct str site, struct str name)
{
    struct plan *plan = inputs_plan(cli, site);
    struct hosting h = {.cli = cli, .wanted = wanted, .plan = plan, .name = name};
    struct host_ports all = {0};
    struct ends ends[FAMILY_N];
    size_t errors = cli->diags.errors;

    if (plan == NULL || !ends_read(cli, plan, name, ends))
        return false;
    for (enum family family = 0; family < FAMILY_N; family++)
        h.host[family] = ends[family].ranges;
    plan_host_ports(cli->arena, plan, h.host, &all, &cli->diags);
    if (all.n == 0) {
        diag_error(&cli->diags, SPAN_NONE, "no flow of the site asks for a port of %.*s", STR_ARG(name));
        return false;
    }
    make_offer(cli, wanted, &all);
    for (enum family family = 0; family < FAMILY_N; family++)
        stand_for_family(&h, family);
    if (cli->diags.errors == errors && wanted->sockets.n == 0)
        diag_error(&cli->diags, SPAN_NONE, "no address of --bind is of a family in which %.*s is asked", STR_ARG(name));
    return finish(cli, wanted, errors);
}

/* ------------------------------------------------------------------ SERVICE:PORT */

static void add_ports(struct cli *cli, struct host_ports *all, const struct service *service, unsigned proto,
                      struct range range)
{
    bool passive = service == &service_ftp_passive; /* its ports only wait for data */
    struct host_port port = {.transport = proto, .passive = passive};

    port.service = passive ? STR("tcp") : str_of(service->name);
    for (uint32_t number = (uint32_t)range.lo; number <= range.hi; number++) {
        for (port.family = 0; port.family < FAMILY_N; port.family++) {
            port.port = (uint16_t)number;
            *vec_push(cli->arena, all) = port;
        }
    }
}

/* All that are usual, not only the first: a client may come to each. */
static void add_usual_ports(struct cli *cli, struct host_ports *all, const struct service *service, unsigned proto)
{
    unsigned bit = proto == PROTO_TCP ? SERVICE_TCP : SERVICE_UDP;

    for (size_t i = 0; i < SERVICE_PORTS_MAX && service->ports[i].lo > 0; i++) {
        if (service->ports[i].protos & bit)
            add_ports(cli, all, service, proto, (struct range){service->ports[i].lo, service->ports[i].hi});
    }
}

static void read_word(struct cli *cli, struct host_ports *all, struct str word)
{
    struct target target;

    if (!responder_parse(cli->arena, word, SPAN_NONE, &cli->diags, &target))
        return;
    if (target.protos[0] == PROTO_ICMP) {
        diag_error(&cli->diags, SPAN_NONE, "%.*s: echoes are answered by the kernel", STR_ARG(word));
        return;
    }
    if (target.ports == NULL && target.service->via != NULL) {
        diag_error(&cli->diags, SPAN_NONE, "%.*s has no usual port: name one, as in %.*s:20048", STR_ARG(word),
                   STR_ARG(word));
        return;
    }
    for (size_t i = 0; i < target.proto_n; i++) {
        if (target.ports == NULL)
            add_usual_ports(cli, all, target.service, target.protos[i]);
        for (size_t k = 0; target.ports != NULL && k < target.ports->n; k++)
            add_ports(cli, all, target.service, target.protos[i], target.ports->v[k]);
    }
}

static void allow_nearby(struct cli *cli, struct stand_ins *wanted)
{
    if (wanted->allow[FAMILY_V4] != NULL || wanted->allow[FAMILY_V6] != NULL)
        return;
    for (size_t i = 0; i < sizeof nearby / sizeof *nearby; i++)
        add_prefix(cli, wanted, str_of(nearby[i]));
    diag_note(&cli->diags, SPAN_NONE, "only this machine and private networks are answered; --allow says who else");
}

bool stand_ins_of_words(struct cli *cli, struct stand_ins *wanted, const struct values *words)
{
    struct host_ports all = {0};
    size_t errors = cli->diags.errors;

    vec_each (const struct str *, word, words)
        read_word(cli, &all, *word);
    allow_nearby(cli, wanted);
    for (size_t i = 0; i < all.n; i++) {
        const struct ranges *allowed = wanted->allow[all.v[i].family];

        all.v[i].sources = allowed != NULL ? allowed : &ranges_empty;
    }
    host_ports_join(cli->arena, &all, &cli->diags);
    make_offer(cli, wanted, &all);
    vec_each (const struct str *, text, wanted->bind) {
        enum family family;
        u128 addr;

        if (addr_parse(*text, &family, &addr))
            add_sockets(cli, wanted, &all, family, false, addr);
    }
    for (enum family family = 0; wanted->bind->n == 0 && family < FAMILY_N; family++)
        add_sockets(cli, wanted, &all, family, true, 0);
    return finish(cli, wanted, errors);
}
