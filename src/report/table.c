/* Tables and their views; see table.h. */
#include "report/table.h"

#include <assert.h>
#include <ctype.h>

static const char *const view_names[VIEW_N] = {"text", "json", "csv", "markdown"};

const char *view_name(enum view view)
{
    return view_names[view];
}

void table_init(struct table *table, struct arena *arena, const char *const *columns, size_t column_n)
{
    *table = (struct table){.arena = arena, .columns = columns, .column_n = column_n};
}

void table_add(struct table *table, struct str cell)
{
    *vec_push(table->arena, &table->cells) = cell;
}

/* In characters: UTF-8 continuation bytes do not count. */
static size_t width(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static void add_padded(struct buf *out, struct str s, size_t wide, bool capitals)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        buf_addc(out, c < 0x20 || c == 0x7f ? ' ' : capitals ? (char)toupper(c) : s.p[i]);
    }
    if (wide > width(s))
        buf_fill(out, ' ', wide - width(s));
}

void table_print_text(struct buf *out, const struct table *table)
{
    size_t *wide = arena_new_array(table->arena, size_t, table->column_n);
    size_t line = out->n;

    assert(table->cells.n % table->column_n == 0);
    for (size_t i = 0; i < table->column_n; i++)
        wide[i] = width(str_of(table->columns[i]));
    for (size_t i = 0; i < table->cells.n; i++) {
        size_t w = width(table->cells.v[i]);

        if (w > wide[i % table->column_n])
            wide[i % table->column_n] = w;
    }
    for (size_t i = 0; i < table->column_n + table->cells.n; i++) {
        size_t column = i % table->column_n;
        bool title = i < table->column_n;
        struct str cell = title ? str_of(table->columns[i]) : table->cells.v[i - table->column_n];
        bool last = column + 1 == table->column_n;

        add_padded(out, cell, last ? 0 : wide[column] + 2, title);
        if (!last)
            continue;
        while (out->n > line && out->p[out->n - 1] == ' ')
            out->n--;
        buf_addc(out, '\n');
        line = out->n;
    }
}

static void add_csv(struct buf *out, struct str s)
{
    bool formula = s.n > 0 && memchr("=+-@\t\r", s.p[0], 6) != NULL;
    bool quoted = formula;

    for (size_t i = 0; i < s.n && !quoted; i++)
        quoted = s.p[i] == ',' || s.p[i] == '"' || s.p[i] == '\n' || s.p[i] == '\r';
    if (!quoted) {
        buf_add(out, s);
        return;
    }
    buf_adds(out, formula ? "\"'" : "\"");
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_addc(out, '"');
        buf_addc(out, s.p[i]);
    }
    buf_addc(out, '"');
}

void table_print_csv(struct buf *out, const struct table *table)
{
    for (size_t i = 0; i < table->column_n; i++) {
        buf_adds(out, i == 0 ? "" : ",");
        add_csv(out, str_of(table->columns[i]));
    }
    buf_addc(out, '\n');
    for (size_t i = 0; i < table->cells.n; i++) {
        add_csv(out, table->cells.v[i]);
        buf_addc(out, (i + 1) % table->column_n == 0 ? '\n' : ',');
    }
}

/* What Markdown would take for markup inside a cell is escaped. */
static void add_markdown(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c == '\n' || c == '\r') {
            buf_addc(out, ' ');
            continue;
        }
        if (memchr("|\\`*_<>[]#", c, 10) != NULL)
            buf_addc(out, '\\');
        buf_addc(out, c);
    }
}

void table_print_markdown(struct buf *out, const struct table *table)
{
    buf_addc(out, '|');
    for (size_t i = 0; i < table->column_n; i++)
        buf_addf(out, " %s |", table->columns[i]);
    buf_adds(out, "\n|");
    for (size_t i = 0; i < table->column_n; i++)
        buf_adds(out, " --- |");
    for (size_t i = 0; i < table->cells.n; i++) {
        buf_adds(out, i % table->column_n == 0 ? "\n| " : " ");
        add_markdown(out, table->cells.v[i]);
        buf_adds(out, " |");
    }
    buf_addc(out, '\n');
}
