/*
 * See fate.h. The kernel names a rule by its handle; its place in its chain is known from a list of all rules, in their
 * order, and so is the rule that a reader made of the same place in the text. A packet is followed by the number that
 * the kernel gives it: its headers come when it enters, the verdict later.
 */
#include "rehearse/fate.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "net/proto.h"
#include "rehearse/build.h"
#include "system/nftrace.h"

#define ON_THE_WAY                                                                                                     \
    64 /* packets that came in last: more than a kernel has in its hands at once, one for each processor */

struct passing {
    uint32_t id;
    struct packet packet;
};

struct watch {
    struct fates *fates;
    const struct firewall *firewall;
    const struct ruleset *ruleset; /* NULL: not read */
    struct nftrace *trace;
    struct map places;                  /* "family table chain handle" -> struct place_in */
    struct map counts;                  /* "family table chain" -> struct place_in of its last rule */
    struct passing passing[ON_THE_WAY]; /* a ring */
    size_t entered;                     /* the next of it is this one, by its length */
};

/* From 1. */
struct place_in {
    uint32_t index;
};

/* How a packet was last seen. */
struct seen {
    struct watch *watch;
    bool stopped;
    struct str family;
    struct str table;
    struct str chain;
    uint64_t handle;
};

struct fates {
    struct arena *arena;   /* as long as the fates */
    struct arena *packets; /* of what was seen */
    struct map seen;       /* key of a packet -> struct seen */
    struct watch **watches;
    size_t watch_n;
    int epoll;
};

static struct str place_key(struct arena *arena, const struct nftrace_event *event, bool with_handle)
{
    struct str key =
        str_printf(arena, "%.*s %.*s %.*s", STR_ARG(event->family), STR_ARG(event->table), STR_ARG(event->chain));

    return with_handle ? str_printf(arena, "%.*s %llx", STR_ARG(key), (unsigned long long)event->handle) : key;
}

static void learn_rule(void *context, const struct nftrace_event *event)
{
    struct watch *watch = context;
    struct arena *arena = watch->fates->arena;
    struct str chain = place_key(arena, event, false);
    struct place_in *last = map_get(&watch->counts, chain);
    struct place_in *place = arena_new_object(arena, struct place_in);

    place->index = last == NULL ? 1 : last->index + 1;
    map_set(arena, &watch->counts, chain, place);
    map_set(arena, &watch->places, place_key(arena, event, true), place);
}

/* What tells packets apart; the same in bytes for the same packet. */
struct packet_key {
    uint64_t source[2];
    uint64_t destination[2];
    uint16_t source_port;
    uint16_t port; /* or ICMP type and code */
    uint8_t family;
    uint8_t protocol;
    uint8_t unused[2];
};

static struct packet_key key_of(const struct packet *packet)
{
    struct packet_key key = {
        .source = {(uint64_t)(packet->source >> 64), (uint64_t)packet->source},
        .destination = {(uint64_t)(packet->destination >> 64), (uint64_t)packet->destination},
        .family = (uint8_t)packet->family,
        .protocol = packet->protocol,
    };

    if (packet->protocol == proto_icmp(packet->family))
        key.port = (uint16_t)(packet->icmp_type << 8 | packet->icmp_code);
    else if (proto_has_ports(packet->protocol)) {
        key.source_port = packet->source_port;
        key.port = packet->port;
    }
    return key;
}

static struct seen *seen_of(struct fates *fates, const struct packet *packet)
{
    struct packet_key key = key_of(packet);
    struct str bytes = {(const char *)&key, sizeof key};
    struct seen *seen = map_get(&fates->seen, bytes);

    if (seen == NULL) {
        seen = arena_new_object(fates->packets, struct seen);
        map_set(fates->packets, &fates->seen, str_dup(fates->packets, bytes), seen);
    }
    return seen;
}

static const struct passing *passing_of(const struct watch *watch, uint32_t id)
{
    for (size_t back = 1; back <= ON_THE_WAY && back <= watch->entered; back++) {
        const struct passing *passing = &watch->passing[(watch->entered - back) % ON_THE_WAY];

        if (passing->id == id)
            return passing;
    }
    return NULL;
}

static void take(void *context, const struct nftrace_event *event)
{
    struct watch *watch = context;
    const struct passing *passing;
    bool enters = str_is(event->table, NFTRACE_TABLE);

    if (enters && event->has_packet) {
        struct seen *seen = seen_of(watch->fates, &event->packet);

        watch->passing[watch->entered++ % ON_THE_WAY] = (struct passing){event->id, event->packet};
        /* What firewalls tell is read one firewall after the other: where it was stopped counts. */
        if (!seen->stopped || seen->watch == watch)
            *seen = (struct seen){.watch = watch};
    }
    passing = enters || !event->drops ? NULL : passing_of(watch, event->id);
    if (passing == NULL)
        return;
    *seen_of(watch->fates, &passing->packet) = (struct seen){
        .watch = watch,
        .stopped = true,
        .family = event->family, /* a literal */
        .table = str_dup(watch->fates->packets, event->table),
        .chain = str_dup(watch->fates->packets, event->chain),
        .handle = event->handle,
    };
}

/* --- names -------------------------------------------------------------------------------------------------------- */

/* A chain of nftables stands in "inet filter", one of iptables in "filter" of one family. */
static const struct chain *chain_of(const struct watch *watch, const struct seen *seen)
{
    for (size_t i = 0; watch->ruleset != NULL && i < watch->ruleset->chain_n; i++) {
        const struct chain *chain = watch->ruleset->chains[i];
        struct str rest;
        struct str family = str_cut(chain->table, ' ', &rest);

        if (!str_eq(chain->name, seen->chain))
            continue;
        if (str_eq(family, seen->family) && str_eq(rest, seen->table))
            return chain;
        if (str_eq(chain->table, seen->table) &&
            ((chain->families == FAMILY_BIT(FAMILY_V4) && str_is(seen->family, "ip")) ||
             (chain->families == FAMILY_BIT(FAMILY_V6) && str_is(seen->family, "ip6"))))
            return chain;
    }
    return NULL;
}

static struct rule_ref name_rule(struct arena *arena, const struct seen *seen)
{
    const struct watch *watch = seen->watch;
    const struct chain *chain = chain_of(watch, seen);
    struct nftrace_event event = {
        .family = seen->family, .table = seen->table, .chain = seen->chain, .handle = seen->handle};
    const struct place_in *place = map_get(&watch->places, place_key(arena, &event, true));

    if (chain != NULL && seen->handle == 0)
        return rule_ref_policy(arena, watch->ruleset, chain);
    if (chain != NULL && place != NULL && place->index <= chain->rule_n)
        return rule_ref_of(&chain->rules[place->index - 1]);
    return (struct rule_ref){
        .table = str_printf(arena, "%.*s %.*s", STR_ARG(seen->family), STR_ARG(seen->table)),
        .chain = str_dup(arena, seen->chain),
        .index = place == NULL ? 0 : place->index,
        .present = true,
    };
}

bool fates_find(const struct fates *fates, const struct packet *packet, struct fate *fate)
{
    struct packet_key key = key_of(packet);
    const struct seen *seen = map_get(&fates->seen, (struct str){(const char *)&key, sizeof key});

    if (seen == NULL)
        return false;
    *fate = (struct fate){.firewall = seen->watch->firewall, .stopped = seen->stopped};
    if (seen->stopped)
        fate->rule = name_rule(fates->arena, seen);
    return true;
}

/* --- looking ------------------------------------------------------------------------------------------------------ */

static int watch_firewall(struct fates *fates, struct stage *stage, const struct firewall *firewall,
                          const struct ruleset *ruleset, struct diags *diags)
{
    const struct namespace *namespace = stage_namespace(stage, firewall);
    struct watch *watch;
    struct epoll_event event = {.events = EPOLLIN};
    int error;

    if (namespace == NULL)
        return 0;
    watch = arena_new_object(fates->arena, struct watch);
    watch->fates = fates;
    watch->firewall = firewall;
    watch->ruleset = ruleset;
    error = nftrace_open(namespace, &stage->home, diags, &watch->trace);
    if (error < 0)
        return error;
    fates->watches[fates->watch_n++] = watch;
    error = nftrace_rules(watch->trace, learn_rule, watch);
    event.data.ptr = watch;
    if (error == 0 && epoll_ctl(fates->epoll, EPOLL_CTL_ADD, nftrace_fd(watch->trace), &event) != 0)
        error = -errno;
    if (error < 0)
        diag_error(diags, firewall->span, "cannot follow packets through firewall \"%.*s\": %s",
                   STR_ARG(firewall->name), strerror(-error));
    return error;
}

int fates_open(struct arena *arena, struct stage *stage, const struct ruleset *const *rulesets, struct diags *diags,
               struct fates **opened)
{
    struct fates *fates = arena_new_object(arena, struct fates);
    int error = 0;

    *fates = (struct fates){.arena = arena, .packets = arena_new(), .epoll = epoll_create1(EPOLL_CLOEXEC)};
    fates->watches = arena_new_array(arena, struct watch *, stage->site->firewall_n);
    if (fates->epoll < 0) {
        error = -errno;
        diag_error(diags, SPAN_NONE, "cannot follow packets: %s", strerror(-error));
    }
    for (size_t i = 0; i < stage->site->firewall_n && error == 0; i++)
        error = watch_firewall(fates, stage, &stage->site->firewalls[i], rulesets == NULL ? NULL : rulesets[i], diags);
    if (error < 0)
        fates_close(fates);
    else
        *opened = fates;
    return error;
}

void fates_close(struct fates *fates)
{
    if (fates == NULL)
        return;
    for (size_t i = 0; i < fates->watch_n; i++)
        nftrace_close(fates->watches[i]->trace);
    if (fates->epoll >= 0)
        close(fates->epoll);
    arena_free(fates->packets);
}

int fates_fd(const struct fates *fates)
{
    return fates->epoll;
}

bool fates_read(struct fates *fates)
{
    bool whole = true;

    for (size_t i = 0; i < fates->watch_n; i++) {
        int error;

        do {
            error = nftrace_read(fates->watches[i]->trace, take, fates->watches[i]);
            whole = whole && error == 0;
        } while (error == -ENOBUFS);
    }
    return whole;
}

void fates_forget(struct fates *fates)
{
    arena_free(fates->packets);
    fates->packets = arena_new();
    fates->seen = (struct map){0};
}
