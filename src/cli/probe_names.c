/* Names to addresses before anything is asked, so many at once; see probing.h. */
#include "cli/probe_running.h"

#include <errno.h>

#define NAMES_IN_FLIGHT 256u

struct waiting {
    struct running *running;
    struct probing_subject *subject; /* NULL: the proxy */
};

static void ask_names(struct running *running);

static void use_addresses(struct probing *probing, struct probing_subject *subject, const struct address *addresses,
                          size_t n, struct str why, uint64_t took_us)
{
    bool open = subject->flow != NULL && subject->flow->status == FLOW_UNRESOLVED;
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        if (!(subject->families & FAMILY_BIT(addresses[i].family)))
            continue;
        probing_add_address(probing, subject, addresses[i].family, addresses[i].addr, took_us);
        used++;
    }
    if (n > 0 && why.n > 0)
        diag_warning(&probing->cli->diags, SPAN_NONE, "%.*s: %.*s", STR_ARG(subject->host), STR_ARG(why));
    if (n == 0 && probing->interrupted)
        probing_add_nothing(probing, subject, OUTCOME_ERROR, STR("not asked: interrupted"));
    else if (n == 0)
        probing_add_nothing(probing, subject, OUTCOME_UNRESOLVED, str_dup(probing->cli->arena, why));
    else if (used == 0)
        probing_add_nothing(probing, subject, open ? OUTCOME_UNVERIFIABLE : OUTCOME_UNRESOLVED,
                            subject->families == FAMILY_BIT(FAMILY_V4) ? STR("the name has no IPv4 address")
                                                                       : STR("the name has no IPv6 address"));
}

static void on_addresses(void *user, struct str name, const struct address *addresses, size_t n, struct str why,
                         uint64_t took_us)
{
    struct waiting *waiting = user;
    struct running *running = waiting->running;
    struct probing *probing = running->probing;

    (void)name;
    if (waiting->subject == NULL) {
        running->proxy_open = false;
        running->proxy_why = n == 0 ? str_dup(probing->cli->arena, why) : STR_EMPTY;
        if (n > 0) {
            probing->proxy.family = addresses[0].family;
            probing->proxy.address = addresses[0].addr;
        }
    } else {
        running->names_open--;
        use_addresses(probing, waiting->subject, addresses, n, why, took_us);
    }
    ask_names(running);
}

static void ask_names(struct running *running)
{
    struct probing *probing = running->probing;

    while (!probing->interrupted && running->names_open < NAMES_IN_FLIGHT && running->names_asked < probing->names.n) {
        struct waiting *waiting = arena_new_object(probing->cli->arena, struct waiting);

        *waiting = (struct waiting){running, probing->names.v[running->names_asked++]};
        running->names_open++;
        resolver_ask(running->resolver, waiting->subject->host, on_addresses, waiting);
    }
    if (running->names_open == 0 && !running->proxy_open)
        loop_stop(&running->loop);
}

/* An address, a name of the site, or one for the resolver: true when it has to be asked. */
static bool proxy_by_name(struct probing *probing)
{
    const struct address_set *set =
        probing->plan == NULL ? NULL : map_get(&probing->plan->site->names, probing->proxy_url.host);

    probing->proxy.kind = probing->proxy_url.socks ? PROXY_SOCKS5 : PROXY_HTTP;
    probing->proxy.text = probing->proxy_url.text;
    probing->proxy.port = probing->proxy_url.port;
    probing->proxy.user = probing->proxy_url.user;
    if (addr_parse(probing->proxy_url.host, &probing->proxy.family, &probing->proxy.address))
        return false;
    for (enum family family = 0; set != NULL && !set->any && family < FAMILY_N; family++) {
        if (set->family[family].item_n == 0)
            continue;
        probing->proxy.family = family;
        probing->proxy.address = set->family[family].items[0].lo;
        return false;
    }
    return true;
}

bool running_look_up(struct running *running)
{
    struct probing *probing = running->probing;
    struct cli *cli = probing->cli;
    struct resolver_options options = {.servers =
                                           probing->resolver.n > 0 ? str_cstr(cli->arena, probing->resolver) : NULL};
    bool ask_proxy = probing->has_proxy && proxy_by_name(probing);
    struct waiting proxy = {running, NULL};
    int error;

    if (!ask_proxy && probing->names.n == 0)
        return true;
    error = resolver_open(&running->loop, &options, &running->resolver);
    if (error != 0) {
        diag_error(&cli->diags, SPAN_NONE, "cannot ask %s for names: %s",
                   options.servers == NULL ? "the resolver of this machine" : options.servers, strerror(-error));
        return false;
    }
    running->proxy_open = ask_proxy;
    if (ask_proxy)
        resolver_ask(running->resolver, probing->proxy_url.host, on_addresses, &proxy);
    ask_names(running);
    if ((running->names_open > 0 || running->proxy_open) && (error = loop_run(&running->loop)) != 0)
        diag_error(&cli->diags, SPAN_NONE, "cannot wait for names: %s", strerror(-error));
    resolver_close(running->resolver);
    if (running->proxy_why.n > 0)
        diag_error(&cli->diags, SPAN_NONE, "the proxy %.*s: %.*s", STR_ARG(probing->proxy_url.host),
                   STR_ARG(running->proxy_why));
    for (; running->names_asked < probing->names.n; running->names_asked++)
        probing_add_nothing(probing, probing->names.v[running->names_asked], OUTCOME_ERROR,
                            STR("not asked: interrupted"));
    return cli->diags.errors == 0;
}
