/*
 * The prover against the slow oracle: random small rulesets, random flows, and for each every packet at a corner.
 *
 * All values that rules and flows use come from small domains, so that the packets over those values (and one value
 * beyond each) are one of every kind that a rule can tell apart. For each of them the oracle (packet/naive.c, written
 * apart from the prover) says what becomes of it for every value of the unknowns; from that follows what the prover
 * must answer: the verdict, a witness that the oracle confirms, and the exact set of packets beyond the flows.
 *
 * usage: oracle [CASES [SEED]]
 */
#include <stdlib.h>

#include "base/num.h"
#include "net/proto.h"
#include "packet/naive.h"
#include "prove/audit.h"
#include "prove/diff.h"
#include "prove/edit.h"
#include "prove/passage.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LITERALS 2u
#define MARKS 4u
#define ADDRESSES 3u /* rules and flows name the first two, and ranges that may reach the third */

static uint64_t random_state;

static unsigned pick(unsigned n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state * 2685821657736338717u) >> 33) % n;
}

/* Domains: what rules may name, and for ports what lies before, between and behind those. */
static const char *const interfaces[] = {"eth0", "eth1", "wlan0", "tun7"};
static const unsigned char protocols[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_GRE, 99};
static const unsigned named_ports[] = {80, 443};
static const unsigned ports[] = {1, 80, 100, 443, 1000};
static const unsigned flags[] = {TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK};
static const unsigned messages[] = {0, 8 << 8, 3 << 8 | 4, 13 << 8};
static enum family family;
static bool networks;  /* some rule translates a network of destinations */
static bool rewriting; /* the ruleset has rules that write into packets */

static u128 address(unsigned i)
{
    return family == FAMILY_V4 ? 0x0a000000 + i : ((u128)0xfd00 << 112) + i;
}

static u128 icmp_value(unsigned i)
{
    static const unsigned v6[] = {129 << 8, 128 << 8, 2 << 8, 139 << 8};

    return family == FAMILY_V4 ? messages[i] : v6[i];
}

static unsigned protocol_value(unsigned i)
{
    return protocols[i] == PROTO_ICMP ? proto_icmp(family) : protocols[i];
}

static u128 value_of(enum field field, unsigned i)
{
    switch (field) {
    case FIELD_SOURCE:
    case FIELD_DESTINATION: return address(i);
    case FIELD_PROTOCOL: return protocol_value(i);
    case FIELD_SOURCE_PORT: return named_ports[0];
    case FIELD_PORT: return named_ports[i];
    case FIELD_ICMP: return icmp_value(i);
    case FIELD_TCP_FLAGS: return flags[i];
    case FIELD_STATE:
    case FIELD_FRAGMENT:
    case FIELD_MARK: return i;
    case FIELD_IN:
    case FIELD_OUT:
    case FIELD_N: break;
    }
    return 0;
}

static unsigned values_of(enum field field)
{
    switch (field) {
    case FIELD_SOURCE:
    case FIELD_DESTINATION: return ADDRESSES;
    case FIELD_PROTOCOL: return COUNT(protocols) - 1; /* 99 is named by none */
    case FIELD_PORT: return COUNT(named_ports);
    case FIELD_ICMP: return COUNT(messages);
    case FIELD_TCP_FLAGS: return COUNT(flags);
    case FIELD_STATE: return STATE_N;
    case FIELD_FRAGMENT: return FRAGMENT_N;
    case FIELD_MARK: return MARKS;
    case FIELD_SOURCE_PORT:
    case FIELD_IN:
    case FIELD_OUT:
    case FIELD_N: break;
    }
    return 1;
}

static const struct ranges *random_ranges(struct arena *arena, enum field field)
{
    struct range v[3];
    size_t n = 1 + pick(3);
    const struct ranges *made;

    for (size_t i = 0; i < n; i++) {
        u128 a = value_of(field, pick(values_of(field)));
        u128 b = field == FIELD_ICMP || field == FIELD_PROTOCOL || pick(2) == 0
                     ? a
                     : value_of(field, pick(values_of(field)));

        v[i] = (struct range){a < b ? a : b, a < b ? b : a};
    }
    made = ranges_of(arena, v, n);
    return pick(4) == 0 ? ranges_complement(arena, made, field_max(field, family)) : made;
}

/* --- random rulesets --------------------------------------------------------------------------------------------- */

static struct match random_plain(struct arena *arena)
{
    static const enum field fields[] = {FIELD_SOURCE, FIELD_DESTINATION, FIELD_PROTOCOL,
                                        FIELD_STATE,  FIELD_FRAGMENT,    FIELD_MARK};
    struct match match = {.kind = MATCH_RANGES};

    match.field = fields[pick(rewriting ? 6 : 5)];
    match.ranges = random_ranges(arena, match.field);
    return match;
}

static struct match random_interface(struct arena *arena)
{
    struct interface_pattern *pattern = arena_new_object(arena, struct interface_pattern);
    struct match match = {.kind = MATCH_INTERFACES, .negated = pick(4) == 0};

    *pattern = pick(3) == 0 ? (struct interface_pattern){STR("eth"), true}
                            : (struct interface_pattern){str_of(interfaces[pick(3)]), false};
    match.field = pick(2) == 0 ? FIELD_IN : FIELD_OUT;
    match.interfaces = pattern;
    match.interface_n = 1;
    return match;
}

static size_t random_ports(struct arena *arena, struct match *to)
{
    static const enum field fields[] = {FIELD_SOURCE_PORT, FIELD_PORT, FIELD_ICMP, FIELD_TCP_FLAGS};
    enum field field = fields[pick(4)];
    unsigned proto = field == FIELD_ICMP        ? proto_icmp(family)
                     : field == FIELD_TCP_FLAGS ? PROTO_TCP
                     : pick(2) == 0             ? PROTO_TCP
                                                : PROTO_UDP;

    to[0] = (struct match){.kind = MATCH_RANGES, .field = FIELD_PROTOCOL};
    to[0].ranges = ranges_one(arena, proto, proto);
    to[1] = (struct match){.kind = MATCH_RANGES, .field = field};
    to[1].ranges = random_ranges(arena, field);
    to[2] = (struct match){.kind = MATCH_RANGES, .field = FIELD_FRAGMENT};
    to[2].ranges = ranges_one(arena, FRAGMENT_NONE, FRAGMENT_FIRST);
    return 3;
}

static struct match random_groups(struct arena *arena)
{
    size_t n = 1 + pick(3);
    struct match_group *groups = arena_new_array(arena, struct match_group, n);
    struct match match = {.kind = pick(3) == 0 ? MATCH_NONE_OF : MATCH_ANY_OF};

    for (size_t i = 0; i < n; i++) {
        struct match *v = arena_new_array(arena, struct match, 5);

        v[0] = random_plain(arena);
        groups[i].v = v;
        groups[i].n = 1 + (pick(2) == 0 ? random_ports(arena, v + 1) : 0);
    }
    match.groups = groups;
    match.group_n = n;
    return match;
}

static void random_matches(struct arena *arena, struct rule *rule)
{
    struct match *v = arena_new_array(arena, struct match, 10);
    size_t n = 0;

    while (n < 6 && pick(3) != 0) {
        switch (pick(8)) {
        case 0: v[n++] = random_interface(arena); break;
        case 1: v[n++] = random_groups(arena); break;
        case 2:
            if (pick(2) == 0) {
                v[n] = (struct match){.kind = MATCH_UNKNOWN, .negated = pick(3) == 0, .literal = pick(LITERALS)};
                v[n].text = v[n].literal == 0 ? STR("unknown 0") : STR("unknown 1");
                n++;
                break;
            }
            n += random_ports(arena, v + n);
            break;
        case 3:
        case 4: n += random_ports(arena, v + n); break;
        default: v[n++] = random_plain(arena);
        }
    }
    rule->matches = v;
    rule->match_n = n;
}

static struct range random_target(unsigned values, enum field field)
{
    unsigned a = pick(values);
    unsigned b = pick(3) == 0 ? a + pick(values - a) : a;

    return (struct range){value_of(field, a), value_of(field, b)};
}

static const struct rewrite *random_nat(struct arena *arena, bool source)
{
    struct rewrite *rewrite = arena_new_object(arena, struct rewrite);
    enum field field = source ? FIELD_SOURCE : FIELD_DESTINATION;

    switch (pick(6)) {
    case 0: rewrite->own = true; break;
    case 1: /* a network of two addresses */
        rewrite->has_addresses = rewrite->network = true;
        networks = networks || !source;
        rewrite->addresses = (struct range){address(2), address(3)};
        break;
    case 2: break;
    default: rewrite->has_addresses = true; rewrite->addresses = random_target(ADDRESSES, field);
    }
    if (pick(3) == 0) {
        rewrite->has_ports = true;
        rewrite->ports = source ? (struct range){80, 80} : random_target(2, FIELD_PORT);
    }
    return rewrite;
}

/* What a rule writes, by the base chain that it stands in; in other chains only a mark. */
static void random_write(struct arena *arena, struct rule *rule)
{
    struct rewrite *rewrite = arena_new_object(arena, struct rewrite);

    if (rule->chain->nat) {
        rule->action = rule->chain->hook == HOOK_PREROUTING ? ACTION_DNAT : ACTION_SNAT;
        rule->rewrite = random_nat(arena, rule->action == ACTION_SNAT);
        return;
    }
    if (rule->chain->priority < -200 && pick(2) == 0) {
        rule->action = ACTION_NOTRACK;
        return;
    }
    rule->action = ACTION_MARK;
    rewrite->keep = pick(2) == 0 ? 0 : pick(MARKS);
    rewrite->flip = pick(MARKS);
    rule->rewrite = rewrite;
}

static void random_rule(struct arena *arena, struct ruleset *ruleset, size_t chain, size_t i)
{
    static const enum action actions[] = {ACTION_ACCEPT, ACTION_ACCEPT, ACTION_ACCEPT, ACTION_DROP,
                                          ACTION_DROP,   ACTION_REJECT, ACTION_NONE,   ACTION_RETURN};
    struct rule *rule = &ruleset->chains[chain]->rules[i];

    *rule = (struct rule){
        .index = (uint32_t)i + 1, .chain = ruleset->chains[chain], .families = FAMILY_BOTH, .text = STR("rule")};
    if (pick(12) == 0)
        rule->families = FAMILY_BIT(pick(2));
    random_matches(arena, rule);
    rule->action = actions[pick(COUNT(actions))];
    /* Only to later chains: no loops. */
    if (chain + 1 < ruleset->chain_n && pick(3) == 0) {
        struct chain *target = ruleset->chains[chain + 1 + pick((unsigned)(ruleset->chain_n - chain - 1))];

        if (target->hook == HOOK_NONE) {
            rule->target = target;
            rule->action = pick(4) == 0 ? ACTION_GOTO : ACTION_JUMP;
        }
    } else if (rewriting && pick(rule->chain->nat || rule->chain->priority < 0 ? 2 : 5) == 0) {
        random_write(arena, rule);
        ruleset->rewrites |= action_writes(rule->action);
    }
}

/* Base chains around the ones that filter. */
static const struct {
    const char *name;
    enum hook hook;
    int priority;
    bool nat;
} around[] = {{"raw", HOOK_PREROUTING, -300, false}, {"dnat", HOOK_PREROUTING, -100, true},
              {"dnat2", HOOK_PREROUTING, -90, true}, {"after", HOOK_PREROUTING, -50, false},
              {"input", HOOK_INPUT, 0, false},       {"snat", HOOK_POSTROUTING, 100, true},
              {"late", HOOK_POSTROUTING, 150, false}};

static void add_around(struct arena *arena, struct ruleset *ruleset)
{
    for (size_t i = 0; i < COUNT(around); i++) {
        struct chain *chain;

        if (pick(3) == 0)
            continue;
        chain = arena_new_object(arena, struct chain);
        *chain = (struct chain){.table = STR("t"),
                                .name = str_of(around[i].name),
                                .families = FAMILY_BOTH,
                                .hook = around[i].hook,
                                .priority = around[i].priority,
                                .nat = around[i].nat,
                                .policy = pick(8) == 0 ? ACTION_DROP : ACTION_ACCEPT};
        chain->rule_n = pick(4);
        chain->rules = arena_new_array(arena, struct rule, chain->rule_n);
        for (size_t k = ruleset->chain_n++; k > 0; k--)
            ruleset->chains[k] = ruleset->chains[k - 1];
        ruleset->chains[0] = chain;
    }
}

static struct ruleset *random_ruleset(struct arena *arena)
{
    static const char *const names[] = {"base", "second", "c", "d"};
    struct ruleset *ruleset = arena_new_object(arena, struct ruleset);
    struct interface_pattern wild = {STR("eth"), true};

    *ruleset = (struct ruleset){.dialect = STR("test"), .file = STR("test"), .literal_n = LITERALS};
    ruleset->families = FAMILY_BIT(family); /* its addresses are of one */
    ruleset->chain_n = 1 + pick(4);
    ruleset->chains = arena_new_array(arena, struct chain *, ruleset->chain_n + COUNT(around));
    rewriting = pick(3) == 0;
    networks = false;
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        struct chain *chain = arena_new_object(arena, struct chain);
        bool base = i == 0 || (i == 1 && pick(3) == 0);

        *chain = (struct chain){.table = STR("t"),
                                .name = str_of(names[i]),
                                .families = FAMILY_BOTH,
                                .hook = base ? HOOK_FORWARD : HOOK_NONE,
                                .priority = (int)pick(3),
                                .policy = pick(3) == 0 ? ACTION_ACCEPT : ACTION_DROP};
        chain->rule_n = pick(6);
        chain->rules = arena_new_array(arena, struct rule, chain->rule_n);
        ruleset->chains[i] = chain;
    }
    if (rewriting)
        add_around(arena, ruleset);
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        for (size_t k = 0; k < ruleset->chains[i]->rule_n; k++)
            random_rule(arena, ruleset, i, k);
    }
    *vec_push(arena, &ruleset->interfaces) = wild;
    for (size_t i = 0; i < 3; i++)
        *vec_push(arena, &ruleset->interfaces) = (struct interface_pattern){str_of(interfaces[i]), false};
    return ruleset;
}

/* --- random questions -------------------------------------------------------------------------------------------- */

static const struct ranges *random_addresses(struct arena *arena)
{
    unsigned a = pick(ADDRESSES);
    unsigned b = pick(2) == 0 ? a : pick(ADDRESSES);

    return ranges_one(arena, address(a < b ? a : b), address(a < b ? b : a));
}

static struct permit random_permit(struct arena *arena)
{
    struct flow *flow = arena_new_object(arena, struct flow);
    int transports[] = {PROTO_TCP, PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_GRE, TRANSPORT_ANY};
    struct permit permit = {.flow = flow, .hook = HOOK_FORWARD};

    *flow = (struct flow){.id = STR("flow"), .family = family, .transport = transports[pick(6)], .ports_known = true};
    if (flow->transport > 0 && proto_has_ports((unsigned)flow->transport) && pick(4) != 0)
        flow->ports = ranges_one(arena, named_ports[0], named_ports[pick(COUNT(named_ports))]);
    if (flow->ports != NULL && pick(8) == 0)
        flow->source_ports = ranges_one(arena, 80, 80);
    permit.source = random_addresses(arena);
    permit.destination = random_addresses(arena);
    if (pick(3) != 0)
        permit.in = str_of(interfaces[pick(4)]);
    if (pick(3) != 0)
        permit.out = str_of(interfaces[pick(4)]);
    return permit;
}

static struct policy random_policy(struct arena *arena)
{
    struct policy policy = {.firewall = STR("test"), .hooks = 1u << HOOK_FORWARD, .families = FAMILY_BIT(family)};
    struct permit *permits = arena_new_array(arena, struct permit, 3);
    struct face *face = arena_new_object(arena, struct face);

    policy.permit_n = 1 + pick(3);
    for (size_t i = 0; i < policy.permit_n; i++)
        permits[i] = random_permit(arena);
    policy.permits = permits;
    *face = (struct face){.hook = HOOK_FORWARD};
    if (pick(2) == 0)
        face->in = str_of(interfaces[pick(4)]);
    if (pick(2) == 0)
        face->out = str_of(interfaces[pick(4)]);
    for (enum family f = 0; f < FAMILY_N; f++) {
        bool asked = f == family;

        face->source[f] = asked ? ranges_one(arena, address(0), address(ADDRESSES - 1)) : &ranges_empty;
        face->destination[f] = asked ? ranges_one(arena, address(0), address(ADDRESSES - 1)) : &ranges_empty;
    }
    policy.faces = face;
    policy.face_n = 1;
    policy.baseline = pick(2) == 0 ? BASELINE_DEFAULT : 0;
    return policy;
}

/* --- what the oracle says ---------------------------------------------------------------------------------------- */

struct packets VEC(struct packet);

/* Interfaces that a question may mean: the one that it names, or every one. */
static size_t names_for(struct str bound, struct str *names)
{
    if (bound.n > 0) {
        names[0] = bound;
        return 1;
    }
    for (size_t i = 0; i < COUNT(interfaces); i++)
        names[i] = str_of(interfaces[i]);
    names[COUNT(interfaces)] = STR("ethernet9");
    return COUNT(interfaces) + 1;
}

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

/* 1: passes whatever the unknowns are, 0: never, -1: depends. Unbound interfaces count as unknown. */
static int fate(const struct ruleset *ruleset, struct packet packet, struct str in, struct str out)
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

/* The packets that a permit asks about, one of each kind. */
static struct packets packets_of(struct arena *arena, const struct permit *permit, enum direction direction)
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

/* Of the requests that may pass; where none is translated, of all. */
static struct packets replies_of(struct arena *arena, const struct ruleset *ruleset, const struct permit *permit)
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

static enum verdict_kind expected(bool some_pass, bool some_stop, bool some_depend)
{
    if (!some_stop && !some_depend)
        return VERDICT_PERMITTED;
    if (!some_pass && !some_depend)
        return VERDICT_DENIED;
    return some_pass && some_stop ? VERDICT_PARTIAL : VERDICT_UNDETERMINED;
}

/* --- the comparison ---------------------------------------------------------------------------------------------- */

static unsigned long failures;
static unsigned long excess_open; /* cases with more boxes than are listed */
static unsigned long audits_open; /* cases with a rule that an audit left undecided */

static void complain(const char *what, unsigned long number, const struct packet *packet)
{
    struct buf text = BUF_EMPTY;

    if (packet != NULL)
        packet_format(&text, packet);
    printf("case %lu: %s %.*s\n", number, what, STR_ARG(buf_str(&text)));
    buf_free(&text);
    failures++;
}

/* Whether the witness of a verdict fares as that says. */
static bool confirms(const struct ruleset *ruleset, const struct permit *permit, const struct verdict *verdict)
{
    bool request = verdict->direction == DIRECTION_REQUEST;
    int wanted = verdict->kind == VERDICT_UNDETERMINED ? -1 : verdict->kind == VERDICT_PERMITTED;

    return fate(ruleset, verdict->packet, request ? permit->in : permit->out, request ? permit->out : permit->in) ==
           wanted;
}

static void compare_permit(struct arena *arena, const struct prover *prover, const struct permit *permit,
                           enum direction direction, unsigned long number)
{
    struct packets packets = direction == DIRECTION_REQUEST ? packets_of(prover->arena, permit, direction)
                                                            : replies_of(prover->arena, prover->ruleset, permit);
    struct str in = direction == DIRECTION_REQUEST ? permit->in : permit->out;
    struct str out = direction == DIRECTION_REQUEST ? permit->out : permit->in;
    bool some[3] = {false, false, false};
    struct verdict verdict;

    vec_each (struct packet *, packet, &packets)
        some[1 + fate(prover->ruleset, *packet, in, out)] = true;
    judge_permit(arena, prover, permit, direction, &verdict);
    if (verdict.kind != expected(some[2], some[1], some[0])) {
        printf("case %lu: %s where the oracle says %s\n", number, verdict_name(verdict.kind),
               verdict_name(expected(some[2], some[1], some[0])));
        failures++;
        return;
    }
    if (!verdict.has_packet)
        return;
    if (!confirms(prover->ruleset, permit, &verdict))
        complain("the oracle does not confirm the witness", number, &verdict.packet);
    if (verdict.packet.source == verdict.packet.destination)
        complain("the witness goes from an address to itself", number, &verdict.packet);
}

/* `0-2`: all codes of the types; `3/0-3`: some codes of one. */
static bool message_in(struct str text, unsigned message)
{
    struct str codes;
    struct str type = str_cut(text, '/', &codes);
    struct range range;

    if (codes.n == 0)
        return port_range_parse(type, true, &range) && range.lo <= message >> 8 && message >> 8 <= range.hi;
    return port_range_parse(type, true, &range) && range.lo == message >> 8 && port_range_parse(codes, true, &range) &&
           range.lo <= (message & 255) && (message & 255) <= range.hi;
}

static bool in_values(const struct str *values, size_t n, enum field field, u128 value)
{
    for (size_t i = 0; i < n; i++) {
        struct addr_range addr;
        struct range range;

        if (str_is(values[i], "any"))
            return true;
        if (field == FIELD_SOURCE || field == FIELD_DESTINATION) {
            if (addr_range_parse(values[i], &addr) == ADDR_OK && addr.range.lo <= value && value <= addr.range.hi)
                return true;
        } else if (field == FIELD_STATE) {
            if (str_is(values[i], state_name((enum state)value)))
                return true;
        } else if (field == FIELD_FRAGMENT) {
            static const char *const names[FRAGMENT_N] = {"none", "first", "later"};

            if (str_is(values[i], names[value]))
                return true;
        } else if (field == FIELD_ICMP) {
            if (message_in(values[i], (unsigned)value))
                return true;
        } else if (field == FIELD_PROTOCOL && proto_parse(values[i]) == (int)value) {
            return true;
        } else if (port_range_parse(values[i], true, &range) && range.lo <= value && value <= range.hi) {
            return true;
        }
    }
    return false;
}

/* The most specific entry decides; a list that begins with an exception starts from every interface. */
static bool interface_in(const struct str *values, size_t n, struct str name)
{
    bool inside = str_starts(values[0], "!") || str_is(values[0], "any");
    size_t longest = 0;

    for (size_t i = 0; i < n; i++) {
        bool negative = str_starts(values[i], "!");
        struct str value = str_from(values[i], negative);
        bool wild = str_ends(value, "*");
        struct str head = str_head(value, wild ? value.n - 1 : value.n);

        if (wild ? !str_eq(str_head(name, head.n), head) : !str_eq(name, value))
            continue;
        if (head.n + !wild > longest) {
            longest = head.n + !wild;
            inside = !negative;
        }
    }
    return inside;
}

static bool in_box(const struct box *box, const struct packet *packet)
{
    bool has_ports = proto_has_ports(packet->protocol);
    bool icmp = packet->protocol == proto_icmp(packet->family);

    for (enum field field = 0; field < FIELD_N; field++) {
        const struct str *values = box->values[field];

        if (field == FIELD_IN || field == FIELD_OUT) {
            if (!interface_in(values, box->n[field], field == FIELD_IN ? packet->in : packet->out))
                return false;
        } else if (((field == FIELD_SOURCE_PORT || field == FIELD_PORT) && !has_ports) ||
                   (field == FIELD_ICMP && !icmp) || (field == FIELD_TCP_FLAGS && packet->protocol != PROTO_TCP) ||
                   field == FIELD_MARK) {
            continue;
        } else if (!in_values(values, box->n[field], field, packet_field(packet, field))) {
            return false;
        }
    }
    return true;
}

/* Whether a permit's flow has the packet; `mirrored`: as an answer, in a ruleset that keeps no state. */
static bool permit_has(const struct permit *permit, const struct packet *packet, bool mirrored)
{
    const struct flow *flow = permit->flow;
    bool any = flow->transport == TRANSPORT_ANY;
    struct str in = mirrored ? permit->out : permit->in;
    struct str out = mirrored ? permit->in : permit->out;
    const struct ranges *from = mirrored ? permit->destination : permit->source;
    const struct ranges *to = mirrored ? permit->source : permit->destination;
    const struct ranges *from_ports = mirrored ? flow->ports : flow->source_ports;
    const struct ranges *to_ports = mirrored ? flow->source_ports : flow->ports;

    return (in.n == 0 || str_eq(in, packet->in)) && (out.n == 0 || str_eq(out, packet->out)) &&
           ranges_contain(from, packet->source) && ranges_contain(to, packet->destination) &&
           (any || flow_protocol(flow) == packet->protocol) &&
           (any || from_ports == NULL || ranges_contain(from_ports, packet->source_port)) &&
           (any || to_ports == NULL || ranges_contain(to_ports, packet->port)) &&
           (!mirrored || packet->protocol != PROTO_TCP || (packet->tcp_flags & (TCP_ACK | TCP_RST)) != 0);
}

static bool excused(const struct ruleset *ruleset, const struct policy *policy, const struct packet *packet)
{
    bool stateless = region_stateless(ruleset);

    for (size_t i = 0; i < policy->permit_n; i++) {
        if (permit_has(&policy->permits[i], packet, false) ||
            (stateless && permit_has(&policy->permits[i], packet, true)))
            return true;
    }
    if ((policy->baseline & 1u << BASELINE_ICMP_ERRORS) == 0 || packet->protocol != proto_icmp(family))
        return false;
    return family == FAMILY_V4 ? packet->icmp_type == 3 || packet->icmp_type == 11 || packet->icmp_type == 12
                               : packet->icmp_type >= 1 && packet->icmp_type <= 4;
}

/* A random packet of the face that can open a connection, of one of the kinds that rules tell apart. */
static struct packet random_packet(const struct face *face)
{
    static const enum state opening[] = {STATE_NEW, STATE_INVALID, STATE_UNTRACKED};
    struct str names[8];
    struct packet packet = {.family = family, .has_in = true, .has_out = true};
    u128 message = icmp_value(pick(4));

    packet.in = face->in.n > 0 ? face->in : (names_for(STR_EMPTY, names), names[pick(5)]);
    packet.out = face->out.n > 0 ? face->out : (names_for(STR_EMPTY, names), names[pick(5)]);
    packet.source = address(pick(ADDRESSES));
    packet.destination = address(pick(ADDRESSES));
    packet.protocol = (uint8_t)protocol_value(pick(COUNT(protocols)));
    packet.state = opening[pick(3)];
    packet.fragment = (enum fragment)pick(FRAGMENT_N);
    if (proto_has_ports(packet.protocol)) {
        packet.source_port = (uint16_t)ports[pick(COUNT(ports))];
        packet.port = (uint16_t)ports[pick(COUNT(ports))];
    }
    if (packet.protocol == PROTO_TCP)
        packet.tcp_flags = (uint8_t)flags[pick(3)];
    if (packet.protocol == proto_icmp(family)) {
        packet.icmp_type = (uint8_t)(message >> 8);
        packet.icmp_code = (uint8_t)(message & 255);
    }
    return packet;
}

static struct rule *rule_of_finding(const struct ruleset *ruleset, const struct finding *finding)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        if (str_eq(ruleset->chains[i]->name, finding->rule.chain) && finding->rule.index > 0)
            return &ruleset->chains[i]->rules[finding->rule.index - 1];
    }
    return NULL;
}

struct accepted {
    const struct rule *by; /* the last rule that accepted the packet */
    bool unsure;
};

static void note_accepted(void *context, const struct naive_step *step)
{
    struct accepted *accepted = context;

    accepted->unsure = accepted->unsure || step->matched == TERNARY_MAYBE;
    if (step->rule != NULL && step->matched == TERNARY_YES && step->action == ACTION_ACCEPT)
        accepted->by = step->rule;
}

/* The packet of an excess passes, and where no unknown has a part in it the rule that is named lets it through. */
static void compare_witness(const struct ruleset *ruleset, const struct finding *finding, unsigned long number)
{
    struct accepted accepted = {0};
    struct naive_question question = {.ruleset = ruleset,
                                      .hook = HOOK_FORWARD,
                                      .packet = &finding->packet,
                                      .step = note_accepted,
                                      .context = &accepted};

    if (fate(ruleset, finding->packet, finding->packet.in, finding->packet.out) == 0)
        complain("the packet of an excess does not pass", number, &finding->packet);
    naive_ask(&question);
    if (!accepted.unsure && accepted.by != (finding->rule.index == 0 ? NULL : rule_of_finding(ruleset, finding)))
        complain("another rule lets the packet of an excess through", number, &finding->packet);
}

static void compare_excess(struct arena *arena, const struct prover *prover, const struct policy *policy,
                           unsigned long number)
{
    struct findings findings = {0};
    bool open = false; /* some rule opens so much that not all is listed; must stay the exception */

    if (!excess_find(arena, prover, policy, &findings))
        complain("gave up", number, NULL);
    vec_each (struct finding *, finding, &findings)
        open = open || str_ends(finding->reason, "not listed");
    excess_open += open;
    for (unsigned i = 0; i < 100; i++) {
        struct packet packet = random_packet(&policy->faces[0]);
        bool may_pass = fate(prover->ruleset, packet, packet.in, packet.out) != 0;
        bool beyond = may_pass && !excused(prover->ruleset, policy, &packet);
        bool found = false;

        if (packet.source == packet.destination)
            continue;
        vec_each (struct finding *, finding, &findings)
            found = found || in_box(&finding->box, &packet);
        if (found != beyond && !(open && beyond))
            complain(beyond ? "excess is not found" : "this is no excess", number, &packet);
    }
    vec_each (struct finding *, finding, &findings)
        compare_witness(prover->ruleset, finding, number);
}

/* --- audits and differences -------------------------------------------------------------------------------------- */

static struct packet any_packet(void)
{
    struct face face = {.hook = HOOK_FORWARD};
    struct packet packet = random_packet(&face);

    packet.state = (enum state)pick(STATE_N);
    return packet;
}

struct met {
    const struct rule *rule;
    bool matched;
};

static void note_met(void *context, const struct naive_step *step)
{
    struct met *met = context;

    if (step->rule == met->rule && step->matched == TERNARY_YES)
        met->matched = true;
}

#define UNKNOWNS 6u /* both sides of a difference may have their own */

static unsigned outcome(const struct ruleset *ruleset, const struct packet *packet, unsigned bits, struct met *met)
{
    enum ternary literals[UNKNOWNS];
    struct naive_question question = {.ruleset = ruleset, .hook = HOOK_FORWARD, .packet = packet, .literals = literals};

    for (unsigned i = 0; i < UNKNOWNS; i++)
        literals[i] = (bits & 1u << i) != 0 ? TERNARY_YES : TERNARY_NO;
    if (met != NULL) {
        question.step = note_met;
        question.context = met;
    }
    return naive_ask(&question);
}

/* Whether some rule writes into packets: what asks for the written field behind it is left undecided. */
static bool writes(const struct ruleset *ruleset)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        for (size_t k = 0; k < ruleset->chains[i]->rule_n; k++) {
            enum action action = ruleset->chains[i]->rules[k].action;

            if (action == ACTION_MARK || action == ACTION_NOTRACK || action == ACTION_DNAT || action == ACTION_SNAT)
                return true;
        }
    }
    return false;
}

/* A rule that is said never to match must not; one said to be redundant must change nothing when it is gone. */
static void compare_audit(struct arena *arena, const struct prover *prover, unsigned long number)
{
    const struct ruleset *ruleset = prover->ruleset;
    struct findings findings = {0};
    size_t undecided;

    audit_find(arena, prover, &findings, &undecided);
    /* An audit may run out of its budget, and says so; it must stay the exception (main looks at it). */
    audits_open += undecided > 0 && !writes(ruleset);
    vec_each (const struct finding *, finding, &findings) {
        struct rule *rule = rule_of_finding(ruleset, finding);

        for (unsigned i = 0; rule != NULL && i < 60; i++) {
            unsigned bits = pick(1u << LITERALS);
            struct packet packet = any_packet();
            struct met met = {.rule = rule};
            unsigned with = outcome(ruleset, &packet, bits, &met);
            unsigned families = rule->families;

            if (finding->kind == FINDING_SHADOWED && met.matched)
                complain("a rule matches that is said never to", number, &packet);
            rule->families = 0;
            if ((finding->kind == FINDING_SHADOWED || finding->kind == FINDING_REDUNDANT) &&
                outcome(ruleset, &packet, bits, NULL) != with)
                complain("a rule matters that is said not to", number, &packet);
            rule->families = families;
        }
    }
}

static void mutate(struct ruleset *ruleset)
{
    struct chain *chain = ruleset->chains[pick((unsigned)ruleset->chain_n)];
    struct rule *rule = chain->rule_n == 0 ? NULL : &chain->rules[pick((unsigned)chain->rule_n)];

    if (rule == NULL)
        chain->policy = chain->policy == ACTION_DROP ? ACTION_ACCEPT : ACTION_DROP;
    else if (rule->target == NULL && pick(2) == 0)
        rule->action = rule->action == ACTION_ACCEPT ? ACTION_DROP : ACTION_ACCEPT;
    else
        rule->families = FAMILY_BIT(pick(2));
}

/* A ruleset and a copy with a change or two, or two of their own: differences are found where there are some. */
static void compare_diff(struct arena *arena, unsigned long number)
{
    uint64_t here = random_state;
    struct diff_question question = {.left = random_ruleset(arena), .hooks = 1u << HOOK_FORWARD};
    struct differences differences = {0};
    unsigned one_sided;
    bool writing;

    if (pick(4) != 0) {
        random_state = here;
        question.right = random_ruleset(arena);
        for (unsigned i = pick(3); i > 0; i--)
            mutate(question.right);
    } else {
        question.right = random_ruleset(arena);
    }
    /* Where a translation goes counts there too, and the kernel's choices of the two are not the same. */
    if (((question.left->rewrites | question.right->rewrites) & (1u << FIELD_SOURCE | 1u << FIELD_DESTINATION)) != 0)
        return;
    writing = writes(question.left) || writes(question.right);
    if (!diff_find(arena, &question, &differences, &one_sided))
        complain("gave up on a difference", number, NULL);
    for (unsigned i = 0; i < 60; i++) {
        struct packet packet = any_packet();
        bool differ = false;
        bool found = false;
        bool claimed = false;

        for (unsigned bits = 0; bits < 1u << UNKNOWNS; bits++)
            differ = differ || (outcome(question.left, &packet, bits, NULL) == NAIVE_ACCEPT) !=
                                   (outcome(question.right, &packet, bits, NULL) == NAIVE_ACCEPT);
        vec_each (const struct difference *, difference, &differences)
            if (difference->box.family == family && in_box(&difference->box, &packet)) {
                found = true;
                /* A write that is not followed may do anything: it is no claim. */
                claimed = claimed ||
                          (difference->left != VERDICT_UNDETERMINED && difference->right != VERDICT_UNDETERMINED) ||
                          !writing;
            }
        if (found != differ && (differ || claimed))
            complain(differ ? "a difference is not found" : "this is no difference", number, &packet);
    }
}

/* --- edits ------------------------------------------------------------------------------------------------------- */

/* What a proof from scratch says; its witness may be another one. */
static void compare_edited(struct arena *arena, struct arena *scratch, const struct edit *edit,
                           const struct ruleset *ruleset, const struct policy *policy, unsigned long number)
{
    const struct prover *prover = prover_new(arena, ruleset, policy);

    for (size_t i = 0; i < policy->permit_n; i++) {
        for (enum direction direction = DIRECTION_REQUEST; direction <= DIRECTION_REPLY; direction++) {
            const struct verdict *kept = edit_verdict(edit, i, direction);
            struct verdict fresh;

            judge_permit(scratch, prover, &policy->permits[i], direction, &fresh);
            if (kept->kind != fresh.kind || kept->has_packet != fresh.has_packet)
                complain("a verdict is not that of the edited ruleset", number, &fresh.packet);
            else if (fresh.has_packet && !networks && !confirms(ruleset, &policy->permits[i], kept))
                complain("the oracle does not confirm the witness after an edit", number, &kept->packet);
        }
    }
}

/* Rules become others, one after the other; all verdicts stay those of the ruleset as it is. */
static void compare_edits(struct arena *arena, struct arena *scratch, struct ruleset *ruleset,
                          const struct policy *policy, unsigned long number)
{
    struct edit *edit = edit_start(arena, ruleset, policy);

    for (unsigned n = 0; n < 4; n++) {
        size_t c = pick((unsigned)ruleset->chain_n);
        struct chain *chain = ruleset->chains[c];
        size_t i = chain->rule_n == 0 ? 0 : pick((unsigned)chain->rule_n);
        struct rule old;
        struct rule rule;
        size_t judged;

        if (chain->rule_n == 0)
            continue;
        old = chain->rules[i];
        random_rule(arena, ruleset, c, i);
        rule = chain->rules[i];
        chain->rules[i] = old;
        if (pick(6) == 0)
            rule.action = ACTION_NONE;
        if (!edit_rule(edit, chain, i, &rule, &judged))
            complain("an edit is refused", number, NULL);
        compare_edited(arena, scratch, edit, ruleset, policy, number);
    }
    edit_free(edit);
}

static void run_case(struct arena *arena, struct arena *scratch, unsigned long number)
{
    struct arena_mark mark = arena_mark(arena);
    struct ruleset *ruleset;
    struct policy policy;
    struct prover *prover;

    family = (enum family)pick(2);
    ruleset = random_ruleset(arena);
    policy = random_policy(arena);
    prover = prover_new(arena, ruleset, &policy);
    for (size_t i = 0; i < policy.permit_n; i++) {
        compare_permit(scratch, prover, &policy.permits[i], DIRECTION_REQUEST, number);
        /* Which pairs of addresses a translated network leaves is no product: replies are asked of some more. */
        if (!networks)
            compare_permit(scratch, prover, &policy.permits[i], DIRECTION_REPLY, number);
    }
    compare_excess(scratch, prover, &policy, number);
    if (number % 4 == 0)
        compare_audit(scratch, prover, number);
    if (number % 4 == 1)
        compare_diff(arena, number);
    if (number % 4 == 2)
        compare_edits(arena, scratch, ruleset, &policy, number);
    arena_release(arena, mark);
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new();
    struct arena *scratch = arena_new();
    uint64_t cases = 100000;
    uint64_t seed = 1;

    if ((argc > 1 && !num_decimal(str_of(argv[1]), 1u << 30, &cases)) ||
        (argc > 2 && !num_decimal(str_of(argv[2]), UINT64_MAX / 4, &seed)))
        return 2;
    for (uint64_t i = 0; i < cases && failures < 20; i++) {
        struct arena_mark mark = arena_mark(scratch);

        random_state = (seed * 1000003 + i) * 0x9e3779b97f4a7c15u | 1;
        for (int k = 0; k < 4; k++)
            pick(2);
        run_case(arena, scratch, (unsigned long)i);
        arena_release(scratch, mark);
    }
    arena_free(arena);
    arena_free(scratch);
    if (audits_open > 1 + cases / 5000)
        complain("and others: audits that do not decide", audits_open, NULL);
    if (excess_open > 1 + cases / 500)
        complain("and others: excess that is not listed", excess_open, NULL);
    printf("%lu audits left a rule open, %lu rulesets open more than is listed; %llu cases\n%lu passed, %lu failed\n",
           audits_open, excess_open, (unsigned long long)cases, (unsigned long)cases - failures, failures);
    return failures == 0 ? 0 : 1;
}
