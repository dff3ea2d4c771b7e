/*
 * Tables in copied text whose cells are parted by one blank and nothing else: a line of heads, then lines that hold
 * transport and ports where the heads have them. What stands left of them is source and destination, parted with the
 * help of the parties already known; a no-break space at the start of a line is a cell that got lost.
 */
#include "import/domains.h"
#include "import/importer.h"

#define COLUMNS_MOST 10
#define WORDS_MOST 400

struct heads {
    enum column_kind kinds[COLUMNS_MOST];
    struct str texts[COLUMNS_MOST];
    size_t n;
    size_t anchor; /* the first column that is known by what it holds */
    size_t anchor_end;
};

struct line {
    struct str text;
    struct span span;
    struct str words[WORDS_MOST];
    size_t n;
    size_t lost; /* no-break spaces at its start */
};

static void split(struct str text, struct span span, struct line *line)
{
    size_t i = 0;

    *line = (struct line){.text = text, .span = span};
    while (i < text.n) {
        size_t bytes;
        bool gap = text.p[i] == ' ' || text.p[i] == '\t' || words_sign(text, i, &bytes) == SIGN_BLANK;

        if (gap) {
            line->lost += line->n == 0 && text.p[i] != ' ' && text.p[i] != '\t';
            i += text.p[i] == ' ' || text.p[i] == '\t' ? 1 : bytes;
            continue;
        }
        if (line->n == WORDS_MOST)
            return;
        line->words[line->n].p = text.p + i;
        while (i < text.n && text.p[i] != ' ' && text.p[i] != '\t' && words_sign(text, i, &bytes) != SIGN_BLANK)
            i++;
        line->words[line->n].n = (size_t)(text.p + i - line->words[line->n].p);
        line->n++;
    }
}

static struct str join(const struct line *line, size_t from, size_t to)
{
    if (from >= to)
        return STR_EMPTY;
    return (struct str){line->words[from].p,
                        (size_t)(line->words[to - 1].p + line->words[to - 1].n - line->words[from].p)};
}

static bool is_anchor(enum column_kind kind)
{
    return kind == COLUMN_PORT || kind == COLUMN_TRANSPORT || kind == COLUMN_DIRECTION;
}

/* `Port Protocol` is two heads here, though one column may have that head; `Destination Port` is one. */
static bool are_two(struct arena *arena, const struct line *line, size_t at)
{
    int first;
    int second;
    enum column_kind one = columns_head(words_normal(arena, line->words[at]), &first);
    enum column_kind other = columns_head(words_normal(arena, line->words[at + 1]), &second);

    bool whose = (one == COLUMN_SOURCE || one == COLUMN_DESTINATION) && other == COLUMN_PORT;

    return first == COLUMN_EXACT && second == COLUMN_EXACT && one != other && !whose;
}

/* The words of a line as heads of columns; false: it has others too. */
static bool split_heads(struct arena *arena, const struct line *line, struct heads *heads)
{
    size_t at = 0;

    heads->n = 0;
    while (at < line->n && heads->n < COLUMNS_MOST) {
        size_t taken = 0;

        for (size_t words = line->n - at < 3 ? line->n - at : 3; words > 0 && taken == 0; words--) {
            int score;
            struct str text = join(line, at, at + words);
            enum column_kind kind = columns_head(words_normal(arena, text), &score);

            if (score < COLUMN_EXACT || kind == COLUMN_FOREIGN || kind == COLUMN_EXCLUDES ||
                (words == 2 && are_two(arena, line, at)))
                continue;
            heads->kinds[heads->n] = kind;
            heads->texts[heads->n++] = text;
            taken = words;
        }
        if (taken == 0)
            return false;
        at += taken;
    }
    return at == line->n && heads->n >= 2;
}

/* The whole line is heads, ports among them, the anchors beside one another. */
static bool read_heads(struct arena *arena, const struct line *line, struct heads *heads)
{
    bool port = false;

    if (!split_heads(arena, line, heads))
        return false;
    for (size_t i = 0; i < heads->n; i++)
        port = port || heads->kinds[i] == COLUMN_PORT;
    if (!port)
        return false;
    heads->anchor = 0;
    while (heads->anchor < heads->n && !is_anchor(heads->kinds[heads->anchor]))
        heads->anchor++;
    heads->anchor_end = heads->anchor;
    while (heads->anchor_end < heads->n && is_anchor(heads->kinds[heads->anchor_end]))
        heads->anchor_end++;
    for (size_t i = heads->anchor_end; i < heads->n; i++) {
        if (is_anchor(heads->kinds[i]))
            return false;
    }
    return heads->anchor_end - heads->anchor >= 2 && heads->anchor <= 2 && heads->n - heads->anchor_end <= 1;
}

static bool holds(struct arena *arena, enum column_kind kind, struct str text)
{
    struct port_text read;
    enum port_shape shape;

    if (kind == COLUMN_DIRECTION)
        return columns_way(arena, text) != WAY_UNSAID;
    ports_read(arena, text, &read);
    shape = ports_shape(&read);
    if (read.unknown > 0 || read.service != NULL || read.fault != NULL)
        return false;
    if (kind == COLUMN_TRANSPORT)
        return shape == SHAPE_TRANSPORTS;
    return shape == SHAPE_PORTS || (shape == SHAPE_SYMBOLIC && read.known > 0);
}

/* The longest run of words from `at` that the column can hold; a run goes on behind a comma, a slash or a dash. */
static size_t run_of(struct arena *arena, const struct line *line, size_t at, enum column_kind kind)
{
    size_t end = at;

    while (end < line->n && end < at + 40) {
        struct str last;
        char sign;

        if (!holds(arena, kind, join(line, at, end + 1)) && str_trim(line->words[end]).n > 1)
            break;
        end++;
        last = line->words[end - 1];
        sign = last.p[last.n - 1];
        if (sign == ',' || sign == '/' || sign == '-' ||
            (end < line->n && (line->words[end].p[0] == '-' || line->words[end].p[0] == '/')))
            continue;
        break;
    }
    return end > at && holds(arena, kind, join(line, at, end)) ? end - at : 0;
}

/* Where the anchors stand in a line; their ends in `ends`, one for each anchor. False: the line is no row. */
static bool find_anchors(struct arena *arena, const struct line *line, const struct heads *heads, size_t *start,
                         size_t ends[COLUMNS_MOST])
{
    size_t least = heads->anchor == 0 ? 0 : heads->anchor > line->lost ? 1 : 0;
    size_t most = heads->anchor == 0 ? 0 : line->n;

    for (size_t at = least; at <= most && at < line->n; at++) {
        size_t next = at;
        size_t i = heads->anchor;

        for (; i < heads->anchor_end; i++) {
            size_t words = next < line->n ? run_of(arena, line, next, heads->kinds[i]) : 0;

            if (words == 0)
                break;
            next += words;
            ends[i] = next;
        }
        if (i == heads->anchor_end) {
            *start = at;
            return true;
        }
    }
    return false;
}

/* Where source ends and destination begins: the only division into parties that are known, or twice the same. */
static size_t divide(struct importer *importer, const struct line *line, size_t words)
{
    size_t best = 0;
    int best_score = 0;
    bool tie = false;

    for (size_t cut = 1; cut < words; cut++) {
        struct actor *left = party_known(importer, join(line, 0, cut));
        struct actor *right = party_known(importer, join(line, cut, words));
        int score = (left != NULL ? 2 : 0) + (right != NULL ? 2 : 0);
        struct str left_key = party_key(importer->arena, join(line, 0, cut));

        if (left_key.n > 0 && str_eq(left_key, party_key(importer->arena, join(line, cut, words))))
            score += 3;
        if (score > best_score) {
            best = cut;
            best_score = score;
            tie = false;
        } else if (score == best_score) {
            tie = true;
        }
    }
    return tie ? 0 : best;
}

struct builder {
    struct importer *importer;
    struct heads heads;
    struct cells VEC(const struct cell *) cells;
    size_t row_n;
    struct span span;
};

static void put(struct builder *builder, size_t column, struct str text, struct span line, bool head)
{
    struct cell *cell = arena_new_object(builder->importer->arena, struct cell);
    struct str line_text = {line.source->text.p + line.at, line.n};

    *cell = (struct cell){.text = text,
                          .span = line,
                          .row = (uint32_t)builder->row_n,
                          .column = (uint32_t)column,
                          .row_span = 1,
                          .column_span = 1,
                          .head = head};
    for (size_t i = 0; text.n > 0 && i + text.n <= line_text.n;
         i++) { /* where in the line, when it stands there as it is */
        if (memcmp(line_text.p + i, text.p, text.n) == 0) {
            cell->span = (struct span){line.source, line.at + (uint32_t)i, (uint32_t)text.n};
            break;
        }
    }
    builder->cells.v[builder->row_n * builder->heads.n + column] = cell;
}

static void new_row(struct builder *builder)
{
    for (size_t i = 0; i < builder->heads.n; i++)
        *vec_push(builder->importer->arena, &builder->cells) = NULL;
}

/* What stands left of the anchors, into the columns there. False: it can be divided in more than one way. */
static bool put_left(struct builder *builder, const struct line *line, size_t words)
{
    size_t columns = builder->heads.anchor;
    size_t lost = line->lost < columns ? line->lost : columns;
    size_t cut;

    if (columns - lost == 0)
        return words == 0;
    if (columns - lost == 1) {
        if (words > 0)
            put(builder, lost, join(line, 0, words), line->span, false);
        return words > 0;
    }
    cut = words == 0 ? 0 : divide(builder->importer, line, words);
    if (cut == 0)
        return false;
    put(builder, 0, join(line, 0, cut), line->span, false);
    put(builder, 1, join(line, cut, words), line->span, false);
    return true;
}

static bool put_row(struct builder *builder, const struct line *line)
{
    struct arena *arena = builder->importer->arena;
    struct heads *heads = &builder->heads;
    size_t ends[COLUMNS_MOST];
    size_t start;
    size_t at;

    if (!find_anchors(arena, line, heads, &start, ends))
        return false;
    new_row(builder);
    if (!put_left(builder, line, start)) {
        diag_warning(builder->importer->diags, line->span,
                     "row is left out: \"%.*s\" can be parted into source and destination in more than one way",
                     STR_ARG(join(line, 0, start)));
        builder->cells.n -= heads->n;
        return true;
    }
    at = start;
    for (size_t i = heads->anchor; i < heads->anchor_end; i++) {
        put(builder, i, join(line, at, ends[i]), line->span, false);
        at = ends[i];
    }
    if (heads->anchor_end < heads->n)
        put(builder, heads->anchor_end, join(line, at, line->n), line->span, false);
    builder->row_n++;
    return true;
}

/* Names that stand alone where a party must be, before lines with two of them are divided. */
static void learn(struct importer *importer, const struct heads *heads, const struct block *blocks, size_t n)
{
    struct line *line = arena_new_object(importer->arena, struct line);

    for (size_t i = 0; i < n && blocks[i].kind == BLOCK_PARAGRAPH; i++) {
        size_t ends[COLUMNS_MOST];
        size_t start;
        struct str condition;

        split(blocks[i].text, blocks[i].span, line);
        if (!find_anchors(importer->arena, line, heads, &start, ends))
            return;
        if (heads->anchor == 2 && line->lost == 1 && start > 0)
            party_cell(importer, join(line, 0, start), blocks[i].span, &condition);
        for (size_t cut = 1; heads->anchor == 2 && line->lost == 0 && cut < start; cut++) {
            struct str left = join(line, 0, cut);

            if (str_eq(party_key(importer->arena, left), party_key(importer->arena, join(line, cut, start))))
                party_actor(importer, left, blocks[i].span);
        }
    }
}

const struct grid *text_table(struct importer *importer, const struct block *blocks, size_t n, size_t *used)
{
    struct builder builder = {.importer = importer};
    struct line *line = arena_new_object(importer->arena, struct line);
    struct grid *grid;
    size_t i = 1;

    if (blocks[0].text.n > 200)
        return NULL;
    split(blocks[0].text, blocks[0].span, line);
    if (!read_heads(importer->arena, line, &builder.heads))
        return NULL;
    learn(importer, &builder.heads, blocks + 1, n - 1);
    new_row(&builder);
    for (size_t k = 0; k < builder.heads.n; k++)
        put(&builder, k, builder.heads.texts[k], blocks[0].span, true);
    builder.row_n = 1;
    for (; i < n && blocks[i].kind == BLOCK_PARAGRAPH; i++) {
        split(blocks[i].text, blocks[i].span, line);
        if (!put_row(&builder, line))
            break;
    }
    if (i == 1) {
        if (builder.heads.n >= 3)
            diag_warning(importer->diags, blocks[0].span,
                         "these are the heads of a table, and the line below them is no row of it");
        return NULL;
    }
    *used = i;
    grid = arena_new_object(importer->arena, struct grid);
    *grid = (struct grid){.caption = STR_EMPTY,
                          .span = blocks[0].span,
                          .row_n = builder.row_n,
                          .column_n = builder.heads.n,
                          .at = builder.cells.v,
                          .head_n = 1};
    return grid;
}

const struct grid *text_heads(struct importer *importer, const struct block *block, const struct grid *grid)
{
    struct builder builder = {.importer = importer};
    struct line *line = arena_new_object(importer->arena, struct line);
    struct grid *headed;

    if (block->kind != BLOCK_PARAGRAPH || block->text.n > 200 || grid->head_n > 0)
        return grid;
    split(block->text, block->span, line);
    if (!split_heads(importer->arena, line, &builder.heads) || builder.heads.n != grid->column_n)
        return grid;
    new_row(&builder);
    for (size_t i = 0; i < builder.heads.n; i++)
        put(&builder, i, builder.heads.texts[i], block->span, true);
    headed = arena_new_object(importer->arena, struct grid);
    *headed = *grid;
    headed->row_n++;
    headed->head_n = 1;
    headed->at = arena_new_array(importer->arena, const struct cell *, headed->row_n * headed->column_n);
    memcpy(headed->at, builder.cells.v, headed->column_n * sizeof *headed->at);
    for (size_t i = 0; i < grid->row_n * grid->column_n; i++) {
        struct cell *cell;

        if (grid->at[i] == NULL)
            continue;
        cell = arena_copy(importer->arena, grid->at[i], sizeof *cell);
        cell->row++;
        headed->at[headed->column_n + i] = cell;
    }
    return headed;
}
