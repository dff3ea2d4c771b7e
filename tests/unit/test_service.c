/*
 * Services against themselves and each other, in memory: every responder satisfies its own probe, however its bytes are
 * cut; no probe takes another service, half an answer or an answer to somebody else for the proof.
 */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog/builtin.h"
#include "dialog.h"
#include "model/services.h"

static const unsigned protos[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP};
#define PROTO_COUNT (sizeof protos / sizeof *protos)

/* The exchange that the row itself has; NULL where the row leaves the protocol to our own exchange. */
static const struct exchange *row_exchange(const struct service *service, unsigned proto)
{
    return proto == PROTO_TCP ? service->tcp : proto == PROTO_UDP ? service->udp : service->icmp;
}

static const char *proto_text(unsigned proto)
{
    return proto == PROTO_TCP ? "tcp" : proto == PROTO_UDP ? "udp" : "icmp";
}

typedef void each_exchange(const struct service *service, unsigned proto, const struct exchange *exchange);

static void for_each(each_exchange *test)
{
    size_t n;
    const struct service *const *services = service_all(&n);

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < PROTO_COUNT; j++) {
            const struct exchange *exchange = row_exchange(services[i], protos[j]);

            if (exchange != NULL)
                test(services[i], protos[j], exchange);
        }
    }
}

/* ------------------------------------------------------------------ rows */

static void row_is_complete(const struct service *service, unsigned proto, const struct exchange *exchange)
{
    assert_true(service_known(str_of(service->name)));
    assert_ptr_equal(service_find(str_of(service->name)), service);
    assert_ptr_equal(service_exchange(service, proto), exchange);
    assert_non_null(service->title);
    assert_non_null(exchange->protocol);
    assert_non_null(exchange->sends);
    assert_non_null(exchange->sends[0]);
    assert_non_null(exchange->begin);
    assert_non_null(exchange->heard);
    assert_non_null(exchange->serve);
    assert_true(exchange->input_max >= 256 && exchange->input_max <= 16384);
    assert_int_equal(exchange->speaks_first, exchange->greet != NULL);
    if (service->via != NULL)
        assert_non_null(service_find(str_of(service->via)));
}

static void rows_are_complete(void **state)
{
    size_t n;
    const struct service *const *services = service_all(&n);

    (void)state;
    for_each(row_is_complete);
    for (size_t i = 0; i < n; i++) {
        assert_true(services[i]->tcp != NULL || services[i]->udp != NULL || services[i]->icmp != NULL);
        assert_non_null(service_exchange(services[i], PROTO_TCP));
        assert_non_null(service_exchange(services[i], PROTO_UDP));
    }
    assert_null(service_find(STR("gopher")));
    assert_int_equal(service_default_port(service_find(STR("ntp")), PROTO_UDP), 123);
    assert_int_equal(service_default_port(service_find(STR("ntp")), PROTO_TCP), 0);
    assert_int_equal(service_default_port(service_find(STR("mountd")), PROTO_TCP), 0);
}

/* ------------------------------------------------------------------ requests have names */

static void request_is_named(const struct service *service, unsigned proto, const struct exchange *exchange)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    struct answer answer;
    struct talk talk;
    const char *name;

    if (proto == PROTO_ICMP || exchange->speaks_first)
        return;
    talk_begin(&talk, service, proto);
    talk.ask = &dialog_ask;
    answer_init(&answer);
    probe_start(&talk, &out, &answer);
    name = recognise_request(out.p, out.n, proto == PROTO_UDP);
    if (out.n == 0)
        assert_null(name);
    else /* what S3 is asked first is plain HTTP */
        assert_string_equal(name, service == &service_s3 ? "http" : exchange->protocol);
}

static void requests_are_named(void **state)
{
    static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    static const char noise[] = "\xee\xee\xee\xee\xee\xee\xee\xee";

    (void)state;
    for_each(request_is_named);
    assert_string_equal(recognise_request((const uint8_t *)hello, sizeof hello - 1, false), "tls");
    assert_null(recognise_request((const uint8_t *)noise, sizeof noise - 1, false));
    assert_null(recognise_request((const uint8_t *)noise, sizeof noise - 1, true));
}

/* ------------------------------------------------------------------ a responder satisfies its own probe */

static void open_with(const struct service *service, unsigned proto, const struct ask *ask, size_t piece)
{
    struct dialog *dialog = malloc(sizeof *dialog);

    dialog_init(dialog, service, service, proto, ask);
    dialog->piece = piece;
    dialog_run(dialog);
    if (dialog->answer.outcome != OUTCOME_OPEN)
        fail_msg("%s/%s in pieces of %zu: %s: %.*s", service->name, proto_text(proto), piece,
                 outcome_name(dialog->answer.outcome), STR_ARG(dialog->answer.reason));
    assert_true(dialog->answer.reason.n > 0);
    if (dialog->waited)
        fail_msg("%s/%s is open, but not before its time is over", service->name, proto_text(proto));
    /* What was sent has its words. */
    for (size_t i = 0; i <= dialog->probe.packet; i++)
        assert_non_null(dialog->probe.exchange->sends[i]);
    free(dialog);
}

static void own_probe(const struct service *service, unsigned proto, const struct exchange *exchange)
{
    struct ask ask = dialog_ask;

    ask.own = true;
    open_with(service, proto, &ask, 0);
    if (exchange->proof == PROOF_HANDSHAKE && service != &service_netbios_ns) {
        ask.own = false;
        for (size_t piece = 0; piece <= 200; piece += piece < 8 ? 1 : 13)
            open_with(service, proto, &ask, piece);
    }
}

static void own_probes_are_satisfied(void **state)
{
    (void)state;
    for_each(own_probe);
}

static void without_our_responder(const struct service *service, unsigned proto, const struct exchange *exchange)
{
    struct dialog *dialog;

    if (exchange->proof != PROOF_UNVERIFIABLE && exchange->proof != PROOF_SILENT)
        return;
    dialog = malloc(sizeof *dialog);
    dialog_init(dialog, service, service, proto, &dialog_ask);
    dialog_run(dialog);
    assert_int_equal(dialog->answer.outcome, OUTCOME_UNVERIFIABLE);
    assert_int_equal(dialog->asked, 0);
    free(dialog);
}

static void silent_services_are_unverifiable(void **state)
{
    (void)state;
    for_each(without_our_responder);
}

/* What is asked for goes into the request, and what cannot be does not break it. */
static void names_go_into_requests(void **state)
{
    static const struct {
        const char *service;
        unsigned proto;
        struct str name;
        struct str sent;
    } names[] = {
        {"dns", PROTO_UDP, {"example.test.", 13}, {"\7example\4test\0\0\6\0\1", 18}},
        {"dns", PROTO_UDP, {"bad..name", 9}, {"\0\0\0\0\0\0\0\6\0\1", 10}},
        {"kerberos",
         PROTO_UDP,
         {"EXAMPLE.TEST", 12},
         {"\x1b\x06krbtgt\x1b\x0c"
          "EXAMPLE.TEST",
          22}},
        {"ldap",
         PROTO_UDP,
         {"example.test", 12},
         {"DnsDomain\4\x0c"
          "example.test",
          23}},
        {"http", PROTO_TCP, {"", 0}, {"\r\nHost: filer.example\r\n", 23}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint8_t bytes[WIRE_OUT_MAX];
        struct wire_out out = {bytes, 0, sizeof bytes, false};
        struct ask ask = dialog_ask;
        const struct service *service = service_find(str_of(names[i].service));
        struct dialog *dialog = malloc(sizeof *dialog);

        ask.name = names[i].name;
        dialog_init(dialog, service, service, names[i].proto, &ask);
        probe_start(&dialog->probe, &out, &dialog->answer);
        assert_non_null(memmem(bytes, out.n, names[i].sent.p, names[i].sent.n));
        free(dialog);
    }
}

/* The target's name is a user's: it never ends a line of the request. */
static void hosts_stay_in_their_line(void **state)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    struct ask ask = {.host = {"a\r\nX b", 6}, .port = 8080};
    struct dialog *dialog = malloc(sizeof *dialog);

    (void)state;
    dialog_init(dialog, &service_http, &service_http, PROTO_TCP, &ask);
    probe_start(&dialog->probe, &out, &dialog->answer);
    assert_non_null(memmem(bytes, out.n, "\r\nHost: aXb:8080\r\n", 18));
    free(dialog);
}

/* ------------------------------------------------------------------ nobody else does */

/* Probes that another service's responder satisfies, and may: it is the same protocol, and a client would be content.
 */
static const char *const akin[][2] = {
    {"http", "rest"},
    {"http", "s3"},
    {"rest", "http"},
    {"rest", "https"},
    {"rest", "s3"},
    {"https", "rest"},
    {"web", "http"},
    {"web", "https"},
    {"web", "rest"},
    {"web", "s3"},
    {"http", "web"},
    {"https", "web"},
    {"rest", "web"},
    {"https", "s3"},
    {"ldap", "global-catalog"},
    {"ldaps", "global-catalog"},
    {"rpcbind", "nfs-dynamic"},
    {"nfs-dynamic", "rpcbind"},
    {"ftp", "ftp-passive"},
    {"ftp-passive", "ftp"},
};

static bool may_be_open(const struct service *probe, const struct service *responder)
{
    if (probe == &service_tcp || probe == &service_udp || probe == &service_tls)
        return true;
    for (size_t i = 0; i < sizeof akin / sizeof *akin; i++) {
        if (strcmp(akin[i][0], probe->name) == 0 && strcmp(akin[i][1], responder->name) == 0)
            return true;
    }
    return false;
}

static const uint8_t tls_alert[] = {0x15, 3, 1, 0, 2, 2, 0x46};
static const uint8_t tls_hello[] = {0x16, 3, 1, 0, 8, 1, 0, 0, 4, 3, 3, 0, 0};

/* A probe in the clear meets TLS: it gets an alert. */
static void meet_tls(const struct service *service, struct dialog *dialog)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    size_t used;
    enum step step = probe_start(&dialog->probe, &out, &dialog->answer);

    if (step != STEP_DONE)
        step = probe_heard(&dialog->probe, tls_alert, sizeof tls_alert, &used, &out, &dialog->answer);
    assert_int_equal(step, STEP_DONE);
    if (service != &service_tcp) {
        assert_int_equal(dialog->answer.outcome, OUTCOME_WRONG_SERVICE);
        assert_string_equal(dialog->answer.answered, "tls");
    }
}

/* A client of TLS meets a responder in the clear: nothing of its protocol is said, beyond a greeting. */
static void tls_meets(struct dialog *dialog)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    size_t used;

    respond_start(&dialog->responder, &out, &dialog->receipt);
    out.n = 0;
    respond_heard(&dialog->responder, tls_hello, sizeof tls_hello, &used, &out, &dialog->receipt);
    assert_int_equal(out.n, 0);
}

static void meet(const struct service *probe, const struct service *responder, unsigned proto, struct dialog *dialog)
{
    enum tls mine = row_exchange(probe, proto)->tls;
    enum tls theirs = row_exchange(responder, proto)->tls;
    const struct answer *answer = &dialog->answer;

    dialog_init(dialog, probe, responder, proto, &dialog_ask);
    if (theirs == TLS_FIRST && mine != TLS_FIRST && mine != TLS_EITHER) {
        meet_tls(probe, dialog);
        return;
    }
    if (mine == TLS_FIRST && theirs != TLS_FIRST && theirs != TLS_EITHER) {
        tls_meets(dialog);
        return;
    }
    dialog_run(dialog);
    if (may_be_open(probe, responder))
        return;
    if (answer->outcome == OUTCOME_OPEN)
        fail_msg("%s takes %s/%s for its own: %.*s", probe->name, responder->name, proto_text(proto),
                 STR_ARG(answer->reason));
    assert_true(answer->reason.n > 0);
    if (answer->outcome == OUTCOME_WRONG_SERVICE)
        assert_non_null(answer->answered);
    if (answer->outcome == OUTCOME_ERROR &&
        strcmp(row_exchange(probe, proto)->protocol, row_exchange(responder, proto)->protocol) != 0)
        fail_msg("%s says of %s/%s: error: %.*s", probe->name, responder->name, proto_text(proto),
                 STR_ARG(answer->reason));
}

static void nobody_else_is_open(void **state)
{
    struct dialog *dialog = malloc(sizeof *dialog);
    size_t n;
    const struct service *const *services = service_all(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            for (size_t k = 0; k < PROTO_COUNT; k++) {
                if (i != j && row_exchange(services[i], protos[k]) != NULL &&
                    row_exchange(services[j], protos[k]) != NULL)
                    meet(services[i], services[j], protos[k], dialog);
            }
        }
    }
    free(dialog);
}

/* ------------------------------------------------------------------ parts of answers */

/* What the responder says to its own probe, as one piece; a talk of one answer only. */
static size_t first_answer(const struct service *service, unsigned proto, const struct ask *asked_for, uint8_t *answer)
{
    uint8_t asked[WIRE_OUT_MAX];
    struct wire_out ask = {asked, 0, sizeof asked, false};
    struct wire_out out = {answer, 0, WIRE_OUT_MAX, false};
    struct dialog *dialog = malloc(sizeof *dialog);
    size_t used;

    dialog_init(dialog, service, service, proto, asked_for);
    probe_start(&dialog->probe, &ask, &dialog->answer);
    respond_start(&dialog->responder, &out, &dialog->receipt);
    if (out.n == 0)
        respond_heard(&dialog->responder, asked, ask.n, &used, &out, &dialog->receipt);
    free(dialog);
    return out.n;
}

/* A new probe is given these bytes and the end; its outcome. */
static enum outcome outcome_of(const struct service *service, unsigned proto, const struct ask *asked_for,
                               const uint8_t *p, size_t n, uint8_t salt)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    struct dialog *dialog = malloc(sizeof *dialog);
    uint8_t *copy = malloc(n > 0 ? n : 1); /* so that a byte read too much is seen */
    size_t used = 0;
    enum outcome outcome;
    enum step step;

    memcpy(copy, p, n);
    dialog_init(dialog, service, service, proto, asked_for);
    for (size_t i = 0; i < TALK_RANDOM; i++)
        dialog->probe.random[i] ^= salt;
    probe_start(&dialog->probe, &out, &dialog->answer);
    out.n = 0;
    answer_init(&dialog->answer);
    step = n > 0 ? probe_heard(&dialog->probe, copy, n, &used, &out, &dialog->answer) : STEP_READ;
    if (step == STEP_TLS)
        step = probe_secured(&dialog->probe, &out, &dialog->answer);
    if (step != STEP_DONE) {
        answer_init(&dialog->answer);
        probe_end(&dialog->probe, copy + used, n - used, ENDING_CLOSED, &dialog->answer);
    }
    outcome = dialog->answer.outcome;
    assert_true(dialog->answer.reason.n > 0);
    free(copy);
    free(dialog);
    return outcome;
}

/* The least that is proof: n bytes and more are open, fewer never. A service in several steps: its first alone is not.
 */
static void truncated(const struct service *service, unsigned proto, const struct exchange *exchange)
{
    size_t least = service == &service_netbios_ssn ? 4 : 11; /* a session that is granted is all in its header */
    uint8_t answer[WIRE_OUT_MAX];
    bool open = false;
    size_t n;

    if (exchange->proof != PROOF_HANDSHAKE)
        return;
    n = first_answer(service, proto, &dialog_ask, answer);
    for (size_t i = 0; i <= n; i++) {
        enum outcome outcome = outcome_of(service, proto, &dialog_ask, answer, i, 0);

        if (open && outcome != OUTCOME_OPEN)
            fail_msg("%s/%s: open with less than %zu bytes, but not with these", service->name, proto_text(proto), i);
        if (outcome == OUTCOME_OPEN && !open && i < least)
            fail_msg("%s/%s is open with %zu bytes", service->name, proto_text(proto), i);
        open = outcome == OUTCOME_OPEN;
    }
}

static void truncations_prove_nothing(void **state)
{
    (void)state;
    for_each(truncated);
}

/* Protocols that repeat something of the request: an answer to somebody else's request is none to ours. */
static const char *const tied[] = {"ntp",        "dns",    "ldap",        "ldaps", "global-catalog",
                                   "netbios-ns", "dcerpc", "rpcbind",     "nfs",   "mountd",
                                   "nlockmgr",   "status", "nfs-dynamic", "iscsi", "icmp"};

static void answers_to_others_prove_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tied / sizeof *tied; i++) {
        const struct service *service = service_find(str_of(tied[i]));

        for (size_t j = 0; j < PROTO_COUNT; j++) {
            uint8_t answer[WIRE_OUT_MAX];
            size_t n;

            if (row_exchange(service, protos[j]) == NULL)
                continue;
            n = first_answer(service, protos[j], &dialog_ask, answer);
            for (unsigned salt = 1; salt < 256; salt++) {
                if (outcome_of(service, protos[j], &dialog_ask, answer, n, (uint8_t)salt) == OUTCOME_OPEN)
                    fail_msg("%s/%s takes another's answer", tied[i], proto_text(protos[j]));
            }
        }
    }
}

static void a_nonce_of_others_proves_nothing(void **state)
{
    static const struct ask own = {.own = true};

    (void)state;
    for (size_t j = 0; j < 2; j++) {
        uint8_t answer[WIRE_OUT_MAX];
        size_t n = first_answer(&service_any, protos[j], &own, answer);

        assert_int_equal(outcome_of(&service_any, protos[j], &own, answer, n, 0), OUTCOME_OPEN);
        for (unsigned salt = 1; salt < 256; salt++)
            assert_int_not_equal(outcome_of(&service_any, protos[j], &own, answer, n, (uint8_t)salt), OUTCOME_OPEN);
    }
}

/* Bytes of an answer, each bit of which is part of the proof (from the front of the message, without a stream's mark).
 */
static const struct {
    const char *service;
    unsigned proto;
    size_t at;
    size_t n;
    uint8_t bits;
} proving[] = {
    {"ntp", PROTO_UDP, 0, 1, 0x07},                                           /* mode */
    {"ntp", PROTO_UDP, 24, 8, 0xff},                                          /* origin */
    {"dns", PROTO_UDP, 0, 2, 0xff},                                           /* id */
    {"dns", PROTO_UDP, 2, 1, 0xf8},                                           /* response, opcode */
    {"dns", PROTO_UDP, 4, 2, 0xff},                                           /* questions */
    {"dns", PROTO_UDP, 12, 5, 0xff},                                          /* the question */
    {"dns", PROTO_TCP, 2, 2, 0xff},      {"kerberos", PROTO_UDP, 0, 1, 0xff}, /* KRB-ERROR */
    {"kpasswd", PROTO_UDP, 0, 2, 0xff},                                       /* length */
    {"kpasswd", PROTO_UDP, 4, 2, 0xff},                                       /* an empty AP-REP */
    {"smb", PROTO_TCP, 0, 1, 0xff},                                           /* session message */
    {"smb", PROTO_TCP, 4, 4, 0xff},                                           /* magic */
    {"smb", PROTO_TCP, 16, 2, 0xff},                                          /* negotiate */
    {"smb", PROTO_TCP, 20, 1, 0x01},                                          /* a response */
    {"dcerpc", PROTO_TCP, 0, 1, 0xff},                                        /* version */
    {"dcerpc", PROTO_TCP, 2, 1, 0xff},                                        /* bind_ack */
    {"dcerpc", PROTO_TCP, 12, 4, 0xff},                                       /* call */
    {"dcerpc", PROTO_TCP, 36, 2, 0xff},                                       /* accepted */
    {"rpcbind", PROTO_UDP, 0, 12, 0xff},                                      /* xid, reply, accepted */
    {"mountd", PROTO_UDP, 0, 8, 0xff},   {"iscsi", PROTO_TCP, 0, 1, 0xff},    /* login response */
    {"iscsi", PROTO_TCP, 16, 4, 0xff},                                        /* task tag */
    {"vnc", PROTO_TCP, 0, 4, 0xff},      {"rdp", PROTO_TCP, 0, 1, 0xff},
    {"rdp", PROTO_TCP, 5, 1, 0xff}, /* connection confirm */
    {"http", PROTO_TCP, 0, 7, 0xff},     {"ldap", PROTO_UDP, 0, 1, 0xff},
    {"ldap", PROTO_UDP, 4, 4, 0xff}, /* message id */
    {"icmp", PROTO_ICMP, 0, 56, 0xff},
};

static void a_wrong_bit_proves_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof proving / sizeof *proving; i++) {
        const struct service *service = service_find(str_of(proving[i].service));
        uint8_t answer[WIRE_OUT_MAX];
        size_t n = first_answer(service, proving[i].proto, &dialog_ask, answer);

        assert_true(n >= proving[i].at + proving[i].n);
        for (size_t at = proving[i].at; at < proving[i].at + proving[i].n; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                if (!(proving[i].bits >> bit & 1))
                    continue;
                answer[at] ^= (uint8_t)(1u << bit);
                if (outcome_of(service, proving[i].proto, &dialog_ask, answer, n, 0) == OUTCOME_OPEN)
                    fail_msg("%s/%s is open though bit %u of byte %zu is wrong", proving[i].service,
                             proto_text(proving[i].proto), bit, at);
                answer[at] ^= (uint8_t)(1u << bit);
            }
        }
    }
}

/* ------------------------------------------------------------------ responders */

/* Over UDP never more bytes than were asked, whatever is asked: requests cut and padded, of this service and others. */
static void amplifies(const struct service *service, unsigned proto, const struct exchange *exchange)
{
    static const size_t pads[] = {0, 1, 50, 200};
    struct dialog *dialog = malloc(sizeof *dialog);
    size_t n;
    const struct service *const *services = service_all(&n);

    (void)exchange;
    for (size_t i = 0; proto == PROTO_UDP && i < n; i++) {
        uint8_t asked[WIRE_OUT_MAX] = {0};
        struct wire_out ask = {asked, 0, sizeof asked, false};

        dialog_init(dialog, services[i], service, proto, &dialog_ask);
        probe_start(&dialog->probe, &ask, &dialog->answer);
        for (size_t length = 0; length <= ask.n; length++) {
            for (size_t pad = 0; pad < sizeof pads / sizeof *pads; pad++) {
                uint8_t said[WIRE_OUT_MAX];
                struct wire_out out = {said, 0, sizeof said, false};
                size_t used;

                dialog_init(dialog, services[i], service, proto, &dialog_ask);
                respond_heard(&dialog->responder, asked, length + pads[pad], &used, &out, &dialog->receipt);
                assert_true(out.n <= length + pads[pad]);
            }
        }
    }
    free(dialog);
}

static void responders_never_amplify(void **state)
{
    (void)state;
    for_each(amplifies);
}

#define QUESTION(id, name, type) id "\1\0\0\1\0\0\0\0\0\0" name type "\0\1"
#define ANSWER(id, flags, answers, name, type) id flags "\0\1\0" answers "\0\0\0\0" name type "\0\1"
#define RECORD(type, size) "\300\014" type "\0\1\0\0\0\074\0" size
#define NAME "\4Repo\7example\0"
#define BYTES(text) text, sizeof(text) - 1

/* A DNS that knows names gives their addresses; over UDP never more than was asked with. */
static void dns_knows_names(void **state)
{
    static const struct known names[] = {{{"repo.example", 12}, FAMILY_V4, 0xc6336407},
                                         {{"repo.example", 12}, FAMILY_V6, (u128)0xfd << 120 | 7}};
    static const struct offer offer = {.names = names, .name_n = 2};
    static const struct {
        unsigned proto;
        const char *asked;
        size_t asked_n;
        const char *said;
        size_t said_n;
    } cases[] = {
        {PROTO_TCP, BYTES("\0\036" QUESTION("ab", NAME, "\0\1")),
         BYTES("\0\056" ANSWER("ab", "\205\0", "\1", NAME, "\0\1") RECORD("\0\1", "\4") "\306\063\144\007")},
        {PROTO_TCP, BYTES("\0\036" QUESTION("ab", NAME, "\0\034")),
         BYTES("\0\072" ANSWER("ab", "\205\0", "\1", NAME, "\0\034")
                   RECORD("\0\034", "\020") "\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\007")},
        {PROTO_UDP, BYTES(QUESTION("ab", NAME, "\0\1")), BYTES(ANSWER("ab", "\207\0", "\0", NAME, "\0\1"))},
        {PROTO_UDP, BYTES(QUESTION("ab", NAME, "\0\6")), BYTES(ANSWER("ab", "\205\0", "\0", NAME, "\0\6"))},
        {PROTO_UDP, BYTES(QUESTION("ab", "\4repo\0", "\0\1")),
         BYTES(ANSWER("ab", "\201\005", "\0", "\4repo\0", "\0\1"))},
        {PROTO_UDP, BYTES(QUESTION("ab", "\1a" NAME, "\0\1")),
         BYTES(ANSWER("ab", "\201\005", "\0", "\1a" NAME, "\0\1"))},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[WIRE_OUT_MAX];
        struct wire_out out = {bytes, 0, sizeof bytes, false};
        struct answer receipt;
        struct talk talk;
        size_t used;

        talk_begin(&talk, &service_dns, cases[i].proto);
        talk.offer = &offer;
        answer_init(&receipt);
        respond_heard(&talk, (const uint8_t *)cases[i].asked, cases[i].asked_n, &used, &out, &receipt);
        assert_int_equal(out.n, cases[i].said_n);
        assert_memory_equal(bytes, cases[i].said, out.n);
    }
}

/* A responder says nothing to bytes that are no request; over TCP what greets has greeted before. */
static void noise(const struct service *service, unsigned proto, const struct exchange *exchange)
{
    struct dialog *dialog = malloc(sizeof *dialog);
    uint32_t seed = 12345;

    (void)exchange;
    for (unsigned round = 0; round < 200 && proto != PROTO_ICMP; round++) {
        uint8_t bytes[600];
        uint8_t said[WIRE_OUT_MAX];
        struct wire_out out = {said, 0, sizeof said, false};
        size_t n;
        size_t used;

        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[i] = (uint8_t)(seed >> 24);
        }
        n = seed % sizeof bytes;
        dialog_init(dialog, service, service, proto, &dialog_ask);
        respond_heard(&dialog->responder, bytes, n, &used, &out, &dialog->receipt);
        if (out.n > 0 && service != &service_ntp) /* any 48 bytes with the mode of a client are a request */
            fail_msg("%s/%s answers noise", service->name, proto_text(proto));
    }
    free(dialog);
}

static void noise_is_not_answered(void **state)
{
    (void)state;
    for_each(noise);
}

/* ------------------------------------------------------------------ the built-in catalogs */

/* What has no public handshake: a catalog that asks for anything else gets a proof. */
static bool is_without_handshake(struct str service)
{
    static const char *const names[] = {
        "any",   "citrix-licensing", "citrix-vendor-daemon", "wlb", "replication", "clustering", "corosync", "pvs",
        "syslog"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_is(service, names[i]))
            return true;
    }
    return false;
}

static void judge_requirement(const struct catalog *catalog, const struct requirement *requirement, size_t *proved)
{
    const struct service *service = service_find(requirement->service);

    if (service == NULL)
        fail_msg("%.*s/%.*s has no service", STR_ARG(catalog->product), STR_ARG(requirement->id));
    for (size_t i = 0; i < requirement->port_n; i++) {
        int transport = requirement->ports[i].transport;
        const struct exchange *exchange;

        if (transport != PROTO_TCP && transport != PROTO_UDP)
            continue;
        exchange = service_exchange(service, (unsigned)transport);
        /* Documents ask for LDAPS over UDP and the like, which does not exist. */
        if (exchange->proof != PROOF_HANDSHAKE && row_exchange(service, (unsigned)transport) != NULL &&
            !is_without_handshake(requirement->service))
            fail_msg("%.*s/%.*s is left with a bare %s", STR_ARG(catalog->product), STR_ARG(requirement->id),
                     transport == PROTO_TCP ? "connection" : "datagram");
        *proved += exchange->proof == PROOF_HANDSHAKE;
    }
}

static void catalogs_name_services(void **state)
{
    struct arena *arena = arena_new();
    struct diags diags;
    struct catalogs *catalogs;
    size_t proved = 0;

    (void)state;
    diags_init(&diags, arena);
    catalogs = catalogs_load(arena, NULL, 0, &diags);
    assert_true(catalogs->n >= 6);
    for (size_t i = 0; i < catalogs->n; i++) {
        const struct catalog *catalog = catalogs_find(catalogs, catalogs->v[i]->product);

        assert_non_null(catalog);
        for (size_t k = 0; k < catalog->requirement_n; k++)
            judge_requirement(catalog, &catalog->requirements[k], &proved);
    }
    assert_true(proved > 80);
    assert_int_equal(diags.errors, 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(requests_are_named),
        cmocka_unit_test(own_probes_are_satisfied),
        cmocka_unit_test(silent_services_are_unverifiable),
        cmocka_unit_test(names_go_into_requests),
        cmocka_unit_test(hosts_stay_in_their_line),
        cmocka_unit_test(nobody_else_is_open),
        cmocka_unit_test(truncations_prove_nothing),
        cmocka_unit_test(answers_to_others_prove_nothing),
        cmocka_unit_test(a_nonce_of_others_proves_nothing),
        cmocka_unit_test(a_wrong_bit_proves_nothing),
        cmocka_unit_test(responders_never_amplify),
        cmocka_unit_test(dns_knows_names),
        cmocka_unit_test(noise_is_not_answered),
        cmocka_unit_test(catalogs_name_services),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
