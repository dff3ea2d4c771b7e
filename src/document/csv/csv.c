/*
 * CSV into pages; see csv.h. A table is measured before it is made: fifty megabytes hold millions of cells, and nothing
 * is kept twice. What shows as it stands in the source is a slice of that.
 */
#include "document/csv/csv.h"

struct group { /* records between blank lines */
    size_t at;
    size_t rows;
    size_t columns; /* of the widest */
    size_t fewest;
    size_t cells;
    size_t texts; /* records of one field before the first that has more */
};

struct reading {
    struct builder *builder;
    struct csv_records records; /* from which every pass begins */
    struct VEC(struct group) groups;
    size_t rows;
};

static void add_record(struct group *group, size_t fields)
{
    if (group->texts == group->rows && fields == 1)
        group->texts++;
    else if (fields < group->fewest)
        group->fewest = fields;
    group->rows++;
    group->columns = fields > group->columns ? fields : group->columns;
    group->cells += fields;
}

static void measure(struct reading *reading)
{
    struct csv_records records = reading->records;
    struct group *group = NULL;
    struct csv_field field;
    bool blank;

    for (size_t at = records.at; csv_record(&records, &blank); at = records.at) {
        size_t fields = 0;

        while (csv_field(&records, &field))
            fields++;
        if (blank) {
            group = NULL;
            continue;
        }
        if (group == NULL) {
            group = vec_push(reading->builder->arena, &reading->groups);
            *group = (struct group){.at = at, .fewest = SIZE_MAX};
        }
        add_record(group, fields);
        reading->rows++;
    }
}

/* Lines that are all parted by blank ones are one table. */
static void join_double_spaced(struct reading *reading)
{
    struct group *all = &reading->groups.v[0];
    size_t n = reading->groups.n;

    if (n < 3 || reading->rows != n)
        return;
    for (size_t i = 0; i < n; i++) {
        if (reading->groups.v[i].columns < 2)
            return;
    }
    for (size_t i = 1; i < n; i++)
        add_record(all, reading->groups.v[i].columns);
    reading->groups.n = 1;
}

static size_t place(const struct reading *reading, struct str inside)
{
    return (size_t)(inside.p - reading->builder->source->text.p);
}

/* Withdrawn cells are written between `~~`, for the format has nothing else. */
static void unstrike(struct cell *cell)
{
    if (cell->text.n > 4 && str_starts(cell->text, "~~") && str_ends(cell->text, "~~")) {
        cell->text = str_head(str_from(cell->text, 2), cell->text.n - 4);
        cell->struck = true;
    }
}

static void say_cut(const struct reading *reading, const struct group *group, const char *what, size_t most)
{
    diag_error(reading->builder->diags, builder_span(reading->builder, group->at, 1),
               "this table has more than %zu %s; the rest is left out", most, what);
}

/* The size that the limits leave of a table. */
static void bound(const struct reading *reading, const struct group *group, struct grid *grid)
{
    grid->column_n = group->columns;
    grid->row_n = group->rows - group->texts;
    if (grid->column_n > DOCUMENT_COLUMNS_MOST) {
        say_cut(reading, group, "columns", DOCUMENT_COLUMNS_MOST);
        grid->column_n = DOCUMENT_COLUMNS_MOST;
    }
    if (grid->row_n > DOCUMENT_CELLS_MOST / grid->column_n) {
        grid->row_n = DOCUMENT_CELLS_MOST / grid->column_n;
        say_cut(reading, group, "rows of that many columns", grid->row_n);
    }
}

static void add_table(struct reading *reading, const struct group *group, struct csv_records *records)
{
    struct builder *builder = reading->builder;
    struct grid *grid = arena_new_object(builder->arena, struct grid);
    struct cell *cells;
    size_t start = records->at;
    struct csv_field field;
    bool blank;

    bound(reading, group, grid);
    if (group->cells < grid->row_n * grid->column_n)
        cells = arena_new_array(builder->arena, struct cell, group->cells);
    else
        cells = arena_new_array(builder->arena, struct cell, grid->row_n * grid->column_n);
    grid->caption = STR_EMPTY;
    grid->shifted = group->fewest < group->columns;
    grid->at = arena_new_array(builder->arena, const struct cell *, grid->row_n * grid->column_n);
    for (size_t row = 0; row < grid->row_n && csv_record(records, &blank);) {
        size_t column = 0;

        for (; csv_field(records, &field) && !blank; column++) {
            if (column >= grid->column_n)
                continue;
            *cells = (struct cell){.text = csv_text(builder->arena, &field),
                                   .span = builder_span(builder, place(reading, field.raw), field.raw.n),
                                   .row = (uint32_t)row,
                                   .column = (uint32_t)column,
                                   .row_span = 1,
                                   .column_span = 1};
            unstrike(cells);
            grid->at[row * grid->column_n + column] = cells++;
        }
        row += !blank;
    }
    grid->span = builder_span(builder, start, records->at - start);
    builder_add(builder, BLOCK_TABLE, 0, STR_EMPTY, grid->span)->grid = grid;
    *vec_push(builder->arena, &builder->grids) = grid;
}

/* A line of one field: the heading of the table below it, an item, or a sentence. */
static void add_text(struct reading *reading, struct csv_records *records, bool heading)
{
    struct csv_field field;
    struct str text;
    struct span span;
    bool blank;

    csv_record(records, &blank);
    csv_field(records, &field);
    text = csv_text(reading->builder->arena, &field);
    span = builder_span(reading->builder, place(reading, field.raw), field.raw.n);
    if (text.n > 0 && heading)
        builder_add(reading->builder, BLOCK_HEADING, 2, words_of(reading->builder->arena, text), span);
    else if (str_starts(text, "- "))
        builder_add(reading->builder, BLOCK_ITEM, 1, str_from(text, 2), span);
    else if (text.n > 0)
        builder_add(reading->builder, BLOCK_PARAGRAPH, 0, text, span);
}

static void add_group(struct reading *reading, const struct group *group)
{
    struct csv_records records = reading->records;
    struct group table = *group;

    records.at = group->at;
    if (group->texts == group->rows && group->rows > 1)
        table.texts = 0; /* a table of one column */
    for (size_t i = 0; i < table.texts; i++)
        add_text(reading, &records, i + 1 == table.texts && table.texts < table.rows);
    if (table.texts < table.rows)
        add_table(reading, &table, &records);
}

static struct page *read(struct arena *arena, const struct source *source, struct diags *diags)
{
    struct builder builder;
    struct reading reading = {.builder = &builder, .records = {.text = source->text}};

    builder_begin(&builder, arena, source, diags);
    if (str_starts(source->text, "\xef\xbb\xbf"))
        reading.records.at = 3;
    if (str_starts(str_from(source->text, reading.records.at), "sep=") && source->text.n > reading.records.at + 4) {
        reading.records.delimiter = source->text.p[reading.records.at + 4];
        reading.records.at += source_line_text(source, 1).n - reading.records.at;
    } else {
        reading.records.delimiter = csv_delimiter(str_from(source->text, reading.records.at));
    }
    measure(&reading);
    if (reading.groups.n > 0)
        join_double_spaced(&reading);
    vec_each (struct group *, group, &reading.groups)
        add_group(&reading, group);
    return builder_end(&builder);
}

/* Lines of which each has as many fields, at least three of them in one of two lines. */
static bool recognise(struct str text)
{
    struct csv_records records = {.text = str_head(text, 16384)};
    struct csv_field field;
    size_t lines = 0;
    size_t columns = 0;
    bool blank;

    records.delimiter = csv_delimiter(records.text);
    if (records.delimiter == '|')
        return false; /* rows between pipes are copied text */
    while (lines < 20 && csv_record(&records, &blank)) {
        size_t fields = 0;

        while (csv_field(&records, &field))
            fields++;
        if (blank || (records.at == records.text.n && text.n > records.text.n))
            continue;
        if (lines++ > 0 && fields != columns)
            return false;
        columns = fields;
    }
    return lines > 1 && columns > 2 && records.delimiter != '\t';
}

static const char *const suffixes[] = {"csv", "tsv", NULL};

const struct document_format document_csv = {
    .name = "csv",
    .title = "CSV",
    .suffixes = suffixes,
    .recognise = recognise,
    .read = read,
    .write = csv_write,
};
