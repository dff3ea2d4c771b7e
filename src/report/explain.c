/* The trace of one packet; see explain.h. */
#include "report/explain.h"

#include "report/values.h"

void report_explain_text(struct buf *out, const struct explanation *explanation, bool all, bool color)
{
    const char *paint = explanation->verdict == VERDICT_PERMITTED ? "\033[1;32m" : "\033[1;31m";

    buf_addf(out, "%s: ", hook_name(explanation->hook));
    packet_format(out, explanation->packet);
    buf_addc(out, '\n');
    for (size_t i = 0; i < explanation->step_n; i++) {
        const struct explain_step *step = &explanation->steps[i];

        if (!all && !step->matched && !step->unknown)
            continue;
        buf_addf(out, "  %s %-8s ",
                 step->unknown   ? "?"
                 : step->matched ? "*"
                                 : " ",
                 step->matched || step->unknown ? action_name(step->action) : "-");
        report_line_rule(out, &step->rule);
        buf_addc(out, '\n');
    }
    if (explanation->rewritten != NULL) {
        buf_adds(out, explanation->rewritten_sure ? "  becomes " : "  becomes, or alike: ");
        packet_format(out, explanation->rewritten);
        buf_addc(out, '\n');
    }
    buf_addf(out, "%s%s%s\n", color ? paint : "", verdict_name(explanation->verdict), color ? "\033[0m" : "");
}

void report_explain_json(struct buf *out, const struct explanation *explanation)
{
    json_t *root = json_object();
    json_t *trace = json_array();

    for (size_t i = 0; i < explanation->step_n; i++) {
        const struct explain_step *step = &explanation->steps[i];
        json_t *object = json_object();

        json_object_set_new(object, "rule", report_json_rule(&step->rule));
        json_object_set_new(object, "matched", step->unknown ? json_string("unknown") : json_boolean(step->matched));
        json_object_set_new(object, "action", json_string(action_name(step->action)));
        json_array_append_new(trace, object);
    }
    json_object_set_new(root, "schema_version", json_integer(1));
    json_object_set_new(root, "verdict", json_string(verdict_name(explanation->verdict)));
    json_object_set_new(root, "hook", json_string(hook_name(explanation->hook)));
    json_object_set_new(root, "trace", trace);
    json_object_set_new(root, "packet", report_json_packet(explanation->packet));
    if (explanation->rewritten != NULL)
        json_object_set_new(root, "rewritten", report_json_packet(explanation->rewritten));
    report_json_print(out, root);
}
