/* Random rulesets and questions about them; see oracle.h. */
#include "oracle.h"

#include "net/proto.h"

static struct match random_plain(struct arena *arena)
{
    static const enum field fields[] = {FIELD_SOURCE, FIELD_DESTINATION, FIELD_PROTOCOL,
                                        FIELD_STATE,  FIELD_FRAGMENT,    FIELD_MARK};
    struct match match = {.kind = MATCH_RANGES};

    if (tracing && pick(8) == 0)
        return (struct match){.kind = MATCH_TRANSLATED,
                              .negated = pick(3) == 0,
                              .field = pick(3) == 0 ? FIELD_SOURCE : FIELD_DESTINATION};
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

/* Of an interface that is not bound, the naive evaluation asks each match by itself: there is one at most. */
static bool asks_interface(const struct match *v, size_t n, enum field field)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == MATCH_INTERFACES && v[i].field == field)
            return true;
    }
    return false;
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
        case 0:
            v[n] = random_interface(arena);
            n += !asks_interface(v, n, v[n].field);
            break;
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

    choosing = choosing || a < b;
    return (struct range){value_of(field, a), value_of(field, b)};
}

static const struct rewrite *random_nat(struct arena *arena, bool source)
{
    struct rewrite *rewrite = arena_new_object(arena, struct rewrite);
    enum field field = source ? FIELD_SOURCE : FIELD_DESTINATION;

    switch (pick(6)) {
    case 0: rewrite->own = choosing = true; break;
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

void random_rule(struct arena *arena, struct ruleset *ruleset, size_t chain, size_t i)
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

struct ruleset *random_ruleset(struct arena *arena)
{
    static const char *const names[] = {"base", "second", "c", "d"};
    struct ruleset *ruleset = arena_new_object(arena, struct ruleset);
    struct interface_pattern wild = {STR("eth"), true};
    unsigned kind;

    *ruleset = (struct ruleset){.dialect = STR("test"), .file = STR("test"), .literal_n = LITERALS};
    ruleset->families = FAMILY_BIT(family); /* its addresses are of one */
    ruleset->chain_n = 1 + pick(4);
    ruleset->chains = arena_new_array(arena, struct chain *, ruleset->chain_n + COUNT(around));
    kind = pick(12);
    rewriting = kind % 3 == 0;
    tracing = kind % 4 == 0;
    choosing = networks = false;
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

struct policy random_policy(struct arena *arena)
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

bool writes(const struct ruleset *ruleset)
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
