/* Flows out of a site, policies of its firewalls, and what changes from one plan to another. */
#include "site_text.h"

#include "plan/flows.h"
#include "report/plan.h"

#define HOSTS "names: {h1: [10.0.0.1, \"fd00::1\"], h2: [10.0.0.2, \"fd00::2\"], hosts: [h1, h2], clock: 10.0.9.1}\n"

static void identity(void **state)
{
    static const struct site_case cases[] = {
        {HOSTS
         "instances: {p: {product: demo, features: [pair], roles: {host: hosts, clock: clock}}}\n"
         "omit: [{requirement: p/time, ports: [1234/udp], owner: o, reason: r}]\n"
         "extra: [{id: x, from: clock, to: h1, ports: [22/tcp, 80-90/tcp, 53/udp, icmp, any], owner: o, reason: r}]\n",
         "p/time/tcp: 10.0.0.1 10.0.0.2 > 10.0.9.1 123\n"
         "p/time/udp: 10.0.0.1 10.0.0.2 > 10.0.9.1 123\n"
         "p/peers/tcp: 10.0.0.1 10.0.0.2 > 10.0.0.1 10.0.0.2 8000\n"
         "p/peers/tcp/v6: fd00::1 fd00::2 > fd00::1 fd00::2 8000\n"
         "p/peers/icmp: 10.0.0.1 10.0.0.2 > 10.0.0.1 10.0.0.2 \n"
         "p/peers/icmp/v6: fd00::1 fd00::2 > fd00::1 fd00::2 \n"
         "extra/x/tcp: 10.0.9.1 > 10.0.0.1 22 80-90\n"
         "extra/x/udp: 10.0.9.1 > 10.0.0.1 53\n"
         "extra/x/icmp: 10.0.9.1 > 10.0.0.1 \n"
         "extra/x/any: 10.0.9.1 > 10.0.0.1 any\n",
         "", NULL},
        /* One host is no pool: no flow to itself, and no error. A clock on the host itself is worth a word. */
        {"instances: {p: {product: demo, features: [pair], roles: {host: 10.0.0.1, clock: 10.0.0.1}}}\n", "",
         "3:81: note: p/time/tcp is from an address to itself: there is nothing to let through\n"
         "3:81: note: p/time/udp is from an address to itself: there is nothing to let through\n",
         NULL},
        {"instances: {p: {product: demo, roles: {host: none, clock: any}}}\n", "", "", NULL},
        {"instances: {p: {product: demo, roles: {host: any, clock: \"fd00::1\"}}}\n",
         "p/time/tcp/v6: any > fd00::1 123\np/time/udp/v6: any > fd00::1 123 1234\n", "", NULL},
        {"instances: {p: {product: demo, roles: {host: 10.0.0.1, clock: \"fd00::1\"}}}\n", "",
         "3:63: error: p/time has no address family for both ends: \"host\" has IPv4 alone, \"clock\" has IPv6 alone\n",
         NULL},
        {"instances: {p: {product: demo}}\n", "",
         "3:13: error: nobody fills the role \"host\" of \"p\", which leaves open: time (bind it under `roles`, or "
         "waive it "
         "with `host: none`)\n"
         "3:13: error: nobody fills the role \"clock\" of \"p\", which leaves open: time (bind it under `roles`, or "
         "waive "
         "it with `clock: none`)\n",
         NULL},
    };

    (void)state;
    SITE_CASES(cases);
}

#define DEMO(features, more, roles)                                                                                    \
    "instances: {p: {product: demo, features: [-ntp, " features "], " more "roles: {host: [10.0.0.1, 10.0.0.2]" roles  \
    "}}}\n"
#define STANDS_IN "3:13: note: nobody fills the role \"leader\" of \"p\": all of \"host\" stand in\n"

static void features(void **state)
{
    static const struct site_case cases[] = {
        {DEMO("web", "", ", leader: 10.0.0.1"),
         "p/get/tcp: 10.0.0.1 > a.example.org b.example.org 443 ! not resolved: a.example.org, b.example.org\n", "",
         NULL},
        {DEMO("web", "", ", web: 10.0.0.8"), "p/get/tcp: 10.0.0.1 10.0.0.2 > 10.0.0.8 443\n", STANDS_IN, NULL},
        {DEMO("web, proxy", "parameters: {proxy-port: 3128}, ", ", proxy: 10.0.0.8"),
         "p/get-proxy/tcp: 10.0.0.1 10.0.0.2 > 10.0.0.8 3128\n", STANDS_IN, NULL},
        {DEMO("web, proxy", "", ", proxy: 10.0.0.8"), "",
         STANDS_IN "3:13: error: p/get-proxy needs the parameter \"proxy-port\", which has no default (set it under "
                   "`parameters` of \"p\")\n",
         NULL},
        {DEMO("cdn", "", "") "domains: {x.example.net: 192.0.2.1}\n",
         "p/cdn/tcp: 10.0.0.1 10.0.0.2 > *.example.net 443 ! not resolved: *.example.net\n",
         "4:11: warning: no instance asks for the domain \"x.example.net\" (did you mean "
         "\"*.example.net\"?)\n" STANDS_IN,
         NULL},
        {DEMO("cdn", "", "") "domains: {\"*.example.net\": 192.0.2.0/28}\n",
         "p/cdn/tcp: 10.0.0.1 10.0.0.2 > 192.0.2.0/28 443\n", STANDS_IN, NULL},
        {DEMO("nfs", "parameters: {mountd-port: 20048, status-port: 600-601}, ", ", filer: 10.0.0.8"),
         "p/mount/tcp: 10.0.0.1 10.0.0.2 > 10.0.0.8 111\np/mount/udp: 10.0.0.1 10.0.0.2 > 10.0.0.8 600-601 20048\n", "",
         NULL},
        {DEMO("nfs", "parameters: {mountd-port: 20048}, ", ", filer: 10.0.0.8"),
         "p/mount/tcp: 10.0.0.1 10.0.0.2 > 10.0.0.8 111\n"
         "p/mount/udp: 10.0.0.1 10.0.0.2 > 10.0.0.8 ? ! the ports are chosen at run time, and status-port is not set\n",
         "3:13: warning: p/mount stays unresolved: the ports are chosen at run time, and status-port is not set\n",
         NULL},
        {DEMO("link", "", ""), "p/link/any/v6: fe80::/10 > fe80::/10 any\n", "", NULL},
        {DEMO("link-4", "", ""), "p/link-4/any: 10.0.0.1 10.0.0.2 > 10.0.0.1 10.0.0.2 any\n", "", NULL},
        {DEMO("odd", "", ""), "", "3:13: warning: nobody fills the role \"clock\" of \"p\"; not planned: odd\n", NULL},
        {DEMO("odd, never", "", ", clock: 10.0.0.8"),
         "p/odd/unstated: 10.0.0.1 10.0.0.2 > 10.0.0.8 ? ! the document does not state the ports\n"
         "p/never/tcp: 10.0.0.8 > 10.0.0.1 10.0.0.2 23\n",
         "", NULL},
        {DEMO("either", "", ", proxy: 10.0.0.8"), "p/way-2/tcp: 10.0.0.1 10.0.0.2 > 10.0.0.8 2\n", "", NULL},
    };

    (void)state;
    SITE_CASES(cases);
}

#define TIME "instances: {p: {product: demo, roles: {host: 10.0.0.1, clock: 10.0.0.2}}}\n"
#define TIME_FLOWS "p/time/tcp: 10.0.0.1 > 10.0.0.2 123\np/time/udp: 10.0.0.1 > 10.0.0.2 123 1234\n"

static void exceptions(void **state)
{
    static const struct site_case cases[] = {
        {TIME "omit: [{requirement: p/time, owner: o, reason: r}]\n", "", "", NULL},
        {"instances: {p: {product: demo}}\nomit: [{requirement: p/time, owner: o, reason: r}]\n", "", "", NULL},
        {TIME "omit: [{requirement: p/time, ports: [1-2000/tcp, 1234/udp], owner: o, reason: r}]\n",
         "p/time/udp: 10.0.0.1 > 10.0.0.2 123\n", "", NULL},
        {TIME "omit: [{requirement: p/time, owner: o, reason: r, expires: 2026-12-01}]\n", "", "", NULL},
        {TIME "omit: [{requirement: p/time, owner: o, reason: r, expires: 2026-11-30}]\n", TIME_FLOWS,
         "4:8: warning: the omission of \"p/time\" expired on 2026-11-30 and counts no more\n", NULL},
        {TIME
         "omit: [{requirement: p/get, owner: o, reason: r}, {requirement: p/time, ports: [9/tcp], owner: o, reason: "
         "r}]\n",
         TIME_FLOWS,
         "4:8: warning: the omission of \"p/get\" changes nothing: it is off here, or has no such ports\n"
         "4:51: warning: the omission of \"p/time\" changes nothing: it is off here, or has no such ports\n",
         NULL},
        {TIME "omit: [{requirement: p/tme, owner: o, reason: r}, {requirement: q/time, owner: o, reason: r}]\n",
         TIME_FLOWS,
         "4:22: error: demo has no requirement \"tme\" (did you mean \"p/time\"?)\n"
         "4:65: error: unknown instance \"q\" (did you mean \"p\"?)\n",
         NULL},
        {"extra: [{id: x, from: 10.0.0.1, to: 10.0.0.2, ports: [1/tcp], owner: o, reason: r, expires: 2026-01-01}]\n",
         "", "3:9: warning: the extra flow \"x\" expired on 2026-01-01 and counts no more\n", NULL},
    };

    (void)state;
    SITE_CASES(cases);
}

static const char *permits(struct test_site *test, const char *name)
{
    struct buf buf = BUF_EMPTY;
    const char *text;

    for (size_t i = 0; i < test->site->firewall_n; i++) {
        const struct policy *policy;

        if (!str_is(test->site->firewalls[i].name, name))
            continue;
        policy = plan_policy(test->arena, test->plan, &test->site->firewalls[i], TODAY, &test->diags);
        for (size_t k = 0; k < policy->permit_n + policy->accepted_n; k++) {
            const struct permit *permit =
                k < policy->permit_n ? &policy->permits[k] : &policy->accepted[k - policy->permit_n];

            buf_addf(&buf, "%.*s %s %.*s>%.*s", STR_ARG(permit->flow->id), hook_name(permit->hook), STR_ARG(permit->in),
                     STR_ARG(permit->out));
            for (unsigned e = 0; e < 2; e++) {
                const struct ranges *ranges = e == 0 ? permit->source : permit->destination;

                buf_adds(&buf, e == 0 ? ":" : " >");
                for (size_t r = 0; r < ranges->n; r++) {
                    buf_addc(&buf, ' ');
                    addr_range_format(&buf, permit->flow->family, ranges->v[r]);
                }
            }
            buf_addc(&buf, '\n');
        }
    }
    text = str_cstr(test->arena, buf_str(&buf));
    buf_free(&buf);
    return text;
}

static void policies(void **state)
{
    struct test_site test;
    const struct policy *policy;

    (void)state;
    test_site_open(
        &test,
        "names: {h1: 10.1.0.1, h2: 10.1.0.2, clock: 10.2.0.1}\n"
        "instances: {p: {product: demo, features: [pair, never, odd], roles: {host: [h1, h2], clock: clock}}}\n"
        "omit: [{requirement: p/time, ports: [1234/udp], owner: o, reason: r}]\n"
        "extra: [{id: in, from: any, to: 10.1.0.254, ports: [22/tcp], owner: o, reason: r}]\n"
        "accept: [{firewall: edge, from: h1, to: clock, ports: [80/tcp], owner: o, reason: r},\n"
        "         {firewall: edge, from: h1, to: clock, ports: [81/tcp], owner: o, reason: r, expires: "
        "2026-01-01}]\n"
        "zones: {a: 10.1.0.0/16, b: 10.2.0.0/16}\n"
        "firewalls:\n"
        "  edge: {dialect: nftables, interfaces: {a: eth0, b: eth1}, addresses: 10.1.0.254, scope: site}\n"
        "  h1: {dialect: nftables, host: h1}\n",
        NULL);
    assert_int_equal(test.diags.errors, 0);
    assert_string_equal(permits(&test, "edge"),
                        "p/time/tcp forward eth0>eth1: 10.1.0.1-10.1.0.2 > 10.2.0.1\n"
                        "p/time/udp forward eth0>eth1: 10.1.0.1-10.1.0.2 > 10.2.0.1\n"
                        "extra/in/tcp input eth0>: 10.1.0.0-10.1.0.253 10.1.0.255-10.1.255.255 > "
                        "10.1.0.254\n"
                        "extra/in/tcp input eth1>: 10.2.0.0/16 > 10.1.0.254\n"
                        "accept/1/tcp forward eth0>eth1: 10.1.0.1 > 10.2.0.1\n");
    assert_string_equal(permits(&test, "h1"), "p/time/tcp output >: 10.1.0.1 > 10.2.0.1\n"
                                              "p/time/udp output >: 10.1.0.1 > 10.2.0.1\n"
                                              "p/peers/tcp output >: 10.1.0.1 > 10.1.0.2\n"
                                              "p/peers/tcp input >: 10.1.0.2 > 10.1.0.1\n"
                                              "p/peers/icmp output >: 10.1.0.1 > 10.1.0.2\n"
                                              "p/peers/icmp input >: 10.1.0.2 > 10.1.0.1\n"
                                              "extra/in/tcp output >: 10.1.0.1 > 10.1.0.254\n");
    policy = plan_policy(test.arena, test.plan, &test.site->firewalls[0], TODAY, &test.diags);
    assert_int_equal(policy->hooks, 1u << HOOK_FORWARD | 1u << HOOK_INPUT | 1u << HOOK_OUTPUT);
    assert_int_equal(policy->families, FAMILY_BIT(FAMILY_V4));
    assert_false(policy->management_unreached);
    assert_int_equal(policy->face_n, 8);
    assert_true(ranges_contain(policy->scope[FAMILY_V4], 0x0a010001));
    assert_true(ranges_contain(policy->scope[FAMILY_V4], 0x0a0100fe));
    assert_false(ranges_contain(policy->scope[FAMILY_V4], 0x08080808));
    policy = plan_policy(test.arena, test.plan, &test.site->firewalls[1], TODAY, &test.diags);
    assert_true(policy->management_unreached);
    assert_null(policy->scope[FAMILY_V4]);
    test_site_close(&test);
}

static bool on_a_face(const struct policy *policy, const struct permit *permit, u128 source, u128 destination)
{
    for (size_t i = 0; i < policy->face_n; i++) {
        const struct face *face = &policy->faces[i];

        if (face->hook == permit->hook && str_eq(face->in, permit->in) && str_eq(face->out, permit->out) &&
            ranges_contain(face->source[FAMILY_V4], source) &&
            ranges_contain(face->destination[FAMILY_V4], destination))
            return true;
    }
    return false;
}

/* What a host in two zones has to let through comes and goes where excess is looked for. */
static void faces(void **state)
{
    struct test_site test;
    const struct policy *policy;

    (void)state;
    test_site_open(&test,
                   "names: {d: [10.1.0.1, 10.2.0.1], a: 10.1.0.9, b: 10.2.0.9, far: 192.0.2.1}\n"
                   "extra: [{id: in, from: [a, b, far], to: d, ports: [22/tcp], owner: o, reason: r},\n"
                   "        {id: out, from: d, to: [a, b, far], ports: [22/tcp], owner: o, reason: r}]\n"
                   "zones: {a: 10.1.0.0/16, b: 10.2.0.0/16, out: any}\n"
                   "firewalls:\n"
                   "  f: {dialect: nftables, interfaces: {a: f0, b: f1, out: f2}}\n"
                   "  d: {dialect: nftables, host: d, interfaces: {a: d0, b: d1}}\n",
                   NULL);
    assert_int_equal(test.diags.errors, 0);
    policy = plan_policy(test.arena, test.plan, &test.site->firewalls[1], TODAY, &test.diags);
    assert_true(policy->permit_n >= 4);
    for (size_t i = 0; i < policy->permit_n; i++) {
        const struct permit *permit = &policy->permits[i];

        for (size_t s = 0; s < permit->source->n; s++) {
            for (size_t d = 0; d < permit->destination->n; d++)
                assert_true(on_a_face(policy, permit, permit->source->v[s].lo, permit->destination->v[d].lo));
        }
    }
    test_site_close(&test);
}

/* What a plan prints as JSON reads back as the same flows. */
static void json_reads_back(void **state)
{
    struct test_site test;
    struct flows flows = {0};
    struct buf out = BUF_EMPTY;
    struct plan old;
    struct change *change;

    (void)state;
    test_site_open(
        &test,
        DEMO("web, nfs, link, odd, never, pair", "",
             ", clock: [10.0.9.1, \"fd00::9\"], filer: 10.0.0.8") "domains: {a.example.org: 192.0.2.1}\n"
                                                                  "extra: [{id: x, from: any, to: 10.0.0.1-10.0.0.5, "
                                                                  "ports: [any, icmp, 5/tcp], owner: o, reason: r}]\n",
        NULL);
    assert_int_equal(test.diags.errors, 0);
    assert_true(test.plan->n > 8);
    report_plan_json(&out, test.plan);
    assert_true(flows_read(test.arena, source_new(test.arena, STR("old.json"), buf_str(&out)), &test.diags, &flows));
    old = (struct plan){.flows = flows.v, .n = flows.n};
    change = plan_change(test.arena, &old, test.plan);
    assert_int_equal(change->same_n, test.plan->n);
    assert_int_equal(change->open_n + change->close_n + change->changed_n, 0);
    buf_free(&out);
    test_site_close(&test);
}

static void ticket(void **state)
{
    struct test_site old;
    struct test_site new;
    struct change *change;
    struct buf out = BUF_EMPTY;

    (void)state;
    test_site_open(&old, DEMO("pair", "", ""), NULL);
    test_site_open(
        &new,
        "instances: {p: {product: demo, features: [pair], parameters: {api-port: 8001}, roles: {host: [10.0.0.1, "
        "10.0.0.3], clock: 10.0.9.1}}}\nomit: [{requirement: p/peers, ports: [icmp], owner: o, reason: r}]\n",
        NULL);
    change = plan_change(new.arena, old.plan, new.plan);
    report_change_text(&out, change);
    assert_string_equal(str_cstr(new.arena, buf_str(&out)),
                        "To open\n"
                        "FLOW        SOURCE             DESTINATION  TRANSPORT  PORTS     PURPOSE\n"
                        "p/time/tcp  10.0.0.1 10.0.0.3  10.0.9.1     tcp        123       time\n"
                        "p/time/udp  10.0.0.1 10.0.0.3  10.0.9.1     udp        123 1234  time\n"
                        "\n"
                        "To close\n"
                        "FLOW          SOURCE             DESTINATION        TRANSPORT  PORTS  PURPOSE\n"
                        "p/peers/icmp  10.0.0.1 10.0.0.2  10.0.0.1 10.0.0.2  icmp              pool\n"
                        "\n"
                        "Changed\n"
                        "FLOW         CHANGE\n"
                        "p/peers/tcp  source +10.0.0.3 -10.0.0.2; destination +10.0.0.3 -10.0.0.2; ports +8001 -8000\n"
                        "\n"
                        "2 to open, 1 to close, 1 changed, 0 as before\n");
    buf_free(&out);
    test_site_close(&old);
    test_site_close(&new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity), cmocka_unit_test(features), cmocka_unit_test(exceptions),
        cmocka_unit_test(policies), cmocka_unit_test(faces),    cmocka_unit_test(json_reads_back),
        cmocka_unit_test(ticket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
