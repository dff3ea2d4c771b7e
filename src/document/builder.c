/*
 * Pages put together; see builder.h. Grids are held to the limits of format.h here and nowhere else: a span reaches no
 * further than the rows and columns in which something starts.
 */
#include "document/builder.h"

#include <assert.h>

/* One warning for all bytes of a source that are no text. */
static void judge_bytes(struct builder *builder)
{
    struct str rest = builder->source->text;
    size_t first = SIZE_MAX;
    size_t bad = 0;

    while (rest.n > 0) {
        uint32_t letter = 0;
        size_t n = 0;

        while (n < rest.n && (unsigned char)(rest.p[n] - ' ') < 0x60)
            n++;
        rest = str_from(rest, n);
        if (rest.n == 0)
            break;
        n = words_letter(rest, &letter);

        if (n == 0 || letter == 0) {
            first = first == SIZE_MAX ? builder->source->text.n - rest.n : first;
            bad++;
        }
        rest = str_from(rest, n == 0 ? 1 : n);
    }
    if (bad == 0)
        return;
    diag_warning(builder->diags, builder_span(builder, first, 1), "%zu byte%s not UTF-8 text, read as U+FFFD", bad,
                 bad == 1 ? " is" : "s are");
    if (str_starts(builder->source->text, "\xff\xfe") || str_starts(builder->source->text, "\xfe\xff"))
        diag_hint(builder->diags, "this is UTF-16; save it as UTF-8");
}

void builder_begin(struct builder *builder, struct arena *arena, const struct source *source, struct diags *diags)
{
    *builder = (struct builder){.arena = arena, .source = source, .diags = diags, .title = STR_EMPTY};
    judge_bytes(builder);
}

struct span builder_span(const struct builder *builder, size_t at, size_t n)
{
    size_t size = builder->source->text.n;

    at = at < size ? at : size;
    return span_at(builder->source, at, n < size - at ? n : size - at);
}

struct block *builder_add(struct builder *builder, enum block_kind kind, unsigned level, struct str text,
                          struct span span)
{
    struct block *last = builder->blocks.n == 0 ? NULL : &builder->blocks.v[builder->blocks.n - 1];
    struct block *block;

    if (kind == BLOCK_TAB && last != NULL && last->kind == BLOCK_TAB_END && last->level == level)
        builder->blocks.n--; /* the next tab ends the one before */
    block = vec_push(builder->arena, &builder->blocks);
    *block = (struct block){.kind = kind, .level = level, .text = text, .mark = STR_EMPTY, .span = span};
    if (builder->note_n > 0 && (kind == BLOCK_PARAGRAPH || kind == BLOCK_ITEM)) {
        block->kind = BLOCK_NOTE;
        block->level = 0;
        block->mark = builder->notes[builder->note_n - 1];
    }
    return block;
}

static void say_dropped(struct builder *builder, const struct words_text *text)
{
    if (text->dropped)
        diag_warning(builder->diags, builder_span(builder, text->at, text->n),
                     "words that are struck through are left out of \"%.*s\"", STR_ARG(str_head(text->text, 60)));
}

/* Footnote marks have no place of their own in a sentence: they go back to its end. */
static struct str with_marks(struct arena *arena, const struct words_text *text)
{
    struct buf all = BUF_EMPTY;
    struct str made = text->text;

    if (text->mark_n == 0)
        return made;
    buf_add(&all, made);
    for (size_t i = 0; i < text->mark_n; i++)
        buf_addf(&all, "[%.*s]", STR_ARG(text->marks[i]));
    made = str_dup(arena, buf_str(&all));
    buf_free(&all);
    return made;
}

/* Headings have one line. */
static struct str one_line(struct arena *arena, struct str text)
{
    return memchr(text.p, '\n', text.n) == NULL ? text : words_of(arena, text);
}

void builder_words(struct builder *builder, enum block_kind kind, unsigned level, struct words *words)
{
    struct words_text text = words_end(words, 0);

    if (kind == BLOCK_HEADING)
        text.text = one_line(builder->arena, text.text);
    if (builder->note_n > 0 && builder_note_kind(text.text).n > 0)
        return; /* the title of a note that is its kind */
    say_dropped(builder, &text);
    if (text.text.n > 0 && !(text.struck && kind != BLOCK_HEADING))
        builder_add(builder, kind, level, with_marks(builder->arena, &text), builder_span(builder, text.at, text.n));
    else if (text.struck)
        diag_warning(builder->diags, builder_span(builder, text.at, text.n),
                     "a sentence that is struck through is left out");
}

void builder_note(struct builder *builder, struct str kind)
{
    struct str usual = builder_note_kind(kind);

    if (builder->note_n < BUILDER_NOTES_MOST)
        builder->notes[builder->note_n++] = usual.n > 0 ? usual : STR("note");
}

void builder_note_end(struct builder *builder)
{
    if (builder->note_n > 0)
        builder->note_n--;
}

void grid_begin(struct grid_builder *grid, struct builder *builder, size_t at)
{
    *grid = (struct grid_builder){.builder = builder, .grid = arena_new_object(builder->arena, struct grid)};
    grid->grid->caption = STR_EMPTY;
    grid->grid->span = builder_span(builder, at, 0);
}

void grid_row(struct grid_builder *grid)
{
    if (grid->open)
        grid->row++;
    grid->open = true;
    grid->column = 0;
}

static bool taken(const struct grid_builder *grid, size_t column)
{
    return column < grid->spreads.n && grid->spreads.v[column].cell != NULL &&
           grid->spreads.v[column].until >= grid->row;
}

static void say_full(struct grid_builder *grid, size_t at, const char *what, unsigned most)
{
    if (!grid->full)
        diag_error(grid->builder->diags, builder_span(grid->builder, at, 1),
                   "this table has more than %u %s; the rest is left out", most, what);
    grid->full = true;
}

static void spread(struct grid_builder *grid, struct cell *cell)
{
    for (size_t i = cell->column; i < (size_t)cell->column + cell->column_span; i++) {
        while (grid->spreads.n <= i)
            vec_push(grid->builder->arena, &grid->spreads);
        grid->spreads.v[i] = (struct spread){cell, (size_t)cell->row + cell->row_span - 1};
    }
}

struct cell *grid_cell(struct grid_builder *grid, size_t row_span, size_t column_span, size_t at)
{
    struct cell *cell;
    size_t column = grid->column;

    assert(grid->open);
    while (taken(grid, column))
        column++;
    grid->column = column;
    if (column >= DOCUMENT_COLUMNS_MOST) {
        say_full(grid, at, "columns", DOCUMENT_COLUMNS_MOST);
        return NULL;
    }
    if (column >= grid->width)
        grid->width = column + 1;
    if ((grid->row + 1) * grid->width > DOCUMENT_CELLS_MOST) {
        say_full(grid, at, "cells", DOCUMENT_CELLS_MOST);
        return NULL;
    }
    cell = arena_new_object(grid->builder->arena, struct cell);
    cell->text = STR_EMPTY;
    cell->span = builder_span(grid->builder, at, 0);
    cell->row = (uint32_t)grid->row;
    cell->column = (uint32_t)column;
    cell->row_span = row_span == 0 || row_span > DOCUMENT_SPAN_MOST ? DOCUMENT_SPAN_MOST : (uint32_t)row_span;
    if (column_span > DOCUMENT_COLUMNS_MOST - column)
        column_span = DOCUMENT_COLUMNS_MOST - column;
    cell->column_span = 1;
    while (cell->column_span < column_span && !taken(grid, column + cell->column_span))
        cell->column_span++;
    spread(grid, cell);
    grid->column = column + cell->column_span;
    *vec_push(grid->builder->arena, &grid->cells) = cell;
    return cell;
}

struct cell *grid_words(struct grid_builder *grid, size_t row_span, size_t column_span, struct words *words, size_t at)
{
    struct words_text text = words_end(words, at);
    struct cell *cell = grid_cell(grid, row_span, column_span, at);

    if (cell == NULL)
        return NULL;
    say_dropped(grid->builder, &text);
    cell->text = text.text;
    cell->span = builder_span(grid->builder, text.at, text.n);
    cell->struck = text.struck;
    cell->marks = text.marks;
    cell->mark_n = (uint32_t)text.mark_n;
    return cell;
}

static void place(struct grid *grid, struct cell *cell)
{
    if (cell->row_span > grid->row_n - cell->row)
        cell->row_span = (uint32_t)(grid->row_n - cell->row);
    if (cell->column_span > grid->column_n - cell->column)
        cell->column_span = (uint32_t)(grid->column_n - cell->column);
    for (size_t row = cell->row; row < (size_t)cell->row + cell->row_span; row++) {
        for (size_t column = cell->column; column < (size_t)cell->column + cell->column_span; column++)
            grid->at[row * grid->column_n + column] = cell;
    }
}

bool grid_fits(const struct grid_builder *grid, size_t columns)
{
    size_t column = grid->column;

    while (grid->open && taken(grid, column))
        column++;
    return grid->open && column < columns;
}

/* Rows at the top that hold nothing but heads are the head, however a format marks them. */
static size_t count_heads(const struct grid *grid)
{
    size_t row = 0;

    for (; row < grid->row_n; row++) {
        bool found = false;

        for (size_t column = 0; column < grid->column_n; column++) {
            const struct cell *cell = grid_at(grid, row, column);

            if (cell != NULL && !cell->head)
                return row;
            found |= cell != NULL;
        }
        if (!found)
            return row;
    }
    return row;
}

struct grid *grid_end(struct grid_builder *grid, size_t head_n, size_t end)
{
    struct grid *made = grid->grid;

    if (grid->cells.n == 0)
        return NULL;
    /* What only a span reaches into is no row and no column. */
    made->row_n = (size_t)grid->cells.v[grid->cells.n - 1]->row + 1;
    made->column_n = grid->width;
    made->head_n = head_n < made->row_n ? head_n : made->row_n;
    made->span = builder_span(grid->builder, made->span.at, end > made->span.at ? end - made->span.at : 0);
    made->at = arena_new_array(grid->builder->arena, const struct cell *, made->row_n * made->column_n);
    vec_each (struct cell **, cell, &grid->cells) {
        (*cell)->head |= (*cell)->row < made->head_n;
        place(made, *cell);
    }
    made->head_n = count_heads(made);
    return made;
}

void grid_add(struct grid_builder *grid, size_t head_n, struct str caption, size_t end)
{
    struct grid *made = grid_end(grid, head_n, end);

    if (made == NULL)
        return;
    made->caption = caption;
    builder_add(grid->builder, BLOCK_TABLE, 0, STR_EMPTY, made->span)->grid = made;
    *vec_push(grid->builder->arena, &grid->builder->grids) = made;
}
