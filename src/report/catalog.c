/*
 * Catalogs for people and spreadsheets; catalog_json.c has the view for programs. See catalog.h.
 */
#include "report/catalog.h"

#include "report/catalog_json.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct str number(struct arena *arena, size_t n)
{
    return str_printf(arena, "%zu", n);
}

static struct str join(struct arena *arena, const struct str *v, size_t n, const char *between)
{
    struct buf buf = BUF_EMPTY;
    struct str joined;

    for (size_t i = 0; i < n; i++)
        buf_addf(&buf, "%s%.*s", i == 0 ? "" : between, STR_ARG(v[i]));
    joined = str_dup(arena, buf_str(&buf));
    buf_free(&buf);
    return joined;
}

/* As written: parameters by their names. */
static struct str join_ports(struct arena *arena, const struct requirement *requirement)
{
    struct str *texts = arena_new_array(arena, struct str, requirement->port_n);

    for (size_t i = 0; i < requirement->port_n; i++)
        texts[i] = requirement->ports[i].text;
    return join(arena, texts, requirement->port_n, " ");
}

static void print_table(struct buf *out, const struct table *table, enum view view)
{
    switch (view) {
    case VIEW_TEXT: table_print_text(out, table); break;
    case VIEW_CSV: table_print_csv(out, table); break;
    case VIEW_MARKDOWN: table_print_markdown(out, table); break;
    case VIEW_JSON:
    case VIEW_N: break;
    }
}

void report_catalog_list(struct buf *out, struct arena *arena, const struct catalog *const *catalogs, size_t n,
                         enum view view)
{
    static const char *const columns[] = {"product", "requirements", "roles", "features", "parameters", "title"};
    struct table table;

    if (view == VIEW_JSON) {
        catalog_json_list(out, catalogs, n);
        return;
    }
    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < n; i++) {
        table_add(&table, catalogs[i]->product);
        table_add(&table, number(arena, catalogs[i]->requirement_n));
        table_add(&table, number(arena, catalogs[i]->role_n));
        table_add(&table, number(arena, catalogs[i]->feature_n));
        table_add(&table, number(arena, catalogs[i]->parameter_n));
        table_add(&table, catalogs[i]->title);
    }
    print_table(out, &table, view);
}

/* family, scope and reply in the words of the file. */
static struct str limits(struct arena *arena, const struct requirement *requirement)
{
    struct str v[3];
    size_t n = 0;

    if (requirement->has_family)
        v[n++] = requirement->family == FAMILY_V4 ? STR("ipv4") : STR("ipv6");
    if (requirement->subnet)
        v[n++] = STR("subnet");
    if (requirement->no_reply)
        v[n++] = STR("no-reply");
    return join(arena, v, n, " ");
}

static void show_documents(struct buf *out, const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->document_n; i++) {
        const struct document *document = &catalog->documents[i];

        buf_addf(out, "\nDocument %.*s: %.*s", STR_ARG(document->key), STR_ARG(document->title));
        if (document->retrieved.n > 0)
            buf_addf(out, ", as of %.*s", STR_ARG(document->retrieved));
        buf_addc(out, '\n');
        if (document->url.n > 0)
            buf_addf(out, "  %.*s\n", STR_ARG(document->url));
    }
    for (size_t i = 0; i < catalog->note_n; i++)
        buf_addf(out, "  note: %.*s (%.*s)\n", STR_ARG(catalog->notes[i].text), STR_ARG(catalog->notes[i].origin));
}

static void show_roles(struct buf *out, struct arena *arena, const struct catalog *catalog)
{
    static const char *const columns[] = {"role", "meaning", "filled by"};
    struct table table;

    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < catalog->role_n; i++) {
        const struct role *role = &catalog->roles[i];

        table_add(&table, role->name);
        table_add(&table, role->title);
        if (role->domain_n > 0)
            table_add(&table, join(arena, role->domains, role->domain_n, " "));
        else if (role->otherwise.n > 0)
            table_add(&table, str_printf(arena, "the site, else %.*s", STR_ARG(role->otherwise)));
        else
            table_add(&table, STR("the site"));
    }
    buf_addc(out, '\n');
    table_print_text(out, &table);
}

static void show_features(struct buf *out, struct arena *arena, const struct catalog *catalog)
{
    static const char *const columns[] = {"feature", "default", "meaning"};
    struct table table;

    if (catalog->feature_n == 0)
        return;
    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < catalog->feature_n; i++) {
        table_add(&table, catalog->features[i].name);
        table_add(&table, catalog->features[i].on ? STR("on") : STR("off"));
        table_add(&table, catalog->features[i].title);
    }
    buf_addc(out, '\n');
    table_print_text(out, &table);
}

static void show_parameters(struct buf *out, struct arena *arena, const struct catalog *catalog)
{
    static const char *const columns[] = {"parameter", "default", "meaning"};
    struct table table;

    if (catalog->parameter_n == 0)
        return;
    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < catalog->parameter_n; i++) {
        const struct parameter *parameter = &catalog->parameters[i];

        table_add(&table, parameter->name);
        table_add(&table, parameter->value.n > 0 ? parameter->value : STR("-"));
        table_add(&table, parameter->title);
    }
    buf_addc(out, '\n');
    table_print_text(out, &table);
}

static void show_requirement(struct buf *out, struct arena *arena, const struct requirement *requirement)
{
    struct str bounds = limits(arena, requirement);

    buf_addf(out, "\n%.*s: %.*s\n", STR_ARG(requirement->id), STR_ARG(requirement->purpose));
    buf_addf(out, "  %.*s > %.*s  %.*s  (%.*s)\n", STR_ARG(requirement->from), STR_ARG(requirement->to),
             STR_ARG(join_ports(arena, requirement)), STR_ARG(requirement->service));
    if (requirement->need != NEED_REQUIRED)
        buf_addf(out, "  need: %s\n", need_name(requirement->need));
    if (requirement->when_text.n > 0)
        buf_addf(out, "  when: %.*s\n", STR_ARG(requirement->when_text));
    if (bounds.n > 0)
        buf_addf(out, "  limits: %.*s\n", STR_ARG(bounds));
    if (requirement->replaces_n > 0)
        buf_addf(out, "  replaces: %.*s\n", STR_ARG(join(arena, requirement->replaces, requirement->replaces_n, " ")));
    if (requirement->any_of.n > 0)
        buf_addf(out, "  any of: %.*s\n", STR_ARG(requirement->any_of));
    if (requirement->discover_n > 0)
        buf_addf(out, "  discover: %.*s\n", STR_ARG(join(arena, requirement->discover, requirement->discover_n, " ")));
    for (size_t i = 0; i < requirement->inferred_n; i++)
        buf_addf(out, "  inferred %.*s: %.*s\n", STR_ARG(requirement->inferred[i].name),
                 STR_ARG(requirement->inferred[i].text));
    if (requirement->review.n > 0)
        buf_addf(out, "  review: %.*s\n", STR_ARG(requirement->review));
    for (size_t i = 0; i < requirement->origin_n; i++)
        buf_addf(out, "  origin: %.*s\n", STR_ARG(requirement->origins[i]));
}

void report_catalog_show(struct buf *out, struct arena *arena, const struct catalog *catalog, enum view view)
{
    if (view == VIEW_JSON) {
        catalog_json_show(out, catalog);
        return;
    }
    buf_addf(out, "%.*s: %.*s, %zu requirements\n", STR_ARG(catalog->product), STR_ARG(catalog->title),
             catalog->requirement_n);
    show_documents(out, catalog);
    show_roles(out, arena, catalog);
    show_features(out, arena, catalog);
    show_parameters(out, arena, catalog);
    for (size_t i = 0; i < catalog->requirement_n; i++)
        show_requirement(out, arena, &catalog->requirements[i]);
}

static struct str place_of(struct arena *arena, struct span span)
{
    if (span.source == NULL)
        return STR_EMPTY;
    return str_printf(arena, "%.*s:%u:%u", STR_ARG(span.source->name), source_line(span.source, span.at),
                      source_column(span.source, span.at));
}

static void lint_text(struct buf *out, struct arena *arena, const struct lint_finding *findings, size_t n)
{
    size_t counts[SEVERITY_N] = {0};

    for (size_t i = 0; i < n; i++) {
        const struct lint_finding *finding = &findings[i];
        bool named = finding->requirement_n > 0 && finding->kind != LINT_INFERRED;

        counts[finding->severity]++;
        buf_addf(out, "%.*s: %s: %s: ", STR_ARG(place_of(arena, finding->span)), severity_name(finding->severity),
                 lint_kind_name(finding->kind));
        buf_add(out, finding->message);
        if (named)
            buf_addf(out, " [%.*s]", STR_ARG(join(arena, finding->requirements, finding->requirement_n, ", ")));
        buf_addc(out, '\n');
    }
    if (n == 0)
        buf_adds(out, "nothing found\n");
    else
        buf_addf(out, "%zu errors, %zu warnings, %zu notes\n", counts[SEVERITY_ERROR], counts[SEVERITY_WARNING],
                 counts[SEVERITY_NOTE]);
}

void report_catalog_lint(struct buf *out, struct arena *arena, const struct lint_finding *findings, size_t n,
                         enum view view)
{
    static const char *const columns[] = {"severity", "kind", "product", "requirements", "message", "place"};
    struct table table;

    if (view == VIEW_TEXT) {
        lint_text(out, arena, findings, n);
        return;
    }
    if (view == VIEW_JSON) {
        catalog_json_lint(out, findings, n);
        return;
    }
    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < n; i++) {
        const struct lint_finding *finding = &findings[i];

        table_add(&table, str_of(severity_name(finding->severity)));
        table_add(&table, str_of(lint_kind_name(finding->kind)));
        table_add(&table, finding->product);
        table_add(&table, join(arena, finding->requirements, finding->requirement_n, " "));
        table_add(&table, finding->message);
        table_add(&table, place_of(arena, finding->span));
    }
    print_table(out, &table, view);
}
