/*
 * TLS over a connected, non-blocking socket (OpenSSL 3), for both sides, and the evidence of it: protocol, cipher, who
 * the certificate names, who issued it, until when, its fingerprint, and whether a chain of trust ends in what is
 * trusted here. A session goes on with a certificate that is not trusted: whether that matters is the caller's, and the
 * service beneath is of interest all the same.
 *
 * What is spoken: TLS 1.0 to 1.3 and weak keys too, for old appliances are there to be found; the evidence says what it
 * was. A certificate is judged by today's measure all the same (OpenSSL's security level 2). No renegotiation, no
 * compression, no tickets, no early data.
 *
 * Cost: a client in its handshake holds some 43 KB (OpenSSL 3.0's buffers), one that is done and idle some 20.
 *
 * A far end that means harm: a handshake has at most TLS_HANDSHAKE_MAX bytes, one call takes at most TLS_CALL_MAX bytes
 * from the socket, and nothing raises SIGPIPE.
 */
#ifndef PORTOLAN_LIVE_TLS_H
#define PORTOLAN_LIVE_TLS_H

#include "base/buf.h"
#include "service/answer.h"

#define TLS_HANDSHAKE_MAX ((size_t)128 << 10)
#define TLS_CALL_MAX ((size_t)64 << 10)
#define TLS_FIRST_MAX 512 /* bytes that are kept of what is no TLS */

/* ------------------------------------------------------------------ what is shared by many sessions */

/* What a client trusts. */
struct trust;
struct trust_options {
    const char *ca_file; /* PEM: roots, or any certificates that are enough; NULL: those of the system */
    bool nothing;        /* no certificate is trusted; ca_file is not read */
    /* Certificates and keys of this end, for servers that ask for one; NULL: none. */
    const char *certificate_file;
    const char *key_file; /* NULL: in the same file */
};
/*
 * 0 or -errno (-EINVAL: a file's content), then *why says in words what is wrong with which file; valid until the next
 * call in this thread. Keys behind a passphrase are errors: nobody is asked.
 */
int trust_open(const struct trust_options *options, struct trust **made, const char **why);
void trust_free(struct trust *trust); /* NULL is fine */

/*
 * What a server shows: a certificate from files (with the chain behind it; key_file NULL: in the same file), or one of
 * its own: P-256, self-signed, for the names and addresses given (none: "portolan"), for 397 days.
 */
struct identity;
int identity_open(const char *certificate_file, const char *key_file, struct identity **made, const char **why);
int identity_make(const struct str *names, size_t n, struct identity **made, const char **why);
struct str identity_certificate(const struct identity *identity); /* PEM, of the certificate alone */
void identity_free(struct identity *identity);                    /* NULL is fine */

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

/*
 * The socket stays the caller's; trust and identity outlive the session. `name` is compared with the certificate, and
 * is the SNI unless it is an address; empty: neither. It is copied. NULL: no memory.
 */
struct tls_session *tls_client(struct trust *trust, int fd, struct str name);
struct tls_session *tls_server(struct identity *identity, int fd);
void tls_free(struct tls_session *session); /* NULL is fine; says goodbye when that does not block */

enum tls_state tls_handshake(struct tls_session *session);
/*
 * *n: bytes moved; 1 or more with TLS_OK, else 0. Bytes may wait inside the session, of which the socket knows nothing:
 * read until it is no longer TLS_OK before waiting. A write to a connection that was reset succeeds; what the far end
 * has said before, or TLS_RESET, is found by the next read.
 */
enum tls_state tls_read(struct tls_session *session, void *p, size_t capacity, size_t *n);
enum tls_state tls_write(struct tls_session *session, const void *p, size_t size, size_t *n);

/* Why it failed or ended, in words: "the far end does not speak TLS", "alert 40: handshake failure". Else empty. */
struct str tls_problem(const struct tls_session *session);
/*
 * TLS_FAILED because what came is not TLS at all: the first bytes, so that they can be named; empty when it was TLS.
 * What comes behind them is still in the socket.
 */
struct str tls_first_bytes(const struct tls_session *session);
/*
 * TLS_FAILED because the server does not go on without a certificate of this end: TLS itself works there, and the
 * evidence is complete. TLS 1.3 says so behind the handshake, at the first read.
 */
bool tls_certificate_demanded(const struct tls_session *session);

enum tls_trust {
    TLS_TRUSTED,
    TLS_SELF_SIGNED,    /* the certificate is its own issuer */
    TLS_UNKNOWN_ISSUER, /* the chain does not end in what is trusted here, or a link of it was not sent */
    TLS_WRONG_NAME,
    TLS_EXPIRED, /* or not valid yet, by the clock of this machine */
    TLS_BROKEN,  /* anything else that OpenSSL finds */
    TLS_TRUST_N
};

const char *tls_trust_name(enum tls_trust trust); /* "self-signed" */

/*
 * After the handshake, of a client. The worst that holds, in the order of the enum; *why in words, valid with the
 * session; empty: trusted.
 */
enum tls_trust tls_trusted(const struct tls_session *session, struct str *why);
/*
 * Adds the evidence: tls, cipher, trust, fingerprint, not-after, issuer, subject, names, client-certificate (`asked`);
 * of a server: tls, cipher, sni. Nothing of what did not come to be known before it failed.
 */
void tls_evidence(const struct tls_session *session, struct answer *answer);
/*
 * The certificate's issuer (RFC 4514, UTF-8, control characters escaped) and its SHA-256 fingerprint (64 hexadecimal
 * digits); valid with the session, empty where no certificate came.
 */
struct str tls_issuer(const struct tls_session *session);
struct str tls_fingerprint(const struct tls_session *session);

#endif
