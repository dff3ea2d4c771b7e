/* Views of `audit`; see audit.h. Every view has the findings in the same order: that of their rules. */
#include "report/audit.h"

#include <stdlib.h>

#include "report/junit.h"
#include "report/sarif.h"
#include "report/table.h"
#include "report/values.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Kinds that an audit looks for: their counts are there even where nothing was found. */
static const enum finding_kind looked_for[] = {FINDING_SHADOWED, FINDING_REDUNDANT,         FINDING_CONTRADICTS,
                                               FINDING_TOO_WIDE, FINDING_UNREACHABLE_CHAIN, FINDING_UNUSED_SET};

static int compare_rules(const struct rule_ref *x, const struct rule_ref *y)
{
    int order;

    if (x->present != y->present)
        return x->present ? -1 : 1;
    if ((order = str_cmp(x->file, y->file)) != 0)
        return order;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if ((order = str_cmp(x->table, y->table)) != 0 || (order = str_cmp(x->chain, y->chain)) != 0)
        return order;
    return (x->index > y->index) - (x->index < y->index);
}

static int by_rule(const void *a, const void *b)
{
    const struct finding *x = *(const struct finding *const *)a;
    const struct finding *y = *(const struct finding *const *)b;
    int order = compare_rules(&x->rule, &y->rule);

    return order != 0 ? order : (x > y) - (x < y);
}

static const struct finding **sorted(struct arena *arena, const struct audit_result *result)
{
    const struct finding **list = arena_new_array(arena, const struct finding *, result->finding_n);

    for (size_t i = 0; i < result->finding_n; i++)
        list[i] = &result->findings[i];
    if (result->finding_n > 0)
        qsort(list, result->finding_n, sizeof *list, by_rule);
    return list;
}

/* Copies in order, for the views that take arrays of findings. */
static struct finding *sorted_copy(struct arena *arena, const struct audit_result *result)
{
    const struct finding **list = sorted(arena, result);
    struct finding *copy = arena_new_array(arena, struct finding, result->finding_n);

    for (size_t i = 0; i < result->finding_n; i++)
        copy[i] = *list[i];
    return copy;
}

static void count_kinds(const struct audit_result *result, size_t counts[FINDING_KIND_N])
{
    for (size_t i = 0; i < FINDING_KIND_N; i++)
        counts[i] = 0;
    for (size_t i = 0; i < result->finding_n; i++)
        counts[result->findings[i].kind]++;
}

static void add_summary(struct buf *out, const struct audit_result *result)
{
    size_t counts[FINDING_KIND_N];
    size_t said = 0;

    count_kinds(result, counts);
    if (result->finding_n == 0)
        buf_adds(out, "nothing was found");
    else
        buf_addf(out, "%zu finding%s", result->finding_n, result->finding_n == 1 ? "" : "s");
    if (result->rule_n > 0)
        buf_addf(out, " in %zu rule%s", result->rule_n, result->rule_n == 1 ? "" : "s");
    for (unsigned kind = 0; kind < FINDING_KIND_N; kind++) {
        if (counts[kind] > 0)
            buf_addf(out, "%s%zu %s", said++ == 0 ? ": " : ", ", counts[kind], finding_name((enum finding_kind)kind));
    }
    if (result->incomplete)
        buf_adds(out, "; the search was given up, there may be more");
}

static void add_finding(struct buf *out, const struct finding *finding, bool color)
{
    const char *paint = finding->severity == SEVERITY_ERROR ? "\033[1;31m" : "\033[1;33m";

    buf_addf(out, "  %s%s%s", color ? paint : "", finding_name(finding->kind), color ? "\033[0m" : "");
    if (finding->message.n > 0)
        buf_addf(out, ": %.*s", STR_ARG(finding->message));
    if (finding->has_box) {
        buf_adds(out, ": ");
        report_line_box(out, &finding->box);
    }
    buf_addc(out, '\n');
    if (finding->reason.n > 0)
        buf_addf(out, "    %.*s\n", STR_ARG(finding->reason));
    for (size_t i = 0; i < finding->by_n; i++) {
        buf_adds(out, i == 0 ? "    by     " : "           ");
        report_line_rule(out, &finding->by[i]);
        buf_addc(out, '\n');
    }
    if (finding->has_packet) {
        buf_adds(out, "    packet ");
        packet_format(out, &finding->packet);
        buf_addc(out, '\n');
    }
}

static void add_heading(struct buf *out, const struct finding *finding)
{
    if (finding->firewall.n > 0)
        buf_addf(out, "at %.*s: ", STR_ARG(finding->firewall));
    if (finding->rule.present)
        report_line_rule(out, &finding->rule);
    else
        buf_adds(out, "no rule");
    buf_addc(out, '\n');
}

static bool same_heading(const struct finding *x, const struct finding *y)
{
    return compare_rules(&x->rule, &y->rule) == 0 && str_eq(x->rule.text, y->rule.text) &&
           str_eq(x->firewall, y->firewall);
}

void report_audit_text(struct buf *out, const struct audit_result *result, bool color)
{
    struct arena *arena = arena_new();
    const struct finding **list = sorted(arena, result);

    for (size_t i = 0; i < result->finding_n; i++) {
        if (i == 0 || !same_heading(list[i - 1], list[i]))
            add_heading(out, list[i]);
        add_finding(out, list[i], color);
    }
    if (result->finding_n > 0)
        buf_addc(out, '\n');
    add_summary(out, result);
    buf_addc(out, '\n');
    arena_free(arena);
}

static json_t *summary(const struct audit_result *result)
{
    json_t *object = json_object();
    size_t counts[FINDING_KIND_N];

    count_kinds(result, counts);
    for (size_t i = 0; i < COUNT(looked_for); i++)
        json_object_set_new(object, finding_name(looked_for[i]), json_integer((json_int_t)counts[looked_for[i]]));
    for (unsigned kind = 0; kind < FINDING_KIND_N; kind++) {
        if (counts[kind] > 0)
            json_object_set_new(object, finding_name((enum finding_kind)kind), json_integer((json_int_t)counts[kind]));
    }
    return object;
}

static json_t *element(const void *list, size_t i)
{
    return report_json_finding(((const struct finding *const *)list)[i]);
}

void report_audit_json(struct buf *out, const struct audit_result *result)
{
    struct arena *arena = arena_new();
    const struct finding **list = sorted(arena, result);
    json_t *root = json_object();

    json_object_set_new(root, "schema_version", json_integer(1));
    json_object_set_new(root, "findings", json_null());
    json_object_set_new(root, "summary", summary(result));
    if (result->incomplete)
        json_object_set_new(root, "incomplete", json_true());
    report_json_print_with(out, root, "findings", element, list, result->finding_n);
    arena_free(arena);
}

static struct str by_cell(struct arena *arena, const struct finding *finding)
{
    struct buf buf = BUF_EMPTY;
    struct str made;

    for (size_t i = 0; i < finding->by_n; i++) {
        buf_adds(&buf, i > 0 ? "; " : "");
        report_line_rule(&buf, &finding->by[i]);
    }
    made = str_dup(arena, buf_str(&buf));
    buf_free(&buf);
    return made;
}

static struct str number_cell(struct arena *arena, uint32_t number)
{
    return number == 0 ? STR_EMPTY : str_printf(arena, "%u", number);
}

void report_audit_csv(struct buf *out, const struct audit_result *result)
{
    static const char *const columns[] = {"kind",  "severity", "firewall", "file",    "line", "table",  "chain",
                                          "index", "rule",     "by",       "message", "box",  "packet", "reason"};
    struct arena *arena = arena_new();
    const struct finding **list = sorted(arena, result);
    struct table table;

    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < result->finding_n; i++) {
        const struct finding *finding = list[i];

        table_add(&table, str_of(finding_name(finding->kind)));
        table_add(&table, str_of(severity_name(finding->severity)));
        table_add(&table, finding->firewall);
        table_add(&table, finding->rule.file);
        table_add(&table, number_cell(arena, finding->rule.line));
        table_add(&table, finding->rule.table);
        table_add(&table, finding->rule.chain);
        table_add(&table, number_cell(arena, finding->rule.index));
        table_add(&table, finding->rule.text);
        table_add(&table, by_cell(arena, finding));
        table_add(&table, finding->message);
        table_add(&table, finding->has_box ? report_cell_box(arena, &finding->box) : STR_EMPTY);
        table_add(&table, report_cell_packet(arena, finding->has_packet, &finding->packet));
        table_add(&table, finding->reason);
    }
    table_print_csv(out, &table);
    arena_free(arena);
}

void report_audit_markdown(struct buf *out, const struct audit_result *result)
{
    static const char *const columns[] = {"rule", "finding", "what", "by", "packet"};
    struct arena *arena = arena_new();
    const struct finding **list = sorted(arena, result);
    struct table table;

    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < result->finding_n; i++) {
        table_add(&table, report_cell_rule(arena, &list[i]->rule));
        table_add(&table, str_of(finding_name(list[i]->kind)));
        table_add(&table, report_cell_finding(arena, list[i]));
        table_add(&table, by_cell(arena, list[i]));
        table_add(&table, report_cell_packet(arena, list[i]->has_packet, &list[i]->packet));
    }
    buf_addf(out, "# Audit of %.*s\n\n", STR_ARG(result->title));
    add_summary(out, result);
    buf_adds(out, ".\n");
    if (result->finding_n > 0) {
        buf_addc(out, '\n');
        table_print_markdown(out, &table);
    }
    arena_free(arena);
}

void report_audit_sarif(struct buf *out, const struct audit_result *result)
{
    struct arena *arena = arena_new();

    report_findings_sarif(out, sorted_copy(arena, result), result->finding_n);
    arena_free(arena);
}

void report_audit_junit(struct buf *out, const struct audit_result *result)
{
    struct arena *arena = arena_new();

    report_findings_junit(out, result->title, sorted_copy(arena, result), result->finding_n);
    arena_free(arena);
}
