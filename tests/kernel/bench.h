/* One random ruleset in the kernel and in the program: loading it, sending packets, showing a disagreement. */
#ifndef PORTOLAN_TESTS_BENCH_H
#define PORTOLAN_TESTS_BENCH_H

#include "answer.h"

enum { STATUS_HOLDS = 0, STATUS_DISAGREES = 1, STATUS_BROKEN = 2, STATUS_SKIPPED = 77 };

struct mode {
    const char *name;
    const char *dialect;
    const char *restore[FAMILY_N]; /* NULL: nft */
};

struct bench {
    struct arena *arena;
    struct arena *scratch;
    const struct mode *mode;
    struct engine *engine;
    struct composed composed;
    uint64_t seed;
    bool no_ruleset;
    bool peeks; /* see bench_open */
    struct answerer answerer;
};

/* A namespace with the world's interfaces and addresses. STATUS_SKIPPED with the reason said where there can be none.
 */
int bench_open(struct bench *bench);

enum loaded { LOADED, REFUSED, UNREAD };

/* The same text to the kernel and to the program, or part of it. `said`: what was wrong with it. */
enum loaded bench_load(struct bench *bench, struct str sets, struct str rules, struct str *said);
struct str bench_text(struct arena *arena, const struct lines *lines, const bool *without); /* NULL: all lines */

/* What is said of a shot, which gets the hook at which it will be seen. */
struct answer bench_prepare(struct bench *bench, struct shot *shot, size_t number);
/* Sends shots from `first` on and keeps what became of them. False: the machine failed. */
bool bench_fire(struct bench *bench, struct shots *shots, size_t first, const struct answer *answers);

/* show.c: a shot, what was said of it, and the least part of the ruleset that does so again. */
void bench_show(struct bench *bench, const struct shots *shots, const struct shot *shot, const struct answer *answer);

#endif
