/*
 * NetBIOS session service, RFC 1002 4.3: a session request to *SMBSERVER, the name that file servers answer to. A
 * positive response is followed by SMB2 negotiate, whose dialect is the evidence; a negative one proves the service
 * too, but says that SMB is not to be had by that name.
 */
#include "service/smb.h"

enum { SESSION_REQUEST = 0x81, SESSION_POSITIVE = 0x82, SESSION_NEGATIVE = 0x83 };

static const char *const sends[] = {"NetBIOS session request to *SMBSERVER", "SMB2 negotiate, dialects 2.0.2 to 3.0.2",
                                    NULL};

static void put_name(struct wire_out *out, const char *name, unsigned suffix)
{
    size_t n = strlen(name);

    wire_put_u8(out, 32);
    for (size_t i = 0; i < 16; i++) {
        unsigned c = i == 15 ? suffix : i < n ? (uint8_t)name[i] : ' ';

        wire_put_u8(out, 'A' + (c >> 4));
        wire_put_u8(out, 'A' + (c & 15));
    }
    wire_put_u8(out, 0);
}

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)talk;
    (void)answer;
    wire_put_u8(out, SESSION_REQUEST);
    wire_put_u24(out, 68);
    put_name(out, "*SMBSERVER", 0x20);
    put_name(out, "PORTOLAN", 0x00);
    return STEP_READ;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    unsigned type = in->p[0];

    if (talk->step == 1)
        return smb_heard_negotiate(in, answer);
    if (type == SESSION_POSITIVE && in->n == 4) {
        talk->step = 1;
        talk->packet = 1;
        smb_put_negotiate(talk, out);
        return STEP_READ;
    }
    if (type == SESSION_NEGATIVE && in->n == 5 && in->p[4] >= 0x80 && in->p[4] <= 0x8f) {
        answer_add(answer, "session", "refused, 0x%02x", in->p[4]);
        answer_is(answer, OUTCOME_OPEN, "NetBIOS session service refused the name *SMBSERVER (0x%02x)", in->p[4]);
        return STEP_DONE;
    }
    return STEP_FOREIGN;
}

/* The session was granted: that was the proof, though nothing speaks SMB in it. */
static bool ended(struct talk *talk, struct wire_in *in, enum ending ending, struct answer *answer)
{
    (void)ending;
    if (talk->step == 0 || in->n > 0)
        return false;
    answer_is(answer, OUTCOME_OPEN, "NetBIOS session service granted a session; SMB did not answer in it");
    return true;
}

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    if (talk->step == 1)
        return smb_serve(talk, in, out, receipt);
    if (in->p[0] != SESSION_REQUEST || in->n < 4 + 2 || in->n > 4 + 2 * 255)
        return STEP_FOREIGN;
    talk->step = 1;
    wire_put_u8(out, SESSION_POSITIVE);
    wire_put_u24(out, 0);
    answer_is(receipt, OUTCOME_OPEN, "a NetBIOS session request");
    return STEP_READ;
}

static const struct exchange over_tcp = {
    .protocol = "netbios-ssn",
    .framing = &framing_session,
    .input_max = 4096,
    .sends = sends,
    .begin = begin,
    .heard = heard,
    .ended = ended,
    .serve = serve,
};

const struct service service_netbios_ssn = {
    .name = "netbios-ssn",
    .title = "NetBIOS session service",
    .tcp = &over_tcp,
    .ports = {{139, 139, SERVICE_TCP}},
};
