/*
 * Stand-ins: responders of the room `service` on sockets. Each port answers its own protocol, to allowed sources only,
 * over UDP never with more than it was asked, and not without end. A stranger gets nothing: his datagrams are dropped,
 * his connections reset at once. Who is slow or silent is shed after a time, the one that has waited longest when there
 * are too many.
 */
#ifndef PORTOLAN_LIVE_LISTEN_H
#define PORTOLAN_LIVE_LISTEN_H

#include "live/loop.h"
#include "live/tls.h"
#include "net/ranges.h"
#include "service/service.h"

struct stand_in {
    const struct service *service;
    unsigned proto; /* PROTO_TCP or PROTO_UDP; echoes are the kernel's */
    enum family family;
    bool any_address;
    u128 address;                 /* to listen on */
    uint16_t port;                /* 0: any that is free */
    const struct offer *offer;    /* borrowed */
    const struct ranges *allowed; /* sources of its family; NULL: every one; borrowed */
    int netns;                    /* as in struct probe */
    void *user;
};

/* What a client did, once for each conversation or datagram, when it is over. */
struct receipt {
    const struct stand_in *stand_in;
    uint64_t at_us; /* since 1970: when it began */
    uint64_t took_us;
    enum family family;
    u128 peer;
    uint16_t peer_port;
    u128 local; /* the address it was asked at */
    enum receipt_kind {
        RECEIPT_ANSWERED,   /* or taken, where the protocol has no answer */
        RECEIPT_UNANSWERED, /* a request whose answer would have been longer, or could not be sent */
        RECEIPT_FOREIGN,    /* what came is no request of this service; `foreign` names it where it can */
        RECEIPT_STRANGER,   /* not an allowed source */
        RECEIPT_SHED,       /* too slow, or too many; `why` says it */
        RECEIPT_CLOSED,     /* by the client, before it had asked anything */
        RECEIPT_N
    } kind;
    const char *foreign;
    const struct answer *answer; /* what was asked first, as evidence; NULL: nothing */
    unsigned requests;           /* pieces of input with a request in them */
    struct str why;              /* may be empty */
};

const char *receipt_name(enum receipt_kind kind);

/* Must not close the listener; it may stop the loop. */
typedef void listener_receipt(void *user, const struct receipt *receipt);

struct listener_options {
    struct identity *identity; /* for services over TLS; NULL: they are refused by listener_add */
    size_t connections;        /* at once; 0: 10,000; never more than descriptors allow, of which it takes all */
    size_t connections_peer;   /* of one address, about; 0: a quarter of all */
    unsigned datagrams_peer;   /* of one address in a second, about; 0: 500 */
    unsigned idle_ms;          /* without a whole request; 0: 10,000 */
    unsigned most_ms;          /* a conversation in all, but for idle_ms; 0: 60,000 */
    listener_receipt *receipt; /* NULL: none */
    void *user;
};

struct listener;

int listener_open(struct loop *loop, const struct listener_options *options, struct listener **made); /* 0 or -errno */
/* Copied. 0 or -errno: -EADDRINUSE, -EACCES, -ENOTSUP (TLS without an identity). *port: the one that was bound. */
int listener_add(struct listener *listener, const struct stand_in *stand_in, uint16_t *port);
size_t listener_connections(const struct listener *listener);
size_t listener_most(const struct listener *listener); /* connections at once, with the sockets there are now */
void listener_close(struct listener *listener);        /* NULL is fine; what is going on is told as it stands */

#endif
