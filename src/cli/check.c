/* portolan check: every flow through every firewall on its path, there and back; excess; the site's tests. */
#include "report/check.h"
#include "cli/checking.h"
#include "report/junit.h"
#include "report/sarif.h"

static struct bare_options bare;
static bool with_excess;
static struct values firewalls;

static const struct option_row options[] = {
    {"flows", 0, "FILE", "flows as JSON or CSV, instead of a site", &bare.flows, NULL},
    {"ruleset", 0, "FILE", "ruleset to check the flows against; several for IPv4, IPv6 and ipset", &bare.rulesets,
     NULL},
    {"dialect", 0, "DIALECT", "of the rulesets; else it is recognised", &bare.dialects, NULL},
    {"hook", 0, "HOOK", "forward, input or output", &bare.hooks, NULL},
    {"in", 0, "INTERFACE", "by which the flows come in", &bare.in, NULL},
    {"out", 0, "INTERFACE", "by which they go out", &bare.out, NULL},
    {"host", 0, "ADDRESS", "own address of the host whose INPUT or OUTPUT it is", &bare.hosts, NULL},
    {"excess", 0, NULL, "also what is permitted beyond the flows (a site's check always does)", NULL, &with_excess},
    {"firewall", 0, "NAME", "only this firewall of the site", &firewalls, NULL},
    INPUTS_LENIENT,
    {0},
};

static int emit(struct checking *c, const struct flow *const *flows, size_t n)
{
    struct cli *cli = c->cli;
    struct buf out = BUF_EMPTY;
    struct check_result result;

    checking_result(c, flows, n, &result);
    if (str_is(cli->format, "json"))
        report_check_json(&out, &result);
    else if (str_is(cli->format, "csv"))
        report_check_csv(&out, &result);
    else if (str_is(cli->format, "markdown"))
        report_check_markdown(&out, &result);
    else if (str_is(cli->format, "junit"))
        report_check_junit(&out, &result);
    else if (str_is(cli->format, "sarif"))
        report_check_sarif(&out, &result);
    else if (str_is(cli->format, "html"))
        report_check_html(&out, &result);
    else
        report_check_text(&out, &result, cli->color_out);
    return cli_emit(cli, &out, checking_status(c, &result));
}

static int check_site(struct cli *cli)
{
    struct plan *plan = inputs_plan(cli, cli->operands.v[0]);
    const struct firewall *only = NULL;
    struct checking c;
    int status = EXIT_BAD_INPUT;

    if (plan == NULL)
        return EXIT_BAD_INPUT;
    if (firewalls.n > 0 && (only = inputs_find_firewall(cli, plan->site, cli_last(&firewalls))) == NULL)
        return EXIT_BAD_INPUT;
    if (checking_open_site(&c, cli, plan, only)) {
        checking_flows(&c);
        checking_unresolved(&c, plan->flows, plan->n);
        checking_gaps(&c);
        checking_excess(&c);
        checking_baseline(&c);
        if (only == NULL)
            checking_tests(&c);
        status = emit(&c, plan->flows, plan->n);
    }
    checking_close(&c);
    return status;
}

static int check_bare(struct cli *cli)
{
    struct flows flows = {0};
    struct checking c;
    int status = EXIT_BAD_INPUT;

    if (checking_open_bare(&c, cli, &bare, &flows)) {
        checking_flows(&c);
        checking_unresolved(&c, flows.v, flows.n);
        if (with_excess) {
            checking_excess(&c);
            checking_baseline(&c);
        }
        status = emit(&c, flows.v, flows.n);
    }
    checking_close(&c);
    return status;
}

static int run(struct cli *cli)
{
    if (bare.flows.n == 0 && bare.rulesets.n == 0)
        return cli_operands(cli, 1, 1) ? check_site(cli) : EXIT_BAD_INPUT;
    if (bare.flows.n != 1 || bare.rulesets.n == 0)
        diag_error(&cli->diags, SPAN_NONE, "without a site both are needed: one --flows FILE and --ruleset FILE");
    else if (cli_operands(cli, 0, 0))
        return check_bare(cli);
    return EXIT_BAD_INPUT;
}

const struct command command_check = {
    .name = "check",
    .arguments = "SITE | --flows FLOWS --ruleset FILE…",
    .summary = "prove that rulesets let exactly the flows through",
    .details =
        "Takes every flow of the site through every firewall on its path, there and back, and says what does not\n"
        "hold, with the rule that decides and one packet; then what is permitted beyond the flows (excess), what\n"
        "is missing for a firewall that works (baseline), and the site's tests.\n\n"
        "  portolan check examples/three-vendors.yaml\n"
        "  portolan check --flows flows.csv --ruleset edge.v4.rules --ruleset edge.v6.rules --hook forward\n",
    .options = options,
    .formats = "text json csv markdown html junit sarif",
    .run = run,
};
