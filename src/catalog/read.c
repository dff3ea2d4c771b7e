/*
 * A catalog's file: header, documents, notes, roles, features and parameters. The format is described in
 * schema/catalog.schema.json. A node with an error is left out and reading goes on; its name stays known, so that one
 * mistake gives one message.
 */
#include "catalog/catalog.h"

#include "base/num.h"
#include "base/suggest.h"
#include "catalog/domains.h"
#include "catalog/reader.h"
#include "model/ports.h"

#define HEADER "catalog/1"

bool catalog_reader_name(struct catalog_reader *reader, struct str name, struct span span, const char *what)
{
    if (name_is_valid(name))
        return true;
    diag_error(reader->diags, span, "%s \"%.*s\" is not a name: lower-case letters, digits and hyphens were expected",
               what, STR_ARG(name));
    return false;
}

void catalog_reader_unknown(struct catalog_reader *reader, const char *what, struct str name, struct span span,
                            const struct map *known)
{
    struct suggest suggest = suggest_for(name);

    diag_error(reader->diags, span, "unknown %s \"%.*s\"", what, STR_ARG(name));
    for (size_t i = 0; i < known->n; i++)
        suggest_offer(&suggest, known->entries[i].key);
    suggest_hint(&suggest, reader->diags);
}

bool catalog_reader_word(struct catalog_reader *reader, struct yaml_node *node, const char *what,
                         const char *const *words, size_t n, size_t *index)
{
    struct str text;
    struct suggest suggest;
    struct buf all = BUF_EMPTY;

    if (!yaml_string(node, what, reader->diags, &text))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (str_is(text, words[i])) {
            *index = i;
            return true;
        }
    }
    suggest = suggest_for(text);
    for (size_t i = 0; i < n; i++) {
        suggest_offer(&suggest, str_of(words[i]));
        buf_addf(&all, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", words[i]);
    }
    diag_error(reader->diags, node->span, "%s must be %.*s, not \"%.*s\"", what, STR_ARG(buf_str(&all)), STR_ARG(text));
    suggest_hint(&suggest, reader->diags);
    buf_free(&all);
    return false;
}

bool catalog_reader_origin(struct catalog_reader *reader, struct yaml_node *node, struct str *origin)
{
    struct str text;
    struct str place;
    struct str key;

    if (!yaml_string(node, "origin", reader->diags, &text))
        return false;
    key = str_cut(text, '#', &place);
    if (key.n == text.n || place.n < 3 || place.p[0] != '"' || place.p[place.n - 1] != '"') {
        diag_error(reader->diags, node->span, "origin must be DOCUMENT#\"place in the document\"");
        return false;
    }
    if (map_get(&reader->documents, key) == NULL) {
        catalog_reader_unknown(reader, "document", key, span_inside(node->span, text, 0, key.n), &reader->documents);
        return false;
    }
    *origin = text;
    return true;
}

/* A string that may be missing; `required` makes that an error. */
static struct str read_text(struct catalog_reader *reader, struct yaml_node *map, const char *key, bool required)
{
    struct str text = STR_EMPTY;

    yaml_string(required ? yaml_need(map, key, reader->diags) : yaml_get(map, key), key, reader->diags, &text);
    return text;
}

static void read_document(struct catalog_reader *reader, const struct yaml_pair *pair, struct document *document)
{
    static const char *const keys[] = {"title", "url", "retrieved", NULL};
    struct yaml_node *map = pair->value;
    struct yaml_node *retrieved = yaml_get(map, "retrieved");
    struct yaml_node *url = yaml_get(map, "url");
    uint32_t date;

    document->key = pair->key;
    document->title = read_text(reader, map, "title", true);
    document->url = read_text(reader, map, "url", false);
    document->retrieved = read_text(reader, map, "retrieved", false);
    if (document->url.n > 0 && !str_starts(document->url, "https://") && !str_starts(document->url, "http://"))
        diag_error(reader->diags, url->span, "url must begin with https:// or http://");
    if (document->retrieved.n > 0 && !num_date(document->retrieved, &date))
        diag_error(reader->diags, retrieved->span, "retrieved must be a date YYYY-MM-DD, not \"%.*s\"",
                   STR_ARG(document->retrieved));
    yaml_finish(map, keys, "a document", reader->diags);
}

static void read_role(struct catalog_reader *reader, const struct yaml_pair *pair, struct role *role)
{
    static const char *const keys[] = {"title", "else", "domains", NULL};
    struct yaml_node *map = pair->value;
    struct yaml_node *domains = yaml_get(map, "domains");
    struct domain_list list = {0};

    role->name = pair->key;
    role->span = pair->key_span;
    role->title = read_text(reader, map, "title", true);
    role->otherwise = read_text(reader, map, "else", false);
    if (domains != NULL)
        domains_read(reader->arena, domains, reader->diags, &list);
    role->domains = list.v;
    role->domain_n = list.n;
    if (domains != NULL && role->otherwise.n > 0)
        diag_error(reader->diags, yaml_get(map, "else")->span,
                   "role \"%.*s\" is domains and needs no other role to stand in", STR_ARG(pair->key));
    yaml_finish(map, keys, "a role", reader->diags);
}

static void read_feature(struct catalog_reader *reader, const struct yaml_pair *pair, struct feature *feature)
{
    static const char *const keys[] = {"title", "default", NULL};
    struct yaml_node *map = pair->value;
    static const char *const words[] = {"off", "on"};
    size_t index = 0;

    feature->name = pair->key;
    feature->span = pair->key_span;
    feature->title = read_text(reader, map, "title", true);
    catalog_reader_word(reader, yaml_need(map, "default", reader->diags), "default", words, 2, &index);
    feature->on = index == 1;
    yaml_finish(map, keys, "a feature", reader->diags);
}

static void read_parameter(struct catalog_reader *reader, const struct yaml_pair *pair, struct parameter *parameter)
{
    static const char *const keys[] = {"title", "default", NULL};
    struct yaml_node *map = pair->value;
    struct yaml_node *value = yaml_get(map, "default");
    uint16_t lo;
    uint16_t hi;

    parameter->name = pair->key;
    parameter->span = pair->key_span;
    parameter->title = read_text(reader, map, "title", true);
    parameter->value = read_text(reader, map, "default", false);
    if (parameter->value.n > 0 && !port_value_parse(parameter->value, &lo, &hi)) {
        diag_error(reader->diags, value->span,
                   "default must be a port or a range of ports within 1-65535, not \"%.*s\"",
                   STR_ARG(parameter->value));
        parameter->value = STR_EMPTY;
    }
    yaml_finish(map, keys, "a parameter", reader->diags);
}

/* Checks a name and that it is no word of `when`; keeps the name as known whatever its object is. */
static void declare(struct catalog_reader *reader, struct map *known, const struct yaml_pair *pair, void *object,
                    const char *what)
{
    catalog_reader_name(reader, pair->key, pair->key_span, what);
    if (known == &reader->features && (str_is(pair->key, "and") || str_is(pair->key, "or") || str_is(pair->key, "not")))
        diag_error(reader->diags, pair->key_span, "\"%.*s\" is a word of conditions and cannot name a feature",
                   STR_ARG(pair->key));
    map_set(reader->arena, known, pair->key, object);
}

/* A map of objects by name: NAME: {…}. Doubles were reported by the YAML reader. */
#define READ_MAP(member, count, type, one, what, required)                                                             \
    static void read_##member(struct catalog_reader *reader, struct yaml_node *root)                                   \
    {                                                                                                                  \
        struct yaml_node *map = required ? yaml_need(root, #member, reader->diags) : yaml_get(root, #member);          \
        struct type *v;                                                                                                \
                                                                                                                       \
        if (!yaml_is_map(map, #member, reader->diags))                                                                 \
            return;                                                                                                    \
        if (map->n == 0 && required)                                                                                   \
            diag_error(reader->diags, map->span, #member " is empty");                                                 \
        v = arena_new_array(reader->arena, struct type, map->n);                                                       \
        for (size_t i = 0; i < map->n; i++) {                                                                          \
            struct yaml_pair *pair = &map->pairs[i];                                                                   \
                                                                                                                       \
            declare(reader, &reader->member, pair, &v[i], what);                                                       \
            if (yaml_is_map(pair->value, what, reader->diags))                                                         \
                one(reader, pair, &v[i]);                                                                              \
        }                                                                                                              \
        reader->catalog->member = v;                                                                                   \
        reader->catalog->count = map->n;                                                                               \
    }

READ_MAP(documents, document_n, document, read_document, "document", true)
READ_MAP(roles, role_n, role, read_role, "role", true)
READ_MAP(features, feature_n, feature, read_feature, "feature", false)
READ_MAP(parameters, parameter_n, parameter, read_parameter, "parameter", false)

static void read_notes(struct catalog_reader *reader, struct yaml_node *root)
{
    static const char *const keys[] = {"text", "origin", NULL};
    struct yaml_node *list = yaml_get(root, "notes");
    struct note *v;

    if (!yaml_is_list(list, "notes", reader->diags))
        return;
    v = arena_new_array(reader->arena, struct note, list->n);
    for (size_t i = 0; i < list->n; i++) {
        struct yaml_node *map = list->items[i];

        v[i].text = STR_EMPTY;
        v[i].origin = STR_EMPTY;
        if (!yaml_is_map(map, "a note", reader->diags))
            continue;
        v[i].text = read_text(reader, map, "text", true);
        catalog_reader_origin(reader, yaml_need(map, "origin", reader->diags), &v[i].origin);
        yaml_finish(map, keys, "a note", reader->diags);
    }
    reader->catalog->notes = v;
    reader->catalog->note_n = list->n;
}

/* `else`: the role is there, is one that a site fills, and the chain of them ends. */
static void check_else(struct catalog_reader *reader, struct yaml_node *roles)
{
    const struct catalog *catalog = reader->catalog;

    for (size_t i = 0; i < catalog->role_n; i++) {
        const struct role *role = &catalog->roles[i];
        struct yaml_node *node = yaml_get(roles->pairs[i].value, "else");
        const struct role *next = role;
        size_t steps = 0;

        if (role->otherwise.n == 0)
            continue;
        next = map_get(&reader->roles, role->otherwise);
        if (next == NULL) {
            catalog_reader_unknown(reader, "role", role->otherwise, node->span, &reader->roles);
            continue;
        }
        if (next->domain_n > 0)
            diag_error(reader->diags, node->span,
                       "role \"%.*s\" is domains and cannot stand in for one that a site fills",
                       STR_ARG(role->otherwise));
        while (next != NULL && next != role && next->otherwise.n > 0 && steps++ < catalog->role_n)
            next = map_get(&reader->roles, next->otherwise);
        if (next == role)
            diag_error(reader->diags, node->span, "role \"%.*s\" stands in for itself", STR_ARG(role->name));
    }
}

/* The first line of every file: what it is, and in which version of the format. */
static bool check_header(struct catalog_reader *reader, struct yaml_node *root)
{
    struct yaml_node *node = yaml_need(root, "portolan", reader->diags);
    struct str header;

    if (!yaml_string(node, "portolan", reader->diags, &header))
        return node == NULL;
    if (str_is(header, HEADER))
        return true;
    if (str_starts(header, "catalog/"))
        diag_error(reader->diags, node->span,
                   "version \"%.*s\" of the catalog format is not known: " HEADER " was expected", STR_ARG(header));
    else
        diag_error(reader->diags, node->span, "not a catalog but \"%.*s\": " HEADER " was expected", STR_ARG(header));
    return false;
}

static void read_root(struct catalog_reader *reader, struct yaml_node *root)
{
    static const char *const keys[] = {"portolan", "product",  "title",      "documents",    "notes",
                                       "roles",    "features", "parameters", "requirements", NULL};
    struct catalog *catalog = reader->catalog;
    struct yaml_node *product = yaml_need(root, "product", reader->diags);
    struct yaml_node *requirements = yaml_need(root, "requirements", reader->diags);

    if (yaml_string(product, "product", reader->diags, &catalog->product))
        catalog_reader_name(reader, catalog->product, product->span, "product");
    catalog->title = read_text(reader, root, "title", true);
    read_documents(reader, root);
    read_notes(reader, root);
    read_roles(reader, root);
    read_features(reader, root);
    read_parameters(reader, root);
    if (catalog->role_n > 0)
        check_else(reader, yaml_get(root, "roles"));
    requirements_read(reader, requirements);
    yaml_finish(root, keys, "a catalog", reader->diags);
}

struct catalog *catalog_read(struct arena *arena, const struct source *source, struct diags *diags)
{
    size_t errors = diags->errors;
    struct yaml_node *root = yaml_parse(arena, source, diags);
    struct catalog_reader reader = {.arena = arena, .diags = diags};

    if (!yaml_is_map(root, "a catalog", diags) || !check_header(&reader, root))
        return NULL;
    reader.catalog = arena_new_object(arena, struct catalog);
    reader.catalog->source = source;
    read_root(&reader, root);
    return diags->errors == errors ? reader.catalog : NULL;
}
