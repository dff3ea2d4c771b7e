/*
 * What a TLS handshake costs a client here, beside a bare loop of OpenSSL that only shakes hands: both against the same
 * server in another process, by turns. The figures are of this process' processor time.
 *
 *   bench_tls [HANDSHAKES] [ROUNDS]      prints both as handshakes a second, the bare first, of the best rounds
 */
#include "live/tls.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in where;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void await(int fd, short events)
{
    struct pollfd waiting = {.fd = fd, .events = events};

    poll(&waiting, 1, -1);
}

/* One connection after another, in a process of its own, until the parent is gone. */
static void serve(int listener, struct identity *identity)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        struct tls_session *session = tls_server(identity, fd);
        enum tls_state state;
        char byte;
        size_t n;

        while ((state = tls_handshake(session)) == TLS_WANT_READ)
            await(fd, POLLIN);
        while (state == TLS_OK && (state = tls_read(session, &byte, 1, &n)) == TLS_WANT_READ) {
            await(fd, POLLIN);
            state = TLS_OK;
        }
        tls_free(session);
        close(fd);
    }
}

static int connection(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const struct linger at_once = {1, 0}; /* no port is kept waiting */

    connect(fd, (const struct sockaddr *)&where, sizeof where);
    await(fd, POLLOUT);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return fd;
}

static void shake_bare(SSL_CTX *ctx)
{
    int fd = connection();
    SSL *ssl = SSL_new(ctx);

    SSL_set_fd(ssl, fd);
    SSL_set_tlsext_host_name(ssl, "server.example");
    while (SSL_connect(ssl) != 1) {
        if (SSL_get_error(ssl, -1) != SSL_ERROR_WANT_READ)
            die("the bare handshake");
        await(fd, POLLIN);
    }
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
}

static void shake_ours(struct trust *trust)
{
    int fd = connection();
    struct tls_session *session = tls_client(trust, fd, STR("server.example"));
    enum tls_state state;
    struct answer answer;

    while ((state = tls_handshake(session)) == TLS_WANT_READ)
        await(fd, POLLIN);
    if (state != TLS_OK)
        die("our handshake");
    answer_init(&answer);
    tls_evidence(session, &answer);
    tls_free(session);
    close(fd);
}

static double used_s(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    long handshakes = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
    long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : 5;
    socklen_t size = sizeof where;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct identity *identity;
    struct trust *trust;
    const char *why = "";
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    double best[2] = {1e9, 1e9};
    pid_t child;

    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (const struct sockaddr *)&where, size) < 0 || listen(listener, 64) < 0 ||
        getsockname(listener, (struct sockaddr *)&where, &size) < 0)
        die("the server's socket");
    if (identity_make(&STR("server.example"), 1, &identity, &why) < 0 ||
        trust_open(&(struct trust_options){0}, &trust, &why) < 0)
        die(why);
    child = fork();
    if (child == 0)
        serve(listener, identity);
    for (long round = 0; round < 2 * rounds; round++) {
        double from_s = used_s();
        double took_s;

        for (long i = 0; i < handshakes; i++) {
            if (round % 2 == 0)
                shake_bare(ctx);
            else
                shake_ours(trust);
        }
        took_s = used_s() - from_s;
        if (took_s < best[round % 2])
            best[round % 2] = took_s;
    }
    printf("%.0f %.0f\n", (double)handshakes / best[0], (double)handshakes / best[1]);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    SSL_CTX_free(ctx);
    trust_free(trust);
    identity_free(identity);
    return 0;
}
