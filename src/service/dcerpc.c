/*
 * DCE/RPC's endpoint mapper over TCP: a bind to its interface, C706 12.6.4.3 (bind), 12.6.4.4 (bind_ack), 12.6.4.5
 * (bind_nak), appendix O (its UUID); [MS-RPCE] 2.2.2. Nothing is called.
 */
#include "service/service.h"

#define HEADER_SIZE 16
#define FRAGMENT_MAX 4280
#define OPERATION_OUT_OF_RANGE 0x1c010002u /* nca_s_op_rng_error */

enum { PDU_REQUEST = 0, PDU_FAULT = 3, PDU_BIND = 11, PDU_BIND_ACK = 12, PDU_BIND_NAK = 13 };
enum { FIRST_AND_LAST = 3, RESULT_ACCEPTED = 0, RESULT_PROVIDER = 2, REASON_ABSTRACT_SYNTAX = 1 };

static const char *const sends[] = {"DCE/RPC bind to the endpoint mapper", NULL};

/* e1af8308-5d1f-11c9-91a4-08002b14a0fa version 3.0, as it is on the wire. */
static const uint8_t mapper[20] = {0x08, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91, 0xa4,
                                   0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa, 3,    0,    0,    0};
/* 8a885d04-1ceb-11c9-9fe8-08002b104860 version 2.0: NDR. */
static const uint8_t ndr[20] = {0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8,
                                0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2,    0,    0,    0};

struct header {
    unsigned type;
    uint32_t call;
};

static enum frame_found find(struct wire_in in, size_t *skip, size_t *length)
{
    static const uint8_t version[] = {5};

    if (in.n > 0 && in.p[0] != version[0])
        return FRAME_FOREIGN;
    wire_get(&in, 4);
    if (!in.failed && wire_left(&in) > 0 && in.p[4] != 0x10) /* little-endian, ASCII: as everybody writes */
        return FRAME_FOREIGN;
    wire_get(&in, 4);
    *length = wire_get_u16le(&in);
    if (in.failed)
        return FRAME_MORE;
    *skip = 0;
    return *length < HEADER_SIZE ? FRAME_FOREIGN : FRAME_FOUND;
}

static const struct framing framing = {find, NULL};

static void put_header(struct wire_out *out, unsigned type, uint32_t call)
{
    wire_put_u8(out, 5);
    wire_put_u8(out, 0);
    wire_put_u8(out, type);
    wire_put_u8(out, FIRST_AND_LAST);
    wire_put_u32le(out, 0x10);
    wire_put_u16le(out, 0); /* length: patched at the end */
    wire_put_u16le(out, 0);
    wire_put_u32le(out, call);
}

static void close_pdu(struct wire_out *out, size_t start)
{
    if (!out->failed) {
        out->p[start + 8] = (uint8_t)(out->n - start);
        out->p[start + 9] = (uint8_t)((out->n - start) >> 8);
    }
}

static bool get_header(struct wire_in *in, struct header *header)
{
    wire_get(in, 2);
    header->type = wire_get_u8(in);
    wire_get(in, 9);
    header->call = wire_get_u32le(in);
    return !in->failed;
}

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    size_t start = out->n;

    (void)answer;
    put_header(out, PDU_BIND, talk_random_u32(talk));
    wire_put_u16le(out, FRAGMENT_MAX);
    wire_put_u16le(out, FRAGMENT_MAX);
    wire_put_u32le(out, 0); /* a new association group */
    wire_put_u32le(out, 1); /* contexts */
    wire_put_u16le(out, 0);
    wire_put_u16le(out, 1); /* transfer syntaxes */
    wire_put(out, mapper, sizeof mapper);
    wire_put(out, ndr, sizeof ndr);
    close_pdu(out, start);
    return STEP_READ;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    struct header header;
    struct str address;
    unsigned result;
    unsigned reason;

    (void)out;
    if (!get_header(in, &header) || header.call != talk_random_u32(talk))
        return STEP_FOREIGN;
    if (header.type == PDU_BIND_NAK) {
        answer_is(answer, OUTCOME_ERROR, "DCE/RPC refused the bind (reason %u)", wire_get_u16le(in));
        return STEP_DONE;
    }
    wire_get(in, 8); /* fragment sizes, association group */
    address = wire_get(in, wire_get_u16le(in));
    wire_get(in, (4 - in->at % 4) % 4);
    if (header.type != PDU_BIND_ACK || wire_get_u8(in) != 1)
        return STEP_FOREIGN;
    wire_get(in, 3);
    result = wire_get_u16le(in);
    reason = wire_get_u16le(in);
    if (in->failed)
        return STEP_FOREIGN;
    if (result != RESULT_ACCEPTED) {
        answer_is(answer, OUTCOME_ERROR, "DCE/RPC, but no endpoint mapper (result %u, reason %u)", result, reason);
        return STEP_DONE;
    }
    if (!wire_is(in, ndr, sizeof ndr))
        return STEP_FOREIGN;
    answer_add_text(answer, "address", str_head(address, address.n > 0 ? address.n - 1 : 0));
    answer_is(answer, OUTCOME_OPEN, "the endpoint mapper accepted a bind");
    return STEP_DONE;
}

/* Behind a bind any call is answered with a fault: the stand-in has no operations (C706 12.6.4.7). */
static enum step put_fault(struct wire_out *out, uint32_t call)
{
    size_t start = out->n;

    put_header(out, PDU_FAULT, call);
    wire_put_zeros(out, 8); /* hint, context, cancels */
    wire_put_u32le(out, OPERATION_OUT_OF_RANGE);
    wire_put_u32le(out, 0);
    close_pdu(out, start);
    return STEP_READ;
}

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct header header;
    size_t start = out->n;
    bool ours;

    if (!get_header(in, &header))
        return STEP_FOREIGN;
    if (header.type == PDU_REQUEST && talk->step == 1)
        return put_fault(out, header.call);
    if (header.type != PDU_BIND)
        return STEP_FOREIGN;
    wire_get(in, 8);
    if (wire_get_u8(in) == 0)
        return STEP_FOREIGN;
    wire_get(in, 5);
    if (wire_get_u8(in) == 0)
        return STEP_FOREIGN;
    wire_get(in, 1);
    ours = wire_is(in, mapper, sizeof mapper);
    if (in->failed)
        return STEP_FOREIGN;
    put_header(out, PDU_BIND_ACK, header.call);
    wire_put_u16le(out, FRAGMENT_MAX);
    wire_put_u16le(out, FRAGMENT_MAX);
    wire_put_u32le(out, talk_random_u32(talk) | 1);
    wire_put_u16le(out, 4);
    wire_put(out, "135", 4);
    wire_put_zeros(out, (4 - (out->n - start) % 4) % 4);
    wire_put_u32le(out, 1); /* results */
    wire_put_u16le(out, ours ? RESULT_ACCEPTED : RESULT_PROVIDER);
    wire_put_u16le(out, ours ? 0 : REASON_ABSTRACT_SYNTAX);
    if (ours)
        wire_put(out, ndr, sizeof ndr);
    else
        wire_put_zeros(out, sizeof ndr);
    close_pdu(out, start);
    talk->step = 1;
    answer_is(receipt, OUTCOME_OPEN, "a DCE/RPC bind");
    return STEP_READ;
}

static const struct exchange over_tcp = {
    .protocol = "dcerpc",
    .framing = &framing,
    .input_max = 4 * 1024,
    .sends = sends,
    .begin = begin,
    .heard = heard,
    .serve = serve,
};

const struct service service_dcerpc = {
    .name = "dcerpc",
    .title = "DCE/RPC endpoint mapper",
    .tcp = &over_tcp,
    .ports = {{135, 135, SERVICE_TCP}},
};
