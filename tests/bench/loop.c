/*
 * A bare epoll loop, as the peer of our probes, and the far end that both of them ask. No deadlines, no tries, no
 * pacing, nothing is understood: a question costs a socket, a connection, at most one message each way, and the next
 * one begins when it is over.
 *
 *   loop serve             connections to 22 get a banner of SSH, requests to 80 an answer of HTTP; all other ports of
 *                          the file of numbers at standard input only listen. Prints "ready", runs until it is killed
 *   loop connect|ssh|http FIRST N IN_FLIGHT
 *                          asks so many addresses from FIRST on; prints how many answered, and seconds: of wall, of
 *                          this process
 *   loop blackbox MODULE FIRST N IN_FLIGHT
 *                          has blackbox_exporter at 127.0.0.1:9115 ask them, and counts its "probe_success 1"
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READY_MAX 512
#define BANNER "SSH-2.0-far\r\n"
#define PAGE "HTTP/1.1 200 OK\r\nServer: far\r\nContent-Length: 3\r\nConnection: close\r\n\r\nfar"
#define ANSWER_MAX 16384

enum kind { CONNECT, SSH, HTTP, BLACKBOX, KIND_N };

struct question {
    int fd;
    bool sent;
    size_t n;
    unsigned at;
    char answer[ANSWER_MAX];
};

static int epoll;
static enum kind kind;
static const char *module = "";
static uint32_t first;
static unsigned wanted;
static unsigned begun;
static unsigned done;
static unsigned good;

static void die(const char *what)
{
    fprintf(stderr, "loop: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        die("descriptors");
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void watch(int how, int fd, unsigned events, void *what)
{
    struct epoll_event event = {.events = events, .data.ptr = what};

    if (epoll_ctl(epoll, how, fd, &event) < 0)
        die("epoll_ctl");
}

static void close_reset(int fd)
{
    const struct linger at_once = {1, 0}; /* no port is kept waiting */

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

/* ------------------------------------------------------------------ the far end */

static void listen_at(unsigned port)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (port == 80)
        setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&where, sizeof where) < 0 || listen(fd, port == 22 || port == 80 ? 16384 : 64) < 0)
        die("listen");
    watch(EPOLL_CTL_ADD, fd, EPOLLIN, (void *)(uintptr_t)((unsigned long)fd << 16 | port));
}

static void serve_one(int listener, unsigned port)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        char request[4096];

        if (port == 80) {
            (void)!recv(fd, request, sizeof request, 0);
            (void)!send(fd, PAGE, sizeof PAGE - 1, MSG_NOSIGNAL);
        } else if (port == 22) {
            (void)!send(fd, BANNER, sizeof BANNER - 1, MSG_NOSIGNAL);
        }
        close(fd);
    }
}

static void serve(void)
{
    struct epoll_event ready[READY_MAX];
    unsigned port;

    listen_at(22);
    listen_at(80);
    while (scanf("%u", &port) == 1)
        listen_at(port);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(epoll, ready, READY_MAX, -1);

        for (int i = 0; i < n; i++) {
            unsigned long what = (uintptr_t)ready[i].data.ptr;

            serve_one((int)(what >> 16), what & 0xffff);
        }
    }
}

/* ------------------------------------------------------------------ who asks */

static void begin(struct question *question)
{
    static const unsigned ports[KIND_N] = {22, 22, 80, 9115};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)ports[kind])};

    question->at = begun++;
    question->sent = false;
    question->n = 0;
    to.sin_addr.s_addr = htonl(kind == BLACKBOX ? INADDR_LOOPBACK : first + question->at);
    question->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (question->fd < 0 || (connect(question->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS))
        die("connect");
    watch(EPOLL_CTL_ADD, question->fd, kind == SSH ? EPOLLIN : EPOLLOUT, question);
}

static void end(struct question *question, bool answered)
{
    close_reset(question->fd);
    done++;
    good += answered;
    if (begun < wanted)
        begin(question);
}

static void ask(struct question *question)
{
    struct in_addr address = {htonl(first + question->at)};
    char request[256];
    int n;

    if (kind == HTTP)
        n = snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                     inet_ntoa(address));
    else
        n = snprintf(request, sizeof request,
                     "GET /probe?module=%s&target=%s%s HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n", module,
                     inet_ntoa(address), strcmp(module, "http_2xx") == 0 ? "" : ":22");
    if (send(question->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
        die("send");
    question->sent = true;
    watch(EPOLL_CTL_MOD, question->fd, EPOLLIN, question);
}

/* The whole answer of HTTP ends with its connection; a banner with its line. */
static void hear(struct question *question)
{
    ssize_t n = recv(question->fd, question->answer + question->n, ANSWER_MAX - 1 - question->n, 0);

    if (n > 0) {
        question->n += (size_t)n;
        question->answer[question->n] = '\0';
        if (kind == SSH && question->answer[question->n - 1] == '\n')
            end(question, strncmp(question->answer, "SSH-2.0-", 8) == 0);
        else if (kind == HTTP && strstr(question->answer, "\r\n\r\n") != NULL)
            end(question, strncmp(question->answer, "HTTP/1.1 ", 9) == 0);
        return;
    }
    if (n < 0 && errno == EAGAIN)
        return;
    question->answer[question->n] = '\0';
    end(question, kind == BLACKBOX && strstr(question->answer, "\nprobe_success 1") != NULL);
}

static void step(struct question *question)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (question->sent || kind == SSH) {
        hear(question);
        return;
    }
    getsockopt(question->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0 || kind == CONNECT)
        end(question, error == 0);
    else
        ask(question);
}

static double clock_s(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void ask_all(unsigned in_flight)
{
    struct question *questions = calloc(in_flight, sizeof *questions);
    struct epoll_event ready[READY_MAX];
    double from_s = clock_s(CLOCK_MONOTONIC);

    for (unsigned i = 0; i < in_flight && begun < wanted; i++)
        begin(&questions[i]);
    while (done < wanted) {
        int n = epoll_wait(epoll, ready, READY_MAX, -1);

        for (int i = 0; i < n; i++)
            step(ready[i].data.ptr);
    }
    printf("%u %.6f %.6f\n", good, clock_s(CLOCK_MONOTONIC) - from_s, clock_s(CLOCK_PROCESS_CPUTIME_ID));
}

int main(int argc, char **argv)
{
    static const char *const kinds[KIND_N] = {"connect", "ssh", "http", "blackbox"};

    allow_descriptors();
    epoll = epoll_create1(0);
    if (argc == 2 && strcmp(argv[1], "serve") == 0)
        serve();
    while (argc > 1 && kind < KIND_N && strcmp(argv[1], kinds[kind]) != 0)
        kind++;
    if (argc != (kind == BLACKBOX ? 6 : 5) || kind == KIND_N) {
        fputs("usage: see the top of loop.c\n", stderr);
        return 2;
    }
    if (kind == BLACKBOX)
        module = argv[2];
    first = ntohl(inet_addr(argv[argc - 3]));
    wanted = (unsigned)strtoul(argv[argc - 2], NULL, 10);
    ask_all((unsigned)strtoul(argv[argc - 1], NULL, 10));
    return 0;
}
