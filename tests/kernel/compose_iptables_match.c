/* What random rules of iptables ask; see compose_iptables.h. */
#include "compose_iptables.h"

#include "net/proto.h"

static void port(struct writing *w, char between)
{
    unsigned a = compose_port(&w->c);
    unsigned b = compose_port(&w->c);

    if (a + b == 65535 && a * b == 0) /* iptables-nft 1.8.9 loses `! --dport 0:65535` */
        a = b = 80;
    switch (below(w, between == ':' ? 6 : 3)) {
    case 0: buf_addf(&w->c.line, "%u%c%u", a < b ? a : b, between, a < b ? b : a); break;
    case 4: buf_addf(&w->c.line, "0:%u", a < 65535 ? a : 1); break;
    case 5: buf_addf(&w->c.line, "%u:", a > 0 ? a : 1); break; /* likewise */
    default: buf_addf(&w->c.line, "%u", a); break;
    }
}

static void address_match(struct writing *w, bool source)
{
    enum net net = source ? NET_SOURCES : NET_DESTINATIONS;

    if (draw_once_in(w->c.draw, 4)) {
        add(w, " -m iprange");
        maybe_not(w);
        add(w, source ? " --src-range " : " --dst-range ");
        compose_range(&w->c, w->family, net, 6);
        return;
    }
    maybe_not(w);
    add(w, source ? " -s " : " -d ");
    compose_address(&w->c, w->family, net);
}

static void interface_match(struct writing *w, bool in)
{
    static const char *const names[] = {"eth0", "eth1", "eth10", "wg0", "eth+", "eth1+", "wg+", "eth", "w+"};

    maybe_not(w);
    add(w, in ? " -i " : " -o ");
    add(w, draw_of(w->c.draw, names));
}

static void flags_match(struct writing *w)
{
    static const char *const masks[] = {"SYN,RST,ACK,FIN", "ALL", "SYN,ACK", "RST", "ACK,URG,PSH", "FIN,SYN"};
    static const char *const flags[] = {"SYN", "NONE", "SYN,ACK", "RST", "ACK", "FIN"};

    maybe_not(w);
    if (draw_once_in(w->c.draw, 2))
        add(w, " --syn");
    else
        buf_addf(&w->c.line, " --tcp-flags %s %s", draw_of(w->c.draw, masks), draw_of(w->c.draw, flags));
}

static void multiport_match(struct writing *w)
{
    static const char *const sides[] = {"--sports", "--dports", "--ports"};
    unsigned n = 1 + below(w, 4);

    add(w, " -m multiport");
    maybe_not(w);
    buf_addf(&w->c.line, " %s ", draw_of(w->c.draw, sides));
    for (unsigned i = 0; i < n; i++) {
        unsigned a = compose_port(&w->c);

        add(w, i > 0 ? "," : "");
        if (a < 65535 && draw_once_in(w->c.draw, 3))
            buf_addf(&w->c.line, "%u:%u", a, a + 1 + below(w, 65535 - a));
        else
            buf_addf(&w->c.line, "%u", a);
    }
}

static void icmp_match(struct writing *w)
{
    static const char *const v4[] = {"8",   "echo-request",     "0",   "3",   "3/1", "network-unreachable",
                                     "11",  "time-exceeded",    "any", "5/0", "13",  "destination-unreachable",
                                     "3/3", "port-unreachable", "12"};
    static const char *const v6[] = {"128",
                                     "echo-request",
                                     "129",
                                     "1",
                                     "1/4",
                                     "port-unreachable",
                                     "2",
                                     "3/0",
                                     "135",
                                     "packet-too-big",
                                     "neighbour-solicitation",
                                     "143"};

    add(w, w->family == FAMILY_V4 ? " -m icmp" : " -m icmp6");
    maybe_not(w);
    add(w, w->family == FAMILY_V4 ? " --icmp-type " : " --icmpv6-type ");
    add(w, w->family == FAMILY_V4 ? draw_of(w->c.draw, v4) : draw_of(w->c.draw, v6));
}

/* The protocol, and what only it has. Its name; NULL: none is said, or all but one. */
static const char *protocol_match(struct writing *w)
{
    static const char *const names[] = {"tcp",  "tcp",  "tcp",     "tcp", "udp", "udp",  "udp",
                                        "icmp", "sctp", "udplite", "esp", "gre", "dccp", "89"};
    const char *name = draw_of(w->c.draw, names);

    if (strcmp(name, "icmp") == 0 && w->family == FAMILY_V6)
        name = "ipv6-icmp";
    if (draw_once_in(w->c.draw, 8)) {
        buf_addf(&w->c.line, " ! -p %s", name);
        return NULL;
    }
    buf_addf(&w->c.line, " -p %s", name);
    return name;
}

static void upper_match(struct writing *w)
{
    const char *name = protocol_match(w);
    int protocol = name == NULL ? -1 : proto_parse(str_of(name));
    bool ports = protocol >= 0 && proto_has_ports((unsigned)protocol);

    if (protocol == (int)proto_icmp(w->family) && !draw_once_in(w->c.draw, 4))
        icmp_match(w);
    if (ports && draw_once_in(w->c.draw, 4)) {
        multiport_match(w);
    } else if (ports && protocol != PROTO_UDPLITE && !draw_once_in(w->c.draw, 5)) {
        buf_addf(&w->c.line, " -m %s", name);
        if (!draw_once_in(w->c.draw, 3)) {
            maybe_not(w);
            add(w, " --dport ");
            port(w, ':');
        }
        if (draw_once_in(w->c.draw, 3)) {
            maybe_not(w);
            add(w, " --sport ");
            port(w, ':');
        }
    }
    if (protocol == PROTO_TCP && draw_once_in(w->c.draw, 4)) {
        add(w, " -m tcp");
        flags_match(w);
    }
}

static void state_match(struct writing *w)
{
    static const char *const states[] = {"NEW",     "ESTABLISHED", "ESTABLISHED,RELATED", "RELATED",
                                         "INVALID", "UNTRACKED",   "NEW,INVALID",         "RELATED,UNTRACKED,NEW"};
    static const char *const directions[] = {"ORIGINAL", "REPLY"};
    static const char *const statuses[] = {"CONFIRMED", "SEEN_REPLY", "EXPECTED,ASSURED", "SEEN_REPLY,CONFIRMED"};

    switch (below(w, 8)) {
    case 0:
        add(w, " -m state");
        maybe_not(w);
        buf_addf(&w->c.line, " --state %s", draw_of(w->c.draw, states));
        return;
    case 1: buf_addf(&w->c.line, " -m conntrack --ctdir %s", draw_of(w->c.draw, directions)); return;
    case 2:
        add(w, " -m conntrack");
        maybe_not(w);
        add(w, draw_once_in(w->c.draw, 2) ? " --ctproto tcp" : " --ctproto 17");
        if (draw_once_in(w->c.draw, 2))
            return;
        break;
    case 3:
        if (draw_once_in(w->c.draw, 3)) {
            add(w, " -m conntrack");
            maybe_not(w);
            buf_addf(&w->c.line, " --ctstatus %s", draw_of(w->c.draw, statuses));
            return;
        }
        add(w, " -m conntrack");
        break;
    default: add(w, " -m conntrack"); break;
    }
    maybe_not(w);
    buf_addf(&w->c.line, " --ctstate %s", draw_of(w->c.draw, states));
}

static void translated_match(struct writing *w)
{
    static const char *const states[] = {"DNAT", "DNAT", "SNAT", "DNAT,ESTABLISHED", "SNAT,DNAT,INVALID"};

    add(w, " -m conntrack");
    maybe_not(w);
    buf_addf(&w->c.line, " --ctstate %s", draw_of(w->c.draw, states));
}

static void set_match(struct writing *w)
{
    static const char *const flags[] = {"src", "dst", "src,dst", "dst,src", "src,src", "dst,dst,src", "src,dst,dst"};

    add(w, " -m set");
    maybe_not(w);
    buf_addf(&w->c.line, " --match-set s%u %s", below(w, SETS + 1), draw_of(w->c.draw, flags));
}

static void other_match(struct writing *w)
{
    static const char *const types[] = {"LOCAL", "UNICAST", "MULTICAST", "BROADCAST"}; /* the last is of IPv4 */
    unsigned mask = 1u << below(w, 4);

    switch (below(w, 7)) {
    case 0:
        add(w, " -m mark");
        maybe_not(w);
        buf_addf(&w->c.line, draw_once_in(w->c.draw, 2) ? " --mark %#x" : " --mark %#x/%#x", below(w, 2) * mask, mask);
        break;
    case 1:
        add(w, " -m addrtype");
        maybe_not(w);
        buf_addf(&w->c.line, " --%s-type %s", draw_once_in(w->c.draw, 2) ? "src" : "dst",
                 types[below(w, w->family == FAMILY_V4 ? 4 : 3)]);
        break;
    case 2:
        if (w->family == FAMILY_V4) {
            maybe_not(w);
            add(w, " -f");
        }
        break;
    case 3: add(w, " -m comment --comment \"none: -j DROP -s 10.1.0.1\""); break;
    case 4:
        if (draw_once_in(w->c.draw, 4))
            add(w, w->family == FAMILY_V4 ? " -m ttl --ttl-eq 64" : " -m hl --hl-eq 64");
        break;
    default: set_match(w); break;
    }
}

void iptables_matches(struct writing *w)
{
    /* Alone: what is translated are few packets. */
    if (w->c.to->tracks && draw_once_in(w->c.draw, 8)) {
        translated_match(w);
        return;
    }
    if (draw_once_in(w->c.draw, 2))
        address_match(w, true);
    if (draw_once_in(w->c.draw, 2))
        address_match(w, false);
    if ((w->traits & NO_IN) == 0 && draw_once_in(w->c.draw, 5))
        interface_match(w, true);
    if ((w->traits & NO_OUT) == 0 && draw_once_in(w->c.draw, 5))
        interface_match(w, false);
    if (!draw_once_in(w->c.draw, 3))
        upper_match(w);
    if (w->c.to->tracks && draw_once_in(w->c.draw, 4))
        state_match(w);
    if (draw_once_in(w->c.draw, 3))
        other_match(w);
}
