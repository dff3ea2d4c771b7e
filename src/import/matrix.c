/*
 * Grids that stand for a list of rows. With the words of heads down the side, rows and columns are exchanged. A matrix:
 * who connects down its side, to whom across its top, and in each cell the ports. It is read as the list that it stands
 * for. Which of the two sides begins must be said in its corner (`From \\ To`): turned round, every fact would be
 * wrong.
 */
#include "import/columns.h"
#include "import/ports.h"

enum { MATRIX_LEAST = 2 }; /* columns of ports */

static bool is_end(struct arena *arena, struct str text)
{
    struct port_text ports;
    int points;

    if (words_normal(arena, text).n == 0)
        return false;
    ports_read(arena, text, &ports);
    columns_head(words_normal(arena, text), &points);
    return ports_shape(&ports) == SHAPE_NONE &&
           (points < COLUMN_EXACT || !words_have(words_normal(arena, text), "port"));
}

static bool is_ports(struct arena *arena, struct str text, bool *some)
{
    struct port_text ports;
    enum port_shape shape;

    ports_read(arena, text, &ports);
    shape = ports_shape(&ports);
    *some = *some || shape == SHAPE_PORTS || shape == SHAPE_BOTH;
    return shape == SHAPE_PORTS || shape == SHAPE_BOTH || shape == SHAPE_EMPTY || shape == SHAPE_SYMBOLIC ||
           shape == SHAPE_TRANSPORTS;
}

/* `From \\ To`, `Source / Destination`: the first is down the side, the other across the top. */
static bool corner(struct arena *arena, struct str text, bool *down_begins)
{
    static const char *const begins[] = {"from", "source", "sources", "initiator", "client"};
    static const char *const ends[] = {"to", "destination", "destinations", "target", "server"};
    struct str normal = words_normal(arena, text);

    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        ptrdiff_t from = words_at(normal, begins[i]);

        for (size_t k = 0; from >= 0 && k < sizeof ends / sizeof *ends; k++) {
            ptrdiff_t to = words_at(normal, ends[k]);

            if (to < 0 || words_count(normal) > 8)
                continue;
            *down_begins = from < to;
            return true;
        }
    }
    return false;
}

static bool is_matrix(struct arena *arena, const struct grid *grid)
{
    bool some = false;

    if (grid->column_n < 1 + MATRIX_LEAST || grid->row_n < 2 || grid->row_n * grid->column_n > 10000)
        return false;
    for (size_t column = 1; column < grid->column_n; column++) {
        if (!is_end(arena, columns_text(grid, 0, column)))
            return false;
    }
    for (size_t row = 1; row < grid->row_n; row++) {
        if (!is_end(arena, columns_text(grid, row, 0)))
            return false;
        for (size_t column = 1; column < grid->column_n; column++) {
            if (!is_ports(arena, columns_text(grid, row, column), &some))
                return false;
        }
    }
    return some;
}

static const struct cell *placed(struct arena *arena, const struct cell *cell, struct str text, size_t row,
                                 size_t column)
{
    struct cell *copy = arena_new_object(arena, struct cell);

    *copy = *cell;
    if (text.n > 0)
        copy->text = text;
    copy->row = (uint32_t)row;
    copy->column = (uint32_t)column;
    copy->row_span = copy->column_span = 1;
    return copy;
}

const struct grid *columns_matrix(struct arena *arena, const struct grid *grid)
{
    const struct cell *head = grid_at(grid, 0, 0);
    struct grid *list;
    bool down_begins;
    size_t n = 1;

    if (head == NULL || !corner(arena, head->text, &down_begins) || !is_matrix(arena, grid))
        return grid;
    list = arena_new_object(arena, struct grid);
    *list = *grid;
    list->column_n = 3;
    list->row_n = 1 + (grid->row_n - 1) * (grid->column_n - 1);
    list->head_n = 1;
    list->at = arena_new_array(arena, const struct cell *, 3 * list->row_n);
    list->at[0] = placed(arena, head, STR("Source"), 0, 0);
    list->at[1] = placed(arena, head, STR("Destination"), 0, 1);
    list->at[2] = placed(arena, head, STR("Ports"), 0, 2);
    for (size_t row = 1; row < grid->row_n; row++) {
        for (size_t column = 1; column < grid->column_n; column++) {
            const struct cell *down = grid_at(grid, row, 0);
            const struct cell *across = grid_at(grid, 0, column);
            const struct cell *ports = grid_at(grid, row, column);
            bool some = false;

            if (ports == NULL || !is_ports(arena, ports->text, &some) || !some)
                continue;
            list->at[3 * n] = placed(arena, down_begins ? down : across, STR_EMPTY, n, 0);
            list->at[3 * n + 1] = placed(arena, down_begins ? across : down, STR_EMPTY, n, 1);
            list->at[3 * n + 2] = placed(arena, ports, STR_EMPTY, n, 2);
            n++;
        }
    }
    list->row_n = n;
    return list;
}

const struct grid *columns_turn(struct arena *arena, const struct grid *grid)
{
    struct grid *turned;
    size_t down = 0;
    size_t across = 0;
    bool port = false;

    for (size_t row = 0; row < grid->row_n && row < 40; row++) {
        int points;
        enum column_kind kind = columns_head(words_normal(arena, columns_text(grid, row, 0)), &points);

        down += points >= COLUMN_EXACT && kind != COLUMN_FOREIGN;
        port = port || (points >= COLUMN_EXACT && kind == COLUMN_PORT);
    }
    for (size_t column = 1; column < grid->column_n && column < 40; column++) {
        int points;

        columns_head(words_normal(arena, columns_text(grid, 0, column)), &points);
        across += points >= COLUMN_EXACT;
    }
    if (!port || down < 2 || across > 0 || 2 * down < grid->row_n || grid->column_n < 2)
        return grid;
    turned = arena_new_object(arena, struct grid);
    *turned = *grid;
    turned->row_n = grid->column_n;
    turned->column_n = grid->row_n;
    turned->head_n = 1;
    turned->at = arena_new_array(arena, const struct cell *, grid->row_n * grid->column_n);
    for (size_t row = 0; row < turned->row_n; row++) {
        for (size_t column = 0; column < turned->column_n; column++) {
            const struct cell *cell = grid_at(grid, column, row);
            struct cell *copy;

            if (cell == NULL)
                continue;
            copy = arena_new_object(arena, struct cell);
            *copy = *cell;
            copy->row = (uint32_t)row;
            copy->column = (uint32_t)column;
            copy->row_span = copy->column_span = 1;
            turned->at[row * turned->column_n + column] = copy;
        }
    }
    return turned;
}
