/*
 * Markdown as vendors keep it: GitHub's, and what MkDocs, Docusaurus, Jekyll, Hugo and others add to it.
 *
 * Between the files of this format: scan.c goes over the lines first and takes out what cmark must not see or does not
 * know (tables, HTML tables, notes, tabs, templating); each of these becomes an event, and a line with a comment stands
 * for it in the text that cmark parses. read.c walks what cmark made of that, and meets the events at their places.
 */
#ifndef PORTOLAN_DOCUMENT_MARKDOWN_H
#define PORTOLAN_DOCUMENT_MARKDOWN_H

#include <cmark-gfm.h>

#include "document/builder.h"

#define MARKDOWN_EVENT "<!---->" /* the line that stands for one */

#define MARKDOWN_IMAGES_MOST 500u /* in one paragraph */

enum event_kind {
    EVENT_NONE,
    EVENT_TABLE, /* rows between pipes */
    EVENT_HTML,  /* a table of HTML, to be read as it stands */
    EVENT_NOTE,  /* text: its kind */
    EVENT_NOTE_END,
    EVENT_TAB, /* text: its label */
    EVENT_TAB_END,
    EVENT_FOOTNOTE, /* the next paragraph is one; text: its mark */
};

struct event {
    enum event_kind kind;
    struct str text;
    size_t at;    /* in the source */
    size_t first; /* EVENT_TABLE: lines of the source */
    size_t n;
};

struct scan_line { /* of what cmark parses */
    size_t at;     /* where its text stands in the source */
    size_t event;  /* 1 and up: it stands for that one */
};

struct scan {
    struct builder *builder;
    struct buf text;
    struct VEC(struct scan_line) lines;
    struct VEC(struct event) events;
};

/* The caller frees scan->text. */
void markdown_scan(struct scan *scan, struct builder *builder);

/* Part of a line that a template engine takes for itself: `{% name rest %}`, `{{< name rest >}}`, `{{name}}`. */
struct template_tag {
    struct str name;
    struct str rest;
    bool closes; /* `{% endname %}`, `{{< /name >}}` */
    size_t n;    /* its length, delimiters included */
};

/* The tag that s begins with. */
bool template_at(struct str s, struct template_tag *tag);
/* The value of `name="value"` in a tag's rest; empty where there is none. */
struct str template_value(struct str rest, const char *name);
/* Copies text with blanks for tags around words that a page shows: `{% include note.html content="words" %}`. */
struct str template_blank(struct arena *arena, struct str text);

/* The words of Markdown within one line, as in a cell. They came from n bytes of the source. */
void markdown_inline(struct words *words, struct str text, size_t at, size_t n);
/* Marks of footnotes (`[^1]`) as raised text, which tables too can hold. */
struct str markdown_footnotes(struct arena *arena, struct str text);
cmark_parser *markdown_parser(void);          /* with the extensions that are used; the caller frees */
bool markdown_is_hostile(struct str text);    /* cmark would need very long for it */
struct str markdown_unquote(struct str line); /* without the `>` of quotes before it */
/* What an inline node adds; true: also on leaving it. `images`: their descriptions count. */
struct inline_state {
    struct words *words;
    struct buf sup; /* what stands in <sup> */
    bool in_sup;
    unsigned image;
    bool images;
};
void markdown_node(struct inline_state *state, cmark_node *node, cmark_event_type event, size_t at, size_t end);
void markdown_end(struct inline_state *state, size_t at, size_t end); /* ends what was left open */

/* Rows between pipes, lines first..first+n of the source; a line of dashes below the first makes that the head. */
void markdown_table(struct builder *builder, size_t first, size_t n);

struct page *markdown_read(struct arena *arena, const struct source *source, struct diags *diags);
void markdown_write(struct buf *out, const struct page *page);

#endif
