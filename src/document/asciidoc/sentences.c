/*
 * Lists, terms and paragraphs of AsciiDoc: what runs over lines until another block begins; see reading.h.
 */
#include <ctype.h>

#include "document/asciidoc/reading.h"

/* The marker of an item: `*`, `..`, `-`, `1.`, `<1>`; empty: it is none. */
static struct str marker_of(struct str line, struct str *text)
{
    struct str start = str_trim(line);
    size_t n = 0;

    while (n < start.n && n < 6 && (start.p[0] == '*' || start.p[0] == '.') && start.p[n] == start.p[0])
        n++;
    if (n == 0 && start.n > 1 && start.p[0] == '-')
        n = 1;
    if (n == 0) {
        bool callout = start.n > 2 && start.p[0] == '<';

        n = callout;
        while (n < start.n && n < 4 && isdigit((unsigned char)start.p[n]))
            n++;
        if (n == (size_t)callout || n >= start.n || start.p[n] != (callout ? '>' : '.'))
            return STR_EMPTY;
        n++;
    }
    if (n + 1 >= start.n || start.p[n] != ' ')
        return STR_EMPTY;
    *text = str_trim(str_from(start, n));
    return str_head(start, isdigit((unsigned char)start.p[0]) || start.p[0] == '<' ? 0 : n);
}

static bool is_item(struct str line)
{
    struct str text = STR_EMPTY;

    marker_of(line, &text);
    return text.n > 0;
}

static unsigned level_of(struct asciidoc_reading *reading, struct str marker)
{
    unsigned level = 0;

    while (level < reading->level && !str_eq(reading->markers[level], marker))
        level++;
    if (level < 8)
        reading->markers[level] = marker;
    reading->level = level < 8 ? level + 1 : 8;
    return reading->level;
}

/* `Term:: text`; the term and its text are lines of one item. */
static struct str term_of(struct str line, struct str *rest)
{
    static const char *const marks[] = {"::", ":::", "::::", ";;"};

    line = str_trim(line);
    for (size_t i = 1; i + 1 < line.n; i++) {
        for (size_t k = 4; k > 0; k--) {
            size_t n = strlen(marks[k - 1]);

            if (line.p[i] == marks[k - 1][0] && str_starts(str_from(line, i), marks[k - 1]) &&
                (i + n == line.n || line.p[i + n] == ' ') && line.p[i - 1] != ' ') {
                *rest = str_trim(str_from(line, i + n));
                return str_head(line, i);
            }
        }
    }
    return STR_EMPTY;
}

/* Whether a line goes on with the sentence of the line before. */
static bool continues(struct str line)
{
    struct str rest;

    return str_trim(line).n > 0 && !asciidoc_is_delimiter(line) && !is_item(line) && !asciidoc_is_silent(line) &&
           !str_is(str_trim(line), "+") && !str_starts(line, "|===") && term_of(line, &rest).n == 0 &&
           !asciidoc_is_attributes(line);
}

/* Takes the lines of a sentence whose first has `text` on it. */
static struct str sentence(struct asciidoc_reading *reading, struct str text)
{
    const char *end = text.p + text.n;

    for (reading->line++; asciidoc_more(reading) && continues(asciidoc_line(reading, reading->line)); reading->line++)
        end = asciidoc_line(reading, reading->line).p + asciidoc_line(reading, reading->line).n;
    return (struct str){text.p, (size_t)(end - text.p)};
}

static void add_sentence(struct asciidoc_reading *reading, struct words *words, struct str text)
{
    asciidoc_inline(&reading->doc, words, sentence(reading, text), asciidoc_place(reading, text));
}

/* Behind a line with a plus, a paragraph belongs to the item before it. */
static void continuations(struct asciidoc_reading *reading, struct words *words)
{
    while (asciidoc_more(reading) && str_is(str_trim(asciidoc_line(reading, reading->line)), "+")) {
        struct str next = asciidoc_line(reading, reading->line + 1);

        reading->line++;
        if (!continues(next) || asciidoc_block_attributes(reading, next))
            return;
        words_break(words);
        add_sentence(reading, words, str_trim(next));
    }
}

/* The title of a list or of a paragraph is one above it. */
static void add_title(struct asciidoc_reading *reading)
{
    struct str title = asciidoc_words(reading, reading->title);

    if (title.n > 0)
        builder_add(reading->builder, BLOCK_PARAGRAPH, 0, title,
                    builder_span(reading->builder, asciidoc_place(reading, reading->title), reading->title.n));
}

bool asciidoc_item(struct asciidoc_reading *reading, struct str line)
{
    struct str text = STR_EMPTY;
    struct str marker = marker_of(line, &text);
    struct words words;
    unsigned level;

    if (text.n == 0)
        return false;
    if (text.n > 4 && text.p[0] == '[' && text.p[2] == ']' && text.p[3] == ' ')
        text = str_from(text, 4); /* a box to tick */
    add_title(reading);
    level = level_of(reading, marker);
    words_begin(&words, reading->builder->arena);
    add_sentence(reading, &words, text);
    continuations(reading, &words);
    builder_words(reading->builder, BLOCK_ITEM, level, &words);
    asciidoc_forget(reading);
    return true;
}

static bool in_tabs(const struct asciidoc_reading *reading)
{
    return reading->open_n > 0 && reading->open[reading->open_n - 1].as == OPENED_TABS;
}

bool asciidoc_term(struct asciidoc_reading *reading, struct str line)
{
    struct str rest = STR_EMPTY;
    struct str name = term_of(line, &rest);
    struct words words;
    unsigned level;

    if (name.n == 0)
        return false;
    if (in_tabs(reading)) {
        if (reading->label)
            asciidoc_close_tab(reading);
        asciidoc_open_tab(reading, asciidoc_words(reading, name), asciidoc_place(reading, name));
        reading->label = true;
        reading->line++;
        return true;
    }
    level = level_of(reading, STR("::"));
    words_begin(&words, reading->builder->arena);
    asciidoc_inline(&reading->doc, &words, name, asciidoc_place(reading, name));
    words_break(&words);
    if (rest.n == 0) {
        size_t next = reading->line + 1;

        while (next <= reading->source->line_n && str_trim(asciidoc_line(reading, next)).n == 0)
            next++;
        if (next <= reading->source->line_n && continues(asciidoc_line(reading, next))) {
            reading->line = next;
            rest = str_trim(asciidoc_line(reading, next));
        }
    }
    if (rest.n > 0)
        add_sentence(reading, &words, rest);
    else
        reading->line++;
    continuations(reading, &words);
    builder_words(reading->builder, BLOCK_ITEM, level, &words);
    return true;
}

/* `NOTE: text`, `[WARNING]` above one, and all other sentences. */
void asciidoc_paragraph(struct asciidoc_reading *reading, struct str line)
{
    struct str text = str_trim(line);
    struct str kind = builder_note_kind(str_trim(str_cut(reading->attributes, ',', &(struct str){0})));
    struct words words;
    size_t n = 0;

    while (n < text.n && isupper((unsigned char)text.p[n]))
        n++;
    if (n > 2 && n + 1 < text.n && text.p[n] == ':' && text.p[n + 1] == ' ' &&
        builder_note_kind(str_head(text, n)).n > 0) {
        kind = builder_note_kind(str_head(text, n));
        text = str_trim(str_from(text, n + 1));
    }
    add_title(reading);
    if (kind.n > 0)
        builder_note(reading->builder, kind);
    words_begin(&words, reading->builder->arena);
    add_sentence(reading, &words, text);
    builder_words(reading->builder, BLOCK_PARAGRAPH, 0, &words);
    if (kind.n > 0)
        builder_note_end(reading->builder);
    reading->level = 0;
    asciidoc_forget(reading);
}
