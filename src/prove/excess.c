/*
 * Excess: of the packets that each accepting rule can take, what flows, baseline and accepted excess leave; of that,
 * what the rule really decides, by a walk. Starting from the rule's own packets keeps the sets small: only rules that
 * touch them can cut them, and in a good ruleset nothing is left before the walk begins. Packets that a default policy
 * lets through have no such start; they are walked from the whole of a face.
 *
 * What a rule takes only for some values of the unknowns is excess all the same, but its finding says so, unless a walk
 * of the box finds that it comes through whatever the unknowns are.
 */
#include <stdlib.h>

#include "prove/prover.h"

#define BUDGET 10000000u  /* steps of all walks together: some seconds */
#define BOXES_MOST 40000u /* nobody reads more */

/* Boxes that one rule (or policy) opens. */
struct opened {
    const struct rule *rule;
    const struct chain *chain;
    enum family family;
    enum hook hook;
    struct cubes boxes;
    struct cubes maybe; /* for some values of the unknowns */
};

struct opened_list VEC(struct opened);

struct search {
    struct arena *arena; /* boxes that stay */
    struct arena *scratch;
    const struct prover *prover;
    const struct policy *policy;
    enum family family;
    enum hook hook;
    struct cubes faces;      /* of this hook and family */
    struct cubes excused;    /* flows, baseline, accepted */
    const struct rule *only; /* rule whose decisions are wanted; NULL: those of policies */
    struct opened_list *opened;
    uint64_t budget; /* of all walks together */
    size_t boxes;    /* found so far */
    bool complete;
};

static struct cube copy_cube(struct arena *arena, const struct cube *cube)
{
    struct cube copy = *cube;

    for (enum field field = 0; field < FIELD_N; field++) {
        const struct ranges *ranges = cube->field[field];

        if (ranges != NULL)
            copy.field[field] = arena_copy(arena, ranges, sizeof *ranges + ranges->n * sizeof ranges->v[0]);
    }
    copy.literals = NULL;
    return copy;
}

static bool note_leaf(void *context, const struct leaf *leaf)
{
    struct search *s = context;
    struct opened *opened;
    struct cubes *boxes;

    if ((leaf->action != ACTION_ACCEPT && leaf->action != ACTION_UNKNOWN) || leaf->rule != s->only ||
        !witness_exists(&leaf->cube))
        return true;
    opened = s->opened->n > 0 ? &s->opened->v[s->opened->n - 1] : NULL;
    if (opened == NULL || opened->rule != leaf->rule || opened->chain != leaf->chain || opened->family != s->family ||
        opened->hook != s->hook) {
        opened = vec_push(s->arena, s->opened);
        *opened = (struct opened){.rule = leaf->rule, .chain = leaf->chain, .family = s->family, .hook = s->hook};
    }
    boxes = leaf->action == ACTION_UNKNOWN || leaf->cube.literals != NULL ? &opened->maybe : &opened->boxes;
    *vec_push(s->arena, boxes) = copy_cube(s->arena, &leaf->cube);
    return ++s->boxes < BOXES_MOST;
}

/* What flows, baseline and accepted excess leave of a cube, walked. */
static void search_cube(struct search *s, const struct cube *cube)
{
    struct cubes left = {0};

    if (!s->complete)
        return;
    *vec_push(s->scratch, &left) = *cube;
    vec_each (const struct cube *, excused, &s->excused) {
        left = cubes_subtract(s->scratch, &left, excused, s->family);
        if (left.n == 0)
            return;
    }
    vec_each (const struct cube *, part, &left) {
        struct walk walk = {.program = s->prover->programs[s->family],
                            .hook = s->hook,
                            .leaf = note_leaf,
                            .context = s,
                            .budget = s->budget};

        if (walk_run(s->scratch, &walk, part) != WALK_DONE) {
            s->complete = false;
            return;
        }
        s->budget = walk.budget;
    }
}

static void search_rule(struct search *s, const struct program_rule *rule)
{
    unsigned other = s->prover->ruleset->rewrites;

    if (program_may_be_early(rule->rule->chain))
        other |= s->prover->programs[s->family]->early;
    s->only = rule->rule;
    for (uint32_t i = 0; i < rule->cube_n; i++) {
        struct cube cube = rule->cubes[i];

        cube.literals = NULL;
        /* What other rules wrote before, or nobody knew yet, is not how the packet came. */
        for (enum field field = 0; field < FIELD_N; field++) {
            if ((other & 1u << field) != 0)
                cube.field[field] = NULL;
        }
        vec_each (const struct cube *, face, &s->faces) {
            struct arena_mark mark = arena_mark(s->scratch);
            struct cube part;

            if (cube_intersect(s->scratch, &cube, face, &part))
                search_cube(s, &part);
            arena_release(s->scratch, mark);
        }
    }
}

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
            if (chain->rules[k].action == ACTION_ACCEPT || chain->rules[k].action == ACTION_UNKNOWN)
                search_rule(s, program_rule_at(program, i, k));
        }
    }
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
    s->only = NULL;
    vec_each (const struct cube *, face, &s->faces) {
        struct arena_mark mark = arena_mark(s->scratch);

        search_cube(s, face);
        arena_release(s->scratch, mark);
    }
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
    if (policy->scope[s->family] == NULL)
        return;
    untouched.field[FIELD_SOURCE] = ranges_complement(s->arena, policy->scope[s->family], addr_max(s->family));
    untouched.field[FIELD_DESTINATION] = untouched.field[FIELD_SOURCE];
    if (untouched.field[FIELD_SOURCE]->n > 0)
        *vec_push(s->arena, &s->excused) = untouched;
}

/* How much a box opens: the product of its fields, in bits, roughly; for putting the largest first. */
static double size_of(const struct cube *cube, enum family family)
{
    static const enum field counted[] = {FIELD_SOURCE, FIELD_DESTINATION, FIELD_PROTOCOL, FIELD_PORT};
    double size = 0;

    for (size_t i = 0; i < 4; i++) {
        const struct ranges *ranges = cube->field[counted[i]];
        u128 count = ranges == NULL ? field_max(counted[i], family) : ranges_count(ranges);

        while (count > 1) {
            size += 1;
            count >>= 1;
        }
    }
    return size;
}

struct sized {
    struct finding finding;
    double size;
    size_t order;
};

static int by_size(const void *a, const void *b)
{
    const struct sized *x = a;
    const struct sized *y = b;

    if (x->size < y->size || x->size > y->size)
        return x->size > y->size ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static struct str reason_of(const struct opened *opened)
{
    if (opened->rule != NULL && opened->rule->action == ACTION_UNKNOWN)
        return STR("may be permitted: a target that is not modelled decides");
    return STR("may be permitted: depends on a match that only the running firewall knows");
}

static struct finding describe(const struct search *s, const struct opened *opened, const struct cube *box, bool maybe)
{
    const struct prover *prover = s->prover;
    struct finding finding = {.kind = FINDING_EXCESS,
                              .severity = SEVERITY_ERROR,
                              .firewall = s->policy->firewall,
                              .reason = maybe ? reason_of(opened) : STR_EMPTY,
                              .has_box = true,
                              .has_packet = true};

    finding.rule = opened->rule != NULL ? rule_ref_of(opened->rule)
                                        : rule_ref_policy(prover->arena, prover->ruleset, opened->chain);
    finding.box = witness_box(prover->arena, prover, opened->family, box);
    finding.packet = witness_packet(prover->arena, prover, opened->family, box);
    return finding;
}

/* Whether the whole box comes through whatever the unknowns are: another rule lets it through for the other value. */
static bool surely_passes(struct search *s, const struct opened *opened, const struct cube *box)
{
    struct arena_mark mark = arena_mark(s->scratch);
    struct cubes region = {0};
    struct cubes left = {0};
    struct cubes passing;
    struct rule_ref rule;

    *vec_push(s->scratch, &region) = *box;
    *vec_push(s->scratch, &left) = *box;
    judge_passing(s->scratch, s->prover, opened->family, opened->hook, &region, true, &passing, &rule);
    vec_each (const struct cube *, cube, &passing)
        left = cubes_subtract(s->scratch, &left, cube, opened->family);
    arena_release(s->scratch, mark);
    return left.n == 0;
}

/* Boxes that turn out to be sure go to the others. */
static void settle(struct search *s, struct opened *opened)
{
    struct cubes unsure = {0};

    cubes_merge(s->arena, &opened->maybe, opened->family);
    vec_each (const struct cube *, box, &opened->maybe)
        *vec_push(s->arena, surely_passes(s, opened, box) ? &opened->boxes : &unsure) = *box;
    opened->maybe = unsure;
}

struct sized_list VEC(struct sized);

static void add_boxes(const struct search *s, const struct opened *opened, struct cubes *boxes, bool maybe,
                      struct sized_list *all)
{
    cubes_merge(s->arena, boxes, opened->family);
    vec_each (const struct cube *, box, boxes) {
        struct sized *sized = vec_push(s->arena, all);

        sized->finding = describe(s, opened, box, maybe);
        sized->size = size_of(box, opened->family);
        sized->order = all->n;
    }
}

static void report(struct search *s, struct findings *findings)
{
    struct sized_list all = {0};

    vec_each (struct opened *, opened, s->opened) {
        settle(s, opened);
        add_boxes(s, opened, &opened->boxes, false, &all);
        add_boxes(s, opened, &opened->maybe, true, &all);
    }
    if (all.n > 0)
        qsort(all.v, all.n, sizeof *all.v, by_size);
    vec_each (struct sized *, sized, &all)
        *vec_push(s->prover->arena, findings) = sized->finding;
}

bool excess_find(struct arena *arena, const struct prover *prover, const struct policy *policy,
                 struct findings *findings)
{
    static const enum hook hooks[] = {HOOK_FORWARD, HOOK_INPUT, HOOK_OUTPUT};
    struct opened_list opened = {0};
    struct arena *scratch = arena_new();
    struct search s = {.arena = arena,
                       .scratch = scratch,
                       .prover = prover,
                       .policy = policy,
                       .opened = &opened,
                       .budget = BUDGET,
                       .complete = true};

    for (size_t i = 0; i < 3; i++) {
        if ((policy->hooks & 1u << hooks[i]) == 0)
            continue;
        for (enum family family = 0; family < FAMILY_N; family++) {
            s.family = family;
            s.hook = hooks[i];
            s.faces = (struct cubes){0};
            s.excused = (struct cubes){0};
            if (prover->programs[family] == NULL)
                continue;
            prepare(&s);
            search_rules(&s);
            if (policy_opens(&s, s.hook) || (may_enter(&s) && policy_opens(&s, HOOK_INPUT)))
                search_policy(&s);
        }
    }
    report(&s, findings);
    arena_free(scratch);
    return s.complete;
}
