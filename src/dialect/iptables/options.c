/* The table of options, modules and targets; see options.h. From iptables(8), iptables-extensions(8) of 1.8.9. */
#include "dialect/iptables/options.h"

#include <pthread.h>

const struct option_row option_rows[] = {
    {OPTION_SOURCE, MODULE_GLOBAL, {"-s", "--source", "--src"}, FIELD_SOURCE, 1},
    {OPTION_DESTINATION, MODULE_GLOBAL, {"-d", "--destination", "--dst"}, FIELD_DESTINATION, 1},
    {OPTION_IN, MODULE_GLOBAL, {"-i", "--in-interface"}, FIELD_IN, 1},
    {OPTION_OUT, MODULE_GLOBAL, {"-o", "--out-interface"}, FIELD_OUT, 1},
    {OPTION_PROTOCOL, MODULE_GLOBAL, {"-p", "--protocol", "--proto"}, FIELD_PROTOCOL, 1},
    {OPTION_FRAGMENT, MODULE_GLOBAL, {"-f", "--fragment", "--fragments"}, FIELD_FRAGMENT, 0},
    {OPTION_MATCH, MODULE_GLOBAL, {"-m", "--match"}, FIELD_N, 1},
    {OPTION_JUMP, MODULE_GLOBAL, {"-j", "--jump"}, FIELD_N, 1},
    {OPTION_GOTO, MODULE_GLOBAL, {"-g", "--goto"}, FIELD_N, 1},
    {OPTION_COUNTERS, MODULE_GLOBAL, {"-c", "--set-counters"}, FIELD_N, 2},
    {OPTION_IP_VERSION, MODULE_GLOBAL, {"-4", "-6", "--ipv4", "--ipv6"}, FIELD_N, 0},
    {OPTION_TABLE, MODULE_GLOBAL, {"-t", "--table"}, FIELD_N, 1},
    {OPTION_WAIT, MODULE_GLOBAL, {"-w", "--wait", "-v", "--verbose", "-n"}, FIELD_N, 0},
    {OPTION_SPORT, MODULE_PORTS, {"--sport", "--source-port"}, FIELD_SOURCE_PORT, 1},
    {OPTION_DPORT, MODULE_PORTS, {"--dport", "--destination-port"}, FIELD_PORT, 1},
    {OPTION_TCP_FLAGS, MODULE_PORTS, {"--tcp-flags"}, FIELD_TCP_FLAGS, 2},
    {OPTION_SYN, MODULE_PORTS, {"--syn"}, FIELD_TCP_FLAGS, 0},
    {OPTION_TCP_OPTION, MODULE_PORTS, {"--tcp-option"}, FIELD_N, 1},
    {OPTION_ICMP_TYPE, MODULE_ICMP, {"--icmp-type", "--icmpv6-type"}, FIELD_ICMP, 1},
    {OPTION_SPORTS, MODULE_MULTIPORT, {"--sports", "--source-ports"}, FIELD_SOURCE_PORT, 1},
    {OPTION_DPORTS, MODULE_MULTIPORT, {"--dports", "--destination-ports"}, FIELD_PORT, 1},
    {OPTION_PORTS, MODULE_MULTIPORT, {"--ports", "--port"}, FIELD_N, 1},
    {OPTION_SRC_RANGE, MODULE_IPRANGE, {"--src-range"}, FIELD_SOURCE, 1},
    {OPTION_DST_RANGE, MODULE_IPRANGE, {"--dst-range"}, FIELD_DESTINATION, 1},
    {OPTION_STATE, MODULE_STATE, {"--state"}, FIELD_STATE, 1},
    {OPTION_CTSTATE, MODULE_CONNTRACK, {"--ctstate"}, FIELD_STATE, 1},
    {OPTION_CTPROTO, MODULE_CONNTRACK, {"--ctproto"}, FIELD_PROTOCOL, 1},
    {OPTION_CTDIR, MODULE_CONNTRACK, {"--ctdir"}, FIELD_N, 1},
    {OPTION_CTSTATUS, MODULE_CONNTRACK, {"--ctstatus"}, FIELD_N, 1},
    {OPTION_CTORIGSRC, MODULE_CONNTRACK, {"--ctorigsrc"}, FIELD_SOURCE, 1},
    {OPTION_CTORIGDST, MODULE_CONNTRACK, {"--ctorigdst"}, FIELD_DESTINATION, 1},
    {OPTION_CTREPLSRC, MODULE_CONNTRACK, {"--ctreplsrc"}, FIELD_N, 1},
    {OPTION_CTREPLDST, MODULE_CONNTRACK, {"--ctrepldst"}, FIELD_N, 1},
    {OPTION_CTORIGSRCPORT, MODULE_CONNTRACK, {"--ctorigsrcport"}, FIELD_SOURCE_PORT, 1},
    {OPTION_CTORIGDSTPORT, MODULE_CONNTRACK, {"--ctorigdstport"}, FIELD_PORT, 1},
    {OPTION_CTREPLSRCPORT, MODULE_CONNTRACK, {"--ctreplsrcport"}, FIELD_N, 1},
    {OPTION_CTREPLDSTPORT, MODULE_CONNTRACK, {"--ctrepldstport"}, FIELD_N, 1},
    {OPTION_MARK, MODULE_MARK, {"--mark"}, FIELD_MARK, 1},
    {OPTION_SRC_TYPE, MODULE_ADDRTYPE, {"--src-type"}, FIELD_SOURCE, 1},
    {OPTION_DST_TYPE, MODULE_ADDRTYPE, {"--dst-type"}, FIELD_DESTINATION, 1},
    {OPTION_MAC, MODULE_MAC, {"--mac-source"}, FIELD_N, 1},
    {OPTION_PKTTYPE, MODULE_PKTTYPE, {"--pkt-type"}, FIELD_N, 1},
    {OPTION_PHYSDEV_IN, MODULE_PHYSDEV, {"--physdev-in"}, FIELD_N, 1},
    {OPTION_PHYSDEV_OUT, MODULE_PHYSDEV, {"--physdev-out"}, FIELD_N, 1},
    {OPTION_PHYSDEV_IS_IN, MODULE_PHYSDEV, {"--physdev-is-in"}, FIELD_N, 0},
    {OPTION_PHYSDEV_IS_OUT, MODULE_PHYSDEV, {"--physdev-is-out"}, FIELD_N, 0},
    {OPTION_PHYSDEV_IS_BRIDGED, MODULE_PHYSDEV, {"--physdev-is-bridged"}, FIELD_N, 0},
    {OPTION_MATCH_SET, MODULE_SET, {"--match-set", "--set"}, FIELD_N, 2},
    {OPTION_COMMENT, MODULE_COMMENT, {"--comment"}, FIELD_N, 1},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NAMES COUNT(option_rows[0].names)

const size_t option_row_n = COUNT(option_rows);

const char *option_name(enum option option)
{
    return option_rows[option].names[0];
}

/* Options are asked for a million times in a large file: a small open table from spelling to row, made once. */
#define SLOTS 256

static unsigned char slots[SLOTS]; /* row + 1 */
static unsigned char slot_names[SLOTS];
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

static size_t slot_of(struct str name)
{
    size_t hash = name.n * 31;

    for (size_t i = 1; i < name.n && i < 16; i++)
        hash = hash * 33 + (unsigned char)name.p[i];
    return hash % SLOTS;
}

static void fill_slots(void)
{
    for (size_t row = 0; row < COUNT(option_rows); row++) {
        for (size_t i = 0; i < NAMES && option_rows[row].names[i] != NULL; i++) {
            size_t at = slot_of(str_of(option_rows[row].names[i]));

            while (slots[at] != 0)
                at = (at + 1) % SLOTS;
            slots[at] = (unsigned char)(row + 1);
            slot_names[at] = (unsigned char)i;
        }
    }
}

const struct option_row *option_find(struct str name)
{
    pthread_once(&slots_once, fill_slots);
    for (size_t at = slot_of(name); slots[at] != 0; at = (at + 1) % SLOTS) {
        const struct option_row *row = &option_rows[slots[at] - 1];

        if (str_is(name, row->names[slot_names[at]]))
            return row;
    }
    return NULL;
}

static const struct {
    const char *name;
    enum module module;
} modules[] = {
    {"tcp", MODULE_PORTS},
    {"udp", MODULE_PORTS},
    {"udplite", MODULE_PORTS},
    {"dccp", MODULE_PORTS},
    {"sctp", MODULE_PORTS},
    {"icmp", MODULE_ICMP},
    {"icmp6", MODULE_ICMP},
    {"icmpv6", MODULE_ICMP},
    {"ipv6-icmp", MODULE_ICMP},
    {"state", MODULE_STATE},
    {"conntrack", MODULE_CONNTRACK},
    {"multiport", MODULE_MULTIPORT},
    {"mport", MODULE_MULTIPORT},
    {"comment", MODULE_COMMENT},
    {"iprange", MODULE_IPRANGE},
    {"mark", MODULE_MARK},
    {"set", MODULE_SET},
    {"addrtype", MODULE_ADDRTYPE},
    {"mac", MODULE_MAC},
    {"physdev", MODULE_PHYSDEV},
    {"pkttype", MODULE_PKTTYPE},
    {"owner", MODULE_FIXED},
    {"ttl", MODULE_PURE},
    {"hl", MODULE_PURE},
    {"dscp", MODULE_PURE},
    {"tos", MODULE_PURE},
    {"length", MODULE_PURE},
    {"tcpmss", MODULE_PURE},
    {"realm", MODULE_PURE},
    {"helper", MODULE_PURE},
    {"esp", MODULE_PURE},
    {"ah", MODULE_PURE},
    {"cgroup", MODULE_FIXED},
    {"cpu", MODULE_WHOLE},
    {"devgroup", MODULE_PURE},
    {"connmark", MODULE_PURE},
    {"time", MODULE_WHOLE},
    {"string", MODULE_WHOLE},
    {"u32", MODULE_WHOLE},
    {"bpf", MODULE_WHOLE},
    {"policy", MODULE_WHOLE},
    {"rpfilter", MODULE_WHOLE},
    {"ecn", MODULE_WHOLE},
    {"ipv6header", MODULE_WHOLE},
    {"rt", MODULE_WHOLE},
    {"frag", MODULE_WHOLE},
    {"dst", MODULE_WHOLE},
    {"hbh", MODULE_WHOLE},
    {"mh", MODULE_WHOLE},
    {"eui64", MODULE_WHOLE},
    {"geoip", MODULE_WHOLE},
    {"ipvs", MODULE_WHOLE},
    {"nfacct", MODULE_WHOLE},
    {"osf", MODULE_WHOLE},
    {"socket", MODULE_WHOLE},
    {"srh", MODULE_WHOLE},
    {"layer7", MODULE_WHOLE},
    {"ipp2p", MODULE_WHOLE},
    {"ndpi", MODULE_WHOLE},
    {"connlabel", MODULE_MOVING},
    {"cluster", MODULE_WHOLE},
    {"account", MODULE_MOVING},
    {"connbytes", MODULE_MOVING},
    {"connlimit", MODULE_MOVING},
    {"connrate", MODULE_MOVING},
    {"hashlimit", MODULE_MOVING},
    {"limit", MODULE_MOVING},
    {"quota", MODULE_MOVING},
    {"quota2", MODULE_MOVING},
    {"random", MODULE_MOVING},
    {"rateest", MODULE_MOVING},
    {"recent", MODULE_MOVING},
    {"statistic", MODULE_MOVING},
    {"nth", MODULE_MOVING},
    {"psd", MODULE_MOVING},
    {"condition", MODULE_MOVING},
    {"dstlimit", MODULE_MOVING},
    {"lscan", MODULE_MOVING},
    {"fuzzy", MODULE_MOVING},
    {"iplimit", MODULE_MOVING},
    {"pknock", MODULE_MOVING},
};

enum module module_find(struct str name)
{
    for (size_t i = 0; i < COUNT(modules); i++) {
        if (str_is(name, modules[i].name))
            return modules[i].module;
    }
    return MODULE_N;
}

bool module_keeps_list(struct str name)
{
    static const char *const names[] = {"recent", "hashlimit", "account", "pknock", "quota2", "connlabel"};

    for (size_t i = 0; i < COUNT(names); i++) {
        if (str_is(name, names[i]))
            return true;
    }
    return false;
}

static const struct target_row targets[] = {
    {"ACCEPT", TARGET_VERDICT, ACTION_ACCEPT},
    {"DROP", TARGET_VERDICT, ACTION_DROP},
    {"REJECT", TARGET_VERDICT, ACTION_REJECT},
    {"RETURN", TARGET_VERDICT, ACTION_RETURN},
    {"LOG", TARGET_PASSES, ACTION_NONE},
    {"NFLOG", TARGET_PASSES, ACTION_NONE},
    {"ULOG", TARGET_PASSES, ACTION_NONE},
    {"TRACE", TARGET_PASSES, ACTION_NONE},
    {"TCPMSS", TARGET_PASSES, ACTION_NONE},
    {"CLASSIFY", TARGET_PASSES, ACTION_NONE},
    {"CHECKSUM", TARGET_PASSES, ACTION_NONE},
    {"DSCP", TARGET_PASSES, ACTION_NONE},
    {"TOS", TARGET_PASSES, ACTION_NONE},
    {"TTL", TARGET_PASSES, ACTION_NONE},
    {"HL", TARGET_PASSES, ACTION_NONE},
    {"ECN", TARGET_PASSES, ACTION_NONE},
    {"AUDIT", TARGET_PASSES, ACTION_NONE},
    {"CONNSECMARK", TARGET_PASSES, ACTION_NONE},
    {"SECMARK", TARGET_PASSES, ACTION_NONE},
    {"IDLETIMER", TARGET_PASSES, ACTION_NONE},
    {"LED", TARGET_PASSES, ACTION_NONE},
    {"RATEEST", TARGET_PASSES, ACTION_NONE},
    {"TCPOPTSTRIP", TARGET_PASSES, ACTION_NONE},
    {"TEE", TARGET_PASSES, ACTION_NONE},
    {"IMQ", TARGET_PASSES, ACTION_NONE},
    {"ACCOUNT", TARGET_PASSES, ACTION_NONE},
    {"LOGMARK", TARGET_PASSES, ACTION_NONE},
    {"FLOWOFFLOAD", TARGET_PASSES, ACTION_NONE}, /* of OpenWrt: packets of connections that are already there */
    {"HMARK", TARGET_MARKS, ACTION_NONE},
    {"IPMARK", TARGET_MARKS, ACTION_NONE},
    {"DNETMAP", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"FULLCONENAT", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"TRIGGER", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"BALANCE", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"ECHO", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"SYSRQ", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"DHCPMAC", TARGET_PASSES, ACTION_NONE},
    {"FTOS", TARGET_PASSES, ACTION_NONE},
    {"IPV4OPTSSTRIP", TARGET_PASSES, ACTION_NONE},
    {"NOTRACK", TARGET_NOTRACK, ACTION_NOTRACK},
    {"QUEUE", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"NFQUEUE", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"TPROXY", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"DNAT", TARGET_NAT, ACTION_UNKNOWN},
    {"REDIRECT", TARGET_NAT, ACTION_UNKNOWN},
    {"NETMAP", TARGET_NAT, ACTION_UNKNOWN},
    {"SYNPROXY", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"DNPT", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"SNPT", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"CLUSTERIP", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"TARPIT", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"MIRROR", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"ROUTE", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"CHAOS", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"DELUDE", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"SNAT", TARGET_NAT, ACTION_UNKNOWN},
    {"MASQUERADE", TARGET_NAT, ACTION_UNKNOWN},
    {"SAME", TARGET_OPAQUE, ACTION_UNKNOWN},
    {"MARK", TARGET_MARKS, ACTION_NONE},
    {"CONNMARK", TARGET_CONNMARK, ACTION_NONE},
    {"CT", TARGET_CT, ACTION_NONE},
    {"SET", TARGET_SET, ACTION_NONE},
};

const struct target_row *target_find(struct str name)
{
    for (size_t i = 0; i < COUNT(targets); i++) {
        if (str_is(name, targets[i].name))
            return &targets[i];
    }
    return NULL;
}
