/* See dialogue.h. Who answers what comes from the plan (plan/host_ports.h), as for `listen`; the engine asks with
 * `ask.own`, so that services without a public handshake answer as well. */
#include "rehearse/dialogue.h"

#include <errno.h>

#include "live/listen.h"
#include "net/proto.h"
#include "rehearse/build.h"

#define IN_FLIGHT 512
#define AT_ONCE 16 /* conversations that begin between two looks at what is kept */
#define CONNECTIONS 4096
#define DATAGRAMS_PEER 10000000    /* nobody here is a stranger */
#define TRIES (DIALOGUE_TRIES / 2) /* in each of two rounds */
#define DATA_PORT 50000            /* of FTP, where the site names none for it */
#define PATIENCE 4                 /* times as long for those that nobody was seen to stop */

/* What one address answers. */
struct host_answers {
    struct host_ports ports;
    struct offer offer;
};

struct asked {
    struct dialogue *dialogue;
    bool follower;
};

struct playing {
    const struct dialogues *with;
    struct arena *arena; /* of this run */
    struct diags *diags;
    struct loop loop;
    struct engine *engine;
    struct listener *listener;
    struct relay *relay;
    struct watch told; /* by the kernel, about packets */
    struct map hosts;  /* address -> struct host_answers */
    struct map sockets;
    const struct known *names;
    size_t name_n;
    struct dialogue **v;
    size_t n;
    size_t next;
    size_t pending;
};

static int netns_of(const struct playing *playing, const struct actor *actor)
{
    return stage_place(playing->with->stage, actor)->net.net;
}

/* --- who answers -------------------------------------------------------------------------------------------------- */

static void make_offer(struct arena *arena, struct host_answers *host)
{
    struct next *registered = arena_new_array(arena, struct next, host->ports.n);

    host->offer.ports = registered;
    for (size_t i = 0; i < host->ports.n; i++) {
        const struct host_port *port = &host->ports.v[i];
        const struct service *service = service_find(port->service);

        if (port->passive && host->offer.passive_port == 0)
            host->offer.passive_port = port->port;
        if (service == &service_nfs || (service->via != NULL && strcmp(service->via, "rpcbind") == 0))
            registered[host->offer.port_n++] = (struct next){service->name, port->transport, port->port};
    }
    if (host->offer.passive_port == 0)
        host->offer.passive_port = DATA_PORT;
}

/* The site's domains at the addresses that they have in it: every DNS on the stage knows them. */
static void make_names(struct playing *playing)
{
    const struct site *site = playing->with->plan->site;
    struct VEC(struct known) names = {0};

    for (size_t i = 0; i < site->domain_n; i++) {
        for (enum family family = 0; family < FAMILY_N && site->domains[i].set != NULL; family++) {
            const struct ends *ends = &site->domains[i].set->family[family];

            for (size_t k = 0; k < ends->item_n; k++) {
                if (ends->items[k].lo == ends->items[k].hi)
                    *vec_push(playing->arena, &names) =
                        (struct known){site->domains[i].domain, family, ends->items[k].lo};
            }
        }
    }
    playing->names = names.v;
    playing->name_n = names.n;
}

static struct host_answers *host_of(struct playing *playing, enum family family, u128 address)
{
    struct str key = str_printf(playing->arena, "%u %llx %llx", family, (unsigned long long)(address >> 64),
                                (unsigned long long)address);
    struct host_answers *host = map_get(&playing->hosts, key);
    const struct ranges *own[FAMILY_N] = {&ranges_empty, &ranges_empty};
    struct diags ignored; /* what is not stood in for is not asked either */

    if (host != NULL)
        return host;
    host = arena_new_object(playing->arena, struct host_answers);
    diags_init(&ignored, playing->arena);
    own[family] = ranges_value(playing->arena, address);
    plan_host_ports(playing->arena, playing->with->plan, own, &host->ports, &ignored);
    host_ports_join(playing->arena, &host->ports, &ignored);
    make_offer(playing->arena, host);
    host->offer.names = playing->names;
    host->offer.name_n = playing->name_n;
    map_set(playing->arena, &playing->hosts, key, host);
    return host;
}

static const struct service *service_at(const struct host_answers *host, const struct packet *packet)
{
    unsigned transport = packet->protocol;

    if (transport == proto_icmp(packet->family))
        return &service_icmp;
    for (size_t i = 0; i < host->ports.n; i++) {
        const struct host_port *port = &host->ports.v[i];

        if (port->family == packet->family && port->transport == transport && port->port == packet->port)
            return service_find(port->service);
    }
    return transport == PROTO_TCP ? &service_tcp : &service_udp;
}

/* NULL: a stand-in answers. */
static const struct real *real_of(const struct playing *playing, const struct packet *packet)
{
    return packet->protocol == PROTO_TCP ? reals_find(playing->with->reals, packet->port) : NULL;
}

static int stand_in(struct playing *playing, const struct dialogue *dialogue, const struct host_answers *host,
                    const struct service *service, uint16_t port)
{
    const struct packet *packet = &dialogue->packet;
    const struct real *real = port == packet->port ? real_of(playing, packet) : NULL;
    struct stand_in one = {.service = service,
                           .proto = packet->protocol,
                           .family = packet->family,
                           .address = packet->destination,
                           .port = port,
                           .offer = &host->offer,
                           .netns = netns_of(playing, dialogue->to)};
    struct str key = str_printf(playing->arena, "%u %llx %llx %u %u", packet->family,
                                (unsigned long long)(packet->destination >> 64),
                                (unsigned long long)packet->destination, packet->protocol, port);
    uint16_t bound;

    if (map_set(playing->arena, &playing->sockets, key, playing) != NULL)
        return 0;
    if (real != NULL)
        return relay_listen(playing->relay, real, one.netns, one.family, one.address);
    return listener_add(playing->listener, &one, &bound);
}

/* False: nobody can answer, and the dialogue says why. */
static bool answer_it(struct playing *playing, struct dialogue *dialogue)
{
    const struct packet *packet = &dialogue->packet;
    const struct host_answers *host = host_of(playing, packet->family, packet->destination);
    const struct service *service = service_at(host, packet);
    int error = 0;

    if (service == &service_icmp)
        return true;
    error = stand_in(playing, dialogue, host, service, packet->port);
    if (error == 0 && service == &service_ftp)
        error = stand_in(playing, dialogue, host, &service_tcp, host->offer.passive_port);
    if (error < 0)
        dialogue->reason = str_printf(playing->with->arena, "nothing can stand in for it: %s", strerror(-error));
    return error == 0;
}

/* --- who asks ----------------------------------------------------------------------------------------------------- */

static bool next_probe(void *user, struct probe *probe)
{
    struct playing *playing = user;
    struct dialogue *dialogue;
    struct asked *asked;
    bool real;

    if (playing->next == playing->n)
        return false;
    if (playing->next % AT_ONCE == 0)
        capture_take(playing->with->capture);
    dialogue = playing->v[playing->next++];
    real = real_of(playing, &dialogue->packet) != NULL;
    asked = arena_new_object(playing->arena, struct asked);
    asked->dialogue = dialogue;
    *probe = (struct probe){
        .service =
            service_at(host_of(playing, dialogue->packet.family, dialogue->packet.destination), &dialogue->packet),
        .proto = dialogue->packet.protocol == PROTO_ICMPV6 ? PROTO_ICMP : dialogue->packet.protocol,
        .family = dialogue->packet.family,
        .address = dialogue->packet.destination,
        .port = dialogue->packet.port,
        .ask = {.port = dialogue->packet.port, .own = !real},
        .netns = netns_of(playing, dialogue->from),
        .has_source = true,
        .source = dialogue->packet.source,
        .source_port = dialogue->packet.source_port,
        .user = asked,
    };
    if (probe->service == &service_dns && !real && playing->name_n > 0)
        probe->ask.name = playing->names[playing->next % playing->name_n].name;
    if (probe->service == &service_ftp && !real)
        probe->service = &service_ftp_passive; /* which goes on to a connection for data */
    /* Without a public handshake only our own responder could prove more. */
    probe->bare = real && service_exchange(probe->service, PROTO_TCP)->proof != PROOF_HANDSHAKE;
    return true;
}

/* The far end took part: what it said is not asked about here. */
static bool took_part(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_OPEN:
    case OUTCOME_OPEN_SILENT:
    case OUTCOME_WRONG_SERVICE:
    case OUTCOME_TLS_UNTRUSTED:
    case OUTCOME_TLS_INTERCEPTED: return true;
    case OUTCOME_REFUSED:
    case OUTCOME_REJECTED:
    case OUTCOME_FILTERED:
    case OUTCOME_FILTERED_OR_SILENT:
    case OUTCOME_UNREACHABLE:
    case OUTCOME_UNRESOLVED:
    case OUTCOME_PROXY_REFUSED:
    case OUTCOME_UNVERIFIABLE:
    case OUTCOME_ERROR:
    case OUTCOME_N: break;
    }
    return false;
}

/* The data connection of a control connection that stays open for it; a real server's is led nowhere. */
static void follow(struct playing *playing, const struct probe_result *result)
{
    const struct probe *probe = result->probe;
    const struct exchange *exchange = service_exchange(probe->service, probe->proto);
    struct probe next = *probe;
    struct asked *asked;

    if (exchange == NULL || !exchange->holds || result->answer->next_n == 0 ||
        real_of(playing, &((struct asked *)probe->user)->dialogue->packet) != NULL)
        return;
    asked = arena_new_object(playing->arena, struct asked);
    *asked = (struct asked){((struct asked *)probe->user)->dialogue, true};
    next.service = service_find(str_of(result->answer->next[0].service));
    next.proto = result->answer->next[0].proto;
    next.port = next.ask.port = result->answer->next[0].port;
    next.user = asked;
    if (next.service == NULL)
        return;
    playing->pending++;
    engine_follow(playing->engine, &next);
}

static struct str why_not(const struct playing *playing, const char *lead, const struct answer *answer)
{
    return str_printf(playing->with->arena, "%s%s%s%.*s", lead, outcome_name(answer->outcome),
                      answer->reason.n > 0 ? ", " : "", STR_ARG(answer->reason));
}

static void take_result(void *user, const struct probe_result *result)
{
    struct playing *playing = user;
    struct asked *asked = result->probe->user;
    struct dialogue *dialogue = asked->dialogue;
    bool through = took_part(result->answer->outcome);

    if (asked->follower) {
        /* To other ports, and so of another flow, if of any: it says nothing against this one. */
        if (!through)
            dialogue->reason = why_not(playing, "the connection for its data: ", result->answer);
    } else {
        dialogue->through = through;
        dialogue->outcome = result->answer->outcome;
        dialogue->played = result->answer->outcome != OUTCOME_ERROR && result->answer->outcome != OUTCOME_UNVERIFIABLE;
        dialogue->reason = through ? STR_EMPTY : why_not(playing, "", result->answer);
        follow(playing, result);
    }
    if (--playing->pending == 0)
        loop_stop(&playing->loop);
}

static void read_told(struct watch *watch, unsigned events)
{
    struct playing *playing = (struct playing *)(void *)((char *)watch - offsetof(struct playing, told));

    (void)events;
    fates_read(playing->with->fates);
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

static int run(struct playing *playing, unsigned timeout_ms)
{
    struct engine_options options = {.in_flight = IN_FLIGHT,
                                     .timeout_ms = timeout_ms,
                                     .tries = TRIES,
                                     .host_gap_ms = 1,
                                     .no_control = true,
                                     .source = next_probe,
                                     .sink = take_result,
                                     .user = playing};
    int error;

    playing->next = 0;
    playing->pending = playing->n;
    if (playing->n == 0)
        return 0;
    error = engine_open(&playing->loop, &options, &playing->engine);
    if (error < 0)
        return error;
    engine_start(playing->engine);
    playing->loop.stopped = playing->pending == 0;
    error = playing->pending == 0 ? 0 : loop_run(&playing->loop);
    engine_close(playing->engine);
    fates_read(playing->with->fates);
    capture_take(playing->with->capture);
    return error;
}

static void find_fate(const struct playing *playing, struct dialogue *dialogue)
{
    struct packet reply = dialogue_reply(&dialogue->packet);
    struct fate fate = {0};
    bool answered;

    if (fates_find(playing->with->fates, &dialogue->packet, &fate) && fate.stopped)
        dialogue->of_reply = false;
    else if ((answered = fates_find(playing->with->fates, &reply, &fate)) && fate.stopped)
        dialogue->of_reply = true;
    else
        dialogue->answered = answered;
    dialogue->stopped = fate.stopped;
    dialogue->fate = fate;
}

/*
 * Those that did not come through, and nobody was seen to stop: a busy machine may be slow. A connection without a word
 * is none where what follows on the reply is stopped: then the client alone believes in it.
 */
static size_t keep_unexplained(struct playing *playing)
{
    size_t kept = 0;

    for (size_t i = 0; i < playing->n; i++) {
        if (!playing->v[i]->through || playing->v[i]->outcome == OUTCOME_OPEN_SILENT)
            find_fate(playing, playing->v[i]);
        if (!playing->v[i]->through && !playing->v[i]->stopped)
            playing->v[kept++] = playing->v[i];
    }
    return playing->n = kept;
}

static int open_all(struct playing *playing, struct identity *identity)
{
    struct listener_options options = {.identity = identity,
                                       .connections = CONNECTIONS,
                                       .connections_peer = CONNECTIONS,
                                       .datagrams_peer = DATAGRAMS_PEER};
    int error = loop_open(&playing->loop);

    if (error == 0)
        error = listener_open(&playing->loop, &options, &playing->listener);
    if (error == 0) {
        playing->told.ready = read_told;
        error = loop_watch(&playing->loop, &playing->told, fates_fd(playing->with->fates), LOOP_READ);
    }
    return error == 0 ? capture_watch(playing->with->capture, &playing->loop) : error;
}

static int play_all(struct playing *playing, struct dialogue *v, size_t n)
{
    int error;

    playing->v = arena_new_array(playing->arena, struct dialogue *, n);
    for (size_t i = 0; i < n; i++) {
        if (answer_it(playing, &v[i]))
            playing->v[playing->n++] = &v[i];
    }
    error = run(playing, playing->with->timeout_ms);
    if (error == 0 && keep_unexplained(playing) > 0) {
        error = run(playing, playing->with->timeout_ms * PATIENCE);
        keep_unexplained(playing);
    }
    capture_unwatch(playing->with->capture, &playing->loop);
    loop_unwatch(&playing->loop, &playing->told);
    return error;
}

int dialogues_play(const struct dialogues *with, struct dialogue *v, size_t n, struct diags *diags)
{
    struct playing playing = {.with = with, .arena = arena_new(), .diags = diags, .loop = {.epoll = -1}};
    struct str name = STR("localhost");
    struct identity *identity = NULL;
    const char *why = "";
    int error = identity_make(&name, 1, &identity, &why);

    if (error < 0) {
        diag_error(diags, SPAN_NONE, "%s", why);
    } else {
        make_names(&playing);
        error = open_all(&playing, identity);
        if (with->reals != NULL)
            playing.relay = relay_open(playing.arena, &playing.loop, with->reals);
        if (error == 0)
            error = play_all(&playing, v, n);
        if (error < 0)
            diag_error(diags, SPAN_NONE, "cannot play the flows: %s", strerror(-error));
        relay_close(playing.relay);
        listener_close(playing.listener);
        loop_close(&playing.loop);
        identity_free(identity);
    }
    arena_free(playing.arena);
    return error;
}
