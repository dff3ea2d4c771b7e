/* See capture.h. Sockets of AF_PACKET in every namespace (packet(7)); only what comes in is taken, or every packet
 * would be there twice for each wire. The format: the manual page pcap-savefile(5). */
#include "rehearse/capture.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdio.h>
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

struct capture {
    struct arena *arena;
    struct str path;
    FILE *file;
    struct VEC(struct tap *) taps;
    bool failed;
    int error;
};

static void write_words(struct capture *capture, const uint32_t *words, size_t n)
{
    if (fwrite(words, sizeof *words, n, capture->file) != n && !capture->failed) {
        capture->failed = true;
        capture->error = errno;
    }
}

static void take(struct tap *tap)
{
    struct capture *capture = tap->capture;
    struct sockaddr_ll about;
    socklen_t size = sizeof about;
    uint8_t bytes[SNAP];
    ssize_t n;

    while ((n = recvfrom(tap->fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&about, &size)) >= 0) {
        struct timespec now;

        size = sizeof about;
        if (about.sll_pkttype == PACKET_OUTGOING || about.sll_hatype != 1) /* ARPHRD_ETHER: not what lo carries */
            continue;
        clock_gettime(CLOCK_REALTIME, &now);
        write_words(capture,
                    (const uint32_t[]){(uint32_t)now.tv_sec, (uint32_t)(now.tv_nsec / 1000), (uint32_t)n, (uint32_t)n},
                    4);
        if (fwrite(bytes, 1, (size_t)n, capture->file) != (size_t)n && !capture->failed) {
            capture->failed = true;
            capture->error = errno;
        }
    }
}

static void ready(struct watch *watch, unsigned events)
{
    (void)events;
    take((struct tap *)watch);
}

static int tap_place(struct capture *capture, struct stage *stage, const struct place *place)
{
    struct tap *tap;
    int room = ROOM;
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
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
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
    write_words(capture, (const uint32_t[]){0xa1b2c3d4, 2 | 4 << 16, 0, 0, SNAP, LINKTYPE_ETHERNET}, 6);
    *opened = capture;
    return 0;
}

void capture_take(struct capture *capture)
{
    for (size_t i = 0; capture != NULL && i < capture->taps.n; i++)
        take(capture->taps.v[i]);
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
