/*
 * The engine from within. A flight is a probe from when it is taken until its answer has been handed out; it is small,
 * for there are many. What only a conversation needs is a struct conversation, which is there while one is under way.
 *
 *   WAITING   in a line: for its turn, or for that of its host
 *   CONNECTING  TCP, until there is a connection
 *   PROXYING, SECURING, TALKING  on it
 *   ASKED     a datagram is out
 *   SILENT    all tries are over; what silence means waits for the host's control datagram
 *   HELD      its answer is out; the connection stays for those that follow from it
 *
 * Files: engine.c takes probes, gives them their turn and ends them; stream.c and datagram.c run them; hosts.c knows
 * how fast a host may be asked, and what its silence means.
 */
#ifndef PORTOLAN_LIVE_ENGINE_INSIDE_H
#define PORTOLAN_LIVE_ENGINE_INSIDE_H

#include <stddef.h>

#include "base/map.h"
#include "live/asking.h"
#include "live/engine.h"
#include "live/pace.h"
#include "live/refusal.h"

#define FLIGHT_SLAB 256
#define SCRATCH_SIZE 65536

enum flight_state {
    FLIGHT_FREE,
    FLIGHT_WAITING,
    FLIGHT_CONNECTING,
    FLIGHT_PROXYING,
    FLIGHT_SECURING,
    FLIGHT_TALKING,
    FLIGHT_ASKED,
    FLIGHT_SILENT,
    FLIGHT_HELD,
    FLIGHT_STATE_N
};

struct line {
    struct flight *first;
    struct flight *last;
};

struct conversation {
    struct conversation *next; /* of the free ones */
    struct talk talk;
    struct tls_session *tls;
    struct proxy_talk proxy;
    struct proxy_ask proxy_ask;
    char proxy_host[TALK_ADDRESS_MAX]; /* of a target without a name */
    uint8_t *input; /* what has come and is not used, n of capacity bytes; NULL while there is none */
    size_t n;
    size_t capacity;
    uint8_t *unsent; /* what the socket did not take, NULL while there is none */
    size_t unsent_n;
    size_t unsent_at;
};

struct flight {
    struct watch watch; /* fd -1: no socket */
    struct deadline deadline;
    struct engine *engine;
    struct probe probe;
    struct conversation *conversation;
    struct host *host;     /* UDP: whom it asks */
    struct flight *holder; /* whose connection stays open for this one */
    struct flight *before; /* in its line; of the free ones, the next is `behind` */
    struct flight *behind;
    struct line *line;
    struct refusal refusal;
    struct endpoint local;
    uint64_t left_us; /* for all tries that are to come */
    uint64_t began_us;
    uint64_t ends_us; /* this try */
    uint64_t mark_us; /* a phase has begun */
    uint64_t us[PHASE_N];
    bool has[PHASE_N];
    uint8_t random[TALK_RANDOM];
    uint8_t state;
    unsigned tries;
    unsigned held_for; /* those that follow from it, and are not done */
    bool has_local;
    bool raw;
    bool plain;        /* TLS_EITHER, and the far end does not speak it */
    bool patient;      /* nothing may ever come, and that is all right */
    bool upgrades;     /* TLS begins when everything is sent */
    bool control;      /* not a probe: the datagram to a closed port of `host` */
    bool reported;     /* the sink has it */
    bool stray;        /* what came over UDP was no answer: as in struct talk, from one try to the next */
    const char *other; /* also as there */
};

/* What a datagram to a port that is surely closed has shown of a host. */
enum control {
    CONTROL_UNKNOWN,
    CONTROL_ASKED,
    CONTROL_CLOSED,   /* the host says so: silence elsewhere is not that */
    CONTROL_REJECTED, /* a firewall says so */
    CONTROL_SILENT,   /* silence says nothing here */
    CONTROL_N
};

struct host {
    struct engine *engine;
    struct pace pace;
    struct line turn;   /* flights that wait until the host may be asked again */
    struct line silent; /* that wait for the control datagram */
    struct deadline deadline;
    enum control control;
};

struct slab {
    struct slab *next;
    struct flight flights[FLIGHT_SLAB];
};

#define RANDOM_AT_ONCE 256

struct engine {
    struct loop *loop;
    struct engine_options options; /* none of them is 0 but for no limit */
    struct trust *distrust;        /* where the options have nothing that is trusted */
    struct deadline tick;
    struct pace rate;
    struct line turn; /* flights that may begin their try when the rate allows it */
    struct slab *slabs;
    struct flight *free;
    struct conversation *free_conversations;
    size_t flight_n; /* without those of control datagrams */
    size_t control_n;
    size_t socket_n;
    uint64_t socket_total; /* that ever were */
    uint64_t paused_us;    /* this machine had too little of something: until then nothing begins */
    uint64_t served_us;    /* when a socket was last to be had */
    bool dry;              /* the source had none */
    bool stopped;          /* no more are taken */
    bool stopping;         /* engine_stop was called within the sink */
    bool short_of_ports;   /* connections are closed by a reset from now on */
    struct arena *arena;   /* of flights, conversations and hosts; they are used again */
    struct map hosts;
    struct refusal rejecter;  /* the last firewall on the way that said so; has_by: there is one */
    struct flight *reporting; /* whose answer is with the sink */
    struct answer answer;     /* of the one that is being worked on */
    size_t random_n;          /* of those below, not yet given away */
    uint8_t random[RANDOM_AT_ONCE][TALK_RANDOM];
    uint8_t scratch[SCRATCH_SIZE]; /* what has just been received */
};

/* engine.c */
void engine_turn(struct flight *flight, bool first); /* its host allows it: it begins when the rate does */
void engine_wake(struct engine *engine, uint64_t at_us);

/* flight.c */
void line_put(struct line *line, struct flight *flight);
void line_put_first(struct line *line, struct flight *flight);
void line_leave(struct flight *flight);
struct flight *flight_new(struct engine *engine, const struct probe *probe);
/* Opens its socket and counts the try. False: there is none now, and all that is to be done for that is done. */
bool flight_open(struct flight *flight, const struct endpoint *to);
struct talk *flight_converse(struct flight *flight); /* a fresh talk, in the conversation that it has or gets */
void flight_close(struct flight *flight);            /* its socket and its conversation */
void flight_until(struct flight *flight, uint64_t at_us);
void flight_phase(struct flight *flight, enum probe_phase phase); /* it ends now, and the next begins */
struct answer *flight_answer(struct flight *flight);              /* a fresh one */
void flight_done(struct flight *flight);                          /* with engine->answer; the flight is gone then */
bool flight_silent(struct flight *flight);                        /* no answer to this try; true: it was the last */
/* Once more in another way, which is no other try; false: the time does not allow it. */
bool flight_again(struct flight *flight);
bool flight_refused(struct flight *flight, int error); /* true: it was an answer, and the flight is gone */
bool flight_read_errors(struct flight *flight); /* all of ICMP that waits; true: as above (control: it is in refusal) */
struct str flight_sends(const struct flight *flight); /* what was written last, in words */
void flight_trace(struct flight *flight, struct str bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* stream.c */
void stream_try(struct flight *flight);
void stream_ready(struct flight *flight, unsigned events);
void stream_late(struct flight *flight);

/* datagram.c */
void datagram_try(struct flight *flight);
void datagram_ready(struct flight *flight, unsigned events);
void datagram_late(struct flight *flight);
void datagram_conclude(struct flight *flight); /* silent, and what that means is known */

/* hosts.c */
struct host *host_of(const struct flight *flight);
void host_turn(struct flight *flight);        /* to the engine's turn as soon as its host may be asked */
void host_ask_control(struct flight *flight); /* once a host */
void host_answered(struct flight *flight);    /* what it was asked did not cost an ICMP error */
void host_learned(struct flight *flight, enum control control); /* of a control datagram, which is gone then */
void hosts_stop(struct engine *engine);                         /* no deadlines of theirs any more */
bool host_waits(struct flight *flight);                         /* for the control; it is in its line then */

#endif
