/*
 * One service, SERVICE_NAME: any bytes of the far end, for its probe and for its responder. The first byte says which
 * (bit 0: the responder), over which transport (bit 1: datagrams) and whether our own responder is expected (bit 2);
 * the second how many bytes come at once (0: all).
 *
 * Whatever comes: no byte is used twice, nothing is written past the end, a datagram is not answered with more bytes,
 * what is kept stays bounded, every probe ends with a reason that can be printed, and whether it is open does not
 * depend on how the bytes were cut.
 */
#include <assert.h>

#include "fuzz.h"
#include "service/service.h"

static const struct ask ask = {.host = {"filer.example", 13}, .name = {"EXAMPLE.COM", 11}};
static const struct ask ask_own = {.own = true};
static const struct next ports[] = {{"mountd", PROTO_TCP, 20048}};
static const struct offer offer = {.passive_port = 40000, .ports = ports, .port_n = 1};

static void begin(struct talk *talk, const struct service *service, unsigned proto, bool own)
{
    talk_begin(talk, service, proto);
    talk->ask = own ? &ask_own : &ask;
    talk->offer = &offer;
    talk->now_us = 1795000000000000u;
    for (unsigned i = 0; i < TALK_RANDOM; i++)
        talk->random[i] = (uint8_t)(17 * i + 3);
}

static void check_text(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < 0x20 || text.p[i] > 0x7e)
            abort();
    }
}

static void check_answer(const struct answer *answer)
{
    if (answer->reason.n == 0 || (answer->outcome == OUTCOME_WRONG_SERVICE) != (answer->answered != NULL))
        abort();
    check_text(answer->reason);
    for (size_t i = 0; i < answer->evidence_n; i++)
        check_text(answer->evidence[i].value);
    for (size_t i = 0; i < answer->next_n; i++) {
        if (answer->next[i].port == 0 || service_find(str_of(answer->next[i].service)) == NULL)
            abort();
    }
}

/* The far end says these bytes, in pieces; then nothing more comes. */
static enum outcome probe(const struct service *service, unsigned proto, bool own, const uint8_t *p, size_t n,
                          size_t piece)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    struct answer answer;
    struct talk talk;
    enum step step;
    size_t at = 0; /* used */
    size_t arrived = 0;

    begin(&talk, service, proto, own);
    answer_init(&answer);
    step = probe_start(&talk, &out, &answer);
    while (step != STEP_DONE && arrived < n) {
        size_t used;

        arrived = piece == 0 || n - arrived < piece ? n : arrived + piece;
        if (!talk.datagram && arrived - at > talk.exchange->input_max)
            arrived = at + talk.exchange->input_max; /* no more is kept */
        out = (struct wire_out){bytes, 0, sizeof bytes, false};
        answer_init(&answer);
        step = probe_heard(&talk, p + at, arrived - at, &used, &out, &answer);
        if (used > arrived - at || out.failed || step == STEP_FOREIGN)
            abort();
        at += used;
        if (step == STEP_TLS) {
            out.n = 0;
            step = probe_secured(&talk, &out, &answer);
        }
        if (step == STEP_READ && !talk.datagram && arrived - at >= talk.exchange->input_max)
            abort(); /* full, and not over */
    }
    if (step != STEP_DONE) {
        answer_init(&answer);
        probe_end(&talk, p + at, arrived - at, ENDING_CLOSED, &answer);
    }
    check_answer(&answer);
    return answer.outcome;
}

static void respond(const struct service *service, unsigned proto, const uint8_t *p, size_t n, size_t piece)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    struct answer receipt;
    struct talk talk;
    enum step step;
    size_t at = 0;
    size_t arrived = 0;

    begin(&talk, service, proto, false);
    answer_init(&receipt);
    step = respond_start(&talk, &out, &receipt);
    while (step == STEP_READ && arrived < n) {
        size_t used;

        arrived = piece == 0 || n - arrived < piece ? n : arrived + piece;
        out = (struct wire_out){bytes, 0, sizeof bytes, false};
        answer_init(&receipt);
        step = respond_heard(&talk, p + at, arrived - at, &used, &out, &receipt);
        if (used > arrived - at || (out.failed && step != STEP_FOREIGN) || (talk.datagram && out.n > arrived - at))
            abort();
        check_text(receipt.reason);
        at += used;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct service *service = service_find(STR(SERVICE_NAME));
    unsigned proto;
    bool own;

    assert(service != NULL);
    if (size < 2)
        return 0;
    proto = service->icmp != NULL ? PROTO_ICMP : data[0] & 2 ? PROTO_UDP : PROTO_TCP;
    own = data[0] & 4;
    if (data[0] & 1) {
        respond(service, proto, data + 2, size - 2, data[1]);
    } else {
        enum outcome outcome = probe(service, proto, own, data + 2, size - 2, data[1]);

        if (proto == PROTO_TCP &&
            (outcome == OUTCOME_OPEN) != (probe(service, proto, own, data + 2, size - 2, 1) == OUTCOME_OPEN))
            abort();
    }
    return 0;
}
