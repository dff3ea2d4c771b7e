/*
 * Names, then probes, on one loop; see probing.h. Ctrl-C ends what is under way, and what is known so far is the
 * result; a second one ends the program.
 */
#include "cli/probe_running.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "net/proto.h"

static void keep(struct running *running, const struct probing_item *item, struct probe_outcome *outcome)
{
    struct probing *probing = running->probing;

    *vec_push(probing->cli->arena, &probing->outcomes) = outcome;
    *vec_push(probing->cli->arena, &probing->asked) = item;
    running->open += outcome->outcome == OUTCOME_OPEN;
}

static struct probe probe_of(const struct running *running, struct probing_item *item)
{
    const struct probing *probing = running->probing;
    struct str interface = cli_last(&probing->options->interfaces);

    return (struct probe){.service = item->service,
                          .proto = item->question.proto,
                          .family = item->question.family,
                          .address = item->question.address,
                          .port = item->question.port,
                          .ask = item->ask,
                          .sni = item->subject->name,
                          .proxy = item->proxied ? &probing->proxy : NULL,
                          .netns = -1,
                          .has_source = item->question.has_source,
                          .source = item->question.source,
                          .interface = interface.n > 0 ? interface.p : NULL,
                          .bare = item->subject->bare && item->question.proto == PROTO_TCP,
                          .resolve_us = item->resolve_us,
                          .user = item};
}

static bool next_probe(void *user, struct probe *probe)
{
    struct running *running = user;
    struct probing *probing = running->probing;

    while (running->next < probing->items.n) {
        struct probing_item *item = probing->items.v[running->next++];

        if (item->nothing) {
            item->reported = true;
            keep(running, item, probing_unasked(probing, item, item->outcome, item->reason));
            running->done++;
            continue;
        }
        *probe = probe_of(running, item);
        return true;
    }
    if (running->done >= running->expected)
        loop_stop(&running->loop);
    return false;
}

static void keep_port(struct probing *probing, const struct probing_item *item, const struct next *next)
{
    const struct flow *flow = item->subject->flow;
    struct arena *arena = probing->cli->arena;
    struct probe_port port = {
        .service = str_of(next->service), .proto = next->proto, .port = next->port, .target = item->question.target};

    if (flow == NULL || probing->plan == NULL || flow->instance.n == 0 || flow->ports_known)
        return;
    port.instance = flow->instance;
    for (size_t i = 0; i < probing->plan->site->instance_n; i++) {
        const struct instance *instance = &probing->plan->site->instances[i];
        struct str name = str_printf(arena, "%s-port", next->service);

        if (str_eq(instance->name, flow->instance) && catalog_parameter(instance->catalog, name) != NULL)
            port.parameter = name;
    }
    for (size_t i = 0; i < probing->ports.n; i++) {
        const struct probe_port *known = &probing->ports.v[i];

        if (str_eq(known->instance, port.instance) && str_eq(known->service, port.service) &&
            known->port == port.port && known->proto == port.proto)
            return;
    }
    *vec_push(arena, &probing->ports) = port;
}

/* The ports that the answer names are asked; what was asked is of interest no more. */
static void follow(struct running *running, const struct probing_item *item, const struct answer *answer)
{
    struct probing *probing = running->probing;

    for (size_t i = 0; i < answer->next_n; i++) {
        const struct next *next = &answer->next[i];
        struct probing_item *more =
            probing_follow(probing, item, service_find(str_of(next->service)), next->proto, next->port);
        struct probe probe = probe_of(running, more);

        keep_port(probing, item, next);
        running->expected++;
        engine_follow(running->engine, &probe);
    }
}

static void on_result(void *user, const struct probe_result *result)
{
    struct running *running = user;
    struct probing *probing = running->probing;
    struct probing_item *item = result->probe->user;
    struct probe_outcome *outcome = probing_outcome(probing, item, result, running->pins);

    if (running->audit >= 0)
        running_audit(running, outcome, result);
    if (item->followed && result->answer->outcome == OUTCOME_OPEN && result->answer->next_n > 0 &&
        !probing->interrupted)
        follow(running, item, result->answer);
    else
        keep(running, item, outcome);
    item->reported = true;
    running->done++;
    if (running->done >= running->expected)
        loop_stop(&running->loop);
}

/* What has no result when all is over, for it was interrupted. */
static void keep_unasked(struct running *running)
{
    struct probing *probing = running->probing;

    for (size_t i = 0; i < probing->items.n; i++) {
        struct probing_item *item = probing->items.v[i];

        if (!item->reported)
            keep(running, item,
                 item->nothing ? probing_unasked(probing, item, item->outcome, item->reason)
                               : probing_unasked(probing, item, OUTCOME_ERROR, STR("not asked: interrupted")));
    }
}

static int ask_all(struct running *running)
{
    struct probing *probing = running->probing;
    struct cli *cli = probing->cli;
    struct engine_options options = {.trust = running->trust,
                                     .in_flight = probing->options->trace ? 1 : probing->in_flight,
                                     .rate = probing->rate,
                                     .timeout_ms = probing->timeout_ms,
                                     .tries = probing->tries,
                                     .source = next_probe,
                                     .sink = on_result,
                                     .trace = probing->options->trace ? running_trace : NULL,
                                     .user = running};
    int error = engine_open(&running->loop, &options, &running->engine);

    if (error != 0) {
        diag_error(&cli->diags, SPAN_NONE, "cannot make probes: %s", strerror(-error));
        return EXIT_BAD_INPUT;
    }
    running->expected = probing->items.n;
    engine_start(running->engine);
    if (running->done < running->expected && !probing->interrupted)
        error = loop_run(&running->loop);
    if (error != 0)
        diag_error(&cli->diags, SPAN_NONE, "cannot wait for answers: %s", strerror(-error));
    keep_unasked(running);
    engine_close(running->engine);
    return error != 0 ? EXIT_BAD_INPUT : 0;
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

static struct running *running_of_signals(struct watch *watch)
{
    return (struct running *)(void *)((char *)watch - offsetof(struct running, signals));
}

static void on_signal(struct watch *watch, unsigned events)
{
    struct running *running = running_of_signals(watch);
    struct signalfd_siginfo info;
    sigset_t signals;

    (void)events;
    if (read(watch->fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    running->probing->interrupted = true;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
    if (running->engine != NULL)
        engine_stop(running->engine);
    loop_stop(&running->loop);
}

static bool open_signals(struct running *running)
{
    sigset_t signals;
    int fd;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    running->signals.ready = on_signal;
    return fd >= 0 && loop_watch(&running->loop, &running->signals, fd, LOOP_READ) == 0;
}

static bool open_files(struct running *running)
{
    const struct probing_options *options = running->probing->options;
    struct cli *cli = running->probing->cli;
    struct trust_options trust = {.ca_file = options->ca.n > 0 ? str_cstr(cli->arena, cli_last(&options->ca)) : NULL};
    struct str audit = cli_last(&options->audit_logs);
    const char *why = "";

    if (trust_open(&trust, &running->trust, &why) != 0)
        diag_error(&cli->diags, SPAN_NONE, "cannot read certificates%s%s: %s", trust.ca_file != NULL ? " of " : "",
                   trust.ca_file != NULL ? trust.ca_file : "", why);
    if (options->pins.n > 0)
        running->pins = pins_open(cli, cli_last(&options->pins));
    if (audit.n > 0) {
        running->audit = open(str_cstr(cli->arena, audit), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (running->audit < 0)
            diag_error(&cli->diags, SPAN_NONE, "cannot open %.*s: %s", STR_ARG(audit), strerror(errno));
    }
    return cli->diags.errors == 0;
}

static int run_open(struct running *running)
{
    struct cli *cli = running->probing->cli;
    int status;

    if (!open_files(running))
        return EXIT_BAD_INPUT;
    if (!open_signals(running)) {
        diag_error(&cli->diags, SPAN_NONE, "cannot wait for signals: %s", strerror(errno));
        return EXIT_BAD_INPUT;
    }
    running_show(running);
    status = running_look_up(running) ? ask_all(running) : EXIT_BAD_INPUT;
    running_hide(running);
    loop_unwatch(&running->loop, &running->signals);
    close(running->signals.fd);
    if (running->pins != NULL && status == 0 && !pins_close(running->pins))
        status = EXIT_BAD_INPUT;
    return status;
}

int probing_run(struct probing *probing)
{
    struct running running = {.probing = probing, .audit = -1};
    int status;
    int error = loop_open(&running.loop);

    if (error != 0) {
        diag_error(&probing->cli->diags, SPAN_NONE, "cannot make a loop: %s", strerror(-error));
        return EXIT_BAD_INPUT;
    }
    status = run_open(&running);
    trust_free(running.trust);
    if (running.audit >= 0)
        close(running.audit);
    loop_close(&running.loop);
    return status;
}
