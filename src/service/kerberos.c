/*
 * Kerberos, RFC 4120: AS-REQ (5.4.1) and its answers, over UDP (7.2.1) and TCP with four bytes of length (7.2.2). The
 * request is without pre-authentication, for a principal that nobody has, so that no account is touched and none can
 * be locked; a key distribution centre answers it with KRB-ERROR: principal unknown, wrong realm.
 */
#include "service/krb.h"

static const char *const sends[] = {
    "Kerberos AS-REQ without pre-authentication for the unknown principal portolan-probe", NULL};

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    const struct str client[] = {STR("portolan-probe")};
    const struct str server[] = {STR("krbtgt"), krb_realm(talk)};
    static const uint8_t options[] = {BER_BIT_STRING, 5, 0, 0, 0, 0, 0};
    static const uint8_t etypes[] = {18, 17, 20, 19, 23}; /* AES with SHA-1 and SHA-2, RC4 */
    size_t application = ber_open(out, BER_APPLICATION(KRB_APP_AS_REQ));
    size_t sequence = ber_open(out, BER_SEQUENCE);
    size_t body;
    size_t body_sequence;
    size_t field;
    size_t list;

    (void)answer;
    krb_put_number(out, 1, KRB_VERSION);
    krb_put_number(out, 2, KRB_APP_AS_REQ);
    body = ber_open(out, BER_CONTEXT(4));
    body_sequence = ber_open(out, BER_SEQUENCE);
    field = ber_open(out, BER_CONTEXT(0));
    wire_put(out, options, sizeof options);
    ber_close(out, field);
    krb_put_principal(out, 1, 1, client, 1);
    krb_put_text(out, 2, BER_GENERAL_STRING, krb_realm(talk));
    krb_put_principal(out, 3, 2, server, 2);
    krb_put_text(out, 5, BER_GENERALIZED_TIME, STR("19700101000000Z"));
    krb_put_number(out, 7, talk_random_u32(talk) >> 1);
    field = ber_open(out, BER_CONTEXT(8));
    list = ber_open(out, BER_SEQUENCE);
    for (size_t i = 0; i < sizeof etypes; i++)
        ber_put_number(out, BER_INTEGER, etypes[i]);
    ber_close(out, list);
    ber_close(out, field);
    ber_close(out, body_sequence);
    ber_close(out, body);
    ber_close(out, sequence);
    ber_close(out, application);
    return STEP_READ;
}

/* The head of a KDC-REP: [0] pvno 5, [1] msg-type 11. Nobody has the principal; but a centre may say otherwise. */
static bool is_reply(struct wire_in in)
{
    struct wire_in application = ber_enter(&in, BER_APPLICATION(KRB_APP_AS_REP));
    struct wire_in sequence = ber_enter(&application, BER_SEQUENCE);
    struct wire_in version = ber_enter(&sequence, BER_CONTEXT(0));
    struct wire_in type = ber_enter(&sequence, BER_CONTEXT(1));

    return ber_number(&version, BER_INTEGER) == KRB_VERSION && ber_number(&type, BER_INTEGER) == KRB_APP_AS_REP &&
           !in.failed;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    uint32_t code;

    (void)talk;
    (void)out;
    if (is_reply(*in)) {
        answer_is(answer, OUTCOME_OPEN, "Kerberos answered with a ticket");
        return STEP_DONE;
    }
    if (!krb_get_error(in, answer, &code))
        return STEP_FOREIGN;
    answer_is(answer, OUTCOME_OPEN, "Kerberos answered with KRB-ERROR %u", code);
    return STEP_DONE;
}

/* The two parts of the server's principal: at most two, all others would not be a ticket-granting service. */
static size_t get_principal(struct wire_in *field, struct str parts[2])
{
    struct wire_in principal = ber_enter(field, BER_SEQUENCE);
    struct wire_in type = ber_enter(&principal, BER_CONTEXT(0));
    struct wire_in names = ber_enter(&principal, BER_CONTEXT(1));
    struct wire_in list = ber_enter(&names, BER_SEQUENCE);
    size_t n = 0;

    ber_number(&type, BER_INTEGER);
    while (n < 2 && wire_left(&list) > 0)
        parts[n++] = ber_text(&list, BER_GENERAL_STRING);
    return field->failed || principal.failed || list.failed ? 0 : n;
}

/* AS-REQ: which realm and server it asks for. */
static bool get_request(struct wire_in *in, struct str *realm, struct str server[2], size_t *server_n)
{
    struct wire_in application = ber_enter(in, BER_APPLICATION(KRB_APP_AS_REQ));
    struct wire_in sequence = ber_enter(&application, BER_SEQUENCE);
    struct wire_in version = ber_enter(&sequence, BER_CONTEXT(1));
    struct wire_in type = ber_enter(&sequence, BER_CONTEXT(2));
    unsigned tag;
    struct wire_in body;

    if (ber_number(&version, BER_INTEGER) != KRB_VERSION || ber_number(&type, BER_INTEGER) != KRB_APP_AS_REQ)
        return false;
    if (ber_peek(&sequence) == BER_CONTEXT(3)) /* padata */
        ber_any(&sequence, &tag);
    body = ber_enter(&sequence, BER_CONTEXT(4));
    body = ber_enter(&body, BER_SEQUENCE);
    *server_n = 0;
    *realm = STR_EMPTY;
    while (wire_left(&body) > 0 && !body.failed) {
        struct wire_in field = ber_any(&body, &tag);

        if (tag == BER_CONTEXT(2))
            *realm = ber_text(&field, BER_GENERAL_STRING);
        else if (tag == BER_CONTEXT(3))
            *server_n = get_principal(&field, server);
    }
    return !in->failed && !body.failed && realm->n > 0 && *server_n > 0;
}

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct str server[2];
    struct str realm;
    size_t server_n;

    if (!get_request(in, &realm, server, &server_n))
        return STEP_FOREIGN;
    krb_put_error(out, talk, 6, realm, server, server_n);
    answer_add_text(receipt, "realm", realm);
    answer_is(receipt, OUTCOME_OPEN, "a Kerberos AS-REQ");
    return talk->datagram ? STEP_READ : STEP_DONE;
}

#define KERBEROS_EXCHANGE(framing_)                                                                                    \
    {                                                                                                                  \
        .protocol = "kerberos", .framing = framing_, .input_max = 4096, .sends = sends, .begin = begin,                \
        .heard = heard, .serve = serve                                                                                 \
    }

static const struct exchange over_udp = KERBEROS_EXCHANGE(NULL);
static const struct exchange over_tcp = KERBEROS_EXCHANGE(&framing_u32);

const struct service service_kerberos = {
    .name = "kerberos",
    .title = "Kerberos key distribution centre",
    .tcp = &over_tcp,
    .udp = &over_udp,
    .ports = {{88, 88, SERVICE_TCP | SERVICE_UDP}},
};
