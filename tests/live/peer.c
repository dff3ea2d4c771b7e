/*
 * TLS, names and doors of proxies as the program has them, for outsiders to judge; see judged.py.
 *
 *   peer client PORT NAME CA|- [CERTIFICATE]   shakes hands with 127.0.0.1, asks for /, prints what it found
 *   peer server FILE NAME…                     prints its port, writes its certificate to FILE, answers for ever
 *   peer door http|socks USER                  prints its port; answers for each target where it was asked to go; one
 *                                              that begins with the name of an outcome has this outcome
 *   peer names SERVERS NAME…                   prints a line for each name: its addresses, a bar, why not
 */
#include "live/loop.h"
#include "live/resolve.h"
#include "live/tls.h"
#include "service/proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int die(const char *why)
{
    fprintf(stderr, "peer: %s\n", why);
    return 2;
}

/* Waits for what the session wants; false: it wants nothing more. */
static bool wanted(enum tls_state state, int fd)
{
    struct pollfd waiting = {.fd = fd, .events = state == TLS_WANT_READ ? POLLIN : POLLOUT};

    return (state == TLS_WANT_READ || state == TLS_WANT_WRITE) && poll(&waiting, 1, 20000) > 0;
}

static enum tls_state shake(struct tls_session *session, int fd)
{
    enum tls_state state;

    while (wanted(state = tls_handshake(session), fd))
        ;
    return state;
}

/* One piece of what comes, after asking. */
static enum tls_state talk(struct tls_session *session, int fd, const char *question, char *text, size_t size,
                           size_t *n)
{
    enum tls_state state = TLS_OK;

    if (question != NULL)
        while (wanted(state = tls_write(session, question, strlen(question), n), fd))
            ;
    if (state == TLS_OK)
        while (wanted(state = tls_read(session, text, size, n), fd))
            ;
    return state;
}

static void report(struct tls_session *session, enum tls_state state)
{
    struct answer answer;
    struct str why;

    tls_trusted(session, &why);
    printf("state: %d\nproblem: %.*s\nwhy: %.*s\ndemanded: %d\nfirst: %.*s\n", (int)state,
           STR_ARG(tls_problem(session)), STR_ARG(why), tls_certificate_demanded(session),
           STR_ARG(str_trim(tls_first_bytes(session))));
    answer_init(&answer);
    tls_evidence(session, &answer);
    for (size_t i = 0; i < answer.evidence_n; i++)
        printf("%s: %.*s\n", answer.evidence[i].name, STR_ARG(answer.evidence[i].value));
    fflush(stdout);
}

static int client(char **argv, int n)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct trust_options options = {.ca_file = argv[2], .certificate_file = n > 3 ? argv[3] : NULL};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct tls_session *session;
    struct trust *trust;
    const char *why = "";
    enum tls_state state;
    char text[256] = "";
    size_t got = 0;

    where.sin_port = htons((uint16_t)strtoul(argv[0], NULL, 10));
    options.nothing = strcmp(argv[2], "-") == 0;
    if (trust_open(&options, &trust, &why) < 0)
        return die(why);
    if (connect(fd, (const struct sockaddr *)&where, sizeof where) < 0)
        return die("no connection");
    session = tls_client(trust, fd, str_of(argv[1]));
    state = shake(session, fd);
    if (state == TLS_OK)
        state = talk(session, fd, "GET / HTTP/1.0\r\n\r\n", text, sizeof text - 1, &got);
    report(session, state);
    printf("text: %.*s\n", (int)strcspn(text, "\r\n"), text);
    tls_free(session);
    trust_free(trust);
    close(fd);
    return 0;
}

/* A listening socket and its port; -1: none. */
static int open_port(uint16_t *port)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof where;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(listener, (const struct sockaddr *)&where, size) < 0 || listen(listener, 8) < 0 ||
        getsockname(listener, (struct sockaddr *)&where, &size) < 0)
        return -1;
    *port = ntohs(where.sin_port);
    return listener;
}

/* Whoever started it may come from now on. */
static void is_ready(uint16_t port)
{
    printf("port %u\n", port);
    fflush(stdout);
}

static int server(char **argv, int n)
{
    uint16_t port = 0;
    int listener = open_port(&port);
    FILE *file = fopen(argv[0], "w");
    struct identity *identity;
    struct str names[8];
    const char *why = "";
    struct str pem;

    for (int i = 1; i < n && i < 9; i++)
        names[i - 1] = str_of(argv[i]);
    if (identity_make(names, (size_t)n - 1, &identity, &why) < 0)
        return die(why);
    if (listener < 0)
        return die("no socket");
    pem = identity_certificate(identity);
    if (file == NULL || fwrite(pem.p, 1, pem.n, file) != pem.n || fclose(file) != 0)
        return die("the file of the certificate cannot be written");
    is_ready(port);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        struct tls_session *session = tls_server(identity, fd);
        enum tls_state state = shake(session, fd);
        static const char said[] = "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nportolan\n";
        char text[2048];
        size_t got = 0;

        if (state == TLS_OK && talk(session, fd, NULL, text, sizeof text, &got) == TLS_OK)
            tls_write(session, said, sizeof said - 1, &got);
        report(session, state);
        tls_free(session);
        close(fd);
    }
}

static enum outcome outcome_for(struct str host)
{
    for (enum outcome outcome = OUTCOME_OPEN; outcome < OUTCOME_N; outcome++) {
        if (outcome != OUTCOME_OPEN && str_starts(host, outcome_name(outcome)))
            return outcome;
    }
    return OUTCOME_OPEN;
}

/* One client: up to its request, then what it asks the target for. */
static void let_through(int fd, struct proxy_door *door)
{
    uint8_t in[4096];
    uint8_t bytes[WIRE_OUT_MAX];
    enum proxy_step step = PROXY_READ;
    size_t n = 0;
    size_t used;
    ssize_t got;

    while (step == PROXY_READ && (got = recv(fd, in + n, sizeof in - n, 0)) > 0) {
        struct wire_out out = {bytes, 0, sizeof bytes, false};

        n += (size_t)got;
        step = proxy_serve(door, in, n, &used, &out);
        n -= used;
        memmove(in, in + used, n);
        if (step == PROXY_THROUGH)
            proxy_reply(door, outcome_for(door->host), &out);
        send(fd, bytes, out.n, MSG_NOSIGNAL);
    }
    if (step == PROXY_THROUGH && outcome_for(door->host) == OUTCOME_OPEN && recv(fd, in, sizeof in, 0) > 0) {
        int size =
            snprintf((char *)bytes, sizeof bytes, "HTTP/1.0 200 OK\r\n\r\n%.*s %u\n", STR_ARG(door->host), door->port);

        send(fd, bytes, (size_t)size, MSG_NOSIGNAL);
    }
    close(fd);
}

static int doors(char **argv)
{
    enum proxy_kind kind = strcmp(argv[0], "http") == 0 ? PROXY_HTTP : PROXY_SOCKS5;
    uint16_t port;
    int listener = open_port(&port);

    if (listener < 0)
        return die("no socket");
    is_ready(port);
    for (;;) {
        struct proxy_door door = {.kind = kind, .user = str_of(argv[1])};

        let_through(accept(listener, NULL, NULL), &door);
    }
}

static void print_name(void *user, struct str name, const struct address *addresses, size_t n, struct str why,
                       uint64_t took_us)
{
    struct buf text = BUF_EMPTY;

    (void)user;
    (void)took_us;
    buf_addf(&text, "%.*s:", STR_ARG(name));
    for (size_t i = 0; i < n; i++) {
        buf_addc(&text, ' ');
        addr_format(&text, addresses[i].family, addresses[i].addr);
    }
    printf("%.*s | %.*s\n", STR_ARG(buf_str(&text)), STR_ARG(why));
    buf_free(&text);
}

static int names(char **argv, int n)
{
    const struct resolver_options options = {.servers = strcmp(argv[0], "-") == 0 ? NULL : argv[0], .timeout_ms = 500};
    struct resolver *resolver;
    struct loop loop;

    if (loop_open(&loop) < 0 || resolver_open(&loop, &options, &resolver) < 0)
        return die("no resolver");
    for (int i = 1; i < n; i++)
        resolver_ask(resolver, str_of(argv[i]), print_name, NULL);
    loop_run(&loop); /* ends by itself when nothing is asked any more */
    resolver_close(resolver);
    loop_close(&loop);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 5 && strcmp(argv[1], "client") == 0)
        return client(argv + 2, argc - 2);
    if (argc >= 3 && strcmp(argv[1], "server") == 0)
        return server(argv + 2, argc - 2);
    if (argc == 4 && strcmp(argv[1], "door") == 0)
        return doors(argv + 2);
    if (argc >= 4 && strcmp(argv[1], "names") == 0)
        return names(argv + 2, argc - 2);
    return die("see the top of peer.c");
}
