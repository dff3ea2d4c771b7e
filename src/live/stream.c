/*
 * Probes over TCP: a connection, through a proxy where there is one, TLS where the exchange wants it, and the talk. The
 * invariants: a state waits for one thing, and for that its watch is set; what the far end sends is read a bounded
 * number of times before others have their turn; a conversation ends at ends_us, whatever comes.
 *
 * The kernel sends a SYN again by itself (after 1 s, then at least each 3 s): a try of the usual 3 s has two or three.
 * What another try adds is another source port, which is another path where paths are chosen by ports.
 */
#include "live/engine_inside.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define READS_AT_ONCE 16
#define INPUT_MIN 512

static void secure(struct flight *flight);
static void reset(struct flight *flight);
static void tls_failed(struct flight *flight);

/* ------------------------------------------------------------------ bytes, with TLS or without */

enum moved { MOVED, MOVED_LATER_READ, MOVED_LATER_WRITE, MOVED_CLOSED, MOVED_RESET, MOVED_FAILED, MOVED_N };

static enum moved moved_by_tls(enum tls_state state)
{
    static const uint8_t moved[TLS_STATE_N] = {
        [TLS_OK] = MOVED,           [TLS_WANT_READ] = MOVED_LATER_READ, [TLS_WANT_WRITE] = MOVED_LATER_WRITE,
        [TLS_ENDED] = MOVED_CLOSED, [TLS_RESET] = MOVED_RESET,          [TLS_FAILED] = MOVED_FAILED,
    };

    return (enum moved)moved[state];
}

static enum moved receive(struct flight *flight, uint8_t *p, size_t room, size_t *got)
{
    struct tls_session *tls = flight->conversation->tls;
    ssize_t n;

    *got = 0;
    if (tls != NULL)
        return moved_by_tls(tls_read(tls, p, room, got));
    n = recv(flight->watch.fd, p, room, 0);
    if (n > 0) {
        *got = (size_t)n;
        return MOVED;
    }
    if (n == 0)
        return MOVED_CLOSED;
    return errno == EAGAIN || errno == EINTR ? MOVED_LATER_READ : MOVED_RESET;
}

static enum moved transmit(struct flight *flight, const uint8_t *p, size_t n, size_t *sent)
{
    struct tls_session *tls = flight->conversation->tls;
    ssize_t done;

    *sent = 0;
    if (tls != NULL)
        return moved_by_tls(tls_write(tls, p, n, sent));
    done = send(flight->watch.fd, p, n, MSG_NOSIGNAL);
    if (done >= 0) {
        *sent = (size_t)done;
        return MOVED;
    }
    return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? MOVED_LATER_WRITE : MOVED_RESET;
}

/* What does not go out now is kept. A connection that takes nothing any more may still have an answer to be read. */
static void push(struct flight *flight, const uint8_t *p, size_t n)
{
    struct conversation *conversation = flight->conversation;
    enum moved moved = MOVED;
    size_t at = 0;

    while (at < n && moved == MOVED) {
        size_t sent;

        moved = transmit(flight, p + at, n - at, &sent);
        at += sent;
    }
    if (at == n || (moved != MOVED_LATER_READ && moved != MOVED_LATER_WRITE))
        return;
    conversation->unsent = malloc(n - at);
    if (conversation->unsent == NULL)
        return;
    memcpy(conversation->unsent, p + at, n - at);
    conversation->unsent_n = n - at;
    loop_change(flight->engine->loop, &flight->watch, moved == MOVED_LATER_WRITE ? LOOP_WRITE : LOOP_READ);
}

/* False: there is still something unsent. */
static bool push_unsent(struct flight *flight)
{
    struct conversation *conversation = flight->conversation;
    uint8_t *unsent = conversation->unsent;

    if (unsent == NULL)
        return true;
    conversation->unsent = NULL;
    push(flight, unsent, conversation->unsent_n);
    free(unsent);
    return conversation->unsent == NULL;
}

/* What was not used stays for the next call. False: no memory. */
static bool keep(struct conversation *conversation, const uint8_t *p, size_t n)
{
    if (n > conversation->capacity) {
        size_t capacity = n < INPUT_MIN ? INPUT_MIN : 2 * n;
        uint8_t *input = realloc(conversation->input, capacity);

        if (input == NULL)
            return false;
        conversation->input = input;
        conversation->capacity = capacity;
    }
    if (n > 0)
        memcpy(conversation->input, p, n);
    conversation->n = n;
    return true;
}

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
static void go_on(struct flight *flight, enum step step, const struct wire_out *out)
{
    struct engine *engine = flight->engine;

    loop_change(engine->loop, &flight->watch, LOOP_READ);
    if (out->n > 0) {
        flight_trace(flight, (struct str){(const char *)out->p, out->n}, "sent: %.*s", STR_ARG(flight_sends(flight)));
        push(flight, out->p, out->n);
    }
    switch (step) {
    case STEP_READ: flight->state = FLIGHT_TALKING; break;
    case STEP_TLS:
        flight->state = FLIGHT_TALKING;
        flight->upgrades = flight->conversation->unsent != NULL;
        if (!flight->upgrades)
            secure(flight);
        break;
    case STEP_DONE:
    case STEP_FOREIGN: talk_done(flight); break;
    case STEP_N: break;
    }
}

/* What has come, n bytes with what was kept of before in front. Returns whether the talk wants more. */
static bool hand_in(struct flight *flight, size_t n)
{
    struct engine *engine = flight->engine;
    struct conversation *conversation = flight->conversation;
    uint8_t sent[WIRE_OUT_MAX];
    struct wire_out out = {sent, 0, sizeof sent, false};
    size_t used;
    enum step step = probe_heard(&conversation->talk, engine->scratch, n, &used, &out, flight_answer(flight));

    if (!keep(conversation, engine->scratch + used, step == STEP_READ ? n - used : 0)) {
        ended(flight, ENDING_FULL);
        return false;
    }
    go_on(flight, step, &out);
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
        switch (receive(flight, engine->scratch + kept, most - kept, &got)) {
        case MOVED:
            flight_trace(flight, (struct str){(const char *)engine->scratch + kept, got}, "received");
            if (!hand_in(flight, kept + got))
                return;
            break;
        case MOVED_LATER_READ: loop_change(engine->loop, &flight->watch, LOOP_READ); return;
        case MOVED_LATER_WRITE: loop_change(engine->loop, &flight->watch, LOOP_WRITE); return;
        case MOVED_CLOSED: ended(flight, ENDING_CLOSED); return;
        case MOVED_RESET: reset(flight); return;
        case MOVED_FAILED: tls_failed(flight); return;
        case MOVED_N: return;
        }
    }
    if (conversation->tls != NULL) /* it may hold bytes that no event will tell of */
        flight_until(flight, engine->loop->now_us + 1);
}

static void begin(struct flight *flight)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    enum step step = probe_start(&flight->conversation->talk, &out, flight_answer(flight));

    go_on(flight, step, &out);
}

/* ------------------------------------------------------------------ TLS */

/* Without TLS, on a new connection: this one has heard the beginning of TLS. */
static void try_plain(struct flight *flight)
{
    flight_trace(flight, STR_EMPTY, "does not speak TLS; once more without");
    flight->plain = true;
    flight->tries--;
    flight_close(flight);
    flight->state = FLIGHT_WAITING;
    engine_turn(flight, true);
}

/* TLS works there, and that is all that can be known without being somebody. */
static void certificate_demanded(struct flight *flight)
{
    struct conversation *conversation = flight->conversation;
    struct answer *answer = flight_answer(flight);

    if (conversation->talk.exchange->proof == PROOF_CONNECTION)
        answer_is(answer, OUTCOME_OPEN, "the TLS handshake came to where the server wants a certificate of this end");
    else
        answer_is(answer, OUTCOME_UNVERIFIABLE,
                  "the server wants a certificate of this end, and goes on with nobody else");
    tls_evidence(conversation->tls, answer);
}

static void not_secured(struct flight *flight, enum moved moved)
{
    struct conversation *conversation = flight->conversation;
    struct str first = moved == MOVED_FAILED ? tls_first_bytes(conversation->tls) : STR_EMPTY;
    bool tls = moved == MOVED_FAILED ? first.n == 0 : asking_heard(flight->watch.fd);
    struct answer *answer;
    const char *name;
    bool more;

    if (conversation->talk.exchange->tls == TLS_EITHER && !tls) {
        try_plain(flight);
        return;
    }
    answer = flight_answer(flight);
    if (first.n > 0) {
        name = recognise((const uint8_t *)first.p, first.n, false, &more);
        answer_is(answer, OUTCOME_WRONG_SERVICE, name == NULL ? "what answered is not TLS" : "not TLS but %s answered",
                  name);
        answer->answered = name == NULL ? "unknown" : name;
        answer_add_text(answer, "first-bytes", str_head(first, 32));
    } else if (tls_certificate_demanded(conversation->tls)) {
        certificate_demanded(flight);
    } else if (moved == MOVED_FAILED) {
        answer_is(answer, OUTCOME_ERROR, "TLS: %.*s", STR_ARG(tls_problem(conversation->tls)));
    } else {
        answer_is(answer, tls ? OUTCOME_ERROR : OUTCOME_OPEN_SILENT, "%s %s",
                  moved == MOVED_CLOSED  ? "the connection was closed"
                  : moved == MOVED_RESET ? "the connection was reset"
                                         : "the time was over",
                  tls ? "in the middle of the TLS handshake" : "without a word, when TLS was offered");
    }
    flight_done(flight);
}

/* In the middle of the talk. */
static void tls_failed(struct flight *flight)
{
    struct tls_session *tls = flight->conversation->tls;

    if (tls_certificate_demanded(tls)) {
        certificate_demanded(flight);
    } else {
        answer_is(flight_answer(flight), OUTCOME_ERROR, "TLS: %.*s", STR_ARG(tls_problem(tls)));
        tls_evidence(tls, &flight->engine->answer);
    }
    flight_done(flight);
}

static void secured(struct flight *flight)
{
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};

    flight_phase(flight, PHASE_TLS);
    flight_trace(flight, STR_EMPTY, "TLS handshake done");
    if (flight->conversation->talk.exchange->tls == TLS_UPGRADE)
        go_on(flight, probe_secured(&flight->conversation->talk, &out, flight_answer(flight)), &out);
    else
        begin(flight);
}

static void shake_hands(struct flight *flight)
{
    struct loop *loop = flight->engine->loop;
    enum moved moved = moved_by_tls(tls_handshake(flight->conversation->tls));

    switch (moved) {
    case MOVED: secured(flight); break;
    case MOVED_LATER_READ: loop_change(loop, &flight->watch, LOOP_READ); break;
    case MOVED_LATER_WRITE: loop_change(loop, &flight->watch, LOOP_WRITE); break;
    case MOVED_CLOSED:
    case MOVED_RESET:
    case MOVED_FAILED:
    case MOVED_N: not_secured(flight, moved); break;
    }
}

static void secure(struct flight *flight)
{
    struct conversation *conversation = flight->conversation;
    const struct probe *probe = &flight->probe;

    conversation->n = 0; /* what came before TLS is not part of it */
    conversation->tls =
        tls_client(flight->engine->options.trust, flight->watch.fd, probe->sni.n > 0 ? probe->sni : probe->ask.host);
    if (conversation->tls == NULL) {
        answer_is(flight_answer(flight), OUTCOME_ERROR, "out of memory");
        flight_done(flight);
        return;
    }
    flight->state = FLIGHT_SECURING;
    shake_hands(flight);
}

/* ------------------------------------------------------------------ the connection */

static void converse(struct flight *flight)
{
    const struct exchange *exchange = flight_converse(flight)->exchange;

    if (exchange->tls == TLS_FIRST || (exchange->tls == TLS_EITHER && !flight->plain))
        secure(flight);
    else
        begin(flight);
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

static void set_end(struct flight *flight)
{
    const struct engine *engine = flight->engine;
    const struct exchange *exchange = service_exchange(flight->probe.service, PROTO_TCP);
    uint64_t now_us = engine->loop->now_us;
    uint64_t us = (uint64_t)engine->options.timeout_ms * 1000;
    uint64_t most_us = flight->began_us + flight->left_us;

    if (exchange->patience_ms > 0 && !flight->probe.ask.own && exchange->patience_ms * 1000ull < us)
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
    if (flight->probe.proxy != NULL) {
        answer_is(flight_answer(flight), OUTCOME_ERROR, "proxies are not spoken to");
        flight_done(flight);
        return;
    }
    if (flight->probe.bare) {
        answer_is(flight_answer(flight), OUTCOME_OPEN, "the connection was accepted; no handshake was asked for");
        flight_done(flight);
        return;
    }
    set_end(flight);
    converse(flight);
}

static void not_connected(struct flight *flight)
{
    if (flight_silent(flight)) {
        answer_is(flight_answer(flight), OUTCOME_FILTERED, "no answer to %u connection%s", flight->tries,
                  flight->tries == 1 ? "" : "s");
        flight_done(flight);
        return;
    }
    flight_close(flight);
    flight->state = FLIGHT_WAITING;
    engine_turn(flight, false);
}

static void connecting(struct flight *flight, unsigned events)
{
    int error = asking_error(flight->watch.fd);

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
    case FLIGHT_SECURING: shake_hands(flight); break;
    case FLIGHT_TALKING:
        if (!push_unsent(flight))
            break;
        if (flight->upgrades)
            secure(flight);
        else
            hear(flight);
        break;
    case FLIGHT_PROXYING:
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
    case FLIGHT_SECURING: not_secured(flight, MOVED_LATER_READ); break;
    case FLIGHT_TALKING: ended(flight, ENDING_TIMEOUT); break;
    case FLIGHT_PROXYING:
    case FLIGHT_FREE:
    case FLIGHT_WAITING:
    case FLIGHT_ASKED:
    case FLIGHT_SILENT:
    case FLIGHT_HELD:
    case FLIGHT_STATE_N: break;
    }
}
