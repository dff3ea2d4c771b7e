/*
 * A parameter set in the text of a site, as somebody with an editor would do it: nothing but its bytes change.
 * Comments, order, quotes and line ends stay, so a diff shows the parameter alone.
 *
 * The tree says where to write, and nothing more: whatever a text is like (aliases, anchors, tags, odd line ends), what
 * was written is read again and must be the tree of before with that one value, else it is an error. So an edit at a
 * wrong place can be made, and cannot get out.
 */
#include "site/reader.h"

/* One text between here and the end, with its tree. */
struct edition {
    struct arena *arena;
    struct diags *diags;
    const struct source *source;
    struct yaml_node *root;
};

static bool read_edition(struct edition *edition, const struct source *source)
{
    size_t errors = edition->diags->errors;

    edition->source = source;
    edition->root = yaml_parse(edition->arena, source, edition->diags);
    return edition->root != NULL && edition->diags->errors == errors;
}

static struct yaml_pair *pair_of(const struct yaml_node *map, struct str key)
{
    for (size_t i = 0; map != NULL && map->kind == YAML_MAP && i < map->n; i++) {
        if (str_eq(map->pairs[i].key, key))
            return &map->pairs[i];
    }
    return NULL;
}

static struct yaml_node *value_of(const struct yaml_node *map, struct str key)
{
    const struct yaml_pair *pair = pair_of(map, key);

    return pair == NULL ? NULL : pair->value;
}

/* --- the text ---------------------------------------------------------------------------------------------------- */

/* Without a change where a place of the tree is none of the text: a lone CR is a line end to YAML, and none to us. */
static struct str spliced(const struct edition *edition, size_t at, size_t n, struct str put)
{
    struct str text = edition->source->text;
    char *p;

    if (at > text.n || n > text.n - at)
        return text;
    p = arena_alloc(edition->arena, text.n + put.n);
    memcpy(p, text.p, at);
    memcpy(p + at, put.p, put.n);
    memcpy(p + at + put.n, text.p + at + n, text.n - at - n);
    return (struct str){p, text.n - n + put.n};
}

/* Where a pair ends that stands in one piece. The value of an alias is elsewhere, before it. */
static size_t end_of(const struct yaml_pair *pair)
{
    size_t key = pair->key_span.at + pair->key_span.n;
    size_t value = pair->value->span.at + pair->value->span.n;

    return value > key ? value : key;
}

static bool in_braces(const struct edition *edition, const struct yaml_node *map)
{
    return str_starts(str_from(edition->source->text, map->span.at), "{");
}

/* `text` on a line of its own behind the line on which `pair` ends, its first byte below that of the pair. */
static struct str with_line(const struct edition *edition, const struct yaml_pair *pair, struct str text)
{
    const struct source *source = edition->source;
    uint32_t begin = source->line_starts[source_line(source, pair->key_span.at) - 1];
    struct str indent = {source->text.p + begin, pair->key_span.at - begin};
    uint32_t line = source_line(source, (uint32_t)end_of(pair));
    bool last = line == source->line_n;
    size_t at = last ? source->text.n : source->line_starts[line];
    uint32_t like = last ? 1 : line; /* whose line end it gets */
    bool crlf = like < source->line_n && str_ends(str_head(source->text, source->line_starts[like]), "\r\n");
    const char *end = crlf ? "\r\n" : "\n";

    text = str_printf(edition->arena, "%s%.*s%.*s%s", last ? end : "", STR_ARG(indent), STR_ARG(text), last ? "" : end);
    return spliced(edition, at, 0, text);
}

/* The text with `key: value` behind `pair`, or as the first in braces where that is NULL. */
static struct str with_pair(const struct edition *edition, const struct yaml_node *map, const struct yaml_pair *pair,
                            struct str text)
{
    if (pair == NULL)
        return spliced(edition, map->span.at + 1, 0, text);
    if (in_braces(edition, map))
        return spliced(edition, end_of(pair), 0, str_printf(edition->arena, ", %.*s", STR_ARG(text)));
    return with_line(edition, pair, text);
}

/* The text with another value; without a change where its bytes are not those of a plain or quoted number. */
static struct str with_value(const struct edition *edition, const struct yaml_node *node, struct str value)
{
    struct str written = str_head(str_from(edition->source->text, node->span.at), node->span.n);
    size_t quote = node->quoted ? 1 : 0;

    if (written.n != node->text.n + 2 * quote || !str_eq(str_head(str_from(written, quote), node->text.n), node->text))
        return edition->source->text;
    return spliced(edition, node->span.at + quote, node->text.n, value);
}

/* Braces in the place of nothing: behind the colon, with a blank between. */
static struct str with_braces(const struct edition *edition, const struct yaml_node *node, struct str text)
{
    struct str before = str_head(edition->source->text, node->span.at);
    bool blank = str_ends(before, " ") || str_ends(before, "\t");

    return spliced(edition, node->span.at, node->span.n,
                   str_printf(edition->arena, "%s{%.*s}", blank ? "" : " ", STR_ARG(text)));
}

static struct str edited(const struct edition *edition, const struct yaml_node *instance, const struct site_pin *pin)
{
    struct str text = str_printf(edition->arena, "%.*s: %.*s", STR_ARG(pin->parameter), STR_ARG(pin->value));
    const struct yaml_node *parameters = value_of(instance, STR("parameters"));
    const struct yaml_node *value = value_of(parameters, pin->parameter);

    if (value != NULL)
        return with_value(edition, value, pin->value);
    if (parameters == NULL)
        return with_pair(edition, instance, pair_of(instance, STR("product")),
                         str_printf(edition->arena, "parameters: {%.*s}", STR_ARG(text)));
    if (site_is_null(parameters))
        return with_braces(edition, parameters, text);
    return with_pair(edition, parameters, parameters->n == 0 ? NULL : &parameters->pairs[parameters->n - 1], text);
}

/* --- the tree that it must have ---------------------------------------------------------------------------------- */

/* A copy of a map with another value for a key; a new key comes behind `behind`, or last. */
static struct yaml_node *tree_with(struct arena *arena, const struct yaml_node *map, struct str key, struct str behind,
                                   struct yaml_node *value)
{
    struct yaml_node *made = arena_new_object(arena, struct yaml_node);
    bool known = pair_of(map, key) != NULL;
    bool placed = false;

    made->kind = YAML_MAP;
    made->pairs = arena_new_array(arena, struct yaml_pair, map->n + 1);
    for (size_t i = 0; i < map->n; i++) {
        made->pairs[made->n++] = map->pairs[i];
        if (known && str_eq(map->pairs[i].key, key))
            made->pairs[made->n - 1].value = value;
        if (known || !str_eq(map->pairs[i].key, behind))
            continue;
        made->pairs[made->n++] = (struct yaml_pair){.key = key, .value = value};
        placed = true;
    }
    if (!known && !placed)
        made->pairs[made->n++] = (struct yaml_pair){.key = key, .value = value};
    return made;
}

static struct yaml_node *wanted_tree(const struct edition *edition, const struct yaml_node *instances,
                                     const struct yaml_node *instance, const struct site_pin *pin)
{
    static const struct yaml_node empty = {.kind = YAML_MAP};
    struct arena *arena = edition->arena;
    const struct yaml_node *parameters = value_of(instance, STR("parameters"));
    const struct yaml_node *old = value_of(parameters, pin->parameter);
    struct yaml_node *value = arena_new_object(arena, struct yaml_node);
    struct yaml_node *tree;

    *value = (struct yaml_node){.kind = YAML_SCALAR, .quoted = old != NULL && old->quoted, .text = pin->value};
    if (parameters == NULL || site_is_null(parameters))
        parameters = &empty;
    tree = tree_with(arena, parameters, pin->parameter, STR_EMPTY, value);
    tree = tree_with(arena, instance, STR("parameters"), STR("product"), tree);
    tree = tree_with(arena, instances, pin->instance, STR_EMPTY, tree);
    return tree_with(arena, edition->root, STR("instances"), STR_EMPTY, tree);
}

static bool same_tree(const struct yaml_node *a, const struct yaml_node *b)
{
    bool same = a->kind == b->kind && a->n == b->n && a->quoted == b->quoted && str_eq(a->text, b->text);

    for (size_t i = 0; same && i < a->n; i++) {
        if (a->kind == YAML_MAP)
            same = str_eq(a->pairs[i].key, b->pairs[i].key) && same_tree(a->pairs[i].value, b->pairs[i].value);
        else
            same = same_tree(a->items[i], b->items[i]);
    }
    return same;
}

/* --- one after the other ----------------------------------------------------------------------------------------- */

static void say_refused(const struct edition *edition, struct span span, const struct site_pin *pin)
{
    diag_error(edition->diags, span, "\"%.*s: %.*s\" cannot be written here so that nothing else changes",
               STR_ARG(pin->parameter), STR_ARG(pin->value));
    diag_hint(edition->diags, "anchors, aliases and tags are left to you: write it by hand");
}

static bool set_one(struct edition *edition, struct site_pin *pin)
{
    struct yaml_node *instances = value_of(edition->root, STR("instances"));
    const struct yaml_pair *instance = pair_of(instances, pin->instance);
    const struct yaml_node *old;
    const struct yaml_node *wanted;
    struct edition next = *edition;
    struct diags unsaid;
    struct str text;

    if (instance == NULL || pair_of(instance->value, STR("product")) == NULL) {
        diag_error(edition->diags, span_at(edition->source, 0, 0), "the site has no instance \"%.*s\"",
                   STR_ARG(pin->instance));
        return false;
    }
    old = value_of(value_of(instance->value, STR("parameters")), pin->parameter);
    pin->before = old == NULL ? STR_EMPTY : old->text;
    if (str_eq(pin->before, pin->value))
        return true;
    diags_init(&unsaid, edition->arena);
    next.diags = &unsaid;
    wanted = wanted_tree(edition, instances, instance->value, pin);
    text = edited(edition, instance->value, pin);
    if (!read_edition(&next, source_new(edition->arena, edition->source->name, text)) ||
        !same_tree(wanted, next.root)) {
        say_refused(edition, old != NULL ? old->span : instance->key_span, pin);
        return false;
    }
    edition->source = next.source;
    edition->root = next.root;
    return true;
}

const struct source *site_pinned(struct arena *arena, const struct source *source, struct site_pin *pins, size_t n,
                                 struct diags *diags)
{
    struct edition edition = {.arena = arena, .diags = diags};

    if (!read_edition(&edition, source))
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (!set_one(&edition, &pins[i]))
            return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        const struct yaml_node *instance = value_of(value_of(edition.root, STR("instances")), pins[i].instance);

        pins[i].span = value_of(value_of(instance, STR("parameters")), pins[i].parameter)->span;
    }
    return edition.source;
}
