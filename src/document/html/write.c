/* A page as plain HTML5: what the reader takes for one thing is written as that thing. */
#include "document/html/html.h"

static void add_escaped(struct buf *out, struct str text)
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

static void add_text(struct buf *out, struct str text)
{
    bool first = true;

    while (text.n > 0) {
        buf_adds(out, first ? "" : "<br>");
        add_escaped(out, str_cut(text, '\n', &text));
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
    add_text(out, cell->text);
    for (size_t i = 0; i < cell->mark_n; i++) {
        buf_adds(out, "<sup>[");
        add_escaped(out, cell->marks[i]);
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

static void add_table(struct buf *out, const struct grid *grid)
{
    buf_adds(out, "<table>\n");
    if (grid->caption.n > 0) {
        buf_adds(out, "<caption>");
        add_text(out, grid->caption);
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

static void add_element(struct buf *out, const char *open, struct str text, const char *close)
{
    buf_adds(out, open);
    add_text(out, text);
    buf_adds(out, close);
}

/* Lists are opened and closed as the levels of items rise and fall. */
static void to_level(struct buf *out, unsigned *open, unsigned level)
{
    for (; *open < level; ++*open)
        buf_adds(out, "<ul>\n");
    for (; *open > level; --*open)
        buf_adds(out, "</ul>\n");
}

static void add_block(struct buf *out, const struct block *block, unsigned *tabs)
{
    switch (block->kind) {
    case BLOCK_HEADING:
        buf_addf(out, "<h%u>", block->level < 6 ? block->level : 6);
        add_text(out, block->text);
        buf_addf(out, "</h%u>\n", block->level < 6 ? block->level : 6);
        break;
    case BLOCK_PARAGRAPH: add_element(out, "<p>", block->text, "</p>\n"); break;
    case BLOCK_ITEM: add_element(out, "<li>", block->text, "</li>\n"); break;
    case BLOCK_TAB:
    case BLOCK_TAB_END:
        /* A tab ends the one before of its level and what is open inside that. */
        for (; *tabs >= block->level && *tabs > 0; --*tabs)
            buf_adds(out, "</section>\n");
        if (block->kind == BLOCK_TAB) {
            buf_adds(out, "<section role=\"tabpanel\" aria-label=\"");
            add_escaped(out, block->text);
            buf_adds(out, "\">\n");
            ++*tabs;
        }
        break;
    case BLOCK_NOTE:
        buf_adds(out, "<div class=\"");
        add_escaped(out, block->mark);
        add_element(out, "\"><p>", block->text, "</p></div>\n");
        break;
    case BLOCK_FOOTNOTE:
        buf_adds(out, "<p><sup>[");
        add_escaped(out, block->mark);
        add_element(out, "]</sup> ", block->text, "</p>\n");
        break;
    case BLOCK_CODE:
        buf_adds(out, "<pre>\n");
        add_escaped(out, block->text);
        buf_adds(out, "</pre>\n");
        break;
    case BLOCK_TABLE: add_table(out, block->grid); break;
    case BLOCK_KIND_N: break;
    }
}

void html_write(struct buf *out, const struct page *page)
{
    unsigned lists = 0;
    unsigned tabs = 0;

    buf_adds(out, "<!doctype html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>");
    add_escaped(out, page->title);
    buf_adds(out, "</title>\n</head>\n<body>\n");
    for (size_t i = 0; i < page->block_n; i++) {
        const struct block *block = &page->blocks[i];

        to_level(out, &lists, block->kind == BLOCK_ITEM ? (block->level < 1 ? 1 : block->level) : 0);
        add_block(out, block, &tabs);
    }
    to_level(out, &lists, 0);
    for (; tabs > 0; tabs--)
        buf_adds(out, "</section>\n");
    buf_adds(out, "</body>\n</html>\n");
}
