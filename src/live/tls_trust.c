/*
 * What sessions share: for clients what is trusted, and the settings that both sides have in common. SSL_CTX is safe to
 * be used by several threads once it is made, and it is not changed afterwards.
 *
 * Facts from SSL_CTX_set_security_level(3): TLS 1.0 and 1.1 need level 0 with OpenSSL 3, for their signatures are
 * SHA-1; Debian's own level is 2, and certificates are held against that. A chain that is not trusted is no error here:
 * what is wrong is noted, and the handshake goes on.
 */
#include "live/tls_inside.h"

#include "base/banned.h"

#include <errno.h>
#include <openssl/err.h>

#define CHAIN_MAX ((size_t)64 << 10) /* bytes of certificates */
#define CHAIN_DEPTH 10

static __thread char complaint[512];

int tls_complaint(const char *file, const char **why)
{
    unsigned long code = ERR_peek_error();
    const char *text = NULL;
    int error = -EINVAL;

    if (ERR_SYSTEM_ERROR(code)) {
        error = -ERR_GET_REASON(code);
        text = strerrordesc_np(-error);
    } else if (code == 0 || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE) {
        error = -ENOMEM;
        text = "no memory";
    }
    if (text == NULL)
        text = ERR_reason_error_string(code);
    if (text == NULL)
        text = "OpenSSL does not say why";
    snprintf(complaint, sizeof complaint, "%s%s%s", file != NULL ? file : "", file != NULL ? ": " : "", text);
    *why = complaint;
    ERR_clear_error();
    return error;
}

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *p, int size, int writing, void *user)
{
    (void)p, (void)size, (void)writing, (void)user;
    return -1;
}

bool tls_side_open(struct tls_side *side, const SSL_METHOD *method)
{
    SSL_CTX *ctx = side->ctx = SSL_CTX_new(method);

    side->socket = tls_socket();
    if (ctx == NULL || side->socket == NULL)
        return false;
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_max_cert_list(ctx, CHAIN_MAX);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) == 1 && SSL_CTX_set_max_proto_version(ctx, 0) == 1 &&
           SSL_CTX_set_cipher_list(ctx, "ALL:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0") == 1 &&
           SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384:P-521") == 1;
}

void tls_side_free(struct tls_side *side)
{
    SSL_CTX_free(side->ctx);
    BIO_meth_free(side->socket);
}

int tls_side_show(struct tls_side *side, const char *certificate_file, const char *key_file, const char **why)
{
    if (key_file == NULL)
        key_file = certificate_file;
    if (SSL_CTX_use_certificate_chain_file(side->ctx, certificate_file) != 1)
        return tls_complaint(certificate_file, why);
    if (SSL_CTX_use_PrivateKey_file(side->ctx, key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(side->ctx) != 1)
        return tls_complaint(key_file, why);
    return 0;
}

/* ------------------------------------------------------------------ of clients */

/* Called when the server asks for a certificate; it gets the one of the options, or none. */
static int certificate_asked(SSL *ssl, void *user)
{
    struct tls_session *session = SSL_get_app_data(ssl);

    (void)user;
    session->asked = true;
    return 1;
}

static int fill(struct trust *trust, const struct trust_options *options, const char **why)
{
    SSL_CTX *ctx = trust->side.ctx;
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);

    X509_VERIFY_PARAM_set_auth_level(param, 2);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN); /* any certificate of ca_file is an anchor */
    SSL_CTX_set_verify_depth(ctx, CHAIN_DEPTH);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, tls_note_problem);
    SSL_CTX_set_cert_cb(ctx, certificate_asked, NULL);
    if (!options->nothing && options->ca_file != NULL && SSL_CTX_load_verify_file(ctx, options->ca_file) != 1)
        return tls_complaint(options->ca_file, why);
    if (!options->nothing && options->ca_file == NULL &&
        (SSL_CTX_set_default_verify_file(ctx) != 1 || SSL_CTX_set_default_verify_dir(ctx) != 1))
        return tls_complaint("the certificates of the system", why);
    if (options->certificate_file != NULL)
        return tls_side_show(&trust->side, options->certificate_file, options->key_file, why);
    return 0;
}

int trust_open(const struct trust_options *options, struct trust **made, const char **why)
{
    struct trust *trust = calloc(1, sizeof *trust);
    int error;

    ERR_clear_error();
    if (trust == NULL || !tls_side_open(&trust->side, TLS_client_method()))
        error = tls_complaint(NULL, why);
    else
        error = fill(trust, options, why);
    if (error < 0)
        trust_free(trust);
    else
        *made = trust;
    return error;
}

void trust_free(struct trust *trust)
{
    if (trust == NULL)
        return;
    tls_side_free(&trust->side);
    free(trust);
}
