/*
 * A flight from its making to its end: its socket, its tries, what it reports. The invariants: one that is not free is
 * in exactly one line, or has a socket that is watched, or is HELD; its socket, its conversation and its place in a
 * line are gone before it is free.
 *
 * What this machine has too little of (descriptors, memory, local ports) is waited out and never taken for an answer.
 */
#include "live/engine_inside.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define PAUSE_US 20000             /* when the machine is short of something */
#define SHORT_US 2000000           /* so long without a single socket: it is not going to change */
#define SHORT_OF_PORTS_US 65000000 /* as long as TIME_WAIT lasts */

/* ------------------------------------------------------------------ lines */

void line_put(struct line *line, struct flight *flight)
{
    flight->line = line;
    flight->behind = NULL;
    flight->before = line->last;
    if (line->last != NULL)
        line->last->behind = flight;
    else
        line->first = flight;
    line->last = flight;
}

void line_put_first(struct line *line, struct flight *flight)
{
    flight->line = line;
    flight->before = NULL;
    flight->behind = line->first;
    if (line->first != NULL)
        line->first->before = flight;
    else
        line->last = flight;
    line->first = flight;
}

void line_leave(struct flight *flight)
{
    struct line *line = flight->line;

    if (line == NULL)
        return;
    *(flight->before != NULL ? &flight->before->behind : &line->first) = flight->behind;
    *(flight->behind != NULL ? &flight->behind->before : &line->last) = flight->before;
    flight->line = NULL;
}

/* ------------------------------------------------------------------ flights */

static void ready(struct watch *watch, unsigned events)
{
    struct flight *flight = (struct flight *)(void *)watch;

    if (flight->probe.proto == PROTO_TCP)
        stream_ready(flight, events);
    else
        datagram_ready(flight, events);
}

static void late(struct deadline *deadline)
{
    struct flight *flight = (struct flight *)(void *)((char *)deadline - offsetof(struct flight, deadline));

    if (flight->probe.proto == PROTO_TCP)
        stream_late(flight);
    else
        datagram_late(flight);
}

static void more_flights(struct engine *engine)
{
    struct slab *slab = arena_new_object(engine->arena, struct slab);

    slab->next = engine->slabs;
    engine->slabs = slab;
    for (size_t i = FLIGHT_SLAB; i-- > 0;) {
        slab->flights[i].behind = engine->free;
        engine->free = &slab->flights[i];
    }
}

static void take_random(struct engine *engine, uint8_t random[TALK_RANDOM])
{
    if (engine->random_n == 0) {
        arc4random_buf(engine->random, sizeof engine->random);
        engine->random_n = RANDOM_AT_ONCE;
    }
    memcpy(random, engine->random[--engine->random_n], TALK_RANDOM);
}

struct flight *flight_new(struct engine *engine, const struct probe *probe)
{
    struct flight *flight;

    if (engine->free == NULL)
        more_flights(engine);
    flight = engine->free;
    engine->free = flight->behind;
    memset(flight, 0, sizeof *flight);
    flight->watch = (struct watch){.ready = ready, .fd = -1};
    flight->deadline.fire = late;
    flight->engine = engine;
    flight->probe = *probe;
    flight->state = FLIGHT_WAITING;
    flight->left_us = (uint64_t)engine->options.most_ms * 1000;
    take_random(engine, flight->random);
    return flight;
}

static void end_conversation(struct flight *flight)
{
    struct engine *engine = flight->engine;
    struct conversation *conversation = flight->conversation;

    if (conversation == NULL)
        return;
    tls_free(conversation->tls);
    free(conversation->input);
    free(conversation->unsent);
    conversation->next = engine->free_conversations;
    engine->free_conversations = conversation;
    flight->conversation = NULL;
}

void flight_close(struct flight *flight)
{
    struct engine *engine = flight->engine;
    int fd = flight->watch.fd;

    loop_cancel(engine->loop, &flight->deadline);
    end_conversation(flight);
    if (fd < 0)
        return;
    if (flight->state != FLIGHT_HELD)
        loop_unwatch(engine->loop, &flight->watch);
    if (flight->probe.proto == PROTO_TCP && (engine->short_of_ports || flight->probe.source_port > 0))
        asking_close_reset(fd);
    else
        close(fd);
    flight->watch.fd = -1;
    engine->socket_n--;
}

static void flight_free(struct flight *flight)
{
    struct engine *engine = flight->engine;
    struct flight *holder = flight->holder;

    line_leave(flight);
    flight_close(flight);
    if (flight->control)
        engine->control_n--;
    else
        engine->flight_n--;
    flight->state = FLIGHT_FREE;
    flight->behind = engine->free;
    engine->free = flight;
    if (holder != NULL && --holder->held_for == 0 && holder->state == FLIGHT_HELD)
        flight_free(holder);
    engine_wake(engine, engine->loop->now_us);
}

struct answer *flight_answer(struct flight *flight)
{
    answer_init(&flight->engine->answer);
    return &flight->engine->answer;
}

struct talk *flight_converse(struct flight *flight)
{
    struct engine *engine = flight->engine;
    const struct probe *probe = &flight->probe;
    struct talk *talk;

    if (flight->conversation == NULL) {
        struct conversation *conversation = engine->free_conversations;

        if (conversation != NULL)
            engine->free_conversations = conversation->next;
        else
            conversation = arena_new_object(engine->arena, struct conversation);
        memset(conversation, 0, sizeof *conversation);
        flight->conversation = conversation;
    }
    talk = &flight->conversation->talk;
    talk_begin(talk, probe->service, probe->proto);
    talk->ask = &probe->ask;
    talk->peer = probe->address;
    talk->peer_family = probe->family;
    talk->peer_port = probe->port;
    if (flight->has_local && flight->local.family == probe->family) {
        talk->local = flight->local.address;
        talk->local_port = flight->local.port;
    }
    memcpy(talk->random, flight->random, sizeof talk->random);
    talk->stray = flight->stray;
    talk->other = flight->other;
    return talk;
}

struct str flight_sends(const struct flight *flight)
{
    const struct talk *talk = &flight->conversation->talk;
    size_t n = 0;

    while (talk->exchange->sends[n] != NULL)
        n++;
    return talk->packet < n ? str_of(talk->exchange->sends[talk->packet]) : STR("bytes");
}

void flight_trace(struct flight *flight, struct str bytes, const char *format, ...)
{
    const struct engine_options *options = &flight->engine->options;
    struct buf what = BUF_EMPTY;
    va_list args;

    if (options->trace == NULL)
        return;
    va_start(args, format);
    buf_vaddf(&what, format, args);
    va_end(args);
    options->trace(options->user, &flight->probe, loop_clock_us(), buf_str(&what), bytes);
    buf_free(&what);
}

void flight_phase(struct flight *flight, enum probe_phase phase)
{
    uint64_t now_us = loop_clock_us();

    flight->us[phase] += now_us - flight->mark_us;
    flight->has[phase] = true;
    flight->mark_us = now_us;
}

/* ------------------------------------------------------------------ the end of one */

static void report(struct flight *flight)
{
    struct engine *engine = flight->engine;
    struct conversation *conversation = flight->conversation;
    struct probe_result result = {.probe = &flight->probe,
                                  .answer = &engine->answer,
                                  .refusal = flight->refusal,
                                  .tries = flight->tries,
                                  .has_local = flight->has_local,
                                  .local = flight->local.address,
                                  .local_port = flight->local.port};

    memcpy(result.has, flight->has, sizeof result.has);
    memcpy(result.us, flight->us, sizeof result.us);
    if (flight->probe.resolve_us > 0) {
        result.has[PHASE_RESOLVE] = true;
        result.us[PHASE_RESOLVE] = flight->probe.resolve_us;
    }
    if (conversation != NULL && conversation->tls != NULL && flight->has[PHASE_TLS]) {
        result.tls.done = true;
        result.tls.trust = tls_trusted(conversation->tls, &result.tls.why);
        result.tls.issuer = tls_issuer(conversation->tls);
        result.tls.fingerprint = tls_fingerprint(conversation->tls);
    }
    flight_trace(flight, STR_EMPTY, "%s: %.*s", outcome_name(engine->answer.outcome), STR_ARG(engine->answer.reason));
    engine->options.sink(engine->options.user, &result);
}

void flight_done(struct flight *flight)
{
    struct engine *engine = flight->engine;

    flight->reported = true;
    line_leave(flight);
    loop_cancel(engine->loop, &flight->deadline);
    if (!flight->control) {
        engine->reporting = flight;
        report(flight);
        engine->reporting = NULL;
    }
    if (flight->held_for == 0) {
        flight_free(flight);
        return;
    }
    if (flight->watch.fd >= 0)
        loop_unwatch(engine->loop, &flight->watch);
    flight->state = FLIGHT_HELD;
}

static void spend(struct flight *flight)
{
    uint64_t spent_us = flight->engine->loop->now_us - flight->began_us;

    flight->left_us -= spent_us < flight->left_us ? spent_us : flight->left_us;
}

bool flight_silent(struct flight *flight)
{
    spend(flight);
    if (flight->tries >= flight->engine->options.tries || flight->left_us == 0)
        return true;
    flight_trace(flight, STR_EMPTY, "no answer; once more");
    flight->state = FLIGHT_WAITING;
    return false;
}

bool flight_again(struct flight *flight)
{
    spend(flight);
    if (flight->left_us == 0)
        return false;
    flight->tries--;
    return true;
}

bool flight_refused(struct flight *flight, int error)
{
    struct refused refused = {.error = error,
                              .refusal = flight->refusal,
                              .proto = flight->probe.proto,
                              .family = flight->probe.family,
                              .address = flight->probe.address,
                              .has_local = flight->has_local,
                              .local = flight->local.address};
    struct answer *answer = flight_answer(flight);

    if (flight->probe.proxy != NULL) {
        refused.family = flight->probe.proxy->family;
        refused.address = flight->probe.proxy->address;
    }
    if (!refused_means(&refused, answer))
        return false;
    if (flight->watch.fd >= 0)
        flight_phase(flight, flight->state == FLIGHT_CONNECTING ? PHASE_CONNECT : PHASE_HANDSHAKE);
    if (flight->probe.proxy != NULL) {
        char reason[256];
        int n = snprintf(reason, sizeof reason, "%.*s", STR_ARG(answer->reason));

        answer_is(answer, OUTCOME_PROXY_REFUSED, "the proxy %.*s cannot be reached: %s",
                  STR_ARG(flight->probe.proxy->text), n > 0 ? reason : "");
    }
    flight_done(flight);
    return true;
}

bool flight_read_errors(struct flight *flight)
{
    struct refusal refusal;
    int error;

    while (asking_refusal(flight->watch.fd, &refusal, &error)) {
        flight->refusal = refusal;
        flight_trace(flight, STR_EMPTY, "an ICMP error came back: %u/%u", refusal.icmp_type, refusal.icmp_code);
        if (flight->control || flight_refused(flight, error))
            return true;
        flight->refusal = (struct refusal){0};
    }
    return false;
}

/* ------------------------------------------------------------------ sockets */

/* Waits for other sockets to be closed; gives up when there are none and it stays as it is. */
static bool wait_for_machine(struct flight *flight, struct asking_opened opened)
{
    struct engine *engine = flight->engine;
    bool ports = opened.error == EADDRNOTAVAIL || opened.error == EADDRINUSE;
    uint64_t limit_us = ports && engine->socket_total > 1000 ? SHORT_OF_PORTS_US : SHORT_US;

    if (!refused_scarce(opened.error) || (opened.step == ASKING_BIND && opened.error == EADDRNOTAVAIL))
        return false;
    if (engine->socket_n == 0 && engine->loop->now_us > engine->served_us + limit_us)
        return false;
    engine->short_of_ports |= ports;
    engine->paused_us = engine->loop->now_us + PAUSE_US;
    flight->tries--;
    flight->state = FLIGHT_WAITING;
    line_put(&engine->turn, flight);
    engine_wake(engine, engine->paused_us);
    return true;
}

static void cannot_open(struct flight *flight, struct asking_opened opened)
{
    const struct probe *probe = &flight->probe;
    struct answer *answer;

    if (flight->control) {
        host_learned(flight, CONTROL_SILENT);
        return;
    }
    if (opened.step == ASKING_CONNECT && !refused_scarce(opened.error) && flight_refused(flight, opened.error))
        return;
    answer = flight_answer(flight);
    if (opened.step == ASKING_CONNECT && opened.error == EADDRNOTAVAIL)
        answer_is(answer, OUTCOME_ERROR, "this machine has no address or no port left to ask from");
    else if (probe->proto == PROTO_ICMP && opened.step == ASKING_SOCKET &&
             (opened.error == EPERM || opened.error == EACCES))
        answer_is(answer, OUTCOME_ERROR,
                  "this user may send no echo requests: net.ipv4.ping_group_range does not have his group, and raw "
                  "sockets need CAP_NET_RAW");
    else if (opened.step == ASKING_BIND && opened.error == EADDRNOTAVAIL)
        answer_is(answer, OUTCOME_ERROR, "this machine does not have the source address");
    else if (opened.step == ASKING_BIND && opened.error == ENODEV)
        answer_is(answer, OUTCOME_ERROR, "this machine has no interface %s", probe->interface);
    else if (opened.step == ASKING_BIND)
        answer_is(answer, OUTCOME_ERROR, "the source cannot be used: %s", strerror(opened.error));
    else if (opened.error == EAFNOSUPPORT)
        flight_refused(flight, opened.error);
    else
        answer_is(answer, OUTCOME_ERROR, "no socket: %s", strerror(opened.error));
    if (opened.error != EAFNOSUPPORT || opened.step != ASKING_SOCKET)
        flight_done(flight);
}

bool flight_open(struct flight *flight, const struct endpoint *to)
{
    struct engine *engine = flight->engine;
    struct asking_opened opened;
    int error;

    flight->tries++;
    flight->refusal = (struct refusal){0};
    flight->has_local = false;
    memset(flight->us, 0, sizeof flight->us);
    memset(flight->has, 0, sizeof flight->has);
    flight->began_us = engine->loop->now_us;
    flight->mark_us = loop_clock_us();
    opened = asking_open(&flight->probe, to);
    if (opened.fd < 0) {
        if (!wait_for_machine(flight, opened))
            cannot_open(flight, opened);
        return false;
    }
    engine->socket_n++;
    engine->socket_total++;
    engine->served_us = engine->loop->now_us;
    flight->raw = opened.raw;
    error =
        -loop_watch(engine->loop, &flight->watch, opened.fd, flight->probe.proto == PROTO_TCP ? LOOP_WRITE : LOOP_READ);
    if (error != 0) {
        close(opened.fd);
        engine->socket_n--;
        flight->watch.fd = -1;
        opened = (struct asking_opened){-1, ASKING_SOCKET, error, false};
        if (!wait_for_machine(flight, opened))
            cannot_open(flight, opened);
        return false;
    }
    return true;
}

void flight_until(struct flight *flight, uint64_t at_us)
{
    if (!loop_at(flight->engine->loop, &flight->deadline, at_us))
        abort(); /* the heap of deadlines has grown with the flights: a few bytes are missing */
}
