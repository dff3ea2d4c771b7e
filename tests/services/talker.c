/*
 * Probes and responders on real sockets, one conversation at a time, for the tests against real servers and clients:
 *
 *     talker probe SERVICE PROTO HOST PORT [own] [name=NAME] [seek=SERVICE/PROTO] [timeout=MS] [exec COMMAND ARG...]
 *     talker listen SERVICE PROTO ADDRESS PORT [passive=PORT] [registered=SERVICE/PROTO/PORT...]
 *
 * A probe prints its outcome, what answered, and why, then its evidence and what is next, a line each, parted by tabs.
 * With `exec` the conversation is with a program's input and output, which is how TLS comes underneath. A listener
 * prints "ready" when it listens, and a line a receipt; it runs until it is killed.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "service/service.h"

#define INPUT_MAX 65536

static struct ask ask;
static struct offer offer;
static struct next ports[8];
static int timeout_ms = 3000;

static void die(const char *what)
{
    fprintf(stderr, "talker: %s: %s\n", what, strerror(errno));
    exit(2);
}

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static unsigned proto_of(const char *name)
{
    int proto = proto_parse(str_of(name));

    if (proto < 0)
        die(name);
    return (unsigned)proto;
}

static uint16_t number(const char *text)
{
    uint64_t value;

    if (!num_decimal(str_of(text), UINT16_MAX, &value))
        die(text);
    return (uint16_t)value;
}

static void start(struct talk *talk, const char *service, unsigned proto)
{
    const struct service *row = service_find(str_of(service));

    if (row == NULL)
        die(service);
    talk_begin(talk, row, proto);
    talk->ask = &ask;
    talk->offer = &offer;
    talk->now_us = now_us();
    if (getrandom(talk->random, sizeof talk->random, 0) != sizeof talk->random)
        die("getrandom");
}

static void print_answer(const struct answer *answer)
{
    printf("%s\t%s\t%.*s\n", outcome_name(answer->outcome), answer->answered ? answer->answered : "",
           STR_ARG(answer->reason));
    for (size_t i = 0; i < answer->evidence_n; i++)
        printf("evidence\t%s\t%.*s\n", answer->evidence[i].name, STR_ARG(answer->evidence[i].value));
    for (size_t i = 0; i < answer->next_n; i++)
        printf("next\t%s\t%s\t%u\n", answer->next[i].service, answer->next[i].proto == PROTO_TCP ? "tcp" : "udp",
               answer->next[i].port);
    fflush(stdout);
}

/* ------------------------------------------------------------------ sockets */

static struct sockaddr_storage address_of(const char *host, uint16_t port, socklen_t *length)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;

    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        *length = sizeof *v4;
    } else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        *length = sizeof *v6;
    } else {
        die(host);
    }
    return storage;
}

static int open_socket(int family, unsigned proto)
{
    int fd = socket(family, proto == PROTO_TCP ? SOCK_STREAM : SOCK_DGRAM, (int)proto);

    if (fd < 0)
        die("socket");
    return fd;
}

static enum family get_address(const struct sockaddr_storage *storage, u128 *addr, uint16_t *port)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)storage;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)storage;

    *addr = 0;
    if (storage->ss_family == AF_INET) {
        *addr = ntohl(v4->sin_addr.s_addr);
        *port = ntohs(v4->sin_port);
        return FAMILY_V4;
    }
    for (size_t i = 0; i < 16; i++)
        *addr = *addr << 8 | v6->sin6_addr.s6_addr[i];
    *port = ntohs(v6->sin6_port);
    return FAMILY_V6;
}

static void set_ends(int fd, struct talk *talk, const struct sockaddr_storage *peer)
{
    struct sockaddr_storage local;
    socklen_t length = sizeof local;

    talk->peer_family = get_address(peer, &talk->peer, &talk->peer_port);
    if (getsockname(fd, (struct sockaddr *)&local, &length) == 0)
        get_address(&local, &talk->local, &talk->local_port);
}

/* A program instead of a socket: its input and output are both ends of one. */
static int run(char **argv, pid_t *child)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        die("socketpair");
    *child = fork();
    if (*child == 0) {
        dup2(pair[1], 0);
        dup2(pair[1], 1);
        close(pair[0]);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(pair[1]);
    return pair[0];
}

/* ------------------------------------------------------------------ probe */

static void send_all(int fd, const struct wire_out *out, unsigned proto, bool empty_too)
{
    uint8_t echo[8 + WIRE_OUT_MAX] = {ICMP_ECHO};
    const uint8_t *p = out->p;
    size_t n = out->n;

    if (proto == PROTO_ICMP) {
        memcpy(echo + 8, out->p, out->n);
        p = echo;
        n += 8;
    }
    if ((n > 0 || empty_too) && send(fd, p, n, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET &&
        errno != ECONNREFUSED)
        die("send");
}

/* Bytes into what is there; 0 at the end, with why. */
static size_t hear(int fd, uint8_t *in, size_t n, uint64_t deadline, unsigned proto, enum ending *ending)
{
    struct pollfd poller = {fd, POLLIN, 0};
    uint64_t now = now_us();
    ssize_t got = -1;

    *ending = ENDING_TIMEOUT;
    if (now >= deadline || poll(&poller, 1, (int)((deadline - now) / 1000) + 1) <= 0)
        return 0;
    got = recv(fd, in, n, 0);
    if (got > 8 && proto == PROTO_ICMP) {
        got -= 8;
        memmove(in, in + 8, (size_t)got);
    }
    if (got > 0)
        return (size_t)got;
    *ending = got == 0 ? ENDING_CLOSED : errno == ECONNRESET || errno == ECONNREFUSED ? ENDING_RESET : ENDING_CLOSED;
    return 0;
}

static void converse(int fd, struct talk *talk, unsigned proto)
{
    static uint8_t in[INPUT_MAX];
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    uint64_t deadline = now_us() + (uint64_t)timeout_ms * 1000;
    struct answer answer;
    enum ending ending;
    size_t n = 0;
    enum step step;

    answer_init(&answer);
    step = probe_start(talk, &out, &answer);
    send_all(fd, &out, proto, talk->datagram);
    while (step != STEP_DONE) {
        size_t got = hear(fd, in + n, sizeof in - n, deadline, proto, &ending);
        size_t used;

        answer_init(&answer);
        if (got == 0) {
            probe_end(talk, in, n, ending, &answer);
            break;
        }
        n += got;
        out = (struct wire_out){bytes, 0, sizeof bytes, false};
        step = probe_heard(talk, in, n, &used, &out, &answer);
        memmove(in, in + used, n - used);
        n -= used;
        send_all(fd, &out, proto, false);
        if (step == STEP_TLS) { /* the proof is there; TLS is for others to test */
            out.n = 0;
            step = probe_secured(talk, &out, &answer);
        }
    }
    print_answer(&answer);
}

static int probe(int argc, char **argv)
{
    unsigned proto = proto_of(argv[1]);
    uint16_t port = number(argv[3]);
    struct sockaddr_storage peer;
    socklen_t length;
    struct talk talk;
    pid_t child = -1;
    int fd = -1;

    ask.host = str_of(argv[2]);
    ask.port = port;
    for (int i = 4; i < argc; i++) {
        struct str arg = str_of(argv[i]);

        if (str_is(arg, "own")) {
            ask.own = true;
        } else if (str_starts(arg, "name=")) {
            ask.name = str_from(arg, 5);
        } else if (str_starts(arg, "seek=")) {
            struct str over;

            ask.seek = str_cut(str_from(arg, 5), '/', &over);
            ask.seek_of = proto_of(over.p);
        } else if (str_starts(arg, "timeout=")) {
            timeout_ms = number(argv[i] + 8);
        } else if (str_is(arg, "exec") && i + 1 < argc) {
            fd = run(argv + i + 1, &child);
            break;
        } else {
            die(argv[i]);
        }
    }
    start(&talk, argv[0], proto);
    if (fd < 0) {
        peer = address_of(argv[2], port, &length);
        fd = open_socket(peer.ss_family, proto);
        if (connect(fd, (struct sockaddr *)&peer, length) < 0) {
            printf("refused\t\t%s\n", strerror(errno));
            return 0;
        }
    }
    converse(fd, &talk, proto);
    if (child > 0)
        kill(child, SIGKILL);
    return 0;
}

/* ------------------------------------------------------------------ listen */

static void receive(const struct answer *receipt)
{
    if (receipt->reason.n > 0)
        print_answer(receipt);
}

static void serve_stream(int fd, struct talk *talk)
{
    static uint8_t in[INPUT_MAX];
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    struct answer receipt;
    enum ending ending;
    size_t n = 0;
    enum step step;

    answer_init(&receipt);
    step = respond_start(talk, &out, &receipt);
    send_all(fd, &out, PROTO_TCP, false);
    while (step == STEP_READ) {
        size_t got = hear(fd, in + n, sizeof in - n, now_us() + 5000000, PROTO_TCP, &ending);
        size_t used;

        if (got == 0)
            break;
        n += got;
        out = (struct wire_out){bytes, 0, sizeof bytes, false};
        answer_init(&receipt);
        talk->now_us = now_us();
        step = respond_heard(talk, in, n, &used, &out, &receipt);
        memmove(in, in + used, n - used);
        n -= used;
        send_all(fd, &out, PROTO_TCP, false);
        receive(&receipt);
    }
    close(fd);
}

static void serve_streams(int fd, const char *service)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        struct sockaddr_storage peer = {0};
        socklen_t length = sizeof peer;
        int accepted = accept(fd, (struct sockaddr *)&peer, &length);
        struct talk talk;

        if (accepted < 0 || fork() != 0) {
            close(accepted);
            continue;
        }
        start(&talk, service, PROTO_TCP);
        set_ends(accepted, &talk, &peer);
        serve_stream(accepted, &talk);
        _exit(0);
    }
}

static void serve_datagrams(int fd, const char *service)
{
    for (;;) {
        static uint8_t in[INPUT_MAX];
        uint8_t bytes[WIRE_OUT_MAX];
        struct wire_out out = {bytes, 0, sizeof bytes, false};
        struct sockaddr_storage peer = {0};
        socklen_t length = sizeof peer;
        ssize_t n = recvfrom(fd, in, sizeof in, 0, (struct sockaddr *)&peer, &length);
        struct answer receipt;
        struct talk talk;
        size_t used;

        if (n < 0)
            die("recvfrom");
        start(&talk, service, PROTO_UDP);
        set_ends(fd, &talk, &peer);
        answer_init(&receipt);
        respond_heard(&talk, in, (size_t)n, &used, &out, &receipt);
        if (out.n > 0)
            sendto(fd, out.p, out.n, 0, (struct sockaddr *)&peer, length);
        receive(&receipt);
    }
}

static int listen_for(int argc, char **argv)
{
    unsigned proto = proto_of(argv[1]);
    socklen_t length;
    struct sockaddr_storage own = address_of(argv[2], number(argv[3]), &length);
    int fd = open_socket(own.ss_family, proto);
    int one = 1;

    for (int i = 4; i < argc; i++) {
        struct str arg = str_of(argv[i]);

        if (str_starts(arg, "passive=")) {
            offer.passive_port = number(argv[i] + 8);
        } else if (str_starts(arg, "registered=") && offer.port_n < 8) {
            char *service = strchr(argv[i], '=') + 1;
            char *over = strchr(service, '/');
            char *port = over != NULL ? strchr(over + 1, '/') : NULL;

            if (port == NULL)
                die(argv[i]);
            *over = *port = '\0';
            ports[offer.port_n++] = (struct next){service, proto_of(over + 1), number(port + 1)};
        } else {
            die(argv[i]);
        }
    }
    offer.ports = ports;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&own, length) < 0 || (proto == PROTO_TCP && listen(fd, 64) < 0))
        die(argv[3]);
    printf("ready\n");
    fflush(stdout);
    if (proto == PROTO_TCP)
        serve_streams(fd, argv[0]);
    else
        serve_datagrams(fd, argv[0]);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 6 && strcmp(argv[1], "probe") == 0)
        return probe(argc - 2, argv + 2);
    if (argc >= 6 && strcmp(argv[1], "listen") == 0)
        return listen_for(argc - 2, argv + 2);
    fprintf(stderr, "usage: talker probe|listen SERVICE PROTO ADDRESS PORT [OPTION...]\n");
    return 2;
}
