/*
 * ONC RPC; see rpc.h. RFC 5531 9 for messages, 11 for record marks; RFC 4506 4.1 to 4.10 for XDR. Program numbers:
 * RFC 1833 (rpcbind), RFC 1813 (NFS, mount, NLM), RFC 8881 (NFS 4), X/Open XNFS for the status monitor.
 */
#include "service/rpc.h"

#define RPC_VERSION 2
#define AUTH_MAX 400 /* RFC 5531 8.2 */

enum { MSG_CALL, MSG_REPLY };
enum { REPLY_ACCEPTED, REPLY_DENIED };

static const struct rpc_program programs[] = {
    {"rpcbind", 100000, 2, 2},  {"nfs", 100003, 3, 4},    {"mountd", 100005, 1, 3},
    {"nlockmgr", 100021, 1, 4}, {"status", 100024, 1, 1},
};

const struct rpc_program *rpc_program_named(struct str service)
{
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (str_is(service, programs[i].service))
            return &programs[i];
    }
    return NULL;
}

const struct rpc_program *rpc_program_numbered(uint32_t number)
{
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (programs[i].number == number)
            return &programs[i];
    }
    return NULL;
}

const char *rpc_status_text(enum rpc_status status)
{
    static const char *const texts[RPC_STATUS_N] = {
        [RPC_SUCCESS] = "success",
        [RPC_PROG_UNAVAIL] = "program not available",
        [RPC_PROG_MISMATCH] = "version not available",
        [RPC_PROC_UNAVAIL] = "procedure not available",
        [RPC_GARBAGE_ARGS] = "arguments not understood",
        [RPC_SYSTEM_ERR] = "system error",
        [RPC_DENIED] = "denied",
    };

    return texts[status];
}

void rpc_put_call(struct wire_out *out, const struct rpc_call *call)
{
    wire_put_u32(out, call->xid);
    wire_put_u32(out, MSG_CALL);
    wire_put_u32(out, RPC_VERSION);
    wire_put_u32(out, call->program);
    wire_put_u32(out, call->version);
    wire_put_u32(out, call->procedure);
    wire_put_zeros(out, 16); /* AUTH_NONE for credentials and verifier */
}

/* Credentials or a verifier: a flavour and bytes that nobody here looks into. */
static void skip_auth(struct wire_in *in)
{
    uint32_t n;

    wire_get_u32(in);
    n = wire_get_u32(in);
    if (n > AUTH_MAX)
        in->failed = true;
    wire_get(in, (size_t)(n + 3) & ~(size_t)3);
}

bool rpc_get_call(struct wire_in *in, struct rpc_call *call)
{
    struct rpc_call got;
    bool is_call;

    got.xid = wire_get_u32(in);
    is_call = wire_get_u32(in) == MSG_CALL;
    is_call = wire_get_u32(in) == RPC_VERSION && is_call;
    got.program = wire_get_u32(in);
    got.version = wire_get_u32(in);
    got.procedure = wire_get_u32(in);
    skip_auth(in);
    skip_auth(in);
    if (in->failed || !is_call)
        return false;
    *call = got;
    return true;
}

void rpc_put_reply(struct wire_out *out, const struct rpc_reply *reply)
{
    wire_put_u32(out, reply->xid);
    wire_put_u32(out, MSG_REPLY);
    wire_put_u32(out, REPLY_ACCEPTED);
    wire_put_zeros(out, 8); /* AUTH_NONE */
    wire_put_u32(out, (uint32_t)reply->status);
    if (reply->status == RPC_PROG_MISMATCH) {
        wire_put_u32(out, reply->low);
        wire_put_u32(out, reply->high);
    }
}

bool rpc_get_reply(struct wire_in *in, struct rpc_reply *reply)
{
    struct rpc_reply got = {0};
    uint32_t type;
    uint32_t kind;
    uint32_t status;

    got.xid = wire_get_u32(in);
    type = wire_get_u32(in);
    kind = wire_get_u32(in);
    if (in->failed || type != MSG_REPLY || kind > REPLY_DENIED)
        return false;
    if (kind == REPLY_DENIED) {
        got.status = RPC_DENIED;
        wire_get_u32(in); /* why: a wrong version of RPC, or authentication */
    } else {
        skip_auth(in);
        status = wire_get_u32(in);
        if (status >= RPC_DENIED)
            return false;
        got.status = (enum rpc_status)status;
        if (got.status == RPC_PROG_MISMATCH) {
            got.low = wire_get_u32(in);
            got.high = wire_get_u32(in);
        }
    }
    if (in->failed)
        return false;
    *reply = got;
    return true;
}

enum step rpc_serve_null(const struct rpc_program *program, const struct rpc_call *call, struct wire_out *out)
{
    struct rpc_reply reply = {.xid = call->xid, .low = program->low, .high = program->high};

    if (call->program != program->number)
        reply.status = RPC_PROG_UNAVAIL;
    else if (call->version < program->low || call->version > program->high)
        reply.status = RPC_PROG_MISMATCH;
    else if (call->procedure != RPC_NULL)
        reply.status = RPC_PROC_UNAVAIL;
    rpc_put_reply(out, &reply);
    return STEP_READ;
}

static enum frame_found find(struct wire_in in, size_t *skip, size_t *length)
{
    uint32_t mark;

    if (in.n > 0 && !(in.p[0] & 0x80))
        return FRAME_FOREIGN;
    mark = wire_get_u32(&in);
    if (in.failed)
        return FRAME_MORE;
    *skip = 4;
    *length = 4 + (size_t)(mark & 0x7fffffff);
    return FRAME_FOUND;
}

static void wrap(struct wire_out *out, size_t start)
{
    size_t n = out->n - start;
    const uint8_t mark[4] = {(uint8_t)(0x80 | n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

    wire_insert(out, start, mark, sizeof mark);
}

const struct framing framing_rpc = {find, wrap};
