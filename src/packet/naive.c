/*
 * The slow oracle; see naive.h. Semantics: iptables(8), iptables-extensions(8), nft(8): an accept ends its base chain
 * and goes on to the next one, a drop is final; falling off a user chain and RETURN go back to the caller; a goto goes
 * back to the caller's caller; RETURN in a base chain is its policy.
 */
#include "packet/naive.h"

#include "net/proto.h"

/* Outcomes of a chain beside those of the packet. */
#define FELL_OFF 16u
#define DEEPEST 500u

static enum ternary not_ternary(enum ternary t)
{
    return t == TERNARY_MAYBE ? t : t == TERNARY_YES ? TERNARY_NO : TERNARY_YES;
}

static enum ternary interface_matches(const struct match *match, const struct packet *packet)
{
    bool in = match->field == FIELD_IN;
    struct str name = in ? packet->in : packet->out;
    enum ternary found = TERNARY_NO;

    if (!(in ? packet->has_in : packet->has_out))
        return TERNARY_MAYBE;
    for (size_t i = 0; i < match->interface_n && found == TERNARY_NO; i++) {
        const struct interface_pattern *pattern = &match->interfaces[i];
        struct str head = pattern->prefix ? str_head(name, pattern->name.n) : name;

        if (name.n > 0 && str_eq(head, pattern->name))
            found = TERNARY_YES;
    }
    return match->negated ? not_ternary(found) : found;
}

static enum ternary all_match(const struct naive_question *q, const struct match *v, size_t n);

static enum ternary any_group(const struct naive_question *q, const struct match *match)
{
    enum ternary found = TERNARY_NO;

    for (size_t i = 0; i < match->group_n && found != TERNARY_YES; i++) {
        enum ternary one = all_match(q, match->groups[i].v, match->groups[i].n);

        if (one != TERNARY_NO)
            found = one;
    }
    return found;
}

static enum ternary one_matches(const struct naive_question *q, const struct match *match)
{
    enum ternary value;

    switch (match->kind) {
    case MATCH_RANGES:
        return ranges_contain(match->ranges, packet_field(q->packet, match->field)) ? TERNARY_YES : TERNARY_NO;
    case MATCH_INTERFACES: return interface_matches(match, q->packet);
    case MATCH_ANY_OF: return any_group(q, match);
    case MATCH_NONE_OF: return not_ternary(any_group(q, match));
    case MATCH_UNKNOWN:
        value = q->literals == NULL ? TERNARY_MAYBE : q->literals[match->literal];
        return match->negated ? not_ternary(value) : value;
    case MATCH_N: break;
    }
    return TERNARY_MAYBE;
}

static enum ternary all_match(const struct naive_question *q, const struct match *v, size_t n)
{
    enum ternary all = TERNARY_YES;

    for (size_t i = 0; i < n; i++) {
        enum ternary one = one_matches(q, &v[i]);

        if (one == TERNARY_NO)
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

static unsigned run_chain(const struct naive_question *q, const struct chain *chain, unsigned depth);

/* Outcomes of a rule that matches; *ends tells that the packet does not go on to the next rule. */
static unsigned act(const struct naive_question *q, const struct rule *rule, unsigned depth, bool *ends)
{
    unsigned inner;

    *ends = true;
    switch (rule->action) {
    case ACTION_ACCEPT: return NAIVE_ACCEPT;
    case ACTION_DROP: return NAIVE_DROP;
    case ACTION_REJECT: return NAIVE_REJECT;
    case ACTION_UNKNOWN: return NAIVE_UNKNOWN;
    case ACTION_RETURN: return FELL_OFF;
    case ACTION_GOTO: return run_chain(q, rule->target, depth + 1);
    case ACTION_JUMP:
        inner = run_chain(q, rule->target, depth + 1);
        *ends = (inner & FELL_OFF) == 0;
        return inner & ~FELL_OFF;
    case ACTION_NONE:
    case ACTION_N: break;
    }
    *ends = false;
    return 0;
}

static unsigned run_chain(const struct naive_question *q, const struct chain *chain, unsigned depth)
{
    unsigned outcomes = 0;

    if (depth > DEEPEST)
        return NAIVE_UNKNOWN;
    for (size_t i = 0; i < chain->rule_n; i++) {
        const struct rule *rule = &chain->rules[i];
        enum ternary matched = TERNARY_NO;
        bool ends;

        if ((rule->families & FAMILY_BIT(q->packet->family)) != 0)
            matched = all_match(q, rule->matches, rule->match_n);
        tell(q, rule, chain, matched, rule->action);
        if (matched == TERNARY_NO)
            continue;
        outcomes |= act(q, rule, depth, &ends);
        if (matched == TERNARY_YES && ends)
            return outcomes;
    }
    return outcomes | FELL_OFF;
}

static unsigned run_base(const struct naive_question *q, const struct chain *chain)
{
    unsigned outcomes = run_chain(q, chain, 0);

    if ((outcomes & FELL_OFF) == 0)
        return outcomes;
    tell(q, NULL, chain, outcomes == FELL_OFF ? TERNARY_YES : TERNARY_MAYBE, chain->policy);
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
                          (path[at - 1]->hook == chain->hook && path[at - 1]->priority > chain->priority))) {
            path[at] = path[at - 1];
            at--;
        }
        path[at] = chain;
        n++;
    }
    return n;
}

unsigned naive_ask(const struct naive_question *question)
{
    const struct chain *path[256];
    size_t n = naive_path(question->ruleset, question->hook, question->packet->family, path, 256);
    unsigned outcomes = 0;

    for (size_t i = 0; i < n; i++) {
        outcomes = (outcomes & ~(unsigned)NAIVE_ACCEPT) | run_base(question, path[i]);
        if ((outcomes & NAIVE_ACCEPT) == 0)
            return outcomes;
    }
    return outcomes | NAIVE_ACCEPT;
}
