/* Rules of the iptables dialect: what each kind means in the model, and what is wrong with wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "iptables_text.h"

struct rule_case {
    const char *rule; /* behind -A FORWARD */
    const char *means;
};

static const struct rule_case cases_v4[] = {
    {"-j ACCEPT", "accept"},
    {"", "continue"},
    {"-s 10.0.0.0/8 -d 192.0.2.1/32 -j DROP", "source=10.0.0.0/8 destination=192.0.2.1 drop"},
    {"! -s 10.0.0.0/8 -j DROP", "source=0.0.0.0-9.255.255.255,11.0.0.0-255.255.255.255 drop"},
    {"-s ! 10.0.0.0/8 -j DROP", "source=0.0.0.0-9.255.255.255,11.0.0.0-255.255.255.255 drop"},
    {"-s 10.1.2.3/255.0.0.0 -j DROP", "source=10.0.0.0/8 drop"},
    {"-s 10/8 -j DROP", "source=10.0.0.0/8 drop"},
    {"-s 10 -j DROP", "source=10.0.0.0 drop"},
    {"-4 -s 10.0.0.1 -j DROP", "source=10.0.0.1 drop"},
    {"-s 0.0.0.0/0 -j DROP", "drop"},
    {"-s 0/0 -j DROP", "drop"},
    {"-s 10.0.0.1/255.255.0.255 -j DROP", NULL}, /* 256 ranges: looked at below */
    {"-i eth+ ! -o lo -j ACCEPT", "in=eth+ !out=lo accept"},
    {"-i + -j ACCEPT", "accept"},
    {"-p tcp -j ACCEPT", "transport=6 accept"},
    {"-p TCP -j ACCEPT", "transport=6 accept"},
    {"-p all -j ACCEPT", "accept"},
    {"-p 0 -j ACCEPT", "accept"},
    {"! -p tcp -j ACCEPT", "transport=0-5,7-255 accept"},
    {"-p 47 -j ACCEPT", "transport=47 accept"},
    {"-p tcp -m tcp --dport 80 -j ACCEPT", "transport=6 fragment=0-1 ports=80 accept"},
    {"-p tcp --dport 80:90 -j ACCEPT", "transport=6 fragment=0-1 ports=80-90 accept"},
    {"-p udp -m udp --sport :90 -j ACCEPT", "transport=17 fragment=0-1 source_ports=0-90 accept"},
    {"-p udp -m udp --sport 90: -j ACCEPT", "transport=17 fragment=0-1 source_ports=90-65535 accept"},
    {"-p tcp -m tcp ! --dport ssh -j DROP", "transport=6 fragment=0-1 ports=0-21,23-65535 drop"},
    {"-p tcp -m tcp --dport 0:65535 -j DROP", "transport=6 fragment=0-1 drop"},
    {"-p tcp -m tcp ! --dport 0: -j DROP", "transport=6 fragment=0-1 !<0:--dport 0:65535> drop"},
    {"-p tcp -j ACCEPT --dport 22", "transport=6 fragment=0-1 ports=22 accept"},
    {"-p tcp -m multiport --dports 80,443,8000:8010 -j ACCEPT",
     "transport=6 fragment=0-1 ports=80,443,8000-8010 accept"},
    {"-p tcp -m multiport --dport 80,443 -j ACCEPT", "transport=6 fragment=0-1 ports=80,443 accept"},
    {"-p tcp -m multiport ! --sports 1:1023 -j DROP", "transport=6 fragment=0-1 source_ports=0,1024-65535 drop"},
    {"-p udp -m multiport --ports 53 -j ACCEPT", "transport=17 fragment=0-1 any(source_ports=53 | ports=53) accept"},
    {"-p udp -m multiport ! --ports 53 -j ACCEPT", "transport=17 fragment=0-1 !any(source_ports=53 | ports=53) accept"},
    {"-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP",
     "transport=6 fragment=0-1 tcp_flags=0,64,128,192 drop"},
    {"-p tcp -m tcp --tcp-flags ALL ALL -j DROP", "transport=6 fragment=0-1 tcp_flags=63,127,191,255 drop"},
    {"-p tcp -m tcp --tcp-flags SYN SYN -m tcp ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG SYN -j DROP", NULL},
    {"-p icmp -m icmp --icmp-type 8 -j ACCEPT", "transport=1 fragment=0-1 icmp=2048-2303 accept"},
    {"-p icmp -m icmp --icmp-type 3/4 -j ACCEPT", "transport=1 fragment=0-1 icmp=772 accept"},
    {"-p icmp -m icmp --icmp-type 3/0:4 -j ACCEPT", "transport=1 fragment=0-1 icmp=768-772 accept"},
    {"-p icmp --icmp-type echo-request -j ACCEPT", "transport=1 fragment=0-1 icmp=2048-2303 accept"},
    {"-p icmp -m icmp --icmp-type any -j ACCEPT", "transport=1 fragment=0-1 accept"},
    {"-p icmp -m icmp ! --icmp-type 8 -j ACCEPT", "transport=1 fragment=0-1 icmp=0-2047,2304-65535 accept"},
    {"-f -j DROP", "fragment=2 drop"},
    {"! -f -j DROP", "fragment=0-1 drop"},
    {"-m iprange --src-range 10.0.0.5-10.0.0.9 -j ACCEPT", "source=10.0.0.5-10.0.0.9 accept"},
    {"-m iprange ! --dst-range 0.0.0.0-10.0.0.9 -j ACCEPT", "destination=10.0.0.10-255.255.255.255 accept"},
    {"-m state --state NEW -j ACCEPT", "state=new accept"},
    {"-m state --state RELATED,ESTABLISHED -j ACCEPT", "state=1-2 accept"},
    {"-m conntrack ! --ctstate INVALID -j ACCEPT", "state=0-2,untracked accept"},
    {"-m conntrack --ctstate INVALID,UNTRACKED -j DROP", "state=3-4 drop"},
    {"-m conntrack --ctstate ESTABLISHED,DNAT -j ACCEPT",
     "any(state=established | state=new translated destination | state=1-2 <0:-m conntrack --ctstate DNAT>) accept"},
    {"-m conntrack ! --ctstate SNAT -j DROP",
     "!any(state=new translated source | state=1-2 <0:-m conntrack --ctstate SNAT>) drop"},
    {"-m conntrack --ctproto 6 -j ACCEPT",
     "any(state=0-1 transport=6 | state=related <0:-m conntrack --ctproto 6>) accept"},
    {"-m conntrack --ctstate NEW --ctdir ORIGINAL -j ACCEPT",
     "state=new any(state=1-2 <0:-m conntrack --ctdir ORIGINAL> | state=new | state=3-4) accept"},
    {"-m conntrack ! --ctorigdst 10.0.0.1 -j ACCEPT",
     "any(state=new destination=0.0.0.0-10.0.0.0,10.0.0.2-255.255.255.255 | "
     "state=1-2 !<0:-m conntrack --ctorigdst 10.0.0.1>) accept"},
    {"-m mark --mark 0x10 -j ACCEPT", "mark=16 accept"},
    {"-m mark ! --mark 0x0 -j ACCEPT", "mark=1-4294967295 accept"},
    {"-m mark --mark 0x40000000/0xc0000000 -j ACCEPT", "mark=1073741824-2147483647 accept"},
    {"-m mark --mark 0x40/0x40 -j ACCEPT",
     "any(mark=256-4294967295 <0:-m mark --mark 0x40/0x40> | mark=64-127,192-255) accept"},
    {"-m mark ! --mark 0x0/0x80 -j ACCEPT",
     "!any(mark=256-4294967295 <0:-m mark --mark 0x0/0x80> | mark=0-127) accept"},
    {"-m addrtype --dst-type MULTICAST -j DROP", "destination=224.0.0.0/4 drop"},
    {"-m addrtype --src-type PROHIBIT -j DROP", "<0:-m addrtype --src-type PROHIBIT> drop"},
    {"-m mark --mark 0x4000/0x4000 -j ACCEPT", "any(mark=256-4294967295 <0:-m mark --mark 0x4000/0x4000>) accept"},
    {"-m conntrack --ctstatus ASSURED -j ACCEPT", "any(state=established <0:-m conntrack --ctstatus ASSURED> | "
                                                  "state=related <0:-m conntrack --ctstatus ASSURED>) accept"},
    {"-m conntrack --ctstatus SEEN_REPLY -j ACCEPT",
     "any(state=established | state=related <0:-m conntrack --ctstatus SEEN_REPLY>) accept"},
    {"-m conntrack ! --ctstatus SEEN_REPLY,CONFIRMED -j ACCEPT",
     "any(state=new !<0:-m conntrack --ctstatus CONFIRMED> | "
     "state=related !<1:-m conntrack --ctstatus SEEN_REPLY> !<0:-m conntrack --ctstatus CONFIRMED>) accept"},
    {"-m conntrack --ctstatus NONE -j ACCEPT", "any() accept"},
    {"-m conntrack --ctorigsrc 10.0.0.0/8 -j ACCEPT",
     "any(state=new source=10.0.0.0/8 | state=1-2 <0:-m conntrack --ctorigsrc 10.0.0.0/8>) accept"},
    {"-m conntrack --ctreplsrc 10.0.0.1 -j ACCEPT", "any(state=0-2 <0:-m conntrack --ctreplsrc 10.0.0.1>) accept"},
    {"-m conntrack --ctstate NEW --ctorigdstport 80 -j ACCEPT",
     "state=new any(state=new transport=6,17 fragment=0-1 ports=80 | "
     "state=new transport=6,17 fragment=2 <0:-m conntrack --ctorigdstport 80> | "
     "state=new transport=0-5,7-16,18-255 <0:-m conntrack --ctorigdstport 80> | "
     "state=1-2 <0:-m conntrack --ctorigdstport 80> | state=3-4) accept"},
    {"-m pkttype --pkt-type broadcast -j DROP", "<0:-m pkttype --pkt-type broadcast> drop"},
    {"-m pkttype ! --pkt-type unicast -j DROP",
     "!any(!<0:-m pkttype --pkt-type broadcast> !<1:-m pkttype --pkt-type multicast>) drop"},
    {"-m pkttype --pkt-type multicast -j DROP",
     "any(!<0:-m pkttype --pkt-type broadcast> <1:-m pkttype --pkt-type multicast>) drop"},
    {"-m physdev ! --physdev-is-bridged --physdev-in tap0 -j RETURN",
     "!<0:-m physdev --physdev-is-bridged> <1:-m physdev --physdev-in tap0> return"},
    {"-m mac --mac-source 0:1a:2:b:C:d -j ACCEPT", "<0:-m mac --mac-source 00:1A:02:0B:0C:0D> accept"},
    {"-m mac --mac-source XX:XX:XX:XX:XX:XX -j ACCEPT", "<0:-m mac --mac-source XX:XX:XX:XX:XX:XX> accept"},
    {"-s x.x.x.x -p tcp --dport XXX -j ACCEPT", "<0:-s x.x.x.x> transport=6 <1:--dport XXX> fragment=0-1 accept"},
    {"-ptcp --dport=80 -s10.0.0.1 -jACCEPT", "transport=6 fragment=0-1 ports=80 source=10.0.0.1 accept"},
    {"-m state --state NEW -m tcp -p tcp --dport 22 -j ACCEPT # ssh",
     "state=new fragment=0-1 transport=6 ports=22 accept"},
    {"-m icmp -p icmp --icmp-type any -j ACCEPT", "fragment=0-1 transport=1 accept"},
    {"-p ip -j ACCEPT", "accept"},
    {"-p ipip -j ACCEPT", "transport=94 accept"},
    {"-p udp -m udp --dport house-service -j DROP", "transport=17 fragment=0-1 <0:--dport house-service> drop"},
    {"-p tcp -m multiport ! --dports 80,x11-1,syslog -j DROP",
     "transport=6 fragment=0-1 ports=0-79,81-513,515-6000,6002-65535 drop"},
    {"-i ! eth0 -p ! tcp -j DROP", "!in=eth0 transport=0-5,7-255 drop"},
    {"-m policy --dir in --pol ipsec --proto esp -j ACCEPT", "<0:-m policy --dir in --pol ipsec --proto esp> accept"},
    {"-m ndpi --protocol torrent -j DROP", "<0:-m ndpi --protocol torrent> drop"},
    {"-m string --hex-string \"|0d 0a| -j\" --algo bm -j DROP",
     "<0:-m string --hex-string \"|0d 0a| -j\" --algo bm> drop"},
    {"-m state --state RELATED,ESTABLISHED -j FLOWOFFLOAD --hw", "state=1-2 continue"},
    {"-p tcp -j TARPIT", "transport=6 unknown"},
    {"-j LOG --log-prefix \"[$a] \" --log-level 4", "continue"},
    {"-m mac --mac-source 00:11:22:33:44:55 -j ACCEPT", "<0:-m mac --mac-source 00:11:22:33:44:55> accept"},
    {"-m mac ! --mac-source 00:11:22:33:44:55 -j ACCEPT", "!<0:-m mac --mac-source 00:11:22:33:44:55> accept"},
    {"-m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix \"[DROP] -j \" --log-level 7",
     "<0:-m limit --limit 3/min --limit-burst 10> continue"},
    {"-m recent ! --rcheck --seconds 60 --name A -j DROP", "<0:-m recent ! --rcheck --seconds 60 --name A> drop"},
    {"-m time --timestart 08:00 --timestop 17:00 -s 10.0.0.1 -j ACCEPT",
     "source=10.0.0.1 <0:-m time --timestart 08:00 --timestop 17:00> accept"},
    {"-m novel --thing -5 x -p tcp -j ACCEPT", "transport=6 <0:-m novel --thing -5 x> accept"},
    {"-m set --match-set nowhere src -j ACCEPT", "<0:-m set --match-set nowhere src> accept"},
    {"-m comment --comment \"a \\\"quoted\\\" -j DROP thing\" -j ACCEPT", "accept"},
    {"-p tcp -j REJECT --reject-with tcp-reset", "transport=6 reject"},
    {"-j RETURN", "return"},
    {"-j other", "jump other"},
    {"-g other", "goto other"},
    {"-j NFQUEUE --queue-num 1", "unknown"},
    {"-j NOVEL --what 3", "unknown"},
    {"-j MARK --set-xmark 0x1/0xffffffff", "continue"},
    {"-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu", NULL},
};

static void check_case(const char *before, const char *name, const struct rule_case *row)
{
    struct buf buf = BUF_EMPTY;
    struct buf got = BUF_EMPTY;
    struct text text = {0};
    const struct chain *chain;

    buf_addf(&buf, "%s*filter\n:FORWARD DROP [0:0]\n:other - [0:0]\n[7:9] -A FORWARD %s\nCOMMIT\n", before, row->rule);
    add_input(&text, name, buf_str(&buf));
    read_inputs(&text);
    if (text.diags.errors > 0)
        show_diags(&text);
    assert_int_equal(text.diags.errors, 0);
    chain = chain_of(&text, "filter", "FORWARD");
    assert_non_null(chain);
    assert_int_equal(chain->rule_n, 1);
    ruleset_text_rule(&got, &chain->rules[0]);
    buf_addc(&got, '\0');
    if (row->means != NULL)
        assert_string_equal(got.p, row->means);
    assert_int_equal(source_line(text.inputs[0].text, chain->rules[0].place.at), before[0] != '\0' ? 5 : 4);
    assert_true(str_starts(chain->rules[0].text, "-A FORWARD"));
    buf_free(&got);
    arena_free(text.arena);
    buf_free(&buf);
}

static void rules_mean(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases_v4 / sizeof *cases_v4; i++)
        check_case("# Generated by iptables-save v1.8.9\n", "x", &cases_v4[i]);
}

static const struct rule_case cases_v6[] = {
    {"-s fd00::/8 -d 2001:db8::1/128 -j DROP", "source=fd00::/8 destination=2001:db8::1 drop"},
    {"-s ::/0 -j DROP", "drop"},
    {"-p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT", "transport=58 fragment=0-1 icmp=34560-34815 accept"},
    {"-p icmpv6 --icmpv6-type echo-request -j ACCEPT", "transport=58 fragment=0-1 icmp=32768-33023 accept"},
    {"-p tcp -m multiport --dports 80,443 -j ACCEPT", "transport=6 fragment=0-1 ports=80,443 accept"},
    {"-m iprange --src-range fd00::5-fd00::9 -j ACCEPT", "source=fd00::5-fd00::9 accept"},
    {"-m rt --rt-type 0 -j DROP", "<0:-m rt --rt-type 0> drop"},
    {"-d ::5/::ffff:ffff:ffff:ffff -j DROP", "<0:-d ::5/::ffff:ffff:ffff:ffff> drop"},
    {"! -d ::5/::ffff:ffff:ffff:ffff -j DROP", "!<0:-d ::5/::ffff:ffff:ffff:ffff> drop"},
};

static void rules_mean_v6(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases_v6 / sizeof *cases_v6; i++)
        check_case("# Generated by ip6tables-save v1.8.9\n", "x", &cases_v6[i]);
    check_case("", "box.v6.rules", &cases_v6[4]);
}

/* A wrong rule: the place of its error, and a word of the message. */
static const struct {
    const char *rule;
    unsigned column; /* of the line, which begins with "-A FORWARD " */
    const char *message;
} wrong[] = {
    {"-s 10.0.0.300 -j ACCEPT", 15, "neither an address nor a prefix"},
    {"-s 10.0.0.0/33 -j ACCEPT", 15, "prefix length"},
    {"-s fd00::1 -j ACCEPT", 15, "IPv6 address in an IPv4 ruleset"},
    {"-p tcp --dport 65536 -j ACCEPT", 27, "not a port"},
    {"-p tcp --dport 80:70 -j ACCEPT", 27, "not a port"},
    {"--dport 80 -j ACCEPT", 12, "needs -p"},
    {"-p gre --dport 80 -j ACCEPT", 19, "needs -p"},
    {"-m tcp --dport 80 -j ACCEPT", 15, "needs -p"},
    {"-p icmp --icmp-type nonsense -j ACCEPT", 32, "not a type"},
    {"-p nonsense -j ACCEPT", 15, "no protocol"},
    {"-j nowhere", 15, "no chain \"nowhere\""},
    {"-j othr", 15, "no chain"},
    {"-j", 12, "needs a value"},
    {"-m state --state NEU -j ACCEPT", 29, "connection states"},
    {"-s 10.0.0.1 what -j ACCEPT", 24, "expected an option"},
    {"-j ACCEPT --what", 22, "unknown option"},
    {"-m comment --comment \"open -j ACCEPT", 33, "quote"},
    {"! -s 10.0.0.1,10.0.0.2 -j ACCEPT", 17, "cannot be negated"},
    {"-j ACCEPT !", 22, "before nothing"},
    {"! -m tcp -j ACCEPT", 12, "cannot be negated"},
    {"-s $LAN -j ACCEPT", 15, "is a variable"},
    {"-m mac --mac-source 00:11:22 -j ACCEPT", 32, "not an Ethernet address"},
    {"-m pkttype --pkt-type all -j ACCEPT", 34, "a type of packet"},
    {"-m conntrack --ctstatus OLD -j ACCEPT", 36, "not a list of NONE"},
    {"-m conntrack --ctstatus DNAT -j ACCEPT", 36, "not a list of NONE"},
    {"-j FORWARD", 15, "calls itself"},
};

static void wrong_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct buf buf = BUF_EMPTY;
        struct text text = {0};
        struct span span;

        buf_addf(
            &buf,
            "# Generated by iptables-save v1\n*filter\n:FORWARD DROP [0:0]\n:other - [0:0]\n-A FORWARD %s\nCOMMIT\n",
            wrong[i].rule);
        add_input(&text, "x", buf_str(&buf));
        read_inputs(&text);
        assert_true(text.diags.errors > 0);
        span = text.diags.v[0].span;
        if (!str_contains(text.diags.v[0].message, wrong[i].message))
            show_diags(&text);
        assert_true(str_contains(text.diags.v[0].message, wrong[i].message));
        assert_int_equal(source_line(span.source, span.at), 5);
        if (!str_contains(text.diags.v[0].message, "calls itself"))
            assert_int_equal(source_column(span.source, span.at), wrong[i].column);
        arena_free(text.arena);
        buf_free(&buf);
    }
}

static void all_errors_are_told(void **state)
{
    struct text text =
        read_text("x", "*filter\n-A INPUT -s x.y/z? -j ACCEPT\n-A INPUT -p what -j A\n-A OUTPUT --foo\nCOMMIT\n");

    (void)state;
    assert_int_equal(text.diags.errors, 4);
    arena_free(text.arena);
}

static void unknowns_are_shared(void **state)
{
    struct text text =
        read_text("x", "*filter\n-A INPUT -m mac --mac-source 00:00:00:00:00:01 -j DROP\n"
                       "-A INPUT -m mac ! --mac-source 00:00:00:00:00:01 -j DROP\n"
                       "-A INPUT -m limit --limit 1/sec -j DROP\n-A INPUT -m limit --limit 1/sec -j DROP\n"
                       "-A INPUT -m time --timestart 08:00 -j DROP\n"
                       "-A INPUT -m time --timestart 08:00 -j DROP\nCOMMIT\n");
    const struct rule *rules = chain_of(&text, "filter", "INPUT")->rules;

    (void)state;
    assert_int_equal(text.ruleset->literal_n, 4);
    assert_int_equal(rules[0].matches[0].literal, rules[1].matches[0].literal);
    assert_true(rules[1].matches[0].negated);
    assert_int_not_equal(rules[2].matches[0].literal, rules[3].matches[0].literal);
    assert_int_equal(rules[4].matches[0].literal, rules[5].matches[0].literal);
    arena_free(text.arena);
}

/* What a target may write between two looks is not the same unknown any more, but in one table asked at one point. */
static void unknowns_end_at_writers(void **state)
{
    const char *rules = "-A PREROUTING -m ttl --ttl-eq 1 -j RETURN\n-A POSTROUTING -m ttl --ttl-eq 1 -j RETURN\n"
                        "-A POSTROUTING -m mac --mac-source 00:00:00:00:00:01 -j RETURN\n"
                        "-A FORWARD -m mac --mac-source 00:00:00:00:00:01 -j RETURN\nCOMMIT\n*filter\n"
                        "-A FORWARD -m ttl --ttl-eq 1 -j DROP\n-A FORWARD -m ttl ! --ttl-eq 1 -j ACCEPT\nCOMMIT\n";

    (void)state;
    for (int writes = 0; writes <= 1; writes++) {
        struct buf in = BUF_EMPTY;
        struct text text = {0};
        const struct rule *filter;

        buf_addf(&in, "*mangle\n%s%s", writes ? "-A OUTPUT -j TTL --ttl-set 64\n" : "", rules);
        add_input(&text, "x", buf_str(&in));
        read_inputs(&text);
        filter = chain_of(&text, "filter", "FORWARD")->rules;
        assert_int_equal(text.diags.errors, 0);
        assert_int_equal(text.ruleset->literal_n, writes ? 4 : 2);
        assert_int_equal(filter[0].matches[0].literal, filter[1].matches[0].literal);
        buf_free(&in);
        arena_free(text.arena);
    }
}

/* Under a mask a mark is exact where rules can make it what it is. */
static void masked_marks(void **state)
{
    struct text text = read_text("x", "*mangle\n-A PREROUTING -j MARK --set-mark 0x4000\nCOMMIT\n*filter\n"
                                      "-A FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT\nCOMMIT\n");
    struct buf got = BUF_EMPTY;

    (void)state;
    ruleset_text_rule(&got, &chain_of(&text, "filter", "FORWARD")->rules[0]);
    assert_true(str_is(buf_str(&got), "any(mark=256-16383,16385-4294967295 <0:-m mark --mark 0x4000/0x4000> | "
                                      "mark=16384) accept"));
    buf_free(&got);
    arena_free(text.arena);
}

static void marks_count(void **state)
{
    struct text text = read_text("x", "*mangle\n-A PREROUTING -j MARK --set-mark 1\nCOMMIT\n*filter\n"
                                      "-A FORWARD -m mark --mark 1 -j ACCEPT\nCOMMIT\n");

    (void)state;
    assert_int_equal(chain_of(&text, "mangle", "PREROUTING")->rules[0].action, ACTION_MARK);
    arena_free(text.arena);
}

static void targets_that_write(void **state)
{
    static const struct {
        const char *table;
        const char *rule; /* behind -A */
        const char *means;
    } rows[] = {
        {"mangle", "x -j MARK --set-mark 1", "mark &0x0^0x1"},
        {"mangle", "x -j MARK --set-mark 0x10/0xff", "mark &0xffffff00^0x10"},
        {"mangle", "x -j MARK --set-xmark 0x3/0x1", "mark &0xfffffffe^0x3"},
        {"mangle", "x -j MARK --and-mark 0xff", "mark &0xff^0x0"},
        {"mangle", "x -j MARK --or-mark 0x4", "mark &0xfffffffb^0x4"},
        {"mangle", "x -j MARK --xor-mark 0x4", "mark &0xffffffff^0x4"},
        {"mangle", "x -j MARK --set-mark nothing", "unknown"},
        {"raw", "x -j NOTRACK", "notrack"},
        {"raw", "x -j CT --notrack", "notrack"},
        {"raw", "x -j CT --helper ftp", "continue"},
        {"mangle", "x -j NOTRACK", "unknown"},
        {"nat", "x -j DNAT --to-destination 10.0.0.1", "dnat 10.0.0.1"},
        {"nat", "x -p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.3:80-90",
         "transport=6 dnat 10.0.0.1-10.0.0.3 :80-90"},
        {"nat", "x -p tcp -j DNAT --to-destination :80 --random", "transport=6 dnat :80-80"},
        {"nat", "x -p tcp -j DNAT --to-destination 10.0.0.1:80-90/80", "transport=6 unknown"},
        {"nat", "x -j DNAT", "unknown"},
        {"nat", "x -p udp -j REDIRECT --to-ports 5353", "transport=17 dnat own :5353-5353"},
        {"nat", "x -j SNAT --to-source 192.0.2.1-192.0.2.4 --persistent", "snat 192.0.2.1-192.0.2.4"},
        {"nat", "x -p tcp -j MASQUERADE --to-ports 1024-2000 --random-fully", "transport=6 snat own :1024-2000"},
        {"nat", "x -j MASQUERADE --random-fully", "snat own any port"},
        {"nat", "x -j SNAT --to-source 192.0.2.1 --random", "snat 192.0.2.1 any port"},
        {"nat", "PREROUTING -j NETMAP --to 10.5.0.0/16",
         "state=new,related !any(state=related transport=1,58) dnat 10.5.0.0/16 (network)"},
        {"nat", "POSTROUTING -j NETMAP --to 10.5.0.0/16",
         "state=new,related !any(state=related transport=1,58) snat 10.5.0.0/16 (network)"},
        {"nat", "x -j NETMAP --to 10.5.0.0/16", "unknown"},
        {"filter", "x -j DNAT --to-destination 10.0.0.1", "unknown"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf in = BUF_EMPTY;
        struct buf got = BUF_EMPTY;
        struct text text = {0};
        const struct chain *chain;

        buf_addf(&in, "*%s\n:x - [0:0]\n-A %s\nCOMMIT\n*security\n-A FORWARD -m mark --mark 1 -j DROP\nCOMMIT\n",
                 rows[i].table, rows[i].rule);
        add_input(&text, "x", buf_str(&in));
        read_inputs(&text);
        chain = chain_of(&text, rows[i].table,
                         rows[i].rule[0] == 'x'   ? "x"
                         : rows[i].rule[1] == 'R' ? "PREROUTING"
                                                  : "POSTROUTING");
        assert_non_null(chain);
        ruleset_text_rule(&got, &chain->rules[0]);
        buf_addc(&got, '\0');
        assert_string_equal(got.p, rows[i].means);
        buf_free(&in);
        buf_free(&got);
        arena_free(text.arena);
    }
}

static void sets(void **state)
{
    static const struct {
        const char *set;
        const char *match;
        const char *means;
    } cases[] = {
        {"create a hash:ip family inet hashsize 1024 maxelem 65536\nadd a 10.0.0.1\nadd a 10.0.0.2\n", "a src",
         "any(source=10.0.0.1-10.0.0.2)"},
        {"create a hash:net family inet\nadd a 10.0.0.0/8\nadd a 10.1.0.0/16 nomatch\nadd a 10.1.2.0/24\n", "a dst",
         "any(destination=10.0.0.0/16,10.1.2.0/24,10.2.0.0-10.255.255.255)"},
        {"create a hash:ip,port family inet\nadd a 10.0.0.1,tcp:80\nadd a 10.0.0.2,udp:53\n", "a dst,dst",
         "any(destination=10.0.0.1 transport=6 ports=80 fragment=0-1 | "
         "destination=10.0.0.2 transport=17 ports=53 fragment=0-1)"},
        {"create a hash:net,net family inet\nadd a 10.0.0.0/8,192.0.2.0/24\n", "a src,dst",
         "any(source=10.0.0.0/8 destination=192.0.2.0/24)"},
        {"create a hash:ip timeout 60 family inet\nadd a 10.0.0.1 timeout 0\nadd a 10.0.0.2 timeout 5\n", "a src",
         "any(source=10.0.0.1 | source=10.0.0.2 <0:add a 10.0.0.2 timeout>)"},
        {"create b hash:ip family inet\nadd b 10.0.0.9\ncreate a list:set size 8\nadd a b\n", "a src",
         "any(source=10.0.0.9)"},
        {"create a hash:mac\nadd a 00:00:00:00:00:01\n", "a src", "<0:-m set --match-set a src>"},
        {"create a hash:ip family inet\n", "a src", "any()"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf buf = BUF_EMPTY;
        struct buf got = BUF_EMPTY;
        struct text text = {0};

        buf_addf(&buf, "*filter\n-A INPUT -m set --match-set %s\nCOMMIT\n", cases[i].match);
        add_input(&text, "rules", buf_str(&buf));
        add_input(&text, "ipset", str_of(cases[i].set));
        read_inputs(&text);
        if (text.diags.errors > 0)
            show_diags(&text);
        assert_int_equal(text.diags.errors, 0);
        assert_int_equal(chain_of(&text, "filter", "INPUT")->rule_n, 1);
        ruleset_text_matches(&got, chain_of(&text, "filter", "INPUT")->rules[0].matches, 1, FAMILY_V4);
        buf_addc(&got, '\0');
        assert_string_equal(got.p, cases[i].means);
        buf_free(&got);
        buf_free(&buf);
        arena_free(text.arena);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_mean),          cmocka_unit_test(rules_mean_v6),
        cmocka_unit_test(wrong_rules),         cmocka_unit_test(all_errors_are_told),
        cmocka_unit_test(unknowns_are_shared), cmocka_unit_test(unknowns_end_at_writers),
        cmocka_unit_test(masked_marks),        cmocka_unit_test(marks_count),
        cmocka_unit_test(targets_that_write),  cmocka_unit_test(sets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
