/*
 * What the targets of all formats of documents do: any bytes give a page that is whole, with its places inside the
 * text; what is written of it in every format is read again.
 */
#ifndef PORTOLAN_TESTS_FUZZ_DOCUMENT_H
#define PORTOLAN_TESTS_FUZZ_DOCUMENT_H

#include "document/format.h"
#include "document/words.h"
#include "fuzz.h"

static inline void document_check(bool holds)
{
    if (!holds)
        abort();
}

static inline void document_check_text(struct str text)
{
    for (size_t at = 0, n; at < text.n; at += n) {
        uint32_t letter = 0;

        n = words_letter(str_from(text, at), &letter);
        document_check(n > 0 && letter != 0 && letter != '\r');
    }
}

static inline void document_check_span(const struct page *page, struct span span)
{
    document_check(span.source == page->source && (size_t)span.at + span.n <= page->source->text.n);
}

static inline void document_check_grid(const struct page *page, const struct grid *grid)
{
    document_check(grid->row_n > 0 && grid->column_n > 0 && grid->column_n <= DOCUMENT_COLUMNS_MOST);
    document_check(grid->row_n * grid->column_n <= DOCUMENT_CELLS_MOST && grid->head_n <= grid->row_n);
    for (size_t i = 0; i < grid->row_n * grid->column_n; i++) {
        const struct cell *cell = grid->at[i];
        size_t row = i / grid->column_n;
        size_t column = i % grid->column_n;

        if (cell == NULL)
            continue;
        document_check(cell->row <= row && row < (size_t)cell->row + cell->row_span);
        document_check(cell->column <= column && column < (size_t)cell->column + cell->column_span);
        document_check((size_t)cell->row + cell->row_span <= grid->row_n);
        document_check((size_t)cell->column + cell->column_span <= grid->column_n);
        document_check_text(cell->text);
        document_check_span(page, cell->span);
        for (size_t k = 0; k < cell->mark_n; k++)
            document_check_text(cell->marks[k]);
    }
}

static inline void document_check_page(const struct page *page)
{
    document_check_text(page->title);
    for (size_t i = 0; i < page->block_n; i++) {
        document_check(page->blocks[i].kind < BLOCK_KIND_N);
        document_check((page->blocks[i].kind == BLOCK_TABLE) == (page->blocks[i].grid != NULL));
        document_check_text(page->blocks[i].text);
        document_check_text(page->blocks[i].mark);
        document_check_span(page, page->blocks[i].span);
        if (page->blocks[i].grid != NULL)
            document_check_grid(page, page->blocks[i].grid);
    }
}

static inline int document_fuzz(const char *name, const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    const struct source *source = source_new(arena, STR("document"), (struct str){(const char *)data, size});
    struct diags diags;
    struct page *page;
    size_t format_n;
    const struct document_format *const *formats = document_format_all(&format_n);
    struct buf out = BUF_EMPTY;

    diags_init(&diags, arena);
    document_format_of(STR("-"), source->text);
    page = document_format_find(str_of(name))->read(arena, source, &diags);
    document_check_page(page);
    for (size_t i = 0; i < format_n; i++) {
        if (formats[i]->write == NULL)
            continue;
        out.n = 0;
        formats[i]->write(&out, page);
        document_check_page(
            formats[i]->read(arena, source_new(arena, STR("written"), str_dup(arena, buf_str(&out))), &diags));
    }
    out.n = 0;
    diags_print(&out, &diags, false);
    buf_free(&out);
    arena_free(arena);
    return 0;
}

#endif
