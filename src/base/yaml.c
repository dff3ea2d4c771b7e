/*
 * A node tree from libyaml's events. libyaml accepts duplicate keys and unlimited aliases; both are caught here. An
 * alias shares its anchor's node, and the size of what a document stands for (aliases counted as often as they are
 * used) is limited, which is what stops the "billion laughs".
 */
#include "base/yaml.h"

#include <yaml.h>

#include "base/map.h"
#include "base/suggest.h"

#define DEEPEST 64
#define LARGEST_EXPANSION 4000000u /* nodes that a document may stand for */

struct reader {
    struct arena *arena;
    const struct source *source;
    struct diags *diags;
    yaml_parser_t parser;
    struct map anchors; /* name -> struct anchored */
    uint64_t expanded;  /* nodes so far, those behind aliases counted each time */
    bool failed;
};

struct anchored {
    struct yaml_node *node; /* NULL while it is still being read: an alias inside itself */
    uint64_t size;
};

static const char *const kind_names[YAML_N] = {"a string", "a list", "a map"};

const char *yaml_kind_name(enum yaml_kind kind)
{
    return kind_names[kind];
}

/* A byte order mark is kept from libyaml, which would indent the first line by it. */
static size_t bom_of(const struct source *source)
{
    return str_starts(source->text, "\xef\xbb\xbf") ? 3 : 0;
}

/* libyaml counts marks in characters, not bytes: the offset is found from line and column. */
static uint32_t offset_of(const struct source *source, const yaml_mark_t *mark)
{
    size_t line = mark->line;
    struct str rest;
    size_t at;

    if (line >= source->line_n)
        return (uint32_t)source->text.n;
    at = line == 0 ? bom_of(source) : source->line_starts[line];
    rest = str_from(source->text, at);
    for (size_t column = 0; column < mark->column && rest.n > 0 && rest.p[0] != '\n'; column++) {
        size_t n = 1;

        while (n < rest.n && ((unsigned char)rest.p[n] & 0xc0) == 0x80)
            n++;
        rest = str_from(rest, n);
        at += n;
    }
    return (uint32_t)at;
}

static struct span span_of(const struct reader *reader, const yaml_event_t *event)
{
    uint32_t at = offset_of(reader->source, &event->start_mark);
    uint32_t end = offset_of(reader->source, &event->end_mark);

    return span_at(reader->source, at, end > at ? end - at : 0);
}

static void parser_error(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    struct span span = span_at(reader->source, offset_of(reader->source, &parser->problem_mark), 1);
    const char *problem = parser->problem != NULL ? parser->problem : "not YAML";

    if (parser->error == YAML_READER_ERROR) {
        size_t at = bom_of(reader->source) + parser->problem_offset;
        size_t end = reader->source->text.n;

        diag_error(reader->diags, span_at(reader->source, at < end ? at : end, 1), "not a text file: %s", problem);
    } else if (parser->context != NULL) {
        diag_error(reader->diags, span, "%s, %s", problem, parser->context);
    } else {
        diag_error(reader->diags, span, "%s", problem);
    }
    reader->failed = true;
}

static bool next_event(struct reader *reader, yaml_event_t *event)
{
    if (reader->failed)
        return false;
    if (!yaml_parser_parse(&reader->parser, event)) {
        parser_error(reader);
        return false;
    }
    return true;
}

static void count_nodes(struct reader *reader, uint64_t n, struct span span)
{
    reader->expanded += n;
    if (reader->expanded <= LARGEST_EXPANSION || reader->failed)
        return;
    diag_error(reader->diags, span, "document stands for more than %u nodes", LARGEST_EXPANSION);
    reader->failed = true;
}

static struct yaml_node *read_node(struct reader *reader, yaml_event_t *event, unsigned depth);

static struct yaml_node *read_alias(struct reader *reader, const yaml_event_t *event)
{
    struct str name = str_of((const char *)event->data.alias.anchor);
    const struct anchored *anchored = map_get(&reader->anchors, name);

    if (anchored == NULL || anchored->node == NULL) {
        diag_error(reader->diags, span_of(reader, event), "alias *%.*s names %s", STR_ARG(name),
                   anchored == NULL ? "no anchor" : "a node that it is part of");
        reader->failed = true;
        return NULL;
    }
    count_nodes(reader, anchored->size, span_of(reader, event));
    return anchored->node;
}

static void read_list(struct reader *reader, struct yaml_node *node, unsigned depth)
{
    struct {
        struct yaml_node **v;
        size_t n;
        size_t capacity;
    } items = {0};
    yaml_event_t event;

    while (next_event(reader, &event)) {
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        struct yaml_node *item = end ? NULL : read_node(reader, &event, depth + 1);

        if (end)
            node->span.n = offset_of(reader->source, &event.end_mark) - node->span.at;
        yaml_event_delete(&event);
        if (end)
            break;
        if (item != NULL)
            *vec_push(reader->arena, &items) = item;
    }
    node->items = items.v;
    node->n = items.n;
}

static bool read_key(struct reader *reader, yaml_event_t *event, struct map *keys, struct yaml_pair *pair)
{
    pair->key_span = span_of(reader, event);
    if (event->type != YAML_SCALAR_EVENT) {
        diag_error(reader->diags, pair->key_span, "a key must be a string");
        reader->failed = true;
        return false;
    }
    pair->key = str_dup(reader->arena, (struct str){(const char *)event->data.scalar.value, event->data.scalar.length});
    if (map_get(keys, pair->key) != NULL)
        diag_error(reader->diags, pair->key_span, "key \"%.*s\" stands here twice", STR_ARG(pair->key));
    map_set(reader->arena, keys, pair->key, reader);
    count_nodes(reader, 1, pair->key_span);
    return true;
}

static void read_map(struct reader *reader, struct yaml_node *node, unsigned depth)
{
    struct {
        struct yaml_pair *v;
        size_t n;
        size_t capacity;
    } pairs = {0};
    struct map keys = {0};
    yaml_event_t event;

    while (next_event(reader, &event)) {
        struct yaml_pair pair = {0};
        bool end = event.type == YAML_MAPPING_END_EVENT;
        bool good = !end && read_key(reader, &event, &keys, &pair);

        if (end)
            node->span.n = offset_of(reader->source, &event.end_mark) - node->span.at;
        yaml_event_delete(&event);
        if (!good || !next_event(reader, &event))
            break;
        pair.value = read_node(reader, &event, depth + 1);
        yaml_event_delete(&event);
        if (pair.value != NULL)
            *vec_push(reader->arena, &pairs) = pair;
    }
    node->pairs = pairs.v;
    node->n = pairs.n;
}

static const char *anchor_of(const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        return (const char *)event->data.scalar.anchor;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return (const char *)event->data.sequence_start.anchor;
    return (const char *)event->data.mapping_start.anchor;
}

static struct yaml_node *read_node(struct reader *reader, yaml_event_t *event, unsigned depth)
{
    struct yaml_node *node;
    struct anchored *anchored = NULL;
    uint64_t before = reader->expanded;

    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(reader, event);
    node = arena_new_object(reader->arena, struct yaml_node);
    node->span = span_of(reader, event);
    if (depth > DEEPEST) {
        diag_error(reader->diags, node->span, "nested deeper than %d levels", DEEPEST);
        reader->failed = true;
        return NULL;
    }
    count_nodes(reader, 1, node->span);
    if (anchor_of(event) != NULL) {
        anchored = arena_new_object(reader->arena, struct anchored);
        map_set(reader->arena, &reader->anchors, str_dup(reader->arena, str_of(anchor_of(event))), anchored);
    }
    if (event->type == YAML_SCALAR_EVENT) {
        node->kind = YAML_SCALAR;
        node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        node->text =
            str_dup(reader->arena, (struct str){(const char *)event->data.scalar.value, event->data.scalar.length});
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        node->kind = YAML_LIST;
        read_list(reader, node, depth);
    } else {
        node->kind = YAML_MAP;
        read_map(reader, node, depth);
    }
    if (anchored != NULL)
        *anchored = (struct anchored){.node = node, .size = reader->expanded - before};
    return node;
}

static struct yaml_node *read_stream(struct reader *reader)
{
    struct yaml_node *root = NULL;
    yaml_event_t event;
    bool end = false;

    while (!end && next_event(reader, &event)) {
        bool content = event.type == YAML_SCALAR_EVENT || event.type == YAML_SEQUENCE_START_EVENT ||
                       event.type == YAML_MAPPING_START_EVENT || event.type == YAML_ALIAS_EVENT;

        end = event.type == YAML_STREAM_END_EVENT;
        if (content && root != NULL) {
            diag_error(reader->diags, span_of(reader, &event), "a second document in one file");
            reader->failed = true;
        } else if (content) {
            root = read_node(reader, &event, 1);
        }
        yaml_event_delete(&event);
    }
    return reader->failed ? NULL : root;
}

struct yaml_node *yaml_parse(struct arena *arena, const struct source *source, struct diags *diags)
{
    struct reader reader = {.arena = arena, .source = source, .diags = diags};
    size_t errors = diags->errors;
    struct yaml_node *root;
    struct str text;

    if (!yaml_parser_initialize(&reader.parser)) {
        diag_error(diags, SPAN_NONE, "out of memory");
        return NULL;
    }
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    text = str_from(source->text, bom_of(source));
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.p, text.n);
    root = read_stream(&reader);
    yaml_parser_delete(&reader.parser);
    if (root == NULL && diags->errors == errors)
        diag_error(diags, span_at(source, 0, 0), "the file is empty");
    return root;
}

struct yaml_node *yaml_get(struct yaml_node *map, const char *key)
{
    struct yaml_node *value = NULL;

    if (map == NULL || map->kind != YAML_MAP)
        return NULL;
    /* A key that stands here twice was reported when it was read: both count as seen. */
    for (size_t i = 0; i < map->n; i++) {
        if (!str_is(map->pairs[i].key, key))
            continue;
        map->pairs[i].seen = true;
        if (value == NULL)
            value = map->pairs[i].value;
    }
    return value;
}

struct yaml_node *yaml_need(struct yaml_node *map, const char *key, struct diags *diags)
{
    struct yaml_node *value = yaml_get(map, key);

    if (value == NULL && map != NULL && map->kind == YAML_MAP)
        diag_error(diags, map->n > 0 ? map->pairs[0].key_span : map->span, "missing key \"%s\"", key);
    return value;
}

void yaml_finish(struct yaml_node *map, const char *const *keys, const char *where, struct diags *diags)
{
    if (map == NULL || map->kind != YAML_MAP)
        return;
    for (size_t i = 0; i < map->n; i++) {
        struct suggest suggest = suggest_for(map->pairs[i].key);

        if (map->pairs[i].seen)
            continue;
        map->pairs[i].seen = true;
        diag_error(diags, map->pairs[i].key_span, "unknown key \"%.*s\" in %s", STR_ARG(map->pairs[i].key), where);
        for (const char *const *key = keys; *key != NULL; key++)
            suggest_offer(&suggest, str_of(*key));
        suggest_hint(&suggest, diags);
    }
}

static bool is_kind(struct yaml_node *node, enum yaml_kind kind, const char *what, struct diags *diags)
{
    if (node == NULL)
        return false;
    if (node->kind == kind)
        return true;
    diag_error(diags, node->span, "%s must be %s, not %s", what, kind_names[kind], kind_names[node->kind]);
    return false;
}

bool yaml_is_map(struct yaml_node *node, const char *what, struct diags *diags)
{
    return is_kind(node, YAML_MAP, what, diags);
}

bool yaml_is_list(struct yaml_node *node, const char *what, struct diags *diags)
{
    return is_kind(node, YAML_LIST, what, diags);
}

bool yaml_string(struct yaml_node *node, const char *what, struct diags *diags, struct str *value)
{
    if (!is_kind(node, YAML_SCALAR, what, diags))
        return false;
    if (node->text.n == 0) {
        diag_error(diags, node->span, "%s is empty", what);
        return false;
    }
    *value = node->text;
    return true;
}
