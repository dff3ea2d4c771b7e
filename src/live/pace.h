/*
 * How fast: so many events a second, a few of them at once. Kept as the time at which the next is due (the generic cell
 * rate algorithm), so that nothing has to be counted while nothing happens. Pure: time is the caller's.
 */
#ifndef PORTOLAN_LIVE_PACE_H
#define PORTOLAN_LIVE_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
    uint64_t gap_ns;   /* between two events in the long run; 0: no limit */
    uint64_t slack_ns; /* how far ahead of that they may be */
    uint64_t due_ns;
};

/* `rate` events a second, at most a tenth of a second's worth of them at once; 0: no limit. */
struct pace pace_rate(unsigned rate);
/* One each `gap_ms`, and `burst` at once after a rest. */
struct pace pace_gap(unsigned gap_ms, unsigned burst);

uint64_t pace_wait_us(const struct pace *pace, uint64_t now_us); /* 0: the next may be now */
void pace_take(struct pace *pace, uint64_t now_us);              /* one is now, in its time or not */
void pace_give_back(struct pace *pace);                          /* one was none */

#endif
