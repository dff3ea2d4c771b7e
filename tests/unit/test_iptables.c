/*
 * The iptables dialect: what each kind of rule means in the model, what is wrong with wrong ones, how texts come, and
 * that what is printed is taken by the real programs and read back as it was meant.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dialect/iptables/print.h"
#include "dialect/iptables/read.h"
#include "net/proto.h"
#include "ruleset_text.h"

struct text {
    struct arena *arena;
    struct diags diags;
    struct ruleset *ruleset;
    struct dialect_input inputs[4];
    size_t n;
};

static void add_input(struct text *text, const char *name, struct str content)
{
    if (text->n == 0) {
        text->arena = arena_new();
        diags_init(&text->diags, text->arena);
    }
    text->inputs[text->n++].text = source_new(text->arena, str_of(name), content);
}

static void read_inputs(struct text *text)
{
    text->ruleset = iptables_read(text->arena, text->inputs, text->n, &text->diags);
}

static struct text read_text(const char *name, const char *content)
{
    struct text text = {0};

    add_input(&text, name, str_of(content));
    read_inputs(&text);
    return text;
}

static void show_diags(struct text *text)
{
    struct buf buf = BUF_EMPTY;

    diags_print(&buf, &text->diags, false);
    print_message("%.*s", STR_ARG(buf_str(&buf)));
    buf_free(&buf);
}

static const struct chain *chain_of(const struct text *text, const char *table, const char *name)
{
    return text->ruleset == NULL ? NULL : ruleset_chain(text->ruleset, str_of(table), str_of(name));
}

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
     "any(state=established | <0:-m conntrack --ctstate DNAT>) accept"},
    {"-m conntrack --ctproto 6 -j ACCEPT",
     "any(state=0-1 transport=6 | state=related <0:-m conntrack --ctproto 6>) accept"},
    {"-m conntrack --ctstate NEW --ctdir ORIGINAL -j ACCEPT",
     "state=new any(state=1-2 <0:-m conntrack --ctdir ORIGINAL> | state=new | state=3-4) accept"},
    {"-m conntrack ! --ctorigdst 10.0.0.1 -j ACCEPT", "!<0:-m conntrack --ctorigdst 10.0.0.1> accept"},
    {"-m mark --mark 0x10 -j ACCEPT", "mark=16 accept"},
    {"-m mark ! --mark 0x0 -j ACCEPT", "mark=1-4294967295 accept"},
    {"-m mark --mark 0x40000000/0xc0000000 -j ACCEPT", "mark=1073741824-2147483647 accept"},
    {"-m mark --mark 0x40/0x40 -j ACCEPT",
     "any(mark=256-4294967295 <0:-m mark --mark 0x40/0x40> | mark=64-127,192-255) accept"},
    {"-m mark ! --mark 0x0/0x80 -j ACCEPT",
     "!any(mark=256-4294967295 <0:-m mark --mark 0x0/0x80> | mark=0-127) accept"},
    {"-m addrtype --dst-type MULTICAST -j DROP", "destination=224.0.0.0/4 drop"},
    {"-m addrtype --src-type PROHIBIT -j DROP", "<0:-m addrtype --src-type PROHIBIT> drop"},
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
    {"-6 -j ACCEPT", 12, "other address family"},
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

static void texts_as_they_come(void **state)
{
    struct text text =
        read_text("x", "root@box:~# iptables-save\r\n# a comment -j DROP\r\n*nat\r\n:PREROUTING ACCEPT\r\n"
                       "-A PREROUTING\t-i eth0 -p tcp --dport 80 -j DNAT --to 10.0.0.1\r\n"
                       "-A POSTROUTING -o eth0 -j MASQUERADE\r\nCOMMIT\r\n*filter\r\n:INPUT DROP [1:2]\r\n"
                       "[3:4] -A INPUT -j ACCEPT  \r\nCOMMIT\r\nroot@box:~#\r\n");
    struct buf got = BUF_EMPTY;

    (void)state;
    assert_int_equal(text.diags.errors, 0);
    assert_int_equal(text.diags.n, 1); /* the two prompts, one note */
    assert_int_equal(text.diags.v[0].severity, SEVERITY_NOTE);
    assert_int_equal(chain_of(&text, "filter", "INPUT")->policy, ACTION_DROP);
    assert_true(str_is(chain_of(&text, "filter", "INPUT")->rules[0].text, "-A INPUT -j ACCEPT"));
    ruleset_text_rule(&got, &chain_of(&text, "nat", "PREROUTING")->rules[0]);
    assert_true(str_is(buf_str(&got), "in=eth0 transport=6 fragment=0-1 ports=80 state=new,related "
                                      "!any(state=related transport=1,58) dnat 10.0.0.1"));
    assert_int_equal(chain_of(&text, "nat", "POSTROUTING")->rules[0].action, ACTION_SNAT);
    assert_int_equal(chain_of(&text, "nat", "PREROUTING")->priority, -100);
    buf_free(&got);
    arena_free(text.arena);
}

static void shell_lines(void **state)
{
    struct text text =
        read_text("x", "#!/bin/sh\niptables -P INPUT DROP\n/sbin/iptables -N mine\niptables -A INPUT -j mine\n"
                       "sudo iptables -t filter -A mine -s 10.0.0.1,10.0.0.2 -j ACCEPT\n"
                       "iptables -I INPUT -i lo -j ACCEPT\niptables -I INPUT 2 -p icmp -j ACCEPT\n"
                       "iptables -t nat -A POSTROUTING -j MASQUERADE\n");
    struct buf got = BUF_EMPTY;

    (void)state;
    if (text.diags.errors > 0)
        show_diags(&text);
    assert_int_equal(text.diags.errors, 0);
    ruleset_text(&got, text.ruleset);
    buf_addc(&got, '\0');
    assert_string_equal(
        got.p,
        "filter INPUT input 0 drop\n  1: in=lo accept\n  2: transport=1 accept\n  3: jump mine\n"
        "filter mine none 0 return\n  1: source=10.0.0.1 accept\n  2: source=10.0.0.2 accept\n"
        "nat POSTROUTING postrouting 100 accept\n  1: state=new,related !any(state=related transport=1,58) snat own\n");
    buf_free(&got);
    arena_free(text.arena);
}

/* A text that lost its *filter, behind the mark that some editors write. */
static void without_table(void **state)
{
    struct text text =
        read_text("x", "\xef\xbb\xbf:INPUT DROP [0:0]\n:mine - [0:0]\n-A INPUT -j mine\n-A mine -j ACCEPT\nCOMMIT\n");

    (void)state;
    assert_int_equal(text.diags.n, 0);
    assert_int_equal(chain_of(&text, "filter", "INPUT")->policy, ACTION_DROP);
    assert_int_equal(chain_of(&text, "filter", "INPUT")->rule_n, 1);
    arena_free(text.arena);
}

/* Words of a line that a terminal of 80 columns folded are put together again, and places stay right. */
static void folded(void **state)
{
    struct buf buf = BUF_EMPTY;
    struct text text = {0};
    struct span place;

    (void)state;
    buf_adds(&buf, "*filter\n:FORWARD DROP [0:0]\n");
    buf_adds(&buf, "-A FORWARD -s 192.168.1.0/24 -i eth0 -o eth0.2 -m conntrack --ctstate NEW -j ACC");
    buf_fill(&buf, ' ', 60);
    buf_adds(&buf, "EPT\nCOMMIT\n");
    add_input(&text, "x", buf_str(&buf));
    read_inputs(&text);
    assert_int_equal(text.diags.errors, 0);
    assert_int_equal(text.diags.warnings, 1);
    assert_int_equal(chain_of(&text, "filter", "FORWARD")->rules[0].action, ACTION_ACCEPT);
    place = chain_of(&text, "filter", "FORWARD")->rules[0].place;
    assert_int_equal(place.n, 80 + 60 + 3);
    arena_free(text.arena);
    buf_free(&buf);
}

static void cut_off(void **state)
{
    struct text text = read_text("x", "*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\n-A INPUT -s 10.0.0.1 -j RETURN");

    (void)state;
    assert_int_equal(text.diags.errors, 1);
    assert_true(str_contains(text.diags.v[0].message, "ends in the middle"));
    arena_free(text.arena);
    text = read_text("x", "*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\n");
    assert_int_equal(text.diags.errors, 0);
    assert_int_equal(text.diags.warnings, 1);
    arena_free(text.arena);
}

static void several_dumps(void **state)
{
    const char *v4 = "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.1/32 -j ACCEPT\nCOMMIT\n";
    const char *v6 = "*filter\n:INPUT DROP [0:0]\n-A INPUT -s fd00::1/128 -j ACCEPT\nCOMMIT\n";
    struct buf buf = BUF_EMPTY;
    struct text text = {0};

    (void)state;
    buf_addf(&buf, "%s%s", v4, v6);
    add_input(&text, "both", buf_str(&buf));
    read_inputs(&text);
    assert_int_equal(text.diags.errors, 0);
    assert_int_equal(text.ruleset->families, FAMILY_BOTH);
    arena_free(text.arena);

    text = (struct text){0};
    add_input(&text, "one", str_of(v4));
    add_input(&text, "two", str_of(v4));
    read_inputs(&text);
    assert_int_equal(text.diags.errors, 1);
    assert_true(str_contains(text.diags.v[0].message, "second filter table of IPv4"));
    arena_free(text.arena);
    buf_free(&buf);

    text = read_text("x", "Chain INPUT (policy ACCEPT)\ntarget  prot opt source  destination\n");
    assert_null(text.ruleset);
    assert_int_equal(text.diags.errors, 1);
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

/* A policy to print: a few flows of each kind. */
struct made {
    struct arena *arena;
    struct flow flows[12];
    struct permit permits[16];
    struct policy policy;
};

static const struct ranges *parse_ends(struct arena *arena, const char *text)
{
    struct str rest = str_of(text);
    struct range v[64];
    size_t n = 0;

    while (rest.n > 0) {
        struct addr_range range;

        assert_int_equal(addr_range_parse(str_word(&rest), &range), ADDR_OK);
        v[n++] = range.range;
    }
    return ranges_of(arena, v, n);
}

static struct flow *add_permit(struct made *made, enum hook hook, const char *id, int transport, const char *source,
                               const char *destination)
{
    struct flow *flow = &made->flows[made->policy.permit_n];
    struct permit *permit = &made->permits[made->policy.permit_n++];

    *flow = (struct flow){.id = str_of(id),
                          .purpose = STR("a purpose\nof two lines"),
                          .family = strchr(source, ':') != NULL ? FAMILY_V6 : FAMILY_V4,
                          .transport = transport,
                          .ports_known = true,
                          .status = FLOW_RESOLVED};
    *permit = (struct permit){.flow = flow,
                              .hook = hook,
                              .source = parse_ends(made->arena, source),
                              .destination = parse_ends(made->arena, destination)};
    return flow;
}

static const struct ranges *ports_of(struct arena *arena, unsigned first, unsigned step, size_t n)
{
    struct range v[64];

    for (size_t i = 0; i < n; i++)
        v[i] = (struct range){first + i * step, first + i * step + i % 2};
    return ranges_of(arena, v, n);
}

static void make_policy(struct made *made)
{
    struct flow *flow;

    *made = (struct made){.arena = arena_new()};
    made->policy = (struct policy){.firewall = STR("edge"),
                                   .site = STR("east"),
                                   .hooks = 1u << HOOK_FORWARD | 1u << HOOK_INPUT,
                                   .families = FAMILY_BOTH,
                                   .baseline = BASELINE_DEFAULT | 1u << BASELINE_DHCP,
                                   .permits = made->permits};
    flow = add_permit(made, HOOK_FORWARD, "pool/web/tcp", PROTO_TCP, "10.0.0.0/24", "192.0.2.1");
    flow->ports = ranges_one(made->arena, 443, 443);
    made->permits[0].in = STR("eth0");
    made->permits[0].out = STR("eth1.5");
    flow = add_permit(made, HOOK_FORWARD, "pool/web-too/tcp", PROTO_TCP, "10.0.0.0/24", "192.0.2.1");
    flow->ports = ranges_one(made->arena, 443, 443);
    made->permits[1].in = STR("eth0");
    made->permits[1].out = STR("eth1.5");
    flow = add_permit(made, HOOK_FORWARD, "pool/many/udp", PROTO_UDP, "10.0.0.5-10.0.0.9 10.0.1.0/24", "0.0.0.0/0");
    flow->ports = ports_of(made->arena, 100, 10, 20);
    flow->source_ports = ranges_one(made->arena, 1024, 65535);
    flow = add_permit(made, HOOK_FORWARD, "pool/set/tcp", PROTO_TCP,
                      "10.1.0.1 10.1.0.3 10.1.0.5 10.1.0.7 10.1.0.9 10.1.0.11 10.1.0.13 10.1.0.15 10.1.0.17-10.1.0.24",
                      "192.0.2.0/25");
    flow->ports = ranges_one(made->arena, 8000, 8010);
    add_permit(made, HOOK_FORWARD, "pool/ping/icmp", PROTO_ICMP, "10.0.0.1", "192.0.2.1");
    add_permit(made, HOOK_INPUT, "pool/\"any\"/any", TRANSPORT_ANY, "10.0.0.1", "192.0.2.1");
    add_permit(made, HOOK_FORWARD, "pool/gre/47", PROTO_GRE, "10.0.0.1", "192.0.2.1");
    add_permit(made, HOOK_FORWARD, "pool/ping/icmp/v6", PROTO_ICMP, "fd00::1", "fd01::/64");
    flow = add_permit(made, HOOK_FORWARD, "pool/set/tcp/v6", PROTO_TCP,
                      "fd00::1 fd00::3 fd00::5 fd00::7 fd00::9 fd00::11 fd00::13 fd00::15 fd00::17", "fd02::5-fd02::9");
    flow->ports = ports_of(made->arena, 1, 2, 3);
}

static const char expected_v4[] =
    "# The sets come first: ipset -exist restore < the file that ends in .ipset\n"
    "# Firewall edge of site east, IPv4: what its flows need and the baseline, nothing else.\n"
    "# OUTPUT is not decided here: everything passes.\n"
    "*filter\n"
    ":INPUT DROP [0:0]\n"
    ":FORWARD DROP [0:0]\n"
    ":OUTPUT ACCEPT [0:0]\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    "-A INPUT -p icmp -m icmp --icmp-type 3 -j ACCEPT\n"
    "-A INPUT -p icmp -m icmp --icmp-type 11 -j ACCEPT\n"
    "-A INPUT -p icmp -m icmp --icmp-type 12 -j ACCEPT\n"
    "-A INPUT -p udp -m udp --sport 67 --dport 68 -j ACCEPT\n"
    "# pool/\"any\"/any: a purpose of two lines\n"
    "-A INPUT -s 10.0.0.1/32 -d 192.0.2.1/32 -m conntrack --ctstate NEW -m comment --comment \"pool/'any'/any\" -j "
    "ACCEPT\n"
    "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    "-A FORWARD -p icmp -m icmp --icmp-type 3 -j ACCEPT\n"
    "-A FORWARD -p icmp -m icmp --icmp-type 11 -j ACCEPT\n"
    "-A FORWARD -p icmp -m icmp --icmp-type 12 -j ACCEPT\n"
    "# pool/web/tcp: a purpose of two lines\n"
    "-A FORWARD -s 10.0.0.0/24 -d 192.0.2.1/32 -i eth0 -o eth1.5 -p tcp -m tcp --dport 443 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/web/tcp pool/web-too/tcp\" -j ACCEPT\n"
    "# pool/web-too/tcp: a purpose of two lines: by a rule above or below that names it\n"
    "# pool/many/udp: a purpose of two lines\n"
    "-A FORWARD -p udp -m iprange --src-range 10.0.0.5-10.0.0.9 -m udp --sport 1024:65535 -m multiport --dports "
    "100,110:111,120,130:131,140,150:151,160,170:171,180,190:191 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/many/udp\" -j ACCEPT\n"
    "-A FORWARD -p udp -m iprange --src-range 10.0.0.5-10.0.0.9 -m udp --sport 1024:65535 -m multiport --dports "
    "200,210:211,220,230:231,240,250:251,260,270:271,280,290:291 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/many/udp\" -j ACCEPT\n"
    "-A FORWARD -s 10.0.1.0/24 -p udp -m udp --sport 1024:65535 -m multiport --dports "
    "100,110:111,120,130:131,140,150:151,160,170:171,180,190:191 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/many/udp\" -j ACCEPT\n"
    "-A FORWARD -s 10.0.1.0/24 -p udp -m udp --sport 1024:65535 -m multiport --dports "
    "200,210:211,220,230:231,240,250:251,260,270:271,280,290:291 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/many/udp\" -j ACCEPT\n"
    "# pool/set/tcp: a purpose of two lines\n"
    "-A FORWARD -d 192.0.2.0/25 -p tcp -m set --match-set SET src -m tcp --dport 8000:8010 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/set/tcp\" -j ACCEPT\n"
    "# pool/ping/icmp: a purpose of two lines\n"
    "-A FORWARD -s 10.0.0.1/32 -d 192.0.2.1/32 -p icmp -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/ping/icmp\" -j ACCEPT\n"
    "# pool/gre/47: a purpose of two lines\n"
    "-A FORWARD -s 10.0.0.1/32 -d 192.0.2.1/32 -p 47 -m conntrack --ctstate NEW "
    "-m comment --comment \"pool/gre/47\" -j ACCEPT\n"
    "COMMIT\n";

/* The text with the name of its set, which is a hash, written SET. */
static void without_hash(struct buf *out, struct str text)
{
    while (text.n > 0) {
        const char *found = memmem(text.p, text.n, "ptl-", 4);
        size_t before = found == NULL ? text.n : (size_t)(found - text.p);

        buf_add(out, str_head(text, before));
        text = str_from(text, before);
        if (found != NULL) {
            buf_adds(out, "SET");
            text = str_from(text, strlen("ptl-4-0123456789abcdef"));
        }
    }
    buf_addc(out, '\0');
}

static void free_outputs(struct dialect_output *outputs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_free(&outputs[i].text);
}

static void prints(void **state)
{
    struct made made;
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct dialect_output again[DIALECT_OUTPUTS_MAX];
    struct diags diags;
    struct buf got = BUF_EMPTY;
    size_t n;

    (void)state;
    make_policy(&made);
    diags_init(&diags, made.arena);
    assert_true(iptables_print(&made.policy, outputs, &n, &diags));
    assert_int_equal(n, 3);
    assert_int_equal(diags.n, 0);
    without_hash(&got, buf_str(&outputs[0].text));
    assert_string_equal(got.p, expected_v4);
    assert_true(str_starts(buf_str(&outputs[2].text), "create ptl-4-"));
    assert_true(str_contains(buf_str(&outputs[2].text), " hash:net family inet6\n"));
    assert_true(iptables_print(&made.policy, again, &n, &diags));
    for (size_t i = 0; i < n; i++)
        assert_true(str_eq(buf_str(&outputs[i].text), buf_str(&again[i].text)));
    free_outputs(outputs, n);
    free_outputs(again, n);
    buf_free(&got);
    arena_free(made.arena);
}

static void reads_what_it_prints(void **state)
{
    struct made made;
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct text text = {0};
    struct buf got = BUF_EMPTY;
    struct diags diags;
    size_t n;

    (void)state;
    make_policy(&made);
    made.policy.reject = true;
    diags_init(&diags, made.arena);
    assert_true(iptables_print(&made.policy, outputs, &n, &diags));
    for (size_t i = 0; i < n; i++)
        add_input(&text, str_cstr(made.arena, outputs[i].suffix), buf_str(&outputs[i].text));
    read_inputs(&text);
    if (text.diags.n > 0)
        show_diags(&text);
    assert_int_equal(text.diags.n, 0);
    assert_int_equal(text.ruleset->literal_n, 0);
    assert_int_equal(text.ruleset->families, FAMILY_BOTH);
    for (size_t i = 0; i < text.ruleset->set_n; i++)
        assert_true(text.ruleset->sets[i].used);
    ruleset_text(&got, text.ruleset);
    assert_true(str_contains(buf_str(&got),
                             "any(source=10.1.0.1,10.1.0.3,10.1.0.5,10.1.0.7,10.1.0.9,10.1.0.11,10.1.0.13,"
                             "10.1.0.15,10.1.0.17-10.1.0.24) fragment=0-1 ports=8000-8010 state=new accept"));
    assert_true(str_contains(buf_str(&got), "reject\n"));
    buf_free(&got);
    free_outputs(outputs, n);
    arena_free(text.arena);
    arena_free(made.arena);
}

/* What has no end in the site passes; the rest is denied at the end, by either end. */
static void leaves_others_alone(void **state)
{
    static const char end[] = "# what else has an end in the site\n"
                              "-A FORWARD -s 10.0.0.0/8 -j DROP\n"
                              "-A FORWARD -m iprange --src-range 192.0.2.0-192.0.2.9 -j DROP\n"
                              "-A FORWARD -d 10.0.0.0/8 -j DROP\n"
                              "-A FORWARD -m iprange --dst-range 192.0.2.0-192.0.2.9 -j DROP\n";
    struct made made;
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct diags diags;
    size_t n;

    (void)state;
    make_policy(&made);
    made.policy.scope[FAMILY_V4] = parse_ends(made.arena, "10.0.0.0/8 192.0.2.0-192.0.2.9");
    diags_init(&diags, made.arena);
    assert_true(iptables_print(&made.policy, outputs, &n, &diags));
    assert_true(str_contains(buf_str(&outputs[0].text), ":FORWARD ACCEPT [0:0]\n"));
    assert_true(str_contains(buf_str(&outputs[0].text), end));
    assert_true(str_contains(buf_str(&outputs[1].text), ":FORWARD DROP [0:0]\n"));
    free_outputs(outputs, n);
    arena_free(made.arena);
}

static void refuses(void **state)
{
    struct made made;
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct diags diags;
    size_t n = 77;

    (void)state;
    make_policy(&made);
    diags_init(&diags, made.arena);
    made.permits[0].in = STR("eth+");
    made.flows[2].ports_known = false;
    made.permits[3].destination = &ranges_empty;
    made.permits[4].in = STR("an-interface-too-long");
    assert_false(iptables_print(&made.policy, outputs, &n, &diags));
    assert_int_equal(diags.errors, 4);
    assert_int_equal(n, 77);
    for (size_t i = 0; i < 4; i++)
        assert_true(str_starts(diags.v[i].message, "flow pool/"));
    arena_free(made.arena);
}

/* Runs a program with a text as its input in a network namespace of its own; its exit status, or -1. */
static int run_isolated(const char *const *argv, struct str input)
{
    int ends[2];
    int status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        dup2(ends[0], 0);
        dup2(2, 1); /* standard output is the test's own protocol */
        close(ends[1]);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(ends[0]);
    while (input.n > 0) {
        ssize_t n = write(ends[1], input.p, input.n);

        if (n <= 0)
            break;
        input = str_from(input, (size_t)n);
    }
    close(ends[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void real_programs_take_it(void **state)
{
    static const char *const probe[] = {"unshare", "-n", "iptables-restore", "--test", NULL};
    static const char *const v4[] = {
        "unshare", "-n", "sh", "-c", "ipset -exist restore < \"$0\" && iptables-restore --test", NULL, NULL};
    static const char *const v6[] = {
        "unshare", "-n", "sh", "-c", "ipset -exist restore < \"$0\" && ip6tables-restore --test", NULL, NULL};
    char path[] = "/tmp/test_iptables.XXXXXX";
    const char *const ipset[] = {"unshare", "-n", "ipset", "list", "-n", NULL};
    char long_id[300] = "";
    struct made made;
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct diags diags;
    size_t n;
    int file;

    (void)state;
    if (run_isolated(probe, STR_EMPTY) != 0) {
        print_message("# SKIPPED: no iptables-restore, or no network namespace is allowed here\n");
        return; /* cmocka says "not ok # SKIP", which is a failure to TAP */
    }
    make_policy(&made);
    memset(long_id, 'x', sizeof long_id - 1);
    add_permit(&made, HOOK_FORWARD, long_id, PROTO_TCP, "10.0.0.1", "192.0.2.1");
    add_permit(&made, HOOK_FORWARD, "after/the/long/one", PROTO_TCP, "10.0.0.1", "192.0.2.1");
    made.policy.scope[FAMILY_V4] = parse_ends(made.arena, "10.0.0.0/8 192.0.2.0-192.0.2.9");
    diags_init(&diags, made.arena);
    /* Without the flows that need sets, where there is no ipset. */
    if (run_isolated(ipset, STR_EMPTY) != 0) {
        print_message("note: no ipset here: the rules with sets are not tried\n");
        made.policy.permit_n = 3;
    }
    made.policy.reject = true;
    assert_true(iptables_print(&made.policy, outputs, &n, &diags));
    file = mkstemp(path);
    assert_true(file >= 0);
    if (n > 2)
        assert_int_equal(write(file, outputs[2].text.p, outputs[2].text.n), (ssize_t)outputs[2].text.n);
    close(file);
    if (n > 2) {
        const char *with_v4[] = {v4[0], v4[1], v4[2], v4[3], v4[4], path, NULL};
        const char *with_v6[] = {v6[0], v6[1], v6[2], v6[3], v6[4], path, NULL};

        assert_int_equal(run_isolated(with_v4, buf_str(&outputs[0].text)), 0);
        assert_int_equal(run_isolated(with_v6, buf_str(&outputs[1].text)), 0);
    } else {
        static const char *const plain_v6[] = {"unshare", "-n", "ip6tables-restore", "--test", NULL};

        assert_int_equal(run_isolated(probe, buf_str(&outputs[0].text)), 0);
        assert_int_equal(run_isolated(plain_v6, buf_str(&outputs[1].text)), 0);
    }
    unlink(path);
    free_outputs(outputs, n);
    arena_free(made.arena);
}

static struct str slurp(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *p;
    long n;

    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    n = ftell(file);
    rewind(file);
    p = arena_alloc(arena, (size_t)n);
    n = (long)fread(p, 1, (size_t)n, file);
    fclose(file);
    return (struct str){p, (size_t)n};
}

/* Real dumps: read to the end; all but one, which is a notebook of many dumps, without an error. */
static void real_dumps(void **state)
{
    const char *shared = getenv("PORTOLAN_SHARED");
    const char *root = getenv("PORTOLAN_SOURCE");
    struct arena *arena = arena_new();
    const char *folder = str_printf(arena, "%s%s/corpus/rulesets%c",
                                    shared != NULL ? shared
                                    : root != NULL ? root
                                                   : ".",
                                    shared != NULL ? "" : "/../shared", 0)
                             .p;
    DIR *dir = opendir(folder);

    (void)state;
    if (dir == NULL) {
        print_message("# SKIPPED: no real dumps at %s (PORTOLAN_SHARED says where they are)\n", folder);
        arena_free(arena);
        return; /* cmocka says "not ok # SKIP", which is a failure to TAP */
    }
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        struct text text = {0};

        if (entry->d_name[0] == '.')
            continue;
        add_input(&text, entry->d_name, slurp(arena, str_printf(arena, "%s/%s%c", folder, entry->d_name, 0).p));
        read_inputs(&text);
        assert_non_null(text.ruleset);
        if (!str_starts(str_of(entry->d_name), "docker-311"))
            assert_int_equal(text.diags.errors, 0);
        arena_free(text.arena);
    }
    closedir(dir);
    arena_free(arena);
}

/* Rules of two chains, in runs of such a length each; every rule says by its port which one it is. */
static void append_runs(struct buf *buf, size_t run, size_t rules)
{
    for (size_t i = 0; i < rules; i++)
        buf_addf(buf, "-A %s -s 10.0.0.1/32%s -p tcp -m tcp --dport %zu -j ACCEPT\n",
                 i / run % 2 == 0 ? "FORWARD" : "FORWARD2", i % 50 == 49 ? ",10.0.0.2/32" : "", i + 1);
}

/* A chain gets its room by what stands behind a rule in the text: however the chains alternate, nothing is lost. */
static void long_chains(void **state)
{
    static const size_t runs[] = {1, 7, 65, 900, 4000};

    (void)state;
    for (size_t k = 0; k < sizeof runs / sizeof *runs; k++) {
        struct buf buf = BUF_EMPTY;
        struct text text = {0};
        size_t found = 0;

        buf_adds(&buf, "*filter\n:FORWARD DROP\n:FORWARD2 -\n");
        append_runs(&buf, runs[k], 4000);
        buf_adds(&buf, "COMMIT\n");
        add_input(&text, "long", buf_str(&buf));
        read_inputs(&text);
        assert_int_equal(text.diags.errors, 0);
        for (size_t i = 0; i < text.ruleset->chain_n; i++) {
            const struct chain *chain = text.ruleset->chains[i];
            u128 last = 0;

            for (size_t r = 0; r < chain->rule_n; r++) {
                const struct match *port = &chain->rules[r].matches[chain->rules[r].match_n - 1];

                assert_int_equal(chain->rules[r].index, r + 1);
                assert_true(port->field == FIELD_PORT && port->ranges->v[0].lo >= last);
                last = port->ranges->v[0].lo;
                assert_int_equal(last + 3, source_line(text.inputs[0].text, chain->rules[r].place.at));
            }
            found += chain->rule_n;
        }
        assert_int_equal(found, 4000 + 4000 / 50);
        arena_free(text.arena);
        buf_free(&buf);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_chains),
        cmocka_unit_test(rules_mean),
        cmocka_unit_test(rules_mean_v6),
        cmocka_unit_test(wrong_rules),
        cmocka_unit_test(all_errors_are_told),
        cmocka_unit_test(texts_as_they_come),
        cmocka_unit_test(shell_lines),
        cmocka_unit_test(without_table),
        cmocka_unit_test(folded),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(several_dumps),
        cmocka_unit_test(unknowns_are_shared),
        cmocka_unit_test(marks_count),
        cmocka_unit_test(targets_that_write),
        cmocka_unit_test(sets),
        cmocka_unit_test(prints),
        cmocka_unit_test(reads_what_it_prints),
        cmocka_unit_test(leaves_others_alone),
        cmocka_unit_test(refuses),
        cmocka_unit_test(real_programs_take_it),
        cmocka_unit_test(real_dumps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
