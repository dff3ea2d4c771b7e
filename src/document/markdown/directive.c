/*
 * Lines that are no Markdown but say how a site generator is to show what follows: notes, tabs, includes, imports. See
 * scan.h; templates and tags of HTML have files of their own.
 */
#include <ctype.h>

#include "document/markdown/scan.h"

static struct str unquoted(struct str s)
{
    s = str_trim(s);
    if (s.n > 1 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
        return str_head(str_from(s, 1), s.n - 2);
    return s;
}

static struct str first_word(struct str s, struct str *rest)
{
    size_t n = 0;

    while (n < s.n && (isalnum((unsigned char)s.p[n]) || s.p[n] == '-' || s.p[n] == '_'))
        n++;
    *rest = str_trim(str_from(s, n));
    return str_head(s, n);
}

/* A title that says more than the kind of note is part of it. */
static void add_title(struct scanning *scanning, struct str title)
{
    title = unquoted(title);
    if (title.n == 0 || builder_note_kind(title).n > 0)
        return;
    scan_emit(scanning, title, scan_place(scanning, title));
    scan_emit(scanning, STR_EMPTY, scan_place(scanning, title));
}

/* `:::note Title`, `:::{tab-item} Label`, `::: moniker range="x"`, `:::`. */
static size_t colons(struct scanning *scanning, struct str text)
{
    struct open_part part = {.is = OPEN_PLAIN, .by = BY_COLONS};
    struct str line = str_trim(text);
    struct str rest;
    struct str word;
    size_t n = 0;

    while (n < line.n && line.p[n] == ':')
        n++;
    if (n < 3)
        return 0;
    rest = str_trim(str_from(line, n));
    if (rest.n > 3 && str_ends(rest, ":::"))
        return 1; /* :::image …::: */
    while (rest.n > 0 && (rest.p[0] == '{' || rest.p[0] == '.'))
        rest = str_from(rest, 1);
    word = first_word(rest, &rest);
    while (rest.n > 0 && (rest.p[0] == '}' || rest.p[0] == '['))
        rest = str_trim(str_from(rest, 1));
    while (rest.n > 0 && rest.p[rest.n - 1] == ']')
        rest.n--;
    if (word.n == 0 || str_ends(word, "-end")) {
        scan_close(scanning, BY_COLONS, STR_EMPTY, text);
        return 1;
    }
    if (builder_note_kind(word).n > 0) {
        part.is = OPEN_NOTE;
        scan_open(scanning, part, builder_note_kind(word), text);
        add_title(scanning, rest);
        return 1;
    }
    if (str_is(word, "tab-item") || str_is(word, "tab") || str_is(word, "details") || str_is(word, "dropdown") ||
        str_is(word, "moniker") || str_is(word, "zone"))
        part.is = rest.n > 0 ? OPEN_TAB : OPEN_PLAIN;
    scan_open(scanning, part, words_of(scanning->builder->arena, unquoted(rest)), text);
    return 1;
}

/* `!!! note "Title"`, `??? warning`, `=== "Tab"`: what follows belongs to it by its indent. */
static size_t indented(struct scanning *scanning, struct str text, size_t line)
{
    struct str raw = scan_line(scanning, line);
    struct str trimmed = str_trim(text);
    struct open_part part = {.by = BY_INDENT, .indent = raw.n - str_trim(raw).n + 4};
    struct str rest = STR_EMPTY;
    struct str word;

    for (part.indent = 0; part.indent < raw.n && raw.p[part.indent] == ' ';)
        part.indent++;
    part.indent += 4;
    if (str_starts(trimmed, "=== \"") || str_starts(trimmed, "===! \"") || str_starts(trimmed, "=== '")) {
        part.is = OPEN_TAB;
        scan_open(scanning, part,
                  words_of(scanning->builder->arena, unquoted(str_from(trimmed, trimmed.p[3] == '!' ? 4 : 3))), text);
        return 1;
    }
    if (!str_starts(trimmed, "!!! ") && !str_starts(trimmed, "??? ") && !str_starts(trimmed, "???+ "))
        return 0;
    word = first_word(str_trim(str_from(trimmed, trimmed.p[3] == '+' ? 4 : 3)), &rest);
    if (word.n == 0)
        return 0;
    part.is = OPEN_NOTE;
    scan_open(scanning, part, word, text);
    add_title(scanning, rest);
    return 1;
}

/* What only the site generator reads. */
static bool is_silent(struct str line)
{
    line = str_trim(line);
    if (str_starts(line, "import ") &&
        (str_contains(line, " from ") || str_starts(line, "import '") || str_starts(line, "import \"")))
        return str_ends(line, "'") || str_ends(line, "\"") || str_ends(line, ";");
    if (str_starts(line, "{:") && str_ends(line, "}"))
        return true;
    return str_is(line, "[TOC]") || str_is(line, "[[_TOC_]]") || (str_starts(line, "{/*") && str_ends(line, "*/}"));
}

/* `[^1]: text` */
static size_t footnote(struct scanning *scanning, struct str text)
{
    struct str line = str_trim(text);
    struct str rest;
    struct str mark;

    if (!str_starts(line, "[^"))
        return 0;
    mark = str_cut(str_from(line, 2), ']', &rest);
    if (mark.n == 0 || mark.n > 20 || rest.n == 0 || rest.p[0] != ':')
        return 0;
    rest = str_trim(str_from(rest, 1));
    mark = words_of(scanning->builder->arena, mark);
    scan_event(scanning, (struct event){.kind = EVENT_FOOTNOTE, .text = mark}, str_head(text, 0));
    scan_emit(scanning, markdown_footnotes(scanning->builder->arena, rest), scan_place(scanning, rest));
    return 1;
}

size_t scan_directive(struct scanning *scanning, struct str text, size_t line)
{
    struct str start = str_trim(text);
    size_t n = 0;

    switch (start.n == 0 ? 0 : start.p[0]) {
    case ':': return colons(scanning, text);
    case '!':
    case '?':
    case '=': return indented(scanning, text, line);
    case '[': n = footnote(scanning, text); break;
    case '{': n = scan_template(scanning, text, line); break;
    case '<': return scan_tags(scanning, text, line);
    }
    return n == 0 && is_silent(text) ? 1 : n;
}
