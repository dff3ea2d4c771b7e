/*
 * One probe on a real socket, for the tests against real servers and our own stand-ins:
 *
 *     talker probe SERVICE PROTO HOST PORT [own] [name=NAME] [seek=SERVICE/PROTO] [timeout=MS] [exec COMMAND ARG...]
 *
 * It prints its outcome, what answered, and why, then its evidence and what is next, a line each, parted by tabs. With
 * `exec` the conversation is with a program's input and output, which is how TLS comes underneath.
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

int main(int argc, char **argv)
{
    if (argc >= 6 && strcmp(argv[1], "probe") == 0)
        return probe(argc - 2, argv + 2);
    fprintf(stderr, "usage: talker probe SERVICE PROTO ADDRESS PORT [OPTION...]\n");
    return 2;
}
