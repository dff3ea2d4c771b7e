/*
 * See evidence.h. What chains, verdicts and rewrites do is in ../../src/packet/naive.c for one packet; this is the same
 * for a part of which no rule may tell packets apart. Where a rule leaves the kernel a choice, the certificate's forks
 * say which values of the choice a part is about; what is written is kept as a set that holds every value it may be.
 */
#include "evidence.h"

#include "net/proto.h"
#include "packet/naive.h"

#define DECISIONS_MOST 300u

/* Where a part comes out of a chain. */
enum end { FELL_OFF, ACCEPTED, STOPPED, NOTHING_PROVED };

struct trial {
    struct arena *arena;
    const struct prover *prover;
    const struct forks *forks;
    enum family family;
    enum hook hook;
    struct block seen;            /* the part as rules see it now */
    unsigned chosen[FIELD_N];     /* how often the kernel chose a value of it */
    enum relation other[FIELD_N]; /* whether NAT made an end another; CUT: not known */
    const struct ranges *state;   /* as conntrack sees it */
    const struct ranges *out;     /* as it is routed */
    const struct chain *base;
    const struct rule *decider; /* in this base chain; NULL: its policy */
    bool nat_done;
    bool to_host;
    bool rerouted; /* behind OUTPUT it goes out by an interface that is not known */
    bool untracked;
    bool translated; /* its replies are others */
    bool vacuous;    /* no packet, and no choice, is like this */
    const struct decision *claims[DECISIONS_MOST];
    size_t claim_n;
    size_t claim_at;
    const char *why; /* nothing is proved */
};

static enum end refuse(struct trial *t, const char *why)
{
    if (t->why == NULL)
        t->why = why;
    return NOTHING_PROVED;
}

/* --- rules ----------------------------------------------------------------------------------------------------------
 */

/* What a conjunction has asked so far; NULL: nothing of the field. */
struct asked {
    const struct ranges *field[FIELD_N];
    const struct literals *open; /* unknowns that the part says nothing of */
};

/* Matches that are still to be looked at, and those behind them. */
struct rest {
    const struct match *v;
    size_t n;
    const struct rest *next;
};

static const struct ranges *names_of(const struct trial *t, const struct match *match)
{
    const struct interface_numbers *numbers = t->prover->interfaces;
    struct range *v = arena_new_array(t->arena, struct range, match->interface_n);
    const struct ranges *ranges;

    for (size_t i = 0; i < match->interface_n; i++)
        v[i] = interfaces_range(numbers, &match->interfaces[i]);
    ranges = ranges_of(t->arena, v, match->interface_n);
    return match->negated ? ranges_subtract(t->arena, ranges_one(t->arena, 0, UINT32_MAX), ranges) : ranges;
}

static enum relation settle(const struct trial *t, const struct asked *asked)
{
    bool cut = asked->open != NULL;

    for (enum field field = 0; field < FIELD_N; field++) {
        if (asked->field[field] == NULL)
            continue;
        if (!ranges_overlap(t->seen.field[field], asked->field[field]))
            return OUTSIDE;
        cut = cut || !ranges_subset(t->seen.field[field], asked->field[field]);
    }
    return cut ? CUT : INSIDE;
}

static enum relation relate(const struct trial *t, const struct asked *asked, const struct rest *rest);

static enum relation narrow(const struct trial *t, const struct asked *asked, enum field field, const struct ranges *to,
                            const struct rest *after)
{
    struct asked more = *asked;

    if (more.field[field] != NULL)
        to = ranges_intersect(t->arena, more.field[field], to);
    if (!ranges_overlap(t->seen.field[field], to))
        return OUTSIDE;
    more.field[field] = to;
    return relate(t, &more, after);
}

/* An unknown that is asked for. */
static enum relation suppose(const struct trial *t, const struct asked *asked, uint32_t literal, bool negated,
                             const struct rest *after)
{
    struct asked more = *asked;
    enum relation found = block_unknown(t->seen.literals, literal);

    if (found == CUT) {
        found = block_unknown(more.open, literal);
        more.open = block_assume(t->arena, more.open, literal, !negated);
    }
    return found != CUT && (found == INSIDE) == negated ? OUTSIDE : relate(t, &more, after);
}

/* The part against the packets that take all of `rest`: one alternative must hold all of it, or each of them none. */
static enum relation relate(const struct trial *t, const struct asked *asked, const struct rest *rest)
{
    struct rest after;
    const struct match *match;
    enum relation found = OUTSIDE;

    while (rest != NULL && rest->n == 0)
        rest = rest->next;
    if (rest == NULL)
        return settle(t, asked);
    match = rest->v;
    after = (struct rest){rest->v + 1, rest->n - 1, rest->next};
    switch (match->kind) {
    case MATCH_RANGES: return narrow(t, asked, match->field, match->ranges, &after);
    case MATCH_INTERFACES: return narrow(t, asked, match->field, names_of(t, match), &after);
    case MATCH_TRANSLATED:
        if (t->other[match->field] == CUT)
            return suppose(t, asked, literal_translated(match->field), match->negated, &after);
        return (t->other[match->field] == INSIDE) == match->negated ? OUTSIDE : relate(t, asked, &after);
    case MATCH_UNKNOWN: return suppose(t, asked, match->literal, match->negated, &after);
    case MATCH_ANY_OF:
        for (size_t i = 0; i < match->group_n && found != INSIDE; i++) {
            struct rest group = {match->groups[i].v, match->groups[i].n, &after};
            enum relation one = relate(t, asked, &group);

            found = one == OUTSIDE ? found : one;
        }
        return found;
    case MATCH_NONE_OF: /* exceptions: see relate_rule */
    case MATCH_N: break;
    }
    return relate(t, asked, &after);
}

static enum relation relate_rule(const struct trial *t, const struct rule *rule)
{
    static const struct asked nothing;
    struct rest all = {rule->matches, rule->match_n, NULL};
    enum relation found;

    if ((rule->families & FAMILY_BIT(t->family)) == 0)
        return OUTSIDE;
    vec_each (const struct fork *, fork, t->forks) {
        if (fork->rule == rule)
            return block_unknown(t->seen.literals, fork->literal);
    }
    found = relate(t, &nothing, &all);
    for (size_t i = 0; i < rule->match_n && found != OUTSIDE; i++) {
        for (size_t k = 0; rule->matches[i].kind == MATCH_NONE_OF && k < rule->matches[i].group_n; k++) {
            struct rest group = {rule->matches[i].groups[k].v, rule->matches[i].groups[k].n, NULL};
            enum relation excepted = relate(t, &nothing, &group);

            if (excepted == INSIDE)
                return OUTSIDE;
            found = excepted == CUT ? CUT : found;
        }
    }
    return found;
}

/* --- what rules write -----------------------------------------------------------------------------------------------
 */

/* One of several values, the kernel's choice: of those the ones that the part is about. */
static enum end choose(struct trial *t, enum field field, const struct ranges *values)
{
    bool single = values->n == 1 && values->v[0].lo == values->v[0].hi;

    t->chosen[field] += !single;
    vec_each (const struct fork *, fork, t->forks) {
        enum relation side = block_unknown(t->seen.literals, fork->literal);

        if (single || fork->rule != NULL || fork->values == NULL || fork->field != field || side == CUT)
            continue;
        if (t->chosen[field] > 1)
            return refuse(t, "it does not say which of two choices an unknown is about");
        values = side == INSIDE ? ranges_intersect(t->arena, values, fork->values)
                                : ranges_subtract(t->arena, values, fork->values);
    }
    t->seen.field[field] = values;
    t->vacuous = t->vacuous || values->n == 0;
    return FELL_OFF;
}

/* Only the bits of a prefix: block by block. */
static const struct ranges *move_network(struct trial *t, const struct ranges *from, struct range to)
{
    u128 last = to.hi - to.lo;
    const struct ranges *moved = &ranges_empty;

    for (size_t i = 0; i < from->n; i++) {
        struct range range = from->v[i];

        if ((range.lo & ~last) != (range.hi & ~last))
            return ranges_of(t->arena, &to, 1);
        moved =
            ranges_union(t->arena, moved, ranges_one(t->arena, to.lo + (range.lo & last), to.lo + (range.hi & last)));
    }
    return moved;
}

/* Whether an end becomes another by one of these values. Where they are several, or some packets had it: not known. */
static void note_other(struct trial *t, enum field end, const struct ranges *before, const struct ranges *to)
{
    bool single = to->n == 1 && to->v[0].lo == to->v[0].hi;

    if (!ranges_overlap(before, to))
        t->other[end] = INSIDE;
    else if (t->other[end] == OUTSIDE && !(single && ranges_subset(before, to)))
        t->other[end] = CUT;
}

/* Where that is the kernel's choice: the side that the part is about. */
static void settle_other(struct trial *t, enum field end)
{
    vec_each (const struct fork *, fork, t->forks) {
        if (t->other[end] == CUT && fork->rule == NULL && fork->values == NULL && fork->field == end)
            t->other[end] = block_unknown(t->seen.literals, fork->literal);
    }
}

/* Whether packets of the part show their ports. */
static enum relation has_ports(const struct trial *t)
{
    enum relation found = CUT;

    for (unsigned protocol = 0; protocol <= 255; protocol++) {
        enum relation one = proto_has_ports(protocol) ? INSIDE : OUTSIDE;

        if (!ranges_contain(t->seen.field[FIELD_PROTOCOL], protocol))
            continue;
        if (found != CUT && found != one)
            return CUT;
        found = one;
    }
    if (found == INSIDE && ranges_contain(t->seen.field[FIELD_FRAGMENT], FRAGMENT_LATER))
        return ranges_subset(t->seen.field[FIELD_FRAGMENT], ranges_value(t->arena, FRAGMENT_LATER)) ? OUTSIDE : CUT;
    return found;
}

static bool some_have_ports(const struct ranges *protocols)
{
    for (unsigned protocol = 0; protocol <= UINT8_MAX; protocol++) {
        if (proto_has_ports(protocol) && (protocols == NULL || ranges_contain(protocols, protocol)))
            return true;
    }
    return false;
}

static enum end translate(struct trial *t, const struct rule *rule)
{
    const struct rewrite *rewrite = rule->rewrite;
    bool source = rule->action == ACTION_SNAT;
    enum field field = source ? FIELD_SOURCE : FIELD_DESTINATION;
    enum field port = source ? FIELD_SOURCE_PORT : FIELD_PORT;
    const struct ranges *to = NULL;
    enum end end = FELL_OFF;

    t->nat_done = true;
    t->translated = t->translated || (!source && (rewrite->own || rewrite->has_addresses || rewrite->has_ports));
    if (rewrite->own && !source && t->base->hook == HOOK_OUTPUT)
        to = ranges_value(t->arena, t->family == FAMILY_V4 ? 0x7f000001 : 1);
    else if (rewrite->own)
        to = addr_all(t->family);
    else if (rewrite->has_addresses)
        to = ranges_of(t->arena, &rewrite->addresses, 1);
    if (rewrite->has_addresses && rewrite->network) {
        /* Bits stay what they are: all packets of a block change, or none. */
        if (t->other[field] == OUTSIDE && !ranges_subset(t->seen.field[field], to))
            t->other[field] = ranges_overlap(t->seen.field[field], to) ? CUT : INSIDE;
        t->seen.field[field] = move_network(t, t->seen.field[field], rewrite->addresses);
    } else if (to != NULL) {
        note_other(t, field, t->seen.field[field], to);
        end = choose(t, field, to);
    }
    if (end == FELL_OFF && rewrite->has_ports) {
        to = ranges_of(t->arena, &rewrite->ports, 1);
        if (has_ports(t) != OUTSIDE)
            note_other(t, field, t->seen.field[port], has_ports(t) == INSIDE ? to : t->seen.field[port]);
        end = choose(t, port, to);
    }
    if (end == FELL_OFF && rewrite->any_port && some_have_ports(t->seen.field[FIELD_PROTOCOL])) {
        to = ranges_one(t->arena, 0, UINT16_MAX);
        if (has_ports(t) != OUTSIDE)
            note_other(t, field, t->seen.field[port], to);
        end = choose(t, port, to);
    }
    settle_other(t, field);
    if (!source && rewrite->own && t->base->hook == HOOK_PREROUTING && t->hook == HOOK_FORWARD) {
        t->to_host = true;
        t->seen.field[FIELD_OUT] = ranges_value(t->arena, INTERFACE_NONE);
    }
    t->rerouted = t->rerouted || (!source && t->base->hook == HOOK_OUTPUT);
    return end;
}

/* Errors about a connection are translated as that is, and ask no rule of NAT. */
static enum relation is_error(const struct trial *t)
{
    const struct ranges *protocol = t->seen.field[FIELD_PROTOCOL];
    const struct ranges *state = t->seen.field[FIELD_STATE];
    const struct ranges *icmp = ranges_value(t->arena, proto_icmp(t->family));
    const struct ranges *related = ranges_value(t->arena, STATE_RELATED);

    if (!ranges_overlap(protocol, icmp) || !ranges_overlap(state, related))
        return OUTSIDE;
    return ranges_subset(protocol, icmp) && ranges_subset(state, related) ? INSIDE : CUT;
}

static enum end write_mark(struct trial *t, const struct rewrite *rewrite)
{
    const struct ranges *mark = t->seen.field[FIELD_MARK];

    if (rewrite->keep != 0 && (mark->n != 1 || mark->v[0].lo != mark->v[0].hi))
        return refuse(t, "a rule writes several marks");
    t->seen.field[FIELD_MARK] = ranges_value(t->arena, ((uint32_t)mark->v[0].lo & rewrite->keep) ^ rewrite->flip);
    return FELL_OFF;
}

/* Before conntrack looks at packets; behind that it only matters to those that have no connection. */
static enum end write_untracked(struct trial *t)
{
    if (chain_before_conntrack(t->base)) {
        t->translated = t->untracked = true;
        t->seen.field[FIELD_STATE] = ranges_value(t->arena, STATE_UNTRACKED);
        return FELL_OFF;
    }
    return ranges_contain(t->seen.field[FIELD_STATE], STATE_INVALID) ? refuse(t, "untracked or not") : FELL_OFF;
}

/* --- the way --------------------------------------------------------------------------------------------------------
 */

static enum end run_chain(struct trial *t, const struct chain *chain);

/* The whole part takes the rule. FELL_OFF: on to the next. */
static enum end act(struct trial *t, const struct rule *rule, bool *leaves)
{
    *leaves = false;
    switch (rule->action) {
    case ACTION_ACCEPT: t->decider = rule; return ACCEPTED;
    case ACTION_DROP:
    case ACTION_REJECT: t->decider = rule; return STOPPED;
    case ACTION_RETURN: *leaves = true; return FELL_OFF;
    case ACTION_JUMP: return run_chain(t, rule->target);
    case ACTION_GOTO: *leaves = true; return run_chain(t, rule->target);
    case ACTION_MARK: return write_mark(t, rule->rewrite);
    case ACTION_NOTRACK: return write_untracked(t);
    case ACTION_DNAT:
    case ACTION_SNAT:
        if (is_error(t) != OUTSIDE)
            return is_error(t) == INSIDE ? FELL_OFF : refuse(t, "errors of connections, and others");
        t->decider = rule;
        return translate(t, rule) == FELL_OFF ? ACCEPTED : NOTHING_PROVED;
    case ACTION_UNKNOWN: return refuse(t, "a target that is not modelled");
    case ACTION_NONE:
    case ACTION_N: break;
    }
    return FELL_OFF;
}

static enum end run_chain(struct trial *t, const struct chain *chain)
{
    for (size_t i = 0; i < chain->rule_n && !t->vacuous; i++) {
        const struct rule *rule = &chain->rules[i];
        enum relation relation = rule->action == ACTION_NONE ? OUTSIDE : relate_rule(t, rule);
        bool leaves;
        enum end end;

        if (relation == OUTSIDE)
            continue;
        if (relation == CUT)
            return refuse(t, "a rule tells the packets of a part apart");
        end = act(t, rule, &leaves);
        if (end != FELL_OFF || leaves)
            return end;
    }
    return FELL_OFF;
}

/* What rules of a base chain see of state and way out; NULL: what is known at the end. */
static void look(struct trial *t, const struct chain *base)
{
    bool unrouted = t->to_host || (base != NULL && chain_before_routing(base));
    bool early = base != NULL && chain_before_conntrack(base);

    t->seen.field[FIELD_OUT] = unrouted ? ranges_value(t->arena, INTERFACE_NONE) : t->out;
    t->seen.field[FIELD_STATE] = t->untracked ? ranges_value(t->arena, STATE_UNTRACKED)
                                 : early      ? ranges_value(t->arena, STATE_INVALID)
                                              : t->state;
}

static enum end run_base(struct trial *t, const struct chain *chain)
{
    enum end end;

    t->base = chain;
    look(t, chain);
    t->decider = NULL;
    end = run_chain(t, chain);
    if (end == NOTHING_PROVED || t->vacuous)
        return end;
    if (end == FELL_OFF)
        end = chain->policy == ACTION_DROP ? STOPPED : ACCEPTED;
    if (t->claim_at == t->claim_n || t->claims[t->claim_at]->base != chain ||
        t->claims[t->claim_at]->rule != t->decider)
        return refuse(t, "another rule decides than the one that is cited");
    t->claim_at++;
    return end;
}

static bool is_late(const struct chain *chain)
{
    return chain->hook != HOOK_INGRESS && chain->hook != HOOK_PREROUTING;
}

/* The base chains on the way; what is redirected leaves it for the host's own behind PREROUTING. */
static enum end run_way(struct trial *t, enum hook hook, bool late)
{
    const struct chain *way[DECISIONS_MOST];
    size_t n = naive_path(t->prover->ruleset, hook, t->family, way, DECISIONS_MOST);

    for (size_t i = 0; i < n && !t->vacuous; i++) {
        enum end end;

        if (late && !is_late(way[i]))
            continue;
        if (!late && t->to_host && is_late(way[i]))
            break;
        if (t->base == NULL || t->base->hook != way[i]->hook)
            t->nat_done = false;
        if (t->nat_done && way[i]->nat)
            continue;
        if (t->rerouted && way[i]->hook == HOOK_POSTROUTING) {
            t->rerouted = false;
            if (choose(t, FIELD_OUT, ranges_one(t->arena, 1, interfaces_last(t->prover->interfaces))) != FELL_OFF)
                return NOTHING_PROVED;
            t->out = t->seen.field[FIELD_OUT];
        }
        end = run_base(t, way[i]);
        if (end != ACCEPTED)
            return end;
    }
    return !late && t->to_host ? run_way(t, HOOK_INPUT, true) : ACCEPTED;
}

/* Takes a part along its way, as its decisions say. */
static enum end try_part(struct trial *t, const struct prover *prover, const struct forks *forks, enum family family,
                         enum hook hook, const struct leaf *part)
{
    enum end end;

    t->prover = prover;
    t->forks = forks;
    t->family = family;
    t->hook = hook;
    t->seen = block_of(t->arena, &part->cube, family);
    t->state = t->seen.field[FIELD_STATE];
    t->out = t->seen.field[FIELD_OUT];
    for (const struct decision *decision = part->decisions; decision != NULL; decision = decision->before)
        t->claim_n++;
    if (t->claim_n > DECISIONS_MOST)
        return refuse(t, "too many decisions");
    t->claim_at = t->claim_n;
    for (const struct decision *decision = part->decisions; decision != NULL; decision = decision->before)
        t->claims[--t->claim_at] = decision;
    end = run_way(t, hook, false);
    look(t, NULL);
    if (end == NOTHING_PROVED || t->vacuous)
        return end;
    if (t->claim_at != t->claim_n)
        return refuse(t, "more decisions are cited than are met");
    if ((end == ACCEPTED) != (part->action == ACTION_ACCEPT))
        return refuse(t, "a part fares otherwise than is said");
    return end;
}

/* --- certificates ---------------------------------------------------------------------------------------------------
 */

static bool same_rule(const struct rule_ref *a, const struct rule_ref *b)
{
    return a->line == b->line && a->index == b->index && str_eq(a->file, b->file) && str_eq(a->table, b->table) &&
           str_eq(a->chain, b->chain);
}

static bool is_listed(const struct verdict *verdict, struct rule_ref rule, bool *met)
{
    bool listed = false;

    for (size_t i = 0; i < verdict->rule_n; i++) {
        bool same = same_rule(&verdict->rules[i], &rule);

        met[i] = met[i] || same;
        listed = listed || same;
    }
    return listed;
}

/* The verdict lists every rule that decides about a part, a policy where none does, and no other. */
static const char *compare_rules(struct arena *arena, const struct prover *prover, const struct verdict *verdict,
                                 const struct leaves *parts)
{
    bool *met = arena_new_array(arena, bool, verdict->rule_n + 1);

    vec_each (const struct leaf *, part, parts) {
        bool named = part->decisions == NULL && is_listed(verdict, rule_ref_policy(arena, prover->ruleset, NULL), met);

        for (const struct decision *decision = part->decisions; decision != NULL; decision = decision->before) {
            struct rule_ref rule = decision->rule != NULL ? rule_ref_of(decision->rule)
                                                          : rule_ref_policy(arena, prover->ruleset, decision->base);
            bool listed = is_listed(verdict, rule, met);

            if (!listed && decision->rule != NULL)
                return "a rule that decides is not listed";
            named = named || listed;
            if (verdict->kind == VERDICT_DENIED)
                break; /* what stops a packet does so alone */
        }
        if (!named)
            return "nothing is listed that decides about a part";
    }
    for (size_t i = 0; i < verdict->rule_n; i++) {
        if (!met[i])
            return "a rule is listed that decides nothing";
    }
    return NULL;
}

/* The answer to a part of the requests, of one of the replies as they were without rewriting. */
static bool answer_of(struct trial *t, const struct block *request, const struct block *plain, struct block *reply)
{
    const struct ranges *to = request->field[FIELD_DESTINATION];
    const struct ranges *from = request->field[FIELD_SOURCE];

    *reply = *plain;
    if (to->n == 1 && to->v[0].lo == to->v[0].hi)
        from = ranges_subtract(t->arena, from, to);
    reply->field[FIELD_SOURCE] = t->seen.field[FIELD_DESTINATION];
    reply->field[FIELD_DESTINATION] = from;
    reply->field[FIELD_PROTOCOL] =
        ranges_intersect(t->arena, plain->field[FIELD_PROTOCOL], request->field[FIELD_PROTOCOL]);
    if (reply->field[FIELD_PROTOCOL]->n == 0 || from->n == 0 || t->to_host)
        return false;
    if (!ranges_contain(plain->field[FIELD_PORT], 0)) {
        reply->field[FIELD_SOURCE_PORT] = t->seen.field[FIELD_PORT];
        reply->field[FIELD_PORT] = request->field[FIELD_SOURCE_PORT];
    }
    return true;
}

/* Without a connection TCP and ICMP are INVALID, others are NEW. */
static void add_answers(struct arena *arena, struct block reply, bool untracked, enum family family, struct blocks *to)
{
    struct range apart[] = {{PROTO_TCP, PROTO_TCP}, {proto_icmp(family), proto_icmp(family)}};
    const struct ranges *all = reply.field[FIELD_PROTOCOL];
    const struct ranges *refused = ranges_of(arena, apart, 2);

    if (!untracked) {
        *vec_push(arena, to) = reply;
        return;
    }
    for (int side = 0; side < 2; side++) {
        reply.field[FIELD_STATE] = ranges_value(arena, side == 0 ? STATE_INVALID : STATE_NEW);
        reply.field[FIELD_PROTOCOL] =
            side == 0 ? ranges_intersect(arena, all, refused) : ranges_subtract(arena, all, refused);
        if (reply.field[FIELD_PROTOCOL]->n > 0)
            *vec_push(arena, to) = reply;
    }
}

/* The replies to requests that may have been rewritten; they too must be all, each faring as is said. */
static const char *replies_of_requests(struct arena *arena, const struct prover *prover, const struct permit *permit,
                                       const struct certificate *certificate, struct blocks *replies)
{
    enum family family = permit->flow->family;
    struct blocks asked = blocks_of_flow(arena, prover, permit, DIRECTION_REQUEST);
    struct blocks plain = *replies;
    struct blocks answers = {0};
    struct blocks parts = {0};
    bool matters = false;

    vec_each (const struct leaf *, leaf, &certificate->requests) {
        struct trial t = {.arena = arena};
        enum end end = try_part(&t, prover, &certificate->forks, family, permit->hook, leaf);
        struct block request = block_of(arena, &leaf->cube, family);
        struct block reply;

        *vec_push(arena, &parts) = request;
        if (end == NOTHING_PROVED)
            return t.why;
        if (end != ACCEPTED || t.vacuous)
            continue;
        matters = matters || t.translated;
        vec_each (const struct block *, one, &plain) {
            if (answer_of(&t, &request, one, &reply))
                add_answers(arena, reply, ranges_contain(t.seen.field[FIELD_STATE], STATE_UNTRACKED), family, &answers);
        }
    }
    if (blocks_leave(arena, &asked, &parts))
        return "there are requests that are in no part";
    if (matters)
        *replies = answers;
    return NULL;
}

const char *evidence_refuse(struct arena *arena, const struct prover *prover, const struct permit *permit,
                            enum direction direction, const struct verdict *verdict,
                            const struct certificate *certificate)
{
    static const unsigned changing = 1u << FIELD_DESTINATION | 1u << FIELD_STATE;
    struct blocks asked = blocks_of_flow(arena, prover, permit, direction);
    struct blocks parts = {0};

    if (direction == DIRECTION_REPLY && (prover->ruleset->rewrites & changing) != 0) {
        const char *why = replies_of_requests(arena, prover, permit, certificate, &asked);

        if (why != NULL)
            return why;
    }
    vec_each (const struct leaf *, leaf, &certificate->parts) {
        struct trial t = {.arena = arena};

        if (try_part(&t, prover, &certificate->forks, permit->flow->family, hook_of_flow(permit, direction), leaf) ==
            NOTHING_PROVED)
            return t.why;
        if ((leaf->action == ACTION_ACCEPT) != (verdict->kind == VERDICT_PERMITTED))
            return "a part fares otherwise than the verdict says";
        *vec_push(arena, &parts) = block_of(arena, &leaf->cube, permit->flow->family);
    }
    if (blocks_leave(arena, &asked, &parts))
        return "there are packets that are in no part";
    if (blocks_leave(arena, &parts, &asked))
        return "a part is wider than the question";
    return compare_rules(arena, prover, verdict, &certificate->parts);
}
