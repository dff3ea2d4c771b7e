/* `check` and `excess` as JSON; DESIGN, section 5. */
#include "report/check.h"
#include "report/values.h"

static json_t *rules(const struct verdict *verdict)
{
    json_t *list = json_array();

    for (size_t i = 0; i < verdict->rule_n; i++)
        json_array_append_new(list, report_json_rule(&verdict->rules[i]));
    return list;
}

json_t *report_json_verdicts(const struct verdict *verdicts, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        const struct verdict *verdict = &verdicts[i];
        json_t *object = json_object();

        json_object_set_new(object, "flow", report_json_str(verdict->flow->id));
        json_object_set_new(object, "firewall",
                            verdict->firewall.n > 0 ? report_json_str(verdict->firewall) : json_null());
        json_object_set_new(object, "hook",
                            verdict->hook == HOOK_NONE ? json_null() : json_string(hook_name(verdict->hook)));
        json_object_set_new(object, "direction", json_string(direction_name(verdict->direction)));
        json_object_set_new(object, "verdict", json_string(verdict_name(verdict->kind)));
        json_object_set_new(object, "rule", report_json_rule(&verdict->rule));
        json_object_set_new(object, "rules", rules(verdict));
        json_object_set_new(object, "packet", verdict->has_packet ? report_json_packet(&verdict->packet) : json_null());
        if (verdict->has_rewritten)
            json_object_set_new(object, "rewritten", report_json_packet(&verdict->rewritten));
        if (verdict->reason.n > 0)
            json_object_set_new(object, "reason", report_json_str(verdict->reason));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *findings(const struct check_result *result)
{
    json_t *list = json_array();

    for (size_t i = 0; i < result->finding_n; i++)
        json_array_append_new(list, report_json_finding(&result->findings[i]));
    return list;
}

static json_t *tests(const struct check_result *result)
{
    json_t *list = json_array();

    for (size_t i = 0; i < result->test_n; i++) {
        const struct test_result *test = &result->tests[i];
        json_t *object = json_object();

        json_object_set_new(object, "test", report_json_str(test->name));
        json_object_set_new(object, "holds", test->undetermined ? json_null() : json_boolean(test->holds));
        json_object_set_new(object, "packet", test->has_packet ? report_json_packet(&test->packet) : json_null());
        json_object_set_new(object, "rule", report_json_rule(&test->rule));
        if (test->reason.n > 0)
            json_object_set_new(object, "reason", report_json_str(test->reason));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *summary(const struct check_summary *summary)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "flows", (json_int_t)summary->flows, "permitted",
                     (json_int_t)summary->permitted, "denied", (json_int_t)summary->denied, "partial",
                     (json_int_t)summary->partial, "undetermined", (json_int_t)summary->undetermined, "excess",
                     (json_int_t)summary->excess);
}

void report_check_json(struct buf *out, const struct check_result *result)
{
    json_t *root = json_object();

    json_object_set_new(root, "schema_version", json_integer(1));
    json_object_set_new(root, "verdicts", report_json_verdicts(result->verdicts, result->verdict_n));
    json_object_set_new(root, "findings", findings(result));
    json_object_set_new(root, "tests", tests(result));
    json_object_set_new(root, "summary", summary(&result->summary));
    report_json_print(out, root);
}

void report_excess_json(struct buf *out, const struct check_result *result)
{
    json_t *root = json_object();
    json_t *counts = json_object();

    json_object_set_new(counts, "excess", json_integer((json_int_t)result->summary.excess));
    json_object_set_new(root, "schema_version", json_integer(1));
    json_object_set_new(root, "findings", findings(result));
    json_object_set_new(root, "summary", counts);
    report_json_print(out, root);
}
