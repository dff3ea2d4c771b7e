/*
 * Tables that part a range of ports over two columns, `Start port | End port`, or over two rows: read as one column of
 * ranges. Where the second cell is empty the first is the port.
 */
#include "import/columns.h"

static size_t head_at(struct arena *arena, const struct grid *grid, size_t heads, const char *const *words)
{
    for (size_t column = 0; column < grid->column_n; column++) {
        struct str text = columns_head_text(arena, grid, heads, column);

        for (size_t i = 0; words[i] != NULL; i++) {
            if (str_is(text, words[i]))
                return column;
        }
    }
    return grid->column_n;
}

static const struct cell *joined(struct arena *arena, const struct cell *first, const struct cell *last)
{
    struct cell *cell;
    struct str from = first == NULL ? STR_EMPTY : str_trim(first->text);
    struct str to = last == NULL ? STR_EMPTY : str_trim(last->text);

    if (from.n == 0 || to.n == 0 || str_eq(from, to) || first == last)
        return first != NULL ? first : last;
    cell = arena_copy(arena, first, sizeof *cell);
    cell->text = str_printf(arena, "%.*s-%.*s", STR_ARG(from), STR_ARG(to));
    return cell;
}

/* "Lowest port: min of the range" and "… max of the range": the same words but for that. */
static bool are_bounds(struct arena *arena, struct str first, struct str last)
{
    static const char *const pairs[][2] = {{"min", "max"},    {"minimum", "maximum"}, {"start", "end"},
                                           {"first", "last"}, {"lowest", "highest"},  {"lower", "upper"}};
    struct str a = words_normal(arena, first);
    struct str b = words_normal(arena, last);
    bool changed = false;

    while (a.n > 0 && b.n > 0) {
        struct str one = str_word(&a);
        struct str other = str_word(&b);
        bool bound = false;

        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
            bound = bound || (str_is(one, pairs[i][0]) && str_is(other, pairs[i][1]));
        if (!bound && !str_eq(one, other))
            return false;
        changed = changed || bound;
    }
    return changed && a.n == 0 && b.n == 0;
}

static bool is_number(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
    }
    return text.n > 1 && text.n < 6;
}

/* The column of numbers in two rows that are the bounds of one range; column_n: they are not. */
static size_t bounds_at(struct arena *arena, const struct grid *grid, size_t row)
{
    size_t at = grid->column_n;
    bool bounds = false;

    for (size_t column = 0; column < grid->column_n; column++) {
        struct str first = str_trim(columns_text(grid, row, column));
        struct str last = str_trim(columns_text(grid, row + 1, column));

        if (str_eq(first, last))
            continue;
        if (is_number(first) && is_number(last) && at == grid->column_n)
            at = column;
        else if (are_bounds(arena, first, last))
            bounds = true;
        else
            return grid->column_n;
    }
    return bounds ? at : grid->column_n;
}

/* Two rows, `Relay min: 2000` and `Relay max: 2010`, as one of a range. */
const struct grid *columns_bounds(struct arena *arena, const struct grid *grid)
{
    struct grid *made = NULL;

    for (size_t row = columns_head_rows(arena, grid); row + 1 < grid->row_n && grid->row_n < 1000; row++) {
        struct arena_mark mark = arena_mark(arena);
        size_t column = bounds_at(arena, grid, row);

        if (column == grid->column_n) {
            arena_release(arena, mark);
            continue;
        }
        if (made == NULL) {
            made = arena_copy(arena, grid, sizeof *made);
            made->at = arena_copy(arena, grid->at, grid->row_n * grid->column_n * sizeof *grid->at);
        }
        made->at[row * grid->column_n + column] =
            joined(arena, grid_at(grid, row, column), grid_at(grid, row + 1, column));
        for (size_t i = 0; i < grid->column_n; i++)
            made->at[(row + 1) * grid->column_n + i] = NULL; /* an empty row, which is passed over */
        row++;
    }
    return made == NULL ? grid : made;
}

const struct grid *columns_intervals(struct arena *arena, const struct grid *grid)
{
    static const char *const starts[] = {"start port", "starting port", "first port", "port start", "port from",
                                         "min port",   "minimum port",  "lower port", "port min",   NULL};
    static const char *const ends[] = {"end port", "ending port",  "last port",  "port end", "port to",
                                       "max port", "maximum port", "upper port", "port max", NULL};
    size_t heads = columns_head_rows(arena, grid);
    size_t start = head_at(arena, grid, heads, starts);
    size_t end = head_at(arena, grid, heads, ends);
    struct grid *made;

    if (heads == 0 || start == grid->column_n || end == grid->column_n)
        return grid;
    made = arena_copy(arena, grid, sizeof *made);
    made->at = arena_copy(arena, grid->at, grid->row_n * grid->column_n * sizeof *grid->at);
    for (size_t row = 0; row < grid->row_n; row++) {
        const struct cell **cells = &made->at[row * grid->column_n];

        if (row >= heads)
            cells[start] = joined(arena, cells[start], cells[end]);
        cells[end] = NULL;
    }
    return made;
}
