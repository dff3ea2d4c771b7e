/*
 * One thread's loop: descriptors that are waited for (epoll) and deadlines (a heap). Watches and deadlines are part of
 * their owner's structure; nothing is allocated for them. Callbacks may add, change and remove any watch and deadline,
 * their own too. Not to be shared between threads; several loops may run in several threads.
 */
#ifndef PORTOLAN_LIVE_LOOP_H
#define PORTOLAN_LIVE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is waited for, and what has come: the bits of epoll, level-triggered. Errors and hang-ups always come. */
#define LOOP_READ 0x001u   /* EPOLLIN */
#define LOOP_WRITE 0x004u  /* EPOLLOUT */
#define LOOP_ERROR 0x008u  /* EPOLLERR: something is in the error queue, or the socket has failed */
#define LOOP_HANGUP 0x010u /* EPOLLHUP */

struct watch {
    void (*ready)(struct watch *watch, unsigned events);
    int fd;
    unsigned events; /* that are waited for; kept by the loop */
    size_t turn;     /* of the loop: where it stands among those that are ready now, plus 1 */
};

struct deadline {
    void (*fire)(struct deadline *deadline);
    uint64_t at_us;
    size_t place; /* of the loop: its place in the heap, plus 1; 0: not set */
};

struct loop {
    int epoll;
    bool stopped;
    uint64_t now_us; /* monotonic; read once for each round of events */
    size_t watch_n;
    struct deadline **heap;
    size_t heap_n;
    size_t heap_capacity;
    void *ready; /* events of this round */
    size_t ready_n;
};

int loop_open(struct loop *loop); /* 0 or -errno */
void loop_close(struct loop *loop);

/* `watch` is zeroed but for `ready`. The descriptor stays its owner's. 0 or -errno. */
int loop_watch(struct loop *loop, struct watch *watch, int fd, unsigned events);
void loop_change(struct loop *loop, struct watch *watch, unsigned events);
/* Before the descriptor is closed. Nothing is called any more, not even what is ready already. */
void loop_unwatch(struct loop *loop, struct watch *watch);
/* The same for a descriptor that nobody else has, and that its owner closes now: the kernel's part is done by that. */
void loop_forget(struct loop *loop, struct watch *watch);

/* Sets it, or sets it anew. `deadline` is zeroed but for `fire`. False: there is no memory. */
bool loop_at(struct loop *loop, struct deadline *deadline, uint64_t at_us);
bool loop_after(struct loop *loop, struct deadline *deadline, uint64_t us); /* counted from now_us */
void loop_cancel(struct loop *loop, struct deadline *deadline);

/* Until loop_stop, or until nothing is watched and no deadline is set. 0 or -errno (-EINTR never ends it). */
int loop_run(struct loop *loop);
/* One round: waits at most `wait_us` (UINT64_MAX: as long as it takes) and calls what is ready or due. */
int loop_round(struct loop *loop, uint64_t wait_us);
void loop_stop(struct loop *loop);
uint64_t loop_clock_us(void); /* the monotonic clock itself */

#endif
