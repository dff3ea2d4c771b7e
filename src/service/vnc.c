/*
 * VNC, RFC 6143 7.1.1: the server sends twelve bytes, "RFB 003.008\n". Nothing is sent back. TigerVNC counts
 * connections that end before a log-on, and turns their address away for ten seconds after five in a row: pace probes
 * of it. The stand-in answers a client's version with no security type and a reason (7.1.2).
 */
#include "service/service.h"

#define VERSION_SIZE 12

static const char *const sends[] = {"nothing: the server speaks first", NULL};

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)talk;
    (void)out;
    (void)answer;
    return STEP_READ;
}

/* The bytes so far can be a version. */
static bool is_version(const uint8_t *p, size_t n)
{
    static const char shape[] = "RFB ddd.ddd\n";

    for (size_t i = 0; i < n && i < VERSION_SIZE; i++) {
        if (shape[i] == 'd' ? p[i] < '0' || p[i] > '9' : p[i] != (uint8_t)shape[i])
            return false;
    }
    return true;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    struct str version;

    (void)talk;
    (void)out;
    if (!is_version(in->p, in->n))
        return STEP_FOREIGN;
    version = wire_get(in, VERSION_SIZE);
    if (in->failed)
        return STEP_READ;
    answer_add_text(answer, "version", str_head(str_from(version, 4), 7));
    answer_is(answer, OUTCOME_OPEN, "VNC server told its version");
    return STEP_DONE;
}

static enum step greet(struct talk *talk, struct wire_out *out, struct answer *receipt)
{
    (void)talk;
    (void)receipt;
    wire_put_text(out, "RFB 003.008\n");
    return STEP_READ;
}

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    static const char reason[] = "a stand-in of portolan listens here";
    struct str version;

    (void)talk;
    if (!is_version(in->p, in->n))
        return STEP_FOREIGN;
    version = wire_get(in, VERSION_SIZE);
    if (in->failed)
        return STEP_READ;
    wire_put_u8(out, 0);
    wire_put_u32(out, sizeof reason - 1);
    wire_put_text(out, reason);
    answer_add_text(receipt, "client", str_head(str_from(version, 4), 7));
    answer_is(receipt, OUTCOME_OPEN, "a VNC client's version");
    return STEP_DONE;
}

static const struct exchange over_tcp = {
    .protocol = "vnc",
    .speaks_first = true,
    .input_max = 256,
    .sends = sends,
    .begin = begin,
    .heard = heard,
    .greet = greet,
    .serve = serve,
};

const struct service service_vnc = {
    .name = "vnc",
    .title = "Virtual Network Computing",
    .tcp = &over_tcp,
    .ports = {{5900, 5999, SERVICE_TCP}},
};
