/*
 * What nft asks of a packet beside its headers, where no set of one field says it: marks under a mask, and the kind of
 * packet on the link; see reader.h.
 */
#include "dialect/nftables/reader.h"

#define SMALL_MARKS 256u
#define MARK_BITS_MAX 10

/*
 * A mask that would be very many ranges: exact for the marks that packets can have, small ones and those made of bits
 * that some rule sets; packets come with 0. The others are left unknown.
 */
bool match_hard_mark(struct reader *reader, struct drafts *drafts, struct str op, json_t *mask_value, json_t *right,
                     struct str text)
{
    const struct nft_field *field = nft_field_find(STR("meta"), STR("mark"));
    uint32_t bits = __builtin_popcount(reader->mark_bits) > MARK_BITS_MAX ? 0 : reader->mark_bits;
    struct range known[SMALL_MARKS + (1u << MARK_BITS_MAX)];
    struct range exact[SMALL_MARKS + (1u << MARK_BITS_MAX)];
    const struct ranges *wanted;
    bool other = str_is(op, "!=");
    struct groups groups = {0};
    struct match v[3];
    size_t known_n = 0;
    size_t exact_n = 0;
    uint32_t part = 0;
    u128 mask;

    if ((!other && !str_is(op, "==")) || !value_number(reader, field, mask_value, &mask) ||
        !value_ranges(reader, field, right, &wanted))
        return false;
    for (uint32_t mark = 0; mark < SMALL_MARKS; mark++)
        known[known_n++] = (struct range){mark, mark};
    do {
        known[known_n++] = (struct range){part, part};
        part = (part - bits) & bits; /* the next subset of the bits */
    } while (part != 0);
    for (size_t i = 0; i < known_n; i++) {
        if (ranges_contain(wanted, known[i].lo & mask))
            exact[exact_n++] = known[i];
    }
    v[0] =
        (struct match){.kind = MATCH_RANGES, .field = FIELD_MARK, .ranges = ranges_of(reader->arena, exact, exact_n)};
    v[1] = v[0];
    v[1].ranges = ranges_complement(reader->arena, ranges_of(reader->arena, known, known_n), UINT32_MAX);
    v[2] = reader_unknown(reader, text, true);
    v[2].negated = other;
    *vec_push(reader->arena, &groups) = (struct match_group){.v = arena_copy(reader->arena, v, sizeof v), .n = 1};
    *vec_push(reader->arena, &groups) = (struct match_group){.v = groups.v[0].v + 1, .n = 2};
    drafts_any_of(reader, drafts, &groups, other);
    return true;
}

/* One kind of packet as values of two unknowns; false: a kind that comes to no hook of IP. */
static bool add_kind(struct reader *reader, struct groups *groups, struct str kind)
{
    bool own = str_is(kind, "host") || str_is(kind, "unicast");
    struct match v[2] = {0};

    if (!own && !str_is(kind, "broadcast") && !str_is(kind, "multicast"))
        return false;
    v[0] = reader_unknown(reader, STR("meta pkttype broadcast"), false);
    v[0].negated = !str_is(kind, "broadcast");
    if (v[0].negated) {
        v[1] = reader_unknown(reader, STR("meta pkttype multicast"), false);
        v[1].negated = own;
    }
    *vec_push(reader->arena, groups) =
        (struct match_group){.v = arena_copy(reader->arena, v, sizeof v), .n = str_is(kind, "broadcast") ? 1 : 2};
    return true;
}

bool match_packet_kind(struct reader *reader, struct drafts *drafts, json_t *left, struct str op, json_t *right)
{
    json_t *list = json_object_get(right, "set");
    size_t n = list == NULL ? 1 : json_array_size(list);
    struct groups groups = {0};

    if (!str_is(view(json_object_get(json_object_get(left, "meta"), "key")), "pkttype") || reader->pkttype_written ||
        (!str_is(op, "==") && !str_is(op, "!=") && !str_is(op, "in")))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!add_kind(reader, &groups, view(list == NULL ? right : element_value(json_array_get(list, i)))))
            return false;
    }
    drafts_any_of(reader, drafts, &groups, str_is(op, "!="));
    return true;
}
