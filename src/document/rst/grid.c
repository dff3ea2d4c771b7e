/*
 * Tables drawn with +---+ in reStructuredText; see rst.h. Cells are found as docutils finds them: from a corner right,
 * down, left and up again. Where the drawing does not close, lines between pipes are taken as they stand, and that is
 * said.
 */
#include "document/pipes.h"
#include "document/rst/rst.h"

#define WIDTH_MOST 4000u
#define LOOSE_COLUMNS_MOST 100u /* of a drawing that does not close */

struct drawing {
    struct rst *rst;
    struct rst_lines lines;
    uint32_t **letters; /* by line: where each letter begins, and the end */
    size_t *widths;
    size_t width;
    size_t steps; /* that may still be taken */
    bool *tops;   /* lines of letters in which boxes begin */
    bool *lefts;
    size_t *row_at; /* from those: which row and column of the table */
    size_t *column_at;
};

struct box {
    size_t top;
    size_t left;
    size_t bottom;
    size_t right;
};

static char letter(const struct drawing *drawing, size_t row, size_t column)
{
    if (row >= drawing->lines.n || column >= drawing->widths[row])
        return ' ';
    return drawing->lines.v[row].p[drawing->letters[row][column]];
}

static void measure(struct drawing *drawing)
{
    struct arena *arena = drawing->rst->builder->arena;

    drawing->letters = arena_new_array(arena, uint32_t *, drawing->lines.n);
    drawing->widths = arena_new_array(arena, size_t, drawing->lines.n);
    for (size_t row = 0; row < drawing->lines.n; row++) {
        struct str line = drawing->lines.v[row];
        size_t n = 0;

        drawing->letters[row] = arena_new_array(arena, uint32_t, line.n + 1);
        for (size_t i = 0; i < line.n; i++) {
            if (((unsigned char)line.p[i] & 0xc0) != 0x80)
                drawing->letters[row][n++] = (uint32_t)i;
        }
        drawing->letters[row][n] = (uint32_t)line.n;
        drawing->widths[row] = n;
        drawing->width = n > drawing->width ? n : drawing->width;
    }
}

static bool is_rule(char c)
{
    return c == '-' || c == '=' || c == '+';
}

static bool closes(struct drawing *drawing, struct box box)
{
    for (size_t column = box.right; column > box.left; column--) {
        if (drawing->steps-- <= 1 || !is_rule(letter(drawing, box.bottom, column)))
            return false;
    }
    if (letter(drawing, box.bottom, box.left) != '+')
        return false;
    for (size_t row = box.bottom; row > box.top; row--) {
        char c = letter(drawing, row, box.left);

        if (drawing->steps-- <= 1 || (c != '|' && c != '+'))
            return false;
    }
    return true;
}

static bool down(struct drawing *drawing, struct box *box)
{
    for (box->bottom = box->top + 1; box->bottom < drawing->lines.n; box->bottom++) {
        char c = letter(drawing, box->bottom, box->right);

        if (drawing->steps == 0 || --drawing->steps == 0)
            return false;
        if (c == '+' && closes(drawing, *box))
            return true;
        if ((c != '|' && c != '+') || drawing->steps < 2)
            return false;
    }
    return false;
}

/* The box whose upper left corner this is. */
static bool find_box(struct drawing *drawing, size_t top, size_t left, struct box *box)
{
    *box = (struct box){.top = top, .left = left};
    for (box->right = left + 1; box->right < drawing->widths[top]; box->right++) {
        char c = letter(drawing, top, box->right);

        if (!is_rule(c) || drawing->steps == 0 || --drawing->steps < 2)
            return false;
        if (c == '+' && down(drawing, box))
            return true;
    }
    return false;
}

/* For each line, how many of those before it begin boxes. */
static size_t *count_before(struct arena *arena, const bool *begins, size_t n)
{
    size_t *before = arena_new_array(arena, size_t, n + 1);

    for (size_t i = 0; i < n; i++)
        before[i + 1] = before[i] + begins[i];
    return before;
}

static void add_box(struct drawing *drawing, struct grid_builder *grid, struct box box)
{
    struct rst *rst = drawing->rst;
    struct rst_lines inside = {arena_new_array(rst->builder->arena, struct str, box.bottom - box.top), 0};
    struct words words;
    size_t at;

    for (size_t row = box.top + 1; row < box.bottom; row++) {
        size_t width = drawing->widths[row];
        size_t from = drawing->letters[row][box.left + 1 < width ? box.left + 1 : width];
        size_t to = drawing->letters[row][box.right < width ? box.right : width];

        inside.v[inside.n++] = (struct str){drawing->lines.v[row].p + from, to - from};
    }
    words_begin(&words, rst->builder->arena);
    rst_cell(rst, &words, inside);
    at = rst_place(rst, drawing->lines.v[box.top]) + drawing->letters[box.top][box.left];
    grid_words(grid, drawing->row_at[box.bottom] - drawing->row_at[box.top],
               drawing->column_at[box.right] - drawing->column_at[box.left], &words,
               inside.n > 0 ? rst_place(rst, inside.v[0]) : at);
}

/* Goes over the boxes; false: they do not cover the drawing. `grid` NULL: only looks. */
static bool boxes(struct drawing *drawing, struct grid_builder *grid)
{
    size_t covered = 0;

    for (size_t top = 0; top + 1 < drawing->lines.n; top++) {
        bool begun = false;

        for (size_t left = 0; left + 1 < drawing->widths[top]; left++) {
            struct box box;

            if (letter(drawing, top, left) != '+' || !find_box(drawing, top, left, &box))
                continue;
            if (drawing->steps < 2)
                return false;
            covered += (box.bottom - box.top) * (box.right - box.left);
            if (grid != NULL) {
                if (!begun)
                    grid_row(grid);
                add_box(drawing, grid, box);
            }
            begun = true;
            drawing->tops[top] = true;
            drawing->lefts[left] = true;
        }
    }
    return covered > 0 && covered == (drawing->lines.n - 1) * (drawing->width - 1);
}

/* The rows above the line of equals signs. */
static size_t head_rows(const struct drawing *drawing)
{
    for (size_t row = 1; row + 1 < drawing->lines.n; row++) {
        if (letter(drawing, row, 0) == '+' && letter(drawing, row, 1) == '=')
            return drawing->row_at[row];
    }
    return 0;
}

/* A drawing that does not close: its lines between pipes, one row for those between two rules. */
static void read_loosely(struct drawing *drawing, struct grid_builder *grid, size_t *head_n)
{
    struct rst *rst = drawing->rst;
    size_t rows = 0;

    diag_warning(rst->builder->diags,
                 builder_span(rst->builder, rst_place(rst, drawing->lines.v[0]), drawing->lines.v[0].n),
                 "the lines of this table do not close; its rows are read between pipes");
    for (size_t row = 0; row < drawing->lines.n; row++) {
        size_t end = row;

        while (end < drawing->lines.n && !pipes_is_rule(drawing->lines.v[end]))
            end++;
        if (end > row) {
            size_t columns = pipes_count(drawing->lines.v[row]);

            columns = columns < LOOSE_COLUMNS_MOST ? columns : LOOSE_COLUMNS_MOST;
            grid_row(grid);
            rows++;
            for (size_t column = 0; column < columns; column++) {
                struct rst_lines inside = {arena_new_array(rst->builder->arena, struct str, end - row), 0};
                struct words words;

                for (size_t i = row; i < end; i++) {
                    struct str rest = pipes_begin(drawing->lines.v[i]);
                    struct str cell = STR_EMPTY;

                    for (size_t k = 0; k <= column && pipes_next(&rest, &cell); k++)
                        inside.v[inside.n] = cell;
                    inside.n += cell.n > 0;
                }
                words_begin(&words, rst->builder->arena);
                rst_cell(rst, &words, inside);
                grid_words(grid, 1, 1, &words, rst_place(rst, drawing->lines.v[row]));
            }
        }
        row = end;
        if (row < drawing->lines.n && *head_n == 0 &&
            memchr(drawing->lines.v[row].p, '=', drawing->lines.v[row].n) != NULL)
            *head_n = rows;
    }
    grid->grid->shifted = true;
}

size_t rst_grid_table(struct rst *rst, struct rst_lines lines, size_t first, struct str caption)
{
    struct drawing drawing = {.rst = rst, .lines = {lines.v + first, 0}};
    struct grid_builder grid;
    size_t head_n = 0;
    struct arena *arena = rst->builder->arena;

    if (!str_starts(lines.v[first], "+-") && !str_starts(lines.v[first], "+="))
        return 0;
    while (first + drawing.lines.n < lines.n) {
        struct str line = lines.v[first + drawing.lines.n];

        if (line.n == 0 || (line.p[0] != '+' && line.p[0] != '|') || line.n > WIDTH_MOST)
            break;
        drawing.lines.v[drawing.lines.n] = str_head(line, (size_t)(str_trim(line).p - line.p) + str_trim(line).n);
        drawing.lines.n++;
    }
    if (drawing.lines.n < 3)
        return 0;
    measure(&drawing);
    drawing.tops = arena_new_array(arena, bool, drawing.lines.n);
    drawing.lefts = arena_new_array(arena, bool, drawing.width);
    drawing.steps = 1000 + 40 * drawing.lines.n * drawing.width;
    grid_begin(&grid, rst->builder, rst_place(rst, lines.v[first]));
    if (boxes(&drawing, NULL)) {
        drawing.row_at = count_before(arena, drawing.tops, drawing.lines.n);
        drawing.column_at = count_before(arena, drawing.lefts, drawing.width);
        drawing.steps = 1000 + 40 * drawing.lines.n * drawing.width;
        boxes(&drawing, &grid);
        head_n = head_rows(&drawing);
    } else {
        read_loosely(&drawing, &grid, &head_n);
    }
    grid_add(&grid, head_n, caption, rst_place(rst, lines.v[first + drawing.lines.n - 1]));
    return drawing.lines.n;
}
