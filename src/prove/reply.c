/*
 * See reply.h. Conntrack translates a reply back without asking rules: its destination before the filters (in
 * PREROUTING), its source behind them (in POSTROUTING, or INPUT). A reply to a request that is not tracked has no
 * connection: Linux's conntrack takes a SYN+ACK and an answer of ICMP without one for INVALID, others for NEW
 * (nf_conntrack_proto_tcp.c, …_icmp.c).
 */
#include "prove/reply.h"

#include "net/proto.h"
#include "prove/rewrite.h"

#define SEEN_BY_REPLY (1u << FIELD_DESTINATION | 1u << FIELD_STATE)

bool reply_follows(const struct ruleset *ruleset)
{
    return (ruleset->rewrites & (REWRITE_ENDS | 1u << FIELD_STATE)) != 0;
}

bool reply_may_matter(const struct ruleset *ruleset)
{
    return (ruleset->rewrites & SEEN_BY_REPLY) != 0;
}

bool reply_matters(const struct rewritten *now)
{
    return now->set[FIELD_DESTINATION] != NULL || now->set[FIELD_PORT] != NULL || now->set[FIELD_STATE] != NULL ||
           now->destination.is;
}

/* Without a connection. */
static void untracked(struct arena *arena, enum family family, const struct cube *reply, struct cubes *to)
{
    unsigned icmp = proto_icmp(family);
    struct range refused[] = {{PROTO_TCP, PROTO_TCP}, {icmp, icmp}};
    const struct ranges *invalid = ranges_of(arena, refused, 2);
    struct cube part = *reply;

    part.field[FIELD_STATE] = ranges_value(arena, STATE_INVALID);
    if (cube_narrow(arena, &part, FIELD_PROTOCOL, invalid))
        *vec_push(arena, to) = part;
    part = *reply;
    part.field[FIELD_STATE] = ranges_value(arena, STATE_NEW);
    if (cube_narrow(arena, &part, FIELD_PROTOCOL, ranges_complement(arena, invalid, 255)))
        *vec_push(arena, to) = part;
}

/* Requests from an address to itself are none of the flow. */
static const struct ranges *sources_of(struct arena *arena, const struct cube *request)
{
    const struct ranges *from = request->field[FIELD_SOURCE];
    const struct ranges *to = request->field[FIELD_DESTINATION];

    return to->n == 1 && to->v[0].lo == to->v[0].hi ? ranges_subtract(arena, from, to) : from;
}

/* The request as the host that answers it sees it, but with the source that it came with. */
static struct cube at_server(struct arena *arena, const struct leaf *leaf)
{
    struct cube request = leaf->cube;
    struct cube view;

    request.field[FIELD_SOURCE] = sources_of(arena, &leaf->cube);
    if (leaf->now == NULL)
        return request;
    view = rewrite_view(arena, leaf->now, &leaf->cube);
    request.field[FIELD_DESTINATION] = view.field[FIELD_DESTINATION];
    request.field[FIELD_PORT] = leaf->now->set[FIELD_PORT] != NULL ? view.field[FIELD_PORT] : request.field[FIELD_PORT];
    return request;
}

bool reply_region(struct arena *arena, enum family family, const struct cubes *plain, const struct leaf *leaves,
                  size_t n, struct cubes *replies)
{
    struct cubes region = {0};
    bool matters = false;

    for (size_t i = 0; i < n; i++)
        matters = matters || (leaves[i].now != NULL && reply_matters(leaves[i].now));
    for (size_t i = 0; i < n && matters; i++) {
        struct cube request = at_server(arena, &leaves[i]);

        /* What was redirected to the firewall itself has no reply that is forwarded. */
        if (request.field[FIELD_SOURCE]->n == 0 || (leaves[i].now != NULL && leaves[i].now->to_host))
            continue;
        vec_each (const struct cube *, base, plain) {
            struct cube reply = *base;

            reply.field[FIELD_SOURCE] = request.field[FIELD_DESTINATION];
            reply.field[FIELD_DESTINATION] = request.field[FIELD_SOURCE];
            if (base->field[FIELD_SOURCE_PORT] != NULL || base->field[FIELD_PORT] != NULL) {
                reply.field[FIELD_SOURCE_PORT] = request.field[FIELD_PORT];
                reply.field[FIELD_PORT] = request.field[FIELD_SOURCE_PORT];
            }
            if (request.field[FIELD_PROTOCOL] != NULL &&
                !cube_narrow(arena, &reply, FIELD_PROTOCOL, request.field[FIELD_PROTOCOL]))
                continue;
            if (leaves[i].now != NULL && leaves[i].now->set[FIELD_STATE] != NULL)
                untracked(arena, family, &reply, &region);
            else
                *vec_push(arena, &region) = reply;
        }
    }
    if (matters) {
        cubes_merge(arena, &region, family);
        *replies = region;
    }
    return matters;
}

/* An end as the filters see it in replies, and as it is where the translation is not undone yet, or undone again. */
struct two_ends {
    enum field field;
    const struct ranges *seen;
    const struct ranges *other;
};

static bool same_side(const struct ranges *asked, const struct two_ends *ends)
{
    if (ranges_subset(ends->seen, asked))
        return ranges_subset(ends->other, asked);
    return !ranges_overlap(ends->seen, asked) && !ranges_overlap(ends->other, asked);
}

static bool tells_apart(const struct match *v, size_t n, const struct two_ends *ends)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == MATCH_RANGES && v[i].field == ends->field && !same_side(v[i].ranges, ends))
            return true;
        for (size_t k = 0; (v[i].kind == MATCH_ANY_OF || v[i].kind == MATCH_NONE_OF) && k < v[i].group_n; k++) {
            if (tells_apart(v[i].groups[k].v, v[i].groups[k].n, ends))
                return true;
        }
    }
    return false;
}

/* Chains reach each other without loops; `left` bounds how many are looked at. */
static const struct rule *find_apart(const struct chain *chain, const struct two_ends *ends, size_t *left)
{
    for (size_t i = 0; i<chain->rule_n && * left> 0; i++) {
        const struct rule *rule = &chain->rules[i];
        const struct rule *found = NULL;

        *left -= 1;
        if (rule->action != ACTION_NONE && tells_apart(rule->matches, rule->match_n, ends))
            return rule;
        if (rule->target != NULL)
            found = find_apart(rule->target, ends, left);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* Before the translation back of destinations, or behind that of sources. */
static bool is_beside(const struct chain *chain, bool destination)
{
    bool first = chain->hook == HOOK_INGRESS || chain->hook == HOOK_PREROUTING || chain->hook == HOOK_OUTPUT;

    return destination ? first && chain->priority < -100 : chain->hook == HOOK_POSTROUTING && chain->priority > 100;
}

bool reply_comes_beside(const struct ruleset *ruleset, const struct chain *chain)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        const struct chain *base = ruleset->chains[i];
        bool meant = base == chain || (chain->hook == HOOK_NONE && str_eq(base->table, chain->table));

        if (meant && (is_beside(base, true) || is_beside(base, false)))
            return true;
    }
    return false;
}

const struct rule *reply_misjudged(struct arena *arena, const struct program *program, const struct leaf *leaves,
                                   size_t n)
{
    static const enum field pairs[4][2] = {{FIELD_SOURCE, FIELD_DESTINATION},
                                           {FIELD_SOURCE_PORT, FIELD_PORT},
                                           {FIELD_DESTINATION, FIELD_SOURCE},
                                           {FIELD_PORT, FIELD_SOURCE_PORT}};
    size_t left = 1000000;

    for (size_t i = 0; i < n * 4; i++) {
        const struct leaf *leaf = &leaves[i / 4];
        enum field field = pairs[i % 4][0];
        bool source = i % 4 < 2; /* of the request: the reply's destination */
        struct two_ends ends = {.field = pairs[i % 4][1]};
        struct cube view;

        if (leaf->now == NULL)
            continue;
        view = rewrite_view(arena, leaf->now, &leaf->cube);
        if (view.field[field] == leaf->cube.field[field] || view.field[field] == NULL ||
            leaf->cube.field[field] == NULL)
            continue;
        ends.seen = source ? leaf->cube.field[field] : view.field[field];
        ends.other = source ? view.field[field] : leaf->cube.field[field];
        for (size_t k = 0; k < program->chain_n; k++) {
            const struct chain *chain = program->chains[k].chain;
            const struct rule *found = is_beside(chain, source) ? find_apart(chain, &ends, &left) : NULL;

            if (found != NULL)
                return found;
        }
    }
    return NULL;
}

static void write_value(const struct rewritten *now, enum field field, u128 max, u128 *value)
{
    const struct ranges *set = now->set[field];

    if (set != NULL && !(set->n == 1 && set->v[0].lo == 0 && set->v[0].hi == max))
        *value = set->v[0].lo;
}

static void move_address(const struct shift *shift, u128 *address)
{
    if (shift->is)
        *address = *address - shift->from + shift->to;
}

struct packet reply_rewritten(const struct rewritten *now, const struct packet *packet)
{
    struct packet made = *packet;
    u128 max = addr_max(packet->family);
    u128 value;

    move_address(&now->source, &made.source);
    move_address(&now->destination, &made.destination);
    write_value(now, FIELD_SOURCE, max, &made.source);
    write_value(now, FIELD_DESTINATION, max, &made.destination);
    value = made.source_port;
    write_value(now, FIELD_SOURCE_PORT, 65535, &value);
    made.source_port = (uint16_t)value;
    value = made.port;
    write_value(now, FIELD_PORT, 65535, &value);
    made.port = (uint16_t)value;
    value = made.mark;
    write_value(now, FIELD_MARK, UINT32_MAX, &value);
    made.mark = (uint32_t)value;
    value = made.state;
    write_value(now, FIELD_STATE, STATE_N, &value);
    made.state = (enum state)value;
    if (now->to_host)
        made.out = STR_EMPTY;
    return made;
}
