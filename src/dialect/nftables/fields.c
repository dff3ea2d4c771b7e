/*
 * Words of nftables for the fields of a packet; see fields.h. From nft(8), "PRIMARY EXPRESSIONS" and "PAYLOAD
 * EXPRESSIONS", and what nft 1.0.6 prints with -j. State bits: include/uapi/linux/netfilter/nf_conntrack_common.h.
 */
#include "dialect/nftables/fields.h"

#include "base/num.h"
#include "net/proto.h"

static const struct nft_field fields[] = {
    {"ip", "saddr", NFT_NUMBER, FIELD_SOURCE, 32, "ipv4_addr"},
    {"ip", "daddr", NFT_NUMBER, FIELD_DESTINATION, 32, "ipv4_addr"},
    {"ip", "protocol", NFT_NUMBER, FIELD_PROTOCOL, 8, NULL},
    {"ip", "frag-off", NFT_FRAGMENT, FIELD_FRAGMENT, 16, NULL},
    {"ip6", "saddr", NFT_NUMBER, FIELD_SOURCE, 128, "ipv6_addr"},
    {"ip6", "daddr", NFT_NUMBER, FIELD_DESTINATION, 128, "ipv6_addr"},
    {"ip6", "nexthdr", NFT_NUMBER, FIELD_PROTOCOL, 8, NULL},
    {"frag", "frag-off", NFT_FRAGMENT_6, FIELD_FRAGMENT, 13, NULL},
    {"tcp", "sport", NFT_NUMBER, FIELD_SOURCE_PORT, 16, "inet_service"},
    {"tcp", "dport", NFT_NUMBER, FIELD_PORT, 16, "inet_service"},
    {"tcp", "flags", NFT_FLAGS, FIELD_TCP_FLAGS, 8, NULL},
    {"udp", "sport", NFT_NUMBER, FIELD_SOURCE_PORT, 16, "inet_service"},
    {"udp", "dport", NFT_NUMBER, FIELD_PORT, 16, "inet_service"},
    {"udplite", "sport", NFT_NUMBER, FIELD_SOURCE_PORT, 16, "inet_service"},
    {"udplite", "dport", NFT_NUMBER, FIELD_PORT, 16, "inet_service"},
    {"sctp", "sport", NFT_NUMBER, FIELD_SOURCE_PORT, 16, "inet_service"},
    {"sctp", "dport", NFT_NUMBER, FIELD_PORT, 16, "inet_service"},
    {"dccp", "sport", NFT_NUMBER, FIELD_SOURCE_PORT, 16, "inet_service"},
    {"dccp", "dport", NFT_NUMBER, FIELD_PORT, 16, "inet_service"},
    {"th", "sport", NFT_NUMBER, FIELD_SOURCE_PORT, 16, "inet_service"},
    {"th", "dport", NFT_NUMBER, FIELD_PORT, 16, "inet_service"},
    {"icmp", "type", NFT_ICMP_TYPE, FIELD_ICMP, 8, NULL},
    {"icmp", "code", NFT_ICMP_CODE, FIELD_ICMP, 8, NULL},
    {"icmpv6", "type", NFT_ICMP_TYPE, FIELD_ICMP, 8, NULL},
    {"icmpv6", "code", NFT_ICMP_CODE, FIELD_ICMP, 8, NULL},
    {"meta", "iif", NFT_INTERFACE, FIELD_IN, 0, NULL},
    {"meta", "iifname", NFT_INTERFACE, FIELD_IN, 0, "ifname"},
    {"meta", "oif", NFT_INTERFACE, FIELD_OUT, 0, NULL},
    {"meta", "oifname", NFT_INTERFACE, FIELD_OUT, 0, "ifname"},
    {"meta", "l4proto", NFT_NUMBER, FIELD_PROTOCOL, 8, "inet_proto"},
    {"meta", "nfproto", NFT_NFPROTO, FIELD_N, 8, NULL},
    {"meta", "protocol", NFT_ETHERTYPE, FIELD_N, 16, NULL},
    {"meta", "mark", NFT_NUMBER, FIELD_MARK, 32, NULL},
    {"ct", "state", NFT_STATE, FIELD_STATE, 7, NULL},
};

static const struct nft_header headers[] = {
    {"ip", FAMILY_BIT(FAMILY_V4), -1, false},
    {"ip6", FAMILY_BIT(FAMILY_V6), -1, false},
    {"tcp", FAMILY_BOTH, PROTO_TCP, true},
    {"udp", FAMILY_BOTH, PROTO_UDP, true},
    {"udplite", FAMILY_BOTH, PROTO_UDPLITE, true},
    {"sctp", FAMILY_BOTH, PROTO_SCTP, true},
    {"dccp", FAMILY_BOTH, PROTO_DCCP, true},
    {"th", FAMILY_BOTH, -1, true},
    {"icmp", FAMILY_BIT(FAMILY_V4), PROTO_ICMP, true},
    {"icmpv6", FAMILY_BIT(FAMILY_V6), PROTO_ICMPV6, true},
    {"igmp", FAMILY_BOTH, 2, true},
};

const unsigned nft_state_bits[STATE_N] = {
    [STATE_NEW] = 8, [STATE_ESTABLISHED] = 2, [STATE_RELATED] = 4, [STATE_INVALID] = 1, [STATE_UNTRACKED] = 64,
};

const char *const nft_flag_names[8] = {"fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"};

/* Codes by name, for `icmp code` and `icmpv6 code`, which know nothing of the type beside them. */
static const struct {
    const char *name;
    enum family family;
    unsigned code;
} codes[] = {
    {"net-unreachable", FAMILY_V4, 0},  {"host-unreachable", FAMILY_V4, 1},  {"prot-unreachable", FAMILY_V4, 2},
    {"port-unreachable", FAMILY_V4, 3}, {"frag-needed", FAMILY_V4, 4},       {"net-prohibited", FAMILY_V4, 9},
    {"host-prohibited", FAMILY_V4, 10}, {"admin-prohibited", FAMILY_V4, 13}, {"no-route", FAMILY_V6, 0},
    {"admin-prohibited", FAMILY_V6, 1}, {"addr-unreachable", FAMILY_V6, 3},  {"port-unreachable", FAMILY_V6, 4},
    {"policy-fail", FAMILY_V6, 5},      {"reject-route", FAMILY_V6, 6},
};

static const struct {
    const char *name;
    int priority;
} priorities[] = {
    {"raw", -300}, {"mangle", -150}, {"dstnat", -100}, {"filter", 0}, {"security", 50}, {"srcnat", 100},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

const struct nft_field *nft_field_find(struct str object, struct str key)
{
    for (size_t i = 0; i < COUNT(fields); i++) {
        if (str_is(object, fields[i].object) && str_is(key, fields[i].key))
            return &fields[i];
    }
    return NULL;
}

const struct nft_header *nft_header_find(struct str name)
{
    for (size_t i = 0; i < COUNT(headers); i++) {
        if (str_is(name, headers[i].name))
            return &headers[i];
    }
    return NULL;
}

const struct nft_field *nft_field_for(enum field field, enum family family, unsigned protocol)
{
    for (size_t i = 0; i < COUNT(fields); i++) {
        const struct nft_header *header = nft_header_find(str_of(fields[i].object));

        if (fields[i].field != field || fields[i].type == NULL)
            continue;
        if (header == NULL || ((header->families & FAMILY_BIT(family)) != 0 &&
                               (header->protocol < 0 ? !header->transport : (unsigned)header->protocol == protocol)))
            return &fields[i];
    }
    return NULL;
}

u128 nft_field_last(const struct nft_field *field)
{
    return field->bits == 128 ? ~(u128)0 : ((u128)1 << field->bits) - 1;
}

bool nft_field_is_bits(const struct nft_field *field)
{
    return field->kind == NFT_STATE || field->kind == NFT_FLAGS;
}

bool nft_field_is_next_header(const struct nft_field *field)
{
    return strcmp(field->key, "nexthdr") == 0;
}

enum family nft_field_family(const struct nft_field *field)
{
    const struct nft_header *header = nft_header_find(str_of(field->object));

    if (header == NULL || header->families == FAMILY_BOTH)
        return FAMILY_N;
    return header->families == FAMILY_BIT(FAMILY_V4) ? FAMILY_V4 : FAMILY_V6;
}

static bool state_parse(struct str name, u128 *value)
{
    for (enum state state = 0; state < STATE_N; state++) {
        if (str_is(name, state_name(state))) {
            *value = nft_state_bits[state];
            return true;
        }
    }
    return false;
}

static bool flag_parse(struct str name, u128 *value)
{
    for (unsigned i = 0; i < 8; i++) {
        if (str_is(name, nft_flag_names[i])) {
            *value = 1u << i;
            return true;
        }
    }
    return false;
}

static bool code_parse(struct str name, enum family family, u128 *value)
{
    for (size_t i = 0; i < COUNT(codes); i++) {
        if (codes[i].family == family && str_is(name, codes[i].name)) {
            *value = codes[i].code;
            return true;
        }
    }
    return false;
}

static bool type_parse(struct str name, enum family family, u128 *value)
{
    struct range messages;

    if (!icmp_parse(name, family, &messages) || messages.hi - messages.lo != 255)
        return false;
    *value = messages.lo >> 8;
    return true;
}

static bool protocol_parse(struct str name, u128 *value)
{
    int protocol = proto_parse(name);

    *value = (u128)(protocol < 0 ? 0 : protocol);
    return protocol >= 0;
}

bool nft_name_parse(const struct nft_field *field, struct str name, u128 *value)
{
    uint64_t number;

    if (field->bits <= 32 && num_any(name, (uint64_t)nft_field_last(field), &number)) {
        *value = number;
        return true;
    }
    switch (field->kind) {
    case NFT_NUMBER: return field->field == FIELD_PROTOCOL && protocol_parse(name, value);
    case NFT_ICMP_TYPE: return type_parse(name, nft_field_family(field), value);
    case NFT_ICMP_CODE: return code_parse(name, nft_field_family(field), value);
    case NFT_STATE: return state_parse(name, value);
    case NFT_FLAGS: return flag_parse(name, value);
    case NFT_NFPROTO: *value = str_is(name, "ipv4") ? 2 : 10; return str_is(name, "ipv4") || str_is(name, "ipv6");
    case NFT_ETHERTYPE: *value = str_is(name, "ip") ? 0x0800 : 0x86dd; return str_is(name, "ip") || str_is(name, "ip6");
    case NFT_INTERFACE:
    case NFT_FRAGMENT:
    case NFT_FRAGMENT_6:
    case NFT_KIND_N: break;
    }
    return false;
}

bool nft_priority_parse(struct str text, int *priority)
{
    struct str rest = text;
    struct str word = str_word(&rest);
    bool minus = str_starts(text, "-");
    uint64_t number;
    int base = 0;

    for (size_t i = 0; i < COUNT(priorities); i++) {
        if (str_is(word, priorities[i].name)) {
            base = priorities[i].priority;
            rest = str_trim(rest);
            if (rest.n == 0) {
                *priority = base;
                return true;
            }
            if (rest.p[0] != '+' && rest.p[0] != '-')
                return false;
            minus = rest.p[0] == '-';
            text = str_trim(str_from(rest, 1));
            if (!num_decimal(text, 1000000, &number))
                return false;
            *priority = base + (minus ? -(int)number : (int)number);
            return true;
        }
    }
    if (!num_decimal(minus ? str_from(text, 1) : text, INT32_MAX, &number))
        return false;
    *priority = minus ? -(int)number : (int)number;
    return true;
}
