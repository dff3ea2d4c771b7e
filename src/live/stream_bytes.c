/*
 * Bytes of a connection, in and out, with TLS or without. What the socket does not take is kept until it does, and as
 * long nothing is read, so that there is never more than one message of ours; what a machine has not used is kept in a
 * buffer that grows with it. The kernel's own buffers are most of what a connection costs.
 */
#include "live/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define INPUT_MIN 512

enum moved stream_moved(enum tls_state state)
{
    static const uint8_t moved[TLS_STATE_N] = {
        [TLS_OK] = MOVED,           [TLS_WANT_READ] = MOVED_LATER_READ, [TLS_WANT_WRITE] = MOVED_LATER_WRITE,
        [TLS_ENDED] = MOVED_CLOSED, [TLS_RESET] = MOVED_RESET,          [TLS_FAILED] = MOVED_FAILED,
    };

    return (enum moved)moved[state];
}

enum moved stream_receive(struct flight *flight, uint8_t *p, size_t room, size_t *got)
{
    struct tls_session *tls = flight->conversation->tls;
    ssize_t n;

    *got = 0;
    if (tls != NULL)
        return stream_moved(tls_read(tls, p, room, got));
    n = recv(flight->watch.fd, p, room, 0);
    if (n > 0) {
        *got = (size_t)n;
        return MOVED;
    }
    if (n == 0)
        return MOVED_CLOSED;
    return errno == EAGAIN || errno == EINTR ? MOVED_LATER_READ : MOVED_RESET;
}

static enum moved transmit(struct flight *flight, const uint8_t *p, size_t n, size_t *sent)
{
    struct tls_session *tls = flight->conversation->tls;
    ssize_t done;

    *sent = 0;
    if (tls != NULL)
        return stream_moved(tls_write(tls, p, n, sent));
    done = send(flight->watch.fd, p, n, MSG_NOSIGNAL);
    if (done >= 0) {
        *sent = (size_t)done;
        return MOVED;
    }
    return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? MOVED_LATER_WRITE : MOVED_RESET;
}

/* A connection that takes nothing any more may still have an answer to be read. */
void stream_push(struct flight *flight, const uint8_t *p, size_t n)
{
    struct conversation *conversation = flight->conversation;
    enum moved moved = MOVED;
    size_t at = 0;

    while (at < n && moved == MOVED) {
        size_t sent;

        moved = transmit(flight, p + at, n - at, &sent);
        at += sent;
    }
    if (at == n || (moved != MOVED_LATER_READ && moved != MOVED_LATER_WRITE))
        return;
    conversation->unsent = malloc(n - at);
    if (conversation->unsent == NULL)
        return;
    memcpy(conversation->unsent, p + at, n - at);
    conversation->unsent_n = n - at;
    loop_change(flight->engine->loop, &flight->watch, moved == MOVED_LATER_WRITE ? LOOP_WRITE : LOOP_READ);
}

bool stream_push_unsent(struct flight *flight)
{
    struct conversation *conversation = flight->conversation;
    uint8_t *unsent = conversation->unsent;

    if (unsent == NULL)
        return true;
    conversation->unsent = NULL;
    stream_push(flight, unsent, conversation->unsent_n);
    free(unsent);
    return conversation->unsent == NULL;
}

bool stream_keep(struct conversation *conversation, const uint8_t *p, size_t n)
{
    if (n > conversation->capacity) {
        size_t capacity = n < INPUT_MIN ? INPUT_MIN : 2 * n;
        uint8_t *input = realloc(conversation->input, capacity);

        if (input == NULL)
            return false;
        conversation->input = input;
        conversation->capacity = capacity;
    }
    if (n > 0)
        memcpy(conversation->input, p, n);
    conversation->n = n;
    return true;
}
