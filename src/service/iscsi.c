/*
 * iSCSI discovery, RFC 7143 11.2 (header), 11.12 and 11.13 (login), 11.10 and 11.11 (text: SendTargets), 11.14
 * (logout). The login is for a discovery session without authentication: no target is opened. Any login response is
 * proof, also one that asks for authentication. The session ends with the connection.
 */
#include "service/service.h"

#define HEADER_SIZE 48
#define INITIATOR "iqn.2026-11.invalid.portolan:probe"
#define STAND_IN "iqn.2026-11.invalid.portolan:stand-in"

enum {
    OP_LOGIN = 0x03,
    OP_TEXT = 0x04,
    OP_LOGOUT = 0x06,
    OP_LOGIN_RESPONSE = 0x23,
    OP_TEXT_RESPONSE = 0x24,
    OP_LOGOUT_RESPONSE = 0x26,
    OP_IMMEDIATE = 0x40,
    FLAG_TRANSIT = 0x80,
    FLAG_FINAL = 0x80,
    STAGE_FULL = 3,
};

static const char *const sends[] = {"iSCSI login for a discovery session, no authentication", NULL};

static enum frame_found find(struct wire_in in, size_t *skip, size_t *length)
{
    size_t ahs;
    size_t data;

    if (in.n > 0 && ((in.p[0] & 0x1f) > OP_LOGOUT && in.p[0] != 0x3f))
        return FRAME_FOREIGN;
    if (in.n < HEADER_SIZE)
        return FRAME_MORE;
    wire_get(&in, 4);
    ahs = 4 * (size_t)wire_get_u8(&in);
    data = (wire_get_u24(&in) + 3) & ~(size_t)3;
    *skip = 0;
    *length = HEADER_SIZE + ahs + data;
    return FRAME_FOUND;
}

static const struct framing framing = {find, NULL};

/* A header up to the task tag: two bytes, two of its own, the length of the data, eight bytes. */
static void put_head(struct wire_out *out, unsigned operation, unsigned flags, size_t data, struct str eight)
{
    wire_put_u8(out, operation);
    wire_put_u8(out, flags);
    wire_put_u16(out, 0);
    wire_put_u32(out, (uint32_t)data);
    wire_put_str(out, eight);
}

static void put_data(struct wire_out *out, const char *data, size_t n)
{
    wire_put(out, data, n);
    wire_put_zeros(out, (4 - n % 4) % 4);
}

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    static const char keys[] = "InitiatorName=" INITIATOR "\0SessionType=Discovery\0AuthMethod=None";
    /* ISID: type "random", three bytes of it, a qualifier; TSIH 0: a new session. */
    const char session[8] = {(char)0x80, (char)talk->random[4], (char)talk->random[5], (char)talk->random[6], 0, 1, 0,
                             0};

    (void)answer;
    put_head(out, OP_IMMEDIATE | OP_LOGIN, FLAG_TRANSIT | 1, sizeof keys, (struct str){session, sizeof session});
    wire_put_u32(out, talk_random_u32(talk)); /* task tag */
    wire_put_zeros(out, HEADER_SIZE - 20);
    put_data(out, keys, sizeof keys);
    return STEP_READ;
}

/* Status classes of RFC 7143 11.13.5. */
static enum step conclude(struct answer *answer, unsigned class, unsigned detail)
{
    static const char *const texts[] = {"login accepted", "login redirected", "login refused", "target's own error"};

    if (class >= sizeof texts / sizeof *texts)
        return STEP_FOREIGN;
    answer_add(answer, "status", "%02x%02x", class, detail);
    answer_is(answer, OUTCOME_OPEN, "iSCSI target: %s (%02x%02x)", texts[class], class, detail);
    return STEP_DONE;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    unsigned operation = wire_get_u8(in);
    unsigned class;
    unsigned detail;

    (void)out;
    wire_get(in, 15);
    if (operation != OP_LOGIN_RESPONSE || wire_get_u32(in) != talk_random_u32(talk))
        return STEP_FOREIGN;
    wire_get(in, 16);
    class = wire_get_u8(in);
    detail = wire_get_u8(in);
    return in->failed ? STEP_FOREIGN : conclude(answer, class, detail);
}

/* What a request's header says that its answer repeats. */
struct request {
    bool immediate; /* takes no number of its own */
    unsigned flags;
    struct str session; /* eight bytes: ISID and TSIH, or LUN */
    uint32_t tag;
    uint32_t command; /* CmdSN */
    uint32_t expected;
};

static struct request get_request(struct wire_in *in)
{
    struct request request;

    request.immediate = in->p[0] & OP_IMMEDIATE;
    request.flags = wire_get_u8(in);
    wire_get(in, 6);
    request.session = wire_get(in, 8);
    request.tag = wire_get_u32(in);
    wire_get(in, 4);
    request.command = wire_get_u32(in);
    request.expected = wire_get_u32(in);
    wire_get(in, 16);
    return request;
}

static void put_numbers(struct wire_out *out, const struct request *request)
{
    uint32_t next = request->command + (request->immediate ? 0 : 1);

    wire_put_u32(out, request->expected); /* StatSN */
    wire_put_u32(out, next);
    wire_put_u32(out, next + 1); /* MaxCmdSN */
}

static enum step serve_login(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    static const char keys[] = "TargetPortalGroupTag=1\0AuthMethod=None";
    struct request request = get_request(in);
    unsigned current = request.flags >> 2 & 3;
    bool final = (request.flags & FLAG_TRANSIT) && (request.flags & 3) == STAGE_FULL;
    size_t n = current == 0 ? sizeof keys : 0;
    uint8_t session[8];

    if (in->failed)
        return STEP_FOREIGN;
    memcpy(session, request.session.p, sizeof session);
    session[7] = final ? 1 : 0; /* TSIH: the session has a number when it is there */
    put_head(out, OP_LOGIN_RESPONSE, request.flags & 0x8f, n, (struct str){(const char *)session, sizeof session});
    wire_put_u32(out, request.tag);
    wire_put_u32(out, 0);
    put_numbers(out, &request);
    wire_put_zeros(out, 12);
    put_data(out, keys, n);
    talk->step = final ? 1 : 0;
    answer_is(receipt, OUTCOME_OPEN, "an iSCSI login");
    return STEP_READ;
}

/* SendTargets: one target, at the portal that was asked. Each key ends with a zero. */
static enum step serve_text(const struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct request request = get_request(in);
    char portal[TALK_ADDRESS_MAX];
    char keys[256] = "TargetName=" STAND_IN;
    size_t n = strlen(keys) + 1;

    if (in->failed)
        return STEP_FOREIGN;
    if (talk->local_port > 0)
        n += (size_t)snprintf(keys + n, sizeof keys - n, "TargetAddress=%.*s,1",
                              STR_ARG(talk_local_text(talk, portal))) +
             1;
    put_head(out, OP_TEXT_RESPONSE, FLAG_FINAL, n, request.session);
    wire_put_u32(out, request.tag);
    wire_put_u32(out, 0xffffffff);
    put_numbers(out, &request);
    wire_put_zeros(out, 12);
    put_data(out, keys, n);
    answer_is(receipt, OUTCOME_OPEN, "an iSCSI text request");
    return STEP_READ;
}

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    static const char zeros[8] = {0};
    unsigned operation = wire_get_u8(in) & 0x3f;
    struct request request;

    if (operation == OP_LOGIN)
        return serve_login(talk, in, out, receipt);
    if (talk->step == 0) /* nothing before the login is over */
        return STEP_FOREIGN;
    if (operation == OP_TEXT)
        return serve_text(talk, in, out, receipt);
    if (operation != OP_LOGOUT)
        return STEP_FOREIGN;
    request = get_request(in);
    put_head(out, OP_LOGOUT_RESPONSE, FLAG_FINAL, 0, (struct str){zeros, sizeof zeros});
    wire_put_u32(out, request.tag);
    wire_put_u32(out, 0);
    put_numbers(out, &request);
    wire_put_zeros(out, 12);
    return STEP_DONE;
}

static const struct exchange over_tcp = {
    .protocol = "iscsi",
    .framing = &framing,
    .input_max = 16384,
    .sends = sends,
    .begin = begin,
    .heard = heard,
    .serve = serve,
};

const struct service service_iscsi = {
    .name = "iscsi",
    .title = "iSCSI target",
    .tcp = &over_tcp,
    .ports = {{3260, 3260, SERVICE_TCP}},
};
