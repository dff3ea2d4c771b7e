/*
 * What a certificate says, and whether it is to be believed. OpenSSL's check of the chain goes on behind each thing
 * that is wrong (tls_note_problem), so that all of them are known, and the worst is said. The far end's certificate is
 * looked at once, when the handshake is over: everything here is text after that.
 *
 * Facts: X509_STORE_CTX_get_error(3) for the errors, RFC 5280 (certificates), RFC 9525 (names in them).
 */
#include "live/tls_inside.h"

#include "base/banned.h"
#include "net/addr.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#define SHOWN_MAX 96 /* of a subject in an answer, which has room for one line's worth of each */

const char *tls_trust_name(enum tls_trust trust)
{
    switch (trust) {
    case TLS_TRUSTED: return "trusted";
    case TLS_SELF_SIGNED: return "self-signed";
    case TLS_UNKNOWN_ISSUER: return "unknown-issuer";
    case TLS_WRONG_NAME: return "wrong-name";
    case TLS_EXPIRED: return "expired";
    case TLS_BROKEN: return "broken";
    case TLS_TRUST_N: break;
    }
    return "";
}

/* ------------------------------------------------------------------ texts */

/* "CN=host,O=\"Example, Inc\"", the host first; empty when it cannot be written. */
static void write_name(char text[TLS_TEXT_MAX], const X509_NAME *name)
{
    static const unsigned long flags = (ASN1_STRFLGS_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) |
                                       ASN1_STRFLGS_ESC_QUOTE | XN_FLAG_SEP_COMMA_PLUS | XN_FLAG_DN_REV | XN_FLAG_FN_SN;
    BIO *bio = BIO_new(BIO_s_mem());
    char *p;

    text[0] = '\0';
    if (bio != NULL && X509_NAME_print_ex(bio, name, 0, flags) >= 0) {
        long n = BIO_get_mem_data(bio, &p);

        snprintf(text, TLS_TEXT_MAX, "%.*s", (int)n, p);
    }
    BIO_free(bio);
}

/* "2027-03-31T23:59:59Z" */
static void write_time(char text[32], const ASN1_TIME *time)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(time, &tm) == 1)
        strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
    else
        snprintf(text, 32, "an unreadable time");
}

/* Names and addresses that the certificate is for, as far as there is room: "a.example, 10.0.0.1". */
static void write_names(char *text, size_t size, const X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    struct buf all = BUF_EMPTY;

    for (int i = 0; i < sk_GENERAL_NAME_num(names) && all.n < size; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
        const uint8_t *p;
        size_t n;
        u128 address = 0;

        if (type != GEN_DNS && type != GEN_IPADD)
            continue;
        p = ASN1_STRING_get0_data(value);
        n = (size_t)ASN1_STRING_length(value);
        if (type == GEN_IPADD && n != 4 && n != 16)
            continue;
        buf_adds(&all, all.n > 0 ? ", " : "");
        for (size_t k = 0; k < n && type == GEN_IPADD; k++)
            address = address << 8 | p[k];
        if (type == GEN_IPADD)
            addr_format(&all, n == 4 ? FAMILY_V4 : FAMILY_V6, address);
        else
            buf_add(&all, (struct str){(const char *)p, n});
    }
    GENERAL_NAMES_free(names);
    if (all.n >= size && size > 4) /* cut, and it shows */
        snprintf(text, size, "%.*s...", (int)(size - 4), all.p);
    else
        snprintf(text, size, "%.*s", (int)all.n, all.n > 0 ? all.p : "");
    buf_free(&all);
}

/* ------------------------------------------------------------------ what is wrong */

static void note(struct tls_session *session, enum tls_trust trust, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The worst has the word; of two that are as bad the first. */
static void note(struct tls_session *session, enum tls_trust trust, const char *format, ...)
{
    va_list args;

    if (trust <= session->trust)
        return;
    session->trust = trust;
    va_start(args, format);
    vsnprintf(session->why, sizeof session->why, format, args);
    va_end(args);
}

static void note_issuer(struct tls_session *session, const X509 *certificate, int depth)
{
    char issuer[TLS_TEXT_MAX];

    write_name(issuer, X509_get_issuer_name(certificate));
    if (depth == 0)
        note(session, TLS_UNKNOWN_ISSUER, "the issuer %.150s is not trusted here, nor was its certificate sent",
             issuer);
    else
        note(session, TLS_UNKNOWN_ISSUER, "the chain ends with %.150s, which is not trusted here", issuer);
}

static void note_time(struct tls_session *session, const X509 *certificate, int depth, bool over)
{
    char time[32];

    write_time(time, over ? X509_get0_notAfter(certificate) : X509_get0_notBefore(certificate));
    note(session, TLS_EXPIRED, "the %s %s %s", depth == 0 ? "certificate" : "certificate of its issuer",
         over ? "expired at" : "is not valid before", time);
}

int tls_note_problem(int ok, X509_STORE_CTX *store)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_session *session = SSL_get_app_data(ssl);
    const X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    int depth = X509_STORE_CTX_get_error_depth(store);
    int error = X509_STORE_CTX_get_error(store);

    if (ok)
        return 1;
    switch (error) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        note(session, TLS_SELF_SIGNED, "the certificate is signed by itself");
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: note_issuer(session, certificate, depth); break;
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: break; /* follows from the one above */
    case X509_V_ERR_CERT_HAS_EXPIRED: note_time(session, certificate, depth, true); break;
    case X509_V_ERR_CERT_NOT_YET_VALID: note_time(session, certificate, depth, false); break;
    default:
        note(session, TLS_BROKEN, "the certificate%s: %s", depth == 0 ? "" : " of its issuer",
             X509_verify_cert_error_string(error));
        break;
    }
    return 1;
}

static void judge_name(struct tls_session *session)
{
    struct str name = {session->name, session->name_n};
    enum family family;
    u128 address;
    char names[120];
    int match;

    if (name.n == 0)
        return;
    if (addr_parse(name, &family, &address))
        match = X509_check_ip_asc(session->certificate, name.p, 0);
    else
        match = X509_check_host(session->certificate, name.p, name.n, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL);
    if (match == 1)
        return;
    write_names(names, sizeof names, session->certificate);
    note(session, TLS_WRONG_NAME, "the certificate is for %s, not for %.100s", names[0] != '\0' ? names : "other names",
         name.p);
}

void tls_learn(struct tls_session *session)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    X509 *certificate = session->certificate = SSL_get0_peer_certificate(session->ssl);

    if (certificate == NULL)
        return;
    judge_name(session);
    write_name(session->issuer, X509_get_issuer_name(certificate));
    if (X509_digest(certificate, EVP_sha256(), digest, &n) != 1)
        n = 0;
    for (unsigned i = 0; i < n && i < 32; i++) {
        session->fingerprint[2 * i] = hex[digest[i] >> 4];
        session->fingerprint[2 * i + 1] = hex[digest[i] & 15];
    }
    ERR_clear_error();
}

/* ------------------------------------------------------------------ for others */

enum tls_trust tls_trusted(const struct tls_session *session, struct str *why)
{
    *why = str_of(session->why);
    return session->trust;
}

struct str tls_issuer(const struct tls_session *session)
{
    return str_of(session->issuer);
}

struct str tls_fingerprint(const struct tls_session *session)
{
    return str_of(session->fingerprint);
}

static void add_certificate(const struct tls_session *session, struct answer *answer)
{
    const X509 *certificate = session->certificate;
    char text[TLS_TEXT_MAX];
    char time[32];

    answer_add(answer, "trust", "%s", tls_trust_name(session->trust));
    answer_add(answer, "fingerprint", "%s", session->fingerprint);
    write_time(time, X509_get0_notAfter(certificate));
    answer_add(answer, "not-after", "%s", time);
    answer_add(answer, "issuer", "%.*s", SHOWN_MAX, session->issuer);
    write_name(text, X509_get_subject_name(certificate));
    answer_add(answer, "subject", "%.*s", SHOWN_MAX, text);
    write_names(text, SHOWN_MAX, certificate);
    if (text[0] != '\0')
        answer_add(answer, "names", "%s", text);
    ERR_clear_error();
}

void tls_evidence(const struct tls_session *session, struct answer *answer)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(session->ssl);
    const char *sni = SSL_get_servername(session->ssl, TLSEXT_NAMETYPE_host_name);
    int version = SSL_version(session->ssl);

    if (cipher != NULL) { /* the server has chosen */
        answer_add(answer, "tls", "TLS 1.%d", version - TLS1_VERSION);
        answer_add(answer, "cipher", "%s", SSL_CIPHER_get_name(cipher));
    }
    if (session->certificate != NULL)
        add_certificate(session, answer);
    if (session->asked)
        answer_add(answer, "client-certificate", "asked");
    if (!session->client && sni != NULL)
        answer_add_text(answer, "sni", str_of(sni));
}
