/*
 * The nftables dialect: expressions of the JSON listing one by one, lines of the text, errors, and policies printed,
 * judged by nft, read back and compared with the permits packet by packet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "dialect/nftables/nftables.h"
#include "net/proto.h"
#include "ruleset_text.h"
#include "system/nft.h"

struct fixture {
    struct arena *arena;
    struct diags diags;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    fixture->arena = arena_new();
    diags_init(&fixture->diags, fixture->arena);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

/* JSON written with single quotes, to be read here. */
static struct str json(struct arena *arena, struct str text)
{
    char *copy = arena_copy(arena, text.p, text.n);

    for (size_t i = 0; i < text.n; i++) {
        if (copy[i] == '\'')
            copy[i] = '"';
    }
    return (struct str){copy, text.n};
}

static const char frame[] =
    "{'nftables':[{'metainfo':{'json_schema_version':1}},{'table':{'family':'inet','name':'t'}},"
    "{'chain':{'family':'inet','table':'t','name':'other'}},"
    "{'chain':{'family':'inet','table':'t','name':'i','type':'filter','hook':'input','prio':-5,'policy':'drop'}},"
    "{'set':{'family':'inet','table':'t','name':'ports','type':'inet_service','elem':[{'range':[1,5]},7]}},"
    "{'set':{'family':'inet','table':'t','name':'none','type':'ipv4_addr'}},"
    "{'set':{'family':'inet','table':'t','name':'ifs','type':'ifname','elem':['eth0','wg*']}},"
    "{'set':{'family':'inet','table':'t','name':'live','type':'ipv4_addr','flags':['timeout'],'timeout':60}},"
    "{'set':{'family':'inet','table':'t','name':'seen','type':'ipv4_addr','elem':['1.1.1.1']}},"
    "{'set':{'family':'inet','table':'t','name':'three','type':['ipv4_addr','ipv4_addr','inet_service'],"
    "'flags':['interval'],'elem':[{'elem':{'val':{'concat':[{'prefix':{'addr':'10.0.0.0','len':8}},'1.2.3.4',"
    "{'range':[80,90]}]},'comment':'x'}},{'concat':[{'range':['10.1.1.1','10.1.1.5']},'1.2.3.5',80]}]}},"
    "{'map':{'family':'inet','table':'t','name':'vm','type':'ipv4_addr','map':'verdict',"
    "'elem':[['1.1.1.1',{'accept':null}],['2.2.2.2',{'jump':{'target':'other'}}]]}},"
    "{'rule':{'family':'inet','table':'t','chain':'i','handle':1,'expr':[%.*s]}}]}";

static struct ruleset *read_listing(struct fixture *fixture, struct str text)
{
    struct dialect_input input = {.text = source_new(fixture->arena, STR("list.json"), text)};

    return nftables_read(fixture->arena, &input, 1, &fixture->diags);
}

static void rules_text(struct buf *out, const struct chain *chain)
{
    for (size_t i = 0; i < chain->rule_n; i++) {
        const struct rule *rule = &chain->rules[i];

        buf_adds(out, i > 0 ? "; " : "");
        if (rule->families != FAMILY_BOTH)
            buf_adds(out, rule->families == 0 ? "no " : rule->families == FAMILY_BIT(FAMILY_V4) ? "v4 " : "v6 ");
        ruleset_text_rule(out, rule);
    }
}

/* What a rule's expressions mean, and how they read in nft's syntax (NULL: not looked at). */
static const struct {
    const char *expressions;
    const char *rules;
    const char *text;
} cases[] = {
#define MATCH_OF(op, left, right) "{'match':{'op':'" op "','left':{" left "},'right':" right "}}"
#define PAYLOAD(protocol, field) "'payload':{'protocol':'" protocol "','field':'" field "'}"
#define META(key) "'meta':{'key':'" key "'}"
#define CT(key) "'ct':{'key':'" key "'}"
#define ACCEPT ",{'accept':null}"
    /* verdicts and statements without effect */
    {"{'accept':null}", "accept", "accept"},
    {"{'drop':null}", "drop", "drop"},
    {"{'return':null}", "return", "return"},
    {"{'continue':null}", "continue", "continue"},
    {"{'jump':{'target':'other'}}", "jump other", "jump other"},
    {"{'goto':{'target':'other'}}", "goto other", "goto other"},
    {"{'counter':{'packets':1,'bytes':2}},{'log':{'prefix':'hi'}}", "continue", "counter log prefix \"hi\""},
    {"{'reject':{'type':'icmpx','expr':'admin-prohibited'}}", "reject", "reject with icmpx admin-prohibited"},
    {"{'reject':{'type':'tcp reset'}}", "transport=6 reject", "reject with tcp reset"},
    {"{'reject':{'type':'icmp','expr':'host-unreachable'}}", "v4 reject", NULL},
    {"{'reject':{'type':'icmpv6','expr':'no-route'}}", "v6 reject", NULL},
    {"{'queue':{'num':3}}", "unknown", NULL},
    {"{'notrack':null}", "notrack", "notrack"},
    {"{'notrack':null}" ACCEPT, "notrack; accept", NULL},
    {"{'dnat':{'addr':'1.2.3.4','port':80}}", "v4 dnat 1.2.3.4 :80-80", "dnat to 1.2.3.4:80"},
    {"{'dnat':{'addr':{'range':['1.2.3.4','1.2.3.7']},'flags':'persistent'}}", "v4 dnat 1.2.3.4/30", NULL},
    {"{'dnat':{'addr':{'prefix':{'addr':'10.2.0.0','len':24}},'flags':'netmap','type_flags':'prefix'}}",
     "v4 dnat 10.2.0.0/24 (network)", NULL},
    {"{'dnat':{'family':'ip6','addr':'fd00::1'}}", "v6 dnat fd00::1", NULL},
    {"{'dnat':{'port':{'range':[8080,8090]}}}", "dnat :8080-8090", NULL},
    {"{'dnat':{'family':'ip','addr':{'map':{'key':{" PAYLOAD(
         "tcp", "dport") "},'data':{'set':["
                         "[80,{'concat':['10.0.0.1',81]}],[443,{'concat':['10.0.0.2',444]}]]}}}}}",
     "v4 transport=6 fragment=0-1 ports=80 dnat 10.0.0.1 :81-81; "
     "v4 transport=6 fragment=0-1 ports=443 dnat 10.0.0.2 :444-444",
     NULL},
    {"{'redirect':{'port':8080}}", "dnat own :8080-8080", NULL},
    {"{'snat':{'addr':'192.0.2.1'}}", "v4 snat 192.0.2.1", NULL},
    {"{'masquerade':null}", "snat own", "masquerade"},
    {"{'xt':null}" ACCEPT, "<0:xt> unknown", NULL},
    {"{'mangle':{'key':{" META("mark") "},'value':5}}" ACCEPT, "accept", "meta mark set 5 accept"},
    {MATCH_OF("==", META("mark"), "1") ",{'mangle':{'key':{" META("mark") "},'value':5}}" ACCEPT, "mark=1 unknown",
     NULL},
    {MATCH_OF("==", META("mark"), "1") ",{'mangle':{'key':{" META("mark") "},'value':5}}", "mark=1 mark &0x0^0x5",
     NULL},
    {"{'mangle':{'key':{" META("mark") "},'value':{'|':[{'&':[{" META("mark") "},255]},16]}}}," MATCH_OF(
         "==", META("mark"), "1") ACCEPT,
     "mark &0xef^0x10; mark=1 accept", NULL},
    {"{'mangle':{'key':{" META("mark") "},'value':{'^':[{" META("mark") "},3]}}}," MATCH_OF("==", META("mark"), "1")
         ACCEPT,
     "mark &0xffffffff^0x3; mark=1 accept", NULL},
    {"{'mangle':{'key':{" META("mark") "},'value':{" CT("mark") "}}}," MATCH_OF("==", META("mark"), "1") ACCEPT,
     "unknown", NULL},
    {"{'mangle':{'key':{'tcp option':{'name':'maxseg','field':'size'}},'value':{'rt':{'key':'mtu'}}}}",
     "<0:tcp option maxseg size set rt  mtu> continue", NULL},
    /* addresses */
    {MATCH_OF("==", PAYLOAD("ip", "saddr"), "{'prefix':{'addr':'10.0.0.0','len':8}}") ACCEPT,
     "v4 source=10.0.0.0/8 accept", "ip saddr 10.0.0.0/8 accept"},
    {MATCH_OF("==", PAYLOAD("ip6", "daddr"), "'fd00::1'") ACCEPT, "v6 destination=fd00::1 accept",
     "ip6 daddr fd00::1 accept"},
    {MATCH_OF("!=", PAYLOAD("ip", "daddr"), "{'range':['0.0.0.1','255.255.255.254']}") ACCEPT,
     "v4 destination=0.0.0.0,255.255.255.255 accept", "ip daddr != 0.0.0.1-255.255.255.254 accept"},
    {MATCH_OF("==", PAYLOAD("ip", "saddr"), "{'set':['1.1.1.1',{'elem':{'val':'1.1.1.2','counter':{'packets':0}}}]}")
         ACCEPT,
     "v4 source=1.1.1.1-1.1.1.2 accept", "ip saddr { 1.1.1.1, 1.1.1.2 } accept"},
    {MATCH_OF("==", PAYLOAD("ip", "saddr"), "{'set':[{'elem':{'val':'1.1.1.2','limit':{'rate':1,'per':'second'}}}]}")
         ACCEPT,
     "v4 <0:ip saddr { 1.1.1.2 }> accept", NULL},
    {MATCH_OF("==", "'&':[{" PAYLOAD("ip", "saddr") "},'255.255.255.254']", "'10.0.0.0'") ACCEPT,
     "v4 source=10.0.0.0/31 accept", "ip saddr & 255.255.255.254 == 10.0.0.0 accept"},
    {MATCH_OF("==", "'&':[{" PAYLOAD("ip", "saddr") "},'254.255.255.255']", "'10.0.0.0'") ACCEPT,
     "v4 source=10.0.0.0,11.0.0.0 accept", NULL},
    {MATCH_OF("==", "'&':[{" PAYLOAD("ip", "saddr") "},'0.0.0.1']", "'0.0.0.1'") ACCEPT,
     "v4 <0:ip saddr & 0.0.0.1 == 0.0.0.1> accept", NULL},
    {MATCH_OF("==", PAYLOAD("ip", "saddr"), "'fd00::1'") ACCEPT, "v4 <0:ip saddr fd00::1> accept", NULL},
    {MATCH_OF("==", PAYLOAD("ip", "saddr"), "'@none'") ACCEPT, "v4 source=never accept", "ip saddr @none accept"},
    {MATCH_OF("!=", PAYLOAD("ip", "saddr"), "'@none'") ACCEPT, "v4 source=0.0.0.0/0 accept", NULL},
    {MATCH_OF("==", PAYLOAD("ip", "saddr"), "'@live'") ACCEPT, "v4 <0:ip saddr @live> accept", NULL},
    {MATCH_OF("==", PAYLOAD("ip", "saddr"), "'@seen'") ACCEPT, "v4 source=1.1.1.1 accept", NULL},
    {MATCH_OF("==", PAYLOAD("ip", "saddr"), "'@missing'") ACCEPT, "v4 <0:ip saddr @missing> accept", NULL},
    /* a set that packets change is no longer known */
    {"{'set':{'op':'add','elem':{" PAYLOAD("ip", "saddr") "},'set':'@seen'}}," MATCH_OF("==", PAYLOAD("ip", "saddr"),
                                                                                        "'@seen'") ACCEPT,
     "v4 <0:add @seen { ip saddr }> <1:ip saddr @seen> accept", NULL},
    /* ports, and what they imply */
    {MATCH_OF("==", PAYLOAD("tcp", "dport"), "{'set':[80,443,{'range':[1000,2000]}]}") ACCEPT,
     "transport=6 fragment=0-1 ports=80,443,1000-2000 accept", "tcp dport { 80, 443, 1000-2000 } accept"},
    {MATCH_OF("!=", PAYLOAD("udp", "sport"), "53") ACCEPT,
     "transport=17 fragment=0-1 source_ports=0-52,54-65535 accept", "udp sport != 53 accept"},
    {MATCH_OF("<", PAYLOAD("tcp", "dport"), "1024") ACCEPT, "transport=6 fragment=0-1 ports=0-1023 accept", NULL},
    {MATCH_OF("<=", PAYLOAD("tcp", "dport"), "1024") ACCEPT, "transport=6 fragment=0-1 ports=0-1024 accept", NULL},
    {MATCH_OF(">", PAYLOAD("tcp", "dport"), "1024") ACCEPT, "transport=6 fragment=0-1 ports=1025-65535 accept", NULL},
    {MATCH_OF(">=", PAYLOAD("tcp", "dport"), "0") ACCEPT, "transport=6 fragment=0-1 ports=0-65535 accept", NULL},
    {MATCH_OF(">", PAYLOAD("tcp", "dport"), "65535") ACCEPT, "transport=6 fragment=0-1 ports=never accept", NULL},
    {MATCH_OF("==", PAYLOAD("tcp", "dport"), "'@ports'") ACCEPT, "transport=6 fragment=0-1 ports=1-5,7 accept", NULL},
    {MATCH_OF("==", PAYLOAD("sctp", "dport"), "7") ACCEPT, "transport=132 fragment=0-1 ports=7 accept", NULL},
    {MATCH_OF("==", META("l4proto"), "{'set':['tcp','udp']}") "," MATCH_OF("==", PAYLOAD("th", "dport"), "53") ACCEPT,
     "transport=6,17 fragment=0-1 ports=53 accept", "meta l4proto { tcp, udp } th dport 53 accept"},
    {MATCH_OF("==", PAYLOAD("th", "dport"), "53") ACCEPT,
     "fragment=0-1 transport=6,17,33,132,136 ports=53 accept; "
     "fragment=0-1 transport=0-5,7-16,18-32,34-131,133-135,137-255 <0:th dport 53> accept",
     "th dport 53 accept"},
    /* protocols and families */
    {MATCH_OF("==", META("l4proto"), "'ipv6-icmp'") ACCEPT, "transport=58 accept", NULL},
    {MATCH_OF("==", META("l4proto"), "200") ACCEPT, "transport=200 accept", NULL},
    {MATCH_OF("==", META("l4proto"), "'no-such-protocol'") ACCEPT, "<0:meta l4proto no-such-protocol> accept", NULL},
    {MATCH_OF("!=", PAYLOAD("ip", "protocol"), "'tcp'") ACCEPT, "v4 transport=0-5,7-255 accept", NULL},
    {MATCH_OF("==", PAYLOAD("ip6", "nexthdr"), "'udp'") ACCEPT, "v6 transport=17 fragment=0 accept", NULL},
    {MATCH_OF("==", PAYLOAD("ip6", "nexthdr"), "44") ACCEPT, "v6 any(transport=44 fragment=0 | fragment=1-2) accept",
     NULL},
    {MATCH_OF("==", PAYLOAD("ip6", "nexthdr"), "'hopopt'") ACCEPT, "v6 <0:ip6 nexthdr hopopt> accept", NULL},
    {MATCH_OF("==", META("nfproto"), "'ipv4'") ACCEPT, "v4 accept", "meta nfproto ipv4 accept"},
    {MATCH_OF("!=", META("nfproto"), "'ipv4'") ACCEPT, "v6 accept", NULL},
    {MATCH_OF("==", META("protocol"), "{'set':['ip','ip6']}") ACCEPT, "accept", NULL},
    {MATCH_OF("==", PAYLOAD("ip", "saddr"), "'1.1.1.1'") "," MATCH_OF("==", META("nfproto"), "'ipv6'") ACCEPT,
     "no source=1.1.1.1 accept", NULL},
    /* connection state: one bit each */
    {MATCH_OF("in", CT("state"), "['established','related']") ACCEPT, "state=1-2 accept",
     "ct state established,related accept"},
    {MATCH_OF("in", CT("state"), "'invalid'") ACCEPT, "state=invalid accept", NULL},
    {MATCH_OF("==", CT("state"), "'new'") ACCEPT, "state=new accept", NULL},
    {MATCH_OF("!=", CT("state"), "'new'") ACCEPT, "state=1-4 accept", NULL},
    {MATCH_OF("==", CT("state"), "{'set':['new','untracked']}") ACCEPT, "state=new,untracked accept", NULL},
    {MATCH_OF("!", CT("state"), "['established','related']") ACCEPT, "state=new,3-4 accept",
     "ct state ! established,related accept"},
    /* what people write for "neither": it compares with both bits at once, and always holds */
    {MATCH_OF("!=", CT("state"), "{'|':['established','related']}") ACCEPT, "state=0-4 accept", NULL},
    {MATCH_OF("==", CT("direction"), "'original'") ACCEPT, "<0:ct direction original> accept", NULL},
    {MATCH_OF("==", CT("mark"), "1") "," MATCH_OF("==", CT("mark"), "1") ACCEPT, "<0:ct mark 1> <0:ct mark 1> accept",
     NULL},
    {"{'mangle':{'key':{" CT("mark") "},'value':1}}," MATCH_OF("==", CT("mark"), "1") "," MATCH_OF("==", CT("mark"),
                                                                                                   "1") ACCEPT,
     "<0:ct mark 1> <1:ct mark 1> accept", NULL},
    /* TCP flags */
    {MATCH_OF("==", PAYLOAD("tcp", "flags"), "'syn'") ACCEPT, "transport=6 fragment=0-1 tcp_flags=2 accept",
     "tcp flags == syn accept"},
    {MATCH_OF("==", PAYLOAD("tcp", "flags"), "{'set':['syn','ack']}") ACCEPT,
     "transport=6 fragment=0-1 tcp_flags=2,16 accept", "tcp flags { syn, ack } accept"},
    {MATCH_OF("!=", PAYLOAD("tcp", "flags"), "18") ACCEPT, "transport=6 fragment=0-1 tcp_flags=0-17,19-255 accept",
     NULL},
    {MATCH_OF("==", "'&':[{" PAYLOAD("tcp", "flags") "},['fin','syn','rst','psh','ack','urg','ecn']]", "'syn'") ACCEPT,
     "transport=6 fragment=0-1 tcp_flags=2,130 accept", NULL},
    {MATCH_OF("==", "'&':[{" PAYLOAD("tcp", "flags") "},255]", "['syn','ack']") ACCEPT,
     "transport=6 fragment=0-1 tcp_flags=18 accept", "tcp flags & 255 == (syn | ack) accept"},
    /* ICMP */
    {MATCH_OF("==", PAYLOAD("icmp", "type"), "'echo-request'") ACCEPT,
     "v4 transport=1 fragment=0-1 icmp=2048-2303 accept", "icmp type echo-request accept"},
    {MATCH_OF("==", PAYLOAD("icmp", "type"), "'destination-unreachable'") "," MATCH_OF("==", PAYLOAD("icmp", "code"),
                                                                                       "'host-unreachable'") ACCEPT,
     "v4 transport=1 fragment=0-1 icmp=769 accept", NULL},
    {MATCH_OF("==", PAYLOAD("icmpv6", "type"), "{'set':['echo-reply','nd-neighbor-solicit']}") ACCEPT,
     "v6 transport=58 fragment=0-1 icmp=33024-33279,34560-34815 accept", NULL},
    /* fragments */
    {MATCH_OF("!=", "'&':[{" PAYLOAD("ip", "frag-off") "},8191]", "0") ACCEPT, "v4 fragment=2 accept",
     "ip frag-off & 8191 != 0 accept"},
    {MATCH_OF("!=", "'&':[{" PAYLOAD("ip", "frag-off") "},16383]", "0") ACCEPT, "v4 fragment=1-2 accept", NULL},
    {MATCH_OF("!=", "'&':[{" PAYLOAD("ip", "frag-off") "},8192]", "0") ACCEPT, "v4 <0:ip frag-off & 8192 != 0> accept",
     NULL},
    {MATCH_OF("==", "'exthdr':{'name':'frag'}", "true") ACCEPT, "v6 fragment=1-2 accept", "exthdr frag exists accept"},
    {MATCH_OF("==", "'exthdr':{'name':'frag'}", "false") ACCEPT, "v6 fragment=0 accept", "exthdr frag missing accept"},
    {MATCH_OF("!=", "'exthdr':{'name':'frag','field':'frag-off'}", "0") ACCEPT, "v6 fragment=2 accept", NULL},
    /* interfaces */
    {MATCH_OF("==", META("iifname"), "'eth*'") "," MATCH_OF("!=", META("oifname"), "{'set':['a','b*']}") ACCEPT,
     "in=eth+ !out=a,b+ accept", "iifname \"eth*\" oifname != { \"a\", \"b*\" } accept"},
    {MATCH_OF("==", META("iif"), "'lo'") ACCEPT, "in=lo accept", "iif \"lo\" accept"},
    {MATCH_OF("==", META("iifname"), "'@ifs'") ACCEPT, "in=eth0,wg+ accept", NULL},
    {MATCH_OF("==", META("iif"), "7") ACCEPT, "<0:iif 7> accept", NULL},
    /* keys of several fields */
    {MATCH_OF(
         "==", "'concat':[{" PAYLOAD("ip", "saddr") "},{" PAYLOAD("ip", "daddr") "},{" PAYLOAD("tcp", "dport") "}]",
         "'@three'") ACCEPT,
     "v4 transport=6 fragment=0-1 any(source=10.0.0.0/8 destination=1.2.3.4 ports=80-90 | "
     "source=10.1.1.1-10.1.1.5 destination=1.2.3.5 ports=80) accept",
     "ip saddr . ip daddr . tcp dport @three accept"},
    {MATCH_OF("!=", "'concat':[{" META("l4proto") "},{" PAYLOAD("th", "dport") "}]",
              "{'set':[{'concat':['tcp',1]},{'concat':['udp',{'range':[3,5]}]}]}") ACCEPT,
     "fragment=0-1 !any(transport=6 ports=1 | transport=17 ports=3-5) accept", NULL},
    {MATCH_OF("==", "'concat':[{" META("l4proto") "},{" PAYLOAD("th", "dport") "}]", "{'set':[{'concat':['icmp',1]}]}")
         ACCEPT,
     "fragment=0-1 <0:meta l4proto . th dport { icmp . 1 }> accept", NULL},
    {MATCH_OF("==", "'concat':[{" META("nfproto") "},{" META("l4proto") "}]", "{'set':[{'concat':['ipv4','tcp']}]}")
         ACCEPT,
     "<0:meta nfproto . meta l4proto { ipv4 . tcp }> accept", NULL},
    /* verdict maps */
    {"{'vmap':{'key':{" PAYLOAD("ip", "daddr") "},'data':'@vm'}}",
     "v4 destination=1.1.1.1 accept; v4 destination=2.2.2.2 jump other", "ip daddr vmap @vm"},
    {"{'vmap':{'key':{" CT("state") "},'data':{'set':[['invalid',{'drop':null}],['new',{'continue':null}]]}}},"
                                    "{'counter':null}",
     "state=invalid drop; state=new continue", "ct state vmap { invalid : drop, new : continue } counter"},
    {"{'vmap':{'key':{'concat':[{" META("iifname") "},{" PAYLOAD(
         "tcp", "dport") "}]},"
                         "'data':{'set':[[{'concat':['eth0',22]},{'accept':null}]]}}}",
     "transport=6 fragment=0-1 in=eth0 ports=22 accept", NULL},
    {"{'vmap':{'key':{" META("nfproto") "},'data':{'set':[['ipv4',{'accept':null}],['ipv6',{'drop':null}]]}}}",
     "v4 accept; v6 drop", NULL},
    {"{'vmap':{'key':{" META("skuid") "},'data':{'set':[[0,{'accept':null}]]}}}", "unknown", NULL},
    {"{'vmap':{'key':{" PAYLOAD("tcp", "dport") "},'data':{'set':[]}}}", "transport=never fragment=0-1 continue", NULL},
    /* conditions and what is not modelled */
    {"{'limit':{'rate':5,'burst':3,'per':'second'}}" ACCEPT, "<0:limit rate 5/second burst 3 packets> accept",
     "limit rate 5/second burst 3 packets accept"},
    {"{'limit':{'rate':5,'per':'second'}},{'limit':{'rate':5,'per':'second'}}" ACCEPT,
     "<0:limit rate 5/second> <1:limit rate 5/second> accept", NULL},
    {MATCH_OF("==", "'fib':{'result':'type','flags':['daddr']}", "'local'") ACCEPT, "<0:fib daddr type local> accept",
     "fib daddr type local accept"},
    {MATCH_OF("==", META("skuid"), "0") ACCEPT, "<0:meta skuid 0> accept", "meta skuid 0 accept"},
    {MATCH_OF("==", "'payload':{'base':'th','offset':32,'len':8}", "1") ACCEPT, "<0:@th,32,8 1> accept", NULL},
    {MATCH_OF("==", "'numgen':{'mode':'random','mod':2,'offset':0}",
              "0") "," MATCH_OF("==", "'numgen':{'mode':'random','mod':2,'offset':0}", "0") ACCEPT,
     "<0:numgen {\"mode\":\"random\",\"mod\":2,\"offset\":0} 0> "
     "<1:numgen {\"mode\":\"random\",\"mod\":2,\"offset\":0} 0> accept",
     NULL},
    {MATCH_OF("==", META("mark"), "5") ACCEPT, "mark=5 accept", "meta mark 5 accept"},
};

static void test_expressions(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture *fixture = *state;
        struct str text = json(
            fixture->arena, str_printf(fixture->arena, frame, (int)strlen(cases[i].expressions), cases[i].expressions));
        struct ruleset *ruleset = read_listing(fixture, text);
        struct buf out = BUF_EMPTY;

        diags_print(&out, &fixture->diags, false);
        if (ruleset == NULL)
            fail_msg("case %zu: %.*s", i, (int)out.n, out.p);
        assert_int_equal(ruleset->chain_n, 2);
        rules_text(&out, ruleset->chains[1]);
        buf_addc(&out, '\0');
        if (strcmp(out.p, cases[i].rules) != 0)
            fail_msg("case %zu: %s\n is     %s\n not    %s", i, cases[i].expressions, out.p, cases[i].rules);
        if (cases[i].text != NULL && !str_is(ruleset->chains[1]->rules[0].text, cases[i].text))
            fail_msg("case %zu reads \"%.*s\"", i, STR_ARG(ruleset->chains[1]->rules[0].text));
        for (size_t k = 0; k < ruleset->chains[1]->rule_n; k++) {
            assert_int_equal(ruleset->chains[1]->rules[k].index, 1);
            assert_false(ruleset->chains[1]->rules[k].has_line);
        }
        buf_free(&out);
    }
}

static void test_chains(void **state)
{
    struct fixture *fixture = *state;
    struct ruleset *ruleset =
        read_listing(fixture, json(fixture->arena, STR("{'nftables':["
                                                       "{'chain':{'family':'ip','table':'f','name':'a','type':'filter',"
                                                       "'hook':'forward','prio':'filter - 5','policy':'accept'}},"
                                                       "{'chain':{'family':'ip6','table':'f','name':'a'}},"
                                                       "{'chain':{'family':'bridge','table':'b','name':'c','type':"
                                                       "'filter','hook':'forward','prio':0}},"
                                                       "{'chain':{'family':'netdev','table':'n','name':'d','type':"
                                                       "'filter','hook':'ingress','dev':'eth0','prio':0,'policy':"
                                                       "'drop'}}]}")));
    struct buf out = BUF_EMPTY;

    assert_non_null(ruleset);
    assert_int_equal(ruleset->families, FAMILY_BOTH);
    assert_int_equal(ruleset->chain_n, 3);
    assert_int_equal(ruleset->chains[0]->families, FAMILY_BIT(FAMILY_V4));
    assert_int_equal(ruleset->chains[0]->priority, -5);
    assert_int_equal(ruleset->chains[1]->families, FAMILY_BIT(FAMILY_V6));
    assert_int_equal(ruleset->chains[1]->hook, HOOK_NONE);
    assert_int_equal(ruleset->chains[2]->hook, HOOK_INGRESS);
    rules_text(&out, ruleset->chains[2]);
    buf_addc(&out, '\0');
    assert_string_equal(out.p, "in=eth0 drop"); /* other interfaces do not pass here */
    assert_int_equal(ruleset->chains[2]->policy, ACTION_ACCEPT);
    assert_int_equal(fixture->diags.warnings, 1);
    buf_free(&out);
}

static void test_lines(void **state)
{
    struct fixture *fixture = *state;
    struct str text = STR("flush ruleset\n"                            /* 1 */
                          "define web = { 80, 443 }\n"                 /* 2 */
                          "table inet t {\n"                           /* 3 */
                          "  set three { type ipv4_addr; }\n"          /* 4 */
                          "  chain other { accept; }\n"                /* 5 */
                          "  chain i {\n"                              /* 6 */
                          "    type filter hook input priority 0;\n"   /* 7 */
                          "    policy drop\n"                          /* 8 */
                          "    # accept accept\n"                      /* 9 */
                          "    accept comment \"a ; # b\"; drop # x\n" /* 10 */
                          "    tcp dport {\n"                          /* 11 */
                          "      80, # web\n"                          /* 12 */
                          "      443\n"                                /* 13 */
                          "    } \\\n"                                 /* 14 */
                          "      accept\n"                             /* 15 */
                          "  }\n"                                      /* 16 */
                          "}\n"                                        /* 17 */
                          "add rule inet t i ip saddr 1.1.1.1 drop\n" /* 18 */);
    static const char listing[] =
        "{'nftables':[{'chain':{'family':'inet','table':'t','name':'other'}},"
        "{'chain':{'family':'inet','table':'t','name':'i','hook':'input','prio':0,'policy':'drop'}},"
        "{'set':{'family':'inet','table':'t','name':'three','type':'ipv4_addr'}},"
        "{'rule':{'family':'inet','table':'t','chain':'i','comment':'a ; # b','expr':[{'accept':null}]}},"
        "{'rule':{'family':'inet','table':'t','chain':'i','expr':[{'drop':null}]}},"
        "{'rule':{'family':'inet','table':'t','chain':'i','expr':[" MATCH_OF("==", PAYLOAD("tcp", "dport"),
                                                                             "{'set':[80,443]}") ACCEPT
        "]}},"
        "{'rule':{'family':'inet','table':'t','chain':'i','expr':[" MATCH_OF("==", PAYLOAD("ip", "saddr"),
                                                                             "'1.1.1.1'") ",{'drop':null}]}}]}";
    static const uint32_t lines[] = {10, 10, 11, 18};
    struct dialect_input input = {
        .text = source_new(fixture->arena, STR("a.nft"), text),
        .listing = source_new(fixture->arena, STR("listing"), json(fixture->arena, str_of(listing))),
    };
    struct ruleset *ruleset = nftables_read(fixture->arena, &input, 1, &fixture->diags);

    assert_non_null(ruleset);
    assert_int_equal(ruleset->chains[1]->rule_n, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct rule *rule = &ruleset->chains[1]->rules[i];

        assert_true(rule->has_line);
        assert_int_equal(source_line(rule->place.source, rule->place.at), lines[i]);
    }
    assert_true(str_is(ruleset->chains[1]->rules[0].text, "accept comment \"a ; # b\""));
    assert_true(str_is(ruleset->chains[1]->rules[2].text, "tcp dport { 80, 443 } accept"));
    assert_int_equal(source_line(ruleset->chains[1]->place.source, ruleset->chains[1]->place.at), 8);
    assert_true(ruleset->chains[1]->policy_written);
    assert_true(ruleset->sets[0].has_line);
    assert_int_equal(source_line(input.text, ruleset->sets[0].place.at), 4);
    /* The text has a rule in `other` that the listing has not: no line there. */
    assert_int_equal(ruleset->chains[0]->rule_n, 0);
}

/* Where it is not certain which statement is which rule, nobody gets a line. */
static void test_lines_never_guessed(void **state)
{
    static const char *const texts[] = {
        "table inet t { chain i { type filter hook input priority 0;\n accept\n accept\n }\n}\n",
        "table inet t { chain i { type filter hook input priority 0;\n include \"x\"\n accept\n }\n}\n",
        "table inet t { chain i { type filter hook input priority 0;\n drop\n }\n}\n",
        "table inet t { chain i { type filter hook input priority 0;\n }\n}\ninsert rule inet t i accept\n",
        "table inet t { chain i { type filter hook input priority 0;\n accept\n }\n}\nreplace rule inet t i handle 2\n",
        "table inet u { chain i { type filter hook input priority 0;\n accept\n }\n}\n",
        "",
    };
    static const char listing[] =
        "{'nftables':[{'chain':{'family':'inet','table':'t','name':'i','hook':'input','prio':0,'policy':'drop'}},"
        "{'rule':{'family':'inet','table':'t','chain':'i','expr':[{'accept':null}]}}]}";

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fixture *fixture = *state;
        struct dialect_input input = {
            .text = source_new(fixture->arena, STR("a.nft"), str_of(texts[i])),
            .listing = source_new(fixture->arena, STR("listing"), json(fixture->arena, str_of(listing))),
        };
        struct ruleset *ruleset = nftables_read(fixture->arena, &input, 1, &fixture->diags);

        assert_non_null(ruleset);
        assert_int_equal(ruleset->chains[0]->rule_n, 1);
        if (ruleset->chains[0]->rules[0].has_line)
            fail_msg("text %zu got a line", i);
        assert_true(str_is(ruleset->chains[0]->rules[0].text, "accept"));
    }
}

static void test_errors(void **state)
{
#define CHAIN(name) "{'chain':{'family':'ip','table':'t','name':'" name "'}}"
#define RULE(chain, expr) "{'rule':{'family':'ip','table':'t','chain':'" chain "','expr':[" expr "]}}"
    static const struct {
        const char *text;
        const char *message;
    } bad[] = {
        {"", "not JSON"},
        {"{'nftables':[", "not JSON"},
        {"[]", "no list \"nftables\""},
        {"{'nftables':{}}", "no list \"nftables\""},
        {"{'nftables':[1]}", "must be an object"},
        {"{'nftables':[{'flush':{'ruleset':null}}]}", "which no listing has"},
        {"{'nftables':[" RULE("a", "{'accept':null}") "]}", "which is not there"},
        {"{'nftables':[" CHAIN("a") "," CHAIN("a") "]}", "two chains of the same name"},
        {"{'nftables':[" CHAIN("a") "," RULE("a", "{'jump':{'target':'b'}}") "]}", "no chain"},
        {"{'nftables':[" CHAIN("a") "," RULE("a", "{'jump':{'target':'a'}}") "]}", "calls itself"},
        {"{'nftables':[" CHAIN("a") "," CHAIN("b") "," RULE("a", "{'goto':{'target':'b'}}") "," RULE(
             "b", "{'jump':{'target':'a'}}") "]}",
         "calls itself"},
        {"{'nftables':[{'chain':{'family':'ip','table':'t','name':'a','hook':'sideways','prio':0}}]}", "unknown hook"},
        {"{'nftables':[{'chain':{'family':'ip','table':'t','name':'a','hook':'input'}}]}", "priority"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fixture *fixture = *state;

        diags_init(&fixture->diags, fixture->arena);
        if (read_listing(fixture, json(fixture->arena, str_of(bad[i].text))) != NULL)
            fail_msg("case %zu was read", i);
        assert_true(fixture->diags.errors > 0);
        if (!str_contains(fixture->diags.v[0].message, bad[i].message))
            fail_msg("case %zu: %.*s", i, STR_ARG(fixture->diags.v[0].message));
    }
}

static void test_recognise(void **state)
{
    (void)state;
    assert_true(dialect_nftables.recognise(STR("{\"nftables\": []}")));
    assert_true(dialect_nftables.recognise(STR("#!/usr/sbin/nft -f\n")));
    assert_true(dialect_nftables.recognise(STR("# x\n\ntable inet filter {\n}\n")));
    assert_true(dialect_nftables.recognise(STR("flush ruleset\r\n")));
    assert_true(dialect_nftables.recognise(STR("add rule ip filter input accept")));
    assert_false(dialect_nftables.recognise(STR("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n")));
    assert_false(dialect_nftables.recognise(STR("")));
    assert_false(dialect_nftables.recognise(STR("create setname hash:ip")));
    assert_false(dialect_nftables.needs_listing(STR(" {\"nftables\": []}")));
    assert_true(dialect_nftables.needs_listing(STR("table inet t {}")));
}

/* Printing */

struct builder {
    struct fixture *fixture;
    struct permits VEC(struct permit) permits;
};

static const struct ranges *addresses(struct arena *arena, const char *list)
{
    struct str rest = str_of(list);
    struct range v[16];
    size_t n = 0;

    while (rest.n > 0) {
        struct addr_range one;

        assert_int_equal(addr_range_parse(str_cut(rest, ',', &rest), &one), ADDR_OK);
        v[n++] = one.range;
    }
    return ranges_of(arena, v, n);
}

static const struct ranges *ports(struct arena *arena, const char *list)
{
    struct str rest = str_of(list);
    struct range v[16];
    size_t n = 0;

    while (rest.n > 0)
        assert_true(port_range_parse(str_cut(rest, ',', &rest), true, &v[n++]));
    return n == 0 ? NULL : ranges_of(arena, v, n);
}

static void permit(struct builder *builder, const char *id, enum hook hook, const char *in, const char *out,
                   enum family family, int transport, const char *source, const char *destination,
                   const char *port_list, const char *source_ports)
{
    struct arena *arena = builder->fixture->arena;
    struct flow *flow = arena_new_object(arena, struct flow);
    struct str *origin = arena_new_object(arena, struct str);

    *origin = STR("ports#\"a / b\"");
    *flow = (struct flow){.id = str_of(id),
                          .family = family,
                          .transport = transport,
                          .ports = ports(arena, port_list),
                          .ports_known = true,
                          .source_ports = ports(arena, source_ports),
                          .purpose = STR("say \"why\"\nhere"),
                          .origins = origin,
                          .origin_n = 1};
    *vec_push(arena, &builder->permits) = (struct permit){.flow = flow,
                                                          .hook = hook,
                                                          .in = str_of(in),
                                                          .out = str_of(out),
                                                          .source = addresses(arena, source),
                                                          .destination = addresses(arena, destination)};
}

static void permits_of_all_kinds(struct builder *b)
{
    permit(b, "p/ntp/udp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_UDP, "10.0.0.1-10.0.0.2,10.0.0.9", "10.1.0.1",
           "123", "");
    permit(b, "p/dns/udp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_UDP, "10.0.0.0/24", "10.1.0.1", "53", "");
    permit(b, "p/dns2/udp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_UDP, "10.0.0.0/24", "10.1.0.0/16", "53", "");
    permit(b, "p/dns3/udp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_UDP, "10.0.0.0/24", "10.1.0.0/16", "53", "");
    permit(b, "p/web/tcp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_TCP, "0.0.0.0/0", "10.1.0.5", "80,443", "");
    permit(b, "p/any/tcp", HOOK_FORWARD, "eth1", "eth0", FAMILY_V4, PROTO_TCP, "0.0.0.0/0", "0.0.0.0/0", "80,444-450",
           "");
    permit(b, "p/all/any", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, TRANSPORT_ANY, "10.3.0.1", "10.3.0.2,10.3.0.7", "",
           "");
    permit(b, "p/ping", HOOK_FORWARD, "eth0", "eth1", FAMILY_V6, PROTO_ICMP, "fd00::1", "fd00::2", "", "");
    permit(b, "p/ping4", HOOK_INPUT, "", "", FAMILY_V4, PROTO_ICMP, "10.0.0.1,10.0.0.5", "10.0.0.2", "", "");
    permit(b, "p/gre", HOOK_OUTPUT, "", "eth+", FAMILY_V4, PROTO_GRE, "0.0.0.0/0", "0.0.0.0/0", "", "");
    permit(b, "p/ssh/v6", HOOK_FORWARD, "eth0", "eth1", FAMILY_V6, PROTO_TCP, "fd00::/64,fd01::5",
           "fd00:1::1-fd00:1::9", "22", "");
    permit(b, "p/any/v6", HOOK_FORWARD, "eth0", "eth1", FAMILY_V6, PROTO_UDP, "::/0", "fd00:1::1", "1-65535", "");
    permit(b, "p/old/tcp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_TCP, "10.0.0.0/24", "10.2.0.0/16", "22",
           "1000-2000,3000");
    permit(b, "p/all-tcp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_TCP, "10.7.0.0/24", "10.8.0.0/24", "", "");
    permit(b, "p/sctp", HOOK_FORWARD, "eth0", "eth1", FAMILY_V4, PROTO_SCTP, "10.7.0.0/24", "10.8.0.0/24", "5", "");
    permit(b,
           "a-very-long-flow-identifier-that-goes-on-and-on/with-a-requirement-name-that-is-also-rather-long-and-goes-"
           "on-and-on-and-on-until/tcp",
           HOOK_INPUT, "eth0", "", FAMILY_V4, PROTO_TCP, "10.0.0.0/24", "10.1.0.1", "22", "");
}

static struct policy policy_of(const struct builder *builder)
{
    return (struct policy){
        .firewall = STR("edge"),
        .site = STR("east-lab"),
        .hooks = 1u << HOOK_FORWARD | 1u << HOOK_INPUT | 1u << HOOK_OUTPUT,
        .families = FAMILY_BOTH,
        .baseline = BASELINE_DEFAULT,
        .permits = builder->permits.v,
        .permit_n = builder->permits.n,
    };
}

static struct str print(struct fixture *fixture, const struct policy *policy)
{
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct str text;
    size_t n = 0;

    assert_true(nftables_print(policy, outputs, &n, &fixture->diags));
    assert_int_equal(n, 1);
    assert_true(str_is(outputs[0].suffix, "nft"));
    text = str_dup(fixture->arena, buf_str(&outputs[0].text));
    buf_free(&outputs[0].text);
    return text;
}

/* Loads a text with nft and reads it; NULL where this machine does not allow namespaces or has no nft. */
static struct ruleset *load(struct fixture *fixture, struct str text)
{
    struct source *source = source_new(fixture->arena, STR("edge.nft"), text);
    struct source *listing = NULL;
    struct dialect_input input = {.text = source};
    struct buf out = BUF_EMPTY;
    struct ruleset *ruleset;
    int error = nft_check(source, NULL, &fixture->diags);

    if (error == 0)
        error = nft_list(fixture->arena, source, NULL, &listing, &fixture->diags);
    if (error != 0 && error != -EINVAL) {
        print_message("# SKIP nft cannot be run here: %s\n", strerror(-error));
        return NULL;
    }
    diags_print(&out, &fixture->diags, false);
    if (error != 0)
        fail_msg("%.*s\n%.*s", (int)out.n, out.p, STR_ARG(text));
    input.listing = listing;
    ruleset = nftables_read(fixture->arena, &input, 1, &fixture->diags);
    assert_non_null(ruleset);
    buf_free(&out);
    return ruleset;
}

struct probe {
    enum family family;
    struct str in;
    struct str out;
    u128 source;
    u128 destination;
    unsigned protocol;
    uint16_t source_port;
    uint16_t port;
};

static bool interface_in(const struct match *match, struct str name)
{
    for (size_t i = 0; i < match->interface_n; i++) {
        struct interface_pattern pattern = match->interfaces[i];

        if (pattern.prefix ? str_eq(str_head(name, pattern.name.n), pattern.name) : str_eq(name, pattern.name))
            return true;
    }
    return false;
}

static u128 value_of(const struct probe *probe, enum field field)
{
    switch (field) {
    case FIELD_SOURCE: return probe->source;
    case FIELD_DESTINATION: return probe->destination;
    case FIELD_PROTOCOL: return probe->protocol;
    case FIELD_SOURCE_PORT: return probe->source_port;
    case FIELD_PORT: return probe->port;
    case FIELD_ICMP: return icmp_message(probe->family == FAMILY_V4 ? 8 : 128, 0);
    case FIELD_STATE: return STATE_NEW;
    case FIELD_TCP_FLAGS: return TCP_SYN;
    case FIELD_FRAGMENT:
    case FIELD_MARK:
    case FIELD_IN:
    case FIELD_OUT:
    case FIELD_N: break;
    }
    return 0;
}

static bool holds(const struct match *matches, size_t n, const struct probe *probe)
{
    for (size_t i = 0; i < n; i++) {
        const struct match *match = &matches[i];
        bool any = false;

        switch (match->kind) {
        case MATCH_RANGES:
            if (!ranges_contain(match->ranges, value_of(probe, match->field)))
                return false;
            break;
        case MATCH_INTERFACES:
            if (interface_in(match, match->field == FIELD_IN ? probe->in : probe->out) == match->negated)
                return false;
            break;
        case MATCH_ANY_OF:
        case MATCH_NONE_OF:
            for (size_t k = 0; k < match->group_n; k++)
                any = any || holds(match->groups[k].v, match->groups[k].n, probe);
            if (any != (match->kind == MATCH_ANY_OF))
                return false;
            break;
        case MATCH_UNKNOWN:
        case MATCH_N: fail_msg("a printed rule has an unknown");
        }
    }
    return true;
}

static enum action decide(const struct chain *chain, const struct probe *probe)
{
    for (size_t i = 0; i < chain->rule_n; i++) {
        const struct rule *rule = &chain->rules[i];

        if ((rule->families & FAMILY_BIT(probe->family)) != 0 && holds(rule->matches, rule->match_n, probe) &&
            rule->action != ACTION_NONE)
            return rule->action;
    }
    return chain->policy;
}

static bool name_fits(struct str pattern, struct str name)
{
    if (str_ends(pattern, "+"))
        return str_eq(str_head(name, pattern.n - 1), str_head(pattern, pattern.n - 1));
    return pattern.n == 0 || str_eq(pattern, name);
}

static bool permitted(const struct policy *policy, enum hook hook, const struct probe *probe)
{
    for (size_t i = 0; i < policy->permit_n; i++) {
        const struct permit *each = &policy->permits[i];
        const struct flow *flow = each->flow;

        if (each->hook == hook && flow->family == probe->family && name_fits(each->in, probe->in) &&
            name_fits(each->out, probe->out) &&
            (flow->transport == TRANSPORT_ANY || flow_protocol(flow) == probe->protocol) &&
            ranges_contain(each->source, probe->source) && ranges_contain(each->destination, probe->destination) &&
            (flow->ports == NULL || ranges_contain(flow->ports, probe->port)) &&
            (flow->source_ports == NULL || ranges_contain(flow->source_ports, probe->source_port)))
            return true;
    }
    return false;
}

/* An end of one of the ranges, or the value beside it. */
static u128 edge(const struct ranges *ranges, u128 max, unsigned *seed)
{
    const struct range *range = &ranges->v[(unsigned)rand_r(seed) % ranges->n];

    switch (rand_r(seed) % 5) {
    case 0: return range->lo == 0 ? 0 : range->lo - 1;
    case 1: return range->hi == max ? max : range->hi + 1;
    case 2: return range->hi;
    default: return range->lo;
    }
}

static struct probe random_probe(const struct permit *permit, unsigned *seed)
{
    static const unsigned protocols[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_ICMPV6, PROTO_GRE, PROTO_SCTP};
    const struct flow *flow = permit->flow;
    struct probe probe = {.family = flow->family, .source_port = 1500, .port = 22};

    probe.in = permit->hook == HOOK_OUTPUT ? STR_EMPTY : rand_r(seed) % 8 == 0 ? STR("eth1") : STR("eth0");
    probe.out = permit->hook == HOOK_INPUT ? STR_EMPTY : rand_r(seed) % 8 == 0 ? STR("wan0") : STR("eth1");
    if (permit->in.n > 0 && rand_r(seed) % 2 == 0)
        probe.in = permit->in;
    if (permit->out.n > 0 && rand_r(seed) % 2 == 0 && !str_ends(permit->out, "+"))
        probe.out = permit->out;
    probe.source = edge(permit->source, addr_max(flow->family), seed);
    probe.destination = edge(permit->destination, addr_max(flow->family), seed);
    probe.protocol =
        flow->transport == TRANSPORT_ANY || rand_r(seed) % 8 == 0 ? protocols[rand_r(seed) % 6] : flow_protocol(flow);
    if (flow->ports != NULL)
        probe.port = (uint16_t)edge(flow->ports, 65535, seed);
    if (flow->source_ports != NULL)
        probe.source_port = (uint16_t)edge(flow->source_ports, 65535, seed);
    return probe;
}

static void compare(const struct policy *policy, const struct ruleset *ruleset)
{
    unsigned seed = 1;
    size_t accepted = 0;

    for (size_t i = 0; i < 20000; i++) {
        const struct permit *each = &policy->permits[(unsigned)rand_r(&seed) % policy->permit_n];
        struct probe probe = random_probe(each, &seed);
        struct chain *chain = ruleset_chain(ruleset, STR("inet portolan"), str_of(hook_name(each->hook)));
        bool expected = permitted(policy, each->hook, &probe);

        assert_non_null(chain);
        if ((decide(chain, &probe) == ACTION_ACCEPT) != expected)
            fail_msg("packet %zu like %.*s must%s pass", i, STR_ARG(each->flow->id), expected ? "" : " not");
        accepted += expected;
    }
    assert_true(accepted > 1000);
}

static void test_print_and_read(void **state)
{
    struct fixture *fixture = *state;
    struct builder builder = {.fixture = fixture};
    struct policy policy;
    struct ruleset *ruleset;
    struct str text;

    permits_of_all_kinds(&builder);
    policy = policy_of(&builder);
    text = print(fixture, &policy);
    assert_false(str_contains(text, "flush"));
    assert_true(str_contains(text, "delete table inet portolan\n"));
    assert_true(str_contains(text, "# p/ntp/udp: say 'why' here (ports#\"a / b\")\n"));
    assert_true(str_contains(text, "10.0.0.0/24 . 10.1.0.0/16 . 53 comment \"p/dns2/udp, p/dns3/udp\""));
    assert_true(str_eq(text, print(fixture, &policy)));
    ruleset = load(fixture, text);
    if (ruleset == NULL)
        skip();
    assert_int_equal(ruleset->chain_n, 3);
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        assert_int_equal(ruleset->chains[i]->policy, ACTION_DROP);
        for (size_t k = 0; k < ruleset->chains[i]->rule_n; k++)
            assert_true(ruleset->chains[i]->rules[k].has_line);
    }
    compare(&policy, ruleset);
}

static void test_print_variants(void **state)
{
    struct fixture *fixture = *state;
    struct builder builder = {.fixture = fixture};
    struct policy policy;
    struct ruleset *ruleset;

    permits_of_all_kinds(&builder);
    policy = policy_of(&builder);
    policy.reject = true;
    policy.counters = true;
    policy.baseline |= 1u << BASELINE_DHCP;
    ruleset = load(fixture, print(fixture, &policy));
    if (ruleset == NULL)
        skip();
    compare(&policy, ruleset);
    assert_int_equal(ruleset->chains[0]->rules[ruleset->chains[0]->rule_n - 1].action, ACTION_REJECT);
    policy.scope[FAMILY_V4] = addresses(fixture->arena, "10.0.0.0/8,192.168.0.0/16");
    policy.scope[FAMILY_V6] = &ranges_empty;
    ruleset = load(fixture, print(fixture, &policy));
    assert_non_null(ruleset);
    for (size_t i = 0; i < 3; i++) {
        struct probe probe = {.family = FAMILY_V4, .in = STR("x"), .out = STR("x"), .protocol = 99};

        assert_int_equal(decide(ruleset->chains[i], &probe), ACTION_ACCEPT); /* neither end in the site */
        probe.destination = 0x0a000001;
        assert_int_equal(decide(ruleset->chains[i], &probe), ACTION_REJECT);
        probe.family = FAMILY_V6;
        assert_int_equal(decide(ruleset->chains[i], &probe), ACTION_ACCEPT);
    }
    policy = policy_of(&builder);
    policy.families = FAMILY_BIT(FAMILY_V6);
    ruleset = load(fixture, print(fixture, &policy));
    assert_non_null(ruleset);
    for (size_t i = 0; i < 3; i++) {
        struct probe probe = {.family = FAMILY_V4, .in = STR("x"), .out = STR("x"), .protocol = 99};

        assert_int_equal(decide(ruleset->chains[i], &probe),
                         ACTION_DROP); /* a family that the site has not is refused */
        probe.family = FAMILY_V6;
        assert_int_equal(decide(ruleset->chains[i], &probe), ACTION_DROP);
    }
}

/* Many flows that overlap: the kernel takes the sets, and their union is the permits. */
static void test_print_overlaps(void **state)
{
    struct fixture *fixture = *state;
    struct builder builder = {.fixture = fixture};
    struct ruleset *ruleset;
    struct policy policy;
    unsigned seed = 7;

    for (unsigned i = 0; i < 300; i++) {
        char source[64];
        char destination[64];
        char port[32];
        unsigned from = 1 + (unsigned)rand_r(&seed) % 40;

        snprintf(source, sizeof source, "10.0.%u.0-10.0.%u.255", i % 7, i % 7 + (unsigned)rand_r(&seed) % 3);
        snprintf(destination, sizeof destination, "10.1.0.%u-10.1.0.%u", i % 50, i % 50 + (unsigned)rand_r(&seed) % 9);
        snprintf(port, sizeof port, "%u-%u", from, from + (unsigned)rand_r(&seed) % 5);
        permit(&builder, str_cstr(fixture->arena, str_printf(fixture->arena, "pool/flow-%u/tcp", i)), HOOK_FORWARD,
               "eth0", "eth1", FAMILY_V4, PROTO_TCP, source, destination, port, "");
    }
    policy = policy_of(&builder);
    ruleset = load(fixture, print(fixture, &policy));
    if (ruleset == NULL)
        skip();
    compare(&policy, ruleset);
}

static void test_print_refuses(void **state)
{
    struct fixture *fixture = *state;
    struct builder builder = {.fixture = fixture};
    struct dialect_output outputs[DIALECT_OUTPUTS_MAX];
    struct policy policy;
    size_t n = 0;

    permit(&builder, "p/x", HOOK_INPUT, "", "", FAMILY_V4, TRANSPORT_UNSTATED, "10.0.0.1", "10.0.0.2", "", "");
    permit(&builder, "p/y", HOOK_INPUT, "", "", FAMILY_V4, PROTO_GRE, "10.0.0.1", "10.0.0.2", "5", "");
    permit(&builder, "p/z", HOOK_INPUT, "a\"b", "", FAMILY_V4, PROTO_TCP, "10.0.0.1", "10.0.0.2", "5", "");
    policy = policy_of(&builder);
    assert_false(nftables_print(&policy, outputs, &n, &fixture->diags));
    assert_int_equal(fixture->diags.errors, 3);
    assert_true(str_contains(fixture->diags.v[1].message, "p/y"));
}

static void test_nft_errors(void **state)
{
    struct fixture *fixture = *state;
    struct source *source = source_new(fixture->arena, STR("x.nft"),
                                       STR("table inet t {\n  chain c {\n    tcp dport foo accept\n  }\n}\n"));
    struct source *listing = NULL;
    int error = nft_list(fixture->arena, source, NULL, &listing, &fixture->diags);

    if (error != 0 && error != -EINVAL) {
        print_message("# SKIP nft cannot be run here: %s\n", strerror(-error));
        skip();
    }
    assert_int_equal(error, -EINVAL);
    assert_null(listing);
    assert_true(fixture->diags.errors > 0);
    assert_int_equal(source_line(source, fixture->diags.v[0].span.at), 3);
    assert_int_equal(source_column(source, fixture->diags.v[0].span.at), 15);
    diags_init(&fixture->diags, fixture->arena);
    source = source_new(fixture->arena, STR("x.nft"), STR("table inet t {}\ninclude \"other.nft\"\n"));
    assert_int_equal(nft_list(fixture->arena, source, NULL, &listing, &fixture->diags), -EINVAL);
    assert_int_equal(source_line(source, fixture->diags.v[0].span.at), 2);
    /* Interfaces that nft wants to exist are made up. */
    diags_init(&fixture->diags, fixture->arena);
    source =
        source_new(fixture->arena, STR("x.nft"),
                   STR("define wan = wan0\ntable inet t {\n  chain c {\n    iif { lan0, \"lan1\" } oif $wan accept\n"
                       "  }\n}\n"));
    error = nft_list(fixture->arena, source, NULL, &listing, &fixture->diags);
    assert_int_equal(error, 0);
    assert_true(str_contains(listing->text, "\"wan0\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_expressions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_chains, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines_never_guessed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_recognise, setup, teardown),
        cmocka_unit_test_setup_teardown(test_print_and_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_print_variants, setup, teardown),
        cmocka_unit_test_setup_teardown(test_print_overlaps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_print_refuses, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nft_errors, setup, teardown),
    };

    return cmocka_run_group_tests_name("nftables", tests, NULL, NULL);
}
