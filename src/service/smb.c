/*
 * SMB over TCP, [MS-SMB2] 2.1 (transport), 2.2.1.2 (header), 2.2.3 and 2.2.4 (negotiate). Nobody logs on: the dialect
 * that the server chooses is the proof. Dialects up to 3.0.2 are offered; a server of 3.1.1 alone answers with an error
 * status in the same message, which proves it as well.
 */
#include "service/smb.h"

#define HEADER_SIZE 64
#define FLAG_RESPONSE 1u
#define COMMAND_NEGOTIATE 0
#define STATUS_NOT_SUPPORTED 0xc00000bbu

static const char *const sends[] = {"SMB2 negotiate, dialects 2.0.2 to 3.0.2", NULL};
static const char magic[4] = {'\xfe', 'S', 'M', 'B'};
static const uint16_t dialects[] = {0x0202, 0x0210, 0x0300, 0x0302};
#define DIALECT_N (sizeof dialects / sizeof *dialects)

static enum frame_found find(struct wire_in in, size_t *skip, size_t *length)
{
    unsigned type = in.n > 0 ? in.p[0] : 0;
    uint32_t n;

    if (type != 0 && (type < 0x81 || type > 0x85))
        return FRAME_FOREIGN;
    wire_get_u8(&in);
    n = wire_get_u24(&in);
    if (in.failed)
        return FRAME_MORE;
    *skip = 0;
    *length = 4 + n;
    return FRAME_FOUND;
}

const struct framing framing_session = {find, NULL};

static size_t open_session(struct wire_out *out)
{
    size_t start = out->n;

    wire_put_zeros(out, 4);
    return start;
}

static void close_session(struct wire_out *out, size_t start)
{
    wire_patch_u16(out, start + 2, out->n - start - 4);
}

static void put_header(struct wire_out *out, uint32_t status, unsigned command, uint32_t flags, const uint8_t *message)
{
    wire_put(out, magic, sizeof magic);
    wire_put_u16le(out, HEADER_SIZE);
    wire_put_u16le(out, 0); /* credit charge */
    wire_put_u32le(out, status);
    wire_put_u16le(out, command);
    wire_put_u16le(out, 1); /* credits */
    wire_put_u32le(out, flags);
    wire_put_u32le(out, 0); /* next command */
    wire_put(out, message, 8);
    wire_put_zeros(out, 32); /* process, tree, session, signature */
}

void smb_put_negotiate(const struct talk *talk, struct wire_out *out)
{
    static const uint8_t first[8] = {0};
    size_t session = open_session(out);

    put_header(out, 0, COMMAND_NEGOTIATE, 0, first);
    wire_put_u16le(out, 36);
    wire_put_u16le(out, DIALECT_N);
    wire_put_u16le(out, 1); /* signing enabled */
    wire_put_zeros(out, 6);
    wire_put(out, talk->random, TALK_RANDOM); /* client GUID */
    wire_put_zeros(out, 8);
    for (size_t i = 0; i < DIALECT_N; i++)
        wire_put_u16le(out, dialects[i]);
    close_session(out, session);
}

static bool is_offered(unsigned dialect)
{
    for (size_t i = 0; i < DIALECT_N; i++) {
        if (dialects[i] == dialect)
            return true;
    }
    return false;
}

enum step smb_heard_negotiate(struct wire_in *in, struct answer *answer)
{
    bool is_smb = wire_get_u8(in) == 0;
    uint32_t status;
    unsigned command;
    uint32_t flags;
    unsigned size;
    unsigned security;
    unsigned dialect;

    wire_get_u24(in);
    is_smb = is_smb && wire_is(in, magic, sizeof magic) && wire_get_u16le(in) == HEADER_SIZE;
    wire_get(in, 2);
    status = wire_get_u32le(in);
    command = wire_get_u16le(in);
    wire_get(in, 2);
    flags = wire_get_u32le(in);
    wire_get(in, 44);
    size = wire_get_u16le(in);
    security = wire_get_u16le(in);
    if (in->failed || !is_smb || command != COMMAND_NEGOTIATE || !(flags & FLAG_RESPONSE))
        return STEP_FOREIGN;
    if (status != 0) {
        if (size != 9)
            return STEP_FOREIGN;
        answer_add(answer, "status", "0x%08x", status);
        answer_is(answer, OUTCOME_OPEN, "SMB answered negotiate with status 0x%08x", status);
        return STEP_DONE;
    }
    dialect = wire_get_u16le(in);
    if (in->failed || size != 65 || !is_offered(dialect))
        return STEP_FOREIGN;
    answer_add(answer, "dialect", "%u.%u.%u", dialect >> 8, dialect >> 4 & 15, dialect & 15);
    answer_add(answer, "signing", "%s", security & 2 ? "required" : "enabled");
    answer_is(answer, OUTCOME_OPEN, "SMB server chose dialect %u.%u.%u", dialect >> 8, dialect >> 4 & 15, dialect & 15);
    return STEP_DONE;
}

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)answer;
    smb_put_negotiate(talk, out);
    return STEP_READ;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    (void)talk;
    (void)out;
    return smb_heard_negotiate(in, answer);
}

/* The highest offered dialect that is ours too; 0: none. */
static unsigned choose(struct wire_in *body)
{
    unsigned count;
    unsigned best = 0;

    if (wire_get_u16le(body) != 36)
        return 0;
    count = wire_get_u16le(body);
    wire_get(body, 32);
    for (unsigned i = 0; i < count && !body->failed; i++) {
        unsigned dialect = wire_get_u16le(body);

        if (is_offered(dialect) && dialect > best)
            best = dialect;
    }
    return body->failed ? 0 : best;
}

static void put_negotiated(const struct talk *talk, struct wire_out *out, unsigned dialect)
{
    /* 100 ns since 1601. */
    uint64_t now = talk->now_us * 10 + 116444736000000000u;

    wire_put_u16le(out, 65);
    wire_put_u16le(out, 1);
    wire_put_u16le(out, dialect);
    wire_put_u16le(out, 0);
    wire_put(out, talk->random, TALK_RANDOM); /* server GUID */
    wire_put_u32le(out, 0);
    wire_put_u32le(out, 65536);
    wire_put_u32le(out, 65536);
    wire_put_u32le(out, 65536);
    wire_put_u32le(out, (uint32_t)now);
    wire_put_u32le(out, (uint32_t)(now >> 32));
    wire_put_zeros(out, 8); /* start time */
    wire_put_u16le(out, HEADER_SIZE + 64);
    wire_put_u16le(out, 0); /* no security blob: nobody can log on */
    wire_put_u32le(out, 0);
}

enum step smb_serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    bool is_smb = wire_get_u8(in) == 0;
    unsigned command;
    uint32_t flags;
    struct str message;
    unsigned dialect;
    size_t session;

    wire_get_u24(in);
    is_smb = is_smb && wire_is(in, magic, sizeof magic) && wire_get_u16le(in) == HEADER_SIZE;
    wire_get(in, 6);
    command = wire_get_u16le(in);
    wire_get(in, 2);
    flags = wire_get_u32le(in);
    wire_get(in, 4);
    message = wire_get(in, 8);
    wire_get(in, 32);
    if (in->failed || !is_smb || flags & FLAG_RESPONSE)
        return STEP_FOREIGN;
    dialect = command == COMMAND_NEGOTIATE ? choose(in) : 0;
    session = open_session(out);
    put_header(out, dialect ? 0 : STATUS_NOT_SUPPORTED, command, FLAG_RESPONSE, (const uint8_t *)message.p);
    if (dialect) {
        put_negotiated(talk, out, dialect);
    } else {
        wire_put_u16le(out, 9); /* an error's body */
        wire_put_zeros(out, 7);
    }
    close_session(out, session);
    answer_is(receipt, OUTCOME_OPEN, command == COMMAND_NEGOTIATE ? "an SMB2 negotiate" : "an SMB2 request");
    return STEP_READ;
}

static const struct exchange over_tcp = {
    .protocol = "smb",
    .framing = &framing_session,
    .input_max = 4096,
    .sends = sends,
    .begin = begin,
    .heard = heard,
    .serve = smb_serve,
};

const struct service service_smb = {
    .name = "smb",
    .title = "Server Message Block",
    .tcp = &over_tcp,
    .ports = {{445, 445, SERVICE_TCP}},
};
