/* portolan explain: one packet through a ruleset, rule by rule, as the kernel would take it. */
#include "report/explain.h"
#include "cli/checking.h"
#include "packet/naive.h"

static struct values dialects;
static struct values hooks;
static bool all;

static const struct option_row options[] = {
    {"dialect", 0, "DIALECT", "nftables, iptables or ip6tables; else it is recognised", &dialects, NULL},
    {"hook", 0, "HOOK", "forward, input or output; else by the packet's interfaces, or the only one with rules", &hooks,
     NULL},
    {"all", 0, NULL, "show rules that do not match too (JSON always does)", NULL, &all},
    INPUTS_LENIENT,
    {0},
};

struct trace {
    struct arena *arena;
    const struct ruleset *ruleset;
    struct trace_steps VEC(struct explain_step) steps;
};

static void note_step(void *context, const struct naive_step *step)
{
    struct trace *trace = context;
    struct explain_step *made = vec_push(trace->arena, &trace->steps);

    made->rule =
        step->rule != NULL ? rule_ref_of(step->rule) : rule_ref_policy(trace->arena, trace->ruleset, step->chain);
    made->matched = step->matched == TERNARY_YES;
    made->unknown = step->matched == TERNARY_MAYBE;
    made->action = step->action;
}

/* The hook of a packet that names both interfaces is forward, of one that names one only the host's. */
static struct str hook_of(const struct packet *packet)
{
    if (hooks.n > 0)
        return cli_last(&hooks);
    if (packet->has_in && packet->has_out)
        return STR("forward");
    return packet->has_in ? STR("input") : packet->has_out ? STR("output") : STR_EMPTY;
}

static int explain(struct cli *cli, const struct ruleset *ruleset, struct packet *packet)
{
    enum hook hook = checking_hook(cli, ruleset, hook_of(packet));
    struct trace trace = {.arena = cli->arena, .ruleset = ruleset};
    struct naive_rewritten rewritten = {0};
    struct naive_question question = {.ruleset = ruleset,
                                      .hook = hook,
                                      .packet = packet,
                                      .rewritten = &rewritten,
                                      .step = note_step,
                                      .context = &trace};
    struct explanation explanation = {.packet = packet, .hook = hook};
    struct buf out = BUF_EMPTY;
    unsigned outcome;

    if (hook == HOOK_NONE)
        return EXIT_BAD_INPUT;
    packet->has_in = packet->has_in || hook == HOOK_OUTPUT;
    packet->has_out = packet->has_out || hook == HOOK_INPUT;
    if ((ruleset->families & FAMILY_BIT(packet->family)) == 0) {
        outcome = NAIVE_UNKNOWN;
        diag_warning(&cli->diags, SPAN_NONE, "no ruleset is given for %s",
                     packet->family == FAMILY_V4 ? "IPv4" : "IPv6");
    } else {
        outcome = naive_ask(&question);
    }
    explanation.verdict = outcome == NAIVE_ACCEPT                           ? VERDICT_PERMITTED
                          : (outcome & (NAIVE_ACCEPT | NAIVE_UNKNOWN)) == 0 ? VERDICT_DENIED
                                                                            : VERDICT_UNDETERMINED;
    explanation.rewritten = rewritten.written ? &rewritten.packet : NULL;
    explanation.rewritten_sure = rewritten.sure;
    explanation.steps = trace.steps.v;
    explanation.step_n = trace.steps.n;
    if (str_is(cli->format, "json"))
        report_explain_json(&out, &explanation);
    else
        report_explain_text(&out, &explanation, all, cli->color_out);
    return cli_emit(cli, &out, explanation.verdict == VERDICT_UNDETERMINED ? EXIT_UNDETERMINED : EXIT_HOLDS);
}

static int run(struct cli *cli)
{
    const struct source *text;
    struct ruleset *ruleset;
    struct packet packet;

    if (!cli_operands(cli, 2, 64))
        return EXIT_BAD_INPUT;
    text = source_new(cli->arena, STR("packet"), cli->operands.v[cli->operands.n - 1]);
    packet_parse(text, &cli->diags, &packet);
    ruleset = inputs_ruleset(cli, cli->operands.v, cli->operands.n - 1, cli_last(&dialects));
    return cli->diags.errors > 0 || ruleset == NULL ? EXIT_BAD_INPUT : explain(cli, ruleset, &packet);
}

const struct command command_explain = {
    .name = "explain",
    .arguments = "RULESET… PACKET",
    .summary = "one packet through a ruleset, rule by rule",
    .details = "Follows a packet as the kernel would take it and shows the rules that it meets. A packet reads\n\n"
               "  portolan explain edge.nft 'tcp 10.0.0.1:40000 > 10.0.0.2:443 in eth0 out eth1 state new'\n"
               "  portolan explain host.rules 'icmp 10.0.0.1 > 10.0.0.2 type 8 code 0 in eth0'\n\n"
               "Left out: source port 40000, state new. Further words: flags syn,ack; fragment first|later; mark N.\n",
    .options = options,
    .formats = "text json",
    .run = run,
};
