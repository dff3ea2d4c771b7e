/* portolan diff: equal, or the packets on which two rulesets differ. */
#include "prove/diff.h"

#include "cli/checking.h"
#include "report/diff.h"
#include "report/values.h"

static struct values dialects;
static struct values hooks;

static const struct option_row options[] = {
    {"dialect", 0, "DIALECT", "of both: nftables, iptables or ip6tables; else each is recognised", &dialects, NULL},
    {"hook", 0, "HOOK", "only this one: forward, input or output", &hooks, NULL},
    INPUTS_LENIENT,
    {0},
};

static bool wanted_hooks(struct cli *cli, unsigned *wanted)
{
    struct str name = cli_last(&hooks);

    *wanted = 1u << HOOK_FORWARD | 1u << HOOK_INPUT | 1u << HOOK_OUTPUT;
    if (name.n == 0)
        return true;
    for (enum hook hook = HOOK_INPUT; hook <= HOOK_OUTPUT; hook++) {
        if (str_is(name, hook_name(hook))) {
            *wanted = 1u << hook;
            return true;
        }
    }
    diag_error(&cli->diags, SPAN_NONE, "--hook is forward, input or output, not \"%.*s\"", STR_ARG(name));
    return false;
}

/* FILE, or FILE,FILE for a firewall with several (IPv4, IPv6, ipset). */
static struct values files_of(struct cli *cli, struct str text)
{
    struct values paths = {0};

    while (text.n > 0)
        *vec_push(cli->arena, &paths) = str_cut(text, ',', &text);
    return paths;
}

static int emit(struct cli *cli, const struct diff_result *result)
{
    struct buf out = BUF_EMPTY;

    if (str_is(cli->format, "json"))
        report_diff_json(&out, result);
    else if (str_is(cli->format, "csv"))
        report_diff_csv(&out, result);
    else if (str_is(cli->format, "markdown"))
        report_diff_markdown(&out, result);
    else if (str_is(cli->format, "sarif"))
        report_diff_sarif(&out, result);
    else
        report_diff_text(&out, result, cli->color_out);
    return cli_emit(cli, &out, result->equal ? EXIT_HOLDS : result->undetermined ? EXIT_UNDETERMINED : EXIT_FINDINGS);
}

/* Whether both sides of some difference are known: else whether the two differ is not. */
static bool any_certain(const struct differences *differences)
{
    vec_each (const struct difference *, difference, differences) {
        if (difference->left != VERDICT_UNDETERMINED && difference->right != VERDICT_UNDETERMINED)
            return true;
    }
    return false;
}

static int compare(struct cli *cli, struct diff_question question)
{
    struct differences differences = {0};
    struct diff_result result = {0};
    struct rule_ref rule = {0};
    unsigned one_sided;

    result.left = cli->operands.v[0];
    result.right = cli->operands.v[1];
    result.incomplete = !diff_find(cli->arena, &question, &differences, &one_sided, &rule);
    if (result.incomplete)
        diag_warning(&cli->diags, SPAN_NONE, "the comparison took too many steps and was given up%s%.*s",
                     rule.present ? ": " : "", STR_ARG(report_cell_rule(cli->arena, &rule)));
    result.v = differences.v;
    result.n = differences.n;
    result.equal = differences.n == 0 && !result.incomplete && one_sided == 0;
    result.undetermined = !result.equal && !any_certain(&differences);
    for (enum family family = 0; family < FAMILY_N; family++) {
        if ((one_sided & FAMILY_BIT(family)) != 0)
            diag_warning(&cli->diags, SPAN_NONE, "only one of the two speaks for %s: it was not compared",
                         family == FAMILY_V4 ? "IPv4" : "IPv6");
    }
    return emit(cli, &result);
}

static int run(struct cli *cli)
{
    struct arena *arena = arena_new(); /* of the right one */
    struct values sides[2];
    struct ruleset *rulesets[2];
    unsigned wanted;
    int status = EXIT_BAD_INPUT;

    if (cli_operands(cli, 2, 2) && wanted_hooks(cli, &wanted)) {
        for (size_t side = 0; side < 2; side++)
            sides[side] = files_of(cli, cli->operands.v[side]);
        inputs_rulesets(cli, arena, sides, cli_last(&dialects), rulesets);
        if (rulesets[0] != NULL && rulesets[1] != NULL && cli->diags.errors == 0)
            status = compare(cli, (struct diff_question){rulesets[0], rulesets[1], wanted});
    }
    arena_free(arena);
    return status;
}

const struct command command_diff = {
    .name = "diff",
    .arguments = "RULESET RULESET",
    .summary = "whether two rulesets let the same packets through",
    .details =
        "Says that two rulesets, of any two dialects, let the same packets through, or shows the packets on which\n"
        "they differ: boxes, with what each side does, by which rule, and one packet. A firewall of several files\n"
        "is written with commas.\n\n"
        "  portolan diff running.nft proposed.nft\n"
        "  portolan diff edge.v4.rules,edge.v6.rules edge.nft --hook forward\n",
    .options = options,
    .formats = "text json csv markdown sarif",
    .run = run,
};
