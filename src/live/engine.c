/*
 * The engine's middle: takes probes from the source while there is room for them, and gives each its turn when the rate
 * allows it. The invariants: each probe that was taken is reported once; the sink is only called from within the loop.
 */
#include "live/engine_inside.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#define IN_FLIGHT_MAX 16000
#define DESCRIPTORS_KEPT 64 /* for everything else in this process */
#define BEGIN_AT_ONCE 256   /* tries, before the loop goes round */

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
