/* portolan audit: what is wrong with a ruleset on its own, and where it is wider than the flows need. */
#include "prove/audit.h"

#include "cli/checking.h"
#include "report/audit.h"
#include "report/values.h"

static struct bare_options bare;
static struct values sites;
static struct values firewalls;

static const struct option_row options[] = {
    {"site", 0, "SITE", "also rules that are wider than any flow of this site needs", &sites, NULL},
    {"firewall", 0, "NAME", "the firewall of the site that the ruleset is of", &firewalls, NULL},
    {"flows", 0, "FILE", "likewise with flows as JSON or CSV", &bare.flows, NULL},
    {"dialect", 0, "DIALECT", "nftables, iptables or ip6tables; else it is recognised", &bare.dialects, NULL},
    {"hook", 0, "HOOK", "with --flows: forward, input or output", &bare.hooks, NULL},
    {"in", 0, "INTERFACE", "with --flows: by which they come in", &bare.in, NULL},
    {"out", 0, "INTERFACE", "with --flows: by which they go out", &bare.out, NULL},
    {"host", 0, "ADDRESS", "with --flows: own address of the host", &bare.hosts, NULL},
    INPUTS_LENIENT,
    {0},
};

/* Excess that a rule opens is, seen from the rule, that it is wider than needed. */
static void add_too_wide(struct checking *c, struct findings *findings)
{
    checking_excess(c);
    vec_each (struct finding *, finding, &c->findings) {
        if (finding->kind != FINDING_EXCESS)
            continue;
        finding->kind = FINDING_TOO_WIDE;
        finding->severity = SEVERITY_WARNING;
        *vec_push(c->cli->arena, findings) = *finding;
    }
}

static size_t count_rules(const struct ruleset *ruleset)
{
    size_t n = 0;

    for (size_t i = 0; i < ruleset->chain_n; i++)
        n += ruleset->chains[i]->rule_n;
    return n;
}

static int emit(struct cli *cli, const struct audit_result *result)
{
    int status = result->finding_n > 0 ? EXIT_FINDINGS : result->incomplete ? EXIT_UNDETERMINED : EXIT_HOLDS;
    struct buf out = BUF_EMPTY;

    if (str_is(cli->format, "json"))
        report_audit_json(&out, result);
    else if (str_is(cli->format, "csv"))
        report_audit_csv(&out, result);
    else if (str_is(cli->format, "markdown"))
        report_audit_markdown(&out, result);
    else if (str_is(cli->format, "sarif"))
        report_audit_sarif(&out, result);
    else if (str_is(cli->format, "junit"))
        report_audit_junit(&out, result);
    else
        report_audit_text(&out, result, cli->color_out);
    return cli_emit(cli, &out, status);
}

static int finish(struct checking *c, const struct ruleset *ruleset, bool with_flows)
{
    struct findings findings = {0};
    struct audit_result result = {.title = ruleset->file};
    struct undecided undecided;

    audit_find(c->scratch, c->gates[0].prover, &findings, &undecided);
    if (with_flows)
        add_too_wide(c, &findings);
    if (undecided.n > 0)
        diag_warning(&c->cli->diags, SPAN_NONE, "%zu %s could not be decided within the budget%s: %.*s", undecided.n,
                     undecided.n == 1 ? "rule" : "rules", undecided.n == 1 ? "" : ", the first",
                     STR_ARG(report_cell_rule(c->cli->arena, &undecided.first)));
    result.findings = findings.v;
    result.finding_n = findings.n;
    result.rule_n = count_rules(ruleset);
    result.incomplete = undecided.n > 0 || c->incomplete;
    return emit(c->cli, &result);
}

/* The rulesets named on the command line stand for those of one firewall of the site. */
static bool open_site(struct checking *c, struct cli *cli, struct ruleset *ruleset)
{
    struct plan *plan = inputs_plan(cli, cli_last(&sites));
    const struct firewall *firewall = NULL;

    if (plan == NULL)
        return false;
    if (firewalls.n > 0)
        firewall = inputs_find_firewall(cli, plan->site, cli_last(&firewalls));
    else if (plan->site->firewall_n == 1)
        firewall = &plan->site->firewalls[0];
    else
        diag_error(&cli->diags, SPAN_NONE, "the site has %zu firewalls: say which with --firewall",
                   plan->site->firewall_n);
    return firewall != NULL && checking_open_gate(c, cli, plan, firewall, ruleset);
}

static int run(struct cli *cli)
{
    struct flows flows = {0};
    struct ruleset *ruleset;
    struct checking c = {0};
    bool good;
    int status = EXIT_BAD_INPUT;

    if (!cli_operands(cli, 1, 64))
        return EXIT_BAD_INPUT;
    if (sites.n > 0 && bare.flows.n > 0) {
        diag_error(&cli->diags, SPAN_NONE, "either --site or --flows");
        return EXIT_BAD_INPUT;
    }
    ruleset = inputs_ruleset(cli, cli->operands.v, cli->operands.n, cli_last(&bare.dialects));
    if (ruleset == NULL || cli->diags.errors > 0)
        return EXIT_BAD_INPUT;
    if (sites.n > 0)
        good = open_site(&c, cli, ruleset);
    else
        good = checking_open_ruleset(&c, cli, &bare, ruleset, &flows);
    if (good)
        status = finish(&c, ruleset, sites.n > 0 || bare.flows.n > 0);
    checking_close(&c);
    return status;
}

const struct command command_audit = {
    .name = "audit",
    .arguments = "RULESET… [--site SITE | --flows FLOWS]",
    .summary = "rules that never match, are redundant, contradict, or are too wide",
    .details =
        "Finds rules that can never match (and the rules that hide them), rules without which nothing would\n"
        "change, rules that contradict earlier ones, chains that nothing leads into, sets that no rule uses, and,\n"
        "with a site or flows, rules that are wider than any flow needs.\n\n"
        "  portolan audit edge.v4.rules edge.v6.rules\n"
        "  portolan audit edge.nft --site site.yaml --firewall edge --format sarif\n",
    .options = options,
    .formats = "text json csv markdown sarif junit",
    .run = run,
};
