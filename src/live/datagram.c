/*
 * Probes over UDP, and echoes. A datagram that is not answered is sent again from the same socket, by a new talk with
 * the same random bytes, so that a late answer is one. The control datagram of a host runs here as well: it is a flight
 * without a service, whose answer is that of its port.
 */
#include "live/engine_inside.h"

#include <errno.h>
#include <sys/socket.h>

#define ECHO_HEADER 8
#define CONTROL_TRIES 2
#define CONTROL_TEXT "portolan: is this port closed?"
/* Ports that are surely closed: behind those that Linux gives to clients, registered to nobody. */
#define CONTROL_PORT 61001
#define CONTROL_PORT_N 4000
#define READS_AT_ONCE 8

enum { ECHO_REQUEST_V4 = 8, ECHO_REPLY_V4 = 0, ECHO_REQUEST_V6 = 128, ECHO_REPLY_V6 = 129 };

/* ------------------------------------------------------------------ echoes */

static uint16_t echo_id(const struct flight *flight)
{
    return (uint16_t)(flight->random[0] << 8 | flight->random[1]);
}

static uint16_t checksum(const uint8_t *p, size_t n)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* The header in front of the data; a ping socket puts its own identifier and the checksum in, as IPv6 does the latter.
 */
static size_t put_echo(const struct flight *flight, const struct wire_out *data, uint8_t *echo)
{
    uint16_t id = echo_id(flight);
    size_t n = ECHO_HEADER + data->n;

    memset(echo, 0, ECHO_HEADER);
    echo[0] = flight->probe.family == FAMILY_V4 ? ECHO_REQUEST_V4 : ECHO_REQUEST_V6;
    echo[4] = (uint8_t)(id >> 8);
    echo[5] = (uint8_t)id;
    echo[7] = (uint8_t)flight->tries;
    memcpy(echo + ECHO_HEADER, data->p, data->n);
    if (flight->raw && flight->probe.family == FAMILY_V4) {
        uint16_t sum = checksum(echo, n);

        echo[2] = (uint8_t)(sum >> 8);
        echo[3] = (uint8_t)sum;
    }
    return n;
}

/* The data of an echo reply to us; false when it is anything else, of which a raw socket sees a lot. */
static bool get_echo(const struct flight *flight, struct str *bytes)
{
    const uint8_t *p = (const uint8_t *)bytes->p;
    uint8_t reply = flight->probe.family == FAMILY_V4 ? ECHO_REPLY_V4 : ECHO_REPLY_V6;
    size_t at = 0;

    if (flight->raw && flight->probe.family == FAMILY_V4 && bytes->n > 0)
        at = (size_t)(p[0] & 0xf) * 4;
    if (bytes->n < at + ECHO_HEADER || p[at] != reply)
        return false;
    if (flight->raw && (p[at + 4] << 8 | p[at + 5]) != echo_id(flight))
        return false;
    *bytes = str_from(*bytes, at + ECHO_HEADER);
    return true;
}

/* ------------------------------------------------------------------ asking */

/* Whether the datagram is out; if not, all that is to be done for that is done. */
static bool transmit(struct flight *flight, const struct wire_out *out)
{
    struct engine *engine = flight->engine;
    uint8_t echo[ECHO_HEADER + WIRE_OUT_MAX];
    const uint8_t *p = out->p;
    size_t n = out->n;

    if (flight->probe.proto == PROTO_ICMP) {
        n = put_echo(flight, out, echo);
        p = echo;
    }
    for (unsigned i = 0; i < 2; i++) {
        int error;

        if (send(flight->watch.fd, p, n, MSG_NOSIGNAL) >= 0)
            return true;
        error = errno;
        if (flight_read_errors(flight)) /* of the last datagram, and not of this one */
            return false;
        if (error == ENOBUFS || error == EAGAIN || error == ENOMEM) {
            flight_trace(flight, STR_EMPTY, "this machine is too busy to send; later");
            return true; /* as if it were lost */
        }
        if (i > 0 && flight_refused(flight, error))
            return false;
    }
    (void)engine;
    return true;
}

static void wait_until_late(struct flight *flight, uint64_t try_us)
{
    struct engine *engine = flight->engine;
    uint64_t now_us = engine->loop->now_us;
    bool control =
        flight->probe.proto == PROTO_UDP && !engine->options.no_control && flight->host->control == CONTROL_UNKNOWN;

    flight->state = FLIGHT_ASKED;
    flight->ends_us = now_us + (try_us < flight->left_us ? try_us : flight->left_us);
    flight_until(flight, control ? now_us + (flight->ends_us - now_us) / 2 : flight->ends_us);
}

static uint64_t try_us(const struct flight *flight)
{
    const struct exchange *exchange = flight->conversation->talk.exchange;
    unsigned ms = flight->engine->options.timeout_ms;

    if (exchange->patience_ms > 0 && exchange->patience_ms < ms && !flight->probe.ask.own)
        ms = exchange->patience_ms;
    return (uint64_t)ms * 1000;
}

static void ask(struct flight *flight)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    struct talk *talk = flight_converse(flight);

    flight->mark_us = loop_clock_us();
    if (probe_start(talk, &out, flight_answer(flight)) == STEP_DONE) {
        flight_done(flight);
        return;
    }
    flight_trace(flight, (struct str){(const char *)bytes, out.n}, "sent: %.*s", STR_ARG(flight_sends(flight)));
    if (transmit(flight, &out))
        wait_until_late(flight, try_us(flight));
}

static void ask_control(struct flight *flight)
{
    uint8_t bytes[] = CONTROL_TEXT;
    struct wire_out out = {bytes, sizeof bytes - 1, sizeof bytes, false};
    uint64_t us = (uint64_t)flight->engine->options.timeout_ms * 1000 / (2 * CONTROL_TRIES);

    flight_trace(flight, (struct str){CONTROL_TEXT, out.n}, "sent: a control datagram to port %u", flight->probe.port);
    if (send(flight->watch.fd, out.p, out.n, MSG_NOSIGNAL) < 0 && errno == EPERM) {
        host_learned(flight, CONTROL_SILENT);
        return;
    }
    flight->state = FLIGHT_ASKED;
    flight->ends_us = flight->engine->loop->now_us + us;
    flight_until(flight, flight->ends_us);
}

void datagram_try(struct flight *flight)
{
    struct endpoint to = {flight->probe.family, flight->probe.address, flight->probe.port};

    if (flight->control) {
        unsigned draw = (unsigned)(flight->random[2 * flight->tries] << 8 | flight->random[2 * flight->tries + 1]);

        to.port = flight->probe.port = (uint16_t)(CONTROL_PORT + draw % CONTROL_PORT_N);
    }
    if (flight->probe.proto == PROTO_ICMP)
        to.port = 0;
    if (flight->watch.fd < 0) {
        if (!flight_open(flight, &to))
            return;
        flight->has_local = asking_local(flight->watch.fd, &flight->local);
    } else {
        flight->tries++;
        flight->began_us = flight->engine->loop->now_us;
    }
    if (flight->control)
        ask_control(flight);
    else
        ask(flight);
}

/* ------------------------------------------------------------------ what comes back */

static void heard(struct flight *flight, struct str bytes)
{
    struct engine *engine = flight->engine;
    struct conversation *conversation = flight->conversation;
    uint8_t sent[WIRE_OUT_MAX];
    struct wire_out out = {sent, 0, sizeof sent, false};
    struct answer *answer = flight_answer(flight);
    enum step step;
    size_t used;

    flight_trace(flight, bytes, "received");
    step = probe_heard(&conversation->talk, (const uint8_t *)bytes.p, bytes.n, &used, &out, answer);
    flight->stray = conversation->talk.stray;
    flight->other = conversation->talk.other;
    if (out.n > 0) {
        flight_trace(flight, (struct str){(const char *)sent, out.n}, "sent: %.*s", STR_ARG(flight_sends(flight)));
        (void)!send(flight->watch.fd, sent, out.n, MSG_NOSIGNAL);
    }
    if (step != STEP_DONE)
        return;
    host_answered(flight);
    engine->served_us = engine->loop->now_us;
    flight_phase(flight, PHASE_HANDSHAKE);
    flight_done(flight);
}

static void control_failed(struct flight *flight)
{
    const struct refusal *refusal = &flight->refusal;
    struct refused refused = {.error = ECONNREFUSED,
                              .refusal = *refusal,
                              .proto = PROTO_UDP,
                              .family = flight->probe.family,
                              .address = flight->probe.address};
    struct answer *answer = flight_answer(flight);

    if (refused_means(&refused, answer))
        host_learned(flight, answer->outcome == OUTCOME_REFUSED ? CONTROL_CLOSED : CONTROL_REJECTED);
}

/* True: the flight is gone, or will not be asked again. */
static bool failed(struct flight *flight)
{
    int error;

    if (flight_read_errors(flight)) {
        if (flight->control)
            control_failed(flight);
        return true;
    }
    error = asking_error(flight->watch.fd);
    return error != 0 && !flight->control && flight_refused(flight, error);
}

void datagram_ready(struct flight *flight, unsigned events)
{
    struct engine *engine = flight->engine;

    if ((events & LOOP_ERROR) && failed(flight))
        return;
    for (unsigned i = 0; i < READS_AT_ONCE; i++) {
        ssize_t got = recv(flight->watch.fd, engine->scratch, sizeof engine->scratch, 0);
        struct str bytes = {(const char *)engine->scratch, got > 0 ? (size_t)got : 0};

        if (got < 0)
            return; /* nothing more, or an error that comes as an event of its own */
        if (flight->control) {
            host_learned(flight, CONTROL_SILENT); /* an open port: silence tells nothing, and there is no other way */
            return;
        }
        if (flight->probe.proto == PROTO_ICMP && !get_echo(flight, &bytes))
            continue;
        heard(flight, bytes);
        if (flight->reported)
            return;
    }
}

/* ------------------------------------------------------------------ silence */

void datagram_conclude(struct flight *flight)
{
    struct answer *answer = flight_answer(flight);
    const struct talk *talk = &flight->conversation->talk;
    bool always = talk->exchange->proof == PROOF_HANDSHAKE || flight->probe.ask.own;

    probe_end(&flight->conversation->talk, NULL, 0, ENDING_TIMEOUT, answer);
    if (answer->outcome == OUTCOME_FILTERED_OR_SILENT && flight->host != NULL) {
        switch (flight->host->control) {
        case CONTROL_CLOSED:
            if (always)
                answer_is(answer, OUTCOME_FILTERED, "no answer, though this host says of closed ports that they are");
            else
                answer_is(answer, OUTCOME_FILTERED_OR_SILENT,
                          "no answer; not closed, for this host says of closed ports that they are");
            break;
        case CONTROL_REJECTED:
            answer_is(answer, OUTCOME_FILTERED_OR_SILENT,
                      "no answer; another port of this host was rejected, this one not");
            break;
        case CONTROL_SILENT:
            answer_is(answer, OUTCOME_FILTERED_OR_SILENT,
                      "no answer; nor is there one from a closed port of this host, so that silence tells nothing");
            break;
        case CONTROL_UNKNOWN:
        case CONTROL_ASKED:
        case CONTROL_N: break;
        }
    }
    flight_done(flight);
}

static void control_late(struct flight *flight)
{
    if (flight->tries >= CONTROL_TRIES) {
        host_learned(flight, CONTROL_SILENT);
        return;
    }
    flight_close(flight); /* once more, to another port */
    flight->state = FLIGHT_WAITING;
    engine_turn(flight, true);
}

void datagram_late(struct flight *flight)
{
    if (flight->control) {
        control_late(flight);
        return;
    }
    if (flight->engine->loop->now_us < flight->ends_us) {
        flight_until(flight, flight->ends_us);
        host_ask_control(flight);
        return;
    }
    if (!flight_silent(flight)) {
        if (flight->host != NULL)
            host_turn(flight);
        else
            engine_turn(flight, false);
    } else if (!host_waits(flight)) {
        datagram_conclude(flight);
    }
}
