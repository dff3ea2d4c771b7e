/* Small things that all parts of the iptables reader need; see reader.h. */
#include "dialect/iptables/reader.h"

#include "base/num.h"

#define MASKED_RANGES_MAX 256

struct span reader_span(const struct reader *reader, uint32_t from, uint32_t end)
{
    uint32_t first = line_in_source(&reader->line, from);
    uint32_t last = end > from ? line_in_source(&reader->line, end - 1) + 1 : first;

    if (last > reader->source->text.n)
        last = (uint32_t)reader->source->text.n;
    return span_at(reader->source, first, last > first ? last - first : 0);
}

struct span reader_word_span(const struct reader *reader, size_t word)
{
    if (word >= reader->words.n)
        return reader_span(reader, (uint32_t)reader->line.text.n, (uint32_t)reader->line.text.n);
    return reader_span(reader, reader->words.v[word].at, reader->words.v[word].end);
}

/* One number, as of a port or a protocol: found without a search. */
static const struct ranges *single(struct reader *reader, uint16_t value)
{
    const struct ranges ***page = &reader->singles[value >> 8];

    if (*page == NULL)
        *page = arena_new_array(reader->scratch, const struct ranges *, 256);
    if ((*page)[value & 255] == NULL)
        (*page)[value & 255] = ranges_value(reader->arena, value);
    return (*page)[value & 255];
}

const struct ranges *reader_constant(struct reader *reader, const struct range *v, size_t n)
{
    struct str key = {(const char *)v, n * sizeof *v};
    struct ranges *ranges;

    if (n == 0)
        return &ranges_empty;
    if (n == 1 && v[0].lo == v[0].hi && v[0].lo <= UINT16_MAX)
        return single(reader, (uint16_t)v[0].lo);
    ranges = map_get(&reader->constants, key);
    if (ranges != NULL)
        return ranges;
    ranges = (struct ranges *)ranges_of(reader->arena, v, n);
    map_set(reader->scratch, &reader->constants, str_dup(reader->scratch, key), ranges);
    return ranges;
}

const struct ranges *reader_constant_one(struct reader *reader, u128 lo, u128 hi)
{
    return reader_constant(reader, &(struct range){lo, hi}, 1);
}

const struct ranges *reader_complement(struct reader *reader, const struct ranges *ranges, u128 max)
{
    const struct ranges *other = ranges_complement(reader->scratch, ranges, max);

    return reader_constant(reader, other->v, other->n);
}

/* Between two looks of one table a packet is written to only in mangle and nat; filter and security are asked at one
 * point of its way. */
static struct str literal_key(struct reader *reader, struct str text)
{
    if (!reader->written || reader->table_id == TABLE_FILTER || reader->table_id == TABLE_SECURITY)
        return text;
    return reader->table_id == TABLE_RAW ? str_printf(reader->scratch, "raw %.*s", STR_ARG(text)) : STR_EMPTY;
}

uint32_t reader_literal(struct reader *reader, struct str text, enum sameness same)
{
    struct str key = same == SAME_UNTIL_WRITTEN ? literal_key(reader, text) : text;
    uintptr_t number;

    if (same == SAME_NEVER || key.n == 0)
        return reader->ruleset->literal_n++;
    number = (uintptr_t)map_get(&reader->literals, key);
    if (number == 0) {
        number = ++reader->ruleset->literal_n;
        map_set(reader->scratch, &reader->literals, key, (void *)number);
    }
    return (uint32_t)(number - 1);
}

const struct interface_pattern *reader_interface(struct reader *reader, struct str word)
{
    struct interface_pattern *pattern = map_get(&reader->interfaces, word);

    if (pattern != NULL)
        return pattern;
    pattern = arena_new_object(reader->arena, struct interface_pattern);
    pattern->name = word;
    if (str_ends(word, "+")) {
        pattern->name.n--;
        pattern->prefix = true;
    }
    map_set(reader->scratch, &reader->interfaces, word, pattern);
    *vec_push(reader->arena, &reader->ruleset->interfaces) = *pattern;
    return pattern;
}

const struct ranges *reader_masked(struct reader *reader, u128 value, u128 mask, unsigned bits)
{
    u128 all = bits == 128 ? ~(u128)0 : ((u128)1 << bits) - 1;
    u128 free = ~mask & all;
    u128 low = free & ~(free + 1); /* the run of free bits at the low end: one range */
    u128 high = free & ~low;
    u128 part = 0;
    struct range v[MASKED_RANGES_MAX];
    size_t n = 0;

    if (((free + 1) & free) == 0)
        low = free, high = 0;
    if ((value & ~mask & all) != 0)
        return &ranges_empty; /* asks for a bit that the mask takes away */
    do {
        if (n == MASKED_RANGES_MAX)
            return NULL;
        v[n++] = (struct range){(value & mask) | part, (value & mask) | part | low};
        part = (part - high) & high; /* the next subset of the high free bits */
    } while (part != 0);
    return reader_constant(reader, v, n); /* in order, and apart: a fixed bit stands below each step */
}

/* "10/8" and "10.1/16": iptables fills the missing bytes with zeros. */
static bool parse_short_v4(struct str text, u128 *addr)
{
    u128 value = 0;
    unsigned parts = 0;

    while (text.n > 0) {
        uint64_t byte;
        struct str part = str_cut(text, '.', &text);

        if (parts == 4 || !num_decimal(part, 255, &byte))
            return false;
        value = value << 8 | byte;
        parts++;
    }
    *addr = value << 8 * (4 - parts);
    return parts > 0;
}

static bool looks_like_name(struct str text)
{
    if (text.n == 0 || !((text.p[0] | 32) >= 'a' && (text.p[0] | 32) <= 'z'))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (!(((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
              c == '/'))
            return false;
    }
    return true;
}

/* ADDR/MASK where the mask is written as an address. */
static const struct ranges *with_mask(struct reader *reader, u128 addr, struct str text)
{
    enum family family;
    u128 mask;

    if (!addr_parse(text, &family, &mask) || family != reader->family)
        return NULL;
    return reader_masked(reader, addr & mask, mask, addr_bits(family));
}

/* "10.1.2.3" and "10.1.0.0/16" as iptables-save writes them: nearly every address of a large file. */
static bool parse_plain_v4(struct str text, struct range *range)
{
    uint32_t value = 0;
    unsigned length = 32;
    size_t i = 0;

    for (unsigned part = 0; part < 5; part++) {
        unsigned number = 0;
        size_t from = i;

        for (; i < text.n && i < from + 3 && text.p[i] >= '0' && text.p[i] <= '9'; i++)
            number = number * 10 + (unsigned)(text.p[i] - '0');
        if (i == from || (i > from + 1 && text.p[from] == '0') || number > (part < 4 ? 255 : 32))
            return false;
        if (part < 4)
            value = value << 8 | number;
        else
            length = number;
        if (i == text.n && part >= 3)
            break;
        if (part == 4 || i == text.n || text.p[i++] != (part < 3 ? '.' : '/'))
            return false;
    }
    *range = addr_prefix(FAMILY_V4, value, length);
    return true;
}

bool reader_address(struct reader *reader, struct str text, const struct ranges **ranges, bool *name, const char **why)
{
    struct range plain;
    struct addr_range range;
    struct str mask;
    struct str first;
    enum addr_error error;
    enum family family;
    uint64_t length;
    u128 addr;

    *name = false;
    if (reader->family == FAMILY_V4 && parse_plain_v4(text, &plain)) {
        *ranges = ranges_one(reader->arena, plain.lo, plain.hi);
        return true;
    }
    first = str_cut(text, '/', &mask);
    error = addr_range_parse(text, &range);
    if (error == ADDR_OK || error == ADDR_HOST_BITS) {
        *why = range.family == FAMILY_V4 ? "is an IPv4 address in an IPv6 ruleset"
                                         : "is an IPv6 address in an IPv4 ruleset";
        if (range.family != reader->family)
            return false;
        *ranges = ranges_one(reader->arena, range.range.lo, range.range.hi);
        return true;
    }
    *why = addr_error_text(error);
    length = 32;
    if (error == ADDR_NOT_ADDRESS && reader->family == FAMILY_V4 && parse_short_v4(first, &addr) &&
        (first.n == text.n || num_decimal(mask, 32, &length))) {
        range.range = addr_prefix(FAMILY_V4, addr, (unsigned)length);
        *ranges = ranges_one(reader->arena, range.range.lo, range.range.hi);
        return true;
    }
    if (error == ADDR_BAD_MASK && addr_parse(first, &family, &addr) && family == reader->family) {
        *ranges = with_mask(reader, addr, mask);
        *name = *ranges == NULL && addr_parse(mask, &family, &addr) && family == reader->family;
        return *ranges != NULL;
    }
    *name = error == ADDR_NOT_ADDRESS && looks_like_name(text);
    if (*name)
        *why = NULL;
    return false;
}
