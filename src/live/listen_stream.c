/*
 * Stand-ins over TCP. A connection is read while it has nothing to send, so that who does not take answers is not asked
 * for more requests. What became of it is told once: when it ends, or when its last answer is sent.
 *
 *     PEEKING -> HANDSHAKING -> TALKING -> ENDING -> LEAVING
 *
 * LEAVING waits for the client to close: closing first with input unread would reset the connection, and the last
 * answer might be lost on its way.
 */
#include "live/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "live/socket.h"

#define READS_AT_ONCE 8
/* Many small requests in one piece are all answered at once: so few that their answers surely fit. */
#define READ_MAX 1024
#define AT_ONCE 64 /* connections of one socket before the others have their turn */
#define TLS_HANDSHAKE_BYTE 0x16

/* ------------------------------------------------------------------ the list, oldest progress first */

static void list_remove(struct connection *connection)
{
    struct listener *listener = connection->post->listener;

    *(connection->older != NULL ? &connection->older->newer : &listener->oldest) = connection->newer;
    *(connection->newer != NULL ? &connection->newer->older : &listener->newest) = connection->older;
}

static void list_append(struct connection *connection)
{
    struct listener *listener = connection->post->listener;

    connection->progress_us = listener->loop->now_us;
    connection->newer = NULL;
    connection->older = listener->newest;
    *(listener->newest != NULL ? &listener->newest->newer : &listener->oldest) = connection;
    listener->newest = connection;
    if (listener->idle.place == 0)
        loop_after(listener->loop, &listener->idle, (uint64_t)listener->options.idle_ms * 1000);
}

static void progress(struct connection *connection)
{
    list_remove(connection);
    list_append(connection);
}

/* ------------------------------------------------------------------ the end */

static void tell(struct connection *connection, enum receipt_kind kind, const char *foreign, struct str why)
{
    uint64_t took_us = connection->post->listener->loop->now_us - connection->began_us;
    struct receipt receipt = {
        .at_us = listener_clock_us() - took_us,
        .took_us = took_us,
        .peer = connection->talk.peer,
        .peer_port = connection->talk.peer_port,
        .local = connection->talk.local,
        .kind = kind,
        .foreign = foreign,
        .answer = connection->asked,
        .requests = connection->requests,
        .why = why,
    };

    post_tell(connection->post, &receipt);
}

static void destroy(struct connection *connection)
{
    struct listener *listener = connection->post->listener;

    list_remove(connection);
    listener->connection_n--;
    listener_slot(listener, connection->talk.peer_family, connection->talk.peer)->connections--;
    loop_unwatch(listener->loop, &connection->watch);
    tls_free(connection->tls);
    close(connection->watch.fd);
    free(connection->asked);
    free(connection->kept);
    free(connection->pending);
    free(connection);
}

/* A reset: nothing of it stays in the kernel either. */
static void reset(int fd)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* Whoever was answered was answered, however it ended. */
static void finish(struct connection *connection, enum receipt_kind otherwise, struct str why)
{
    if (connection->state != CONNECTION_LEAVING)
        tell(connection, connection->requests > 0 ? RECEIPT_ANSWERED : otherwise, NULL, why);
    destroy(connection);
}

void connection_shed(struct connection *connection, struct str why)
{
    reset(connection->watch.fd);
    finish(connection, RECEIPT_SHED, why);
}

static void finish_foreign(struct connection *connection, const uint8_t *p, size_t n)
{
    tell(connection, RECEIPT_FOREIGN, recognise_request(p, n, false), STR_EMPTY);
    reset(connection->watch.fd);
    destroy(connection);
}

/* All is sent; what is left is to wait for the client to close. */
static void leave(struct connection *connection)
{
    tell(connection, RECEIPT_ANSWERED, NULL, STR_EMPTY);
    connection->state = CONNECTION_LEAVING;
    tls_free(connection->tls); /* says goodbye */
    connection->tls = NULL;
    shutdown(connection->watch.fd, SHUT_WR);
    progress(connection);
}

/* ------------------------------------------------------------------ bytes */

static enum tls_state read_some(struct connection *connection, uint8_t *p, size_t capacity, size_t *n)
{
    ssize_t got;

    *n = 0;
    if (connection->tls != NULL)
        return tls_read(connection->tls, p, capacity, n);
    got = recv(connection->watch.fd, p, capacity, MSG_DONTWAIT);
    if (got > 0)
        *n = (size_t)got;
    if (got >= 0)
        return got > 0 ? TLS_OK : TLS_ENDED;
    return errno == EAGAIN || errno == EINTR ? TLS_WANT_READ : TLS_RESET;
}

static enum tls_state write_some(struct connection *connection, const uint8_t *p, size_t size, size_t *n)
{
    ssize_t sent;

    *n = 0;
    if (connection->tls != NULL)
        return tls_write(connection->tls, p, size, n);
    sent = send(connection->watch.fd, p, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
        *n = (size_t)sent;
    if (sent >= 0)
        return TLS_OK;
    return errno == EAGAIN || errno == EINTR ? TLS_WANT_WRITE : TLS_RESET;
}

/* Puts what is left of `*kept` into memory of its own, or frees it. False: there is no memory. */
static bool keep(uint8_t **kept, uint32_t *kept_n, const uint8_t *p, size_t n)
{
    uint8_t *copy = NULL;

    if (n > 0) {
        copy = malloc(n);
        if (copy == NULL)
            return false;
        memcpy(copy, p, n);
    }
    free(*kept);
    *kept = copy;
    *kept_n = (uint32_t)n;
    return true;
}

/* What of it the client takes now; the rest is kept until it takes more. False: the connection is gone. */
static bool send_some(struct connection *connection, const uint8_t *p, size_t n)
{
    struct listener *listener = connection->post->listener;
    enum tls_state state = TLS_OK;
    size_t at = 0;

    while (at < n && state == TLS_OK) {
        size_t sent;

        state = write_some(connection, p + at, n - at, &sent);
        at += sent;
    }
    if (state == TLS_ENDED || state == TLS_RESET || state == TLS_FAILED) {
        finish(connection, RECEIPT_CLOSED, STR("closed before the answer was taken"));
        return false;
    }
    if (!keep(&connection->pending, &connection->pending_n, p + at, n - at)) {
        connection_shed(connection, STR("no memory"));
        return false;
    }
    if (at < n)
        loop_change(listener->loop, &connection->watch, state == TLS_WANT_READ ? LOOP_READ : LOOP_WRITE);
    return true;
}

/* ------------------------------------------------------------------ TLS */

static void greet(struct connection *connection, bool secured);
static void hear(struct connection *connection);

/* The certificate of others is none of ours; a client that does not like ours says so in an alert. */
static void handshake(struct connection *connection)
{
    struct listener *listener = connection->post->listener;
    struct str first;

    switch (tls_handshake(connection->tls)) {
    case TLS_OK:
        connection->state = CONNECTION_TALKING;
        progress(connection);
        loop_change(listener->loop, &connection->watch, LOOP_READ);
        greet(connection, true);
        return;
    case TLS_WANT_READ: loop_change(listener->loop, &connection->watch, LOOP_READ); return;
    case TLS_WANT_WRITE: loop_change(listener->loop, &connection->watch, LOOP_WRITE); return;
    case TLS_ENDED:
    case TLS_RESET: finish(connection, RECEIPT_CLOSED, STR("closed during the TLS handshake")); return;
    case TLS_FAILED:
    case TLS_STATE_N: break;
    }
    first = tls_first_bytes(connection->tls);
    if (first.n > 0)
        finish_foreign(connection, (const uint8_t *)first.p, first.n);
    else
        finish(connection, RECEIPT_CLOSED, tls_problem(connection->tls));
}

static void secure(struct connection *connection)
{
    struct listener *listener = connection->post->listener;

    connection->tls =
        listener->options.identity == NULL ? NULL : tls_server(listener->options.identity, connection->watch.fd);
    if (connection->tls == NULL) {
        connection_shed(connection, STR("no memory for TLS"));
        return;
    }
    connection->state = CONNECTION_HANDSHAKING;
    handshake(connection);
}

static void peek(struct connection *connection)
{
    uint8_t first;
    ssize_t n = recv(connection->watch.fd, &first, 1, MSG_PEEK | MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        finish(connection, RECEIPT_CLOSED, STR_EMPTY);
    } else if (first == TLS_HANDSHAKE_BYTE && connection->post->listener->options.identity != NULL) {
        secure(connection);
    } else {
        connection->state = CONNECTION_TALKING;
        greet(connection, false);
    }
}

/* ------------------------------------------------------------------ the conversation */

/* The first request is kept as evidence; of later ones only how many there were. */
static void note_request(struct connection *connection)
{
    struct listener *listener = connection->post->listener;
    struct answer *spare;

    if (listener->spare->reason.n == 0)
        return;
    connection->requests++;
    if (connection->asked != NULL)
        return;
    spare = malloc(sizeof *spare);
    if (spare == NULL)
        return;
    connection->asked = listener->spare;
    listener->spare = spare;
}

/* Whether there may be more to hear. */
static bool after_step(struct connection *connection, enum step step)
{
    struct listener *listener = connection->post->listener;

    switch (step) {
    case STEP_READ:
        if (listener->loop->now_us - connection->began_us <= (uint64_t)listener->options.most_ms * 1000)
            return connection->pending_n == 0;
        connection_shed(connection, STR("the conversation has no end"));
        return false;
    case STEP_TLS:
        if (connection->kept_n > 0 || connection->pending_n > 0)
            connection_shed(connection, STR("bytes beside the change to TLS"));
        else
            secure(connection);
        return false;
    case STEP_DONE:
        connection->state = CONNECTION_ENDING;
        if (connection->pending_n == 0)
            leave(connection);
        return false;
    case STEP_FOREIGN:
    case STEP_N: connection_shed(connection, STR("the stand-in has nothing to say")); return false;
    }
    return false;
}

/* The n bytes at the front of the listener's input are all that has come and is not yet used. */
static bool respond(struct connection *connection, size_t n)
{
    struct listener *listener = connection->post->listener;
    struct wire_out out = {listener->output, 0, sizeof listener->output, false};
    enum step step;
    size_t used = 0;

    answer_init(listener->spare);
    connection->talk.now_us = listener_clock_us();
    step = respond_heard(&connection->talk, listener->input, n, &used, &out, listener->spare);
    if (step == STEP_FOREIGN) {
        finish_foreign(connection, listener->input + used, n - used);
        return false;
    }
    note_request(connection);
    if (!keep(&connection->kept, &connection->kept_n, listener->input + used, n - used)) {
        connection_shed(connection, STR("no memory"));
        return false;
    }
    if (used > 0)
        progress(connection);
    return (out.n == 0 || send_some(connection, out.p, out.n)) && after_step(connection, step);
}

static void greet(struct connection *connection, bool secured)
{
    struct listener *listener = connection->post->listener;
    struct wire_out out = {listener->output, 0, sizeof listener->output, false};
    enum step step;

    answer_init(listener->spare);
    step = (secured ? respond_secured : respond_start)(&connection->talk, &out, listener->spare);
    if ((out.n == 0 || send_some(connection, out.p, out.n)) && after_step(connection, step) && secured)
        hear(connection);
}

/* False: there is nothing more to read now, or the connection is gone. */
static bool hear_once(struct connection *connection)
{
    struct listener *listener = connection->post->listener;
    size_t kept = connection->kept_n;
    size_t n;

    if (kept > 0)
        memcpy(listener->input, connection->kept, kept);
    switch (read_some(connection, listener->input + kept, READ_MAX, &n)) {
    case TLS_OK: return respond(connection, kept + n);
    case TLS_WANT_READ: loop_change(listener->loop, &connection->watch, LOOP_READ); return false;
    case TLS_WANT_WRITE: loop_change(listener->loop, &connection->watch, LOOP_READ | LOOP_WRITE); return false;
    case TLS_ENDED:
    case TLS_RESET:
    case TLS_FAILED:
    case TLS_STATE_N: break;
    }
    if (kept > 0 && connection->requests == 0)
        finish_foreign(connection, listener->input, kept);
    else
        finish(connection, RECEIPT_CLOSED, STR_EMPTY);
    return false;
}

/*
 * Bytes may wait inside a TLS session, of which the socket knows nothing. Who has more than a turn's worth comes again
 * when the socket can be written, which is at once.
 */
static void hear(struct connection *connection)
{
    struct listener *listener = connection->post->listener;
    bool more = true;

    for (size_t i = 0; i < READS_AT_ONCE && more; i++)
        more = hear_once(connection);
    if (more && connection->tls != NULL)
        loop_change(listener->loop, &connection->watch, LOOP_READ | LOOP_WRITE);
}

/* Until the client closes, or for as long as one may be idle. */
static void let_go(struct connection *connection)
{
    struct listener *listener = connection->post->listener;
    ssize_t n = recv(connection->watch.fd, listener->input, sizeof listener->input, MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        destroy(connection);
}

static void flush(struct connection *connection)
{
    bool ending = connection->state == CONNECTION_ENDING;
    size_t before = connection->pending_n;
    uint8_t *bytes = connection->pending;

    connection->pending = NULL;
    connection->pending_n = 0;
    if (!send_some(connection, bytes, before)) {
        free(bytes);
        return;
    }
    free(bytes);
    if (connection->pending_n < before)
        progress(connection);
    if (connection->pending_n > 0)
        return;
    loop_change(connection->post->listener->loop, &connection->watch, LOOP_READ);
    if (ending)
        leave(connection);
    else
        hear(connection);
}

static void connection_ready(struct watch *watch, unsigned events)
{
    struct connection *connection = (struct connection *)(void *)watch;

    (void)events;
    switch (connection->state) {
    case CONNECTION_PEEKING: peek(connection); return;
    case CONNECTION_HANDSHAKING: handshake(connection); return;
    case CONNECTION_TALKING:
        if (connection->pending_n > 0)
            flush(connection);
        else
            hear(connection);
        return;
    case CONNECTION_ENDING: flush(connection); return;
    case CONNECTION_LEAVING: let_go(connection); return;
    case CONNECTION_STATE_N: return;
    }
}

/* ------------------------------------------------------------------ the beginning */

static void begin(struct connection *connection)
{
    switch (connection->talk.exchange->tls) {
    case TLS_FIRST: secure(connection); return;
    case TLS_EITHER: connection->state = CONNECTION_PEEKING; return;
    case TLS_NONE:
    case TLS_UPGRADE:
    case TLS_N: break;
    }
    connection->state = CONNECTION_TALKING;
    greet(connection, false);
}

static void set_local(struct connection *connection, int fd)
{
    struct sockaddr_storage local;
    socklen_t length = sizeof local;
    enum family family;

    if (connection->post->stand_in.any_address && getsockname(fd, (struct sockaddr *)&local, &length) == 0)
        socket_address_read(&local, &family, &connection->talk.local, &connection->talk.local_port);
}

/* False: there is no memory, or no room in the loop. */
static bool open_connection(struct post *post, int fd, u128 peer, uint16_t peer_port)
{
    struct listener *listener = post->listener;
    struct connection *connection = calloc(1, sizeof *connection);

    if (connection == NULL)
        return false;
    connection->watch.ready = connection_ready;
    if (loop_watch(listener->loop, &connection->watch, fd, LOOP_READ) < 0) {
        free(connection);
        return false;
    }
    connection->post = post;
    connection->began_us = listener->loop->now_us;
    post_talk(post, &connection->talk);
    connection->talk.peer = peer;
    connection->talk.peer_port = peer_port;
    set_local(connection, fd);
    listener->connection_n++;
    listener_slot(listener, post->stand_in.family, peer)->connections++;
    list_append(connection);
    begin(connection);
    return true;
}

static void refuse(struct post *post, int fd, struct receipt *receipt, enum receipt_kind kind, struct str why)
{
    receipt->kind = kind;
    receipt->why = why;
    receipt->at_us = listener_clock_us();
    reset(fd);
    close(fd);
    post_tell(post, receipt);
}

static void admit(struct post *post, int fd, const struct sockaddr_storage *from)
{
    struct listener *listener = post->listener;
    struct receipt receipt = {.local = post->stand_in.address};

    if (!socket_address_read(from, &receipt.family, &receipt.peer, &receipt.peer_port)) {
        close(fd);
        return;
    }
    if (!post_allows(post, receipt.peer)) {
        refuse(post, fd, &receipt, RECEIPT_STRANGER, STR_EMPTY);
        return;
    }
    if (listener_slot(listener, receipt.family, receipt.peer)->connections >= listener->options.connections_peer) {
        refuse(post, fd, &receipt, RECEIPT_SHED, STR("too many from this address"));
        return;
    }
    if (listener->connection_n >= listener->most)
        connection_shed(listener->oldest, STR("too many at once"));
    if (!open_connection(post, fd, receipt.peer, receipt.peer_port))
        refuse(post, fd, &receipt, RECEIPT_SHED, STR("no memory"));
}

void post_accept(struct watch *watch, unsigned events)
{
    struct post *post = (struct post *)(void *)watch;

    (void)events;
    for (size_t i = 0; i < AT_ONCE; i++) {
        struct sockaddr_storage from;
        socklen_t length = sizeof from;
        int fd = accept4(watch->fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            admit(post, fd, &from);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            listener_pause(post->listener);
            return;
        } else if (errno == EAGAIN) {
            return;
        } /* else: that one has gone already (accept(2), "Error handling") */
    }
}
