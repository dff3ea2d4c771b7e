/*
 * rpcbind (portmap), RFC 1833 3: NULL proves it, DUMP lists what is registered, GETPORT asks for one program. What a
 * probe learns of ports becomes `next`. Over UDP an own responder leaves DUMP unanswered: the list is longer than the
 * request. nfs-dynamic asks for the ports of the programs that NFS 3 needs beside itself, over the same transport.
 */
#include "service/rpc.h"

enum { PROC_GETPORT = 3, PROC_DUMP = 4, RPCBIND_VERSION = 2, ENTRIES_MAX = 512 };

static const char *const sends[] = {"RPC NULL to rpcbind version 2",
                                    "RPC DUMP (list of programs) or GETPORT (port of one)", NULL};
static const char *const nfs_dynamic[] = {"mountd", "nlockmgr", "status"};
#define NFS_DYNAMIC_N (sizeof nfs_dynamic / sizeof *nfs_dynamic)

/* talk->step 0 is NULL, then one call after the other. */
struct rpcbind_state {
    uint16_t ports[NFS_DYNAMIC_N]; /* 0: not registered */
};

static struct rpc_call call_of(const struct talk *talk, uint32_t procedure)
{
    return (struct rpc_call){.xid = talk_random_u32(talk) + talk->step,
                             .program = rpc_program_named(STR("rpcbind"))->number,
                             .version = RPCBIND_VERSION,
                             .procedure = procedure};
}

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    struct rpc_call call = call_of(talk, RPC_NULL);

    (void)answer;
    rpc_put_call(out, &call);
    return STEP_READ;
}

static bool is_nfs_dynamic(const struct talk *talk)
{
    return talk->service == &service_nfs_dynamic;
}

/* The program that this step's GETPORT asks for; NULL: DUMP is sent. */
static const struct rpc_program *sought(const struct talk *talk)
{
    if (is_nfs_dynamic(talk))
        return rpc_program_named(str_of(nfs_dynamic[talk->step - 1]));
    return talk->ask->seek.n > 0 ? rpc_program_named(talk->ask->seek) : NULL;
}

static unsigned sought_over(const struct talk *talk)
{
    if (!is_nfs_dynamic(talk))
        return talk->ask->seek_of;
    return talk->datagram ? PROTO_UDP : PROTO_TCP;
}

static enum step ask_for_ports(struct talk *talk, struct wire_out *out)
{
    const struct rpc_program *program;
    struct rpc_call call;

    talk->step++;
    talk->packet = 1;
    program = sought(talk);
    call = call_of(talk, program != NULL ? PROC_GETPORT : PROC_DUMP);
    rpc_put_call(out, &call);
    if (program != NULL) {
        wire_put_u32(out, program->number);
        wire_put_u32(out, program->high);
        wire_put_u32(out, sought_over(talk));
        wire_put_u32(out, 0);
    }
    return STEP_READ;
}

/* A list: each entry behind a 1, the end is a 0. */
static enum step get_dump(struct wire_in *in, struct answer *answer)
{
    const struct rpc_program *own = rpc_program_named(STR("rpcbind"));
    unsigned entries = 0;

    while (entries < ENTRIES_MAX && wire_get_u32(in) == 1) {
        const struct rpc_program *program = rpc_program_numbered(wire_get_u32(in));
        uint32_t proto;
        uint32_t port;

        wire_get_u32(in);
        proto = wire_get_u32(in);
        port = wire_get_u32(in);
        if (in->failed)
            return STEP_FOREIGN;
        entries++;
        if (program != NULL && program != own && (proto == PROTO_TCP || proto == PROTO_UDP) && port > 0 &&
            port <= UINT16_MAX)
            answer_next(answer, program->service, proto, (uint16_t)port);
    }
    if (in->failed)
        return STEP_FOREIGN;
    answer_add(answer, "registered", "%u", entries);
    answer_is(answer, OUTCOME_OPEN, "rpcbind answered with %u registrations", entries);
    return STEP_DONE;
}

/* What is registered of the three is gone on with; what is not is told. */
static enum step conclude_dynamic(struct talk *talk, struct answer *answer)
{
    const struct rpcbind_state *state = talk_state(talk, struct rpcbind_state);

    for (size_t i = 0; i < NFS_DYNAMIC_N; i++) {
        if (state->ports[i] > 0)
            answer_next(answer, nfs_dynamic[i], sought_over(talk), state->ports[i]);
        else
            answer_add(answer, nfs_dynamic[i], "not registered");
    }
    if (answer->next_n == 0)
        answer_is(answer, OUTCOME_REFUSED, "rpcbind answered, but has none of mountd, nlockmgr and status");
    else
        answer_is(answer, OUTCOME_OPEN, "rpcbind answered with the ports of NFS 3");
    return STEP_DONE;
}

static enum step get_port(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    const struct rpc_program *program = sought(talk);
    uint32_t port = wire_get_u32(in);

    if (in->failed || port > UINT16_MAX)
        return STEP_FOREIGN;
    if (is_nfs_dynamic(talk)) {
        talk_state(talk, struct rpcbind_state)->ports[talk->step - 1] = (uint16_t)port;
        return talk->step == NFS_DYNAMIC_N ? conclude_dynamic(talk, answer) : ask_for_ports(talk, out);
    }
    if (port == 0) {
        answer_is(answer, OUTCOME_REFUSED, "rpcbind answered: %s is not registered", program->service);
    } else {
        answer_next(answer, program->service, sought_over(talk), (uint16_t)port);
        answer_is(answer, OUTCOME_OPEN, "rpcbind answered: %s is at port %u", program->service, port);
    }
    return STEP_DONE;
}

/* An own responder is not asked for what it leaves unanswered. */
static bool is_enough(const struct talk *talk)
{
    return talk->datagram && talk->ask->own && !is_nfs_dynamic(talk) && talk->ask->seek.n == 0;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    struct rpc_reply reply;

    if (!rpc_get_reply(in, &reply) || reply.xid != talk_random_u32(talk) + talk->step)
        return STEP_FOREIGN;
    if (reply.status == RPC_PROG_UNAVAIL) {
        answer_is(answer, OUTCOME_WRONG_SERVICE, "an RPC service answered that is not rpcbind");
        answer->answered = "rpc";
        return STEP_DONE;
    }
    if (reply.status == RPC_SUCCESS && talk->step == 0 && is_enough(talk)) {
        answer_is(answer, OUTCOME_OPEN, "rpcbind answered");
        return STEP_DONE;
    }
    if (reply.status == RPC_SUCCESS) {
        if (talk->step == 0)
            return ask_for_ports(talk, out);
        return sought(talk) != NULL ? get_port(talk, in, out, answer) : get_dump(in, answer);
    }
    answer_add(answer, "status", "%s", rpc_status_text(reply.status));
    if (talk->step == 0 && reply.status == RPC_PROG_MISMATCH)
        answer_is(answer, OUTCOME_OPEN, "rpcbind of versions %u to %u", reply.low, reply.high);
    else
        answer_is(answer, OUTCOME_ERROR, "rpcbind answered: %s", rpc_status_text(reply.status));
    return STEP_DONE;
}

/* NULL was answered: rpcbind is there, even when it keeps its list to itself. */
static bool ended(struct talk *talk, struct wire_in *in, enum ending ending, struct answer *answer)
{
    (void)ending;
    if (talk->step == 0 || in->n > 0)
        return false;
    if (sought(talk) != NULL)
        answer_is(answer, OUTCOME_ERROR, "rpcbind answered, but did not tell the port of %s", sought(talk)->service);
    else
        answer_is(answer, OUTCOME_OPEN, "rpcbind answered; it did not list what is registered");
    return true;
}

/* What is registered: rpcbind itself, then what the offer has. NULL behind the last. */
static const struct next *registration(const struct talk *talk, size_t index, struct next *own)
{
    if (index < 2) {
        own->service = "rpcbind";
        own->proto = index == 0 ? PROTO_TCP : PROTO_UDP;
        own->port = talk->local_port > 0 ? talk->local_port : 111;
        return own;
    }
    return talk->offer != NULL && index - 2 < talk->offer->port_n ? &talk->offer->ports[index - 2] : NULL;
}

static uint32_t port_of(const struct talk *talk, uint32_t number, uint32_t proto)
{
    struct next own;
    const struct next *next;

    for (size_t i = 0; (next = registration(talk, i, &own)) != NULL; i++) {
        const struct rpc_program *program = rpc_program_named(str_of(next->service));

        if (program != NULL && program->number == number && next->proto == proto)
            return next->port;
    }
    return 0;
}

static void put_dump(const struct talk *talk, struct wire_out *out)
{
    struct next own;
    const struct next *next;

    for (size_t i = 0; (next = registration(talk, i, &own)) != NULL; i++) {
        const struct rpc_program *program = rpc_program_named(str_of(next->service));

        for (uint32_t version = program != NULL ? program->low : 1; program != NULL && version <= program->high;
             version++) {
            wire_put_u32(out, 1);
            wire_put_u32(out, program->number);
            wire_put_u32(out, version);
            wire_put_u32(out, next->proto);
            wire_put_u32(out, next->port);
        }
    }
    wire_put_u32(out, 0);
}

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    const struct rpc_program *own = rpc_program_named(STR("rpcbind"));
    struct rpc_call call;
    struct rpc_reply reply = {0};

    if (!rpc_get_call(in, &call))
        return STEP_FOREIGN;
    answer_is(receipt, OUTCOME_OPEN, "RPC program %u, version %u, procedure %u", call.program, call.version,
              call.procedure);
    reply.xid = call.xid;
    if (call.program != own->number || call.version != RPCBIND_VERSION)
        return rpc_serve_null(own, &call, out);
    if (call.procedure == PROC_DUMP) {
        rpc_put_reply(out, &reply);
        put_dump(talk, out);
        return STEP_READ;
    }
    if (call.procedure == PROC_GETPORT) {
        uint32_t number = wire_get_u32(in);
        uint32_t port;

        wire_get_u32(in);
        port = port_of(talk, number, wire_get_u32(in));
        if (in->failed)
            return STEP_FOREIGN;
        rpc_put_reply(out, &reply);
        wire_put_u32(out, port);
        return STEP_READ;
    }
    return rpc_serve_null(own, &call, out);
}

#define RPCBIND_EXCHANGE(framing_)                                                                                     \
    {                                                                                                                  \
        .protocol = "rpc", .framing = framing_, .input_max = 16384, .sends = sends, .begin = begin, .heard = heard,    \
        .ended = ended, .serve = serve                                                                                 \
    }

static const struct exchange over_udp = RPCBIND_EXCHANGE(NULL);
static const struct exchange over_tcp = RPCBIND_EXCHANGE(&framing_rpc);

const struct service service_rpcbind = {
    .name = "rpcbind",
    .title = "ONC RPC port mapper",
    .tcp = &over_tcp,
    .udp = &over_udp,
    .ports = {{111, 111, SERVICE_TCP | SERVICE_UDP}},
};

const struct service service_nfs_dynamic = {
    .name = "nfs-dynamic",
    .title = "NFS 3 mount, lock and status services, through rpcbind",
    .tcp = &over_tcp,
    .udp = &over_udp,
    .ports = {{111, 111, SERVICE_TCP | SERVICE_UDP}},
};
