/* Tables that are lists of lists, and tables of CSV, in reStructuredText; see rst.h. */
#include "document/records.h"
#include "document/rst/rst.h"

/* An item of a list and what stands under its text; *next: the line behind it. */
static struct rst_lines item(const struct rst *rst, struct rst_lines lines, size_t first, size_t *next)
{
    size_t mark = rst_item_start(str_trim(lines.v[first]));
    size_t start = rst_indent(lines.v[first]) + (mark == 0 ? 2 : mark); /* one without text has only its mark */
    struct rst_lines made;
    size_t end = first + 1;

    while (end < lines.n && (rst_blank(lines.v[end]) || rst_indent(lines.v[end]) >= start))
        end++;
    *next = end;
    made.n = end - first;
    made.v = arena_new_array(rst->builder->arena, struct str, made.n);
    for (size_t i = first; i < end; i++)
        made.v[i - first] = str_from(lines.v[i], i == first || rst_indent(lines.v[i]) >= start ? start : lines.v[i].n);
    return made;
}

/* Whether a line begins an item; one without text does too. */
static bool begins_item(struct str line, char c)
{
    line = str_trim(line);
    return line.n > 0 && line.p[0] == c && (line.n == 1 || line.p[1] == ' ');
}

void rst_list_table(struct rst *rst, struct rst_lines body, size_t head_n, size_t stub_n, struct str caption, size_t at)
{
    struct grid_builder grid;
    size_t end = at;

    grid_begin(&grid, rst->builder, at);
    for (size_t i = 0; i < body.n;) {
        struct rst_lines row;
        size_t column = 0;

        if (!begins_item(body.v[i], '*') && !begins_item(body.v[i], '-')) {
            i++;
            continue;
        }
        end = rst_place(rst, body.v[i]);
        row = item(rst, body, i, &i);
        grid_row(&grid);
        for (size_t k = 0; k < row.n;) {
            struct rst_lines inside;
            struct words words;
            struct cell *cell;

            if (!begins_item(row.v[k], '-') && !begins_item(row.v[k], '*')) {
                k++;
                continue;
            }
            inside = item(rst, row, k, &k);
            words_begin(&words, rst->builder->arena);
            rst_cell(rst, &words, inside);
            cell = grid_words(&grid, 1, 1, &words, rst_place(rst, inside.v[0]));
            if (cell != NULL)
                cell->head = column < stub_n;
            column++;
        }
    }
    grid_add(&grid, head_n, caption, end);
}

static void add_records(struct rst *rst, struct grid_builder *grid, struct str text, char delimiter)
{
    struct csv_records records = {.text = text, .delimiter = delimiter};
    struct csv_field field;
    bool blank;

    while (csv_record(&records, &blank)) {
        if (!blank)
            grid_row(grid);
        while (csv_field(&records, &field)) {
            size_t at = rst_place(rst, field.raw);
            struct words words;

            if (blank)
                continue;
            words_begin(&words, rst->builder->arena);
            rst_inline(rst, &words, csv_text(rst->builder->arena, &field), at, at + field.raw.n);
            grid_words(grid, 1, 1, &words, at);
        }
    }
}

void rst_csv_table(struct rst *rst, struct rst_lines body, struct str header, char delimiter, size_t head_n,
                   struct str caption, size_t at)
{
    struct grid_builder grid;

    grid_begin(&grid, rst->builder, at);
    if (header.n > 0) {
        add_records(rst, &grid, header, delimiter);
        head_n++;
    }
    if (body.n > 0) {
        const struct str *last = &body.v[body.n - 1];

        /* One slice of the source, so that fields may go over lines; the indent goes as blanks do. */
        add_records(rst, &grid, (struct str){body.v[0].p, (size_t)(last->p + last->n - body.v[0].p)}, delimiter);
    }
    grid_add(&grid, head_n, caption, at);
}
