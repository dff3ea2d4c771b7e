/*
 * Options of iptables that ask about marks, kinds of addresses and the link below, modelled as far as a packet says
 * it; see reader.h. Meaning after xt_mark.c, xt_addrtype.c, xt_mac.c, xt_pkttype.c, xt_physdev.c and fib_frontend.c of
 * Linux 6.1.
 */
#include "dialect/iptables/reader.h"

#include "base/num.h"

/* An option of a module that is not said in fields, as text: without the ! in it. */
static void add_unknown_option(struct reading *reading, const char *module, const char *option, struct str value)
{
    reading_unknown(reading, str_printf(reading->reader->arena, "-m %s %s %.*s", module, option, STR_ARG(value)),
                    reading->negated, SAME_UNTIL_WRITTEN);
}

#define SMALL_MARKS 256u
#define MARK_BITS_MAX 10

/*
 * A mask that would be very many ranges: exact for the marks that packets can have, small ones and those made of bits
 * that some rule sets; packets come with 0. The others are left unknown.
 */
static void add_hard_mark(struct reading *reading, struct str text, uint64_t value, uint64_t mask)
{
    struct reader *reader = reading->reader;
    uint32_t bits = __builtin_popcount(reader->mark_bits) > MARK_BITS_MAX ? 0 : reader->mark_bits;
    struct grouping grouping = {0};
    struct range known[SMALL_MARKS + (1u << MARK_BITS_MAX)];
    struct range exact[SMALL_MARKS + (1u << MARK_BITS_MAX)];
    const struct ranges *others;
    size_t known_n = 0;
    size_t exact_n = 0;
    uint32_t part = 0;

    for (uint32_t mark = 0; mark < SMALL_MARKS; mark++)
        known[known_n++] = (struct range){mark, mark};
    do {
        known[known_n++] = (struct range){part, part};
        part = (part - bits) & bits; /* the next subset of the bits */
    } while (part != 0);
    for (size_t i = 0; i < known_n; i++) {
        if ((known[i].lo & mask) == value)
            exact[exact_n++] = known[i];
    }
    others = ranges_complement(reader->scratch, ranges_of(reader->scratch, known, known_n), UINT32_MAX);
    grouping_field(reading, &grouping, FIELD_MARK, reader_constant(reader, others->v, others->n));
    grouping_unknown(reading, &grouping, str_printf(reader->arena, "-m mark --mark %.*s", STR_ARG(text)), false,
                     SAME_NEVER);
    grouping_next(reading, &grouping);
    if (exact_n > 0) {
        const struct ranges *all = ranges_of(reader->scratch, exact, exact_n);

        grouping_field(reading, &grouping, FIELD_MARK, reader_constant(reader, all->v, all->n));
        grouping_next(reading, &grouping);
    }
    grouping_add(reading, &grouping);
}

void match_mark(struct reading *reading, size_t option)
{
    struct reader *reader = reading->reader;
    const struct ranges *ranges;
    uint64_t mask = UINT32_MAX;
    uint64_t value;
    struct str text;
    struct str rest;
    struct str first;

    if (!reading_value(reading, option, &text))
        return;
    first = str_cut(text, '/', &rest);
    if (!num_any(first, UINT32_MAX, &value) || (first.n < text.n && !num_any(rest, UINT32_MAX, &mask))) {
        reading_error(reading, reading->at - 1, "\"%.*s\" is not a mark", STR_ARG(text));
        return;
    }
    ranges = reader_masked(reader, value, mask, 32);
    if (ranges == NULL)
        add_hard_mark(reading, text, value, mask);
    else
        reading_add_not(reading, FIELD_MARK, ranges);
}

/* What the routing table calls an address of this kind whatever else it holds (IPv4); the rest is unknown. */
static bool sure_kind(struct str kind, const struct range **v, size_t *n)
{
    static const struct range multicast[] = {{0xe0000000u, 0xefffffffu}};
    static const struct range broadcast[] = {{0, 0x00ffffffu}, {0xffffffffu, 0xffffffffu}};

    if (str_is(kind, "MULTICAST")) {
        *v = multicast;
        *n = 1;
        return true;
    }
    if (str_is(kind, "BROADCAST")) {
        *v = broadcast;
        *n = 2;
        return true;
    }
    return false;
}

void match_addrtype(struct reading *reading, const struct option_row *row, size_t option)
{
    static const struct range never[] = {{0, 0x00ffffffu}, {0xe0000000u, 0xefffffffu}, {0xffffffffu, 0xffffffffu}};
    struct reader *reader = reading->reader;
    const struct range *v = NULL;
    struct grouping grouping = {0};
    struct str text;
    size_t sure = 0;
    bool iface = false;
    struct str key;

    if (!reading_value(reading, option, &text))
        return;
    for (size_t i = 0; i < reader->words.n; i++)
        iface = iface || str_starts(reader->words.v[i].text, "--limit-iface");
    if (reader->family == FAMILY_V6 || iface || memchr(text.p, ',', text.n) != NULL || str_is(text, "UNSPEC")) {
        add_unknown_option(reading, iface ? "addrtype --limit-iface" : "addrtype", row->names[0], text);
        return;
    }
    if (str_is(text, "MULTICAST")) {
        sure_kind(text, &v, &sure);
        reading_add_not(reading, row->field, reader_constant(reader, v, sure));
        return;
    }
    if (!str_is(text, "LOCAL") && !str_is(text, "UNICAST") && !str_is(text, "BROADCAST")) {
        add_unknown_option(reading, "addrtype", row->names[0], text);
        return;
    }
    key = str_printf(reader->arena, "-m addrtype %s %.*s", row->names[0], STR_ARG(text));
    grouping_field(reading, &grouping, row->field,
                   reader_complement(reader, reader_constant(reader, never, 3), UINT32_MAX));
    grouping_unknown(reading, &grouping, key, false, SAME_UNTIL_WRITTEN);
    grouping_next(reading, &grouping);
    if (sure_kind(text, &v, &sure)) {
        grouping_field(reading, &grouping, row->field, reader_constant(reader, v, sure));
        grouping_next(reading, &grouping);
    }
    grouping_add(reading, &grouping);
}

/* `aa:bb:cc:dd:ee:ff`, written in one way, so that equal addresses are one unknown. */
static bool parse_mac(struct str text, char mac[18])
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;

    while (text.n > 0 && n < 6) {
        struct str part = str_cut(text, ':', &text);
        unsigned value = 0;

        if (part.n == 0 || part.n > 2)
            return false;
        for (size_t i = 0; i < part.n; i++) {
            char c = part.p[i] >= 'a' && part.p[i] <= 'f' ? (char)(part.p[i] - 32) : part.p[i];
            const char *digit = c == '\0' ? NULL : strchr(digits, c);

            if (digit == NULL)
                return false;
            value = value * 16 + (unsigned)(digit - digits);
        }
        mac[3 * n] = digits[value >> 4];
        mac[3 * n + 1] = digits[value & 15];
        mac[3 * n + 2] = n < 5 ? ':' : '\0';
        n++;
    }
    return n == 6 && text.n == 0;
}

void match_mac(struct reading *reading, size_t option)
{
    struct str text;
    char mac[18];

    if (!reading_value(reading, option, &text) || reading_hidden(reading, "-m mac --mac-source", text))
        return;
    if (!parse_mac(text, mac))
        reading_error(reading, reading->at - 1, "\"%.*s\" is not an Ethernet address", STR_ARG(text));
    else
        reading_unknown(reading, str_printf(reading->reader->arena, "-m mac --mac-source %s", mac), reading->negated,
                        SAME_ALWAYS);
}

/* What comes to the hooks is broadcast, multicast or for this machine: two unknowns say which. */
void match_pkttype(struct reading *reading, size_t option)
{
    static const char broadcast[] = "-m pkttype --pkt-type broadcast";
    static const char multicast[] = "-m pkttype --pkt-type multicast";
    struct grouping grouping = {0};
    struct str text;
    bool own;

    if (!reading_value(reading, option, &text))
        return;
    own = str_is(text, "unicast") || str_is(text, "host");
    if (str_is(text, "broadcast") || str_is(text, "bcast")) {
        reading_unknown(reading, STR(broadcast), reading->negated, SAME_ALWAYS);
    } else if (own || str_is(text, "multicast") || str_is(text, "mcast")) {
        grouping_unknown(reading, &grouping, STR(broadcast), true, SAME_ALWAYS);
        grouping_unknown(reading, &grouping, STR(multicast), own, SAME_ALWAYS);
        grouping_next(reading, &grouping);
        grouping_add(reading, &grouping);
    } else {
        reading_error(reading, reading->at - 1, "a type of packet is unicast, broadcast or multicast, not \"%.*s\"",
                      STR_ARG(text));
    }
}

/* The port of a bridge. By which one a packet goes out is not known before it is forwarded. */
void match_physdev(struct reading *reading, const struct option_row *row, size_t option)
{
    bool in = row->option == OPTION_PHYSDEV_IN || row->option == OPTION_PHYSDEV_IS_IN;
    bool filter = reading->table->id == TABLE_FILTER || reading->table->id == TABLE_SECURITY;
    struct str text = STR_EMPTY;

    if (row->values > 0 && !reading_value(reading, option, &text))
        return;
    reading_unknown(
        reading,
        str_printf(reading->reader->arena, "-m physdev %s%s%.*s", row->names[0], text.n > 0 ? " " : "", STR_ARG(text)),
        reading->negated,
        in       ? SAME_ALWAYS
        : filter ? SAME_UNTIL_WRITTEN
                 : SAME_NEVER);
}
