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
 * Timeouts are looked after by a tick, not by ares_timeout(3): that walks all queries each time it is asked (c-ares
 * 1.18, ares_timeout.c).
 */
#include "live/resolve_inside.h"

#include "base/banned.h"
#include "base/map.h"

#include <errno.h>

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
    struct query query; /* its name: small letters */
    struct resolver *resolver;
    struct entry *next; /* in the list that it is in: waiting or finished */
    struct waiter *waiters;
    uint64_t started_us;
    uint64_t took_us;
    bool answered;
    bool listed; /* among the finished */
};

struct list {
    struct entry *first;
    struct entry *last;
};

struct resolver {
    struct loop *loop;
    struct arena *arena;
    struct map entries;
    struct channels channels;
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
    int v4 = entry->query.status[FAMILY_V4];
    int v6 = entry->query.status[FAMILY_V6];
    int worst = !is_known(v4) ? v4 : v6;

    if (entry->query.cut)
        snprintf(text, 96, "more than %d addresses: the others are left out", RESOLVE_ADDRESSES_MAX);
    else if (entry->query.nobody)
        snprintf(text, 96, "%s",
                 entry->query.n > 0 ? "an address that is nobody's (0.0.0.0 or ::) is left out"
                                    : "the name has 0.0.0.0 or ::, which is nobody's address");
    else if (is_known(v4) && is_known(v6))
        snprintf(text, 96, "%s", entry->query.n > 0 ? "" : status_text(v4 == v6 ? v4 : ARES_ENODATA));
    else if (entry->query.n > 0)
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
        waiter->done(waiter->user, waiter->name, entry->query.addresses, entry->query.n, why, entry->took_us);
    }
}

static void finish(struct entry *entry)
{
    struct resolver *resolver = entry->resolver;
    bool silent = entry->query.status[FAMILY_V4] == ARES_ETIMEOUT && entry->query.status[FAMILY_V6] == ARES_ETIMEOUT;

    resolver->silent = silent ? resolver->silent + 1 : 0;
    entry->took_us = entry->started_us > 0 ? loop_clock_us() - entry->started_us : 0;
    list_finished(entry);
}

/* At once, or later inside a call of c-ares: it is answered by settle. */
static void query_done(struct query *query)
{
    struct entry *entry = (struct entry *)(void *)query;

    entry->resolver->under_way--;
    finish(entry);
}

static void start_more(struct resolver *resolver)
{
    while (resolver->under_way < (resolver->silent < WINDOW ? WINDOW : WINDOW_SILENT) &&
           resolver->waiting.first != NULL && !resolver->closing) {
        struct entry *entry = pop(&resolver->waiting);

        entry->started_us = loop_clock_us();
        resolver->under_way++;
        query_start(&resolver->channels, &entry->query);
    }
}

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

static void came(struct channels *channels)
{
    settle((struct resolver *)(void *)((char *)channels - offsetof(struct resolver, channels)));
}

static void tick(struct deadline *deadline)
{
    struct resolver *resolver = (struct resolver *)(void *)((char *)deadline - offsetof(struct resolver, tick));

    channels_tick(&resolver->channels);
    settle(resolver);
}

/* ------------------------------------------------------------------ a resolver's life */

int resolver_open(struct loop *loop, const struct resolver_options *options, struct resolver **made)
{
    struct resolver *resolver = calloc(1, sizeof *resolver);
    int error;

    if (resolver == NULL)
        return -ENOMEM;
    resolver->loop = loop;
    resolver->arena = arena_new();
    resolver->tick.fire = tick;
    resolver->channels = (struct channels){.loop = loop, .arena = resolver->arena, .happened = came};
    error = channels_open(&resolver->channels, options);
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
    channels_close(&resolver->channels);
    loop_cancel(resolver->loop, &resolver->tick);
    while ((entry = pop(&resolver->waiting)) != NULL) {
        entry->query.status[FAMILY_V4] = entry->query.status[FAMILY_V6] = ARES_ECANCELLED;
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
    entry->query = (struct query){.name = {key, name.n}, .done = query_done};
    map_set(resolver->arena, &resolver->entries, entry->query.name, entry);
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
