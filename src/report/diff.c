/* Views of `diff`; see diff.h. */
#include "report/diff.h"

#include "report/sarif.h"
#include "report/table.h"
#include "report/values.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool unsure(const struct difference *difference)
{
    return difference->left == VERDICT_UNDETERMINED || difference->right == VERDICT_UNDETERMINED;
}

static const char *paint_of(enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_PERMITTED: return "\033[1;32m";
    case VERDICT_DENIED: return "\033[1;31m";
    case VERDICT_PARTIAL:
    case VERDICT_UNDETERMINED: return "\033[1;33m";
    case VERDICT_N: break;
    }
    return "";
}

static void add_side(struct buf *out, const char *word, enum verdict_kind kind, const struct rule_ref *rule, bool color)
{
    buf_addf(out, "    %-6s %s%s%s", word, color ? paint_of(kind) : "", verdict_name(kind), color ? "\033[0m" : "");
    if (rule->present) {
        buf_adds(out, " by ");
        report_line_rule(out, rule);
    }
    buf_addc(out, '\n');
}

static void add_difference(struct buf *out, const struct difference *difference, bool color)
{
    buf_adds(out, unsure(difference) ? "may differ" : "differs");
    if (difference->hook != HOOK_NONE)
        buf_addf(out, " (%s)", hook_name(difference->hook));
    buf_adds(out, ": ");
    report_line_box(out, &difference->box);
    buf_addc(out, '\n');
    if (difference->reason.n > 0)
        buf_addf(out, "    %.*s\n", STR_ARG(difference->reason));
    add_side(out, "left", difference->left, &difference->left_rule, color);
    add_side(out, "right", difference->right, &difference->right_rule, color);
    buf_adds(out, "    packet ");
    packet_format(out, &difference->packet);
    buf_addc(out, '\n');
}

static void add_summary(struct buf *out, const struct diff_result *result)
{
    if (result->equal) {
        buf_adds(out, "equal: both let the same packets through");
        return;
    }
    if (result->undetermined)
        buf_adds(out, "it cannot be said whether they are equal");
    else
        buf_addf(out, "%zu difference%s", result->n, result->n == 1 ? "" : "s");
    if (result->undetermined && result->n > 0)
        buf_addf(out, ": they may differ in %zu place%s", result->n, result->n == 1 ? "" : "s");
    if (result->incomplete)
        buf_adds(out, "; the search was given up, there may be more");
}

void report_diff_text(struct buf *out, const struct diff_result *result, bool color)
{
    for (size_t i = 0; i < result->n; i++)
        add_difference(out, &result->v[i], color);
    if (result->n > 0)
        buf_addc(out, '\n');
    add_summary(out, result);
    buf_addc(out, '\n');
}

void report_diff_json(struct buf *out, const struct diff_result *result)
{
    json_t *root = json_object();
    json_t *list = json_array();

    for (size_t i = 0; i < result->n; i++) {
        const struct difference *difference = &result->v[i];
        json_t *object = json_object();

        if (difference->hook != HOOK_NONE)
            json_object_set_new(object, "hook", json_string(hook_name(difference->hook)));
        json_object_set_new(object, "box", report_json_box(&difference->box));
        json_object_set_new(object, "left", json_string(verdict_name(difference->left)));
        json_object_set_new(object, "right", json_string(verdict_name(difference->right)));
        json_object_set_new(object, "left_rule", report_json_rule(&difference->left_rule));
        json_object_set_new(object, "right_rule", report_json_rule(&difference->right_rule));
        json_object_set_new(object, "packet", report_json_packet(&difference->packet));
        if (difference->reason.n > 0)
            json_object_set_new(object, "reason", report_json_str(difference->reason));
        json_array_append_new(list, object);
    }
    json_object_set_new(root, "schema_version", json_integer(1));
    json_object_set_new(root, "equal", json_boolean(result->equal));
    json_object_set_new(root, "undetermined", json_boolean(result->undetermined));
    json_object_set_new(root, "differences", list);
    if (result->incomplete)
        json_object_set_new(root, "incomplete", json_true());
    report_json_print(out, root);
}

/* Both tables have a row a difference, with these columns. */
static void fill(struct table *table, struct arena *arena, const struct diff_result *result)
{
    static const char *const columns[] = {"hook",      "box",        "left",   "right",
                                          "left_rule", "right_rule", "packet", "reason"};

    table_init(table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < result->n; i++) {
        const struct difference *difference = &result->v[i];

        table_add(table, difference->hook == HOOK_NONE ? STR_EMPTY : str_of(hook_name(difference->hook)));
        table_add(table, report_cell_box(arena, &difference->box));
        table_add(table, str_of(verdict_name(difference->left)));
        table_add(table, str_of(verdict_name(difference->right)));
        table_add(table, report_cell_rule(arena, &difference->left_rule));
        table_add(table, report_cell_rule(arena, &difference->right_rule));
        table_add(table, report_cell_packet(arena, true, &difference->packet));
        table_add(table, difference->reason);
    }
}

void report_diff_csv(struct buf *out, const struct diff_result *result)
{
    struct arena *arena = arena_new();
    struct table table;

    fill(&table, arena, result);
    table_print_csv(out, &table);
    arena_free(arena);
}

void report_diff_markdown(struct buf *out, const struct diff_result *result)
{
    struct arena *arena = arena_new();
    struct table table;

    fill(&table, arena, result);
    buf_addf(out, "# %.*s (left) and %.*s (right)\n\n", STR_ARG(result->left), STR_ARG(result->right));
    add_summary(out, result);
    buf_adds(out, ".\n");
    if (result->n > 0) {
        buf_addc(out, '\n');
        table_print_markdown(out, &table);
    }
    arena_free(arena);
}

void report_diff_sarif(struct buf *out, const struct diff_result *result)
{
    report_differences_sarif(out, result->v, result->n);
}
