/* `check` and `excess` as CSV, Markdown and JUnit. */
#include "report/check.h"
#include "report/values.h"

static void csv_rule(struct buf *out, const struct rule_ref *rule)
{
    struct buf text = BUF_EMPTY;

    if (rule->present)
        report_line_rule(&text, rule);
    report_csv_cell(out, buf_str(&text));
    buf_free(&text);
}

static void csv_packet(struct buf *out, bool has, const struct packet *packet)
{
    struct buf text = BUF_EMPTY;

    if (has)
        packet_format(&text, packet);
    report_csv_cell(out, buf_str(&text));
    buf_free(&text);
}

void report_check_csv(struct buf *out, const struct check_result *result)
{
    buf_adds(out, "flow,firewall,hook,direction,verdict,rule,packet\r\n");
    for (size_t i = 0; i < result->verdict_n; i++) {
        const struct verdict *verdict = &result->verdicts[i];

        report_csv_cell(out, verdict->flow->id);
        buf_addc(out, ',');
        report_csv_cell(out, verdict->firewall);
        buf_addf(out, ",%s,%s,%s,", verdict->hook == HOOK_NONE ? "" : hook_name(verdict->hook),
                 direction_name(verdict->direction), verdict_name(verdict->kind));
        csv_rule(out, &verdict->rule);
        buf_addc(out, ',');
        csv_packet(out, verdict->has_packet, &verdict->packet);
        buf_adds(out, "\r\n");
    }
}

static void csv_values(struct buf *out, const struct finding *finding, enum field field)
{
    struct buf text = BUF_EMPTY;

    for (size_t i = 0; finding->has_box && i < finding->box.n[field]; i++)
        buf_addf(&text, "%s%.*s", i > 0 ? " " : "", STR_ARG(finding->box.values[field][i]));
    report_csv_cell(out, buf_str(&text));
    buf_free(&text);
}

void report_excess_csv(struct buf *out, const struct check_result *result)
{
    static const enum field fields[] = {FIELD_SOURCE, FIELD_DESTINATION, FIELD_PROTOCOL, FIELD_SOURCE_PORT,
                                        FIELD_PORT,   FIELD_IN,          FIELD_OUT,      FIELD_STATE};

    buf_adds(out,
             "kind,severity,firewall,rule,source,destination,transport,source_ports,ports,in,out,state,packet\r\n");
    for (size_t i = 0; i < result->finding_n; i++) {
        const struct finding *finding = &result->findings[i];

        buf_addf(out, "%s,%s,", finding_name(finding->kind), severity_name(finding->severity));
        report_csv_cell(out, finding->firewall);
        buf_addc(out, ',');
        csv_rule(out, &finding->rule);
        for (size_t k = 0; k < 8; k++) {
            buf_addc(out, ',');
            csv_values(out, finding, fields[k]);
        }
        buf_addc(out, ',');
        csv_packet(out, finding->has_packet, &finding->packet);
        buf_adds(out, "\r\n");
    }
}

static void markdown_line(struct buf *out, struct buf *text)
{
    report_markdown_cell(out, buf_str(text));
    text->n = 0;
}

static void markdown_verdict(struct buf *out, const struct verdict *verdict)
{
    struct buf text = BUF_EMPTY;

    buf_adds(out, "| ");
    report_line_flow(&text, verdict->flow);
    markdown_line(out, &text);
    buf_addf(out, " | %.*s %s %s | %s | ", STR_ARG(verdict->firewall),
             verdict->hook == HOOK_NONE ? "" : hook_name(verdict->hook), direction_name(verdict->direction),
             verdict_name(verdict->kind));
    if (verdict->rule.present)
        report_line_rule(&text, &verdict->rule);
    markdown_line(out, &text);
    buf_adds(out, " | ");
    if (verdict->has_packet)
        packet_format(&text, &verdict->packet);
    markdown_line(out, &text);
    buf_adds(out, " |\n");
    buf_free(&text);
}

static void markdown_finding(struct buf *out, const struct finding *finding)
{
    struct buf text = BUF_EMPTY;

    buf_addf(out, "| %s | %.*s | ", finding_name(finding->kind), STR_ARG(finding->firewall));
    if (finding->message.n > 0)
        buf_add(&text, finding->message);
    else if (finding->has_box)
        report_line_box(&text, &finding->box);
    markdown_line(out, &text);
    buf_adds(out, " | ");
    if (finding->rule.present)
        report_line_rule(&text, &finding->rule);
    markdown_line(out, &text);
    buf_adds(out, " |\n");
    buf_free(&text);
}

void report_check_markdown(struct buf *out, const struct check_result *result)
{
    const struct check_summary *s = &result->summary;

    buf_addf(out, "# Check of %.*s\n\n", STR_ARG(result->title));
    buf_addf(out, "%zu flow%s: %zu permitted, %zu denied, %zu partial, %zu undetermined", s->flows,
             s->flows == 1 ? "" : "s", s->permitted, s->denied, s->partial, s->undetermined);
    if (result->excess_searched || s->excess > 0)
        buf_addf(out, "; excess: %zu", s->excess);
    buf_adds(out, ".\n");
    buf_adds(out, "\n| flow | where | verdict | rule | packet |\n| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < result->verdict_n; i++)
        markdown_verdict(out, &result->verdicts[i]);
    if (result->finding_n > 0)
        buf_adds(out, "\n| finding | firewall | what | rule |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < result->finding_n; i++)
        markdown_finding(out, &result->findings[i]);
    if (result->test_n > 0)
        buf_adds(out, "\n| test | holds |\n| --- | --- |\n");
    for (size_t i = 0; i < result->test_n; i++) {
        const struct test_result *test = &result->tests[i];

        buf_adds(out, "| ");
        report_markdown_cell(out, test->name);
        buf_addf(out, " | %s |\n", test->undetermined ? "undetermined" : test->holds ? "yes" : "no");
    }
}

static void junit_case(struct buf *out, struct str group, struct str name, const char *failure, const struct buf *body)
{
    buf_adds(out, "  <testcase classname=\"");
    report_xml_text(out, group);
    buf_adds(out, "\" name=\"");
    report_xml_text(out, name);
    if (failure == NULL) {
        buf_adds(out, "\"/>\n");
        return;
    }
    buf_addf(out, "\"><failure message=\"%s\">", failure);
    report_xml_text(out, buf_str(body));
    buf_adds(out, "</failure></testcase>\n");
}

static void junit_verdict(struct buf *out, const struct verdict *verdict)
{
    bool bad = verdict_fails(verdict) || verdict->kind == VERDICT_UNDETERMINED;
    struct buf name = BUF_EMPTY;
    struct buf body = BUF_EMPTY;

    buf_addf(&name, "%.*s %s %s", STR_ARG(verdict->flow->id),
             verdict->hook == HOOK_NONE ? "" : hook_name(verdict->hook), direction_name(verdict->direction));
    if (verdict->rule.present)
        report_line_rule(&body, &verdict->rule);
    buf_addc(&body, '\n');
    if (verdict->has_packet)
        packet_format(&body, &verdict->packet);
    junit_case(out, verdict->firewall, buf_str(&name), bad ? verdict_name(verdict->kind) : NULL, &body);
    buf_free(&name);
    buf_free(&body);
}

static void junit_finding(struct buf *out, const struct finding *finding)
{
    struct buf name = BUF_EMPTY;
    struct buf body = BUF_EMPTY;

    buf_addf(&name, "%s ", finding_name(finding->kind));
    if (finding->message.n > 0)
        buf_add(&name, finding->message);
    else if (finding->has_box)
        report_line_box(&name, &finding->box);
    if (finding->rule.present)
        report_line_rule(&body, &finding->rule);
    junit_case(out, finding->firewall, buf_str(&name),
               finding->severity == SEVERITY_ERROR ? finding_name(finding->kind) : NULL, &body);
    buf_free(&name);
    buf_free(&body);
}

void report_check_junit(struct buf *out, const struct check_result *result)
{
    size_t failures = 0;

    for (size_t i = 0; i < result->verdict_n; i++)
        failures += verdict_fails(&result->verdicts[i]) || result->verdicts[i].kind == VERDICT_UNDETERMINED;
    for (size_t i = 0; i < result->finding_n; i++)
        failures += result->findings[i].severity == SEVERITY_ERROR;
    for (size_t i = 0; i < result->test_n; i++)
        failures += !result->tests[i].holds;
    buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
    report_xml_text(out, result->title);
    buf_addf(out, "\" tests=\"%zu\" failures=\"%zu\">\n", result->verdict_n + result->finding_n + result->test_n,
             failures);
    for (size_t i = 0; i < result->verdict_n; i++)
        junit_verdict(out, &result->verdicts[i]);
    for (size_t i = 0; i < result->finding_n; i++)
        junit_finding(out, &result->findings[i]);
    for (size_t i = 0; i < result->test_n; i++) {
        struct buf body = BUF_EMPTY;

        if (result->tests[i].has_packet)
            packet_format(&body, &result->tests[i].packet);
        junit_case(out, STR("test"), result->tests[i].name, result->tests[i].holds ? NULL : "the test does not hold",
                   &body);
        buf_free(&body);
    }
    buf_adds(out, "</testsuite>\n");
}
