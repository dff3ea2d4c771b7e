/* portolan check: every flow through every firewall on its path, there and back; excess; the site's tests. */
#include "report/check.h"
#include "cli/checking.h"
#include "report/junit.h"
#include "report/sarif.h"

static struct bare_options bare;
static bool with_excess;
static struct values firewalls;

static const struct option_row options[] = {
    CHECKING_OPTIONS(bare, firewalls),
    {"excess", 0, NULL, "also what is permitted beyond the flows (a site's check always does)", NULL, &with_excess},
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

static int check(struct checking *c, const struct flow *const *flows, size_t n, bool whole)
{
    bool site = c->plan != NULL;

    checking_flows(c);
    checking_translated(c);
    checking_unresolved(c, flows, n);
    if (site)
        checking_gaps(c);
    if (site || with_excess) {
        checking_excess(c);
        checking_baseline(c);
    }
    if (whole)
        checking_tests(c);
    if (!site)
        checking_forbidden(c, flows, n);
    return emit(c, flows, n);
}

static int run(struct cli *cli)
{
    return checking_run(cli, &bare, &firewalls, check);
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
