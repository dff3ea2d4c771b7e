/*
 * A page as CSV: tables, each with the heading above it on a line of one field, parted by blank lines; other text on
 * lines of one field. CSV has no spans: a cell that reaches over rows is written in each of them, so that no row loses
 * what it says; one that reaches over columns only where it begins.
 */
#include <ctype.h>

#include "document/csv/csv.h"

static void add_field(struct buf *out, struct str text, const char *before, const char *after)
{
    bool quoted = *before == '\0' && text.n > 0 && (text.p[0] == ' ' || text.p[text.n - 1] == ' ');

    for (size_t i = 0; i < text.n; i++)
        quoted |= strchr(",;\t|\"\n\r", text.p[i]) != NULL;
    buf_adds(out, quoted ? "\"" : "");
    buf_adds(out, before);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            buf_addc(out, '"');
        buf_addc(out, text.p[i]);
    }
    buf_adds(out, after);
    buf_adds(out, quoted ? "\"" : "");
}

static void add_cell(struct buf *out, const struct cell *cell)
{
    struct buf text = BUF_EMPTY;

    if (cell->struck)
        buf_adds(&text, "~~");
    buf_add(&text, cell->text);
    for (size_t i = 0; i < cell->mark_n; i++)
        buf_addf(&text, "[%.*s]", STR_ARG(cell->marks[i]));
    if (cell->struck)
        buf_adds(&text, "~~");
    add_field(out, buf_str(&text), "", "");
    buf_free(&text);
}

static void add_table(struct buf *out, const struct grid *grid)
{
    for (size_t row = 0; row < grid->row_n; row++) {
        for (size_t column = 0; column < grid->column_n; column++) {
            const struct cell *cell = grid_at(grid, row, column);

            buf_adds(out, column == 0 ? "" : ",");
            if (cell != NULL && cell->column == column)
                add_cell(out, cell);
        }
        buf_addc(out, '\n');
    }
    buf_addc(out, '\n');
}

static bool heads_table(const struct page *page, size_t block)
{
    return block + 1 < page->block_n && page->blocks[block + 1].kind == BLOCK_TABLE &&
           page->blocks[block + 1].grid->column_n > 1 && page->blocks[block + 1].grid->caption.n == 0;
}

static void add_note(struct buf *out, const struct block *block)
{
    struct buf kind = BUF_EMPTY;

    for (size_t i = 0; i < block->mark.n; i++)
        buf_addc(&kind, (char)(i == 0 ? toupper((unsigned char)block->mark.p[i]) : block->mark.p[i]));
    buf_adds(&kind, ": ");
    buf_addc(&kind, '\0');
    add_field(out, block->text, kind.p, "");
    buf_free(&kind);
}

void csv_write(struct buf *out, const struct page *page)
{
    for (size_t i = 0; i < page->block_n; i++) {
        const struct block *block = &page->blocks[i];

        switch (block->kind) {
        case BLOCK_HEADING: add_field(out, block->text, "", ""); break;
        case BLOCK_PARAGRAPH:
        case BLOCK_TAB:
        case BLOCK_CODE: add_field(out, block->text, "", ""); break;
        case BLOCK_ITEM: add_field(out, block->text, "- ", ""); break;
        case BLOCK_NOTE: add_note(out, block); break;
        case BLOCK_FOOTNOTE: {
            struct buf mark = BUF_EMPTY;

            buf_addf(&mark, "[%.*s] ", STR_ARG(block->mark));
            buf_addc(&mark, '\0');
            add_field(out, block->text, mark.p, "");
            buf_free(&mark);
            break;
        }
        case BLOCK_TABLE:
            if (block->grid->caption.n > 0) {
                add_field(out, block->grid->caption, "", "");
                buf_addc(out, '\n');
            }
            add_table(out, block->grid);
            continue;
        case BLOCK_TAB_END:
        case BLOCK_KIND_N: continue;
        }
        buf_adds(out, block->kind == BLOCK_HEADING && heads_table(page, i) ? "\n" : "\n\n");
    }
}
