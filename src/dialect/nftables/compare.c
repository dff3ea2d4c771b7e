/* Comparisons of one field of nft as sets of raw numbers; see reader.h. */
#include "dialect/nftables/reader.h"

static bool compare_ranges(struct reader *reader, const struct nft_field *field, struct str op, u128 value,
                           const struct ranges **raw)
{
    u128 last = nft_field_last(field);
    bool below = str_is(op, "<") || str_is(op, "<=");

    if (str_is(op, "<") || str_is(op, ">=")) {
        if (value == 0) {
            *raw = below ? &ranges_empty : ranges_one(reader->arena, 0, last);
            return true;
        }
        *raw = below ? ranges_one(reader->arena, 0, value - 1) : ranges_one(reader->arena, value, last);
        return true;
    }
    if (!str_is(op, "<=") && !str_is(op, ">"))
        return false;
    if (value == last)
        *raw = below ? ranges_one(reader->arena, 0, last) : &ranges_empty;
    else
        *raw = below ? ranges_one(reader->arena, 0, value) : ranges_one(reader->arena, value + 1, last);
    return true;
}

/* {x : x & mask in wanted} of a field of at most 16 bits, by trying each: once to count the runs, once to keep them. */
static const struct ranges *spelled_out(struct reader *reader, const struct nft_field *field, u128 mask,
                                        const struct ranges *wanted)
{
    struct range *v = NULL;

    for (;;) {
        size_t n = 0;
        bool before = false;

        for (u128 x = 0; x <= nft_field_last(field); x++) {
            bool now = ranges_contain(wanted, x & mask);

            if (v != NULL && now)
                v[before ? n - 1 : n] = (struct range){before ? v[n - 1].lo : x, x};
            n += now && !before;
            before = now;
        }
        if (v != NULL || n == 0)
            return ranges_of(reader->arena, v, n);
        v = arena_new_array(reader->arena, struct range, n);
    }
}

/* Raw numbers that satisfy `FIELD & MASK OP VALUE`. */
bool compare_masked(struct reader *reader, const struct nft_field *field, struct str op, json_t *mask_value,
                    json_t *right, const struct ranges **raw)
{
    const struct ranges *wanted;
    u128 mask;
    u128 value;

    if (!value_number(reader, field, mask_value, &mask))
        return false;
    if ((str_is(op, "==") || str_is(op, "!=")) && value_number(reader, field, right, &value)) {
        if (!value_masked(reader, field, mask, value, raw))
            return false;
    } else {
        if (field->bits > 16)
            return false;
        if (str_is(op, "==") || str_is(op, "!=")) {
            if (!value_ranges(reader, field, right, &wanted))
                return false;
        } else if (!value_number(reader, field, right, &value) || !compare_ranges(reader, field, op, value, &wanted)) {
            return false;
        }
        *raw = spelled_out(reader, field, mask, wanted);
    }
    if (str_is(op, "!="))
        *raw = ranges_complement(reader->arena, *raw, nft_field_last(field));
    return true;
}

/* Raw numbers that satisfy `FIELD OP RIGHT`. */
bool compare_plain(struct reader *reader, const struct nft_field *field, struct str op, json_t *right,
                   const struct ranges **raw)
{
    u128 last = nft_field_last(field);
    u128 value;

    if (nft_field_is_bits(field) && (str_is(op, "in") || str_is(op, "!")) &&
        value_number(reader, field, right, &value)) {
        if (!value_masked(reader, field, value, 0, raw))
            return false;
        if (str_is(op, "in"))
            *raw = ranges_complement(reader->arena, *raw, last);
        return true;
    }
    if (str_is(op, "==") || str_is(op, "in"))
        return value_ranges(reader, field, right, raw);
    if (str_is(op, "!=")) {
        if (!value_ranges(reader, field, right, raw))
            return false;
        *raw = ranges_complement(reader->arena, *raw, last);
        return true;
    }
    return value_number(reader, field, right, &value) && compare_ranges(reader, field, op, value, raw);
}
