/*
 * Options of iptables that ask about connections, marks and kinds of addresses, modelled as far as a packet says it;
 * see reader.h. Meaning after xt_conntrack.c, xt_mark.c, xt_addrtype.c and fib_frontend.c of Linux 6.1.
 */
#include "dialect/iptables/reader.h"

#include "base/num.h"
#include "net/proto.h"

/* An option of a module that is not said in fields, as text: without the ! in it. */
static void add_unknown_option(struct reading *reading, const char *module, const char *option, struct str value)
{
    reading_unknown(reading, str_printf(reading->reader->arena, "-m %s %s %.*s", module, option, STR_ARG(value)),
                    reading->negated, false);
}

static struct match unknown_of(struct reader *reader, struct str text)
{
    return (struct match){.kind = MATCH_UNKNOWN, .text = text, .literal = reader_literal(reader, text, false)};
}

static struct match ranges_of_field(enum field field, const struct ranges *ranges)
{
    return (struct match){.kind = MATCH_RANGES, .field = field, .ranges = ranges};
}

/* A match that says: one of the groups; group i is the conjunction of `pairs[2 * i]` and, where it is one, the next. */
static void add_any_of(struct reading *reading, const struct match *pairs, size_t n)
{
    struct reader *reader = reading->reader;
    struct match *v = arena_copy(reader->arena, pairs, 2 * n * sizeof *pairs);
    struct match_group *groups = arena_new_array(reader->arena, struct match_group, n);

    for (size_t i = 0; i < n; i++)
        groups[i] = (struct match_group){.v = &v[2 * i], .n = v[2 * i + 1].kind == MATCH_N ? 1 : 2};
    *vec_push(reader->scratch, &reader->matches) = (struct match){
        .kind = reading->negated ? MATCH_NONE_OF : MATCH_ANY_OF, .field = FIELD_N, .groups = groups, .group_n = n};
}

#define NO_MATCH ((struct match){.kind = MATCH_N})
#define VIRTUAL_SNAT 32u
#define VIRTUAL_DNAT 64u

static bool same_letters(struct str text, const char *upper)
{
    size_t i = 0;

    for (; i < text.n && upper[i] != '\0'; i++) {
        if ((text.p[i] & ~32) != upper[i])
            return false;
    }
    return i == text.n && upper[i] == '\0';
}

static bool parse_states(struct str text, unsigned *states)
{
    static const struct {
        const char *name;
        unsigned bits;
    } names[] = {{"NEW", 1u << STATE_NEW},
                 {"ESTABLISHED", 1u << STATE_ESTABLISHED},
                 {"RELATED", 1u << STATE_RELATED},
                 {"INVALID", 1u << STATE_INVALID},
                 {"UNTRACKED", 1u << STATE_UNTRACKED},
                 {"SNAT", VIRTUAL_SNAT},
                 {"DNAT", VIRTUAL_DNAT}};

    *states = 0;
    while (text.n > 0) {
        struct str item = str_cut(text, ',', &text);
        size_t i = 0;

        while (i < sizeof names / sizeof *names && !same_letters(item, names[i].name))
            i++;
        if (i == sizeof names / sizeof *names)
            return false;
        *states |= names[i].bits;
    }
    return *states != 0;
}

static const struct ranges *state_ranges(struct reader *reader, unsigned states)
{
    struct range v[STATE_N];
    size_t n = 0;

    for (unsigned state = 0; state < STATE_N; state++) {
        if ((states & 1u << state) == 0)
            continue;
        if (n > 0 && v[n - 1].hi + 1 == state)
            v[n - 1].hi = state;
        else
            v[n++] = (struct range){state, state};
    }
    return reader_constant(reader, v, n);
}

void match_states(struct reading *reading, size_t option)
{
    struct reader *reader = reading->reader;
    struct match pairs[6];
    unsigned states;
    struct str text;
    size_t n = 0;

    if (!reading_value(reading, option, &text))
        return;
    if (!parse_states(text, &states)) {
        reading_error(reading, reading->at - 1, "\"%.*s\" is not a list of connection states", STR_ARG(text));
        return;
    }
    if ((states & (VIRTUAL_SNAT | VIRTUAL_DNAT)) == 0) {
        reading_add_not(reading, FIELD_STATE, state_ranges(reader, states));
        return;
    }
    /* Whether a connection was translated is no field of the packet. */
    if ((states & ~(VIRTUAL_SNAT | VIRTUAL_DNAT)) != 0) {
        pairs[n++] = ranges_of_field(FIELD_STATE, state_ranges(reader, states));
        pairs[n++] = NO_MATCH;
    }
    if ((states & VIRTUAL_SNAT) != 0) {
        pairs[n++] = unknown_of(reader, STR("-m conntrack --ctstate SNAT"));
        pairs[n++] = NO_MATCH;
    }
    if ((states & VIRTUAL_DNAT) != 0) {
        pairs[n++] = unknown_of(reader, STR("-m conntrack --ctstate DNAT"));
        pairs[n++] = NO_MATCH;
    }
    add_any_of(reading, pairs, n / 2);
}

static bool asks_for_state(const struct reader *reader)
{
    for (size_t i = 0; i < reader->words.n; i++) {
        if (str_is(reader->words.v[i].text, "--ctstate"))
            return true;
    }
    return false;
}

/* The connection's protocol is the packet's, except for an ICMP error about it. Packets of no connection: with
 * --ctstate beside it the rest is not asked, without they never match. */
void match_ctproto(struct reading *reading, size_t option)
{
    struct reader *reader = reading->reader;
    struct match pairs[6];
    const struct ranges *protocol;
    struct str text;
    int number;
    size_t n = 0;

    if (!reading_value(reading, option, &text))
        return;
    number = proto_parse(text);
    if (number < 0) {
        reading_error(reading, reading->at - 1, "no protocol is called \"%.*s\"", STR_ARG(text));
        return;
    }
    protocol = reader_constant_one(reader, (u128)number, (u128)number);
    if (reading->negated) {
        /* The negation is of the protocol, not of what is asked about connections. */
        protocol = reader_complement(reader, protocol, 255);
        reading->negated = false;
        text = str_printf(reader->scratch, "not %.*s", STR_ARG(text));
    }
    pairs[n++] = ranges_of_field(FIELD_STATE, state_ranges(reader, 1u << STATE_NEW | 1u << STATE_ESTABLISHED));
    pairs[n++] = ranges_of_field(FIELD_PROTOCOL, protocol);
    pairs[n++] = ranges_of_field(FIELD_STATE, state_ranges(reader, 1u << STATE_RELATED));
    pairs[n++] = unknown_of(reader, str_printf(reader->arena, "-m conntrack --ctproto %.*s", STR_ARG(text)));
    if (asks_for_state(reader)) {
        pairs[n++] = ranges_of_field(FIELD_STATE, state_ranges(reader, 1u << STATE_INVALID | 1u << STATE_UNTRACKED));
        pairs[n++] = NO_MATCH;
    }
    add_any_of(reading, pairs, n / 2);
}

/* The first packet of a connection goes its original way; of later ones the packet does not say it. */
void match_ctdir(struct reading *reading, size_t option)
{
    struct reader *reader = reading->reader;
    struct match pairs[6];
    struct str text;
    size_t n = 0;

    if (!reading_value(reading, option, &text))
        return;
    if (!same_letters(text, "ORIGINAL") && !same_letters(text, "REPLY")) {
        reading_error(reading, reading->at - 1, "a direction is ORIGINAL or REPLY, not \"%.*s\"", STR_ARG(text));
        return;
    }
    pairs[n++] = ranges_of_field(FIELD_STATE, state_ranges(reader, 1u << STATE_ESTABLISHED | 1u << STATE_RELATED));
    pairs[n] = unknown_of(reader, STR("-m conntrack --ctdir ORIGINAL"));
    pairs[n++].negated = same_letters(text, "REPLY") != reading->negated;
    if (same_letters(text, "ORIGINAL") != reading->negated) {
        pairs[n++] = ranges_of_field(FIELD_STATE, state_ranges(reader, 1u << STATE_NEW));
        pairs[n++] = NO_MATCH;
    }
    if (asks_for_state(reader)) {
        pairs[n++] = ranges_of_field(FIELD_STATE, state_ranges(reader, 1u << STATE_INVALID | 1u << STATE_UNTRACKED));
        pairs[n++] = NO_MATCH;
    }
    reading->negated = false;
    add_any_of(reading, pairs, n / 2);
}

#define SMALL_MARKS 256u

/* A mask that would be very many ranges: exact for small marks, 0 with which packets come among them, unknown for the
 * others. */
static void add_hard_mark(struct reading *reading, struct str text, uint64_t value, uint64_t mask)
{
    struct reader *reader = reading->reader;
    struct range small[SMALL_MARKS];
    struct match pairs[4];
    size_t small_n = 0;
    size_t n = 0;

    for (uint64_t mark = 0; mark < SMALL_MARKS; mark++) {
        if ((mark & mask) == value)
            small[small_n++] = (struct range){mark, mark};
    }
    pairs[n++] = ranges_of_field(FIELD_MARK, reader_constant_one(reader, SMALL_MARKS, UINT32_MAX));
    pairs[n++] = unknown_of(reader, str_printf(reader->arena, "-m mark --mark %.*s", STR_ARG(text)));
    if (small_n > 0) {
        const struct ranges *exact = ranges_of(reader->scratch, small, small_n);

        pairs[n++] = ranges_of_field(FIELD_MARK, reader_constant(reader, exact->v, exact->n));
        pairs[n++] = NO_MATCH;
    }
    add_any_of(reading, pairs, n / 2);
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
    struct match pairs[4];
    struct str text;
    size_t sure = 0;
    size_t n = 0;
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
    pairs[n++] = ranges_of_field(row->field, reader_complement(reader, reader_constant(reader, never, 3), UINT32_MAX));
    pairs[n++] = unknown_of(reader, key);
    if (sure_kind(text, &v, &sure)) {
        pairs[n++] = ranges_of_field(row->field, reader_constant(reader, v, sure));
        pairs[n++] = NO_MATCH;
    }
    add_any_of(reading, pairs, n / 2);
}
