/* A tree of HTML elements into the blocks of a page: for whole pages, and for the HTML inside Markdown. */
#ifndef PORTOLAN_DOCUMENT_MARKUP_H
#define PORTOLAN_DOCUMENT_MARKUP_H

#include "document/elements.h"

/* A whole page: its title, and what is not chrome around it (navigation, header, footer, scripts). */
void markup_page(struct builder *builder, const struct element *root);
/* Part of a page, all of which counts; list items in it are of `list` levels more. */
void markup_part(struct builder *builder, const struct element *root, unsigned list);

/* The way back: text with what HTML reads as its own escaped, in lines; a table with all it has. */
void markup_write_escaped(struct buf *out, struct str text);
void markup_write_text(struct buf *out, struct str text);
void markup_write_table(struct buf *out, const struct grid *grid);

struct markup_labels { /* of one set of tabs, in order, that no panel has taken yet */
    struct str *v;
    size_t n;
    size_t capacity;
    size_t taken;
};

#define MARKUP_TABS_DEEPEST 16u

struct markup {
    struct builder *builder;
    struct words words; /* the sentence that is being read */
    enum block_kind kind;
    unsigned level;
    unsigned list; /* lists that are open */
    unsigned tab;  /* tabs that are open */
    unsigned struck;
    bool whole;
    bool inside; /* of the main part: a header there is the page's own */
    struct markup_labels labels[MARKUP_TABS_DEEPEST];
    size_t label_n;
};

/* Between the files of this part: markup.c, markup_table.c, markup_skip.c. */
void markup_children(struct markup *markup, const struct element *element);
void markup_table(struct markup *markup, const struct element *table);
bool markup_skips(const struct markup *markup, const struct element *element);
struct str markup_note_of(const struct element *element); /* the kind of note that it is; empty: none */
bool markup_strikes(const struct element *element);
/* The text inside an element, as one line or as lines. */
void markup_text(const struct markup *markup, const struct element *element, struct words *words);
bool markup_is_mark(const struct element *element, struct str *mark, struct arena *arena);
const struct element *markup_main(const struct element *root); /* the part that holds the page; root: no such part */

#endif
