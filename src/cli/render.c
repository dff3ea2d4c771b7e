/* portolan render: the least-privilege configuration of a site's firewalls. */
#include "cli/inputs.h"
#include "dialect/dialect.h"
#include "plan/plan.h"
#include "system/file.h"

static struct values dialects;
static struct values firewalls;
static bool counters;

static const struct option_row options[] = {
    {"to", 0, "DIALECT", "nftables or iptables; else what the site says of the firewall", &dialects, NULL},
    {"firewall", 0, "NAME", "only this firewall", &firewalls, NULL},
    {"counters", 0, NULL, "count the packets of each rule", NULL, &counters},
    {0},
};

struct printed {
    const struct firewall *firewall;
    struct dialect_output files[DIALECT_OUTPUTS_MAX];
    size_t n;
};

static bool print_one(struct cli *cli, const struct plan *plan, const struct firewall *firewall,
                      struct printed *printed)
{
    struct str name = dialects.n > 0 ? cli_last(&dialects) : firewall->dialect;
    const struct dialect *dialect = dialect_find(name);
    struct policy *policy;

    printed->firewall = firewall;
    if (dialect == NULL) {
        diag_error(&cli->diags, firewall->span, "the site says no dialect of this firewall: say it with --to");
        return false;
    }
    policy = plan_policy(cli->arena, plan, firewall, cli->today, &cli->diags);
    if (policy == NULL)
        return false;
    policy->counters = counters;
    if (policy->management_unreached)
        diag_warning(&cli->diags, firewall->span,
                     "no flow reaches the management port (22/tcp) of \"%.*s\": with this ruleset nobody gets in",
                     STR_ARG(firewall->name));
    return dialect->print(policy, printed->files, &printed->n, &cli->diags);
}

/* Flows that become no rule are said, never silently left out. */
static void warn_unresolved(struct cli *cli, const struct plan *plan)
{
    size_t gaps;
    const struct finding *findings = plan_gaps(cli->arena, plan, &gaps);

    for (size_t i = 0; i < plan->n; i++) {
        const struct flow *flow = plan->flows[i];

        if (flow->status == FLOW_UNRESOLVED)
            diag_warning(&cli->diags, flow->span, "flow %.*s is unresolved and not in the ruleset: %.*s",
                         STR_ARG(flow->id), STR_ARG(flow->reason));
    }
    for (size_t i = 0; i < gaps; i++)
        diag_warning(&cli->diags, SPAN_NONE, "%.*s", STR_ARG(findings[i].message));
}

static struct str base_name(struct str path)
{
    size_t at = path.n;

    while (at > 0 && path.p[at - 1] != '/')
        at--;
    return str_from(path, at);
}

static struct str default_name(struct cli *cli, const struct printed *printed, size_t k)
{
    return str_printf(cli->arena, "%.*s.%.*s", STR_ARG(printed->firewall->name), STR_ARG(printed->files[k].suffix));
}

/* The name by which `check` will look for the one file of a firewall; empty where it is not clear. */
static struct str site_name(const struct printed *printed)
{
    const struct firewall *firewall = printed->firewall;
    struct str name;

    if (printed->n != 1 || firewall->file_n != 1)
        return STR_EMPTY;
    if (dialects.n > 0 && firewall->dialect.n > 0 && !str_eq(cli_last(&dialects), firewall->dialect))
        return STR_EMPTY;
    name = base_name(firewall->files[0]);
    return str_is(name, ".") || str_is(name, "..") || str_is(name, "-") ? STR_EMPTY : name;
}

/* No firewall's file is written over another's: site names that would clash give way to names of the firewalls. */
static struct str file_name(struct cli *cli, const struct printed *printed, size_t n, size_t i, size_t k)
{
    struct str name = site_name(&printed[i]);

    for (size_t other = 0; other < n && name.n > 0; other++) {
        bool clash = other != i && str_eq(site_name(&printed[other]), name);

        for (size_t file = 0; other != i && file < printed[other].n; file++)
            clash = clash || str_eq(default_name(cli, &printed[other], file), name);
        if (clash)
            name = STR_EMPTY;
    }
    return name.n > 0 ? name : default_name(cli, &printed[i], k);
}

static int write_files(struct cli *cli, struct printed *printed, size_t n)
{
    if (!file_make_directory(cli->output, &cli->diags))
        return EXIT_BAD_INPUT;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < printed[i].n; k++) {
            struct str name = file_name(cli, printed, n, i, k);
            struct str path = str_printf(cli->arena, "%.*s/%.*s", STR_ARG(cli->output), STR_ARG(name));

            file_write(path, buf_str(&printed[i].files[k].text), &cli->diags);
        }
    }
    return cli_status(cli, EXIT_HOLDS);
}

static int emit(struct cli *cli, struct printed *printed, size_t n)
{
    size_t files = 0;
    bool directory = cli->output.n > 0 && (file_is_directory(cli->output) || str_ends(cli->output, "/"));

    for (size_t i = 0; i < n; i++)
        files += printed[i].n;
    if (files == 1 && !directory)
        return cli_emit(cli, &printed[n - 1].files[0].text, cli_status(cli, EXIT_HOLDS));
    if (cli->output.n > 0)
        return write_files(cli, printed, n);
    diag_error(&cli->diags, SPAN_NONE, "%zu files are to be written: name a directory with -o%s", files,
               n > 1 ? ", or one firewall with --firewall" : "");
    return EXIT_BAD_INPUT;
}

static int run(struct cli *cli)
{
    struct plan *plan = cli_operands(cli, 1, 1) ? inputs_plan(cli, cli->operands.v[0]) : NULL;
    const struct firewall *only = NULL;
    struct printed *printed;
    size_t n = 0;
    int status;

    if (plan == NULL)
        return EXIT_BAD_INPUT;
    if (firewalls.n > 0 && (only = inputs_find_firewall(cli, plan->site, cli_last(&firewalls))) == NULL)
        return EXIT_BAD_INPUT;
    if (dialects.n > 0 && dialect_find(cli_last(&dialects)) == NULL) {
        inputs_unknown_dialect(cli, cli_last(&dialects), SPAN_NONE);
        return EXIT_BAD_INPUT;
    }
    if (plan->site->firewall_n == 0)
        diag_error(&cli->diags, span_at(plan->site->source, 0, 0), "the site has no firewalls");
    printed = arena_new_array(cli->arena, struct printed, plan->site->firewall_n);
    for (size_t i = 0; i < plan->site->firewall_n; i++) {
        if (only == NULL || only == &plan->site->firewalls[i])
            n += print_one(cli, plan, &plan->site->firewalls[i], &printed[n]);
    }
    warn_unresolved(cli, plan);
    status = cli->diags.errors > 0 ? EXIT_BAD_INPUT : emit(cli, printed, n);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < printed[i].n; k++)
            buf_free(&printed[i].files[k].text);
    }
    return status;
}

const struct command command_render = {
    .name = "render",
    .arguments = "SITE --to DIALECT [--firewall F]",
    .summary = "least-privilege configuration of a firewall",
    .details =
        "Prints what the firewall must let through for the flows that cross it, and the baseline, and nothing\n"
        "else. Each rule carries the id of its flow. One file goes to standard output or -o FILE, several (more\n"
        "firewalls, iptables with IPv6 or ipset) to -o DIRECTORY, under the name that the site has for a\n"
        "firewall's one ruleset, else under the firewall's own.\n\n"
        "  portolan render examples/three-vendors.yaml --firewall edge -o edge.nft\n",
    .options = options,
    .run = run,
};
