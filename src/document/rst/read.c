/*
 * The blocks of reStructuredText by their indent; see rst.h. Every block gets its lines without the indent of what it
 * stands in, so that it is read like a text of its own.
 */
#include <ctype.h>

#include "document/rst/rst.h"

size_t rst_indent(struct str line)
{
    size_t n = 0;

    while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
        n++;
    return n;
}

bool rst_blank(struct str line)
{
    return str_trim(line).n == 0;
}

size_t rst_place(const struct rst *rst, struct str inside)
{
    const struct str *text = &rst->builder->source->text;

    return inside.p >= text->p && inside.p <= text->p + text->n ? (size_t)(inside.p - text->p) : 0;
}

size_t rst_item_start(struct str line)
{
    static const char *const bullets[] = {"- ", "* ", "+ ", "\xe2\x80\xa2 ", "#. "};
    size_t n = 0;

    for (size_t i = 0; i < sizeof bullets / sizeof *bullets; i++) {
        if (str_starts(line, bullets[i]))
            n = strlen(bullets[i]);
    }
    if (n == 0 && line.n > 3) {
        size_t open = line.p[0] == '(';

        n = open;
        while (n < line.n && n < 3 + open && isdigit((unsigned char)line.p[n]))
            n++;
        if (n == open && isalpha((unsigned char)line.p[n]) &&
            (line.p[n + 1] == ')' || (line.p[n + 1] == '.' && islower((unsigned char)line.p[n]))))
            n++;
        if (n == open || n + 1 >= line.n || (line.p[n] != ')' && (line.p[n] != '.' || open > 0)) ||
            line.p[n + 1] != ' ')
            return 0;
        n += 2;
    }
    while (n > 0 && n < line.n && line.p[n] == ' ')
        n++;
    return n;
}

struct rst_lines rst_indented(const struct rst *rst, struct rst_lines lines, size_t first, size_t *next)
{
    size_t own = rst_indent(lines.v[first]);
    size_t end = first + 1;
    size_t last = first;
    size_t indent = SIZE_MAX;
    struct rst_lines made;

    for (; end < lines.n; end++) {
        if (rst_blank(lines.v[end]))
            continue;
        if (rst_indent(lines.v[end]) <= own)
            break;
        last = end;
        indent = rst_indent(lines.v[end]) < indent ? rst_indent(lines.v[end]) : indent;
    }
    *next = last + 1;
    made.n = last - first;
    made.v = arena_new_array(rst->builder->arena, struct str, made.n + 1);
    for (size_t i = 0; i < made.n; i++)
        made.v[i] = str_from(lines.v[first + 1 + i], indent);
    return made;
}

static bool is_adornment(struct str line)
{
    line = str_head(line, rst_indent(line) == 0 ? str_trim(line).n : 0);
    if (line.n < 2 || !ispunct((unsigned char)line.p[0]))
        return false;
    for (size_t i = 1; i < line.n; i++) {
        if (line.p[i] != line.p[0])
            return false;
    }
    return true;
}

static unsigned level_of(struct rst *rst, char c, bool above)
{
    for (unsigned i = 0; i < rst->style_n; i++) {
        if (rst->styles[i][0] == c && rst->styles[i][1] == (char)above)
            return i + 1;
    }
    if (rst->style_n == RST_STYLES_MOST)
        return RST_STYLES_MOST;
    rst->styles[rst->style_n][0] = c;
    rst->styles[rst->style_n][1] = (char)above;
    return ++rst->style_n;
}

/* A title with a line below it, or above and below; how many lines it takes. */
static size_t title(struct rst *rst, struct rst_lines lines, size_t first)
{
    bool above = is_adornment(lines.v[first]);
    size_t at = first + above;
    struct str text;
    struct words words;
    size_t before = rst->builder->blocks.n;

    if (at + 1 >= lines.n || rst_blank(lines.v[at]) || !is_adornment(lines.v[at + 1]) ||
        (!above && rst_indent(lines.v[at]) > 0))
        return 0;
    text = str_trim(lines.v[at]);
    if (is_adornment(lines.v[at]) || (str_trim(lines.v[at + 1]).n < 4 && str_trim(lines.v[at + 1]).n < text.n))
        return 0;
    if (above && lines.v[first].p[0] != lines.v[at + 1].p[0])
        return 0;
    words_begin(&words, rst->builder->arena);
    rst_inline(rst, &words, text, rst_place(rst, text), rst_place(rst, text) + text.n);
    builder_words(rst->builder, BLOCK_HEADING, level_of(rst, lines.v[at + 1].p[0], above), &words);
    if (rst->builder->title.n == 0 && rst->builder->blocks.n > before)
        rst->builder->title = rst->builder->blocks.v[before].text;
    return at + 2 - first;
}

/* What stands behind a paragraph that ends in two colons. */
static size_t literal(struct rst *rst, struct rst_lines lines, size_t first)
{
    size_t next;
    size_t start = first;
    struct rst_lines body;
    struct buf raw = BUF_EMPTY;
    struct str text;

    while (start < lines.n && rst_blank(lines.v[start]))
        start++;
    if (start == first || start == lines.n || rst_indent(lines.v[start]) == 0)
        return first;
    body = rst_indented(rst, lines, first - 1, &next);
    for (size_t i = 0; i < body.n; i++) {
        buf_add(&raw, body.v[i]);
        buf_addc(&raw, '\n');
    }
    text = words_code(rst->builder->arena, buf_str(&raw));
    buf_free(&raw);
    if (text.n > 0)
        builder_add(rst->builder, BLOCK_CODE, 0, text,
                    builder_span(rst->builder, rst_place(rst, lines.v[start]), lines.v[start].n));
    return next;
}

/* Lines that run into one sentence, from the first on. */
static size_t sentence_end(struct rst_lines lines, size_t first)
{
    size_t end = first + 1;

    while (end < lines.n && !rst_blank(lines.v[end]) && rst_indent(lines.v[end]) == rst_indent(lines.v[first]))
        end++;
    return end;
}

static void add_lines(struct rst *rst, struct words *words, struct rst_lines lines, size_t first, size_t end)
{
    struct buf text = BUF_EMPTY;
    size_t last = end - 1;

    for (size_t i = first; i < end; i++) {
        buf_add(&text, lines.v[i]);
        buf_addc(&text, '\n');
    }
    while (text.n > 0 && strchr(" \t\r\n", text.p[text.n - 1]) != NULL)
        text.n--;
    if (text.n > 1 && text.p[text.n - 1] == ':' && text.p[text.n - 2] == ':')
        text.n -= text.n > 2 && text.p[text.n - 3] != ' ' && text.p[text.n - 3] != '\n' ? 1 : 2;
    rst_inline(rst, words, buf_str(&text), rst_place(rst, lines.v[first]),
               rst_place(rst, lines.v[last]) + lines.v[last].n);
    buf_free(&text);
}

static bool ends_in_colons(struct rst_lines lines, size_t line)
{
    return str_ends(str_trim(lines.v[line]), "::");
}

static size_t paragraph(struct rst *rst, struct rst_lines lines, size_t first)
{
    size_t end = sentence_end(lines, first);
    struct words words;

    words_begin(&words, rst->builder->arena);
    add_lines(rst, &words, lines, first, end);
    builder_words(rst->builder, BLOCK_PARAGRAPH, 0, &words);
    return ends_in_colons(lines, end - 1) ? literal(rst, lines, end) : end;
}

static bool begins_block(struct rst_lines lines, size_t at)
{
    struct str line = lines.v[at];

    return rst_item_start(line) > 0 || str_starts(line, ".. ") || str_starts(line, "+-") || str_starts(line, "+=") ||
           rst_indent(line) > 0 || (str_starts(line, "==") && is_adornment(str_cut(line, ' ', &line)));
}

/* An item: its sentences are its lines, other blocks stand behind it. */
static void item(struct rst *rst, struct rst_lines lines, struct words *words)
{
    size_t at = 0;

    while (at < lines.n && (rst_blank(lines.v[at]) || !begins_block(lines, at))) {
        size_t end = at + 1;

        if (!rst_blank(lines.v[at])) {
            end = sentence_end(lines, at);
            words_break(words);
            add_lines(rst, words, lines, at, end);
            if (ends_in_colons(lines, end - 1))
                break;
        }
        at = end;
    }
    builder_words(rst->builder, BLOCK_ITEM, rst->list, words);
    if (at < lines.n && !rst_blank(lines.v[at]) && !begins_block(lines, at))
        at = literal(rst, lines, sentence_end(lines, at));
    rst_blocks(rst, (struct rst_lines){lines.v + at, lines.n - at});
}

static size_t list_item(struct rst *rst, struct rst_lines lines, size_t first)
{
    size_t start = rst_item_start(lines.v[first]);
    size_t end = first + 1;
    struct rst_lines inside;
    struct words words;

    while (end < lines.n && (rst_blank(lines.v[end]) || rst_indent(lines.v[end]) >= start ||
                             (!rst_blank(lines.v[end - 1]) && rst_indent(lines.v[end]) > 0)))
        end++;
    inside.n = end - first;
    inside.v = arena_new_array(rst->builder->arena, struct str, inside.n);
    for (size_t i = first; i < end; i++)
        inside.v[i - first] =
            str_from(lines.v[i], i == first || rst_indent(lines.v[i]) >= start ? start : rst_indent(lines.v[i]));
    rst->list++;
    words_begin(&words, rst->builder->arena);
    item(rst, inside, &words);
    rst->list--;
    return end;
}

/* A term above its indented description, and a field with its name between colons: one item of two lines. */
static size_t term(struct rst *rst, struct rst_lines lines, size_t first)
{
    struct str line = lines.v[first];
    struct rst_lines body;
    struct words words;
    size_t next;
    size_t colon = 1;

    if (line.p[0] == ':') {
        while (colon < line.n && colon < 80 && line.p[colon] != ':' && line.p[colon] != '`')
            colon++;
        if (colon < 2 || colon >= line.n || line.p[colon] != ':' || (colon + 1 < line.n && line.p[colon + 1] != ' '))
            return 0;
    } else if (first + 1 >= lines.n || rst_blank(lines.v[first + 1]) || rst_indent(lines.v[first + 1]) == 0 ||
               ends_in_colons(lines, first)) {
        return 0;
    }
    body = rst_indented(rst, lines, first, &next);
    rst->list++;
    words_begin(&words, rst->builder->arena);
    if (line.p[0] == ':') {
        rst_inline(rst, &words, str_head(str_from(line, 1), colon - 1), rst_place(rst, line),
                   rst_place(rst, line) + colon);
        words_break(&words);
        rst_inline(rst, &words, str_from(line, colon + 1), rst_place(rst, line), rst_place(rst, line) + line.n);
        words_blank(&words);
        if (str_trim(str_from(line, colon + 1)).n > 0 && body.n > 0 && !rst_blank(body.v[0]) &&
            !begins_block(body, 0)) {
            size_t end = sentence_end(body, 0);

            add_lines(rst, &words, body, 0, end);
            body = (struct rst_lines){body.v + end, body.n - end};
        }
    } else {
        rst_inline(rst, &words, line, rst_place(rst, line), rst_place(rst, line) + line.n);
    }
    item(rst, body, &words);
    rst->list--;
    return next;
}

/* Lines that begin with a pipe keep their ends. */
static size_t line_block(struct rst *rst, struct rst_lines lines, size_t first)
{
    struct words words;
    size_t end = first;

    words_begin(&words, rst->builder->arena);
    for (; end < lines.n && str_starts(lines.v[end], "|") && (lines.v[end].n == 1 || lines.v[end].p[1] == ' '); end++) {
        struct str text = str_from(lines.v[end], 1);

        rst_inline(rst, &words, text, rst_place(rst, text), rst_place(rst, text) + text.n);
        words_break(&words);
    }
    builder_words(rst->builder, BLOCK_PARAGRAPH, 0, &words);
    return end;
}

/* The block that begins at a line that is not blank; the line behind it. */
static size_t block(struct rst *rst, struct rst_lines lines, size_t at)
{
    struct str line = lines.v[at];
    size_t n;

    if (rst_indent(line) > 0) { /* a quote */
        struct rst_lines all = {lines.v + at, lines.n - at};
        size_t end = 0;
        size_t indent = rst_indent(line);

        while (end < all.n && (rst_blank(all.v[end]) || rst_indent(all.v[end]) >= indent))
            end++;
        all.n = end;
        for (size_t i = 0; i < end; i++)
            all.v[i] = str_from(all.v[i], rst_blank(all.v[i]) ? all.v[i].n : indent);
        rst_blocks(rst, all);
        return at + end;
    }
    if (str_starts(line, "..") && (line.n == 2 || line.p[2] == ' '))
        return rst_explicit(rst, lines, at);
    n = rst_grid_table(rst, lines, at, STR_EMPTY);
    if (n == 0)
        n = rst_simple_table(rst, lines, at, STR_EMPTY);
    if (n == 0)
        n = title(rst, lines, at);
    if (n > 0)
        return at + n;
    if (is_adornment(line) && str_trim(line).n >= 4)
        return at + 1; /* a line between two parts */
    if (str_starts(line, "| "))
        return line_block(rst, lines, at);
    if (rst_item_start(line) > 0)
        return list_item(rst, lines, at);
    n = str_starts(line, "__ ") ? at + 1 : term(rst, lines, at);
    return n > 0 ? n : paragraph(rst, lines, at);
}

void rst_blocks(struct rst *rst, struct rst_lines lines)
{
    if (rst->depth == RST_DEEPEST) {
        if (lines.n > 0)
            diag_warning(rst->builder->diags, builder_span(rst->builder, rst_place(rst, lines.v[0]), 1),
                         "blocks are nested deeper than %u; what lies deeper is left out", RST_DEEPEST);
        return;
    }
    rst->depth++;
    for (size_t at = 0; at < lines.n;)
        at = rst_blank(lines.v[at]) ? at + 1 : block(rst, lines, at);
    rst->depth--;
}

/* What is replaced may be said below where it stands. */
static void find_substitutions(struct rst *rst, struct rst_lines lines)
{
    for (size_t i = 0; i < lines.n; i++) {
        if (str_starts(lines.v[i], ".. |"))
            rst_explicit(rst, (struct rst_lines){lines.v + i, 1}, 0);
    }
}

static struct page *read(struct arena *arena, const struct source *source, struct diags *diags)
{
    struct builder builder;
    struct rst rst = {.builder = &builder};
    struct rst_lines lines = {arena_new_array(arena, struct str, source->line_n), source->line_n};

    builder_begin(&builder, arena, source, diags);
    for (uint32_t i = 0; i < source->line_n; i++)
        lines.v[i] = source_line_text(source, i + 1);
    if (str_starts(lines.v[0], "\xef\xbb\xbf"))
        lines.v[0] = str_from(lines.v[0], 3);
    find_substitutions(&rst, lines);
    rst_blocks(&rst, lines);
    return builder_end(&builder);
}

/* A directive, a drawn table, or a title with a line below it that no other format has. */
static bool recognise(struct str text)
{
    struct str before = STR_EMPTY;

    text = str_head(text, 65536);
    while (text.n > 0) {
        struct str line = str_cut(text, '\n', &text);

        if (str_starts(line, ".. ") &&
            (str_contains(line, ":: ") || str_ends(str_trim(line), "::") || str_ends(str_trim(line), ":")))
            return true;
        if (before.n > 0 && rst_indent(before) == 0 && is_adornment(line) && strchr("=~^\"*", line.p[0]) != NULL &&
            str_trim(line).n >= str_trim(before).n && str_trim(line).n > 3 && !is_adornment(before) &&
            str_contains(text, "``"))
            return true;
        before = str_trim(line);
    }
    return false;
}

static const char *const suffixes[] = {"rst", "rest", NULL};

const struct document_format document_rst = {
    .name = "rst",
    .title = "reStructuredText",
    .suffixes = suffixes,
    .recognise = recognise,
    .read = read,
};
