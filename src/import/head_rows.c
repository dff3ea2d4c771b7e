/* The rows over a table that are heads, and the words over a column. */
#include "import/columns.h"
#include "import/ports.h"

/* Whether the row below the heads parts one of them, spanned over several columns, into heads of its own. */
static bool is_second_head(struct arena *arena, const struct grid *grid)
{
    size_t known = 0;
    bool spanned = false;

    for (size_t column = 0; column < grid->column_n && grid->row_n > 2; column++) {
        const struct cell *above = grid_at(grid, 0, column);
        struct str text = columns_text(grid, 1, column);
        struct port_text read;
        int points;

        ports_read(arena, text, &read);
        if (read.n > 0)
            return false;
        columns_head(words_normal(arena, text), &points);
        spanned = spanned || (above != NULL && above->column_span > 1 && above->column_span < grid->column_n);
        known += points >= COLUMN_EXACT;
    }
    return spanned && known >= 2;
}

/* "Inbound:" alone over a table: it says what the rows are about, not what a column holds. */
static bool is_section_head(struct arena *arena, const struct grid *grid)
{
    size_t filled = 0;

    for (size_t column = 0; column < grid->column_n; column++)
        filled += words_normal(arena, columns_text(grid, 0, column)).n > 0;
    return filled == 1 && grid->column_n > 1 && columns_way(arena, columns_text(grid, 0, 0)) != WAY_UNSAID;
}

/* Rows at the top whose cells are words of heads: what the format marks, else the first when it looks like one. */
size_t columns_head_rows(struct arena *arena, const struct grid *grid)
{
    size_t known = 0;
    size_t ports = 0;

    if (grid->head_n <= 1 && grid->row_n > 1 && is_section_head(arena, grid))
        return 0;
    if (grid->head_n > 0)
        return grid->head_n < grid->row_n ? grid->head_n : grid->row_n;
    if (grid->row_n < 2)
        return 0;
    for (size_t column = 0; column < grid->column_n; column++) {
        struct str text = columns_text(grid, 0, column);
        struct port_text read;
        enum port_shape shape;
        int points;

        ports_read(arena, text, &read);
        shape = ports_shape(&read);
        ports += (shape == SHAPE_PORTS || shape == SHAPE_BOTH);
        columns_head(words_normal(arena, text), &points);
        known += points >= 5;
    }
    if (ports > 0 || known == 0 || (known < 2 && grid->column_n > 2))
        return 0;
    return is_second_head(arena, grid) ? 2 : 1;
}

/* The words over a column: those of all its head rows, a spanned cell once. */
struct str columns_head_text(struct arena *arena, const struct grid *grid, size_t head_n, size_t column)
{
    struct buf all = BUF_EMPTY;
    const struct cell *last = NULL;
    struct str text;

    for (size_t row = 0; row < head_n; row++) {
        const struct cell *cell = grid_at(grid, row, column);

        if (cell == NULL || cell == last || cell->column_span == grid->column_n)
            continue;
        buf_addf(&all, "%s%.*s", all.n > 0 ? " " : "", STR_ARG(cell->text));
        last = cell;
    }
    text = words_normal(arena, buf_str(&all));
    buf_free(&all);
    return text;
}
