/*
 * Options of iptables that ask about interfaces, protocols, ports, flags, ICMP and sets; see reader.h. Meaning after
 * ip_tables.c, xt_tcpudp.c, xt_multiport.c of Linux 6.1: whatever looks into the header above IP never matches a later
 * fragment.
 */
#include "dialect/iptables/reader.h"

#include "base/num.h"
#include "net/proto.h"

static void add_no_later(struct reading *reading)
{
    struct reader *reader = reading->reader;

    if (reading->no_later)
        return;
    reading->no_later = true;
    if (reader->no_later == NULL)
        reader->no_later = reader_constant_one(reader, FRAGMENT_NONE, FRAGMENT_FIRST);
    reading_add(reading, FIELD_FRAGMENT, reader->no_later);
}

void match_interface(struct reading *reading, const struct option_row *row, size_t option)
{
    struct reader *reader = reading->reader;
    struct str text;

    if (!reading_value(reading, option, &text))
        return;
    if (text.n == 0 || text.n > 256) {
        reading_error(reading, reading->at - 1, "an interface has a name");
        return;
    }
    if (str_is(text, "+")) { /* every interface */
        if (reading->negated)
            reading_add(reading, row->field, &ranges_empty);
        return;
    }
    *vec_push(reader->scratch, &reader->matches) = (struct match){.kind = MATCH_INTERFACES,
                                                                  .field = row->field,
                                                                  .negated = reading->negated,
                                                                  .interfaces = reader_interface(reader, text),
                                                                  .interface_n = 1};
}

int match_protocol_parse(struct str text)
{
    char lower[32];

    for (size_t i = 0; i < text.n && i < sizeof lower; i++)
        lower[i] = (char)(text.p[i] >= 'A' && text.p[i] <= 'Z' ? text.p[i] | 32 : text.p[i]);
    if (text.n <= sizeof lower)
        text.p = lower;
    return str_is(text, "all") ? 0 : proto_parse(text);
}

void match_protocol(struct reading *reading, size_t option)
{
    struct str text;
    int protocol;

    if (!reading_value(reading, option, &text))
        return;
    protocol = match_protocol_parse(text);
    if (protocol < 0) {
        reading_error(reading, reading->at - 1, "no protocol is called \"%.*s\"", STR_ARG(text));
    } else if (protocol == 0) {
        if (reading->negated)
            reading_error(reading, reading->at - 1, "a rule cannot ask for no protocol at all");
    } else {
        reading_add_not(reading, FIELD_PROTOCOL, reader_constant_one(reading->reader, (u128)protocol, (u128)protocol));
    }
}

/* A port by number or by name. */
static bool parse_port(struct str text, uint64_t *port)
{
    int number;

    if (num_any(text, 65535, port))
        return true;
    number = service_port(text);
    *port = (uint64_t)number;
    return number >= 0;
}

/* `80`, `80:90`, `:90`, `80:`. */
bool match_parse_ports(struct str text, struct range *range)
{
    struct str rest;
    struct str first = str_cut(text, ':', &rest);
    bool pair = first.n < text.n;
    uint64_t lo = 0;
    uint64_t hi = 65535;

    if ((first.n > 0 || !pair) && !parse_port(first, &lo))
        return false;
    if (!pair)
        hi = lo;
    else if (rest.n > 0 && !parse_port(rest, &hi))
        return false;
    if (lo > hi)
        return false;
    *range = (struct range){lo, hi};
    return true;
}

/* Ports are there only where -p names one protocol that has them. */
static bool need_ports(struct reading *reading, size_t option)
{
    if (reading->protocol >= 0 && proto_has_ports((unsigned)reading->protocol))
        return true;
    reading_error(reading, option, "%.*s needs -p tcp, udp, sctp, dccp or udplite before it",
                  STR_ARG(reading->reader->words.v[option].text));
    return false;
}

/* A name that the list of services does not have is one that the machine had: which port it was is not known. */
static void bad_ports(struct reading *reading, const struct option_row *row, struct str item, struct str all)
{
    struct reader *reader = reading->reader;
    bool name = item.n > 0;

    for (size_t i = 0; i < item.n; i++)
        name = name && ((item.p[i] >= 'a' && item.p[i] <= 'z') || (item.p[i] >= '0' && item.p[i] <= '9') ||
                        item.p[i] == '-' || item.p[i] == '_' || item.p[i] == ':');
    if (!name ||
        !((item.p[0] >= 'a' && item.p[0] <= 'z') || (item.p[item.n - 1] >= 'a' && item.p[item.n - 1] <= 'z'))) {
        reading_error(reading, reading->at - 1, "\"%.*s\" is not a port or a range of ports", STR_ARG(item));
        return;
    }
    diag_warning(reader->diags, reader_word_span(reader, reading->at - 1),
                 "\"%.*s\" is a name of a service: which port it stood for is not known here", STR_ARG(item));
    reading_unknown(reading, str_printf(reader->arena, "%s %.*s", row->names[0], STR_ARG(all)), reading->negated,
                    SAME_UNTIL_WRITTEN);
    add_no_later(reading);
}

static void match_port(struct reading *reading, const struct option_row *row, size_t option)
{
    struct range range;
    struct str text;

    if (!reading_value(reading, option, &text) || !need_ports(reading, option))
        return;
    if (reading_hidden(reading, row->names[0], text)) {
        add_no_later(reading);
        return;
    }
    if (!match_parse_ports(text, &range)) {
        bad_ports(reading, row, text, text);
        return;
    }
    add_no_later(reading);
    if (range.lo == 0 && range.hi == 65535) {
        /* No port: xt_tcpudp never matches, iptables-nft 1.8 leaves the question out. */
        if (reading->negated)
            reading_unknown(reading, str_printf(reading->reader->arena, "%s 0:65535", row->names[0]), true,
                            SAME_ALWAYS);
        return;
    }
    reading_add_not(reading, row->field, reader_constant_one(reading->reader, range.lo, range.hi));
}

static void add_ports_either(struct reading *reading, const struct ranges *ranges)
{
    struct reader *reader = reading->reader;
    struct match *sides = arena_new_array(reader->arena, struct match, 2);
    struct match_group *groups = arena_new_array(reader->arena, struct match_group, 2);

    sides[0] = (struct match){.kind = MATCH_RANGES, .field = FIELD_SOURCE_PORT, .ranges = ranges};
    sides[1] = (struct match){.kind = MATCH_RANGES, .field = FIELD_PORT, .ranges = ranges};
    groups[0] = (struct match_group){.v = &sides[0], .n = 1};
    groups[1] = (struct match_group){.v = &sides[1], .n = 1};
    *vec_push(reader->scratch, &reader->matches) = (struct match){
        .kind = reading->negated ? MATCH_NONE_OF : MATCH_ANY_OF, .field = FIELD_N, .groups = groups, .group_n = 2};
}

static void match_multiport(struct reading *reading, const struct option_row *row, size_t option)
{
    struct range v[64];
    size_t n = 0;
    struct str text;
    struct str list;
    const struct ranges *ranges;

    if (!reading_value(reading, option, &text) || !need_ports(reading, option))
        return;
    list = text;
    while (text.n > 0) {
        struct str item = str_cut(text, ',', &text);

        if (n == sizeof v / sizeof *v || !match_parse_ports(item, &v[n])) {
            bad_ports(reading, row, item, list);
            return;
        }
        n++;
    }
    add_no_later(reading);
    ranges = ranges_of(reading->reader->scratch, v, n);
    ranges = reader_constant(reading->reader, ranges->v, ranges->n);
    if (row->option == OPTION_PORTS)
        add_ports_either(reading, ranges);
    else
        reading_add_not(reading, row->field, ranges);
}

static bool parse_flags(struct str text, unsigned *flags)
{
    static const struct {
        const char *name;
        unsigned flags;
    } names[] = {{"FIN", TCP_FIN}, {"SYN", TCP_SYN}, {"RST", TCP_RST}, {"PSH", TCP_PSH},
                 {"ACK", TCP_ACK}, {"URG", TCP_URG}, {"ALL", 63},      {"NONE", 0}};

    *flags = 0;
    while (text.n > 0) {
        struct str item = str_cut(text, ',', &text);
        size_t i = 0;

        while (i < sizeof names / sizeof *names && !str_is(item, names[i].name))
            i++;
        if (i == sizeof names / sizeof *names)
            return false;
        *flags |= names[i].flags;
    }
    return true;
}

static void add_flags(struct reading *reading, unsigned mask, unsigned flags)
{
    struct range v[256];
    size_t n = 0;

    for (unsigned value = 0; value < 256; value++) {
        if ((value & mask) != flags)
            continue;
        if (n > 0 && v[n - 1].hi + 1 == value)
            v[n - 1].hi = value;
        else
            v[n++] = (struct range){value, value};
    }
    reading_add_not(reading, FIELD_TCP_FLAGS, reader_constant(reading->reader, v, n));
}

static void match_flags(struct reading *reading, const struct option_row *row, size_t option)
{
    unsigned mask = TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK;
    unsigned flags = TCP_SYN;
    struct str first;
    struct str second;

    if (reading->protocol != PROTO_TCP) {
        reading_error(reading, option, "%s needs -p tcp before it", row->names[0]);
        return;
    }
    if (row->option == OPTION_TCP_FLAGS) {
        if (!reading_value(reading, option, &first) || !reading_value(reading, option, &second))
            return;
        if (!parse_flags(first, &mask) || !parse_flags(second, &flags)) {
            reading_error(reading, option, "--tcp-flags takes two lists of SYN, ACK, FIN, RST, URG, PSH, ALL, NONE");
            return;
        }
    }
    add_no_later(reading);
    add_flags(reading, mask, flags);
}

static void match_icmp(struct reading *reading, size_t option)
{
    enum family family = reading->reader->family;
    struct range range;
    struct str text;

    if (reading->protocol != (int)proto_icmp(family)) {
        reading_error(reading, option, "%.*s needs -p %s before it", STR_ARG(reading->reader->words.v[option].text),
                      family == FAMILY_V4 ? "icmp" : "ipv6-icmp");
        return;
    }
    if (!reading_value(reading, option, &text))
        return;
    add_no_later(reading);
    if (family == FAMILY_V4 && (str_is(text, "any") || str_is(text, "255"))) {
        if (reading->negated)
            reading_add(reading, FIELD_ICMP, &ranges_empty);
        return;
    }
    if (!icmp_parse(text, family, &range)) {
        reading_error(reading, reading->at - 1, "\"%.*s\" is not a type of %s", STR_ARG(text),
                      family == FAMILY_V4 ? "ICMP" : "ICMPv6");
        return;
    }
    reading_add_not(reading, FIELD_ICMP, reader_constant_one(reading->reader, range.lo, range.hi));
}

static void match_set(struct reading *reading, size_t option)
{
    struct reader *reader = reading->reader;
    struct match match;
    struct str name;
    struct str flags;
    bool plain = true;

    if (!reading_value(reading, option, &name) || !reading_value(reading, option, &flags))
        return;
    for (size_t i = reading->module_word; i < reader->words.n && plain; i++) {
        struct str word = reader->words.v[i].text;

        plain = !str_is(word, "--return-nomatch") && !str_starts(word, "--packets-") && !str_starts(word, "--bytes-");
    }
    if (!plain || !ipset_match(reader, name, flags, reader->family, &match)) {
        reading_unknown(reading,
                        str_printf(reader->arena, "-m set --match-set %.*s %.*s", STR_ARG(name), STR_ARG(flags)),
                        reading->negated, map_get(&reader->moving, name) != NULL ? SAME_NEVER : SAME_UNTIL_WRITTEN);
        return;
    }
    if (reading->negated)
        match.kind = MATCH_NONE_OF;
    *vec_push(reader->scratch, &reader->matches) = match;
}

void match_module(struct reading *reading, size_t option)
{
    struct str name = reading->reader->words.v[option + 1].text;

    if (reading->module == MODULE_PORTS && !str_eq(name, reading->protocol_name) &&
        reading->protocol != proto_parse(name))
        reading_error(reading, option + 1, "-m %.*s needs -p %.*s before it", STR_ARG(name), STR_ARG(name));
    else if (reading->module == MODULE_ICMP && reading->protocol != (int)proto_icmp(reading->reader->family))
        reading_error(reading, option + 1, "-m %.*s needs -p %s before it", STR_ARG(name),
                      reading->reader->family == FAMILY_V4 ? "icmp" : "ipv6-icmp");
    else if (reading->module == MODULE_PORTS || reading->module == MODULE_ICMP)
        add_no_later(reading);
}

static void match_comment(struct reading *reading, size_t option)
{
    struct str text;

    if (reading_value(reading, option, &text))
        reading->comment = text;
}

/* An option of tcp and its like that is not modelled. */
static void match_opaque(struct reading *reading, const struct option_row *row, size_t option)
{
    struct str text;

    if (reading_value(reading, option, &text)) {
        add_no_later(reading);
        reading_unknown(reading, str_printf(reading->reader->arena, "%s %.*s", row->names[0], STR_ARG(text)),
                        reading->negated, SAME_UNTIL_WRITTEN);
    }
}

void match_read(struct reading *reading, const struct option_row *row, size_t option)
{
    switch (row->option) {
    case OPTION_SPORT:
    case OPTION_DPORT: match_port(reading, row, option); return;
    case OPTION_TCP_FLAGS:
    case OPTION_SYN: match_flags(reading, row, option); return;
    case OPTION_TCP_OPTION: match_opaque(reading, row, option); return;
    case OPTION_ICMP_TYPE: match_icmp(reading, option); return;
    case OPTION_SPORTS:
    case OPTION_DPORTS:
    case OPTION_PORTS: match_multiport(reading, row, option); return;
    case OPTION_SRC_RANGE:
    case OPTION_DST_RANGE: match_range(reading, row, option); return;
    case OPTION_STATE:
    case OPTION_CTSTATE: match_states(reading, option); return;
    case OPTION_CTPROTO: match_ctproto(reading, option); return;
    case OPTION_CTDIR: match_ctdir(reading, option); return;
    case OPTION_CTSTATUS: match_ctstatus(reading, option); return;
    case OPTION_CTORIGSRC:
    case OPTION_CTORIGDST:
    case OPTION_CTREPLSRC:
    case OPTION_CTREPLDST: match_ctaddress(reading, row, option); return;
    case OPTION_CTORIGSRCPORT:
    case OPTION_CTORIGDSTPORT:
    case OPTION_CTREPLSRCPORT:
    case OPTION_CTREPLDSTPORT: match_ctport(reading, row, option); return;
    case OPTION_MAC: match_mac(reading, option); return;
    case OPTION_PKTTYPE: match_pkttype(reading, option); return;
    case OPTION_PHYSDEV_IN:
    case OPTION_PHYSDEV_OUT:
    case OPTION_PHYSDEV_IS_IN:
    case OPTION_PHYSDEV_IS_OUT:
    case OPTION_PHYSDEV_IS_BRIDGED: match_physdev(reading, row, option); return;
    case OPTION_MARK: match_mark(reading, option); return;
    case OPTION_SRC_TYPE:
    case OPTION_DST_TYPE: match_addrtype(reading, row, option); return;
    case OPTION_MATCH_SET: match_set(reading, option); return;
    case OPTION_COMMENT: match_comment(reading, option); return;
    case OPTION_SOURCE:
    case OPTION_DESTINATION:
    case OPTION_IN:
    case OPTION_OUT:
    case OPTION_PROTOCOL:
    case OPTION_FRAGMENT:
    case OPTION_MATCH:
    case OPTION_JUMP:
    case OPTION_GOTO:
    case OPTION_COUNTERS:
    case OPTION_IP_VERSION:
    case OPTION_TABLE:
    case OPTION_WAIT:
    case OPTION_N: break;
    }
}
