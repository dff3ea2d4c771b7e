/*
 * One rule of the listing: its statements in order, the matches into drafts, the verdict into rules of the model; see
 * reader.h. A rule of nft becomes several of the same index where it has a verdict map: elements of a map are
 * disjoint, so their order does not matter, and a packet that none of them has goes on to the next rule.
 */
#include "dialect/nftables/reader.h"

#include "net/proto.h"

enum effect {
    EFFECT_NONE,      /* nothing that decides on a packet */
    EFFECT_MATCH,     /* a comparison */
    EFFECT_CONDITION, /* may stop the rule here: a limit, a quota, an update of a full set */
    EFFECT_VERDICT,
    EFFECT_MAP,    /* a verdict map */
    EFFECT_MANGLE, /* by what it writes */
    EFFECT_NAT,
    EFFECT_UNTRACK,
    EFFECT_UNKNOWN,
    EFFECT_N
};

static const struct {
    const char *name;
    enum effect effect;
    enum action action;
} statements[] = {
    {"match", EFFECT_MATCH, ACTION_NONE},
    {"accept", EFFECT_VERDICT, ACTION_ACCEPT},
    {"drop", EFFECT_VERDICT, ACTION_DROP},
    {"reject", EFFECT_VERDICT, ACTION_REJECT},
    {"return", EFFECT_VERDICT, ACTION_RETURN},
    {"jump", EFFECT_VERDICT, ACTION_JUMP},
    {"goto", EFFECT_VERDICT, ACTION_GOTO},
    {"continue", EFFECT_VERDICT, ACTION_NONE},
    {"vmap", EFFECT_MAP, ACTION_NONE},
    {"counter", EFFECT_NONE, ACTION_NONE},
    {"log", EFFECT_NONE, ACTION_NONE},
    {"last", EFFECT_NONE, ACTION_NONE},
    {"comment", EFFECT_NONE, ACTION_NONE},
    {"ct helper", EFFECT_NONE, ACTION_NONE},
    {"ct timeout", EFFECT_NONE, ACTION_NONE},
    {"ct expectation", EFFECT_NONE, ACTION_NONE},
    {"secmark", EFFECT_NONE, ACTION_NONE},
    {"dup", EFFECT_NONE, ACTION_NONE}, /* a copy goes elsewhere */
    {"queue", EFFECT_UNKNOWN, ACTION_UNKNOWN},
    {"fwd", EFFECT_UNKNOWN, ACTION_UNKNOWN}, /* goes out by another interface, past all hooks */
    {"tproxy", EFFECT_UNKNOWN, ACTION_UNKNOWN},
    {"synproxy", EFFECT_UNKNOWN, ACTION_UNKNOWN},
    {"xt", EFFECT_UNKNOWN, ACTION_UNKNOWN},
    {"flow", EFFECT_NONE, ACTION_NONE}, /* packets of connections that are already there */
    {"snat", EFFECT_NAT, ACTION_SNAT},
    {"masquerade", EFFECT_NAT, ACTION_SNAT},
    {"dnat", EFFECT_NAT, ACTION_DNAT},
    {"redirect", EFFECT_NAT, ACTION_DNAT},
    {"notrack", EFFECT_UNTRACK, ACTION_NOTRACK},
    {"mangle", EFFECT_MANGLE, ACTION_NONE},
    {"limit", EFFECT_CONDITION, ACTION_NONE},
    {"quota", EFFECT_CONDITION, ACTION_NONE},
    {"ct count", EFFECT_CONDITION, ACTION_NONE},
    {"meter", EFFECT_CONDITION, ACTION_NONE},
    {"set", EFFECT_CONDITION, ACTION_NONE},
    {"map", EFFECT_CONDITION, ACTION_NONE},
};

static enum effect effect_of(const char *name, enum action *action)
{
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (strcmp(name, statements[i].name) == 0) {
            *action = statements[i].action;
            return statements[i].effect;
        }
    }
    return EFFECT_UNKNOWN;
}

/* Said once for each name. */
static void note_stranger(struct reader *reader, const char *name)
{
    enum action action = ACTION_NONE;

    if (effect_of(name, &action) == EFFECT_UNKNOWN && action == ACTION_NONE &&
        map_set(reader->arena, &reader->strangers, str_dup(reader->arena, str_of(name)), reader) == NULL)
        diag_note(reader->diags, (struct span){.source = reader->text},
                  "no statement \"%.64s\" is known here: what it does is left open", name);
}

static bool is_mark_of(json_t *mangle)
{
    return str_is(view(json_object_get(json_object_get(json_object_get(mangle, "key"), "meta"), "key")), "mark");
}

/* What a statement that writes does to verdicts. */
static enum effect mangle_effect(const struct reader *reader, json_t *mangle)
{
    json_t *key = json_object_get(mangle, "key");
    const char *meta = json_string_value(json_object_get(json_object_get(key, "meta"), "key"));
    const char *ct = json_string_value(json_object_get(json_object_get(key, "ct"), "key"));
    const char *header = json_string_value(json_object_get(json_object_get(key, "payload"), "protocol"));
    const char *field = json_string_value(json_object_get(json_object_get(key, "payload"), "field"));

    if (meta != NULL && strcmp(meta, "mark") == 0)
        return reader->marks_matter ? EFFECT_MANGLE : EFFECT_NONE;
    if (meta != NULL)
        return strcmp(meta, "pkttype") == 0 ? EFFECT_UNKNOWN : EFFECT_NONE;
    if (ct != NULL)
        return strcmp(ct, "zone") == 0 ? EFFECT_UNKNOWN : EFFECT_NONE;
    if (json_object_get(key, "tcp option") != NULL)
        return EFFECT_CONDITION; /* stops where the option is not there */
    if (header != NULL && field != NULL && nft_field_find(str_of(header), str_of(field)) == NULL)
        return EFFECT_CONDITION; /* a field that the model does not have, as `ip dscp set` */
    return EFFECT_UNKNOWN;
}

static struct rule *emit(struct reader *reader, struct rules_of *rules, const struct draft *draft, enum action action)
{
    struct rule *rule = vec_push(reader->arena, rules);

    reader->ruleset->rewrites |= action_writes(action);
    *rule = (struct rule){
        .place = {.source = reader->text},
        .index = reader->index,
        .text = reader->rule_text,
        .families = draft->families & reader->chain->families,
        .matches = draft->matches.v,
        .match_n = draft->matches.n,
        .action = action,
        .chain = reader->chain,
    };
    return rule;
}

void rules_emit(struct reader *reader, struct rules_of *rules, const struct drafts *drafts, enum action action)
{
    vec_each (const struct draft *, draft, drafts)
        emit(reader, rules, draft, action);
}

/* The chain that `{"target": NAME}` means; NULL, with an error, where there is none. */
static struct chain *target_of(struct reader *reader, json_t *value)
{
    struct str name = reader_str(reader, json_object_get(value, "target"));
    struct chain *chain =
        map_get(&reader->chains, str_printf(reader->arena, "%.*s %.*s", STR_ARG(reader->table), STR_ARG(name)));

    if (chain == NULL || chain->hook != HOOK_NONE) {
        diag_error(reader->diags, (struct span){.source = reader->text},
                   "rule %u of chain \"%.*s\" goes to \"%.*s\", which is no chain of table \"%.*s\" to jump to",
                   reader->index, STR_ARG(reader->chain->name), STR_ARG(name), STR_ARG(reader->table));
        return NULL;
    }
    return chain;
}

/* What a reject implies: a TCP reset answers TCP, an ICMP error its family. */
static void imply_reject(struct reader *reader, json_t *reject, struct drafts *drafts)
{
    struct str type = reader_str(reader, json_object_get(reject, "type"));

    vec_each (struct draft *, draft, drafts) {
        if (str_is(type, "tcp reset"))
            draft_ranges(reader, draft, FIELD_PROTOCOL, ranges_one(reader->arena, PROTO_TCP, PROTO_TCP));
        if (str_is(type, "icmp"))
            draft->families &= FAMILY_BIT(FAMILY_V4);
        if (str_is(type, "icmpv6"))
            draft->families &= FAMILY_BIT(FAMILY_V6);
    }
}

static void verdict(struct reader *reader, struct rules_of *rules, struct drafts *drafts, enum action action,
                    json_t *value)
{
    struct chain *target = NULL;

    if (action == ACTION_JUMP || action == ACTION_GOTO) {
        target = target_of(reader, value);
        if (target == NULL)
            action = ACTION_UNKNOWN;
    }
    if (action == ACTION_REJECT)
        imply_reject(reader, value, drafts);
    vec_each (const struct draft *, draft, drafts)
        emit(reader, rules, draft, action)->target = target;
}

bool map_read(struct reader *reader, const struct drafts *drafts, const struct map_pairs *pairs, size_t i,
              struct map_element *element)
{
    const struct nft_field *const *fields = pairs->fields;
    size_t n = pairs->field_n;
    json_t *pair = json_array_get(pairs->list, i);
    json_t *key = json_array_get(pair, 0);
    struct drafts own = {0};
    struct match_group group;
    bool ported = true;

    vec_each (const struct draft *, draft, drafts)
        ported = ported && draft_protocols(draft) != NULL &&
                 ranges_subset(draft_protocols(draft), proto_with_ports(reader->arena));
    if (json_array_size(pair) != 2)
        return false;
    if (n == 1 && (fields[0]->kind == NFT_NFPROTO || fields[0]->kind == NFT_ETHERTYPE)) {
        const struct ranges *raw;

        if (element_value(key) == NULL || !value_ranges(reader, fields[0], element_value(key), &raw))
            return false;
        group = (struct match_group){0};
        vec_each (const struct draft *, draft, drafts) {
            *vec_push(reader->arena, &own) = draft_copy(reader, draft);
            own.v[own.n - 1].families &= value_families(fields[0], raw);
        }
    } else if (element_group(reader, fields, n, key, &group) &&
               (!key_has_ports(fields, n) || ported || groups_have_ports(reader, &group, 1))) {
        vec_each (const struct draft *, draft, drafts) {
            struct draft copy = draft_copy(reader, draft);

            for (size_t k = 0; k < group.n; k++) {
                if (group.v[k].kind == MATCH_RANGES)
                    draft_ranges(reader, &copy, group.v[k].field, group.v[k].ranges);
                else
                    draft_add(reader, &copy, &group.v[k]);
            }
            *vec_push(reader->arena, &own) = copy;
        }
    } else {
        return false;
    }
    *element = (struct map_element){.drafts = own, .value = json_array_get(pair, 1)};
    return true;
}

/* One element of a verdict map: `[KEY, {VERDICT: …}]`. False: not understood. */
static bool verdict_element(struct reader *reader, struct rules_of *rules, const struct drafts *drafts,
                            const struct map_pairs *pairs, size_t i)
{
    struct map_element element;
    const char *name;
    json_t *value;

    if (!map_read(reader, drafts, pairs, i, &element) || json_object_size(element.value) != 1)
        return false;
    json_object_foreach(element.value, name, value)
    {
        enum action action = ACTION_NONE;

        if (effect_of(name, &action) != EFFECT_VERDICT)
            return false;
        verdict(reader, rules, &element.drafts, action, value);
    }
    return true;
}

/* The pairs of `data`, in place or of a named map; `known` false: there may be others. */
static json_t *map_data(struct reader *reader, json_t *data, bool *known)
{
    struct nft_set *set;

    *known = true;
    if (json_is_string(data)) {
        set = sets_find(reader, reader_str(reader, data));
        *known = set != NULL && !set->changing;
        return set == NULL ? NULL : set->elements;
    }
    *known = json_is_array(json_object_get(data, "set"));
    return json_object_get(data, "set");
}

bool map_open(struct reader *reader, struct drafts *drafts, json_t *map, struct map_pairs *pairs)
{
    json_t *key = json_object_get(map, "key");

    pairs->field_n = key_fields(key, pairs->fields);
    pairs->list = map_data(reader, json_object_get(map, "data"), &pairs->known);
    pairs->n = json_array_size(pairs->list);
    vec_each (struct draft *, draft, drafts)
        key_imply(reader, key, draft);
    return pairs->field_n > 0 && pairs->known;
}

/* VMAP := {"key": KEY, "data": "@MAP" | {"set": [[KEY, VERDICT]…]}} */
static bool read_vmap(struct reader *reader, struct rules_of *rules, struct drafts *drafts, json_t *vmap)
{
    struct map_pairs pairs;
    size_t before = rules->n;

    if (!map_open(reader, drafts, vmap, &pairs))
        return false;
    for (size_t i = 0; i < pairs.n; i++) {
        if (!verdict_element(reader, rules, drafts, &pairs, i)) {
            rules->n = before;
            return false;
        }
    }
    if (rules->n == before) { /* an empty map: the rule is there, and nothing comes of it */
        vec_each (struct draft *, draft, drafts)
            draft_ranges(reader, draft, FIELD_PROTOCOL, &ranges_empty);
        rules_emit(reader, rules, drafts, ACTION_NONE);
    }
    return true;
}

static void condition(struct reader *reader, struct drafts *drafts, json_t *statement)
{
    struct match unknown = reader_unknown(reader, text_statement(reader, statement), true);

    vec_each (struct draft *, draft, drafts)
        draft_add(reader, draft, &unknown);
}

bool map_has_every_number(json_t *key, json_t *list)
{
    static const char *const names[] = {"numgen", "jhash", "symhash"};
    json_t *generator = NULL;
    json_int_t numbers = 0;
    json_t *pair;
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names && generator == NULL; i++)
        generator = json_object_get(key, names[i]);
    if (!json_is_integer(json_object_get(generator, "mod")))
        return false;
    json_array_foreach(list, i, pair)
    {
        json_t *number = json_array_get(pair, 0);
        json_t *range = json_object_get(number, "range");
        json_int_t first = json_integer_value(range == NULL ? number : json_array_get(range, 0));
        json_int_t last = json_integer_value(range == NULL ? number : json_array_get(range, 1));
        json_int_t from = json_integer_value(json_object_get(generator, "offset"));

        if ((range == NULL && !json_is_integer(number)) || first < from || last < first)
            return false;
        numbers += last - first + 1; /* elements of a map are disjoint */
    }
    return numbers == json_integer_value(json_object_get(generator, "mod"));
}

/* A map whose key is not modelled: each of its verdicts may be the one, or none is. */
static void unknown_vmap(struct reader *reader, struct rules_of *rules, const struct drafts *drafts, json_t *vmap)
{
    struct str text = text_expression(reader, json_object_get(vmap, "key"));
    bool known;
    json_t *list = map_data(reader, json_object_get(vmap, "data"), &known);
    bool every = known && map_has_every_number(json_object_get(vmap, "key"), list);
    size_t n = json_array_size(list);

    for (size_t i = 0; i < n; i++) {
        struct match unknown = reader_unknown(reader, str_printf(reader->arena, "%.*s vmap", STR_ARG(text)), true);
        struct drafts own = {0};
        enum action action = ACTION_UNKNOWN;
        const char *name;
        json_t *value;

        vec_each (const struct draft *, draft, drafts) {
            struct draft copy = draft_copy(reader, draft);

            if (!every || i + 1 < n)
                draft_add(reader, &copy, &unknown);
            *vec_push(reader->arena, &own) = copy;
        }
        known = known && json_object_size(json_array_get(json_array_get(list, i), 1)) == 1;
        json_object_foreach(json_array_get(json_array_get(list, i), 1), name, value)
        {
            if (effect_of(name, &action) == EFFECT_VERDICT)
                verdict(reader, rules, &own, action, value);
            else
                known = false;
        }
    }
    if (!known || n == 0)
        rules_emit(reader, rules, drafts, ACTION_UNKNOWN);
}

/* Behind a verdict map only what has no effect is understood. */
static bool rest_is_plain(json_t *expressions, size_t from)
{
    for (size_t i = from; i < json_array_size(expressions); i++) {
        const char *name;
        json_t *value;

        json_object_foreach(json_array_get(expressions, i), name, value)
        {
            enum action action;

            if (effect_of(name, &action) != EFFECT_NONE)
                return false;
        }
    }
    return true;
}

/*
 * {"xt": {"type": "match" | "target", "name": NAME}} of iptables-nft; older listings have null for both. There matches
 * come first, then the counter, then the target.
 */
static bool xt_is_match(json_t *expressions, size_t at)
{
    json_t *xt = json_object_get(json_array_get(expressions, at), "xt");

    if (json_is_string(json_object_get(xt, "type")))
        return str_is(view(json_object_get(xt, "type")), "match");
    for (size_t i = at + 1; i < json_array_size(expressions); i++) {
        if (json_object_get(json_array_get(expressions, i), "counter") != NULL)
            return true;
    }
    return false;
}

/* A module of iptables: what it asks or writes is not listed, only its name. True when the rule is decided. */
static bool read_xt(struct reader *reader, struct rules_of *rules, struct drafts *drafts, json_t *expressions,
                    size_t at)
{
    static const char *const plain[] = {"LOG", "NFLOG", "ULOG", "TRACE", "TCPMSS", "CLASSIFY", "CHECKSUM", "AUDIT"};
    json_t *statement = json_array_get(expressions, at);
    struct str name = view(json_object_get(json_object_get(statement, "xt"), "name"));
    bool match = xt_is_match(expressions, at);

    if (match && str_is(name, "comment"))
        return false;
    if (!match && str_is(name, "REJECT")) {
        verdict(reader, rules, drafts, ACTION_REJECT, NULL);
        return true;
    }
    if (!match && rewrite_xt(reader, rules, drafts, name))
        return true;
    condition(reader, drafts, statement);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        match = match || str_is(name, plain[i]);
    if (match)
        return false;
    note_stranger(reader, "xt");
    rules_emit(reader, rules, drafts, ACTION_UNKNOWN);
    return true;
}

/* True when the rule is decided. */
static bool read_statement(struct reader *reader, struct rules_of *rules, struct drafts *drafts, json_t *expressions,
                           size_t at)
{
    json_t *statement = json_array_get(expressions, at);
    const char *name = "";
    enum action action = ACTION_NONE;
    enum effect effect;
    json_t *value = NULL;
    json_t *first;
    bool plain;

    json_object_foreach(statement, name, first)
    {
        value = first;
        break;
    }
    effect = json_object_size(statement) == 1 ? effect_of(name, &action) : EFFECT_UNKNOWN;
    if (effect == EFFECT_MANGLE)
        effect = mangle_effect(reader, value);
    plain = (effect == EFFECT_MANGLE || effect == EFFECT_UNTRACK) && rest_is_plain(expressions, at + 1);
    switch (effect) {
    case EFFECT_NONE: return false;
    case EFFECT_MATCH: read_match(reader, drafts, value); return false;
    case EFFECT_CONDITION: condition(reader, drafts, statement); return false;
    case EFFECT_VERDICT: verdict(reader, rules, drafts, action, value); return true;
    case EFFECT_MAP:
        if (!rest_is_plain(expressions, at + 1))
            rules_emit(reader, rules, drafts, ACTION_UNKNOWN);
        else if (!read_vmap(reader, rules, drafts, value))
            unknown_vmap(reader, rules, drafts, value);
        return true;
    case EFFECT_MANGLE:
        if (is_mark_of(value) && rewrite_mark(reader, rules, drafts, json_object_get(value, "value"), plain))
            return plain;
        break;
    case EFFECT_UNTRACK:
        if (rewrite_untrack(reader, rules, drafts, plain))
            return plain;
        break;
    case EFFECT_NAT:
        if (rest_is_plain(expressions, at + 1) && rewrite_nat(reader, rules, drafts, name, value))
            return true;
        break;
    case EFFECT_UNKNOWN:
    case EFFECT_N: break;
    }
    if (strcmp(name, "xt") == 0)
        return read_xt(reader, rules, drafts, expressions, at);
    /* A queue, a rewritten destination: anything may come of it. */
    note_stranger(reader, name);
    rules_emit(reader, rules, drafts, ACTION_UNKNOWN);
    return true;
}

bool rule_does_more(json_t *expressions)
{
    static const char *const names[] = {"log", "dup", "set", "map", "meter"};

    for (size_t i = 0; i < json_array_size(expressions); i++) {
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            if (json_object_get(json_array_get(expressions, i), names[k]) != NULL)
                return true;
        }
    }
    return false;
}

void read_rule(struct reader *reader, json_t *expressions, struct rules_of *rules)
{
    struct drafts drafts = {0};

    vec_push(reader->arena, &drafts)->families = reader->chain->families;
    for (size_t i = 0; i < json_array_size(expressions); i++) {
        if (read_statement(reader, rules, &drafts, expressions, i))
            return;
    }
    rules_emit(reader, rules, &drafts, ACTION_NONE);
}
