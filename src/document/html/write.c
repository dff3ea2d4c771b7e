/* A page as plain HTML5: what the reader takes for one thing is written as that thing. */
#include "document/html/html.h"
#include "document/markup.h"

static void add_element(struct buf *out, const char *open, struct str text, const char *close)
{
    buf_adds(out, open);
    markup_write_text(out, text);
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
        markup_write_text(out, block->text);
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
            markup_write_escaped(out, block->text);
            buf_adds(out, "\">\n");
            ++*tabs;
        }
        break;
    case BLOCK_NOTE:
        buf_adds(out, "<div class=\"");
        markup_write_escaped(out, block->mark);
        add_element(out, "\"><p>", block->text, "</p></div>\n");
        break;
    case BLOCK_FOOTNOTE:
        buf_adds(out, "<p><sup>[");
        markup_write_escaped(out, block->mark);
        add_element(out, "]</sup> ", block->text, "</p>\n");
        break;
    case BLOCK_CODE:
        buf_adds(out, "<pre>\n");
        markup_write_escaped(out, block->text);
        buf_adds(out, "</pre>\n");
        break;
    case BLOCK_TABLE: markup_write_table(out, block->grid); break;
    case BLOCK_KIND_N: break;
    }
}

void html_write(struct buf *out, const struct page *page)
{
    unsigned lists = 0;
    unsigned tabs = 0;

    buf_adds(out, "<!doctype html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>");
    markup_write_escaped(out, page->title);
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
