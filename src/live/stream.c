/*
 * Probes over TCP: a connection, through a proxy where there is one, TLS where the exchange wants it, and the talk. The
 * invariants: a state waits for one thing, and for that its watch is set; what the far end sends is read a bounded
 * number of times before others have their turn; a conversation ends at ends_us, whatever comes.
 *
 * The kernel sends a SYN again by itself (after 1 s, then at least each 3 s): a try of the usual 3 s has two or three.
 * What another try adds is another source port, which is another path where paths are chosen by ports.
 */
#include "live/stream.h"

#include <assert.h>

#define READS_AT_ONCE 16

static void reset(struct flight *flight);

/* ------------------------------------------------------------------ the talk */

/* engine->answer is complete; what TLS beneath the service has shown is added, and may matter more. */
static void talk_done(struct flight *flight)
{
    struct answer *answer = &flight->engine->answer;

    flight_phase(flight, PHASE_HANDSHAKE);
    if (flight->has[PHASE_TLS]) {
        struct tls_session *tls = flight->conversation->tls;
        struct str why;

        tls_evidence(tls, answer);
        if (tls_trusted(tls, &why) != TLS_TRUSTED &&
            (answer->outcome == OUTCOME_OPEN || answer->outcome == OUTCOME_UNVERIFIABLE))
            answer_is(answer, OUTCOME_TLS_UNTRUSTED, "%.*s", STR_ARG(why));
    }
    flight_done(flight);
}

static void ended(struct flight *flight, enum ending ending)
{
    static const char *const text[ENDING_N] = {
        [ENDING_CLOSED] = "closed by the far end",
        [ENDING_RESET] = "reset by the far end",
        [ENDING_TIMEOUT] = "the time is over",
        [ENDING_FULL] = "too much has come",
    };
    struct conversation *conversation = flight->conversation;

    flight_trace(flight, STR_EMPTY, "%s", text[ending]);
    probe_end(&conversation->talk, conversation->input, conversation->n, ending, flight_answer(flight));
    talk_done(flight);
}

/* After each step of the talk: sends, and waits for what comes next. */
void stream_go_on(struct flight *flight, enum step step, const struct wire_out *out)
{
    struct engine *engine = flight->engine;

    loop_change(engine->loop, &flight->watch, LOOP_READ);
    if (out->n > 0) {
        flight_trace(flight, (struct str){(const char *)out->p, out->n}, "sent: %.*s", STR_ARG(flight_sends(flight)));
        stream_push(flight, out->p, out->n);
    }
    switch (step) {
    case STEP_READ: flight->state = FLIGHT_TALKING; break;
    case STEP_TLS:
        flight->state = FLIGHT_TALKING;
        flight->upgrades = flight->conversation->unsent != NULL;
        if (!flight->upgrades)
            stream_secure(flight);
        break;
    case STEP_DONE:
    case STEP_FOREIGN: talk_done(flight); break;
    case STEP_N: break;
    }
}

/* What has come, n bytes with what was kept of before in front. Returns whether the talk wants more. */
bool stream_hand_in(struct flight *flight, size_t n)
{
    struct engine *engine = flight->engine;
    struct conversation *conversation = flight->conversation;
    uint8_t sent[WIRE_OUT_MAX];
    struct wire_out out = {sent, 0, sizeof sent, false};
    size_t used;
    enum step step = probe_heard(&conversation->talk, engine->scratch, n, &used, &out, flight_answer(flight));

    if (!stream_keep(conversation, engine->scratch + used, step == STEP_READ ? n - used : 0)) {
        ended(flight, ENDING_FULL);
        return false;
    }
    stream_go_on(flight, step, &out);
    return step == STEP_READ && conversation->unsent == NULL;
}

static void hear(struct flight *flight)
{
    struct engine *engine = flight->engine;
    struct conversation *conversation = flight->conversation;
    size_t most = conversation->talk.exchange->input_max;

    assert(most <= SCRATCH_SIZE);
    for (unsigned i = 0; i < READS_AT_ONCE; i++) {
        size_t kept = conversation->n;
        size_t got;

        if (kept > 0)
            memcpy(engine->scratch, conversation->input, kept);
        switch (stream_receive(flight, engine->scratch + kept, most - kept, &got)) {
        case MOVED:
            flight_trace(flight, (struct str){(const char *)engine->scratch + kept, got}, "received");
            if (!stream_hand_in(flight, kept + got))
                return;
            break;
        case MOVED_LATER_READ: loop_change(engine->loop, &flight->watch, LOOP_READ); return;
        case MOVED_LATER_WRITE: loop_change(engine->loop, &flight->watch, LOOP_WRITE); return;
        case MOVED_CLOSED: ended(flight, ENDING_CLOSED); return;
        case MOVED_RESET: reset(flight); return;
        case MOVED_FAILED: stream_tls_failed(flight); return;
        case MOVED_N: return;
        }
    }
    if (conversation->tls != NULL) /* it may hold bytes that no event will tell of */
        flight_until(flight, engine->loop->now_us + 1);
}

void stream_begin(struct flight *flight)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    enum step step = probe_start(&flight->conversation->talk, &out, flight_answer(flight));

    stream_go_on(flight, step, &out);
}

/* ------------------------------------------------------------------ the connection */

void stream_reconnect(struct flight *flight, bool first)
{
    flight_close(flight);
    flight->state = FLIGHT_WAITING;
    engine_turn(flight, first);
}

/*
 * Nothing has come on this connection in all the time. The far end may be silent; or what opened the connection, or the
 * first bytes, were lost, and are sent again later than anybody waits for. Another connection shows which it is.
 */
static bool unheard_again(struct flight *flight)
{
    if (!asking_heard(flight->watch.fd) && !flight_silent(flight)) {
        stream_reconnect(flight, false);
        return true;
    }
    return false;
}

void stream_converse(struct flight *flight)
{
    const struct exchange *exchange;

    if (flight->probe.bare) {
        answer_is(flight_answer(flight), OUTCOME_OPEN, "the connection was accepted; no handshake was asked for");
        flight_done(flight);
        return;
    }
    stream_set_end(flight);
    exchange = flight->conversation->talk.exchange;
    if (exchange->tls == TLS_FIRST || (exchange->tls == TLS_EITHER && !flight->plain))
        stream_secure(flight);
    else
        stream_begin(flight);
}

/*
 * The machine gave this connection the very port that it goes to, on the machine itself: it met itself, which is only
 * possible where nobody listens.
 */
static bool met_itself(struct flight *flight, const struct endpoint *to)
{
    return flight->has_local && flight->local.port == to->port && flight->local.address == to->address;
}

/* Where the connection goes first. */
static struct endpoint first_hop(const struct probe *probe)
{
    if (probe->proxy != NULL)
        return (struct endpoint){probe->proxy->family, probe->proxy->address, probe->proxy->port};
    return (struct endpoint){probe->family, probe->address, probe->port};
}

void stream_set_end(struct flight *flight)
{
    const struct engine *engine = flight->engine;
    const struct exchange *exchange = service_exchange(flight->probe.service, PROTO_TCP);
    uint64_t now_us = engine->loop->now_us;
    uint64_t us = (uint64_t)engine->options.timeout_ms * 1000;
    uint64_t most_us = flight->began_us + flight->left_us;

    flight->patient = exchange->patience_ms > 0 && !flight->probe.ask.own;
    if (flight->patient && exchange->patience_ms * 1000ull < us)
        us = exchange->patience_ms * 1000ull;
    flight->ends_us = now_us + us < most_us ? now_us + us : most_us;
    flight_until(flight, flight->ends_us);
}

static void connected(struct flight *flight)
{
    struct endpoint to = first_hop(&flight->probe);

    flight_phase(flight, PHASE_CONNECT);
    flight->has_local = asking_local(flight->watch.fd, &flight->local);
    if (met_itself(flight, &to)) {
        answer_is(flight_answer(flight), OUTCOME_REFUSED, "nobody listens there: the connection met itself");
        flight_done(flight);
        return;
    }
    flight_trace(flight, STR_EMPTY, "connected");
    if (!flight->probe.bare || flight->probe.proxy != NULL)
        flight_converse(flight);
    if (flight->probe.proxy != NULL)
        stream_ask_proxy(flight);
    else
        stream_converse(flight);
}

/* Senders of ICMP errors ration them (Linux: net.ipv4.icmp_ratelimit): of many rejections not all are told. */
static void no_answer(struct flight *flight)
{
    const struct refusal *rejecter = &flight->engine->rejecter;
    struct answer *answer = flight_answer(flight);
    struct buf by = BUF_EMPTY;

    if (!rejecter->has_by || rejecter->family != flight->probe.family) {
        answer_is(answer, OUTCOME_FILTERED, "no answer; connections tried: %u", flight->tries);
        return;
    }
    addr_format(&by, rejecter->family, rejecter->by);
    answer_is(answer, OUTCOME_FILTERED,
              "no answer; connections tried: %u; the firewall %.*s rejects others, and need not tell of each one",
              flight->tries, STR_ARG(buf_str(&by)));
    answer_add_text(answer, "others-rejected-by", buf_str(&by));
    buf_free(&by);
}

static void not_connected(struct flight *flight)
{
    const struct proxy *proxy = flight->probe.proxy;

    if (!flight_silent(flight)) {
        stream_reconnect(flight, false);
        return;
    }
    if (proxy != NULL)
        answer_is(flight_answer(flight), OUTCOME_PROXY_REFUSED, "the proxy %.*s cannot be reached: no answer",
                  STR_ARG(proxy->text));
    else
        no_answer(flight);
    flight_done(flight);
}

static void connecting(struct flight *flight, unsigned events)
{
    int error = events & (LOOP_ERROR | LOOP_HANGUP) ? asking_error(flight->watch.fd) : 0;

    if (error == 0 && (events & LOOP_WRITE)) {
        connected(flight);
        return;
    }
    if (error != 0)
        flight->has_local = asking_local(flight->watch.fd, &flight->local);
    if (flight_read_errors(flight))
        return;
    if (error != 0 && !flight_refused(flight, error))
        not_connected(flight);
}

/* The connection has broken; an ICMP error may say who has done it. */
static void reset(struct flight *flight)
{
    if (!flight_read_errors(flight))
        ended(flight, ENDING_RESET);
}

void stream_try(struct flight *flight)
{
    struct endpoint to = first_hop(&flight->probe);
    uint64_t us = (uint64_t)flight->engine->options.timeout_ms * 1000;

    if (!flight_open(flight, &to))
        return;
    flight->state = FLIGHT_CONNECTING;
    flight->ends_us = flight->began_us + (us < flight->left_us ? us : flight->left_us);
    flight_trace(flight, STR_EMPTY, "connecting");
    flight_until(flight, flight->ends_us);
}

void stream_ready(struct flight *flight, unsigned events)
{
    switch ((enum flight_state)flight->state) {
    case FLIGHT_CONNECTING: connecting(flight, events); break;
    case FLIGHT_SECURING: stream_shake_hands(flight); break;
    case FLIGHT_TALKING:
        if (!stream_push_unsent(flight))
            break;
        if (flight->upgrades)
            stream_secure(flight);
        else
            hear(flight);
        break;
    case FLIGHT_PROXYING: stream_hear_proxy(flight); break;
    case FLIGHT_FREE:
    case FLIGHT_WAITING:
    case FLIGHT_ASKED:
    case FLIGHT_SILENT:
    case FLIGHT_HELD:
    case FLIGHT_STATE_N: break;
    }
}

void stream_late(struct flight *flight)
{
    if (flight->engine->loop->now_us < flight->ends_us) { /* there was more to read than could be at once */
        flight_until(flight, flight->ends_us);
        hear(flight);
        return;
    }
    switch ((enum flight_state)flight->state) {
    case FLIGHT_CONNECTING: not_connected(flight); break;
    case FLIGHT_SECURING:
        if (flight->conversation->talk.exchange->tls == TLS_EITHER || !unheard_again(flight))
            stream_not_secured(flight, MOVED_LATER_READ);
        break;
    case FLIGHT_TALKING:
        if (flight->patient || !unheard_again(flight))
            ended(flight, ENDING_TIMEOUT);
        break;
    case FLIGHT_PROXYING: stream_end_proxy(flight, ENDING_TIMEOUT); break;
    case FLIGHT_FREE:
    case FLIGHT_WAITING:
    case FLIGHT_ASKED:
    case FLIGHT_SILENT:
    case FLIGHT_HELD:
    case FLIGHT_STATE_N: break;
    }
}
