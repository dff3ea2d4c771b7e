/* The two ends of a TLS conversation over a socket pair, and certificates that are made with OpenSSL. */
#ifndef PORTOLAN_TESTS_TLS_ENDS_H
#define PORTOLAN_TESTS_TLS_ENDS_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "live/tls.h"

#define DAY_S (24L * 3600)

static char folder[] = "/tmp/test_tls_XXXXXX";
static struct trust *nothing;
static struct identity *own;

static inline void pair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
}

static inline void same(struct str s, const char *expected)
{
    if (!str_is(s, expected))
        fail_msg("\"%.*s\" is not \"%s\"", STR_ARG(s), expected);
}

static inline void has(struct str s, const char *part)
{
    if (!str_contains(s, part))
        fail_msg("\"%.*s\" does not say \"%s\"", STR_ARG(s), part);
}

/* ------------------------------------------------------------------ certificates */

struct maker {
    const char *name; /* NULL: no names in it */
    bool authority;
    long from_s; /* from now on */
    long to_s;
    EVP_PKEY *key;
    const struct maker *issuer; /* NULL: itself */
    X509 *made;
};

static inline void extend(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static inline void make(struct maker *maker, const char *subject)
{
    const struct maker *issuer = maker->issuer != NULL ? maker->issuer : maker;
    X509 *certificate = maker->made = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);

    if (maker->key == NULL)
        maker->key = EVP_EC_gen("P-256");
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), (long)(uintptr_t)maker & 0xffffff);
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"Example, Inc", -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)subject, -1, -1, 0);
    X509_gmtime_adj(X509_getm_notBefore(certificate), maker->from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate), maker->to_s);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer->made));
    X509_set_pubkey(certificate, maker->key);
    if (maker->authority)
        extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
    if (maker->name != NULL)
        extend(certificate, NID_subject_alt_name, maker->name);
    assert_true(X509_sign(certificate, issuer->key, EVP_sha256()) > 0);
}

static inline void unmake(struct maker *maker)
{
    X509_free(maker->made);
    EVP_PKEY_free(maker->key);
}

static inline const char *path(const char *name)
{
    static char paths[4][64];
    static size_t turn;
    char *p = paths[turn++ % 4];

    snprintf(p, sizeof paths[0], "%s/%s", folder, name);
    return p;
}

/* The certificates in their order, then the key of the first. */
static inline const char *write_pem(const char *name, const struct maker *const *makers, size_t n)
{
    const char *file = path(name);
    FILE *out = fopen(file, "w");

    assert_non_null(out);
    for (size_t i = 0; i < n; i++)
        PEM_write_X509(out, makers[i]->made);
    PEM_write_PrivateKey(out, makers[0]->key, NULL, NULL, 0, NULL, NULL);
    fclose(out);
    return file;
}

static inline void write_text(const char *file, struct str text)
{
    FILE *out = fopen(file, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(text.p, 1, text.n, out), text.n);
    fclose(out);
}

static inline struct trust *trusting(const char *file)
{
    struct trust *trust;
    const char *why = "";

    if (trust_open(&(struct trust_options){.ca_file = file}, &trust, &why) < 0)
        fail_msg("%s", why);
    return trust;
}

/* ------------------------------------------------------------------ conversations */

struct ends {
    int fds[2];
    struct tls_session *client;
    struct tls_session *server;
    enum tls_state client_state;
    enum tls_state server_state;
};

static inline bool waits(enum tls_state state)
{
    return state == TLS_WANT_READ || state == TLS_WANT_WRITE;
}

static inline void shake(struct ends *ends)
{
    ends->client_state = ends->server_state = TLS_WANT_READ;
    for (int i = 0; i < 20 && (waits(ends->client_state) || waits(ends->server_state)); i++) {
        if (waits(ends->client_state))
            ends->client_state = tls_handshake(ends->client);
        if (waits(ends->server_state))
            ends->server_state = tls_handshake(ends->server);
    }
}

static inline void meet(struct ends *ends, struct trust *trust, struct identity *identity, const char *name)
{
    pair(ends->fds);
    ends->client = tls_client(trust, ends->fds[0], str_of(name));
    ends->server = tls_server(identity, ends->fds[1]);
    assert_non_null(ends->client);
    assert_non_null(ends->server);
    shake(ends);
}

static inline void part(struct ends *ends)
{
    tls_free(ends->client);
    tls_free(ends->server);
    close(ends->fds[0]);
    if (ends->fds[1] >= 0)
        close(ends->fds[1]);
}

static inline enum tls_trust judged(struct trust *trust, struct identity *identity, const char *name, char why[256])
{
    struct ends ends;
    struct str text;
    enum tls_trust found;

    meet(&ends, trust, identity, name);
    assert_int_equal(ends.client_state, TLS_OK);
    assert_int_equal(ends.server_state, TLS_OK);
    found = tls_trusted(ends.client, &text);
    snprintf(why, 256, "%.*s", STR_ARG(text));
    assert_int_equal(found == TLS_TRUSTED, text.n == 0);
    part(&ends);
    return found;
}

static inline int setup(void **state)
{
    static const struct str names[] = {{"stand-in.example", 16}, {"10.20.0.11", 10}, {"fd20::11", 8}};
    const char *why;

    (void)state;
    return mkdtemp(folder) == NULL || trust_open(&(struct trust_options){.nothing = true}, &nothing, &why) < 0 ||
           identity_make(names, 3, &own, &why) < 0;
}

static inline int teardown(void **state)
{
    static const char *const files[] = {"own.pem",    "root.pem", "middle.pem", "whole.pem", "alone.pem",
                                        "rooted.pem", "o.pem",    "e.pem",      "w.pem",     "b.pem",
                                        "odd.pem",    "me.pem",   "one.pem",    "two.pem",   "empty.pem"};

    (void)state;
    trust_free(nothing);
    identity_free(own);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        unlink(path(files[i]));
    return rmdir(folder);
}

#endif
