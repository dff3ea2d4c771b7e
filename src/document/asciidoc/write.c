/*
 * A page as AsciiDoc. What AsciiDoc would read as its own is written as an entity: that holds in every place, where a
 * backslash does not.
 */
#include <ctype.h>

#include "document/asciidoc/asciidoc.h"

static bool is_word(struct str text, size_t at)
{
    return at < text.n &&
           (isalnum((unsigned char)text.p[at]) || text.p[at] == '_' || (unsigned char)text.p[at] >= 0x80);
}

/* Begins something at the start of a line. */
static bool begins(struct str text, size_t at)
{
    size_t digits = 0;

    if (at == 0)
        return strchr(".-=:/',_>!|", text.p[0]) != NULL;
    while (digits < at && isdigit((unsigned char)text.p[digits]))
        digits++;
    return digits == at && text.p[at] == '.';
}

static bool needs_entity(struct str text, size_t at, size_t in_line)
{
    char c = text.p[at];

    if (strchr("*`#+^~\\{[", c) != NULL)
        return c != '\0';
    if (c == '_')
        return !(at > 0 && is_word(text, at - 1) && is_word(text, at + 1)) || (at > 0 && text.p[at - 1] == '_') ||
               text.p[at + 1] == '_';
    if (c == '<')
        return true;
    if (c == '&')
        return at + 1 < text.n && (isalnum((unsigned char)text.p[at + 1]) || text.p[at + 1] == '#');
    if (c == ':' || c == ';')
        return (at > 0 && text.p[at - 1] == c) || begins(str_from(text, at - in_line), in_line);
    return begins(str_from(text, at - in_line), in_line);
}

static void add_text(struct buf *out, struct str text, bool cell)
{
    size_t in_line = 0;

    for (size_t i = 0; i < text.n; i++, in_line++) {
        if (text.p[i] == '\n') {
            buf_adds(out, " +\n");
            in_line = SIZE_MAX;
        } else if (cell && text.p[i] == '|') {
            buf_adds(out, "\\|");
        } else if (needs_entity(text, i, in_line)) {
            buf_addf(out, "&#%d;", text.p[i]);
        } else {
            buf_addc(out, text.p[i]);
        }
    }
}

static void add_line(struct buf *out, const char *before, struct str text)
{
    buf_adds(out, before);
    add_text(out, text, false);
    buf_addc(out, '\n');
}

/* One row of heads that nothing reaches out of: AsciiDoc's own head. */
static bool has_plain_head(const struct grid *grid)
{
    if (grid->head_n != 1)
        return false;
    for (size_t column = 0; column < grid->column_n; column++) {
        const struct cell *cell = grid_at(grid, 0, column);

        if (cell == NULL || cell->row_span > 1)
            return false;
    }
    return true;
}

/* A mark ends with its line. */
static void add_struck(struct buf *out, struct str text)
{
    for (bool first = true; text.n > 0; first = false) {
        buf_adds(out, first ? "[.line-through]##" : " +\n[.line-through]##");
        add_text(out, str_cut(text, '\n', &text), true);
        buf_adds(out, "##");
    }
}

static void add_cell(struct buf *out, const struct cell *cell, bool head)
{
    if (cell != NULL && cell->column_span > 1)
        buf_addf(out, "%u", cell->column_span);
    if (cell != NULL && cell->row_span > 1)
        buf_addf(out, ".%u", cell->row_span);
    if (cell != NULL && (cell->row_span > 1 || cell->column_span > 1))
        buf_addc(out, '+');
    buf_adds(out, head ? "h|" : "|");
    if (cell == NULL) {
        buf_addc(out, '\n');
        return;
    }
    if (cell->struck)
        add_struck(out, cell->text);
    else
        add_text(out, cell->text, true);
    for (size_t i = 0; i < cell->mark_n; i++) {
        buf_adds(out, "^&#91;");
        add_text(out, cell->marks[i], true);
        buf_adds(out, "]^");
    }
    buf_addc(out, '\n');
}

static void add_table(struct buf *out, const struct grid *grid)
{
    bool plain = has_plain_head(grid);

    if (grid->caption.n > 0)
        add_line(out, ".", grid->caption);
    buf_addf(out, "[%s,cols=\"%zu*\"]\n|===\n", plain ? "%header" : "%noheader", grid->column_n);
    for (size_t row = 0; row < grid->row_n; row++) {
        for (size_t column = 0; column < grid->column_n; column++) {
            const struct cell *cell = grid_at(grid, row, column);

            if (cell == NULL || (cell->row == row && cell->column == column))
                add_cell(out, cell, cell != NULL && cell->head && !(plain && row == 0));
        }
        buf_adds(out, row + 1 < grid->row_n ? "\n" : "");
    }
    buf_adds(out, "|===\n");
}

static void add_code(struct buf *out, struct str code)
{
    size_t longest = 3;
    size_t run = 0;

    for (size_t i = 0; i < code.n; i++) {
        run = code.p[i] == '-' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    for (int i = 0; i < 2; i++) {
        buf_fill(out, '-', longest + 1);
        buf_addc(out, '\n');
        buf_add(out, i == 0 ? code : STR_EMPTY);
        buf_adds(out, i == 0 ? "\n" : "");
    }
}

static void close_tabs(struct buf *out, unsigned *tabs, unsigned level)
{
    for (; *tabs >= level && *tabs > 0; --*tabs) {
        buf_fill(out, '=', 4 + *tabs);
        buf_adds(out, "\n\n");
    }
}

static void add_block(struct buf *out, const struct block *block, unsigned *tabs)
{
    switch (block->kind) {
    case BLOCK_HEADING:
        buf_fill(out, '=', block->level < 1 ? 1 : block->level > 6 ? 6 : block->level);
        add_line(out, " ", block->text);
        break;
    case BLOCK_PARAGRAPH: add_line(out, "", block->text); break;
    case BLOCK_ITEM:
        buf_fill(out, '*', block->level < 1 ? 1 : block->level > 6 ? 6 : block->level);
        add_line(out, " ", block->text);
        break;
    case BLOCK_TAB:
        close_tabs(out, tabs, block->level);
        ++*tabs;
        add_line(out, "[.tab]\n.", block->text);
        buf_fill(out, '=', 4 + *tabs);
        buf_addc(out, '\n');
        break;
    case BLOCK_TAB_END: close_tabs(out, tabs, block->level); break;
    case BLOCK_NOTE:
        buf_addc(out, '[');
        for (size_t i = 0; i < block->mark.n; i++)
            buf_addc(out, (char)toupper((unsigned char)block->mark.p[i]));
        add_line(out, "]\n====\n", block->text);
        buf_adds(out, "====\n");
        break;
    case BLOCK_FOOTNOTE:
        buf_adds(out, "^&#91;");
        add_text(out, block->mark, false);
        add_line(out, "]^ ", block->text);
        break;
    case BLOCK_CODE: add_code(out, block->text); break;
    case BLOCK_TABLE: add_table(out, block->grid); break;
    case BLOCK_KIND_N: break;
    }
}

void asciidoc_write(struct buf *out, const struct page *page)
{
    unsigned tabs = 0;

    buf_adds(out, ":title: ");
    add_text(out, page->title, false);
    buf_adds(out, "\n\n");
    for (size_t i = 0; i < page->block_n; i++) {
        bool item = page->blocks[i].kind == BLOCK_ITEM;

        add_block(out, &page->blocks[i], &tabs);
        if (!item || (i + 1 < page->block_n && page->blocks[i + 1].kind != BLOCK_ITEM))
            buf_addc(out, '\n');
    }
    close_tabs(out, &tabs, 1);
}
