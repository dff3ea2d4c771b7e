/* Rows of cells between pipes, as in Markdown and in text copied from it. */
#ifndef PORTOLAN_DOCUMENT_PIPES_H
#define PORTOLAN_DOCUMENT_PIPES_H

#include "base/str.h"

/* A line that begins with a pipe and has another. */
bool pipes_is_row(struct str line);
/* A line of dashes under the heads: `| --- | :--: |`, and what mysql and psql draw, `+----+----+`. */
bool pipes_is_rule(struct str line);
/* Takes the next cell, trimmed, from what is left of a row; a pipe behind a backslash is text. The slice stays inside
 * the line. False: the row ends; pipes_begin takes the pipe and blanks at both ends first. */
struct str pipes_begin(struct str line);
bool pipes_next(struct str *rest, struct str *cell);
size_t pipes_count(struct str line); /* its cells */

#endif
