/* The requirements of a catalog: each key of one, then what they say of each other. */
#include <assert.h>

#include "catalog/reader.h"
#include "catalog/when.h"
#include "model/ports.h"
#include "model/services.h"

static const char *const requirement_keys[] = {
    "id",     "from",  "to",    "ports",        "service",  "purpose",  "when",   "need",   "replaces", "any-of",
    "family", "scope", "reply", "source-ports", "discover", "inferred", "review", "origin", NULL};
static const char *const inferred_fields[] = {"from", "to",   "ports",  "transport", "direction", "service",  "purpose",
                                              "when", "need", "family", "scope",     "reply",     "discover", NULL};

struct strings VEC(struct str);

/* A list of strings without doubles; `check` (may be NULL) says what else must hold of each. */
static struct strings read_strings(struct catalog_reader *reader, struct yaml_node *list, const char *what,
                                   bool (*check)(struct catalog_reader *, struct yaml_node *, struct str))
{
    struct strings strings = {0};

    if (!yaml_is_list(list, what, reader->diags))
        return strings;
    if (list->n == 0)
        diag_error(reader->diags, list->span, "%s is empty", what);
    for (size_t i = 0; i < list->n; i++) {
        struct yaml_node *item = list->items[i];
        struct str text;
        bool twice = false;

        if (!yaml_string(item, what, reader->diags, &text))
            continue;
        for (size_t j = 0; j < strings.n && !twice; j++)
            twice = str_eq(strings.v[j], text);
        if (twice)
            diag_error(reader->diags, item->span, "\"%.*s\" stands twice in %s", STR_ARG(text), what);
        else if (check == NULL || check(reader, item, text))
            *vec_push(reader->arena, &strings) = text;
    }
    return strings;
}

static struct str read_role_name(struct catalog_reader *reader, struct yaml_node *map, const char *key)
{
    struct yaml_node *node = yaml_need(map, key, reader->diags);
    struct str name = STR_EMPTY;

    if (yaml_string(node, key, reader->diags, &name) && map_get(&reader->roles, name) == NULL)
        catalog_reader_unknown(reader, "role", name, node->span, &reader->roles);
    return name;
}

static struct str read_string(struct catalog_reader *reader, struct yaml_node *map, const char *key, bool required)
{
    struct str text = STR_EMPTY;

    yaml_string(required ? yaml_need(map, key, reader->diags) : yaml_get(map, key), key, reader->diags, &text);
    return text;
}

static bool port_is_known(const struct requirement *requirement, struct str text)
{
    for (size_t i = 0; i < requirement->port_n; i++) {
        if (str_eq(requirement->ports[i].text, text))
            return true;
    }
    return false;
}

static void read_ports(struct catalog_reader *reader, struct yaml_node *map, struct requirement *requirement)
{
    struct yaml_node *list = yaml_need(map, "ports", reader->diags);

    if (!yaml_is_list(list, "ports", reader->diags))
        return;
    if (list->n == 0)
        diag_error(reader->diags, list->span, "ports is empty: write any where every port is meant");
    requirement->ports = arena_new_array(reader->arena, struct port_item, list->n);
    for (size_t i = 0; i < list->n; i++) {
        struct yaml_node *node = list->items[i];
        struct port_item item;
        struct str text;

        if (!yaml_string(node, "a port", reader->diags, &text) ||
            !port_item_parse(text, node->span, reader->diags, &item))
            continue;
        if (item.kind == PORT_PARAMETER && map_get(&reader->parameters, item.parameter) == NULL)
            catalog_reader_unknown(reader, "parameter", item.parameter,
                                   span_inside(node->span, text, (size_t)(item.parameter.p - text.p), item.parameter.n),
                                   &reader->parameters);
        else if (port_is_known(requirement, text))
            diag_error(reader->diags, node->span, "port \"%.*s\" stands here twice", STR_ARG(text));
        else
            requirement->ports[requirement->port_n++] = item;
    }
}

struct feature_check {
    struct catalog_reader *reader;
    struct str text;
    struct span span;
};

static void check_feature(void *context, struct str feature)
{
    const struct feature_check *check = context;
    size_t at = (size_t)(feature.p - check->text.p);

    if (map_get(&check->reader->features, feature) == NULL)
        catalog_reader_unknown(check->reader, "feature", feature, span_inside(check->span, check->text, at, feature.n),
                               &check->reader->features);
}

static void read_when(struct catalog_reader *reader, struct yaml_node *map, struct requirement *requirement)
{
    struct yaml_node *node = yaml_get(map, "when");
    struct feature_check check = {.reader = reader};

    requirement->when_text = STR_EMPTY;
    if (!yaml_string(node, "when", reader->diags, &requirement->when_text))
        return;
    check.text = requirement->when_text;
    check.span = node->span;
    requirement->when = when_parse(reader->arena, check.text, check.span, reader->diags);
    when_each(requirement->when, check_feature, &check);
}

static void read_words(struct catalog_reader *reader, struct yaml_node *map, struct requirement *requirement)
{
    static const char *const families[] = {"ipv4", "ipv6"};
    static const char *const scopes[] = {"subnet"};
    static const char *const replies[] = {"none"};
    const char *needs[NEED_N];
    size_t index;

    for (size_t i = 0; i < NEED_N; i++)
        needs[i] = need_name((enum need)i);
    if (catalog_reader_word(reader, yaml_get(map, "need"), "need", needs, NEED_N, &index))
        requirement->need = (enum need)index;
    if (catalog_reader_word(reader, yaml_get(map, "family"), "family", families, 2, &index)) {
        requirement->has_family = true;
        requirement->family = index == 0 ? FAMILY_V4 : FAMILY_V6;
    }
    requirement->subnet = catalog_reader_word(reader, yaml_get(map, "scope"), "scope", scopes, 1, &index);
    requirement->no_reply = catalog_reader_word(reader, yaml_get(map, "reply"), "reply", replies, 1, &index);
}

static void read_source_ports(struct catalog_reader *reader, struct yaml_node *map, struct requirement *requirement)
{
    struct yaml_node *list = yaml_get(map, "source-ports");
    struct range *ranges;
    size_t n = 0;

    if (!yaml_is_list(list, "source-ports", reader->diags))
        return;
    if (list->n == 0)
        diag_error(reader->diags, list->span, "source-ports is empty");
    ranges = arena_new_array(reader->arena, struct range, list->n);
    for (size_t i = 0; i < list->n; i++) {
        struct str text;
        uint16_t lo;
        uint16_t hi;

        if (!yaml_string(list->items[i], "a source port", reader->diags, &text))
            continue;
        if (port_value_parse(text, &lo, &hi))
            ranges[n++] = (struct range){lo, hi};
        else
            diag_error(reader->diags, list->items[i]->span, "\"%.*s\" is not a port or a range of ports within 1-65535",
                       STR_ARG(text));
    }
    if (n > 0)
        requirement->source_ports = ranges_of(reader->arena, ranges, n);
}

static void read_inferred(struct catalog_reader *reader, struct yaml_node *map, struct requirement *requirement)
{
    struct yaml_node *inferred = yaml_get(map, "inferred");

    if (!yaml_is_map(inferred, "inferred", reader->diags))
        return;
    if (inferred->n == 0)
        diag_error(reader->diags, inferred->span, "inferred is empty");
    requirement->inferred = arena_new_array(reader->arena, struct named_text, inferred->n);
    for (const char *const *field = inferred_fields; *field != NULL; field++)
        yaml_get(inferred, *field);
    for (size_t i = 0; i < inferred->n; i++) {
        struct named_text *why = &requirement->inferred[requirement->inferred_n];

        if (inferred->pairs[i].seen &&
            yaml_string(inferred->pairs[i].value, "the reason for what was inferred", reader->diags, &why->text)) {
            why->name = inferred->pairs[i].key;
            requirement->inferred_n++;
        }
    }
    yaml_finish(inferred, inferred_fields, "inferred", reader->diags);
}

static bool check_origin(struct catalog_reader *reader, struct yaml_node *node, struct str text)
{
    (void)text;
    return catalog_reader_origin(reader, node, &text);
}

static bool check_program(struct catalog_reader *reader, struct yaml_node *node, struct str text)
{
    static const char *const programs[] = {"mountd", "nlockmgr", "status"};
    size_t index;

    (void)text;
    return catalog_reader_word(reader, node, "discover", programs, 3, &index);
}

static void read_discover(struct catalog_reader *reader, struct yaml_node *map, struct requirement *requirement)
{
    struct yaml_node *node = yaml_get(map, "discover");
    struct strings programs = read_strings(reader, node, "discover", check_program);
    bool dynamic = false;

    requirement->discover = programs.v;
    requirement->discover_n = programs.n;
    for (size_t i = 0; i < requirement->port_n; i++)
        dynamic = dynamic || requirement->ports[i].kind == PORT_DYNAMIC;
    if (node != NULL && !dynamic && requirement->port_n > 0)
        diag_error(reader->diags, node->span, "discover is for dynamic ports, and requirement \"%.*s\" has none",
                   STR_ARG(requirement->id));
}

static void read_id(struct catalog_reader *reader, struct yaml_node *map, struct requirement *requirement)
{
    struct yaml_node *node = yaml_need(map, "id", reader->diags);
    const struct requirement *other;

    requirement->id = STR_EMPTY;
    requirement->span = map->n > 0 ? map->pairs[0].key_span : map->span;
    if (!yaml_string(node, "id", reader->diags, &requirement->id))
        return;
    requirement->span = node->span;
    if (!catalog_reader_name(reader, requirement->id, node->span, "id"))
        return;
    other = map_get(&reader->requirements, requirement->id);
    if (other != NULL)
        diag_error(reader->diags, node->span, "requirement \"%.*s\" stands here twice; the first is on line %u",
                   STR_ARG(requirement->id), source_line(other->span.source, other->span.at));
    else
        map_set(reader->arena, &reader->requirements, requirement->id, requirement);
}

static void read_requirement(struct catalog_reader *reader, struct yaml_node *map, struct requirement *requirement)
{
    struct yaml_node *service;
    struct strings origins;

    read_id(reader, map, requirement);
    requirement->from = read_role_name(reader, map, "from");
    requirement->to = read_role_name(reader, map, "to");
    read_ports(reader, map, requirement);
    requirement->service = read_string(reader, map, "service", true);
    service = yaml_get(map, "service");
    if (requirement->service.n > 0 && !service_known(requirement->service))
        service_unknown(requirement->service, service->span, reader->diags);
    requirement->purpose = read_string(reader, map, "purpose", true);
    read_when(reader, map, requirement);
    read_words(reader, map, requirement);
    requirement->any_of = read_string(reader, map, "any-of", false);
    if (requirement->any_of.n > 0)
        catalog_reader_name(reader, requirement->any_of, yaml_get(map, "any-of")->span, "any-of");
    read_source_ports(reader, map, requirement);
    read_discover(reader, map, requirement);
    read_inferred(reader, map, requirement);
    requirement->review = read_string(reader, map, "review", false);
    origins = read_strings(reader, yaml_need(map, "origin", reader->diags), "origin", check_origin);
    requirement->origins = origins.v;
    requirement->origin_n = origins.n;
    yaml_get(map, "replaces"); /* read when all ids are known */
    yaml_finish(map, requirement_keys, "a requirement", reader->diags);
}

static bool check_replaced(struct catalog_reader *reader, struct yaml_node *node, struct str id)
{
    if (map_get(&reader->requirements, id) != NULL)
        return true;
    catalog_reader_unknown(reader, "requirement", id, node->span, &reader->requirements);
    return false;
}

static void read_replaces(struct catalog_reader *reader, struct yaml_node *map, struct requirement *requirement)
{
    struct yaml_node *node = yaml_get(map, "replaces");
    struct strings ids = read_strings(reader, node, "replaces", check_replaced);

    requirement->replaces = ids.v;
    requirement->replaces_n = ids.n;
    for (size_t i = 0; i < ids.n; i++) {
        if (str_eq(ids.v[i], requirement->id))
            diag_error(reader->diags, node->span, "requirement \"%.*s\" replaces itself", STR_ARG(requirement->id));
    }
}

void requirements_read(struct catalog_reader *reader, struct yaml_node *list)
{
    struct requirement *v;

    if (!yaml_is_list(list, "requirements", reader->diags))
        return;
    if (list->n == 0)
        diag_error(reader->diags, list->span, "requirements is empty");
    v = arena_new_array(reader->arena, struct requirement, list->n);
    for (size_t i = 0; i < list->n; i++) {
        if (yaml_is_map(list->items[i], "a requirement", reader->diags))
            read_requirement(reader, list->items[i], &v[i]);
    }
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i]->kind == YAML_MAP)
            read_replaces(reader, list->items[i], &v[i]);
    }
    reader->catalog->requirements = v;
    reader->catalog->requirement_n = list->n;
}
