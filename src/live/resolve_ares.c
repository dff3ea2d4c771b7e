/*
 * Questions to c-ares, and its sockets on the loop. A query is for one name and both families, and is done exactly
 * once; lines are the sockets that c-ares has open now.
 *
 * The families are asked apart, though c-ares could ask for both: it has one status for two answers, so that silence
 * for one family and "no address" for the other would become "no address". The hosts file is looked at before, by a
 * channel of its own: a name that stands there is not asked for at all, so that no resolver has to be there for it.
 *
 * c-ares goes on to the next server when one fails (SERVFAIL, REFUSED, NOTIMP), and when all have, it says no more than
 * that no server was left (ARES_ECONNREFUSED). A name for which that happens is asked for once more by a channel that
 * takes the first answer as it is.
 */
#include "live/resolve_inside.h"

#include "base/banned.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* A socket of c-ares. */
struct line {
    struct watch watch;
    struct line *next;
    struct asker *asker;
};

/* ------------------------------------------------------------------ addresses */

/* Block lists answer with 0.0.0.0 or ::, and to connect there means this machine: it is nobody's address. */
static void keep_address(struct query *query, const struct sockaddr *from)
{
    struct address address = {.family = from->sa_family == AF_INET ? FAMILY_V4 : FAMILY_V6};
    const uint8_t *p = from->sa_family == AF_INET
                           ? (const uint8_t *)&((const struct sockaddr_in *)(const void *)from)->sin_addr
                           : (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;

    for (unsigned i = 0; i < addr_bits(address.family) / 8; i++)
        address.addr = address.addr << 8 | p[i];
    if (address.addr == 0) {
        query->nobody = true;
        return;
    }
    for (size_t i = 0; i < query->n; i++) {
        if (query->addresses[i].family == address.family && query->addresses[i].addr == address.addr)
            return;
    }
    if (query->n == RESOLVE_ADDRESSES_MAX) {
        query->cut = true;
        return;
    }
    if ((query->n & (query->n - 1)) == 0) { /* full, when it is a power of two */
        struct address *more = arena_new_array(query->channels->arena, struct address, query->n > 0 ? 2 * query->n : 1);

        if (query->n > 0)
            memcpy(more, query->addresses, query->n * sizeof *more);
        query->addresses = more;
    }
    query->addresses[query->n++] = address;
}

/* IPv4 first, whichever was faster; the order of each family stays. */
static void order(struct query *query)
{
    struct arena_mark mark = arena_mark(query->channels->arena);
    struct address *ordered = arena_new_array(query->channels->arena, struct address, query->n);
    size_t n = 0;

    for (enum family family = FAMILY_V4; family < FAMILY_N; family++) {
        for (size_t i = 0; i < query->n; i++) {
            if (query->addresses[i].family == family)
                ordered[n++] = query->addresses[i];
        }
    }
    memcpy(query->addresses, ordered, n * sizeof *ordered);
    arena_release(query->channels->arena, mark);
}

static void keep_addresses(struct query *query, struct ares_addrinfo *found)
{
    if (found == NULL)
        return;
    for (const struct ares_addrinfo_node *node = found->nodes; node != NULL; node = node->ai_next) {
        if (node->ai_family == AF_INET || node->ai_family == AF_INET6)
            keep_address(query, node->ai_addr);
    }
    ares_freeaddrinfo(found);
}

/* At once, for nothing is sent. What is in the file is all that there is. */
static void hosts_done(void *user, int status, int timeouts, struct ares_addrinfo *found)
{
    (void)status;
    (void)timeouts;
    keep_addresses(user, found);
}

static void ask_family(struct query *query, const struct asker *asker, enum family family);

static void query_done(struct query *query, enum family family, int status, struct ares_addrinfo *found)
{
    size_t before = query->n;

    keep_addresses(query, found);
    if (status == ARES_ECONNREFUSED && !query->frankly[family]) {
        query->frankly[family] = true;
        ask_family(query, &query->channels->frank, family);
        return;
    }
    query->status[family] = status == ARES_SUCCESS && query->n == before ? ARES_ENODATA : status;
    if (--query->out > 0)
        return;
    if (query->n > 1)
        order(query);
    query->done(query);
}

static void v4_done(void *user, int status, int timeouts, struct ares_addrinfo *found)
{
    (void)timeouts;
    query_done(user, FAMILY_V4, status, found);
}

static void v6_done(void *user, int status, int timeouts, struct ares_addrinfo *found)
{
    (void)timeouts;
    query_done(user, FAMILY_V6, status, found);
}

static void ask_family(struct query *query, const struct asker *asker, enum family family)
{
    struct ares_addrinfo_hints hints = {.ai_flags = ARES_AI_NOSORT,
                                        .ai_family = family == FAMILY_V4 ? AF_INET : AF_INET6};

    ares_getaddrinfo(asker->channel, query->name.p, NULL, &hints, family == FAMILY_V4 ? v4_done : v6_done, query);
}

void query_start(struct channels *channels, struct query *query)
{
    bool dotted = memchr(query->name.p, '.', query->name.n) != NULL;
    const struct asker *asker = dotted || channels->searching.channel == NULL ? &channels->whole : &channels->searching;
    const struct ares_addrinfo_hints hints = {.ai_flags = ARES_AI_NOSORT, .ai_family = AF_UNSPEC};

    query->channels = channels;
    if (channels->hosts.channel != NULL)
        ares_getaddrinfo(channels->hosts.channel, query->name.p, NULL, &hints, hosts_done, query);
    if (query->n > 0 || query->nobody) { /* in the file */
        if (query->n > 1)
            order(query);
        query->done(query);
        return;
    }
    query->out = 2;
    ask_family(query, asker, FAMILY_V4);
    ask_family(query, asker, FAMILY_V6);
}

/* ------------------------------------------------------------------ sockets */

static void process(const struct asker *asker, ares_socket_t readable, ares_socket_t writable)
{
    if (asker->channel != NULL)
        ares_process_fd(asker->channel, readable, writable);
}

static void line_ready(struct watch *watch, unsigned events)
{
    struct asker *asker = ((struct line *)(void *)watch)->asker;
    bool failed = events & (LOOP_ERROR | LOOP_HANGUP);

    process(asker, events & LOOP_READ || failed ? watch->fd : ARES_SOCKET_BAD,
            events & LOOP_WRITE || failed ? watch->fd : ARES_SOCKET_BAD);
    asker->channels->happened(asker->channels);
}

static void line_new(struct asker *asker, ares_socket_t fd, unsigned events)
{
    struct channels *channels = asker->channels;
    struct line *line = calloc(1, sizeof *line);

    if (line == NULL)
        return; /* its queries run into their timeout, as below */
    line->watch.ready = line_ready;
    line->asker = asker;
    if (loop_watch(channels->loop, &line->watch, fd, events) < 0) {
        free(line);
        return;
    }
    line->next = channels->lines;
    channels->lines = line;
}

/* c-ares opens and closes its sockets as it likes, and says what it waits for; nothing: before it closes one. */
static void socket_state(void *user, ares_socket_t fd, int readable, int writable)
{
    struct asker *asker = user;
    struct channels *channels = asker->channels;
    unsigned events = (readable ? LOOP_READ : 0) | (writable ? LOOP_WRITE : 0);
    struct line **at = &channels->lines;
    struct line *line;

    while (*at != NULL && (*at)->watch.fd != fd)
        at = &(*at)->next;
    line = *at;
    if (line == NULL && events != 0) {
        line_new(asker, fd, events);
    } else if (line != NULL && events != 0) {
        loop_change(channels->loop, &line->watch, events);
    } else if (line != NULL) {
        loop_unwatch(channels->loop, &line->watch);
        *at = line->next;
        free(line);
    }
}

/* ------------------------------------------------------------------ channels */

static int as_errno(int status)
{
    return status == ARES_SUCCESS ? 0 : status == ARES_ENOMEM ? -ENOMEM : status == ARES_EBADSTR ? -EINVAL : -EIO;
}

enum manner { IN_FILE, AS_IT_IS, FRANKLY, WITH_SEARCH };

static int asker_open(struct asker *asker, struct channels *channels, const struct resolver_options *options,
                      enum manner manner)
{
    char lookups[2] = {manner == IN_FILE ? 'f' : 'b', '\0'};
    struct ares_options with = {
        .timeout = (int)(options->timeout_ms > 0 ? options->timeout_ms : 2000),
        .tries = (int)(options->tries > 0 ? options->tries : 2),
        .flags = ARES_FLAG_NOCHECKRESP, /* of FRANKLY alone */
        .lookups = lookups,
        .sock_state_cb = socket_state,
        .sock_state_cb_data = asker,
    };
    int given = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
    int status;

    asker->channels = channels;
    given |= manner == FRANKLY ? ARES_OPT_FLAGS : 0;
    given |= manner == WITH_SEARCH ? 0 : ARES_OPT_DOMAINS;
    status = ares_init_options(&asker->channel, &with, given);
    if (status != ARES_SUCCESS)
        asker->channel = NULL;
    else if (options->servers != NULL)
        status = ares_set_servers_ports_csv(asker->channel, options->servers);
    return as_errno(status);
}

static void asker_close(struct asker *asker)
{
    if (asker->channel != NULL)
        ares_destroy(asker->channel);
    asker->channel = NULL;
}

int channels_open(struct channels *channels, const struct resolver_options *options)
{
    int error = options->servers != NULL && options->servers[0] == '\0' ? -EINVAL : 0;

    if (error == 0)
        error = asker_open(&channels->whole, channels, options, AS_IT_IS);
    if (error == 0)
        error = asker_open(&channels->frank, channels, options, FRANKLY);
    if (error == 0 && options->servers == NULL)
        error = asker_open(&channels->searching, channels, options, WITH_SEARCH);
    if (error == 0 && options->servers == NULL)
        error = asker_open(&channels->hosts, channels, options, IN_FILE);
    return error;
}

void channels_close(struct channels *channels)
{
    asker_close(&channels->whole);
    asker_close(&channels->searching);
    asker_close(&channels->frank);
    asker_close(&channels->hosts);
}

void channels_tick(struct channels *channels)
{
    process(&channels->whole, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    process(&channels->frank, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    process(&channels->searching, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}
