/*
 * AsciiDoc as Asciidoctor reads it. Between the files of this format: read.c walks the blocks, sentences.c reads
 * lists and paragraphs, table.c parts tables
 * into cells, lines.c reads what a cell holds, text.c undoes the marks inside lines, write.c writes a page.
 */
#ifndef PORTOLAN_DOCUMENT_ASCIIDOC_H
#define PORTOLAN_DOCUMENT_ASCIIDOC_H

#include "base/map.h"
#include "document/builder.h"

struct asciidoc {
    struct builder *builder;
    struct map attributes; /* name -> struct str * */
    struct VEC(struct str) footnotes;
};

/* The words of one sentence, which may go over several lines; ` +` at the end of one breaks it. */
void asciidoc_inline(struct asciidoc *doc, struct words *words, struct str text, size_t at);
/* The text of a cell: sentences, items, and inner tables as lines. */
void asciidoc_lines(struct asciidoc *doc, struct words *words, struct str text, size_t at);
/* Lines that only a processor reads: comments, conditions, includes. */
bool asciidoc_is_silent(struct str line);

struct asciidoc_table {
    struct str attributes; /* between the brackets before it */
    struct str caption;
    struct str text; /* between its delimiters */
    size_t at;
    char separator; /* '|', ',' or ':' by its delimiter */
};

void asciidoc_table(struct asciidoc *doc, const struct asciidoc_table *table);

/* `name=value` or `name="value"` of a list of attributes; empty where there is none. */
struct str asciidoc_attribute(struct str attributes, const char *name);
/* Whether an option is set: `options="header"`, `opts=…`, `%header`. */
bool asciidoc_option(struct str attributes, const char *name);

struct page *asciidoc_read(struct arena *arena, const struct source *source, struct diags *diags);
void asciidoc_write(struct buf *out, const struct page *page);

#endif
