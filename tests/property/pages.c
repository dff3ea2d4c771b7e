/*
 * Pages of every format that can be written: random pages, full of what each format takes for its own, are written and
 * read back, and must be the same. `pages [CASES [SEED]]`; the first that fails is shown with its text.
 */
#include <stdio.h>

#include "base/num.h"
#include "document/builder.h"

static uint64_t seed;

static size_t next(size_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed % n);
}

/* No brackets round one letter or two: those are marks, and the page has them as such. */
static const char *const tokens[] = {
    "port",
    "443",
    "TCP/UDP",
    "a_b_c",
    "_x_",
    "*",
    "**b**",
    "`c`",
    "<d>",
    "&amp;",
    "[efg]",
    "[h",
    "{x}",
    "|",
    "\\",
    "~~z~",
    "#",
    "+",
    "^",
    "~",
    "1.",
    "2)",
    "-",
    "--",
    "---",
    "=",
    "==",
    ":::",
    "::",
    ":",
    "!",
    "!!!",
    ">",
    "\"q\"",
    "a,b",
    ";",
    "\xc2\xa0",
    "\xc3\xa9",
    "\xe2\x80\x93",
    "http://x.example/[y",
    "$",
    "%",
    "{{v}}",
    "{% if %}",
    "import",
    "<!--",
    "-->",
    "&#35;",
    "'''",
    "//",
    "_",
    "__",
    "/",
    "(cd)",
    "b::",
    "***",
    "a*b*c",
    "..",
    "?",
    "a\\|b",
    "![i](j)",
    "<br>",
    "10.0.0.*",
    "*.example.org",
    "|===",
    "====",
    "+++",
    "link:k[l",
    "x^2^",
    "H~2~O",
    "<<m>>",
    "```",
    "@",
    "[.n]#o#",
    ".p",
    "'q'",
};

static void add_words(struct buf *out, size_t most)
{
    for (size_t n = 1 + next(most); n > 0; n--) {
        buf_adds(out, tokens[next(sizeof tokens / sizeof *tokens)]);
        if (n > 1)
            buf_addc(out, ' ');
    }
}

static struct str make_text(struct arena *arena, size_t lines)
{
    struct buf out = BUF_EMPTY;
    struct words words;

    words_begin(&words, arena);
    for (size_t i = 0; i <= next(lines); i++) {
        out.n = 0;
        add_words(&out, 5);
        words_add(&words, buf_str(&out), 0);
        words_break(&words);
    }
    buf_free(&out);
    return words_end(&words, 0).text;
}

static void make_table(struct builder *builder, bool spans)
{
    struct arena *arena = builder->arena;
    struct grid_builder grid;
    size_t columns = 2 + next(4);
    size_t head_n = spans ? next(3) : 1;
    size_t rows = head_n + 1 + next(4);

    grid_begin(&grid, builder, 0);
    for (size_t row = 0; row < rows; row++) {
        for (grid_row(&grid); grid_fits(&grid, columns);) {
            bool wide = spans && next(5) == 0;
            struct cell *cell = grid_cell(&grid, wide && next(2) == 0 ? 2 : 1, wide && next(2) == 0 ? 2 : 1, 0);

            if (next(6) > 0) {
                cell->text = make_text(arena, 2);
                cell->struck = next(8) == 0;
            }
            cell->head = next(12) == 0 && spans;
            if (next(6) == 0 && cell->text.n > 0) {
                cell->marks = arena_new_array(arena, struct str, 1);
                cell->marks[0] = str_printf(arena, "%zu", 1 + next(9));
                cell->mark_n = 1;
            }
        }
    }
    grid_add(&grid, head_n, spans && next(4) == 0 ? make_text(arena, 1) : STR_EMPTY, 0);
}

static void add(struct builder *builder, enum block_kind kind, unsigned level, size_t lines)
{
    builder_add(builder, kind, level, make_text(builder->arena, lines), builder_span(builder, 0, 0));
}

static void make_block(struct builder *builder, unsigned *item, unsigned *tab)
{
    static const char *const kinds[] = {"note", "tip", "important", "warning", "caution", "danger"};
    size_t choice = next(11);

    if (choice == 0) {
        *item = 1 + (unsigned)next(*item + 1);
        *item = *item > 4 ? 4 : *item;
        add(builder, BLOCK_ITEM, *item, 2);
        return;
    }
    *item = 0;
    switch (choice) {
    case 1: add(builder, BLOCK_HEADING, 1 + (unsigned)next(6), 1); break;
    case 2:
        builder_note(builder, str_of(kinds[next(6)]));
        add(builder, BLOCK_PARAGRAPH, 0, 2);
        builder_note_end(builder);
        break;
    case 3:
        builder_add(builder, BLOCK_CODE, 0, STR("a  b {x}\n\n  ----\n````\n<i>&amp;"), builder_span(builder, 0, 0));
        break;
    case 4: add(builder, BLOCK_TAB, ++*tab, 1); break;
    case 5:
        if (*tab > 0)
            builder_add(builder, BLOCK_TAB_END, (*tab)--, STR_EMPTY, builder_span(builder, 0, 0));
        break;
    case 6: {
        struct block *block =
            builder_add(builder, BLOCK_FOOTNOTE, 0, make_text(builder->arena, 1), builder_span(builder, 0, 0));

        block->mark = str_printf(builder->arena, "%zu", 1 + next(9));
        break;
    }
    case 7:
    case 8: make_table(builder, next(2) == 0); break;
    default: add(builder, BLOCK_PARAGRAPH, 0, 2); break;
    }
}

static struct page *make_page(struct arena *arena, struct diags *diags, bool tables_only)
{
    struct builder builder;
    unsigned item = 0;
    unsigned tab = 0;

    builder_begin(&builder, arena, source_new(arena, STR("made"), STR_EMPTY), diags);
    if (!tables_only)
        builder.title = make_text(arena, 1);
    for (size_t n = 1 + next(12); n > 0; n--) {
        if (!tables_only) {
            make_block(&builder, &item, &tab);
        } else {
            add(&builder, BLOCK_HEADING, 2, 1);
            make_table(&builder, false);
        }
    }
    while (tab > 0)
        builder_add(&builder, BLOCK_TAB_END, tab--, STR_EMPTY, builder_span(&builder, 0, 0));
    return builder_end(&builder);
}

static const struct cell nothing = {.text = {"", 0}, .row_span = 1, .column_span = 1};

static bool same_cell(const struct cell *a, const struct cell *b, bool heads)
{
    if (a->row_span != b->row_span || a->column_span != b->column_span || (heads && a->head != b->head) ||
        a->struck != b->struck || a->mark_n != b->mark_n || !str_eq(a->text, b->text))
        return false;
    for (size_t i = 0; i < a->mark_n; i++) {
        if (!str_eq(a->marks[i], b->marks[i]))
            return false;
    }
    return true;
}

static bool same_grid(const struct grid *a, const struct grid *b, bool heads)
{
    if (a->row_n != b->row_n || a->column_n != b->column_n || !str_eq(a->caption, b->caption) ||
        (heads && a->head_n != b->head_n))
        return false;
    for (size_t i = 0; i < a->row_n * a->column_n; i++) {
        const struct cell *x = a->at[i] == NULL ? &nothing : a->at[i];
        const struct cell *y = b->at[i] == NULL ? &nothing : b->at[i];

        if (!same_cell(x, y, heads && a->at[i] != NULL && b->at[i] != NULL))
            return false;
    }
    return true;
}

static bool same_block(const struct block *a, const struct block *b, bool heads)
{
    if (a->kind != b->kind || a->level != b->level || !str_eq(a->text, b->text) || !str_eq(a->mark, b->mark))
        return false;
    return a->kind != BLOCK_TABLE || same_grid(a->grid, b->grid, heads);
}

/* The first block that differs; SIZE_MAX: none does. */
static size_t first_difference(const struct page *a, const struct page *b, bool heads)
{
    for (size_t i = 0; i < a->block_n && i < b->block_n; i++) {
        if (!same_block(&a->blocks[i], &b->blocks[i], heads))
            return i;
    }
    if (a->block_n != b->block_n)
        return a->block_n < b->block_n ? a->block_n : b->block_n;
    return str_eq(a->title, b->title) ? SIZE_MAX : 0;
}

static void show(const struct page *page, size_t at)
{
    if (at >= page->block_n) {
        printf("  (nothing; %zu blocks, title \"%.*s\")\n", page->block_n, STR_ARG(page->title));
        return;
    }
    printf("  kind %d level %u text \"%.*s\" mark \"%.*s\"\n", (int)page->blocks[at].kind, page->blocks[at].level,
           STR_ARG(page->blocks[at].text), STR_ARG(page->blocks[at].mark));
    for (size_t i = 0; page->blocks[at].grid != NULL && i < page->blocks[at].grid->row_n; i++) {
        const struct grid *grid = page->blocks[at].grid;

        for (size_t k = 0; k < grid->column_n; k++) {
            const struct cell *cell = grid_at(grid, i, k);

            printf("  |%s%.*s%s",
                   cell == NULL ? "."
                   : cell->head ? "!"
                                : "",
                   STR_ARG(cell == NULL ? STR_EMPTY : cell->text), cell != NULL && cell->mark_n > 0 ? "{}" : "");
        }
        printf("\n");
    }
}

static bool holds(const struct document_format *format, size_t number)
{
    struct arena *arena = arena_new();
    bool csv = str_is(STR("csv"), format->name);
    struct buf text = BUF_EMPTY;
    struct diags diags;
    struct page *made;
    struct page *read;
    size_t at;

    diags_init(&diags, arena);
    made = make_page(arena, &diags, csv);
    format->write(&text, made);
    read = format->read(arena, source_new(arena, STR("text"), buf_str(&text)), &diags);
    at = first_difference(made, read, !csv);
    if (at != SIZE_MAX) {
        printf("case %zu, %s: block %zu is not the same, titles \"%.*s\" and \"%.*s\"\nmade:\n", number, format->name,
               at, STR_ARG(made->title), STR_ARG(read->title));
        show(made, at);
        printf("read:\n");
        show(read, at);
        printf("text:\n%.*s\n", STR_ARG(buf_str(&text)));
    }
    buf_free(&text);
    arena_free(arena);
    return at == SIZE_MAX;
}

int main(int argc, char **argv)
{
    size_t format_n;
    const struct document_format *const *formats = document_format_all(&format_n);
    uint64_t cases = 1000;
    uint64_t first = 1;
    size_t passed = 0;

    if ((argc > 1 && !num_decimal(str_of(argv[1]), 1000000000, &cases)) ||
        (argc > 2 && !num_decimal(str_of(argv[2]), 1000000000, &first)))
        return 2;
    for (size_t i = 0; i < cases; i++) {
        for (size_t k = 0; k < format_n; k++) {
            if (formats[k]->write == NULL)
                continue;
            seed = (first + i) * 2654435761u + k * 97 + 88172645463325252u;
            if (!holds(formats[k], i)) {
                printf("%zu passed, 1 failed\n", passed);
                return 1;
            }
            passed++;
        }
    }
    printf("%zu passed, 0 failed\n", passed);
    return 0;
}
