/*
 * Remote Desktop, [MS-RDPBCGR] 2.2.1.1 and 2.2.1.2: an X.224 connection request with a negotiation of the security
 * protocol, in a TPKT (RFC 1006 6). A connection confirm is the proof; when the server chose TLS, TLS follows, so that
 * its certificate can be looked at. The cookie makes the request one that its server's log can identify.
 */
#include "service/service.h"

enum {
    TPKT_VERSION = 3,
    X224_REQUEST = 0xe0,
    X224_CONFIRM = 0xd0,
    NEGOTIATION_REQUEST = 1,
    NEGOTIATION_RESPONSE = 2,
    NEGOTIATION_FAILURE = 3,
    PROTOCOL_RDP = 0,
    PROTOCOL_SSL = 1,
    PROTOCOL_HYBRID = 2,
};

#define COOKIE "Cookie: mstshash=portolan\r\n"
#define INPUT_MAX 512

static const char *const sends[] = {"RDP connection request (X.224) that offers TLS and CredSSP", NULL};

struct rdp_state {
    uint32_t chosen;
};

static enum frame_found find(struct wire_in in, size_t *skip, size_t *length)
{
    if (in.n > 0 && in.p[0] != TPKT_VERSION)
        return FRAME_FOREIGN;
    wire_get(&in, 2);
    *length = wire_get_u16(&in);
    if (in.failed)
        return FRAME_MORE;
    *skip = 4;
    return *length < 4 + 7 ? FRAME_FOREIGN : FRAME_FOUND;
}

static void wrap(struct wire_out *out, size_t start)
{
    size_t n = out->n - start + 4;
    const uint8_t tpkt[4] = {TPKT_VERSION, 0, (uint8_t)(n >> 8), (uint8_t)n};

    wire_insert(out, start, tpkt, sizeof tpkt);
}

static const struct framing framing = {find, wrap};

/* X.224: what follows it is counted by its first byte, itself excluded. */
static void put_x224(struct wire_out *out, unsigned type, size_t more)
{
    wire_put_u8(out, (unsigned)(6 + more));
    wire_put_u8(out, type);
    wire_put_zeros(out, 5); /* references, class 0 */
}

static void put_negotiation(struct wire_out *out, unsigned type, uint32_t protocols)
{
    wire_put_u8(out, type);
    wire_put_u8(out, 0);
    wire_put_u16le(out, 8);
    wire_put_u32le(out, protocols);
}

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)talk;
    (void)answer;
    put_x224(out, X224_REQUEST, sizeof COOKIE - 1 + 8);
    wire_put_text(out, COOKIE);
    put_negotiation(out, NEGOTIATION_REQUEST, PROTOCOL_SSL | PROTOCOL_HYBRID);
    return STEP_READ;
}

static enum step secured(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    static const char *const names[] = {"standard RDP security", "TLS", "CredSSP"};
    uint32_t chosen = talk_state(talk, struct rdp_state)->chosen;

    (void)out;
    answer_add(answer, "security", "%s", names[chosen]);
    answer_is(answer, OUTCOME_OPEN, "RDP server confirmed the connection with %s", names[chosen]);
    return STEP_DONE;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    struct rdp_state *state = talk_state(talk, struct rdp_state);
    unsigned length = wire_get_u8(in);
    unsigned type = wire_get_u8(in);
    unsigned negotiation;
    uint32_t value;

    if (length != in->n - 1 || type != X224_CONFIRM || talk->step > 0)
        return STEP_FOREIGN;
    wire_get(in, 5);
    if (wire_left(in) == 0) { /* a server that knows no negotiation */
        state->chosen = PROTOCOL_RDP;
        return secured(talk, out, answer);
    }
    negotiation = wire_get_u8(in);
    wire_get(in, 1);
    if (wire_get_u16le(in) != 8)
        return STEP_FOREIGN;
    value = wire_get_u32le(in);
    if (in->failed || wire_left(in) > 0)
        return STEP_FOREIGN;
    if (negotiation == NEGOTIATION_FAILURE) {
        answer_add(answer, "negotiation", "failed, code %u", value);
        answer_is(answer, OUTCOME_OPEN, "RDP server refused TLS and CredSSP (code %u)", value);
        return STEP_DONE;
    }
    if (negotiation != NEGOTIATION_RESPONSE || value > PROTOCOL_HYBRID)
        return STEP_FOREIGN;
    state->chosen = value;
    talk->step = 1;
    return value == PROTOCOL_RDP ? secured(talk, out, answer) : STEP_TLS;
}

/* The confirm was the proof; TLS that fails behind it is told by whoever makes it. */
static bool ended(struct talk *talk, struct wire_in *in, enum ending ending, struct answer *answer)
{
    struct wire_out none = {0};

    (void)in;
    (void)ending;
    if (talk->step == 0)
        return false;
    secured(talk, &none, answer);
    return true;
}

/* A request may have a cookie or a routing token, a line, in front of the negotiation. */
static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    unsigned length = wire_get_u8(in);
    unsigned type = wire_get_u8(in);
    uint32_t offered = PROTOCOL_RDP;
    struct str line;

    if (talk->step > 0 || length != in->n - 1 || type != X224_REQUEST)
        return STEP_FOREIGN;
    wire_get(in, 5);
    if (wire_left(in) > 8 && in->p[in->at] == 'C' && !wire_line(in, &line))
        return STEP_FOREIGN;
    if (wire_left(in) >= 8) {
        if (wire_get_u8(in) != NEGOTIATION_REQUEST)
            return STEP_FOREIGN;
        wire_get(in, 3);
        offered = wire_get_u32le(in);
    }
    if (in->failed)
        return STEP_FOREIGN;
    talk->step = 1;
    put_x224(out, X224_CONFIRM, 8);
    answer_is(receipt, OUTCOME_OPEN, "an RDP connection request");
    if (offered & PROTOCOL_SSL) {
        put_negotiation(out, NEGOTIATION_RESPONSE, PROTOCOL_SSL);
        return STEP_TLS;
    }
    put_negotiation(out, NEGOTIATION_FAILURE, 1); /* TLS is required */
    return STEP_DONE;
}

static const struct exchange over_tcp = {
    .protocol = "rdp",
    .tls = TLS_UPGRADE,
    .framing = &framing,
    .input_max = INPUT_MAX,
    .sends = sends,
    .begin = begin,
    .heard = heard,
    .secured = secured,
    .ended = ended,
    .serve = serve,
};

const struct service service_rdp = {
    .name = "rdp",
    .title = "Remote Desktop Protocol",
    .tcp = &over_tcp,
    .ports = {{3389, 3389, SERVICE_TCP}},
};
