/*
 * HTML as a tree of elements that know their place, over libxml2's parser of HTML: for the reader of pages, and for
 * the HTML inside Markdown. Any text gives a tree. No network, no entities but HTML's own, no DTD.
 *
 * The tree is shallow: deeper than ELEMENTS_DEEPEST, elements hang from the last one that is not. Whoever walks it may
 * recurse.
 */
#ifndef PORTOLAN_DOCUMENT_ELEMENTS_H
#define PORTOLAN_DOCUMENT_ELEMENTS_H

#include "document/builder.h"

#define ELEMENTS_DEEPEST 200u

enum tag {
    TAG_text, /* no element: text between them */
    TAG_other,
#define TAG(name) TAG_##name,
#include "document/tags.def"
#undef TAG
    TAG_N
};

struct attribute {
    struct str name; /* lower case */
    struct str value;
};

struct element {
    enum tag tag;
    struct element *parent;
    struct element *child; /* the first */
    struct element *last;
    struct element *next;
    struct str text; /* TAG_text */
    struct attribute *attributes;
    size_t attribute_n;
    uint32_t at; /* bytes of the source: the text, or from the start tag to the end of the end tag */
    uint32_t end;
    bool exact; /* the text stands in the source byte by byte */
};

/*
 * The tree of a part of the builder's source, or of a text of the same length that stands for it (with what HTML does
 * not know blanked out). Never NULL; what is too deep or too large is said.
 */
struct element *elements_read(struct builder *builder, struct str text, size_t at);

struct str element_get(const struct element *element, const char *attribute); /* empty where there is none */
bool element_has_class(const struct element *element, const char *name);

#endif
