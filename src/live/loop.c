/*
 * The loop: epoll for descriptors, a binary heap of pointers for deadlines. The invariants: heap[i]->place is i + 1 for
 * every i; a watch whose `turn` is set has an event of this round that was not handed out yet, so that whoever removes
 * it can take the event back.
 */
#include "live/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define READY_MAX 512
#define DRAIN_MAX 64 /* rounds of so many, before deadlines have their turn */

_Static_assert(LOOP_READ == EPOLLIN && LOOP_WRITE == EPOLLOUT && LOOP_ERROR == EPOLLERR && LOOP_HANGUP == EPOLLHUP,
               "events are the bits of epoll");

uint64_t loop_clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int loop_open(struct loop *loop)
{
    memset(loop, 0, sizeof *loop);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0)
        return -errno;
    loop->ready = calloc(READY_MAX, sizeof(struct epoll_event));
    if (loop->ready == NULL) {
        close(loop->epoll);
        return -ENOMEM;
    }
    loop->now_us = loop_clock_us();
    return 0;
}

void loop_close(struct loop *loop)
{
    close(loop->epoll);
    free(loop->heap);
    free(loop->ready);
}

/* ------------------------------------------------------------------ descriptors */

int loop_watch(struct loop *loop, struct watch *watch, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};

    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        return -errno;
    watch->fd = fd;
    watch->events = events;
    watch->turn = 0;
    loop->watch_n++;
    return 0;
}

void loop_change(struct loop *loop, struct watch *watch, unsigned events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};

    if (watch->events == events)
        return;
    watch->events = events;
    epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
    struct epoll_event *ready = (struct epoll_event *)loop->ready;

    if (watch->turn > 0)
        ready[watch->turn - 1].data.ptr = NULL;
    watch->turn = 0;
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    loop->watch_n--;
}

/* ------------------------------------------------------------------ deadlines */

static void put(struct loop *loop, size_t i, struct deadline *deadline)
{
    loop->heap[i] = deadline;
    deadline->place = i + 1;
}

static void rise(struct loop *loop, size_t i, struct deadline *deadline)
{
    while (i > 0 && loop->heap[(i - 1) / 2]->at_us > deadline->at_us) {
        put(loop, i, loop->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(loop, i, deadline);
}

static void sink(struct loop *loop, size_t i, struct deadline *deadline)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= loop->heap_n)
            break;
        if (child + 1 < loop->heap_n && loop->heap[child + 1]->at_us < loop->heap[child]->at_us)
            child++;
        if (loop->heap[child]->at_us >= deadline->at_us)
            break;
        put(loop, i, loop->heap[child]);
        i = child;
    }
    put(loop, i, deadline);
}

bool loop_at(struct loop *loop, struct deadline *deadline, uint64_t at_us)
{
    loop_cancel(loop, deadline);
    if (loop->heap_n == loop->heap_capacity) {
        size_t capacity = loop->heap_capacity > 0 ? 2 * loop->heap_capacity : 64;
        struct deadline **heap = realloc(loop->heap, capacity * sizeof(struct deadline *));

        if (heap == NULL)
            return false;
        loop->heap = heap;
        loop->heap_capacity = capacity;
    }
    deadline->at_us = at_us;
    rise(loop, loop->heap_n++, deadline);
    return true;
}

bool loop_after(struct loop *loop, struct deadline *deadline, uint64_t us)
{
    return loop_at(loop, deadline, loop->now_us + us);
}

void loop_cancel(struct loop *loop, struct deadline *deadline)
{
    size_t i = deadline->place;
    struct deadline *last;

    if (i == 0)
        return;
    deadline->place = 0;
    last = loop->heap[--loop->heap_n];
    if (last == deadline)
        return;
    i--;
    if (i > 0 && loop->heap[(i - 1) / 2]->at_us > last->at_us)
        rise(loop, i, last);
    else
        sink(loop, i, last);
}

/* ------------------------------------------------------------------ running */

/* Milliseconds to wait for events, rounded up: a deadline is never early. */
static int wait_ms(const struct loop *loop, uint64_t wait_us)
{
    if (loop->heap_n > 0) {
        uint64_t at_us = loop->heap[0]->at_us;
        uint64_t left_us = at_us > loop->now_us ? at_us - loop->now_us : 0;

        if (left_us < wait_us)
            wait_us = left_us;
    }
    if (wait_us == UINT64_MAX)
        return -1;
    return wait_us > 3600000000 ? 3600000 : (int)((wait_us + 999) / 1000);
}

static void hand_out(struct loop *loop, struct epoll_event *ready)
{
    for (size_t i = 0; i < loop->ready_n; i++)
        ((struct watch *)ready[i].data.ptr)->turn = i + 1;
    for (size_t i = 0; i < loop->ready_n; i++) {
        struct watch *watch = (struct watch *)ready[i].data.ptr;

        if (watch == NULL)
            continue;
        watch->turn = 0;
        watch->ready(watch, ready[i].events);
    }
    loop->ready_n = 0;
}

/* Everything that is ready; bounded, for there may be no end to it. */
static int hand_out_all(struct loop *loop, int timeout_ms)
{
    struct epoll_event *ready = (struct epoll_event *)loop->ready;

    for (unsigned i = 0; i < DRAIN_MAX; i++) {
        int n = epoll_wait(loop->epoll, ready, READY_MAX, i == 0 ? timeout_ms : 0);

        if (n < 0 && errno != EINTR)
            return -errno;
        loop->now_us = loop_clock_us();
        loop->ready_n = n > 0 ? (size_t)n : 0;
        hand_out(loop, ready);
        if (n < READY_MAX)
            break;
    }
    return 0;
}

/* What was ready in time is handed out before a deadline that has passed by now, however late this process comes. */
int loop_round(struct loop *loop, uint64_t wait_us)
{
    int error;

    loop->now_us = loop_clock_us();
    error = hand_out_all(loop, wait_ms(loop, wait_us));
    if (error < 0)
        return error;
    while (loop->heap_n > 0 && loop->heap[0]->at_us <= loop->now_us && !loop->stopped) {
        struct deadline *deadline = loop->heap[0];

        loop_cancel(loop, deadline);
        deadline->fire(deadline);
    }
    return 0;
}

int loop_run(struct loop *loop)
{
    loop->stopped = false;
    while (!loop->stopped && (loop->watch_n > 0 || loop->heap_n > 0)) {
        int error = loop_round(loop, UINT64_MAX);

        if (error < 0)
            return error;
    }
    return 0;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}
