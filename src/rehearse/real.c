/*
 * See real.h. A leg is one direction of one connection: what is read from one socket and could not be written to the
 * other yet. A leg that has ended shuts the other's socket for writing; when both have, the connection is over.
 */
#include "rehearse/real.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live/socket.h"
#include "net/proto.h"

#define ROOM 16384
#define BACKLOG 512
#define PATIENCE_MS 5000 /* for the first connection to a server */

const struct real *reals_find(const struct reals *reals, uint16_t port)
{
    for (size_t i = 0; reals != NULL && i < reals->n; i++) {
        if (reals->v[i].port == port)
            return &reals->v[i];
    }
    return NULL;
}

/* --- before the stage ------------------------------------------------------------------------------------------------
 */

static int connect_to(int fd, const struct real *real)
{
    struct sockaddr_storage to;
    socklen_t length = socket_address(&to, real->family, real->address, real->server_port);

    return connect(fd, (struct sockaddr *)&to, length) == 0 || errno == EINPROGRESS ? 0 : -errno;
}

static int try_it(const struct real *real)
{
    int fd = socket_open(-1, real->family, PROTO_TCP);
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    socklen_t length = sizeof(int);
    int error = fd < 0 ? fd : connect_to(fd, real);

    if (error == 0 && poll(&polled, 1, PATIENCE_MS) == 0)
        error = -ETIMEDOUT;
    if (error == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0)
        error = -error;
    if (fd >= 0)
        close(fd);
    return error;
}

int reals_ready(struct arena *arena, struct reals *reals, size_t n, struct diags *diags)
{
    vec_each (const struct real *, real, reals) {
        int error = try_it(real);

        for (size_t i = reals->sockets[real->family].n; error == 0 && i < n; i++) {
            int fd = socket_open(-1, real->family, PROTO_TCP);

            if (fd < 0)
                error = fd;
            else
                *vec_push(arena, &reals->sockets[real->family]) = fd;
        }
        if (error == 0)
            continue;
        diag_error(diags, SPAN_NONE, "the server %.*s cannot be played with: %s", STR_ARG(real->text),
                   strerror(-error));
        return error;
    }
    return 0;
}

void reals_close(struct reals *reals)
{
    for (unsigned f = 0; f < FAMILY_N; f++) {
        vec_each (int *, fd, &reals->sockets[f])
            close(*fd);
        reals->sockets[f].n = 0;
    }
}

/* --- connections -----------------------------------------------------------------------------------------------------
 */

struct door;

struct leg {
    struct watch watch; /* of the socket that it reads from */
    struct door *door;
    struct leg *other;
    uint8_t bytes[ROOM]; /* read here, and not written to the other's socket yet */
    size_t from;
    size_t n;
    bool ended; /* nothing more to read */
    bool shut;  /* and the other side has been told */
};

struct door {
    struct relay *relay;
    struct leg client;
    struct leg server;
    struct door *next;
    struct door **place;
};

struct entrance {
    struct watch watch;
    struct relay *relay;
    const struct real *real;
};

struct relay {
    struct arena *arena;
    struct loop *loop;
    struct reals *reals;
    struct VEC(struct entrance *) entrances;
    struct door *doors;
};

static void close_door(struct door *door)
{
    struct leg *legs[] = {&door->client, &door->server};

    for (size_t i = 0; i < 2; i++) {
        loop_unwatch(door->relay->loop, &legs[i]->watch);
        close(legs[i]->watch.fd);
    }
    *door->place = door->next;
    if (door->next != NULL)
        door->next->place = door->place;
    free(door);
}

/* False: the connection broke. */
static bool write_out(struct leg *leg)
{
    while (leg->n > 0) {
        ssize_t n = send(leg->other->watch.fd, leg->bytes + leg->from, leg->n, MSG_NOSIGNAL);

        if (n < 0)
            return errno == EAGAIN || errno == ENOTCONN; /* not connected yet: later */
        leg->from += (size_t)n;
        leg->n -= (size_t)n;
    }
    leg->from = 0;
    if (leg->ended && !leg->shut)
        leg->shut = shutdown(leg->other->watch.fd, SHUT_WR) == 0;
    return true;
}

static bool read_in(struct leg *leg)
{
    ssize_t n;

    if (leg->n > 0 || leg->ended)
        return true;
    n = recv(leg->watch.fd, leg->bytes, sizeof leg->bytes, 0);
    if (n < 0)
        return errno == EAGAIN || errno == ENOTCONN;
    leg->n = (size_t)n;
    leg->ended = n == 0;
    return true;
}

static unsigned wanted(const struct leg *leg)
{
    return (leg->n == 0 && !leg->ended ? LOOP_READ : 0) | (leg->other->n > 0 ? LOOP_WRITE : 0);
}

static void move(struct watch *watch, unsigned events)
{
    struct leg *leg = (struct leg *)(void *)watch;
    struct door *door = leg->door;
    bool good = (events & LOOP_ERROR) == 0;

    good = good && (!(events & (LOOP_READ | LOOP_HANGUP)) || read_in(leg));
    good = good && write_out(leg) && write_out(leg->other);
    if (!good || (leg->shut && leg->other->shut)) {
        close_door(door);
        return;
    }
    loop_change(door->relay->loop, &door->client.watch, wanted(&door->client));
    loop_change(door->relay->loop, &door->server.watch, wanted(&door->server));
}

/* Takes both sockets. */
static void open_door(struct relay *relay, int client, int server)
{
    struct door *door = calloc(1, sizeof *door);

    if (door != NULL) {
        door->relay = relay;
        door->client = (struct leg){.watch = {.ready = move}, .door = door, .other = &door->server};
        door->server = (struct leg){.watch = {.ready = move}, .door = door, .other = &door->client};
    }
    if (door == NULL || loop_watch(relay->loop, &door->client.watch, client, LOOP_READ) < 0 ||
        loop_watch(relay->loop, &door->server.watch, server, LOOP_READ) < 0) {
        close(client);
        close(server);
        free(door);
        return;
    }
    door->next = relay->doors;
    door->place = &relay->doors;
    if (door->next != NULL)
        door->next->place = &door->next;
    relay->doors = door;
}

/* A server that does not take it is a client's connection that breaks. */
static void welcome(struct watch *watch, unsigned events)
{
    struct entrance *entrance = (struct entrance *)(void *)watch;
    struct relay *relay = entrance->relay;
    int client;

    (void)events;
    while ((client = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        const struct real *real = entrance->real;
        int server = -1;

        if (relay->reals->sockets[real->family].n > 0)
            server = relay->reals->sockets[real->family].v[--relay->reals->sockets[real->family].n];
        if (server >= 0 && connect_to(server, real) == 0) {
            open_door(relay, client, server);
            continue;
        }
        close(client);
        if (server >= 0)
            close(server);
    }
}

struct relay *relay_open(struct arena *arena, struct loop *loop, struct reals *reals)
{
    struct relay *relay = arena_new_object(arena, struct relay);

    *relay = (struct relay){.arena = arena, .loop = loop, .reals = reals};
    return relay;
}

int relay_listen(struct relay *relay, const struct real *real, int netns, enum family family, u128 address)
{
    struct entrance *entrance = arena_new_object(relay->arena, struct entrance);
    struct sockaddr_storage own;
    socklen_t length = socket_address(&own, family, address, real->port);
    int fd = socket_open(netns, family, PROTO_TCP);
    int one = 1;
    int error = fd < 0 ? fd : 0;

    if (error < 0)
        return error;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    *entrance = (struct entrance){.watch = {.ready = welcome}, .relay = relay, .real = real};
    if (bind(fd, (struct sockaddr *)&own, length) < 0 || listen(fd, BACKLOG) < 0)
        error = -errno;
    else
        error = loop_watch(relay->loop, &entrance->watch, fd, LOOP_READ);
    if (error < 0)
        close(fd);
    else
        *vec_push(relay->arena, &relay->entrances) = entrance;
    return error;
}

void relay_close(struct relay *relay)
{
    if (relay == NULL)
        return;
    while (relay->doors != NULL)
        close_door(relay->doors);
    vec_each (struct entrance **, entrance, &relay->entrances) {
        loop_unwatch(relay->loop, &(*entrance)->watch);
        close((*entrance)->watch.fd);
    }
}
