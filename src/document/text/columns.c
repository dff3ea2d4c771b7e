/*
 * Columns that are parted by two or more blanks, as `pdftotext -layout` and mails have them: letter columns that are
 * blank in all lines part the columns of the table. Linear in the lines.
 */
#include "document/text/text.h"

#define WIDTH_MOST 2000u /* letters in a line; longer ones are sentences */

/* The letters of a line, each of one column; tabs never come here. */
static size_t width_of(struct str line)
{
    size_t n = 0;

    for (size_t i = 0; i < line.n; i++)
        n += ((unsigned char)line.p[i] & 0xc0) != 0x80;
    return n;
}

/* Two blanks with text on at least one side of them. */
static bool has_gap(struct str line)
{
    while (line.n > 0 && strchr(" \r", line.p[line.n - 1]) != NULL)
        line.n--;
    return line.n > 0 && memchr(line.p, '\t', line.n) == NULL && memmem(line.p, line.n, "  ", 2) != NULL &&
           width_of(line) <= WIDTH_MOST;
}

/* Letter columns in which some line shows something. */
static size_t mark_used(struct str line, bool *used)
{
    size_t column = 0;
    size_t width = 0;

    for (size_t i = 0; i < line.n; i++) {
        bool starts = ((unsigned char)line.p[i] & 0xc0) != 0x80;

        column += starts && i > 0;
        if (line.p[i] != ' ' && line.p[i] != '\r') {
            used[column] = true;
            width = column + 1;
        }
    }
    return width;
}

struct column {
    size_t from; /* letters */
    size_t to;
};

static size_t find_columns(const bool *used, size_t width, struct column *columns, size_t most)
{
    size_t n = 0;

    for (size_t at = 0; at < width && n < most;) {
        size_t end = at;

        if (!used[at]) {
            at++;
            continue;
        }
        while (end < width && (used[end] || (end + 1 < width && used[end + 1])))
            end++;
        columns[n++] = (struct column){at, end};
        at = end;
    }
    return n;
}

/* The bytes of a line that stand in a column. */
static struct str part_of(struct str line, struct column column)
{
    size_t letter = 0;
    size_t from = line.n;
    size_t to = line.n;

    for (size_t i = 0; i < line.n; i++) {
        if (((unsigned char)line.p[i] & 0xc0) == 0x80)
            continue;
        if (letter == column.from)
            from = i;
        if (letter == column.to)
            to = i;
        letter++;
    }
    return from < to ? str_head(str_from(line, from), to - from) : STR_EMPTY;
}

static bool shows(struct str part)
{
    return str_trim(part).n > 0;
}

/* At least two columns, each with something in two lines, and lines with something in two columns: a table. */
static bool is_table(const struct text_lines *lines, size_t first, size_t n, const struct column *columns,
                     size_t column_n)
{
    size_t full = 0;

    if (column_n < 2 || n < 2)
        return false;
    for (size_t i = 0; i < n; i++) {
        size_t filled = 0;

        for (size_t k = 0; k < column_n; k++)
            filled += shows(part_of(lines->v[first + i], columns[k]));
        full += filled > 1;
    }
    return full >= 2 && full * 2 >= n;
}

size_t text_columns(const struct text_lines *lines, size_t first, size_t *looked_at)
{
    enum { COLUMNS_MOST = 40 };
    struct column columns[COLUMNS_MOST];
    bool used[WIDTH_MOST + 1] = {false};
    struct grid_builder grid;
    size_t width = 0;
    size_t column_n;
    size_t n = 0;

    while (first + n < lines->n && has_gap(lines->v[first + n])) {
        size_t w = mark_used(lines->v[first + n++], used);

        width = w > width ? w : width;
    }
    *looked_at = n;
    column_n = find_columns(used, width, columns, COLUMNS_MOST);
    if (!is_table(lines, first, n, columns, column_n))
        return 0;
    grid_begin(&grid, lines->builder, text_at(lines, lines->v[first]));
    for (size_t i = 0; i < n; i++) {
        grid_row(&grid);
        for (size_t k = 0; k < column_n; k++) {
            struct str part = part_of(lines->v[first + i], columns[k]);

            text_cell(&grid, lines, part.n > 0 ? part : str_from(lines->v[first + i], lines->v[first + i].n));
        }
    }
    grid_add(&grid, 0, STR_EMPTY, text_at(lines, lines->v[first + n - 1]) + lines->v[first + n - 1].n);
    return n;
}
