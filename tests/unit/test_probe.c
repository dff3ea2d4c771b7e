/* What outcomes of probes mean for what was expected, and for what a ruleset says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/probe.h"
#include "model/proxy.h"
#include "net/proto.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct judged {
    const char *outcome;
    bool connected;
    enum probe_state open;   /* where it must be open */
    enum probe_state denied; /* where a refusal holds */
    enum probe_passage passage;
};

static const struct judged judged[] = {
    {"open", true, PROBE_HOLDS, PROBE_FAILS, PROBE_PASSED},
    {"open-silent", true, PROBE_UNDETERMINED, PROBE_FAILS, PROBE_PASSED},
    {"refused", false, PROBE_FAILS, PROBE_HOLDS, PROBE_UNKNOWN},
    {"rejected", false, PROBE_FAILS, PROBE_HOLDS, PROBE_STOPPED},
    {"filtered", false, PROBE_FAILS, PROBE_HOLDS, PROBE_STOPPED},
    {"filtered-or-silent", false, PROBE_UNDETERMINED, PROBE_UNDETERMINED, PROBE_UNKNOWN},
    {"unreachable", false, PROBE_FAILS, PROBE_HOLDS, PROBE_UNKNOWN},
    {"unresolved", false, PROBE_FAILS, PROBE_UNDETERMINED, PROBE_UNKNOWN},
    {"wrong-service", true, PROBE_FAILS, PROBE_FAILS, PROBE_PASSED},
    {"tls-untrusted", true, PROBE_FAILS, PROBE_FAILS, PROBE_PASSED},
    {"tls-intercepted", true, PROBE_FAILS, PROBE_FAILS, PROBE_PASSED},
    {"proxy-refused", false, PROBE_FAILS, PROBE_HOLDS, PROBE_UNKNOWN},
    {"unverifiable", true, PROBE_UNDETERMINED, PROBE_FAILS, PROBE_PASSED},
    {"unverifiable", false, PROBE_UNDETERMINED, PROBE_UNDETERMINED, PROBE_UNKNOWN},
    {"error", true, PROBE_FAILS, PROBE_FAILS, PROBE_PASSED},
    {"error", false, PROBE_FAILS, PROBE_UNDETERMINED, PROBE_UNKNOWN},
};

static struct probe_outcome outcome_of(const struct judged *row, bool denied)
{
    struct probe_outcome made = {.question = {.proto = PROTO_TCP, .denied = denied}, .connected = row->connected};

    if (!outcome_parse(str_of(row->outcome), &made.outcome))
        fail_msg("%s is no outcome", row->outcome);
    return made;
}

static enum probe_state judge(struct arena *arena, struct probe_outcome *outcome)
{
    probe_judge(arena, outcome);
    return outcome->state;
}

static void outcomes_are_judged(void **state)
{
    struct arena *arena = arena_new();
    bool seen[OUTCOME_N] = {false};

    (void)state;
    for (size_t i = 0; i < COUNT(judged); i++) {
        struct probe_outcome open = outcome_of(&judged[i], false);
        struct probe_outcome denied = outcome_of(&judged[i], true);
        struct probe_outcome stopped = outcome_of(&judged[i], i % 2 > 0);

        seen[open.outcome] = true;
        stopped.interrupted = true;
        if (judge(arena, &open) != judged[i].open || judge(arena, &denied) != judged[i].denied ||
            probe_passage(&open) != judged[i].passage || judge(arena, &stopped) != PROBE_UNDETERMINED)
            fail_msg("%s: %s, and %s where it must be denied", judged[i].outcome, probe_state_name(open.state),
                     probe_state_name(denied.state));
    }
    for (enum outcome outcome = 0; outcome < OUTCOME_N; outcome++)
        assert_true(seen[outcome]);
    arena_free(arena);
}

/* What is optional warns; a port that nobody has told is no failure; a certificate is borne at a host of the site. */
static void needs_and_certificates(void **state)
{
    struct arena *arena = arena_new();
    struct flow flow = {.need = NEED_OPTIONAL, .ports_known = true};
    struct probe_outcome outcome = {.question = {.flow = &flow}, .outcome = OUTCOME_REFUSED};

    (void)state;
    assert_int_equal(judge(arena, &outcome), PROBE_WARNS);
    flow.need = NEED_REQUIRED;
    assert_int_equal(judge(arena, &outcome), PROBE_FAILS);
    outcome.outcome = OUTCOME_UNRESOLVED;
    assert_int_equal(judge(arena, &outcome), PROBE_FAILS);
    flow.ports_known = false;
    assert_int_equal(judge(arena, &outcome), PROBE_UNDETERMINED);
    outcome = (struct probe_outcome){.question = {.flow = &flow, .by_address = true},
                                     .outcome = OUTCOME_TLS_UNTRUSTED,
                                     .unvouched = true,
                                     .reason = STR("self-signed")};
    assert_int_equal(judge(arena, &outcome), PROBE_HOLDS);
    assert_true(str_is(outcome.warning, "self-signed"));
    outcome.unvouched = false; /* out of its time, or another than the pinned one */
    assert_int_equal(judge(arena, &outcome), PROBE_FAILS);
    outcome.unvouched = true;
    outcome.question.by_address = false;
    assert_int_equal(judge(arena, &outcome), PROBE_FAILS);
    arena_free(arena);
}

static void counts(void **state)
{
    const struct probe_outcome v[] = {{.outcome = OUTCOME_OPEN, .state = PROBE_HOLDS},
                                      {.outcome = OUTCOME_OPEN, .state = PROBE_FAILS},
                                      {.outcome = OUTCOME_FILTERED, .state = PROBE_WARNS}};
    struct probe_summary summary;

    (void)state;
    probe_count(v, COUNT(v), &summary);
    assert_int_equal(summary.n, 3);
    assert_int_equal(summary.by_outcome[OUTCOME_OPEN], 2);
    assert_int_equal(summary.by_state[PROBE_HOLDS], 1);
    assert_int_equal(summary.by_state[PROBE_WARNS], 1);
}

struct url_case {
    const char *text;
    const char *host; /* NULL: wrong */
    unsigned port;
    bool socks;
    const char *user;
    const char *shown;
};

static void proxies_are_read(void **state)
{
    static const struct url_case cases[] = {
        {"http://proxy", "proxy", 3128, false, "", "http://proxy"},
        {"http://proxy:8080/", "proxy", 8080, false, "", "http://proxy:8080"},
        {"socks5://10.0.0.1", "10.0.0.1", 1080, true, "", "socks5://10.0.0.1"},
        {"socks5://[fd00::1]:9", "fd00::1", 9, true, "", "socks5://[fd00::1]:9"},
        {"http://me:p@ss@h:1", "h", 1, false, "me:p@ss", "http://h:1"},
        {"https://proxy", NULL, 0, false, NULL, NULL},
        {"proxy:3128", NULL, 0, false, NULL, NULL},
        {"http://", NULL, 0, false, NULL, NULL},
        {"http://h:0", NULL, 0, false, NULL, NULL},
        {"http://h:1-2", NULL, 0, false, NULL, NULL},
        {"http://h:65536", NULL, 0, false, NULL, NULL},
        {"http://fd00::1", NULL, 0, false, NULL, NULL},
        {"http://[fd00::1", NULL, 0, false, NULL, NULL},
        {"http://[fd00::1]9", NULL, 0, false, NULL, NULL},
        {"http://me@h", NULL, 0, false, NULL, NULL},
        {"http://h/path", NULL, 0, false, NULL, NULL},
    };
    struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct proxy_url url;
        const char *problem = proxy_url_parse(arena, str_of(cases[i].text), &url);

        if ((problem == NULL) != (cases[i].host != NULL))
            fail_msg("%s: %s", cases[i].text, problem == NULL ? "is read" : problem);
        if (problem == NULL &&
            (!str_is(url.host, cases[i].host) || url.port != cases[i].port || url.socks != cases[i].socks ||
             !str_is(url.user, cases[i].user) || !str_is(url.text, cases[i].shown)))
            fail_msg("%s is %.*s port %u as %.*s", cases[i].text, STR_ARG(url.host), url.port, STR_ARG(url.text));
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_are_judged),
        cmocka_unit_test(needs_and_certificates),
        cmocka_unit_test(counts),
        cmocka_unit_test(proxies_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
