/*
 * What nft asks of connections, as far as a packet's state says it: `ct status`, `ct direction`, and the first packet's
 * addresses and ports (`ct original …`). Without a connection such a comparison fails, whatever its operator
 * (nft_ct.c of Linux 6.1); key_imply has said so before.
 */
#include "dialect/nftables/reader.h"

#include "dialect/status.h"
#include "net/proto.h"

static const struct ranges *states_of(struct reader *reader, unsigned states)
{
    struct range v[STATE_N];
    size_t n = 0;

    for (enum state state = 0; state < STATE_N; state++) {
        if ((states & 1u << state) != 0)
            v[n++] = (struct range){state, state};
    }
    return ranges_of(reader->arena, v, n);
}

static void add_states(struct reader *reader, struct draft *group, unsigned states)
{
    draft_ranges(reader, group, FIELD_STATE, states_of(reader, states));
}

static void add_literal(struct reader *reader, struct draft *group, struct str text, bool negated, bool unique)
{
    struct match unknown = reader_unknown(reader, text, unique);

    unknown.negated = negated;
    draft_add(reader, group, &unknown);
}

static void end_group(struct reader *reader, struct groups *groups, struct draft *group)
{
    *vec_push(reader->arena, groups) = (struct match_group){.v = group->matches.v, .n = group->matches.n};
    *group = (struct draft){.families = FAMILY_BOTH};
}

void drafts_any_of(struct reader *reader, struct drafts *drafts, const struct groups *groups, bool negated)
{
    struct match match = {.kind = negated ? MATCH_NONE_OF : MATCH_ANY_OF, .field = FIELD_N};

    match.groups = groups->v;
    match.group_n = groups->n;
    vec_each (struct draft *, draft, drafts)
        draft_add(reader, draft, &match);
}

static bool status_of(const json_t *value, unsigned *bits)
{
    const struct status_bit *row = status_find(view(value));

    *bits = row == NULL ? 0 : row->bit;
    for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++) {
        row = status_find(view(json_array_get(value, i)));
        if (row == NULL)
            return false;
        *bits |= row->bit;
    }
    return *bits != 0;
}

/* Some bit is set (`in`), or none is (`!`). */
static bool match_status(struct reader *reader, struct drafts *drafts, struct str op, const json_t *right)
{
    bool none = str_is(op, "!");
    struct draft group = {.families = FAMILY_BOTH};
    struct groups groups = {0};
    unsigned bits;

    if ((!none && !str_is(op, "in")) || !status_of(right, &bits))
        return false;
    for (size_t i = 0; i < STATUS_BITS; i++) {
        const struct status_bit *row = &status_bits[i];
        struct str text = str_printf(reader->arena, "ct status %s", row->name);

        if ((bits & row->bit) == 0)
            continue;
        if (row->sure != 0) {
            add_states(reader, &group, row->sure);
            end_group(reader, &groups, &group);
        }
        if (row->end != FIELD_N) {
            struct match translated = {.kind = MATCH_TRANSLATED, .field = row->end};

            add_states(reader, &group, 1u << STATE_NEW);
            draft_add(reader, &group, &translated);
            end_group(reader, &groups, &group);
        }
        add_states(reader, &group, row->open);
        add_literal(reader, &group, text, false, reader->written && row->bit >= 16);
        end_group(reader, &groups, &group);
    }
    drafts_any_of(reader, drafts, &groups, none);
    return true;
}

static bool match_direction(struct reader *reader, struct drafts *drafts, struct str op, const json_t *right)
{
    struct draft group = {.families = FAMILY_BOTH};
    struct groups groups = {0};
    bool reply = str_is(view(right), "reply");

    if ((!reply && !str_is(view(right), "original")) || (!str_is(op, "==") && !str_is(op, "!=")))
        return false;
    reply = reply != str_is(op, "!=");
    add_states(reader, &group, 1u << STATE_ESTABLISHED | 1u << STATE_RELATED);
    add_literal(reader, &group, STR("ct direction original"), reply, false);
    end_group(reader, &groups, &group);
    if (!reply) {
        add_states(reader, &group, 1u << STATE_NEW);
        end_group(reader, &groups, &group);
    }
    drafts_any_of(reader, drafts, &groups, false);
    return true;
}

/* The field that the first packet of a connection has it in, as the rule sees that packet; NULL: none. */
static const struct nft_field *original_field(const struct reader *reader, struct str key)
{
    static const struct {
        const char *key;
        const char *object;
        const char *field;
        bool destination;
    } rows[] = {
        {"ip saddr", "ip", "saddr", false},     {"ip daddr", "ip", "daddr", true},
        {"ip6 saddr", "ip6", "saddr", false},   {"ip6 daddr", "ip6", "daddr", true},
        {"proto-src", "th", "sport", false},    {"proto-dst", "th", "dport", true},
        {"protocol", "meta", "l4proto", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (str_is(key, rows[i].key) && !(rows[i].destination && reader->written))
            return nft_field_find(str_of(rows[i].object), str_of(rows[i].field));
    }
    return NULL;
}

static bool match_original(struct reader *reader, struct drafts *drafts, json_t *left, struct str op, json_t *right)
{
    struct str key = view(json_object_get(json_object_get(left, "ct"), "key"));
    const struct nft_field *field = original_field(reader, key);
    struct draft group = {.families = FAMILY_BOTH};
    struct groups groups = {0};
    struct str text = str_printf(reader->arena, "%.*s %.*s %.*s", STR_ARG(text_expression(reader, left)), STR_ARG(op),
                                 STR_ARG(text_expression(reader, right)));
    const struct ranges *raw;
    unsigned unsaid = 1u << STATE_ESTABLISHED | 1u << STATE_RELATED;

    if (field == NULL || !compare_plain(reader, field, op, right, &raw))
        return false;
    add_states(reader, &group, 1u << STATE_NEW);
    if (key_has_ports(&field, 1)) {
        struct draft others = draft_copy(reader, &group);

        draft_ranges(reader, &group, FIELD_PROTOCOL, proto_with_ports(reader->arena));
        draft_ranges(reader, &group, FIELD_FRAGMENT, ranges_one(reader->arena, FRAGMENT_NONE, FRAGMENT_FIRST));
        draft_ranges(reader, &others, FIELD_PROTOCOL,
                     ranges_complement(reader->arena, proto_with_ports(reader->arena), 255));
        add_literal(reader, &others, text, false, false);
        end_group(reader, &groups, &others);
    }
    if (!draft_field(reader, &group, field, raw))
        return false;
    end_group(reader, &groups, &group);
    add_states(reader, &group, unsaid);
    add_literal(reader, &group, text, false, false);
    end_group(reader, &groups, &group);
    drafts_any_of(reader, drafts, &groups, false);
    return true;
}

bool match_connection(struct reader *reader, struct drafts *drafts, json_t *left, struct str op, json_t *right)
{
    json_t *ct = json_object_get(left, "ct");
    struct str key = view(json_object_get(ct, "key"));
    struct str direction = view(json_object_get(ct, "dir"));

    if (str_is(key, "status") && direction.n == 0)
        return match_status(reader, drafts, op, right);
    if (str_is(key, "direction") && direction.n == 0)
        return match_direction(reader, drafts, op, right);
    return (str_is(direction, "original") || str_is(key, "protocol")) &&
           match_original(reader, drafts, left, op, right);
}
