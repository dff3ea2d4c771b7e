/*
 * Hosts that are asked over UDP. A closed port is told by an ICMP error, and hosts send few of those (Linux: six at
 * once, then one a second for each peer; net.ipv4.icmp_ratelimit, icmpv6 likewise): who asks faster takes closed ports
 * for silent ones. So each host has a pace, whose tokens are given back where something else than an ICMP error came.
 *
 * And before silence is interpreted, one datagram goes to a port that is surely closed. When even that is silent,
 * nothing can be told from silence there, and there is no reason to be slow any more.
 */
#include "live/engine_inside.h"

#define BURST 4 /* of the six: the control datagram takes one, and others may ask too */

struct key {
    u128 address;
    uint32_t family;
    int netns;
    uint64_t zero;
};

struct host *host_of(const struct flight *flight)
{
    struct engine *engine = flight->engine;
    const struct probe *probe = &flight->probe;
    struct key key = {probe->address, probe->family, probe->netns, 0};
    struct host *host = map_get(&engine->hosts, (struct str){(const char *)&key, sizeof key});

    if (host != NULL)
        return host;
    host = arena_new_object(engine->arena, struct host);
    host->engine = engine;
    host->pace = pace_gap(engine->options.host_gap_ms, BURST);
    map_set(engine->arena, &engine->hosts, (struct str){arena_copy(engine->arena, &key, sizeof key), sizeof key}, host);
    return host;
}

static void release(struct deadline *deadline)
{
    struct host *host = (struct host *)(void *)((char *)deadline - offsetof(struct host, deadline));
    struct loop *loop = host->engine->loop;

    while (host->turn.first != NULL) {
        struct flight *flight = host->turn.first;
        uint64_t wait_us = host->control == CONTROL_SILENT ? 0 : pace_wait_us(&host->pace, loop->now_us);

        if (wait_us > 0) {
            loop_after(loop, deadline, wait_us);
            return;
        }
        pace_take(&host->pace, loop->now_us);
        line_leave(flight);
        engine_turn(flight, false);
    }
}

void host_turn(struct flight *flight)
{
    struct host *host = flight->host;

    host->deadline.fire = release;
    flight->state = FLIGHT_WAITING;
    line_put(&host->turn, flight);
    if (host->deadline.place == 0)
        release(&host->deadline);
}

void host_answered(struct flight *flight)
{
    struct host *host = flight->host;

    if (host == NULL)
        return;
    pace_give_back(&host->pace);
    if (host->turn.first != NULL)
        loop_after(host->engine->loop, &host->deadline, 0);
}

void hosts_stop(struct engine *engine)
{
    for (size_t i = 0; i < engine->hosts.n; i++)
        loop_cancel(engine->loop, &((struct host *)engine->hosts.entries[i].value)->deadline);
}

/* ------------------------------------------------------------------ the control datagram */

void host_ask_control(struct flight *flight)
{
    struct engine *engine = flight->engine;
    struct host *host = flight->host;
    struct flight *control;

    if (host->control != CONTROL_UNKNOWN)
        return;
    host->control = CONTROL_ASKED;
    control = flight_new(engine, &flight->probe);
    control->control = true;
    control->host = host;
    engine->control_n++;
    pace_take(&host->pace, engine->loop->now_us);
    engine_turn(control, true);
}

void host_learned(struct flight *flight, enum control control)
{
    struct host *host = flight->host;

    host->control = control;
    flight_done(flight);
    while (host->silent.first != NULL) {
        struct flight *waiting = host->silent.first;

        line_leave(waiting);
        datagram_conclude(waiting);
    }
    if (host->turn.first != NULL)
        loop_after(host->engine->loop, &host->deadline, 0);
}

bool host_waits(struct flight *flight)
{
    struct host *host = flight->host;

    if (host == NULL || host->control != CONTROL_ASKED)
        return false;
    flight->state = FLIGHT_SILENT;
    line_put(&host->silent, flight);
    return true;
}
