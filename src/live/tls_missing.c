/* The place of TLS until it is there: every session fails, and says so. */
#include "live/tls.h"

struct tls_session *tls_client(struct trust *trust, int fd, struct str name)
{
    static char nothing;

    (void)trust;
    (void)fd;
    (void)name;
    return (struct tls_session *)(void *)&nothing;
}

void tls_free(struct tls_session *session)
{
    (void)session;
}

enum tls_state tls_handshake(struct tls_session *session)
{
    (void)session;
    return TLS_FAILED;
}

enum tls_state tls_read(struct tls_session *session, void *p, size_t capacity, size_t *n)
{
    (void)session;
    (void)p;
    (void)capacity;
    *n = 0;
    return TLS_FAILED;
}

enum tls_state tls_write(struct tls_session *session, const void *p, size_t size, size_t *n)
{
    (void)session;
    (void)p;
    (void)size;
    *n = 0;
    return TLS_FAILED;
}

struct str tls_problem(const struct tls_session *session)
{
    (void)session;
    return STR("not built in");
}

struct str tls_first_bytes(const struct tls_session *session)
{
    (void)session;
    return STR_EMPTY;
}

enum tls_trust tls_trusted(const struct tls_session *session, struct str *why)
{
    (void)session;
    *why = STR("not built in");
    return TLS_BROKEN;
}

void tls_evidence(const struct tls_session *session, struct answer *answer)
{
    (void)session;
    (void)answer;
}

struct str tls_issuer(const struct tls_session *session)
{
    (void)session;
    return STR_EMPTY;
}

struct str tls_fingerprint(const struct tls_session *session)
{
    (void)session;
    return STR_EMPTY;
}
