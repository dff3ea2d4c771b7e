/*
 * Names to addresses, on a loop (c-ares): by the machine's own resolvers, or by those that are named. Nothing is cached
 * beyond one resolver's life, in which each name is asked for once (twice, for there are two families).
 *
 * A name with a dot is whole: no search domain is ever added to it, and with servers that are named none at all. A name
 * without one is looked up as other programs of this machine do, through its search domains. The hosts file comes first
 * where the machine's own resolvers are asked, and is not read where servers are named: what they say is the question.
 *
 * Many names may be asked at once; a bounded number of them is under way. Answers are those of c-ares: it drops what
 * comes from others than the server, or with another question or id, and goes over to TCP when an answer is cut.
 */
#ifndef PORTOLAN_LIVE_RESOLVE_H
#define PORTOLAN_LIVE_RESOLVE_H

#include "base/str.h"
#include "live/loop.h"
#include "net/addr.h"

struct resolver;

struct resolver_options {
    const char *servers; /* "10.20.9.2,[fd00::1]:5353"; NULL: the machine's own, and its hosts file */
    unsigned timeout_ms; /* of the first try, doubled with each further one; 0: 2000 */
    unsigned tries;      /* 0: 2 */
};

struct address {
    enum family family;
    u128 addr;
};

#define RESOLVE_ADDRESSES_MAX 256 /* of one name */

/*
 * n 0: `why` says why in words: "no such name", "the name has no address", "the name has 0.0.0.0 or ::, which is
 * nobody's address", "the resolver does not answer", "the resolver failed (SERVFAIL)"… With addresses it is empty, or
 * says what is missing: "IPv6: the resolver does not answer". took_us: from the first packet to the last, not the wait
 * for its turn. Everything is valid for the call.
 */
typedef void resolved(void *user, struct str name, const struct address *addresses, size_t n, struct str why,
                      uint64_t took_us);

/* 0 or -errno; -EINVAL: `servers` is no list of addresses. */
int resolver_open(struct loop *loop, const struct resolver_options *options, struct resolver **made);
/* What is still asked for is answered with "interrupted" first. May be called from `resolved`. NULL is fine. */
void resolver_close(struct resolver *resolver);
/* Both families, IPv4 first, each address once; an address is its own answer. May call `done` before it returns. */
void resolver_ask(struct resolver *resolver, struct str name, resolved *done, void *user);

#endif
