/*
 * Rules into cubes; see program.h. A conjunction of plain matches is one cube. A match that holds one of several
 * groups multiplies the cubes; one that forbids groups becomes cubes that skip the rule, so that a complement is never
 * spelled out.
 */
#include "prove/program.h"

#include <assert.h>

#define CUBES_MOST 2000000u /* of one rule */

struct compiler {
    struct arena *arena;
    struct program *program;
    struct diags *diags;
    uint32_t spare_literal; /* for rules that cannot be spelled out */
};

static const struct ranges *interface_ranges(struct compiler *c, const struct match *match)
{
    const struct interface_numbers *numbers = c->program->interfaces;
    struct range *v = arena_new_array(c->arena, struct range, match->interface_n);
    const struct ranges *ranges;

    for (size_t i = 0; i < match->interface_n; i++)
        v[i] = interfaces_range(numbers, &match->interfaces[i]);
    ranges = ranges_of(c->arena, v, match->interface_n);
    c->program->asks_interface = true;
    return match->negated ? ranges_complement(c->arena, ranges, interfaces_last(numbers)) : ranges;
}

static bool narrow_literal(struct compiler *c, struct cube *cube, uint32_t id, bool value)
{
    struct cube other = CUBE_ALL;

    other.literals = literals_one(c->arena, id, value);
    return cube_intersect(c->arena, cube, &other, cube);
}

/* Every match of a conjunction but those over groups. False when nothing can match. */
static bool add_plain(struct compiler *c, const struct match *v, size_t n, struct cube *cube)
{
    for (size_t i = 0; i < n; i++) {
        const struct match *match = &v[i];
        bool left = true;

        switch (match->kind) {
        case MATCH_RANGES: left = cube_narrow(c->arena, cube, match->field, match->ranges); break;
        case MATCH_INTERFACES: left = cube_narrow(c->arena, cube, match->field, interface_ranges(c, match)); break;
        case MATCH_UNKNOWN: left = narrow_literal(c, cube, match->literal, !match->negated); break;
        case MATCH_ANY_OF:
        case MATCH_NONE_OF:
        case MATCH_N: break;
        }
        if (!left)
            return false;
    }
    return true;
}

static bool spell_groups(struct compiler *c, const struct cube *base, const struct match *match, struct cubes *out);

/* All cubes of a conjunction within `base`. False when there are too many. */
static bool spell_conjunction(struct compiler *c, const struct cube *base, const struct match *v, size_t n,
                              struct cubes *out)
{
    struct cubes now = {0};
    struct cube plain = *base;

    if (!add_plain(c, v, n, &plain))
        return true;
    *vec_push(c->arena, &now) = plain;
    for (size_t i = 0; i < n; i++) {
        struct cubes next = {0};

        if (v[i].kind != MATCH_ANY_OF)
            continue;
        vec_each (struct cube *, cube, &now) {
            if (!spell_groups(c, cube, &v[i], &next))
                return false;
        }
        now = next;
    }
    vec_each (struct cube *, cube, &now)
        *vec_push(c->arena, out) = *cube;
    return out->n <= CUBES_MOST;
}

static bool spell_groups(struct compiler *c, const struct cube *base, const struct match *match, struct cubes *out)
{
    for (size_t i = 0; i < match->group_n; i++) {
        if (!spell_conjunction(c, base, match->groups[i].v, match->groups[i].n, out))
            return false;
    }
    return true;
}

static void bound_cubes(struct compiler *c, struct program_rule *made)
{
    if (made->cube_n == 0)
        return;
    made->bounds = made->cubes[0];
    if (made->cube_n == 1)
        return;
    made->bounds.literals = NULL;
    for (enum field field = 0; field < FIELD_N; field++) {
        struct range *v = arena_new_array(c->arena, struct range, made->cube_n);
        u128 lo = ~(u128)0;
        u128 hi = 0;
        size_t members = 0;
        size_t n = 0;

        for (; n < made->cube_n && made->cubes[n].field[field] != NULL; n++) {
            const struct ranges *ranges = made->cubes[n].field[field];

            members += ranges->n;
            lo = ranges->v[0].lo < lo ? ranges->v[0].lo : lo;
            hi = ranges->v[ranges->n - 1].hi > hi ? ranges->v[ranges->n - 1].hi : hi;
        }
        made->bounds.field[field] = NULL;
        if (n < made->cube_n)
            continue;
        if (members > made->cube_n || members > 4096) {
            made->bounds.field[field] = ranges_one(c->arena, lo, hi);
            continue;
        }
        for (n = 0; n < made->cube_n; n++)
            v[n] = made->cubes[n].field[field]->v[0];
        made->bounds.field[field] = ranges_of(c->arena, v, made->cube_n);
    }
}

static bool has_groups(const struct rule *rule, enum match_kind kind)
{
    for (size_t i = 0; i < rule->match_n; i++) {
        if (rule->matches[i].kind == kind)
            return true;
    }
    return false;
}

static bool spell_rule(struct compiler *c, const struct rule *rule, struct program_rule *made)
{
    struct cube all = CUBE_ALL;
    struct cubes cubes = {0};
    struct cubes skips = {0};

    if (!has_groups(rule, MATCH_ANY_OF)) {
        if (add_plain(c, rule->matches, rule->match_n, &all))
            *vec_push(c->arena, &cubes) = all;
    } else if (!spell_conjunction(c, &all, rule->matches, rule->match_n, &cubes)) {
        return false;
    }
    for (size_t i = 0; i < rule->match_n && cubes.n > 0; i++) {
        if (rule->matches[i].kind == MATCH_NONE_OF && !spell_groups(c, &(struct cube){0}, &rule->matches[i], &skips))
            return false;
    }
    made->cubes = cubes.v;
    made->cube_n = (uint32_t)cubes.n;
    made->skips = skips.v;
    made->skip_n = (uint32_t)skips.n;
    return true;
}

/* A rule that cannot be spelled out may match or not. */
static void make_unknown(struct compiler *c, const struct rule *rule, struct program_rule *made)
{
    struct cube *cube = arena_new_object(c->arena, struct cube);

    diag_warning(c->diags, rule->place, "rule has too many alternatives; it is treated as one that may match or not");
    cube->literals = literals_one(c->arena, c->spare_literal++, true);
    made->cubes = cube;
    made->cube_n = 1;
    made->skip_n = 0;
}

static void note_literals(struct compiler *c, const struct rule *rule, const struct match *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == MATCH_UNKNOWN && c->program->literal_rules[v[i].literal] == NULL)
            c->program->literal_rules[v[i].literal] = rule;
        if (v[i].kind != MATCH_ANY_OF && v[i].kind != MATCH_NONE_OF)
            continue;
        for (size_t k = 0; k < v[i].group_n; k++)
            note_literals(c, rule, v[i].groups[k].v, v[i].groups[k].n);
    }
}

static uint32_t chain_number(const struct program *program, const struct chain *chain)
{
    uint32_t i = 0;

    while (program->ruleset->chains[i] != chain) {
        i++;
        assert(i < program->chain_n); /* a reader lets no jump lead out of the ruleset */
    }
    return i;
}

static void compile_chain(struct compiler *c, struct program_chain *made)
{
    const struct chain *chain = made->chain;

    made->rules = arena_new_array(c->arena, struct program_rule, chain->rule_n);
    for (size_t i = 0; i < chain->rule_n; i++) {
        const struct rule *rule = &chain->rules[i];
        struct program_rule *next = &made->rules[made->rule_n];

        if ((rule->families & FAMILY_BIT(c->program->family)) == 0 || rule->action == ACTION_NONE)
            continue;
        *next = (struct program_rule){.rule = rule, .action = rule->action};
        if (!spell_rule(c, rule, next))
            make_unknown(c, rule, next);
        note_literals(c, rule, rule->matches, rule->match_n);
        if (next->cube_n == 0)
            continue;
        bound_cubes(c, next);
        if (rule->action == ACTION_JUMP || rule->action == ACTION_GOTO)
            next->target = chain_number(c->program, rule->target);
        made->rule_n++;
    }
}

struct program *program_make(struct arena *arena, const struct ruleset *ruleset, enum family family,
                             const struct interface_numbers *interfaces, struct diags *diags)
{
    struct program *program = arena_new_object(arena, struct program);
    struct compiler c = {.arena = arena, .program = program, .diags = diags, .spare_literal = ruleset->literal_n};

    program->ruleset = ruleset;
    program->family = family;
    program->interfaces = interfaces;
    program->chain_n = ruleset->chain_n;
    program->chains = arena_new_array(arena, struct program_chain, ruleset->chain_n);
    program->literal_rules = arena_new_array(arena, const struct rule *, ruleset->literal_n + 1);
    for (size_t i = 0; i < ruleset->chain_n; i++)
        program->chains[i].chain = ruleset->chains[i];
    for (size_t i = 0; i < ruleset->chain_n; i++)
        compile_chain(&c, &program->chains[i]);
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

            if (other < stage || (other == stage && before->priority <= chain->priority))
                break;
            path[at] = path[at - 1];
            at--;
        }
        path[at] = i;
        n++;
    }
    return n;
}
