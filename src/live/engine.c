/*
 * The engine's middle: takes probes from the source while there is room, gives each its turn, ends it, and hands out
 * what it found. The invariants: a flight that is not free is in exactly one line, or has a socket that is watched, or
 * is HELD; each probe that was taken is reported once; sockets, conversations and lines of a flight are gone before it
 * is free. The sink is only called from within the loop.
 */
#include "live/engine_inside.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#define IN_FLIGHT_MAX 16000
#define DESCRIPTORS_KEPT 64        /* for everything else in this process */
#define BEGIN_AT_ONCE 256          /* tries, before the loop goes round */
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
        if (getrandom(engine->random, sizeof engine->random, 0) != (ssize_t)sizeof engine->random)
            assert(!"the kernel has random numbers");
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

    flight->us[phase] = now_us - flight->mark_us;
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

bool flight_silent(struct flight *flight)
{
    uint64_t spent_us = flight->engine->loop->now_us - flight->began_us;

    flight->left_us -= spent_us < flight->left_us ? spent_us : flight->left_us;
    if (flight->tries >= flight->engine->options.tries || flight->left_us == 0)
        return true;
    flight_trace(flight, STR_EMPTY, "no answer; once more");
    flight->state = FLIGHT_WAITING;
    return false;
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

/* ------------------------------------------------------------------ turns */

void engine_wake(struct engine *engine, uint64_t at_us)
{
    if (engine->tick.place == 0 || engine->tick.at_us > at_us)
        loop_at(engine->loop, &engine->tick, at_us);
}

void engine_turn(struct flight *flight, bool first)
{
    struct engine *engine = flight->engine;

    if (first)
        line_put_first(&engine->turn, flight);
    else
        line_put(&engine->turn, flight);
    engine_wake(engine, engine->loop->now_us);
}

/* A probe that has been taken gets in line. */
static void enter(struct flight *flight, bool first)
{
    flight->engine->flight_n++;
    if (flight->probe.proto != PROTO_UDP) {
        engine_turn(flight, first);
        return;
    }
    flight->host = host_of(flight);
    host_turn(flight);
}

/* The next that may begin; NULL: none. */
static struct flight *next_flight(struct engine *engine)
{
    while (engine->turn.first == NULL) {
        struct probe probe = {.netns = -1};

        if (engine->dry || engine->stopped || engine->flight_n >= engine->options.in_flight)
            return NULL;
        if (!engine->options.source(engine->options.user, &probe)) {
            engine->dry = true;
            return NULL;
        }
        enter(flight_new(engine, &probe), false);
    }
    return engine->turn.first;
}

static void begin(struct flight *flight)
{
    if (flight->probe.proto == PROTO_TCP) {
        stream_try(flight);
    } else if (flight->probe.proxy != NULL) {
        answer_is(flight_answer(flight), OUTCOME_ERROR, "a proxy carries TCP alone");
        flight_done(flight);
    } else {
        datagram_try(flight);
    }
}

static void tick(struct deadline *deadline)
{
    struct engine *engine = (struct engine *)(void *)((char *)deadline - offsetof(struct engine, tick));
    uint64_t now_us = engine->loop->now_us;

    if (engine->stopping)
        engine_stop(engine);
    for (size_t i = 0; i < BEGIN_AT_ONCE; i++) {
        uint64_t wait_us = pace_wait_us(&engine->rate, now_us);
        struct flight *flight;

        if (engine->paused_us > now_us)
            wait_us = engine->paused_us - now_us;
        if (wait_us > 0) {
            engine_wake(engine, now_us + wait_us);
            return;
        }
        flight = next_flight(engine);
        if (flight == NULL)
            return;
        line_leave(flight);
        pace_take(&engine->rate, now_us);
        begin(flight);
    }
    engine_wake(engine, now_us + 1); /* not in this round: answers have their turn first */
}

/* ------------------------------------------------------------------ as others see it */

/* As many descriptors as this process may have. */
static size_t raise_descriptors(size_t wanted)
{
    struct rlimit limit;
    struct rlimit more;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 1024;
    if (limit.rlim_cur < wanted) {
        more = (struct rlimit){wanted, limit.rlim_max > wanted ? limit.rlim_max : wanted};
        if (setrlimit(RLIMIT_NOFILE, &more) < 0) {
            more = (struct rlimit){limit.rlim_max, limit.rlim_max};
            setrlimit(RLIMIT_NOFILE, &more);
        }
    }
    return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? 1024 : limit.rlim_cur;
}

static void set_options(struct engine *engine, const struct engine_options *options)
{
    struct engine_options *set = &engine->options;
    size_t descriptors;

    *set = *options;
    if (set->in_flight == 0)
        set->in_flight = IN_FLIGHT_MAX;
    descriptors = raise_descriptors(set->in_flight + 2 * DESCRIPTORS_KEPT);
    if (set->in_flight + DESCRIPTORS_KEPT > descriptors)
        set->in_flight = descriptors > 2 * DESCRIPTORS_KEPT ? descriptors - DESCRIPTORS_KEPT : DESCRIPTORS_KEPT;
    if (set->timeout_ms == 0)
        set->timeout_ms = 3000;
    if (set->tries == 0)
        set->tries = 2;
    if (set->host_gap_ms == 0)
        set->host_gap_ms = 1050;
    if (set->most_ms == 0)
        set->most_ms = set->timeout_ms * (set->tries + 1);
    engine->rate = pace_rate(set->rate);
}

int engine_open(struct loop *loop, const struct engine_options *options, struct engine **made)
{
    struct engine *engine = calloc(1, sizeof *engine);

    if (engine == NULL)
        return -ENOMEM;
    engine->loop = loop;
    engine->tick.fire = tick;
    engine->served_us = loop->now_us;
    engine->arena = arena_new();
    set_options(engine, options);
    if (options->trust == NULL) {
        const struct trust_options nothing = {.nothing = true};
        const char *why;
        int error = trust_open(&nothing, &engine->distrust, &why);

        if (error < 0) {
            engine_close(engine);
            return error;
        }
        engine->options.trust = engine->distrust;
    }
    *made = engine;
    return 0;
}

void engine_start(struct engine *engine)
{
    engine->served_us = engine->loop->now_us;
    engine_more(engine);
}

void engine_more(struct engine *engine)
{
    engine->dry = false;
    engine_wake(engine, engine->loop->now_us);
}

void engine_follow(struct engine *engine, const struct probe *probe)
{
    struct flight *leader = engine->reporting;
    struct flight *flight = flight_new(engine, probe);

    assert(leader != NULL);
    if (leader->conversation != NULL && leader->conversation->talk.exchange->holds) {
        flight->holder = leader;
        leader->held_for++;
    }
    enter(flight, true);
}

void engine_stop(struct engine *engine)
{
    engine->stopped = true;
    engine->stopping = engine->reporting != NULL; /* the answer that the sink looks at must stay as it is */
    if (engine->stopping) {
        engine_wake(engine, engine->loop->now_us);
        return;
    }
    for (struct slab *slab = engine->slabs; slab != NULL; slab = slab->next) {
        for (size_t i = 0; i < FLIGHT_SLAB; i++) {
            struct flight *flight = &slab->flights[i];

            if (flight->state == FLIGHT_FREE || flight->reported)
                continue;
            answer_is(flight_answer(flight), OUTCOME_ERROR, "interrupted");
            flight_done(flight);
        }
    }
    hosts_stop(engine);
}

size_t engine_in_flight(const struct engine *engine)
{
    return engine->flight_n;
}

void engine_close(struct engine *engine)
{
    if (engine == NULL)
        return;
    for (struct slab *slab = engine->slabs; slab != NULL; slab = slab->next) {
        for (size_t i = 0; i < FLIGHT_SLAB; i++) {
            if (slab->flights[i].state != FLIGHT_FREE)
                flight_close(&slab->flights[i]);
        }
    }
    hosts_stop(engine);
    loop_cancel(engine->loop, &engine->tick);
    trust_free(engine->distrust);
    arena_free(engine->arena);
    free(engine);
}
