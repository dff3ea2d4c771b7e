/*
 * Lines of a text as people have it, made plain: what a terminal folded is put together again, what a web page or a
 * word processor made of quotes, dashes and blanks becomes what it was. Every byte knows where it came from.
 */
#ifndef PORTOLAN_DIALECT_IPTABLES_LINE_H
#define PORTOLAN_DIALECT_IPTABLES_LINE_H

#include "base/diag.h"

#define FOLD_COLUMN 80 /* where terminals fold */

/* From byte `at` of a line on, up to the next piece, the source's bytes from `from` on. */
struct piece {
    uint32_t at;
    uint32_t from;
};

struct line {
    struct str text; /* the source's own, or a copy where that does not do */
    uint32_t at;     /* of the line in the source */
    const struct piece *pieces;
    size_t piece_n; /* 0: the text is the source's from `at` on */
};

/* How often something was done to lines, and to which first. */
struct line_count {
    uint32_t n;
    uint32_t first;
};

struct lines {
    struct arena *arena; /* of texts that are copies */
    const struct source *source;
    uint8_t *kinds; /* enum line_kind of each, the first at 0; see dumps.h */
    uint32_t fold;  /* blanks that a terminal put where it folded lines; 0: none */
    bool strange;   /* may hold what is no plain text */
    struct line_count folded;
    struct line_count wrapped;
    struct line_count cleaned;
};

void lines_open(struct lines *lines, struct arena *arena, const struct source *source);
/* A line without blanks around it, for telling what it is. Line numbers and marks of quoting before it are left out. */
struct str lines_look(struct lines *lines, uint32_t line);
/*
 * A line to read, with those up to `last` that continue it, and where it ends in a backslash the next. `cut`: what a
 * break parts is one word. Returns the line behind.
 */
uint32_t lines_take(struct lines *lines, uint32_t line, uint32_t last, bool cut, struct line *out);
uint32_t line_in_source(const struct line *line, uint32_t at);
/* Tells what was done to lines. */
void lines_tell(const struct lines *lines, struct diags *diags);

#endif
