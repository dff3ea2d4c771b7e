/* Names of protocols and ICMP messages; see proto.h. ICMP names: iptables-extensions(8) and nft(8). */
#include "net/proto.h"

#include "base/num.h"

static const struct {
    const char *name;
    unsigned char number;
} protocols[] = {
    {"tcp", 6},        {"udp", 17},        {"icmp", 1},        {"igmp", 2},        {"ipencap", 4},      {"egp", 8},
    {"igp", 9},        {"dccp", 33},       {"ipv6", 41},       {"ipv6-route", 43}, {"ipv6-frag", 44},   {"rsvp", 46},
    {"gre", 47},       {"esp", 50},        {"ipv6-crypt", 50}, {"ah", 51},         {"ipv6-auth", 51},   {"icmpv6", 58},
    {"ipv6-icmp", 58}, {"ipv6-nonxt", 59}, {"ipv6-opts", 60},  {"eigrp", 88},      {"ospf", 89},        {"pim", 103},
    {"comp", 108},     {"ipcomp", 108},    {"vrrp", 112},      {"carp", 112},      {"l2tp", 115},       {"isis", 124},
    {"sctp", 132},     {"fc", 133},        {"mh", 135},        {"udplite", 136},   {"mpls-in-ip", 137}, {"manet", 138},
    {"hopopt", 0},
};

/* Names that are read and not printed, from IANA's registry as Debian's and Fedora's /etc/protocols spell it. */
static const struct {
    const char *name;
    unsigned char number;
} rare_protocols[] = {
    {"ip", 0},         {"ggp", 3},
    {"ipv4", 4},       {"st", 5},
    {"pup", 12},       {"hmp", 20},
    {"xns-idp", 22},   {"rdp", 27},
    {"iso-tp4", 29},   {"xtp", 36},
    {"ddp", 37},       {"idpr-cmtp", 38},
    {"idrp", 45},      {"skip", 57},
    {"rspf", 73},      {"vmtp", 81},
    {"ax.25", 93},     {"ipip", 94},
    {"etherip", 97},   {"encap", 98},
    {"ipv6-mh", 135},  {"mobility-header", 135},
    {"hip", 139},      {"shim6", 140},
    {"wesp", 141},     {"rohc", 142},
    {"ethernet", 143},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

int proto_parse(struct str text)
{
    uint64_t number;

    if (num_decimal(text, 255, &number))
        return (int)number;
    for (size_t i = 0; i < COUNT(protocols); i++) {
        if (str_is(text, protocols[i].name))
            return protocols[i].number;
    }
    for (size_t i = 0; i < COUNT(rare_protocols); i++) {
        if (str_is(text, rare_protocols[i].name))
            return rare_protocols[i].number;
    }
    return -1;
}

void proto_format(struct buf *out, unsigned proto)
{
    for (size_t i = 0; i < COUNT(protocols); i++) {
        if (protocols[i].number == proto && proto != 0 && proto != 4) {
            buf_adds(out, protocols[i].name);
            return;
        }
    }
    buf_addf(out, "%u", proto);
}

bool proto_has_ports(unsigned proto)
{
    return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_DCCP || proto == PROTO_SCTP ||
           proto == PROTO_UDPLITE;
}

const struct ranges *proto_with_ports(struct arena *arena)
{
    struct range v[UINT8_MAX + 1];
    size_t n = 0;

    for (unsigned proto = 0; proto <= UINT8_MAX; proto++) {
        if (proto_has_ports(proto))
            v[n++] = (struct range){proto, proto};
    }
    return ranges_of(arena, v, n);
}

unsigned proto_icmp(enum family family)
{
    return family == FAMILY_V4 ? PROTO_ICMP : PROTO_ICMPV6;
}

bool port_range_parse(struct str text, bool zero_allowed, struct range *ports)
{
    struct str rest;
    struct str first = str_cut(text, '-', &rest);
    uint64_t lo;
    uint64_t hi;

    if (!num_decimal(first, 65535, &lo))
        return false;
    hi = lo;
    if (first.n < text.n && !num_decimal(rest, 65535, &hi))
        return false;
    if (lo > hi || (lo == 0 && !zero_allowed))
        return false;
    *ports = (struct range){lo, hi};
    return true;
}

/* The first name of a type is the one that is printed; code -1 is any. */
struct message {
    const char *name;
    unsigned char type;
    short code;
};

static const struct message messages_v4[] = {
    {"echo-reply", 0, -1},
    {"pong", 0, -1},
    {"destination-unreachable", 3, -1},
    {"network-unreachable", 3, 0},
    {"net-unreachable", 3, 0},
    {"host-unreachable", 3, 1},
    {"protocol-unreachable", 3, 2},
    {"prot-unreachable", 3, 2},
    {"port-unreachable", 3, 3},
    {"fragmentation-needed", 3, 4},
    {"frag-needed", 3, 4},
    {"source-route-failed", 3, 5},
    {"network-unknown", 3, 6},
    {"host-unknown", 3, 7},
    {"network-prohibited", 3, 9},
    {"net-prohibited", 3, 9},
    {"host-prohibited", 3, 10},
    {"TOS-network-unreachable", 3, 11},
    {"TOS-host-unreachable", 3, 12},
    {"communication-prohibited", 3, 13},
    {"admin-prohibited", 3, 13},
    {"host-precedence-violation", 3, 14},
    {"precedence-cutoff", 3, 15},
    {"source-quench", 4, -1},
    {"redirect", 5, -1},
    {"network-redirect", 5, 0},
    {"host-redirect", 5, 1},
    {"TOS-network-redirect", 5, 2},
    {"TOS-host-redirect", 5, 3},
    {"echo-request", 8, -1},
    {"ping", 8, -1},
    {"router-advertisement", 9, -1},
    {"router-solicitation", 10, -1},
    {"time-exceeded", 11, -1},
    {"ttl-exceeded", 11, -1},
    {"ttl-zero-during-transit", 11, 0},
    {"ttl-zero-during-reassembly", 11, 1},
    {"parameter-problem", 12, -1},
    {"ip-header-bad", 12, 0},
    {"required-option-missing", 12, 1},
    {"timestamp-request", 13, -1},
    {"timestamp-reply", 14, -1},
    {"info-request", 15, -1},
    {"info-reply", 16, -1},
    {"address-mask-request", 17, -1},
    {"address-mask-reply", 18, -1},
};

static const struct message messages_v6[] = {
    {"destination-unreachable", 1, -1},
    {"no-route", 1, 0},
    {"communication-prohibited", 1, 1},
    {"admin-prohibited", 1, 1},
    {"beyond-scope", 1, 2},
    {"address-unreachable", 1, 3},
    {"addr-unreachable", 1, 3},
    {"port-unreachable", 1, 4},
    {"failed-policy", 1, 5},
    {"policy-fail", 1, 5},
    {"reject-route", 1, 6},
    {"packet-too-big", 2, -1},
    {"time-exceeded", 3, -1},
    {"ttl-exceeded", 3, -1},
    {"ttl-zero-during-transit", 3, 0},
    {"ttl-zero-during-reassembly", 3, 1},
    {"parameter-problem", 4, -1},
    {"bad-header", 4, 0},
    {"unknown-header-type", 4, 1},
    {"unknown-option", 4, 2},
    {"echo-request", 128, -1},
    {"ping", 128, -1},
    {"echo-reply", 129, -1},
    {"pong", 129, -1},
    {"mld-listener-query", 130, -1},
    {"mld-listener-report", 131, -1},
    {"mld-listener-done", 132, -1},
    {"mld-listener-reduction", 132, -1},
    {"nd-router-solicit", 133, -1},
    {"router-solicitation", 133, -1},
    {"nd-router-advert", 134, -1},
    {"router-advertisement", 134, -1},
    {"nd-neighbor-solicit", 135, -1},
    {"neighbour-solicitation", 135, -1},
    {"neighbor-solicitation", 135, -1},
    {"nd-neighbor-advert", 136, -1},
    {"neighbour-advertisement", 136, -1},
    {"neighbor-advertisement", 136, -1},
    {"nd-redirect", 137, -1},
    {"redirect", 137, -1},
    {"router-renumbering", 138, -1},
    {"ind-neighbor-solicit", 141, -1},
    {"ind-neighbor-advert", 142, -1},
    {"mld2-listener-report", 143, -1},
};

/* TYPE, TYPE/CODE or TYPE/CODE:CODE */
static bool parse_numbers(struct str text, struct range *messages)
{
    struct str rest;
    struct str last;
    struct str first = str_cut(text, '/', &rest);
    uint64_t type;
    uint64_t lo;
    uint64_t hi;

    if (!num_any(first, 255, &type))
        return false;
    if (first.n == text.n) {
        *messages = (struct range){icmp_message((unsigned)type, 0), icmp_message((unsigned)type, 255)};
        return true;
    }
    first = str_cut(rest, ':', &last);
    if (!num_any(first, 255, &lo) || !num_any(first.n == rest.n ? first : last, 255, &hi) || lo > hi)
        return false;
    *messages = (struct range){icmp_message((unsigned)type, (unsigned)lo), icmp_message((unsigned)type, (unsigned)hi)};
    return true;
}

bool icmp_parse(struct str name, enum family family, struct range *messages)
{
    const struct message *table = family == FAMILY_V4 ? messages_v4 : messages_v6;
    size_t n = family == FAMILY_V4 ? COUNT(messages_v4) : COUNT(messages_v6);

    if (parse_numbers(name, messages))
        return true;
    for (size_t i = 0; i < n; i++) {
        if (!str_is(name, table[i].name))
            continue;
        messages->lo = icmp_message(table[i].type, table[i].code < 0 ? 0 : (unsigned)table[i].code);
        messages->hi = icmp_message(table[i].type, table[i].code < 0 ? 255 : (unsigned)table[i].code);
        return true;
    }
    return false;
}

const char *icmp_type_name(enum family family, unsigned type)
{
    const struct message *table = family == FAMILY_V4 ? messages_v4 : messages_v6;
    size_t n = family == FAMILY_V4 ? COUNT(messages_v4) : COUNT(messages_v6);

    for (size_t i = 0; i < n; i++) {
        if (table[i].type == type && table[i].code < 0)
            return table[i].name;
    }
    return NULL;
}
