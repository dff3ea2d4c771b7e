/*
 * ICMP echo, RFC 792 "Echo or Echo Reply Message", RFC 4443 4.1: the data behind the header of an echo, which comes
 * back unchanged. The header is the caller's, who knows the family and owns the socket.
 */
#include "service/service.h"

#define ECHO_SIZE 56 /* of data, as ping sends it */
#define ECHO_MAX 1472

static const char *const sends[] = {"ICMP echo request", NULL};

static void put_data(const struct talk *talk, struct wire_out *out)
{
    wire_put(out, talk->random, TALK_RANDOM);
    wire_put_text(out, "portolan probe");
    wire_put_zeros(out, ECHO_SIZE - out->n);
}

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)answer;
    put_data(talk, out);
    return STEP_READ;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    uint8_t bytes[ECHO_SIZE];
    struct wire_out data = {bytes, 0, sizeof bytes, false};

    (void)out;
    put_data(talk, &data);
    if (in->n != sizeof bytes || !wire_is(in, bytes, sizeof bytes))
        return STEP_FOREIGN;
    answer_is(answer, OUTCOME_OPEN, "our echo request was answered");
    return STEP_DONE;
}

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    (void)talk;
    if (in->n > ECHO_MAX)
        return STEP_FOREIGN;
    wire_put_str(out, wire_get(in, in->n));
    answer_is(receipt, OUTCOME_OPEN, "an ICMP echo request");
    return STEP_READ;
}

static const struct exchange echo = {
    .protocol = "icmp",
    .input_max = ECHO_MAX,
    .sends = sends,
    .begin = begin,
    .heard = heard,
    .serve = serve,
};

const struct service service_icmp = {.name = "icmp", .title = "ICMP echo", .icmp = &echo};
