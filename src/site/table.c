/*
 * Names from a table of hosts: CSV (RFC 4180; comma or semicolon) with a header. The column `name` and every column
 * whose name begins with `address` or is `ip`, `ipv4` or `ipv6` are read, the others are left alone.
 */
#include "site/reader.h"

#include <string.h>
#include <strings.h>

#define MOST_COLUMNS 256

struct table {
    struct site_reader *reader;
    const struct source *source;
    size_t at;
    char comma;
    bool end; /* of the text */
};

struct cell {
    struct str text;
    struct span span;
};

static bool quoted_cell(struct table *table, struct cell *cell)
{
    struct str text = table->source->text;
    struct buf out = BUF_EMPTY;
    size_t start = table->at++;
    bool closed = false;

    while (table->at < text.n && !closed) {
        char c = text.p[table->at++];

        if (c != '"') {
            buf_addc(&out, c);
        } else if (table->at < text.n && text.p[table->at] == '"') {
            buf_addc(&out, c);
            table->at++;
        } else {
            closed = true;
        }
    }
    cell->span = span_at(table->source, start, table->at - start);
    cell->text = str_trim(str_dup(table->reader->arena, buf_str(&out)));
    buf_free(&out);
    if (!closed)
        diag_error(table->reader->diags, span_at(table->source, start, 1), "a quote is not closed");
    return closed;
}

static void plain_cell(struct table *table, struct cell *cell)
{
    struct str text = table->source->text;
    size_t start = table->at;

    while (table->at < text.n && text.p[table->at] != table->comma && text.p[table->at] != '\n')
        table->at++;
    cell->text = str_trim(str_head(str_from(text, start), table->at - start));
    if (str_ends(cell->text, "\r"))
        cell->text.n--;
    cell->text = str_trim(cell->text);
    cell->span = span_at(table->source, start, cell->text.n);
}

/* The cells of one record; false at the end of the text or after an error. */
static bool next_record(struct table *table, struct cell *cells, size_t *n)
{
    struct str text = table->source->text;

    *n = 0;
    if (table->at >= text.n || table->end)
        return false;
    for (;;) {
        struct cell cell = {0};

        if (table->at < text.n && text.p[table->at] == '"') {
            if (!quoted_cell(table, &cell)) {
                table->end = true;
                return false;
            }
            while (table->at < text.n && (text.p[table->at] == ' ' || text.p[table->at] == '\r'))
                table->at++;
        } else {
            plain_cell(table, &cell);
        }
        if (*n < MOST_COLUMNS)
            cells[(*n)++] = cell;
        if (table->at >= text.n || text.p[table->at] == '\n') {
            table->at++;
            return true;
        }
        if (text.p[table->at] != table->comma) {
            diag_error(table->reader->diags, span_at(table->source, table->at, 1), "text behind a closing quote");
            table->end = true;
            return false;
        }
        table->at++;
    }
}

static bool same_word(struct str text, const char *word, size_t n)
{
    return text.n >= n && strncasecmp(text.p, word, n) == 0;
}

enum column { COLUMN_OTHER, COLUMN_NAME, COLUMN_ADDRESS };

static enum column column_of(struct str header)
{
    if (header.n == 4 && same_word(header, "name", 4))
        return COLUMN_NAME;
    if (same_word(header, "address", 7) || (header.n == 2 && same_word(header, "ip", 2)) ||
        (header.n == 4 && (same_word(header, "ipv4", 4) || same_word(header, "ipv6", 4))))
        return COLUMN_ADDRESS;
    return COLUMN_OTHER;
}

static bool read_header(struct table *table, enum column *columns, size_t *n)
{
    struct cell cells[MOST_COLUMNS];
    size_t names = 0;
    size_t addresses = 0;

    if (!next_record(table, cells, n)) {
        if (!table->end)
            diag_error(table->reader->diags, span_at(table->source, 0, 0), "the file is empty");
        return false;
    }
    for (size_t i = 0; i < *n; i++) {
        columns[i] = column_of(cells[i].text);
        names += columns[i] == COLUMN_NAME;
        addresses += columns[i] == COLUMN_ADDRESS;
    }
    if (names == 1 && addresses > 0)
        return true;
    diag_error(table->reader->diags, span_line(table->source, 1),
               "a table of hosts needs a header with `name` and `address`");
    return false;
}

static void read_address(struct table *table, struct name_entry *entry, const struct cell *cell)
{
    struct addr_range range;
    enum addr_error error = addr_range_parse(cell->text, &range);

    if (error != ADDR_OK)
        diag_error(table->reader->diags, cell->span, "\"%.*s\": %s", STR_ARG(cell->text), addr_error_text(error));
    else
        *vec_push(table->reader->arena, &entry->ranges) = range;
}

static void read_record(struct table *table, const enum column *columns, size_t column_n, const struct cell *cells,
                        size_t n)
{
    const struct cell *name = NULL;
    struct name_entry *entry;
    size_t errors = table->reader->diags->errors;

    for (size_t i = 0; i < n && i < column_n; i++) {
        if (columns[i] == COLUMN_NAME)
            name = &cells[i];
    }
    if (n == 1 && cells[0].text.n == 0)
        return;
    if (name == NULL || name->text.n == 0) {
        diag_error(table->reader->diags, cells[0].span, "a row without a name");
        return;
    }
    if (!site_name_valid(table->reader, name->text, name->span, "name"))
        return;
    entry = site_foreign(table->reader, name->text, name->span);
    if (entry == NULL)
        return;
    for (size_t i = 0; i < n && i < column_n; i++) {
        if (columns[i] == COLUMN_ADDRESS && cells[i].text.n > 0)
            read_address(table, entry, &cells[i]);
    }
    if (entry->ranges.n == 0)
        entry->hollow =
            table->reader->diags->errors > errors ? "has no readable address" : "has no address in the table";
    else
        entry->hollow = NULL;
}

void site_inventory_csv(struct site_reader *reader, const struct source *source)
{
    struct table table = {.reader = reader, .source = source, .comma = ','};
    struct str first = source_line_text(source, 1);
    enum column columns[MOST_COLUMNS];
    struct cell cells[MOST_COLUMNS];
    size_t column_n;
    size_t n;

    if (str_starts(source->text, "\xef\xbb\xbf"))
        table.at = 3;
    if (first.n > 0 && memchr(first.p, ',', first.n) == NULL && memchr(first.p, ';', first.n) != NULL)
        table.comma = ';';
    if (!read_header(&table, columns, &column_n))
        return;
    while (next_record(&table, cells, &n))
        read_record(&table, columns, column_n, cells, n);
}
