/*
 * Text copied from a page or a PDF, with no marks but lines, blanks, tabs and pipes. Between the files of this format:
 * text.c walks the lines, columns.c tells columns that are parted by blanks.
 */
#ifndef PORTOLAN_DOCUMENT_TEXT_H
#define PORTOLAN_DOCUMENT_TEXT_H

#include "document/builder.h"

struct text_lines {
    struct builder *builder;
    struct str *v; /* without line ends */
    size_t n;
};

static inline size_t text_at(const struct text_lines *lines, struct str inside)
{
    return (size_t)(inside.p - lines->builder->source->text.p);
}

/* A row of this grid's cells is added word by word; a table whose rows lost cells is `shifted`. */
void text_cell(struct grid_builder *grid, const struct text_lines *lines, struct str cell);

/*
 * How many lines from `first` on are rows of columns with two or more blanks between them, all in the same places; then
 * they are added as a table. 0: they are no such rows, and neither are those of the lines that were looked at.
 */
size_t text_columns(const struct text_lines *lines, size_t first, size_t *looked_at);

#endif
