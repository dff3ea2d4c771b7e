/*
 * Rules into cubes; see program.h. A conjunction of plain matches is one cube. A match that holds one of several
 * groups multiplies the cubes; one that forbids groups becomes cubes that skip the rule, so that a complement is never
 * spelled out.
 */
#include "prove/program.h"

#include <assert.h>

#define CUBES_MOST 300000u /* of one rule */
#define CUBES_ALL 1000000u /* of all rules, those that were given up included */
#define CUBES_LEAST 1000u  /* that a rule may have when all are used up */

static const struct ranges *interface_ranges(struct program *program, const struct match *match)
{
    const struct interface_numbers *numbers = program->interfaces;
    struct range *v = arena_new_array(program->arena, struct range, match->interface_n);
    const struct ranges *ranges;

    for (size_t i = 0; i < match->interface_n; i++)
        v[i] = interfaces_range(numbers, &match->interfaces[i]);
    ranges = ranges_of(program->arena, v, match->interface_n);
    return match->negated ? ranges_complement(program->arena, ranges, interfaces_last(numbers)) : ranges;
}

static bool narrow_literal(struct program *program, struct cube *cube, uint32_t id, bool value)
{
    struct cube other = CUBE_ALL;

    other.literals = literals_one(program->arena, id, value);
    return cube_intersect(program->arena, cube, &other, cube);
}

/* Where nothing is translated the answer is known. */
static bool narrow_translated(struct program *program, struct cube *cube, const struct match *match)
{
    if (!program->asks_translated)
        return match->negated;
    return narrow_literal(program, cube, literal_translated(match->field), !match->negated);
}

/* Every match of a conjunction but those over groups. False when nothing can match. */
static bool add_plain(struct program *program, const struct match *v, size_t n, struct cube *cube)
{
    for (size_t i = 0; i < n; i++) {
        const struct match *match = &v[i];
        bool left = true;

        switch (match->kind) {
        case MATCH_RANGES: left = cube_narrow(program->arena, cube, match->field, match->ranges); break;
        case MATCH_INTERFACES:
            left = cube_narrow(program->arena, cube, match->field, interface_ranges(program, match));
            break;
        case MATCH_UNKNOWN:
            left = !(program->plain && (match->unusual || match->odd_ends)) &&
                   narrow_literal(program, cube, match->literal, !match->negated);
            break;
        case MATCH_TRANSLATED: left = narrow_translated(program, cube, match); break;
        case MATCH_ANY_OF:
        case MATCH_NONE_OF:
        case MATCH_N: break;
        }
        if (!left)
            return false;
    }
    return true;
}

static bool spell_groups(struct program *program, const struct cube *base, const struct match *match,
                         struct cubes *out);

/* All cubes of a conjunction within `base`. False when there are too many. */
static bool spell_conjunction(struct program *program, const struct cube *base, const struct match *v, size_t n,
                              struct cubes *out)
{
    struct cubes now = {0};
    struct cube plain = *base;

    if (!add_plain(program, v, n, &plain))
        return true;
    *vec_push(program->arena, &now) = plain;
    for (size_t i = 0; i < n; i++) {
        struct cubes next = {0};

        if (v[i].kind != MATCH_ANY_OF)
            continue;
        vec_each (struct cube *, cube, &now) {
            if (!spell_groups(program, cube, &v[i], &next))
                return false;
        }
        now = next;
    }
    if (program->cubes_left < now.n)
        return false;
    program->cubes_left -= now.n;
    vec_each (struct cube *, cube, &now)
        *vec_push(program->arena, out) = *cube;
    return true;
}

static bool spell_groups(struct program *program, const struct cube *base, const struct match *match, struct cubes *out)
{
    for (size_t i = 0; i < match->group_n; i++) {
        for (size_t k = 0; k < match->groups[i].n; k++) {
            if (match->groups[i].v[k].kind == MATCH_NONE_OF)
                return false; /* an exception inside an alternative is not spelled out */
        }
        if (!spell_conjunction(program, base, match->groups[i].v, match->groups[i].n, out))
            return false;
    }
    return true;
}

static bool has_groups(const struct rule *rule, enum match_kind kind)
{
    for (size_t i = 0; i < rule->match_n; i++) {
        if (rule->matches[i].kind == kind)
            return true;
    }
    return false;
}

static bool spell_rule(struct program *program, const struct rule *rule, struct program_rule *made)
{
    struct cube all = CUBE_ALL;
    struct cubes cubes = {0};
    struct cubes skips = {0};

    if (!has_groups(rule, MATCH_ANY_OF)) {
        if (add_plain(program, rule->matches, rule->match_n, &all))
            *vec_push(program->arena, &cubes) = all;
    } else if (!spell_conjunction(program, &all, rule->matches, rule->match_n, &cubes)) {
        return false;
    }
    for (size_t i = 0; i < rule->match_n && cubes.n > 0; i++) {
        if (rule->matches[i].kind == MATCH_NONE_OF &&
            !spell_groups(program, &(struct cube){0}, &rule->matches[i], &skips))
            return false;
    }
    made->cubes = cubes.v;
    made->cube_n = (uint32_t)cubes.n;
    made->skips = skips.v;
    made->skip_n = (uint32_t)skips.n;
    return true;
}

/* A rule that cannot be spelled out may match or not. */
static void make_unknown(struct program *program, struct program_rule *made)
{
    struct cube *cube = arena_new_object(program->arena, struct cube);

    *vec_push(program->arena, &program->forks) = (struct fork){.literal = program->spare_literal, .rule = made->rule};
    cube->literals = literals_one(program->arena, program->spare_literal++, true);
    made->cubes = cube;
    made->cube_n = 1;
    made->skip_n = 0;
}

static void note_literals(struct program *program, const struct rule *rule, const struct match *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == MATCH_UNKNOWN && program->literal_rules[v[i].literal] == NULL)
            program->literal_rules[v[i].literal] = rule;
        if (v[i].kind != MATCH_ANY_OF && v[i].kind != MATCH_NONE_OF)
            continue;
        for (size_t k = 0; k < v[i].group_n; k++)
            note_literals(program, rule, v[i].groups[k].v, v[i].groups[k].n);
    }
}

static struct str chain_key(struct chain *const *chain)
{
    return (struct str){(const char *)chain, sizeof *chain};
}

static const struct ranges *cube_asks(const void *context, size_t i, enum field field)
{
    const struct cube *cubes = context;

    return cubes[i].field[field];
}

static bool concerns(const struct program *program, const struct rule *rule)
{
    return (rule->families & FAMILY_BIT(program->family)) != 0 && rule->action != ACTION_NONE;
}

/* Spelled out, within what is left of cubes; else unknown. */
static void spell_or_not(struct program *program, const struct rule *rule, struct program_rule *made)
{
    size_t left = CUBES_ALL > program->cubes_spent ? CUBES_ALL - program->cubes_spent : 0;
    size_t allowed = left < CUBES_LEAST ? CUBES_LEAST : left < CUBES_MOST ? left : CUBES_MOST;
    struct arena_mark mark = arena_mark(program->arena);
    bool spelled;

    program->cubes_left = allowed;
    spelled = spell_rule(program, rule, made);
    program->cubes_spent += allowed - program->cubes_left;
    if (!spelled) {
        arena_release(program->arena, mark);
        make_unknown(program, made);
    }
}

static struct program_rule *make_rule(struct program *program, const struct rule *rule)
{
    struct program_rule *made = arena_new_object(program->arena, struct program_rule);

    made->rule = rule;
    made->action = rule->action;
    if (!concerns(program, rule))
        return made;
    spell_or_not(program, rule, made);
    note_literals(program, rule, rule->matches, rule->match_n);
    if (rule->action == ACTION_JUMP || rule->action == ACTION_GOTO) {
        const struct program_chain *target = map_get(&program->chain_numbers, chain_key(&rule->target));

        assert(target != NULL); /* a reader lets no jump lead out of the ruleset */
        made->target = (uint32_t)(target - program->chains);
    }
    if (made->cube_n > INDEX_WORTH)
        made->index = index_new(program->arena, made->cube_n, cube_asks, made->cubes);
    return made;
}

const struct program_rule *program_rule_at(struct program *program, uint32_t chain, size_t i)
{
    struct program_chain *of = &program->chains[chain];

    if (of->rules[i] == NULL)
        of->rules[i] = make_rule(program, &of->chain->rules[i]);
    return of->rules[i];
}

struct rules_asked {
    const struct program *program;
    const struct chain *chain;
};

/* From the matches themselves, so that no rule is made for the index. */
static const struct ranges *rule_asks(const void *context, size_t i, enum field field)
{
    const struct rules_asked *asked = context;
    const struct rule *rule = &asked->chain->rules[i];

    if (!concerns(asked->program, rule))
        return &ranges_empty;
    for (size_t k = 0; k < rule->match_n; k++) {
        if (rule->matches[k].kind == MATCH_RANGES && rule->matches[k].field == field)
            return rule->matches[k].ranges;
    }
    return NULL;
}

const struct box_index *program_index(struct program *program, uint32_t chain)
{
    struct program_chain *of = &program->chains[chain];
    struct rules_asked asked = {.program = program, .chain = of->chain};

    if (of->index == NULL && of->rule_n > INDEX_WORTH)
        of->index = index_new(program->arena, of->rule_n, rule_asks, &asked);
    return of->index;
}

/* `kinds`: 1u << each; a match of one of them is about the field. */
static bool asks(const struct match *v, size_t n, unsigned kinds, enum field field)
{
    for (size_t i = 0; i < n; i++) {
        if ((kinds & 1u << v[i].kind) != 0 && v[i].field == field)
            return true;
        for (size_t k = 0; (v[i].kind == MATCH_ANY_OF || v[i].kind == MATCH_NONE_OF) && k < v[i].group_n; k++) {
            if (asks(v[i].groups[k].v, v[i].groups[k].n, kinds, field))
                return true;
        }
    }
    return false;
}

static bool asks_translated(const struct rule *rule)
{
    return asks(rule->matches, rule->match_n, 1u << MATCH_TRANSLATED, FIELD_SOURCE) ||
           asks(rule->matches, rule->match_n, 1u << MATCH_TRANSLATED, FIELD_DESTINATION);
}

static bool translates(unsigned writes)
{
    return (writes & (action_writes(ACTION_DNAT) | action_writes(ACTION_SNAT))) != 0;
}

static bool any_asks_translated(const struct ruleset *ruleset)
{
    if (!translates(ruleset->rewrites))
        return false;
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        for (size_t k = 0; k < ruleset->chains[i]->rule_n; k++) {
            if (asks_translated(&ruleset->chains[i]->rules[k]))
                return true;
        }
    }
    return false;
}

/* What rules of a chain meet before it is known: of a table that has such a chain every user chain may be called there.
 */
static unsigned early_in(const struct ruleset *ruleset, const struct chain *chain)
{
    unsigned early = 0;

    for (size_t i = 0; i < ruleset->chain_n; i++) {
        const struct chain *base = ruleset->chains[i];

        if (base != chain && (chain->hook != HOOK_NONE || !str_eq(base->table, chain->table)))
            continue;
        early |= chain_before_conntrack(base) ? 1u << FIELD_STATE : 0;
        early |= chain_before_routing(base) ? 1u << FIELD_OUT : 0;
    }
    return early;
}

/* `early` is what rules of its chain meet before it is known. */
static void note_early(struct program *program, unsigned early, const struct rule *rule)
{
    static const enum field fields[] = {FIELD_STATE, FIELD_OUT};

    for (size_t i = 0; i < 2; i++) {
        if ((early & ~program->early & 1u << fields[i]) != 0 &&
            asks(rule->matches, rule->match_n, 1u << MATCH_RANGES | 1u << MATCH_INTERFACES, fields[i]))
            program->early |= 1u << fields[i];
    }
}

/* Rules that ask for the unknowns that nobody is known to ask for any more. */
static void note_again(struct program *program)
{
    for (size_t i = 0; i < program->chain_n; i++) {
        const struct program_chain *chain = &program->chains[i];

        for (size_t k = 0; k < chain->rule_n; k++) {
            if (chain->rules[k] != NULL && chain->rules[k]->cube_n > 0)
                note_literals(program, chain->rules[k]->rule, chain->rules[k]->rule->matches,
                              chain->rules[k]->rule->match_n);
        }
    }
}

void program_forget(struct program *program, uint32_t chain, size_t i)
{
    struct program_chain *of = &program->chains[chain];
    struct rules_asked asked = {.program = program, .chain = of->chain};
    bool known = false;

    if (of->index != NULL)
        index_leave(of->index, i, rule_asks, &asked);
    of->rules[i] = NULL;
    for (uint32_t id = 0; id < program->ruleset->literal_n; id++) {
        if (program->literal_rules[id] != &of->chain->rules[i])
            continue;
        program->literal_rules[id] = NULL;
        known = true;
    }
    if (known)
        note_again(program);
    for (size_t k = program->forks.n; k-- > 0;) {
        if (program->forks.v[k].rule == &of->chain->rules[i])
            program->forks.v[k] = program->forks.v[--program->forks.n];
    }
}

/* The first rule that translates, or that asks: those that asked so far had the answer no. */
static void note_translated(struct program *program)
{
    program->asks_translated = any_asks_translated(program->ruleset);
    for (uint32_t i = 0; i < program->chain_n && program->asks_translated; i++) {
        const struct program_chain *chain = &program->chains[i];

        for (size_t k = 0; k < chain->rule_n; k++) {
            if (chain->rules[k] == NULL || !asks_translated(&chain->chain->rules[k]))
                continue;
            program_forget(program, i, k);
            program_renew(program, i, k);
        }
    }
}

void program_renew(struct program *program, uint32_t chain, size_t i)
{
    struct program_chain *of = &program->chains[chain];
    struct rules_asked asked = {.program = program, .chain = of->chain};
    const struct rule *rule = &of->chain->rules[i];

    note_early(program, early_in(program->ruleset, of->chain), rule);
    if (of->index != NULL)
        index_enter(of->index, i, rule_asks, &asked);
    if (!program->asks_translated && (asks_translated(rule) || translates(action_writes(rule->action))))
        note_translated(program);
}

struct program *program_make(struct arena *arena, const struct ruleset *ruleset, enum family family,
                             const struct interface_numbers *interfaces)
{
    struct program *program = arena_new_object(arena, struct program);

    program->arena = arena;
    program->ruleset = ruleset;
    program->family = family;
    program->interfaces = interfaces;
    program->spare_literal = ruleset->literal_n;
    program->steps = PROGRAM_STEPS;
    program->asks_translated = any_asks_translated(ruleset);
    program->chain_n = ruleset->chain_n;
    program->chains = arena_new_array(arena, struct program_chain, ruleset->chain_n);
    program->literal_rules = arena_new_array(arena, const struct rule *, ruleset->literal_n + 1);
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        struct program_chain *chain = &program->chains[i];
        unsigned early = early_in(ruleset, ruleset->chains[i]);

        chain->chain = ruleset->chains[i];
        for (size_t k = 0; early != 0 && k < chain->chain->rule_n; k++)
            note_early(program, early, &chain->chain->rules[k]);
        chain->rule_n = chain->chain->rule_n;
        chain->rules = arena_new_array(arena, struct program_rule *, chain->rule_n);
        map_set(arena, &program->chain_numbers, chain_key(&ruleset->chains[i]), chain);
    }
    return program;
}

/* Where a hook stands on the way of a packet through `main`; 0: it does not. */
static unsigned stage_of(enum hook hook, enum hook main)
{
    switch (hook) {
    case HOOK_INGRESS: return main == HOOK_OUTPUT ? 0 : 1;
    case HOOK_PREROUTING: return main == HOOK_OUTPUT ? 0 : 2;
    case HOOK_INPUT:
    case HOOK_FORWARD:
    case HOOK_OUTPUT: return hook == main ? 3 : 0;
    case HOOK_POSTROUTING: return main == HOOK_INPUT ? 0 : 4;
    case HOOK_NONE:
    case HOOK_N: break;
    }
    return 0;
}

size_t program_path(const struct program *program, enum hook hook, uint32_t *path, size_t max)
{
    size_t n = 0;

    for (uint32_t i = 0; i < program->chain_n && n < max; i++) {
        const struct chain *chain = program->chains[i].chain;
        unsigned stage = stage_of(chain->hook, hook);
        size_t at = n;

        if (stage == 0 || (chain->families & FAMILY_BIT(program->family)) == 0)
            continue;
        while (at > 0) {
            const struct chain *before = program->chains[path[at - 1]].chain;
            unsigned other = stage_of(before->hook, hook);

            /* At one priority the chain that came last is the first. */
            if (other < stage || (other == stage && before->priority < chain->priority))
                break;
            path[at] = path[at - 1];
            at--;
        }
        path[at] = i;
        n++;
    }
    return n;
}
