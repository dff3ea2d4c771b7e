/*
 * A page as GitHub's Markdown. A table that has spans, no head of one row, or a caption is written as HTML, which
 * Markdown holds; all others between pipes. Escapes stand only where Markdown would read something else.
 */
#include <ctype.h>

#include "document/markdown/markdown.h"
#include "document/markup.h"

static bool is_word(struct str text, size_t at)
{
    return at < text.n && (isalnum((unsigned char)text.p[at]) || (unsigned char)text.p[at] >= 0x80);
}

/* Whether the letter would begin something of Markdown's at the start of a line. */
static bool begins(struct str text, size_t at)
{
    size_t digits = 0;

    if (at == 0 && strchr("#+-=>:!?", text.p[at]) != NULL)
        return true;
    while (digits < at && isdigit((unsigned char)text.p[digits]))
        digits++;
    return at > 0 && digits == at && (text.p[at] == '.' || text.p[at] == ')');
}

static bool needs_escape(struct str text, size_t at)
{
    char c = text.p[at];

    if (c == '\0')
        return false;
    if (strchr("\\`*[]<~|", c) != NULL)
        return true;
    if (c == '_')
        return !(at > 0 && is_word(text, at - 1) && is_word(text, at + 1));
    if (c == '&')
        return at + 1 < text.n && (isalnum((unsigned char)text.p[at + 1]) || text.p[at + 1] == '#');
    if (c == '{')
        return at == 0 || (at + 1 < text.n && strchr("{%", text.p[at + 1]) != NULL);
    if (c == '#')
        return at == 0 || at + 1 == text.n; /* a heading may end in them */
    return begins(text, at);
}

static void add_text(struct buf *out, struct str text)
{
    if (str_starts(text, "import ")) { /* which MDX takes for its own */
        buf_adds(out, "&#105;");
        text = str_from(text, 1);
    }
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\n') {
            buf_adds(out, "<br>");
            continue;
        }
        if (needs_escape(text, i))
            buf_addc(out, '\\');
        buf_addc(out, text.p[i]);
    }
}

/* Between pipes: one head, no spans, heads only there. */
static bool is_plain(const struct grid *grid)
{
    if (grid->head_n != 1 || grid->caption.n > 0)
        return false;
    for (size_t row = 0; row < grid->row_n; row++) {
        for (size_t column = 0; column < grid->column_n; column++) {
            const struct cell *cell = grid_at(grid, row, column);

            if (cell != NULL && (cell->row_span > 1 || cell->column_span > 1 || cell->head != (row == 0)))
                return false;
            if (cell == NULL && row == 0)
                return false; /* the head says how many columns there are */
        }
    }
    return true;
}

static void add_cell(struct buf *out, const struct cell *cell)
{
    buf_adds(out, cell->struck ? "<del>" : "");
    add_text(out, cell->text);
    for (size_t i = 0; i < cell->mark_n; i++)
        buf_addf(out, "[^%.*s]", STR_ARG(cell->marks[i]));
    buf_adds(out, cell->struck ? "</del>" : "");
}

static void add_table(struct buf *out, const struct grid *grid)
{
    if (!is_plain(grid)) {
        markup_write_table(out, grid);
        return;
    }
    for (size_t row = 0; row < grid->row_n; row++) {
        for (size_t column = 0; column < grid->column_n; column++) {
            const struct cell *cell = grid_at(grid, row, column);

            buf_adds(out, "| ");
            if (cell != NULL)
                add_cell(out, cell);
            buf_addc(out, ' ');
        }
        buf_adds(out, "|\n");
        for (size_t column = 0; row == 0 && column < grid->column_n; column++)
            buf_adds(out, "| --- ");
        buf_adds(out, row == 0 ? "|\n" : "");
    }
}

static void add_code(struct buf *out, struct str code)
{
    size_t longest = 2;
    size_t run = 0;

    for (size_t i = 0; i < code.n; i++) {
        run = code.p[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    buf_fill(out, '`', longest + 1);
    buf_addc(out, '\n');
    buf_add(out, code);
    buf_addc(out, '\n');
    buf_fill(out, '`', longest + 1);
    buf_addc(out, '\n');
}

static void add_line(struct buf *out, const char *before, struct str text)
{
    buf_adds(out, before);
    add_text(out, text);
    buf_addc(out, '\n');
}

static void add_block(struct buf *out, const struct block *block, unsigned *tabs)
{
    static const char *const heads[] = {"# ", "## ", "### ", "#### ", "##### ", "###### "};

    switch (block->kind) {
    case BLOCK_HEADING:
        add_line(out, heads[block->level < 1 ? 0 : block->level > 6 ? 5 : block->level - 1], block->text);
        break;
    case BLOCK_PARAGRAPH: add_line(out, "", block->text); break;
    case BLOCK_ITEM:
        buf_fill(out, ' ', block->level < 2 ? 0 : 2 * ((size_t)block->level - 1));
        add_line(out, "- ", block->text);
        break;
    case BLOCK_TAB:
    case BLOCK_TAB_END:
        for (; *tabs >= block->level && *tabs > 0; --*tabs)
            buf_adds(out, ":::\n\n");
        if (block->kind == BLOCK_TAB) {
            buf_addf(out, ":::tab \"%.*s\"\n", STR_ARG(block->text));
            ++*tabs;
        }
        break;
    case BLOCK_NOTE:
        buf_adds(out, "> [!");
        for (size_t i = 0; i < block->mark.n; i++)
            buf_addc(out, (char)toupper((unsigned char)block->mark.p[i]));
        add_line(out, "]\n> ", block->text);
        break;
    case BLOCK_FOOTNOTE:
        buf_addf(out, "[^%.*s]: ", STR_ARG(block->mark));
        add_line(out, "", block->text);
        break;
    case BLOCK_CODE: add_code(out, block->text); break;
    case BLOCK_TABLE: add_table(out, block->grid); break;
    case BLOCK_KIND_N: break;
    }
}

void markdown_write(struct buf *out, const struct page *page)
{
    unsigned tabs = 0;

    if (page->title.n > 0) {
        buf_adds(out, "---\ntitle: \"");
        for (size_t i = 0; i < page->title.n; i++)
            buf_addc(out, page->title.p[i] == '\n' ? ' ' : page->title.p[i]);
        buf_adds(out, "\"\n---\n\n");
    }
    for (size_t i = 0; i < page->block_n; i++) {
        bool item = page->blocks[i].kind == BLOCK_ITEM;

        add_block(out, &page->blocks[i], &tabs);
        if (!item || (i + 1 < page->block_n && page->blocks[i + 1].kind != BLOCK_ITEM))
            buf_addc(out, '\n');
    }
    for (; tabs > 0; tabs--)
        buf_adds(out, ":::\n");
}
