/* Named sets and maps of a listing, and elements of concatenated keys; see reader.h. */
#include "dialect/nftables/reader.h"

static struct str set_key(struct reader *reader, struct str table, struct str name)
{
    return str_printf(reader->arena, "%.*s %.*s", STR_ARG(table), STR_ARG(name));
}

/* A set whose elements come and go while the ruleset stands is not known. nft 1.0.6 does not list the flag "dynamic";
 * such sets show by the rules that add to them. */
static bool has_timeouts(const json_t *set)
{
    const json_t *flags = json_object_get(set, "flags");

    if (json_object_get(set, "timeout") != NULL)
        return true;
    for (size_t i = 0; i < json_array_size(flags); i++) {
        const char *flag = json_string_value(json_array_get(flags, i));

        if (flag != NULL && (strcmp(flag, "timeout") == 0 || strcmp(flag, "dynamic") == 0))
            return true;
    }
    return false;
}

void sets_add(struct reader *reader, json_t *set)
{
    struct nft_set *made = arena_new_object(reader->arena, struct nft_set);
    struct str family = reader_str(reader, json_object_get(set, "family"));
    struct str table = reader_str(reader, json_object_get(set, "table"));
    struct str name = reader_str(reader, json_object_get(set, "name"));
    struct named_set *entry = &reader->ruleset->sets[reader->ruleset->set_n++];

    table = str_printf(reader->arena, "%.*s %.*s", STR_ARG(family), STR_ARG(table));
    *entry = (struct named_set){.table = table, .name = name, .place = {.source = reader->text}};
    made->elements = json_object_get(set, "elem");
    made->changing = has_timeouts(set) || (made->elements != NULL && !json_is_array(made->elements));
    made->entry = entry;
    map_set(reader->arena, &reader->sets, set_key(reader, table, name), made);
}

struct nft_set *sets_find(struct reader *reader, struct str reference)
{
    struct nft_set *set;

    if (!str_starts(reference, "@"))
        return NULL;
    set = map_get(&reader->sets, set_key(reader, reader->table, str_from(reference, 1)));
    if (set != NULL)
        set->entry->used = true;
    return set;
}

static void note_change(struct reader *reader, struct str table, const json_t *statement, const char *key)
{
    const json_t *name = json_object_get(statement, key);
    struct nft_set *set;

    if (!json_is_string(name) || json_string_value(name)[0] != '@')
        return;
    set = map_get(&reader->sets, set_key(reader, table, str_from(reader_str(reader, name), 1)));
    if (set != NULL) {
        set->changing = true;
        set->entry->used = true;
    }
}

void sets_note_rule(struct reader *reader, json_t *rule)
{
    json_t *expressions = json_object_get(rule, "expr");
    struct str family = reader_str(reader, json_object_get(rule, "family"));
    struct str table = reader_str(reader, json_object_get(rule, "table"));

    table = str_printf(reader->arena, "%.*s %.*s", STR_ARG(family), STR_ARG(table));
    for (size_t i = 0; i < json_array_size(expressions); i++) {
        const json_t *statement = json_array_get(expressions, i);

        note_change(reader, table, json_object_get(statement, "set"), "set");
        note_change(reader, table, json_object_get(statement, "map"), "map");
    }
}

bool sets_ranges(struct reader *reader, struct nft_set *set, const struct nft_field *field, const struct ranges **raw)
{
    struct ranges_of *entry;
    json_t *wrapped;

    if (set->changing)
        return false;
    vec_each (struct ranges_of *, known, &set->ranges) {
        if (known->field == field) {
            *raw = known->ranges;
            return known->known;
        }
    }
    wrapped = json_object();
    if (wrapped == NULL || json_object_set(wrapped, "set", set->elements) != 0)
        json_object_set_new(wrapped, "set", json_array());
    entry = vec_push(reader->arena, &set->ranges);
    entry->field = field;
    entry->known = value_ranges(reader, field, wrapped, &entry->ranges);
    json_decref(wrapped);
    *raw = entry->ranges;
    return entry->known;
}

json_t *element_value(json_t *element)
{
    json_t *inner = json_object_get(element, "elem");
    const char *key;
    json_t *value;

    if (inner == NULL)
        return element;
    json_object_foreach(inner, key, value)
    {
        if (strcmp(key, "val") != 0 && strcmp(key, "comment") != 0 && strcmp(key, "counter") != 0 &&
            strcmp(key, "last") != 0)
            return NULL;
    }
    return json_object_get(inner, "val");
}

bool element_group(struct reader *reader, const struct nft_field *const *keys, size_t key_n, json_t *element,
                   struct match_group *group)
{
    json_t *value = element_value(element);
    json_t *parts = json_object_get(value, "concat");
    struct draft draft = {.families = FAMILY_BOTH};

    if (value == NULL || (key_n > 1 && json_array_size(parts) != key_n))
        return false;
    for (size_t i = 0; i < key_n; i++) {
        json_t *part = key_n > 1 ? json_array_get(parts, i) : value;

        if (keys[i]->kind == NFT_INTERFACE) {
            struct match match = {.kind = MATCH_INTERFACES, .field = keys[i]->field};
            struct interface_pattern *patterns;

            if (!value_interfaces(reader, part, &patterns, &match.interface_n))
                return false;
            match.interfaces = patterns;
            draft_add(reader, &draft, &match);
        } else {
            const struct ranges *raw;

            if (!value_ranges(reader, keys[i], part, &raw) || !draft_field(reader, &draft, keys[i], raw))
                return false;
        }
    }
    /* A family is not a match of the model: it cannot differ from element to element. */
    if (draft.families != FAMILY_BOTH)
        return false;
    *group = (struct match_group){.v = draft.matches.v, .n = draft.matches.n, .text = text_expression(reader, element)};
    return true;
}

static bool read_groups(struct reader *reader, const json_t *elements, const struct nft_field *const *keys,
                        size_t key_n, const struct match_group **groups, size_t *n)
{
    size_t count = json_array_size(elements);
    struct match_group *made = arena_new_array(reader->arena, struct match_group, count);

    for (size_t i = 0; i < count; i++) {
        if (!element_group(reader, keys, key_n, json_array_get(elements, i), &made[i]))
            return false;
    }
    *groups = made;
    *n = count;
    return true;
}

bool sets_groups(struct reader *reader, struct nft_set *set, const struct nft_field *const *keys, size_t key_n,
                 struct str key_text, const struct match_group **groups, size_t *n)
{
    struct groups_of *entry;

    if (set->changing)
        return false;
    vec_each (struct groups_of *, known, &set->groups) {
        if (str_eq(known->key, key_text)) {
            *groups = known->groups;
            *n = known->n;
            return known->known;
        }
    }
    entry = vec_push(reader->arena, &set->groups);
    entry->key = key_text;
    entry->known = read_groups(reader, set->elements, keys, key_n, &entry->groups, &entry->n);
    *groups = entry->groups;
    *n = entry->n;
    return entry->known;
}
