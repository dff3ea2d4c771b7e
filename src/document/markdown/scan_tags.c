/*
 * Lines of nothing but tags that open or close a part of the page: <details>, <div class="note">, <TabItem label="…">,
 * and the notes of MDX. What stands between them is Markdown again. See scan.h.
 */
#include <ctype.h>
#include <strings.h>

#include "document/markdown/scan.h"

#define TAG_LINES_MOST 20u

struct tag {
    struct str name;
    struct str attributes;
    bool closes;
    bool alone; /* <x/> */
    size_t n;
};

/* A tag that s begins with. */
static bool tag_at(struct str s, struct tag *tag)
{
    size_t at = 1;
    char quote = 0;

    *tag = (struct tag){.closes = s.n > 1 && s.p[1] == '/'};
    at += tag->closes;
    if (s.n < 3 || s.p[0] != '<' || !isalpha((unsigned char)s.p[at]))
        return false;
    tag->name = str_from(s, at);
    while (at < s.n && isalnum((unsigned char)s.p[at]))
        at++;
    tag->name.n = (size_t)(s.p + at - tag->name.p);
    tag->attributes = str_from(s, at);
    for (; at < s.n; at++) {
        if (quote != 0) {
            quote = s.p[at] == quote ? 0 : quote;
        } else if (s.p[at] == '"' || s.p[at] == '\'') {
            quote = s.p[at];
        } else if (s.p[at] == '>') {
            tag->attributes.n = (size_t)(s.p + at - tag->attributes.p);
            tag->alone = s.p[at - 1] == '/';
            tag->n = at + 1;
            return true;
        }
    }
    return false;
}

static bool is(struct str name, const char *word)
{
    return name.n == strlen(word) && strncasecmp(name.p, word, name.n) == 0;
}

static bool is_any(struct str name, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (is(name, *words))
            return true;
    }
    return false;
}

static const char *const parts[] = {"details", "tabs",   "tabitem", "tab",        "div",     "section",
                                    "aside",   "center", "figure",  "admonition", "callout", "accordion",
                                    "steps",   "step",   "article", "main",       NULL};
static const char *const labelled[] = {"tabitem", "tab", "accordion", NULL};

static struct str kind_of(const struct tag *tag)
{
    struct str kind = builder_note_kind(tag->name);

    if (is(tag->name, "admonition") || is(tag->name, "callout"))
        kind = builder_note_kind(template_value(tag->attributes, "type"));
    if (is(tag->name, "div") || is(tag->name, "aside") || is(tag->name, "section"))
        kind = builder_note_class(template_value(tag->attributes, "class"));
    return kind;
}

static bool is_part(const struct tag *tag)
{
    return is_any(tag->name, parts) || (isupper((unsigned char)tag->name.p[0]) && builder_note_kind(tag->name).n > 0);
}

static void run(struct scanning *scanning, const struct tag *tag, struct str line)
{
    static const char *const names[] = {"label", "title", "value"};
    struct open_part part = {.by = BY_HTML, .name = tag->name};
    struct str label = kind_of(tag);

    if (tag->closes) {
        scan_close(scanning, BY_HTML, tag->name, line);
        return;
    }
    if (tag->alone)
        return;
    if (label.n > 0) {
        part.is = OPEN_NOTE;
    } else if (is_any(tag->name, labelled)) {
        for (size_t i = 0; label.n == 0 && i < 3; i++)
            label = words_of(scanning->builder->arena, template_value(tag->attributes, names[i]));
        part.is = label.n > 0 ? OPEN_TAB : OPEN_PLAIN;
    }
    scan_open(scanning, part, label, line);
}

/* <summary>words</summary>: the label of the <details> around it. Its length; 0: it is none. */
static size_t summary(struct scanning *scanning, struct str text, struct str line, bool dry)
{
    struct open_part *details = scanning->open_n == 0 ? NULL : &scanning->open[scanning->open_n - 1];
    struct words words;
    struct tag tag;
    const char *end = memmem(text.p, text.n, "</summary>", 10);

    if (!tag_at(text, &tag) || !is(tag.name, "summary") || tag.closes || end == NULL)
        return 0;
    if (!dry) {
        struct str inner = {text.p + tag.n, (size_t)(end - text.p) - tag.n};
        struct str label;

        words_begin(&words, scanning->builder->arena);
        markdown_inline(&words, inner, scan_place(scanning, inner), inner.n);
        label = words_end(&words, 0).text;
        if (details != NULL && details->by == BY_HTML && is(details->name, "details") && details->is == OPEN_PLAIN &&
            label.n > 0) {
            details->is = OPEN_TAB;
            scan_event(scanning, (struct event){.kind = EVENT_TAB, .text = label}, line);
        }
    }
    return (size_t)(end - text.p) + 10;
}

/* Goes over tags until something else stands there; true: nothing else does. `dry`: does nothing. */
static bool go(struct scanning *scanning, struct str text, bool dry)
{
    struct str line = text;

    for (text = str_trim(text); text.n > 0; text = str_trim(text)) {
        size_t n = summary(scanning, text, line, dry);
        struct tag tag;

        if (n == 0) {
            if (!tag_at(text, &tag) || !is_part(&tag))
                return false;
            if (!dry)
                run(scanning, &tag, line);
            n = tag.n;
        }
        text = str_from(text, n);
    }
    return true;
}

size_t scan_tags(struct scanning *scanning, struct str text, size_t line)
{
    struct tag tag;

    /* Most lines of HTML are none of these: look at the name before all else. */
    for (size_t n = 1; n <= TAG_LINES_MOST && line + n - 1 <= scanning->source->line_n; n++) {
        struct str last = scan_line(scanning, line + n - 1);
        struct str lines = n == 1 ? text : (struct str){text.p, (size_t)(last.p + last.n - text.p)};

        if (go(scanning, lines, true)) {
            go(scanning, lines, false);
            return n;
        }
        if (n > 1 && str_trim(last).n == 0)
            return 0;
        if (tag_at(str_trim(lines), &tag) && !is(tag.name, "summary"))
            return 0; /* the tag is whole, and something else stands behind it */
    }
    return 0;
}
