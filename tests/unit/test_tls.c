/*
 * TLS over socket pairs: every state, far ends that speak something else or stop in the midst, servers that do what
 * ours never would.
 */
#include "tls_ends.h"

static void bytes_go_both_ways_and_the_end_is_seen(void **state)
{
    struct ends ends;
    char text[64];
    size_t n;

    (void)state;
    meet(&ends, nothing, own, "stand-in.example");
    assert_int_equal(ends.client_state, TLS_OK);
    assert_int_equal(ends.server_state, TLS_OK);
    assert_int_equal(tls_read(ends.client, text, sizeof text, &n), TLS_WANT_READ);
    assert_int_equal(n, 0);
    assert_int_equal(tls_write(ends.client, "ask", 3, &n), TLS_OK);
    assert_int_equal(n, 3);
    assert_int_equal(tls_read(ends.server, text, sizeof text, &n), TLS_OK);
    same((struct str){text, n}, "ask");
    assert_int_equal(tls_write(ends.server, "answer", 6, &n), TLS_OK);
    assert_int_equal(tls_read(ends.client, text, 2, &n), TLS_OK); /* the rest waits inside */
    assert_int_equal(tls_read(ends.client, text + 2, sizeof text - 2, &n), TLS_OK);
    same((struct str){text, 6}, "answer");
    tls_free(ends.server);
    ends.server = NULL;
    assert_int_equal(tls_read(ends.client, text, sizeof text, &n), TLS_ENDED);
    same(tls_problem(ends.client), "the far end closed the connection");
    part(&ends);
}

static void a_full_socket_is_waited_for(void **state)
{
    static char much[1 << 20];
    static char back[1 << 16];
    struct ends ends;
    enum tls_state went = TLS_OK;
    size_t sent = 0;
    size_t got = 0;
    size_t n;

    (void)state;
    meet(&ends, nothing, own, "");
    while (sent < sizeof much && (went = tls_write(ends.client, much + sent, sizeof much - sent, &n)) == TLS_OK)
        sent += n;
    assert_int_equal(went, TLS_WANT_WRITE);
    while (got < sizeof much) {
        while (tls_read(ends.server, back, sizeof back, &n) == TLS_OK)
            got += n;
        while (sent < sizeof much && tls_write(ends.client, much + sent, sizeof much - sent, &n) == TLS_OK)
            sent += n;
    }
    assert_int_equal(sent, got);
    part(&ends);
}

/* Between the two a relay that hands on one byte at a time. */
static void bytes_one_at_a_time_are_enough(void **state)
{
    struct ends ends = {.client_state = TLS_WANT_READ, .server_state = TLS_WANT_READ};
    int left[2];
    int right[2];
    char c;

    (void)state;
    pair(left);
    pair(right);
    ends.client = tls_client(nothing, left[0], STR("stand-in.example"));
    ends.server = tls_server(own, right[0]);
    for (int i = 0; i < 20000 && (waits(ends.client_state) || waits(ends.server_state)); i++) {
        if (waits(ends.client_state))
            ends.client_state = tls_handshake(ends.client);
        if (waits(ends.server_state))
            ends.server_state = tls_handshake(ends.server);
        if (read(left[1], &c, 1) == 1)
            assert_int_equal(write(right[1], &c, 1), 1);
        if (read(right[1], &c, 1) == 1)
            assert_int_equal(write(left[1], &c, 1), 1);
    }
    assert_int_equal(ends.client_state, TLS_OK);
    assert_int_equal(ends.server_state, TLS_OK);
    tls_free(ends.client);
    tls_free(ends.server);
    for (int i = 0; i < 2; i++) {
        close(left[i]);
        close(right[i]);
    }
}

/* ------------------------------------------------------------------ far ends that speak something else */

/* A client's handshake against bytes of the test, which then closes its end where `closes`. */
static enum tls_state against(const void *p, size_t n, bool closes, struct tls_session **session, int fds[2])
{
    char hello[4096];
    enum tls_state state;

    pair(fds);
    *session = tls_client(nothing, fds[0], STR("host.example"));
    state = tls_handshake(*session);
    assert_int_equal(state, TLS_WANT_READ);
    assert_true(read(fds[1], hello, sizeof hello) > 0); /* or closing would be a reset */
    assert_int_equal(write(fds[1], p, n), n);
    if (closes) {
        close(fds[1]);
        fds[1] = -1;
    }
    for (int i = 0; i < 4 && state == TLS_WANT_READ; i++)
        state = tls_handshake(*session);
    return state;
}

static void done_with(struct tls_session *session, int fds[2])
{
    tls_free(session);
    close(fds[0]);
    if (fds[1] >= 0)
        close(fds[1]);
}

static void what_is_no_tls_is_kept(void **state)
{
    static const char *const texts[] = {"220 files.example FTP\r\n",
                                        "SSH-2.0-OpenSSH_9.2\r\n",
                                        "2",
                                        "\x03\x00",
                                        "HTTP/1.1 400 Bad Request\r\n\r\n",
                                        "\x16\x02\x01",
                                        "\x15\x03\x09\x01\x02"};
    struct tls_session *session;
    char much[2 * TLS_FIRST_MAX];
    int fds[2];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t n = i == 3 ? 2 : strlen(texts[i]);

        assert_int_equal(against(texts[i], n, i % 2 == 0, &session, fds), TLS_FAILED);
        same(tls_problem(session), "the far end does not speak TLS");
        assert_true(str_eq(tls_first_bytes(session), (struct str){texts[i], n}));
        assert_int_equal(tls_handshake(session), TLS_FAILED);
        done_with(session, fds);
    }
    memset(much, 'x', sizeof much);
    assert_int_equal(against(much, sizeof much, false, &session, fds), TLS_FAILED);
    assert_int_equal(tls_first_bytes(session).n, TLS_FIRST_MAX);
    done_with(session, fds);
    /* A first byte that could be TLS, and a second that cannot. */
    assert_int_equal(against("\x16", 1, false, &session, fds), TLS_WANT_READ);
    assert_int_equal(write(fds[1], "abc", 3), 3);
    assert_int_equal(tls_handshake(session), TLS_FAILED);
    same(tls_first_bytes(session), "\x16"
                                   "abc");
    done_with(session, fds);
}

static void alerts_are_words(void **state)
{
    static const struct {
        uint8_t alert;
        const char *text;
    } cases[] = {
        {40, "alert 40: handshake failure"}, {70, "alert 70: protocol version"}, {112, "alert 112: unrecognized name"},
        {80, "alert 80: internal error"},    {200, "alert 200: not assigned"},
    };
    struct tls_session *session;
    int fds[2];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint8_t bytes[] = {21, 3, 1, 0, 2, 2, cases[i].alert};

        assert_int_equal(against(bytes, sizeof bytes, true, &session, fds), TLS_FAILED);
        same(tls_problem(session), cases[i].text);
        assert_int_equal(tls_first_bytes(session).n, 0);
        assert_false(tls_certificate_demanded(session));
        done_with(session, fds);
    }
}

static void broken_tls_is_not_something_else(void **state)
{
    static const uint8_t junk[] = {22, 3, 3, 0, 8, 2, 0, 0, 4, 9, 9, 9, 9};
    struct tls_session *session;
    struct answer answer;
    int fds[2];

    (void)state;
    assert_int_equal(against(junk, sizeof junk, true, &session, fds), TLS_FAILED);
    assert_true(str_starts(tls_problem(session), "broken TLS: "));
    assert_int_equal(tls_first_bytes(session).n, 0);
    answer_init(&answer);
    tls_evidence(session, &answer);
    assert_int_equal(answer.evidence_n, 0);
    assert_int_equal(tls_fingerprint(session).n, 0);
    done_with(session, fds);
}

static void closed_at_once_is_the_end(void **state)
{
    struct tls_session *session;
    int fds[2];

    (void)state;
    assert_int_equal(against("", 0, true, &session, fds), TLS_ENDED);
    same(tls_problem(session), "the far end closed the connection in the TLS handshake");
    done_with(session, fds);
}

/* Empty requests to begin anew, which a client skips: they would come for ever. */
static void a_handshake_without_an_end_is_given_up(void **state)
{
    static const uint8_t hello_request[] = {22, 3, 3, 0, 4, 0, 0, 0, 0};
    struct tls_session *session;
    size_t sent = 0;
    int fds[2];
    enum tls_state found = against("", 0, false, &session, fds);

    (void)state;
    while (found == TLS_WANT_READ && sent < 4 * TLS_HANDSHAKE_MAX) {
        while (sent < 4 * TLS_HANDSHAKE_MAX && write(fds[1], hello_request, sizeof hello_request) > 0)
            sent += sizeof hello_request;
        found = tls_handshake(session);
    }
    assert_int_equal(found, TLS_FAILED);
    same(tls_problem(session), "broken TLS: a handshake of more than 131072 bytes");
    done_with(session, fds);
}

/* What a server of ours answers to the first flight of a client that is cut off at each place. */
static void a_handshake_that_stops_is_never_done(void **state)
{
    static char flight[8192];
    struct tls_session *session;
    int fds[2];

    (void)state;
    for (size_t cut = 0;; cut += 7) {
        struct tls_session *server;
        int far[2];
        ssize_t n;

        pair(fds);
        pair(far);
        session = tls_client(nothing, fds[0], STR("stand-in.example"));
        assert_int_equal(tls_handshake(session), TLS_WANT_READ);
        n = read(fds[1], flight, sizeof flight);
        assert_int_equal(write(far[1], flight, (size_t)n), n);
        server = tls_server(own, far[0]);
        assert_int_equal(tls_handshake(server), TLS_WANT_READ);
        n = read(far[1], flight, sizeof flight);
        assert_true(n > 100);
        tls_free(server);
        close(far[0]);
        close(far[1]);
        if (cut >= (size_t)n) {
            done_with(session, fds);
            break;
        }
        assert_int_equal(write(fds[1], flight, cut), cut);
        assert_int_equal(tls_handshake(session), TLS_WANT_READ);
        shutdown(fds[1], SHUT_WR);
        assert_int_equal(tls_handshake(session), TLS_ENDED);
        done_with(session, fds);
    }
}

static void a_server_names_what_is_no_tls_too(void **state)
{
    struct tls_session *session;
    int fds[2];

    (void)state;
    pair(fds);
    session = tls_server(own, fds[0]);
    assert_int_equal(tls_handshake(session), TLS_WANT_READ);
    assert_int_equal(write(fds[1], "GET / HTTP/1.1\r\n\r\n", 18), 18);
    assert_int_equal(tls_handshake(session), TLS_FAILED);
    same(tls_first_bytes(session), "GET / HTTP/1.1\r\n\r\n");
    done_with(session, fds);
}

/* The signal would end this program. */
static void a_far_end_that_is_gone_raises_no_signal(void **state)
{
    struct ends ends;
    char text[8];
    size_t n;

    (void)state;
    meet(&ends, nothing, own, "");
    close(ends.fds[1]);
    ends.fds[1] = -1;
    assert_int_equal(tls_write(ends.client, "ask", 3, &n), TLS_OK);
    assert_int_equal(tls_write(ends.client, "ask", 3, &n), TLS_OK);
    assert_int_equal(tls_read(ends.client, text, sizeof text, &n), TLS_RESET);
    same(tls_problem(ends.client), "the connection was reset");
    assert_int_equal(tls_read(ends.client, text, sizeof text, &n), TLS_FAILED);
    part(&ends);
}

/* ------------------------------------------------------------------ servers that ours are not */

struct odd {
    SSL_CTX *ctx;
    SSL *ssl;
    int fds[2];
    struct tls_session *client;
};

static void odd_open(struct odd *odd, int version, bool demands, struct trust *trust)
{
    const char *file = path("odd.pem");
    struct maker maker = {.name = "DNS:leaf.example", .to_s = DAY_S};

    make(&maker, "leaf");
    write_pem("odd.pem", (const struct maker *[]){&maker}, 1);
    unmake(&maker);
    pair(odd->fds);
    odd->ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(odd->ctx, 0);
    SSL_CTX_set_min_proto_version(odd->ctx, version);
    SSL_CTX_set_max_proto_version(odd->ctx, version);
    assert_int_equal(SSL_CTX_use_certificate_file(odd->ctx, file, SSL_FILETYPE_PEM), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(odd->ctx, file, SSL_FILETYPE_PEM), 1);
    if (demands)
        SSL_CTX_set_verify(odd->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_load_verify_file(odd->ctx, file);
    odd->ssl = SSL_new(odd->ctx);
    SSL_set_fd(odd->ssl, odd->fds[1]);
    SSL_set_accept_state(odd->ssl);
    odd->client = tls_client(trust, odd->fds[0], STR("leaf.example"));
}

static enum tls_state odd_shake(struct odd *odd)
{
    enum tls_state state = TLS_WANT_READ;

    for (int i = 0; i < 10; i++) {
        if (waits(state))
            state = tls_handshake(odd->client);
        SSL_do_handshake(odd->ssl);
    }
    return state;
}

static void odd_close(struct odd *odd)
{
    tls_free(odd->client);
    SSL_free(odd->ssl);
    SSL_CTX_free(odd->ctx);
    close(odd->fds[0]);
    close(odd->fds[1]);
}

static void old_versions_are_spoken_and_said(void **state)
{
    static const struct {
        int version;
        const char *text;
    } cases[] = {{TLS1_VERSION, "TLS 1.0"}, {TLS1_1_VERSION, "TLS 1.1"}, {TLS1_2_VERSION, "TLS 1.2"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer answer;
        struct odd odd;

        odd_open(&odd, cases[i].version, false, nothing);
        assert_int_equal(odd_shake(&odd), TLS_OK);
        answer_init(&answer);
        tls_evidence(odd.client, &answer);
        same(answer_value(&answer, "tls"), cases[i].text);
        same(answer_value(&answer, "subject"), "CN=leaf,O=\"Example, Inc\"");
        odd_close(&odd);
    }
}

static void a_demand_for_a_certificate_is_told(void **state)
{
    static const int versions[] = {TLS1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
    char text[8];
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct answer answer;
        struct odd odd;
        enum tls_state found;

        odd_open(&odd, versions[i], true, nothing);
        found = odd_shake(&odd);
        if (versions[i] == TLS1_3_VERSION) {
            assert_int_equal(found, TLS_OK);
            found = tls_read(odd.client, text, sizeof text, &n);
        }
        assert_int_equal(found, TLS_FAILED);
        assert_true(tls_certificate_demanded(odd.client));
        has(tls_problem(odd.client), "(the server demands a client certificate)");
        answer_init(&answer);
        tls_evidence(odd.client, &answer);
        same(answer_value(&answer, "client-certificate"), "asked");
        same(answer_value(&answer, "trust"), "self-signed");
        assert_int_equal(tls_fingerprint(odd.client).n, 64);
        odd_close(&odd);
    }
}

static void a_certificate_of_this_end_is_shown(void **state)
{
    struct maker maker = {.name = "DNS:me.example", .to_s = DAY_S};
    struct trust_options options = {.nothing = true, .certificate_file = path("me.pem")};
    struct trust *trust;
    const char *why = "";
    struct odd odd;
    X509 *seen;

    (void)state;
    make(&maker, "me");
    write_pem("me.pem", (const struct maker *[]){&maker}, 1);
    assert_int_equal(trust_open(&options, &trust, &why), 0);
    odd_open(&odd, TLS1_3_VERSION, true, trust);
    SSL_set_verify(odd.ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_load_verify_file(odd.ctx, path("me.pem"));
    assert_int_equal(odd_shake(&odd), TLS_OK);
    seen = SSL_get0_peer_certificate(odd.ssl);
    assert_non_null(seen);
    assert_int_equal(X509_cmp(seen, maker.made), 0);
    odd_close(&odd);
    trust_free(trust);
    unmake(&maker);
}

/* A server that asks to begin anew is refused, and what it says is read all the same. */
static void nobody_begins_anew(void **state)
{
    struct odd odd;
    char text[8];
    size_t n;

    (void)state;
    odd_open(&odd, TLS1_2_VERSION, false, nothing);
    assert_int_equal(odd_shake(&odd), TLS_OK);
    assert_int_equal(SSL_renegotiate(odd.ssl), 1);
    SSL_do_handshake(odd.ssl);
    assert_int_equal(tls_read(odd.client, text, sizeof text, &n), TLS_WANT_READ);
    assert_true(SSL_read(odd.ssl, text, sizeof text) <= 0); /* the refusal ends it for OpenSSL */
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), SSL_R_NO_RENEGOTIATION);
    odd_close(&odd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways_and_the_end_is_seen),
        cmocka_unit_test(a_full_socket_is_waited_for),
        cmocka_unit_test(bytes_one_at_a_time_are_enough),
        cmocka_unit_test(what_is_no_tls_is_kept),
        cmocka_unit_test(alerts_are_words),
        cmocka_unit_test(broken_tls_is_not_something_else),
        cmocka_unit_test(closed_at_once_is_the_end),
        cmocka_unit_test(a_handshake_without_an_end_is_given_up),
        cmocka_unit_test(a_handshake_that_stops_is_never_done),
        cmocka_unit_test(a_server_names_what_is_no_tls_too),
        cmocka_unit_test(a_far_end_that_is_gone_raises_no_signal),
        cmocka_unit_test(old_versions_are_spoken_and_said),
        cmocka_unit_test(a_demand_for_a_certificate_is_told),
        cmocka_unit_test(a_certificate_of_this_end_is_shown),
        cmocka_unit_test(nobody_begins_anew),
    };

    return cmocka_run_group_tests_name("tls", tests, setup, teardown);
}
