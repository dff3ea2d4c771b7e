/*
 * What the oracle (packet/naive.c, written apart from the prover) says becomes of packets, for every value of the
 * unknowns; see oracle.h.
 */
#include "oracle.h"

#include "net/proto.h"

typedef void each_answer(void *context, unsigned outcome, const struct naive_rewritten *rewritten);

/* What becomes of a packet for every value of the unknowns, and every choice that rules leave. */
static void ask_all(const struct ruleset *ruleset, struct packet packet, struct str in, struct str out,
                    each_answer *answer, void *context)
{
    static const u128 places[] = {0, 1, 363}; /* in the widest range of ports: both ends, and between */
    unsigned destinations = (ruleset->rewrites & 1u << FIELD_DESTINATION) != 0 ? ADDRESSES + 1 : 1;
    unsigned sources = (ruleset->rewrites & 1u << FIELD_SOURCE) != 0 ? ADDRESSES + 1 : 1;
    unsigned port_n = destinations > 1 ? COUNT(places) : 1;
    struct str ins[8];
    struct str outs[8];
    size_t in_n = names_for(in, ins);
    size_t out_n = names_for(out, outs);
    struct naive_rewritten rewritten;
    u128 choices[FIELD_N] = {0};
    enum ternary literals[LITERALS];
    struct naive_question question = {.ruleset = ruleset,
                                      .hook = HOOK_FORWARD,
                                      .packet = &packet,
                                      .literals = literals,
                                      .choices = choices,
                                      .rewritten = &rewritten};

    packet.has_in = packet.has_out = true;
    for (size_t i = 0; i < in_n * out_n; i++) {
        packet.in = ins[i % in_n];
        packet.out = outs[i / in_n];
        for (unsigned bits = 0; bits < 1u << LITERALS; bits++) {
            literals[0] = bits & 1 ? TERNARY_YES : TERNARY_NO;
            literals[1] = bits & 2 ? TERNARY_YES : TERNARY_NO;
            for (unsigned c = 0; c < destinations * sources * port_n; c++) {
                choices[FIELD_DESTINATION] = address(c % destinations);
                choices[FIELD_SOURCE] = address(c / destinations % sources);
                choices[FIELD_PORT] = places[c / destinations / sources];
                answer(context, naive_ask(&question), &rewritten);
            }
        }
    }
}

struct fate {
    bool passes;
    bool stops;
};

static void note_fate(void *context, unsigned outcome, const struct naive_rewritten *rewritten)
{
    struct fate *fate = context;

    (void)rewritten;
    if (outcome == NAIVE_ACCEPT)
        fate->passes = true;
    else
        fate->stops = true;
}

int fate(const struct ruleset *ruleset, struct packet packet, struct str in, struct str out)
{
    struct fate found = {false, false};
    unsigned quick;

    /* Mostly no unknown matters, and one look tells so. */
    packet.has_in = in.n > 0;
    packet.has_out = out.n > 0;
    packet.in = in;
    packet.out = out;
    quick = naive_ask(&(struct naive_question){.ruleset = ruleset, .hook = HOOK_FORWARD, .packet = &packet});
    if (quick == NAIVE_ACCEPT)
        return 1;
    if ((quick & (NAIVE_ACCEPT | NAIVE_UNKNOWN)) == 0)
        return 0;
    ask_all(ruleset, packet, in, out, note_fate, &found);
    return found.passes && found.stops ? -1 : found.passes ? 1 : 0;
}

/* One of each kind of ports that the flow has in this direction. */
static void add_packets(struct arena *arena, struct packet packet, const struct flow *flow, bool request,
                        struct packets *to)
{
    if (!proto_has_ports(packet.protocol)) {
        *vec_push(arena, to) = packet;
        return;
    }
    for (size_t i = 0; i < COUNT(ports); i++) {
        for (size_t k = 0; k < COUNT(ports); k++) {
            if ((flow->source_ports != NULL && !ranges_contain(flow->source_ports, ports[i])) ||
                (flow->ports != NULL && !ranges_contain(flow->ports, ports[k])))
                continue;
            packet.source_port = (uint16_t)(request ? ports[i] : ports[k]);
            packet.port = (uint16_t)(request ? ports[k] : ports[i]);
            *vec_push(arena, to) = packet;
        }
    }
}

struct packets packets_of(struct arena *arena, const struct permit *permit, enum direction direction)
{
    const struct flow *flow = permit->flow;
    bool request = direction == DIRECTION_REQUEST;
    struct packets packets = {0};

    for (unsigned s = 0; s < ADDRESSES; s++) {
        for (unsigned d = 0; d < ADDRESSES; d++) {
            for (unsigned p = 0; p < COUNT(protocols); p++) {
                struct packet packet = {.family = family, .protocol = (uint8_t)protocol_value(p)};

                packet.source = address(request ? s : d);
                packet.destination = address(request ? d : s);
                packet.state = request ? STATE_NEW : STATE_ESTABLISHED;
                packet.tcp_flags = request ? TCP_SYN : TCP_SYN | TCP_ACK;
                if (s == d || !ranges_contain(permit->source, address(s)) ||
                    !ranges_contain(permit->destination, address(d)) ||
                    (flow->transport != TRANSPORT_ANY && flow_protocol(flow) != packet.protocol))
                    continue;
                if (protocols[p] != PROTO_ICMP) {
                    add_packets(arena, packet, flow, request, &packets);
                    continue;
                }
                for (unsigned m = 0; m < 2; m++) {
                    static const unsigned types[2][2][2] = {{{8, 13}, {0, 14}}, {{128, 139}, {129, 140}}};

                    packet.icmp_type = (uint8_t)types[family][request ? 0 : 1][m];
                    for (packet.icmp_code = 0; packet.icmp_code < 2; packet.icmp_code++)
                        *vec_push(arena, &packets) = packet;
                }
            }
        }
    }
    return packets;
}

struct replies {
    struct arena *arena;
    struct packets packets;
    struct packet request;
    bool matters; /* some request becomes another, or has no connection */
};

static bool same_packet(const struct packet *a, const struct packet *b)
{
    return a->source == b->source && a->destination == b->destination && a->source_port == b->source_port &&
           a->port == b->port && a->protocol == b->protocol && a->state == b->state && a->icmp_type == b->icmp_type &&
           a->icmp_code == b->icmp_code;
}

static void add_reply(struct replies *replies, struct packet reply)
{
    for (size_t i = 0; i < replies->packets.n; i++) {
        if (same_packet(&replies->packets.v[i], &reply))
            return;
    }
    *vec_push(replies->arena, &replies->packets) = reply;
}

/* The answer that filters see: from where the request really went, to where it really came from. */
static void note_reply(void *context, unsigned outcome, const struct naive_rewritten *rewritten)
{
    struct replies *replies = context;
    const struct packet *request = &replies->request;
    const struct packet *seen = &rewritten->packet;
    bool untracked = seen->state == STATE_UNTRACKED;
    struct packet reply = {.family = family, .protocol = request->protocol, .state = STATE_ESTABLISHED};
    static const unsigned char types[2][2] = {{0, 14}, {129, 140}};

    if (outcome != NAIVE_ACCEPT)
        return;
    replies->matters = replies->matters || rewritten->translated;
    if (rewritten->to_host || seen->destination == request->source)
        return;
    reply.source = seen->destination;
    reply.destination = request->source;
    reply.source_port = seen->port;
    reply.port = request->source_port;
    reply.tcp_flags = TCP_SYN | TCP_ACK;
    if (untracked)
        reply.state = reply.protocol == PROTO_TCP || reply.protocol == proto_icmp(family) ? STATE_INVALID : STATE_NEW;
    for (unsigned m = 0; m < 4 && reply.protocol == proto_icmp(family); m++) {
        reply.icmp_type = types[family][m / 2];
        reply.icmp_code = (uint8_t)(m % 2);
        add_reply(replies, reply);
    }
    if (reply.protocol != proto_icmp(family))
        add_reply(replies, reply);
}

struct packets replies_of(struct arena *arena, const struct ruleset *ruleset, const struct permit *permit)
{
    struct replies replies = {.arena = arena};
    struct packets requests;

    if (ruleset->rewrites == 0)
        return packets_of(arena, permit, DIRECTION_REPLY);
    requests = packets_of(arena, permit, DIRECTION_REQUEST);
    vec_each (const struct packet *, request, &requests) {
        struct naive_rewritten rewritten;
        struct packet packet = *request;
        unsigned quick;

        replies.request = *request;
        packet.has_in = permit->in.n > 0;
        packet.has_out = permit->out.n > 0;
        packet.in = permit->in;
        packet.out = permit->out;
        quick = naive_ask(&(struct naive_question){
            .ruleset = ruleset, .hook = HOOK_FORWARD, .packet = &packet, .rewritten = &rewritten});
        if (quick == NAIVE_ACCEPT && rewritten.sure)
            note_reply(&replies, quick, &rewritten);
        else if ((quick & (NAIVE_ACCEPT | NAIVE_UNKNOWN)) != 0)
            ask_all(ruleset, *request, permit->in, permit->out, note_reply, &replies);
    }
    return replies.matters ? replies.packets : packets_of(arena, permit, DIRECTION_REPLY);
}
