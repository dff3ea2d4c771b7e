/*
 * Statements of nft that write into the packet: `meta mark set`, notrack, dnat, snat, masquerade, redirect. What is
 * not exactly one of the model's forms is left to the caller, as a target that is not modelled. JSON after
 * libnftables-json(5).
 */
#include "dialect/nftables/reader.h"

#include "net/proto.h"

static bool parse_address(struct str text, enum family *family, u128 *address)
{
    return addr_parse(text, family, address);
}

/* ADDR | {"range": [ADDR, ADDR]} | {"prefix": …}; *family is left as FAMILY_N where none is said. */
static bool read_addresses(json_t *value, struct rewrite *rewrite, enum family *family)
{
    json_t *range = json_object_get(value, "range");
    json_t *prefix = json_object_get(value, "prefix");
    json_int_t length = json_integer_value(json_object_get(prefix, "len"));
    enum family other;

    if (prefix != NULL) {
        if (!parse_address(view(json_object_get(prefix, "addr")), family, &rewrite->addresses.lo) || length < 0 ||
            length > (json_int_t)addr_bits(*family))
            return false;
        rewrite->addresses = addr_prefix(*family, rewrite->addresses.lo, (unsigned)length);
        rewrite->has_addresses = true;
        return true;
    }
    if (!parse_address(view(range == NULL ? value : json_array_get(range, 0)), family, &rewrite->addresses.lo))
        return false;
    rewrite->addresses.hi = rewrite->addresses.lo;
    rewrite->has_addresses = true;
    return range == NULL || (parse_address(view(json_array_get(range, 1)), &other, &rewrite->addresses.hi) &&
                             other == *family && rewrite->addresses.lo <= rewrite->addresses.hi);
}

static bool read_ports(json_t *value, struct rewrite *rewrite)
{
    json_t *range = json_object_get(value, "range");
    json_t *first = range == NULL ? value : json_array_get(range, 0);
    json_t *last = range == NULL ? value : json_array_get(range, 1);
    json_int_t lo = json_integer_value(first);
    json_int_t hi = json_integer_value(last);

    if (!json_is_integer(first) || !json_is_integer(last) || lo < 0 || hi > 65535 || lo > hi)
        return false;
    rewrite->ports = (struct range){(u128)lo, (u128)hi};
    rewrite->has_ports = true;
    return true;
}

/* ADDR, or {"concat": [ADDR, PORT]} as maps have it. */
static bool read_place(json_t *value, struct rewrite *rewrite, enum family *family)
{
    json_t *parts = json_object_get(value, "concat");

    if (parts == NULL)
        return read_addresses(value, rewrite, family);
    return json_array_size(parts) == 2 && read_addresses(json_array_get(parts, 0), rewrite, family) &&
           read_ports(json_array_get(parts, 1), rewrite);
}

static bool is_flag(json_t *flags, const char *name)
{
    return str_is(view(flags), name) || (json_array_size(flags) == 1 && str_is(view(json_array_get(flags, 0)), name));
}

/* The kernel is to choose another source port. */
static bool is_random(json_t *flags)
{
    for (size_t i = 0; i < json_array_size(flags); i++) {
        if (is_random(json_array_get(flags, i)))
            return true;
    }
    return str_is(view(flags), "random") || str_is(view(flags), "fully-random");
}

static const struct rewrite *keep_rewrite(struct reader *reader, const struct rewrite *rewrite)
{
    return arena_copy(reader->arena, rewrite, sizeof *rewrite);
}

static void emit_nat(struct reader *reader, struct rules_of *rules, const struct drafts *drafts, enum action action,
                     enum family family, const struct rewrite *rewrite)
{
    size_t before = rules->n;

    rules_emit(reader, rules, drafts, action);
    for (size_t i = before; i < rules->n; i++) {
        rules->v[i].rewrite = keep_rewrite(reader, rewrite);
        if (family != FAMILY_N)
            rules->v[i].families &= FAMILY_BIT(family);
    }
}

/* By a key that is not modelled, `numgen inc mod 2`: each place may be the one, or none is. */
static bool unknown_map(struct reader *reader, struct rules_of *rules, const struct drafts *drafts, enum action action,
                        json_t *map, const struct map_pairs *pairs, bool random)
{
    struct str text = text_expression(reader, json_object_get(map, "key"));
    bool every = map_has_every_number(json_object_get(map, "key"), pairs->list);
    size_t before = rules->n;

    for (size_t i = 0; pairs->known && i < pairs->n; i++) {
        struct match unknown = reader_unknown(reader, str_printf(reader->arena, "%.*s map", STR_ARG(text)), true);
        struct rewrite rewrite = {0};
        enum family family = FAMILY_N;
        struct drafts own = {0};

        if (!read_place(json_array_get(json_array_get(pairs->list, i), 1), &rewrite, &family)) {
            rules->n = before;
            return false;
        }
        rewrite.any_port = random && !rewrite.has_ports;
        vec_each (const struct draft *, draft, drafts) {
            struct draft copy = draft_copy(reader, draft);

            if (!every || i + 1 < pairs->n)
                draft_add(reader, &copy, &unknown);
            *vec_push(reader->arena, &own) = copy;
        }
        emit_nat(reader, rules, &own, action, family, &rewrite);
    }
    return rules->n > before;
}

/* {"map": {"key": KEY, "data": {"set": [[KEY, PLACE]…]}}}: a rule for each element. */
static bool read_map(struct reader *reader, struct rules_of *rules, struct drafts *drafts, enum action action,
                     json_t *map, bool random)
{
    size_t before = rules->n;
    struct map_element element;
    struct map_pairs pairs;

    if (!map_open(reader, drafts, map, &pairs))
        return pairs.field_n == 0 && unknown_map(reader, rules, drafts, action, map, &pairs, random);
    for (size_t i = 0; i < pairs.n; i++) {
        struct rewrite rewrite = {0};
        enum family family = FAMILY_N;

        if (!map_read(reader, drafts, &pairs, i, &element) || !read_place(element.value, &rewrite, &family)) {
            rules->n = before;
            return false;
        }
        rewrite.any_port = random && !rewrite.has_ports;
        emit_nat(reader, rules, &element.drafts, action, family, &rewrite);
    }
    return pairs.n > 0;
}

bool rewrite_xt(struct reader *reader, struct rules_of *rules, const struct drafts *drafts, struct str name)
{
    bool own = str_is(name, "MASQUERADE") || str_is(name, "REDIRECT");
    bool source = str_is(name, "MASQUERADE") || str_is(name, "SNAT");

    if (!own && !source && !str_is(name, "DNAT"))
        return false;
    for (enum family family = 0; family < FAMILY_N; family++) {
        struct rewrite rewrite = {.own = own,
                                  .addresses = {0, addr_max(family)},
                                  .has_addresses = !own,
                                  .ports = {0, 65535},
                                  .has_ports = true};

        vec_each (const struct draft *, draft, drafts) {
            struct drafts one = {.v = (struct draft *)draft, .n = 1};

            /* Only rules of protocols with ports can say some. */
            rewrite.has_ports = draft_protocols(draft) != NULL &&
                                ranges_subset(draft_protocols(draft), proto_with_ports(reader->arena));
            if ((reader->chain->families & FAMILY_BIT(family)) != 0)
                emit_nat(reader, rules, &one, source ? ACTION_SNAT : ACTION_DNAT, family, &rewrite);
        }
    }
    return true;
}

bool rewrite_nat(struct reader *reader, struct rules_of *rules, struct drafts *drafts, const char *name, json_t *value)
{
    bool own = strcmp(name, "masquerade") == 0 || strcmp(name, "redirect") == 0;
    enum action action = strcmp(name, "dnat") == 0 || strcmp(name, "redirect") == 0 ? ACTION_DNAT : ACTION_SNAT;
    json_t *address = json_object_get(value, "addr");
    json_t *port = json_object_get(value, "port");
    struct str said = view(json_object_get(value, "family"));
    struct rewrite rewrite = {.own = own};
    enum family family = FAMILY_N;
    bool random = action == ACTION_SNAT && is_random(json_object_get(value, "flags"));

    if (json_object_get(address, "map") != NULL)
        return port == NULL && json_object_get(value, "type_flags") == NULL &&
               read_map(reader, rules, drafts, action, json_object_get(address, "map"), random);
    if ((address != NULL && (own || !read_addresses(address, &rewrite, &family))) ||
        (port != NULL && !read_ports(port, &rewrite)) || (!own && address == NULL && port == NULL))
        return false;
    rewrite.network = is_flag(json_object_get(value, "flags"), "netmap");
    if (json_object_get(value, "type_flags") != NULL &&
        (!rewrite.network || json_object_get(address, "prefix") == NULL))
        return false;
    rewrite.any_port = random && !rewrite.has_ports;
    if (family == FAMILY_N && said.n > 0)
        family = str_is(said, "ip") ? FAMILY_V4 : FAMILY_V6;
    emit_nat(reader, rules, drafts, action, family, &rewrite);
    return true;
}

/* NUMBER | meta mark | EXPRESSION {& | ^} NUMBER: (mark & keep) ^ flip. */
static bool read_mark(const json_t *value, unsigned depth, struct rewrite *rewrite)
{
    static const char *const operators[] = {"&", "|", "^"};

    if (json_is_integer(value)) {
        rewrite->keep = 0;
        rewrite->flip = (uint32_t)json_integer_value(value);
        return json_integer_value(value) >= 0 && json_integer_value(value) <= UINT32_MAX;
    }
    if (str_is(view(json_object_get(json_object_get(value, "meta"), "key")), "mark")) {
        rewrite->keep = UINT32_MAX;
        rewrite->flip = 0;
        return true;
    }
    for (size_t i = 0; i < 3 && depth > 0; i++) {
        const json_t *sides = json_object_get(value, operators[i]);
        const json_t *right = json_array_get(sides, 1);
        uint32_t number = (uint32_t)json_integer_value(right);

        if (sides == NULL)
            continue;
        if (json_array_size(sides) != 2 || !json_is_integer(right) || json_integer_value(right) < 0 ||
            json_integer_value(right) > UINT32_MAX || !read_mark(json_array_get(sides, 0), depth - 1, rewrite))
            return false;
        if (i == 2) {
            rewrite->flip ^= number;
            return true;
        }
        /* x | n = (x & ~n) ^ n */
        number = i == 1 ? ~number : number;
        rewrite->keep &= number;
        rewrite->flip = (rewrite->flip & number) ^ (i == 1 ? ~number : 0);
        return true;
    }
    return false;
}

static bool asks(const struct match *v, size_t n, enum field field)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == MATCH_RANGES && v[i].field == field)
            return true;
        for (size_t k = 0; (v[i].kind == MATCH_ANY_OF || v[i].kind == MATCH_NONE_OF) && k < v[i].group_n; k++) {
            if (asks(v[i].groups[k].v, v[i].groups[k].n, field))
                return true;
        }
    }
    return false;
}

/* What follows in the same rule is a rule of its own here: it must not ask again for what was written between. */
static bool may_go_on(const struct drafts *drafts, enum field field)
{
    vec_each (const struct draft *, draft, drafts) {
        if (asks(draft->matches.v, draft->matches.n, field))
            return false;
    }
    return true;
}

bool rewrite_mark(struct reader *reader, struct rules_of *rules, const struct drafts *drafts, json_t *value, bool last)
{
    struct rewrite rewrite = {0};
    size_t before = rules->n;

    if (!read_mark(value, 8, &rewrite) || !(last || may_go_on(drafts, FIELD_MARK)))
        return false;
    rules_emit(reader, rules, drafts, ACTION_MARK);
    for (size_t i = before; i < rules->n; i++)
        rules->v[i].rewrite = keep_rewrite(reader, &rewrite);
    return true;
}

bool rewrite_untrack(struct reader *reader, struct rules_of *rules, const struct drafts *drafts, bool last)
{
    if (!(last || may_go_on(drafts, FIELD_STATE)))
        return false;
    rules_emit(reader, rules, drafts, ACTION_NOTRACK);
    return true;
}
