/*
 * What the files of the listener share. A connection that waits costs one small structure: input and output are the
 * listener's own while they are handled, and are kept for a connection only while a request is incomplete or the
 * client does not take its answer.
 */
#ifndef PORTOLAN_LIVE_LISTENER_H
#define PORTOLAN_LIVE_LISTENER_H

#include "live/listen.h"

#define LISTENER_INPUT_MAX 65536 /* the longest datagram, and more than any exchange keeps of a stream */
#define LISTENER_OUTPUT_MAX 16384
#define LISTENER_SLOTS 4096

/* Per source limits, in a table of fixed size: addresses that fall together by chance share them. */
struct source_slot {
    uint64_t paid_us; /* datagrams up to now are paid for until then */
    uint32_t connections;
};

struct post { /* a socket that somebody stands in at */
    struct watch watch;
    struct listener *listener;
    struct stand_in stand_in;
    struct post *next;
};

struct connection {
    struct watch watch;
    struct post *post;
    struct connection *older; /* in the listener's list, by their last progress */
    struct connection *newer;
    uint64_t began_us;
    uint64_t progress_us;
    struct talk talk;
    struct tls_session *tls;
    struct answer *asked; /* the first request; NULL: none yet */
    uint8_t *kept;        /* input that is no whole request yet */
    uint8_t *pending;     /* output that the client has not taken */
    uint32_t kept_n;
    uint32_t pending_n;
    uint32_t requests;
    enum connection_state {
        CONNECTION_PEEKING,     /* whether TLS comes */
        CONNECTION_HANDSHAKING, /* TLS */
        CONNECTION_TALKING,
        CONNECTION_ENDING,  /* the last bytes are sent */
        CONNECTION_LEAVING, /* they are; what still comes is thrown away until the client closes */
        CONNECTION_STATE_N
    } state;
};

struct listener {
    struct loop *loop;
    struct listener_options options;
    struct post *posts;
    size_t post_n;
    size_t connection_n;
    size_t descriptors;
    size_t most; /* of them, as descriptors allow */
    struct connection *oldest;
    struct connection *newest;
    struct deadline idle;   /* of the oldest */
    struct deadline resume; /* accepting, after there were no descriptors */
    struct answer *spare;   /* for what the next request says */
    uint64_t seed;          /* of the slots: nobody can choose who shares one with whom */
    struct source_slot slots[LISTENER_SLOTS];
    uint8_t input[LISTENER_INPUT_MAX];
    uint8_t output[LISTENER_OUTPUT_MAX];
};

/* listen.c */
uint64_t listener_clock_us(void); /* since 1970 */
struct source_slot *listener_slot(struct listener *listener, enum family family, u128 peer);
bool post_allows(const struct post *post, u128 peer);
void post_tell(const struct post *post, struct receipt *receipt);
void listener_shed_idle(struct deadline *deadline);
void listener_pause(struct listener *listener);
/* A talk of this post with everything about it set but the peer. */
void post_talk(const struct post *post, struct talk *talk);

/* listen_stream.c */
void post_accept(struct watch *watch, unsigned events);
void connection_shed(struct connection *connection, struct str why);

/* listen_datagram.c */
void post_receive(struct watch *watch, unsigned events);

#endif
