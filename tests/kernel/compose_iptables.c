/*
 * Random rulesets of iptables and ip6tables, as iptables-restore takes them, with the sets they ask for; see compose.h.
 * After iptables(8), iptables-extensions(8) and ipset(8): what these programs or the kernel refuse in a table or a
 * chain is not written there.
 */
#include "compose_iptables.h"

#include "net/proto.h"

static const struct {
    const char *name;
    unsigned traits;
} bases[] = {
    {"PREROUTING", WAY_IN | NO_OUT},
    {"INPUT", WAY_OUT | NO_OUT},
    {"FORWARD", 0},
    {"OUTPUT", WAY_IN | NO_IN},
    {"POSTROUTING", WAY_OUT | NO_IN | ONLY_POST},
};

static const struct {
    const char *name;
    unsigned bases; /* by index */
    unsigned rules; /* at most, of a chain */
} tables[TABLE_N] = {
    {"raw", 1 | 8, 4}, {"mangle", 1 | 2 | 4 | 8 | 16, 3}, {"nat", 1 | 2 | 8 | 16, 5}, {"filter", 2 | 4 | 8, 7}};

#define USERS 4

static const char *const set_types[] = {"hash:ip",       "hash:net",         "hash:net",    "hash:ip,port",
                                        "hash:net,port", "hash:ip,port,net", "bitmap:port", "hash:ip,port,ip"};

/* An address to translate to, with or without ports. */
static void place(struct writing *w, bool ports)
{
    bool six = w->family == FAMILY_V6;
    bool range = draw_once_in(w->c.draw, 5);

    ports = ports && draw_once_in(w->c.draw, 2);
    add(w, six && ports ? "[" : "");
    if (range && !(six && ports))
        compose_range(&w->c, w->family, NET_TARGETS, 3);
    else
        compose_one(&w->c, w->family, NET_TARGETS, 1 + below(w, 4));
    add(w, six && ports ? "]" : "");
    if (ports)
        buf_addf(&w->c.line, draw_once_in(w->c.draw, 4) ? ":%u-8082" : ":%u", 8080u);
}

/* Ports can be written where the protocol has some; a second -p would be refused. */
static void nat_target(struct writing *w)
{
    bool ports = memmem(w->c.line.p, w->c.line.n, " -p tcp", 7) != NULL ||
                 memmem(w->c.line.p, w->c.line.n, " -p udp ", 8) != NULL;
    bool not_protocol = memmem(w->c.line.p, w->c.line.n, "! -p", 4) != NULL;
    bool in = (w->traits & WAY_IN) != 0;

    ports = ports && !not_protocol;
    switch (below(w, 5)) {
    case 0:
        if (in && (w->traits & NO_OUT) != 0) {
            add(w, " -j REDIRECT");
            if (ports && draw_once_in(w->c.draw, 2))
                add(w, " --to-ports 8080");
            return;
        }
        break;
    case 1:
        if ((w->traits & ONLY_POST) != 0) {
            add(w, " -j MASQUERADE");
            if (draw_once_in(w->c.draw, 3))
                add(w, " --random-fully");
            return;
        }
        break;
    case 2:
        if (w->traits != WAY_IN && w->traits != WAY_OUT) {
            add(w, w->family == FAMILY_V4 ? " -j NETMAP --to 10.3.0.0/24" : " -j NETMAP --to fd00:3::/64");
            return;
        }
        break;
    default: break;
    }
    add(w, in ? " -j DNAT --to-destination " : " -j SNAT --to-source ");
    place(w, ports);
    if (draw_once_in(w->c.draw, 4))
        add(w, " --random");
}

/* A translation to what the packet has anyway. */
static void to_itself(struct writing *w)
{
    bool in = (w->traits & WAY_IN) != 0;
    enum net net = in ? NET_DESTINATIONS : NET_SOURCES;
    unsigned host = 1 + below(w, 4);

    add(w, in ? " -d " : " -s ");
    compose_one(&w->c, w->family, net, host);
    add(w, in ? " -j DNAT --to-destination " : " -j SNAT --to-source ");
    compose_one(&w->c, w->family, net, host);
}

static void mark_target(struct writing *w)
{
    static const char *const ways[] = {"--set-mark 0x1", "--set-mark 0x2/0x6", "--set-xmark 0x5/0x3",
                                       "--or-mark 0x4",  "--and-mark 0xfe",    "--xor-mark 0x3"};

    buf_addf(&w->c.line, " -j MARK %s", draw_of(w->c.draw, ways));
}

static void verdict(struct writing *w)
{
    static const char *const v4[] = {"", " --reject-with icmp-admin-prohibited",
                                     " --reject-with icmp-host-unreachable"};
    static const char *const v6[] = {"", " --reject-with icmp6-adm-prohibited"};
    bool filters = w->table == TABLE_FILTER || draw_once_in(w->c.draw, 5);

    switch (below(w, 8)) {
    case 0: add(w, " -j RETURN"); break;
    case 1:
    case 2: add(w, filters && w->table != TABLE_NAT ? " -j DROP" : " -j ACCEPT"); break;
    case 3:
        if (w->table == TABLE_FILTER) {
            add(w, " -j REJECT");
            add(w, w->family == FAMILY_V4 ? draw_of(w->c.draw, v4) : draw_of(w->c.draw, v6));
        }
        break;
    case 4: add(w, " -j LOG"); break;
    default: add(w, filters ? " -j ACCEPT" : ""); break;
    }
}

static void target(struct writing *w)
{
    if (w->user < w->user_end && draw_once_in(w->c.draw, 4))
        buf_addf(&w->c.line, " -%c u%u", draw_once_in(w->c.draw, 4) ? 'g' : 'j',
                 w->user + below(w, w->user_end - w->user));
    else if (w->table == TABLE_NAT && !draw_once_in(w->c.draw, 4))
        nat_target(w);
    else if (w->table == TABLE_RAW && w->c.to->tracks && !draw_once_in(w->c.draw, 3))
        add(w, draw_once_in(w->c.draw, 2) ? " -j CT --notrack" : " -j NOTRACK");
    else if (draw_once_in(w->c.draw, w->table == TABLE_MANGLE ? 2 : 10))
        mark_target(w);
    else
        verdict(w);
}

static void rules(struct writing *w, const char *chain)
{
    unsigned n = below(w, tables[w->table].rules + 1);

    for (unsigned i = 0; i < n; i++) {
        buf_addf(&w->c.line, "-A %s", chain);
        if (w->table == TABLE_NAT && draw_once_in(w->c.draw, 6)) {
            to_itself(w);
        } else {
            iptables_matches(w);
            target(w);
        }
        compose_end(&w->c, &w->c.to->rules);
    }
}

/* User chains of nat: the first half for destinations, the second for sources. */
static void may_call(struct writing *w, unsigned first)
{
    bool in = w->table == TABLE_NAT && (w->traits & WAY_IN) != 0;
    bool out = w->table == TABLE_NAT && !in;

    w->user = out && first < USERS / 2 ? USERS / 2 : first;
    w->user_end = in ? USERS / 2 : USERS;
}

static void table(struct writing *w)
{
    struct lines *to = &w->c.to->rules;

    buf_addf(&w->c.line, "*%s", tables[w->table].name);
    compose_end(&w->c, to);
    for (size_t i = 0; i < 5; i++) {
        bool drops = draw_once_in(w->c.draw, w->table == TABLE_FILTER ? 2 : 20) && w->table != TABLE_NAT;

        if ((tables[w->table].bases & 1u << i) == 0)
            continue;
        buf_addf(&w->c.line, ":%s %s [0:0]", bases[i].name, drops ? "DROP" : "ACCEPT");
        compose_end(&w->c, to);
    }
    for (unsigned i = 0; i < USERS; i++) {
        buf_addf(&w->c.line, ":u%u - [0:0]", i);
        compose_end(&w->c, to);
    }
    for (size_t i = 0; i < 5; i++) {
        w->traits = bases[i].traits;
        may_call(w, 0);
        if ((tables[w->table].bases & 1u << i) != 0)
            rules(w, bases[i].name);
    }
    for (unsigned i = 0; i < USERS; i++) {
        char name[8];

        snprintf(name, sizeof name, "u%u", i);
        w->traits = w->table != TABLE_NAT ? 0 : i < USERS / 2 ? WAY_IN : WAY_OUT;
        may_call(w, i + 1);
        rules(w, name);
    }
    add(w, "COMMIT");
    compose_end(&w->c, to);
}

/* `shorter`: how many bits the prefix of a net lacks. */
static void entry_part(struct writing *w, struct str part, bool first, unsigned shorter)
{
    static const char *const protocols[] = {"tcp", "udp", "sctp", "udplite", "tcp"};
    enum net net = first == draw_once_in(w->c.draw, 6) ? NET_DESTINATIONS : NET_SOURCES;

    if (str_is(part, "ip")) {
        compose_one(&w->c, w->family, net, below(w, 12));
    } else if (str_is(part, "net")) {
        u128 address = world_address(w->family, net, below(w, 12));
        unsigned bits = addr_bits(w->family) - shorter;

        addr_format(&w->c.line, w->family, addr_prefix(w->family, address, bits).lo);
        buf_addf(&w->c.line, "/%u", bits);
    } else if (draw_once_in(w->c.draw, 6)) {
        add(w, w->family == FAMILY_V4 ? "icmp:8/0" : "icmpv6:128/0");
    } else {
        buf_addf(&w->c.line, "%s:%u", draw_of(w->c.draw, protocols), compose_port(&w->c));
    }
}

static void set(struct writing *w, unsigned number)
{
    const char *type = draw_of(w->c.draw, set_types);
    bool ports = strcmp(type, "bitmap:port") == 0;
    unsigned n = 1 + below(w, 5);

    buf_addf(&w->c.line, "create s%u %s", number, type);
    if (ports)
        add(w, " range 0-65535");
    else if (w->family == FAMILY_V6)
        add(w, " family inet6");
    compose_end(&w->c, &w->c.to->sets);
    for (unsigned i = 0; i < n; i++) {
        struct str parts = str_from(str_of(type), strcspn(type, ":") + 1);
        bool first = true;

        buf_addf(&w->c.line, "add s%u ", number);
        if (ports)
            buf_addf(&w->c.line, "%u", compose_port(&w->c));
        while (!ports && parts.n > 0) {
            add(w, first ? "" : ",");
            entry_part(w, str_cut(parts, ',', &parts), first, i);
            first = false;
        }
        /* Each length of prefix once: an entry that is there already would only change. */
        if (str_starts(str_of(type), "hash:net") && draw_once_in(w->c.draw, 5))
            add(w, " nomatch");
        compose_end(&w->c, &w->c.to->sets);
    }
}

void compose_iptables(struct arena *arena, struct draw *draw, bool tracks, struct composed *composed)
{
    struct writing w = {.c = {.arena = arena, .draw = draw, .to = composed}};

    *composed = (struct composed){.family = (enum family)draw_below(draw, FAMILY_N), .tracks = tracks};
    w.family = composed->family;
    for (unsigned i = 0; i < SETS; i++)
        set(&w, i);
    buf_addf(&w.c.line, "create s%u list:set", SETS);
    compose_end(&w.c, &composed->sets);
    for (unsigned i = 0; i < SETS; i++) {
        buf_addf(&w.c.line, "add s%u s%u", SETS, i);
        compose_end(&w.c, &composed->sets);
    }
    for (w.table = 0; w.table < TABLE_N; w.table++) {
        if (w.table == TABLE_FILTER || (draw_once_in(draw, 2) && (tracks || w.table != TABLE_NAT)))
            table(&w);
    }
}
