/*
 * Tables, row by row. A row that lost cells on its left is put right by the only shift in which each cell is what its
 * column holds; a row that fits in several ways is reported. Rows that are no requirements say what those below are
 * about.
 */
#include "import/domains.h"
#include "import/table.h"

const struct cell *row_cell(const struct table *table, const struct row *row, size_t column)
{
    return column < row->shift || column >= table->grid->column_n
               ? NULL
               : grid_at(table->grid, row->index, column - row->shift);
}

static bool holds(const struct table *table, enum column_kind kind, struct str text)
{
    struct port_text read;
    enum port_shape shape;
    struct str from;
    struct str to;

    switch (kind) {
    case COLUMN_PORT:
    case COLUMN_TCP_PORT:
    case COLUMN_UDP_PORT:
        ports_read(table->importer->arena, text, &read);
        shape = ports_shape(&read);
        return shape == SHAPE_PORTS || shape == SHAPE_BOTH || shape == SHAPE_SYMBOLIC;
    case COLUMN_TRANSPORT:
        ports_read(table->importer->arena, text, &read);
        shape = ports_shape(&read);
        return shape == SHAPE_TRANSPORTS || shape == SHAPE_SERVICES;
    case COLUMN_DIRECTION:
        return columns_way(table->importer->arena, text) != WAY_UNSAID ||
               columns_ends(text, &from, &to) != WAY_UNSAID || columns_to(text, &from, &to);
    case COLUMN_DOMAIN: return domains_in(table->importer->arena, text);
    case COLUMN_OTHER:
    case COLUMN_SOURCE:
    case COLUMN_DESTINATION:
    case COLUMN_OWNER:
    case COLUMN_SOURCE_PORT:
    case COLUMN_SERVICE:
    case COLUMN_PURPOSE:
    case COLUMN_COMMENT:
    case COLUMN_NEED:
    case COLUMN_CONFIGURABLE:
    case COLUMN_CONDITION:
    case COLUMN_FOREIGN:
    case COLUMN_EXCLUDES:
    case COLUMN_KIND_N: return true;
    }
    return true;
}

static bool fits(const struct table *table, enum column_kind kind, struct str text)
{
    struct arena_mark mark = arena_mark(table->importer->arena);
    bool good = holds(table, kind, text);

    arena_release(table->importer->arena, mark);
    return good;
}

static bool is_anchor(enum column_kind kind)
{
    return kind == COLUMN_PORT || kind == COLUMN_TRANSPORT || kind == COLUMN_DIRECTION || kind == COLUMN_DOMAIN;
}

/* Whether every anchor column holds what it should when `shift` cells are missing on the left. */
static bool row_fits(const struct table *table, struct row *row, size_t shift)
{
    bool anchored = false;

    row->shift = shift;
    for (size_t column = 0; column < table->layout.column_n; column++) {
        const struct cell *cell = row_cell(table, row, column);

        if (!is_anchor(table->layout.kinds[column]))
            continue;
        if (cell == NULL || str_trim(cell->text).n == 0 || !fits(table, table->layout.kinds[column], cell->text))
            return false;
        anchored = true;
    }
    return anchored;
}

static size_t trailing_empty(const struct table *table, size_t row)
{
    size_t n = 0;

    while (n < table->grid->column_n && columns_text(table->grid, row, table->grid->column_n - 1 - n).n == 0)
        n++;
    return n;
}

/* The only shift that fits; 0 where the row stands right as it is, or where none does. */
static void find_shift(const struct table *table, struct row *row)
{
    size_t most = table->grid->shifted ? trailing_empty(table, row->index) : 0;
    size_t found = 0;
    size_t fitting = 0;

    for (size_t shift = 0; shift <= most; shift++) {
        if (!row_fits(table, row, shift))
            continue;
        found = shift;
        fitting++;
        if (shift == 0)
            break; /* nothing is missing */
    }
    row->shift = fitting == 1 ? found : 0;
    row->tie = fitting > 1;
}

static void find_cells(const struct table *table, struct row *row)
{
    for (int kind = 0; kind < COLUMN_KIND_N; kind++) {
        row->cells[kind] = NULL;
        row->columns[kind] = table->layout.column_n;
    }
    for (size_t i = table->layout.column_n; i > 0; i--) {
        enum column_kind kind = table->layout.kinds[i - 1];

        row->cells[kind] = row_cell(table, row, i - 1);
        row->columns[kind] = i - 1;
    }
}

struct str row_text(const struct row *row, enum column_kind kind)
{
    return row->cells[kind] == NULL ? STR_EMPTY : str_trim(row->cells[kind]->text);
}

/* A no-break space alone is an empty cell that somebody wanted to be seen. */
bool row_is_blank(struct str text)
{
    size_t bytes;

    for (size_t i = 0; i < text.n; i += bytes) {
        if (words_sign(text, i, &bytes) != SIGN_BLANK && (unsigned char)text.p[i] > ' ')
            return false;
    }
    return true;
}

bool table_has(const struct table *table, enum column_kind kind)
{
    for (size_t column = 0; column < table->layout.column_n; column++) {
        if (table->layout.kinds[column] == kind)
            return true;
    }
    return false;
}

bool table_in_words(const struct table *table)
{
    return !table_has(table, COLUMN_SOURCE) && !table_has(table, COLUMN_DESTINATION) &&
           !table_has(table, COLUMN_OWNER) && !table_has(table, COLUMN_DOMAIN);
}

/* A cell over the ports, what stands before them, and all that comes behind; NULL: there is none. */
static const struct cell *across_ports(const struct table *table, size_t row)
{
    for (size_t column = 0; column < table->layout.column_n; column++) {
        const struct cell *cell = grid_at(table->grid, row, column);

        if (table->layout.kinds[column] == COLUMN_PORT && cell != NULL && cell->row == row && cell->column_span >= 3 &&
            cell->column < column && cell->column + cell->column_span == table->layout.column_n &&
            !fits(table, COLUMN_PORT, cell->text))
            return cell;
    }
    return NULL;
}

/* The text of a row that is nothing but one cell, or one beside the end that the rows below have too; empty for any
 * other. */
static struct str only_text(const struct table *table, size_t row, struct span *span)
{
    const struct cell *only = across_ports(table, row);

    for (size_t column = 0; column < table->grid->column_n; column++) {
        const struct cell *cell = grid_at(table->grid, row, column);

        if (cell == NULL || cell == only || row_is_blank(cell->text))
            continue;
        if (only != NULL && only->column_span < table->grid->column_n && cell->column < only->column)
            continue;
        if (only != NULL)
            return STR_EMPTY;
        only = cell;
    }
    if (only == NULL || only->row != row)
        return STR_EMPTY;
    *span = only->span;
    return words_line(table->importer->arena, only->text, 0);
}

/* A row that says what the rows below it are about; a long one is a note. */
static bool read_section(struct table *table, size_t row)
{
    struct importer *importer = table->importer;
    struct span span;
    struct str text = only_text(table, row, &span);
    struct port_text ports;

    if (text.n == 0)
        return false;
    ports_read(importer->arena, text, &ports);
    if (ports.n > 0 && ports_shape(&ports) != SHAPE_NONE && ports_shape(&ports) != SHAPE_SYMBOLIC)
        return false;
    if (words_count(words_normal(importer->arena, text)) > 14) {
        *vec_push(importer->arena, &importer->notes) =
            (struct pending_note){.text = text,
                                  .mark = STR_EMPTY,
                                  .span = span,
                                  .table = importer->table,
                                  .place = fact_place(importer, &table->scope, STR_EMPTY, span),
                                  .document = importer->document};
        return true;
    }
    importer->around.section = text;
    table->last_from = table->last_to = table->last_owner = (struct party){0};
    table->last_transports = 0;
    scope_find(importer, &table->scope);
    return true;
}

static bool is_head_again(const struct table *table, size_t row)
{
    struct arena *arena = table->importer->arena;
    struct arena_mark mark = arena_mark(arena);
    bool same = table->layout.head_n > 0;

    for (size_t column = 0; column < table->layout.column_n && same; column++)
        same = str_eq(words_normal(arena, columns_text(table->grid, row, column)), table->layout.heads[column]);
    arena_release(arena, mark);
    return same;
}

static bool is_empty_row(const struct table *table, size_t row)
{
    for (size_t column = 0; column < table->grid->column_n; column++) {
        if (!row_is_blank(columns_text(table->grid, row, column)))
            return false;
    }
    return true;
}

static bool is_struck(const struct table *table, const struct row *row)
{
    const struct cell *cell = row->cells[COLUMN_PORT];

    (void)table;
    return cell != NULL && cell->struck;
}

static struct row row_at(const struct table *table, size_t index)
{
    struct row row = {.index = index};

    for (size_t column = 0; column < table->grid->column_n && row.span.source == NULL; column++) {
        const struct cell *cell = grid_at(table->grid, index, column);

        if (cell != NULL && (cell->row == index || column + 1 == table->grid->column_n))
            row.span = cell->span;
    }
    find_shift(table, &row);
    find_cells(table, &row);
    if (row.cells[COLUMN_PORT] != NULL && row.cells[COLUMN_PORT]->span.source != NULL &&
        row.cells[COLUMN_PORT]->row == index)
        row.span = row.cells[COLUMN_PORT]->span;
    return row;
}

/* Parties that rows name in words, before any row is read: what others mean depends on them. */
static void find_known(struct table *table)
{
    struct importer *importer = table->importer;
    struct actors VEC(const struct actor *) known = {0};

    for (size_t i = table->layout.head_n; table_in_words(table) && i < table->grid->row_n; i++) {
        struct row row = row_at(table, i);
        struct party ends[2] = {{0}};

        party_ends_of_use(importer, words_line(importer->arena, row_text(&row, COLUMN_PURPOSE), 300), row.span,
                          STR_EMPTY, NULL, 0, &ends[0], &ends[1]);
        for (size_t k = 0; k < 2 && ends[k].actor != NULL; k++) {
            bool there = false;

            for (size_t j = 0; j < known.n; j++)
                there = there || known.v[j] == ends[k].actor;
            if (!there)
                *vec_push(importer->arena, &known) = ends[k].actor;
        }
    }
    table->known = known.v;
    table->known_n = known.n;
}

static void reject(struct importer *importer, const struct grid *grid, const struct layout *layout,
                   const struct scope *scope)
{
    struct note *note = vec_push(importer->arena, &importer->said);

    if (layout->unsure)
        diag_warning(importer->diags, grid->span, "table is left out: %s", layout->rejected);
    note->text = str_printf(importer->arena, "a table is left out: %s", layout->rejected);
    note->origin = fact_place(importer, scope, STR_EMPTY, grid->span);
}

/* Nothing, `-`, `n/a`. */
static bool is_no_port(const struct table *table, struct str text)
{
    struct arena_mark mark = arena_mark(table->importer->arena);
    struct port_text read;

    ports_read(table->importer->arena, text, &read);
    arena_release(table->importer->arena, mark);
    return read.none || row_is_blank(text);
}

/* The row once for each column of ports; more than one have their services in their heads. */
static void read_each(struct table *table, struct row *row)
{
    bool several = false;
    bool filled = false;

    for (size_t column = 0; column < table->layout.column_n; column++) {
        const struct cell *cell = table->layout.kinds[column] == COLUMN_PORT ? row_cell(table, row, column) : NULL;

        filled = filled || (cell != NULL && !is_no_port(table, cell->text));
    }
    for (size_t column = 0; column < table->layout.column_n; column++) {
        const struct cell *cell = row_cell(table, row, column);

        if (table->layout.kinds[column] != COLUMN_PORT || (filled && (cell == NULL || is_no_port(table, cell->text))))
            continue;
        row->cells[COLUMN_PORT] = row_cell(table, row, column);
        row->columns[COLUMN_PORT] = column;
        row_read(table, row);
        several = true;
    }
    if (!several)
        row_read(table, row);
}

/* Nothing but "Yes" and "No". */
static bool is_flags(const struct table *table, size_t column)
{
    size_t n = 0;

    for (size_t row = table->layout.head_n; row < table->grid->row_n && row < 100; row++) {
        struct str text = str_trim(columns_text(table->grid, row, column));
        struct whereabouts where = party_where(table->importer->arena, text);

        if ((where.named && words_count(words_normal(table->importer->arena, text)) > 0 && text.n > 3) ||
            where.inside || where.outside || where.self)
            return false;
        n += words_normal(table->importer->arena, text).n > 0;
    }
    return n > 1;
}

/* Columns of nothing but "Yes" and "No", or ticks: under the names of machines they say whose the ports are. */
static void find_ticks(struct table *table)
{
    struct importer *importer = table->importer;

    table->ticked = arena_new_array(importer->arena, bool, table->layout.column_n);
    for (size_t column = 0; column < table->layout.column_n; column++) {
        struct str head = table->layout.heads[column];

        table->ticked[column] = false;
        if (table->layout.kinds[column] != COLUMN_OTHER || head.n == 0 || table->layout.head_n == 0 ||
            !is_flags(table, column))
            continue;
        table->ticked[column] = party_is_role(importer, head) && !words_have(head, "to");
        table->ticks += table->ticked[column];
    }
}

/* Columns that mean nothing here are left out of the catalog, and it says so. */
static void say_other_columns(struct table *table)
{
    struct importer *importer = table->importer;
    struct buf names = BUF_EMPTY;
    struct note *note;

    for (size_t column = 0; column < table->layout.column_n; column++) {
        bool filled = false;

        for (size_t row = table->layout.head_n; row < table->grid->row_n && !filled && row < 100; row++)
            filled = !row_is_blank(columns_text(table->grid, row, column));
        if (!filled || column == table->layout.beside ||
            (table->layout.kinds[column] != COLUMN_OTHER && table->layout.kinds[column] != COLUMN_FOREIGN) ||
            (table->ticks > 1 && table->ticked[column]))
            continue;
        if (table->layout.heads[column].n == 0)
            diag_warning(importer->diags, table->grid->span, "column %zu has no head and is left out", column + 1);
        else
            buf_addf(&names, "%s%.*s", names.n > 0 ? ", " : "", STR_ARG(table->layout.heads[column]));
        if (words_have(table->layout.heads[column], "to") && is_flags(table, column))
            table->flags = str_printf(importer->arena, "%.*s%s%.*s", STR_ARG(table->flags),
                                      table->flags.n > 0 ? ", " : "", STR_ARG(table->layout.heads[column]));
    }
    if (table->flags.n > 0)
        diag_warning(importer->diags, table->grid->span, "\"%.*s\" say yes or no and are left out",
                     STR_ARG(table->flags));
    if (names.n > 0) {
        note = vec_push(importer->arena, &importer->said);
        note->text = str_printf(importer->arena, "columns left out: %.*s", STR_ARG(buf_str(&names)));
        note->origin = fact_place(importer, &table->scope, STR_EMPTY, table->grid->span);
    }
    buf_free(&names);
}

/* A heading that takes back what stands below it; NULL: it does not. */
static const char *refused_by(struct importer *importer, struct str heading)
{
    static const char *const words[][2] = {
        {"example", "the document calls it an example"},      {"examples", "the document calls it an example"},
        {"sample", "the document calls it an example"},       {"not required", "the document says it is not required"},
        {"not needed", "the document says it is not needed"}, {"no longer", "the document says no longer"},
        {"deprecated", "the document calls it deprecated"},   {"obsolete", "the document calls it obsolete"},
    };
    struct str normal = words_normal(importer->arena, heading);

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words_have(normal, words[i][0]))
            return words[i][1];
    }
    return NULL;
}

void table_read(struct importer *importer, const struct grid *grid)
{
    struct arena *arena = importer->arena;
    struct table table = {.importer = importer, .grid = columns_turn(arena, grid), .flags = STR_EMPTY};

    table.grid = columns_bounds(arena, columns_intervals(arena, columns_matrix(arena, table.grid)));

    importer->section_first = importer->section_table == 0;
    importer->section_table = ++importer->table;
    importer->around.section = STR_EMPTY;
    importer->around.caption = grid->caption;
    scope_find(importer, &table.scope);
    columns_find(importer->arena, table.grid, table.scope.hints.ports || table.scope.hints.domains, &table.layout);
    if (table.layout.rejected == NULL)
        table.layout.rejected = refused_by(importer, table.scope.place);
    if (table.layout.rejected == NULL && table.scope.hints.local) {
        table.layout.rejected = "its ports do not leave the host, as the document says";
        table.layout.unsure = true;
    }
    if (table.layout.rejected != NULL) {
        reject(importer, grid, &table.layout, &table.scope);
        return;
    }
    find_ticks(&table);
    say_other_columns(&table);
    if (table.layout.beside < table.layout.column_n)
        diag_warning(importer->diags, grid->span, "column \"%.*s\" holds ports too and is left out",
                     STR_ARG(columns_text(table.grid, 0, table.layout.beside)));
    table.domains =
        !table_has(&table, COLUMN_PORT) && !table_has(&table, COLUMN_TCP_PORT) && !table_has(&table, COLUMN_UDP_PORT);
    find_known(&table);
    facts_reserve(importer, table.grid->row_n);
    for (size_t i = table.layout.head_n; i < table.grid->row_n; i++) {
        struct row row;

        if (is_empty_row(&table, i) || is_head_again(&table, i) || read_section(&table, i))
            continue;
        row = row_at(&table, i);
        if (is_struck(&table, &row))
            row_left_out(&table, &row, "it is struck through");
        else
            read_each(&table, &row);
    }
    importer->around.section = STR_EMPTY;
    importer->around.caption = STR_EMPTY;
}
