/* Addresses, prefixes and ranges; see addr.h. Text forms as inet_pton and inet_ntop have them (RFC 4291, RFC 5952). */
#include "net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/num.h"

static const char *const error_texts[ADDR_ERROR_N] = {
    [ADDR_OK] = "",
    [ADDR_NOT_ADDRESS] = "not an address",
    [ADDR_BAD_LENGTH] = "prefix length out of range",
    [ADDR_HOST_BITS] = "bits behind the prefix are set",
    [ADDR_BACKWARDS] = "range ends before it starts",
    [ADDR_MIXED] = "range from one address family to the other",
    [ADDR_BAD_MASK] = "netmask with holes",
};

const char *addr_error_text(enum addr_error error)
{
    return error_texts[error];
}

unsigned addr_bits(enum family family)
{
    return family == FAMILY_V4 ? 32 : 128;
}

u128 addr_max(enum family family)
{
    return family == FAMILY_V4 ? (u128)UINT32_MAX : ~(u128)0;
}

bool addr_parse(struct str text, enum family *family, u128 *addr)
{
    char cstr[INET6_ADDRSTRLEN + 1];
    unsigned char bytes[16];
    u128 value = 0;
    size_t n;

    if (text.n == 0 || text.n > INET6_ADDRSTRLEN || memchr(text.p, '\0', text.n) != NULL)
        return false;
    memcpy(cstr, text.p, text.n);
    cstr[text.n] = '\0';
    if (inet_pton(AF_INET, cstr, bytes) == 1) {
        *family = FAMILY_V4;
        n = 4;
    } else if (inet_pton(AF_INET6, cstr, bytes) == 1) {
        *family = FAMILY_V6;
        n = 16;
    } else {
        return false;
    }
    for (size_t i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    *addr = value;
    return true;
}

static u128 host_mask(enum family family, unsigned length)
{
    unsigned bits = addr_bits(family) - length;

    return bits == 128 ? ~(u128)0 : ((u128)1 << bits) - 1;
}

struct range addr_prefix(enum family family, u128 addr, unsigned length)
{
    u128 mask = host_mask(family, length);

    return (struct range){addr & ~mask & addr_max(family), addr | mask};
}

int addr_prefix_length(enum family family, struct range range)
{
    u128 size = range.hi - range.lo; /* one less than the count */
    int bits = 0;

    if ((size & (size + 1)) != 0 || (range.lo & size) != 0)
        return -1;
    while (size != 0) {
        size >>= 1;
        bits++;
    }
    return (int)addr_bits(family) - bits;
}

static enum addr_error parse_length(struct str text, enum family family, unsigned *length)
{
    enum family mask_family;
    uint64_t value;
    u128 mask;

    if (num_decimal(text, addr_bits(family), &value)) {
        *length = (unsigned)value;
        return ADDR_OK;
    }
    if (!addr_parse(text, &mask_family, &mask) || mask_family != family)
        return ADDR_BAD_LENGTH;
    mask = ~mask & addr_max(family);
    if ((mask & (mask + 1)) != 0)
        return ADDR_BAD_MASK;
    for (*length = addr_bits(family); mask != 0; mask >>= 1)
        (*length)--;
    return ADDR_OK;
}

static enum addr_error parse_pair(struct str from, struct str to, struct addr_range *range)
{
    enum family last;

    if (!addr_parse(from, &range->family, &range->range.lo) || !addr_parse(to, &last, &range->range.hi))
        return ADDR_NOT_ADDRESS;
    if (range->family != last)
        return ADDR_MIXED;
    return range->range.lo > range->range.hi ? ADDR_BACKWARDS : ADDR_OK;
}

enum addr_error addr_range_parse(struct str text, struct addr_range *range)
{
    struct str rest;
    struct str first = str_cut(text, '/', &rest);
    enum addr_error error;
    unsigned length;
    u128 addr;

    if (first.n == text.n) {
        first = str_cut(text, '-', &rest);
        if (first.n < text.n)
            return parse_pair(str_trim(first), str_trim(rest), range);
        if (!addr_parse(text, &range->family, &addr))
            return ADDR_NOT_ADDRESS;
        range->range = (struct range){addr, addr};
        return ADDR_OK;
    }
    if (!addr_parse(first, &range->family, &addr))
        return ADDR_NOT_ADDRESS;
    error = parse_length(rest, range->family, &length);
    if (error != ADDR_OK)
        return error;
    range->range = addr_prefix(range->family, addr, length);
    return range->range.lo == addr ? ADDR_OK : ADDR_HOST_BITS;
}

/* Boxes have many of these, and inet_ntop goes through printf. */
static void format_v4(struct buf *out, uint32_t addr)
{
    char text[INET_ADDRSTRLEN];
    size_t n = 0;

    for (unsigned shift = 32; shift > 0; shift -= 8) {
        unsigned byte = addr >> (shift - 8) & 255;

        if (n > 0)
            text[n++] = '.';
        if (byte >= 100)
            text[n++] = (char)('0' + byte / 100);
        if (byte >= 10)
            text[n++] = (char)('0' + byte / 10 % 10);
        text[n++] = (char)('0' + byte % 10);
    }
    buf_add(out, (struct str){text, n});
}

void addr_format(struct buf *out, enum family family, u128 addr)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char bytes[16];

    if (family == FAMILY_V4) {
        format_v4(out, (uint32_t)addr);
        return;
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(addr >> 8 * (sizeof bytes - 1 - i));
    inet_ntop(AF_INET6, bytes, text, sizeof text);
    buf_adds(out, text);
}

struct str addr_text(struct arena *arena, enum family family, u128 addr)
{
    struct buf text = BUF_EMPTY;
    struct str made;

    addr_format(&text, family, addr);
    made = str_dup(arena, buf_str(&text));
    buf_free(&text);
    return made;
}

void addr_range_format(struct buf *out, enum family family, struct range range)
{
    int length = addr_prefix_length(family, range);

    addr_format(out, family, range.lo);
    if (range.lo == range.hi)
        return;
    if (length >= 0) {
        buf_addc(out, '/');
        buf_addu(out, (unsigned)length);
        return;
    }
    buf_addc(out, '-');
    addr_format(out, family, range.hi);
}

struct range addr_next_prefix(enum family family, struct range rest)
{
    unsigned length = addr_bits(family);
    struct range best = {rest.lo, rest.lo};

    while (length > 0) {
        struct range wider = addr_prefix(family, rest.lo, length - 1);

        if (wider.lo != rest.lo || wider.hi > rest.hi)
            break;
        best = wider;
        length--;
    }
    return best;
}

#define V6(high, low) ((u128)(high) << 64 | (low))

const struct ranges *addr_unicast(enum family family)
{
    /* 0.0.0.0/8 and 127.0.0.0/8 out, up to 223.255.255.255; the experimental class E is no multicast and stays. */
    static const struct {
        size_t n;
        struct range v[3];
    } v4 = {3, {{0x01000000, 0x7effffff}, {0x80000000, 0xdfffffff}, {0xf0000000, 0xfffffffe}}};
    /* ::2 up to feff:…:ffff: without ::, ::1 and ff00::/8. */
    static const struct {
        size_t n;
        struct range v[1];
    } v6 = {1, {{2, V6(0xfeffffffffffffff, 0xffffffffffffffff)}}};

    return family == FAMILY_V4 ? (const void *)&v4 : (const void *)&v6;
}

const struct ranges *addr_all(enum family family)
{
    static const struct {
        size_t n;
        struct range v[1];
    } v4 = {1, {{0, UINT32_MAX}}}, v6 = {1, {{0, ~(u128)0}}};

    return family == FAMILY_V4 ? (const void *)&v4 : (const void *)&v6;
}
