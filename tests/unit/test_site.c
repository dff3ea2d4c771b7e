/* The site file: names from everywhere, and what is said about mistakes. */
#include "site_text.h"

/* An extra flow shows what a name stands for. */
#define SHOW "extra: [{id: x, from: a, to: any, ports: [1/tcp], owner: o, reason: r}]\n"

static void names(void **state)
{
    static const struct test_file ini[] = {{"hosts.ini", "# inventory\n"
                                                         "[web]\n"
                                                         "web[01:03] ansible_user=x\n"
                                                         "10.0.0.9\n"
                                                         "[web:vars]\n"
                                                         "x=y\n"
                                                         "[db]\n"
                                                         "web01 ansible_host=10.1.0.1\n"
                                                         "web02 ansible_host=\"10.1.0.2\"\n"
                                                         "web03 ansible_host=fd00::3\n"
                                                         "d[a:b]:22 x='a b' ansible_host=10.2.0.1\n"
                                                         "[a:children]\n"
                                                         "web\n"
                                                         "db\n"},
                                           {"hosts.csv",
                                            "Name,owner,Address,address2\r\n\"a\",\"x, y\",10.0.0.1,fd00::1\r\n"
                                            "b,,10.0.0.2,\r\n"},
                                           {"hosts.yml", "all:\n  hosts: {h1: {ansible_host: 10.0.0.1}}\n  children:\n"
                                                         "    a: {hosts: {h2: {ansible_host: 10.0.0.2}, h1: }}\n"},
                                           {NULL, NULL}};
    static const struct site_case cases[] = {
        {"names: {a: b, b: [c, 10.0.0.0/24, 10.0.0.7], c: [10.1.0.5-10.1.0.9, \"fd00::/64\"]}\n" SHOW,
         "extra/x/tcp: 10.0.0.0/24 10.0.0.7 10.1.0.5-10.1.0.9 > any 1\nextra/x/tcp/v6: fd00::/64 > any 1\n", "", NULL},
        {"names: {a: [10.0.0.2, 10.0.0.1, 10.0.0.2]}\n" SHOW, "extra/x/tcp: 10.0.0.1 10.0.0.2 > any 1\n", "", NULL},
        {"names: {a: any}\n" SHOW, "extra/x/tcp: any > any 1\nextra/x/tcp/v6: any > any 1\n", "", NULL},
        {"names-from: [hosts.ini]\n" SHOW,
         "extra/x/tcp: 10.0.0.9 10.1.0.1 10.1.0.2 10.2.0.1 > any 1\nextra/x/tcp/v6: fd00::3 > any 1\n", "", ini},
        {"names-from: hosts.csv\n" SHOW, "extra/x/tcp: 10.0.0.1 > any 1\nextra/x/tcp/v6: fd00::1 > any 1\n", "", ini},
        {"names-from: [hosts.yml]\n" SHOW, "extra/x/tcp: 10.0.0.1 10.0.0.2 > any 1\n", "", ini},
        {"zones: {a: 10.0.0.0/30, b: 10.0.0.0/31}\n" SHOW, "extra/x/tcp: 10.0.0.2/31 > any 1\n", "", NULL},
        {"names: {}\nzones:\nextra:\n", "", "", NULL},
        {"names: {a: 10.0.0.1, d: [10.0.0.2, \"fd00::2\"]}\nresolver: [d, 10.0.0.3]\n"
         "proxy: \"socks5://[fd00::9]:1080/\"\n" SHOW,
         "extra/x/tcp: 10.0.0.1 > any 1\n", "", NULL},
    };

    (void)state;
    SITE_CASES(cases);
}

static void names_wrong(void **state)
{
    static const struct test_file files[] = {{"a.ini", "[g\nx ansible_host=foo\nb[1:x]\nb[1:99999999]\n[g:kids]\n"},
                                             {"b.ini", "a\n"},
                                             {"c.csv", "host,ip\n"},
                                             {"d.csv", "name,address\na,10.0.0.300\n,10.0.0.1\n\"b,10.0.0.1\n"},
                                             {NULL, NULL}};
    static const struct site_case cases[] = {
        {"names: {a: b, b: [c], c: a}\n", "", "3:26: error: names loop: a -> b -> c -> a\n", NULL},
        {"names: {a: a}\n", "", "3:12: error: names loop: a -> a\n", NULL},
        {"names: {a: 10.0.0.1/8}\n", "",
         "3:12: error: \"10.0.0.1/8\": bits behind the prefix are set (the prefix is 10.0.0.0/8)\n", NULL},
        {"names: {a: 10.0.0.9-10.0.0.1, b: \"10.0.0.1-fd00::1\", c: 10.0.0.0/33}\n", "",
         "3:12: error: \"10.0.0.9-10.0.0.1\": range ends before it starts\n"
         "3:34: error: \"10.0.0.1-fd00::1\": range from one address family to the other\n"
         "3:57: error: \"10.0.0.0/33\": prefix length out of range\n",
         NULL},
        {"names: {filer: 10.0.0.1, a: filet, b: filet}\n", "",
         "3:29: error: unknown name \"filet\" (did you mean \"filer\"?)\n"
         "3:39: error: unknown name \"filet\" (did you mean \"filer\"?)\n",
         NULL},
        {"names: {a: 10.0.0.256, b: [], c: {d: e}, any: 10.0.0.1, 10.0.0.1: 10.0.0.2, \"x y\": 10.0.0.1, e: "
         "[[10.0.0.1]]}\n",
         "",
         "3:42: error: \"any\" is a word of its own and names no name\n"
         "3:57: error: \"10.0.0.1\" is an address, and cannot name a name\n"
         "3:77: error: name \"x y\" must be of letters, digits, and dots, underscores or hyphens between them\n"
         "3:12: error: \"10.0.0.256\" is not an address, a prefix or a range\n"
         "3:27: error: a name's value is an empty list\n"
         "3:34: error: a name's value must be an address, a prefix, a range, a name or a list of them, not a map\n"
         "3:98: error: a name's value must not have a list inside a list\n",
         NULL},
        {"names-from: [a.ini, none.ini]\n", "",
         "1:1: error: a section does not end in \"]\"\n"
         "3:1: error: \"b[1:x]\" is no host or range of hosts, like web[01:10] (one line stands for at most 65536 "
         "hosts)\n"
         "4:1: error: \"b[1:99999999]\" is no host or range of hosts, like web[01:10] (one line stands for at most "
         "65536 "
         "hosts)\n"
         "5:1: error: unknown kind of section \"kids\"; expected children or vars\n"
         "3:21: error: cannot read none.ini: No such file or directory\n",
         files},
        {"names: {a: 10.0.0.1}\nnames-from: [b.ini]\n", "",
         "1:1: error: \"a\" is a name of the site file too (give one of the two another name)\n", files},
        {"names-from: [b.ini]\n" SHOW, "",
         "1:1: error: \"a\" has no `ansible_host` in the inventory, and is no address itself\n", files},
        {"names-from: [c.csv, d.csv]\n", "",
         "1:1: error: a table of hosts needs a header with `name` and `address`\n"
         "2:3: error: \"10.0.0.300\": not an address\n3:1: error: a row without a name\n4:1: error: a quote is not "
         "closed\n",
         files},
    };

    (void)state;
    SITE_CASES(cases);
}

static void sections_wrong(void **state)
{
    static const struct site_case cases[] = {
        {"names: {net: 10.0.0.0/24}\nresolver: net\nproxy: ftp://proxy.example:21\n", "",
         "4:11: error: a resolver is one address, or a list of at most 16\n"
         "5:8: error: a proxy is http://HOST:PORT or socks5://HOST:PORT\n",
         NULL},
        {"resolver: any\nproxy: http://proxy.example:0\n", "",
         "3:11: error: a resolver is one address, or a list of at most 16\n"
         "4:8: error: its port is a number from 1 to 65535\n",
         NULL},
        {"resolver: nobody\nproxy: http://me@proxy.example\n", "",
         "3:11: error: unknown name \"nobody\"\n"
         "4:8: error: before the @ stand a name and a password, NAME:PASSWORD\n",
         NULL},
        {"nmes: {}\nextra: {}\nzones: []\n", "",
         "5:8: error: \"zones\" must be a map, not a list\n4:8: error: \"extra\" must be a list, not a map\n"
         "3:1: error: unknown key \"nmes\" in a site (did you mean \"names\"?)\n",
         NULL},
        {"instances: {p: {product: dmo}}\n", "", "3:26: error: unknown product \"dmo\" (did you mean \"demo\"?)\n",
         NULL},
        {"instances: {p: {product: demo, features: [-ntp, ntq, -ntp, wbe], parameters: {api-prt: 1, api-port: 0, "
         "proxy-port: "
         "65536, mountd-port: 80-70, status-port: x}, roles: {hst: none}, rols: {}}}\n",
         "",
         "3:49: error: demo has no feature \"ntq\" (did you mean \"ntp\"?)\n"
         "3:54: error: feature \"ntp\" stands here twice\n"
         "3:60: error: demo has no feature \"wbe\" (did you mean \"web\"?)\n"
         "3:79: error: demo has no parameter \"api-prt\" (did you mean \"api-port\"?)\n"
         "3:101: error: parameter \"api-port\": \"0\": port 0 cannot be used\n"
         "3:116: error: parameter \"proxy-port\": \"65536\": ports end at 65535\n"
         "3:136: error: parameter \"mountd-port\": \"80-70\": the range ends before it begins\n"
         "3:156: error: parameter \"status-port\": \"x\": a port (1 to 65535) or a range of ports N-M was expected\n"
         "3:168: error: demo has no role \"hst\" (did you mean \"host\"?)\n"
         "3:180: error: unknown key \"rols\" in an instance (did you mean \"roles\"?)\n",
         NULL},
        {"zones: {a: 10.0.0.0/8, b: [10.0.0.0/8], c: any, d: any}\n", "",
         "3:52: error: zone \"c\" is `any` already: only one can be all the rest\n"
         "3:28: error: 10.0.0.0/8 is in zone \"a\" and in zone \"b\"\n",
         NULL},
        {"zones: {a: 10.0.0.0/8}\nfirewalls: {f: {dialect: x, interfaces: {b: eth0}, deny: rejct, baseline: [dhpc]}, "
         "g: {}}\n",
         "",
         "4:42: error: unknown zone \"b\" (did you mean \"a\"?)\n"
         "4:58: error: \"deny\" must be drop or reject, not \"rejct\" (did you mean \"reject\"?)\n"
         "4:76: error: a piece of the baseline must be loopback, replies, icmp-errors, neighbour-discovery or dhcp, "
         "not "
         "\"dhpc\" (did you mean \"dhcp\"?)\n"
         "4:13: warning: firewall \"f\" joins no zones and is no host: no flow meets it\n"
         "4:87: error: missing key \"dialect\"\n"
         "4:84: warning: firewall \"g\" joins no zones and is no host: no flow meets it\n",
         NULL},
        {"extra: [{id: x, from: 10.0.0.1, to: \"fd00::1\", ports: [0/tcp, 65536/udp, 80-70/tcp, 22, dynamic/tcp], "
         "owner: o, "
         "reason: r, expires: 2027-02-30}]\n",
         "",
         "3:9: error: \"10.0.0.1\" and \"fd00::1\" have no address family in common\n"
         "3:56: error: port 0 cannot be used: 1 to 65535 was expected\n3:63: error: port 65536 is above 65535\n"
         "3:74: error: port range 80-70 ends before it begins (did you mean \"70-80\"?)\n"
         "3:85: error: ports \"22\" lack a transport (write 22/tcp, 22/udp or both)\n"
         "3:89: error: a site says its ports outright: PORT/TRANSPORT, icmp or any was expected\n"
         "3:133: error: \"expires\" must be a date YYYY-MM-DD, not \"2027-02-30\"\n",
         NULL},
        {"tests: [{deny: {from: any, to: any, ports: [any]}, allow: {}}, {dney: {}}, {allow: {to: any, ports: "
         "[icmp]}}]\n",
         "",
         "3:9: error: a test is either `allow` or `deny`\n"
         "3:65: error: unknown key \"dney\" in a test (did you mean \"deny\"?)\n"
         "3:64: error: a test is either `allow` or `deny`\n3:85: error: missing key \"from\"\n",
         NULL},
    };

    (void)state;
    SITE_CASES(cases);
}

static void domains(void **state)
{
    static const struct test_file lock[] = {{"lab.lock.yaml",
                                             "date: 2026-11-30\ndomains:\n  a.example.org: [192.0.2.1]\n"
                                             "  b.example.org: [192.0.2.2]\n"},
                                            {NULL, NULL}};
    static const struct test_file bad[] = {{"lab.lock.yaml", "domains: [x]\ndate: yesterday\nx: y\n"}, {NULL, NULL}};
    static const char site[] = "instances: {p: {product: demo, features: [web, -ntp], roles: {host: 10.0.0.1}}}\n"
                               "domains: {a.example.org: 192.0.2.9}\n";
    static const char stands_in[] = "3:13: note: nobody fills the role \"leader\" of \"p\": all of \"host\" stand in\n";
    const struct site_case cases[] = {
        {site, "p/get/tcp: 10.0.0.1 > 192.0.2.2 192.0.2.9 443\n", stands_in, lock},
        {site, "p/get/tcp: 10.0.0.1 > 192.0.2.9 443 ! not resolved: b.example.org\n", stands_in, NULL},
        {"domains: {a.example.com: 192.0.2.9, B.org: 192.0.2.9, c.example.org: any}\n", "",
         "3:37: error: \"B.org\" is not a domain in lower case, like repo.example.org\n"
         "3:70: error: a domain resolves to addresses, never to `any`\n"
         "3:11: warning: no instance asks for the domain \"a.example.com\"\n",
         NULL},
        {"", "",
         "2:7: error: \"date\" must be a date YYYY-MM-DD\n1:10: error: \"domains\" must be a map, not a list\n"
         "3:1: error: unknown key \"x\" in a lock file\n",
         bad},
    };

    (void)state;
    SITE_CASES(cases);
}

static void zones_by_longest_prefix(void **state)
{
    struct test_site test;
    const struct zone *zones;

    (void)state;
    test_site_open(
        &test, "zones: {a: [10.0.0.0/8, 10.1.1.0/24], b: 10.1.0.0/16, c: any, d: 255.255.255.255, e: \"ffff::/16\"}\n",
        NULL);
    assert_string_equal(test_said(&test), "");
    zones = test.site->zones;
    assert_true(ranges_contain(zones[0].ranges[FAMILY_V4], 0x0a000001));
    assert_false(ranges_contain(zones[0].ranges[FAMILY_V4], 0x0a010001));
    assert_true(ranges_contain(zones[0].ranges[FAMILY_V4], 0x0a010101));
    assert_true(ranges_contain(zones[1].ranges[FAMILY_V4], 0x0a010001));
    assert_false(ranges_contain(zones[1].ranges[FAMILY_V4], 0x0a010101));
    assert_true(ranges_contain(zones[2].ranges[FAMILY_V4], 0x08080808));
    assert_false(ranges_contain(zones[2].ranges[FAMILY_V4], 0xffffffff));
    assert_true(ranges_contain(zones[2].ranges[FAMILY_V6], 1));
    for (unsigned f = 0; f < FAMILY_N; f++) {
        const struct ranges *all = &ranges_empty;

        for (size_t i = 0; i < test.site->zone_n; i++) {
            assert_false(ranges_overlap(all, zones[i].ranges[f]));
            all = ranges_union(test.arena, all, zones[i].ranges[f]);
        }
        assert_true(ranges_equal(all, addr_all((enum family)f)));
    }
    test_site_close(&test);
}

/* What is printed reads back: as it is, only the roles to fill in are errors; filled in, nothing is. */
static void init_reads_back(void **state)
{
    struct test_site test;
    struct buf out = BUF_EMPTY;
    struct buf filled = BUF_EMPTY;
    const struct catalog *products[2];
    struct str rest;

    (void)state;
    test_site_open(&test, "", NULL);
    products[0] = products[1] = test.catalogs.v[0];
    site_init(&out, products, 2);
    assert_non_null(
        site_read(test.arena, source_new(test.arena, STR("i.yaml"), buf_str(&out)), &test.catalogs, NULL, &test.diags));
    assert_string_equal(test_said(&test),
                        "28:7: error: role \"host\" of \"demo\" is not filled in (host: addresses or a name, "
                        "or `none` where there is none on purpose)\n"
                        "30:7: error: role \"clock\" of \"demo\" is not filled in (clock: addresses or a "
                        "name, or `none` where there is none on purpose)\n"
                        "55:7: error: role \"host\" of \"demo-2\" is not filled in (host: addresses or a "
                        "name, or `none` where there is none on purpose)\n"
                        "57:7: error: role \"clock\" of \"demo-2\" is not filled in (clock: addresses or a "
                        "name, or `none` where there is none on purpose)\n");
    for (rest = buf_str(&out); rest.n > 0;) {
        struct str line = str_cut(rest, '\n', &rest);
        struct str role = str_trim(str_cut(line, '#', &(struct str){0}));

        if (str_is(role, "host:") || str_is(role, "clock:"))
            buf_addf(&filled, "      %.*s 192.0.2.1\n", STR_ARG(role));
        else
            buf_addf(&filled, "%.*s\n", STR_ARG(line));
    }
    diags_init(&test.diags, test.arena);
    test.site = site_read(test.arena, source_new(test.arena, STR("i.yaml"), buf_str(&filled)), &test.catalogs, NULL,
                          &test.diags);
    plan_make(test.arena, test.site, TODAY, &test.diags);
    assert_int_equal(test.diags.errors, 0);
    buf_free(&out);
    buf_free(&filled);
    test_site_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(names_wrong),
        cmocka_unit_test(sections_wrong),
        cmocka_unit_test(domains),
        cmocka_unit_test(zones_by_longest_prefix),
        cmocka_unit_test(init_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
