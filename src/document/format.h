/*
 * The formats of documents: a reader and a writer side by side. Each is a folder with read.c and write.c, one
 * `const struct document_format` and one line in formats.def.
 *
 * Pure: text in, a page out, and back. A page that was written and read again has the same headings, sentences and
 * tables.
 */
#ifndef PORTOLAN_DOCUMENT_FORMAT_H
#define PORTOLAN_DOCUMENT_FORMAT_H

#include "document/page.h"

struct document_format {
    const char *name;            /* as in --format and --from: "html" */
    const char *title;           /* "HTML" */
    const char *const *suffixes; /* of file names, without the dot; ends in NULL */
    /* Whether a text looks like this format; for input whose name says nothing. */
    bool (*recognise)(struct str text);
    /*
     * Never fails: what cannot be read is a diagnostic and stays as text. Hostile size (spans, nesting, cells) is
     * bounded with an error. Text that slices point to must outlive the page.
     */
    struct page *(*read)(struct arena *arena, const struct source *source, struct diags *diags);
    /* NULL: read only. */
    void (*write)(struct buf *out, const struct page *page);
};

const struct document_format *document_format_find(struct str name); /* NULL where there is none */
/* By the suffix of the file's name, else by what the text looks like; copied text where nothing else fits. */
const struct document_format *document_format_of(struct str file, struct str text);
const struct document_format *const *document_format_all(size_t *n);

/* Limits on what a page may hold; beyond them a diagnostic, and the rest is left out. */
#define DOCUMENT_COLUMNS_MOST 1000u
#define DOCUMENT_CELLS_MOST 10000000u /* places in one grid: with their cells less than 800 MB */
#define DOCUMENT_SPAN_MOST 10000u

#endif
