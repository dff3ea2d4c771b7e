/*
 * Right-hand sides of nft's comparisons as sets of raw numbers, and those as sets of the model's fields; see reader.h.
 *
 *     VALUE := NUMBER | NAME | {"range": [a, b]} | {"prefix": {"addr": a, "len": n}} | {"set": [VALUE…]}
 *            | {"elem": {"val": VALUE, …}} | {"|": [NAME…]} | [NAME…] | "@SET"
 */
#include "dialect/nftables/reader.h"

#include "base/num.h"
#include "net/proto.h"

/* A mask with gaps makes 2^gap-bits ranges; more than this is not spelled out. */
#define MASK_RANGES_MAX 4096

static bool address_number(const struct nft_field *field, struct str text, u128 *number)
{
    enum family family;

    return addr_parse(text, &family, number) && family == nft_field_family(field);
}

static bool names_ored(struct reader *reader, const struct nft_field *field, const json_t *list, u128 *number)
{
    u128 sum = 0;

    if (!nft_field_is_bits(field) || json_array_size(list) == 0)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        u128 one;

        if (!value_number(reader, field, json_array_get(list, i), &one))
            return false;
        sum |= one;
    }
    *number = sum;
    return true;
}

bool value_number(struct reader *reader, const struct nft_field *field, const json_t *value, u128 *number)
{
    if (json_is_integer(value)) {
        json_int_t given = json_integer_value(value);

        if (given < 0 || (u128)given > nft_field_last(field))
            return false;
        *number = (u128)given;
        return true;
    }
    if (json_is_string(value)) {
        struct str text = {json_string_value(value), json_string_length(value)};

        if (nft_name_parse(field, text, number))
            return true;
        return (field->field == FIELD_SOURCE || field->field == FIELD_DESTINATION) &&
               address_number(field, text, number);
    }
    if (json_is_array(value))
        return names_ored(reader, field, value, number);
    if (json_is_object(value) && json_object_size(value) == 1) {
        const json_t *list = json_object_get(value, "|");

        return json_is_array(list) && names_ored(reader, field, list, number);
    }
    return false;
}

static bool read_range(struct reader *reader, const struct nft_field *field, const json_t *ends,
                       const struct ranges **raw)
{
    u128 lo;
    u128 hi;

    if (json_array_size(ends) != 2 || !value_number(reader, field, json_array_get(ends, 0), &lo) ||
        !value_number(reader, field, json_array_get(ends, 1), &hi) || lo > hi)
        return false;
    *raw = ranges_one(reader->arena, lo, hi);
    return true;
}

static bool read_prefix(struct reader *reader, const struct nft_field *field, const json_t *prefix,
                        const struct ranges **raw)
{
    const json_t *length = json_object_get(prefix, "len");
    u128 value;
    u128 rest;
    unsigned bits;

    if (!json_is_integer(length) || !value_number(reader, field, json_object_get(prefix, "addr"), &value) ||
        json_integer_value(length) < 0 || json_integer_value(length) > (json_int_t)field->bits)
        return false;
    bits = field->bits - (unsigned)json_integer_value(length);
    rest = bits == 128 ? ~(u128)0 : ((u128)1 << bits) - 1;
    *raw = ranges_one(reader->arena, value & ~rest, value | rest);
    return true;
}

static bool read_set(struct reader *reader, const struct nft_field *field, json_t *elements, const struct ranges **raw)
{
    size_t n = json_array_size(elements);
    struct {
        struct range *v;
        size_t n;
        size_t capacity;
    } all = {0};

    for (size_t i = 0; i < n; i++) {
        json_t *element = element_value(json_array_get(elements, i));
        const struct ranges *one;

        /* An element is never a set or a list again, and a set is not an element. */
        if (element == NULL || json_object_get(element, "set") != NULL || json_is_array(element) ||
            !value_ranges(reader, field, element, &one))
            return false;
        for (size_t k = 0; k < one->n; k++)
            *vec_push(reader->arena, &all) = one->v[k];
    }
    *raw = ranges_of(reader->arena, all.v, all.n);
    return true;
}

bool value_ranges(struct reader *reader, const struct nft_field *field, json_t *value, const struct ranges **raw)
{
    u128 number;

    if (json_is_string(value) && json_string_value(value)[0] == '@') {
        struct nft_set *set = sets_find(reader, reader_str(reader, value));

        return set != NULL && sets_ranges(reader, set, field, raw);
    }
    if (value_number(reader, field, value, &number)) {
        *raw = ranges_one(reader->arena, number, number);
        return true;
    }
    if (!json_is_object(value) || json_object_size(value) != 1)
        return false;
    if (json_object_get(value, "range") != NULL)
        return read_range(reader, field, json_object_get(value, "range"), raw);
    if (json_object_get(value, "prefix") != NULL)
        return read_prefix(reader, field, json_object_get(value, "prefix"), raw);
    if (json_is_array(json_object_get(value, "set")))
        return read_set(reader, field, json_object_get(value, "set"), raw);
    return false;
}

bool value_masked(struct reader *reader, const struct nft_field *field, u128 mask, u128 value,
                  const struct ranges **raw)
{
    u128 last = nft_field_last(field);
    u128 low; /* the free bits at the end: within one range */
    u128 gaps;
    u128 fill = 0;
    size_t n = 1;
    size_t made = 0;
    struct range *v;

    if ((value & ~mask) != 0) {
        *raw = &ranges_empty;
        return true;
    }
    mask &= last;
    low = mask == 0 ? last : (mask & (~mask + 1)) - 1;
    gaps = last & ~mask & ~low;
    for (u128 left = gaps; left != 0; left &= left - 1) {
        n *= 2;
        if (n > MASK_RANGES_MAX)
            return false;
    }
    v = arena_new_array(reader->arena, struct range, n);
    do {
        v[made++] = (struct range){value | fill, value | fill | low};
        fill = (fill - gaps) & gaps; /* the next subset of the gaps */
    } while (fill != 0);
    *raw = ranges_of(reader->arena, v, made);
    return true;
}

static struct interface_pattern pattern_of(struct reader *reader, const json_t *name)
{
    struct str text = reader_str(reader, name);
    struct interface_pattern pattern = {.name = text};

    if (str_ends(text, "\\*")) { /* a star that is part of the name */
        pattern.name = str_printf(reader->arena, "%.*s*", (int)(text.n - 2), text.p);
    } else if (str_ends(text, "*")) {
        pattern.name.n--;
        pattern.prefix = true;
    }
    return pattern;
}

static bool add_interface(struct reader *reader, json_t *value, struct interface_patterns *patterns)
{
    struct interface_pattern pattern;
    struct str key;

    if (!json_is_string(value) || json_string_length(value) == 0 || json_string_value(value)[0] == '@')
        return false;
    pattern = pattern_of(reader, value);
    *vec_push(reader->arena, patterns) = pattern;
    key = str_printf(reader->arena, "%c%.*s", pattern.prefix ? '*' : '=', STR_ARG(pattern.name));
    if (map_set(reader->arena, &reader->patterns, key, reader) == NULL)
        *vec_push(reader->arena, &reader->ruleset->interfaces) = pattern;
    return true;
}

bool value_interfaces(struct reader *reader, json_t *value, struct interface_pattern **v, size_t *n)
{
    struct interface_patterns patterns = {0};
    json_t *list = NULL;

    if (json_is_string(value) && json_string_value(value)[0] == '@') {
        struct nft_set *set = sets_find(reader, reader_str(reader, value));

        if (set == NULL || set->changing)
            return false;
        list = set->elements;
    } else if (json_is_object(value)) {
        list = json_object_get(value, "set");
        if (!json_is_array(list))
            return false;
    } else if (!add_interface(reader, value, &patterns)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!add_interface(reader, element_value(json_array_get(list, i)), &patterns))
            return false;
    }
    *v = patterns.v;
    *n = patterns.n;
    return true;
}

/* A state matches when the number is its bit. */
static const struct ranges *states_of(struct reader *reader, const struct ranges *raw)
{
    struct range v[STATE_N];
    size_t n = 0;

    for (enum state state = 0; state < STATE_N; state++) {
        if (ranges_contain(raw, nft_state_bits[state]))
            v[n++] = (struct range){state, state};
    }
    return ranges_of(reader->arena, v, n);
}

static const struct ranges *messages_of(struct reader *reader, const struct ranges *raw, bool codes)
{
    struct range *v = arena_new_array(reader->arena, struct range, raw->n * (codes ? 256 : 1));
    size_t n = 0;

    if (!codes) {
        for (size_t i = 0; i < raw->n; i++)
            v[n++] = (struct range){raw->v[i].lo << 8, raw->v[i].hi << 8 | 255};
        return ranges_of(reader->arena, v, n);
    }
    for (unsigned type = 0; type < 256; type++) {
        for (size_t i = 0; i < raw->n; i++)
            v[n++] = (struct range){type << 8 | raw->v[i].lo, type << 8 | raw->v[i].hi};
    }
    return ranges_of(reader->arena, v, n);
}

/* Of the words that a kind of fragment can have, all or none must be in the set, or it says more than the model. */
static bool fragments_of(struct reader *reader, const struct nft_field *field, const struct ranges *raw,
                         const struct ranges **model)
{
    size_t words[FRAGMENT_N] = {0};
    size_t in[FRAGMENT_N] = {0};
    struct range v[FRAGMENT_N];
    size_t n = 0;

    for (unsigned word = 0; word <= (unsigned)nft_field_last(field); word++) {
        enum fragment fragment = FRAGMENT_NONE;

        if (field->kind == NFT_FRAGMENT_6)
            fragment = word == 0 ? FRAGMENT_FIRST : FRAGMENT_LATER;
        else if ((word & 0x1fff) != 0)
            fragment = FRAGMENT_LATER;
        else if ((word & 0x2000) != 0)
            fragment = FRAGMENT_FIRST;
        words[fragment]++;
        in[fragment] += ranges_contain(raw, word);
    }
    for (enum fragment fragment = 0; fragment < FRAGMENT_N; fragment++) {
        if (in[fragment] != 0 && in[fragment] != words[fragment])
            return false;
        if (in[fragment] != 0)
            v[n++] = (struct range){fragment, fragment};
    }
    *model = ranges_of(reader->arena, v, n);
    return true;
}

/*
 * `ip6 nexthdr` is the first header's word, the model has the upper-layer protocol: the same for a packet without
 * extension headers but that of a fragment, which is what the model knows. A rule about nothing but other extension
 * headers cannot be said.
 */
static bool next_header_known(struct reader *reader, const struct ranges *raw)
{
    static const unsigned char extensions[] = {0, 43, 51, 60, 135, 139, 140};
    struct range v[sizeof extensions];

    for (size_t i = 0; i < sizeof extensions; i++)
        v[i] = (struct range){extensions[i], extensions[i]};
    return raw->n == 0 || !ranges_subset(raw, ranges_of(reader->arena, v, sizeof extensions));
}

bool value_model(struct reader *reader, const struct nft_field *field, const struct ranges *raw,
                 const struct ranges **model)
{
    switch (field->kind) {
    case NFT_NUMBER:
        if (nft_field_is_next_header(field) && !next_header_known(reader, raw))
            return false;
        *model = raw;
        return true;
    case NFT_FLAGS: *model = raw; return true;
    case NFT_ICMP_TYPE: *model = messages_of(reader, raw, false); return true;
    case NFT_ICMP_CODE: *model = messages_of(reader, raw, true); return true;
    case NFT_STATE: *model = states_of(reader, raw); return true;
    case NFT_FRAGMENT:
    case NFT_FRAGMENT_6: return fragments_of(reader, field, raw, model);
    case NFT_INTERFACE:
    case NFT_NFPROTO:
    case NFT_ETHERTYPE:
    case NFT_KIND_N: break;
    }
    return false;
}

unsigned value_families(const struct nft_field *field, const struct ranges *raw)
{
    bool ethertype = field->kind == NFT_ETHERTYPE;
    unsigned families = 0;

    if (ranges_contain(raw, ethertype ? 0x0800 : 2))
        families |= FAMILY_BIT(FAMILY_V4);
    if (ranges_contain(raw, ethertype ? 0x86dd : 10))
        families |= FAMILY_BIT(FAMILY_V6);
    return families;
}
