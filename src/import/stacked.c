/*
 * Tables of a page that were copied with one cell a paragraph: heads below one another, then the cells of row after
 * row. Where a row begins is told by the cells that show what they are, ports beside transports or ways; what stands
 * before them are the ends, of which spans may have swallowed the first; what stands behind them is the rest of the
 * row, in one paragraph or several.
 */
#include "import/domains.h"
#include "import/importer.h"

enum { HEADS_LEAST = 3, HEADS_MOST = 10, REST_MOST = 3 };

struct stack {
    struct importer *importer;
    const struct block *blocks;
    size_t block_n;
    size_t grouped; /* blocks that are in groups: as many as were looked at, and one group more */
    struct groups VEC(struct block) groups; /* paragraphs; lines with nothing blank between them are one */
    struct ends VEC(size_t) ends;           /* blocks up to the end of each */
    enum column_kind kinds[HEADS_MOST];
    size_t n;    /* columns */
    size_t from; /* the first column that shows what it is, and behind the last */
    size_t to;
    struct cells VEC(const struct cell *) cells;
    size_t row_n;
    struct actors VEC(struct str) names; /* keys of what stood on the left */
};

static bool is_apart(const struct block *above, const struct block *below)
{
    size_t from = above->span.at + above->span.n;
    size_t lines = 0;

    if (above->span.source == NULL || above->span.source != below->span.source)
        return true;
    for (size_t i = from; i < below->span.at; i++)
        lines += above->span.source->text.p[i] == '\n';
    return lines > 1;
}

/* Whether there is such a group; all of it is read then. */
static bool has(struct stack *stack, size_t at)
{
    while (stack->groups.n <= at + 1 && stack->grouped < stack->block_n) {
        const struct block *block = &stack->blocks[stack->grouped];
        struct block *last = stack->groups.n == 0 ? NULL : &stack->groups.v[stack->groups.n - 1];

        if (block->kind != BLOCK_PARAGRAPH && block->kind != BLOCK_NOTE)
            break;
        stack->grouped++;
        if (last == NULL || is_apart(block - 1, block)) {
            *vec_push(stack->importer->arena, &stack->groups) = *block;
            *vec_push(stack->importer->arena, &stack->ends) = stack->grouped;
            continue;
        }
        last->text = str_printf(stack->importer->arena, "%.*s\n%.*s", STR_ARG(last->text), STR_ARG(block->text));
        stack->ends.v[stack->ends.n - 1] = stack->grouped;
    }
    return at < stack->groups.n;
}

static bool is_anchor(enum column_kind kind)
{
    return kind == COLUMN_PORT || kind == COLUMN_TRANSPORT || kind == COLUMN_DIRECTION;
}

static enum column_kind head_of(struct arena *arena, struct str text)
{
    int score = 0;
    enum column_kind kind = text.n > 40 ? COLUMN_OTHER : columns_head(words_normal(arena, text), &score);

    return score < COLUMN_EXACT || kind == COLUMN_FOREIGN || kind == COLUMN_EXCLUDES ? COLUMN_OTHER : kind;
}

/* How many heads stand from `at` on, each of another kind but for remarks. */
static size_t read_heads(struct stack *stack, size_t at, enum column_kind kinds[HEADS_MOST])
{
    size_t n = 0;

    while (n < HEADS_MOST && has(stack, at + n)) {
        enum column_kind kind = head_of(stack->importer->arena, stack->groups.v[at + n].text);

        if (kind == COLUMN_OTHER)
            return n;
        for (size_t i = 0; i < n; i++) {
            if (kinds[i] == kind && kind != COLUMN_PURPOSE && kind != COLUMN_COMMENT)
                return n;
        }
        kinds[n++] = kind;
    }
    return n;
}

static bool holds(struct arena *arena, enum column_kind kind, struct str text)
{
    struct port_text read;
    enum port_shape shape;

    if (text.n > 80)
        return false;
    if (kind == COLUMN_DIRECTION)
        return columns_way(arena, text) != WAY_UNSAID;
    ports_read(arena, text, &read);
    shape = ports_shape(&read);
    if (read.fault != NULL || read.unknown > 0)
        return false;
    if (kind == COLUMN_TRANSPORT)
        return shape == SHAPE_TRANSPORTS || shape == SHAPE_SERVICES;
    return shape == SHAPE_PORTS || shape == SHAPE_BOTH || (shape == SHAPE_SYMBOLIC && read.known > 0);
}

/* Whether the cells that show what they are begin here. */
static bool is_row(struct stack *stack, size_t at)
{
    if (!has(stack, at + stack->to - stack->from - 1))
        return false;
    for (size_t i = stack->from; i < stack->to; i++) {
        if (is_anchor(stack->kinds[i]) &&
            !holds(stack->importer->arena, stack->kinds[i], stack->groups.v[at + i - stack->from].text))
            return false;
    }
    return true;
}

/* Where the next row shows what it is; SIZE_MAX: the table ends before. */
static size_t next_row(struct stack *stack, size_t at)
{
    enum column_kind kinds[HEADS_MOST];

    for (size_t i = at; i <= at + stack->from + REST_MOST && has(stack, i); i++) {
        if (is_row(stack, i))
            return i;
        if (read_heads(stack, i, kinds) >= HEADS_LEAST)
            break;
    }
    return SIZE_MAX;
}

static struct cell *put(struct stack *stack, size_t column, size_t at, bool head)
{
    const struct block *block = &stack->groups.v[at];
    struct cell *cell = arena_new_object(stack->importer->arena, struct cell);

    *cell = (struct cell){.text = block->text,
                          .span = block->span,
                          .row = (uint32_t)stack->row_n,
                          .column = (uint32_t)column,
                          .row_span = 1,
                          .column_span = 1,
                          .head = head};
    stack->cells.v[stack->row_n * stack->n + column] = cell;
    return cell;
}

static void new_row(struct stack *stack)
{
    for (size_t i = 0; i < stack->n; i++)
        *vec_push(stack->importer->arena, &stack->cells) = NULL;
}

static bool was_named(const struct stack *stack, struct str text)
{
    struct str key = party_key(stack->importer->arena, text);

    vec_each (const struct str *, name, &stack->names) {
        if (str_eq(*name, key))
            return true;
    }
    return false;
}

/* "updates.example.org", "Update server (updates.example.org)". */
static bool names_domain(struct arena *arena, struct str text)
{
    const char *open = memchr(text.p, '(', text.n);
    struct str rest;

    if (open == NULL)
        return domains_in(arena, text);
    return domains_in(arena, str_cut(str_from(text, (size_t)(open - text.p) + 1), ')', &rest));
}

/* A source is no domain: where one stands there the source was spanned over, and the two are one cell. */
static size_t one_end(struct stack *stack, size_t left, size_t row)
{
    struct block *first = &stack->groups.v[left];
    struct block *second = &stack->groups.v[left + 1];

    if (row - left != 2 || stack->from != 2 || stack->kinds[0] != COLUMN_SOURCE || stack->row_n < 2 ||
        !names_domain(stack->importer->arena, first->text))
        return left;
    second->text = str_printf(stack->importer->arena, "%.*s\n%.*s", STR_ARG(first->text), STR_ARG(second->text));
    return left + 1;
}

/* One row whose own cells begin at `row`; what stands from `left` on before them are its ends. How many paragraphs
 * behind it are taken too. */
static size_t add_row(struct stack *stack, size_t left, size_t row)
{
    struct arena *arena = stack->importer->arena;
    size_t rest = row + stack->to - stack->from;
    size_t next = next_row(stack, rest);
    size_t most = stack->n - stack->to;
    size_t taken = 0;
    struct cell *last = NULL;

    new_row(stack);
    left = one_end(stack, left, row);
    for (size_t i = left; i < row; i++) {
        put(stack, stack->from - (row - i), i, false);
        *vec_push(arena, &stack->names) = party_key(arena, stack->groups.v[i].text);
    }
    for (size_t i = stack->from; i < stack->to; i++)
        put(stack, i, row + i - stack->from, false);
    for (; taken < most && rest + taken < next && has(stack, rest + taken); taken++) {
        size_t behind = next < SIZE_MAX ? next - (rest + taken) : 0;

        if (behind > 0 && behind <= stack->from && was_named(stack, stack->groups.v[rest + taken].text))
            break; /* the rest of this row is empty: this is an end of the next one */
        last = put(stack, stack->to + taken, rest + taken, false);
    }
    for (; last != NULL && next < SIZE_MAX && next - (rest + taken) > stack->from; taken++)
        last->text = str_printf(arena, "%.*s %.*s", STR_ARG(last->text), STR_ARG(stack->groups.v[rest + taken].text));
    stack->row_n++;
    return rest + taken;
}

/* Heads below one another, and nothing that could be read below them: said, for there are rows in it. How many. */
static size_t unread(struct importer *importer, const struct block *blocks, size_t n)
{
    enum column_kind kinds[HEADS_MOST];
    size_t heads = 0;
    bool port = false;

    while (heads < n && heads < HEADS_MOST && blocks[heads].kind == BLOCK_PARAGRAPH) {
        kinds[heads] = head_of(importer->arena, blocks[heads].text);
        if (kinds[heads] == COLUMN_OTHER)
            break;
        port = port || kinds[heads] == COLUMN_PORT;
        heads++;
    }
    if (heads < HEADS_LEAST || !port)
        return 1;
    diag_warning(importer->diags, blocks[0].span,
                 "these are the heads of a table, and the cells below them cannot be told apart");
    return heads;
}

const struct grid *stacked_table(struct importer *importer, const struct block *blocks, size_t n, size_t *used)
{
    struct stack stack = {.importer = importer, .blocks = blocks, .block_n = n};
    bool port = false;
    size_t anchors = 0;
    size_t at;
    struct grid *grid;

    if (head_of(importer->arena, blocks[0].text) == COLUMN_OTHER || n < 2 * HEADS_LEAST)
        return NULL;
    stack.n = read_heads(&stack, 0, stack.kinds);
    for (size_t i = stack.n; i > 0; i--) {
        port = port || stack.kinds[i - 1] == COLUMN_PORT;
        if (!is_anchor(stack.kinds[i - 1]))
            continue;
        stack.from = i - 1;
        stack.to = stack.to == 0 ? i : stack.to;
        anchors++;
    }
    if (stack.n < HEADS_LEAST || !port || (anchors < 2 && stack.from > 0) ||
        next_row(&stack, stack.n) > stack.n + stack.from) {
        *used = unread(importer, blocks, n);
        return NULL;
    }
    new_row(&stack);
    for (size_t i = 0; i < stack.n; i++)
        put(&stack, i, i, true);
    stack.row_n = 1;
    for (at = stack.n; has(&stack, at);) {
        size_t row = next_row(&stack, at);

        if (row == SIZE_MAX || row - at > stack.from)
            break;
        at = add_row(&stack, at, row);
    }
    *used = stack.ends.v[at - 1];
    grid = arena_new_object(importer->arena, struct grid);
    *grid = (struct grid){.caption = STR_EMPTY,
                          .span = blocks[0].span,
                          .row_n = stack.row_n,
                          .column_n = stack.n,
                          .at = stack.cells.v,
                          .head_n = 1};
    return grid;
}
