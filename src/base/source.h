/*
 * A text that came from somewhere: a file, standard input, or the program itself. A place in it is a byte offset, from
 * which line and column (both counted from 1, columns in bytes) are found when somebody asks.
 */
#ifndef PORTOLAN_BASE_SOURCE_H
#define PORTOLAN_BASE_SOURCE_H

#include "base/str.h"

struct source {
    struct str name; /* as the user wrote it; "<stdin>" for standard input */
    struct str text;
    uint32_t *line_starts; /* built by source_new */
    uint32_t line_n;
};

/* Part of a source. `source` NULL: nowhere. */
struct span {
    const struct source *source;
    uint32_t at;
    uint32_t n;
};

#define SPAN_NONE ((struct span){0})

/* The source borrows name and text; text is at most 4 GiB - 1 (the reader of files refuses larger ones). */
struct source *source_new(struct arena *arena, struct str name, struct str text);
uint32_t source_line(const struct source *source, uint32_t at);          /* from 1 */
uint32_t source_column(const struct source *source, uint32_t at);        /* from 1, in bytes */
struct str source_line_text(const struct source *source, uint32_t line); /* without its line end */
struct span span_at(const struct source *source, size_t at, size_t n);
struct span span_line(const struct source *source, uint32_t line); /* the text of a whole line */
/* Bytes at..at+n of a text that was read from `span`, with or without quotes around it; all of it where the source
 * does not show the text byte by byte (escapes, folded lines). */
struct span span_inside(struct span span, struct str text, size_t at, size_t n);

#endif
