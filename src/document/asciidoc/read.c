/*
 * The blocks of AsciiDoc, line by line; see asciidoc.h. Blocks between delimiters are a stack; what a line of
 * attributes or a title says counts for the block that follows it.
 */
#include <ctype.h>

#include "document/asciidoc/reading.h"

struct str asciidoc_line(const struct asciidoc_reading *reading, size_t line)
{
    return source_line_text(reading->source, (uint32_t)line);
}

bool asciidoc_more(const struct asciidoc_reading *reading)
{
    return reading->line <= reading->source->line_n;
}

size_t asciidoc_place(const struct asciidoc_reading *reading, struct str inside)
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
static bool attribute_entry(struct asciidoc_reading *reading, struct str line)
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
    for (; str_ends(*value, " \\") && asciidoc_more(reading) && value->n < 4096; reading->line++) {
        struct str next = str_trim(asciidoc_line(reading, reading->line));

        *value = str_printf(arena, "%.*s%.*s", STR_ARG(str_head(*value, value->n - 1)), STR_ARG(next));
    }
    if (str_is(name, "title")) {
        struct words words;

        words_begin(&words, arena);
        asciidoc_inline(&reading->doc, &words, *value, asciidoc_place(reading, line));
        reading->builder->title = words_end(&words, 0).text;
        reading->titled = true;
    } else if (name.p[0] != '!' && name.p[name.n - 1] != '!') {
        map_set(arena, &reading->doc.attributes, name, value);
    }
    return true;
}

static bool comment_block(struct asciidoc_reading *reading, struct str line)
{
    if (!str_is(str_trim(line), "////"))
        return false;
    reading->line++;
    while (asciidoc_more(reading) && !str_is(str_trim(asciidoc_line(reading, reading->line++)), "////"))
        ;
    return true;
}

static bool silent_line(struct asciidoc_reading *reading, struct str line)
{
    if (!asciidoc_is_silent(line))
        return false;
    if (str_starts(line, "include::"))
        diag_note(reading->builder->diags, builder_span(reading->builder, asciidoc_place(reading, line), line.n),
                  "what \"%.*s\" holds is not here", STR_ARG(str_cut(str_from(line, 9), '[', &(struct str){0})));
    reading->line++;
    return true;
}

/* As Asciidoctor knows a line of attributes. */
bool asciidoc_is_attributes(struct str line)
{
    struct str trimmed = str_trim(line);

    return trimmed.n > 1 && line.p[0] == '[' && trimmed.p[trimmed.n - 1] == ']' &&
           (trimmed.n == 2 || isalnum((unsigned char)trimmed.p[1]) || strchr("_.#%{,\"'[", trimmed.p[1]) != NULL);
}

/* `[…]` on a line of its own, and `.Title`. */
bool asciidoc_block_attributes(struct asciidoc_reading *reading, struct str line)
{
    struct str trimmed = str_trim(line);

    if (asciidoc_is_attributes(line)) {
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

struct str asciidoc_words(struct asciidoc_reading *reading, struct str text)
{
    struct words words;

    words_begin(&words, reading->builder->arena);
    if (text.n > 0)
        asciidoc_inline(&reading->doc, &words, text, asciidoc_place(reading, text));
    return words_end(&words, 0).text;
}

void asciidoc_forget(struct asciidoc_reading *reading)
{
    reading->attributes = STR_EMPTY;
    reading->title = STR_EMPTY;
}

/* --- blocks --- */

static void add_heading(struct asciidoc_reading *reading, struct str text, unsigned level)
{
    struct words words;
    size_t before = reading->builder->blocks.n;

    words_begin(&words, reading->builder->arena);
    asciidoc_inline(&reading->doc, &words, text, asciidoc_place(reading, text));
    builder_words(reading->builder, BLOCK_HEADING, level, &words);
    if (level == 1 && !reading->titled && reading->builder->title.n == 0 && reading->builder->blocks.n > before)
        reading->builder->title = reading->builder->blocks.v[before].text;
    reading->level = 0;
    asciidoc_forget(reading);
}

static bool heading(struct asciidoc_reading *reading, struct str line)
{
    unsigned level = 0;

    while (level < line.n && line.p[level] == line.p[0] && (line.p[0] == '=' || line.p[0] == '#'))
        level++;
    if (level == 0 || level > 6 || level + 1 >= line.n || line.p[level] != ' ')
        return false;
    add_heading(reading, str_trim(str_from(line, level)), level);
    reading->line++;
    return true;
}

static size_t characters(struct str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    return n;
}

/* A title in two lines, outside of blocks: the second underlines the first, to a character. A line that begins with a
 * dot is the title of a block, and what it stands on the block's delimiter. */
static bool underlined(struct asciidoc_reading *reading, struct str line)
{
    static const char signs[] = "=-~^+";
    struct str text = str_trim(line);
    struct str under = str_trim(asciidoc_line(reading, reading->line + 1));
    size_t n = characters(text);
    const char *sign = under.n < 3 ? NULL : strchr(signs, under.p[0]);
    bool letters = false;

    if (reading->open_n > 0 || sign == NULL || text.n == 0 || under.n + 1 < n || under.n > n + 1 ||
        strchr(".[|*/", text.p[0]) != NULL || asciidoc_is_delimiter(text))
        return false;
    for (size_t i = 0; i < under.n; i++) {
        if (under.p[i] != *sign)
            return false;
    }
    for (size_t i = 0; i < text.n; i++)
        letters = letters || isalpha((unsigned char)text.p[i]) || (unsigned char)text.p[i] >= 0x80;
    if (!letters)
        return false;
    add_heading(reading, text, (unsigned)(sign - signs) + 1);
    reading->line += 2;
    return true;
}

/* A line of delimiters, four of a kind and more; `--` and ``` too. */
bool asciidoc_is_delimiter(struct str line)
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
static struct str take_until(struct asciidoc_reading *reading, struct str delimiter)
{
    const char *start = NULL;
    const char *end = NULL;

    for (reading->line++; asciidoc_more(reading); reading->line++) {
        struct str line = asciidoc_line(reading, reading->line);

        if (str_eq(str_trim(line), delimiter))
            break;
        start = start == NULL ? line.p : start;
        end = line.p + line.n;
    }
    reading->line++;
    return start == NULL ? STR_EMPTY : (struct str){start, (size_t)(end - start)};
}

static void code(struct asciidoc_reading *reading, struct str delimiter)
{
    struct str raw = take_until(reading, str_starts(delimiter, "```") ? STR("```") : delimiter);
    struct str text = words_code(reading->builder->arena, raw);

    if (text.n > 0)
        builder_add(reading->builder, BLOCK_CODE, 0, text,
                    builder_span(reading->builder, asciidoc_place(reading, raw), raw.n));
    asciidoc_forget(reading);
}

void asciidoc_close_tab(struct asciidoc_reading *reading)
{
    if (reading->tab > 0)
        builder_add(reading->builder, BLOCK_TAB_END, reading->tab--, STR_EMPTY,
                    builder_span(reading->builder, asciidoc_place(reading, asciidoc_line(reading, reading->line)), 0));
}

static void close_block(struct asciidoc_reading *reading)
{
    enum opened as = reading->open[--reading->open_n].as;

    if (as == OPENED_NOTE)
        builder_note_end(reading->builder);
    if (as == OPENED_TAB || (as == OPENED_TABS && reading->label))
        asciidoc_close_tab(reading);
    if (as == OPENED_TABS)
        reading->label = false;
    reading->level = 0;
}

void asciidoc_open_tab(struct asciidoc_reading *reading, struct str label, size_t at)
{
    builder_add(reading->builder, BLOCK_TAB, ++reading->tab, label, builder_span(reading->builder, at, 1));
}

static void open_block(struct asciidoc_reading *reading, struct str line)
{
    struct str style = str_trim(str_cut(reading->attributes, ',', &(struct str){0}));
    struct str kind = builder_note_kind(style);
    struct str title = asciidoc_words(reading, reading->title);
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
        asciidoc_open_tab(reading, title, asciidoc_place(reading, line));
    else if (title.n > 0 && builder_note_kind(title).n == 0)
        builder_add(reading->builder, BLOCK_PARAGRAPH, 0, title,
                    builder_span(reading->builder, asciidoc_place(reading, reading->title), reading->title.n));
    asciidoc_forget(reading);
}

static bool delimiter(struct asciidoc_reading *reading, struct str line)
{
    struct str trimmed = str_trim(line);
    size_t open = reading->open_n;

    if (!asciidoc_is_delimiter(line))
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

static bool table(struct asciidoc_reading *reading, struct str line)
{
    struct asciidoc_table table = {.separator = line.n > 0 ? line.p[0] : '\0'};
    struct str trimmed = str_trim(line);

    if (trimmed.n < 4 || strchr("|,:!", trimmed.p[0]) == NULL || !str_starts(str_from(trimmed, 1), "==="))
        return false;
    table.separator = trimmed.p[0];
    table.attributes = reading->attributes;
    table.caption = asciidoc_words(reading, reading->title);
    table.text = take_until(reading, trimmed);
    table.at = table.text.n > 0 ? asciidoc_place(reading, table.text) : 0;
    if (table.text.n > 0)
        asciidoc_table(&reading->doc, &table);
    reading->level = 0;
    asciidoc_forget(reading);
    return true;
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

static void front_matter(struct asciidoc_reading *reading)
{
    struct str first = asciidoc_line(reading, 1);

    if (str_starts(first, "\xef\xbb\xbf"))
        first = str_from(first, 3);
    if (!str_is(str_trim(first), "---"))
        return;
    for (size_t line = 2; line <= reading->source->line_n; line++) {
        if (str_is(str_trim(asciidoc_line(reading, line)), "---")) {
            reading->line = line + 1;
            return;
        }
    }
}

static void add_footnotes(struct asciidoc_reading *reading)
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
    struct asciidoc_reading reading = {.builder = &builder, .source = source, .line = 1};

    builder_begin(&builder, arena, source, diags);
    reading.doc.builder = &builder;
    asciidoc_forget(&reading);
    front_matter(&reading);
    while (asciidoc_more(&reading)) {
        struct str line = asciidoc_line(&reading, reading.line);

        if (reading.line == 1 && str_starts(line, "\xef\xbb\xbf"))
            line = str_from(line, 3);
        if (str_trim(line).n == 0 || str_is(str_trim(line), "+")) {
            reading.line++;
        } else if (conditional_text(line).n > 0) {
            asciidoc_paragraph(&reading, conditional_text(line));
        } else if (!comment_block(&reading, line) && !silent_line(&reading, line) && !attribute_entry(&reading, line) &&
                   !underlined(&reading, line) && !table(&reading, line) && !delimiter(&reading, line) &&
                   !heading(&reading, line) && !asciidoc_item(&reading, line) &&
                   !asciidoc_block_attributes(&reading, line) && !asciidoc_term(&reading, line)) {
            asciidoc_paragraph(&reading, line);
        }
    }
    while (reading.open_n > 0)
        close_block(&reading);
    add_footnotes(&reading);
    return builder_end(&builder);
}
