/*
 * A part's way through the base chains of a hook: what is known of it where, what decided about it in each, where it
 * ends. See walker.h.
 */
#include "prove/walker.h"

static bool is_to_host(const struct part *part)
{
    return part->now != NULL && part->now->to_host;
}

const struct rewritten *way_early(struct walker *s, const struct chain *base)
{
    unsigned early = s->walk->program->early;
    bool state = (early & 1u << FIELD_STATE) != 0 && chain_before_conntrack(base);
    bool out = (early & 1u << FIELD_OUT) != 0 && chain_before_routing(base);
    struct rewritten *now;

    if (!state && !out)
        return NULL;
    now = arena_new_object(s->arena, struct rewritten);
    now->set[FIELD_STATE] = state ? ranges_value(s->arena, STATE_INVALID) : NULL;
    now->set[FIELD_OUT] = out ? ranges_value(s->arena, INTERFACE_NONE) : NULL;
    return now;
}

/* The part comes to a base chain, or (NULL) to the end of its way, where more of it is known. */
static const struct rewritten *late_view(struct walker *s, const struct part *part, const struct chain *base)
{
    static const struct rewritten nothing;
    const struct rewritten *now = part->now;
    bool state = now != NULL && now->set[FIELD_STATE] != NULL && (base == NULL || !chain_before_conntrack(base)) &&
                 ranges_contain(now->set[FIELD_STATE], STATE_INVALID);
    bool out = now != NULL && now->set[FIELD_OUT] != NULL && (base == NULL || !chain_before_routing(base)) &&
               !now->to_host && !now->rerouted;
    struct rewritten *made;

    if (!state && !out)
        return now;
    made = arena_copy(s->arena, now, sizeof *now);
    made->set[FIELD_STATE] = state ? NULL : now->set[FIELD_STATE];
    made->set[FIELD_OUT] = out ? NULL : now->set[FIELD_OUT];
    return memcmp(made, &nothing, sizeof nothing) == 0 ? NULL : made;
}

const struct chain *way_base(const struct walker *s, const struct part *part)
{
    const uint32_t *path = is_to_host(part) ? s->host_path : s->path;

    return s->walk->program->chains[path[part->base]].chain;
}

static void decide(struct walker *s, struct part *part, const struct rule *rule)
{
    struct decision *decision = arena_new_object(s->arena, struct decision);

    *decision = (struct decision){.base = way_base(s, part), .rule = rule, .before = part->decisions};
    part->decisions = decision;
}

static void end_part(struct walker *s, const struct part *part, enum action action, const struct rule *rule,
                     const struct chain *chain)
{
    struct leaf leaf = {.cube = part->cube,
                        .now = late_view(s, part, NULL),
                        .action = action,
                        .rule = rule,
                        .chain = chain,
                        .decisions = part->decisions};

    if (!s->walk->leaf(s->walk->context, &leaf))
        s->stopped = true;
}

void way_stop(struct walker *s, struct part *part, enum action action, const struct rule *rule)
{
    decide(s, part, rule);
    end_part(s, part, action, rule, rule == NULL ? way_base(s, part) : NULL);
}

/*
 * Of what let a part through, the last rule that accepts; without one the policy at the hook itself, or the first;
 * where rules translated in every base chain, the first of those.
 */
static void end_accepted(struct walker *s, const struct part *part)
{
    const struct chain *translated = NULL;
    const struct chain *policy = NULL;

    for (const struct decision *decision = part->decisions; decision != NULL; decision = decision->before) {
        if (decision->rule != NULL && decision->rule->action == ACTION_ACCEPT) {
            end_part(s, part, ACTION_ACCEPT, decision->rule, NULL);
            return;
        }
        if (decision->rule != NULL)
            translated = decision->base;
        else if (policy == NULL || policy->hook != s->walk->hook)
            policy = decision->base;
    }
    end_part(s, part, ACTION_ACCEPT, NULL, policy == NULL ? translated : policy);
}

/* Between OUTPUT and POSTROUTING the kernel looks up again where a new destination is (nf_nat_ipv4_local_fn). */
static void reroute(struct walker *s, struct part *part)
{
    struct rewritten *now;

    if (part->now == NULL || !part->now->rerouted || part->now->set[FIELD_OUT] != NULL ||
        way_base(s, part)->hook != HOOK_POSTROUTING)
        return;
    now = arena_copy(s->arena, part->now, sizeof *now);
    now->set[FIELD_OUT] = ranges_one(s->arena, INTERFACE_NONE + 1, interfaces_last(s->walk->program->interfaces));
    part->now = now;
}

/* Through one base chain: on to the next, or to the end. True when the part goes on. */
static bool next_base(struct walker *s, struct part *part)
{
    if (++part->base < (is_to_host(part) ? s->host_path_n : s->path_n)) {
        part->chain = is_to_host(part) ? s->host_path[part->base] : s->path[part->base];
        part->at = 0;
        part->parent = NULL;
        part->now = late_view(s, part, way_base(s, part));
        reroute(s, part);
        return true;
    }
    end_accepted(s, part);
    return false;
}

bool way_accept(struct walker *s, struct part *part, const struct rule *rule)
{
    decide(s, part, rule);
    return next_base(s, part);
}

bool way_return(struct walker *s, struct part *part)
{
    if (part->parent != NULL) {
        part->chain = part->parent->chain;
        part->at = part->parent->at;
        part->parent = part->parent->parent;
        return true;
    }
    if (way_base(s, part)->policy != ACTION_DROP)
        return way_accept(s, part, NULL);
    way_stop(s, part, ACTION_DROP, NULL);
    return false;
}

bool way_leave_nat(struct walker *s, struct part *part, const struct rule *rule)
{
    const struct chain *left = way_base(s, part);
    const uint32_t *path = is_to_host(part) ? s->host_path : s->path;
    uint32_t n = is_to_host(part) ? s->host_path_n : s->path_n;

    decide(s, part, rule);
    while (left->nat && part->base + 1 < n) {
        const struct chain *next = s->walk->program->chains[path[part->base + 1]].chain;

        if (!next->nat || next->hook != left->hook)
            break;
        part->base++;
    }
    return next_base(s, part);
}
