/* Comparisons of nft as matches of the model, and the drafts that collect them; see reader.h. */
#include "dialect/nftables/reader.h"

#include "net/proto.h"

struct match reader_unknown(struct reader *reader, struct str text, bool unique)
{
    struct match match = {.kind = MATCH_UNKNOWN, .text = text};
    uintptr_t known = unique ? 0 : (uintptr_t)map_get(&reader->literals, text);

    if (known == 0) {
        known = ++reader->ruleset->literal_n;
        if (!unique)
            map_set(reader->arena, &reader->literals, text, (void *)known);
    }
    match.literal = (uint32_t)known - 1;
    return match;
}

void draft_add(struct reader *reader, struct draft *draft, const struct match *match)
{
    *vec_push(reader->arena, &draft->matches) = *match;
}

void draft_ranges(struct reader *reader, struct draft *draft, enum field field, const struct ranges *ranges)
{
    vec_each (struct match *, match, &draft->matches) {
        if (match->kind == MATCH_RANGES && match->field == field) {
            match->ranges = ranges_intersect(reader->arena, match->ranges, ranges);
            return;
        }
    }
    draft_add(reader, draft, &(struct match){.kind = MATCH_RANGES, .field = field, .ranges = ranges});
}

struct draft draft_copy(struct reader *reader, const struct draft *draft)
{
    struct draft copy = {.families = draft->families};

    vec_each (const struct match *, match, &draft->matches)
        draft_add(reader, &copy, match);
    return copy;
}

const struct ranges *draft_protocols(const struct draft *draft)
{
    vec_each (const struct match *, match, &draft->matches) {
        if (match->kind == MATCH_RANGES && match->field == FIELD_PROTOCOL)
            return match->ranges;
    }
    return NULL;
}

/* The first header's word: of a fragment it is the fragment header's own, whatever it carries. */
static void draft_next_header(struct reader *reader, struct draft *draft, const struct ranges *raw)
{
    const struct ranges *whole = ranges_value(reader->arena, FRAGMENT_NONE);
    struct match *sides;
    struct match_group *groups;

    if (!ranges_contain(raw, NFT_FRAGMENT_HEADER)) {
        draft_ranges(reader, draft, FIELD_PROTOCOL, raw);
        draft_ranges(reader, draft, FIELD_FRAGMENT, whole);
        return;
    }
    sides = arena_new_array(reader->arena, struct match, 3);
    groups = arena_new_array(reader->arena, struct match_group, 2);
    sides[0] = (struct match){.kind = MATCH_RANGES, .field = FIELD_PROTOCOL, .ranges = raw};
    sides[1] = (struct match){.kind = MATCH_RANGES, .field = FIELD_FRAGMENT, .ranges = whole};
    sides[2] = (struct match){.kind = MATCH_RANGES,
                              .field = FIELD_FRAGMENT,
                              .ranges = ranges_one(reader->arena, FRAGMENT_FIRST, FRAGMENT_LATER)};
    groups[0] = (struct match_group){.v = &sides[0], .n = 2};
    groups[1] = (struct match_group){.v = &sides[2], .n = 1};
    draft_add(reader, draft, &(struct match){.kind = MATCH_ANY_OF, .field = FIELD_N, .groups = groups, .group_n = 2});
}

bool draft_field(struct reader *reader, struct draft *draft, const struct nft_field *field, const struct ranges *raw)
{
    const struct ranges *model;

    if (field->kind == NFT_NFPROTO || field->kind == NFT_ETHERTYPE) {
        draft->families &= value_families(field, raw);
        return true;
    }
    if (!value_model(reader, field, raw, &model))
        return false;
    if (nft_field_is_next_header(field))
        draft_next_header(reader, draft, model);
    else
        draft_ranges(reader, draft, field->field, model);
    return true;
}

/* The field that one expression asks for; NULL where it is not modelled. */
static const struct nft_field *key_field(json_t *key)
{
    json_t *payload = json_object_get(key, "payload");
    json_t *meta = json_object_get(key, "meta");
    json_t *ct = json_object_get(key, "ct");
    json_t *exthdr = json_object_get(key, "exthdr");

    if (json_object_size(key) != 1)
        return NULL;
    if (json_object_size(payload) == 2)
        return nft_field_find(view(json_object_get(payload, "protocol")), view(json_object_get(payload, "field")));
    if (json_object_size(meta) == 1)
        return nft_field_find(STR("meta"), view(json_object_get(meta, "key")));
    if (json_object_size(ct) == 1)
        return nft_field_find(STR("ct"), view(json_object_get(ct, "key")));
    if (json_object_size(exthdr) == 2)
        return nft_field_find(view(json_object_get(exthdr, "name")), view(json_object_get(exthdr, "field")));
    return NULL;
}

size_t key_fields(json_t *key, const struct nft_field *fields[KEY_PARTS_MAX])
{
    json_t *parts = json_object_get(key, "concat");
    size_t n = json_array_size(parts);

    if (parts == NULL) {
        fields[0] = key_field(key);
        return fields[0] != NULL;
    }
    if (n < 2 || n > KEY_PARTS_MAX)
        return 0;
    for (size_t i = 0; i < n; i++) {
        fields[i] = key_field(json_array_get(parts, i));
        if (fields[i] == NULL)
            return 0;
    }
    return n;
}

static void imply_header(struct reader *reader, struct str name, struct draft *draft)
{
    const struct nft_header *header = nft_header_find(name);

    if (header == NULL)
        return;
    draft->families &= header->families;
    if (header->protocol >= 0)
        draft_ranges(reader, draft, FIELD_PROTOCOL,
                     ranges_one(reader->arena, (u128)header->protocol, (u128)header->protocol));
    if (header->transport)
        draft_ranges(reader, draft, FIELD_FRAGMENT, ranges_one(reader->arena, FRAGMENT_NONE, FRAGMENT_FIRST));
}

/* Whatever is asked of a connection, but its state and zone, fails where there is none. */
static void imply_connection(struct reader *reader, json_t *ct, struct draft *draft)
{
    struct str key = view(json_object_get(ct, "key"));

    if (!str_is(key, "state") && !str_is(key, "zone"))
        draft_ranges(reader, draft, FIELD_STATE, ranges_one(reader->arena, STATE_NEW, STATE_RELATED));
    if (str_starts(key, "ip "))
        draft->families &= FAMILY_BIT(FAMILY_V4);
    else if (str_starts(key, "ip6 "))
        draft->families &= FAMILY_BIT(FAMILY_V6);
}

void key_imply(struct reader *reader, json_t *key, struct draft *draft)
{
    const char *name;
    json_t *value;
    size_t i;
    json_t *part;

    if (json_is_array(key)) {
        json_array_foreach(key, i, part) key_imply(reader, part, draft);
        return;
    }
    json_object_foreach(key, name, value)
    {
        if (strcmp(name, "payload") == 0) {
            imply_header(reader, view(json_object_get(value, "protocol")), draft);
        } else if (strcmp(name, "exthdr") == 0) {
            draft->families &= FAMILY_BIT(FAMILY_V6);
            if (json_object_get(value, "field") != NULL && str_is(view(json_object_get(value, "name")), "frag"))
                draft_ranges(reader, draft, FIELD_FRAGMENT, ranges_one(reader->arena, FRAGMENT_FIRST, FRAGMENT_LATER));
        } else if (strcmp(name, "tcp option") == 0) {
            imply_header(reader, STR("tcp"), draft);
        } else if (strcmp(name, "ip option") == 0) {
            imply_header(reader, STR("ip"), draft);
        } else if (strcmp(name, "ct") == 0) {
            imply_connection(reader, value, draft);
        } else if (strcmp(name, "concat") == 0 || strcmp(name, "&") == 0) {
            key_imply(reader, value, draft);
        }
    }
}

bool key_is_fixed(const json_t *key)
{
    static const char *const metas[] = {"skuid",   "skgid", "cgroup", "iifgroup", "iiftype",
                                        "iifkind", "cpu",   "time",   "day",      "hour"};
    struct str meta = view(json_object_get(json_object_get(key, "meta"), "key"));
    json_t *ct = json_object_get(key, "ct");
    struct str payload = view(json_object_get(json_object_get(key, "payload"), "protocol"));

    for (size_t i = 0; i < sizeof metas / sizeof *metas; i++) {
        if (str_is(meta, metas[i]))
            return true;
    }
    return json_object_get(ct, "dir") != NULL || json_object_get(key, "socket") != NULL || str_is(payload, "ether");
}

bool key_has_ports(const struct nft_field *const *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(fields[i]->object, "th") == 0)
            return true;
    }
    return false;
}

bool key_is_random(const json_t *key)
{
    const char *name = json_string_value(json_object_get(json_object_get(key, "meta"), "key"));
    const char *inner;
    json_t *value;
    size_t i;

    if (json_object_get(key, "numgen") != NULL || (name != NULL && strcmp(name, "random") == 0))
        return true;
    json_object_foreach((json_t *)key, inner, value)
    {
        if (json_is_object(value) && key_is_random(value))
            return true;
    }
    json_array_foreach(key, i, value)
    {
        if (key_is_random(value))
            return true;
    }
    return false;
}

void drafts_split_ports(struct reader *reader, struct drafts *drafts, json_t *match)
{
    const struct ranges *ported = proto_with_ports(reader->arena);
    const struct ranges *others = ranges_complement(reader->arena, ported, 255);
    size_t n = drafts->n;

    for (size_t i = 0; i < n; i++) {
        const struct ranges *protocols = draft_protocols(&drafts->v[i]);
        struct match unknown;
        struct draft rest;

        if (protocols != NULL && ranges_subset(protocols, ported))
            continue;
        rest = draft_copy(reader, &drafts->v[i]);
        draft_ranges(reader, &rest, FIELD_PROTOCOL, others);
        unknown = reader_unknown(reader, text_match(reader, match), reader->written);
        draft_add(reader, &rest, &unknown);
        draft_ranges(reader, &drafts->v[i], FIELD_PROTOCOL, ported);
        *vec_push(reader->arena, drafts) = rest;
    }
}

/* `{"&": [KEY, MASK]}`: what is asked of KEY; *mask is the mask, all ones where there is none. */
static json_t *strip_mask(json_t *left, json_t **mask)
{
    json_t *parts = json_object_get(left, "&");

    *mask = NULL;
    if (json_array_size(parts) != 2)
        return left;
    *mask = json_array_get(parts, 1);
    return json_array_get(parts, 0);
}

static bool match_interface(struct reader *reader, struct drafts *drafts, const struct nft_field *field, struct str op,
                            json_t *right)
{
    struct match match = {.kind = MATCH_INTERFACES, .field = field->field, .negated = str_is(op, "!=")};
    struct interface_pattern *patterns;

    if (!match.negated && !str_is(op, "==") && !str_is(op, "in"))
        return false;
    if (!value_interfaces(reader, right, &patterns, &match.interface_n))
        return false;
    match.interfaces = patterns;
    vec_each (struct draft *, draft, drafts)
        draft_add(reader, draft, &match);
    return true;
}

/* `exthdr frag exists`: whether there is a fragment header. */
static bool match_exists(struct reader *reader, struct drafts *drafts, json_t *left, struct str op, json_t *right)
{
    json_t *exthdr = json_object_get(left, "exthdr");
    const char *name = json_string_value(json_object_get(exthdr, "name"));
    bool exists = json_is_true(right) == str_is(op, "==");

    if (json_object_size(exthdr) != 1 || name == NULL || strcmp(name, "frag") != 0 || !json_is_boolean(right) ||
        (!str_is(op, "==") && !str_is(op, "!=")))
        return false;
    vec_each (struct draft *, draft, drafts)
        draft_ranges(reader, draft, FIELD_FRAGMENT,
                     exists ? ranges_one(reader->arena, FRAGMENT_FIRST, FRAGMENT_LATER)
                            : ranges_one(reader->arena, FRAGMENT_NONE, FRAGMENT_NONE));
    return true;
}

bool groups_have_ports(struct reader *reader, const struct match_group *groups, size_t n)
{
    const struct ranges *ported = proto_with_ports(reader->arena);

    for (size_t i = 0; i < n; i++) {
        bool said = false;

        for (size_t k = 0; k < groups[i].n; k++) {
            const struct match *match = &groups[i].v[k];

            said = said || (match->kind == MATCH_RANGES && match->field == FIELD_PROTOCOL &&
                            ranges_subset(match->ranges, ported));
        }
        if (!said)
            return false;
    }
    return true;
}

static bool match_concat(struct reader *reader, struct drafts *drafts, const struct nft_field *const *keys,
                         size_t key_n, struct str key_text, struct str op, json_t *right)
{
    struct match match = {.kind = str_is(op, "!=") ? MATCH_NONE_OF : MATCH_ANY_OF};
    json_t *list = json_object_get(right, "set");

    if (match.kind == MATCH_ANY_OF && !str_is(op, "==") && !str_is(op, "in"))
        return false;
    if (json_is_string(right)) {
        struct nft_set *set = sets_find(reader, view(right));

        if (set == NULL || !sets_groups(reader, set, keys, key_n, key_text, &match.groups, &match.group_n))
            return false;
    } else {
        size_t n = list == NULL ? 1 : json_array_size(list);
        struct match_group *groups = arena_new_array(reader->arena, struct match_group, n);

        for (size_t i = 0; i < n; i++) {
            if (!element_group(reader, keys, key_n, list == NULL ? right : json_array_get(list, i), &groups[i]))
                return false;
        }
        match.groups = groups;
        match.group_n = n;
    }
    if (key_has_ports(keys, key_n) && !groups_have_ports(reader, match.groups, match.group_n))
        return false;
    vec_each (struct draft *, draft, drafts)
        draft_add(reader, draft, &match);
    return true;
}

/* A comparison of one field. */
static bool match_field(struct reader *reader, struct drafts *drafts, const struct nft_field *field, struct str op,
                        json_t *mask, json_t *right, json_t *whole)
{
    const struct ranges *raw;
    struct draft probe = {.families = FAMILY_BOTH};
    size_t n;

    if (field->kind == NFT_INTERFACE)
        return mask == NULL && match_interface(reader, drafts, field, op, right);
    if (!(mask == NULL ? compare_plain(reader, field, op, right, &raw)
                       : compare_masked(reader, field, op, mask, right, &raw)) ||
        !draft_field(reader, &probe, field, raw))
        return false;
    n = drafts->n;
    if (key_has_ports(&field, 1))
        drafts_split_ports(reader, drafts, whole);
    for (size_t i = 0; i < n; i++)
        draft_field(reader, &drafts->v[i], field, raw);
    return true;
}

static bool right_changes(struct reader *reader, json_t *right)
{
    struct nft_set *set = json_is_string(right) ? sets_find(reader, view(right)) : NULL;

    return set != NULL && set->changing;
}

/* MATCH := {"op": OP, "left": KEY | {"&": [KEY, MASK]}, "right": VALUE} */
void read_match(struct reader *reader, struct drafts *drafts, json_t *match)
{
    const struct nft_field *fields[KEY_PARTS_MAX];
    struct str op = view(json_object_get(match, "op"));
    json_t *right = json_object_get(match, "right");
    json_t *mask;
    json_t *left = strip_mask(json_object_get(match, "left"), &mask);
    size_t n = key_fields(left, fields);
    struct match unknown;

    vec_each (struct draft *, draft, drafts)
        key_imply(reader, left, draft);
    if (n == 1 && match_field(reader, drafts, fields[0], op, mask, right, match))
        return;
    if (n > 1 && mask == NULL && match_concat(reader, drafts, fields, n, text_expression(reader, left), op, right))
        return;
    if (n == 0 && mask == NULL && match_exists(reader, drafts, left, op, right))
        return;
    if (n == 1 && mask != NULL && fields[0]->field == FIELD_MARK &&
        match_hard_mark(reader, drafts, op, mask, right, text_match(reader, match)))
        return;
    if (n == 0 && mask == NULL &&
        (match_connection(reader, drafts, left, op, right) || match_packet_kind(reader, drafts, left, op, right)))
        return;
    unknown =
        reader_unknown(reader, text_match(reader, match),
                       (reader->written && !key_is_fixed(left)) || key_is_random(left) || right_changes(reader, right));
    vec_each (struct draft *, draft, drafts)
        draft_add(reader, draft, &unknown);
}
