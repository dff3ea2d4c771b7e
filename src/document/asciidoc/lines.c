/*
 * The text of a cell of AsciiDoc, which may hold blocks of its own: sentences, items and the rows of inner tables
 * become lines; see asciidoc.h.
 */
#include <ctype.h>

#include "document/asciidoc/asciidoc.h"

bool asciidoc_is_silent(struct str line)
{
    static const char *const starts[] = {
        "ifdef::", "ifndef::", "ifeval::", "endif::", "include::", "//", "toc::", "<<<"};

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (str_starts(line, starts[i]))
            return !str_starts(line, "///") || str_is(str_trim(line), "////");
    }
    return false;
}

/* The length of what an item begins with, blanks before and behind it included: `* `, `.. `, `- `, `1. `. */
static size_t item_start(struct str line)
{
    size_t blanks = 0;
    size_t n = 0;
    struct str start;

    while (blanks < line.n && (line.p[blanks] == ' ' || line.p[blanks] == '\t'))
        blanks++;
    start = str_from(line, blanks);
    while (n < start.n && n < 6 && (start.p[n] == '*' || start.p[n] == '.') && start.p[n] == start.p[0])
        n++;
    if (n == 0 && start.n > 1 && start.p[0] == '-')
        n = 1;
    if (n == 0 && start.n > 2 && isdigit((unsigned char)start.p[0]) && start.p[1] == '.')
        n = 2;
    return n > 0 && n < start.n && start.p[n] == ' ' ? blanks + n + 1 : 0;
}

/* Delimiters of blocks, attributes of blocks, continuations: lines that part a cell's text and show nothing. */
static bool is_border(struct str line)
{
    static const char *const borders[] = {"----", "====", "****", "....", "____", "--", "+", "!===", "```", "'''"};

    line = str_trim(line);
    for (size_t i = 0; i < sizeof borders / sizeof *borders; i++) {
        if (str_is(line, borders[i]))
            return true;
    }
    return line.n > 2 && line.p[0] == '[' && line.p[line.n - 1] == ']' && memchr(line.p, ' ', line.n) == NULL &&
           memchr(line.p + 1, '[', line.n - 1) == NULL &&
           (isupper((unsigned char)line.p[1]) || str_starts(line, "[%") || str_starts(line, "[cols") ||
            str_starts(line, "[."));
}

/* A row of an inner table: its cells are parted by blanks. */
static void inner_row(struct asciidoc *doc, struct words *words, struct str line, size_t at)
{
    words_break(words);
    while (line.n > 0) {
        struct str rest;
        struct str cell = str_cut(line, '!', &rest);

        words_blank(words);
        asciidoc_inline(doc, words, cell, at);
        at += line.n - rest.n;
        line = rest;
    }
    words_break(words);
}

/* The length of a sentence: up to a line with which something else begins. */
static size_t sentence_length(struct str text)
{
    struct str rest;
    struct str line = str_cut(text, '\n', &rest);
    size_t n = text.n - rest.n;

    while (rest.n > 0) {
        line = str_cut(rest, '\n', &rest);
        if (str_trim(line).n == 0 || item_start(line) > 0 || is_border(line) || asciidoc_is_silent(line))
            break;
        n = text.n - rest.n;
    }
    return n;
}

void asciidoc_lines(struct asciidoc *doc, struct words *words, struct str text, size_t at)
{
    bool table = false;

    while (text.n > 0) {
        struct str rest;
        struct str line = str_cut(text, '\n', &rest);
        size_t n = text.n - rest.n;
        size_t start = item_start(line);

        if (str_is(str_trim(line), "!==="))
            table = !table;
        if (is_border(line) || str_trim(line).n == 0) {
            words_break(words);
        } else if (table) {
            inner_row(doc, words, line, at);
        } else if (!asciidoc_is_silent(line)) {
            if (start > 0)
                words_break(words);
            n = sentence_length(text);
            asciidoc_inline(doc, words, str_from(str_head(text, n), start), at + start);
            words_blank(words);
        }
        text = str_from(text, n);
        at += n;
    }
}
