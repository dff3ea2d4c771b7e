/*
 * ONC RPC version 2 (RFC 5531) and XDR (RFC 4506): calls and replies, over datagrams and, with record marks, streams.
 * Programs by their numbers at IANA, for those that are services here.
 */
#ifndef PORTOLAN_SERVICE_RPC_H
#define PORTOLAN_SERVICE_RPC_H

#include "service/service.h"

#define RPC_NULL 0 /* the procedure that every program has, and that does nothing */

struct rpc_program {
    const char *service;
    uint32_t number;
    uint32_t low; /* versions that a stand-in answers for */
    uint32_t high;
};

const struct rpc_program *rpc_program_named(struct str service); /* NULL where there is none */
const struct rpc_program *rpc_program_numbered(uint32_t number); /* likewise */

struct rpc_call {
    uint32_t xid;
    uint32_t program;
    uint32_t version;
    uint32_t procedure;
};

/* RFC 5531 9: accept_stat; the two kinds of denial stand behind. */
enum rpc_status {
    RPC_SUCCESS,
    RPC_PROG_UNAVAIL,
    RPC_PROG_MISMATCH,
    RPC_PROC_UNAVAIL,
    RPC_GARBAGE_ARGS,
    RPC_SYSTEM_ERR,
    RPC_DENIED,
    RPC_STATUS_N
};

struct rpc_reply {
    uint32_t xid;
    enum rpc_status status;
    uint32_t low; /* of RPC_PROG_MISMATCH: the versions that are there */
    uint32_t high;
};

const char *rpc_status_text(enum rpc_status status);

void rpc_put_call(struct wire_out *out, const struct rpc_call *call); /* without credentials; arguments follow */
/* Header of a call; what follows are its arguments. False: it is none. */
bool rpc_get_call(struct wire_in *in, struct rpc_call *call);
void rpc_put_reply(struct wire_out *out, const struct rpc_reply *reply);
bool rpc_get_reply(struct wire_in *in, struct rpc_reply *reply);
/* A call of the service's versions as an own responder takes it: NULL is answered, all else told that it is not there.
 */
enum step rpc_serve_null(const struct rpc_program *program, const struct rpc_call *call, struct wire_out *out);

extern const struct framing framing_rpc; /* record marks; a message in several fragments is foreign */

#endif
