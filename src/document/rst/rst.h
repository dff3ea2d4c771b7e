/*
 * reStructuredText as docutils and Sphinx read it; read only. Between the files of this format: read.c walks blocks by
 * their indent, directive.c what stands behind `.. name::`, text.c undoes the marks inside lines, grid.c and simple.c
 * read the two kinds of drawn tables, list.c those made of lists and of CSV.
 */
#ifndef PORTOLAN_DOCUMENT_RST_H
#define PORTOLAN_DOCUMENT_RST_H

#include "base/map.h"
#include "document/builder.h"

#define RST_DEEPEST 40u
#define RST_STYLES_MOST 16u

struct rst_lines { /* slices of the source, without the indent of the block that they stand in */
    struct str *v;
    size_t n;
};

struct rst {
    struct builder *builder;
    struct map substitutions;        /* name -> struct str * */
    char styles[RST_STYLES_MOST][2]; /* of titles, in the order in which they were met: letter, and whether above too */
    unsigned style_n;
    unsigned list; /* items that are open */
    unsigned tab;
    unsigned depth; /* blocks inside blocks */
};

void rst_blocks(struct rst *rst, struct rst_lines lines);
/* The block that is indented below line `first`, without its indent; *next: the line behind it. */
struct rst_lines rst_indented(const struct rst *rst, struct rst_lines lines, size_t first, size_t *next);
size_t rst_indent(struct str line);
bool rst_blank(struct str line);
size_t rst_place(const struct rst *rst, struct str inside);
/* The length of what an item begins with, blanks included: `- `, `1. `, `#. `; 0: the line is none. */
size_t rst_item_start(struct str line);

/* A line that begins with `..`, and what belongs to it; the line behind that. */
size_t rst_explicit(struct rst *rst, struct rst_lines lines, size_t first);

/* The words of a text, which came of at..end of the source. */
void rst_inline(struct rst *rst, struct words *words, struct str text, size_t at, size_t end);
/* The lines of a cell: sentences go on over lines, blank lines and items break them. */
void rst_cell(struct rst *rst, struct words *words, struct rst_lines lines);

/* Tables; how many lines they take, 0: there is none. */
size_t rst_grid_table(struct rst *rst, struct rst_lines lines, size_t first, struct str caption);
size_t rst_simple_table(struct rst *rst, struct rst_lines lines, size_t first, struct str caption);
void rst_list_table(struct rst *rst, struct rst_lines body, size_t head_n, size_t stub_n, struct str caption,
                    size_t at);
void rst_csv_table(struct rst *rst, struct rst_lines body, struct str header, char delimiter, size_t head_n,
                   struct str caption, size_t at);

#endif
