/* Views of `diff`; see diff.h. */
#include "report/diff.h"

#include "report/sarif.h"
#include "report/table.h"
#include "report/values.h"

#define SHOWN 3u /* boxes of one pair of rules, in text */
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

static bool same_rule(const struct rule_ref *a, const struct rule_ref *b)
{
    return a->present == b->present && a->index == b->index && a->line == b->line && str_eq(a->file, b->file) &&
           str_eq(a->table, b->table) && str_eq(a->chain, b->chain);
}

/* The same rules decide both. */
static bool same_decision(const struct difference *a, const struct difference *b)
{
    return a->hook == b->hook && a->left == b->left && a->right == b->right && a->box.family == b->box.family &&
           str_eq(a->reason, b->reason) && same_rule(&a->left_rule, &b->left_rule) &&
           same_rule(&a->right_rule, &b->right_rule);
}

/* How many from here on are decided by the same rules. */
static size_t run_of(const struct diff_result *result, size_t at)
{
    size_t n = 1;

    while (at + n < result->n && same_decision(&result->v[at], &result->v[at + n]))
        n++;
    return n;
}

/* Boxes that the same rules decide: the largest come first. */
static void add_differences(struct buf *out, const struct difference *differences, size_t n, bool color)
{
    const struct difference *first = &differences[0];
    size_t whole = 0;

    for (size_t i = 0; i < n && i < SHOWN; i++) {
        if (i > 0)
            buf_adds(out, "    and");
        else
            buf_adds(out, unsure(first) ? "may differ" : "differs");
        if (i == 0 && first->hook != HOOK_NONE)
            buf_addf(out, " (%s)", hook_name(first->hook));
        buf_adds(out, i == 0 ? ": " : " ");
        report_line_box(out, &differences[i].box);
        buf_addc(out, '\n');
    }
    if (n > SHOWN)
        buf_addf(out, "    and %zu smaller box%s (csv and json have all)\n", n - SHOWN, n - SHOWN == 1 ? "" : "es");
    if (first->reason.n > 0)
        buf_addf(out, "    %.*s\n", STR_ARG(first->reason));
    add_side(out, "left", first->left, &first->left_rule, color);
    add_side(out, "right", first->right, &first->right_rule, color);
    while (whole + 1 < n && differences[whole].packet.fragment != FRAGMENT_NONE)
        whole++;
    buf_adds(out, "    packet ");
    packet_format(out, &differences[whole].packet);
    buf_addc(out, '\n');
}

static void add_summary(struct buf *out, const struct diff_result *result)
{
    size_t kinds = 0;

    if (result->equal) {
        buf_adds(out, "equal: both let the same packets through");
        return;
    }
    for (size_t i = 0; i < result->n; i += run_of(result, i))
        kinds++;
    if (result->undetermined)
        buf_adds(out, "it cannot be said whether they are equal");
    else
        buf_addf(out, "%zu difference%s", kinds, kinds == 1 ? "" : "s");
    if (result->undetermined && kinds > 0)
        buf_addf(out, ": they may differ in %zu place%s", kinds, kinds == 1 ? "" : "s");
    if (kinds < result->n)
        buf_addf(out, " in %zu boxes", result->n);
    if (result->incomplete)
        buf_adds(out, "; the search was given up, there may be more");
}

void report_diff_text(struct buf *out, const struct diff_result *result, bool color)
{
    for (size_t i = 0; i < result->n; i += run_of(result, i))
        add_differences(out, &result->v[i], run_of(result, i), color);
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
