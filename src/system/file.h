/* Files: read whole with a limit, written whole or not at all. */
#ifndef PORTOLAN_SYSTEM_FILE_H
#define PORTOLAN_SYSTEM_FILE_H

#include "base/diag.h"

#define FILE_LIMIT_TEXT ((size_t)64 << 20)     /* sites, catalogs, inventories */
#define FILE_LIMIT_RULESET ((size_t)768 << 20) /* a million rules and more */

/* Reads a file, or standard input for "-", without a byte order mark. NULL with an error in diags when it cannot be
 * read, is larger, or is no text (a NUL byte). */
const struct source *file_read(struct arena *arena, struct str path, size_t limit, struct diags *diags);
/* Like file_read, but a file that does not exist is no error: NULL. */
const struct source *file_read_if_there(struct arena *arena, struct str path, size_t limit, struct diags *diags);
/* Writes through a temporary file beside it, which then takes its name. False with an error in diags. */
bool file_write(struct str path, struct str text, struct diags *diags);
/*
 * Writes another text into the file that `before` was read from, through a temporary file beside it with its mode and
 * owner; a symbolic link stays, and leads to the new text. A byte order mark stays. An error in diags and false where
 * it is no regular file, is read-only (no write bit at all, for root too), or no longer has the text of `before`.
 */
bool file_replace(const struct source *before, struct str text, struct diags *diags);
/* Whether it could be replaced as it is now; an error in diags says why not. */
bool file_replaceable(struct str path, struct diags *diags);
bool file_is_there(struct str path); /* whatever it is */
bool file_is_directory(struct str path);
/* Creates the directory unless it is there. */
bool file_make_directory(struct str path, struct diags *diags);
/* Paths of the files in a directory whose name ends so, sorted. */
struct str *file_list(struct arena *arena, struct str directory, const char *ending, size_t *n, struct diags *diags);
/* `path` seen from the directory of `beside`, unless it is absolute. */
struct str file_beside(struct arena *arena, struct str beside, struct str path);

#endif
