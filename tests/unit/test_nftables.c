/* The nftables reader: expressions of the JSON listing one by one, chains, lines of the text, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/proto.h"
#include "nftables_text.h"

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
    {"{'dnat':{'family':'ip','addr':{'map':{'key':{'numgen':{'mode':'inc','mod':2}},'data':{'set':["
     "[0,'10.0.0.1'],[1,'10.0.0.2']]}}}}}",
     "v4 <0:numgen {\"mode\":\"inc\",\"mod\":2} map> dnat 10.0.0.1; v4 dnat 10.0.0.2", NULL},
    {"{'dnat':{'family':'ip','addr':{'map':{'key':{'symhash':{'mod':2}},'data':{'set':[[0,'10.0.0.1']]}}}}}",
     "v4 <0:symhash {\"mod\":2} map> dnat 10.0.0.1", NULL},
    {"{'redirect':{'port':8080}}", "dnat own :8080-8080", NULL},
    {"{'snat':{'addr':'192.0.2.1'}}", "v4 snat 192.0.2.1", NULL},
    {"{'masquerade':null}", "snat own", "masquerade"},
    {"{'masquerade':{'flags':'fully-random'}}", "snat own any port", "masquerade fully-random"},
    {"{'snat':{'addr':'192.0.2.1','flags':['random','persistent']}}", "v4 snat 192.0.2.1 any port", NULL},
    {"{'snat':{'addr':'192.0.2.1','port':80,'flags':'random'}}", "v4 snat 192.0.2.1 :80-80", NULL},
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
    {MATCH_OF("==", CT("direction"), "'original'") ACCEPT,
     "state=0-2 any(state=1-2 <0:ct direction original> | state=new) accept", NULL},
    {MATCH_OF("!=", CT("direction"), "'original'") ACCEPT, "state=0-2 any(state=1-2 !<0:ct direction original>) accept",
     NULL},
    {MATCH_OF("in", CT("status"), "['seen-reply','assured']") ACCEPT,
     "state=0-2 any(state=established | state=related <0:ct status seen-reply> | "
     "state=1-2 <1:ct status assured>) accept",
     NULL},
    {MATCH_OF("!", CT("status"), "'dnat'") ACCEPT,
     "state=0-2 !any(state=new translated destination | state=1-2 <0:ct status dnat>) accept", NULL},
    {MATCH_OF("in", CT("status"), "['snat','seen-reply']") ACCEPT,
     "state=0-2 any(state=established | state=related <0:ct status seen-reply> | "
     "state=new translated source | state=1-2 <1:ct status snat>) accept",
     NULL},
    {MATCH_OF("!=", CT("status"), "'dnat'") ACCEPT, "state=0-2 <0:ct status != dnat> accept", NULL},
    {MATCH_OF("!=", "'ct':{'key':'ip saddr','dir':'original'}", "'10.0.0.1'") ACCEPT,
     "v4 state=0-2 any(state=new source=0.0.0.0-10.0.0.0,10.0.0.2-255.255.255.255 | "
     "state=1-2 <0:ct original ip saddr != 10.0.0.1>) accept",
     NULL},
    {MATCH_OF("==", "'ct':{'key':'ip daddr','dir':'original'}", "'10.0.0.1'") ",{'masquerade':null}",
     "v4 state=0-2 <0:ct original ip daddr 10.0.0.1> snat own", NULL},
    {MATCH_OF("==", "'ct':{'key':'proto-dst','dir':'original'}", "80") ACCEPT,
     "state=0-2 any(state=new transport=0-5,7-16,18-32,34-131,133-135,137-255 <0:ct original proto-dst == 80> | "
     "state=new transport=6,17,33,132,136 fragment=0-1 ports=80 | state=1-2 <0:ct original proto-dst == 80>) accept",
     NULL},
    {MATCH_OF("==", CT("mark"), "1") "," MATCH_OF("==", CT("mark"), "1") ACCEPT,
     "state=0-2 <0:ct mark 1> <0:ct mark 1> accept", NULL},
    {"{'mangle':{'key':{" CT("mark") "},'value':1}}," MATCH_OF("==", CT("mark"), "1") "," MATCH_OF("==", CT("mark"),
                                                                                                   "1") ACCEPT,
     "state=0-2 <0:ct mark 1> <1:ct mark 1> accept", NULL},
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
    {"{'vmap':{'key':{" META("skuid") "},'data':{'set':[[0,{'accept':null}]]}}}", "<0:meta skuid vmap> accept", NULL},
    {"{'vmap':{'key':{'numgen':{'mode':'random','mod':3,'offset':0}},'data':{'set':["
     "[0,{'jump':{'target':'other'}}],[{'range':[1,2]},{'accept':null}]]}}}",
     "<0:numgen {\"mode\":\"random\",\"mod\":3,\"offset\":0} vmap> jump other; accept", NULL},
    {"{'vmap':{'key':{'numgen':{'mode':'inc','mod':3}},'data':{'set':[[0,{'accept':null}],[2,{'drop':null}]]}}}",
     "<0:numgen {\"mode\":\"inc\",\"mod\":3} vmap> accept; <1:numgen {\"mode\":\"inc\",\"mod\":3} vmap> drop", NULL},
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
    {MATCH_OF("==", META("pkttype"), "'broadcast'") "," MATCH_OF("!=", META("pkttype"), "{'set':['host','multicast']}")
         ACCEPT,
     "any(<0:meta pkttype broadcast>) !any(!<0:meta pkttype broadcast> !<1:meta pkttype multicast> | "
     "!<0:meta pkttype broadcast> <1:meta pkttype multicast>) accept",
     NULL},
    {MATCH_OF("==", META("pkttype"), "'other'") ACCEPT, "<0:meta pkttype other> accept", NULL},
    {MATCH_OF("==", "'&':[{" META("mark") "},255]", "16") ACCEPT,
     "any(mark=16 | mark=256-4294967295 <0:meta mark & 255 == 16>) accept", NULL},
    {"{'mangle':{'key':{" META("mark") "},'value':{'|':[{" META("mark") "},16384]}}}," MATCH_OF(
         "!=", "'&':[{" META("mark") "},16384]", "0") ACCEPT,
     "mark &0xffffbfff^0x4000; !any(mark=0-255 | mark=256-16383,16385-4294967295 !<0:meta mark & 16384 != 0>) accept",
     NULL},
    {"{'dup':{'addr':'10.0.0.9'}}" ACCEPT, "accept", NULL},
    {"{'xt':{'type':'match','name':'string'}}" ACCEPT, "<0:xt match \"string\"> accept", "xt match \"string\" accept"},
    {"{'xt':{'type':'match','name':'comment'}}" ACCEPT, "accept", NULL},
    {"{'xt':null},{'counter':null}" ACCEPT, "<0:xt> accept", NULL},
    {"{'xt':{'type':'target','name':'TARPIT'}}", "<0:xt target \"TARPIT\"> unknown", NULL},
    {"{'xt':{'type':'target','name':'REJECT'}}", "reject", NULL},
    {"{'xt':{'type':'target','name':'MASQUERADE'}}", "v4 snat own; v6 snat own", NULL},
    {MATCH_OF("==", PAYLOAD("tcp", "dport"), "80") ",{'xt':{'type':'target','name':'DNAT'}}",
     "v4 transport=6 fragment=0-1 ports=80 dnat 0.0.0.0/0 :0-65535; "
     "v6 transport=6 fragment=0-1 ports=80 dnat ::/0 :0-65535",
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

/* A table that is switched off decides nothing, whether its listing or its text says so. */
static void test_dormant(void **state)
{
#define LISTED(flags)                                                                                                  \
    "{'nftables':[{'table':{'family':'ip','name':'t'" flags "}},{'set':{'family':'ip','table':'t','name':'s',"         \
    "'type':'mark'}},{'chain':{'family':'ip','table':'t','name':'c','type':'filter','hook':'input','prio':0,"          \
    "'policy':'drop'}},{'rule':{'family':'ip','table':'t','chain':'c','expr':[{'drop':null}]}},"                       \
    "{'chain':{'family':'ip6','table':'t','name':'c'}}]}"
    struct fixture *fixture = *state;
    struct ruleset *ruleset = read_listing(fixture, json(fixture->arena, STR(LISTED(",'flags':'dormant'"))));
    struct dialect_input input = {.text =
                                      source_new(fixture->arena, STR("x"), STR("table ip t {\n flags dormant\n}\n"))};

    assert_int_equal(ruleset->chain_n, 1);
    assert_int_equal(ruleset->set_n, 0);
    ruleset = read_listing(fixture, json(fixture->arena, STR(LISTED(",'flags':['owner','dormant']"))));
    assert_int_equal(ruleset->chain_n, 1);
    ruleset = read_listing(fixture, json(fixture->arena, STR(LISTED(",'flags':'owner'"))));
    assert_int_equal(ruleset->chain_n, 2);
    input.listing = source_new(fixture->arena, STR("x"), json(fixture->arena, STR(LISTED(""))));
    ruleset = nftables_read(fixture->arena, &input, 1, &fixture->diags);
    assert_int_equal(ruleset->chain_n, 1);
    assert_int_equal(fixture->diags.errors, 0);
#undef LISTED
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

/* What is not known, or is no part of a ruleset, is said, each once; the rest is read. */
static void test_foreign(void **state)
{
    struct fixture *fixture = *state;
    struct ruleset *ruleset = read_listing(
        fixture,
        json(
            fixture->arena,
            STR("{'nftables':[{'flowtable':{'family':'ip','table':'t','name':'ft','hook':'ingress','prio':0}},"
                "{'tunnel':{'name':'x'}}," CHAIN("a") "," RULE("a", "{'flow':{'op':'add','flowtable':'@ft'}}") "," RULE(
                    "a",
                    "{'novel':{'x':1}},{'accept':null}") "," RULE("a",
                                                                  "{'novel':{'x':2}}") "," RULE("a",
                                                                                                "{'queue':"
                                                                                                "null}") ","
                                                                                                         "{'chain':{'"
                                                                                                         "family':'arp'"
                                                                                                         ",'table':'a',"
                                                                                                         "'name':'i','"
                                                                                                         "hook':'input'"
                                                                                                         ",'prio':0}}]"
                                                                                                         "}")));
    struct buf out = BUF_EMPTY;

    assert_non_null(ruleset);
    rules_text(&out, ruleset->chains[0]);
    assert_true(str_is(buf_str(&out), "v4 continue; v4 unknown; v4 unknown; v4 unknown"));
    assert_int_equal(fixture->diags.n, 3);
    assert_int_equal(fixture->diags.warnings, 0);
    assert_true(str_contains(fixture->diags.v[0].message, "flowtable \"ft\""));
    assert_true(str_contains(fixture->diags.v[1].message, "\"tunnel\""));
    assert_true(str_contains(fixture->diags.v[2].message, "\"novel\""));
    buf_free(&out);
}

static void test_recognise(void **state)
{
    (void)state;
    assert_true(dialect_nftables.recognise(STR("{\"nftables\": []}")));
    assert_true(dialect_nftables.recognise(STR("a@b:~$ nft -j list ruleset\n{\"nftables\": []}\na@b:~$ ")));
    assert_false(dialect_nftables.needs_listing(STR("# x\n{\"nftables\": []}\n")));
    assert_true(dialect_nftables.recognise(STR("a@b:~# nft list ruleset\ntable ip t {\n}\n")));
    assert_true(dialect_nftables.recognise(STR("sudo nft add table t\n")));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_expressions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_chains, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dormant, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines_never_guessed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign, setup, teardown),
        cmocka_unit_test_setup_teardown(test_recognise, setup, teardown),
    };

    return cmocka_run_group_tests_name("nftables", tests, NULL, NULL);
}
