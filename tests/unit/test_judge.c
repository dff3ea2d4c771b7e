/* Verdicts on small rulesets: what is answered, by which rule, and with which packet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prove_text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define OPEN ":FORWARD ACCEPT [0:0]\n"
#define SHUT ":FORWARD DROP [0:0]\n"
#define A "-A FORWARD "
#define REPLIES A "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
#define LIMIT "-m limit --limit 5/sec "
#define WEB "tcp 10.0.0.1 10.1.0.1 80"

struct judge_case {
    const char *name;
    const char *rules;
    const char *flow;
    const char *in, *out;
    const char *request; /* how it begins: verdict, chain, rule (- for the policy), packet unless it is permitted */
    const char *reply;   /* NULL: not asked */
};

static const struct judge_case cases[] = {
    {"by a rule", SHUT REPLIES A "-s 10.0.0.1 -p tcp --dport 80 -j ACCEPT\n", WEB, NULL, NULL, "permitted FORWARD 2",
     "permitted FORWARD 1"},
    {"dropped by a rule", OPEN A "-s 10.0.0.9 -j DROP\n" A "-p tcp --dport 80 -j DROP\n", WEB, NULL, NULL,
     "denied FORWARD 2 tcp 10.0.0.1:40000 > 10.1.0.1:80 state new", "partial FORWARD 2"},
    {"rejected by a rule", OPEN A "-j REJECT\n", "udp 10.0.0.1 10.1.0.1 53", NULL, NULL,
     "denied FORWARD 1 udp 10.0.0.1:40000 > 10.1.0.1:53 state new",
     "denied FORWARD 1 udp 10.1.0.1:53 > 10.0.0.1:40000 state established"},
    {"by the policy", SHUT A "-p udp -j ACCEPT\n", WEB, "eth0", "eth1",
     "denied FORWARD - tcp 10.0.0.1:40000 > 10.1.0.1:80 in eth0 out eth1 state new",
     "denied FORWARD - tcp 10.1.0.1:80 > 10.0.0.1:40000 in eth1 out eth0 state established flags syn,ack"},
    {"by an open policy", OPEN, WEB, NULL, NULL, "permitted FORWARD -", "permitted FORWARD -"},
    {"one address too few", SHUT A "-s 10.0.0.0/30 -j ACCEPT\n", "udp 10.0.0.2-10.0.0.4 10.1.0.1 53", NULL, NULL,
     "partial FORWARD - udp 10.0.0.4:40000 > 10.1.0.1:53 state new", NULL},
    {"one port too few", SHUT A "-p tcp --dport 80:89 -j ACCEPT\n", "tcp 10.0.0.1 10.1.0.1 80-90", NULL, NULL,
     "partial FORWARD - tcp 10.0.0.1:40000 > 10.1.0.1:90 state new", NULL},
    {"an exception", SHUT A "-d 10.1.0.7 -j DROP\n" A "-j ACCEPT\n", "tcp 10.0.0.1 10.1.0.0/24 80", NULL, NULL,
     "partial FORWARD 1 tcp 10.0.0.1:40000 > 10.1.0.7:80 state new", NULL},
    {"source ports", SHUT A "-p tcp --sport 1024:65535 -j ACCEPT\n", WEB, NULL, NULL,
     "partial FORWARD - tcp 10.0.0.1:1 > 10.1.0.1:80 state new", NULL},
    {"a rule without a state, seen by replies", SHUT A "-p tcp --dport 80 -j ACCEPT\n", WEB, NULL, NULL,
     "permitted FORWARD 1", "partial FORWARD - tcp 10.1.0.1:80 > 10.0.0.1:40000 state established flags syn,ack"},
    {"replies by a rule", SHUT A "-p tcp --dport 80 -j ACCEPT\n" A "-p tcp --sport 80 ! --syn -j ACCEPT\n", WEB, NULL,
     NULL, "permitted FORWARD 1", "permitted FORWARD"},
    {"state of the request", SHUT A "-m conntrack --ctstate NEW -j ACCEPT\n", WEB, NULL, NULL, "permitted FORWARD 1",
     "denied FORWARD -"},

    /* What is not known in the first chains of the way. */
    {"no state before conntrack", OPEN "COMMIT\n*raw\n-A PREROUTING -m state --state NEW -j DROP\n", WEB, NULL, NULL,
     "permitted", "permitted"},
    {"invalid before conntrack", OPEN "COMMIT\n*raw\n-A PREROUTING -m state --state INVALID -j DROP\n", WEB, NULL, NULL,
     "denied PREROUTING 1 tcp 10.0.0.1:40000 > 10.1.0.1:80 state new", NULL},
    {"no way out before routing", OPEN "COMMIT\n*raw\n:X - [0:0]\n-A PREROUTING -j X\n-A X -o eth1 -j DROP\n", WEB,
     "eth0", "eth1", "permitted", NULL},

    /* What the model cannot know. */
    {"a rate", SHUT A LIMIT "-j ACCEPT\n", WEB, NULL, NULL,
     "undetermined FORWARD 1 tcp 10.0.0.1:40000 > 10.1.0.1:80 state new", NULL},
    {"a rate that stops", OPEN A "-p udp -j ACCEPT\n" A LIMIT "-j DROP\n", WEB, NULL, NULL, "undetermined FORWARD 2",
     NULL},
    {"the rule that asks, not the one that decides", SHUT A "-p tcp --dport 80 " LIMIT "-j RETURN\n" A "-j ACCEPT\n",
     WEB, NULL, NULL, "undetermined FORWARD 1", NULL},
    {"a rate that does not matter", SHUT A LIMIT "-j ACCEPT\n" A "-j ACCEPT\n", WEB, NULL, NULL, "permitted FORWARD",
     NULL},
    {"a rate that does not matter to a stopped flow", SHUT A LIMIT "-j DROP\n", WEB, NULL, NULL, "denied FORWARD",
     NULL},
    {"half is certain", SHUT A "-s 10.0.0.2 -j DROP\n" A "-s 10.0.0.3 -j ACCEPT\n" A LIMIT "-j ACCEPT\n",
     "udp 10.0.0.2-10.0.0.4 10.1.0.1 53", NULL, NULL, "partial FORWARD 1 udp 10.0.0.2:40000 > 10.1.0.1:53 state new",
     NULL},
    {"nothing passes for certain", SHUT A "-s 10.0.0.2 -j DROP\n" A LIMIT "-j ACCEPT\n",
     "udp 10.0.0.2-10.0.0.3 10.1.0.1 53", NULL, NULL,
     "undetermined FORWARD 2 udp 10.0.0.3:40000 > 10.1.0.1:53 state new", NULL},

    /* Interfaces. */
    {"the right interface", SHUT A "-i eth0 -o eth1 -j ACCEPT\n", WEB, "eth0", "eth1", "permitted FORWARD 1",
     "denied FORWARD -"},
    {"another interface", SHUT A "-i eth1 -j ACCEPT\n", WEB, "eth0", "eth1",
     "denied FORWARD - tcp 10.0.0.1:40000 > 10.1.0.1:80 in eth0 out eth1 state new", NULL},
    {"a wildcard", SHUT A "-i eth+ -j ACCEPT\n", WEB, "eth7", "lan", "permitted FORWARD 1", NULL},
    {"not bound", SHUT A "-i eth0 -j ACCEPT\n", WEB, NULL, NULL, "undetermined FORWARD 1", NULL},
    {"not bound, and every way is open", SHUT A "-i eth0 -j ACCEPT\n" A "! -i eth0 -j ACCEPT\n", WEB, NULL, NULL,
     "permitted FORWARD", NULL},
    {"not bound, and loopback does not count", SHUT A "-i lo -j DROP\n" A "-j ACCEPT\n", WEB, NULL, NULL,
     "permitted FORWARD 2", NULL},

    /* Addresses with themselves. */
    {"only with itself", SHUT, "tcp 10.0.0.1 10.0.0.1 80", NULL, NULL, "permitted", NULL},
    {"itself is stopped",
     SHUT A "-s 10.0.0.1 -d 10.0.0.1 -j DROP\n" A "-s 10.0.0.2 -d 10.0.0.2 -j DROP\n" A "-j ACCEPT\n",
     "tcp 10.0.0.1-10.0.0.2 10.0.0.1-10.0.0.2 80", NULL, NULL, "permitted FORWARD 3", NULL},

    /* Other protocols. */
    {"an echo", SHUT REPLIES A "-p icmp --icmp-type echo-request -j ACCEPT\n", "icmp 10.0.0.1 10.1.0.1", NULL, NULL,
     "partial FORWARD - icmp 10.0.0.1 > 10.1.0.1 type 13 code 0 state new", "permitted FORWARD 1"},
    {"all of ICMP", SHUT REPLIES A "-p icmp -j ACCEPT\n", "icmp 10.0.0.1 10.1.0.1", NULL, NULL, "permitted FORWARD 2",
     "permitted FORWARD 1"},
    {"its answers by type", SHUT A "-p icmp --icmp-type echo-reply -j ACCEPT\n", "icmp 10.0.0.1 10.1.0.1", NULL, NULL,
     "denied FORWARD - icmp 10.0.0.1 > 10.1.0.1 type 8 code 0 state new",
     "partial FORWARD - icmp 10.1.0.1 > 10.0.0.1 type 14 code 0 state established"},
    {"a protocol without ports", SHUT A "-p gre -j ACCEPT\n", "gre 10.0.0.1 10.1.0.1", NULL, NULL,
     "permitted FORWARD 1", "permitted FORWARD 1"},
    {"any transport", SHUT A "-s 10.0.0.1 -j ACCEPT\n", "any 10.0.0.1 10.1.0.1", NULL, NULL, "permitted FORWARD 1",
     "denied FORWARD -"},
    {"any transport, one is stopped", SHUT A "-p gre -j DROP\n" A "-j ACCEPT\n", "any 10.0.0.1 10.1.0.1", NULL, NULL,
     "partial FORWARD 1 gre 10.0.0.1 > 10.1.0.1 state new", NULL},
    {"IPv6 of a ruleset for IPv4", OPEN, "tcp fd00::1 fd00::2 80", NULL, NULL,
     "undetermined  - tcp [fd00::1]:40000 > [fd00::2]:80 state new", NULL},

    /* Chains of their own. */
    {"a jump and back", SHUT ":X - [0:0]\n" A "-j X\n" A "-j ACCEPT\n-A X -p udp -j DROP\n", WEB, NULL, NULL,
     "permitted FORWARD 2", NULL},
    {"decided in a jump", SHUT ":X - [0:0]\n" A "-j X\n-A X -p udp -j DROP\n-A X -p tcp -j ACCEPT\n", WEB, NULL, NULL,
     "permitted X 2", NULL},
    {"return", SHUT ":X - [0:0]\n" A "-j X\n" A "-j DROP\n-A X -p tcp -j RETURN\n-A X -j ACCEPT\n", WEB, NULL, NULL,
     "denied FORWARD 2", NULL},
    {"return to the policy", OPEN A "-p tcp -j RETURN\n" A "-j DROP\n", WEB, NULL, NULL, "permitted FORWARD -", NULL},
    {"a goto does not come back", OPEN ":X - [0:0]\n" A "-g X\n" A "-j DROP\n-A X -p udp -j DROP\n", WEB, NULL, NULL,
     "permitted FORWARD -", NULL},
    {"a goto goes back to the caller's caller",
     SHUT ":X - [0:0]\n:Y - [0:0]\n" A "-j X\n" A "-j ACCEPT\n-A X -g Y\n-A X -j DROP\n-A Y -p udp -j DROP\n", WEB,
     NULL, NULL, "permitted FORWARD 2", NULL},
};

static struct str answer_text(struct arena *arena, const struct verdict *verdict)
{
    struct buf out = BUF_EMPTY;
    struct str text;

    buf_addf(&out, "%s %.*s ", verdict_name(verdict->kind), STR_ARG(verdict->rule.chain));
    if (verdict->rule.index == 0)
        buf_addc(&out, '-');
    else
        buf_addf(&out, "%u", verdict->rule.index);
    if (verdict->has_packet) {
        buf_addc(&out, ' ');
        packet_format(&out, &verdict->packet);
    }
    text = str_dup(arena, buf_str(&out));
    buf_free(&out);
    return text;
}

static void assert_answer(struct firewall_text *f, const struct permit *permit, enum direction direction,
                          const char *name, const char *wanted)
{
    struct verdict verdict;
    struct str text;

    judge_permit(f->scratch, f->prover, permit, direction, &verdict);
    text = answer_text(f->arena, &verdict);
    assert_int_equal(verdict.direction, direction);
    assert_ptr_equal(verdict.flow, permit->flow);
    if (!str_starts(text, wanted))
        fail_msg("%s, %s: %.*s", name, direction_name(direction), STR_ARG(text));
    assert_true((verdict.kind == VERDICT_UNDETERMINED) == (verdict.reason.n > 0));
}

static void verdicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct firewall_text f;

        firewall_text(&f, cases[i].rules);
        assert_non_null(f.ruleset);
        firewall_permit(&f, cases[i].flow, cases[i].in, cases[i].out);
        firewall_ready(&f);
        assert_answer(&f, &f.permits[0], DIRECTION_REQUEST, cases[i].name, cases[i].request);
        if (cases[i].reply != NULL)
            assert_answer(&f, &f.permits[0], DIRECTION_REPLY, cases[i].name, cases[i].reply);
        firewall_free(&f);
    }
}

/* Every rule that has a part in a verdict that holds throughout, each once, in the order of the ruleset. */
static void all_rules(void **state)
{
    static const struct {
        const char *rules;
        const char *flow;
        const char *wanted;
    } whole[] = {
        {SHUT A "-p udp -j ACCEPT\n" A "-p tcp --dport 80:84 -j ACCEPT\n" A "-s 10.0.0.0/8 -j ACCEPT\n",
         "tcp 10.0.0.1 10.1.0.1 80-90", "FORWARD 2, FORWARD 3"},
        {OPEN A "-p udp -j DROP\n" A "-p tcp --dport 80 -j ACCEPT\n", "tcp 10.0.0.1 10.1.0.1 80-90",
         "FORWARD -, FORWARD 2"},
        {SHUT A "-p tcp --dport 80:84 -j REJECT\n", "tcp 10.0.0.1 10.1.0.1 80-90", "FORWARD -, FORWARD 1"},
        {SHUT ":X - [0:0]\n" A "-p tcp --dport 80 -j X\n" A "-p tcp -j X\n-A X -j ACCEPT\n",
         "tcp 10.0.0.1 10.1.0.1 80-90", "X 1"},
        {SHUT A "-p tcp --dport 80:84 -j ACCEPT\n", "tcp 10.0.0.1 10.1.0.1 80-90", "FORWARD -"}, /* partial */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(whole); i++) {
        struct firewall_text f;
        struct verdict verdict;
        struct buf out = BUF_EMPTY;

        firewall_text(&f, whole[i].rules);
        firewall_permit(&f, whole[i].flow, NULL, NULL);
        firewall_ready(&f);
        judge_permit(f.scratch, f.prover, &f.permits[0], DIRECTION_REQUEST, &verdict);
        for (size_t k = 0; k < verdict.rule_n; k++) {
            buf_addf(&out, "%s%.*s ", k > 0 ? ", " : "", STR_ARG(verdict.rules[k].chain));
            if (verdict.rules[k].index == 0)
                buf_addc(&out, '-');
            else
                buf_addf(&out, "%u", verdict.rules[k].index);
        }
        if (!str_is(buf_str(&out), whole[i].wanted))
            fail_msg("%s: %.*s", whole[i].rules, STR_ARG(buf_str(&out)));
        buf_free(&out);
        firewall_free(&f);
    }
}

/* `x accept; !x accept` lets everything through, whatever x is; two unknowns do not. */
static void unknowns_that_belong_together(void **state)
{
    (void)state;
    for (uint32_t second = 0; second < 2; second++) {
        struct firewall_text f;
        struct chain *forward;
        struct match unknown[2] = {{.kind = MATCH_UNKNOWN, .literal = 0, .text = STR("x")},
                                   {.kind = MATCH_UNKNOWN, .literal = second, .negated = true, .text = STR("x")}};

        firewall_text(&f, SHUT A "-j ACCEPT\n" A "-j ACCEPT\n");
        f.ruleset->literal_n = 2;
        forward = ruleset_chain(f.ruleset, STR("filter"), STR("FORWARD"));
        for (size_t i = 0; i < 2; i++) {
            forward->rules[i].matches = &unknown[i];
            forward->rules[i].match_n = 1;
        }
        firewall_permit(&f, WEB, NULL, NULL);
        firewall_ready(&f);
        assert_answer(&f, &f.permits[0], DIRECTION_REQUEST, "x or not x",
                      second == 0 ? "permitted FORWARD" : "undetermined FORWARD");
        firewall_free(&f);
    }
}

/* An accept goes on to the next base chain, by priority; a drop is final. Nothing at the hook lets everything through.
 */
static void base_chains(void **state)
{
    static const struct {
        int priority[2];
        enum action policy[2];
        enum action action[2]; /* of the one rule of each */
        const char *wanted;
    } both[] = {
        {{0, 10}, {ACTION_DROP, ACTION_DROP}, {ACTION_ACCEPT, ACTION_ACCEPT}, "permitted two 1"},
        {{10, 0}, {ACTION_DROP, ACTION_DROP}, {ACTION_ACCEPT, ACTION_ACCEPT}, "permitted one 1"},
        {{0, 10}, {ACTION_DROP, ACTION_DROP}, {ACTION_ACCEPT, ACTION_DROP}, "denied two 1"},
        {{10, 0}, {ACTION_DROP, ACTION_DROP}, {ACTION_DROP, ACTION_REJECT}, "denied two 1"},
        {{0, 10}, {ACTION_DROP, ACTION_DROP}, {ACTION_ACCEPT, ACTION_NONE}, "denied two -"},
        {{0, 10}, {ACTION_DROP, ACTION_ACCEPT}, {ACTION_NONE, ACTION_ACCEPT}, "denied one -"},
        {{0, 10}, {ACTION_ACCEPT, ACTION_ACCEPT}, {ACTION_ACCEPT, ACTION_NONE}, "permitted one 1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(both); i++) {
        static const char *const names[] = {"one", "two"};
        struct firewall_text f;

        firewall_text(&f, SHUT);
        f.ruleset->chain_n = 2;
        f.ruleset->chains = arena_new_array(f.arena, struct chain *, 2);
        for (size_t k = 0; k < 2; k++) {
            struct chain *chain = arena_new_object(f.arena, struct chain);
            struct rule *rule = arena_new_object(f.arena, struct rule);

            *rule = (struct rule){.index = 1, .families = FAMILY_BOTH, .action = both[i].action[k], .chain = chain};
            *chain = (struct chain){.name = str_of(names[k]),
                                    .families = FAMILY_BOTH,
                                    .hook = HOOK_FORWARD,
                                    .priority = both[i].priority[k],
                                    .policy = both[i].policy[k],
                                    .rules = rule,
                                    .rule_n = 1};
            f.ruleset->chains[k] = chain;
        }
        firewall_permit(&f, WEB, NULL, NULL);
        firewall_ready(&f);
        assert_answer(&f, &f.permits[0], DIRECTION_REQUEST, "two base chains", both[i].wanted);
        f.permits[0].hook = HOOK_INPUT;
        assert_answer(&f, &f.permits[0], DIRECTION_REQUEST, "no chain at the hook", "permitted  -");
        firewall_free(&f);
    }
}

/* What the host receives it answers through OUTPUT, and the other way round. */
static void hooks_of_a_host(void **state)
{
    struct firewall_text f;

    (void)state;
    firewall_text(&f, ":INPUT DROP [0:0]\n:OUTPUT DROP [0:0]\n-A INPUT -i eth0 -p tcp --dport 22 -m conntrack "
                      "--ctstate NEW -j ACCEPT\n"
                      "-A OUTPUT -o eth0 -m conntrack --ctstate ESTABLISHED -j ACCEPT\n");
    firewall_permit(&f, "tcp 10.0.0.1 10.1.0.1 22", "eth0", NULL);
    firewall_permit(&f, "tcp 10.1.0.1 10.0.0.1 22", NULL, "eth0");
    f.permits[0].hook = HOOK_INPUT;
    f.permits[1].hook = HOOK_OUTPUT;
    firewall_ready(&f);
    assert_answer(&f, &f.permits[0], DIRECTION_REQUEST, "in", "permitted INPUT 1");
    assert_answer(&f, &f.permits[0], DIRECTION_REPLY, "in", "permitted OUTPUT 1");
    assert_answer(&f, &f.permits[1], DIRECTION_REQUEST, "out",
                  "denied OUTPUT - tcp 10.1.0.1:40000 > 10.0.0.1:22 out eth0 state new");
    assert_answer(&f, &f.permits[1], DIRECTION_REPLY, "out",
                  "denied INPUT - tcp 10.0.0.1:22 > 10.1.0.1:40000 in eth0 state established flags syn,ack");
    firewall_free(&f);
}

#define NAT "COMMIT\n*nat\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n"
#define MANGLE "COMMIT\n*mangle\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n"
#define DNAT NAT "-A PREROUTING "
#define OF_DNAT SHUT REPLIES A "-m conntrack --ctstate DNAT -j ACCEPT\n"

/*
 * A new destination is looked up again between OUTPUT and POSTROUTING: filters at OUTPUT see the old way out, which
 * way out POSTROUTING sees is not known (seen in Linux 6.1).
 */
static void sent_elsewhere_by_the_host(void **state)
{
    static const struct {
        const char *rules;
        const char *wanted;
    } ways[] = {
        {":OUTPUT DROP\n-A OUTPUT -o eth0 -d 10.2.0.9 -j ACCEPT\n" NAT "-A OUTPUT -d 10.1.0.1 -j DNAT --to 10.2.0.9\n",
         "permitted OUTPUT 1"},
        {":OUTPUT ACCEPT\n" NAT "-A OUTPUT -d 10.1.0.1 -j DNAT --to 10.2.0.9\n" MANGLE
         "-A POSTROUTING -o eth0 -j DROP\n",
         "undetermined POSTROUTING 1"},
        {":OUTPUT ACCEPT\n" NAT "-A OUTPUT -d 10.1.0.7 -j DNAT --to 10.2.0.9\n" MANGLE
         "-A POSTROUTING -o eth0 -j DROP\n",
         "denied POSTROUTING 1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct firewall_text f;
        struct verdict verdict;

        firewall_text(&f, ways[i].rules);
        assert_non_null(f.ruleset);
        firewall_permit(&f, WEB, NULL, "eth0");
        f.permits[0].hook = HOOK_OUTPUT;
        firewall_ready(&f);
        judge_permit(f.scratch, f.prover, &f.permits[0], DIRECTION_REQUEST, &verdict);
        if (!str_starts(answer_text(f.arena, &verdict), ways[i].wanted))
            fail_msg("%s: %.*s", ways[i].rules, STR_ARG(answer_text(f.arena, &verdict)));
        firewall_free(&f);
    }
}

/* What conntrack knows of a connection's translation when its first packet is there. */
static void translated_connections(void **state)
{
    static const struct {
        const char *name;
        const char *rules;
        const char *flow;
        const char *wanted;
    } ways[] = {
        {"nothing is translated", OF_DNAT, WEB, "denied FORWARD - tcp 10.0.0.1:40000 > 10.1.0.1:80 state new"},
        {"translated", OF_DNAT DNAT "-d 10.1.0.1 -j DNAT --to 10.2.0.9\n", WEB, "permitted FORWARD 2"},
        {"another is", OF_DNAT DNAT "-d 10.1.0.7 -j DNAT --to 10.2.0.9\n", WEB,
         "denied FORWARD - tcp 10.0.0.1:40000 > 10.1.0.1:80 state new"},
        {"to what it is", OF_DNAT DNAT "-p tcp -j DNAT --to 10.1.0.1:80\n", WEB, "denied FORWARD -"},
        {"one of them to what it is", OF_DNAT DNAT "-p tcp -j DNAT --to 10.1.0.1:80\n",
         "tcp 10.0.0.1 10.1.0.1-10.1.0.2 80", "partial FORWARD - tcp 10.0.0.1:40000 > 10.1.0.1:80 state new"},
        {"a port", OF_DNAT DNAT "-p tcp -j DNAT --to :8080\n", WEB, "permitted FORWARD 2"},
        {"one of several, itself too", OF_DNAT DNAT "-j DNAT --to 10.1.0.1-10.1.0.2\n", WEB,
         "undetermined FORWARD 2 tcp 10.0.0.1:40000 > 10.1.0.1:80 state new"},
        {"one of several others", OF_DNAT DNAT "-j DNAT --to 10.2.0.1-10.2.0.9\n", WEB, "permitted FORWARD 2"},
        {"a network, half of it to what it is", OF_DNAT DNAT "-j NETMAP --to 10.1.0.0/24\n",
         "tcp 10.0.0.1 10.1.0.0/23 80", "partial FORWARD - tcp 10.0.0.1:40000 > 10.1.0.1:80 state new"},
        {"refused for that", OPEN A "-m conntrack --ctstate DNAT -j REJECT\n" DNAT "-j DNAT --to 10.2.0.9\n", WEB,
         "denied FORWARD 1"},
        {"refused without", OPEN A "-m conntrack ! --ctstate DNAT -j REJECT\n" DNAT "-j DNAT --to 10.2.0.9\n", WEB,
         "permitted FORWARD -"},
        {"not yet", OPEN DNAT "-j DNAT --to 10.2.0.9\n" MANGLE "-A PREROUTING -m conntrack ! --ctstate DNAT -j DROP\n",
         WEB, "denied PREROUTING 1"},
        {"sources, behind the filter",
         SHUT A "-m conntrack --ctstate SNAT -j ACCEPT\n" NAT "-A POSTROUTING -j SNAT --to 10.9.0.1\n", WEB,
         "denied FORWARD -"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct firewall_text f;
        struct verdict verdict;
        struct str text;

        firewall_text(&f, ways[i].rules);
        assert_non_null(f.ruleset);
        firewall_permit(&f, ways[i].flow, NULL, NULL);
        firewall_ready(&f);
        judge_permit(f.scratch, f.prover, &f.permits[0], DIRECTION_REQUEST, &verdict);
        text = answer_text(f.arena, &verdict);
        if (!str_starts(text, ways[i].wanted))
            fail_msg("%s: %.*s", ways[i].name, STR_ARG(text));
        firewall_free(&f);
    }
}

/* Errors about a connection come to no rule of NAT: they are translated as the connection is. */
static void errors_and_nat(void **state)
{
    struct firewall_text f;
    struct cube error = CUBE_ALL;
    struct cubes region = {0};
    struct cubes passing;
    struct rule_ref rule;

    (void)state;
    firewall_text(&f, SHUT A "-d 10.1.0.1 -p icmp -j ACCEPT\n" NAT "-A PREROUTING -p icmp -j DNAT --to 10.9.9.9\n");
    firewall_permit(&f, WEB, NULL, NULL);
    firewall_ready(&f);
    error.field[FIELD_DESTINATION] = f.permits[0].destination;
    error.field[FIELD_PROTOCOL] = ranges_value(f.arena, PROTO_ICMP);
    error.field[FIELD_ICMP] = ranges_value(f.arena, 3 << 8 | 4);
    for (unsigned related = 0; related < 2; related++) {
        error.field[FIELD_STATE] = ranges_value(f.arena, related == 1 ? STATE_RELATED : STATE_NEW);
        region.n = 0;
        *vec_push(f.arena, &region) = error;
        assert_true(judge_passing(f.scratch, f.prover, FAMILY_V4, HOOK_FORWARD, &region, true, &passing, &rule));
        assert_int_equal(passing.n, related);
    }
    firewall_free(&f);
}

/* raw and mangle see where a reply to a translated request is sent, the filters to whom it belongs. */
static void replies_before_they_are_translated_back(void **state)
{
    static const struct {
        const char *raw;
        const char *wanted;
    } ways[] = {
        {"-A PREROUTING -d 10.9.0.1 -j DROP\n", "undetermined PREROUTING 1"},
        {"-A PREROUTING -d 10.0.0.1 -j DROP\n", "undetermined PREROUTING 1"},
        {"-A PREROUTING -d 10.9.0.1 -j LOG\n", "permitted FORWARD"},
        {"-A PREROUTING -d 10.7.0.0/16 -j DROP\n", "permitted FORWARD"},
        {"-A PREROUTING -d 10.0.0.0/8 -j ACCEPT\n-A PREROUTING -s 10.7.0.0/16 -j DROP\n", "permitted FORWARD"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct firewall_text f;
        struct verdict verdict;
        char rules[1024];
        struct str text;

        snprintf(rules, sizeof rules,
                 SHUT REPLIES A "-s 10.0.0.1 -j ACCEPT\nCOMMIT\n*nat\n:POSTROUTING ACCEPT\n"
                                "-A POSTROUTING -s 10.0.0.1 -j SNAT --to-source 10.9.0.1\n"
                                "COMMIT\n*raw\n:PREROUTING ACCEPT\n%s",
                 ways[i].raw);
        firewall_text(&f, rules);
        assert_non_null(f.ruleset);
        firewall_permit(&f, WEB, NULL, NULL);
        firewall_ready(&f);
        judge_permit(f.scratch, f.prover, &f.permits[0], DIRECTION_REPLY, &verdict);
        text = answer_text(f.arena, &verdict);
        if (!str_starts(text, ways[i].wanted))
            fail_msg("%s: %.*s", ways[i].raw, STR_ARG(text));
        firewall_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(all_rules),
        cmocka_unit_test(unknowns_that_belong_together),
        cmocka_unit_test(base_chains),
        cmocka_unit_test(hooks_of_a_host),
        cmocka_unit_test(sent_elsewhere_by_the_host),
        cmocka_unit_test(translated_connections),
        cmocka_unit_test(errors_and_nat),
        cmocka_unit_test(replies_before_they_are_translated_back),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
