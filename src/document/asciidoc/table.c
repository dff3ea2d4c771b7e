/*
 * Tables of AsciiDoc: a stream of cells, each behind a `|` with what it wants to be before that (`2+`, `.3+`, `a`),
 * filled into rows of as many columns as `cols` or the first line says. See asciidoc.h.
 */
#include <ctype.h>

#include "base/num.h"
#include "document/asciidoc/asciidoc.h"
#include "document/records.h"

#define TIMES_MOST 100u /* one cell written once stands in no more places than this */

struct spec {
    size_t columns;
    size_t rows;
    size_t times; /* `3*`: the cell three times */
    char style;
};

struct table {
    struct asciidoc *doc;
    struct grid_builder grid;
    size_t columns;
    const char *styles; /* of the columns, as many; '\0': none */
    size_t head_n;
};

static size_t number(struct str *s)
{
    size_t n = 0;
    uint64_t value = 0;

    while (n < s->n && isdigit((unsigned char)s->p[n]))
        n++;
    if (n == 0 || !num_decimal(str_head(*s, n), 100000, &value))
        value = n == 0 ? 0 : 100000;
    *s = str_from(*s, n);
    return (size_t)value;
}

/* `2.3+<.>a`: all of s is one. */
static bool is_spec(struct str s, struct spec *spec)
{
    size_t columns;
    size_t rows = 0;

    *spec = (struct spec){.columns = 1, .rows = 1, .times = 1};
    if (s.n > 24)
        return false;
    columns = number(&s);
    if (s.n > 1 && s.p[0] == '.' && isdigit((unsigned char)s.p[1])) {
        s = str_from(s, 1);
        rows = number(&s);
    }
    if (columns > 0 || rows > 0) {
        if (s.n == 0 || (s.p[0] != '+' && (s.p[0] != '*' || rows > 0)))
            return false;
        spec->times = s.p[0] != '*' ? 1 : columns < TIMES_MOST ? columns : TIMES_MOST;
        spec->columns = s.p[0] == '+' && columns > 0 ? columns : 1;
        spec->rows = rows > 0 ? rows : 1;
        s = str_from(s, 1);
    }
    while (s.n > 0 && strchr("<^>.", s.p[0]) != NULL)
        s = str_from(s, 1);
    if (s.n > 0 && strchr("adehlmsv", s.p[0]) != NULL) {
        spec->style = s.p[0];
        s = str_from(s, 1);
    }
    return s.n == 0;
}

/* The columns that `cols` names, and their styles: "1,2a", "3*", "4*<.^h". */
static size_t read_cols(struct table *table, struct str cols)
{
    char *styles = arena_alloc(table->doc->builder->arena, DOCUMENT_COLUMNS_MOST + 1);
    size_t n = 0;
    char parts = memchr(cols.p, ';', cols.n) != NULL && memchr(cols.p, ',', cols.n) == NULL ? ';' : ',';

    while (cols.n > 0) {
        struct str one = str_trim(str_cut(cols, parts, &cols));
        struct str rest = one;
        size_t times = number(&rest);

        times = rest.n > 0 && rest.p[0] == '*' && times > 0 ? times : 1;
        for (; times > 0 && n < DOCUMENT_COLUMNS_MOST; times--)
            styles[n++] = one.n > 0 && isalpha((unsigned char)one.p[one.n - 1]) ? one.p[one.n - 1] : '\0';
    }
    table->styles = styles;
    return n;
}

/* The row that the next cell belongs to; rows end where their columns are full. */
static void begin_cell(struct table *table)
{
    if (!grid_fits(&table->grid, table->columns))
        grid_row(&table->grid);
}

static void add_cell(struct table *table, struct spec spec, struct str text, size_t at)
{
    struct asciidoc *doc = table->doc;

    for (size_t i = 0; i < spec.times && !table->grid.full; i++) {
        struct words words;
        struct cell *cell;

        /* Rows that are full to the brim with spans from above are passed over. */
        do
            begin_cell(table);
        while (!grid_fits(&table->grid, table->columns) && !table->grid.full);
        words_begin(&words, doc->builder->arena);
        asciidoc_lines(doc, &words, text, at);
        cell = grid_words(&table->grid, spec.rows, spec.columns, &words, at);
        if (cell == NULL)
            return;
        cell->head = spec.style == 'h' || (spec.style == '\0' && table->styles != NULL &&
                                           cell->column < table->columns && table->styles[cell->column] == 'h');
    }
}

/* The next separator, one behind a backslash is text; its place, or the end. */
static size_t find_separator(struct str text, size_t from, char separator)
{
    for (size_t at = from; at < text.n; at++) {
        if (text.p[at] == separator && (at == 0 || text.p[at - 1] != '\\'))
            return at;
    }
    return text.n;
}

/* What stands before a separator and belongs to it: where it begins. */
static size_t spec_before(struct str text, size_t from, size_t separator, struct spec *spec)
{
    size_t at = separator;

    while (at > from && !isspace((unsigned char)text.p[at - 1]) && separator - at < 24)
        at--;
    if (at < separator && (at == 0 || isspace((unsigned char)text.p[at - 1])) &&
        is_spec((struct str){text.p + at, separator - at}, spec))
        return at;
    *spec = (struct spec){.columns = 1, .rows = 1, .times = 1};
    return separator;
}

static void add_cells(struct table *table, struct str text, size_t at, char separator)
{
    size_t place = find_separator(text, 0, separator);
    struct spec spec;

    spec_before(text, 0, place, &spec);
    while (place < text.n && !table->grid.full) {
        size_t next = find_separator(text, place + 1, separator);
        struct spec next_spec;
        size_t end = spec_before(text, place + 1, next, &next_spec);

        if (next == text.n)
            end = text.n;
        add_cell(table, spec, (struct str){text.p + place + 1, end - place - 1}, at + place + 1);
        place = next;
        spec = next_spec;
    }
}

/* The columns of a first line of cells; where `cols` says nothing. */
static size_t count_first_line(struct str text, char separator)
{
    struct str line = STR_EMPTY;
    size_t n = 0;

    while (text.n > 0 && str_trim(line).n == 0)
        line = str_cut(text, '\n', &text);
    for (size_t place = find_separator(line, 0, separator); place < line.n;
         place = find_separator(line, place + 1, separator)) {
        struct spec spec;

        spec_before(line, 0, place, &spec);
        n += spec.columns * spec.times;
        if (n >= DOCUMENT_COLUMNS_MOST)
            return DOCUMENT_COLUMNS_MOST;
    }
    return n == 0 ? 1 : n;
}

static void add_records(struct table *table, struct str text, size_t at, char delimiter)
{
    struct csv_records records = {.text = text, .delimiter = delimiter};
    struct csv_field field;
    bool blank;

    while (csv_record(&records, &blank)) {
        if (!blank)
            grid_row(&table->grid);
        while (csv_field(&records, &field)) {
            struct words words;
            struct str said = csv_text(table->doc->builder->arena, &field);

            if (blank)
                continue;
            words_begin(&words, table->doc->builder->arena);
            asciidoc_inline(table->doc, &words, said, at + (size_t)(field.raw.p - text.p));
            grid_words(&table->grid, 1, 1, &words, at + (size_t)(field.raw.p - text.p));
        }
    }
}

/* A first line of cells right below the delimiter, with a blank one behind it, is a head that nobody declared. */
static bool has_implicit_head(struct str text)
{
    struct str rest;
    struct str first = str_cut(text, '\n', &rest);

    return str_trim(first).n > 0 && rest.n > 0 && str_trim(str_cut(rest, '\n', &rest)).n == 0 && str_trim(rest).n > 0;
}

static char separator_of(const struct asciidoc_table *table, struct str *format)
{
    struct str own = asciidoc_attribute(table->attributes, "separator");

    *format = asciidoc_attribute(table->attributes, "format");
    if (format->n == 0 && table->separator == ',')
        *format = STR("csv");
    if (format->n == 0 && table->separator == ':')
        *format = STR("dsv");
    if (own.n > 0 && !str_is(own, "\\t"))
        return own.p[0];
    if (str_is(*format, "tsv") || str_is(own, "\\t"))
        return '\t';
    return str_is(*format, "csv") ? ',' : str_is(*format, "dsv") ? ':' : table->separator;
}

/* A row that was begun and not filled: Asciidoctor drops it. One that says nothing goes here too, others are said. */
static void end_rows(struct table *table)
{
    size_t n = table->grid.cells.n;
    uint32_t row;

    if (n == 0 || !grid_fits(&table->grid, table->columns) || table->grid.full)
        return;
    row = table->grid.cells.v[n - 1]->row;
    while (n > 0 && table->grid.cells.v[n - 1]->row == row && table->grid.cells.v[n - 1]->text.n == 0)
        n--;
    if (n > 0 && table->grid.cells.v[n - 1]->row < row)
        table->grid.cells.n = n;
    else
        diag_warning(table->doc->builder->diags, table->grid.cells.v[table->grid.cells.n - 1]->span,
                     "the last row of this table has fewer cells than its %zu columns", table->columns);
}

void asciidoc_table(struct asciidoc *doc, const struct asciidoc_table *source)
{
    struct table table = {.doc = doc};
    struct str cols = asciidoc_attribute(source->attributes, "cols");
    struct str format;
    char separator = separator_of(source, &format);
    bool none = asciidoc_option(source->attributes, "noheader");

    table.head_n = asciidoc_option(source->attributes, "header") || (!none && has_implicit_head(source->text));
    grid_begin(&table.grid, doc->builder, source->at);
    if (format.n > 0 && !str_is(format, "psv")) {
        add_records(&table, source->text, source->at, separator);
    } else {
        table.columns = cols.n > 0 ? read_cols(&table, cols) : count_first_line(source->text, separator);
        add_cells(&table, source->text, source->at, separator);
        end_rows(&table);
    }
    grid_add(&table.grid, table.head_n, source->caption, source->at + source->text.n);
}
