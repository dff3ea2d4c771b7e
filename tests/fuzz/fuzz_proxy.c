/*
 * A way through a proxy: any bytes of the far end, for the client and for the door. The first byte says which (bit 0:
 * the door), which protocol (bit 1: SOCKS5) and whether there is a name and a password (bit 2); the second how many
 * bytes come at once (0: all).
 *
 * Whatever comes: no more is used than there is, nothing is written past the end, what is kept stays bounded, a refusal
 * has a reason and is never `open`, and whether there is a way does not depend on how the bytes were cut.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "service/proxy.h"

static enum proxy_step ask_through(const struct proxy_ask *ask, const uint8_t *p, size_t n, size_t piece)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    struct proxy_talk talk;
    struct answer answer;
    size_t at = 0;
    size_t arrived = 0;
    enum proxy_step step;

    answer_init(&answer);
    step = proxy_start(&talk, ask, &out, &answer);
    while (step == PROXY_READ && arrived < n) {
        size_t used;

        arrived = piece == 0 || n - arrived < piece ? n : arrived + piece;
        if (arrived - at > PROXY_INPUT_MAX)
            arrived = at + PROXY_INPUT_MAX;
        out = (struct wire_out){bytes, 0, sizeof bytes, false};
        answer_init(&answer);
        step = proxy_heard(&talk, p + at, arrived - at, &used, &out, &answer);
        if (used > arrived - at || out.failed)
            abort();
        at += used;
        if (step == PROXY_READ && arrived - at >= PROXY_INPUT_MAX)
            abort();
    }
    if (step == PROXY_READ) {
        answer_init(&answer);
        proxy_end(&talk, p + at, arrived - at, ENDING_CLOSED, &answer);
        step = PROXY_REFUSED;
    }
    if (step == PROXY_REFUSED && (answer.reason.n == 0 || answer.outcome == OUTCOME_OPEN))
        abort();
    return step;
}

static void serve(enum proxy_kind kind, struct str user, const uint8_t *p, size_t n, size_t piece)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct proxy_door door = {.kind = kind, .user = user};
    enum proxy_step step = PROXY_READ;
    size_t at = 0;
    size_t arrived = 0;

    while (step == PROXY_READ && arrived < n) {
        struct wire_out out = {bytes, 0, sizeof bytes, false};
        size_t used;

        arrived = piece == 0 || n - arrived < piece ? n : arrived + piece;
        step = proxy_serve(&door, p + at, arrived - at, &used, &out);
        if (used > arrived - at || out.failed)
            abort();
        at += used;
        if (step == PROXY_THROUGH && (door.host.n == 0 || door.host.p != door.text))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_ask ask = {.host = {"host.example", 12}, .port = 443};

    if (size < 2)
        return 0;
    ask.kind = data[0] & 2 ? PROXY_SOCKS5 : PROXY_HTTP;
    ask.user = data[0] & 4 ? STR("ann:secret") : STR_EMPTY;
    if (data[0] & 1)
        serve(ask.kind, ask.user, data + 2, size - 2, data[1]);
    else if (ask_through(&ask, data + 2, size - 2, data[1]) != ask_through(&ask, data + 2, size - 2, 1))
        abort();
    return 0;
}
