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

static const struct {
    const char *name;
    unsigned short port;
} services[] = {
    {"tcpmux", 1},
    {"echo", 7},
    {"discard", 9},
    {"systat", 11},
    {"daytime", 13},
    {"chargen", 19},
    {"ftp-data", 20},
    {"ftp", 21},
    {"ssh", 22},
    {"telnet", 23},
    {"smtp", 25},
    {"time", 37},
    {"whois", 43},
    {"tacacs", 49},
    {"domain", 53},
    {"bootps", 67},
    {"bootpc", 68},
    {"tftp", 69},
    {"gopher", 70},
    {"finger", 79},
    {"http", 80},
    {"www", 80},
    {"kerberos", 88},
    {"iso-tsap", 102},
    {"pop3", 110},
    {"sunrpc", 111},
    {"portmapper", 111},
    {"auth", 113},
    {"ident", 113},
    {"nntp", 119},
    {"ntp", 123},
    {"epmap", 135},
    {"loc-srv", 135},
    {"netbios-ns", 137},
    {"netbios-dgm", 138},
    {"netbios-ssn", 139},
    {"imap2", 143},
    {"imap", 143},
    {"snmp", 161},
    {"snmp-trap", 162},
    {"snmptrap", 162},
    {"xdmcp", 177},
    {"bgp", 179},
    {"irc", 194},
    {"ldap", 389},
    {"https", 443},
    {"microsoft-ds", 445},
    {"kpasswd", 464},
    {"submissions", 465},
    {"ssmtp", 465},
    {"smtps", 465},
    {"urd", 465},
    {"isakmp", 500},
    {"exec", 512},
    {"login", 513},
    {"route", 520},
    {"router", 520},
    {"printer", 515},
    {"uucp", 540},
    {"dhcpv6-client", 546},
    {"dhcpv6-server", 547},
    {"rtsp", 554},
    {"nntps", 563},
    {"submission", 587},
    {"ipp", 631},
    {"ldaps", 636},
    {"domain-s", 853},
    {"rsync", 873},
    {"ftps-data", 989},
    {"ftps", 990},
    {"telnets", 992},
    {"imaps", 993},
    {"pop3s", 995},
    {"socks", 1080},
    {"proofd", 1093},
    {"openvpn", 1194},
    {"ms-sql-s", 1433},
    {"ms-sql-m", 1434},
    {"radius", 1812},
    {"radius-acct", 1813},
    {"nfs", 2049},
    {"gsigatekeeper", 2119},
    {"cvspserver", 2401},
    {"docker", 2375},
    {"docker-s", 2376},
    {"mysql", 3306},
    {"ms-wbt-server", 3389},
    {"nut", 3493},
    {"svn", 3690},
    {"suucp", 4031},
    {"iax", 4569},
    {"ipsec-nat-t", 4500},
    {"sip", 5060},
    {"sip-tls", 5061},
    {"xmpp-client", 5222},
    {"xmpp-server", 5269},
    {"mdns", 5353},
    {"postgresql", 5432},
    {"rfb", 5900},
    {"vnc", 5900},
    {"amqp", 5672},
    {"amqps", 5671},
    {"x11", 6000},
    {"redis", 6379},
    {"ircd", 6667},
    {"http-alt", 8080},
    {"webcache", 8080},
    {"bacula-dir", 9101},
    {"bacula-fd", 9102},
    {"bacula-sd", 9103},
    {"git", 9418},
    {"zabbix-agent", 10050},
    {"zabbix-trapper", 10051},
    {"amanda", 10080},
    {"webmin", 10000},
    {"netstat", 15},
    {"qotd", 17},
    {"fsp", 21},
    {"rlp", 39},
    {"nameserver", 42},
    {"tacacs-ds", 65},
    {"link", 87},
    {"supdup", 95},
    {"hostnames", 101},
    {"acr-nema", 104},
    {"csnet-ns", 105},
    {"pop2", 109},
    {"sftp", 115},
    {"uucp-path", 117},
    {"imap3", 220},
    {"rpc2portmap", 369},
    {"ulistserv", 372},
    {"svrloc", 427},
    {"snpp", 444},
    {"saft", 487},
    {"gdomap", 538},
    {"biff", 512},
    {"comsat", 512},
    {"shell", 514},
    {"syslog", 514},
    {"cmd", 514},
    {"who", 513},
    {"talk", 517},
    {"ntalk", 518},
    {"rip", 520},
    {"ripng", 521},
    {"efs", 520},
    {"klogin", 543},
    {"kshell", 544},
    {"afpovertcp", 548},
    {"nnsp", 433},
    {"webster", 765},
    {"kerberos-adm", 749},
    {"kerberos4", 750},
    {"moira-db", 775},
    {"swat", 901},
    {"iscsi-target", 3260},
    {"nfsd", 2049},
    {"ingreslock", 1524},
    {"l2f", 1701},
    {"l2tp", 1701},
    {"pptp", 1723},
    {"datametrics", 1645},
    {"old-radius", 1645},
    {"kermit", 1649},
    {"mtp", 1911},
    {"cisco-sccp", 2000},
    {"sieve", 4190},
    {"nrpe", 5666},
    {"ssdp", 1900},
    {"sane-port", 6566},
    {"font-service", 7100},
    {"xfs", 7100},
    {"x11-1", 6001},
    {"x11-2", 6002},
    {"x11-3", 6003},
    {"ircs", 6697},
    {"ircs-u", 6697},
    {"xmpp-bosh", 5280},
    {"tinc", 655},
    {"distcc", 3632},
    {"daap", 3689},
    {"epmd", 4369},
    {"gpsd", 2947},
    {"canna", 5680},
    {"freeciv", 5556},
    {"fax", 4557},
    {"hylafax", 4559},
    {"nbd", 10809},
    {"mountd", 635},
    {"gnutella-svc", 6346},
    {"afs3-fileserver", 7000},
    {"afs3-callback", 7001},
    {"msp", 18},
    {"mandelspawn", 9359},
    {"ftp-agent", 574},
    {"qmtp", 209},
    {"qmqp", 628},
    {"omirr", 808},
    {"ipx", 213},
    {"at-rtmp", 201},
    {"prospero", 191},
    {"mailq", 174},
    {"z3950", 210},
    {"sgmp", 153},
    {"wais", 210},
    {"nqs", 607},
    {"zope", 9673},
    {"cfengine", 5308},
    {"asf-rmcp", 623},
    {"isns", 3205},
    {"nsca", 5667},
    {"gds-db", 3050},
    {"icpv2", 3130},
    {"venus", 2430},
    {"squid", 3128},
    {"munin", 4949},
};

int service_port(struct str name)
{
    for (size_t i = 0; i < COUNT(services); i++) {
        if (str_is(name, services[i].name))
            return services[i].port;
    }
    return -1;
}
