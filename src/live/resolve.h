/*
 * Names to addresses, on a loop (c-ares): by the machine's own resolvers, or by those that are named. Nothing is cached
 * beyond one resolver's life, in which each name is asked for once.
 */
#ifndef PORTOLAN_LIVE_RESOLVE_H
#define PORTOLAN_LIVE_RESOLVE_H

#include "base/str.h"
#include "live/loop.h"
#include "net/addr.h"

struct resolver;

struct resolver_options {
    const char *servers; /* "10.20.9.2,[fd00::1]:5353"; NULL: the machine's own, and its hosts file */
    unsigned timeout_ms; /* of one try; 0: 2000 */
    unsigned tries;      /* 0: 2 */
};

struct address {
    enum family family;
    u128 addr;
};

/* n 0: `why` says why in words ("no such name", "the resolver does not answer"). Everything is valid for the call. */
typedef void resolved(void *user, struct str name, const struct address *addresses, size_t n, struct str why,
                      uint64_t took_us);

int resolver_open(struct loop *loop, const struct resolver_options *options, struct resolver **made); /* 0 or -errno */
/* What is still asked for is answered with "interrupted" first. NULL is fine. */
void resolver_close(struct resolver *resolver);
/* Both families, each address once. May call `done` before it returns. */
void resolver_ask(struct resolver *resolver, struct str name, resolved *done, void *user);

#endif
