/* What rulesets let through beyond their flows, which pieces of the baseline they lack, and ways past two firewalls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prove/passage.h"
#include "prove_text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define OPEN ":FORWARD ACCEPT [0:0]\n"
#define SHUT ":FORWARD DROP [0:0]\n"
#define A "-A FORWARD "
#define WEB "tcp 10.0.0.1 10.1.0.1 80"

/* --- excess ------------------------------------------------------------------------------------------------------ */

struct excess_case {
    const char *name;
    const char *rules;
    const char *flow;
    unsigned baseline;
    const char *boxes; /* source > destination transport ports [in] [icmp] by rule, one a line */
};

static const struct excess_case excesses[] = {
    {"nothing", SHUT A "-s 10.0.0.1 -d 10.1.0.1 -p tcp --dport 80 -j ACCEPT\n", WEB, 0, ""},
    {"narrower than the flow", SHUT A "-s 10.0.0.1 -d 10.1.0.1 -p tcp --sport 99 --dport 80 -j ACCEPT\n", WEB, 0, ""},
    {"one port", SHUT A "-s 10.0.0.1 -d 10.1.0.1 -p tcp --dport 80:81 -j ACCEPT\n", WEB, 0,
     "10.0.0.1 > 10.1.0.1 tcp 81 by FORWARD 1\n"},
    {"more addresses", SHUT A "-s 10.0.0.0/30 -d 10.1.0.1 -p tcp --dport 80 -j ACCEPT\n", WEB, 0,
     "10.0.0.0,10.0.0.2/31 > 10.1.0.1 tcp 80 by FORWARD 1\n"},
    {"replies do not count", SHUT A "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n", WEB, 0, ""},
    {"an open policy", OPEN A "-s 10.0.0.0/25 -j DROP\n", WEB, 0, "10.0.0.128/25 > 10.1.0.0/24 any any by FORWARD -\n"},
    {"a rule that is never reached", SHUT A "-j DROP\n" A "-j ACCEPT\n", WEB, 0, ""},
    {"a box may hold what another rule lets through before",
     SHUT A "-s 10.0.0.1 -d 10.1.0.1 -p udp --dport 53 -j ACCEPT\n" A "-s 10.0.0.1 -d 10.1.0.1 -p udp -j ACCEPT\n", WEB,
     0, "10.0.0.1 > 10.1.0.1 udp any by FORWARD 2\n10.0.0.1 > 10.1.0.1 udp 53 by FORWARD 1\n"},
    {"all let through before", SHUT A "-s 10.0.0.1 -p udp -j ACCEPT\n" A "-s 10.0.0.1 -p udp --dport 53 -j ACCEPT\n",
     WEB, 0, "10.0.0.1 > 10.1.0.0/24 udp any by FORWARD 1\n"},
    {"as wide as can be", SHUT A "-s 10.0.0.1 -d 10.1.0.1 -p tcp --dport 81 -j DROP\n" A "-s 10.0.0.0/31 -j ACCEPT\n",
     WEB, 0,
     "10.0.0.0/31 > 10.1.0.0/24 0-5,7-255 any by FORWARD 2\n"
     "10.0.0.0/31 > 10.1.0.0/24 tcp 0-79,82-65535 by FORWARD 2\n"
     "10.0.0.0/31 > 10.1.0.0/24 tcp 0-79,81-65535 by FORWARD 2\n" /* later fragments, whose port rule 1 cannot see */
     "10.0.0.0/31 > 10.1.0.0,10.1.0.2-10.1.0.255 tcp any by FORWARD 2\n"
     "10.0.0.0 > 10.1.0.0/24 tcp any by FORWARD 2\n"},
    {"the largest first",
     SHUT A "-p udp --dport 53 -j ACCEPT\n" A "-s 10.0.0.2 -d 10.1.0.2 -p tcp --dport 22 -j ACCEPT\n", WEB, 0,
     "10.0.0.0/24 > 10.1.0.0/24 udp 53 by FORWARD 1\n10.0.0.2 > 10.1.0.2 tcp 22 by FORWARD 2\n"},
    {"only where the face is", SHUT A "-s 10.0.0.0/8 -d 10.1.0.0/16 -p gre -j ACCEPT\n", WEB, 0,
     "10.0.0.0/24 > 10.1.0.0/24 gre any by FORWARD 1\n"},
    {"in a chain of its own", SHUT ":X - [0:0]\n:Y - [0:0]\n" A "-j X\n-A X -p gre -j ACCEPT\n-A Y -j ACCEPT\n", WEB, 0,
     "10.0.0.0/24 > 10.1.0.0/24 gre any by X 1\n"},
    {"what may be let through", SHUT A "-m limit --limit 1/sec -p gre -j ACCEPT\n", WEB, 0,
     "10.0.0.0/24 > 10.1.0.0/24 gre any by FORWARD 1\n"},
    {"all let through before, as nothing is translated",
     SHUT A "-s 10.0.0.1 -p udp -m conntrack ! --ctstate DNAT -j ACCEPT\n" A
            "-s 10.0.0.1 -p udp --dport 53 -j ACCEPT\n",
     WEB, 0, "10.0.0.1 > 10.1.0.0/24 udp any by FORWARD 1\n"},
    {"ICMP errors", SHUT A "-p icmp --icmp-type destination-unreachable -j ACCEPT\n", WEB, BASELINE_DEFAULT, ""},
    {"ICMP errors without the baseline", SHUT A "-s 10.0.0.1 -d 10.1.0.1 -p icmp --icmp-type 3/4 -j ACCEPT\n", WEB, 0,
     "10.0.0.1 > 10.1.0.1 icmp any by FORWARD 1\n"},
    {"any transport excuses all", SHUT A "-s 10.0.0.1 -d 10.1.0.1 -j ACCEPT\n", "any 10.0.0.1 10.1.0.1", 0, ""},
};

static void add_values(struct buf *out, const struct box *box, enum field field)
{
    for (size_t i = 0; i < box->n[field]; i++)
        buf_addf(out, "%s%.*s", i > 0 ? "," : "", STR_ARG(box->values[field][i]));
}

static void add_finding(struct buf *out, const struct finding *finding)
{
    add_values(out, &finding->box, FIELD_SOURCE);
    buf_adds(out, " > ");
    add_values(out, &finding->box, FIELD_DESTINATION);
    buf_addc(out, ' ');
    add_values(out, &finding->box, FIELD_PROTOCOL);
    buf_addc(out, ' ');
    add_values(out, &finding->box, FIELD_PORT);
    buf_addf(out, " by %.*s ", STR_ARG(finding->rule.chain));
    if (finding->rule.index == 0)
        buf_adds(out, "-\n");
    else
        buf_addf(out, "%u\n", finding->rule.index);
}

static void assert_excess(struct firewall_text *f, const char *name, const char *wanted)
{
    struct findings findings = {0};
    struct buf out = BUF_EMPTY;

    assert_true(excess_find(f->scratch, f->prover, &f->policy, &findings, &(struct rule_ref){0}));
    vec_each (struct finding *, finding, &findings) {
        add_finding(&out, finding);
        assert_true(finding->kind == FINDING_EXCESS && finding->severity == SEVERITY_ERROR && finding->has_packet);
    }
    if (!str_is(buf_str(&out), wanted))
        fail_msg("%s:\n%.*s", name, STR_ARG(buf_str(&out)));
    buf_free(&out);
}

static void boxes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(excesses); i++) {
        struct firewall_text f;

        firewall_text(&f, excesses[i].rules);
        f.policy.baseline = excesses[i].baseline;
        firewall_permit(&f, excesses[i].flow, NULL, NULL);
        firewall_face(&f, HOOK_FORWARD, NULL, NULL, "10.0.0.0/24", "10.1.0.0/24");
        firewall_ready(&f);
        assert_excess(&f, excesses[i].name, excesses[i].boxes);
        firewall_free(&f);
    }
}

/* What is accepted, outside of the scope, or of another hook is no excess; the same rules without those are. */
static void excused(void **state)
{
    static const char rules[] = ":INPUT ACCEPT [0:0]\n" SHUT A "-p gre -s 10.0.0.7 -d 10.1.0.7 -j ACCEPT\n";
    static const char box[] = "10.0.0.7 > 10.1.0.7 gre any by FORWARD 1\n";

    (void)state;
    for (int what = 0; what < 5; what++) {
        struct firewall_text f;

        firewall_text(&f, rules);
        f.permits[0] = permit_text(f.arena, "gre 10.0.0.0/24 10.1.0.0/24", NULL, NULL);
        f.policy.accepted = f.permits;
        f.policy.accepted_n = what == 1;
        if (what == 2)
            f.policy.scope[FAMILY_V4] = ranges_one(f.arena, 0x0b000000, 0x0bffffff);
        if (what == 3)
            f.policy.scope[FAMILY_V4] = ranges_one(f.arena, 0x0a000007, 0x0a000007); /* one end in it is enough */
        if (what == 4)
            f.policy.hooks = 0;
        firewall_face(&f, HOOK_FORWARD, NULL, NULL, "10.0.0.0/24", "10.1.0.0/24");
        firewall_ready(&f);
        assert_excess(&f, "excused", what == 0 || what == 3 ? box : "");
        firewall_free(&f);
    }
}

static void region_of_an_excuse(void **state)
{
    struct firewall_text f;
    struct cube cube;
    struct permit permit;

    (void)state;
    firewall_text(&f, SHUT);
    firewall_permit(&f, WEB, "eth0", "eth1");
    firewall_ready(&f);
    permit = f.permits[0];
    cube = region_excused(f.arena, f.prover, &permit);
    /* The five-tuple and the interfaces, and nothing about states, flags, fragments. */
    for (enum field field = 0; field < FIELD_N; field++) {
        bool asked = field == FIELD_IN || field == FIELD_OUT || field == FIELD_SOURCE || field == FIELD_DESTINATION ||
                     field == FIELD_PROTOCOL || field == FIELD_PORT;

        assert_int_equal(cube.field[field] != NULL, asked);
    }
    assert_true(ranges_equal(cube.field[FIELD_PORT], ranges_one(f.arena, 80, 80)));
    assert_true(ranges_equal(cube.field[FIELD_PROTOCOL], ranges_one(f.arena, PROTO_TCP, PROTO_TCP)));
    permit.hook = HOOK_INPUT;
    assert_null(region_excused(f.arena, f.prover, &permit).field[FIELD_OUT]);
    permit.hook = HOOK_OUTPUT;
    assert_null(region_excused(f.arena, f.prover, &permit).field[FIELD_IN]);
    permit = permit_text(f.arena, "icmp fd00::1 fd00::2", NULL, NULL);
    cube = region_excused(f.arena, f.prover, &permit);
    assert_true(ranges_equal(cube.field[FIELD_PROTOCOL], ranges_one(f.arena, PROTO_ICMPV6, PROTO_ICMPV6)));
    permit = permit_text(f.arena, "any 10.0.0.1 10.1.0.1", NULL, NULL);
    assert_null(region_excused(f.arena, f.prover, &permit).field[FIELD_PROTOCOL]);
    firewall_free(&f);
}

/* --- the baseline ------------------------------------------------------------------------------------------------ */

static void baseline(void **state)
{
    static const struct {
        const char *rules;
        enum hook hook;
        const char *missing; /* of each warning a word of the packet's */
    } cases[] = {
        {OPEN, HOOK_FORWARD, ""},
        {SHUT, HOOK_FORWARD, "icmp-errors "},
        {SHUT A "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n", HOOK_FORWARD, ""},
        {SHUT A "-p icmp --icmp-type 3 -j ACCEPT\n", HOOK_FORWARD, "icmp-errors "},
        {SHUT A "-p icmp -m limit --limit 5/sec -j ACCEPT\n", HOOK_FORWARD, ""}, /* may pass: no warning */
        {":INPUT DROP [0:0]\n", HOOK_INPUT, "loopback icmp-errors "},
        {":INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n", HOOK_INPUT, "icmp-errors "},
        {":INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -p icmp -j ACCEPT\n", HOOK_INPUT, ""},
        {":OUTPUT DROP [0:0]\n-A OUTPUT -o eth0 -j ACCEPT\n-A OUTPUT -p icmp -j ACCEPT\n", HOOK_OUTPUT, "loopback "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct firewall_text f;
        struct findings findings = {0};
        struct buf out = BUF_EMPTY;

        firewall_text(&f, cases[i].rules);
        f.policy.baseline = BASELINE_DEFAULT;
        f.policy.hooks = 1u << cases[i].hook;
        firewall_face(&f, cases[i].hook, NULL, NULL, "10.0.0.0/24", "10.1.0.0/24");
        firewall_ready(&f);
        baseline_find(f.scratch, f.prover, &f.policy, &findings);
        vec_each (struct finding *, finding, &findings) {
            assert_true(finding->kind == FINDING_BASELINE && finding->severity == SEVERITY_WARNING);
            assert_true(str_contains(finding->message, hook_name(cases[i].hook)));
            for (enum baseline piece = 0; piece < BASELINE_N; piece++) {
                if (str_contains(finding->message, baseline_name(piece)))
                    buf_addf(&out, "%s ", baseline_name(piece));
            }
        }
        if (!str_is(buf_str(&out), cases[i].missing))
            fail_msg("%s: %.*s", cases[i].rules, STR_ARG(buf_str(&out)));
        buf_free(&out);
        firewall_free(&f);
    }
}

/* A connection that begins and cannot go on. */
static void baseline_of_replies(void **state)
{
#define ICMP A "-p icmp -j ACCEPT\n"
#define BEGINS SHUT ICMP A "-p tcp --dport 80 -m state --state NEW -j ACCEPT\n"
    static const struct {
        const char *rules;
        bool missing;
    } cases[] = {
        {BEGINS A "-s 10.1.0.0/24 -m state --state ESTABLISHED -j ACCEPT\n", true},
        {BEGINS A
         "-s 10.1.0.0/24 -m state --state ESTABLISHED -j ACCEPT\n-A FORWARD -m time --weekdays Mon -j ACCEPT\n",
         false}, /* may pass */
        {BEGINS A "-m state --state ESTABLISHED,RELATED -j ACCEPT\n", false},
        {SHUT ICMP A "-p tcp --dport 80 -j ACCEPT\n", false}, /* asks for no state */
        {SHUT ICMP, false},                                   /* does not begin */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct firewall_text f;
        struct findings findings = {0};

        firewall_text(&f, cases[i].rules);
        f.policy.baseline = BASELINE_DEFAULT;
        firewall_permit(&f, WEB, "eth0", "eth1");
        firewall_face(&f, HOOK_FORWARD, "eth0", "eth1", "10.0.0.0/24", "10.1.0.0/24");
        firewall_ready(&f);
        baseline_find(f.scratch, f.prover, &f.policy, &findings);
        assert_int_equal(findings.n, cases[i].missing);
        if (cases[i].missing) {
            assert_true(str_is(findings.v[0].message,
                               "replies missing at forward (IPv4): connections of " WEB " begin and die"));
            assert_int_equal(findings.v[0].packet.state, STATE_ESTABLISHED);
            assert_int_equal(findings.v[0].packet.port, 80);
            assert_true(findings.v[0].rule.present && findings.v[0].rule.index == 0);
        }
        firewall_free(&f);
    }
#undef ICMP
#undef BEGINS
}

/* --- two firewalls ----------------------------------------------------------------------------------------------- */

static void passages(void **state)
{
    static const struct {
        const char *rules[2];
        enum passage passage;
        const char *packet; /* NULL: none */
        const char *chain;
        uint32_t index;
    } cases[] = {
        {{OPEN, OPEN}, PASSAGE_SOME, "tcp 10.0.0.1:40000 > 10.1.0.1:80 in b0 out b1 state new", "FORWARD", 0},
        {{SHUT, OPEN}, PASSAGE_NONE, NULL, "FORWARD", 0},
        {{OPEN, SHUT A "-j REJECT\n"}, PASSAGE_NONE, NULL, "FORWARD", 1},
        /* Each lets a part through, and the parts have nothing in common. */
        {{SHUT A "-p tcp --sport 1:1023 -j ACCEPT\n", SHUT A "-p tcp --sport 1024: -j ACCEPT\n"},
         PASSAGE_NONE,
         NULL,
         "FORWARD",
         0},
        {{SHUT A "-p tcp --sport 1:1024 -j ACCEPT\n", SHUT A "-p tcp --sport 1024: -j ACCEPT\n"},
         PASSAGE_SOME,
         "tcp 10.0.0.1:1024 > 10.1.0.1:80 in b0 out b1 state new",
         "FORWARD",
         1},
        {{SHUT A "-m limit --limit 1/sec -j ACCEPT\n", OPEN},
         PASSAGE_MAYBE,
         "tcp 10.0.0.1:40000 > 10.1.0.1:80 in b0 out b1 state new",
         "FORWARD",
         0},
        {{SHUT A "-m limit --limit 1/sec -j ACCEPT\n", SHUT}, PASSAGE_NONE, NULL, "FORWARD", 0},
        /* Interfaces are those of each firewall. */
        {{SHUT A "-i a0 -o a1 -j ACCEPT\n", SHUT A "-i b0 -o b1 -j ACCEPT\n"},
         PASSAGE_SOME,
         "tcp 10.0.0.1:40000 > 10.1.0.1:80 in b0 out b1 state new",
         "FORWARD",
         1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        static const char *const names[2][2] = {{"a0", "a1"}, {"b0", "b1"}};
        struct firewall_text f[2];
        struct passage_hop hops[2];
        struct packet packet;
        struct rule_ref rule = {0};
        struct buf out = BUF_EMPTY;
        bool has_packet = false;

        for (size_t k = 0; k < 2; k++) {
            firewall_text(&f[k], cases[i].rules[k]);
            firewall_permit(&f[k], WEB, names[k][0], names[k][1]);
            firewall_ready(&f[k]);
            hops[k] = (struct passage_hop){.prover = f[k].prover, .permit = f[k].permits[0]};
        }
        assert_int_equal(passage_find(f[0].scratch, hops, 2, &packet, &has_packet, &rule), cases[i].passage);
        assert_int_equal(has_packet, cases[i].packet != NULL);
        if (has_packet)
            packet_format(&out, &packet);
        if (has_packet && !str_is(buf_str(&out), cases[i].packet))
            fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&out)));
        assert_true(str_is(rule.chain, cases[i].chain));
        assert_int_equal(rule.index, cases[i].index);
        buf_free(&out);
        firewall_free(&f[0]);
        firewall_free(&f[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes),
        cmocka_unit_test(excused),
        cmocka_unit_test(region_of_an_excuse),
        cmocka_unit_test(baseline),
        cmocka_unit_test(baseline_of_replies),
        cmocka_unit_test(passages),
    };
    return cmocka_run_group_tests_name("excess", tests, NULL, NULL);
}
