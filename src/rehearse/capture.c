/* See capture.h. Sockets of AF_PACKET in every namespace (packet(7)); only what comes in is taken, or every packet
 * would be there twice for each wire. The format: the manual page pcap-savefile(5). */
#include "rehearse/capture.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "rehearse/build.h"

#define SNAP 65535
#define ROOM (16 << 20)
#define LINKTYPE_ETHERNET 1

struct tap {
    struct watch watch;
    struct capture *capture;
    int fd;
    bool watched;
};

struct record {
    uint64_t at_ns; /* since 1970 */
    size_t from;    /* in the bytes */
    uint32_t n;
};

struct capture {
    struct arena *arena;
    struct str path;
    FILE *file;
    struct VEC(struct tap *) taps;
    struct VEC(struct record) kept; /* not in the file yet */
    struct buf bytes;
    bool failed;
    int error;
};

static void write_bytes(struct capture *capture, const void *bytes, size_t n)
{
    if (fwrite(bytes, 1, n, capture->file) != n && !capture->failed) {
        capture->failed = true;
        capture->error = errno;
    }
}

/* When the kernel got it; both as the file has them. */
static uint64_t time_of(struct msghdr *message)
{
    struct timespec at = {0};

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
            memcpy(&at, CMSG_DATA(c), sizeof at);
    }
    return (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
}

/* False: nothing is there any more. */
static bool take_one(struct capture *capture, int fd)
{
    struct sockaddr_ll about;
    uint8_t bytes[SNAP];
    _Alignas(struct cmsghdr) char control[128];
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {.msg_name = &about,
                             .msg_namelen = sizeof about,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);

    if (n < 0)
        return false;
    if (about.sll_pkttype != PACKET_OUTGOING && about.sll_hatype == 1) { /* ARPHRD_ETHER: not what lo carries */
        *vec_push(capture->arena, &capture->kept) = (struct record){time_of(&message), capture->bytes.n, (uint32_t)n};
        buf_add(&capture->bytes, (struct str){(const char *)bytes, (size_t)n});
    }
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct record *x = a;
    const struct record *y = b;

    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

static void write_record(struct capture *capture, const struct record *record)
{
    uint32_t head[] = {(uint32_t)(record->at_ns / 1000000000), (uint32_t)(record->at_ns / 1000 % 1000000), record->n,
                       record->n};

    write_bytes(capture, head, sizeof head);
    write_bytes(capture, buf_str(&capture->bytes).p + record->from, record->n);
}

/* All that came until then, in the order of time; later ones stay, for another tap may have got one before them. */
static void write_until(struct capture *capture, uint64_t until_ns)
{
    struct buf left = BUF_EMPTY;
    size_t n = 0;

    if (capture->kept.n > 0)
        qsort(capture->kept.v, capture->kept.n, sizeof *capture->kept.v, by_time);
    vec_each (struct record *, record, &capture->kept) {
        if (record->at_ns <= until_ns) {
            write_record(capture, record);
            continue;
        }
        capture->kept.v[n] = *record;
        capture->kept.v[n++].from = left.n;
        buf_add(&left, (struct str){buf_str(&capture->bytes).p + record->from, record->n});
    }
    capture->kept.n = n;
    buf_free(&capture->bytes);
    capture->bytes = left;
}

static void ready(struct watch *watch, unsigned events)
{
    (void)events;
    capture_take(((struct tap *)watch)->capture);
}

static int tap_place(struct capture *capture, struct stage *stage, const struct place *place)
{
    struct tap *tap;
    int room = ROOM;
    int on = 1;
    int error;
    int fd;

    if (place->net.net < 0)
        return 0;
    error = namespace_enter(&place->net);
    if (error < 0)
        return error;
    fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
    if (fd < 0)
        fd = -errno;
    error = namespace_enter(&stage->home);
    if (fd < 0 || error < 0) {
        if (fd >= 0)
            close(fd);
        return fd < 0 ? fd : error;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on); /* where there is that, they take no room */
    tap = arena_new_object(capture->arena, struct tap);
    *tap = (struct tap){.watch = {.ready = ready}, .capture = capture, .fd = fd};
    *vec_push(capture->arena, &capture->taps) = tap;
    return 0;
}

int capture_open(struct arena *arena, struct stage *stage, struct str path, struct diags *diags,
                 struct capture **opened)
{
    struct capture *capture = arena_new_object(arena, struct capture);
    int error = 0;

    *capture = (struct capture){.arena = arena, .path = path, .file = fopen(str_cstr(arena, path), "wbe")};
    if (capture->file == NULL)
        error = -errno;
    for (size_t i = 0; i < stage->crowd_n && error == 0; i++)
        error = tap_place(capture, stage, &stage->crowds[i]);
    for (size_t i = 0; i < stage->site->firewall_n && error == 0; i++)
        error = tap_place(capture, stage, &stage->firewalls[i]);
    if (error < 0) {
        diag_error(diags, SPAN_NONE, "cannot keep packets in %.*s: %s", STR_ARG(path), strerror(-error));
        capture->failed = true; /* said already */
        capture->error = 0;
        if (capture->file != NULL)
            capture_close(capture, diags);
        return error;
    }
    write_bytes(capture, (const uint32_t[]){0xa1b2c3d4, 2 | 4 << 16, 0, 0, SNAP, LINKTYPE_ETHERNET}, 24);
    *opened = capture;
    return 0;
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void capture_take(struct capture *capture)
{
    uint64_t began_ns = now_ns();

    if (capture == NULL)
        return;
    vec_each (struct tap **, tap, &capture->taps) {
        while (take_one(capture, (*tap)->fd))
            ;
    }
    write_until(capture, began_ns);
}

int capture_watch(struct capture *capture, struct loop *loop)
{
    int error = 0;

    for (size_t i = 0; capture != NULL && i < capture->taps.n && error == 0; i++) {
        error = loop_watch(loop, &capture->taps.v[i]->watch, capture->taps.v[i]->fd, LOOP_READ);
        capture->taps.v[i]->watched = error == 0;
    }
    return error;
}

void capture_unwatch(struct capture *capture, struct loop *loop)
{
    for (size_t i = 0; capture != NULL && i < capture->taps.n; i++) {
        if (capture->taps.v[i]->watched)
            loop_unwatch(loop, &capture->taps.v[i]->watch);
        capture->taps.v[i]->watched = false;
    }
}

void capture_close(struct capture *capture, struct diags *diags)
{
    unsigned lost = 0;

    if (capture == NULL)
        return;
    capture_take(capture);
    write_until(capture, UINT64_MAX);
    buf_free(&capture->bytes);
    vec_each (struct tap **, tap, &capture->taps) {
        struct tpacket_stats stats = {0};
        socklen_t size = sizeof stats;

        if (getsockopt((*tap)->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0)
            lost += stats.tp_drops;
        close((*tap)->fd);
    }
    if (lost > 0)
        diag_warning(diags, SPAN_NONE, "%u packets came faster than they could be kept in %.*s", lost,
                     STR_ARG(capture->path));
    if (fclose(capture->file) != 0 && !capture->failed) {
        capture->failed = true;
        capture->error = errno;
    }
    if (capture->error != 0)
        diag_error(diags, SPAN_NONE, "cannot write %.*s: %s", STR_ARG(capture->path), strerror(capture->error));
}
