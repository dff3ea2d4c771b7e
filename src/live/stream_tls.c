/*
 * TLS under a probe: when it begins, and what it means that it does not come about. The same bytes may show that a
 * service does not speak TLS, that it breaks off, or that it wants to know who we are: three answers.
 */
#include "live/stream.h"

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

void stream_not_secured(struct flight *flight, enum moved moved)
{
    struct conversation *conversation = flight->conversation;
    struct str first = moved == MOVED_FAILED ? tls_first_bytes(conversation->tls) : STR_EMPTY;
    bool tls = moved == MOVED_FAILED ? first.n == 0 : asking_heard(flight->watch.fd);
    struct answer *answer;
    const char *name;
    bool more;

    if (conversation->talk.exchange->tls == TLS_EITHER && !tls && flight_again(flight)) {
        flight_trace(flight, STR_EMPTY, "does not speak TLS; once more without, on a new connection");
        flight->plain = true;
        stream_reconnect(flight, true);
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
void stream_tls_failed(struct flight *flight)
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
        stream_go_on(flight, probe_secured(&flight->conversation->talk, &out, flight_answer(flight)), &out);
    else
        stream_begin(flight);
}

void stream_shake_hands(struct flight *flight)
{
    struct loop *loop = flight->engine->loop;
    enum moved moved = stream_moved(tls_handshake(flight->conversation->tls));

    switch (moved) {
    case MOVED: secured(flight); break;
    case MOVED_LATER_READ: loop_change(loop, &flight->watch, LOOP_READ); break;
    case MOVED_LATER_WRITE: loop_change(loop, &flight->watch, LOOP_WRITE); break;
    case MOVED_CLOSED:
    case MOVED_RESET:
    case MOVED_FAILED:
    case MOVED_N: stream_not_secured(flight, moved); break;
    }
}

void stream_secure(struct flight *flight)
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
    stream_shake_hands(flight);
}
