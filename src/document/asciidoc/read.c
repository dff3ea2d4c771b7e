/*
 * The blocks of AsciiDoc, line by line; see asciidoc.h. Blocks between delimiters are a stack; what a line of
 * attributes or a title says counts for the block that follows it.
 */
#include <ctype.h>

#include "document/asciidoc/asciidoc.h"

#define OPEN_MOST 24u

enum opened { OPENED_PLAIN, OPENED_NOTE, OPENED_TAB, OPENED_TABS };

struct open_block {
    struct str delimiter;
    enum opened as;
};

struct reading {
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

static struct str line_at(const struct reading *reading, size_t line)
{
    return source_line_text(reading->source, (uint32_t)line);
}

static bool more(const struct reading *reading)
{
    return reading->line <= reading->source->line_n;
}

static size_t place(const struct reading *reading, struct str inside)
{
    return (size_t)(inside.p - reading->source->text.p);
}

struct str asciidoc_attribute(struct str attributes, const char *name)
{
    size_t n = strlen(name);

    for (size_t at = 0; at + n < attributes.n; at++) {
        struct str value = str_from(attributes, at);

        if (!str_starts(value, name) || value.p[n] != '=' || (at > 0 && strchr(", ", attributes.p[at - 1]) == NULL))
            continue;
        value = str_from(value, n + 1);
        if (value.n > 0 && (value.p[0] == '"' || value.p[0] == '\''))
            return str_cut(str_from(value, 1), value.p[0], &(struct str){0});
        return str_cut(value, ',', &value);
    }
    return STR_EMPTY;
}

bool asciidoc_option(struct str attributes, const char *name)
{
    struct str all = asciidoc_attribute(attributes, "options");

    if (all.n == 0)
        all = asciidoc_attribute(attributes, "opts");
    while (all.n > 0) {
        if (str_is(str_trim(str_cut(all, ',', &all)), name))
            return true;
    }
    for (size_t at = 0; at + 1 < attributes.n; at++) {
        if (attributes.p[at] == '%' && str_starts(str_from(attributes, at + 1), name))
            return true;
    }
    return false;
}

/* --- what has no block --- */

/* `:name: value`, which may go on behind a backslash. */
static bool attribute_entry(struct reading *reading, struct str line)
{
    struct arena *arena = reading->builder->arena;
    struct str rest;
    struct str name;
    struct str *value;

    if (line.n < 3 || line.p[0] != ':')
        return false;
    name = str_cut(str_from(line, 1), ':', &rest);
    if (name.n == 0 || memchr(name.p, ' ', name.n) != NULL || name.p + name.n == line.p + line.n ||
        (rest.n > 0 && rest.p[0] != ' '))
        return false;
    reading->line++;
    value = arena_new_object(arena, struct str);
    *value = str_trim(rest);
    for (; str_ends(*value, " \\") && more(reading) && value->n < 4096; reading->line++) {
        struct str next = str_trim(line_at(reading, reading->line));

        *value = str_printf(arena, "%.*s%.*s", STR_ARG(str_head(*value, value->n - 1)), STR_ARG(next));
    }
    if (str_is(name, "title")) {
        struct words words;

        words_begin(&words, arena);
        asciidoc_inline(&reading->doc, &words, *value, place(reading, line));
        reading->builder->title = words_end(&words, 0).text;
        reading->titled = true;
    } else if (name.p[0] != '!' && name.p[name.n - 1] != '!') {
        map_set(arena, &reading->doc.attributes, name, value);
    }
    return true;
}

static bool comment_block(struct reading *reading, struct str line)
{
    if (!str_is(str_trim(line), "////"))
        return false;
    reading->line++;
    while (more(reading) && !str_is(str_trim(line_at(reading, reading->line++)), "////"))
        ;
    return true;
}

static bool silent_line(struct reading *reading, struct str line)
{
    if (!asciidoc_is_silent(line))
        return false;
    if (str_starts(line, "include::"))
        diag_note(reading->builder->diags, builder_span(reading->builder, place(reading, line), line.n),
                  "what \"%.*s\" holds is not here", STR_ARG(str_cut(str_from(line, 9), '[', &(struct str){0})));
    reading->line++;
    return true;
}

/* As Asciidoctor knows a line of attributes. */
static bool is_attributes(struct str line)
{
    struct str trimmed = str_trim(line);

    return trimmed.n > 1 && line.p[0] == '[' && trimmed.p[trimmed.n - 1] == ']' &&
           (trimmed.n == 2 || isalnum((unsigned char)trimmed.p[1]) || strchr("_.#%{,\"'[", trimmed.p[1]) != NULL);
}

/* `[…]` on a line of its own, and `.Title`. */
static bool block_attributes(struct reading *reading, struct str line)
{
    struct str trimmed = str_trim(line);

    if (is_attributes(line)) {
        struct str inside = str_head(str_from(trimmed, 1), trimmed.n - 2);

        if (reading->attributes.n == 0 || asciidoc_attribute(reading->attributes, "cols").n == 0)
            reading->attributes = inside.n > 0 ? inside : reading->attributes;
        reading->line++;
        return true;
    }
    if (trimmed.n > 1 && trimmed.p[0] == '.' && line.p[0] == '.' && strchr(". ", trimmed.p[1]) == NULL) {
        reading->title = str_from(trimmed, 1);
        reading->line++;
        return true;
    }
    return false;
}

static struct str words_from(struct reading *reading, struct str text)
{
    struct words words;

    words_begin(&words, reading->builder->arena);
    if (text.n > 0)
        asciidoc_inline(&reading->doc, &words, text, place(reading, text));
    return words_end(&words, 0).text;
}

static void forget(struct reading *reading)
{
    reading->attributes = STR_EMPTY;
    reading->title = STR_EMPTY;
}

/* --- blocks --- */

static bool heading(struct reading *reading, struct str line)
{
    struct words words;
    unsigned level = 0;
    struct str text;
    size_t before = reading->builder->blocks.n;

    while (level < line.n && line.p[level] == line.p[0] && (line.p[0] == '=' || line.p[0] == '#'))
        level++;
    if (level == 0 || level > 6 || level + 1 >= line.n || line.p[level] != ' ')
        return false;
    text = str_trim(str_from(line, level));
    words_begin(&words, reading->builder->arena);
    asciidoc_inline(&reading->doc, &words, text, place(reading, text));
    builder_words(reading->builder, BLOCK_HEADING, level, &words);
    if (level == 1 && !reading->titled && reading->builder->title.n == 0 && reading->builder->blocks.n > before)
        reading->builder->title = reading->builder->blocks.v[before].text;
    reading->line++;
    reading->level = 0;
    forget(reading);
    return true;
}

/* A line of delimiters, four of a kind and more; `--` and ``` too. */
static bool is_delimiter(struct str line)
{
    line = str_trim(line);
    if (str_is(line, "--") || str_starts(line, "```"))
        return true;
    if (line.n < 4 || strchr("-.=*_+", line.p[0]) == NULL)
        return false;
    for (size_t i = 1; i < line.n; i++) {
        if (line.p[i] != line.p[0])
            return false;
    }
    return true;
}

/* The lines up to a delimiter, as one slice. */
static struct str take_until(struct reading *reading, struct str delimiter)
{
    const char *start = NULL;
    const char *end = NULL;

    for (reading->line++; more(reading); reading->line++) {
        struct str line = line_at(reading, reading->line);

        if (str_eq(str_trim(line), delimiter))
            break;
        start = start == NULL ? line.p : start;
        end = line.p + line.n;
    }
    reading->line++;
    return start == NULL ? STR_EMPTY : (struct str){start, (size_t)(end - start)};
}

static void code(struct reading *reading, struct str delimiter)
{
    struct str raw = take_until(reading, str_starts(delimiter, "```") ? STR("```") : delimiter);
    struct str text = words_code(reading->builder->arena, raw);

    if (text.n > 0)
        builder_add(reading->builder, BLOCK_CODE, 0, text, builder_span(reading->builder, place(reading, raw), raw.n));
    forget(reading);
}

static void close_tab(struct reading *reading)
{
    if (reading->tab > 0)
        builder_add(reading->builder, BLOCK_TAB_END, reading->tab--, STR_EMPTY,
                    builder_span(reading->builder, place(reading, line_at(reading, reading->line)), 0));
}

static void close_block(struct reading *reading)
{
    enum opened as = reading->open[--reading->open_n].as;

    if (as == OPENED_NOTE)
        builder_note_end(reading->builder);
    if (as == OPENED_TAB || (as == OPENED_TABS && reading->label))
        close_tab(reading);
    if (as == OPENED_TABS)
        reading->label = false;
    reading->level = 0;
}

static void open_tab(struct reading *reading, struct str label, size_t at)
{
    builder_add(reading->builder, BLOCK_TAB, ++reading->tab, label, builder_span(reading->builder, at, 1));
}

static void open_block(struct reading *reading, struct str line)
{
    struct str style = str_trim(str_cut(reading->attributes, ',', &(struct str){0}));
    struct str kind = builder_note_kind(style);
    struct str title = words_from(reading, reading->title);
    enum opened as = kind.n > 0 ? OPENED_NOTE : OPENED_PLAIN;

    if (reading->open_n == OPEN_MOST)
        return;
    if (str_is(style, "tabs"))
        as = OPENED_TABS;
    if ((str_is(style, ".tab") || str_contains(reading->attributes, "%collapsible")) && title.n > 0)
        as = OPENED_TAB;
    reading->open[reading->open_n++] = (struct open_block){str_trim(line), as};
    reading->level = 0;
    if (as == OPENED_NOTE)
        builder_note(reading->builder, kind);
    if (as == OPENED_TAB)
        open_tab(reading, title, place(reading, line));
    else if (title.n > 0 && builder_note_kind(title).n == 0)
        builder_add(reading->builder, BLOCK_PARAGRAPH, 0, title,
                    builder_span(reading->builder, place(reading, reading->title), reading->title.n));
    forget(reading);
}

static bool delimiter(struct reading *reading, struct str line)
{
    struct str trimmed = str_trim(line);
    size_t open = reading->open_n;

    if (!is_delimiter(line))
        return false;
    while (open > 0 && !str_eq(reading->open[open - 1].delimiter, trimmed))
        open--;
    if (open > 0) {
        while (reading->open_n >= open)
            close_block(reading);
        reading->line++;
        return true;
    }
    switch (trimmed.p[0]) {
    case '`':
    case '.': code(reading, trimmed); return true;
    case '+': take_until(reading, trimmed); return true; /* for another format's reader */
    case '-':
        if (trimmed.n > 2) {
            code(reading, trimmed);
            return true;
        }
        break;
    }
    open_block(reading, line);
    reading->line++;
    return true;
}

static bool table(struct reading *reading, struct str line)
{
    struct asciidoc_table table = {.separator = line.n > 0 ? line.p[0] : '\0'};
    struct str trimmed = str_trim(line);

    if (trimmed.n < 4 || strchr("|,:!", trimmed.p[0]) == NULL || !str_starts(str_from(trimmed, 1), "==="))
        return false;
    table.separator = trimmed.p[0];
    table.attributes = reading->attributes;
    table.caption = words_from(reading, reading->title);
    table.text = take_until(reading, trimmed);
    table.at = table.text.n > 0 ? place(reading, table.text) : 0;
    if (table.text.n > 0)
        asciidoc_table(&reading->doc, &table);
    reading->level = 0;
    forget(reading);
    return true;
}

/* --- lists and sentences --- */

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

static unsigned level_of(struct reading *reading, struct str marker)
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

    return str_trim(line).n > 0 && !is_delimiter(line) && !is_item(line) && !asciidoc_is_silent(line) &&
           !str_is(str_trim(line), "+") && !str_starts(line, "|===") && term_of(line, &rest).n == 0 &&
           !is_attributes(line);
}

/* Takes the lines of a sentence whose first has `text` on it. */
static struct str sentence(struct reading *reading, struct str text)
{
    const char *end = text.p + text.n;

    for (reading->line++; more(reading) && continues(line_at(reading, reading->line)); reading->line++)
        end = line_at(reading, reading->line).p + line_at(reading, reading->line).n;
    return (struct str){text.p, (size_t)(end - text.p)};
}

static void add_sentence(struct reading *reading, struct words *words, struct str text)
{
    asciidoc_inline(&reading->doc, words, sentence(reading, text), place(reading, text));
}

/* Behind a line with a plus, a paragraph belongs to the item before it. */
static void continuations(struct reading *reading, struct words *words)
{
    while (more(reading) && str_is(str_trim(line_at(reading, reading->line)), "+")) {
        struct str next = line_at(reading, reading->line + 1);

        reading->line++;
        if (!continues(next) || block_attributes(reading, next))
            return;
        words_break(words);
        add_sentence(reading, words, str_trim(next));
    }
}

static bool item(struct reading *reading, struct str line)
{
    struct str text = STR_EMPTY;
    struct str marker = marker_of(line, &text);
    struct words words;
    unsigned level;

    if (text.n == 0)
        return false;
    if (text.n > 4 && text.p[0] == '[' && text.p[2] == ']' && text.p[3] == ' ')
        text = str_from(text, 4); /* a box to tick */
    level = level_of(reading, marker);
    words_begin(&words, reading->builder->arena);
    add_sentence(reading, &words, text);
    continuations(reading, &words);
    builder_words(reading->builder, BLOCK_ITEM, level, &words);
    forget(reading);
    return true;
}

static bool in_tabs(const struct reading *reading)
{
    return reading->open_n > 0 && reading->open[reading->open_n - 1].as == OPENED_TABS;
}

static bool term(struct reading *reading, struct str line)
{
    struct str rest = STR_EMPTY;
    struct str name = term_of(line, &rest);
    struct words words;
    unsigned level;

    if (name.n == 0)
        return false;
    if (in_tabs(reading)) {
        if (reading->label)
            close_tab(reading);
        open_tab(reading, words_from(reading, name), place(reading, name));
        reading->label = true;
        reading->line++;
        return true;
    }
    level = level_of(reading, STR("::"));
    words_begin(&words, reading->builder->arena);
    asciidoc_inline(&reading->doc, &words, name, place(reading, name));
    words_break(&words);
    if (rest.n == 0) {
        size_t next = reading->line + 1;

        while (next <= reading->source->line_n && str_trim(line_at(reading, next)).n == 0)
            next++;
        if (next <= reading->source->line_n && continues(line_at(reading, next))) {
            reading->line = next;
            rest = str_trim(line_at(reading, next));
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
static void paragraph(struct reading *reading, struct str line)
{
    struct str text = str_trim(line);
    struct str kind = builder_note_kind(str_trim(str_cut(reading->attributes, ',', &(struct str){0})));
    struct str title = words_from(reading, reading->title);
    struct words words;
    size_t n = 0;

    while (n < text.n && isupper((unsigned char)text.p[n]))
        n++;
    if (n > 2 && n + 1 < text.n && text.p[n] == ':' && text.p[n + 1] == ' ' &&
        builder_note_kind(str_head(text, n)).n > 0) {
        kind = builder_note_kind(str_head(text, n));
        text = str_trim(str_from(text, n + 1));
    }
    if (title.n > 0)
        builder_add(reading->builder, BLOCK_PARAGRAPH, 0, title,
                    builder_span(reading->builder, place(reading, reading->title), reading->title.n));
    if (kind.n > 0)
        builder_note(reading->builder, kind);
    words_begin(&words, reading->builder->arena);
    add_sentence(reading, &words, text);
    builder_words(reading->builder, BLOCK_PARAGRAPH, 0, &words);
    if (kind.n > 0)
        builder_note_end(reading->builder);
    reading->level = 0;
    forget(reading);
}

/* `ifdef::name[text]`: the text, whether or not the name is defined. */
static struct str conditional_text(struct str line)
{
    struct str rest;

    if (!str_starts(line, "ifdef::") && !str_starts(line, "ifndef::"))
        return STR_EMPTY;
    str_cut(line, '[', &rest);
    rest = str_trim(rest);
    return rest.n > 1 && rest.p[rest.n - 1] == ']' ? str_head(rest, rest.n - 1) : STR_EMPTY;
}

static void front_matter(struct reading *reading)
{
    struct str first = line_at(reading, 1);

    if (str_starts(first, "\xef\xbb\xbf"))
        first = str_from(first, 3);
    if (!str_is(str_trim(first), "---"))
        return;
    for (size_t line = 2; line <= reading->source->line_n; line++) {
        if (str_is(str_trim(line_at(reading, line)), "---")) {
            reading->line = line + 1;
            return;
        }
    }
}

static void add_footnotes(struct reading *reading)
{
    for (size_t i = 0; i < reading->doc.footnotes.n; i++) {
        struct block *block = builder_add(reading->builder, BLOCK_FOOTNOTE, 0, reading->doc.footnotes.v[i],
                                          builder_span(reading->builder, 0, 0));

        block->mark = str_printf(reading->builder->arena, "%zu", i + 1);
    }
}

struct page *asciidoc_read(struct arena *arena, const struct source *source, struct diags *diags)
{
    struct builder builder;
    struct reading reading = {.builder = &builder, .source = source, .line = 1};

    builder_begin(&builder, arena, source, diags);
    reading.doc.builder = &builder;
    forget(&reading);
    front_matter(&reading);
    while (more(&reading)) {
        struct str line = line_at(&reading, reading.line);

        if (reading.line == 1 && str_starts(line, "\xef\xbb\xbf"))
            line = str_from(line, 3);
        if (str_trim(line).n == 0 || str_is(str_trim(line), "+")) {
            reading.line++;
        } else if (conditional_text(line).n > 0) {
            paragraph(&reading, conditional_text(line));
        } else if (!comment_block(&reading, line) && !silent_line(&reading, line) && !attribute_entry(&reading, line) &&
                   !table(&reading, line) && !delimiter(&reading, line) && !heading(&reading, line) &&
                   !item(&reading, line) && !block_attributes(&reading, line) && !term(&reading, line)) {
            paragraph(&reading, line);
        }
    }
    while (reading.open_n > 0)
        close_block(&reading);
    add_footnotes(&reading);
    return builder_end(&builder);
}
