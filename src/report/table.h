/* A table of texts with its views: aligned columns, CSV (RFC 4180), Markdown. */
#ifndef PORTOLAN_REPORT_TABLE_H
#define PORTOLAN_REPORT_TABLE_H

#include "base/buf.h"
#include "base/vec.h"

enum view { VIEW_TEXT, VIEW_JSON, VIEW_CSV, VIEW_MARKDOWN, VIEW_N };

const char *view_name(enum view view); /* "markdown" */

struct table {
    struct arena *arena;
    const char *const *columns; /* their titles */
    size_t column_n;
    struct table_cells VEC(struct str) cells; /* row after row */
};

void table_init(struct table *table, struct arena *arena, const char *const *columns, size_t column_n);
void table_add(struct table *table, struct str cell); /* the next cell, borrowed */

/* Columns two blanks apart, titles in capitals as the first line; no line ends in a blank. */
void table_print_text(struct buf *out, const struct table *table);
/* Titles first; lines end in LF. A cell that a spreadsheet would take for a formula gets an apostrophe before it. */
void table_print_csv(struct buf *out, const struct table *table);
void table_print_markdown(struct buf *out, const struct table *table);

#endif
