/*
 * portolan listen: stand-ins for a host of a site, or for services by name. What is to be answered is worked out first
 * (stand_ins.c), then everything is bound, then the loop runs until a signal, --seconds or --until ends it.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/stand_ins.h"
#include "net/proto.h"
#include "system/addresses.h"
#include "system/file.h"
#include "system/sandbox.h"

static struct values as;
static struct values bind_values;
static struct values allow_values;
static struct values certificate_values;
static struct values key_values;
static struct values written_values;
static struct values second_values;
static struct values until_values;
static struct values idle_values;
static struct values connection_values;

static const struct option_row options[] = {
    {"as", 0, "HOST", "with SITE: answer what this host must answer; a name of the site, or an address", &as, NULL},
    {"bind", 0, "ADDR", "listen on this address (repeatable); else on the host's own, or on all", &bind_values, NULL},
    {"allow", 0, "PREFIX", "who may ask (repeatable); with SITE: beside the sources of its flows", &allow_values, NULL},
    {"certificate", 0, "FILE", "for services over TLS (PEM, its chain behind it); else one is made",
     &certificate_values, NULL},
    {"key", 0, "FILE", "its key, where that is in another file", &key_values, NULL},
    {"write-certificate", 0, "FILE", "write the certificate there, for clients to trust", &written_values, NULL},
    {"seconds", 0, "N", "end after so many seconds", &second_values, NULL},
    {"until", 0, "N", "end after so many answered conversations; exit status 1 when --seconds comes first",
     &until_values, NULL},
    {"idle", 0, "SECONDS", "close a connection after so long without a whole request (10)", &idle_values, NULL},
    {"connections", 0, "N", "as many at once (10000), a quarter of them from one address", &connection_values, NULL},
    {0},
};

struct listening {
    struct cli *cli;
    struct stand_ins wanted;
    struct receipts receipts;
    struct loop loop;
    struct listener *listener;
    struct identity *identity; /* NULL: nothing is over TLS */
    struct watch signals;
    struct deadline seconds;
    uint64_t until; /* 0: not asked for */
    bool reached;
};

/* What there is to say before the work begins, and `ready`: the rest of the program says it at its end. */
static void say_now(struct cli *cli, struct str ready)
{
    struct buf said = BUF_EMPTY;

    diags_print(&said, &cli->diags, cli->color);
    cli->diags.n = 0;
    buf_add(&said, ready);
    if (said.n > 0)
        fwrite(said.p, 1, said.n, stderr);
    fflush(stderr);
    buf_free(&said);
}

static bool read_number(struct cli *cli, const struct values *values, const char *name, uint64_t most, uint64_t *number)
{
    *number = 0;
    if (values->n == 0 || (num_decimal(cli_last(values), most, number) && *number > 0))
        return true;
    diag_error(&cli->diags, SPAN_NONE, "--%s needs a number from 1 to %llu", name, (unsigned long long)most);
    return false;
}

/* ------------------------------------------------------------------ what is said at the start */

static void add_address(struct buf *out, const struct stand_in *socket, bool both)
{
    if (!socket->any_address)
        addr_format(out, socket->family, socket->address);
    else if (both)
        buf_adds(out, "any address");
    else
        buf_adds(out, socket->family == FAMILY_V6 ? "any IPv6 address" : "any IPv4 address");
}

static void add_sources(struct buf *out, enum family family, const struct ranges *allowed)
{
    buf_adds(out, " for ");
    if (ranges_equal(allowed, addr_all(family))) {
        buf_adds(out, "anybody");
        return;
    }
    for (size_t i = 0; i < allowed->n && i < 4; i++) {
        buf_adds(out, i > 0 ? ", " : "");
        addr_range_format(out, family, allowed->v[i]);
    }
    if (allowed->n > 4)
        buf_addf(out, " and %zu more", allowed->n - 4);
    if (allowed->n == 0)
        buf_adds(out, "nobody");
}

/* How many of the sockets from here on differ in nothing but the next port. */
static size_t alike(const struct stand_in *sockets, size_t n)
{
    size_t count = 1;

    while (count < n && sockets[count].service == sockets[0].service && sockets[count].proto == sockets[0].proto &&
           sockets[count].family == sockets[0].family && sockets[count].address == sockets[0].address &&
           sockets[count].port == sockets[count - 1].port + 1 &&
           ranges_equal(sockets[count].allowed, sockets[0].allowed))
        count++;
    return count;
}

/* Services by name stand at the same ports in both families, and are for the same people. */
static void add_ready(struct buf *out, const struct stand_in *sockets, size_t n)
{
    bool by_name = as.n == 0;

    for (size_t i = 0, count; i < n; i += count) {
        const struct stand_in *socket = &sockets[i];

        count = alike(socket, n - i);
        if (by_name && socket->any_address && socket->family == FAMILY_V6)
            continue;
        buf_addf(out, "%s at ", socket->service->name);
        add_address(out, socket, by_name);
        buf_addf(out, " port %u", socket->port);
        if (count > 1)
            buf_addf(out, "-%u", socket[count - 1].port);
        buf_addf(out, "/%s", socket->proto == PROTO_TCP ? "tcp" : "udp");
        if (!by_name)
            add_sources(out, socket->family, socket->allowed);
        buf_addc(out, '\n');
    }
    buf_addf(out, "ready: %zu %s\n", n, n == 1 ? "socket" : "sockets");
}

/* ------------------------------------------------------------------ binding */

static void cannot_bind(struct cli *cli, const struct stand_in *socket, int error)
{
    const char *transport = socket->proto == PROTO_TCP ? "tcp" : "udp";
    struct buf address = BUF_EMPTY;

    add_address(&address, socket, false);
    diag_error(&cli->diags, SPAN_NONE, "cannot listen for %s at %.*s port %u/%s: %s", socket->service->name,
               STR_ARG(buf_str(&address)), socket->port, transport,
               error == -ENOTSUP ? "it is over TLS, and there is no certificate" : strerror(-error));
    if (error == -EACCES)
        diag_hint(&cli->diags, "ports below 1024 need root or CAP_NET_BIND_SERVICE");
    buf_free(&address);
}

/* A machine without IPv6 answers over IPv4 alone, where all addresses were asked for. */
static bool has_no_such_family(const struct stand_in *socket, int error)
{
    return socket->any_address && socket->family == FAMILY_V6 && (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL);
}

static bool bind_all(struct listening *l)
{
    struct cli *cli = l->cli;
    size_t bound = 0;
    bool no_v6 = false;

    for (size_t i = 0; i < l->wanted.sockets.n; i++) {
        struct stand_in *socket = &l->wanted.sockets.v[i];
        int error = listener_add(l->listener, socket, &socket->port);

        if (error == 0) {
            l->wanted.sockets.v[bound++] = *socket;
        } else if (has_no_such_family(socket, error)) {
            if (!no_v6)
                diag_warning(&cli->diags, SPAN_NONE, "this machine has no IPv6: nothing is answered over it");
            no_v6 = true;
        } else {
            cannot_bind(cli, socket, error);
        }
    }
    l->wanted.sockets.n = bound;
    return cli->diags.errors == 0;
}

/* ------------------------------------------------------------------ TLS */

static bool wants_tls(const struct stand_ins *wanted)
{
    for (size_t i = 0; i < wanted->sockets.n; i++) {
        if (service_exchange(wanted->sockets.v[i].service, wanted->sockets.v[i].proto)->tls != TLS_NONE)
            return true;
    }
    return false;
}

/* Names of a certificate; more than a certificate bears are left out. */
struct names VEC(struct str);
#define NAMES_MOST 64

static void name_address(struct cli *cli, struct names *names, enum family family, u128 address)
{
    struct buf text = BUF_EMPTY;
    bool there = names->n >= NAMES_MOST;

    addr_format(&text, family, address);
    for (size_t i = 0; i < names->n && !there; i++)
        there = str_eq(names->v[i], buf_str(&text));
    if (!there)
        *vec_push(cli->arena, names) = str_dup(cli->arena, buf_str(&text));
    buf_free(&text);
}

/* One of its own is for the host by its name, and for the addresses at which it can be asked. */
static int make_identity(struct listening *l, struct identity **made, const char **why)
{
    struct cli *cli = l->cli;
    const struct ranges *own[FAMILY_N] = {&ranges_empty, &ranges_empty};
    struct names names = {0};
    bool everywhere = false;

    if (as.n > 0)
        *vec_push(cli->arena, &names) = cli_last(&as);
    *vec_push(cli->arena, &names) = STR("localhost");
    vec_each (const struct stand_in *, socket, &l->wanted.sockets) {
        everywhere = everywhere || socket->any_address;
        if (!socket->any_address)
            name_address(cli, &names, socket->family, socket->address);
    }
    if (everywhere) {
        name_address(cli, &names, FAMILY_V4, INADDR_LOOPBACK);
        addresses_own(cli->arena, own); /* where it fails, those that are known */
    }
    for (enum family family = 0; family < FAMILY_N; family++) {
        for (size_t i = 0; i < own[family]->n; i++) {
            if (own[family]->v[i].lo == own[family]->v[i].hi)
                name_address(cli, &names, family, own[family]->v[i].lo);
        }
    }
    return identity_make(names.v, names.n, made, why);
}

static bool find_identity(struct listening *l)
{
    struct cli *cli = l->cli;
    const char *key = key_values.n > 0 ? str_cstr(cli->arena, cli_last(&key_values)) : NULL;
    const char *why = "";
    int error;

    if (certificate_values.n == 0 && key != NULL) {
        diag_error(&cli->diags, SPAN_NONE, "--key needs --certificate");
        return false;
    }
    if (!wants_tls(&l->wanted)) {
        if (certificate_values.n + written_values.n > 0)
            diag_warning(&cli->diags, SPAN_NONE, "nothing that is answered is over TLS: there is no certificate");
        return true;
    }
    if (certificate_values.n > 0)
        error = identity_open(str_cstr(cli->arena, cli_last(&certificate_values)), key, &l->identity, &why);
    else
        error = make_identity(l, &l->identity, &why);
    if (error < 0) {
        diag_error(&cli->diags, SPAN_NONE, "%s", why);
        return false;
    }
    return written_values.n == 0 ||
           file_write(cli_last(&written_values), identity_certificate(l->identity), &cli->diags);
}

/* ------------------------------------------------------------------ running */

static void on_receipt(void *user, const struct receipt *receipt)
{
    struct listening *l = user;

    receipts_add(&l->receipts, receipt);
    if (l->receipts.failed)
        loop_stop(&l->loop);
    if (l->until > 0 && l->receipts.counts[RECEIPT_ANSWERED] >= l->until) {
        l->reached = true;
        loop_stop(&l->loop);
    }
}

static void on_signal(struct watch *watch, unsigned events)
{
    struct listening *l = (struct listening *)(void *)((char *)watch - offsetof(struct listening, signals));

    (void)events;
    loop_stop(&l->loop);
}

static void on_seconds(struct deadline *deadline)
{
    struct listening *l = (struct listening *)(void *)((char *)deadline - offsetof(struct listening, seconds));

    loop_stop(&l->loop);
}

/* Both signals end it in order, with the summary. */
static int watch_signals(struct listening *l)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    l->signals.ready = on_signal;
    return fd < 0 ? -errno : loop_watch(&l->loop, &l->signals, fd, LOOP_READ);
}

static int conclude(struct listening *l)
{
    struct cli *cli = l->cli;

    receipts_sum(&l->receipts, l->wanted.tallies, l->wanted.tally_n);
    if (l->receipts.failed) {
        diag_error(&cli->diags, SPAN_NONE, "cannot write receipts: %s", strerror(errno));
        return EXIT_UNDETERMINED;
    }
    return l->until > 0 && !l->reached ? EXIT_FINDINGS : EXIT_HOLDS;
}

static int listen_now(struct listening *l, uint64_t seconds)
{
    struct buf ready = BUF_EMPTY;
    int error;

    if (!bind_all(l))
        return EXIT_UNDETERMINED;
    error = watch_signals(l);
    if (error == 0)
        error = sandbox_drop_privileges();
    if (error == 0 && seconds > 0 && !loop_after(&l->loop, &l->seconds, seconds * 1000000))
        error = -ENOMEM;
    if (error == 0) {
        add_ready(&ready, l->wanted.sockets.v, l->wanted.sockets.n);
        sandbox_enter(SANDBOX_ALL | SANDBOX_SOCKETS); /* from here on strangers are read */
        say_now(l->cli, buf_str(&ready));
        buf_free(&ready);
        error = loop_run(&l->loop);
    }
    listener_close(l->listener);
    l->listener = NULL;
    if (error < 0) {
        diag_error(&l->cli->diags, SPAN_NONE, "cannot wait for clients: %s", strerror(-error));
        return EXIT_UNDETERMINED;
    }
    return conclude(l);
}

static bool is_output(struct cli *cli, FILE **out)
{
    if (cli->output.n == 0 || str_is(cli->output, "-")) {
        *out = stdout;
        return true;
    }
    *out = fopen(str_cstr(cli->arena, cli->output), "ae");
    if (*out == NULL)
        diag_error(&cli->diags, SPAN_NONE, "cannot write %.*s: %s", STR_ARG(cli->output), strerror(errno));
    return *out != NULL;
}

static int open_and_listen(struct listening *l, struct listener_options *with, uint64_t seconds)
{
    struct cli *cli = l->cli;
    FILE *out;
    int error;
    int status;

    if (!is_output(cli, &out))
        return EXIT_BAD_INPUT;
    receipts_open(&l->receipts, out, str_is(cli->format, "json"), 0);
    error = loop_open(&l->loop);
    if (error == 0)
        error = listener_open(&l->loop, with, &l->listener);
    if (error < 0) {
        diag_error(&cli->diags, SPAN_NONE, "cannot wait for clients: %s", strerror(-error));
        return EXIT_UNDETERMINED;
    }
    status = listen_now(l, seconds);
    listener_close(l->listener);
    loop_close(&l->loop);
    if (out != stdout)
        fclose(out);
    return status;
}

static bool find_stand_ins(struct cli *cli, struct stand_ins *wanted)
{
    if (!stand_ins_options(cli, wanted, &bind_values, &allow_values))
        return false;
    if (as.n > 0)
        return cli_operands(cli, 1, 1) && stand_ins_of_site(cli, wanted, cli->operands.v[0], cli_last(&as));
    if (cli->operands.n == 1 && file_is_there(cli->operands.v[0])) {
        diag_error(&cli->diags, SPAN_NONE, "with a site, --as HOST says which of its hosts to stand in for");
        return false;
    }
    return cli_operands(cli, 1, SIZE_MAX) && stand_ins_of_words(cli, wanted, &cli->operands);
}

static int run(struct cli *cli)
{
    struct listening *l = arena_new_object(cli->arena, struct listening);
    struct listener_options with = {.receipt = on_receipt, .user = l};
    uint64_t seconds;
    uint64_t idle;
    uint64_t connections;
    int status;
    bool good = read_number(cli, &second_values, "seconds", 100000000, &seconds);

    l->cli = cli;
    l->seconds.fire = on_seconds;
    good = read_number(cli, &until_values, "until", UINT32_MAX, &l->until) && good;
    good = read_number(cli, &idle_values, "idle", 86400, &idle) && good;
    good = read_number(cli, &connection_values, "connections", 1000000, &connections) && good;
    if (!good || !find_stand_ins(cli, &l->wanted) || !find_identity(l))
        return EXIT_BAD_INPUT;
    with.identity = l->identity;
    with.idle_ms = (unsigned)idle * 1000;
    with.connections = connections;
    status = open_and_listen(l, &with, seconds);
    identity_free(l->identity);
    return status;
}

const struct command command_listen = {
    .name = "listen",
    .arguments = "SITE --as HOST | SERVICE[:PORT]…",
    .summary = "stand-ins for services that are not there yet",
    .details =
        "Answers the first words of each protocol, so that a network can be tested before the product is there: what\n"
        "HOST must answer in the site, to the sources of its flows alone, or the services that are named, to this\n"
        "machine and private networks (--allow). Over UDP never with more than was asked. Each conversation is a "
        "line;\n"
        "what each stand-in has seen is summed up at the end, which Ctrl-C brings. On standard error \"ready\" says\n"
        "that all ports are bound.\n\n"
        "  portolan listen examples/three-vendors.yaml --as dc1\n"
        "  portolan listen ntp:1123 ldap:3890 --allow 192.0.2.0/24 --format json -o receipts.json\n",
    .options = options,
    .formats = "text json",
    .run = run,
};
