/*
 * A page as text that a test can hold in a literal: one block a line, its kind first; tables row by row. A cell shows
 * at each of its places as `text`, where it starts; `^` under, `<` right of where it started, `.` where nothing stands.
 * Heads have `!`, struck cells `~`, marks stand in braces; a line break inside text shows as `/`.
 */
#ifndef PORTOLAN_TESTS_PAGE_TEXT_H
#define PORTOLAN_TESTS_PAGE_TEXT_H

#include "document/format.h"

static inline void page_text_line(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        buf_adds(out, text.p[i] == '\n' ? " / " : (char[]){text.p[i], 0});
}

static inline void page_text_cell(struct buf *out, const struct grid *grid, size_t row, size_t column)
{
    const struct cell *cell = grid_at(grid, row, column);

    if (cell == NULL || cell->row != row || cell->column != column) {
        buf_adds(out, cell == NULL ? "." : cell->column != column ? "<" : "^");
        return;
    }
    buf_adds(out, cell->head ? "!" : "");
    buf_adds(out, cell->struck ? "~" : "");
    page_text_line(out, cell->text);
    for (size_t i = 0; i < cell->mark_n; i++)
        buf_addf(out, "{%.*s}", STR_ARG(cell->marks[i]));
}

static inline void page_text_grid(struct buf *out, const struct grid *grid)
{
    buf_addf(out, "table %zux%zu head %zu%s", grid->row_n, grid->column_n, grid->head_n,
             grid->shifted ? " shifted" : "");
    if (grid->caption.n > 0) {
        buf_adds(out, " caption ");
        page_text_line(out, grid->caption);
    }
    buf_addc(out, '\n');
    for (size_t row = 0; row < grid->row_n; row++) {
        buf_adds(out, "|");
        for (size_t column = 0; column < grid->column_n; column++) {
            buf_adds(out, column == 0 ? "" : "|");
            page_text_cell(out, grid, row, column);
        }
        buf_adds(out, "|\n");
    }
}

static inline void page_text(struct buf *out, const struct page *page)
{
    static const char *const names[BLOCK_KIND_N] = {
        [BLOCK_HEADING] = "h",      [BLOCK_PARAGRAPH] = "p", [BLOCK_ITEM] = "item",     [BLOCK_TAB] = "tab",
        [BLOCK_TAB_END] = "tabend", [BLOCK_NOTE] = "note",   [BLOCK_FOOTNOTE] = "foot", [BLOCK_CODE] = "code",
    };

    if (page->title.n > 0) {
        buf_adds(out, "title ");
        page_text_line(out, page->title);
        buf_addc(out, '\n');
    }
    for (size_t i = 0; i < page->block_n; i++) {
        const struct block *block = &page->blocks[i];

        if (block->kind == BLOCK_TABLE) {
            page_text_grid(out, block->grid);
            continue;
        }
        buf_adds(out, names[block->kind]);
        if (block->level > 0)
            buf_addf(out, "%u", block->level);
        if (block->mark.n > 0)
            buf_addf(out, "(%.*s)", STR_ARG(block->mark));
        buf_addc(out, ' ');
        page_text_line(out, block->text);
        buf_addc(out, '\n');
    }
}

/*
 * What a format makes of a text: the page, then its diagnostics as `! message`, one a line. The caller frees.
 */
static inline struct buf page_text_of(const char *format, struct str text)
{
    struct arena *arena = arena_new();
    struct diags diags;
    struct buf out = BUF_EMPTY;

    diags_init(&diags, arena);
    page_text(&out, document_format_find(str_of(format))->read(arena, source_new(arena, STR("doc"), text), &diags));
    for (size_t i = 0; i < diags.n; i++)
        buf_addf(&out, "! %.*s\n", STR_ARG(diags.v[i].message));
    buf_addc(&out, '\0');
    arena_free(arena);
    return out;
}

struct page_case {
    const char *text;
    const char *page;
};

#define PAGE_CASES(format, cases)                                                                                      \
    for (size_t i_ = 0; i_ < sizeof(cases) / sizeof *(cases); i_++) {                                                  \
        struct buf made_ = page_text_of(format, str_of((cases)[i_].text));                                             \
        assert_string_equal(made_.p, (cases)[i_].page);                                                                \
        buf_free(&made_);                                                                                              \
    }

/* Input that means harm: `unit` n times. The page says both texts all the same; NULL: nothing is asked for. */
struct page_flood {
    const char *before;
    const char *unit;
    size_t n;
    const char *after;
    const char *says;
    const char *keeps;
};

#define PAGE_FLOODS(format, floods)                                                                                    \
    for (size_t i_ = 0; i_ < sizeof(floods) / sizeof *(floods); i_++) {                                                \
        struct buf made_ = page_text_flooded(format, &(floods)[i_]);                                                   \
        assert_true((floods)[i_].says == NULL || strstr(made_.p, (floods)[i_].says) != NULL);                          \
        assert_true((floods)[i_].keeps == NULL || strstr(made_.p, (floods)[i_].keeps) != NULL);                        \
        buf_free(&made_);                                                                                              \
    }

static inline struct buf page_text_flooded(const char *format, const struct page_flood *flood)
{
    struct buf text = BUF_EMPTY;
    struct buf made;

    buf_adds(&text, flood->before);
    for (size_t i = 0; i < flood->n; i++)
        buf_adds(&text, flood->unit);
    buf_adds(&text, flood->after);
    made = page_text_of(format, buf_str(&text));
    buf_free(&text);
    return made;
}

/* Where the text of a cell stands in its document: "LINE:COLUMN, N bytes". The caller frees. */
static inline struct buf page_text_place(const char *format, const char *text, size_t block, uint32_t row,
                                         uint32_t column)
{
    struct arena *arena = arena_new();
    struct buf place = BUF_EMPTY;
    struct diags diags;
    const struct page *page;
    const struct cell *cell;

    diags_init(&diags, arena);
    page = document_format_find(str_of(format))->read(arena, source_new(arena, STR("doc"), str_of(text)), &diags);
    cell = grid_at(page->blocks[block].grid, row, column);
    buf_addf(&place, "%u:%u, %zu bytes", (unsigned)source_line(page->source, cell->span.at),
             (unsigned)source_column(page->source, cell->span.at), (size_t)cell->span.n);
    buf_addc(&place, '\0');
    arena_free(arena);
    return place;
}

#define PAGE_PLACE(format, text, block, row, column, place)                                                            \
    do {                                                                                                               \
        struct buf place_ = page_text_place(format, text, block, row, column);                                         \
        assert_string_equal(place_.p, place);                                                                          \
        buf_free(&place_);                                                                                             \
    } while (0)

#endif
