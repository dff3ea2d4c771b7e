/* portolan probe: what the network and the far end really do, by the handshakes of the services themselves. */
#include "report/probe.h"

#include "base/num.h"
#include "cli/probing.h"
#include "system/file.h"

static struct probing_options options;

static const struct option_row option_rows[] = {
    {"from", 0, "HOST", "with SITE: the flows of this host, a name of the site or an address", &options.from, NULL},
    {"expect", 0, "WHAT", "denied: a refusal is what holds", &options.expected, NULL},
    {"own", 0, NULL, "portolan listen stands at the other end", NULL, &options.own},
    {"discover", 0, NULL, "with SITE: ask rpcbind for the ports that are chosen at run time", NULL, &options.discover},
    {"write", 0, NULL, "with --discover: write what it finds into SITE, as parameters", NULL, &options.write},
    {"all-ports", 0, NULL, "with SITE: every port of a range, not the usual one and the ends", NULL,
     &options.all_ports},
    {"no-check", 0, NULL, "with SITE: do not hold what is found against its rulesets", NULL, &options.no_check},
    {"dry-run", 0, NULL, "say what would be sent, and to where, and send nothing", NULL, &options.dry_run},
    {"trace", 0, NULL, "one probe after the other, each step and every byte, on standard error", NULL, &options.trace},
    {"resolver", 0, "ADDR", "ask this one for names (ADDR[:PORT], several with commas)", &options.resolvers, NULL},
    {"proxy", 0, "URL", "reach names through it: http://HOST:PORT or socks5://HOST:PORT; it looks them up",
     &options.proxies, NULL},
    {"source", 0, "ADDR", "with targets: ask from this address; one of each family", &options.sources, NULL},
    {"interface", 0, "NAME", "send by this interface", &options.interfaces, NULL},
    {"ca", 0, "FILE", "certificates to trust (PEM), instead of those of the system", &options.ca, NULL},
    {"pins", 0, "FILE", "trust a self-signed certificate when it is first seen, and never another one after it",
     &options.pins, NULL},
    {"audit-log", 0, "FILE", "add a line of JSON for each probe", &options.audit_logs, NULL},
    {"rate", 0, "N", "at most so many tries a second", &options.rates, NULL},
    {"timeout", 0, "MS", "wait so long for an answer (3000)", &options.timeouts, NULL},
    {"tries", 0, "N", "how often at most (2)", &options.tries, NULL},
    {"in-flight", 0, "N", "so many probes at once; else what this machine bears", &options.in_flight, NULL},
    {0},
};

/* 0 where it was not given. */
static uint64_t number(struct cli *cli, const struct values *values, const char *name, uint64_t most)
{
    uint64_t value = 0;

    if (values->n > 0 && (!num_decimal(cli_last(values), most, &value) || value == 0))
        diag_error(&cli->diags, SPAN_NONE, "--%s needs a number from 1 to %llu", name, (unsigned long long)most);
    return value;
}

/* "ADDR", "ADDR:PORT", "[ADDR]:PORT", with commas. */
static void check_resolver(struct cli *cli, struct str text)
{
    while (text.n > 0) {
        struct str one = str_cut(text, ',', &text);
        struct str rest = STR_EMPTY;
        struct str host = one;
        struct range port;
        enum family family;
        u128 address;

        if (str_starts(one, "["))
            host = str_cut(str_from(one, 1), ']', &rest);
        else if (!addr_parse(one, &family, &address))
            host = str_cut(one, ':', &rest);
        if (str_starts(one, "[") && rest.n > 0)
            rest = rest.p[0] == ':' ? str_from(rest, 1) : STR("?");
        if (!addr_parse(host, &family, &address) || (rest.n > 0 && !port_range_parse(rest, false, &port)))
            diag_error(&cli->diags, SPAN_NONE, "--resolver: \"%.*s\" is no address, and no ADDR:PORT", STR_ARG(one));
    }
}

static void read_options(struct probing *probing)
{
    struct cli *cli = probing->cli;
    const char *problem = NULL;

    probing->rate = (unsigned)number(cli, &options.rates, "rate", 10000000);
    probing->timeout_ms = (unsigned)number(cli, &options.timeouts, "timeout", 600000);
    probing->tries = (unsigned)number(cli, &options.tries, "tries", 100);
    probing->in_flight = (size_t)number(cli, &options.in_flight, "in-flight", 1000000);
    probing->resolver = cli_last(&options.resolvers);
    check_resolver(cli, probing->resolver);
    if (options.expected.n > 0 && !str_is(cli_last(&options.expected), "denied"))
        diag_error(&cli->diags, SPAN_NONE, "--expect is denied, not \"%.*s\"", STR_ARG(cli_last(&options.expected)));
    probing->has_proxy = options.proxies.n > 0;
    if (probing->has_proxy)
        problem = proxy_url_parse(cli->arena, cli_last(&options.proxies), &probing->proxy_url);
    if (problem != NULL)
        diag_error(&cli->diags, SPAN_NONE, "--proxy: %s", problem);
}

/* Options that mean nothing for what is asked are mistakes. */
static void check_use(struct cli *cli, bool site)
{
    const struct {
        const char *name;
        bool used;
        bool of_site;
    } rows[] = {{"from", options.from.n > 0, true},   {"discover", options.discover, true},
                {"write", options.write, true},       {"all-ports", options.all_ports, true},
                {"no-check", options.no_check, true}, {"source", options.sources.n > 0, false}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].used && rows[i].of_site != site)
            diag_error(&cli->diags, SPAN_NONE, "--%s goes with %s", rows[i].name,
                       rows[i].of_site ? "a site" : "targets; --from says whose flows of a site are asked");
    }
    if (options.write && (!options.discover || options.dry_run))
        diag_error(&cli->diags, SPAN_NONE, "--write needs what --discover finds, and a dry run finds nothing");
}

static int emit_plan(struct probing *probing)
{
    struct cli *cli = probing->cli;
    struct buf out = BUF_EMPTY;
    struct probe_plan plan;

    probing_plan(probing, &plan);
    if (str_is(cli->format, "json"))
        report_probe_plan_json(&out, &plan);
    else if (str_is(cli->format, "csv"))
        report_probe_plan_csv(&out, &plan);
    else if (str_is(cli->format, "text"))
        report_probe_plan_text(&out, &plan);
    else
        diag_error(&cli->diags, SPAN_NONE, "a dry run is text, json or csv");
    return cli_emit(cli, &out, cli_status(cli, EXIT_HOLDS));
}

static int status_of(const struct probing *probing, const struct probe_run *run)
{
    bool warned = run->summary.by_state[PROBE_WARNS] > 0;

    for (size_t i = 0; i < run->n; i++)
        warned = warned || run->v[i].warning.n > 0;
    if (run->summary.by_state[PROBE_FAILS] > 0 || run->finding_n > 0 || (warned && probing->cli->strict))
        return EXIT_FINDINGS;
    return run->summary.by_state[PROBE_UNDETERMINED] > 0 || run->interrupted ? EXIT_UNDETERMINED : EXIT_HOLDS;
}

static int emit_run(struct probing *probing, const struct probe_run *run)
{
    struct cli *cli = probing->cli;
    struct buf out = BUF_EMPTY;

    if (str_is(cli->format, "json"))
        report_probe_json(&out, run);
    else if (str_is(cli->format, "csv"))
        report_probe_csv(&out, run);
    else if (str_is(cli->format, "markdown"))
        report_probe_markdown(&out, run);
    else if (str_is(cli->format, "html"))
        report_probe_html(&out, run);
    else if (str_is(cli->format, "junit"))
        report_probe_junit(&out, run);
    else
        report_probe_text(&out, run, cli->color_out);
    return cli_emit(cli, &out, cli_status(cli, status_of(probing, run)));
}

struct place {
    size_t order;
    size_t origin;
    size_t at; /* among the outcomes, as they came */
};

static int by_place(const void *a, const void *b)
{
    const struct place *p = a;
    const struct place *q = b;

    if (p->order != q->order)
        return p->order < q->order ? -1 : 1;
    if (p->origin != q->origin)
        return p->origin < q->origin ? -1 : 1;
    return p->at < q->at ? -1 : p->at > q->at;
}

/* Outcomes in the order of what was asked, whatever came first. */
static void sort_outcomes(struct probing *probing, struct probe_run *run)
{
    size_t n = probing->outcomes.n;
    struct probe_outcome *v = arena_new_array(probing->cli->arena, struct probe_outcome, n);
    struct place *places = arena_new_array(probing->cli->arena, struct place, n);

    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){probing->asked.v[i]->subject->order, probing->asked.v[i]->origin, i};
    qsort(places, n, sizeof *places, by_place);
    for (size_t i = 0; i < n; i++) {
        v[i] = *probing->outcomes.v[places[i].at];
        vec_each (struct probe_finding *, finding, &probing->findings) {
            if (finding->outcome == probing->outcomes.v[places[i].at])
                finding->outcome = &v[i];
        }
    }
    run->v = v;
    run->n = n;
}

static int conclude(struct probing *probing, struct checking *checking)
{
    struct probe_run run = {.title = probing->title, .interrupted = probing->interrupted};

    probing_judge(probing);
    if (checking != NULL)
        probing_compare(probing, checking);
    sort_outcomes(probing, &run);
    run.findings = probing->findings.v;
    run.finding_n = probing->findings.n;
    run.ports = probing->ports.v;
    run.port_n = probing->ports.n;
    probe_count(run.v, run.n, &run.summary);
    return emit_run(probing, &run);
}

/* The rulesets of a site are worth a look; without them the probes are worth as much. */
static bool open_rulesets(struct probing *probing, struct checking *checking)
{
    struct cli *cli = probing->cli;
    size_t n = cli->diags.n;
    size_t errors = cli->diags.errors;

    if (probing->plan == NULL || options.no_check || probing->plan->site->firewall_n == 0)
        return false;
    for (size_t i = 0; i < probing->plan->site->firewall_n; i++) {
        if (probing->plan->site->firewalls[i].file_n == 0)
            return false;
    }
    if (checking_open_site(checking, cli, probing->plan, NULL))
        return true;
    checking_close(checking);
    diag_soften(&cli->diags, n, errors);
    diag_warning(&cli->diags, SPAN_NONE, "what is found is not held against the rulesets: they cannot be read");
    return false;
}

static int run(struct cli *cli)
{
    struct probing probing = {.cli = cli, .options = &options};
    struct checking checking;
    bool site;
    bool compares;
    int status;

    if (cli->operands.n == 0)
        return cli_operands(cli, 1, SIZE_MAX) ? EXIT_HOLDS : EXIT_BAD_INPUT;
    site = cli->operands.n == 1 && !target_is(cli->operands.v[0]) && !str_is(cli->operands.v[0], "-");
    read_options(&probing);
    check_use(cli, site);
    if (!(site ? probing_site(&probing, cli->operands.v[0]) : probing_targets(&probing)) || cli->diags.errors > 0)
        return EXIT_BAD_INPUT;
    if (options.write && !file_replaceable(cli->operands.v[0], &cli->diags))
        return EXIT_BAD_INPUT;
    if (options.dry_run)
        return emit_plan(&probing);
    compares = open_rulesets(&probing, &checking);
    status = probing_run(&probing);
    if (status == 0)
        status = conclude(&probing, compares ? &checking : NULL);
    if (compares)
        checking_close(&checking);
    if (options.write && cli->diags.errors == 0 && !probing_write(&probing))
        return EXIT_BAD_INPUT;
    return status;
}

const struct command command_probe = {
    .name = "probe",
    .arguments = "SITE [--from HOST] | TARGET…",
    .summary = "ask services from here, each by its own handshake",
    .details =
        "A target is SERVICE://HOST[:PORTS], with the service's name in the catalog: the service itself has to "
        "answer,\n"
        "an open port alone proves nothing. A host is a name (all its addresses), an address, a prefix or a range;\n"
        "`-` reads targets from standard input, one a line. With a site the flows and tests that begin at this\n"
        "machine, or at --from, are asked, and the outcomes held against the rulesets of its firewalls.\n"
        "Nothing that is sent changes anything at the far end; --dry-run lists it all.\n\n"
        "--write sets the parameters of the instances whose ports --discover found (mountd-port, nlockmgr-port,\n"
        "status-port), once all is asked: all of them, or none where one would have to say two ports. Every other "
        "byte\n"
        "of SITE stays; each change is said with the value that stood there, and no copy of the old text is kept. The\n"
        "new text is planned first, and nothing is written if the plan changes in more than these ports.\n\n"
        "  portolan probe ntp://10.20.9.1 https://host:443 tcp://10.20.0.0/28:22 dns+udp://[fd00::53]\n"
        "  portolan probe examples/three-vendors.yaml --from xcp1 --dry-run\n"
        "  portolan probe --expect denied ssh://10.20.0.11\n",
    .options = option_rows,
    .formats = "text json csv markdown html junit",
    .run = run,
};
