/* Tables of rows between pipes or tabs; see markdown.h. Cells beyond those of the head are kept, and said. */
#include "document/markdown/markdown.h"
#include "document/pipes.h"

struct table {
    struct builder *builder;
    struct grid_builder grid;
    size_t rows;
    size_t head_n;
    size_t most;
    size_t fewest;
    bool filled; /* some row ends in an empty cell */
};

/* A pipe behind a backslash is a pipe, in code too. */
static struct str unescape(struct arena *arena, struct str cell)
{
    char *made;
    size_t n = 0;

    if (!str_contains(cell, "\\|"))
        return cell;
    made = arena_alloc(arena, cell.n);
    for (size_t i = 0; i < cell.n; i++) {
        if (cell.p[i] != '\\' || i + 1 == cell.n || cell.p[i + 1] != '|')
            made[n++] = cell.p[i];
    }
    return (struct str){made, n};
}

static bool next_cell(struct str *rest, bool tabbed, struct str *cell)
{
    if (!tabbed)
        return pipes_next(rest, cell);
    if (rest->p == NULL)
        return false;
    if (memchr(rest->p, '\t', rest->n) != NULL) {
        *cell = str_trim(str_cut(*rest, '\t', rest));
        return true;
    }
    *cell = str_trim(*rest);
    *rest = STR_EMPTY;
    rest->p = NULL;
    return true;
}

static void add_row(struct table *table, struct str line)
{
    struct arena *arena = table->builder->arena;
    const struct str *text = &table->builder->source->text;
    bool tabbed = memchr(line.p, '|', line.n) == NULL;
    struct str rest = tabbed ? line : pipes_begin(line);
    struct str cell = STR_EMPTY;
    size_t n = 0;

    grid_row(&table->grid);
    while (next_cell(&rest, tabbed, &cell)) {
        size_t at = (size_t)(cell.p - text->p);
        struct words words;

        words_begin(&words, arena);
        markdown_inline(&words, markdown_footnotes(arena, unescape(arena, template_blank(arena, cell))), at, cell.n);
        grid_words(&table->grid, 1, 1, &words, at);
        n++;
    }
    if (table->head_n > 0 && n > table->most)
        diag_warning(table->builder->diags, builder_span(table->builder, (size_t)(line.p - text->p), line.n),
                     "this row has %zu cells, and no row above it more than %zu", n, table->most);
    table->filled |= cell.n == 0;
    table->most = n > table->most ? n : table->most;
    table->fewest = n < table->fewest ? n : table->fewest;
    table->rows++;
}

/* Templating between rows decides about rows; nobody here can. */
static bool is_template(struct table *table, struct str line)
{
    struct template_tag tag;

    line = str_trim(line);
    if (!template_at(line, &tag) || tag.n != line.n)
        return false;
    if (!tag.closes)
        diag_warning(table->builder->diags,
                     builder_span(table->builder, (size_t)(line.p - table->builder->source->text.p), line.n),
                     "which rows of this table count depends on \"%.*s\"; all are read", STR_ARG(line));
    return true;
}

void markdown_table(struct builder *builder, size_t first, size_t n)
{
    struct table table = {.builder = builder, .fewest = SIZE_MAX};
    struct str line = source_line_text(builder->source, (uint32_t)first);

    grid_begin(&table.grid, builder, (size_t)(line.p - builder->source->text.p));
    for (size_t i = 0; i < n; i++) {
        line = markdown_unquote(source_line_text(builder->source, (uint32_t)(first + i)));
        if (table.rows > 0 && table.head_n == 0 && pipes_is_rule(line))
            table.head_n = table.rows;
        else if (!is_template(&table, line))
            add_row(&table, line);
    }
    table.grid.grid->shifted = table.fewest < table.most || table.filled;
    grid_add(&table.grid, table.head_n, STR_EMPTY, (size_t)(line.p - builder->source->text.p) + line.n);
}
