/*
 * The engine: thousands of probes at once on one loop, each with its deadline. It owns sockets, tries, rate and pacing,
 * reads what the kernel says of a refusal, and concludes what a service alone cannot know: `refused`, `rejected`,
 * `filtered`, `unreachable`. What is asked and answered is of the room `service`.
 *
 * Probes come from a source as there is room for them, so that their number does not cost memory; what was found goes
 * to a sink, in the order in which it is found.
 *
 *   probe --> waits for its turn (in flight, rate, host) --> try --> answer --> sink
 *                                                             \--- silence: another try, with the same random bytes
 *
 * How refusals are told apart (ip(7), IP_RECVERR; measured on Linux 6.1):
 *   TCP: RST -> refused; RST or ICMP 3/3 with an entry in the error queue -> rejected, by whom the entry names, unless
 *        that is the target itself with port unreachable over UDP (the host's own answer) -> refused;
 *   ICMP 3/9, 3/10, 3/13, v6 1/1, 1/5, 1/6 -> rejected; other ICMP unreachables and no route -> unreachable;
 *   silence: TCP -> filtered; UDP -> filtered-or-silent, or `filtered` where a control datagram to a closed port of the
 *        same host was answered, and the service always answers.
 */
#ifndef PORTOLAN_LIVE_ENGINE_H
#define PORTOLAN_LIVE_ENGINE_H

#include "live/loop.h"
#include "live/tls.h"
#include "service/proxy.h"

/* Where a connection goes through. */
struct proxy {
    enum proxy_kind kind;
    struct str text; /* as it was written, for messages */
    enum family family;
    u128 address;
    uint16_t port;
    struct str user; /* "name:password" for basic authentication, or that of SOCKS5; empty: none */
};

/* One question: does this service answer at this address? Copied when it is taken; what it points to is borrowed until
 * the sink has got its result. */
struct probe {
    const struct service *service;
    unsigned proto; /* PROTO_TCP, PROTO_UDP or PROTO_ICMP */
    enum family family;
    u128 address; /* with a proxy that resolves the name: not used */
    uint16_t port;
    struct ask ask;
    struct str sni;            /* name for TLS; empty: that of `ask`, unless it is an address */
    const struct proxy *proxy; /* NULL: straight */
    int netns;                 /* descriptor of the network namespace to ask from; -1: this one */
    bool has_source;
    u128 source;           /* address to ask from, of the same family */
    uint16_t source_port;  /* 0: any */
    const char *interface; /* to ask by (SO_BINDTODEVICE); NULL: any */
    bool bare;             /* a connection is enough: no handshake, whatever the service */
    uint64_t resolve_us;   /* what its name has cost; repeated in the result */
    void *user;
};

/* The far end as the certificate shows it; empty without TLS. Valid for the call of the sink. */
struct probe_tls {
    bool done;
    enum tls_trust trust;
    struct str why;
    struct str issuer;
    struct str fingerprint;
};

/* What the kernel reported of a refusal. */
struct refusal {
    bool reported;
    bool has_by;
    enum family family;
    u128 by; /* who sent the ICMP message */
    uint8_t icmp_type;
    uint8_t icmp_code;
};

struct probe_result {
    const struct probe *probe;
    const struct answer *answer; /* outcome, reason and evidence; valid for the call */
    struct probe_tls tls;
    struct refusal refusal;
    unsigned tries;
    bool has_local;
    u128 local; /* from where it was asked */
    uint16_t local_port;
    bool has[PHASE_N];
    uint64_t us[PHASE_N];
};

struct engine;

/* The next probe; false: there is none now. When more may come later, engine_more says so. */
typedef bool engine_source(void *user, struct probe *probe);
/*
 * Called once for each probe. A probe that follows from its answer (answer->next) is handed in with engine_follow
 * within this call: where the exchange `holds`, its connection stays open until the follower is done.
 */
typedef void engine_sink(void *user, const struct probe_result *result);
/* Each step of a probe: "connect", "sent: …", "received", "refused by …"; bytes may be empty. */
typedef void engine_trace(void *user, const struct probe *probe, uint64_t at_us, struct str what, struct str bytes);

struct engine_options {
    struct trust *trust;  /* NULL: TLS is made, nothing is trusted */
    size_t in_flight;     /* 0: what the descriptors allow, 16,000 at most */
    unsigned rate;        /* new tries a second; 0: no limit */
    unsigned timeout_ms;  /* for connecting, and then again for the whole answer; 0: 3000 */
    unsigned tries;       /* 0: 2 */
    unsigned host_gap_ms; /* between two datagrams to one host when answers are ICMP errors; 0: 1050 */
    bool no_control;      /* no control datagram before silence is interpreted */
    unsigned most_ms;     /* of a probe under way, all its tries together; 0: (tries + 1) * timeout_ms */
    engine_source *source;
    engine_sink *sink;
    engine_trace *trace; /* NULL: none */
    void *user;
};

int engine_open(struct loop *loop, const struct engine_options *options, struct engine **made); /* 0 or -errno */
void engine_start(struct engine *engine);                             /* takes probes; then the loop runs */
void engine_more(struct engine *engine);                              /* the source has probes again */
void engine_follow(struct engine *engine, const struct probe *probe); /* within the sink: see there */
/* What is in flight ends with outcome `error`, "interrupted"; the source is asked no more. */
void engine_stop(struct engine *engine);
size_t engine_in_flight(const struct engine *engine); /* 0 and no more probes: it is done */
void engine_close(struct engine *engine);             /* NULL is fine; nothing is reported any more */

#endif
