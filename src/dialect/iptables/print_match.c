/*
 * Parts of an iptables rule as text; see printer.h. Limits: multiport takes 15 ports, of which a range is two
 * (iptables-extensions(8)); a set has a name of at most 31 bytes and no prefix of length 0 (ipset(8)).
 */
#include "dialect/iptables/printer.h"

#include "net/proto.h"

#define MULTIPORT_SLOTS 15
#define SET_DEFAULT_MAX 65536

static bool is_all(const struct ranges *ranges, u128 max)
{
    return ranges->n == 1 && ranges->v[0].lo == 0 && ranges->v[0].hi == max;
}

static void add_prefix(struct buf *out, enum family family, struct range range)
{
    addr_format(out, family, range.lo);
    buf_addf(out, "/%d", addr_prefix_length(family, range));
}

static struct str take(struct printer *printer, struct buf *buf)
{
    struct str text = str_dup(printer->arena, buf_str(buf));

    buf_free(buf);
    return text;
}

/* The prefixes of a set, one a line. */
static struct str set_contents(struct printer *printer, const struct ranges *ranges, size_t *n)
{
    struct buf buf = BUF_EMPTY;

    *n = 0;
    for (size_t i = 0; i < ranges->n; i++) {
        struct range rest = ranges->v[i];

        for (;;) {
            struct range prefix = addr_next_prefix(printer->family, rest);

            add_prefix(&buf, printer->family, prefix);
            buf_addc(&buf, '\n');
            (*n)++;
            if (prefix.hi == rest.hi)
                break;
            rest.lo = prefix.hi + 1;
        }
    }
    return take(printer, &buf);
}

/* A set is named by what is in it: a name never changes its meaning, and equal sets are one. */
static struct str name_set(struct printer *printer, struct str contents, size_t n)
{
    const char *known = map_get(&printer->sets, contents);
    uint64_t hash = str_hash(contents);
    struct str name;

    if (known != NULL)
        return str_of(known);
    do
        name = str_printf(printer->arena, "ptl-%c-%016llx", printer->family == FAMILY_V4 ? '4' : '6',
                          (unsigned long long)hash++);
    while (map_get(&printer->names, name) != NULL);
    map_set(printer->arena, &printer->sets, contents, (void *)str_cstr(printer->arena, name));
    map_set(printer->arena, &printer->names, name, printer);
    buf_addf(&printer->ipset, "create %.*s hash:net family %s", STR_ARG(name),
             printer->family == FAMILY_V4 ? "inet" : "inet6");
    if (n > SET_DEFAULT_MAX)
        buf_addf(&printer->ipset, " maxelem %zu", n);
    buf_addc(&printer->ipset, '\n');
    while (contents.n > 0) {
        struct str line = str_cut(contents, '\n', &contents);

        buf_addf(&printer->ipset, "add %.*s %.*s\n", STR_ARG(name), STR_ARG(line));
    }
    return name;
}

struct variants printer_ends(struct printer *printer, const struct ranges *ranges, enum option option)
{
    struct variants variants = {0};
    bool source = option == OPTION_SOURCE;

    if (is_all(ranges, addr_max(printer->family))) {
        *vec_push(printer->arena, &variants) = STR_EMPTY;
        return variants;
    }
    if (ranges->n > PRINTER_RANGES_MAX) {
        size_t n;
        struct str contents = set_contents(printer, ranges, &n);
        struct str name = name_set(printer, contents, n);

        *vec_push(printer->arena, &variants) = str_printf(
            printer->arena, " -m set %s %.*s %s", option_name(OPTION_MATCH_SET), STR_ARG(name), source ? "src" : "dst");
        return variants;
    }
    for (size_t i = 0; i < ranges->n; i++) {
        struct buf buf = BUF_EMPTY;

        if (addr_prefix_length(printer->family, ranges->v[i]) >= 0) {
            buf_addf(&buf, " %s ", option_name(option));
            add_prefix(&buf, printer->family, ranges->v[i]);
        } else {
            buf_addf(&buf, " -m iprange %s ", option_name(source ? OPTION_SRC_RANGE : OPTION_DST_RANGE));
            addr_format(&buf, printer->family, ranges->v[i].lo);
            buf_addc(&buf, '-');
            addr_format(&buf, printer->family, ranges->v[i].hi);
        }
        *vec_push(printer->arena, &variants) = take(printer, &buf);
    }
    return variants;
}

static void add_port_range(struct buf *out, struct range range)
{
    buf_addf(out, "%u", (unsigned)range.lo);
    if (range.hi != range.lo)
        buf_addf(out, ":%u", (unsigned)range.hi);
}

struct variants printer_ports(struct printer *printer, const struct ranges *ports, unsigned protocol,
                              enum option single, enum option several)
{
    struct variants variants = {0};
    struct buf buf = BUF_EMPTY;
    unsigned used = 0;

    if (ports == NULL || is_all(ports, 65535)) {
        *vec_push(printer->arena, &variants) = STR_EMPTY;
        return variants;
    }
    if (ports->n == 1 && (protocol == PROTO_TCP || protocol == PROTO_UDP)) {
        buf_addf(&buf, " -m %s %s ", protocol == PROTO_TCP ? "tcp" : "udp", option_name(single));
        add_port_range(&buf, ports->v[0]);
        *vec_push(printer->arena, &variants) = take(printer, &buf);
        return variants;
    }
    for (size_t i = 0; i < ports->n; i++) {
        unsigned slots = ports->v[i].hi > ports->v[i].lo ? 2 : 1;

        if (used + slots > MULTIPORT_SLOTS) {
            *vec_push(printer->arena, &variants) = take(printer, &buf);
            used = 0;
        }
        if (used == 0)
            buf_addf(&buf, " -m multiport %s ", option_name(several));
        else
            buf_addc(&buf, ',');
        add_port_range(&buf, ports->v[i]);
        used += slots;
    }
    if (used > 0)
        *vec_push(printer->arena, &variants) = take(printer, &buf);
    buf_free(&buf);
    return variants;
}

void printer_protocol(struct buf *out, unsigned protocol)
{
    buf_addf(out, " %s ", option_name(OPTION_PROTOCOL));
    if (protocol == PROTO_TCP)
        buf_adds(out, "tcp");
    else if (protocol == PROTO_UDP)
        buf_adds(out, "udp");
    else if (protocol == PROTO_ICMP)
        buf_adds(out, "icmp");
    else if (protocol == PROTO_ICMPV6)
        buf_adds(out, "ipv6-icmp");
    else
        buf_addf(out, "%u", protocol);
}

void printer_clean(struct buf *out, struct str text, bool quoted)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (c < 0x20 || c == 0x7f)
            buf_addc(out, ' ');
        else if (quoted && (c == '"' || c == '\\'))
            buf_addc(out, '\'');
        else
            buf_addc(out, text.p[i]);
    }
}
