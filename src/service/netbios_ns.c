/*
 * NetBIOS name service, RFC 1002 4.2.17 and 4.2.18: a node status request for `*`, answered with the table of names.
 * Names are encoded as in 4.1 (each half byte a letter). The answer is always longer than the 50 bytes of the request,
 * so that an own responder answers only requests that are padded, as they are where our own responder is expected.
 */
#include "service/service.h"

#define NAME_SIZE 34 /* encoded: length, 32 letters, the root */
#define TYPE_NBSTAT 0x21
#define CLASS_IN 1
#define STATISTICS_SIZE 46
#define PADDED_SIZE 160

enum { FLAG_RESPONSE = 0x8000, FLAG_OPCODE = 0x7800, FLAG_AUTHORITATIVE = 0x0400 };

static const char *const sends[] = {"NetBIOS node status request for the name *", NULL};

/* `*` and fifteen zeros. */
static void put_wildcard(struct wire_out *out)
{
    wire_put_u8(out, 32);
    wire_put_text(out, "CK");
    for (size_t i = 0; i < 30; i++)
        wire_put_u8(out, 'A');
    wire_put_u8(out, 0);
}

static bool is_wildcard(struct wire_in *in)
{
    uint8_t bytes[NAME_SIZE];
    struct wire_out name = {bytes, 0, sizeof bytes, false};

    put_wildcard(&name);
    return wire_is(in, bytes, sizeof bytes);
}

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)answer;
    wire_put(out, talk->random, 2);
    wire_put_u16(out, 0);
    wire_put_u16(out, 1);
    wire_put_zeros(out, 6);
    put_wildcard(out);
    wire_put_u16(out, TYPE_NBSTAT);
    wire_put_u16(out, CLASS_IN);
    if (talk->ask->own)
        wire_put_zeros(out, PADDED_SIZE - out->n);
    return STEP_READ;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    bool ours = wire_is(in, talk->random, 2);
    unsigned flags = wire_get_u16(in);
    unsigned questions = wire_get_u16(in);
    unsigned answers = wire_get_u16(in);
    unsigned names;

    (void)out;
    wire_get(in, 4);
    if (!ours || (flags & (FLAG_RESPONSE | FLAG_OPCODE)) != FLAG_RESPONSE || questions != 0 || answers != 1 ||
        !is_wildcard(in) || wire_get_u16(in) != TYPE_NBSTAT || wire_get_u16(in) != CLASS_IN)
        return STEP_FOREIGN;
    wire_get(in, 6); /* time to live, length */
    names = wire_get_u8(in);
    for (unsigned i = 0; i < names && !in->failed; i++) {
        struct str name = wire_get(in, 15);
        unsigned suffix = wire_get_u8(in);
        unsigned group = wire_get_u16(in) >> 15;

        /* The first of its own is the machine's, the first of a group its workgroup or domain. */
        if (!in->failed && suffix == 0)
            answer_add_text(answer, group ? "group" : "name", str_trim(name));
    }
    if (in->failed)
        return STEP_FOREIGN;
    answer_is(answer, OUTCOME_OPEN, "NetBIOS name service answered with %u names", names);
    return STEP_DONE;
}

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct str id = wire_get(in, 2);
    unsigned flags = wire_get_u16(in);
    unsigned questions = wire_get_u16(in);
    struct str name = str_head(talk_name(talk), 15);

    wire_get(in, 6);
    if ((flags & (FLAG_RESPONSE | FLAG_OPCODE)) != 0 || questions != 1 || !is_wildcard(in) ||
        wire_get_u16(in) != TYPE_NBSTAT || wire_get_u16(in) != CLASS_IN)
        return STEP_FOREIGN;
    wire_put_str(out, id);
    wire_put_u16(out, FLAG_RESPONSE | FLAG_AUTHORITATIVE);
    wire_put_u16(out, 0);
    wire_put_u16(out, 1);
    wire_put_zeros(out, 4);
    put_wildcard(out);
    wire_put_u16(out, TYPE_NBSTAT);
    wire_put_u16(out, CLASS_IN);
    wire_put_u32(out, 0);
    wire_put_u16(out, 1 + 18 + STATISTICS_SIZE);
    wire_put_u8(out, 1);
    for (size_t i = 0; i < 15; i++)
        wire_put_u8(out, i >= name.n                            ? ' '
                         : name.p[i] >= 'a' && name.p[i] <= 'z' ? (unsigned)(name.p[i] - 'a' + 'A')
                                                                : (uint8_t)name.p[i]);
    wire_put_u8(out, 0);
    wire_put_u16(out, 0x0400); /* active */
    wire_put_zeros(out, STATISTICS_SIZE);
    answer_is(receipt, OUTCOME_OPEN, "a NetBIOS node status request");
    return STEP_READ;
}

static const struct exchange over_udp = {
    .protocol = "netbios-ns",
    .input_max = 1024,
    .sends = sends,
    .begin = begin,
    .heard = heard,
    .serve = serve,
};

const struct service service_netbios_ns = {
    .name = "netbios-ns",
    .title = "NetBIOS name service",
    .udp = &over_udp,
    .ports = {{137, 137, SERVICE_UDP}},
};
