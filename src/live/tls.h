/*
 * TLS over a connected, non-blocking socket (OpenSSL), for both sides, and the evidence of it: protocol, cipher, who
 * the certificate names, who issued it, until when, its fingerprint, and whether a chain of trust ends in what is
 * trusted here. A session goes on with a certificate that is not trusted: whether that matters is the caller's, and the
 * service beneath is of interest all the same.
 */
#ifndef PORTOLAN_LIVE_TLS_H
#define PORTOLAN_LIVE_TLS_H

#include "base/buf.h"
#include "service/answer.h"

#include <sys/types.h>

/* ------------------------------------------------------------------ what is shared by many sessions */

/* What a client trusts. */
struct trust;
struct trust_options {
    const char *ca_file; /* PEM; NULL: those of the system */
    /* Certificates and keys of this end, for servers that ask for one; NULL: none. */
    const char *certificate_file;
    const char *key_file;
};
/* 0 or -errno; *why is a text of OpenSSL for messages, valid until the next call. */
int trust_open(const struct trust_options *options, struct trust **made, const char **why);
void trust_free(struct trust *trust); /* NULL is fine */

/* What a server shows: a certificate from files, or one of its own (P-256, self-signed, for the names, for a day). */
struct identity;
int identity_open(const char *certificate_file, const char *key_file, struct identity **made, const char **why);
int identity_make(const struct str *names, size_t n, struct identity **made, const char **why);
struct str identity_certificate(const struct identity *identity); /* PEM */
void identity_free(struct identity *identity);

/* ------------------------------------------------------------------ a session */

struct tls_session;

enum tls_state {
    TLS_OK,        /* done: handshaken, or bytes were moved */
    TLS_WANT_READ, /* wait until the socket can be read, then call again */
    TLS_WANT_WRITE,
    TLS_ENDED,  /* the far end closed */
    TLS_RESET,  /* the connection was reset */
    TLS_FAILED, /* no TLS, or a broken one: tls_problem says what */
    TLS_STATE_N
};

/* The socket stays the caller's. `name` is for SNI and is compared with the certificate; an address is no SNI. NULL: no
 * memory. */
struct tls_session *tls_client(struct trust *trust, int fd, struct str name);
struct tls_session *tls_server(struct identity *identity, int fd);
void tls_free(struct tls_session *session); /* NULL is fine; says goodbye when that does not block */

enum tls_state tls_handshake(struct tls_session *session);
/* *n: bytes moved; 1 or more with TLS_OK, else 0. */
enum tls_state tls_read(struct tls_session *session, void *p, size_t capacity, size_t *n);
enum tls_state tls_write(struct tls_session *session, const void *p, size_t size, size_t *n);

/* Why it failed, in words: "the far end does not speak TLS", "alert 40: handshake failure". */
struct str tls_problem(const struct tls_session *session);
/*
 * TLS_FAILED because what came is not TLS at all: the first bytes, so that they can be named; empty when it was TLS.
 */
struct str tls_first_bytes(const struct tls_session *session);

enum tls_trust {
    TLS_TRUSTED,
    TLS_SELF_SIGNED, /* the certificate is its own issuer */
    TLS_UNKNOWN_ISSUER,
    TLS_WRONG_NAME,
    TLS_EXPIRED, /* or not valid yet, by the clock of this machine */
    TLS_BROKEN,  /* anything else that OpenSSL finds */
    TLS_TRUST_N
};

/* After the handshake. The worst that holds, in the order of the enum; *why in words, valid with the session. */
enum tls_trust tls_trusted(const struct tls_session *session, struct str *why);
/* Adds the evidence: tls, cipher, subject, names, issuer, not-after, fingerprint, trust. */
void tls_evidence(const struct tls_session *session, struct answer *answer);
/* The certificate's issuer and its SHA-256 fingerprint, as text; valid with the session. */
struct str tls_issuer(const struct tls_session *session);
struct str tls_fingerprint(const struct tls_session *session);

#endif
