/* A change ticket as text and Markdown. */
#include "report/flow.h"
#include "report/plan.h"
#include "report/table.h"

static void add_list(struct buf *out, const struct str *v, size_t n, const char *sign)
{
    for (size_t i = 0; i < n; i++)
        buf_addf(out, " %s%.*s", sign, STR_ARG(v[i]));
}

static struct str fields_text(struct arena *arena, const struct changed_flow *changed)
{
    struct buf buf = BUF_EMPTY;
    struct str made;

    for (unsigned f = 0; f < CHANGE_FIELD_N; f++) {
        const struct change_list *list = &changed->fields[f];

        if (list->added_n == 0 && list->removed_n == 0)
            continue;
        buf_addf(&buf, "%s%s", buf.n > 0 ? "; " : "", change_field_name((enum change_field)f));
        add_list(&buf, list->added, list->added_n, "+");
        add_list(&buf, list->removed, list->removed_n, "-");
    }
    made = str_dup(arena, buf_str(&buf));
    buf_free(&buf);
    return made;
}

static void add_summary(struct buf *out, const struct change *change)
{
    buf_addf(out, "%zu to open, %zu to close, %zu changed, %zu as before\n", change->open_n, change->close_n,
             change->changed_n, change->same_n);
}

static const char *const flow_columns[] = {"flow", "source", "destination", "transport", "ports", "purpose"};
static const char *const changed_columns[] = {"flow", "change"};

static void fill_flows(struct table *table, struct arena *arena, const struct flow *const *flows, size_t n)
{
    table_init(table, arena, flow_columns, sizeof flow_columns / sizeof *flow_columns);
    for (size_t i = 0; i < n; i++) {
        table_add(table, flows[i]->id);
        table_add(table, flow_text_source(arena, flows[i], 8));
        table_add(table, flow_text_destination(arena, flows[i], 8));
        table_add(table, flow_text_transport(arena, flows[i]));
        table_add(table, flow_text_ports(arena, flows[i]));
        table_add(table, flows[i]->purpose);
    }
}

static void fill_changed(struct table *table, struct arena *arena, const struct change *change)
{
    table_init(table, arena, changed_columns, sizeof changed_columns / sizeof *changed_columns);
    for (size_t i = 0; i < change->changed_n; i++) {
        table_add(table, change->changed[i].new->id);
        table_add(table, fields_text(arena, &change->changed[i]));
    }
}

static void add_section(struct buf *out, const char *title, const struct table *table, bool markdown)
{
    if (table->cells.n == 0)
        return;
    buf_addf(out, markdown ? "## %s\n\n" : "%s\n", title);
    if (markdown)
        table_print_markdown(out, table);
    else
        table_print_text(out, table);
    buf_addc(out, '\n');
}

static void add_change(struct buf *out, const struct change *change, bool markdown)
{
    struct arena *arena = arena_new();
    struct table table;

    fill_flows(&table, arena, change->open, change->open_n);
    add_section(out, "To open", &table, markdown);
    fill_flows(&table, arena, change->close, change->close_n);
    add_section(out, "To close", &table, markdown);
    fill_changed(&table, arena, change);
    add_section(out, "Changed", &table, markdown);
    add_summary(out, change);
    arena_free(arena);
}

void report_change_text(struct buf *out, const struct change *change)
{
    add_change(out, change, false);
}

void report_change_markdown(struct buf *out, const struct change *change)
{
    buf_adds(out, "# Change of flows\n\n");
    add_change(out, change, true);
}
