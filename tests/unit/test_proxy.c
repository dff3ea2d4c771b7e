/*
 * Ways through proxies: both sides against each other, cut at every place, then what proxies of this world say, and
 * what is no proxy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "service/proxy.h"

struct line {
    uint8_t bytes[PROXY_INPUT_MAX];
    size_t n;
    size_t at;
};

static void same(struct str s, const char *expected)
{
    if (!str_is(s, expected))
        fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(s), expected);
}

static void send_on(struct line *line, const struct wire_out *out)
{
    assert_false(out->failed);
    assert_true(line->n + out->n <= sizeof line->bytes);
    memcpy(line->bytes + line->n, out->p, out->n);
    line->n += out->n;
}

/* A client and a door that hand each other at most `piece` new bytes at a time. */
static enum proxy_step pass(const struct proxy_ask *ask, struct proxy_door *door, enum outcome outcome, size_t piece,
                            struct answer *answer, struct str *rest)
{
    static struct line up;
    static struct line down;
    struct proxy_talk talk;
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    enum proxy_step served = PROXY_READ;
    enum proxy_step step;
    size_t up_seen = 0;
    size_t down_seen = 0;
    size_t used;

    up.n = up.at = down.n = down.at = 0;
    answer_init(answer);
    step = proxy_start(&talk, ask, &out, answer);
    send_on(&up, &out);
    while (step == PROXY_READ && (up_seen < up.n || down_seen < down.n)) {
        if (served == PROXY_READ && up_seen < up.n) {
            up_seen = up.n - up_seen < piece ? up.n : up_seen + piece;
            out = (struct wire_out){bytes, 0, sizeof bytes, false};
            served = proxy_serve(door, up.bytes + up.at, up_seen - up.at, &used, &out);
            up.at += used;
            if (served == PROXY_THROUGH) {
                proxy_reply(door, outcome, &out);
                wire_put_text(&out, "220 behind");
            }
            send_on(&down, &out);
        }
        if (down_seen < down.n) {
            down_seen = down.n - down_seen < piece ? down.n : down_seen + piece;
            out = (struct wire_out){bytes, 0, sizeof bytes, false};
            step = proxy_heard(&talk, down.bytes + down.at, down_seen - down.at, &used, &out, answer);
            down.at += used;
            send_on(&up, &out);
        }
    }
    *rest = (struct str){(const char *)down.bytes + down.at, down.n - down.at};
    return step;
}

static void both_sides_understand_each_other(void **state)
{
    static const char *const hosts[] = {"host.example", "10.0.0.1", "fd00::1"};
    static const char *const users[] = {"", "ann:secret", "ann", "a:b:c", "ann:secrets!"};
    static const struct {
        enum outcome said;
        enum outcome http;
        enum outcome socks;
    } outcomes[] = {
        {OUTCOME_OPEN, OUTCOME_OPEN, OUTCOME_OPEN},
        {OUTCOME_REFUSED, OUTCOME_REFUSED, OUTCOME_REFUSED},
        {OUTCOME_UNREACHABLE, OUTCOME_UNREACHABLE, OUTCOME_UNREACHABLE},
        {OUTCOME_FILTERED, OUTCOME_FILTERED, OUTCOME_UNREACHABLE},
        {OUTCOME_UNRESOLVED, OUTCOME_UNRESOLVED, OUTCOME_UNREACHABLE},
        {OUTCOME_PROXY_REFUSED, OUTCOME_PROXY_REFUSED, OUTCOME_PROXY_REFUSED},
        {OUTCOME_ERROR, OUTCOME_PROXY_REFUSED, OUTCOME_PROXY_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < 2 * 3 * 5 * 7 * 3; i++) {
        size_t piece = (const size_t[]){1, 5, 10000}[i % 3];
        size_t which = i / 3 % 7;
        struct str user = str_of(users[i / 21 % 5]);
        const struct proxy_ask ask = {.kind = i / 315 ? PROXY_HTTP : PROXY_SOCKS5,
                                      .host = str_of(hosts[i / 105 % 3]),
                                      .port = (uint16_t)(443 + i),
                                      .user = user};
        struct proxy_door door = {.kind = ask.kind, .user = user};
        enum outcome expected = ask.kind == PROXY_HTTP ? outcomes[which].http : outcomes[which].socks;
        struct answer answer;
        struct str rest;
        enum proxy_step step = pass(&ask, &door, outcomes[which].said, piece, &answer, &rest);

        assert_true(str_eq(door.host, ask.host));
        assert_int_equal(door.port, ask.port);
        assert_int_equal(step, expected == OUTCOME_OPEN ? PROXY_THROUGH : PROXY_REFUSED);
        if (expected == OUTCOME_OPEN) {
            same(rest, "220 behind");
        } else {
            assert_int_equal(answer.outcome, expected);
            assert_true(answer.reason.n > 0);
        }
    }
}

static void who_may_not_pass_is_told_so(void **state)
{
    static const struct {
        enum proxy_kind kind;
        const char *mine;
        const char *wanted;
        const char *reason;
    } cases[] = {
        {PROXY_HTTP, "", "a:b",
         "the proxy refused: 407, it wants an authentication, and there is no name and password for it"},
        {PROXY_HTTP, "a:c", "a:b", "the proxy refused: 407, it does not accept the name and password"},
        {PROXY_SOCKS5, "", "a:b",
         "the proxy refused: it wants an authentication, and there is no name and password for it"},
        {PROXY_SOCKS5, "a:c", "a:b", "the proxy refused: it does not accept the name and password"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct proxy_ask ask = {cases[i].kind, STR("host.example"), 22, str_of(cases[i].mine)};
        struct proxy_door door = {.kind = cases[i].kind, .user = str_of(cases[i].wanted)};
        struct answer answer;
        struct str rest;

        assert_int_equal(pass(&ask, &door, OUTCOME_OPEN, 1, &answer, &rest), PROXY_REFUSED);
        assert_int_equal(answer.outcome, OUTCOME_PROXY_REFUSED);
        same(answer.reason, cases[i].reason);
    }
}

/* ------------------------------------------------------------------ the proxies of this world */

struct spoken {
    enum proxy_kind kind;
    struct str bytes;
    enum ending ending;
    enum outcome outcome; /* OPEN: through */
    const char *reason;
};

#define PAGE "Content-Type: text/html\r\nContent-Length: "

static const struct spoken spoken[] = {
    {PROXY_HTTP, STR("HTTP/1.0 200 OK\r\n\r\n"), ENDING_N, OUTCOME_OPEN, NULL},
    {PROXY_HTTP, STR("HTTP/1.1 200 Yes\nContent-Length: 10\n\n"), ENDING_N, OUTCOME_OPEN, NULL},
    {PROXY_HTTP, STR("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Yes\r\n\r\n"), ENDING_N, OUTCOME_OPEN, NULL},
    {PROXY_HTTP,
     STR("HTTP/1.1 503 Service Unavailable\r\nServer: squid/5.7\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\n" PAGE
         "3000\r\n\r\n"),
     ENDING_N, OUTCOME_REFUSED, "the proxy says: 503 Service Unavailable (ERR_CONNECT_FAIL 111)"},
    {PROXY_HTTP, STR("HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 110\r\n\r\n"), ENDING_N,
     OUTCOME_FILTERED, "the proxy says: 503 Service Unavailable (ERR_CONNECT_FAIL 110)"},
    {PROXY_HTTP, STR("HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 113\r\n\r\n"), ENDING_N,
     OUTCOME_UNREACHABLE, "the proxy says: 503 Service Unavailable (ERR_CONNECT_FAIL)"},
    {PROXY_HTTP, STR("HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_DNS_FAIL 0\r\n\r\n"), ENDING_N,
     OUTCOME_UNRESOLVED, "the proxy says: 503 Service Unavailable (ERR_DNS_FAIL)"},
    {PROXY_HTTP, STR("HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n"), ENDING_N,
     OUTCOME_PROXY_REFUSED, "the proxy refused: 403 Forbidden (ERR_ACCESS_DENIED 0)"},
    {PROXY_HTTP, STR("HTTP/1.1 500 Internal Server Error\r\nX-Squid-Error: ERR_CANNOT_FORWARD 0\r\n" PAGE "0\r\n\r\n"),
     ENDING_N, OUTCOME_PROXY_REFUSED, "the proxy refused: 500 Internal Server Error (ERR_CANNOT_FORWARD 0)"},
    {PROXY_HTTP, STR("HTTP/1.1 403 Forbidden\r\n\r\nConnection refused, says who wrote this page"), ENDING_N,
     OUTCOME_PROXY_REFUSED, "the proxy refused: 403 Forbidden"},
    {PROXY_HTTP, STR("HTTP/1.1 503 Service Unavailable\r\n" PAGE "27\r\n\r\n<i>(111) Connection refused"), ENDING_N,
     OUTCOME_REFUSED, "the proxy says: 503 Service Unavailable (Connection refused)"},
    {PROXY_HTTP,
     STR("HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n"
         "12\r\nConnection refused\r\n0\r\n\r\n"),
     ENDING_N, OUTCOME_REFUSED, "the proxy says: 503 Service Unavailable (Connection refused)"},
    {PROXY_HTTP, STR("HTTP/1.0 500 Unable to connect\r\n\r\n<p>of tinyproxy"), ENDING_CLOSED, OUTCOME_UNREACHABLE,
     "the proxy says: 500 Unable to connect (Unable to connect)"},
    {PROXY_HTTP, STR("HTTP/1.1 404 No such domain\r\n\r\n"), ENDING_CLOSED, OUTCOME_UNRESOLVED,
     "the proxy says: 404 No such domain (No such domain)"},
    {PROXY_HTTP, STR("HTTP/1.1 503 Service Unavailable\r\n\r\nbusy"), ENDING_CLOSED, OUTCOME_PROXY_REFUSED,
     "the proxy refused: 503 Service Unavailable"},
    {PROXY_HTTP, STR("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"), ENDING_N, OUTCOME_UNREACHABLE,
     "the proxy says: 502 Bad Gateway"},
    {PROXY_HTTP, STR("HTTP/1.1 504 Gateway Timeout\r\nConte"), ENDING_TIMEOUT, OUTCOME_FILTERED,
     "the proxy says: 504 Gateway Timeout"},
    {PROXY_HTTP, STR("SSH-2.0-OpenSSH_9.2\r\n"), ENDING_N, OUTCOME_PROXY_REFUSED,
     "the proxy does not speak HTTP, but ssh"},
    {PROXY_HTTP, STR(""), ENDING_CLOSED, OUTCOME_PROXY_REFUSED,
     "the proxy closed the connection before it had answered"},
    {PROXY_HTTP, STR("HTTP/1.1 200 Ye"), ENDING_RESET, OUTCOME_PROXY_REFUSED,
     "the proxy reset the connection before it had answered"},
    {PROXY_HTTP, STR(""), ENDING_TIMEOUT, OUTCOME_FILTERED,
     "no answer of the proxy: it may still be trying to reach the target"},
    {PROXY_SOCKS5, STR("\5\0\5\0\0\1\0\0\0\0\0\0"), ENDING_N, OUTCOME_OPEN, NULL},
    {PROXY_SOCKS5, STR("\5\0\5\0\0\3\4abcd\0\0"), ENDING_N, OUTCOME_OPEN, NULL},
    {PROXY_SOCKS5, STR("\5\0\5\0\0\4\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10\0\0"), ENDING_N, OUTCOME_OPEN, NULL},
    {PROXY_SOCKS5, STR("\5\0\5\1"), ENDING_N, OUTCOME_PROXY_REFUSED, "the proxy refused: general failure of the proxy"},
    {PROXY_SOCKS5, STR("\5\0\5\2\0\1\0\0\0\0\0\0"), ENDING_N, OUTCOME_PROXY_REFUSED,
     "the proxy refused: not allowed by its rules"},
    {PROXY_SOCKS5, STR("\5\0\5\3"), ENDING_N, OUTCOME_UNREACHABLE, "the proxy says: network unreachable"},
    {PROXY_SOCKS5, STR("\5\0\5\4"), ENDING_N, OUTCOME_UNREACHABLE,
     "the proxy says: host unreachable, or its name has no address"},
    {PROXY_SOCKS5, STR("\5\0\5\5"), ENDING_N, OUTCOME_REFUSED, "the proxy says: connection refused"},
    {PROXY_SOCKS5, STR("\5\0\5\7"), ENDING_N, OUTCOME_PROXY_REFUSED, "the proxy refused: it does not make connections"},
    {PROXY_SOCKS5, STR("\5\0\5\x63"), ENDING_N, OUTCOME_PROXY_REFUSED,
     "the proxy refused: with a code that is not assigned"},
    {PROXY_SOCKS5, STR("\5\2"), ENDING_N, OUTCOME_PROXY_REFUSED,
     "the proxy refused: it wants an authentication, and there is no name and password for it"},
    {PROXY_SOCKS5, STR("HTTP/1.1 400 Bad Request\r\n"), ENDING_N, OUTCOME_PROXY_REFUSED,
     "the proxy does not speak SOCKS5, but http"},
    {PROXY_SOCKS5, STR(""), ENDING_TIMEOUT, OUTCOME_PROXY_REFUSED, "the proxy accepts connections and does not answer"},
    {PROXY_SOCKS5, STR("\5\0"), ENDING_TIMEOUT, OUTCOME_FILTERED,
     "no answer of the proxy: it may still be trying to reach the target"},
};

/* The far end says the bytes of a case; what is behind its end is not touched. */
static enum proxy_step listen_to(const struct spoken *one, size_t piece, struct answer *answer, size_t *at)
{
    const struct proxy_ask ask = {one->kind, STR("host.example"), 22, STR_EMPTY};
    const uint8_t *p = (const uint8_t *)one->bytes.p;
    struct proxy_talk talk;
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    size_t arrived = 0;
    size_t used = 0;
    enum proxy_step step;

    *at = 0;
    answer_init(answer);
    step = proxy_start(&talk, &ask, &out, answer);
    while (step == PROXY_READ && arrived < one->bytes.n) {
        arrived = one->bytes.n - arrived < piece ? one->bytes.n : arrived + piece;
        answer_init(answer);
        step = proxy_heard(&talk, p + *at, arrived - *at, &used, &out, answer);
        *at += used;
    }
    if (step == PROXY_READ && one->ending != ENDING_N) {
        proxy_end(&talk, p + *at, arrived - *at, one->ending, answer);
        step = PROXY_REFUSED;
    }
    return step;
}

static void what_proxies_say_is_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spoken / sizeof spoken[0]; i++) {
        for (size_t piece = 1; piece < 10000; piece *= 100) {
            struct answer answer;
            size_t at;
            enum proxy_step step = listen_to(&spoken[i], piece, &answer, &at);

            if (step != (spoken[i].outcome == OUTCOME_OPEN ? PROXY_THROUGH : PROXY_REFUSED))
                fail_msg("case %zu: step %d", i, (int)step);
            if (spoken[i].reason != NULL && (piece > 1 || !str_contains(answer.reason, "does not speak"))) {
                same(answer.reason, spoken[i].reason);
                assert_int_equal(answer.outcome, spoken[i].outcome);
            } else if (spoken[i].reason == NULL) {
                assert_int_equal(at, spoken[i].bytes.n);
            }
        }
    }
}

static void an_answer_without_an_end_is_given_up(void **state)
{
    static char much[3 * PROXY_INPUT_MAX];
    struct spoken one = {PROXY_HTTP, {much, sizeof much}, ENDING_N, OUTCOME_PROXY_REFUSED, NULL};
    struct answer answer;
    size_t at;
    int n = snprintf(much, sizeof much, "HTTP/1.1 200 Yes\r\nX: ");

    (void)state;
    memset(much + n, 'x', sizeof much - (size_t)n);
    assert_int_equal(listen_to(&one, 100, &answer, &at), PROXY_REFUSED);
    same(answer.reason, "the proxy answers without an end");
}

static void what_cannot_be_said_is_not_sent(void **state)
{
    static char large[600];
    const struct proxy_ask asks[] = {
        {PROXY_HTTP, STR("a\r\nX: y"), 22, STR_EMPTY},   {PROXY_HTTP, STR(""), 22, STR_EMPTY},
        {PROXY_SOCKS5, {large, 256}, 22, STR_EMPTY},     {PROXY_SOCKS5, STR("a"), 22, {large, 300}},
        {PROXY_HTTP, STR("a b.example"), 22, STR_EMPTY},
    };

    (void)state;
    memset(large, 'a', sizeof large);
    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++) {
        struct proxy_talk talk;
        uint8_t bytes[WIRE_OUT_MAX];
        struct wire_out out = {bytes, 0, sizeof bytes, false};
        struct answer answer;

        answer_init(&answer);
        assert_int_equal(proxy_start(&talk, &asks[i], &out, &answer), PROXY_REFUSED);
        assert_int_equal(answer.outcome, OUTCOME_ERROR);
        assert_int_equal(out.n, 0);
    }
}

static void requests_are_as_the_documents_show_them(void **state)
{
    /* RFC 7617 2: Aladdin, open sesame. */
    const struct proxy_ask http = {PROXY_HTTP, STR("fd00::1"), 8443, STR("Aladdin:open sesame")};
    const struct proxy_ask socks = {PROXY_SOCKS5, STR("host.example"), 258, STR_EMPTY};
    struct proxy_talk talk;
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    struct answer answer;
    size_t used;

    (void)state;
    answer_init(&answer);
    assert_int_equal(proxy_start(&talk, &http, &out, &answer), PROXY_READ);
    same((struct str){(const char *)bytes, out.n},
         "CONNECT [fd00::1]:8443 HTTP/1.1\r\nHost: [fd00::1]:8443\r\nUser-Agent: portolan-probe\r\n"
         "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
    out.n = 0;
    assert_int_equal(proxy_start(&talk, &socks, &out, &answer), PROXY_READ);
    assert_int_equal(out.n, 3);
    assert_memory_equal(bytes, "\5\1\0", 3);
    out.n = 0;
    assert_int_equal(proxy_heard(&talk, (const uint8_t *)"\5\0", 2, &used, &out, &answer), PROXY_READ);
    assert_int_equal(out.n, 5 + 12 + 2);
    assert_memory_equal(bytes, "\5\1\0\3\14host.example\1\2", out.n);
}

static void doors_refuse_what_is_no_request(void **state)
{
    static const struct {
        enum proxy_kind kind;
        struct str bytes;
        const char *said;
    } cases[] = {
        {PROXY_HTTP, STR("GET http://a/ HTTP/1.1\r\n\r\n"), "HTTP/1.1 405 "},
        {PROXY_HTTP, STR("CONNECT host HTTP/1.1\r\n\r\n"), "HTTP/1.1 400 "},
        {PROXY_HTTP, STR("CONNECT host:99999 HTTP/1.1\r\n\r\n"), "HTTP/1.1 400 "},
        {PROXY_HTTP, STR("CONNECT a<b:22 HTTP/1.1\r\n\r\n"), "HTTP/1.1 400 "},
        {PROXY_SOCKS5, STR("\4\1"), ""},
        {PROXY_SOCKS5, STR("\5\1\2"), "\5\xff"},
        {PROXY_SOCKS5, STR("\5\1\0\5\2\0\1\1\2\3\4\0\1"), "\5"},
        {PROXY_SOCKS5, STR("\5\1\0\5\1\0\3\0\0\1"), "\5"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct proxy_door door = {.kind = cases[i].kind};
        uint8_t bytes[WIRE_OUT_MAX];
        struct wire_out out = {bytes, 0, sizeof bytes, false};
        size_t used;

        assert_int_equal(proxy_serve(&door, (const uint8_t *)cases[i].bytes.p, cases[i].bytes.n, &used, &out),
                         PROXY_REFUSED);
        assert_true(str_starts((struct str){(const char *)bytes, out.n}, cases[i].said));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_understand_each_other), cmocka_unit_test(who_may_not_pass_is_told_so),
        cmocka_unit_test(what_proxies_say_is_told_apart),   cmocka_unit_test(an_answer_without_an_end_is_given_up),
        cmocka_unit_test(what_cannot_be_said_is_not_sent),  cmocka_unit_test(requests_are_as_the_documents_show_them),
        cmocka_unit_test(doors_refuse_what_is_no_request),
    };

    return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
