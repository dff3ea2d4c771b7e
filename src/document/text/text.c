/*
 * Copied text into pages; see text.h. Lines between pipes or tabs are grids; lines whose cells are parted by single
 * blanks stay sentences, one a line with its no-break spaces, for only their meaning tells their cells.
 */
#include "document/text/text.h"

#include <ctype.h>

#include "document/pipes.h"

#define LEVELS_MOST 16u

struct reading {
    struct text_lines lines;
    size_t indents[LEVELS_MOST]; /* of the open levels of a list */
    size_t level_n;
    size_t no_columns; /* lines before this one were found to be no columns */
    bool star_marks;   /* some "443*" points to a footnote, so that a star does not begin an item */
};

void text_cell(struct grid_builder *grid, const struct text_lines *lines, struct str cell)
{
    struct words words;

    words_begin(&words, grid->builder->arena);
    words_add(&words, cell, text_at(lines, cell));
    grid_words(grid, 1, 1, &words, text_at(lines, cell));
}

static size_t end_of(const struct text_lines *lines, size_t line)
{
    return text_at(lines, lines->v[line]) + lines->v[line].n;
}

static bool is_blank(struct str line)
{
    return str_trim(line).n == 0;
}

/* --- rows between pipes --- */

static size_t count_bars(struct str line)
{
    size_t n = 0;

    for (size_t i = 1; i + 1 < line.n; i++)
        n += line.p[i] == '|' && line.p[i - 1] == ' ' && line.p[i + 1] == ' ';
    return n;
}

/* A row with a pipe at its start, or one like its neighbour; not a lone "a | b". */
static bool is_pipe_row(const struct text_lines *lines, size_t line)
{
    size_t bars;

    if (pipes_is_row(lines->v[line]))
        return true;
    bars = count_bars(lines->v[line]);
    if (bars == 0)
        return false;
    return (line + 1 < lines->n && (count_bars(lines->v[line + 1]) == bars || pipes_is_rule(lines->v[line + 1]))) ||
           (line > 0 && (count_bars(lines->v[line - 1]) == bars || pipes_is_rule(lines->v[line - 1])));
}

static bool is_pipe_rule(struct str line)
{
    return pipes_is_rule(line) && (memchr(line.p, '|', line.n) != NULL || memchr(line.p, '+', line.n) != NULL);
}

/* Cells were lost: rows are shorter than the widest one, or were filled up at the end. */
static bool lost_cells(const struct text_lines *lines, size_t first, size_t n)
{
    size_t fewest = SIZE_MAX;
    size_t most = 0;
    bool filled = false;

    for (size_t i = first; i < first + n; i++) {
        struct str rest = pipes_begin(lines->v[i]);
        struct str cell = STR_EMPTY;
        size_t count = 0;

        if (is_pipe_rule(lines->v[i]))
            continue;
        while (pipes_next(&rest, &cell))
            count++;
        filled |= cell.n == 0;
        fewest = count < fewest ? count : fewest;
        most = count > most ? count : most;
    }
    return filled || fewest < most;
}

static size_t pipe_table(const struct text_lines *lines, size_t first)
{
    struct grid_builder grid;
    size_t n = 0;
    size_t rows = 0;
    size_t head_n = 0;

    grid_begin(&grid, lines->builder, text_at(lines, lines->v[first]));
    for (; first + n < lines->n; n++) {
        struct str line = lines->v[first + n];
        struct str rest = pipes_begin(line);
        struct str cell;

        if (is_pipe_rule(line)) {
            head_n = head_n == 0 ? rows : head_n;
            continue;
        }
        if (!is_pipe_row(lines, first + n))
            break;
        grid_row(&grid);
        rows++;
        while (pipes_next(&rest, &cell))
            text_cell(&grid, lines, cell);
    }
    grid.grid->shifted = lost_cells(lines, first, n);
    grid_add(&grid, head_n < rows ? head_n : 0, STR_EMPTY, end_of(lines, first + n - 1));
    return n;
}

/* --- rows between tabs --- */

static size_t count_tabs(struct str line)
{
    size_t n = 0;

    for (size_t i = 0; i < line.n; i++)
        n += line.p[i] == '\t';
    return n;
}

/* A tab with text before it: others only indent. */
static bool has_inner_tab(struct str line)
{
    const char *tab = line.n == 0 ? NULL : memchr(str_trim(line).p, '\t', str_trim(line).n);

    return tab != NULL;
}

static size_t tab_table(const struct text_lines *lines, size_t first)
{
    struct grid_builder grid;
    size_t fewest = SIZE_MAX;
    size_t most = 0;
    size_t n = 0;

    for (; first + n < lines->n && !is_blank(lines->v[first + n]) && count_tabs(lines->v[first + n]) > 0; n++) {
        size_t tabs = count_tabs(lines->v[first + n]);

        fewest = tabs < fewest ? tabs : fewest;
        most = tabs > most ? tabs : most;
    }
    if (n < 2 && most < 2)
        return 0;
    grid_begin(&grid, lines->builder, text_at(lines, lines->v[first]));
    for (size_t i = first; i < first + n; i++) {
        struct str rest = lines->v[i];

        grid_row(&grid);
        for (size_t left = count_tabs(rest) + 1; left > 0; left--)
            text_cell(&grid, lines, str_cut(rest, '\t', &rest));
    }
    grid.grid->shifted = fewest < most;
    grid_add(&grid, 0, STR_EMPTY, end_of(lines, first + n - 1));
    return n;
}

/* --- items and sentences --- */

static size_t indent_of(struct str line)
{
    size_t n = 0;

    while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
        n++;
    return n;
}

/* The length of what an item begins with, its blank included; 0: the line is no item. */
static size_t bullet_of(const struct reading *reading, struct str line)
{
    static const char *const bullets[] = {"\xe2\x80\xa2",
                                          "\xe2\x97\xa6",
                                          "\xe2\x96\xaa",
                                          "\xe2\x97\x8f",
                                          "\xe2\x97\x8b",
                                          "\xe2\x80\xa3",
                                          "\xc2\xb7",
                                          "-",
                                          "*",
                                          "+",
                                          "\xe2\x80\x93",
                                          "\xe2\x80\x94"};
    size_t n = 0;

    for (size_t i = 0; n == 0 && i < sizeof bullets / sizeof *bullets; i++) {
        if (str_starts(line, bullets[i]) && !(reading->star_marks && bullets[i][0] == '*'))
            n = strlen(bullets[i]);
    }
    while (n == 0 && line.n > 3 && isdigit((unsigned char)line.p[0])) {
        n = isdigit((unsigned char)line.p[1]) ? 2 : 1;
        if (line.p[n] != '.' && line.p[n] != ')')
            return 0;
        n++;
    }
    if (n == 0 || n + 1 >= line.n || (line.p[n] != ' ' && line.p[n] != '\t'))
        return 0;
    return n + 1;
}

static unsigned level_of(struct reading *reading, size_t indent)
{
    while (reading->level_n > 0 && reading->indents[reading->level_n - 1] > indent)
        reading->level_n--;
    if (reading->level_n == 0 || (reading->indents[reading->level_n - 1] < indent && reading->level_n < LEVELS_MOST))
        reading->indents[reading->level_n++] = indent;
    return (unsigned)reading->level_n;
}

/* An item, and the lines below it that stand under its text. */
static size_t item(struct reading *reading, size_t first)
{
    const struct text_lines *lines = &reading->lines;
    size_t indent = indent_of(lines->v[first]);
    size_t bullet = bullet_of(reading, str_from(lines->v[first], indent));
    struct str text = str_from(lines->v[first], indent + bullet);
    unsigned level = level_of(reading, indent);
    struct words words;
    size_t n = 1;

    words_begin(&words, lines->builder->arena);
    words_add(&words, text, text_at(lines, text));
    for (; first + n < lines->n; n++) {
        struct str line = lines->v[first + n];
        size_t deeper = indent_of(line);

        if (is_blank(line) || deeper <= indent || bullet_of(reading, str_from(line, deeper)) > 0)
            break;
        words_blank(&words);
        words_add(&words, line, text_at(lines, line));
    }
    builder_words(lines->builder, BLOCK_ITEM, level, &words);
    return n;
}

static void sentence(const struct text_lines *lines, size_t line)
{
    struct words words;

    words_begin(&words, lines->builder->arena);
    words_add(&words, lines->v[line], text_at(lines, lines->v[line]));
    builder_words(lines->builder, BLOCK_PARAGRAPH, 0, &words);
}

/* Adds what begins at a line; how many lines it takes. */
static size_t add_lines(struct reading *reading, size_t at)
{
    const struct text_lines *lines = &reading->lines;
    struct str line = lines->v[at];
    size_t indent = indent_of(line);
    size_t looked_at = 0;
    size_t n = 0;

    if (is_blank(line))
        return 1;
    if (is_pipe_row(lines, at) || (is_pipe_rule(line) && at + 1 < lines->n && is_pipe_row(lines, at + 1)))
        n = pipe_table(lines, at);
    if (n == 0 && has_inner_tab(line) && bullet_of(reading, str_from(line, indent)) == 0)
        n = tab_table(lines, at);
    if (n == 0 && bullet_of(reading, str_from(line, indent)) > 0)
        return item(reading, at);
    if (n == 0 && at >= reading->no_columns) {
        n = text_columns(lines, at, &looked_at);
        reading->no_columns = at + looked_at;
    }
    reading->level_n = 0;
    if (n > 0)
        return n;
    sentence(lines, at);
    return 1;
}

static bool has_star_marks(struct str text)
{
    for (size_t i = 1; i < text.n; i++) {
        if (text.p[i] == '*' && isdigit((unsigned char)text.p[i - 1]) &&
            (i + 1 == text.n || strchr(" \t\r\n|,", text.p[i + 1]) != NULL))
            return true;
    }
    return false;
}

static struct page *read(struct arena *arena, const struct source *source, struct diags *diags)
{
    struct builder builder;
    struct reading reading = {.lines = {.builder = &builder, .n = source->line_n}};

    builder_begin(&builder, arena, source, diags);
    reading.lines.v = arena_new_array(arena, struct str, source->line_n);
    for (uint32_t i = 0; i < source->line_n; i++)
        reading.lines.v[i] = source_line_text(source, i + 1);
    reading.star_marks = has_star_marks(source->text);
    for (size_t at = 0; at < reading.lines.n;)
        at += add_lines(&reading, at);
    return builder_end(&builder);
}

static bool recognise(struct str text)
{
    (void)text;
    return true;
}

static const char *const suffixes[] = {NULL};

const struct document_format document_text = {
    .name = "text",
    .title = "text copied from a page",
    .suffixes = suffixes,
    .recognise = recognise,
    .read = read,
};
