/*
 * What the readers of all formats build pages with: blocks in order, grids cell by cell with their spans expanded, and
 * at the end what formats only say in words: notes ("Note: …") and footnotes that marks point to.
 */
#ifndef PORTOLAN_DOCUMENT_BUILDER_H
#define PORTOLAN_DOCUMENT_BUILDER_H

#include "document/format.h"
#include "document/words.h"

#define BUILDER_NOTES_MOST 32u /* notes inside notes */

struct builder {
    struct arena *arena;
    const struct source *source;
    struct diags *diags;
    struct str title;
    struct VEC(struct block) blocks;
    struct VEC(struct grid *) grids;
    struct str notes[BUILDER_NOTES_MOST]; /* the kinds of note that are open, the innermost last */
    unsigned note_n;
};

/* Says where the source has bytes that are not UTF-8. */
void builder_begin(struct builder *builder, struct arena *arena, const struct source *source, struct diags *diags);
struct page *builder_end(struct builder *builder);

struct span builder_span(const struct builder *builder, size_t at, size_t n);
/* A block; a paragraph or item inside an open note becomes part of that. */
struct block *builder_add(struct builder *builder, enum block_kind kind, unsigned level, struct str text,
                          struct span span);
/* Ends the words and adds them; nothing where they are empty. */
void builder_words(struct builder *builder, enum block_kind kind, unsigned level, struct words *words);
void builder_note(struct builder *builder, struct str kind); /* opens one; `kind` in any letters */
void builder_note_end(struct builder *builder);
/* The usual name ("note", "warning") of what a document calls a kind of note; empty: it is none. */
struct str builder_note_kind(struct str word);
/* The same for the classes of an element: "note", "alert alert-warning", "theme-admonition-tip". */
struct str builder_note_class(struct str classes);

struct spread { /* a cell that reaches into rows to come */
    struct cell *cell;
    size_t until; /* its last row */
};

struct grid_builder {
    struct builder *builder;
    struct grid *grid;
    struct VEC(struct cell *) cells;
    struct VEC(struct spread) spreads; /* by column */
    size_t row;                        /* that is being filled */
    size_t column;                     /* next place in it */
    size_t width;                      /* columns in which a cell starts */
    bool open;                         /* a row was begun */
    bool full;                         /* a limit was met and said */
};

void grid_begin(struct grid_builder *grid, struct builder *builder, size_t at);
void grid_row(struct grid_builder *grid);
/* The next free place of the row. A row span of 0 reaches to the end of the table. NULL: beyond a limit, which was
 * said. */
struct cell *grid_cell(struct grid_builder *grid, size_t row_span, size_t column_span, size_t at);
/* Whether the row has room for another cell in the first `columns` columns. */
bool grid_fits(const struct grid_builder *grid, size_t columns);
/* Ends the words and adds them as a cell. */
struct cell *grid_words(struct grid_builder *grid, size_t row_span, size_t column_span, struct words *words, size_t at);
/* Expands the spans; NULL where there is no cell. The cells of head_n rows at the top become heads. */
struct grid *grid_end(struct grid_builder *grid, size_t head_n, size_t end);
/* The same, added to the page. */
void grid_add(struct grid_builder *grid, size_t head_n, struct str caption, size_t end);

#endif
