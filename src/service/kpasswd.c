/*
 * Kerberos password change, RFC 3244 2: six bytes of header, an AP-REQ, a KRB-PRIV. The AP-REQ that is sent is none:
 * text of ours in its wrapping, which no server can take for an authentication, so that nothing can change; so is what
 * stands for the KRB-PRIV. A server answers with a header whose AP-REP is empty and a KRB-ERROR (2, "Reply Message").
 * Over TCP with four bytes of length.
 */
#include "service/krb.h"

enum { HEADER_SIZE = 6, VERSION_CHANGE = 1, VERSION_SET = 0xff80 };

static const char *const sends[] = {"kpasswd request (version 1) whose AP-REQ is no ticket but text", NULL};

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    static const char text[] = "portolan probe: this is not a ticket, and asks for no change; whoever reads it may ask "
                               "the administrator of the source address what is being tested here";
    size_t ticket;
    size_t start = out->n;

    (void)talk;
    (void)answer;
    wire_put_zeros(out, HEADER_SIZE);
    ber_put_text(out, BER_APPLICATION(KRB_APP_AP_REQ), STR(text));
    ticket = out->n - start - HEADER_SIZE;
    wire_put_text(out, "portolan"); /* where a KRB-PRIV would be: MIT's server is silent when nothing is */
    wire_patch_u16(out, start, out->n - start);
    wire_patch_u16(out, start + 2, VERSION_CHANGE);
    wire_patch_u16(out, start + 4, ticket);
    return STEP_READ;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    size_t size = in->n;
    unsigned length = wire_get_u16(in);
    unsigned version = wire_get_u16(in);
    unsigned reply = wire_get_u16(in);
    uint32_t code;

    (void)talk;
    (void)out;
    if (in->failed || length != size || (version != VERSION_CHANGE && version != VERSION_SET) || reply != 0 ||
        !krb_get_error(in, answer, &code))
        return STEP_FOREIGN;
    answer_is(answer, OUTCOME_OPEN, "password change service answered with KRB-ERROR %u", code);
    return STEP_DONE;
}

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    const struct str server[] = {STR("kadmin"), STR("changepw")};
    size_t size = in->n;
    size_t start = out->n;
    unsigned length = wire_get_u16(in);
    unsigned version = wire_get_u16(in);
    unsigned request = wire_get_u16(in);
    struct wire_in ticket = wire_within(in, request);

    if (in->failed || length != size || (version != VERSION_CHANGE && version != VERSION_SET) ||
        ber_peek(&ticket) != BER_APPLICATION(KRB_APP_AP_REQ))
        return STEP_FOREIGN;
    wire_put_zeros(out, HEADER_SIZE);
    krb_put_error(out, talk, 60, STR("PORTOLAN.INVALID"), server, 2);
    wire_patch_u16(out, start, out->n - start);
    wire_patch_u16(out, start + 2, VERSION_CHANGE);
    answer_is(receipt, OUTCOME_OPEN, "a kpasswd request");
    return talk->datagram ? STEP_READ : STEP_DONE;
}

#define KPASSWD_EXCHANGE(framing_)                                                                                     \
    {                                                                                                                  \
        .protocol = "kpasswd", .framing = framing_, .input_max = 4096, .sends = sends, .begin = begin, .heard = heard, \
        .serve = serve                                                                                                 \
    }

static const struct exchange over_udp = KPASSWD_EXCHANGE(NULL);
static const struct exchange over_tcp = KPASSWD_EXCHANGE(&framing_u32);

const struct service service_kpasswd = {
    .name = "kpasswd",
    .title = "Kerberos password change",
    .tcp = &over_tcp,
    .udp = &over_udp,
    .ports = {{464, 464, SERVICE_TCP | SERVICE_UDP}},
};
