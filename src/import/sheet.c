/*
 * Catalogs as tables; see sheet.h. One list of keys makes both directions. A list of values is a cell of several lines,
 * `inferred` one of lines "field: why". What is read goes through the catalog's own reader, which knows all its rules.
 */
#include "import/sheet.h"

#include "base/vec.h"
#include "catalog/catalog.h"
#include "catalog/write.h"
#include "net/ranges.h"

#define HEADER "catalog/1"

enum {
    KEY_ID,
    KEY_FROM,
    KEY_TO,
    KEY_PORTS,
    KEY_DISCOVER,
    KEY_SERVICE,
    KEY_PURPOSE,
    KEY_WHEN,
    KEY_NEED,
    KEY_REPLACES,
    KEY_ANY_OF,
    KEY_FAMILY,
    KEY_SCOPE,
    KEY_REPLY,
    KEY_SOURCE_PORTS,
    KEY_REVIEW,
    KEY_INFERRED,
    KEY_ORIGIN,
    KEY_N
};

static const char *const requirement_keys[KEY_N] = {
    "id",       "from",   "to",     "ports", "discover", "service",      "purpose", "when",     "need",
    "replaces", "any-of", "family", "scope", "reply",    "source-ports", "review",  "inferred", "origin"};
static const char *const head_keys[] = {"portolan", "product", "title"};
static const char *const document_keys[] = {"document", "title", "url", "retrieved"};
static const char *const note_keys[] = {"note", "origin"};
static const char *const role_keys[] = {"role", "title", "else", "domains"};
static const char *const feature_keys[] = {"feature", "title", "default"};
static const char *const parameter_keys[] = {"parameter", "title", "default"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct sheet {
    struct arena *arena;
    struct page *page;
    struct blocks VEC(struct block) blocks;
    struct cells VEC(const struct cell *) cells; /* of the table that is made */
    size_t column_n;
    bool guarded;
};

static void put(struct sheet *sheet, struct str text)
{
    struct cell *cell = arena_new_object(sheet->arena, struct cell);

    if (sheet->guarded && text.n > 0 && strchr("=+-@", text.p[0]) != NULL)
        text = str_printf(sheet->arena, "'%.*s", STR_ARG(text));
    *cell = (struct cell){.text = text,
                          .row = (uint32_t)(sheet->cells.n / sheet->column_n),
                          .column = (uint32_t)(sheet->cells.n % sheet->column_n),
                          .row_span = 1,
                          .column_span = 1,
                          .head = sheet->cells.n < sheet->column_n};
    *vec_push(sheet->arena, &sheet->cells) = cell;
}

static void put_lines(struct sheet *sheet, const struct str *v, size_t n)
{
    struct buf all = BUF_EMPTY;

    for (size_t i = 0; i < n; i++)
        buf_addf(&all, "%s%.*s", i > 0 ? "\n" : "", STR_ARG(v[i]));
    put(sheet, str_dup(sheet->arena, buf_str(&all)));
    buf_free(&all);
}

static void table_begin(struct sheet *sheet, const char *const *keys, size_t n)
{
    sheet->cells = (struct cells){0};
    sheet->column_n = n;
    for (size_t i = 0; i < n; i++)
        put(sheet, str_of(keys[i]));
}

static void table_end(struct sheet *sheet, const char *heading)
{
    struct grid *grid = arena_new_object(sheet->arena, struct grid);

    *grid = (struct grid){.caption = STR_EMPTY,
                          .row_n = sheet->cells.n / sheet->column_n,
                          .column_n = sheet->column_n,
                          .at = sheet->cells.v,
                          .head_n = 1};
    if (heading != NULL)
        *vec_push(sheet->arena, &sheet->blocks) =
            (struct block){.kind = BLOCK_HEADING, .level = 2, .text = str_of(heading), .mark = STR_EMPTY};
    *vec_push(sheet->arena, &sheet->blocks) =
        (struct block){.kind = BLOCK_TABLE, .text = STR_EMPTY, .mark = STR_EMPTY, .grid = grid};
}

static void put_names(struct sheet *sheet, const struct catalog *catalog)
{
    table_begin(sheet, document_keys, COUNT(document_keys));
    for (size_t i = 0; i < catalog->document_n; i++) {
        put(sheet, catalog->documents[i].key);
        put(sheet, catalog->documents[i].title);
        put(sheet, catalog->documents[i].url);
        put(sheet, catalog->documents[i].retrieved);
    }
    table_end(sheet, "Documents");
    table_begin(sheet, note_keys, COUNT(note_keys));
    for (size_t i = 0; i < catalog->note_n; i++) {
        put(sheet, catalog->notes[i].text);
        put(sheet, catalog->notes[i].origin);
    }
    if (catalog->note_n > 0)
        table_end(sheet, "Notes");
    table_begin(sheet, role_keys, COUNT(role_keys));
    for (size_t i = 0; i < catalog->role_n; i++) {
        put(sheet, catalog->roles[i].name);
        put(sheet, catalog->roles[i].title);
        put(sheet, catalog->roles[i].otherwise);
        put_lines(sheet, catalog->roles[i].domains, catalog->roles[i].domain_n);
    }
    table_end(sheet, "Roles");
    table_begin(sheet, feature_keys, COUNT(feature_keys));
    for (size_t i = 0; i < catalog->feature_n; i++) {
        put(sheet, catalog->features[i].name);
        put(sheet, catalog->features[i].title);
        put(sheet, catalog->features[i].on ? STR("on") : STR("off"));
    }
    if (catalog->feature_n > 0)
        table_end(sheet, "Features");
    table_begin(sheet, parameter_keys, COUNT(parameter_keys));
    for (size_t i = 0; i < catalog->parameter_n; i++) {
        put(sheet, catalog->parameters[i].name);
        put(sheet, catalog->parameters[i].title);
        put(sheet, catalog->parameters[i].value);
    }
    if (catalog->parameter_n > 0)
        table_end(sheet, "Parameters");
}

static void put_source_ports(struct sheet *sheet, const struct ranges *ranges)
{
    struct texts VEC(struct str) texts = {0};

    for (size_t i = 0; ranges != NULL && i < ranges->n; i++) {
        unsigned lo = (unsigned)ranges->v[i].lo;
        unsigned hi = (unsigned)ranges->v[i].hi;

        *vec_push(sheet->arena, &texts) =
            lo == hi ? str_printf(sheet->arena, "%u", lo) : str_printf(sheet->arena, "%u-%u", lo, hi);
    }
    put_lines(sheet, texts.v, texts.n);
}

static void put_requirement(struct sheet *sheet, const struct requirement *requirement)
{
    struct texts VEC(struct str) ports = {0};
    struct str *inferred = arena_new_array(sheet->arena, struct str, requirement->inferred_n);

    for (size_t i = 0; i < requirement->port_n; i++)
        *vec_push(sheet->arena, &ports) = requirement->ports[i].text;
    for (size_t i = 0; i < requirement->inferred_n; i++)
        inferred[i] = str_printf(sheet->arena, "%.*s: %.*s", STR_ARG(requirement->inferred[i].name),
                                 STR_ARG(requirement->inferred[i].text));
    put(sheet, requirement->id);
    put(sheet, requirement->from);
    put(sheet, requirement->to);
    put_lines(sheet, ports.v, ports.n);
    put_lines(sheet, requirement->discover, requirement->discover_n);
    put(sheet, requirement->service);
    put(sheet, requirement->purpose);
    put(sheet, requirement->when_text);
    put(sheet, str_of(need_name(requirement->need)));
    put_lines(sheet, requirement->replaces, requirement->replaces_n);
    put(sheet, requirement->any_of);
    put(sheet, !requirement->has_family ? STR_EMPTY : requirement->family == FAMILY_V4 ? STR("ipv4") : STR("ipv6"));
    put(sheet, requirement->subnet ? STR("subnet") : STR_EMPTY);
    put(sheet, requirement->no_reply ? STR("none") : STR_EMPTY);
    put_source_ports(sheet, requirement->source_ports);
    put(sheet, requirement->review);
    put_lines(sheet, inferred, requirement->inferred_n);
    put_lines(sheet, requirement->origins, requirement->origin_n);
}

const struct page *sheet_page(struct arena *arena, const struct catalog *catalog, bool guarded)
{
    struct sheet sheet = {.arena = arena, .page = arena_new_object(arena, struct page), .guarded = guarded};

    *vec_push(arena, &sheet.blocks) =
        (struct block){.kind = BLOCK_HEADING, .level = 1, .text = catalog->title, .mark = STR_EMPTY};
    table_begin(&sheet, head_keys, COUNT(head_keys));
    put(&sheet, STR(HEADER));
    put(&sheet, catalog->product);
    put(&sheet, catalog->title);
    table_end(&sheet, NULL);
    put_names(&sheet, catalog);
    table_begin(&sheet, requirement_keys, KEY_N);
    for (size_t i = 0; i < catalog->requirement_n; i++)
        put_requirement(&sheet, &catalog->requirements[i]);
    table_end(&sheet, "Requirements");
    sheet.page->source = catalog->source;
    sheet.page->title = catalog->title;
    sheet.page->blocks = sheet.blocks.v;
    sheet.page->block_n = sheet.blocks.n;
    return sheet.page;
}

/* The first table whose first row is exactly these keys; NULL: there is none. */
static const struct grid *find(const struct page *page, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < page->block_n; i++) {
        const struct grid *grid = page->blocks[i].kind == BLOCK_TABLE ? page->blocks[i].grid : NULL;
        bool same = grid != NULL && grid->column_n == n && grid->row_n > 0;

        for (size_t column = 0; same && column < n; column++)
            same = grid_at(grid, 0, column) != NULL && str_is(grid_at(grid, 0, column)->text, keys[column]);
        if (same)
            return grid;
    }
    return NULL;
}

bool sheet_is(const struct page *page)
{
    const struct grid *head = find(page, head_keys, COUNT(head_keys));

    return head != NULL && head->row_n == 2 && find(page, requirement_keys, KEY_N) != NULL;
}

static struct str text_at(const struct grid *grid, size_t row, size_t column)
{
    const struct cell *cell = grid_at(grid, row, column);
    struct str text = cell == NULL ? STR_EMPTY : cell->text;

    if (text.n > 1 && text.p[0] == '\'' && strchr("=+-@", text.p[1]) != NULL)
        text = str_from(text, 1);
    return text;
}

static struct str *lines_at(struct arena *arena, const struct grid *grid, size_t row, size_t column, size_t *n)
{
    struct texts VEC(struct str) lines = {0};
    struct str rest = text_at(grid, row, column);

    while (rest.n > 0) {
        struct str line = str_trim(str_cut(rest, '\n', &rest));

        if (line.n > 0)
            *vec_push(arena, &lines) = line;
    }
    *n = lines.n;
    return lines.v;
}

static struct str line_at(struct arena *arena, const struct grid *grid, size_t row, size_t column)
{
    size_t n;
    struct str *lines = lines_at(arena, grid, row, column, &n);
    struct buf all = BUF_EMPTY;
    struct str joined;

    for (size_t i = 0; i < n; i++)
        buf_addf(&all, "%s%.*s", i > 0 ? " " : "", STR_ARG(lines[i]));
    joined = str_dup(arena, buf_str(&all));
    buf_free(&all);
    return joined;
}

/* Rows below the head of the table with these keys; the table may be missing. */
static const struct grid *rows_of(const struct page *page, const char *const *keys, size_t key_n, size_t *n)
{
    const struct grid *grid = find(page, keys, key_n);

    *n = grid == NULL ? 0 : grid->row_n - 1;
    return grid;
}

static void read_origins(struct arena *arena, const struct page *page, struct catalog *catalog)
{
    const struct grid *documents = rows_of(page, document_keys, COUNT(document_keys), &catalog->document_n);
    const struct grid *notes = rows_of(page, note_keys, COUNT(note_keys), &catalog->note_n);

    catalog->documents = arena_new_array(arena, struct document, catalog->document_n);
    for (size_t i = 0; i < catalog->document_n; i++)
        catalog->documents[i] = (struct document){.key = line_at(arena, documents, i + 1, 0),
                                                  .title = line_at(arena, documents, i + 1, 1),
                                                  .url = line_at(arena, documents, i + 1, 2),
                                                  .retrieved = line_at(arena, documents, i + 1, 3)};
    catalog->notes = arena_new_array(arena, struct note, catalog->note_n);
    for (size_t i = 0; i < catalog->note_n; i++)
        catalog->notes[i] = (struct note){line_at(arena, notes, i + 1, 0), line_at(arena, notes, i + 1, 1)};
}

static void read_names(struct arena *arena, const struct page *page, struct catalog *catalog)
{
    const struct grid *roles = rows_of(page, role_keys, COUNT(role_keys), &catalog->role_n);
    const struct grid *features = rows_of(page, feature_keys, COUNT(feature_keys), &catalog->feature_n);
    const struct grid *parameters = rows_of(page, parameter_keys, COUNT(parameter_keys), &catalog->parameter_n);

    catalog->roles = arena_new_array(arena, struct role, catalog->role_n);
    for (size_t i = 0; i < catalog->role_n; i++) {
        catalog->roles[i] = (struct role){.name = line_at(arena, roles, i + 1, 0),
                                          .title = line_at(arena, roles, i + 1, 1),
                                          .otherwise = line_at(arena, roles, i + 1, 2)};
        catalog->roles[i].domains = lines_at(arena, roles, i + 1, 3, &catalog->roles[i].domain_n);
    }
    catalog->features = arena_new_array(arena, struct feature, catalog->feature_n);
    for (size_t i = 0; i < catalog->feature_n; i++)
        catalog->features[i] = (struct feature){.name = line_at(arena, features, i + 1, 0),
                                                .title = line_at(arena, features, i + 1, 1),
                                                .on = str_is(line_at(arena, features, i + 1, 2), "on")};
    catalog->parameters = arena_new_array(arena, struct parameter, catalog->parameter_n);
    for (size_t i = 0; i < catalog->parameter_n; i++)
        catalog->parameters[i] = (struct parameter){.name = line_at(arena, parameters, i + 1, 0),
                                                    .title = line_at(arena, parameters, i + 1, 1),
                                                    .value = line_at(arena, parameters, i + 1, 2)};
}

/* A cell as YAML would have it, which the catalog's reader checks: a key and a text, or a list. */
static void add(struct buf *out, const char *key, const struct str *lines, size_t n, bool list)
{
    if (n == 0)
        return;
    buf_addf(out, "    %s: %s", key, list ? "[" : "");
    for (size_t i = 0; i < n; i++) {
        buf_adds(out, i > 0 ? ", " : "");
        catalog_write_text(out, lines[i]);
    }
    buf_adds(out, list ? "]\n" : "\n");
}

static void add_inferred(struct buf *out, const struct str *lines, size_t n)
{
    if (n == 0)
        return;
    buf_adds(out, "    inferred: {");
    for (size_t i = 0; i < n; i++) {
        struct str why;
        struct str field = str_cut(lines[i], ':', &why);

        buf_adds(out, i > 0 ? ", " : "");
        catalog_write_text(out, field);
        buf_adds(out, ": ");
        catalog_write_text(out, str_trim(why));
    }
    buf_adds(out, "}\n");
}

static void add_requirement(struct buf *out, struct arena *arena, const struct grid *grid, size_t row)
{
    static const bool lists[KEY_N] = {[KEY_PORTS] = true,
                                      [KEY_DISCOVER] = true,
                                      [KEY_REPLACES] = true,
                                      [KEY_ORIGIN] = true,
                                      [KEY_SOURCE_PORTS] = true};

    buf_adds(out, "  -\n");
    for (size_t key = 0; key < KEY_N; key++) {
        size_t n;
        struct str *lines = lines_at(arena, grid, row, key, &n);
        struct str text;

        if (key == KEY_INFERRED) {
            add_inferred(out, lines, n);
        } else if (lists[key]) {
            add(out, requirement_keys[key], lines, n, true);
        } else if (n > 0 && !(key == KEY_NEED && str_is(lines[0], need_name(NEED_REQUIRED)))) {
            text = line_at(arena, grid, row, key);
            add(out, requirement_keys[key], &text, 1, false);
        }
    }
}

struct catalog *sheet_catalog(struct arena *arena, const struct page *page, struct diags *diags)
{
    const struct grid *head = find(page, head_keys, COUNT(head_keys));
    const struct grid *grid = find(page, requirement_keys, KEY_N);
    struct catalog catalog = {.product = line_at(arena, head, 1, 1), .title = line_at(arena, head, 1, 2)};
    struct buf text = BUF_EMPTY;
    const struct source *source;

    read_origins(arena, page, &catalog);
    read_names(arena, page, &catalog);
    catalog_write_head(&text, &catalog);
    buf_adds(&text, "requirements:\n");
    for (size_t row = 1; row < grid->row_n; row++)
        add_requirement(&text, arena, grid, row);
    source = source_new(arena, page->source->name, str_dup(arena, buf_str(&text)));
    buf_free(&text);
    return catalog_read(arena, source, diags);
}
