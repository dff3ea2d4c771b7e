/*
 * What begins with two dots in reStructuredText: directives, footnotes, substitutions, targets, comments; see rst.h.
 * A directive that is not known is read as what stands in it.
 */
#include <ctype.h>

#include "base/num.h"
#include "document/markup.h"
#include "document/rst/rst.h"

struct directive {
    struct str name;
    struct str argument;
    struct rst_lines options; /* `:name: value` */
    struct rst_lines body;
    size_t at;
    size_t end;
};

static bool is_any(struct str name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (str_is(name, *names))
            return true;
    }
    return false;
}

static struct str option(const struct directive *directive, const char *name)
{
    for (size_t i = 0; i < directive->options.n; i++) {
        struct str rest;
        struct str own = str_cut(str_from(str_trim(directive->options.v[i]), 1), ':', &rest);

        if (str_is(own, name))
            return str_trim(rest);
    }
    return STR_EMPTY;
}

static size_t number_option(const struct directive *directive, const char *name)
{
    uint64_t value = 0;

    return num_decimal(option(directive, name), 1000, &value) ? (size_t)value : 0;
}

static struct str words_from(struct rst *rst, struct str text, size_t at)
{
    struct words words;

    words_begin(&words, rst->builder->arena);
    rst_inline(rst, &words, text, at, at + text.n);
    return words_end(&words, at).text;
}

/* Its options go from the top of a body. */
static void split_options(struct directive *directive)
{
    size_t n = 0;

    while (n < directive->body.n && str_starts(str_trim(directive->body.v[n]), ":") &&
           memchr(str_trim(directive->body.v[n]).p + 1, ':', str_trim(directive->body.v[n]).n - 1) != NULL)
        n++;
    directive->options = (struct rst_lines){directive->body.v, n};
    while (n < directive->body.n && rst_blank(directive->body.v[n]))
        n++;
    directive->body = (struct rst_lines){directive->body.v + n, directive->body.n - n};
}

static struct str whole(struct rst_lines lines)
{
    const struct str *last = lines.n == 0 ? NULL : &lines.v[lines.n - 1];

    return last == NULL ? STR_EMPTY : (struct str){lines.v[0].p, (size_t)(last->p + last->n - lines.v[0].p)};
}

static void code(struct rst *rst, const struct directive *directive)
{
    struct buf raw = BUF_EMPTY;
    struct str text;

    for (size_t i = 0; i < directive->body.n; i++) {
        buf_add(&raw, directive->body.v[i]);
        buf_addc(&raw, '\n');
    }
    text = words_code(rst->builder->arena, buf_str(&raw));
    buf_free(&raw);
    if (text.n > 0)
        builder_add(rst->builder, BLOCK_CODE, 0, text,
                    builder_span(rst->builder, directive->at, directive->end - directive->at));
}

static void note(struct rst *rst, const struct directive *directive, struct str kind)
{
    builder_note(rst->builder, kind);
    if (directive->argument.n > 0) {
        /* An admonition's title; in all others the first line of the text, which goes on below. */
        struct rst_lines all = {arena_new_array(rst->builder->arena, struct str, directive->body.n + 1), 1};

        all.v[0] = directive->argument;
        for (size_t i = 0; i < directive->body.n; i++)
            all.v[all.n++] = directive->body.v[i];
        rst_blocks(rst, all);
    } else {
        rst_blocks(rst, directive->body);
    }
    builder_note_end(rst->builder);
}

static void tab(struct rst *rst, const struct directive *directive)
{
    struct builder *builder = rst->builder;

    builder_add(builder, BLOCK_TAB, ++rst->tab, words_from(rst, directive->argument, directive->at),
                builder_span(builder, directive->at, 1));
    rst_blocks(rst, directive->body);
    builder_add(builder, BLOCK_TAB_END, rst->tab--, STR_EMPTY, builder_span(builder, directive->end, 0));
}

static void table(struct rst *rst, const struct directive *directive)
{
    struct str caption = words_from(rst, directive->argument, directive->at);
    struct str delimiter = option(directive, "delim");
    size_t head_n = number_option(directive, "header-rows");

    if (str_is(directive->name, "list-table")) {
        rst_list_table(rst, directive->body, head_n, number_option(directive, "stub-columns"), caption, directive->at);
    } else if (str_is(directive->name, "csv-table") && option(directive, "file").n == 0 &&
               option(directive, "url").n == 0) {
        rst_csv_table(rst, directive->body, option(directive, "header"),
                      str_is(delimiter, "tab") ? '\t'
                      : delimiter.n == 1       ? delimiter.p[0]
                                               : ',',
                      head_n, caption, directive->at);
    } else if (str_is(directive->name, "csv-table")) {
        diag_note(rst->builder->diags, builder_span(rst->builder, directive->at, 2),
                  "the file of this table is not here");
    } else {
        size_t first = 0;

        while (first < directive->body.n && rst_blank(directive->body.v[first]))
            first++;
        if (first == directive->body.n || (rst_grid_table(rst, directive->body, first, caption) == 0 &&
                                           rst_simple_table(rst, directive->body, first, caption) == 0))
            rst_blocks(rst, directive->body);
    }
}

static void run(struct rst *rst, const struct directive *directive)
{
    static const char *const codes[] = {
        "code", "code-block", "sourcecode", "parsed-literal", "literalinclude", "prompt", "console", "highlight", NULL};
    static const char *const tables[] = {"table", "list-table", "csv-table", "flat-table", NULL};
    static const char *const tabs[] = {"tab", "tab-item", "group-tab", "code-tab", "dropdown", "md-tab-item", NULL};
    static const char *const silent[] = {"toctree", "contents",   "index",        "meta", "image", "figure",
                                         "_",       "highlights", "default-role", "role", "title", "sectnum",
                                         "youtube", "graphviz",   "uml",          NULL};
    struct str kind = builder_note_kind(directive->name);

    if (str_is(directive->name, "seealso") || (str_is(directive->name, "admonition") && kind.n == 0))
        kind = builder_note_class(option(directive, "class")).n > 0 ? builder_note_class(option(directive, "class"))
                                                                    : STR("note");
    if (str_is(directive->name, "title"))
        rst->builder->title = words_from(rst, directive->argument, directive->at);
    if (kind.n > 0)
        note(rst, directive, kind);
    else if (is_any(directive->name, codes))
        code(rst, directive);
    else if (is_any(directive->name, tables))
        table(rst, directive);
    else if (is_any(directive->name, tabs) && directive->argument.n > 0)
        tab(rst, directive);
    else if (str_is(directive->name, "raw") && str_is(directive->argument, "html"))
        markup_part(rst->builder, elements_read(rst->builder, whole(directive->body), directive->at), rst->list);
    else if (str_is(directive->name, "include"))
        diag_note(rst->builder->diags, builder_span(rst->builder, directive->at, 2), "what \"%.*s\" holds is not here",
                  STR_ARG(directive->argument));
    else if (!is_any(directive->name, silent))
        rst_blocks(rst, directive->body);
}

static void footnote(struct rst *rst, struct str mark, const struct directive *directive)
{
    struct words words;
    struct rst_lines all = {arena_new_array(rst->builder->arena, struct str, directive->body.n + 1), 1};
    struct words_text text;
    struct block *block;

    all.v[0] = directive->argument;
    for (size_t i = 0; i < directive->body.n; i++)
        all.v[all.n++] = directive->body.v[i];
    words_begin(&words, rst->builder->arena);
    rst_cell(rst, &words, all);
    text = words_end(&words, directive->at);
    if (text.text.n == 0)
        return;
    block = builder_add(rst->builder, BLOCK_FOOTNOTE, 0, text.text, builder_span(rst->builder, text.at, text.n));
    block->mark = words_of(rst->builder->arena, mark.p[0] == '#' && mark.n > 1 ? str_from(mark, 1) : mark);
}

/* `|name| replace:: text` */
static void substitution(struct rst *rst, struct str line)
{
    struct str rest;
    struct str name = str_cut(str_from(line, 1), '|', &rest);
    struct str *value;

    rest = str_trim(rest);
    if (!str_starts(rest, "replace::"))
        return;
    value = arena_new_object(rst->builder->arena, struct str);
    rest = str_trim(str_from(rest, 9));
    *value = rest.n > 4096 ? STR_EMPTY : words_from(rst, rest, rest.n == 0 ? 0 : rst_place(rst, rest));
    map_set(rst->builder->arena, &rst->substitutions, name, value);
}

size_t rst_explicit(struct rst *rst, struct rst_lines lines, size_t first)
{
    struct str line = str_trim(str_from(lines.v[first], 2));
    struct directive directive = {.at = rst_place(rst, lines.v[first])};
    struct str rest;
    size_t next;
    size_t n = 0;

    directive.body = rst_indented(rst, lines, first, &next);
    directive.end = rst_place(rst, lines.v[next - 1]) + lines.v[next - 1].n;
    if (line.n > 0 && line.p[0] == '[') {
        struct str mark = str_cut(str_from(line, 1), ']', &rest);

        directive.argument = str_trim(rest);
        if (mark.n > 0 && mark.n < 40)
            footnote(rst, mark, &directive);
        return next;
    }
    if (line.n > 0 && line.p[0] == '|') {
        substitution(rst, line);
        return next;
    }
    while (n < line.n && (isalnum((unsigned char)line.p[n]) || strchr("-_.+:", line.p[n]) != NULL))
        n++;
    if (n > 2 && line.p[n - 1] == ':' && line.p[n - 2] == ':' && line.p[0] != '_') {
        directive.name = str_head(line, n - 2);
        directive.argument = str_trim(str_from(line, n));
        split_options(&directive);
        run(rst, &directive);
    }
    return next;
}
