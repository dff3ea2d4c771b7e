/*
 * Flows as CSV (RFC 4180, lines ended by LF or CRLF):
 *
 *     file = header { row } ; header = the five names in any order, others are ignored
 *     cell = text without comma | '"' text with '""' for a quote '"'
 */
#include "base/map.h"
#include "base/suggest.h"
#include "plan/flows_reader.h"

enum column { COLUMN_ID, COLUMN_SOURCE, COLUMN_DESTINATION, COLUMN_TRANSPORT, COLUMN_PORTS, COLUMN_N };

static const char *const column_names[COLUMN_N] = {"id", "source", "destination", "transport", "ports"};

struct cell {
    struct str text;
    struct span span;
};

struct cells VEC(struct cell);

struct csv {
    struct flow_reader *reader;
    size_t at;
    struct cells cells; /* of the line read last; reused */
    size_t columns[COLUMN_N];
    size_t width; /* cells of the header */
    bool open;    /* a quote was not closed: the line is none */
    struct map ids;
};

static struct str unquote(struct csv *csv, struct str raw)
{
    char *p = arena_alloc(csv->reader->arena, raw.n);
    size_t n = 0;

    for (size_t i = 0; i < raw.n; i++) {
        p[n++] = raw.p[i];
        if (raw.p[i] == '"')
            i++;
    }
    return (struct str){p, n};
}

/* Reads one cell; *last tells that its line ends behind it. */
static struct cell read_cell(struct csv *csv, bool *last)
{
    struct str text = csv->reader->source->text;
    size_t start = csv->at;
    bool quoted = start < text.n && text.p[start] == '"';
    size_t end = quoted ? start + 1 : start;
    struct cell cell;

    while (end < text.n && (quoted || (text.p[end] != ',' && text.p[end] != '\n'))) {
        if (quoted && text.p[end] == '"' && (end + 1 == text.n || text.p[end + 1] != '"'))
            break;
        end += quoted && text.p[end] == '"' ? 2 : 1;
    }
    if (end > text.n)
        end = text.n;
    if (quoted) {
        cell.text = unquote(csv, (struct str){text.p + start + 1, end - start - 1});
        csv->open = end == text.n;
        if (csv->open)
            diag_error(csv->reader->diags, span_at(csv->reader->source, start, 1), "quote is not closed");
        end += end < text.n;
    } else {
        cell.text = str_trim((struct str){text.p + start, end - start});
    }
    cell.span = span_at(csv->reader->source, start, cell.text.n + (quoted ? 2 : 0));
    while (end < text.n && (text.p[end] == '\r' || text.p[end] == ' '))
        end++;
    if (end < text.n && text.p[end] != ',' && text.p[end] != '\n') {
        diag_error(csv->reader->diags, span_at(csv->reader->source, end, 1), "a comma is missing behind the quote");
        while (end < text.n && text.p[end] != ',' && text.p[end] != '\n')
            end++;
    }
    *last = end >= text.n || text.p[end] == '\n';
    csv->at = end + 1;
    return cell;
}

/* The next line that is not blank; false at the end. */
static bool read_line(struct csv *csv)
{
    while (csv->at < csv->reader->source->text.n) {
        bool last = false;

        csv->cells.n = 0;
        while (!last)
            *vec_push(csv->reader->arena, &csv->cells) = read_cell(csv, &last);
        if (!csv->open && (csv->cells.n > 1 || csv->cells.v[0].text.n > 0))
            return true;
    }
    return false;
}

static bool read_header(struct csv *csv)
{
    bool good = true;

    if (!read_line(csv))
        return false;
    for (enum column column = 0; column < COLUMN_N; column++) {
        struct suggest suggest = suggest_for(str_of(column_names[column]));
        size_t i = 0;

        while (i < csv->cells.n && !str_is(csv->cells.v[i].text, column_names[column]))
            suggest_offer(&suggest, csv->cells.v[i++].text);
        csv->columns[column] = i;
        for (size_t k = i + 1; k < csv->cells.n; k++) {
            if (!str_is(csv->cells.v[k].text, column_names[column]))
                continue;
            good = false;
            diag_error(csv->reader->diags, csv->cells.v[k].span, "column \"%s\" stands here twice",
                       column_names[column]);
        }
        if (i < csv->cells.n)
            continue;
        good = false;
        diag_error(csv->reader->diags, csv->cells.v[0].span, "the header has no column \"%s\"", column_names[column]);
        if (suggest.best.n > 0)
            diag_hint(csv->reader->diags, "it has \"%.*s\"", STR_ARG(suggest.best));
        else
            diag_hint(csv->reader->diags, "the header reads: id,source,destination,transport,ports");
    }
    csv->width = csv->cells.n;
    return good;
}

/* Each word of a cell to `add`; false when one was wrong or there is none. */
static bool each_word(struct csv *csv, const struct cell *cell, const char *what, struct flow_ends *ends,
                      struct flow_ports *ports)
{
    struct flow_reader *reader = csv->reader;
    struct str rest = cell->text;
    bool good = true;
    size_t n = 0;

    for (struct str word = str_word(&rest); word.n > 0; word = str_word(&rest), n++) {
        struct span span = span_inside(cell->span, cell->text, (size_t)(word.p - cell->text.p), word.n);

        if (ends != NULL ? !flows_add_end(reader->arena, word, span, reader->diags, ends)
                         : !flows_add_ports(reader->arena, word, span, reader->diags, ports))
            good = false;
    }
    if (n == 0)
        diag_error(reader->diags, cell->span, "%s is missing (`any` is written out)", what);
    return good && n > 0;
}

static void read_row(struct csv *csv)
{
    struct flow_reader *reader = csv->reader;
    struct flow_parts parts = {0};
    const struct cell *cells[COLUMN_N];
    bool good;

    for (enum column column = 0; column < COLUMN_N; column++) {
        if (csv->columns[column] >= csv->cells.n) {
            diag_error(reader->diags, csv->cells.v[0].span, "row has no cell for \"%s\"", column_names[column]);
            return;
        }
        cells[column] = &csv->cells.v[csv->columns[column]];
    }
    if (csv->cells.n > csv->width) {
        diag_error(reader->diags, csv->cells.v[csv->width].span, "row has more cells than the header");
        diag_hint(reader->diags, "several ports or addresses stand in one cell, with spaces between them");
        return;
    }
    parts.flow.id = cells[COLUMN_ID]->text;
    parts.flow.span = cells[COLUMN_ID]->span;
    good = parts.flow.id.n > 0;
    if (!good)
        diag_error(reader->diags, parts.flow.span, "id is missing");
    else if (map_set(reader->arena, &csv->ids, parts.flow.id, reader) != NULL)
        diag_error(reader->diags, parts.flow.span, "id \"%.*s\" stands here twice", STR_ARG(parts.flow.id));
    good = each_word(csv, cells[COLUMN_SOURCE], "source", &parts.source, NULL) && good;
    good = each_word(csv, cells[COLUMN_DESTINATION], "destination", &parts.destination, NULL) && good;
    if (!transport_parse(cells[COLUMN_TRANSPORT]->text, &parts.flow.transport)) {
        diag_error(reader->diags, cells[COLUMN_TRANSPORT]->span, "unknown transport \"%.*s\"",
                   STR_ARG(cells[COLUMN_TRANSPORT]->text));
        good = false;
        each_word(csv, cells[COLUMN_PORTS], "ports", NULL, &parts.ports);
    } else {
        good = each_word(csv, cells[COLUMN_PORTS], "ports", NULL, &parts.ports) &&
               flows_ports_fit(parts.flow.transport, &parts.ports, cells[COLUMN_PORTS]->span, reader->diags) && good;
    }
    if (good)
        flows_finish(reader, &parts);
}

void flows_read_csv(struct flow_reader *reader)
{
    struct csv csv = {.reader = reader};

    if (!read_header(&csv))
        return;
    while (read_line(&csv))
        read_row(&csv);
}
