/* Between read.c, which walks the blocks of AsciiDoc, and sentences.c, which reads lists and paragraphs. */
#ifndef PORTOLAN_DOCUMENT_ASCIIDOC_READING_H
#define PORTOLAN_DOCUMENT_ASCIIDOC_READING_H

#include "document/asciidoc/asciidoc.h"

#define OPEN_MOST 24u

enum opened { OPENED_PLAIN, OPENED_NOTE, OPENED_TAB, OPENED_TABS };

struct open_block {
    struct str delimiter;
    enum opened as;
};

struct asciidoc_reading {
    struct asciidoc doc;
    struct builder *builder;
    const struct source *source;
    size_t line;           /* the next, from 1 */
    struct str attributes; /* of the block to come, without brackets */
    struct str title;      /* of the block to come */
    struct open_block open[OPEN_MOST];
    size_t open_n;
    struct str markers[8]; /* of the open lists, the outermost first */
    unsigned level;
    unsigned tab;
    bool label; /* a list of terms in [tabs] has a tab open */
    bool titled;
};

struct str asciidoc_line(const struct asciidoc_reading *reading, size_t line);
bool asciidoc_more(const struct asciidoc_reading *reading);
size_t asciidoc_place(const struct asciidoc_reading *reading, struct str inside);
/* A line of attributes or a title of the block to come is taken; a line of attributes is told. */
bool asciidoc_block_attributes(struct asciidoc_reading *reading, struct str line);
bool asciidoc_is_attributes(struct str line);
void asciidoc_forget(struct asciidoc_reading *reading); /* what they said, once the block has come */
bool asciidoc_is_delimiter(struct str line);
/* Part of the source without its marks. */
struct str asciidoc_words(struct asciidoc_reading *reading, struct str text);
void asciidoc_open_tab(struct asciidoc_reading *reading, struct str label, size_t at);
void asciidoc_close_tab(struct asciidoc_reading *reading);

/* An item, or a term, that begins at this line, is read to its end; false: none does. */
bool asciidoc_item(struct asciidoc_reading *reading, struct str line);
bool asciidoc_term(struct asciidoc_reading *reading, struct str line);
void asciidoc_paragraph(struct asciidoc_reading *reading, struct str line);

#endif
