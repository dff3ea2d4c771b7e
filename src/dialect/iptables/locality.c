/*
 * See locality.h. `-m addrtype --dst-type LOCAL` asks the routing table, which brought the packet to INPUT by the same
 * answer (xt_addrtype.c, ip_route_input of Linux 6.1); ufw lets nothing in without it. A directed broadcast is taken
 * for an address of the host: which they are is not in a ruleset.
 */
#include "dialect/iptables/locality.h"

#include "base/map.h"

/* Hooks that lead to a chain, beside its address in the ruleset. */
struct reached {
    struct map numbers; /* address of a chain -> its number + 1 */
    unsigned *hooks;
};

static struct str key_of(const struct chain *const *chain)
{
    return (struct str){(const char *)chain, sizeof *chain};
}

static size_t number_of(struct reached *reached, const struct chain *chain)
{
    return (size_t)(uintptr_t)map_get(&reached->numbers, key_of(&chain)) - 1;
}

static void find_hooks(struct arena *arena, const struct ruleset *ruleset, struct reached *reached)
{
    struct VEC(const struct chain *) todo = {0};

    reached->hooks = arena_new_array(arena, unsigned, ruleset->chain_n + 1);
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        const struct chain *chain = ruleset->chains[i];

        map_set(arena, &reached->numbers, str_dup(arena, key_of(&chain)), (void *)(uintptr_t)(i + 1));
        if (chain->hook != HOOK_NONE) {
            reached->hooks[i] = 1u << chain->hook;
            *vec_push(arena, &todo) = chain;
        }
    }
    while (todo.n > 0) {
        const struct chain *chain = todo.v[--todo.n];
        unsigned hooks = reached->hooks[number_of(reached, chain)];

        for (size_t i = 0; i < chain->rule_n; i++) {
            const struct chain *target = chain->rules[i].target;
            size_t number = target == NULL ? 0 : number_of(reached, target);

            if (target != NULL && (hooks & ~reached->hooks[number]) != 0) {
                reached->hooks[number] |= hooks;
                *vec_push(arena, &todo) = target;
            }
        }
    }
}

/* The field that an unknown asks about, which is local there; FIELD_N: it asks for something else. */
static enum field local_field(const struct match *match, unsigned hooks)
{
    if (match->kind != MATCH_UNKNOWN)
        return FIELD_N;
    if (hooks == 1u << HOOK_INPUT && str_is(match->text, "-m addrtype --dst-type LOCAL"))
        return FIELD_DESTINATION;
    return hooks == 1u << HOOK_OUTPUT && str_is(match->text, "-m addrtype --src-type LOCAL") ? FIELD_SOURCE : FIELD_N;
}

/* Neither multicast, nor broadcast, nor 0.0.0.0/8. */
static const struct ranges *unicast(struct arena *arena)
{
    static const struct range v[] = {{0x01000000u, 0xdfffffffu}, {0xf0000000u, 0xfffffffeu}};

    return ranges_of(arena, v, 2);
}

static void settle_match(struct arena *arena, struct match *match, unsigned hooks)
{
    enum field field = local_field(match, hooks);

    if (field != FIELD_N)
        *match = (struct match){.kind = MATCH_RANGES, .field = field, .ranges = unicast(arena)};
    if (match->kind != MATCH_ANY_OF && match->kind != MATCH_NONE_OF)
        return;
    for (size_t i = 0; i < match->group_n; i++) {
        for (size_t k = 0; k < match->groups[i].n; k++)
            settle_match(arena, (struct match *)&match->groups[i].v[k], hooks);
    }
}

void locality_settle(struct arena *arena, struct ruleset *ruleset)
{
    struct reached reached = {0};
    struct arena *scratch;

    if (ruleset->literal_n == 0 || (ruleset->families & FAMILY_BIT(FAMILY_V4)) == 0)
        return;
    scratch = arena_new();
    find_hooks(scratch, ruleset, &reached);
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        struct chain *chain = ruleset->chains[i];

        if (reached.hooks[i] != 1u << HOOK_INPUT && reached.hooks[i] != 1u << HOOK_OUTPUT)
            continue;
        for (size_t k = 0; k < chain->rule_n; k++) {
            struct rule *rule = &chain->rules[k];

            for (size_t m = 0; m < rule->match_n && (rule->families & chain->families) == FAMILY_BIT(FAMILY_V4); m++)
                settle_match(arena, (struct match *)&rule->matches[m], reached.hooks[i]);
        }
    }
    arena_free(scratch);
}
