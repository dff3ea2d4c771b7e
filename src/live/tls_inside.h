/* What the files of TLS share; for no one else. */
#ifndef PORTOLAN_LIVE_TLS_INSIDE_H
#define PORTOLAN_LIVE_TLS_INSIDE_H

#include "live/tls.h"

#include <openssl/ssl.h>

/* What many sessions of one side share. */
struct tls_side {
    SSL_CTX *ctx;
    BIO_METHOD *socket;
};

struct trust {
    struct tls_side side;
};

struct identity {
    struct tls_side side;
    struct buf certificate; /* PEM */
};

#define TLS_TEXT_MAX 256

struct tls_session {
    SSL *ssl;
    int fd;
    bool client;
    bool handshaken;
    /* What the socket said, which OpenSSL does not tell apart. */
    bool ended;
    int reset; /* errno; 0: it was not */
    bool send_failed;
    bool no_tls;
    bool too_long;
    bool broken; /* OpenSSL allows nothing more */
    bool asked;  /* the server asked for a certificate of this end */
    bool demanded;
    uint8_t first[TLS_FIRST_MAX];
    size_t first_n; /* kept until it is known to be TLS */
    bool is_tls;
    size_t got;      /* bytes of the handshake */
    size_t got_call; /* bytes of this call */
    char problem[TLS_TEXT_MAX];

    /* Of the certificate; see tls_evidence.c. */
    X509 *certificate; /* NULL: none has come */
    enum tls_trust trust;
    char why[TLS_TEXT_MAX];
    char issuer[TLS_TEXT_MAX];
    char fingerprint[65];
    size_t name_n;
    char name[]; /* ends in NUL */
};

/* Everything that both sides have in common; *side is the caller's to free, whatever comes of it. */
bool tls_side_open(struct tls_side *side, const SSL_METHOD *method);
void tls_side_free(struct tls_side *side);
/* A certificate with its chain, and its key. 0 or -errno. */
int tls_side_show(struct tls_side *side, const char *certificate_file, const char *key_file, const char **why);
/* The socket of a session as OpenSSL sees it; see tls.c. NULL: no memory. */
BIO_METHOD *tls_socket(void);
/* What OpenSSL says about `file` (NULL: about nothing in particular), as -errno and words. */
int tls_complaint(const char *file, const char **why);

/* Called by OpenSSL for each thing wrong with a chain; goes on with all of them. */
int tls_note_problem(int ok, X509_STORE_CTX *store);
/* When the handshake is over, well or not: what the certificate says. */
void tls_learn(struct tls_session *session);

#endif
