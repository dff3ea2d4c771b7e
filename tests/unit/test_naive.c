/* The slow oracle itself: the order of hooks, how chains end, and what three values of a match make of a packet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet/naive.h"
#include "prove_text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define OPEN ":FORWARD ACCEPT [0:0]\n"
#define SHUT ":FORWARD DROP [0:0]\n"
#define A "-A FORWARD "
#define RAW "COMMIT\n*raw\n:X - [0:0]\n-A PREROUTING "
#define NAT "COMMIT\n*nat\n-A PREROUTING "
#define LIMIT "-m limit --limit 5/sec "
#define TRANSLATED A "-m conntrack --ctstate DNAT "

static const struct {
    const char *rules;
    const char *packet;
    unsigned outcomes;
} cases[] = {
    {OPEN, "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_ACCEPT},
    {SHUT, "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_DROP},
    {OPEN A "-p tcp -j REJECT\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_REJECT},
    {SHUT A "-p tcp --dport 80 -j ACCEPT\n", "tcp 10.0.0.1 > 10.1.0.1:80 fragment later", NAIVE_DROP},
    {SHUT A "-i eth+ -j ACCEPT\n", "tcp 10.0.0.1 > 10.1.0.1:80 in eth3", NAIVE_ACCEPT},
    {SHUT A "-i eth+ -j ACCEPT\n", "tcp 10.0.0.1 > 10.1.0.1:80 in et", NAIVE_DROP},
    {SHUT A "! -i eth+ -j ACCEPT\n", "tcp 10.0.0.1 > 10.1.0.1:80 in lan", NAIVE_ACCEPT},
    {SHUT A "-i eth0 -j ACCEPT\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_ACCEPT | NAIVE_DROP}, /* not said */
    {SHUT A LIMIT "-j ACCEPT\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_ACCEPT | NAIVE_DROP},
    {OPEN A LIMIT "-j ACCEPT\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_ACCEPT},
    {SHUT A LIMIT "-j REJECT\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_REJECT | NAIVE_DROP},
    {SHUT A LIMIT "-p udp -j ACCEPT\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_DROP}, /* maybe and no is no */
    {SHUT ":X - [0:0]\n" A "-j X\n" A "-j ACCEPT\n-A X -p udp -j DROP\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_ACCEPT},
    {SHUT ":X - [0:0]\n" A "-j X\n" A "-j ACCEPT\n-A X -j RETURN\n-A X -j DROP\n", "tcp 10.0.0.1 > 10.1.0.1:80",
     NAIVE_ACCEPT},
    {SHUT ":X - [0:0]\n" A "-g X\n" A "-j ACCEPT\n-A X -p udp -j DROP\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_DROP},
    {OPEN A "-j RETURN\n" A "-j DROP\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_ACCEPT},
    {SHUT ":X - [0:0]\n:Y - [0:0]\n" A "-j X\n" A "-j ACCEPT\n-A X -g Y\n-A X -j DROP\n-A Y -p udp -j DROP\n",
     "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_ACCEPT},
    /* A jump that may be taken, and a verdict in it that may not be reached. */
    {SHUT ":X - [0:0]\n" A LIMIT "-j X\n" A "-j ACCEPT\n-A X -j REJECT\n", "tcp 10.0.0.1 > 10.1.0.1:80",
     NAIVE_REJECT | NAIVE_ACCEPT},
    {SHUT ":X - [0:0]\n" A "-j X\n-A X " LIMIT "-j RETURN\n-A X -j ACCEPT\n", "tcp 10.0.0.1 > 10.1.0.1:80",
     NAIVE_ACCEPT | NAIVE_DROP},
    /* What is written behind a rule that may have returned is not seen where it did. */
    {SHUT ":X - [0:0]\n" A "-j X\n" A "-m mark --mark 0 -j ACCEPT\n-A X " LIMIT
          "-j RETURN\n-A X -j MARK --set-mark 1\n-A X -j REJECT\n",
     "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_ACCEPT | NAIVE_REJECT},
    {SHUT ":X - [0:0]\n" A "-j X\n" A "-m mark --mark 0 -j REJECT\n-A X -j MARK --set-mark 1\n-A X " LIMIT
          "-j RETURN\n-A X -j ACCEPT\n",
     "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_ACCEPT | NAIVE_DROP},
    /* Before conntrack there is no state, but for what NOTRACK left out; behind it there is. */
    {OPEN RAW "-m state --state NEW -j DROP\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_ACCEPT},
    {OPEN RAW "-m state --state INVALID -j DROP\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_DROP},
    {OPEN RAW "-j NOTRACK\n-A PREROUTING -m state --state UNTRACKED -j DROP\n", "tcp 10.0.0.1 > 10.1.0.1:80",
     NAIVE_DROP},
    {SHUT A "-m state --state NEW -j ACCEPT\n" RAW "-p udp -j NOTRACK\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_ACCEPT},
    /* Before routing nothing goes out anywhere. */
    {OPEN RAW "-j X\n-A X -o eth1 -j DROP\n", "tcp 10.0.0.1 > 10.1.0.1:80 out eth1", NAIVE_ACCEPT},
    {OPEN RAW "-j X\n-A X ! -o eth1 -j DROP\n", "tcp 10.0.0.1 > 10.1.0.1:80 out eth1", NAIVE_DROP},
    /* To which of its own addresses is not known, but never to two of them at once. */
    {":INPUT DROP\n-A INPUT ! -d 10.9.0.1 -m iprange --dst-range 10.9.0.1-10.9.0.1 -j ACCEPT\n" NAT "-j REDIRECT\n",
     "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_DROP},
    /* An ICMP error about a connection meets no rule of NAT. */
    {SHUT A "-d 10.1.0.1 -j ACCEPT\n" NAT "-j DNAT --to-destination 10.1.0.2\n",
     "icmp 10.0.0.1 > 10.1.0.1 type 3 state related", NAIVE_ACCEPT},
    /* A connection is translated where NAT changed it, as far as it has. */
    {SHUT TRANSLATED "-j ACCEPT\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_DROP},
    {SHUT TRANSLATED "-j ACCEPT\n" NAT "-j DNAT --to 10.1.0.2\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_ACCEPT},
    {SHUT TRANSLATED "-j ACCEPT\n" NAT "-j DNAT --to 10.1.0.1\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_DROP},
    {SHUT TRANSLATED "-j ACCEPT\n" NAT "-j DNAT --to 10.1.0.1-10.1.0.2\n", "tcp 10.0.0.1 > 10.1.0.1:80",
     NAIVE_ACCEPT | NAIVE_DROP},
    {SHUT TRANSLATED "-j ACCEPT\n" NAT "-p tcp -j DNAT --to :81\n", "tcp 10.0.0.1 > 10.1.0.1:80", NAIVE_ACCEPT},
    {SHUT TRANSLATED "-j ACCEPT\n" NAT LIMIT "-j DNAT --to 10.1.0.2\n", "tcp 10.0.0.1 > 10.1.0.1:80",
     NAIVE_ACCEPT | NAIVE_DROP},
    {SHUT TRANSLATED "-j ACCEPT\n" NAT "-j DNAT --to 10.1.0.2\n", "tcp 10.0.0.1 > 10.1.0.1:80 state established",
     NAIVE_ACCEPT | NAIVE_DROP},
};

static struct packet packet_of(struct arena *arena, const char *text)
{
    struct packet packet;
    struct diags diags;

    diags_init(&diags, arena);
    assert_true(packet_parse(source_new(arena, STR("p"), str_of(text)), &diags, &packet));
    return packet;
}

static void outcomes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct firewall_text f;
        struct packet packet;
        unsigned outcome;

        firewall_text(&f, cases[i].rules);
        packet = packet_of(f.arena, cases[i].packet);
        outcome = naive_ask(&(struct naive_question){.ruleset = f.ruleset, .hook = HOOK_FORWARD, .packet = &packet});
        if (outcome != cases[i].outcomes)
            fail_msg("%s%s: %u", cases[i].rules, cases[i].packet, outcome);
        firewall_free(&f);
    }
}

/* Given values, unknowns and their opposites decide; two steps tell what was looked at. */
static void count_step(void *context, const struct naive_step *step)
{
    unsigned *counts = context;

    counts[step->rule == NULL ? 3 : step->matched]++;
}

static void unknowns_with_values(void **state)
{
    (void)state;
    for (enum ternary value = TERNARY_NO; value <= TERNARY_MAYBE; value++) {
        for (int negated = 0; negated < 2; negated++) {
            static const unsigned wanted[2][3] = {{NAIVE_DROP, NAIVE_ACCEPT, NAIVE_ACCEPT | NAIVE_DROP},
                                                  {NAIVE_ACCEPT, NAIVE_DROP, NAIVE_ACCEPT | NAIVE_DROP}};
            struct match unknown = {.kind = MATCH_UNKNOWN, .negated = negated != 0, .text = STR("x")};
            struct firewall_text f;
            struct packet packet;
            unsigned counts[4] = {0};
            struct naive_question question = {.hook = HOOK_FORWARD, .literals = &value, .step = count_step};
            struct chain *chain;

            firewall_text(&f, SHUT A "-j ACCEPT\n");
            packet = packet_of(f.arena, "tcp 10.0.0.1 > 10.1.0.1:80");
            chain = ruleset_chain(f.ruleset, STR("filter"), STR("FORWARD"));
            chain->rules[0].matches = &unknown;
            chain->rules[0].match_n = 1;
            question.ruleset = f.ruleset;
            question.packet = &packet;
            question.context = counts;
            assert_int_equal(naive_ask(&question), wanted[negated][value]);
            assert_int_equal(counts[0] + counts[1] + counts[2], 1);
            assert_int_equal(counts[3], (wanted[negated][value] & NAIVE_DROP) != 0); /* the policy was asked */
            firewall_free(&f);
        }
    }
}

/* Base chains in the order of their hooks, then of their priority, then as they stand; of the packet's family. */
static void order_of_hooks(void **state)
{
    static const struct {
        const char *name;
        enum hook hook;
        int priority;
        unsigned families;
    } chains[] = {
        {"post", HOOK_POSTROUTING, -300, FAMILY_BOTH},   {"forward-late", HOOK_FORWARD, 10, FAMILY_BOTH},
        {"forward", HOOK_FORWARD, 0, FAMILY_BOTH},       {"forward-too", HOOK_FORWARD, 0, FAMILY_BOTH},
        {"input", HOOK_INPUT, 0, FAMILY_BOTH},           {"output", HOOK_OUTPUT, 0, FAMILY_BOTH},
        {"pre", HOOK_PREROUTING, 300, FAMILY_BOTH},      {"ingress", HOOK_INGRESS, 500, FAMILY_BOTH},
        {"v6", HOOK_FORWARD, -5, FAMILY_BIT(FAMILY_V6)}, {"user", HOOK_NONE, 0, FAMILY_BOTH},
    };
    static const struct {
        enum hook hook;
        enum family family;
        const char *path;
    } ways[] = {
        {HOOK_FORWARD, FAMILY_V4, "ingress pre forward-too forward forward-late post "},
        {HOOK_FORWARD, FAMILY_V6, "ingress pre v6 forward-too forward forward-late post "},
        {HOOK_INPUT, FAMILY_V4, "ingress pre input "},
        {HOOK_OUTPUT, FAMILY_V4, "output post "},
    };
    struct chain made[COUNT(chains)];
    struct chain *list[COUNT(chains)];
    struct ruleset ruleset = {.chains = list, .chain_n = COUNT(chains)};

    (void)state;
    for (size_t i = 0; i < COUNT(chains); i++) {
        made[i] = (struct chain){.name = str_of(chains[i].name),
                                 .hook = chains[i].hook,
                                 .priority = chains[i].priority,
                                 .families = chains[i].families};
        list[i] = &made[i];
    }
    for (size_t i = 0; i < COUNT(ways); i++) {
        const struct chain *path[COUNT(chains)];
        size_t n = naive_path(&ruleset, ways[i].hook, ways[i].family, path, COUNT(chains));
        struct buf out = BUF_EMPTY;

        for (size_t k = 0; k < n; k++)
            buf_addf(&out, "%.*s ", STR_ARG(path[k]->name));
        if (!str_is(buf_str(&out), ways[i].path))
            fail_msg("%s: %.*s", hook_name(ways[i].hook), STR_ARG(buf_str(&out)));
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes),
        cmocka_unit_test(unknowns_with_values),
        cmocka_unit_test(order_of_hooks),
    };
    return cmocka_run_group_tests_name("naive", tests, NULL, NULL);
}
