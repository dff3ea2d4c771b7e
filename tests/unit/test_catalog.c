/* The catalog's reader and linter: texts in, diagnostics and findings out; the built-in catalogs are read as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog/builtin.h"
#include "catalog/catalog.h"
#include "catalog/lint.h"
#include "catalog/when.h"
#include "model/ports.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A catalog in which only line 9, and what follows, differs from case to case. */
#define HEAD                                                                                                           \
    "portolan: catalog/1\n"                                                                                            \
    "product: p\n"                                                                                                     \
    "title: P\n"                                                                                                       \
    "documents: {d: {title: D, url: 'https://example.org', retrieved: 2026-11-19}}\n"                                  \
    "roles: {host: {title: H}, server: {title: S}, cloud: {title: C, domains: [example.org]}}\n"                       \
    "features: {iscsi: {title: I, default: on}, nfs3: {title: N, default: off}}\n"                                     \
    "parameters: {wlb-port: {title: W, default: 8012}, open-port: {title: O}}\n"                                       \
    "requirements:\n"
#define START "  - {id: r, from: host, to: server, service: tcp, purpose: p, origin: ['d#\"x\"'], "
#define ONE START "ports: [1/tcp]}\n"

struct read_case {
    const char *text;
    const char *wanted; /* "LINE:COLUMN MESSAGE (HINT)\n" for each diagnostic; empty: it is read */
};

static void add_diags(struct buf *out, const struct diags *diags)
{
    for (size_t i = 0; i < diags->n; i++) {
        const struct diag *diag = &diags->v[i];

        if (diag->span.source != NULL)
            buf_addf(out, "%u:%u ", source_line(diag->span.source, diag->span.at),
                     source_column(diag->span.source, diag->span.at));
        buf_add(out, diag->message);
        if (diag->hint.n > 0)
            buf_addf(out, " (%.*s)", STR_ARG(diag->hint));
        buf_addc(out, '\n');
    }
}

static unsigned wrong; /* cases of the running test: all are seen before it fails */

static int start(void **state)
{
    (void)state;
    wrong = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    return wrong == 0 ? 0 : -1;
}

/* Whether the buffer says what was wanted; prints both when not. Frees the buffer. */
static void same(struct buf *said, const char *wanted, const char *about)
{
    bool equal = str_is(buf_str(said), wanted);

    if (!equal)
        print_error("about:\n%s\nwanted:\n%s\nsaid:\n%.*s\n", about, wanted, STR_ARG(buf_str(said)));
    buf_free(said);
    wrong += !equal;
}

static void check_reads(const struct read_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct arena *arena = arena_new();
        struct diags diags;
        struct buf said = BUF_EMPTY;
        const struct source *source = source_new(arena, STR("c.yaml"), str_of(cases[i].text));
        const struct catalog *catalog;

        diags_init(&diags, arena);
        catalog = catalog_read(arena, source, &diags);
        assert_true((catalog == NULL) == (diags.errors > 0));
        add_diags(&said, &diags);
        same(&said, cases[i].wanted, cases[i].text);
        arena_free(arena);
    }
}

static void test_header(void **state)
{
    static const struct read_case cases[] = {
        {HEAD ONE, ""},
        {"", "1:1 the file is empty\n"},
        {"- x\n", "1:1 a catalog must be a map, not a list\n"},
        {"portolan: site/1\n", "1:11 not a catalog but \"site/1\": catalog/1 was expected\n"},
        {"portolan: catalog/2\n",
         "1:11 version \"catalog/2\" of the catalog format is not known: catalog/1 was expected\n"},
        {HEAD ONE "notse: []\n", "10:1 unknown key \"notse\" in a catalog (did you mean \"notes\"?)\n"},
        {HEAD ONE "title: Q\n", "10:1 key \"title\" stands here twice\n"},
        {HEAD ONE "notes: [{text: t, origin: 'e#\"x\"'}, {text: [], origin: d}]\n",
         "10:28 unknown document \"e\" (did you mean \"d\"?)\n"
         "10:44 text must be a string, not a list\n"
         "10:56 origin must be DOCUMENT#\"place in the document\"\n"},
        {"portolan: catalog/1\nproduct: P_\n",
         "1:1 missing key \"requirements\"\n"
         "2:10 product \"P_\" is not a name: lower-case letters, digits and hyphens were expected\n"
         "1:1 missing key \"title\"\n1:1 missing key \"documents\"\n1:1 missing key \"roles\"\n"},
    };

    (void)state;
    check_reads(cases, COUNT(cases));
}

#define PLACES "portolan: catalog/1\nproduct: p\ntitle: P\n"
#define REST "requirements:\n" ONE

static void test_names(void **state)
{
    static const struct read_case cases[] = {
        {PLACES "documents: {d: {title: D, url: 'ftp://x', retrieved: 2026-02-30}}\n"
                "roles: {host: {title: H}, server: {title: S}}\n" REST,
         "4:32 url must begin with https:// or http://\n"
         "4:54 retrieved must be a date YYYY-MM-DD, not \"2026-02-30\"\n"},
        {PLACES "documents: {d: {title: D}}\nroles: {host: {title: H, els: x}, server: {title: S, else: hots}}\n" REST,
         "5:26 unknown key \"els\" in a role (did you mean \"else\"?)\n"
         "5:60 unknown role \"hots\" (did you mean \"host\"?)\n"},
        {PLACES "documents: {d: {title: D}}\n"
                "roles: {host: {title: H, else: server}, server: {title: S, else: host}}\n" REST,
         "5:32 role \"host\" stands in for itself\n5:66 role \"server\" stands in for itself\n"},
        {PLACES "documents: {d: {title: D}}\n"
                "roles: {host: {title: H, else: c}, server: {title: S}, c: {title: C, domains: [a.org]}}\n" REST,
         "5:32 role \"c\" is domains and cannot stand in for one that a site fills\n"},
        {PLACES "documents: {d: {title: D}}\nroles: {host: {title: H}, host: {title: H}, server: {title: S}}\n" REST,
         "5:27 key \"host\" stands here twice\n"},
        {PLACES "documents: {d: {title: D}}\nroles: {host: {title: H}, server: x}\n" REST,
         "5:35 role must be a map, not a string\n"},
        {PLACES "documents: {d: {title: D}}\nroles: {host: {title: H}, server: {title: S}}\n"
                "features: {not: {title: N, default: no}, a: {title: A, default: of}}\n" REST,
         "6:12 \"not\" is a word of conditions and cannot name a feature\n"
         "6:37 default must be off or on, not \"no\" (did you mean \"on\"?)\n"
         "6:65 default must be off or on, not \"of\" (did you mean \"off\"?)\n"},
        {PLACES
         "documents: {d: {title: D}}\nroles: {host: {title: H}, server: {title: S}}\n"
         "parameters: {a: {title: A, default: 80-70}, b: {title: B, default: 65536}, c: {title: C, default: 0}}\n" REST,
         "6:37 default must be a port or a range of ports within 1-65535, not \"80-70\"\n"
         "6:68 default must be a port or a range of ports within 1-65535, not \"65536\"\n"
         "6:99 default must be a port or a range of ports within 1-65535, not \"0\"\n"},
    };

    (void)state;
    check_reads(cases, COUNT(cases));
}

#define DOMAINS(list)                                                                                                  \
    PLACES "documents: {d: {title: D}}\nroles:\n  host: {title: H}\n  server: {title: S, domains: " list "}\n" REST

static void test_domains(void **state)
{
    static const struct read_case cases[] = {
        {DOMAINS("[a.org, '*.b.org', {under: c.org, hosts: ['@', '*', x, y.z]}]"), ""},
        {DOMAINS("[]"), "7:31 domains is empty\n"},
        {DOMAINS("a.org"), "7:31 domains must be a list, not a string\n"},
        {DOMAINS("[A.org]"), "7:32 domain \"A.org\" must be in lower case\n"},
        {DOMAINS("[a..org]"), "7:34 domain \"a..org\" has an empty label\n"},
        {DOMAINS("[a.org.]"), "7:38 domain \"a.org.\" has an empty label\n"},
        {DOMAINS("[a.-b]"), "7:34 domain \"a.-b\" has a label that begins or ends with a hyphen\n"},
        {DOMAINS("[a.*.org]"), "7:34 domain \"a.*.org\" has a character that no host name has\n"},
        {DOMAINS("[single]"), "7:32 domain \"single\" has one label: a full name was expected\n"},
        {DOMAINS("[a.org, {under: org.a, hosts: []}]"), "7:61 hosts is empty\n"},
        {DOMAINS("[a.org, {under: a.org, hosts: ['@', x]}]"), "7:62 domain \"a.org\" stands here twice\n"},
        {DOMAINS("[{under: a.org}]"), "7:33 missing key \"hosts\"\n"},
        {DOMAINS("[{under: a.org, host: [x], hosts: [b/c]}]"),
         "7:66 domain \"b/c\" has a character that no host name has\n"
         "7:47 unknown key \"host\" in a domain (did you mean \"hosts\"?)\n"},
    };

    (void)state;
    check_reads(cases, COUNT(cases));
}

static void test_requirements(void **state)
{
    static const struct read_case cases[] = {
        {HEAD ONE ONE, "10:10 requirement \"r\" stands here twice; the first is on line 9\n"},
        {HEAD START "ports: [80/tcp, 80/udp, 1-2/sctp, '{wlb-port}/tcp', dynamic/tcp, icmp, any, unstated]}\n", ""},
        {HEAD START "ports: [80/tcp, 80/tcp]}\n", "9:98 port \"80/tcp\" stands here twice\n"},
        {HEAD START "ports: ['{wlbport}/tcp']}\n", "9:92 unknown parameter \"wlbport\" (did you mean \"wlb-port\"?)\n"},
        {HEAD START "ports: [1/tcp], when: iscs and nfs3}\n",
         "9:104 unknown feature \"iscs\" (did you mean \"iscsi\"?)\n"},
        {HEAD START "ports: [1/tcp], when: (iscsi}\n", "9:110 condition ends where \")\" was expected\n"},
        {HEAD START "ports: [1/tcp], need: requird}\n",
         "9:104 need must be required, optional, recommended or forbidden, not \"requird\" (did you mean "
         "\"required\"?)\n"},
        {HEAD START "ports: [1/tcp], family: ipv5, scope: net, reply: no}\n",
         "9:106 family must be ipv4 or ipv6, not \"ipv5\" (did you mean \"ipv4\"?)\n"
         "9:119 scope must be subnet, not \"net\"\n"
         "9:131 reply must be none, not \"no\"\n"},
        {HEAD START "ports: [1/tcp], replaces: [s, r]}\n",
         "9:109 unknown requirement \"s\" (did you mean \"r\"?)\n9:108 requirement \"r\" replaces itself\n"},
        {HEAD START "ports: [1/tcp], source-ports: [0, 5-4, 67]}\n",
         "9:113 \"0\" is not a port or a range of ports within 1-65535\n"
         "9:116 \"5-4\" is not a port or a range of ports within 1-65535\n"},
        {HEAD START "ports: [1/tcp], discover: [mountd]}\n",
         "9:108 discover is for dynamic ports, and requirement \"r\" has none\n"},
        {HEAD START "ports: [dynamic/tcp], discover: [mount, status, status]}\n",
         "9:115 discover must be mountd, nlockmgr or status, not \"mount\" (did you mean \"mountd\"?)\n"
         "9:130 \"status\" stands twice in discover\n"},
        {HEAD START "ports: [1/tcp], inferred: {form: x, to: []}}\n",
         "9:122 the reason for what was inferred must be a string, not a list\n"
         "9:109 unknown key \"form\" in inferred (did you mean \"from\"?)\n"},
        {HEAD "  - {id: r, from: hos, to: serve, ports: [], service: htp, purpose: '', origin: [e#\"x\", d]}\n",
         "9:19 unknown role \"hos\" (did you mean \"host\"?)\n"
         "9:28 unknown role \"serve\" (did you mean \"server\"?)\n"
         "9:42 ports is empty: write any where every port is meant\n"
         "9:55 unknown service \"htp\" (did you mean \"ntp\"?)\n"
         "9:69 purpose is empty\n"
         "9:82 unknown document \"e\" (did you mean \"d\"?)\n"
         "9:89 origin must be DOCUMENT#\"place in the document\"\n"},
        {HEAD "  - {id: r}\n",
         "9:6 missing key \"from\"\n9:6 missing key \"to\"\n9:6 missing key \"ports\"\n"
         "9:6 missing key \"service\"\n9:6 missing key \"purpose\"\n9:6 missing key \"origin\"\n"},
        {HEAD "  - r\n", "9:5 a requirement must be a map, not a string\n"},
    };

    (void)state;
    check_reads(cases, COUNT(cases));
}

static void test_ports(void **state)
{
    static const struct {
        const char *text;
        const char *wanted; /* "KIND TRANSPORT LO HI PARAMETER", or the diagnostic with its column */
    } cases[] = {
        {"443/tcp", "0 6 443 443 "},
        {"6910-6930/udp", "0 17 6910 6930 "},
        {"1-65535/sctp", "0 132 1 65535 "},
        {"{wlb-port}/tcp", "1 6 0 0 wlb-port"},
        {"dynamic/udp", "2 17 0 0 "},
        {"unstated", "3 -2 0 0 "},
        {"any", "4 -1 0 0 "},
        {"icmp", "5 1 0 0 "},
        {"0/tcp", "1:1 port 0 cannot be used: 1 to 65535 was expected\n"},
        {"65536/tcp", "1:1 port 65536 is above 65535\n"},
        {"99999999999999999999/tcp", "1:1 port 99999999999999999999 is above 65535\n"},
        {"80-70/tcp", "1:1 port range 80-70 ends before it begins (did you mean \"70-80\"?)\n"},
        {"80-/tcp", "1:4 \"\" is not a port: 1 to 65535 was expected\n"},
        {"1-2-3/tcp", "1:3 \"2-3\" is not a port: 1 to 65535 was expected\n"},
        {"+80/tcp", "1:1 \"+80\" is not a port: 1 to 65535 was expected\n"},
        {"80/tpc", "1:4 unknown transport \"tpc\": tcp, udp, sctp, dccp or udplite was expected "
                   "(did you mean \"tcp\"?)\n"},
        {"80/", "1:4 unknown transport \"\": tcp, udp, sctp, dccp or udplite was expected\n"},
        {"80/icmp", "1:4 unknown transport \"icmp\": tcp, udp, sctp, dccp or udplite was expected\n"},
        {"x/y", "1:1 \"x\" is not a port: 1 to 65535 was expected\n"
                "1:3 unknown transport \"y\": tcp, udp, sctp, dccp or udplite was expected\n"},
        {"80", "1:1 ports \"80\" lack a transport (write 80/tcp, 80/udp or both)\n"},
        {"tcp/80", "1:1 \"tcp/80\" has the transport first (write 80/tcp)\n"},
        {"{a b}/tcp", "1:2 \"a b\" is not the name of a parameter\n"},
        {"{a/tcp", "1:1 \"{a\" lacks the closing brace of a parameter\n"},
        {"ayn", "1:1 \"ayn\" names no ports: PORT/TRANSPORT, icmp, any or unstated was expected "
                "(did you mean \"any\"?)\n"},
        {"icmpv6", "1:1 \"icmpv6\" is written icmp: the address family says which of the two it is\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena *arena = arena_new();
        struct diags diags;
        struct buf said = BUF_EMPTY;
        struct str text = str_of(cases[i].text);
        const struct source *source = source_new(arena, STR("ports"), text);
        struct port_item item = {0};

        diags_init(&diags, arena);
        if (port_item_parse(text, span_at(source, 0, text.n), &diags, &item))
            buf_addf(&said, "%d %d %u %u %.*s", (int)item.kind, item.transport, item.lo, item.hi,
                     STR_ARG(item.parameter));
        add_diags(&said, &diags);
        same(&said, cases[i].wanted, cases[i].text);
        arena_free(arena);
    }
}

static void test_when(void **state)
{
    static const struct {
        const char *text;
        const char *wanted; /* for a on and b off, a off and b on, both, neither; or the diagnostic */
    } cases[] = {
        {"a", "1010"},
        {"not a", "0101"},
        {"a and b", "0010"},
        {"a or b", "1110"},
        {"a and not b", "1000"},
        {"not not a", "1010"},
        {"not a or b", "0111"},
        {"not (a or b)", "0001"},
        {"a or b and a", "1010"},
        {"(a or b) and a", "1010"},
        {"b or a and b", "0110"},
        {"((a))", "1010"},
        {"a-b or a", "1010"},
        {"a b", "1:3 and, or, or the end was expected in the condition, not \"b\"\n"},
        {"a and", "1:6 condition ends where a feature was expected\n"},
        {"and a", "1:1 a feature was expected in the condition, not \"and\"\n"},
        {"not", "1:4 condition ends where a feature was expected\n"},
        {"(a", "1:3 condition ends where \")\" was expected\n"},
        {"a)", "1:2 and, or, or the end was expected in the condition, not \")\"\n"},
        {"()", "1:2 a feature was expected in the condition, not \")\"\n"},
        {"a & b", "1:3 and, or, or the end was expected in the condition, not \"&\"\n"},
        {"A or b", "1:1 a feature was expected in the condition, not \"A\"\n"},
        {"((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))",
         "1:33 condition is nested deeper than 32 levels\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena *arena = arena_new();
        struct diags diags;
        struct buf said = BUF_EMPTY;
        struct str text = str_of(cases[i].text);
        const struct source *source = source_new(arena, STR("when"), text);
        const struct when *when;

        diags_init(&diags, arena);
        when = when_parse(arena, text, span_at(source, 0, text.n), &diags);
        assert_true((when == NULL) == (diags.errors > 0));
        for (unsigned choice = 0; choice < 4 && when != NULL; choice++) {
            struct map features = {0};

            map_set(arena, &features, STR("a"), choice == 0 || choice == 2 ? arena : NULL);
            map_set(arena, &features, STR("b"), choice == 1 || choice == 2 ? arena : NULL);
            buf_addc(&said, when_holds(when, &features) ? '1' : '0');
        }
        add_diags(&said, &diags);
        same(&said, cases[i].wanted, cases[i].text);
        arena_free(arena);
    }
}

static void add_findings(struct buf *out, const struct lint_finding *findings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_addf(out, "%s: ", lint_kind_name(findings[i].kind));
        buf_add(out, findings[i].message);
        for (size_t j = 0; j < findings[i].requirement_n; j++)
            buf_addf(out, "%s%.*s", j == 0 ? " [" : " ", STR_ARG(findings[i].requirements[j]));
        buf_adds(out, findings[i].requirement_n > 0 ? "]\n" : "\n");
    }
}

#define LINT_HEAD(product, roles, rest)                                                                                \
    "portolan: catalog/1\nproduct: " product "\ntitle: T\ndocuments: {d: {title: D}}\nroles: {" roles "}\n" rest       \
    "requirements:\n"
#define R(id, from, to, service, ports, rest)                                                                          \
    "  - {id: " id ", from: " from ", to: " to ", service: " service ", ports: [" ports "], purpose: p" rest "}\n"
#define AT(place) ", origin: ['d#\"" place "\"']"
#define HS "h: {title: H}, s: {title: S}"

static void test_lint(void **state)
{
    static const struct {
        const char *texts[2];
        const char *wanted;
    } cases[] = {
        {{LINT_HEAD("p", HS, "") R("a", "h", "s", "dns", "53/tcp, 53/udp", AT("x"))}, ""},
        {{LINT_HEAD("p", HS, "") R("a", "h", "s", "any", "unstated", AT("x") ", review: look")},
         "review: look [a]\nports-open: ports are open: unstated [a]\n"},
        {{LINT_HEAD("p", HS ", u: {title: U}, w: {title: W, domains: ['*.a.org']}",
                    "features: {f: {title: F, default: on}}\nparameters: {q: {title: Q}, r: {title: R}}\n")
              R("a", "h", "s", "tcp", "'{q}/tcp'", AT("x") ", inferred: {from: y}")
                  R("b", "h", "w", "https", "443/tcp", AT("x"))},
         "no-default: parameter \"q\" has no default: a site has to give it [a]\n"
         "unused: parameter \"r\" is used by no requirement\n"
         "wildcard: role \"w\" is every name below a.org, which no look-up can list [b]\n"
         "inferred: 1 of 2 requirements have fields that are not in their row (1 fields) [a]\n"
         "unused: role \"u\" is in no requirement\n"
         "unused: feature \"f\" switches nothing\n"},
        /* One row that became two requirements is still one row. */
        {{LINT_HEAD("p", HS, "") R("a", "h", "s", "ldaps", "636/tcp", ", origin: ['d#\"x\"', 'd#\"y\"']")
              R("b", "h", "s", "ldaps", "636/udp", AT("y"))},
         "transports-differ: ldaps 636 is tcp in d#\"x\"; tcp+udp in d#\"y\" [a b]\n"},
        {{LINT_HEAD("p", HS ", t: {title: T}", "") R("a", "h", "s", "ntp", "123/tcp, 123/udp", AT("x"))
              R("b", "h", "t", "ntp", "123/udp", AT("y"))},
         "transports-differ: ntp 123 is tcp+udp from h to s in d#\"x\"; udp from h to t in d#\"y\" [a b]\n"},
        /* The same ends under another condition are another variant, not a contradiction. */
        {{LINT_HEAD("p", HS, "features: {f: {title: F, default: on}, g: {title: G, default: on}}\n")
              R("a", "h", "s", "nfs", "2049/tcp", AT("x") ", when: f")
                  R("b", "h", "s", "nfs", "2049/tcp, 2049/udp", AT("y") ", when: g")},
         ""},
        {{LINT_HEAD("p", HS, "features: {f: {title: F, default: on}}\n")
              R("a", "h", "s", "nfs", "2049/tcp", AT("x") ", when: f and not f")
                  R("b", "h", "s", "http", "80/tcp", AT("y") ", when: f")
                      R("c", "h", "s", "http", "81/tcp", AT("z") ", when: f, replaces: [b], any-of: g")},
         "unreachable: no choice of features switches it on [a]\n"
         "unreachable: no choice of features switches it on [b]\n"
         "alone: it is the only one of any-of \"g\" [c]\n"},
        {{LINT_HEAD("p", HS, "features: {f: {title: F, default: on}}\n")
              R("a", "h", "s", "any", "any", AT("x") ", when: f")
                  R("b", "h", "s", "tcp", "5-6/tcp", AT("y") ", when: f, family: ipv6")
                      R("c", "h", "s", "udp", "5/udp", AT("z"))},
         "covered: it asks for nothing beyond \"a\" [b a]\n"},
        {{LINT_HEAD("p", HS, "parameters: {q: {title: Q, default: 10-20}}\n")
              R("a", "h", "s", "udp", "'{q}/udp'", AT("x")) R("b", "h", "s", "udp", "10/udp", AT("y"))},
         "covered: it asks for nothing beyond \"a\" while parameters have their defaults [b a]\n"},
        {{LINT_HEAD("p", HS, "") R("a", "h", "s", "dns", "53/tcp, 53/udp", AT("x")),
          LINT_HEAD("q", "n: {title: N}, k: {title: K, else: s}, s: {title: S}", "")
              R("b", "n", "k", "dns", "53/udp", AT("y"))},
         "transports-differ: dns 53 to s is tcp+udp in p; udp in q [p/a q/b]\n"},
        {{LINT_HEAD("p", HS ", t: {title: T}", "") R("a", "h", "s", "smb", "139/tcp", AT("x"))
              R("b", "h", "s", "smb", "445/tcp", AT("x")) R("c", "h", "t", "dns", "53/udp", AT("x"))
                  R("e", "h", "h", "any", "any", AT("x")),
          LINT_HEAD("q", HS ", t: {title: T}", "") R("a", "h", "s", "smb", "139/tcp", AT("x"))
              R("c", "h", "t", "dns", "53/udp", AT("x")) R("e", "h", "h", "https", "443/tcp", AT("x"))},
         "sibling-lacks: smb 445 from h to s: in p, not in q [p/b]\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena *arena = arena_new();
        struct diags diags;
        struct buf said = BUF_EMPTY;
        const struct catalog *catalogs[2];
        size_t n = 0;
        size_t finding_n;
        struct lint_finding *findings;

        diags_init(&diags, arena);
        for (; n < 2 && cases[i].texts[n] != NULL; n++) {
            catalogs[n] = catalog_read(arena, source_new(arena, STR("c.yaml"), str_of(cases[i].texts[n])), &diags);
            add_diags(&said, &diags);
            if (catalogs[n] == NULL)
                same(&said, "", cases[i].texts[n]);
        }
        findings = catalog_lint(arena, catalogs, n, &finding_n);
        add_findings(&said, findings, finding_n);
        same(&said, cases[i].wanted, cases[i].texts[0]);
        arena_free(arena);
    }
}

static void test_builtin(void **state)
{
    struct arena *arena = arena_new();
    struct diags diags;
    struct buf said = BUF_EMPTY;
    const struct source *own =
        source_new(arena, STR("own/xenserver.yaml"),
                   STR(LINT_HEAD("xenserver", HS, "") R("a", "h", "s", "dns", "53/udp", AT("x"))));
    const struct source *twice[] = {own, own};
    struct catalogs *catalogs;

    (void)state;
    diags_init(&diags, arena);
    catalogs = catalogs_load(arena, NULL, 0, &diags);
    assert_int_equal(catalogs->n, builtin_catalog_n);
    for (size_t i = 0; i < catalogs->n; i++) {
        assert_null(catalogs->v[i]->source); /* nothing is read before it is asked for */
        assert_non_null(catalogs_find(catalogs, catalogs->v[i]->product));
        assert_true(catalogs->v[i]->requirement_n > 0);
    }
    add_diags(&said, &diags);
    same(&said, "", "the built-in catalogs");
    assert_null(catalogs_find(catalogs, STR("nothing")));

    catalogs = catalogs_load(arena, twice, 1, &diags);
    assert_int_equal(catalogs->n, builtin_catalog_n);
    assert_int_equal(catalogs_find(catalogs, STR("xenserver"))->requirement_n, 1);
    assert_int_equal(diags.n, 0);
    catalogs_load(arena, twice, 2, &diags);
    add_diags(&said, &diags);
    same(&said, "1:1 product \"xenserver\" is in own/xenserver.yaml already\n", "the same product twice");
    arena_free(arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_header, start, end),
        cmocka_unit_test_setup_teardown(test_names, start, end),
        cmocka_unit_test_setup_teardown(test_domains, start, end),
        cmocka_unit_test_setup_teardown(test_ports, start, end),
        cmocka_unit_test_setup_teardown(test_requirements, start, end),
        cmocka_unit_test_setup_teardown(test_when, start, end),
        cmocka_unit_test_setup_teardown(test_lint, start, end),
        cmocka_unit_test_setup_teardown(test_builtin, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
