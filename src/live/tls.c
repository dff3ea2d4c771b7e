/*
 * A session: OpenSSL over a socket of our own making. The BIO below is what OpenSSL reads from and writes to; it notes
 * what OpenSSL does not tell apart (the far end has closed, the connection was reset, what came is no TLS), sends
 * without SIGPIPE, and bounds what a far end can make us read. The invariant: the bytes in `first` are all that has
 * come, until they are known to be TLS.
 *
 * A send that fails is not the last word: the far end may have said why before it went, and that is still to be read.
 * So it counts as done, and the next read finds what there is.
 *
 * OpenSSL is handed each read as large as its buffer (read_ahead), so that a flight of the handshake costs one call of
 * the kernel.
 *
 * Facts: RFC 8446 and 5246 (records, alerts), BIO_meth_new(3), SSL_get_error(3).
 */
#include "live/tls_inside.h"

#include "base/banned.h"
#include "net/addr.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>

#define HEADER_SIZE 5

/* ------------------------------------------------------------------ the socket */

/* The first bytes until they show what they are; false: no TLS. An alert or a handshake, version 3.x. */
static bool keep_first(struct tls_session *session, const uint8_t *p, size_t n)
{
    const uint8_t *first = session->first;
    size_t room = sizeof session->first - session->first_n;
    size_t length;

    memcpy(session->first + session->first_n, p, n < room ? n : room);
    session->first_n += n < room ? n : room;
    if ((first[0] != 0x15 && first[0] != 0x16) || (session->first_n > 1 && first[1] != 3))
        return false;
    if (session->first_n < HEADER_SIZE)
        return true;
    length = (size_t)first[3] << 8 | first[4];
    session->is_tls = length > 0 && length <= SSL3_RT_MAX_ENCRYPTED_LENGTH && first[2] <= 4;
    return session->is_tls;
}

/* Bytes that have come; 0: none yet, or more than this call should take, or it is over (ended, reset). */
static size_t receive(struct tls_session *session, void *p, size_t size)
{
    ssize_t n;

    if (session->got_call >= TLS_CALL_MAX)
        return 0;
    do
        n = recv(session->fd, p, size, 0);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        errno = ECONNRESET; /* as it is when a send has had the error already */
    if (n == 0 && !session->send_failed)
        session->ended = true;
    else if (n <= 0 && errno != EAGAIN)
        session->reset = errno;
    return n > 0 ? (size_t)n : 0;
}

static int socket_read(BIO *bio, char *p, size_t size, size_t *n)
{
    struct tls_session *session = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    *n = receive(session, p, size);
    if (*n == 0) {
        if (!session->ended && session->reset == 0)
            BIO_set_retry_read(bio);
        return 0;
    }
    session->got_call += *n;
    if (!session->is_tls && !keep_first(session, (const uint8_t *)p, *n)) {
        session->no_tls = true;
        return 0;
    }
    if (!session->handshaken) {
        session->got += *n;
        session->too_long = session->got > TLS_HANDSHAKE_MAX;
    }
    return !session->too_long;
}

static int socket_write(BIO *bio, const char *p, size_t size, size_t *n)
{
    struct tls_session *session = BIO_get_data(bio);
    ssize_t sent = -1;

    BIO_clear_retry_flags(bio);
    if (!session->send_failed) {
        do
            sent = send(session->fd, p, size, MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        if (sent < 0 && errno == EAGAIN) {
            BIO_set_retry_write(bio);
            return 0;
        }
        session->send_failed = sent < 0;
    }
    *n = sent < 0 ? size : (size_t)sent;
    return 1;
}

static long socket_control(BIO *bio, int command, long number, void *p)
{
    (void)bio, (void)number, (void)p;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *tls_socket(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket");

    if (method != NULL && BIO_meth_set_read_ex(method, socket_read) == 1 &&
        BIO_meth_set_write_ex(method, socket_write) == 1 && BIO_meth_set_ctrl(method, socket_control) == 1)
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* ------------------------------------------------------------------ a session's life */

static struct tls_session *session_new(const struct tls_side *side, int fd, struct str name)
{
    struct tls_session *session = calloc(1, sizeof *session + name.n + 1);
    BIO *bio;

    if (session == NULL)
        return NULL;
    session->fd = fd;
    session->name_n = name.n;
    if (name.n > 0)
        memcpy(session->name, name.p, name.n);
    session->ssl = SSL_new(side->ctx);
    bio = session->ssl != NULL ? BIO_new(side->socket) : NULL;
    if (bio == NULL) {
        SSL_free(session->ssl);
        free(session);
        return NULL;
    }
    BIO_set_data(bio, session);
    BIO_set_init(bio, 1);
    SSL_set_bio(session->ssl, bio, bio);
    SSL_set_app_data(session->ssl, session);
    return session;
}

/* The name that goes to the server: none for an address, no dot at the end, nothing that cannot be one. */
static bool server_name(struct tls_session *session)
{
    struct str name = {session->name, session->name_n};
    enum family family;
    u128 address;

    return name.n > 0 && name.n <= 253 && memchr(name.p, '\0', name.n) == NULL && !addr_parse(name, &family, &address);
}

struct tls_session *tls_client(struct trust *trust, int fd, struct str name)
{
    struct tls_session *session;

    if (str_ends(name, "."))
        name.n--;
    session = session_new(&trust->side, fd, name);
    if (session == NULL)
        return NULL;
    session->client = true;
    SSL_set_connect_state(session->ssl);
    if (server_name(session) && SSL_set_tlsext_host_name(session->ssl, session->name) != 1) {
        tls_free(session);
        return NULL;
    }
    return session;
}

struct tls_session *tls_server(struct identity *identity, int fd)
{
    struct tls_session *session = session_new(&identity->side, fd, STR_EMPTY);

    if (session != NULL)
        SSL_set_accept_state(session->ssl);
    return session;
}

void tls_free(struct tls_session *session)
{
    if (session == NULL)
        return;
    if (session->handshaken && !session->broken)
        SSL_shutdown(session->ssl);
    SSL_free(session->ssl);
    ERR_clear_error();
    free(session);
}

/* ------------------------------------------------------------------ what is wrong, in words */

/* The alerts of TLS 1.0 to 1.3 (IANA, "TLS Alerts"). */
static const char *alert_name(int alert)
{
    static const struct {
        int alert;
        const char *name;
    } names[] = {
        {10, "unexpected message"},
        {20, "bad record mac"},
        {21, "decryption failed"},
        {22, "record overflow"},
        {30, "decompression failure"},
        {40, "handshake failure"},
        {41, "no certificate"},
        {42, "bad certificate"},
        {43, "unsupported certificate"},
        {44, "certificate revoked"},
        {45, "certificate expired"},
        {46, "certificate unknown"},
        {47, "illegal parameter"},
        {48, "unknown ca"},
        {49, "access denied"},
        {50, "decode error"},
        {51, "decrypt error"},
        {52, "too many cids requested"},
        {60, "export restriction"},
        {70, "protocol version"},
        {71, "insufficient security"},
        {80, "internal error"},
        {86, "inappropriate fallback"},
        {90, "user canceled"},
        {100, "no renegotiation"},
        {109, "missing extension"},
        {110, "unsupported extension"},
        {111, "certificate unobtainable"},
        {112, "unrecognized name"},
        {113, "bad certificate status response"},
        {114, "bad certificate hash value"},
        {115, "unknown psk identity"},
        {116, "certificate required"},
        {120, "no application protocol"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].alert == alert)
            return names[i].name;
    }
    return "not assigned";
}

/* Alerts by which a server says that it wanted a certificate, or another than it got. */
static bool is_about_certificate(int alert)
{
    return alert == 40 || (alert >= 41 && alert <= 46) || alert == 48 || alert == 49 || alert == 116;
}

static void say(struct tls_session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct tls_session *session, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(session->problem, sizeof session->problem, format, args);
    va_end(args);
}

static enum tls_state say_openssl(struct tls_session *session)
{
    unsigned long code = ERR_peek_error();
    int alert = ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET;
    const char *reason = ERR_reason_error_string(code);

    if (ERR_GET_LIB(code) != ERR_LIB_SSL || alert < 0 || alert > 255) {
        say(session, "broken TLS: %s", reason != NULL ? reason : "OpenSSL does not say why");
        return TLS_FAILED;
    }
    session->demanded = session->client && session->asked && is_about_certificate(alert);
    say(session, "alert %d: %s%s", alert, alert_name(alert),
        session->demanded ? " (the server demands a client certificate)" : "");
    return TLS_FAILED;
}

static const char *reset_name(int error)
{
    return error == ECONNRESET ? "the connection was reset" : strerrordesc_np(error);
}

/* OpenSSL goes no further: why? What the socket said comes first. */
static enum tls_state give_up(struct tls_session *session)
{
    session->broken = true;
    if (session->no_tls) {
        say(session, "the far end does not speak TLS");
        return TLS_FAILED;
    }
    if (session->too_long) {
        say(session, "broken TLS: a handshake of more than %zu bytes", TLS_HANDSHAKE_MAX);
        return TLS_FAILED;
    }
    if (!session->ended && session->reset == 0)
        return say_openssl(session);
    say(session, "%s%s", session->ended ? "the far end closed the connection" : reset_name(session->reset),
        session->handshaken ? "" : " in the TLS handshake");
    return session->ended ? TLS_ENDED : TLS_RESET;
}

/* What a call of OpenSSL has come to. */
static enum tls_state state_of(struct tls_session *session, int result)
{
    switch (SSL_get_error(session->ssl, result)) {
    case SSL_ERROR_NONE: return TLS_OK;
    case SSL_ERROR_WANT_READ: return TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE: return TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN: say(session, "the far end closed the connection"); return TLS_ENDED;
    default: return give_up(session);
    }
}

/* ------------------------------------------------------------------ handshake and bytes */

enum tls_state tls_handshake(struct tls_session *session)
{
    enum tls_state state;
    int result;

    if (session->broken)
        return TLS_FAILED;
    ERR_clear_error();
    session->got_call = 0;
    result = SSL_do_handshake(session->ssl);
    state = state_of(session, result);
    session->handshaken = state == TLS_OK;
    if (session->client && state != TLS_WANT_READ && state != TLS_WANT_WRITE)
        tls_learn(session);
    return state;
}

enum tls_state tls_read(struct tls_session *session, void *p, size_t capacity, size_t *n)
{
    *n = 0;
    if (session->broken)
        return TLS_FAILED;
    ERR_clear_error();
    session->got_call = 0;
    return state_of(session, SSL_read_ex(session->ssl, p, capacity, n));
}

enum tls_state tls_write(struct tls_session *session, const void *p, size_t size, size_t *n)
{
    *n = 0;
    if (session->broken)
        return TLS_FAILED;
    ERR_clear_error();
    session->got_call = 0;
    return state_of(session, SSL_write_ex(session->ssl, p, size, n));
}

struct str tls_problem(const struct tls_session *session)
{
    return str_of(session->problem);
}

struct str tls_first_bytes(const struct tls_session *session)
{
    return (struct str){(const char *)session->first, session->no_tls ? session->first_n : 0};
}

bool tls_certificate_demanded(const struct tls_session *session)
{
    return session->demanded;
}
