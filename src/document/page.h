/*
 * A page that a vendor publishes, as its readers leave it and its writers take it: headings, sentences and tables in
 * the order of the page, without anything of its format. Plain data, immutable once read.
 *
 * Text is what a person sees: entities and escapes undone, emphasis and links gone (their words stay), runs of blanks
 * one blank. A place where the page breaks a line inside a cell or item is '\n': `389<br>636` is two lines. A no-break
 * space stays one (U+00A0): where cells got lost it is all that is left of them. Invalid UTF-8 is U+FFFD.
 */
#ifndef PORTOLAN_DOCUMENT_PAGE_H
#define PORTOLAN_DOCUMENT_PAGE_H

#include "base/diag.h"

/*
 * One cell as written. A cell that spans rows or columns stands at each of its places in the grid: the same pointer.
 */
struct cell {
    struct str text;
    struct span span;
    uint32_t row; /* where it starts */
    uint32_t column;
    uint32_t row_span; /* at least 1 */
    uint32_t column_span;
    bool head;         /* marked as a heading of its column or row */
    bool struck;       /* all of it struck through: withdrawn */
    struct str *marks; /* footnote marks that were told from the text: "1" of 51820<sup>[1]</sup> */
    size_t mark_n;
};

struct grid {
    struct str caption; /* may be empty */
    struct span span;
    size_t row_n;
    size_t column_n;
    const struct cell **at; /* row_n * column_n; NULL: nothing stands there */
    size_t head_n;          /* rows at the top that the format marks as head; 0: it marks none */
    /*
     * Cells may stand under the wrong column: the format lost row spans on the way (a pipe table copied from a page),
     * or has fewer cells in a row than in its head. What is missing at the end of a row is NULL.
     */
    bool shifted;
};

static inline const struct cell *grid_at(const struct grid *grid, size_t row, size_t column)
{
    return grid->at[row * grid->column_n + column];
}

enum block_kind {
    BLOCK_HEADING,   /* level from 1 */
    BLOCK_PARAGRAPH, /* sentences; in copied text one line each */
    BLOCK_ITEM,      /* of a list; level from 1 */
    BLOCK_TAB,       /* the label of what follows, up to the next tab of its level or BLOCK_TAB_END */
    BLOCK_TAB_END,
    BLOCK_NOTE,     /* a paragraph or item inside a note, warning or the like; `mark` names the kind */
    BLOCK_FOOTNOTE, /* `mark` is what points to it */
    BLOCK_CODE,     /* as it stands, line ends included */
    BLOCK_TABLE,
    BLOCK_KIND_N
};

struct block {
    enum block_kind kind;
    unsigned level;
    struct str text;
    struct str mark;
    struct span span;
    const struct grid *grid; /* BLOCK_TABLE only */
};

struct page {
    const struct source *source;
    struct str title; /* of the page; may be empty */
    struct block *blocks;
    size_t block_n;
};

#endif
