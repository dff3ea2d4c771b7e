/*
 * Answers as they may come, byte for byte: what each means, and what it is taken for. The request's random bytes are
 * those of dialog.h: 03 14 25 36 47 58 69 7a 8b 9c ad be cf e0 f1 02.
 */
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dialog.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BYTES(literal) ((struct str){literal, sizeof(literal) - 1})

#define NTP(first, stratum, reference)                                                                                 \
    first stratum "\x06\xe9\0\0\0\0\0\0\0\0" reference "\0\0\0\0\0\0\0\0\x03\x14\x25\x36\x47\x58\x69\x7a"              \
                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define RPC_REPLY(rest) "\x36\x25\x14\x03\0\0\0\1" rest
#define RPC_STREAM(length, rest) "\x80\0\0" length RPC_REPLY(rest)
#define SMB(status, command, flags)                                                                                    \
    "\0\0\0\x49\xfeSMB\x40\0\0\0" status command "\1\0" flags "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"   \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ISCSI(tag, status)                                                                                             \
    "\x23\x81\0\0\0\0\0\0\x80\0\0\0\0\1\0\0" tag "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" status "\0\0\0\0\0\0\0\0\0\0"

static const struct {
    const char *service;
    unsigned proto;
    struct str bytes;
    enum outcome outcome;
    const char *answered; /* of a wrong service */
    const char *name;     /* of an evidence, and its value */
    const char *value;
} answers[] = {
    {"ntp", PROTO_UDP, BYTES(NTP("\x24", "\2", "\x0a\0\0\1")), OUTCOME_OPEN, NULL, "stratum", "2"},
    {"ntp", PROTO_UDP, BYTES(NTP("\x24", "\1", "GPS\0")), OUTCOME_OPEN, NULL, "reference", "GPS"},
    {"ntp", PROTO_UDP, BYTES(NTP("\xe4", "\0", "RATE")), OUTCOME_ERROR, NULL, "kiss", "RATE"},
    {"ntp", PROTO_UDP, BYTES(NTP("\xe4", "\0", "\0\0\0\0")), OUTCOME_ERROR, NULL, "leap", "3"},
    {"ntp", PROTO_UDP, BYTES(NTP("\x24", "\x10", "\0\0\0\0")), OUTCOME_ERROR, NULL, "stratum", "16"},
    {"ntp", PROTO_UDP, BYTES(NTP("\x23", "\2", "\0\0\0\0")), OUTCOME_WRONG_SERVICE, "unknown", NULL,
     NULL}, /* an echo */
    {"dns", PROTO_UDP, BYTES("\x03\x14\x81\x83\0\1\0\0\0\0\0\0\0\0\6\0\1"), OUTCOME_OPEN, NULL, "rcode", "NXDOMAIN"},
    {"dns", PROTO_UDP, BYTES("\x03\x14\x86\x80\0\1\0\7\0\0\0\0\0\0\6\0\1"), OUTCOME_OPEN, NULL, "truncated", "yes"},
    {"dns", PROTO_UDP, BYTES("\x03\x14\x81\x80\0\1\0\0\0\0\0\0\0\0\1\0\1"), OUTCOME_ERROR, NULL, NULL, NULL},
    {"dns", PROTO_TCP, BYTES("\0\x11\x03\x14\x81\x82\0\1\0\0\0\0\0\0\0\0\6\0\1"), OUTCOME_OPEN, NULL, "rcode",
     "SERVFAIL"},
    {"dns", PROTO_TCP, BYTES("\0\0"), OUTCOME_WRONG_SERVICE, "unknown", NULL, NULL},
    {"dns", PROTO_TCP, BYTES("\x7f\xff\x03\x14\x81"), OUTCOME_WRONG_SERVICE, "unknown", NULL,
     NULL}, /* would be 32 KB */
    {"dns", PROTO_TCP, BYTES("\3\0\0\x09\2\xf0\x80\x21\x80"), OUTCOME_WRONG_SERVICE, "rdp", NULL, NULL},
    {"kerberos", PROTO_UDP, BYTES("\x6b\x0c\x30\x0a\xa0\3\2\1\5\xa1\3\2\1\x0b"), OUTCOME_OPEN, NULL, NULL, NULL},
    {"kerberos", PROTO_UDP, BYTES("\x7e\x0c\x30\x0a\xa0\3\2\1\5\xa1\3\2\1\x1e"), OUTCOME_ERROR, NULL, NULL, NULL},
    {"ldap", PROTO_TCP, BYTES("\x30\x0f\2\4\x36\x25\x14\x04\x65\7\x0a\1\x01\4\0\4\0"), OUTCOME_OPEN, NULL, "result",
     "1"},
    {"ldap", PROTO_TCP, BYTES("\x30\x0f\2\4\x36\x25\x14\x05\x65\7\x0a\1\x00\4\0\4\0"), OUTCOME_ERROR, NULL, NULL, NULL},
    {"ldap", PROTO_TCP, BYTES("\x30\x84\x00\x00\x00\x0f\2\4\x36\x25\x14\x04\x65\7\x0a\1\x00\4\0\4\0"), OUTCOME_OPEN,
     NULL, "result", "0"}, /* as Windows writes lengths */
    {"ldap", PROTO_TCP, BYTES("\x30\x80\2\4\x36\x25\x14\x04"), OUTCOME_WRONG_SERVICE, "unknown", NULL, NULL},
    {"ldap", PROTO_TCP, BYTES("\x30\x84\x7f\xff\xff\xff\2"), OUTCOME_WRONG_SERVICE, "unknown", NULL, NULL},
    {"global-catalog", PROTO_TCP, BYTES("\x30\x0f\2\4\x36\x25\x14\x04\x65\7\x0a\1\x00\4\0\4\0"), OUTCOME_WRONG_SERVICE,
     "ldap", NULL, NULL},
    {"netbios-ssn", PROTO_TCP, BYTES("\x83\0\0\1\x80"), OUTCOME_OPEN, NULL, "session", "refused, 0x80"},
    {"netbios-ssn", PROTO_TCP, BYTES("\x83\0\0\1\x10"), OUTCOME_ERROR, NULL, NULL, NULL},
    {"netbios-ssn", PROTO_TCP, BYTES("\x82\0\0\0"), OUTCOME_OPEN, NULL, NULL, NULL}, /* and then nothing */
    {"smb", PROTO_TCP, BYTES(SMB("\xbb\0\0\xc0", "\0\0", "\1\0\0\0") "\x09\0\0\0\0\0\0\0\0"), OUTCOME_OPEN, NULL,
     "status", "0xc00000bb"},
    {"smb", PROTO_TCP, BYTES(SMB("\0\0\0\0", "\0\0", "\1\0\0\0") "\x41\0\1\0\x11\x03\0\0\0"), OUTCOME_ERROR, NULL, NULL,
     NULL}, /* 3.1.1 was not offered */
    {"smb", PROTO_TCP, BYTES("\0\0\0\x04\xffSMB"), OUTCOME_ERROR, NULL, NULL, NULL},
    {"dcerpc", PROTO_TCP, BYTES("\5\0\x0d\3\x10\0\0\0\x15\0\0\0\x03\x14\x25\x36\4\0\1\5\0"), OUTCOME_ERROR, NULL, NULL,
     NULL},
    {"rpcbind", PROTO_UDP, BYTES(RPC_REPLY("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\3\0\0\0\4")), OUTCOME_OPEN, NULL,
     "status", "version not available"},
    {"rpcbind", PROTO_UDP, BYTES(RPC_REPLY("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1")), OUTCOME_WRONG_SERVICE, "rpc", NULL,
     NULL},
    {"rpcbind", PROTO_UDP, BYTES(RPC_REPLY("\0\0\0\1\0\0\0\1\0\0\0\1")), OUTCOME_ERROR, NULL, "status", "denied"},
    {"rpcbind", PROTO_UDP, BYTES(RPC_REPLY("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")), OUTCOME_OPEN, NULL, NULL, NULL},
    {"mountd", PROTO_TCP, BYTES(RPC_STREAM("\x20", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\1\0\0\0\2")), OUTCOME_OPEN,
     NULL, "offered", "1-2"},
    {"mountd", PROTO_TCP, BYTES(RPC_STREAM("\x18", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1")), OUTCOME_WRONG_SERVICE, "rpc",
     NULL, NULL},
    {"nfs", PROTO_TCP, BYTES(RPC_STREAM("\x20", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\4\0\0\0\4")), OUTCOME_OPEN,
     NULL, "offered", "4-4"},
    {"iscsi", PROTO_TCP, BYTES(ISCSI("\x36\x25\x14\x03", "\2\1")), OUTCOME_OPEN, NULL, "status", "0201"},
    {"iscsi", PROTO_TCP, BYTES(ISCSI("\x36\x25\x14\x03", "\1\1")), OUTCOME_OPEN, NULL, "status", "0101"},
    {"iscsi", PROTO_TCP, BYTES(ISCSI("\x36\x25\x14\x04", "\0\0")), OUTCOME_ERROR, NULL, NULL, NULL},
    {"ssh", PROTO_TCP, BYTES("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), OUTCOME_OPEN, NULL, "software", "OpenSSH_9.2p1"},
    {"ssh", PROTO_TCP, BYTES("go away,\r\nor log on\r\nSSH-1.99-x\n"), OUTCOME_OPEN, NULL, "version", "1.99"},
    {"ssh", PROTO_TCP, BYTES("SSH-1.5-old\r\n"), OUTCOME_ERROR, NULL, "version", "1.5"},
    {"ssh", PROTO_TCP, BYTES("SSH-2.0-\x1b[2J\r\n"), OUTCOME_OPEN, NULL, "software", "\\x1b[2J"},
    {"ssh", PROTO_TCP, BYTES("SSH-2.0"), OUTCOME_ERROR, NULL, NULL, NULL},
    {"ssh", PROTO_TCP, BYTES("* OK IMAP4rev1 ready\r\n"), OUTCOME_WRONG_SERVICE, "imap", NULL, NULL},
    {"vnc", PROTO_TCP, BYTES("RFB 003.889\n"), OUTCOME_OPEN, NULL, "version", "003.889"},
    {"vnc", PROTO_TCP, BYTES("RFB 3.8\n"), OUTCOME_ERROR, NULL, NULL, NULL},
    {"rdp", PROTO_TCP, BYTES("\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\2\x1f\x08\0\2\0\0\0"), OUTCOME_OPEN, NULL, "security",
     "CredSSP"},
    {"rdp", PROTO_TCP, BYTES("\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\3\0\x08\0\5\0\0\0"), OUTCOME_OPEN, NULL, "negotiation",
     "failed, code 5"},
    {"rdp", PROTO_TCP, BYTES("\3\0\0\x0b\x06\xd0\0\0\x12\x34\0"), OUTCOME_OPEN, NULL, "security",
     "standard RDP security"},
    {"rdp", PROTO_TCP, BYTES("\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\2\0\x08\0\7\0\0\0"), OUTCOME_ERROR, NULL, NULL, NULL},
    {"ftp", PROTO_TCP, BYTES("220-hello\r\n 220 this is\r\n220 ready\r\n200 ok\r\n"), OUTCOME_OPEN, NULL, "noop", "ok"},
    {"ftp", PROTO_TCP, BYTES("220 mail.example ESMTP\r\n250 ok\r\n"), OUTCOME_WRONG_SERVICE, "smtp", NULL, NULL},
    {"ftp", PROTO_TCP, BYTES("220 ready\r\n250 ok\r\n"), OUTCOME_WRONG_SERVICE, "smtp", NULL, NULL},
    {"ftp", PROTO_TCP, BYTES("421 too many\r\n"), OUTCOME_ERROR, NULL, NULL, NULL},
    {"ftp-passive", PROTO_TCP, BYTES("220 a\r\n331 b\r\n230 c\r\n500 d\r\n227 e (10,0,0,1,160,41).\r\n"), OUTCOME_OPEN,
     NULL, "data-port", "41001"},
    {"ftp-passive", PROTO_TCP, BYTES("220 a\r\n230 c\r\n229 d (|||65536|)\r\n227 e (10,0,0,1,256,1)\r\n"),
     OUTCOME_UNVERIFIABLE, NULL, NULL, NULL},
    {"ftp-passive", PROTO_TCP, BYTES("220 a\r\n331 b\r\n530 c\r\n"), OUTCOME_UNVERIFIABLE, NULL, NULL, NULL},
    {"http", PROTO_TCP, BYTES("HTTP/1.0 301 Moved\r\nLocation: /x\r\n\r\n"), OUTCOME_OPEN, NULL, "location", "/x"},
    {"http", PROTO_TCP, BYTES("HTTP/1.1 503\r\nSERVER:a\r\n"), OUTCOME_OPEN, NULL, "server", "a"},
    {"http", PROTO_TCP, BYTES("HTTP/1.1 099 no\r\n\r\n"), OUTCOME_ERROR, NULL, NULL, NULL},
    {"http", PROTO_TCP, BYTES("HTTP/1.1 400 Bad\r\n\r\nplain HTTP sent to HTTPS port"), OUTCOME_WRONG_SERVICE, "https",
     NULL, NULL},
    {"http", PROTO_TCP, BYTES("HTTP/1.1 400 Bad\r\n\r\nno"), OUTCOME_OPEN, NULL, "status", "400"},
    {"s3", PROTO_TCP, BYTES("HTTP/1.1 403 Forbidden\r\nX-Amz-Request-Id: 1\r\n\r\n"), OUTCOME_OPEN, NULL, "status",
     "403"},
    {"s3", PROTO_TCP, BYTES("HTTP/1.1 200 OK\r\n\r\n<?xml version='1.0'?><ListAllMyBucketsResult/>"), OUTCOME_OPEN,
     NULL, NULL, NULL},
    {"s3", PROTO_TCP, BYTES("HTTP/1.1 404 Not Found\r\n\r\n<?xml version='1.0'?><html/>"), OUTCOME_WRONG_SERVICE,
     "http", NULL, NULL},
    {"citrix-licensing", PROTO_TCP, BYTES("SSH-2.0-x\r\n"), OUTCOME_WRONG_SERVICE, "ssh", NULL, NULL},
    {"citrix-licensing", PROTO_TCP, BYTES("\x99\x99\x99\x99"), OUTCOME_UNVERIFIABLE, NULL, NULL, NULL},
    {"corosync", PROTO_UDP, BYTES(NTP("\x24", "\2", "\0\0\0\0")), OUTCOME_WRONG_SERVICE, "ntp", NULL, NULL},
    {"udp", PROTO_UDP, BYTES("\x99"), OUTCOME_OPEN, NULL, "answered", "unknown"},
};

/* The far end says these bytes, in pieces, and closes. */
static void hear(const char *service, unsigned proto, struct str bytes, size_t piece, struct answer *answer)
{
    uint8_t said[WIRE_OUT_MAX];
    struct wire_out out = {said, 0, sizeof said, false};
    struct dialog *dialog = malloc(sizeof *dialog);
    const struct service *row = service_find(str_of(service));
    enum step step;
    size_t at = 0;
    size_t arrived = 0;

    assert_non_null(row);
    dialog_init(dialog, row, row, proto, &dialog_ask);
    answer_init(answer);
    step = probe_start(&dialog->probe, &out, answer);
    while (step != STEP_DONE && arrived < bytes.n) {
        size_t used;

        arrived = piece == 0 || proto != PROTO_TCP || bytes.n - arrived < piece ? bytes.n : arrived + piece;
        out = (struct wire_out){said, 0, sizeof said, false};
        answer_init(answer);
        step = probe_heard(&dialog->probe, (const uint8_t *)bytes.p + at, arrived - at, &used, &out, answer);
        at += used;
        if (step == STEP_TLS)
            step = probe_secured(&dialog->probe, &out, answer);
    }
    if (step != STEP_DONE) {
        answer_init(answer);
        probe_end(&dialog->probe, (const uint8_t *)bytes.p + at, arrived - at, ENDING_CLOSED, answer);
    }
    free(dialog);
}

static void answers_mean_what_they_say(void **state)
{
    struct answer *answer = malloc(sizeof *answer);

    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        for (size_t piece = 0; piece < 4; piece++) {
            struct str value;

            hear(answers[i].service, answers[i].proto, answers[i].bytes, piece, answer);
            if (answer->outcome != answers[i].outcome)
                fail_msg("%s, answer %zu in pieces of %zu: %s: %.*s", answers[i].service, i, piece,
                         outcome_name(answer->outcome), STR_ARG(answer->reason));
            if (answers[i].answered != NULL)
                assert_string_equal(answer->answered, answers[i].answered);
            else
                assert_null(answer->answered);
            if (answers[i].name == NULL)
                continue;
            value = answer_value(answer, answers[i].name);
            if (!str_is(value, answers[i].value))
                fail_msg("%s, answer %zu: %s is \"%.*s\"", answers[i].service, i, answers[i].name, STR_ARG(value));
        }
    }
    free(answer);
}

/* What says nothing, or too much: nothing is kept beyond the limit, and the end has a reason. */
static void silence_and_floods(void **state)
{
    static char flood[40000];
    struct answer *answer = malloc(sizeof *answer);
    size_t n;
    const struct service *const *services = service_all(&n);

    (void)state;
    memset(flood, 'x', sizeof flood);
    for (size_t i = 0; i < n; i++) {
        if (services[i]->tcp == NULL || services[i]->tcp->proof != PROOF_HANDSHAKE)
            continue;
        hear(services[i]->name, PROTO_TCP, STR_EMPTY, 0, answer);
        assert_int_equal(answer->outcome, OUTCOME_OPEN_SILENT);
        hear(services[i]->name, PROTO_TCP, (struct str){flood, sizeof flood}, 0, answer);
        assert_int_equal(answer->outcome, OUTCOME_WRONG_SERVICE);
        assert_string_equal(answer->answered, "unknown");
    }
    /* A greeting without an end. */
    memcpy(flood, "220-", 4);
    hear("ftp", PROTO_TCP, (struct str){flood, sizeof flood}, 0, answer);
    assert_int_equal(answer->outcome, OUTCOME_ERROR);
    free(answer);
}

static void datagrams_of_others_are_waited_out(void **state)
{
    uint8_t said[WIRE_OUT_MAX];
    struct wire_out out = {said, 0, sizeof said, false};
    struct dialog *dialog = malloc(sizeof *dialog);
    struct str late = BYTES("\x03\x15\x81\x83\0\1\0\0\0\0\0\0\0\0\6\0\1");
    struct str ours = BYTES("\x03\x14\x81\x83\0\1\0\0\0\0\0\0\0\0\6\0\1");
    size_t used;

    (void)state;
    dialog_init(dialog, &service_dns, &service_dns, PROTO_UDP, &dialog_ask);
    assert_int_equal(probe_start(&dialog->probe, &out, &dialog->answer), STEP_READ);
    assert_int_equal(probe_heard(&dialog->probe, (const uint8_t *)late.p, late.n, &used, &out, &dialog->answer),
                     STEP_READ);
    assert_int_equal(used, late.n);
    assert_int_equal(probe_heard(&dialog->probe, (const uint8_t *)ours.p, ours.n, &used, &out, &dialog->answer),
                     STEP_DONE);
    assert_int_equal(dialog->answer.outcome, OUTCOME_OPEN);
    free(dialog);
}

/* ------------------------------------------------------------------ first bytes */

static const struct {
    struct str bytes;
    bool datagram;
    const char *name;
} firsts[] = {
    {BYTES("SSH-2.0-x\r\n"), false, "ssh"},
    {BYTES("HTTP/1.1 200 OK"), false, "http"},
    {BYTES("RFB 003.008\n"), false, "vnc"},
    {BYTES("220 ready\r\n"), false, "ftp"},
    {BYTES("220 mail ESMTP\r\n"), false, "smtp"},
    {BYTES("+OK hello\r\n"), false, "pop3"},
    {BYTES("* OK hello\r\n"), false, "imap"},
    {BYTES("-ERR unknown command\r\n"), false, "redis"},
    {BYTES("@RSYNCD: 31.0\n"), false, "rsync"},
    {BYTES("\x4a\0\0\0\x0a"
           "8.0.1"),
     false, "mysql"},
    {BYTES("\x45\0\0\0\xff\x6a\x04Host"), false, "mysql"},
    {BYTES("\xff\xfd\x18\xff\xfd\x20"), false, "telnet"},
    {BYTES("\x15\3\3\0\2\2\x46"), false, "tls"},
    {BYTES("\x16\3\3\0\x7a\2\0\0\x76"), false, "tls"},
    {BYTES("\0\0\0\x55\xfeSMB"), false, "smb"},
    {BYTES("\0\0\0\x55\xffSMB"), false, "smb"},
    {BYTES("\x83\0\0\1\x82"), false, "netbios-ssn"},
    {BYTES("\5\0\x0c\3\x10"), false, "dcerpc"},
    {BYTES("\3\0\0\x13\x0e\xd0"), false, "rdp"},
    {BYTES("\3\0\0\x09\2\xf0\x80\x21\x80"), false, "rdp"},
    {BYTES("\x30\x0c\2\1\1\x61\7\x0a\1\0\4\0\4\0"), false, "ldap"},
    {BYTES("\x30\x29\2\1\1\4\6public"), true, "snmp"},
    {BYTES("\x7e\x20\x30"), true, "kerberos"},
    {BYTES("\0\0\0\x60\x7e\x5e"), false, "kerberos"},
    {BYTES("\x80\0\0\x18\1\2\3\4\0\0\0\1\0\0\0\0"), false, "rpc"},
    {BYTES("\1\2\3\4\0\0\0\1\0\0\0\1"), true, "rpc"},
    {BYTES("\1\2\x81\x80\0\1\0\0\0\0\0\0\0\0\1\0\1"), true, "dns"},
    {BYTES("PORTOLAN/1 SEEN"), true, "portolan"},
    {BYTES("nothing that is known"), false, NULL},
    {BYTES("nothing that is known"), true, NULL},
};

/* Fewer bytes give the same name, or none and "more": never another. MySQL's begin with a length, which may be any. */
static void first_bytes_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(firsts); i++) {
        const uint8_t *p = (const uint8_t *)firsts[i].bytes.p;
        bool more = true;
        const char *name = recognise(p, firsts[i].bytes.n, firsts[i].datagram, &more);

        assert_false(more);
        if ((name == NULL) != (firsts[i].name == NULL) || (name != NULL && strcmp(name, firsts[i].name) != 0))
            fail_msg("first bytes %zu are called %s", i, name == NULL ? "unknown" : name);
        for (size_t n = 0; n < firsts[i].bytes.n && !firsts[i].datagram && firsts[i].name != NULL; n++) {
            name = recognise(p, n, false, &more);
            if (name == NULL ? !more && strcmp(firsts[i].name, "mysql") != 0 : strcmp(name, firsts[i].name) != 0)
                fail_msg("%zu first bytes of %s are called %s", n, firsts[i].name, name == NULL ? "unknown" : name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_mean_what_they_say),
        cmocka_unit_test(silence_and_floods),
        cmocka_unit_test(datagrams_of_others_are_waited_out),
        cmocka_unit_test(first_bytes_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
