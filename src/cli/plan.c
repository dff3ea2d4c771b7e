/* portolan plan: the flows of a site, and the change ticket between two plans. */
#include "plan/plan.h"
#include "cli/inputs.h"
#include "report/plan.h"
#include "system/file.h"

static struct values against;

static const struct option_row options[] = {
    {"against", 0, "OLD", "a site, or a plan as JSON, to compare with: flows to open, to close, changed", &against,
     NULL},
    {0},
};

/* An older site file, or what `plan --format json` printed of it. */
static const struct plan *read_old(struct cli *cli, struct str path)
{
    const struct source *source = file_read(cli->arena, path, FILE_LIMIT_RULESET, &cli->diags);
    struct plan *plan = arena_new_object(cli->arena, struct plan);
    struct flows flows = {0};

    if (source == NULL)
        return NULL;
    if (!str_starts(str_trim(source->text), "{"))
        return inputs_plan_of(cli, source);
    if (!flows_read(cli->arena, source, &cli->diags, &flows))
        return NULL;
    plan->flows = flows.v;
    plan->n = flows.n;
    return plan;
}

static int compare(struct cli *cli, const struct plan *plan)
{
    const struct plan *old = read_old(cli, cli_last(&against));
    const struct change *change;
    struct buf out = BUF_EMPTY;

    if (old == NULL)
        return EXIT_BAD_INPUT;
    change = plan_change(cli->arena, old, plan);
    if (str_is(cli->format, "json"))
        report_change_json(&out, change);
    else if (str_is(cli->format, "markdown"))
        report_change_markdown(&out, change);
    else if (str_is(cli->format, "text"))
        report_change_text(&out, change);
    else
        diag_error(&cli->diags, SPAN_NONE, "a change ticket is text, json or markdown");
    return cli_emit(cli, &out, cli_status(cli, EXIT_HOLDS));
}

static int run(struct cli *cli)
{
    struct plan *plan = cli_operands(cli, 1, 1) ? inputs_plan(cli, cli->operands.v[0]) : NULL;
    struct buf out = BUF_EMPTY;

    if (plan == NULL)
        return EXIT_BAD_INPUT;
    if (against.n > 0)
        return compare(cli, plan);
    if (str_is(cli->format, "json"))
        report_plan_json(&out, plan);
    else if (str_is(cli->format, "csv"))
        report_plan_csv(&out, plan);
    else if (str_is(cli->format, "markdown"))
        report_plan_markdown(&out, plan);
    else if (str_is(cli->format, "dot"))
        report_plan_dot(&out, plan);
    else
        report_plan_text(&out, plan);
    return cli_emit(cli, &out, cli_status(cli, EXIT_HOLDS));
}

const struct command command_plan = {
    .name = "plan",
    .arguments = "SITE [--against OLD]",
    .summary = "the flows of a site; with --against the change ticket",
    .details = "Makes each documented requirement concrete: which addresses must reach which, by what transport and\n"
               "ports, and where that is written. Errors are requirements that nobody fills.\n\n"
               "  portolan plan examples/three-vendors.yaml\n"
               "  portolan plan new.yaml --against old.yaml --format markdown\n",
    .options = options,
    .formats = "text json csv markdown dot",
    .run = run,
};
