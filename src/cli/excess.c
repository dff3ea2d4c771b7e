/* portolan excess: what rulesets permit beyond flows, baseline and accepted excess. */
#include "cli/checking.h"
#include "report/check.h"
#include "report/junit.h"
#include "report/sarif.h"

static struct bare_options bare;
static struct values firewalls;

static const struct option_row options[] = {
    {"firewall", 0, "NAME", "only this firewall of the site", &firewalls, NULL},
    {"flows", 0, "FILE", "flows as JSON or CSV, instead of a site", &bare.flows, NULL},
    {"ruleset", 0, "FILE", "ruleset to look at; several for IPv4, IPv6 and ipset", &bare.rulesets, NULL},
    {"dialect", 0, "DIALECT", "of the rulesets; else it is recognised", &bare.dialects, NULL},
    {"hook", 0, "HOOK", "forward, input or output", &bare.hooks, NULL},
    {"in", 0, "INTERFACE", "by which packets come in", &bare.in, NULL},
    {"out", 0, "INTERFACE", "by which they go out", &bare.out, NULL},
    {"host", 0, "ADDRESS", "own address of the host whose INPUT or OUTPUT it is", &bare.hosts, NULL},
    INPUTS_LENIENT,
    {0},
};

static int finish(struct checking *c, const struct flow *const *flows, size_t n)
{
    struct cli *cli = c->cli;
    struct buf out = BUF_EMPTY;
    struct check_result result;

    checking_excess(c);
    checking_result(c, flows, n, &result);
    if (str_is(cli->format, "json"))
        report_excess_json(&out, &result);
    else if (str_is(cli->format, "csv"))
        report_excess_csv(&out, &result);
    else if (str_is(cli->format, "markdown"))
        report_excess_markdown(&out, &result);
    else if (str_is(cli->format, "junit"))
        report_findings_junit(&out, result.title, result.findings, result.finding_n);
    else if (str_is(cli->format, "sarif"))
        report_findings_sarif(&out, result.findings, result.finding_n);
    else
        report_excess_text(&out, &result, cli->color_out);
    return cli_emit(cli, &out, checking_status(c, &result));
}

static int of_site(struct cli *cli)
{
    struct plan *plan = inputs_plan(cli, cli->operands.v[0]);
    const struct firewall *only = NULL;
    struct checking c;
    int status = EXIT_BAD_INPUT;

    if (plan == NULL)
        return EXIT_BAD_INPUT;
    if (firewalls.n > 0 && (only = inputs_find_firewall(cli, plan->site, cli_last(&firewalls))) == NULL)
        return EXIT_BAD_INPUT;
    if (checking_open_site(&c, cli, plan, only))
        status = finish(&c, plan->flows, plan->n);
    checking_close(&c);
    return status;
}

static int of_files(struct cli *cli)
{
    struct flows flows = {0};
    struct checking c;
    int status = EXIT_BAD_INPUT;

    if (checking_open_bare(&c, cli, &bare, &flows))
        status = finish(&c, flows.v, flows.n);
    checking_close(&c);
    return status;
}

static int run(struct cli *cli)
{
    if (bare.flows.n == 0 && bare.rulesets.n == 0)
        return cli_operands(cli, 1, 1) ? of_site(cli) : EXIT_BAD_INPUT;
    if (bare.flows.n != 1 || bare.rulesets.n == 0)
        diag_error(&cli->diags, SPAN_NONE, "without a site both are needed: one --flows FILE and --ruleset FILE");
    else if (cli_operands(cli, 0, 0))
        return of_files(cli);
    return EXIT_BAD_INPUT;
}

const struct command command_excess = {
    .name = "excess",
    .arguments = "SITE [--firewall F] | --flows FLOWS --ruleset FILE…",
    .summary = "what is permitted beyond the flows, each with its rule",
    .details = "Lists what the rulesets let through beyond the flows, the baseline and what the site accepts, as few\n"
               "boxes as possible, the largest first, each with the rule that does it and one packet.\n",
    .options = options,
    .formats = "text json csv markdown junit sarif",
    .run = run,
};
