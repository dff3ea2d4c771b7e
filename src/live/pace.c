/* The invariant: due_ns is when the next event would come if all came evenly; early ones are those within the slack. */
#include "live/pace.h"

#define SECOND_NS 1000000000u

struct pace pace_rate(unsigned rate)
{
    uint64_t gap_ns = rate == 0 ? 0 : (SECOND_NS + rate - 1) / rate; /* never faster */

    return (struct pace){gap_ns, gap_ns < SECOND_NS / 10 ? SECOND_NS / 10 - gap_ns : 0, 0};
}

struct pace pace_gap(unsigned gap_ms, unsigned burst)
{
    uint64_t gap_ns = (uint64_t)gap_ms * 1000000;

    return (struct pace){gap_ns, gap_ns * (burst - 1), 0};
}

uint64_t pace_wait_us(const struct pace *pace, uint64_t now_us)
{
    uint64_t until_ns = now_us * 1000 + pace->slack_ns;

    return pace->gap_ns == 0 || pace->due_ns <= until_ns ? 0 : (pace->due_ns - until_ns + 999) / 1000;
}

void pace_take(struct pace *pace, uint64_t now_us)
{
    if (pace->due_ns < now_us * 1000)
        pace->due_ns = now_us * 1000;
    pace->due_ns += pace->gap_ns;
}

void pace_give_back(struct pace *pace)
{
    if (pace->due_ns >= pace->gap_ns)
        pace->due_ns -= pace->gap_ns;
}
