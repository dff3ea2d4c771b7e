/*
 * See volley.h. Sent by raw sockets with headers of ours (raw(7), IP_HDRINCL), got by raw sockets of each protocol:
 * those see a packet when the rules for incoming packets have let it through (ip_input.c: raw_local_deliver), where
 * sockets of AF_PACKET would see it before.
 */
#include "rehearse/volley.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live/socket.h"
#include "net/proto.h"
#include "rehearse/build.h"
#include "rehearse/raw.h"

#define AT_ONCE 32     /* packets between two looks at what came */
#define QUIET_MS 20    /* nothing more is told */
#define GIVE_UP_MS 800 /* since anything was told */
#define ROUNDS 3       /* again, where what the kernel told was lost */
#define ROOM (4 << 20)

struct cannon {
    const struct place *place;
    enum family family;
    int fd;
};

struct ear {
    const struct place *place;
    enum family family;
    uint8_t protocol;
    int fd;
};

struct firing {
    const struct volley *with;
    struct arena *arena;
    struct diags *diags;
    struct map by_tuple; /* -> struct shot */
    struct VEC(struct cannon) cannons;
    struct VEC(struct ear) ears;
    struct VEC(struct pollfd) polled;
    bool lost;
    int error;
};

struct tuple {
    uint64_t source[2];
    uint64_t destination[2];
    uint16_t source_port;
    uint16_t port;
    uint8_t family;
    uint8_t protocol;
    uint8_t unused[2];
};

static struct tuple tuple_of(const struct packet *packet)
{
    struct tuple tuple = {
        .source = {(uint64_t)(packet->source >> 64), (uint64_t)packet->source},
        .destination = {(uint64_t)(packet->destination >> 64), (uint64_t)packet->destination},
        .family = (uint8_t)packet->family,
        .protocol = packet->protocol,
    };

    if (packet->protocol == proto_icmp(packet->family)) {
        tuple.port = (uint16_t)(packet->icmp_type << 8 | packet->icmp_code);
    } else if (proto_has_ports(packet->protocol)) {
        tuple.source_port = packet->source_port;
        tuple.port = packet->port;
    }
    return tuple;
}

/* --- sockets ------------------------------------------------------------------------------------------------------ */

static int open_raw(struct firing *firing, const struct actor *actor, enum family family, int protocol)
{
    int fd = stage_socket(firing->with->stage, actor, family == FAMILY_V4 ? AF_INET : AF_INET6, SOCK_RAW, protocol);
    int room = ROOM;

    if (fd < 0) {
        diag_error(firing->diags, SPAN_NONE, "cannot open a raw socket where %.*s is: %s", STR_ARG(actor->name),
                   strerror(-fd));
        firing->error = fd;
        return fd;
    }
    setsockopt(fd, SOL_SOCKET, protocol == IPPROTO_RAW ? SO_SNDBUFFORCE : SO_RCVBUFFORCE, &room, sizeof room);
    return fd;
}

static int cannon_of(struct firing *firing, const struct shot *shot)
{
    const struct place *place = stage_place(firing->with->stage, shot->from);
    struct cannon *cannon;

    vec_each (struct cannon *, known, &firing->cannons) {
        if (known->place == place && known->family == shot->packet.family)
            return known->fd;
    }
    cannon = vec_push(firing->arena, &firing->cannons);
    *cannon =
        (struct cannon){place, shot->packet.family, open_raw(firing, shot->from, shot->packet.family, IPPROTO_RAW)};
    return cannon->fd;
}

static void open_ear(struct firing *firing, const struct shot *shot)
{
    const struct place *place = stage_place(firing->with->stage, shot->to);
    int on = 1;
    int fd;

    vec_each (struct ear *, known, &firing->ears) {
        if (known->place == place && known->family == shot->packet.family && known->protocol == shot->packet.protocol)
            return;
    }
    fd = open_raw(firing, shot->to, shot->packet.family, shot->packet.protocol);
    if (fd < 0)
        return;
    if (shot->packet.family == FAMILY_V6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    *vec_push(firing->arena, &firing->ears) = (struct ear){place, shot->packet.family, shot->packet.protocol, fd};
    *vec_push(firing->arena, &firing->polled) = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void close_all(struct firing *firing)
{
    vec_each (struct cannon *, cannon, &firing->cannons) {
        if (cannon->fd >= 0)
            close(cannon->fd);
    }
    vec_each (struct ear *, ear, &firing->ears)
        close(ear->fd);
}

/* --- what comes --------------------------------------------------------------------------------------------------- */

/* Sockets of IPv6 give no IP header: the ends come beside the bytes. */
static bool ends_beside(struct msghdr *message, const struct sockaddr_in6 *from, struct packet *packet)
{
    packet->source = socket_address_v6(&from->sin6_addr);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        struct in6_pktinfo info;

        if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO)
            continue;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        packet->destination = socket_address_v6(&info.ipi6_addr);
        return true;
    }
    return false;
}

/* 1: a packet; 0: bytes that are none; -1: nothing is there. */
static int take_one(const struct ear *ear, struct packet *packet)
{
    uint8_t bytes[2048];
    _Alignas(struct cmsghdr) char control[256];
    struct sockaddr_in6 from = {0};
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t n = recvmsg(ear->fd, &message, MSG_DONTWAIT);

    *packet = (struct packet){.family = ear->family, .protocol = ear->protocol};
    if (n < 0)
        return errno == EAGAIN || errno == EBADF ? -1 : 0;
    if (ear->family == FAMILY_V4)
        return raw_read_v4(packet, bytes, (size_t)n);
    return ends_beside(&message, &from, packet) && raw_read_upper(packet, bytes, (size_t)n);
}

static void hear(struct firing *firing)
{
    vec_each (struct ear *, ear, &firing->ears) {
        struct packet packet;
        int taken;

        while ((taken = take_one(ear, &packet)) >= 0) {
            struct tuple tuple = tuple_of(&packet);
            struct shot *shot =
                taken == 0 ? NULL : map_get(&firing->by_tuple, (struct str){(const char *)&tuple, sizeof tuple});

            if (shot != NULL && stage_place(firing->with->stage, shot->to) == ear->place)
                shot->end = SHOT_ARRIVED;
        }
    }
    firing->lost = !fates_read(firing->with->fates) || firing->lost;
    capture_take(firing->with->capture);
}

/* --- firing ------------------------------------------------------------------------------------------------------- */

static void fire(struct firing *firing, struct shot *shot)
{
    uint8_t bytes[RAW_MAX];
    struct sockaddr_storage to;
    socklen_t length = socket_address(&to, shot->packet.family, shot->packet.destination, 0);
    size_t n = raw_build(&shot->packet, bytes);
    int fd;

    shot->end = SHOT_UNSENT;
    if (n == 0)
        return;
    fd = cannon_of(firing, shot);
    if (fd < 0) {
        shot->error = fd;
        return;
    }
    if (sendto(fd, bytes, n, 0, (struct sockaddr *)&to, length) >= 0 || errno == EPERM || errno == EACCES)
        shot->end = SHOT_LOST; /* until it is known; EPERM: rules of its own host */
    else
        shot->error = -errno;
}

static bool stopped(const struct firing *firing, struct shot *shot)
{
    shot->seen = fates_find(firing->with->fates, &shot->packet, &shot->fate);
    return shot->seen && shot->fate.stopped;
}

static size_t unknown(const struct firing *firing, struct shot *shots, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += shots[i].twin == NULL && shots[i].end == SHOT_LOST && !stopped(firing, &shots[i]);
    return count;
}

static void settle(struct firing *firing, struct shot *shots, size_t n)
{
    int quiet_ms = 0;

    while (quiet_ms < GIVE_UP_MS && (quiet_ms == 0 || unknown(firing, shots, n) > 0)) {
        int ready = poll(firing->polled.v, firing->polled.n, QUIET_MS);

        quiet_ms = ready > 0 ? 0 : quiet_ms + QUIET_MS;
        hear(firing);
    }
}

static void fire_all(struct firing *firing, struct shot *shots, size_t n, bool again)
{
    size_t fired = 0;

    for (size_t i = 0; i < n; i++) {
        if (shots[i].twin != NULL)
            continue;
        if (again && (shots[i].end != SHOT_LOST || stopped(firing, &shots[i])))
            continue;
        fire(firing, &shots[i]);
        if (++fired % AT_ONCE == 0 || again)
            hear(firing);
    }
    settle(firing, shots, n);
}

static void copy_end(struct shot *shot, const struct shot *twin)
{
    shot->end = twin->end;
    shot->error = twin->error;
    shot->seen = twin->seen;
    shot->fate = twin->fate;
}

int volley_fire(const struct volley *volley, struct shot *shots, size_t n, struct diags *diags)
{
    struct firing firing = {.with = volley, .arena = arena_new(), .diags = diags};

    *vec_push(firing.arena, &firing.polled) = (struct pollfd){.fd = fates_fd(volley->fates), .events = POLLIN};
    for (size_t i = 0; i < n; i++) {
        struct tuple tuple = tuple_of(&shots[i].packet);

        shots[i].twin = map_get(&firing.by_tuple, (struct str){(const char *)&tuple, sizeof tuple});
        if (shots[i].twin != NULL)
            continue;
        map_set(firing.arena, &firing.by_tuple,
                (struct str){arena_copy(firing.arena, &tuple, sizeof tuple), sizeof tuple}, &shots[i]);
        open_ear(&firing, &shots[i]);
    }
    for (unsigned round = 0; round < ROUNDS && (round == 0 || firing.lost) && firing.error == 0; round++) {
        firing.lost = false;
        fire_all(&firing, shots, n, round > 0);
    }
    for (size_t i = 0; i < n; i++) {
        if (shots[i].end == SHOT_LOST && stopped(&firing, &shots[i]))
            shots[i].end = SHOT_STOPPED;
        if (shots[i].twin != NULL)
            copy_end(&shots[i], shots[i].twin);
    }
    close_all(&firing);
    arena_free(firing.arena);
    return firing.error;
}
