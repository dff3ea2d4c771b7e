/* What a host of a site has to answer: flows to it, joined port by port. */
#include "site_text.h"

#include "net/proto.h"
#include "plan/host_ports.h"

static const char names[] = "names: {one: 10.0.0.1, two: [10.0.0.2, \"fd00::2\"], both: [one, two], few: 10.0.9.1, "
                            "more: [10.0.8.0/24, \"fd00::8:0/112\"]}\n";

static const struct ranges *addresses_of(struct test_site *test, const char *name, enum family family)
{
    const struct address_set *set = map_get(&test->site->names, str_of(name));

    assert_non_null(set);
    return set->family[family].ranges;
}

/* "80/tcp http 10.0.9.1" a line for each; "passive" where it is. */
static const char *answered(struct test_site *test, const char *host)
{
    const struct ranges *addresses[FAMILY_N] = {addresses_of(test, host, FAMILY_V4),
                                                addresses_of(test, host, FAMILY_V6)};
    struct host_ports ports = {0};
    struct buf out = BUF_EMPTY;
    const char *text;

    plan_host_ports(test->arena, test->plan, addresses, &ports, &test->diags);
    host_ports_join(test->arena, &ports, &test->diags);
    for (size_t i = 0; i < ports.n; i++) {
        const struct host_port *port = &ports.v[i];

        buf_addf(&out, "%u/%s %.*s", port->port, port->transport == PROTO_TCP ? "tcp" : "udp", STR_ARG(port->service));
        for (size_t k = 0; k < port->sources->n; k++) {
            buf_addc(&out, ' ');
            addr_range_format(&out, port->family, port->sources->v[k]);
        }
        buf_adds(&out, port->passive ? " passive\n" : "\n");
    }
    text = str_cstr(test->arena, buf_str(&out));
    buf_free(&out);
    return text;
}

static const struct host_case {
    const char *site; /* behind the names */
    const char *host;
    const char *answered;
    const char *said;
} cases[] = {
    /* several flows to one port share it */
    {"extra:\n"
     "  - {id: a, from: few, to: one, ports: [80/tcp], service: http, owner: o, reason: r}\n"
     "  - {id: b, from: more, to: both, ports: [80/tcp], service: http, owner: o, reason: r}\n"
     "  - {id: c, from: few, to: two, ports: [22/tcp], service: ssh, owner: o, reason: r}\n",
     "one", "80/tcp http 10.0.8.0/24 10.0.9.1\n", ""},
    /* both families, each with its own sources */
    {"extra:\n"
     "  - {id: b, from: more, to: two, ports: [53/udp, 53/tcp], service: dns, owner: o, reason: r}\n",
     "two", "53/tcp dns 10.0.8.0/24\n53/udp dns 10.0.8.0/24\n53/tcp dns fd00::8:0/112\n53/udp dns fd00::8:0/112\n", ""},
    /* who names no protocol goes with who does, in any order; ranges are every port */
    {"extra:\n"
     "  - {id: a, from: few, to: one, ports: [80-82/tcp], owner: o, reason: r}\n"
     "  - {id: b, from: more, to: one, ports: [81/tcp], service: http, owner: o, reason: r}\n"
     "  - {id: c, from: more, to: one, ports: [82/tcp], service: any, owner: o, reason: r}\n",
     "one", "80/tcp tcp 10.0.9.1\n81/tcp http 10.0.8.0/24 10.0.9.1\n82/tcp tcp 10.0.8.0/24 10.0.9.1\n", ""},
    /* two protocols at one port, said once for a range */
    {"extra:\n"
     "  - {id: a, from: few, to: one, ports: [80-82/tcp], service: http, owner: o, reason: r}\n"
     "  - {id: b, from: more, to: one, ports: [80-82/tcp], service: ssh, owner: o, reason: r}\n",
     "one", "80/tcp http 10.0.8.0/24 10.0.9.1\n81/tcp http 10.0.8.0/24 10.0.9.1\n82/tcp http 10.0.8.0/24 10.0.9.1\n",
     "error: two services at 80/tcp: http for extra/a/tcp, ssh for extra/b/tcp\n"},
    /* data ports wait */
    {"extra:\n"
     "  - {id: a, from: few, to: one, ports: [21/tcp], service: ftp, owner: o, reason: r}\n"
     "  - {id: b, from: few, to: one, ports: [40000-40001/tcp], service: ftp-passive, owner: o, reason: r}\n",
     "one", "21/tcp ftp 10.0.9.1\n40000/tcp tcp 10.0.9.1 passive\n40001/tcp tcp 10.0.9.1 passive\n", ""},
    /* nobody is his own far end; all of several hosts may be */
    {"extra:\n"
     "  - {id: a, from: both, to: both, ports: [80/tcp], service: http, owner: o, reason: r}\n",
     "one", "80/tcp http 10.0.0.2\n", ""},
    {"extra:\n"
     "  - {id: a, from: both, to: both, ports: [80/tcp], service: http, owner: o, reason: r}\n",
     "both", "80/tcp http 10.0.0.1-10.0.0.2\n", ""},
    /* echoes are the kernel's; what cannot be stood in for is said */
    {"extra:\n"
     "  - {id: a, from: few, to: one, ports: [icmp], owner: o, reason: r}\n"
     "  - {id: b, from: few, to: one, ports: [any], owner: o, reason: r}\n",
     "one", "", "warning: nothing stands in for extra/b/any: any port of any protocol\n"},
    /* dynamic ports, each its program's */
    {"instances:\n"
     "  a: {product: demo, features: [-ntp, nfs], parameters: {mountd-port: 20048, status-port: 32765}, "
     "roles: {host: few, filer: one}}\n",
     "one", "111/tcp rpcbind 10.0.9.1\n20048/udp mountd 10.0.9.1\n32765/udp status 10.0.9.1\n", ""},
    /* not pinned: said, and nothing guessed */
    {"instances:\n"
     "  a: {product: demo, features: [-ntp, nfs], parameters: {mountd-port: 20048}, roles: {host: few, filer: one}}\n",
     "one", "111/tcp rpcbind 10.0.9.1\n",
     "5:3: warning: a/mount stays unresolved: the ports are chosen at run time, and status-port is not set\n"
     "warning: nothing stands in for a/mount/udp: its ports are not known: the ports are chosen at run time, and "
     "status-port is not set\n"},
    /* one port for two programs */
    {"instances:\n"
     "  a: {product: demo, features: [-ntp, nfs], parameters: {mountd-port: 20048, status-port: 20048}, "
     "roles: {host: few, filer: one}}\n",
     "one", "111/tcp rpcbind 10.0.9.1\n20048/udp mountd 10.0.9.1\n",
     "error: two services at 20048/udp: mountd for a/mount/udp, status for a/mount/udp\n"},
    /* what must not be possible is not answered */
    {"instances:\n  a: {product: demo, features: [-ntp, never], roles: {host: one, clock: few}}\n", "one", "", ""},
};

static void hosts_answer_what_flows_ask(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct test_site test;
        char site[2048];

        snprintf(site, sizeof site, "%s%s", names, cases[i].site);
        test_site_open(&test, site, NULL);
        assert_non_null(test.plan);
        assert_string_equal(answered(&test, cases[i].host), cases[i].answered);
        assert_string_equal(test_said(&test), cases[i].said);
        test_site_close(&test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hosts_answer_what_flows_ask)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
