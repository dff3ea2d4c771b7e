/*
 * Tables of HTML: sections, spans, heads; the text of a cell with everything in it, inner tables too, as lines. A table
 * that only lays out a page (or a note) is none: its cells are read as parts of the page.
 */
#include "document/markup.h"

struct table {
    struct markup *markup;
    struct grid_builder grid;
    struct str caption;
    size_t head_n;
    bool heads; /* all rows so far stood in a thead */
};

static bool breaks_line(enum tag tag)
{
    switch ((int)tag) {
    case TAG_br:
    case TAG_p:
    case TAG_div:
    case TAG_li:
    case TAG_ul:
    case TAG_ol:
    case TAG_dl:
    case TAG_dt:
    case TAG_dd:
    case TAG_tr:
    case TAG_table:
    case TAG_pre:
    case TAG_blockquote:
    case TAG_section:
    case TAG_details:
    case TAG_summary:
    case TAG_h1:
    case TAG_h2:
    case TAG_h3:
    case TAG_h4:
    case TAG_h5:
    case TAG_h6:
    case TAG_hr: return true;
    default: return false;
    }
}

static void add_image(const struct element *image, struct words *words)
{
    words_blank(words);
    words_add_from(words, element_get(image, "alt"), image->at, image->end);
    words_blank(words);
}

/* Lines of code in a cell are lines. */
static void add_lines(const struct element *text, struct words *words)
{
    if (text->exact)
        words_lines(words, text->text, text->at);
    else
        words_add_from(words, text->text, text->at, text->end);
}

static void text_in(const struct markup *markup, const struct element *element, struct words *words, bool code)
{
    for (const struct element *child = element->child; child != NULL; child = child->next) {
        bool struck = child->tag != TAG_text && markup_strikes(child);
        struct str mark;

        if (child->tag == TAG_text && code) {
            add_lines(child, words);
            continue;
        }
        if (child->tag == TAG_text) {
            if (child->exact)
                words_add(words, child->text, child->at);
            else
                words_add_from(words, child->text, child->at, child->end);
            continue;
        }
        if (markup_skips(markup, child))
            continue;
        if (child->tag == TAG_img)
            add_image(child, words);
        if (child->tag == TAG_sup && markup_is_mark(child, &mark, words->arena)) {
            words_mark(words, mark, child->at);
            continue;
        }
        if (breaks_line(child->tag))
            words_break(words);
        if (child->tag == TAG_td || child->tag == TAG_th)
            words_blank(words);
        words->struck += struck;
        text_in(markup, child, words, code || child->tag == TAG_pre);
        words->struck -= struck;
        if (breaks_line(child->tag))
            words_break(words);
    }
}

void markup_text(const struct markup *markup, const struct element *element, struct words *words)
{
    text_in(markup, element, words, element->tag == TAG_pre);
}

/* A number as browsers read it: its digits; none or 0 columns is one. */
static size_t span_of(const struct element *cell, const char *name, size_t none)
{
    struct str text = str_trim(element_get(cell, name));
    size_t value = 0;

    if (text.n == 0 || text.p[0] < '0' || text.p[0] > '9')
        return 1;
    for (size_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9' && value < 1000000; i++)
        value = value * 10 + (size_t)(text.p[i] - '0');
    return value == 0 ? none : value;
}

static void say_span(const struct builder *builder, const struct element *cell, size_t rows, size_t columns)
{
    if (rows > DOCUMENT_SPAN_MOST || columns > DOCUMENT_COLUMNS_MOST)
        diag_error(builder->diags, builder_span(builder, cell->at, 1),
                   "a cell that spans more than %u rows or %u columns is cut to the table", DOCUMENT_SPAN_MOST,
                   DOCUMENT_COLUMNS_MOST);
}

static void add_cell(struct table *table, const struct element *element)
{
    size_t rows = span_of(element, "rowspan", 0);
    size_t columns = span_of(element, "colspan", 1);
    struct words words;
    struct cell *cell;

    say_span(table->markup->builder, element, rows, columns);
    words_begin(&words, table->markup->builder->arena);
    words.struck = markup_strikes(element) || table->markup->struck > 0;
    markup_text(table->markup, element, &words);
    cell = grid_words(&table->grid, rows, columns, &words, element->at);
    if (cell != NULL)
        cell->head = element->tag == TAG_th;
}

static bool has_cells(const struct element *row)
{
    for (const struct element *child = row->child; child != NULL; child = child->next) {
        if (child->tag == TAG_td || child->tag == TAG_th)
            return true;
    }
    return false;
}

static void add_row(struct table *table, const struct element *row, bool head)
{
    if (!has_cells(row) && table->grid.cells.n == 0)
        return;
    grid_row(&table->grid);
    table->markup->struck += markup_strikes(row);
    for (const struct element *child = row->child; child != NULL; child = child->next) {
        if (child->tag == TAG_td || child->tag == TAG_th)
            add_cell(table, child);
    }
    table->markup->struck -= markup_strikes(row);
    table->heads = table->heads && head;
    table->head_n += table->heads;
}

/* Rows of a table or of one of its sections; cells that stand in no row make one. */
static void add_rows(struct table *table, const struct element *element, bool head)
{
    bool loose = false;

    for (const struct element *child = element->child; child != NULL; child = child->next) {
        switch ((int)child->tag) {
        case TAG_caption: {
            struct words words;

            words_begin(&words, table->markup->builder->arena);
            markup_text(table->markup, child, &words);
            table->caption = words_end(&words, child->at).text;
            break;
        }
        case TAG_thead:
        case TAG_tbody:
        case TAG_tfoot: add_rows(table, child, child->tag == TAG_thead); break;
        case TAG_tr:
            add_row(table, child, head);
            loose = false;
            break;
        case TAG_td:
        case TAG_th:
            if (!loose)
                grid_row(&table->grid);
            loose = true;
            table->heads = false;
            add_cell(table, child);
            break;
        case TAG_text: break;
        default:
            if (child->tag == TAG_form || child->tag == TAG_other)
                add_rows(table, child, head);
            break;
        }
    }
}

struct shape {
    size_t rows;
    size_t columns; /* of the widest row */
    bool headings;  /* cells hold headings, or tables */
    bool tables;
    bool heads; /* some cell is a th */
};

static bool holds(const struct element *element, bool (*is)(enum tag))
{
    for (const struct element *child = element->child; child != NULL; child = child->next) {
        if (is(child->tag) || holds(child, is))
            return true;
    }
    return false;
}

static bool is_heading(enum tag tag)
{
    return tag >= TAG_h1 && tag <= TAG_h6;
}

static bool is_table(enum tag tag)
{
    return tag == TAG_table;
}

static void measure(const struct element *element, struct shape *shape)
{
    size_t columns = 0;

    for (const struct element *child = element->child; child != NULL; child = child->next) {
        if (child->tag == TAG_td || child->tag == TAG_th) {
            columns++;
            shape->heads |= child->tag == TAG_th;
            shape->headings |= holds(child, is_heading);
            shape->tables |= holds(child, is_table);
        } else if (child->tag == TAG_thead || child->tag == TAG_tbody || child->tag == TAG_tfoot ||
                   child->tag == TAG_tr) {
            shape->rows += child->tag == TAG_tr;
            measure(child, shape);
        }
    }
    shape->columns = columns > shape->columns ? columns : shape->columns;
}

/* Old pages are laid out with tables, and notes are often tables of one row. */
static bool is_layout(const struct markup *markup, const struct element *table)
{
    struct shape shape = {0};

    measure(table, &shape);
    if (shape.heads)
        return false;
    if (markup->builder->note_n > 0 && shape.rows <= 1)
        return true;
    return (shape.tables || shape.headings) && (shape.rows <= 1 || (shape.tables && shape.columns <= 1));
}

static void lay_out(struct markup *markup, const struct element *element)
{
    for (const struct element *child = element->child; child != NULL; child = child->next) {
        if (child->tag == TAG_td) {
            struct element cell = *child;

            cell.tag = TAG_div;
            cell.next = NULL;
            markup_children(markup, &(struct element){.child = &cell});
        } else if (child->tag != TAG_text) {
            lay_out(markup, child);
        }
    }
}

void markup_table(struct markup *markup, const struct element *element)
{
    struct table table = {.markup = markup, .caption = STR_EMPTY, .heads = true};

    if (is_layout(markup, element)) {
        lay_out(markup, element);
        return;
    }
    grid_begin(&table.grid, markup->builder, element->at);
    add_rows(&table, element, false);
    grid_add(&table.grid, table.head_n, table.caption, element->end);
}
