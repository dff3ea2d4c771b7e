/* Sites as text for tests: read with a small catalog of our own, with files that are strings too. */
#ifndef PORTOLAN_TESTS_SITE_TEXT_H
#define PORTOLAN_TESTS_SITE_TEXT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "plan/plan.h"
#include "report/flow.h"
#include "site/site.h"

#define TODAY 20261201

static const char test_catalog[] =
    "portolan: catalog/1\n"
    "product: demo\n"
    "title: Demo\n"
    "documents: {d: {title: D, url: \"https://example.org/\", retrieved: 2026-01-01}}\n"
    "roles:\n"
    "  host: {title: host}\n"
    "  leader: {title: first of the hosts, else: host}\n"
    "  clock: {title: clock}\n"
    "  filer: {title: filer}\n"
    "  proxy: {title: proxy}\n"
    "  web: {title: web, domains: [a.example.org, b.example.org]}\n"
    "  cdn: {title: cdn, domains: [\"*.example.net\"]}\n"
    "features:\n"
    "  ntp: {title: time, default: on}\n"
    "  web: {title: web, default: off}\n"
    "  cdn: {title: cdn, default: off}\n"
    "  proxy: {title: proxy, default: off}\n"
    "  nfs: {title: nfs, default: off}\n"
    "  link: {title: link, default: off}\n"
    "  link-4: {title: link of IPv4, default: off}\n"
    "  odd: {title: odd, default: off}\n"
    "  never: {title: never, default: off}\n"
    "  either: {title: either, default: off}\n"
    "  pair: {title: pair, default: off}\n"
    "parameters:\n"
    "  api-port: {title: api, default: 8000}\n"
    "  proxy-port: {title: proxy}\n"
    "  mountd-port: {title: mountd}\n"
    "  status-port: {title: status}\n"
    "requirements:\n"
    "  - {id: time, from: host, to: clock, ports: [123/tcp, 123/udp, 1234/udp], service: ntp, purpose: time, when: "
    "ntp, "
    "origin: [d#\"r1\"]}\n"
    "  - {id: get, from: leader, to: web, ports: [443/tcp], service: https, purpose: web, when: web, origin: "
    "[d#\"r2\"]}\n"
    "  - {id: cdn, from: leader, to: cdn, ports: [443/tcp], service: https, purpose: cdn, when: cdn, origin: "
    "[d#\"r3\"]}\n"
    "  - {id: get-proxy, from: leader, to: proxy, ports: [\"{proxy-port}/tcp\"], service: tcp, purpose: web, "
    "when: proxy and web, replaces: [get], origin: [d#\"r4\"]}\n"
    "  - {id: mount, from: host, to: filer, ports: [111/tcp, dynamic/udp], discover: [mountd, status], service: "
    "rpcbind, "
    "purpose: nfs, when: nfs, origin: [d#\"r5\"]}\n"
    "  - {id: peers, from: host, to: host, ports: [\"{api-port}/tcp\", icmp], service: http, purpose: pool, when: "
    "pair, "
    "origin: [d#\"r6\"]}\n"
    "  - {id: link, from: host, to: host, ports: [any], service: any, purpose: link, when: link, family: ipv6, "
    "scope: subnet, origin: [d#\"r7\"]}\n"
    "  - {id: link-4, from: host, to: host, ports: [any], service: any, purpose: link, when: link-4, family: ipv4, "
    "scope: subnet, origin: [d#\"r8\"]}\n"
    "  - {id: odd, from: host, to: clock, ports: [unstated], service: any, purpose: odd, when: odd, need: optional, "
    "origin: [d#\"r9\"]}\n"
    "  - {id: never, from: clock, to: host, ports: [23/tcp], service: tcp, purpose: never, when: never, need: "
    "forbidden, "
    "origin: [d#\"r10\"]}\n"
    "  - {id: way-1, from: host, to: filer, ports: [1/tcp], service: tcp, purpose: a way, when: either, any-of: way, "
    "origin: [d#\"r11\"]}\n"
    "  - {id: way-2, from: host, to: proxy, ports: [2/tcp], service: tcp, purpose: a way, when: either, any-of: way, "
    "origin: [d#\"r12\"]}\n";

struct test_file {
    const char *name;
    const char *text;
};

struct test_site {
    struct arena *arena;
    struct diags diags;
    struct catalogs catalogs;
    const struct test_file *files;
    struct site *site;
    struct plan *plan;
};

static inline bool test_open(void *context, struct str path, const struct source **source, int *error)
{
    struct test_site *test = context;

    for (const struct test_file *file = test->files; file != NULL && file->name != NULL; file++) {
        if (!str_is(path, file->name))
            continue;
        *source = source_new(test->arena, path, str_of(file->text));
        return true;
    }
    *error = ENOENT;
    return false;
}

/* Reads and plans; the head of the file is put in front. */
static inline void test_site_open(struct test_site *test, const char *text, const struct test_file *files)
{
    static struct catalog *one[1];
    struct site_files opener = {.open = test_open, .context = test};

    *test = (struct test_site){.arena = arena_new(), .files = files};
    diags_init(&test->diags, test->arena);
    one[0] = catalog_read(test->arena, source_new(test->arena, STR("demo.yaml"), str_of(test_catalog)), &test->diags);
    assert_non_null(one[0]);
    assert_int_equal(test->diags.n, 0);
    test->catalogs = (struct catalogs){.v = one, .n = 1};
    test->site = site_read(
        test->arena,
        source_new(test->arena, STR("s.yaml"), str_printf(test->arena, "portolan: site/1\nsite: lab\n%s", text)),
        &test->catalogs, &opener, &test->diags);
    if (test->site != NULL)
        test->plan = plan_make(test->arena, test->site, TODAY, &test->diags);
}

static inline void test_site_close(struct test_site *test)
{
    arena_free(test->arena);
}

/* "id: source > destination ports" for each flow, "!" and the reason behind those that are not resolved. */
static inline const char *test_flows(const struct test_site *test)
{
    struct buf buf = BUF_EMPTY;
    const char *text;

    for (size_t i = 0; test->plan != NULL && i < test->plan->n; i++) {
        const struct flow *flow = test->plan->flows[i];

        buf_addf(&buf, "%.*s: %.*s > %.*s %.*s", STR_ARG(flow->id), STR_ARG(flow_text_source(test->arena, flow, 0)),
                 STR_ARG(flow_text_destination(test->arena, flow, 0)), STR_ARG(flow_text_ports(test->arena, flow)));
        if (flow->status == FLOW_UNRESOLVED)
            buf_addf(&buf, " ! %.*s", STR_ARG(flow->reason));
        buf_addc(&buf, '\n');
    }
    text = str_cstr(test->arena, buf_str(&buf));
    buf_free(&buf);
    return text;
}

/* "line:col: error: message" for each diagnostic, "(hint)" behind. */
static inline const char *test_said(const struct test_site *test)
{
    struct buf buf = BUF_EMPTY;
    const char *text;

    for (size_t i = 0; i < test->diags.n; i++) {
        const struct diag *diag = &test->diags.v[i];

        if (diag->span.source != NULL)
            buf_addf(&buf, "%u:%u: ", source_line(diag->span.source, diag->span.at),
                     source_column(diag->span.source, diag->span.at));
        buf_addf(&buf, "%s: %.*s", severity_name(diag->severity), STR_ARG(diag->message));
        if (diag->hint.n > 0)
            buf_addf(&buf, " (%.*s)", STR_ARG(diag->hint));
        buf_addc(&buf, '\n');
    }
    text = str_cstr(test->arena, buf_str(&buf));
    buf_free(&buf);
    return text;
}

struct site_case {
    const char *site; /* behind the head, which is two lines */
    const char *flows;
    const char *said;
    const struct test_file *files;
};

static inline void test_site_cases(const struct site_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct test_site test;

        test_site_open(&test, cases[i].site, cases[i].files);
        assert_string_equal(test_said(&test), cases[i].said);
        assert_string_equal(test_flows(&test), cases[i].flows);
        test_site_close(&test);
    }
}

#define SITE_CASES(cases) test_site_cases(cases, sizeof(cases) / sizeof *(cases))

#endif
