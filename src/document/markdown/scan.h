/* Between scan.c, which goes over the lines, and directive.c, which knows what is not Markdown's own. */
#ifndef PORTOLAN_DOCUMENT_MARKDOWN_SCAN_H
#define PORTOLAN_DOCUMENT_MARKDOWN_SCAN_H

#include "document/markdown/markdown.h"

enum open_is { OPEN_PLAIN, OPEN_NOTE, OPEN_TAB };

enum open_by {
    BY_INDENT,   /* !!! note, === "Tab" */
    BY_COLONS,   /* :::note */
    BY_TEMPLATE, /* {% note %} */
    BY_HTML,     /* <div class="note"> on a line of its own */
};

struct open_part {
    enum open_is is;
    enum open_by by;
    struct str name; /* of the tag that closes it; empty: any */
    size_t indent;   /* BY_INDENT: of its content */
};

#define OPEN_MOST 32u

struct scanning {
    struct scan *scan;
    struct builder *builder;
    const struct source *source;
    struct open_part open[OPEN_MOST];
    size_t open_n;
    size_t fence; /* letters of the fence that is open; 0: none is */
    char fence_c;
    bool comment;
    size_t images; /* in the paragraph that is being read */
    bool unclosed; /* a table of HTML never ended: no other one is looked for */
    bool said;
};

void scan_emit(struct scanning *scanning, struct str line, size_t at); /* a line for cmark */
/* `line`: of the source, or what of it is left; the event stands there. */
void scan_event(struct scanning *scanning, struct event event, struct str line);
void scan_open(struct scanning *scanning, struct open_part part, struct str label, struct str line);
/* Ends the innermost part that was opened so, by that name (empty: any), and all inside it; false: there is none. */
bool scan_close(struct scanning *scanning, enum open_by by, struct str name, struct str line);
struct str scan_line(const struct scanning *scanning, size_t line);
size_t scan_place(const struct scanning *scanning, struct str inside);

/* What begins at this line and is no Markdown; how many lines it takes, 0: nothing does. */
size_t scan_directive(struct scanning *scanning, struct str text, size_t line);
/* The same for tags of template engines, template lines alone: scan_template.c. */
size_t scan_template(struct scanning *scanning, struct str text, size_t line);
size_t scan_tags(struct scanning *scanning, struct str text, size_t line);

#endif
