/*
 * The listener: its sockets, its limits, and who goes when it is full. The invariant: connections stand in the list in
 * the order of their last progress, so that the oldest is always the next to be shed, and one deadline is enough for
 * all of them.
 */
#include "live/listener.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "live/socket.h"

#define BACKLOG 4096
#define DESCRIPTORS_KEPT 32 /* for everything else that the program has open */
#define PAUSE_US 100000

const char *receipt_name(enum receipt_kind kind)
{
    static const char *const names[RECEIPT_N] = {
        [RECEIPT_ANSWERED] = "answered", [RECEIPT_UNANSWERED] = "unanswered",
        [RECEIPT_FOREIGN] = "foreign",   [RECEIPT_STRANGER] = "stranger",
        [RECEIPT_SHED] = "shed",         [RECEIPT_CLOSED] = "closed",
    };

    return names[kind];
}

uint64_t listener_clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct source_slot *listener_slot(struct listener *listener, enum family family, u128 peer)
{
    const uint64_t parts[] = {(uint64_t)family, (uint64_t)(peer >> 64), (uint64_t)peer};
    uint64_t hash = listener->seed;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        hash = (hash ^ parts[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return &listener->slots[(hash ^ listener->seed >> 17) % LISTENER_SLOTS];
}

bool post_allows(const struct post *post, u128 peer)
{
    return post->stand_in.allowed == NULL || ranges_contain(post->stand_in.allowed, peer);
}

void post_tell(const struct post *post, struct receipt *receipt)
{
    const struct listener_options *options = &post->listener->options;

    receipt->stand_in = &post->stand_in;
    receipt->family = post->stand_in.family;
    if (options->receipt != NULL)
        options->receipt(options->user, receipt);
}

void post_talk(const struct post *post, struct talk *talk)
{
    talk_begin(talk, post->stand_in.service, post->stand_in.proto);
    talk->offer = post->stand_in.offer;
    talk->peer_family = post->stand_in.family;
    talk->local = post->stand_in.address;
    talk->local_port = post->stand_in.port;
    talk->now_us = listener_clock_us();
    if (getrandom(talk->random, sizeof talk->random, 0) < 0)
        memcpy(talk->random, &talk->now_us, sizeof talk->now_us); /* what is random in an answer keeps no secret */
}

/* ------------------------------------------------------------------ limits */

void listener_shed_idle(struct deadline *deadline)
{
    struct listener *listener = (struct listener *)(void *)((char *)deadline - offsetof(struct listener, idle));
    uint64_t idle_us = (uint64_t)listener->options.idle_ms * 1000;

    while (listener->oldest != NULL && listener->oldest->progress_us + idle_us <= listener->loop->now_us)
        connection_shed(listener->oldest, STR("too slow, or silent"));
    if (listener->oldest != NULL)
        loop_at(listener->loop, &listener->idle, listener->oldest->progress_us + idle_us);
}

static void set_accepting(struct listener *listener, bool accepting)
{
    for (struct post *post = listener->posts; post != NULL; post = post->next) {
        if (post->stand_in.proto == PROTO_TCP)
            loop_change(listener->loop, &post->watch, accepting ? LOOP_READ : 0);
    }
}

static void resume(struct deadline *deadline)
{
    set_accepting((struct listener *)(void *)((char *)deadline - offsetof(struct listener, resume)), true);
}

/* No descriptors, no memory: those who wait are left in the kernel's queue for a while, instead of asking in a circle.
 */
void listener_pause(struct listener *listener)
{
    set_accepting(listener, false);
    if (!loop_after(listener->loop, &listener->resume, PAUSE_US))
        set_accepting(listener, true);
}

/* As many descriptors as this process may have; how many that is. */
static size_t raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 1024;
    if (limit.rlim_cur < limit.rlim_max) {
        struct rlimit raised = {limit.rlim_max, limit.rlim_max};

        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    return limit.rlim_cur > 1 << 30 ? 1 << 30 : (size_t)limit.rlim_cur;
}

static void set_most(struct listener *listener)
{
    size_t used = listener->post_n + DESCRIPTORS_KEPT;
    size_t left = listener->descriptors > used ? listener->descriptors - used : 1;

    listener->most = left < listener->options.connections ? left : listener->options.connections;
}

/* ------------------------------------------------------------------ sockets */

static void set_options(int fd, const struct stand_in *stand_in)
{
    int one = 1;

    if (stand_in->proto == PROTO_TCP)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    else if (stand_in->family == FAMILY_V4)
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
    else
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one);
}

static int bind_socket(int fd, const struct stand_in *stand_in, uint16_t *port)
{
    struct sockaddr_storage own;
    socklen_t length =
        socket_address(&own, stand_in->family, stand_in->any_address ? 0 : stand_in->address, stand_in->port);
    enum family family;
    u128 addr;

    set_options(fd, stand_in);
    if (bind(fd, (struct sockaddr *)&own, length) < 0 || (stand_in->proto == PROTO_TCP && listen(fd, BACKLOG) < 0) ||
        getsockname(fd, (struct sockaddr *)&own, &length) < 0)
        return -errno;
    socket_address_read(&own, &family, &addr, port);
    return 0;
}

int listener_add(struct listener *listener, const struct stand_in *stand_in, uint16_t *port)
{
    const struct exchange *exchange = service_exchange(stand_in->service, stand_in->proto);
    bool tcp = stand_in->proto == PROTO_TCP;
    struct post *post;
    uint16_t bound = 0;
    int error;
    int fd;

    assert((tcp || stand_in->proto == PROTO_UDP) && exchange->input_max < LISTENER_INPUT_MAX / 2);
    if (listener->options.identity == NULL && (exchange->tls == TLS_FIRST || exchange->tls == TLS_UPGRADE))
        return -ENOTSUP;
    fd = socket_open(stand_in->netns, stand_in->family, stand_in->proto);
    if (fd < 0)
        return fd;
    post = calloc(1, sizeof *post);
    error = post == NULL ? -ENOMEM : bind_socket(fd, stand_in, &bound);
    if (error == 0) {
        post->watch.ready = tcp ? post_accept : post_receive;
        error = loop_watch(listener->loop, &post->watch, fd, LOOP_READ);
    }
    if (error < 0) {
        free(post);
        close(fd);
        return error;
    }
    post->listener = listener;
    post->stand_in = *stand_in;
    post->stand_in.port = bound;
    post->next = listener->posts;
    listener->posts = post;
    listener->post_n++;
    set_most(listener);
    *port = bound;
    return 0;
}

int listener_open(struct loop *loop, const struct listener_options *options, struct listener **made)
{
    struct listener *listener = calloc(1, sizeof *listener);
    struct listener_options *own;

    if (listener == NULL)
        return -ENOMEM;
    listener->spare = calloc(1, sizeof *listener->spare);
    if (listener->spare == NULL || getrandom(&listener->seed, sizeof listener->seed, 0) < 0) {
        free(listener->spare);
        free(listener);
        return -ENOMEM;
    }
    listener->loop = loop;
    listener->idle.fire = listener_shed_idle;
    listener->resume.fire = resume;
    own = &listener->options;
    *own = *options;
    own->connections = own->connections > 0 ? own->connections : 10000;
    own->connections_peer = own->connections_peer > 0 ? own->connections_peer : (own->connections + 3) / 4;
    own->datagrams_peer = own->datagrams_peer > 0 ? own->datagrams_peer : 500;
    own->idle_ms = own->idle_ms > 0 ? own->idle_ms : 10000;
    own->most_ms = own->most_ms > 0 ? own->most_ms : 60000;
    listener->descriptors = raise_descriptors();
    set_most(listener);
    *made = listener;
    return 0;
}

size_t listener_connections(const struct listener *listener)
{
    return listener->connection_n;
}

size_t listener_most(const struct listener *listener)
{
    return listener->most;
}

void listener_close(struct listener *listener)
{
    if (listener == NULL)
        return;
    while (listener->oldest != NULL)
        connection_shed(listener->oldest, STR("the stand-in was ended"));
    while (listener->posts != NULL) {
        struct post *post = listener->posts;

        listener->posts = post->next;
        loop_unwatch(listener->loop, &post->watch);
        close(post->watch.fd);
        free(post);
    }
    loop_cancel(listener->loop, &listener->idle);
    loop_cancel(listener->loop, &listener->resume);
    free(listener->spare);
    free(listener);
}
