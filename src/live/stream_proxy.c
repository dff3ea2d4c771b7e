/*
 * The way through a proxy, before anything else is said on a connection. The proxy is told the name as it was written:
 * it resolves it, as it does for whom the probe stands for.
 */
#include "live/stream.h"

#include <assert.h>

_Static_assert(PROXY_INPUT_MAX <= SCRATCH_SIZE, "what a proxy may say fits");

static void set_ask(struct flight *flight)
{
    const struct probe *probe = &flight->probe;
    struct conversation *conversation = flight->conversation;
    struct buf text = BUF_EMPTY;

    conversation->proxy_ask = (struct proxy_ask){probe->proxy->kind, probe->ask.host, probe->port, probe->proxy->user};
    if (probe->ask.host.n > 0)
        return;
    addr_format(&text, probe->family, probe->address);
    assert(text.n <= sizeof conversation->proxy_host);
    memcpy(conversation->proxy_host, text.p, text.n);
    conversation->proxy_ask.host = (struct str){conversation->proxy_host, text.n};
    buf_free(&text);
}

static void through(struct flight *flight, size_t kept)
{
    struct engine *engine = flight->engine;

    flight_phase(flight, PHASE_CONNECT);
    flight_trace(flight, STR_EMPTY, "through the proxy");
    flight->conversation->n = 0;
    stream_converse(flight);
    /* A target that speaks first may have done so in the same breath. TLS servers do not. */
    if (kept > 0 && !flight->reported && flight->state == FLIGHT_TALKING && flight->conversation->tls == NULL) {
        memcpy(engine->scratch, flight->conversation->input, kept);
        stream_hand_in(flight, kept);
    }
}

static void go_on(struct flight *flight, enum proxy_step step, const struct wire_out *out, size_t kept)
{
    loop_change(flight->engine->loop, &flight->watch, LOOP_READ);
    if (out->n > 0) {
        flight_trace(flight, (struct str){(const char *)out->p, out->n}, "sent: the way through the proxy");
        stream_push(flight, out->p, out->n);
    }
    switch (step) {
    case PROXY_READ: flight->state = FLIGHT_PROXYING; break;
    case PROXY_THROUGH: through(flight, kept); break;
    case PROXY_REFUSED: flight_done(flight); break;
    case PROXY_STEP_N: break;
    }
}

void stream_ask_proxy(struct flight *flight)
{
    struct conversation *conversation = flight->conversation;
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};

    set_ask(flight);
    stream_set_end(flight);
    go_on(flight, proxy_start(&conversation->proxy, &conversation->proxy_ask, &out, flight_answer(flight)), &out, 0);
}

void stream_end_proxy(struct flight *flight, enum ending ending)
{
    struct conversation *conversation = flight->conversation;

    proxy_end(&conversation->proxy, conversation->input, conversation->n, ending, flight_answer(flight));
    flight_done(flight);
}

void stream_hear_proxy(struct flight *flight)
{
    struct engine *engine = flight->engine;
    struct conversation *conversation = flight->conversation;
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    size_t n = conversation->n;
    enum proxy_step step;
    size_t used;
    size_t got;

    if (!stream_push_unsent(flight))
        return;
    if (n > 0)
        memcpy(engine->scratch, conversation->input, n);
    switch (stream_receive(flight, engine->scratch + n, PROXY_INPUT_MAX - n, &got)) {
    case MOVED: break;
    case MOVED_LATER_READ:
    case MOVED_LATER_WRITE: return;
    case MOVED_CLOSED: stream_end_proxy(flight, ENDING_CLOSED); return;
    case MOVED_RESET:
    case MOVED_FAILED:
    case MOVED_N: stream_end_proxy(flight, ENDING_RESET); return;
    }
    flight_trace(flight, (struct str){(const char *)engine->scratch + n, got}, "received from the proxy");
    n += got;
    step = proxy_heard(&conversation->proxy, engine->scratch, n, &used, &out, flight_answer(flight));
    if (step != PROXY_REFUSED && !stream_keep(conversation, engine->scratch + used, n - used)) {
        stream_end_proxy(flight, ENDING_FULL);
        return;
    }
    go_on(flight, step, &out, n - used);
}
