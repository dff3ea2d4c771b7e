/*
 * The way through a proxy: HTTP CONNECT (RFC 9110 9.3.6) and SOCKS5 (RFC 1928, RFC 1929), both sides, as machines over
 * bytes without a socket. The proxy is told a name, which it resolves, or an address.
 *
 * A refusal has two kinds, and they are told apart: the proxy does not want to (`proxy-refused`), or it could not: then
 * the outcome is that of the target as the proxy says it, `refused`, `unreachable`, `filtered` or `unresolved`. HTTP
 * has no words of its own for it; what is read is Proxy-Status (RFC 9209), Squid's X-Squid-Error, and at last the text
 * that comes with a status of 5xx.
 */
#ifndef PORTOLAN_SERVICE_PROXY_H
#define PORTOLAN_SERVICE_PROXY_H

#include "service/service.h"

/* Bytes that a caller keeps while an answer is incomplete. */
#define PROXY_INPUT_MAX 8192

enum proxy_kind { PROXY_NONE, PROXY_HTTP, PROXY_SOCKS5, PROXY_N };

enum proxy_step {
    PROXY_READ,    /* send what is in `out`, wait for bytes or the end */
    PROXY_THROUGH, /* the bytes behind *used are the target's */
    PROXY_REFUSED, /* the answer says by whom */
    PROXY_STEP_N
};

/* Where to. Borrowed: it outlives the talk. */
struct proxy_ask {
    enum proxy_kind kind; /* PROXY_HTTP or PROXY_SOCKS5 */
    struct str host;      /* a name, or an address as addr_format writes it */
    uint16_t port;
    struct str user; /* "name:password"; empty: none */
};

struct proxy_talk {
    const struct proxy_ask *ask;
    uint8_t turn; /* of the machine */
};

/* After connecting to the proxy. PROXY_REFUSED: what is asked cannot be said in this protocol (outcome `error`). */
enum proxy_step proxy_start(struct proxy_talk *talk, const struct proxy_ask *ask, struct wire_out *out,
                            struct answer *answer);
/* *used bytes at the front of p are done with; the rest is handed in again, with what comes behind it. */
enum proxy_step proxy_heard(struct proxy_talk *talk, const uint8_t *p, size_t n, size_t *used, struct wire_out *out,
                            struct answer *answer);
/* Nothing more will come: p are the bytes that were not used. The answer is complete after it, never `open`. */
void proxy_end(struct proxy_talk *talk, const uint8_t *p, size_t n, enum ending ending, struct answer *answer);

/* ------------------------------------------------------------------ the other side */

struct proxy_door {
    enum proxy_kind kind;
    struct str user; /* "name:password" that is demanded; empty: none. Borrowed */
    uint8_t turn;    /* of the machine; 0 to begin */
    uint16_t port;   /* with PROXY_THROUGH: where to */
    struct str host;
    char text[256]; /* what host points to */
};

/* PROXY_THROUGH: a request is whole, and is to be answered with proxy_reply; PROXY_REFUSED: close after sending. */
enum proxy_step proxy_serve(struct proxy_door *door, const uint8_t *p, size_t n, size_t *used, struct wire_out *out);
/* What came of it: OUTCOME_OPEN, or why there is no way. */
void proxy_reply(const struct proxy_door *door, enum outcome outcome, struct wire_out *out);

#endif
