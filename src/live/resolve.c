/*
 * Names to addresses. A name that is asked for is an entry for the resolver's whole life: waiting for its turn, under
 * way (one query a family), finished, answered; whoever asks for it meanwhile waits at it. The invariants: `under_way`
 * counts the entries with a query out; an entry is finished exactly once; `resolved` is never called inside a call of
 * c-ares, so that it may ask and close as it likes.
 *
 * WINDOW names are under way at a time: a socket's buffer of usual size holds 256 small datagrams (measured with
 * net.core.rmem_default of 212,992 bytes), and where it is always full, second tries are lost like the first. Where
 * nothing answers nothing is lost either: then there are more, or a resolver that is gone would cost thousands of names
 * one timeout after another.
 *
 * The families are asked apart, though c-ares could ask for both: it has one status for two answers, so that silence
 * for one family and "no address" for the other would become "no address". The hosts file is looked at before, by a
 * channel of its own: a name that stands there is not asked for at all, so that no resolver has to be there for it.
 *
 * c-ares goes on to the next server when one fails (SERVFAIL, REFUSED, NOTIMP), and when all have, it says no more than
 * that no server was left (ARES_ECONNREFUSED). A name for which that happens is asked for once more by a channel that
 * takes the first answer as it is.
 *
 * Timeouts are looked after by a tick, not by ares_timeout(3): that walks all queries each time it is asked (c-ares
 * 1.18, ares_timeout.c).
 */
#include "live/resolve.h"

#include "base/banned.h"
#include "base/map.h"

#include <ares.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define WINDOW 64
#define WINDOW_SILENT 4096
#define TICK_US 20000
#define NAME_MAX_SIZE 254 /* with a dot at its end */

struct waiter {
    struct waiter *next;
    struct str name; /* as it was asked for */
    resolved *done;
    void *user;
};

struct entry {
    struct resolver *resolver;
    struct entry *next; /* in the list that it is in: waiting or finished */
    struct waiter *waiters;
    struct str name; /* small letters; ends in NUL */
    uint64_t started_us;
    uint64_t took_us;
    unsigned out; /* queries */
    bool answered;
    bool listed;          /* among the finished */
    int status[FAMILY_N]; /* of c-ares */
    bool frankly[FAMILY_N];
    bool cut; /* there were more addresses than are kept */
    struct address *addresses;
    size_t n;
};

struct list {
    struct entry *first;
    struct entry *last;
};

/* A channel of c-ares, and whose it is. */
struct asker {
    struct resolver *resolver;
    ares_channel channel; /* NULL: not there */
};

/* One of its sockets. */
struct line {
    struct watch watch;
    struct line *next;
    struct asker *asker;
};

struct resolver {
    struct loop *loop;
    struct arena *arena;
    struct map entries;
    struct asker hosts;     /* looks into the hosts file; not there where servers are named */
    struct asker whole;     /* asks for names as they are */
    struct asker frank;     /* says what a resolver's failure was */
    struct asker searching; /* goes through the machine's search domains; not there where servers are named */
    struct line *lines;     /* sockets of all */
    struct deadline tick;
    struct list waiting;
    struct list finished;
    size_t under_way;
    size_t silent; /* names in a row that were not answered */
    unsigned depth;
    bool closing;
};

static void push(struct list *list, struct entry *entry)
{
    entry->next = NULL;
    if (list->last != NULL)
        list->last->next = entry;
    else
        list->first = entry;
    list->last = entry;
}

static struct entry *pop(struct list *list)
{
    struct entry *entry = list->first;

    if (entry != NULL)
        list->first = entry->next;
    if (list->first == NULL)
        list->last = NULL;
    return entry;
}

/* To be answered, by settle; it may be among them already. */
static void list_finished(struct entry *entry)
{
    if (!entry->listed)
        push(&entry->resolver->finished, entry);
    entry->listed = true;
}

/* ------------------------------------------------------------------ why not */

static const char *status_text(int status)
{
    switch (status) {
    case ARES_SUCCESS: return "";
    case ARES_ENOTFOUND: return "no such name";
    case ARES_ENODATA: return "the name has no address";
    case ARES_ETIMEOUT: return "the resolver does not answer";
    case ARES_ESERVFAIL: return "the resolver failed (SERVFAIL)";
    case ARES_EREFUSED: return "the resolver refuses to answer (REFUSED)";
    case ARES_ENOTIMP: return "the resolver does not do this (NOTIMP)";
    case ARES_EFORMERR: return "the resolver does not understand the question (FORMERR)";
    case ARES_EBADRESP: return "the resolver's answer is malformed";
    case ARES_ECONNREFUSED: return "no resolver can be reached";
    case ARES_EBADNAME: return "not a name that can be asked for";
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION: return "interrupted";
    default: return ares_strerror(status);
    }
}

/* What is known for certain: there are addresses, or there are none. */
static bool is_known(int status)
{
    return status == ARES_SUCCESS || status == ARES_ENOTFOUND || status == ARES_ENODATA;
}

/* What is not known outweighs what is; a name that does not exist for one family alone exists. */
static struct str why_of(const struct entry *entry, char text[96])
{
    int v4 = entry->status[FAMILY_V4];
    int v6 = entry->status[FAMILY_V6];
    int worst = !is_known(v4) ? v4 : v6;

    if (entry->cut)
        snprintf(text, 96, "more than %d addresses: the others are left out", RESOLVE_ADDRESSES_MAX);
    else if (is_known(v4) && is_known(v6))
        snprintf(text, 96, "%s", entry->n > 0 ? "" : status_text(v4 == v6 ? v4 : ARES_ENODATA));
    else if (entry->n > 0)
        snprintf(text, 96, "%s: %s", is_known(v4) ? "IPv6" : "IPv4", status_text(worst));
    else
        snprintf(text, 96, "%s", status_text(worst));
    return str_of(text);
}

/* ------------------------------------------------------------------ handing out */

static void resolver_free(struct resolver *resolver)
{
    arena_free(resolver->arena);
    free(resolver);
}

static void answer(struct entry *entry)
{
    char text[96];
    struct str why = why_of(entry, text);

    entry->listed = false;
    entry->answered = true;
    while (entry->waiters != NULL) {
        struct waiter *waiter = entry->waiters;

        entry->waiters = waiter->next;
        waiter->done(waiter->user, waiter->name, entry->addresses, entry->n, why, entry->took_us);
    }
}

static void start_more(struct resolver *resolver);

/* After each call of c-ares, and of who asks: what is finished is answered, what waits may go. The last thing to be
 * done with a resolver, for it may be gone then. */
static void settle(struct resolver *resolver)
{
    struct entry *entry;

    if (resolver->depth > 0)
        return;
    resolver->depth++;
    do {
        start_more(resolver);
        while ((entry = pop(&resolver->finished)) != NULL)
            answer(entry);
    } while (resolver->finished.first != NULL || (resolver->waiting.first != NULL && resolver->under_way == 0));
    resolver->depth--;
    if (resolver->closing)
        resolver_free(resolver);
    else if (resolver->under_way == 0)
        loop_cancel(resolver->loop, &resolver->tick);
    else if (resolver->tick.place == 0)
        loop_after(resolver->loop, &resolver->tick, TICK_US);
}

static void finish(struct entry *entry)
{
    struct resolver *resolver = entry->resolver;
    bool silent = entry->status[FAMILY_V4] == ARES_ETIMEOUT && entry->status[FAMILY_V6] == ARES_ETIMEOUT;

    resolver->silent = silent ? resolver->silent + 1 : 0;
    entry->took_us = entry->started_us > 0 ? loop_clock_us() - entry->started_us : 0;
    list_finished(entry);
}

/* ------------------------------------------------------------------ queries */

static void keep_address(struct entry *entry, const struct sockaddr *from)
{
    struct address address = {.family = from->sa_family == AF_INET ? FAMILY_V4 : FAMILY_V6};
    const uint8_t *p = from->sa_family == AF_INET
                           ? (const uint8_t *)&((const struct sockaddr_in *)(const void *)from)->sin_addr
                           : (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;

    for (unsigned i = 0; i < addr_bits(address.family) / 8; i++)
        address.addr = address.addr << 8 | p[i];
    for (size_t i = 0; i < entry->n; i++) {
        if (entry->addresses[i].family == address.family && entry->addresses[i].addr == address.addr)
            return;
    }
    if (entry->n == RESOLVE_ADDRESSES_MAX) {
        entry->cut = true;
        return;
    }
    if ((entry->n & (entry->n - 1)) == 0) { /* full, when it is a power of two */
        struct address *more = arena_new_array(entry->resolver->arena, struct address, entry->n > 0 ? 2 * entry->n : 1);

        if (entry->n > 0)
            memcpy(more, entry->addresses, entry->n * sizeof *more);
        entry->addresses = more;
    }
    entry->addresses[entry->n++] = address;
}

/* IPv4 first, whichever was faster; the order of each family stays. */
static void order(struct entry *entry)
{
    struct arena_mark mark = arena_mark(entry->resolver->arena);
    struct address *ordered = arena_new_array(entry->resolver->arena, struct address, entry->n);
    size_t n = 0;

    for (enum family family = FAMILY_V4; family < FAMILY_N; family++) {
        for (size_t i = 0; i < entry->n; i++) {
            if (entry->addresses[i].family == family)
                ordered[n++] = entry->addresses[i];
        }
    }
    memcpy(entry->addresses, ordered, n * sizeof *ordered);
    arena_release(entry->resolver->arena, mark);
}

static void keep_addresses(struct entry *entry, struct ares_addrinfo *found)
{
    if (found == NULL)
        return;
    for (const struct ares_addrinfo_node *node = found->nodes; node != NULL; node = node->ai_next) {
        if (node->ai_family == AF_INET || node->ai_family == AF_INET6)
            keep_address(entry, node->ai_addr);
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

static void ask_family(struct entry *entry, const struct asker *asker, enum family family);

static void query_done(struct entry *entry, enum family family, int status, struct ares_addrinfo *found)
{
    size_t before = entry->n;

    keep_addresses(entry, found);
    if (status == ARES_ECONNREFUSED && !entry->frankly[family]) {
        entry->frankly[family] = true;
        ask_family(entry, &entry->resolver->frank, family);
        return;
    }
    entry->status[family] = status == ARES_SUCCESS && entry->n == before ? ARES_ENODATA : status;
    if (--entry->out > 0)
        return;
    if (entry->n > 1)
        order(entry);
    entry->resolver->under_way--;
    finish(entry);
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

static void ask_family(struct entry *entry, const struct asker *asker, enum family family)
{
    struct ares_addrinfo_hints hints = {.ai_flags = ARES_AI_NOSORT,
                                        .ai_family = family == FAMILY_V4 ? AF_INET : AF_INET6};

    ares_getaddrinfo(asker->channel, entry->name.p, NULL, &hints, family == FAMILY_V4 ? v4_done : v6_done, entry);
}

static void start(struct entry *entry)
{
    struct resolver *resolver = entry->resolver;
    bool dotted = memchr(entry->name.p, '.', entry->name.n) != NULL;
    const struct asker *asker = dotted || resolver->searching.channel == NULL ? &resolver->whole : &resolver->searching;
    const struct ares_addrinfo_hints hints = {.ai_flags = ARES_AI_NOSORT, .ai_family = AF_UNSPEC};

    entry->started_us = loop_clock_us();
    if (resolver->hosts.channel != NULL)
        ares_getaddrinfo(resolver->hosts.channel, entry->name.p, NULL, &hints, hosts_done, entry);
    if (entry->n > 0) {
        order(entry);
        finish(entry);
        return;
    }
    entry->out = 2;
    resolver->under_way++;
    ask_family(entry, asker, FAMILY_V4);
    ask_family(entry, asker, FAMILY_V6);
}

static void start_more(struct resolver *resolver)
{
    while (resolver->under_way < (resolver->silent < WINDOW ? WINDOW : WINDOW_SILENT) &&
           resolver->waiting.first != NULL && !resolver->closing)
        start(pop(&resolver->waiting));
}

/* ------------------------------------------------------------------ sockets and time */

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
    settle(asker->resolver);
}

static void tick(struct deadline *deadline)
{
    struct resolver *resolver = (struct resolver *)(void *)((char *)deadline - offsetof(struct resolver, tick));

    process(&resolver->whole, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    process(&resolver->frank, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    process(&resolver->searching, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    settle(resolver);
}

static void line_new(struct asker *asker, ares_socket_t fd, unsigned events)
{
    struct resolver *resolver = asker->resolver;
    struct line *line = calloc(1, sizeof *line);

    if (line == NULL)
        return; /* its queries run into their timeout, as below */
    line->watch.ready = line_ready;
    line->asker = asker;
    if (loop_watch(resolver->loop, &line->watch, fd, events) < 0) {
        free(line);
        return;
    }
    line->next = resolver->lines;
    resolver->lines = line;
}

/* c-ares opens and closes its sockets as it likes, and says what it waits for; nothing: before it closes one. */
static void socket_state(void *user, ares_socket_t fd, int readable, int writable)
{
    struct asker *asker = user;
    struct resolver *resolver = asker->resolver;
    unsigned events = (readable ? LOOP_READ : 0) | (writable ? LOOP_WRITE : 0);
    struct line **at = &resolver->lines;
    struct line *line;

    while (*at != NULL && (*at)->watch.fd != fd)
        at = &(*at)->next;
    line = *at;
    if (line == NULL && events != 0) {
        line_new(asker, fd, events);
    } else if (line != NULL && events != 0) {
        loop_change(resolver->loop, &line->watch, events);
    } else if (line != NULL) {
        loop_unwatch(resolver->loop, &line->watch);
        *at = line->next;
        free(line);
    }
}

/* ------------------------------------------------------------------ a resolver's life */

static int as_errno(int status)
{
    return status == ARES_SUCCESS ? 0 : status == ARES_ENOMEM ? -ENOMEM : status == ARES_EBADSTR ? -EINVAL : -EIO;
}

enum manner { IN_FILE, AS_IT_IS, FRANKLY, WITH_SEARCH };

static int asker_open(struct asker *asker, struct resolver *resolver, const struct resolver_options *options,
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

    asker->resolver = resolver;
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

int resolver_open(struct loop *loop, const struct resolver_options *options, struct resolver **made)
{
    struct resolver *resolver = calloc(1, sizeof *resolver);
    int error;

    if (resolver == NULL)
        return -ENOMEM;
    resolver->loop = loop;
    resolver->arena = arena_new();
    resolver->tick.fire = tick;
    error = options->servers != NULL && options->servers[0] == '\0' ? -EINVAL : 0;
    if (error == 0)
        error = asker_open(&resolver->whole, resolver, options, AS_IT_IS);
    if (error == 0)
        error = asker_open(&resolver->frank, resolver, options, FRANKLY);
    if (error == 0 && options->servers == NULL)
        error = asker_open(&resolver->searching, resolver, options, WITH_SEARCH);
    if (error == 0 && options->servers == NULL)
        error = asker_open(&resolver->hosts, resolver, options, IN_FILE);
    if (error < 0)
        resolver_close(resolver);
    else
        *made = resolver;
    return error;
}

void resolver_close(struct resolver *resolver)
{
    struct entry *entry;

    if (resolver == NULL)
        return;
    resolver->closing = true;
    asker_close(&resolver->whole);
    asker_close(&resolver->searching);
    asker_close(&resolver->frank);
    asker_close(&resolver->hosts);
    loop_cancel(resolver->loop, &resolver->tick);
    while ((entry = pop(&resolver->waiting)) != NULL) {
        entry->status[FAMILY_V4] = entry->status[FAMILY_V6] = ARES_ECANCELLED;
        finish(entry);
    }
    settle(resolver);
}

/* ------------------------------------------------------------------ asking */

/* c-ares has escapes in names, and nothing here is to be read as one. */
static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
              c == '_'))
            return false;
    }
    return name.n > 0 && name.n <= NAME_MAX_SIZE;
}

static struct entry *entry_of(struct resolver *resolver, struct str name)
{
    char *key = arena_alloc(resolver->arena, name.n + 1);
    struct entry *entry;

    for (size_t i = 0; i < name.n; i++)
        key[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] - 'A' + 'a' : name.p[i]);
    entry = map_get(&resolver->entries, (struct str){key, name.n});
    if (entry != NULL)
        return entry;
    entry = arena_new_object(resolver->arena, struct entry);
    entry->resolver = resolver;
    entry->name = (struct str){key, name.n};
    map_set(resolver->arena, &resolver->entries, entry->name, entry);
    push(&resolver->waiting, entry);
    return entry;
}

void resolver_ask(struct resolver *resolver, struct str name, resolved *done, void *user)
{
    struct address address;
    struct entry *entry;
    struct waiter *waiter;

    if (addr_parse(name, &address.family, &address.addr)) {
        done(user, name, &address, 1, STR_EMPTY, 0);
        return;
    }
    if (!is_name(name) || resolver->closing) {
        done(user, name, NULL, 0, str_of(status_text(resolver->closing ? ARES_ECANCELLED : ARES_EBADNAME)), 0);
        return;
    }
    entry = entry_of(resolver, name);
    waiter = arena_new_object(resolver->arena, struct waiter);
    *waiter = (struct waiter){entry->waiters, str_dup(resolver->arena, name), done, user};
    entry->waiters = waiter;
    if (entry->answered)
        list_finished(entry);
    settle(resolver);
}
