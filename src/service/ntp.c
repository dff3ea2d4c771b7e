/*
 * NTP over UDP, RFC 5905 7.3 (header) and 8 (client and server mode), 7.4 (kiss-o'-death). The request carries nothing
 * of this machine: its transmit timestamp is random (RFC 9109 says why), and comes back as the origin of the answer.
 * Documents also ask for 123/tcp, which no RFC defines: that is left to a bare connection.
 */
#include "service/service.h"

#define NTP_SIZE 48
#define UNIX_EPOCH 2208988800u /* of 1970, in seconds since 1900 */

enum { MODE_CLIENT = 3, MODE_SERVER = 4 };
enum { LEAP_UNKNOWN = 3, STRATUM_MAX = 15 };

static const char *const sends[] = {"NTP client request (mode 3) with a random timestamp", NULL};

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)answer;
    wire_put_u8(out, 4 << 3 | MODE_CLIENT);
    wire_put_zeros(out, 39);
    wire_put(out, talk->random, 8);
    return STEP_READ;
}

/* The reference of a stratum 1 server is the name of its clock, of a kiss-o'-death its code: four letters. */
static struct str reference_text(struct str reference)
{
    return str_head(reference, strnlen(reference.p, 4));
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    unsigned first = wire_get_u8(in);
    unsigned stratum = wire_get_u8(in);
    unsigned leap = first >> 6;
    unsigned version = first >> 3 & 7;
    struct str reference;

    (void)out;
    wire_get(in, 10);
    reference = wire_get(in, 4);
    wire_get(in, 8);
    if (!wire_is(in, talk->random, 8) || (first & 7) != MODE_SERVER || version == 0 || version > 4)
        return STEP_FOREIGN;
    wire_get(in, 16);
    if (in->failed)
        return STEP_FOREIGN;
    answer_add(answer, "version", "%u", version);
    answer_add(answer, "stratum", "%u", stratum);
    answer_add(answer, "leap", "%u", leap);
    if (stratum <= 1 && reference.p[0] != '\0')
        answer_add_text(answer, stratum == 0 ? "kiss" : "reference", reference_text(reference));
    if (stratum == 0 && reference.p[0] != '\0')
        answer_is(answer, OUTCOME_ERROR, "answers, but turns us away (kiss-o'-death)");
    else if (stratum == 0 || stratum > STRATUM_MAX || leap == LEAP_UNKNOWN)
        answer_is(answer, OUTCOME_ERROR, "answers, but its own clock is not synchronised (stratum %u, leap %u)",
                  stratum, leap);
    else
        answer_is(answer, OUTCOME_OPEN, "NTP server of stratum %u", stratum);
    return STEP_DONE;
}

static void put_now(struct wire_out *out, uint64_t now_us)
{
    wire_put_u32(out, (uint32_t)(now_us / 1000000) + UNIX_EPOCH);
    wire_put_u32(out, (uint32_t)(((now_us % 1000000) << 32) / 1000000));
}

/* A server of its own local clock, at a stratum that real ones win against. */
static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    unsigned first = wire_get_u8(in);
    unsigned version = first >> 3 & 7;
    unsigned poll;
    struct str transmit;

    wire_get(in, 1);
    poll = wire_get_u8(in);
    wire_get(in, 37);
    transmit = wire_get(in, 8);
    if (in->failed || (first & 7) != MODE_CLIENT || version == 0 || version > 4)
        return STEP_FOREIGN;
    wire_put_u8(out, version << 3 | MODE_SERVER);
    wire_put_u8(out, 10); /* stratum */
    wire_put_u8(out, poll);
    wire_put_u8(out, (uint8_t)-20); /* precision: microseconds */
    wire_put_u32(out, 0);           /* root delay */
    wire_put_u32(out, 1 << 16);     /* root dispersion: a second */
    wire_put_u32(out, 0x7f7f0101);  /* reference: a local clock */
    put_now(out, talk->now_us);     /* reference time */
    wire_put_str(out, transmit);    /* origin */
    put_now(out, talk->now_us);     /* receive */
    put_now(out, talk->now_us);     /* transmit */
    answer_is(receipt, OUTCOME_OPEN, "an NTP request of version %u", version);
    return STEP_READ;
}

static const struct exchange over_udp = {
    .protocol = "ntp",
    .input_max = 1024,
    .sends = sends,
    .begin = begin,
    .heard = heard,
    .serve = serve,
};

const struct service service_ntp = {
    .name = "ntp",
    .title = "Network Time Protocol",
    .udp = &over_udp,
    .ports = {{123, 123, SERVICE_UDP}},
};
