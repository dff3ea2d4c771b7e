/* Names of hooks and actions, and joining the files of one firewall; see ruleset.h. */
#include "model/ruleset.h"

#include "base/map.h"
#include "net/proto.h"

static const char *const hook_names[HOOK_N] = {
    [HOOK_NONE] = "none",       [HOOK_INGRESS] = "ingress", [HOOK_PREROUTING] = "prerouting",   [HOOK_INPUT] = "input",
    [HOOK_FORWARD] = "forward", [HOOK_OUTPUT] = "output",   [HOOK_POSTROUTING] = "postrouting",
};

static const char *const action_names[ACTION_N] = {
    [ACTION_NONE] = "continue",   [ACTION_ACCEPT] = "accept", [ACTION_DROP] = "drop", [ACTION_REJECT] = "reject",
    [ACTION_RETURN] = "return",   [ACTION_JUMP] = "jump",     [ACTION_GOTO] = "goto", [ACTION_MARK] = "mark",
    [ACTION_NOTRACK] = "notrack", [ACTION_DNAT] = "dnat",     [ACTION_SNAT] = "snat", [ACTION_UNKNOWN] = "unknown",
};

const char *hook_name(enum hook hook)
{
    return hook_names[hook];
}

const char *action_name(enum action action)
{
    return action_names[action];
}

unsigned action_writes(enum action action)
{
    switch (action) {
    case ACTION_MARK: return 1u << FIELD_MARK;
    case ACTION_NOTRACK: return 1u << FIELD_STATE;
    case ACTION_DNAT: return 1u << FIELD_DESTINATION | 1u << FIELD_PORT | 1u << FIELD_OUT;
    case ACTION_SNAT: return 1u << FIELD_SOURCE | 1u << FIELD_SOURCE_PORT;
    case ACTION_NONE:
    case ACTION_ACCEPT:
    case ACTION_DROP:
    case ACTION_REJECT:
    case ACTION_RETURN:
    case ACTION_JUMP:
    case ACTION_GOTO:
    case ACTION_UNKNOWN:
    case ACTION_N: break;
    }
    return 0;
}

static const struct ranges opening = {.n = 2, .v = {{STATE_NEW, STATE_NEW}, {STATE_RELATED, STATE_RELATED}}};
static const struct ranges related = {.n = 1, .v = {{STATE_RELATED, STATE_RELATED}}};
static const struct ranges icmp = {.n = 2, .v = {{PROTO_ICMP, PROTO_ICMP}, {PROTO_ICMPV6, PROTO_ICMPV6}}};

static const struct match error[] = {
    {.kind = MATCH_RANGES, .field = FIELD_STATE, .ranges = &related},
    {.kind = MATCH_RANGES, .field = FIELD_PROTOCOL, .ranges = &icmp},
};
static const struct match_group errors[] = {{.v = error, .n = 2}};

const struct match nat_gate[NAT_GATE_MATCHES] = {
    {.kind = MATCH_RANGES, .field = FIELD_STATE, .ranges = &opening},
    {.kind = MATCH_NONE_OF, .field = FIELD_N, .groups = errors, .group_n = 1},
};

bool chain_before_conntrack(const struct chain *chain)
{
    return chain->hook == HOOK_INGRESS ||
           ((chain->hook == HOOK_PREROUTING || chain->hook == HOOK_OUTPUT) && chain->priority < -200);
}

bool chain_before_routing(const struct chain *chain)
{
    return chain->hook == HOOK_INGRESS || chain->hook == HOOK_PREROUTING;
}

struct chain *ruleset_chain(const struct ruleset *ruleset, struct str table, struct str name)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        if (str_eq(ruleset->chains[i]->name, name) && str_eq(ruleset->chains[i]->table, table))
            return ruleset->chains[i];
    }
    return NULL;
}

/* Adds to the literals of one part. Rules share sets, and with them matches: each is changed once. */
struct shift {
    struct arena *arena;
    struct map done; /* by the address of a list of groups, or of a match */
    uint32_t by;
};

static bool first_time(struct shift *shift, const void *p)
{
    struct str key = {arena_copy(shift->arena, &p, sizeof(p)), sizeof(p)};

    return map_set(shift->arena, &shift->done, key, shift) == NULL;
}

static void shift_literals(struct shift *shift, const struct match *matches, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct match *match = (struct match *)&matches[i];
        bool groups = match->kind == MATCH_ANY_OF || match->kind == MATCH_NONE_OF;

        if (match->kind == MATCH_UNKNOWN && first_time(shift, match))
            match->literal += shift->by;
        if (!groups || match->group_n == 0 || !first_time(shift, match->groups))
            continue;
        for (size_t k = 0; k < match->group_n; k++)
            shift_literals(shift, match->groups[k].v, match->groups[k].n);
    }
}

struct ruleset *ruleset_join(struct arena *arena, struct ruleset **parts, size_t n)
{
    struct ruleset *whole;
    size_t chains = 0;
    size_t sets = 0;

    if (n == 1)
        return parts[0];
    whole = arena_new_object(arena, struct ruleset);
    for (size_t i = 0; i < n; i++) {
        chains += parts[i]->chain_n;
        sets += parts[i]->set_n;
    }
    whole->chains = arena_new_array(arena, struct chain *, chains);
    whole->sets = arena_new_array(arena, struct named_set, sets);
    for (size_t i = 0; i < n; i++) {
        struct ruleset *part = parts[i];
        struct shift shift = {.arena = arena, .by = whole->literal_n};

        if (i == 0) {
            whole->dialect = part->dialect;
            whole->file = part->file;
        }
        whole->families |= part->families;
        whole->rewrites |= part->rewrites;
        whole->unusual = whole->unusual || part->unusual;
        for (size_t k = 0; k < part->chain_n; k++) {
            for (size_t r = 0; r < part->chains[k]->rule_n && shift.by > 0 && part->literal_n > 0; r++)
                shift_literals(&shift, part->chains[k]->rules[r].matches, part->chains[k]->rules[r].match_n);
            whole->chains[whole->chain_n++] = part->chains[k];
        }
        for (size_t k = 0; k < part->set_n; k++)
            whole->sets[whole->set_n++] = part->sets[k];
        vec_each (struct interface_pattern *, pattern, &part->interfaces)
            *vec_push(arena, &whole->interfaces) = *pattern;
        whole->literal_n += part->literal_n;
    }
    return whole;
}
