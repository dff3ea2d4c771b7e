/* Who takes part in a rehearsal, and what must not pass there. */
#include "rehearse/neighbours.h"
#include "rehearse/ways.h"
#include "site_text.h"

static u128 address(const char *text)
{
    enum family family;
    u128 value;

    assert_true(addr_parse(str_of(text), &family, &value));
    return value;
}

/* "name zone: address …" of each actor, a line each. */
static const char *cast_text(struct arena *arena, const struct cast *cast)
{
    struct buf text = BUF_EMPTY;
    const char *copy;

    for (size_t i = 0; i < cast->n; i++) {
        const struct actor *actor = cast->v[i];

        buf_addf(&text, "%.*s %.*s%s%.*s:", STR_ARG(actor->name),
                 STR_ARG(actor->zone == NULL ? STR("-") : actor->zone->name), actor->firewall == NULL ? "" : " at ",
                 STR_ARG(actor->firewall == NULL ? STR_EMPTY : actor->firewall->name));
        for (unsigned f = 0; f < FAMILY_N; f++) {
            for (size_t k = 0; k < actor->address_n[f]; k++) {
                buf_addc(&text, ' ');
                addr_format(&text, (enum family)f, actor->addresses[f][k]);
            }
        }
        buf_addc(&text, '\n');
    }
    copy = str_cstr(arena, buf_str(&text));
    buf_free(&text);
    return copy;
}

struct cast_case {
    const char *site;
    const char *cast;
    bool all;
};

static void check_cast(const struct cast_case *one)
{
    struct test_site test;
    struct cast_wishes wishes = {.all = one->all};

    test_site_open(&test, one->site, NULL);
    assert_string_equal(test_said(&test), "");
    wishes.plan = test.plan;
    assert_string_equal(cast_text(test.arena, cast_make(test.arena, &wishes, &test.diags)), one->cast);
    assert_string_equal(test_said(&test), "");
    test_site_close(&test);
}

#define FLOW(from, to, ports) "extra: [{id: x, from: " from ", to: " to ", ports: [" ports "], owner: o, reason: r}]\n"

static void classes_and_edges(void **state)
{
    static const struct cast_case cases[] = {
        /* One address: itself, and those next to it. Nobody is in no zone. */
        {"names: {a: 10.1.0.5, b: 10.2.0.9}\n"
         "zones: {left: 10.1.0.4/30, right: 10.2.0.9}\n" FLOW("a", "b", "80/tcp"),
         "10.1.0.4 left: 10.1.0.4\n"
         "a left: 10.1.0.5\n"
         "10.1.0.6 left: 10.1.0.6\n"
         "10.1.0.7 left: 10.1.0.7\n"
         "b right: 10.2.0.9\n",
         false},
        /* A range of a thousand is its first and its last; a name joins the families. */
        {"names: {many: 10.1.0.10-10.1.3.250, b: [10.2.0.9, \"fd02::9\"]}\n"
         "zones: {left: 10.1.0.0/16, right: [10.2.0.9, \"fd02::9\"]}\n" FLOW("many", "10.2.0.9", "80/tcp"),
         "10.1.0.0 left: 10.1.0.0\n"
         "10.1.0.9 left: 10.1.0.9\n"
         "10.1.0.10 left: 10.1.0.10\n"
         "10.1.3.250 left: 10.1.3.250\n"
         "10.1.3.251 left: 10.1.3.251\n"
         "10.1.255.255 left: 10.1.255.255\n"
         "b right: 10.2.0.9 fd02::9\n",
         false},
        /* Lone addresses that all are treated alike: the first and the last of them, no matter how many. */
        {"names: {hosts: [10.1.0.10, 10.1.0.20, 10.1.0.30, 10.1.0.40, 10.1.0.50], b: 10.2.0.9}\n"
         "zones: {left: 10.1.0.8/29, more: 10.1.0.16-10.1.0.60, right: 10.2.0.9}\n" FLOW("hosts", "b", "80/tcp"),
         "10.1.0.8 left: 10.1.0.8\n"
         "10.1.0.9 left: 10.1.0.9\n"
         "10.1.0.10 left: 10.1.0.10\n"
         "10.1.0.11 left: 10.1.0.11\n"
         "10.1.0.15 left: 10.1.0.15\n"
         "10.1.0.16 more: 10.1.0.16\n"
         "10.1.0.20 more: 10.1.0.20\n"
         "10.1.0.49 more: 10.1.0.49\n"
         "10.1.0.50 more: 10.1.0.50\n"
         "10.1.0.51 more: 10.1.0.51\n"
         "10.1.0.60 more: 10.1.0.60\n"
         "b right: 10.2.0.9\n",
         false},
        /* Every one of what was written, on request; a zone alone is not. */
        {"names: {few: 10.1.0.10-10.1.0.14, b: 10.2.0.9}\n"
         "zones: {left: 10.1.0.10-10.1.0.40, right: 10.2.0.9}\n" FLOW("few", "b", "80/tcp"),
         "10.1.0.10 left: 10.1.0.10\n"
         "10.1.0.11 left: 10.1.0.11\n"
         "10.1.0.12 left: 10.1.0.12\n"
         "10.1.0.13 left: 10.1.0.13\n"
         "10.1.0.14 left: 10.1.0.14\n"
         "10.1.0.15 left: 10.1.0.15\n"
         "10.1.0.40 left: 10.1.0.40\n"
         "b right: 10.2.0.9\n",
         true},
        /* A firewall is one actor, a host with a firewall one in each of its zones. */
        {"names: {h: [10.1.0.5, 10.2.0.5]}\n"
         "zones: {left: 10.1.0.5, right: 10.2.0.5-10.2.0.6}\n"
         "firewalls:\n"
         "  f: {dialect: nftables, interfaces: {left: e0, right: e1}, addresses: [10.2.0.6]}\n"
         "  h: {dialect: nftables, host: h}\n" FLOW("h", "10.2.0.6", "80/tcp"),
         "h left at h: 10.1.0.5\n"
         "h right at h: 10.2.0.5\n"
         "f - at f: 10.2.0.6\n",
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_cast(&cases[i]);
}

/* What only a ruleset tells apart, and a witness, take part too. */
static void rulesets_and_witnesses(void **state)
{
    struct test_site test;
    struct arena *arena;
    struct match match = {.kind = MATCH_RANGES, .field = FIELD_SOURCE};
    struct rule rule = {.families = FAMILY_BIT(FAMILY_V4), .matches = &match, .match_n = 1};
    struct chain chain = {.families = FAMILY_BOTH, .rules = &rule, .rule_n = 1};
    struct chain *chains[] = {&chain};
    const struct ruleset ruleset = {.chains = chains, .chain_n = 1};
    const struct ruleset *rulesets[] = {&ruleset};
    struct packet witness = {.family = FAMILY_V4, .source = address("10.1.0.77"), .destination = address("10.2.0.9")};
    struct cast_wishes wishes = {.rulesets = rulesets, .packets = &witness, .packet_n = 1};
    struct cast *cast;

    (void)state;
    test_site_open(&test,
                   "names: {a: 10.1.0.5, b: 10.2.0.9}\n"
                   "zones: {left: 10.1.0.0/24, right: 10.2.0.9}\n"
                   "firewalls: {f: {dialect: nftables, interfaces: {left: e0, right: e1}}}\n" FLOW("a", "b", "80/tcp"),
                   NULL);
    arena = test.arena;
    match.ranges = ranges_one(arena, address("10.1.0.64"), address("10.1.0.127"));
    wishes.plan = test.plan;
    cast = cast_make(arena, &wishes, &test.diags);
    assert_non_null(cast_find(cast, FAMILY_V4, address("10.1.0.64")));
    assert_non_null(cast_find(cast, FAMILY_V4, address("10.1.0.127")));
    assert_non_null(cast_find(cast, FAMILY_V4, address("10.1.0.77")));
    assert_null(cast_find(cast, FAMILY_V4, address("10.1.0.78")));
    test_site_close(&test);
}

static void too_many(void **state)
{
    struct test_site test;
    struct cast_wishes wishes = {.all = true};

    (void)state;
    test_site_open(&test,
                   "names: {a: 10.0.0.0/8, b: 192.0.2.9}\n"
                   "zones: {left: 10.0.0.0/8, right: 192.0.2.9}\n" FLOW("a", "b", "80/tcp"),
                   NULL);
    wishes.plan = test.plan;
    cast_make(test.arena, &wishes, &test.diags);
    assert_string_equal(
        test_said(&test),
        "warning: extra/x/tcp has too many addresses for all of them to take part (4096 at most): one of "
        "each kind does\n");
    test_site_close(&test);
}

/* --- neighbours --------------------------------------------------------------------------------------------------- */

/* "kind: packet (why)" a line each, in their order. */
static const char *neighbour_text(struct arena *arena, const struct neighbours *neighbours)
{
    struct buf text = BUF_EMPTY;
    const char *copy;

    vec_each (const struct neighbour *, neighbour, neighbours) {
        buf_addf(&text, "%s: ", neighbour_name(neighbour->kind));
        packet_format(&text, &neighbour->packet);
        buf_addf(&text, " (%.*s)\n", STR_ARG(neighbour->why));
    }
    copy = str_cstr(arena, buf_str(&text));
    buf_free(&text);
    return copy;
}

struct neighbour_case {
    const char *site;
    const char *neighbours;
};

static void check_neighbours(const struct neighbour_case *one)
{
    struct test_site test;
    struct cast_wishes cast = {0};
    struct neighbours_wishes wishes = {.today = TODAY};
    const struct policy **policies;

    test_site_open(&test, one->site, NULL);
    assert_string_equal(test_said(&test), "");
    policies = arena_new_array(test.arena, const struct policy *, test.site->firewall_n);
    for (size_t i = 0; i < test.site->firewall_n; i++)
        policies[i] = plan_policy(test.arena, test.plan, &test.site->firewalls[i], TODAY, &test.diags);
    cast.plan = wishes.plan = test.plan;
    wishes.cast = cast_make(test.arena, &cast, &test.diags);
    wishes.policies = policies;
    assert_string_equal(neighbour_text(test.arena, neighbours_find(test.arena, &wishes)), one->neighbours);
    test_site_close(&test);
}

#define TWO_ZONES                                                                                                      \
    "names: {a: 10.1.0.5, b: 10.2.0.9}\n"                                                                              \
    "zones: {left: 10.1.0.5-10.1.0.6, right: 10.2.0.9}\n"

static void next_to_flows(void **state)
{
    static const struct neighbour_case cases[] = {
        {TWO_ZONES "firewalls: {f: {dialect: nftables, interfaces: {left: e0, right: e1}}}\n" FLOW("a", "b", "80/tcp"),
         "port: tcp 10.1.0.5:40000 > 10.2.0.9:79 state new (next to extra/x/tcp)\n"
         "port: tcp 10.1.0.5:40000 > 10.2.0.9:81 state new (next to extra/x/tcp)\n"
         "transport: udp 10.1.0.5:40000 > 10.2.0.9:80 state new (next to extra/x/tcp)\n"
         "source: tcp 10.1.0.6:40000 > 10.2.0.9:80 state new (next to extra/x/tcp)\n"
         "zones: tcp 10.2.0.9:40000 > 10.1.0.5:22 state new (no flow from zone right to zone left)\n"
         "zones: udp 10.2.0.9:40000 > 10.1.0.5:53 state new (no flow from zone right to zone left)\n"
         "zones: icmp 10.2.0.9 > 10.1.0.5 type 8 code 0 state new (no flow from zone right to zone left)\n"},
        /* What another flow or an accepted excess allows is none; the ends of the range of ports have none. */
        {TWO_ZONES "firewalls: {f: {dialect: nftables, interfaces: {left: e0, right: e1}}}\n"
                   "accept: [{firewall: f, from: 10.1.0.6, to: b, ports: [any], owner: o, reason: r}]\n"
                   "extra:\n"
                   "  - {id: x, from: a, to: b, ports: [1-80/tcp], owner: o, reason: r}\n"
                   "  - {id: y, from: a, to: b, ports: [81/tcp, 1/udp], owner: o, reason: r}\n"
                   "  - {id: z, from: b, to: a, ports: [any], owner: o, reason: r}\n",
         "port: tcp 10.1.0.5:40000 > 10.2.0.9:82 state new (next to extra/y/tcp)\n"
         "transport: udp 10.1.0.5:40000 > 10.2.0.9:81 state new (next to extra/y/tcp)\n"
         "port: udp 10.1.0.5:40000 > 10.2.0.9:2 state new (next to extra/y/udp)\n"},
        /* A test holds whatever flows say, and comes first; within a zone nothing stops a packet. */
        {TWO_ZONES "firewalls: {f: {dialect: nftables, interfaces: {left: e0, right: e1}}}\n"
                   "tests: [{deny: {from: left, to: [a, b], ports: [80/tcp]}}]\n"
                   "extra:\n"
                   "  - {id: x, from: left, to: right, ports: [any], owner: o, reason: r}\n"
                   "  - {id: y, from: right, to: left, ports: [any], owner: o, reason: r}\n",
         "test: tcp 10.1.0.5:40000 > 10.2.0.9:80 state new (deny from left to a, b ports 80/tcp)\n"
         "test: tcp 10.1.0.6:40000 > 10.2.0.9:80 state new (deny from left to a, b ports 80/tcp)\n"},
        /* A firewall that leaves others' packets alone has to stop none of them. */
        {TWO_ZONES "firewalls: {f: {dialect: nftables, scope: site, interfaces: {left: e0, right: e1}}}\n"
                   "extra: [{id: x, from: a, to: any, ports: [53/udp], owner: o, reason: r}]\n",
         "port: udp 10.1.0.5:40000 > 10.2.0.9:52 state new (next to extra/x/udp)\n"
         "port: udp 10.1.0.5:40000 > 10.2.0.9:54 state new (next to extra/x/udp)\n"
         "transport: tcp 10.1.0.5:40000 > 10.2.0.9:53 state new (next to extra/x/udp)\n"
         "zones: tcp 10.2.0.9:40000 > 10.1.0.5:22 state new (no flow from zone right to zone left)\n"
         "zones: udp 10.2.0.9:40000 > 10.1.0.5:53 state new (no flow from zone right to zone left)\n"
         "zones: icmp 10.2.0.9 > 10.1.0.5 type 8 code 0 state new (no flow from zone right to zone left)\n"},
        /* What stays on its subnet allows nothing between zones. */
        {"names: {a: 10.1.0.5, b: 10.2.0.9, pool: [a, b]}\n"
         "zones: {left: 10.1.0.5, right: 10.2.0.9}\n"
         "firewalls: {f: {dialect: nftables, interfaces: {left: e0, right: e1}}}\n"
         "instances: {p: {product: demo, features: [-ntp, link-4], roles: {host: pool}}}\n" FLOW("a", "b", "80/tcp"),
         "port: tcp 10.1.0.5:40000 > 10.2.0.9:79 state new (next to extra/x/tcp)\n"
         "port: tcp 10.1.0.5:40000 > 10.2.0.9:81 state new (next to extra/x/tcp)\n"
         "transport: udp 10.1.0.5:40000 > 10.2.0.9:80 state new (next to extra/x/tcp)\n"
         "zones: tcp 10.2.0.9:40000 > 10.1.0.5:22 state new (no flow from zone right to zone left)\n"
         "zones: udp 10.2.0.9:40000 > 10.1.0.5:53 state new (no flow from zone right to zone left)\n"
         "zones: icmp 10.2.0.9 > 10.1.0.5 type 8 code 0 state new (no flow from zone right to zone left)\n"},
        /* No firewall, nothing that could stop a packet; no way, nothing that could come. */
        {TWO_ZONES FLOW("a", "a", "80/tcp"), ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_neighbours(&cases[i]);
}

/* --- ways --------------------------------------------------------------------------------------------------------- */

/* Firewalls from zone to zone, in their order. */
static const char *way_text(struct test_site *test, struct ways *ways, size_t from, size_t to)
{
    struct buf text = BUF_EMPTY;
    const char *copy;

    for (size_t at = from; at != to;) {
        struct way_step in = ways_step(ways, at, to);
        struct way_step out;

        if (in.firewall == NULL) {
            buf_adds(&text, "nowhere ");
            break;
        }
        out = ways_step(ways, firewall_node(test->site, in.firewall), to);
        buf_addf(&text, "%.*s(%.*s,%.*s) ", STR_ARG(in.firewall->name), STR_ARG(in.interface->name),
                 STR_ARG(out.interface->name));
        at = zone_node(test->site, out.interface->zone);
    }
    copy = str_cstr(test->arena, buf_str(&text));
    buf_free(&text);
    return copy;
}

/* Every alternative that the plan knows is taken when it is preferred, and the same way back. */
static void alternatives(void **state)
{
    struct test_site test;
    struct routes routes = {0};

    (void)state;
    test_site_open(&test,
                   "names: {a: 10.1.0.5}\n"
                   "zones: {a: 10.1.0.0/16, b: 10.2.0.0/16, c: 10.3.0.0/16, island: 10.4.0.0/16}\n"
                   "firewalls:\n"
                   "  n1: {dialect: nftables, interfaces: {a: e0, b: e1}}\n"
                   "  n2: {dialect: nftables, interfaces: {a: e0, b: e1}}\n"
                   "  m1: {dialect: nftables, interfaces: {b: e0, c: e1}}\n"
                   "  m2: {dialect: nftables, interfaces: {b: e0, c: e1}}\n"
                   "  m3: {dialect: nftables, interfaces: {b: e0, c: e1}}\n",
                   NULL);
    routes_find(test.arena, test.site, FAMILY_V4, ranges_value(test.arena, address("10.1.0.5")),
                ranges_value(test.arena, address("10.3.0.5")), false, &routes);
    assert_int_equal(routes.n, 3);
    for (size_t i = 0; i < routes.n; i++) {
        struct ways *ways = ways_make(test.arena, test.site, &routes.v[i]);
        struct way_step back;

        assert_true(ways_follow(ways, 0, 2, &routes.v[i]));
        back = ways_step(ways, 2, 0);
        assert_ptr_equal(back.firewall, routes.v[i].hops[1].firewall);
        assert_string_equal(way_text(&test, ways, 0, 3), "nowhere ");
        assert_string_equal(way_text(&test, ways, 1, 1), "");
    }
    assert_false(ways_follow(ways_make(test.arena, test.site, &routes.v[0]), 0, 2, &routes.v[1]));
    test_site_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_and_edges), cmocka_unit_test(rulesets_and_witnesses), cmocka_unit_test(too_many),
        cmocka_unit_test(next_to_flows),     cmocka_unit_test(alternatives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
