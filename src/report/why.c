/* Answers of `why`; see why.h. */
#include "report/why.h"

#include "report/check.h"
#include "report/plan.h"
#include "report/values.h"

static void add_flow(struct buf *out, const struct flow *flow)
{
    buf_adds(out, "  asked by ");
    report_line_flow(out, flow);
    buf_addf(out, "\n    %s%s%.*s", need_name(flow->need), flow->purpose.n > 0 ? ", " : "", STR_ARG(flow->purpose));
    for (size_t i = 0; i < flow->origin_n; i++)
        buf_addf(out, "\n    %.*s %.*s", STR_ARG(flow->product), STR_ARG(flow->origins[i]));
    buf_addc(out, '\n');
}

static void add_verdict(struct buf *out, const struct verdict *verdict, bool color)
{
    const char *paint = verdict->kind == VERDICT_PERMITTED ? "\033[1;32m" : "\033[1;31m";

    buf_addf(out, "  %s%s%s at %.*s %s, %s%s%.*s\n", color ? paint : "", verdict_name(verdict->kind),
             color ? "\033[0m" : "", STR_ARG(verdict->firewall), hook_name(verdict->hook),
             direction_name(verdict->direction), verdict->reason.n > 0 ? ": " : "", STR_ARG(verdict->reason));
    for (size_t i = 0; i < verdict->rule_n; i++) {
        buf_adds(out, "    ");
        report_line_rule(out, &verdict->rules[i]);
        buf_addc(out, '\n');
    }
    if (verdict->has_packet) {
        buf_adds(out, "    packet ");
        packet_format(out, &verdict->packet);
        buf_addc(out, '\n');
    }
}

void report_why_text(struct buf *out, const struct answer *answer, bool color)
{
    buf_addf(out, "%.*s\n", STR_ARG(answer->question));
    for (size_t i = 0; i < answer->flow_n; i++)
        add_flow(out, answer->flows[i]);
    if (answer->flow_n == 0)
        buf_adds(out, "  no flow asks for this\n");
    for (size_t i = 0; i < answer->verdict_n; i++)
        add_verdict(out, &answer->verdicts[i], color);
    if (answer->gap)
        buf_adds(out, "  no path joins the zones of some of the ends\n");
    else if (answer->verdict_n == 0)
        buf_adds(out, "  no firewall stands between them\n");
}

void report_why_json(struct buf *out, const struct answer *answer)
{
    json_t *root = json_object();
    json_t *flows = json_array();

    for (size_t i = 0; i < answer->flow_n; i++)
        json_array_append_new(flows, report_json_flow(answer->flows[i]));
    json_object_set_new(root, "schema_version", json_integer(1));
    json_object_set_new(root, "flows", flows);
    json_object_set_new(root, "verdicts", report_json_verdicts(answer->verdicts, answer->verdict_n));
    report_json_print(out, root);
}
