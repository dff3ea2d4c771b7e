/* Tables and text as HTML, for pages of HTML and for Markdown, whose own tables know no spans. */
#include "document/markup.h"

void markup_write_escaped(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        switch (text.p[i]) {
        case '&': buf_adds(out, "&amp;"); break;
        case '<': buf_adds(out, "&lt;"); break;
        case '>': buf_adds(out, "&gt;"); break;
        case '"': buf_adds(out, "&quot;"); break;
        default: buf_addc(out, text.p[i]); break;
        }
    }
}

void markup_write_text(struct buf *out, struct str text)
{
    bool first = true;

    while (text.n > 0) {
        buf_adds(out, first ? "" : "<br>");
        markup_write_escaped(out, str_cut(text, '\n', &text));
        first = false;
    }
}

static void add_cell(struct buf *out, const struct cell *cell)
{
    const char *tag = cell->head ? "th" : "td";

    buf_addf(out, "<%s", tag);
    if (cell->row_span > 1)
        buf_addf(out, " rowspan=\"%u\"", cell->row_span);
    if (cell->column_span > 1)
        buf_addf(out, " colspan=\"%u\"", cell->column_span);
    buf_adds(out, cell->struck ? "><del>" : ">");
    markup_write_text(out, cell->text);
    for (size_t i = 0; i < cell->mark_n; i++) {
        buf_adds(out, "<sup>[");
        markup_write_escaped(out, cell->marks[i]);
        buf_adds(out, "]</sup>");
    }
    buf_addf(out, "%s</%s>", cell->struck ? "</del>" : "", tag);
}

static void add_row(struct buf *out, const struct grid *grid, size_t row)
{
    size_t last = grid->column_n; /* behind the last place that something stands at */

    while (last > 0 && grid_at(grid, row, last - 1) == NULL)
        last--;
    buf_adds(out, "<tr>");
    for (size_t column = 0; column < last; column++) {
        const struct cell *cell = grid_at(grid, row, column);

        if (cell == NULL)
            buf_adds(out, "<td></td>");
        else if (cell->row == row && cell->column == column)
            add_cell(out, cell);
    }
    buf_adds(out, "</tr>\n");
}

void markup_write_table(struct buf *out, const struct grid *grid)
{
    buf_adds(out, "<table>\n");
    if (grid->caption.n > 0) {
        buf_adds(out, "<caption>");
        markup_write_text(out, grid->caption);
        buf_adds(out, "</caption>\n");
    }
    for (size_t row = 0; row < grid->row_n; row++) {
        if (row == 0 && grid->head_n > 0)
            buf_adds(out, "<thead>\n");
        if (row == grid->head_n)
            buf_adds(out, "<tbody>\n");
        add_row(out, grid, row);
        if (row + 1 == grid->head_n)
            buf_adds(out, "</thead>\n");
    }
    buf_adds(out, grid->head_n < grid->row_n ? "</tbody>\n</table>\n" : "</table>\n");
}
