/* Ways through zones and firewalls. */
#include "site_text.h"

static u128 v4(const char *text)
{
    enum family family;
    u128 addr;

    assert_true(addr_parse(str_of(text), &family, &addr));
    return addr;
}

/* "firewall:hook(in,out) …" for each way from one address to another, one a line; "gap" where there is none. */
static const char *ways(struct test_site *test, const char *from, const char *to, bool subnet)
{
    struct routes routes = {0};
    struct buf buf = BUF_EMPTY;
    const char *text;

    routes_find(test->arena, test->site, FAMILY_V4, ranges_one(test->arena, v4(from), v4(from)),
                ranges_one(test->arena, v4(to), v4(to)), subnet, &routes);
    for (size_t i = 0; i < routes.n; i++) {
        for (size_t h = 0; h < routes.v[i].hop_n; h++) {
            const struct hop *hop = &routes.v[i].hops[h];

            buf_addf(&buf, "%s%.*s:%s(%.*s,%.*s)", h > 0 ? " " : "", STR_ARG(hop->firewall->name), hook_name(hop->hook),
                     STR_ARG(hop->in), STR_ARG(hop->out));
        }
        buf_addc(&buf, '\n');
    }
    for (size_t i = 0; i < routes.gap_n; i++)
        buf_adds(&buf, "gap\n");
    text = str_cstr(test->arena, buf_str(&buf));
    buf_free(&buf);
    return text;
}

static void row(void **state)
{
    struct test_site test;

    (void)state;
    test_site_open(&test,
                   "names: {h: 10.1.0.1}\n"
                   "zones: {a: 10.1.0.0/16, m: 10.2.0.0/16, b: 10.3.0.0/16, far: 10.4.0.0/16, out: any}\n"
                   "firewalls:\n"
                   "  w: {dialect: x, interfaces: {a: w0, m: w1}, addresses: [10.1.0.254, 10.2.0.254]}\n"
                   "  e: {dialect: x, interfaces: {m: e0, b: [e1, e2], out: e3}}\n"
                   "  h: {dialect: x, host: h}\n",
                   NULL);
    assert_string_equal(test_said(&test), "");
    assert_string_equal(ways(&test, "10.1.0.2", "10.1.0.3", false), "\n");
    assert_string_equal(ways(&test, "10.1.0.2", "10.2.0.1", false), "w:forward(w0,w1)\n");
    assert_string_equal(ways(&test, "10.1.0.2", "10.3.0.1", false),
                        "w:forward(w0,w1) e:forward(e0,e1)\nw:forward(w0,w1) e:forward(e0,e2)\n");
    assert_string_equal(ways(&test, "8.8.8.8", "10.1.0.2", false), "e:forward(e3,e0) w:forward(w1,w0)\n");
    assert_string_equal(ways(&test, "10.1.0.1", "10.2.0.1", false), "h:output(,) w:forward(w0,w1)\n");
    assert_string_equal(ways(&test, "10.1.0.2", "10.1.0.1", false), "h:input(,)\n");
    assert_string_equal(ways(&test, "10.1.0.1", "10.1.0.1", false), "");
    /* Its own address is at the firewall, whichever side it is from. */
    assert_string_equal(ways(&test, "10.1.0.2", "10.2.0.254", false), "w:input(w0,)\n");
    assert_string_equal(ways(&test, "8.8.8.8", "10.1.0.254", false), "e:forward(e3,e0) w:input(w1,)\n");
    assert_string_equal(ways(&test, "10.1.0.254", "10.3.0.1", false),
                        "w:output(,w1) e:forward(e0,e1)\nw:output(,w1) e:forward(e0,e2)\n");
    assert_string_equal(ways(&test, "10.1.0.254", "10.2.0.254", false), "");
    assert_string_equal(ways(&test, "10.1.0.2", "10.4.0.1", false), "gap\n");
    assert_string_equal(ways(&test, "10.1.0.1", "10.3.0.1", true), "h:output(,)\n");
    test_site_close(&test);
}

/* Two firewalls side by side: both must permit. A longer way round does not count. */
static void alternatives(void **state)
{
    struct test_site test;

    (void)state;
    test_site_open(&test,
                   "zones: {a: 10.1.0.0/16, m: 10.2.0.0/16, n: 10.3.0.0/16, b: 10.4.0.0/16}\n"
                   "firewalls:\n"
                   "  f1: {dialect: x, interfaces: {a: f1a, m: f1m}}\n"
                   "  f2: {dialect: x, interfaces: {a: f2a, m: f2m}}\n"
                   "  f3: {dialect: x, interfaces: {m: f3m, b: f3b}}\n"
                   "  f4: {dialect: x, interfaces: {m: f4m, b: f4b, n: f4n}}\n"
                   "  f5: {dialect: x, interfaces: {a: f5a, n: f5n}}\n",
                   NULL);
    assert_string_equal(ways(&test, "10.1.0.1", "10.2.0.1", false), "f1:forward(f1a,f1m)\nf2:forward(f2a,f2m)\n");
    assert_string_equal(ways(&test, "10.1.0.1", "10.4.0.1", false),
                        "f1:forward(f1a,f1m) f3:forward(f3m,f3b)\nf2:forward(f2a,f2m) f4:forward(f4m,f4b)\n"
                        "f5:forward(f5a,f5n) f4:forward(f4n,f4b)\n");
    test_site_close(&test);
}

/* A host in two zones is met where the address is; one that is not in the zone where its interface is bound to that. */
static void two_homes(void **state)
{
    struct test_site test;

    (void)state;
    test_site_open(&test,
                   "names: {d: [10.1.0.1, 10.2.0.1], s: 10.2.0.2}\n"
                   "zones: {a: 10.1.0.0/16, b: 10.2.0.0/16, out: any}\n"
                   "firewalls:\n"
                   "  f: {dialect: x, interfaces: {a: f0, b: f1, out: f2}}\n"
                   "  d: {dialect: x, host: d, interfaces: {a: d0, b: d1}}\n"
                   "  s: {dialect: x, host: s, interfaces: {a: s0, b: s1}}\n",
                   NULL);
    assert_string_equal(ways(&test, "10.1.0.9", "10.1.0.1", false), "d:input(d0,)\n");
    assert_string_equal(ways(&test, "10.1.0.9", "10.2.0.1", false), "f:forward(f0,f1) d:input(d1,)\n");
    assert_string_equal(ways(&test, "10.2.0.9", "10.1.0.1", false), "f:forward(f1,f0) d:input(d0,)\n");
    assert_string_equal(ways(&test, "8.8.8.8", "10.2.0.1", false), "f:forward(f2,f1) d:input(d1,)\n");
    assert_string_equal(ways(&test, "10.1.0.9", "10.2.0.1", true), "d:input(d0,)\n");
    assert_string_equal(ways(&test, "10.1.0.9", "10.2.0.2", false), "f:forward(f0,f1) s:input(s0,)\n");
    test_site_close(&test);
}

static void no_zones(void **state)
{
    struct test_site test;

    (void)state;
    test_site_open(
        &test,
        "names: {h: 10.1.0.1}\n"
        "firewalls:\n  f: {dialect: x}\n  g: {dialect: x, addresses: 10.1.0.9}\n  h: {dialect: x, host: h}\n",
        NULL);
    assert_string_equal(ways(&test, "10.1.0.1", "10.1.0.2", false), "h:output(,) f:forward(,) g:forward(,)\n");
    assert_string_equal(ways(&test, "10.1.0.2", "10.1.0.9", false), "f:forward(,) g:input(,)\n");
    assert_string_equal(ways(&test, "10.1.0.2", "10.1.0.1", true), "h:input(,)\n");
    test_site_close(&test);
}

/* Every pair of addresses of two ends is in the routes of one way, and in no other's. */
static void covers(void **state)
{
    struct test_site test;
    struct routes routes = {0};

    (void)state;
    test_site_open(&test,
                   "names: {h: 10.1.0.1, i: [10.1.0.2, 10.2.0.2]}\n"
                   "zones: {a: 10.1.0.0/24, b: 10.2.0.0/24}\n"
                   "firewalls:\n  f: {dialect: x, interfaces: {a: a0, b: b0}, addresses: [10.1.0.3, 10.2.0.3]}\n"
                   "  h: {dialect: x, host: h}\n  i: {dialect: x, host: i}\n",
                   NULL);
    {
        const struct range ends[] = {{v4("10.1.0.0"), v4("10.1.0.7")}, {v4("10.2.0.0"), v4("10.2.0.7")}};
        const struct ranges *set = ranges_of(test.arena, ends, 2);

        routes_find(test.arena, test.site, FAMILY_V4, set, set, false, &routes);
        assert_int_equal(routes.gap_n, 0);
        for (unsigned s = 0; s < 16; s++) {
            for (unsigned d = 0; d < 16; d++) {
                u128 source = ends[s / 8].lo + s % 8;
                u128 destination = ends[d / 8].lo + d % 8;
                bool own = (s % 8 == 3 && d % 8 == 3) || (s % 8 == 2 && d % 8 == 2) || (s == d && s == 1);
                unsigned found = 0;

                for (size_t r = 0; r < routes.n; r++)
                    found += ranges_contain(routes.v[r].source, source) &&
                             ranges_contain(routes.v[r].destination, destination);
                assert_int_equal(found, own ? 0 : 1);
            }
        }
    }
    test_site_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row),      cmocka_unit_test(alternatives), cmocka_unit_test(two_homes),
        cmocka_unit_test(no_zones), cmocka_unit_test(covers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
