/* What random rules of nftables ask; see compose_nftables.h. */
#include "compose_nftables.h"

#include "net/proto.h"

/* --- values ------------------------------------------------------------------------------------------------------- */

static void port(struct writing *w)
{
    unsigned a = compose_port(&w->c);
    unsigned b = compose_port(&w->c);

    if (a != b && once_in(w, 3))
        buf_addf(&w->c.line, "%u-%u", a < b ? a : b, a < b ? b : a);
    else
        buf_addf(&w->c.line, "%u", a);
}

void nft_address(struct writing *w, enum family family, enum net net)
{
    if (once_in(w, 4))
        compose_range(&w->c, family, net, 6);
    else
        compose_address(&w->c, family, net);
}

/* Disjoint ports and prefixes, for maps and for sets that do not merge: from a list, in order. */
const char *const apart_ports[7] = {"22", "53", "80-81", "443", "1023-1024", "8080", "33000-65534"};
static const unsigned apart_hosts[] = {1, 2, 3, 5, 7, 9};

void apart_address(struct writing *w, enum family family, enum net net, unsigned i)
{
    compose_one(&w->c, family, net, apart_hosts[i % 6]);
}

/* --- matches ------------------------------------------------------------------------------------------------------ */

static void address_match(struct writing *w)
{
    bool source = once_in(w, 2);
    enum family family = need_family(w);
    enum net net = source ? NET_SOURCES : NET_DESTINATIONS;

    buf_addf(&w->c.line, "%s %s ", ip(family), source ? "saddr" : "daddr");
    maybe_not(w);
    switch (below(w, 4)) {
    case 0:
        add(w, "{ ");
        for (unsigned i = below(w, 3); i < 6; i += 1 + below(w, 3)) {
            apart_address(w, family, net, i);
            add(w, ", ");
        }
        compose_one(&w->c, family, net, 12);
        add(w, "-");
        compose_one(&w->c, family, net, 12 + below(w, 60));
        add(w, " } ");
        break;
    case 1: buf_addf(&w->c.line, "@%s%u ", family == FAMILY_V4 ? "four" : "six", source ? 0 : 1); break;
    default:
        nft_address(w, family, net);
        add(w, " ");
        break;
    }
}

static void port_values(struct writing *w)
{
    static const char *const compare[] = {"<", "<=", ">", ">="};

    switch (below(w, 5)) {
    case 0:
        maybe_not(w);
        add(w, "{ ");
        for (unsigned i = below(w, 3); i < 6; i += 1 + below(w, 3))
            buf_addf(&w->c.line, "%s, ", apart_ports[i]);
        add(w, "65535 } ");
        break;
    case 1: buf_addf(&w->c.line, "%s %u ", draw_of(w->c.draw, compare), 1 + below(w, 2) * 1023); break;
    case 2:
        maybe_not(w);
        add(w, "@ports ");
        break;
    default:
        maybe_not(w);
        port(w);
        add(w, " ");
        break;
    }
}

static void flags_match(struct writing *w)
{
    static const char *const forms[] = {"tcp flags syn ",
                                        "tcp flags & (fin|syn|rst|ack) == syn ",
                                        "tcp flags & (syn|ack) == syn|ack ",
                                        "tcp flags != ack ",
                                        "tcp flags == 0x0 ",
                                        "tcp flags & rst != 0 ",
                                        "tcp flags ! fin,rst ",
                                        "tcp flags & (syn|ack) != syn ",
                                        "tcp flags { syn, ack, syn | ack } ",
                                        "tcp flags syn / syn,ack "};

    add(w, draw_of(w->c.draw, forms));
    w->protocol = PROTO_TCP;
}

static void icmp_match(struct writing *w)
{
    static const char *const v4[] = {"icmp type echo-request ", "icmp type { echo-reply, destination-unreachable } ",
                                     "icmp type != echo-request ", "icmp code 1-3 ",
                                     "icmp type destination-unreachable icmp code { 0, 3 } "};
    static const char *const v6[] = {"icmpv6 type echo-request ", "icmpv6 type { 1, 2, 129 } ",
                                     "icmpv6 type != { 133-136 } ", "icmpv6 code 0 ", "icmpv6 code port-unreachable "};

    add(w, need_family(w) == FAMILY_V4 ? draw_of(w->c.draw, v4) : draw_of(w->c.draw, v6));
    w->protocol = (int)proto_icmp(w->family);
}

static void protocol_match(struct writing *w)
{
    static const char *const forms[] = {
        "meta l4proto tcp ", "meta l4proto { tcp, udp } ", "meta l4proto != udp ",   "meta l4proto 47-58 ",
        "meta l4proto esp ", "meta l4proto != { 1, 58 } ", "meta l4proto & 3 == 1 ", "meta l4proto > 60 "};
    static const char *const both[FAMILY_N][2] = {{"meta nfproto ipv4 ", "meta protocol ip "},
                                                  {"meta nfproto != ipv4 ", "meta nfproto ipv6 "}};
    static const char *const v4[] = {"ip protocol tcp ", "ip protocol != { udp, icmp } ", "ip frag-off & 0x1fff != 0 ",
                                     "ip frag-off & 0x3fff == 0 "};
    static const char *const v6[] = {"ip6 nexthdr tcp ",    "ip6 nexthdr != { tcp, udp } ",
                                     "exthdr frag exists ", "exthdr frag missing ",
                                     "frag frag-off 0 ",    "ip6 nexthdr { tcp, 44 } "};

    w->protocol = PROTOCOL_SOME;
    if (w->families == FAMILY_BOTH && w->family == FAMILY_N && once_in(w, 2))
        add(w, both[need_family(w)][below(w, 2)]);
    else if (!once_in(w, 2))
        add(w, draw_of(w->c.draw, forms));
    else
        add(w, need_family(w) == FAMILY_V4 ? draw_of(w->c.draw, v4) : draw_of(w->c.draw, v6));
}

static void upper_match(struct writing *w)
{
    static const char *const names[] = {"tcp", "tcp", "tcp", "udp", "udp", "th", "sctp", "dccp", "udplite"};
    const char *name = draw_of(w->c.draw, names);

    if (once_in(w, 4)) {
        flags_match(w);
        return;
    }
    if (once_in(w, 4)) {
        icmp_match(w);
        return;
    }
    if (strcmp(name, "th") == 0 && once_in(w, 2))
        add(w, "meta l4proto { tcp, udp, sctp } ");
    buf_addf(&w->c.line, "%s %s ", name, once_in(w, 4) ? "sport" : "dport");
    port_values(w);
    w->protocol = strcmp(name, "th") == 0 ? PROTOCOL_SOME : proto_parse(str_of(name));
}

static void concat_match(struct writing *w)
{
    enum family family = need_family(w);
    unsigned form = below(w, 3);

    if (form == 0) {
        buf_addf(&w->c.line, "%s saddr . tcp dport ", ip(family));
        maybe_not(w);
        buf_addf(&w->c.line, "@%s ", family == FAMILY_V4 ? "pairs4" : "pairs6");
        w->protocol = PROTO_TCP;
        return;
    }
    if (form == 1)
        buf_addf(&w->c.line, "%s daddr . meta l4proto . th dport ", ip(family));
    else
        buf_addf(&w->c.line, "iifname . %s saddr ", ip(family));
    maybe_not(w);
    add(w, "{ ");
    for (unsigned i = 0; i < 4; i++) {
        add(w, i > 0 ? ", " : "");
        if (form == 1) {
            apart_address(w, family, NET_DESTINATIONS, i);
            buf_addf(&w->c.line, " . %s . %s", once_in(w, 3) ? "udp" : "tcp", apart_ports[below(w, 7)]);
        } else {
            buf_addf(&w->c.line, "\"%s\" . ", world_interfaces[i]);
            apart_address(w, family, NET_SOURCES, below(w, 6));
        }
    }
    add(w, " } ");
    w->protocol = form == 1 ? PROTOCOL_SOME : w->protocol;
}

static void interface_match(struct writing *w)
{
    static const char *const values[] = {"\"eth0\" ", "\"eth*\" ", "{ \"eth0\", \"wg0\" } ",  "\"eth1*\" ",
                                         "@inside ",  "\"wg0\" ",  "{ \"eth1\", \"eth10\" } "};
    bool in = w->way == WAY_IN || (w->way == WAY_ANY && once_in(w, 2));

    if (once_in(w, 5)) {
        buf_addf(&w->c.line, "%s %s\"eth1\" ", in ? "iif" : "oif", once_in(w, 4) ? "!= " : "");
        return;
    }
    add(w, in ? "iifname " : "oifname ");
    maybe_not(w);
    add(w, draw_of(w->c.draw, values));
}

static void tracking_match(struct writing *w)
{
    static const char *const forms[] = {"ct state new ",
                                        "ct state established,related ",
                                        "ct state { established, related } ",
                                        "ct state != new ",
                                        "ct state invalid ",
                                        "ct state untracked ",
                                        "ct state & (established | related) == 0 ",
                                        "ct state != { new, invalid } ",
                                        "ct direction original ",
                                        "ct direction reply ",
                                        "ct status seen-reply ",
                                        "ct status ! seen-reply,assured ",
                                        "ct status expected,confirmed ",
                                        "ct state new,untracked ",
                                        "ct state related "};

    add(w, once_in(w, 20) ? "ct status confirmed " : draw_of(w->c.draw, forms));
}

static void translated_match(struct writing *w)
{
    static const char *const forms[] = {"ct status dnat ", "ct status ! dnat ", "ct status snat ",
                                        "ct status snat,dnat ", "ct state new ct status dnat,seen-reply "};

    add(w, draw_of(w->c.draw, forms));
}

static void other_match(struct writing *w)
{
    static const char *const forms[] = {"meta mark 0x1 ",          "meta mark & 0x4 == 0x4 ", "meta mark != 0 ",
                                        "meta mark { 1-2, 5 } ",   "meta mark & 0x3 != 0x1 ", "fib daddr type local ",
                                        "fib saddr type != local "};

    add(w, draw_of(w->c.draw, forms));
}

void nft_matches(struct writing *w)
{
    w->family = FAMILY_N;
    if (w->families != FAMILY_BOTH)
        need_family(w);
    w->protocol = -1;
    /* Alone: what is translated are few packets. */
    if (w->c.to->tracks && once_in(w, 8)) {
        translated_match(w);
        return;
    }
    if (!once_in(w, 3))
        address_match(w);
    if (once_in(w, 6))
        address_match(w);
    if (once_in(w, 4))
        interface_match(w);
    if (once_in(w, 6))
        protocol_match(w);
    else if (once_in(w, 7))
        concat_match(w);
    else if (!once_in(w, 3))
        upper_match(w);
    if (w->c.to->tracks && once_in(w, 4))
        tracking_match(w);
    if (once_in(w, 8))
        other_match(w);
}
