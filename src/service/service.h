/*
 * Services: for each protocol a probe and a responder, as state machines over bytes. Nothing here has a socket, a clock
 * or a source of randomness: whoever owns the socket (the room `live`) hands in bytes, time and random numbers, and
 * sends what it is given. TLS is put underneath by the same; an exchange only says that it wants it.
 *
 * One conversation is a `struct talk` of fixed size without anything allocated behind it. The bytes that have come and
 * are not yet used stay with the caller, never more than the exchange's `input_max`; a stream is handed in as it grows,
 * from the first byte not yet used; a datagram alone and whole. Machines are never asked for more than one answer, and
 * no answer of the far end can make them loop: every step uses bytes, or waits, or ends.
 *
 * Probes are harmless: nothing that they send changes anything at the far end, and each packet is described in words
 * (`sends`), in the order in which they may be sent. Responders answer valid requests only, and over UDP never with
 * more bytes than the request had.
 *
 * The first half of this header is for who runs conversations, the second for who writes a service.
 */
#ifndef PORTOLAN_SERVICE_SERVICE_H
#define PORTOLAN_SERVICE_SERVICE_H

#include "model/outcome.h"
#include "net/addr.h"
#include "net/proto.h"
#include "service/answer.h"
#include "service/wire.h"

struct talk;

/* What has to happen next. What was written to `out` is sent before, over UDP as one datagram. */
enum step {
    STEP_READ,    /* wait for bytes, or for the end */
    STEP_TLS,     /* make TLS now, then call probe_secured or respond_secured */
    STEP_DONE,    /* probe: the answer is complete; responder: close, after sending */
    STEP_FOREIGN, /* a machine: these bytes are not my protocol. From respond_*: drop or close, nothing is sent */
    STEP_N
};

/* Why nothing more will come. */
enum ending {
    ENDING_CLOSED, /* the far end closed its side */
    ENDING_RESET,
    ENDING_TIMEOUT,
    ENDING_FULL, /* input_max bytes have come, and the answer is not over */
    ENDING_N
};

enum proof {
    PROOF_HANDSHAKE,    /* the service's own answer is the proof */
    PROOF_CONNECTION,   /* a connection, or TLS, is all that was asked for */
    PROOF_UNVERIFIABLE, /* no public handshake: a connection can be made, but only our own responder proves */
    PROOF_SILENT,       /* nothing answers, by design: only our own responder proves */
    PROOF_N
};

enum tls {
    TLS_NONE,
    TLS_FIRST,   /* from the first byte */
    TLS_EITHER,  /* from the first byte; when the far end does not speak it, once more without */
    TLS_UPGRADE, /* when the exchange says STEP_TLS */
    TLS_N
};

/* What a probe is about. Borrowed: it outlives the talk, and many talks may share one. */
struct ask {
    struct str host;  /* the target as the user wrote it: name or address; may be empty */
    uint16_t port;    /* of the target, for protocols that repeat it */
    struct str name;  /* what to ask for: a DNS name, a Kerberos realm or AD domain; empty: a harmless default */
    struct str seek;  /* rpcbind: the one service to ask the port of; empty: all that are registered */
    unsigned seek_of; /* PROTO_TCP or PROTO_UDP, with `seek` */
    bool own;         /* our own responder is expected at the other end */
};

/* dns: a name and one of its addresses, as often as it has some. */
struct known {
    struct str name;
    enum family family;
    u128 address;
};

/* What a responder knows of the machine that it stands in for. Borrowed, as struct ask. */
struct offer {
    struct str name;          /* of the stand-in, in greetings; empty: "portolan" */
    uint16_t passive_port;    /* ftp: where an own responder waits for data connections; 0: none */
    const struct next *ports; /* rpcbind: what is registered; ftp and others ignore it */
    size_t port_n;
    const struct known *names; /* dns: what it knows; all else is refused */
    size_t name_n;
};

#define TALK_STATE_MAX 64
#define TALK_RANDOM 16
#define TALK_ADDRESS_MAX 64

struct talk {
    const struct service *service;
    const struct exchange *exchange;
    const struct ask *ask;     /* of a probe */
    const struct offer *offer; /* of a responder */
    u128 peer;                 /* who the far end is, as this end sees it; responders repeat it */
    u128 local;                /* this end, of the same family; protocols that name themselves need it */
    enum family peer_family;
    uint16_t peer_port;
    uint16_t local_port;         /* 0: not known */
    uint64_t now_us;             /* microseconds since 1970, set by the caller before each call; responders use it */
    uint8_t random[TALK_RANDOM]; /* fresh for each talk; from the caller */
    uint8_t packet;              /* which of exchange->sends was written last; for a trace */

    /* Of the driver and the machine. */
    bool datagram;
    bool foreign; /* what comes is not the protocol: collected until it can be named */
    bool stray;   /* datagrams came that were no answer */
    uint8_t step;
    const char *other; /* what they looked like; NULL: like nothing known */
    _Alignas(8) uint8_t state[TALK_STATE_MAX];
};

struct service_port {
    uint16_t lo;
    uint16_t hi;
    uint8_t protos; /* bits: SERVICE_TCP, SERVICE_UDP */
};

#define SERVICE_TCP 1u
#define SERVICE_UDP 2u
#define SERVICE_PORTS_MAX 4

/* A row: one application protocol by the name that catalogs use. */
struct service {
    const char *name;
    const char *title;
    const struct exchange *tcp; /* NULL: the protocol is not spoken over it */
    const struct exchange *udp;
    const struct exchange *icmp;
    struct service_port ports[SERVICE_PORTS_MAX]; /* usual ones, the default first; lo 0 ends; none: it must be named */
    const char *via; /* the service whose probe tells the port (rpcbind for mountd, ftp for its data ports), or NULL */
};

const struct service *service_find(struct str name); /* NULL where there is none */
const struct service *const *service_all(size_t *n);
/*
 * How the service is spoken over PROTO_TCP, PROTO_UDP or PROTO_ICMP. Where the protocol does not exist over it, an
 * exchange without a handshake, for documents ask for such ports too; NULL for other protocols.
 */
const struct exchange *service_exchange(const struct service *service, unsigned proto);
uint16_t service_default_port(const struct service *service, unsigned proto); /* 0: it has none over this protocol */

/*
 * Conversations. talk_begin zeroes *talk; random, now_us, peer and ask or offer are set after it. `out` is empty, with
 * room for WIRE_OUT_MAX bytes; the answer is fresh for the call (answer_init) and complete when the step is STEP_DONE.
 */
void talk_begin(struct talk *talk, const struct service *service, unsigned proto);
/*
 * After connecting (and TLS where the exchange wants it first). A datagram is sent even when it is empty. One that may
 * be lost is tried again by a new talk with the same random bytes: a late answer to the first is then one to the
 * second.
 */
enum step probe_start(struct talk *talk, struct wire_out *out, struct answer *answer);
/* *used bytes at the front of p are done with; the rest is handed in again, with what comes behind it. */
enum step probe_heard(struct talk *talk, const uint8_t *p, size_t n, size_t *used, struct wire_out *out,
                      struct answer *answer);
enum step probe_secured(struct talk *talk, struct wire_out *out, struct answer *answer);
/* Nothing more will come: p are the bytes that were not used. The answer is complete after it, always. */
void probe_end(struct talk *talk, const uint8_t *p, size_t n, enum ending ending, struct answer *answer);

/*
 * The same from the other side. `receipt` says what was asked, as evidence; its outcome is meaningless. Who asks for
 * more at once than there is room to answer is STEP_FOREIGN.
 */
enum step respond_start(struct talk *talk, struct wire_out *out, struct answer *receipt);
enum step respond_heard(struct talk *talk, const uint8_t *p, size_t n, size_t *used, struct wire_out *out,
                        struct answer *receipt);
enum step respond_secured(struct talk *talk, struct wire_out *out, struct answer *receipt);

/* What spoke these first bytes: the name of a service or another protocol. *more: too few to tell, and NULL. */
const char *recognise(const uint8_t *p, size_t n, bool datagram, bool *more);
/* The same of a client's first request, whole: what a responder of ours understands; else what `recognise` says. */
const char *recognise_request(const uint8_t *p, size_t n, bool datagram);

/* ------------------------------------------------------------------ for who writes a service */

/*
 * Where a message ends in a stream. `find` looks at the n bytes that are there: FRAME_MORE when they are too few to
 * say, FRAME_FOREIGN when they cannot be the protocol, else FRAME_FOUND with the whole length, of which the machine
 * gets what is behind the first `skip` bytes. `wrap` puts in front of one message what the stream needs; NULL: nothing.
 */
enum frame_found { FRAME_MORE, FRAME_FOREIGN, FRAME_FOUND, FRAME_N };

struct framing {
    enum frame_found (*find)(struct wire_in in, size_t *skip, size_t *length);
    void (*wrap)(struct wire_out *out, size_t start);
};

extern const struct framing framing_u16; /* the length in two bytes in front of it: DNS */
extern const struct framing framing_u32; /* in four: Kerberos */

/*
 * A protocol over one transport. With a framing, `heard` and `serve` get one whole message; without, all the bytes of a
 * stream that are there: they advance in->at over what they have used, and when in->failed they are called again with
 * more. A datagram is always whole. What is answered with STEP_FOREIGN is named by `recognise` (a stream), or waited
 * out (a datagram: it may be a late answer to somebody else).
 */
struct exchange {
    const char *protocol; /* as `recognise` names it: the answer of the same protocol is malformed, not foreign */
    enum proof proof;
    enum tls tls;
    bool speaks_first; /* the server does */
    bool holds;        /* what `next` names lives only as long as this connection: it stays open while that is probed */
    const struct framing *framing;
    size_t input_max;         /* bytes kept while an answer is incomplete */
    uint32_t patience_ms;     /* after so long the talk is ended as timed out: nothing may ever come; 0: the caller's */
    const char *const *sends; /* what a probe may send, in words; ends with NULL */

    enum step (*begin)(struct talk *talk, struct wire_out *out, struct answer *answer);
    enum step (*heard)(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer);
    enum step (*secured)(struct talk *talk, struct wire_out *out, struct answer *answer);
    /* False: the driver's usual conclusion. NULL: always that. */
    bool (*ended)(struct talk *talk, struct wire_in *in, enum ending ending, struct answer *answer);

    enum step (*greet)(struct talk *talk, struct wire_out *out, struct answer *receipt); /* NULL: the client begins */
    enum step (*serve)(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt);
};

/* The machine's own state; its size is checked when it is compiled. */
#define talk_state(talk, type)                                                                                         \
    (__extension__({                                                                                                   \
        _Static_assert(sizeof(type) <= TALK_STATE_MAX, "the state of a service fits into its talk");                   \
        (type *)(void *)(talk)->state;                                                                                 \
    }))
uint32_t talk_random_u32(const struct talk *talk); /* of talk->random: the same each time */
struct str talk_name(const struct talk *talk);     /* of the stand-in */
/* "10.0.0.1:3260", "[fd00::1]:3260": both ends as text. */
struct str talk_peer_text(const struct talk *talk, char text[TALK_ADDRESS_MAX]);
struct str talk_local_text(const struct talk *talk, char text[TALK_ADDRESS_MAX]);
struct str talk_host(const struct talk *talk); /* the target's name; "localhost" when there is none */

#define SERVICE(id, name) extern const struct service service_##id;
#include "model/services.def"
#undef SERVICE

#endif
