/*
 * Options of iptables that ask about the packet's connection: -m state, -m conntrack; see reader.h. Meaning after
 * xt_conntrack.c of Linux 6.1: where --ctstate is asked too, a packet of no connection passes all other questions of
 * the module; without it, none.
 */
#include "dialect/iptables/reader.h"

#include "base/num.h"
#include "dialect/status.h"
#include "net/proto.h"

#define VIRTUAL_SNAT 32u
#define VIRTUAL_DNAT 64u
#define CONFIRMED 8u /* the last status that --ctstatus has a name for */
#define NO_CONNECTION (1u << STATE_INVALID | 1u << STATE_UNTRACKED)

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

static void add_states(struct reading *reading, struct grouping *grouping, unsigned states)
{
    grouping_field(reading, grouping, FIELD_STATE, state_ranges(reading->reader, states));
}

void match_states(struct reading *reading, size_t option)
{
    struct reader *reader = reading->reader;
    struct grouping grouping = {0};
    unsigned states;
    struct str text;

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
    if ((states & ~(VIRTUAL_SNAT | VIRTUAL_DNAT)) != 0) {
        add_states(reading, &grouping, states);
        grouping_next(reading, &grouping);
    }
    for (unsigned bit = VIRTUAL_SNAT; bit <= VIRTUAL_DNAT; bit <<= 1) {
        if ((states & bit) == 0)
            continue;
        add_states(reading, &grouping, 1u << STATE_NEW);
        grouping_translated(&grouping, bit == VIRTUAL_SNAT ? FIELD_SOURCE : FIELD_DESTINATION);
        grouping_next(reading, &grouping);
        add_states(reading, &grouping, 1u << STATE_ESTABLISHED | 1u << STATE_RELATED);
        grouping_unknown(reading, &grouping,
                         bit == VIRTUAL_SNAT ? STR("-m conntrack --ctstate SNAT") : STR("-m conntrack --ctstate DNAT"),
                         false, SAME_UNTIL_WRITTEN);
        grouping_next(reading, &grouping);
    }
    grouping_add(reading, &grouping);
}

static bool asks_for_state(const struct reader *reader)
{
    for (size_t i = 0; i < reader->words.n; i++) {
        if (str_is(reader->words.v[i].text, "--ctstate"))
            return true;
    }
    return false;
}

/* The groups as a match; a negation is in them already. */
static void add_connection(struct reading *reading, struct grouping *grouping)
{
    if (asks_for_state(reading->reader)) {
        add_states(reading, grouping, NO_CONNECTION);
        grouping_next(reading, grouping);
    }
    reading->negated = false;
    grouping_add(reading, grouping);
}

static void add_unknown(struct reading *reading, struct grouping *grouping, const char *option, struct str value)
{
    grouping_unknown(reading, grouping,
                     str_printf(reading->reader->arena, "-m conntrack %s %.*s", option, STR_ARG(value)),
                     reading->negated, SAME_ALWAYS);
    grouping_next(reading, grouping);
}

/* The connection's protocol is the packet's, except for an ICMP error about it. */
void match_ctproto(struct reading *reading, size_t option)
{
    struct reader *reader = reading->reader;
    struct grouping grouping = {0};
    const struct ranges *protocol;
    struct str text;
    int number;

    if (!reading_value(reading, option, &text))
        return;
    number = proto_parse(text);
    if (number < 0) {
        reading_error(reading, reading->at - 1, "no protocol is called \"%.*s\"", STR_ARG(text));
        return;
    }
    protocol = reader_constant_one(reader, (u128)number, (u128)number);
    if (reading->negated)
        protocol = reader_complement(reader, protocol, 255);
    add_states(reading, &grouping, 1u << STATE_NEW | 1u << STATE_ESTABLISHED);
    grouping_field(reading, &grouping, FIELD_PROTOCOL, protocol);
    grouping_next(reading, &grouping);
    add_states(reading, &grouping, 1u << STATE_RELATED);
    add_unknown(reading, &grouping, "--ctproto", text);
    add_connection(reading, &grouping);
}

/* The first packet of a connection goes its original way; of later ones the packet does not say it. */
void match_ctdir(struct reading *reading, size_t option)
{
    struct grouping grouping = {0};
    struct str text;
    bool reply;

    if (!reading_value(reading, option, &text))
        return;
    if (!same_letters(text, "ORIGINAL") && !same_letters(text, "REPLY")) {
        reading_error(reading, reading->at - 1, "a direction is ORIGINAL or REPLY, not \"%.*s\"", STR_ARG(text));
        return;
    }
    reply = same_letters(text, "REPLY") != reading->negated;
    add_states(reading, &grouping, 1u << STATE_ESTABLISHED | 1u << STATE_RELATED);
    reading->negated = reply;
    add_unknown(reading, &grouping, "--ctdir", STR("ORIGINAL"));
    if (!reply) {
        add_states(reading, &grouping, 1u << STATE_NEW);
        grouping_next(reading, &grouping);
    }
    add_connection(reading, &grouping);
}

static bool parse_status(struct str text, unsigned *bits)
{
    *bits = 0;
    while (text.n > 0) {
        struct str item = str_cut(text, ',', &text);
        const struct status_bit *row = status_find(item);

        if (row == NULL ? !same_letters(item, "NONE") : row->bit > CONFIRMED)
            return false;
        *bits |= row == NULL ? 0 : row->bit;
    }
    return true;
}

static struct str status_text(struct reader *reader, const struct status_bit *bit)
{
    struct str name = str_dup(reader->scratch, str_of(bit->name));
    char *p = (char *)name.p;

    for (size_t i = 0; i < name.n; i++)
        p[i] = p[i] == '-' ? '_' : (char)(p[i] - 32);
    return str_printf(reader->arena, "-m conntrack --ctstatus %.*s", STR_ARG(name));
}

/* Some bit of the list is set; negated: none. NONE is an empty list. */
void match_ctstatus(struct reading *reading, size_t option)
{
    struct grouping grouping = {0};
    bool negated;
    unsigned bits;
    struct str text;

    if (!reading_value(reading, option, &text))
        return;
    if (!parse_status(text, &bits)) {
        reading_error(reading, reading->at - 1,
                      "\"%.*s\" is not a list of NONE, EXPECTED, SEEN_REPLY, ASSURED, CONFIRMED", STR_ARG(text));
        return;
    }
    negated = reading->negated;
    for (enum state state = 0; state < STATE_N; state++) {
        unsigned sure = 0;

        for (size_t i = 0; i < STATUS_BITS; i++)
            sure |= (bits & status_bits[i].bit) != 0 && (status_bits[i].sure & 1u << state) != 0;
        if ((STATUS_TRACKED & 1u << state) == 0 || (negated && sure != 0))
            continue;
        if (negated || sure != 0)
            add_states(reading, &grouping, 1u << state);
        for (size_t i = 0; i < STATUS_BITS && sure == 0; i++) {
            if ((bits & status_bits[i].bit) == 0 || (status_bits[i].open & 1u << state) == 0)
                continue;
            if (!negated)
                add_states(reading, &grouping, 1u << state);
            grouping_unknown(reading, &grouping, status_text(reading->reader, &status_bits[i]), negated, SAME_ALWAYS);
            if (!negated)
                grouping_next(reading, &grouping);
        }
        if (negated || sure != 0)
            grouping_next(reading, &grouping);
    }
    add_connection(reading, &grouping);
}

/* Of a first packet the address or port is the connection's own: the source always, for it is written last; the
 * destination where nothing writes it. What replies will have is known to NAT alone. */
static bool is_own_of_first(const struct reader *reader, const struct option_row *row)
{
    return row->field == FIELD_SOURCE || row->field == FIELD_SOURCE_PORT ||
           ((row->field == FIELD_DESTINATION || row->field == FIELD_PORT) && !reader->written);
}

void match_ctaddress(struct reading *reading, const struct option_row *row, size_t option)
{
    struct reader *reader = reading->reader;
    struct grouping grouping = {0};
    const struct ranges *ranges;
    const char *why;
    struct str text;
    bool exact = is_own_of_first(reader, row);
    bool name;

    if (!reading_value(reading, option, &text))
        return;
    if (!reader_address(reader, text, &ranges, &name, &why)) {
        if (!name)
            reading_error(reading, reading->at - 1, "\"%.*s\" is neither an address nor a prefix", STR_ARG(text));
        exact = false;
    }
    if (exact) {
        if (reading->negated)
            ranges = ranges_complement(reader->arena, ranges, addr_max(reader->family));
        add_states(reading, &grouping, 1u << STATE_NEW);
        grouping_field(reading, &grouping, row->field, ranges);
        grouping_next(reading, &grouping);
    }
    add_states(reading, &grouping, exact ? 1u << STATE_ESTABLISHED | 1u << STATE_RELATED : STATUS_TRACKED);
    add_unknown(reading, &grouping, row->names[0], text);
    add_connection(reading, &grouping);
}

void match_ctport(struct reading *reading, const struct option_row *row, size_t option)
{
    struct reader *reader = reading->reader;
    struct grouping grouping = {0};
    bool exact = is_own_of_first(reader, row);
    const struct ranges *ports;
    struct range range;
    struct str text;

    if (!reading_value(reading, option, &text))
        return;
    if (!match_parse_ports(text, &range)) {
        reading_error(reading, reading->at - 1, "\"%.*s\" is not a port or a range of ports", STR_ARG(text));
        return;
    }
    if (exact) {
        static const struct range ported[] = {{PROTO_TCP, PROTO_TCP}, {PROTO_UDP, PROTO_UDP}};

        ports = reader_constant_one(reader, range.lo, range.hi);
        if (reading->negated)
            ports = reader_complement(reader, ports, 65535);
        add_states(reading, &grouping, 1u << STATE_NEW);
        grouping_field(reading, &grouping, FIELD_PROTOCOL, reader_constant(reader, ported, 2));
        grouping_field(reading, &grouping, FIELD_FRAGMENT, reader_constant_one(reader, FRAGMENT_NONE, FRAGMENT_FIRST));
        grouping_field(reading, &grouping, row->field, ports);
        grouping_next(reading, &grouping);
        add_states(reading, &grouping, 1u << STATE_NEW);
        grouping_field(reading, &grouping, FIELD_PROTOCOL, reader_constant(reader, ported, 2));
        grouping_field(reading, &grouping, FIELD_FRAGMENT, reader_constant_one(reader, FRAGMENT_LATER, FRAGMENT_LATER));
        add_unknown(reading, &grouping, row->names[0], text);
        add_states(reading, &grouping, 1u << STATE_NEW);
        grouping_field(reading, &grouping, FIELD_PROTOCOL,
                       reader_complement(reader, reader_constant(reader, ported, 2), 255));
        add_unknown(reading, &grouping, row->names[0], text);
    }
    add_states(reading, &grouping, exact ? 1u << STATE_ESTABLISHED | 1u << STATE_RELATED : STATUS_TRACKED);
    add_unknown(reading, &grouping, row->names[0], text);
    add_connection(reading, &grouping);
}
