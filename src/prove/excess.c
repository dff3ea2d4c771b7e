/*
 * Excess: where it can come from. Of the packets that each accepting rule can take at the faces, search.c finds what
 * flows, baseline and accepted excess leave. Starting from the rule's own packets keeps the sets small, and in a good
 * ruleset nothing is left at once. Packets that a default policy lets through are looked for in the whole of a face.
 *
 * Where one base chain alone decides, its unfolded list (flat.h) is asked, elsewhere the program is walked. What a rule
 * takes only for some values of the unknowns is excess all the same, but its finding says so, unless it comes through
 * whatever the unknowns are.
 */
#include "prove/search.h"

#define STEPS 10000000u      /* of all walks together: some seconds */
#define WORK 60000000u       /* holes that all carving together looks at, likewise */
#define BOXES_MOST 10000u    /* nobody reads more; shared by the rules, */
#define RULE_BOXES_MOST 100u /* of which none has more than these, and each at least one */

/* Chains that packets of the hook can reach. */
static void mark_reached(struct program *program, uint32_t chain, bool *reached)
{
    const struct program_chain *from = &program->chains[chain];

    if (reached[chain])
        return;
    reached[chain] = true;
    for (size_t i = 0; i < from->rule_n; i++) {
        enum action action = from->chain->rules[i].action;

        if (action == ACTION_JUMP || action == ACTION_GOTO)
            mark_reached(program, program_rule_at(program, chain, i)->target, reached);
    }
}

/* What a packet may be redirected to: its way through the host, too. */
static bool may_enter(const struct search *s)
{
    return s->hook == HOOK_FORWARD && (s->prover->ruleset->rewrites & 1u << FIELD_DESTINATION) != 0;
}

static void search_rules(struct search *s)
{
    struct program *program = s->prover->programs[s->family];
    bool *reached = arena_new_array(s->arena, bool, program->chain_n);
    uint32_t path[PATH_MAX_CHAINS];
    size_t n = program_path(program, s->hook, path, PATH_MAX_CHAINS);

    for (size_t i = 0; i < n; i++)
        mark_reached(program, path[i], reached);
    n = may_enter(s) ? program_path(program, HOOK_INPUT, path, PATH_MAX_CHAINS) : 0;
    for (size_t i = 0; i < n; i++)
        mark_reached(program, path[i], reached);
    for (uint32_t i = 0; i < program->chain_n; i++) {
        const struct chain *chain = program->chains[i].chain;

        for (size_t k = 0; reached[i] && k < chain->rule_n; k++) {
            const struct program_rule *rule;

            if (chain->rules[k].action != ACTION_ACCEPT && chain->rules[k].action != ACTION_UNKNOWN)
                continue;
            rule = program_rule_at(program, i, k);
            s->only = rule->rule;
            for (uint32_t c = 0; c < rule->cube_n; c++)
                search_cube(s, &rule->cubes[c], false);
        }
    }
}

static void search_entries(struct search *s)
{
    for (size_t i = 0; i < s->flat->n; i++) {
        const struct flat_entry *entry = &s->flat->v[i];

        if (entry->action != ACTION_ACCEPT && entry->action != ACTION_UNKNOWN)
            continue;
        s->only = entry->rule;
        s->at = i;
        search_cube(s, &entry->cube, entry->action == ACTION_ACCEPT && entry->cube.literals == NULL);
    }
}

/* Whether some rule that can be reached from the chain, or its policy, has a say. */
static bool decides(struct program *program, struct arena *arena, uint32_t from)
{
    bool *reached = arena_new_array(arena, bool, program->chain_n);

    mark_reached(program, from, reached);
    for (uint32_t i = 0; i < program->chain_n; i++) {
        const struct chain *chain = program->chains[i].chain;

        for (size_t k = 0; reached[i] && k < chain->rule_n; k++) {
            enum action action = chain->rules[k].action;

            if (action == ACTION_ACCEPT || action == ACTION_DROP || action == ACTION_REJECT || action == ACTION_UNKNOWN)
                return true;
        }
    }
    return program->chains[from].chain->policy == ACTION_DROP;
}

/* Where one base chain of the hook alone decides, and nothing is written: its unfolded list. */
static void unfold_deciding(struct search *s)
{
    struct program *program = s->prover->programs[s->family];
    uint32_t path[PATH_MAX_CHAINS];
    size_t n = program_path(program, s->hook, path, PATH_MAX_CHAINS);
    size_t found = 0;
    uint32_t chain = 0;
    const struct cube **cubes;
    struct flat *flat;

    s->flat = NULL;
    for (size_t i = 0; i < n; i++) {
        if (decides(program, s->arena, path[i])) {
            found++;
            chain = path[i];
        }
    }
    if (found != 1 || program->chains[chain].chain->hook != s->hook || program_seen_otherwise(program) != 0)
        return;
    flat = flat_make(s->arena, program, chain);
    if (flat->too_large)
        return;
    cubes = arena_new_array(s->arena, const struct cube *, flat->n);
    for (size_t i = 0; i < flat->n; i++)
        cubes[i] = &flat->v[i].cube;
    s->flat = flat;
    s->entries = (struct indexed){.cubes = cubes, .n = flat->n};
    search_index(s->arena, &s->entries);
}

/* Whether a packet can come through without any rule that accepts it. */
static bool policy_opens(const struct search *s, enum hook hook)
{
    const struct program *program = s->prover->programs[s->family];
    uint32_t path[PATH_MAX_CHAINS];
    size_t n = program_path(program, hook, path, PATH_MAX_CHAINS);

    for (size_t i = 0; i < n; i++) {
        const struct chain *chain = program->chains[path[i]].chain;

        /* A translation lets through too, and is no rule that accepts. */
        if (chain->policy == ACTION_DROP && !chain->nat)
            return false;
    }
    return true;
}

static void search_policy(struct search *s)
{
    struct cube all = CUBE_ALL;

    s->only = NULL;
    search_cube(s, &all, false);
}

static void add_permits(struct search *s, const struct permit *permits, size_t n)
{
    bool stateless = region_stateless(s->prover->ruleset);

    for (size_t i = 0; i < n; i++) {
        enum hook reply = permits[i].hook == HOOK_INPUT    ? HOOK_OUTPUT
                          : permits[i].hook == HOOK_OUTPUT ? HOOK_INPUT
                                                           : permits[i].hook;

        if (permits[i].flow->family != s->family)
            continue;
        if (permits[i].hook == s->hook)
            *vec_push(s->arena, &s->excused) = region_excused(s->arena, s->prover, &permits[i]);
        if (stateless && reply == s->hook)
            region_mirrored(s->arena, s->prover, &permits[i], reply, &s->excused);
    }
}

static void prepare(struct search *s)
{
    const struct policy *policy = s->policy;
    struct cubes baseline = baseline_region(s->arena, s->prover, policy, s->hook, s->family);
    struct cube untouched = CUBE_ALL;
    const struct cube **cubes;

    for (size_t i = 0; i < policy->face_n; i++) {
        struct cube cube;

        if (policy->faces[i].hook == s->hook &&
            region_of_face(s->arena, s->prover, &policy->faces[i], s->family, &cube))
            *vec_push(s->arena, &s->faces) = cube;
    }
    add_permits(s, policy->permits, policy->permit_n);
    add_permits(s, policy->accepted, policy->accepted_n);
    vec_each (const struct cube *, cube, &baseline)
        *vec_push(s->arena, &s->excused) = *cube;
    if (policy->scope[s->family] != NULL) {
        untouched.field[FIELD_SOURCE] = ranges_complement(s->arena, policy->scope[s->family], addr_max(s->family));
        untouched.field[FIELD_DESTINATION] = untouched.field[FIELD_SOURCE];
        if (untouched.field[FIELD_SOURCE]->n > 0)
            *vec_push(s->arena, &s->excused) = untouched;
    }
    cubes = arena_new_array(s->arena, const struct cube *, s->excused.n);
    for (size_t i = 0; i < s->excused.n; i++)
        cubes[i] = &s->excused.v[i];
    s->pardons = (struct indexed){.cubes = cubes, .n = s->excused.n};
    search_index(s->arena, &s->pardons);
    unfold_deciding(s);
}

/* How many boxes of one rule are listed. */
static size_t boxes_most(const struct ruleset *ruleset)
{
    size_t rules = 1;
    size_t most;

    for (size_t i = 0; i < ruleset->chain_n; i++) {
        for (size_t k = 0; k < ruleset->chains[i]->rule_n; k++)
            rules += ruleset->chains[i]->rules[k].action == ACTION_ACCEPT;
    }
    most = BOXES_MOST / rules;
    return most < 1 ? 1 : most > RULE_BOXES_MOST ? RULE_BOXES_MOST : most;
}

static void search_hook(struct search *s, enum hook hook, enum family family)
{
    s->hook = hook;
    s->family = family;
    s->faces = (struct cubes){0};
    s->excused = (struct cubes){0};
    prepare(s);
    if (s->flat != NULL) {
        search_entries(s);
        return;
    }
    search_rules(s);
    if (policy_opens(s, hook) || (may_enter(s) && policy_opens(s, HOOK_INPUT)))
        search_policy(s);
}

bool excess_find(struct arena *arena, const struct prover *prover, const struct policy *policy,
                 struct findings *findings, struct rule_ref *gave_up_at)
{
    static const enum hook hooks[] = {HOOK_FORWARD, HOOK_INPUT, HOOK_OUTPUT};
    struct opened_list opened = {0};
    struct arena *scratch = arena_new();
    struct search s = {.arena = arena,
                       .scratch = scratch,
                       .prover = prover,
                       .policy = policy,
                       .opened = &opened,
                       .most = boxes_most(prover->ruleset),
                       .steps = STEPS,
                       .work = WORK,
                       .complete = true};

    for (size_t i = 0; i < 3; i++) {
        for (enum family family = 0; family < FAMILY_N; family++) {
            if ((policy->hooks & 1u << hooks[i]) != 0 && prover->programs[family] != NULL)
                search_hook(&s, hooks[i], family);
        }
    }
    opened_report(arena, prover, policy, s.most, &opened, findings);
    if (s.gave_up_at != NULL)
        *gave_up_at = rule_ref_of(s.gave_up_at);
    arena_free(scratch);
    return s.complete;
}
