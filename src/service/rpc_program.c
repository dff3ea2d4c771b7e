/*
 * The RPC services around NFS: nfs (RFC 1813, RFC 8881), mountd and nlockmgr (RFC 1813, appendices I and II), status
 * (the status monitor of X/Open XNFS). The probe calls NULL of each version that a client would use; accepted, or told
 * which other versions there are, the program is there. Where the port is not fixed, rpcbind names it.
 */
#include "service/rpc.h"

enum { MOUNT_DUMP = 2, MOUNT_EXPORT = 5 };

static const char *const sends[] = {"RPC NULL of the program, one call a version", NULL};

struct rpc_state {
    uint32_t accepted; /* bits: versions */
    uint32_t low;      /* of the last mismatch */
    uint32_t high;
};

/* Versions to ask for, lowest first. NFS 4 does not run over UDP (RFC 8881 2.9.1). */
static uint32_t lowest(const struct talk *talk)
{
    if (talk->service == &service_nfs)
        return 3;
    return rpc_program_named(str_of(talk->service->name))->high;
}

static uint32_t highest(const struct talk *talk)
{
    if (talk->service == &service_nfs)
        return talk->datagram ? 3 : 4;
    return lowest(talk);
}

static void ask(struct talk *talk, struct wire_out *out)
{
    struct rpc_call call = {.xid = talk_random_u32(talk) + talk->step,
                            .program = rpc_program_named(str_of(talk->service->name))->number,
                            .version = lowest(talk) + talk->step,
                            .procedure = RPC_NULL};

    rpc_put_call(out, &call);
}

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)answer;
    ask(talk, out);
    return STEP_READ;
}

static enum step conclude(struct talk *talk, struct answer *answer)
{
    const struct rpc_state *state = talk_state(talk, struct rpc_state);

    char versions[16];
    size_t n = 0;

    for (uint32_t version = lowest(talk); version <= highest(talk); version++) {
        if (state->accepted >> version & 1)
            n += (size_t)snprintf(versions + n, sizeof versions - n, "%s%u", n > 0 ? " " : "", version);
    }
    if (n > 0)
        answer_add(answer, "versions", "%s", versions);
    if (state->high > 0)
        answer_add(answer, "offered", "%u-%u", state->low, state->high);
    if (state->accepted != 0)
        answer_is(answer, OUTCOME_OPEN, "%s answered RPC NULL", talk->service->name);
    else
        answer_is(answer, OUTCOME_OPEN, "%s answered: it has versions %u to %u", talk->service->name, state->low,
                  state->high);
    return STEP_DONE;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    struct rpc_state *state = talk_state(talk, struct rpc_state);
    uint32_t version = lowest(talk) + talk->step;
    struct rpc_reply reply;

    if (!rpc_get_reply(in, &reply) || reply.xid != talk_random_u32(talk) + talk->step)
        return STEP_FOREIGN;
    if (reply.status == RPC_SUCCESS) {
        state->accepted |= 1u << version;
    } else if (reply.status == RPC_PROG_MISMATCH) {
        state->low = reply.low;
        state->high = reply.high;
    } else if (reply.status == RPC_PROG_UNAVAIL) {
        answer_is(answer, OUTCOME_WRONG_SERVICE, "an RPC service answered that is not %s", talk->service->name);
        answer->answered = "rpc";
        return STEP_DONE;
    } else {
        answer_is(answer, OUTCOME_ERROR, "%s answered RPC NULL with: %s", talk->service->name,
                  rpc_status_text(reply.status));
        return STEP_DONE;
    }
    if (version == highest(talk))
        return conclude(talk, answer);
    talk->step++;
    ask(talk, out);
    return STEP_READ;
}

/* One version answered: it is there, whatever became of the next. */
static bool ended(struct talk *talk, struct wire_in *in, enum ending ending, struct answer *answer)
{
    (void)in;
    (void)ending;
    if (talk->step == 0)
        return false;
    conclude(talk, answer);
    return true;
}

/* mountd has nothing to export, and says so: `showmount` asks. */
static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    const struct rpc_program *program = rpc_program_named(str_of(talk->service->name));
    struct rpc_call call;

    if (!rpc_get_call(in, &call))
        return STEP_FOREIGN;
    answer_is(receipt, OUTCOME_OPEN, "RPC program %u, version %u, procedure %u", call.program, call.version,
              call.procedure);
    if (talk->service == &service_mountd && call.program == program->number && call.version >= program->low &&
        call.version <= program->high && (call.procedure == MOUNT_DUMP || call.procedure == MOUNT_EXPORT)) {
        struct rpc_reply reply = {.xid = call.xid};

        rpc_put_reply(out, &reply);
        wire_put_u32(out, 0); /* the end of an empty list */
        return STEP_READ;
    }
    return rpc_serve_null(program, &call, out);
}

#define RPC_EXCHANGE(framing_)                                                                                         \
    {                                                                                                                  \
        .protocol = "rpc", .framing = framing_, .input_max = 1024, .sends = sends, .begin = begin, .heard = heard,     \
        .ended = ended, .serve = serve                                                                                 \
    }

static const struct exchange over_udp = RPC_EXCHANGE(NULL);
static const struct exchange over_tcp = RPC_EXCHANGE(&framing_rpc);

const struct service service_nfs = {
    .name = "nfs",
    .title = "Network File System",
    .tcp = &over_tcp,
    .udp = &over_udp,
    .ports = {{2049, 2049, SERVICE_TCP | SERVICE_UDP}},
};

#define DYNAMIC_SERVICE(id, name_, title_)                                                                             \
    const struct service service_##id = {                                                                              \
        .name = name_, .title = title_, .tcp = &over_tcp, .udp = &over_udp, .via = "rpcbind"}

DYNAMIC_SERVICE(mountd, "mountd", "NFS 3 mount service");
DYNAMIC_SERVICE(nlockmgr, "nlockmgr", "NFS 3 lock manager");
DYNAMIC_SERVICE(status, "status", "NFS 3 status monitor");
