/*
 * Tables drawn with ==== ==== in reStructuredText; see rst.h. The lines of equals signs say where columns begin; a line
 * whose first column is empty goes on with the row above it; ---- below a row say which columns its cells span.
 */
#include "document/rst/rst.h"

#define COLUMNS_MOST 100u

struct column {
    size_t from;
    size_t to; /* of the last: the end of the line */
};

struct simple {
    struct rst *rst;
    struct rst_lines lines;
    struct column columns[COLUMNS_MOST];
    size_t column_n;
    struct grid_builder grid;
};

/* Runs of one letter and blanks between them, at least `least` runs. */
static bool is_border(struct str line, char c, size_t least)
{
    size_t runs = 0;

    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] != c && line.p[i] != ' ' && line.p[i] != '\r')
            return false;
        runs += line.p[i] == c && (i == 0 || line.p[i - 1] != c);
    }
    return runs >= least;
}

static size_t read_border(struct str line, char c, struct column *columns)
{
    size_t n = 0;

    for (size_t i = 0; i < line.n && n < COLUMNS_MOST; i++) {
        if (line.p[i] == c && (i == 0 || line.p[i - 1] != c))
            columns[n++].from = i;
        if (line.p[i] == c)
            columns[n - 1].to = i + 1;
    }
    if (n > 0)
        columns[n - 1].to = SIZE_MAX;
    return n;
}

/* The bytes of a line between two letters; most lines are ASCII, where a letter is a byte. */
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
    return (struct str){line.p + from, to > from ? to - from : 0};
}

/* A row of lines first..first+n; `spans` are the columns of its cells. */
static void add_row(struct simple *simple, size_t first, size_t n, const struct column *spans, size_t span_n)
{
    struct arena *arena = simple->rst->builder->arena;

    grid_row(&simple->grid);
    for (size_t i = 0; i < span_n; i++) {
        struct rst_lines inside = {arena_new_array(arena, struct str, n), n};
        struct words words;
        size_t columns = 0;

        for (size_t k = 0; k < n; k++)
            inside.v[k] = part_of(simple->lines.v[first + k], spans[i]);
        for (size_t k = 0; k < simple->column_n; k++)
            columns += simple->columns[k].from >= spans[i].from && simple->columns[k].from < spans[i].to;
        words_begin(&words, arena);
        rst_cell(simple->rst, &words, inside);
        grid_words(&simple->grid, 1, columns == 0 ? 1 : columns, &words, rst_place(simple->rst, inside.v[0]));
    }
}

/* Rows between two borders. */
static void add_rows(struct simple *simple, size_t first, size_t end)
{
    for (size_t i = first; i < end;) {
        struct column spans[COLUMNS_MOST];
        size_t n = 1;

        if (rst_blank(simple->lines.v[i]) || is_border(simple->lines.v[i], '-', 1)) {
            i++;
            continue;
        }
        while (i + n < end && !rst_blank(simple->lines.v[i + n]) && !is_border(simple->lines.v[i + n], '-', 1) &&
               str_trim(part_of(simple->lines.v[i + n], simple->columns[0])).n == 0)
            n++;
        if (i + n < end && is_border(simple->lines.v[i + n], '-', 1))
            add_row(simple, i, n, spans, read_border(simple->lines.v[i + n], '-', spans));
        else
            add_row(simple, i, n, simple->columns, simple->column_n);
        i += n;
    }
}

size_t rst_simple_table(struct rst *rst, struct rst_lines lines, size_t first, struct str caption)
{
    struct simple simple = {.rst = rst, .lines = lines};
    size_t borders[3];
    size_t n = 0;
    size_t end = first;
    size_t head_n = 0;

    if (!is_border(lines.v[first], '=', 2))
        return 0;
    /* The table ends with its third border, or with its second where a blank line follows that. */
    for (; end < lines.n && n < 3; end++) {
        if (!is_border(lines.v[end], '=', 1))
            continue;
        borders[n++] = end;
        if (n == 2 && (end + 1 == lines.n || rst_blank(lines.v[end + 1]))) {
            end++;
            break;
        }
    }
    if (n < 2)
        return 0;
    simple.column_n = read_border(lines.v[first], '=', simple.columns);
    grid_begin(&simple.grid, rst->builder, rst_place(rst, lines.v[first]));
    add_rows(&simple, first + 1, borders[1]);
    if (n == 3) {
        head_n = simple.grid.open ? simple.grid.row + 1 : 0;
        add_rows(&simple, borders[1] + 1, borders[2]);
    }
    grid_add(&simple.grid, head_n, caption, rst_place(rst, lines.v[borders[n - 1]]));
    return borders[n - 1] + 1 - first;
}
