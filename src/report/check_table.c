/* `check` and `excess` as CSV and Markdown. */
#include "report/check.h"
#include "report/table.h"
#include "report/values.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct str hook_cell(const struct verdict *verdict)
{
    return verdict->hook == HOOK_NONE ? STR_EMPTY : str_of(hook_name(verdict->hook));
}

void report_check_csv(struct buf *out, const struct check_result *result)
{
    static const char *const columns[] = {"flow",    "firewall", "hook",   "direction",
                                          "verdict", "rule",     "packet", "reason"};
    struct arena *arena = arena_new();
    struct table table;

    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < result->verdict_n; i++) {
        const struct verdict *verdict = &result->verdicts[i];

        table_add(&table, verdict->flow->id);
        table_add(&table, verdict->firewall);
        table_add(&table, hook_cell(verdict));
        table_add(&table, str_of(direction_name(verdict->direction)));
        table_add(&table, str_of(verdict_name(verdict->kind)));
        table_add(&table, report_cell_rule(arena, &verdict->rule));
        table_add(&table, report_cell_packet(arena, verdict->has_packet, &verdict->packet));
        table_add(&table, verdict->reason);
    }
    table_print_csv(out, &table);
    arena_free(arena);
}

static struct str values_cell(struct arena *arena, const struct finding *finding, enum field field)
{
    struct buf buf = BUF_EMPTY;
    struct str made;

    for (size_t i = 0; finding->has_box && i < finding->box.n[field]; i++) {
        if (i > 0)
            buf_addc(&buf, ' ');
        buf_add(&buf, finding->box.values[field][i]);
    }
    made = str_dup(arena, buf_str(&buf));
    buf_free(&buf);
    return made;
}

void report_excess_csv(struct buf *out, const struct check_result *result)
{
    static const char *const columns[] = {"kind",        "severity",  "firewall",     "rule",  "source",
                                          "destination", "transport", "source_ports", "ports", "in",
                                          "out",         "state",     "packet",       "reason"};
    static const enum field fields[] = {FIELD_SOURCE, FIELD_DESTINATION, FIELD_PROTOCOL, FIELD_SOURCE_PORT,
                                        FIELD_PORT,   FIELD_IN,          FIELD_OUT,      FIELD_STATE};
    struct arena *arena = arena_new();
    struct table table;

    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < result->finding_n; i++) {
        const struct finding *finding = &result->findings[i];

        table_add(&table, str_of(finding_name(finding->kind)));
        table_add(&table, str_of(severity_name(finding->severity)));
        table_add(&table, finding->firewall);
        table_add(&table, report_cell_rule(arena, &finding->rule));
        for (size_t k = 0; k < COUNT(fields); k++)
            table_add(&table, values_cell(arena, finding, fields[k]));
        table_add(&table, report_cell_packet(arena, finding->has_packet, &finding->packet));
        table_add(&table, finding->reason);
    }
    table_print_csv(out, &table);
    arena_free(arena);
}

static struct str flow_cell(struct arena *arena, const struct flow *flow)
{
    struct buf buf = BUF_EMPTY;
    struct str made;

    report_line_flow(&buf, flow);
    made = str_dup(arena, buf_str(&buf));
    buf_free(&buf);
    return made;
}

static void markdown_verdicts(struct buf *out, struct arena *arena, const struct check_result *result)
{
    static const char *const columns[] = {"flow", "where", "verdict", "rule", "packet"};
    struct table table;

    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < result->verdict_n; i++) {
        const struct verdict *verdict = &result->verdicts[i];
        struct str where = str_printf(arena, "%.*s %.*s %s", STR_ARG(verdict->firewall), STR_ARG(hook_cell(verdict)),
                                      direction_name(verdict->direction));

        table_add(&table, flow_cell(arena, verdict->flow));
        table_add(&table, str_trim(where));
        table_add(&table, verdict->reason.n == 0
                              ? str_of(verdict_name(verdict->kind))
                              : str_printf(arena, "%s: %.*s", verdict_name(verdict->kind), STR_ARG(verdict->reason)));
        table_add(&table, report_cell_rule(arena, &verdict->rule));
        table_add(&table, report_cell_packet(arena, verdict->has_packet, &verdict->packet));
    }
    buf_addc(out, '\n');
    table_print_markdown(out, &table);
}

static void markdown_findings(struct buf *out, struct arena *arena, const struct check_result *result)
{
    static const char *const columns[] = {"finding", "firewall", "what", "rule", "packet"};
    struct table table;

    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < result->finding_n; i++) {
        const struct finding *finding = &result->findings[i];

        table_add(&table, str_of(finding_name(finding->kind)));
        table_add(&table, finding->firewall);
        table_add(&table, report_cell_finding(arena, finding));
        table_add(&table, report_cell_rule(arena, &finding->rule));
        table_add(&table, report_cell_packet(arena, finding->has_packet, &finding->packet));
    }
    if (result->finding_n == 0)
        return;
    buf_addc(out, '\n');
    table_print_markdown(out, &table);
}

static void markdown_tests(struct buf *out, struct arena *arena, const struct check_result *result)
{
    static const char *const columns[] = {"test", "holds", "rule", "packet"};
    struct table table;

    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < result->test_n; i++) {
        const struct test_result *test = &result->tests[i];

        table_add(&table, test->name);
        table_add(&table, str_of(test->undetermined ? "undetermined" : test->holds ? "yes" : "no"));
        table_add(&table, report_cell_rule(arena, &test->rule));
        table_add(&table, report_cell_packet(arena, test->has_packet, &test->packet));
    }
    if (result->test_n == 0)
        return;
    buf_addc(out, '\n');
    table_print_markdown(out, &table);
}

void report_check_markdown(struct buf *out, const struct check_result *result)
{
    const struct check_summary *s = &result->summary;
    struct arena *arena = arena_new();

    buf_addf(out, "# Check of %.*s\n\n", STR_ARG(result->title));
    buf_addf(out, "%zu flow%s: %zu permitted, %zu denied, %zu partial, %zu undetermined", s->flows,
             s->flows == 1 ? "" : "s", s->permitted, s->denied, s->partial, s->undetermined);
    if (result->excess_searched || s->excess > 0)
        buf_addf(out, "; excess: %zu", s->excess);
    buf_adds(out, ".\n");
    markdown_verdicts(out, arena, result);
    markdown_findings(out, arena, result);
    markdown_tests(out, arena, result);
    arena_free(arena);
}

void report_excess_markdown(struct buf *out, const struct check_result *result)
{
    struct arena *arena = arena_new();

    buf_addf(out, "# Excess of %.*s\n\nPermitted beyond the flows: %zu.\n", STR_ARG(result->title),
             result->summary.excess);
    markdown_findings(out, arena, result);
    arena_free(arena);
}
