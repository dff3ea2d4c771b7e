/*
 * What a server shows. A certificate of its own is made anew each time: its key is never written anywhere. 397 days are
 * the most that browsers accept, and long enough for a stand-in that is left to run; the hour before now is for clocks
 * that go wrong (RFC 5280 for the fields).
 */
#include "live/tls_inside.h"

#include "base/banned.h"
#include "net/addr.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define LIFE_S (397L * 24 * 3600)
#define NAME_MAX_CERT 253

static bool keep_pem(struct identity *identity)
{
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *certificate = SSL_CTX_get0_certificate(identity->side.ctx);
    char *p = NULL;
    bool ok = bio != NULL && certificate != NULL && PEM_write_bio_X509(bio, certificate) == 1;

    if (ok) {
        long n = BIO_get_mem_data(bio, &p);

        buf_add(&identity->certificate, (struct str){p, (size_t)n});
    }
    BIO_free(bio);
    return ok && buf_ok(&identity->certificate);
}

static int identity_new(struct identity **made, const char **why)
{
    struct identity *identity = calloc(1, sizeof *identity);

    ERR_clear_error();
    if (identity == NULL || !tls_side_open(&identity->side, TLS_server_method())) {
        identity_free(identity);
        return tls_complaint(NULL, why);
    }
    SSL_CTX_set_num_tickets(identity->side.ctx, 0);
    *made = identity;
    return 0;
}

int identity_open(const char *certificate_file, const char *key_file, struct identity **made, const char **why)
{
    struct identity *identity;
    int error = identity_new(&identity, why);

    if (error < 0)
        return error;
    error = tls_side_show(&identity->side, certificate_file, key_file, why);
    if (error == 0 && !keep_pem(identity))
        error = tls_complaint(certificate_file, why);
    if (error < 0)
        identity_free(identity);
    else
        *made = identity;
    return error;
}

void identity_free(struct identity *identity)
{
    if (identity == NULL)
        return;
    tls_side_free(&identity->side);
    buf_free(&identity->certificate);
    free(identity);
}

struct str identity_certificate(const struct identity *identity)
{
    return buf_str(&identity->certificate);
}

/* ------------------------------------------------------------------ one of its own */

/* A name or an address as subject alternative name; NULL: no memory. */
static GENERAL_NAME *general_name(struct str name)
{
    GENERAL_NAME *general = GENERAL_NAME_new();
    ASN1_STRING *value;
    enum family family;
    u128 address;
    uint8_t bytes[16];
    const void *p = name.p;
    size_t n = name.n;
    bool is_address = addr_parse(name, &family, &address);

    if (is_address) {
        n = family == FAMILY_V4 ? 4 : 16;
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(address >> 8 * (n - 1 - i));
        p = bytes;
    }
    value = is_address ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    if (general == NULL || value == NULL || ASN1_STRING_set(value, p, (int)n) != 1) {
        GENERAL_NAME_free(general);
        ASN1_STRING_free(value);
        return NULL;
    }
    GENERAL_NAME_set0_value(general, is_address ? GEN_IPADD : GEN_DNS, value);
    return general;
}

static bool add_names(X509 *certificate, const struct str *names, size_t n)
{
    GENERAL_NAMES *all = GENERAL_NAMES_new();
    bool ok = all != NULL;

    for (size_t i = 0; i < n && ok; i++) {
        GENERAL_NAME *name = general_name(names[i]);

        ok = name != NULL && sk_GENERAL_NAME_push(all, name) > 0;
        if (!ok)
            GENERAL_NAME_free(name);
    }
    ok = ok && X509_add1_ext_i2d(certificate, NID_subject_alt_name, all, 0, 0) == 1;
    GENERAL_NAMES_free(all);
    return ok;
}

static bool add_usage(X509 *certificate)
{
    EXTENDED_KEY_USAGE *usage = EXTENDED_KEY_USAGE_new();
    ASN1_OBJECT *server = OBJ_nid2obj(NID_server_auth);
    bool ok = usage != NULL && sk_ASN1_OBJECT_push(usage, server) > 0 &&
              X509_add1_ext_i2d(certificate, NID_ext_key_usage, usage, 0, 0) == 1;

    EXTENDED_KEY_USAGE_free(usage);
    return ok;
}

static bool set_serial(X509 *certificate)
{
    uint8_t random[8];
    uint64_t number = 0;

    if (RAND_bytes(random, sizeof random) != 1)
        return false;
    memcpy(&number, random, sizeof number);
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1 | 1) == 1;
}

static X509 *self_signed(EVP_PKEY *key, const struct str *names, size_t n)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = certificate != NULL ? X509_get_subject_name(certificate) : NULL;
    int common = (int)(names[0].n < 64 ? names[0].n : 64); /* ub-common-name */

    if (certificate != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != NULL &&
        X509_gmtime_adj(X509_getm_notAfter(certificate), LIFE_S) != NULL &&
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, (const unsigned char *)names[0].p, common,
                                   -1, 0) == 1 &&
        X509_set_issuer_name(certificate, subject) == 1 && X509_set_pubkey(certificate, key) == 1 &&
        add_names(certificate, names, n) && add_usage(certificate) && X509_sign(certificate, key, EVP_sha256()) > 0)
        return certificate;
    X509_free(certificate);
    return NULL;
}

/* What a certificate can say, so that a slip is not found at the client's. */
static bool sayable(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] <= ' ' || name.p[i] > '~')
            return false;
    }
    return name.n > 0 && name.n <= NAME_MAX_CERT;
}

int identity_make(const struct str *names, size_t n, struct identity **made, const char **why)
{
    static const struct str usual = {"portolan", 8};
    struct identity *identity;
    EVP_PKEY *key;
    X509 *certificate = NULL;
    int error;

    if (n == 0)
        names = &usual, n = 1;
    for (size_t i = 0; i < n; i++) {
        if (!sayable(names[i])) {
            *why = "a name for a certificate has 1 to 253 printable ASCII characters";
            return -EINVAL;
        }
    }
    error = identity_new(&identity, why);
    if (error < 0)
        return error;
    key = EVP_EC_gen("P-256");
    if (key != NULL)
        certificate = self_signed(key, names, n);
    if (certificate == NULL || SSL_CTX_use_certificate(identity->side.ctx, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(identity->side.ctx, key) != 1 || !keep_pem(identity))
        error = tls_complaint(NULL, why);
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (error < 0)
        identity_free(identity);
    else
        *made = identity;
    return error;
}
