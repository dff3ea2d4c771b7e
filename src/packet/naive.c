/*
 * The slow oracle; see naive.h. Semantics: iptables(8), iptables-extensions(8), nft(8): an accept ends its base chain
 * and goes on to the next one, a drop is final; falling off a user chain and RETURN go back to the caller; a goto goes
 * back to the caller's caller; RETURN in a base chain is its policy. What rules write is kept as an interval for each
 * field; where it is not known whether a rule matched, as one that has both values. Of base chains with the same hook
 * and priority the one registered last comes first (nf_hook_entries_grow in Linux's netfilter/core.c).
 */
#include "packet/naive.h"

#include "net/proto.h"

/* Outcomes of a chain beside those of the packet. */
#define FELL_OFF 16u
#define DEEPEST 500u

/* What later rules see. */
struct seen {
    struct range field[FIELD_N]; /* one of these; interfaces are not kept here */
    bool written;
    bool translated;
    enum ternary other[FIELD_N]; /* source, destination: NAT gave it another */
    enum ternary to_host;        /* redirected to the host on its way in: without a way out */
    bool rerouted;               /* sent elsewhere by the host itself: behind OUTPUT its way out is not known */
};

/* What is seen behind rules that may have matched: one of several. */
struct either {
    struct seen seen;
    bool is;
};

struct run {
    const struct naive_question *q;
    const struct chain *base;
    struct seen seen;
    struct either ended; /* what was accepted in this base chain by a rule that may not have matched */
    bool tracked;        /* conntrack has looked at the packet: before that it has no state */
    bool nat_done;       /* a chain of NAT at this hook has written */
    bool nat_maybe;      /* or may have */
};

static enum ternary not_ternary(enum ternary t)
{
    return t == TERNARY_MAYBE ? t : t == TERNARY_YES ? TERNARY_NO : TERNARY_YES;
}

static enum ternary range_matches(const struct ranges *ranges, struct range range)
{
    enum ternary found = TERNARY_NO;

    for (size_t i = 0; i < ranges->n && range.lo != range.hi; i++) {
        if (ranges->v[i].lo <= range.lo && range.hi <= ranges->v[i].hi)
            return TERNARY_YES;
        if (ranges->v[i].lo <= range.hi && range.lo <= ranges->v[i].hi)
            found = TERNARY_MAYBE;
    }
    return range.lo == range.hi && ranges_contain(ranges, range.lo) ? TERNARY_YES : found;
}

static enum ternary interface_matches(const struct run *run, const struct match *match)
{
    const struct packet *packet = run->q->packet;
    bool in = match->field == FIELD_IN;
    struct str name = in ? packet->in : packet->out;
    enum ternary found = TERNARY_NO;

    /* Nobody knows yet where it goes out, or it does not. */
    if (!in && (run->seen.to_host == TERNARY_YES || chain_before_routing(run->base)))
        return match->negated ? TERNARY_YES : TERNARY_NO;
    if (!(in ? packet->has_in : packet->has_out) || (!in && run->seen.to_host == TERNARY_MAYBE))
        return TERNARY_MAYBE;
    if (!in && run->seen.rerouted && run->base->hook == HOOK_POSTROUTING)
        return TERNARY_MAYBE;
    for (size_t i = 0; i < match->interface_n && found == TERNARY_NO; i++) {
        const struct interface_pattern *pattern = &match->interfaces[i];
        struct str head = pattern->prefix ? str_head(name, pattern->name.n) : name;

        if (name.n > 0 && str_eq(head, pattern->name))
            found = TERNARY_YES;
    }
    return match->negated ? not_ternary(found) : found;
}

static enum ternary all_match(const struct run *run, const struct match *v, size_t n);

static enum ternary any_group(const struct run *run, const struct match *match)
{
    enum ternary found = TERNARY_NO;

    for (size_t i = 0; i < match->group_n && found != TERNARY_YES; i++) {
        enum ternary one = all_match(run, match->groups[i].v, match->groups[i].n);

        if (one != TERNARY_NO)
            found = one;
    }
    return found;
}

static enum ternary one_matches(const struct run *run, const struct match *match)
{
    enum ternary value;

    switch (match->kind) {
    case MATCH_RANGES: return range_matches(match->ranges, run->seen.field[match->field]);
    case MATCH_INTERFACES: return interface_matches(run, match);
    case MATCH_ANY_OF: return any_group(run, match);
    case MATCH_NONE_OF: return not_ternary(any_group(run, match));
    case MATCH_UNKNOWN:
        value = run->q->literals != NULL ? run->q->literals[match->literal]
                : match->unusual         ? TERNARY_NO
                                         : TERNARY_MAYBE;
        return match->negated ? not_ternary(value) : value;
    case MATCH_TRANSLATED: value = run->seen.other[match->field]; return match->negated ? not_ternary(value) : value;
    case MATCH_N: break;
    }
    return TERNARY_MAYBE;
}

/* Whether some value of the field that is possible now is in both. */
static bool can_be_both(const struct ranges *a, const struct ranges *b, struct range range)
{
    for (size_t i = 0; i < a->n; i++) {
        for (size_t k = 0; k < b->n; k++) {
            u128 lo = a->v[i].lo > b->v[k].lo ? a->v[i].lo : b->v[k].lo;
            u128 hi = a->v[i].hi < b->v[k].hi ? a->v[i].hi : b->v[k].hi;

            if (lo <= hi && lo <= range.hi && range.lo <= hi)
                return true;
        }
    }
    return false;
}

/* Two that may hold each, of a field of which only a range is known, need not hold together. */
static bool contradicts_earlier(const struct run *run, const struct match *v, size_t at)
{
    for (size_t i = 0; i < at && v[at].kind == MATCH_RANGES; i++) {
        if (v[i].kind == MATCH_RANGES && v[i].field == v[at].field &&
            !can_be_both(v[i].ranges, v[at].ranges, run->seen.field[v[at].field]))
            return true;
    }
    return false;
}

static enum ternary all_match(const struct run *run, const struct match *v, size_t n)
{
    enum ternary all = TERNARY_YES;

    for (size_t i = 0; i < n; i++) {
        enum ternary one = one_matches(run, &v[i]);

        if (one == TERNARY_NO || (one == TERNARY_MAYBE && contradicts_earlier(run, v, i)))
            return TERNARY_NO;
        if (one == TERNARY_MAYBE)
            all = TERNARY_MAYBE;
    }
    return all;
}

static void tell(const struct naive_question *q, const struct rule *rule, const struct chain *chain,
                 enum ternary matched, enum action action)
{
    struct naive_step step = {.rule = rule, .chain = chain, .matched = matched, .action = action};

    if (q->step != NULL)
        q->step(q->context, &step);
}

static unsigned run_chain(struct run *run, const struct chain *chain, unsigned depth);

static struct range chosen(const struct naive_question *q, enum field field, struct range range)
{
    if (q->choices == NULL)
        return range;
    range.lo += q->choices[field] % (range.hi - range.lo + 1);
    range.hi = range.lo;
    return range;
}

static struct range own_address(const struct naive_question *q, enum field field)
{
    if (q->choices == NULL)
        return (struct range){0, addr_max(q->packet->family)};
    return (struct range){q->choices[field], q->choices[field]};
}

static void write_address(struct run *run, const struct rewrite *rewrite, enum field field)
{
    enum family family = run->q->packet->family;
    struct range *address = &run->seen.field[field];
    u128 bits = rewrite->addresses.hi - rewrite->addresses.lo;
    u128 loopback = family == FAMILY_V4 ? 0x7f000001 : 1;

    if (rewrite->own && field == FIELD_DESTINATION && run->base->hook == HOOK_OUTPUT)
        *address = (struct range){loopback, loopback};
    else if (rewrite->own)
        *address = own_address(run->q, field);
    else if (rewrite->has_addresses && !rewrite->network)
        *address = chosen(run->q, field, rewrite->addresses);
    else if (rewrite->has_addresses && address->lo != address->hi)
        *address = rewrite->addresses;
    else if (rewrite->has_addresses)
        address->lo = address->hi = (address->lo & bits) | rewrite->addresses.lo;
}

/* Whether it is another value now than it was. */
static enum ternary is_other(struct range before, struct range now)
{
    if (now.hi < before.lo || before.hi < now.lo)
        return TERNARY_YES;
    return before.lo == before.hi && now.lo == now.hi ? TERNARY_NO : TERNARY_MAYBE;
}

static void note_other(struct run *run, enum field end, enum ternary other)
{
    if (run->seen.other[end] != TERNARY_YES && other != TERNARY_NO)
        run->seen.other[end] = other;
}

static void write_nat(struct run *run, const struct rule *rule)
{
    const struct rewrite *rewrite = rule->rewrite;
    bool source = rule->action == ACTION_SNAT;
    enum field end = source ? FIELD_SOURCE : FIELD_DESTINATION;
    enum field port = source ? FIELD_SOURCE_PORT : FIELD_PORT;
    struct seen before = run->seen;

    run->seen.written = true;
    run->nat_done = true;
    run->seen.translated =
        run->seen.translated || (!source && (rewrite->own || rewrite->has_addresses || rewrite->has_ports));
    write_address(run, rewrite, end);
    if (rewrite->own || rewrite->has_addresses)
        note_other(run, end, is_other(before.field[end], run->seen.field[end]));
    if (rewrite->has_ports) {
        run->seen.field[port] = chosen(run->q, port, rewrite->ports);
        if (proto_has_ports(run->q->packet->protocol) && run->q->packet->fragment != FRAGMENT_LATER)
            note_other(run, end, is_other(before.field[port], run->seen.field[port]));
    } else if (rewrite->any_port && proto_has_ports(run->q->packet->protocol)) {
        run->seen.field[port] = chosen(run->q, port, (struct range){0, 65535});
        if (run->q->packet->fragment != FRAGMENT_LATER)
            note_other(run, end, is_other(before.field[port], run->seen.field[port]));
    }
    if (!source && rewrite->own && run->base->hook == HOOK_PREROUTING && run->q->hook == HOOK_FORWARD)
        run->seen.to_host = TERNARY_YES;
    run->seen.rerouted = run->seen.rerouted || (!source && run->base->hook == HOOK_OUTPUT);
}

/* An error about a connection is translated as that is, and asks no rule. */
static bool is_error(const struct run *run)
{
    const struct packet *packet = run->q->packet;
    const struct range *state = &run->seen.field[FIELD_STATE];

    return packet->protocol == proto_icmp(packet->family) && state->lo == STATE_RELATED && state->hi == STATE_RELATED;
}

static void write_mark(struct run *run, const struct rewrite *rewrite)
{
    struct range *mark = &run->seen.field[FIELD_MARK];

    run->seen.written = true;
    if (mark->lo == mark->hi || rewrite->keep == 0)
        mark->lo = mark->hi = ((uint32_t)mark->lo & rewrite->keep) ^ rewrite->flip;
    else
        *mark = (struct range){0, UINT32_MAX};
}

/* Conntrack looks at packets between the priorities raw and mangle. NAIVE_UNKNOWN where a packet may have no track. */
static unsigned write_untracked(struct run *run)
{
    struct range *state = &run->seen.field[FIELD_STATE];

    if (chain_before_conntrack(run->base)) {
        run->seen.written = run->seen.translated = true;
        state->lo = state->hi = STATE_UNTRACKED;
        return 0;
    }
    return state->lo <= STATE_INVALID && STATE_INVALID <= state->hi ? NAIVE_UNKNOWN : 0;
}

/* One of two, which is not known. */
static void join(struct seen *to, const struct seen *other)
{
    for (size_t i = 0; i < FIELD_N; i++) {
        if (other->field[i].lo < to->field[i].lo)
            to->field[i].lo = other->field[i].lo;
        if (other->field[i].hi > to->field[i].hi)
            to->field[i].hi = other->field[i].hi;
        if (to->other[i] != other->other[i])
            to->other[i] = TERNARY_MAYBE;
    }
    to->written = to->written || other->written;
    to->translated = to->translated || other->translated;
    to->rerouted = to->rerouted || other->rerouted;
    if (to->to_host != other->to_host)
        to->to_host = TERNARY_MAYBE;
}

/* Outcomes of a rule that matches; *ends tells that the packet does not go on to the next rule. */
static unsigned act(struct run *run, const struct rule *rule, unsigned depth, bool *ends)
{
    unsigned inner;

    *ends = true;
    switch (rule->action) {
    case ACTION_ACCEPT: return NAIVE_ACCEPT;
    case ACTION_DROP: return NAIVE_DROP;
    case ACTION_REJECT: return NAIVE_REJECT;
    case ACTION_UNKNOWN: return NAIVE_UNKNOWN;
    case ACTION_RETURN: return FELL_OFF;
    case ACTION_GOTO: return run_chain(run, rule->target, depth + 1);
    case ACTION_JUMP:
        inner = run_chain(run, rule->target, depth + 1);
        *ends = (inner & FELL_OFF) == 0;
        return inner & ~FELL_OFF;
    case ACTION_DNAT:
    case ACTION_SNAT:
        *ends = !is_error(run);
        if (*ends)
            write_nat(run, rule);
        return *ends ? NAIVE_ACCEPT : 0;
    case ACTION_NOTRACK:
        inner = write_untracked(run);
        *ends = inner != 0;
        return inner;
    case ACTION_MARK: write_mark(run, rule->rewrite); break;
    case ACTION_NONE:
    case ACTION_N: break;
    }
    *ends = false;
    return 0;
}

static void add(struct either *to, const struct seen *seen)
{
    if (to->is)
        join(&to->seen, seen);
    else
        to->seen = *seen;
    to->is = true;
}

/* Behind a rule that may have matched: the packet as it is if so goes its way, and it is again as it was. */
static void part(struct run *run, const struct run *before, struct either *way)
{
    run->nat_maybe = run->nat_maybe || run->nat_done;
    run->nat_done = before->nat_done;
    add(way, &run->seen);
    run->seen = before->seen;
}

/* With FELL_OFF among the outcomes `seen` is what the caller goes on with; what was accepted beside is in `ended`. */
static unsigned run_chain(struct run *run, const struct chain *chain, unsigned depth)
{
    struct either returned = {.is = false};
    unsigned outcomes = 0;

    if (depth > DEEPEST)
        return NAIVE_UNKNOWN;
    for (size_t i = 0; i < chain->rule_n; i++) {
        const struct rule *rule = &chain->rules[i];
        enum ternary matched = TERNARY_NO;
        struct run before;
        unsigned outcome;
        bool ends;

        if ((rule->families & FAMILY_BIT(run->q->packet->family)) != 0)
            matched = all_match(run, rule->matches, rule->match_n);
        tell(run->q, rule, chain, matched, rule->action);
        if (matched == TERNARY_NO)
            continue;
        before = *run;
        outcome = act(run, rule, depth, &ends);
        outcomes |= outcome;
        if (!ends && matched == TERNARY_MAYBE && run->seen.written)
            join(&run->seen, &before.seen);
        if (!ends)
            continue;
        if (matched == TERNARY_MAYBE) {
            part(run, &before, (outcome & FELL_OFF) != 0 ? &returned : &run->ended);
            continue;
        }
        if ((outcome & FELL_OFF) != 0)
            break;
        if (returned.is) {
            part(run, &before, &run->ended);
            run->seen = returned.seen;
        }
        return outcomes;
    }
    add(&returned, &run->seen);
    run->seen = returned.seen;
    return outcomes | FELL_OFF;
}

static unsigned run_base(struct run *run, const struct chain *chain)
{
    unsigned outcomes;

    run->ended.is = false;
    outcomes = run_chain(run, chain, 0);
    if (run->ended.is) {
        join(&run->seen, &run->ended.seen);
        run->nat_maybe = run->nat_maybe || run->nat_done;
        run->nat_done = false;
    }
    if ((outcomes & FELL_OFF) == 0)
        return outcomes;
    tell(run->q, NULL, chain, outcomes == FELL_OFF ? TERNARY_YES : TERNARY_MAYBE, chain->policy);
    outcomes &= ~FELL_OFF;
    return outcomes | (chain->policy == ACTION_DROP ? NAIVE_DROP : NAIVE_ACCEPT);
}

/* Where a hook stands on the way of a packet through `main`; 0: it does not. */
static unsigned stage_of(enum hook hook, enum hook main)
{
    if (hook == main)
        return 3;
    if (main == HOOK_OUTPUT)
        return hook == HOOK_POSTROUTING ? 4 : 0;
    if (hook == HOOK_INGRESS)
        return 1;
    if (hook == HOOK_PREROUTING)
        return 2;
    return main == HOOK_FORWARD && hook == HOOK_POSTROUTING ? 4 : 0;
}

size_t naive_path(const struct ruleset *ruleset, enum hook hook, enum family family, const struct chain **path,
                  size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < ruleset->chain_n && n < max; i++) {
        const struct chain *chain = ruleset->chains[i];
        size_t at = n;

        if (stage_of(chain->hook, hook) == 0 || (chain->families & FAMILY_BIT(family)) == 0)
            continue;
        while (at > 0 && (stage_of(path[at - 1]->hook, hook) > stage_of(chain->hook, hook) ||
                          (path[at - 1]->hook == chain->hook && path[at - 1]->priority >= chain->priority))) {
            path[at] = path[at - 1];
            at--;
        }
        path[at] = chain;
        n++;
    }
    return n;
}

static struct seen first_look(const struct packet *packet)
{
    struct seen seen = {.to_host = TERNARY_NO};

    for (enum field field = 0; field < FIELD_N; field++)
        seen.field[field] = (struct range){packet_field(packet, field), packet_field(packet, field)};
    return seen;
}

/* One of several ports: as it was, where that is possible. */
static uint16_t near_port(uint16_t before, struct range range)
{
    return range.lo <= before && before <= range.hi ? before : (uint16_t)range.lo;
}

static void tell_rewritten(const struct run *run)
{
    struct naive_rewritten *rewritten = run->q->rewritten;
    const struct range *field = run->seen.field;

    if (rewritten == NULL)
        return;
    *rewritten = (struct naive_rewritten){
        .packet = *run->q->packet, .written = run->seen.written, .sure = run->seen.to_host != TERNARY_MAYBE};
    for (size_t i = 0; i < FIELD_N; i++)
        rewritten->sure = rewritten->sure && field[i].lo == field[i].hi;
    if (!run->seen.written)
        return;
    rewritten->packet.source = field[FIELD_SOURCE].lo;
    rewritten->packet.destination = field[FIELD_DESTINATION].lo;
    rewritten->packet.source_port = near_port(rewritten->packet.source_port, field[FIELD_SOURCE_PORT]);
    rewritten->packet.port = near_port(rewritten->packet.port, field[FIELD_PORT]);
    rewritten->packet.state = (enum state)field[FIELD_STATE].lo;
    rewritten->packet.mark = (uint32_t)field[FIELD_MARK].lo;
    rewritten->translated = run->seen.translated;
    rewritten->to_host = run->seen.to_host == TERNARY_YES;
    if (rewritten->to_host)
        rewritten->packet.out = STR_EMPTY;
}

/* Conntrack looks at the packet, unless a rule kept it from that. */
static void track(struct run *run)
{
    struct range *state = &run->seen.field[FIELD_STATE];
    u128 own = packet_field(run->q->packet, FIELD_STATE);

    if (run->tracked)
        return;
    run->tracked = true;
    if (state->lo == STATE_INVALID)
        state->lo = own < STATE_UNTRACKED ? own : STATE_UNTRACKED;
    if (state->hi == STATE_INVALID)
        state->hi = own;
}

/* The base chains of a way that come at or behind a stage of it. Outcomes are added. */
static unsigned run_path(struct run *run, enum hook hook, bool only_behind, unsigned outcomes)
{
    const struct chain *path[256];
    size_t n = naive_path(run->q->ruleset, hook, run->q->packet->family, path, 256);

    for (size_t i = 0; i < n; i++) {
        if (only_behind && stage_of(path[i]->hook, hook) < 3)
            continue;
        if (run->base == NULL || run->base->hook != path[i]->hook)
            run->nat_done = run->nat_maybe = false;
        /* Redirected: the rest of the way is another one. */
        if (run->seen.to_host == TERNARY_YES && hook == HOOK_FORWARD && stage_of(path[i]->hook, hook) >= 3)
            return run_path(run, HOOK_INPUT, true, outcomes);
        run->base = path[i];
        if (!chain_before_conntrack(path[i]))
            track(run);
        if (run->nat_done && path[i]->nat)
            continue;
        if (run->nat_maybe && path[i]->nat)
            outcomes |= NAIVE_UNKNOWN;
        outcomes = (outcomes & ~(unsigned)NAIVE_ACCEPT) | run_base(run, path[i]);
        if ((outcomes & NAIVE_ACCEPT) == 0)
            return outcomes;
    }
    if (run->seen.to_host == TERNARY_YES && hook == HOOK_FORWARD)
        return run_path(run, HOOK_INPUT, true, outcomes);
    return outcomes | NAIVE_ACCEPT;
}

unsigned naive_ask(const struct naive_question *question)
{
    struct run run = {.q = question, .seen = first_look(question->packet)};
    unsigned outcomes;

    run.seen.field[FIELD_STATE] = (struct range){STATE_INVALID, STATE_INVALID};
    outcomes = run_path(&run, question->hook, false, 0);
    track(&run);
    /* It may have gone another way: whether to the host or through is not known. */
    if (run.seen.to_host == TERNARY_MAYBE)
        outcomes |= NAIVE_UNKNOWN;
    tell_rewritten(&run);
    return outcomes;
}
