/*
 * Tables that part a range of ports over two columns, `Start port | End port`: read as one column of ranges. Where the
 * second cell is empty the first is the port.
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
