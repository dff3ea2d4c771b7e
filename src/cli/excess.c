/* portolan excess: what rulesets permit beyond flows, baseline and accepted excess. */
#include "cli/checking.h"
#include "report/check.h"
#include "report/junit.h"
#include "report/sarif.h"

static struct bare_options bare;
static struct values firewalls;

static const struct option_row options[] = {
    CHECKING_OPTIONS(bare, firewalls),
    INPUTS_LENIENT,
    {0},
};

static int find(struct checking *c, const struct flow *const *flows, size_t n, bool whole)
{
    struct cli *cli = c->cli;
    struct buf out = BUF_EMPTY;
    struct check_result result;

    (void)whole;
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

static int run(struct cli *cli)
{
    return checking_run(cli, &bare, &firewalls, find);
}

const struct command command_excess = {
    .name = "excess",
    .arguments = "SITE [--firewall F] | --flows FLOWS --ruleset FILE…",
    .summary = "what is permitted beyond the flows, each with its rule",
    .details = "Lists what the rulesets let through beyond the flows, the baseline and what the site accepts, as few\n"
               "boxes as possible, the largest first, each with the rule that does it and one packet. Boxes may\n"
               "overlap. A rule that opens very many lists its largest, and the last says that there may be more.\n",
    .options = options,
    .formats = "text json csv markdown junit sarif",
    .run = run,
};
