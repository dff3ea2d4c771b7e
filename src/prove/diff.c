/* Differences of two rulesets; see diff.h. */
#include "prove/diff.h"

#include "prove/rewrite.h"
#include "prove/unknowns.h"

#define REGIONS_STEPS 200000u /* for taking what may differ apart; beyond that everything is walked */
#define BOXES_MOST 40000u     /* nobody reads more */

struct side {
    struct ruleset *ruleset;
    struct program *program;
};

/* Differences of one kind: the same rules decide on both sides. */
struct kind {
    struct leaf left;
    struct leaf right;
    bool left_unsure;
    bool right_unsure;
    struct cubes boxes;
};

struct comparison {
    struct arena *arena;   /* what stays until the end */
    struct arena *scratch; /* one region */
    const struct interface_numbers *interfaces;
    struct side sides[2];
    enum family family;
    enum hook hook;
    struct chain_pair pairs[PATH_MAX_CHAINS];
    size_t pair_n;    /* 0: the two have not the same chains on the way */
    struct leaf left; /* the part of the left that the right is asked about */
    struct kinds VEC(struct kind) kinds;
    size_t boxes; /* found so far */
    uint64_t budget;
    bool complete;
    const struct rule *gave_up_at;
    bool walked; /* boxes may overlap */
};

/* --- what may differ ------------------------------------------------------------------------------------------------
 */

static void add_changed(struct comparison *c, const struct flat *flat, const uint8_t *kept, struct cubes *regions)
{
    unsigned otherwise = program_seen_otherwise(c->sides[0].program) | program_seen_otherwise(c->sides[1].program);

    for (size_t i = 0; i < flat->n; i++) {
        struct cube cube = flat->v[i].cube;

        cube.literals = NULL;
        for (enum field field = 0; field < FIELD_N; field++) {
            if ((otherwise & 1u << field) != 0)
                cube.field[field] = NULL;
        }
        if (!kept[i])
            *vec_push(c->arena, regions) = cube;
    }
}

static bool pair_chains(struct comparison *c, uint32_t left, uint32_t right, struct chain_pair *pair)
{
    pair->flats[0] = flat_make(c->arena, c->sides[0].program, left);
    pair->flats[1] = pair->flats[0]->too_large ? pair->flats[0] : flat_make(c->arena, c->sides[1].program, right);
    return align_chains(c->arena, pair);
}

/* Packets that may fare differently; all of them where the two have not the same chains on the way. */
static struct cubes changed_regions(struct comparison *c, const struct cube *all)
{
    uint32_t paths[2][PATH_MAX_CHAINS];
    size_t n[2];
    struct cubes regions = {0};
    struct arena_mark mark = arena_mark(c->arena);
    struct cubes within = {0};
    bool told;

    for (size_t side = 0; side < 2; side++)
        n[side] = program_path(c->sides[side].program, c->hook, paths[side], PATH_MAX_CHAINS);
    told = n[0] == n[1];
    for (size_t i = 0; told && i < n[0]; i++) {
        const struct chain *left = c->sides[0].program->chains[paths[0][i]].chain;
        const struct chain *right = c->sides[1].program->chains[paths[1][i]].chain;

        told = left->hook == right->hook && chain_before_conntrack(left) == chain_before_conntrack(right) &&
               pair_chains(c, paths[0][i], paths[1][i], &c->pairs[i]);
        for (size_t side = 0; told && side < 2; side++)
            add_changed(c, c->pairs[i].flats[side], c->pairs[i].kept[side], &regions);
    }
    if (!told) {
        arena_release(c->arena, mark);
        *vec_push(c->arena, &within) = *all;
        return within;
    }
    c->pair_n = n[0];
    vec_each (const struct cube *, region, &regions) {
        struct cube cube;

        if (cube_intersect(c->arena, region, all, &cube))
            *vec_push(c->arena, &within) = cube;
    }
    return within;
}

/* --- what differs ---------------------------------------------------------------------------------------------------
 */

static struct cube copy_cube(struct arena *arena, const struct cube *cube)
{
    struct cube copy = *cube;

    copy.literals = NULL;
    for (enum field field = 0; field < FIELD_N; field++) {
        const struct ranges *ranges = cube->field[field];

        if (ranges != NULL)
            copy.field[field] = arena_copy(arena, ranges, sizeof *ranges + ranges->n * sizeof ranges->v[0]);
    }
    return copy;
}

static bool same_outcome(const struct leaf *left, const struct leaf *right)
{
    if (left->action == ACTION_UNKNOWN || right->action == ACTION_UNKNOWN)
        return left->action == right->action && str_eq(left->rule->text, right->rule->text);
    return (left->action == ACTION_ACCEPT) == (right->action == ACTION_ACCEPT) &&
           (left->action != ACTION_ACCEPT || rewrite_same(left->now, right->now));
}

static bool note_right(void *context, const struct leaf *right)
{
    struct comparison *c = context;
    bool left_unsure = c->left.cube.literals != NULL;
    bool right_unsure = right->cube.literals != c->left.cube.literals;
    struct kind *kind = NULL;

    if (same_outcome(&c->left, right))
        return true;
    if (c->left.action == ACTION_ACCEPT && right->action == ACTION_ACCEPT) {
        left_unsure = left_unsure || rewrite_may_be(c->left.now, right->now, c->family);
        right_unsure = right_unsure || rewrite_may_be(right->now, c->left.now, c->family);
    }
    vec_each (struct kind *, other, &c->kinds) {
        if (other->left.rule == c->left.rule && other->left.chain == c->left.chain &&
            other->right.rule == right->rule && other->right.chain == right->chain &&
            other->left_unsure == left_unsure && other->right_unsure == right_unsure) {
            kind = other;
            break;
        }
    }
    if (kind == NULL) {
        kind = vec_push(c->arena, &c->kinds);
        *kind =
            (struct kind){.left = c->left, .right = *right, .left_unsure = left_unsure, .right_unsure = right_unsure};
    }
    *vec_push(c->arena, &kind->boxes) = copy_cube(c->arena, &right->cube);
    return ++c->boxes < BOXES_MOST;
}

static bool walk_side(struct comparison *c, size_t side, walk_leaf *leaf, const struct cube *from)
{
    struct walk walk = {
        .program = c->sides[side].program, .hook = c->hook, .leaf = leaf, .context = c, .budget = c->budget};

    if (!c->complete)
        return false;
    if (walk_run(c->scratch, &walk, from) != WALK_DONE) {
        c->complete = false;
        c->gave_up_at = c->gave_up_at == NULL ? walk.rule : c->gave_up_at;
    }
    c->budget = walk.budget < c->budget ? walk.budget : c->budget;
    return c->complete;
}

static bool note_left_leaf(void *context, const struct leaf *left)
{
    struct comparison *c = context;

    c->left = *left;
    return walk_side(c, 1, note_right, &left->cube);
}

static void note_plain(void *context, const struct leaf *left, const struct leaf *right)
{
    struct comparison *c = context;

    c->left = *left;
    note_right(c, right);
}

/* Nothing that the two do with packets is more than let them through or not. */
static bool is_plain(const struct comparison *c)
{
    return (program_seen_otherwise(c->sides[0].program) | program_seen_otherwise(c->sides[1].program)) == 0;
}

static void compare_part(struct comparison *c, const struct cube *part)
{
    if (is_plain(c) && plain_compare(c->scratch, c->hook, c->pairs, c->pair_n, part, note_plain, c)) {
        if (c->boxes >= BOXES_MOST) {
            c->complete = false;
            c->gave_up_at = c->left.rule;
        }
        return;
    }
    c->walked = true;
    walk_side(c, 0, note_left_leaf, part);
}

static enum verdict_kind verdict_of(const struct leaf *leaf, bool unsure)
{
    if (unsure || leaf->action == ACTION_UNKNOWN)
        return VERDICT_UNDETERMINED;
    return leaf->action == ACTION_ACCEPT ? VERDICT_PERMITTED : VERDICT_DENIED;
}

static struct rule_ref name_leaf(struct comparison *c, struct arena *arena, size_t side, const struct leaf *leaf)
{
    if (leaf->rule != NULL)
        return rule_ref_of(leaf->rule);
    return rule_ref_policy(arena, c->sides[side].ruleset, leaf->chain);
}

static void report(struct comparison *c, struct arena *arena, struct differences *differences)
{
    struct prover prover = {.arena = arena, .interfaces = c->interfaces};
    size_t n = differences->n;

    vec_each (struct kind *, kind, &c->kinds) {
        if (c->walked)
            cubes_merge(c->arena, &kind->boxes, c->family);
        else
            cubes_join(c->arena, &kind->boxes, c->family);
        cubes_sort(c->arena, &kind->boxes, c->family);
        n += kind->boxes.n;
    }
    vec_reserve(arena, differences, n);
    vec_each (struct kind *, kind, &c->kinds) {
        vec_each (const struct cube *, box, &kind->boxes) {
            struct difference *difference = vec_push(arena, differences);

            *difference = (struct difference){.hook = c->hook,
                                              .left = verdict_of(&kind->left, kind->left_unsure),
                                              .right = verdict_of(&kind->right, kind->right_unsure),
                                              .left_rule = name_leaf(c, arena, 0, &kind->left),
                                              .right_rule = name_leaf(c, arena, 1, &kind->right)};
            if (difference->left == VERDICT_PERMITTED && difference->right == VERDICT_PERMITTED)
                difference->reason = STR("let through with other addresses or ports");
            difference->box = witness_box(arena, &prover, c->family, box);
            difference->packet = witness_packet(arena, &prover, c->family, box);
        }
    }
}

/* Every packet that can be at the hook. */
static struct cube packets_at(struct comparison *c)
{
    const struct ranges *none = ranges_one(c->arena, INTERFACE_NONE, INTERFACE_NONE);
    const struct ranges *some = ranges_one(c->arena, INTERFACE_NONE + 1, interfaces_last(c->interfaces));
    struct cube cube = CUBE_ALL;

    cube.field[FIELD_IN] = c->hook == HOOK_OUTPUT ? none : some;
    cube.field[FIELD_OUT] = c->hook == HOOK_INPUT ? none : some;
    cube.field[FIELD_MARK] = ranges_one(c->arena, 0, 0);
    return cube;
}

/* The regions without what an earlier one has; `all` where that would take too long. */
static struct cubes disjoint_regions(struct comparison *c, const struct cubes *regions, const struct cube *all)
{
    struct cubes parts = {0};
    size_t steps = 0;

    for (size_t i = 0; i < regions->n; i++) {
        struct cubes rest = {0};

        *vec_push(c->arena, &rest) = regions->v[i];
        for (size_t k = 0; k < i && rest.n > 0 && steps <= REGIONS_STEPS; k++) {
            steps += rest.n;
            rest = cubes_subtract(c->arena, &rest, &regions->v[k], c->family);
        }
        vec_each (const struct cube *, part, &rest)
            *vec_push(c->arena, &parts) = *part;
    }
    if (steps <= REGIONS_STEPS)
        return parts;
    parts.n = 0;
    *vec_push(c->arena, &parts) = *all;
    return parts;
}

static bool compare_hook(struct arena *arena, const struct diff_question *question,
                         const struct interface_numbers *interfaces, enum family family, enum hook hook,
                         struct differences *differences, struct rule_ref *gave_up_at)
{
    struct comparison c = {.arena = arena_new(),
                           .scratch = arena_new(),
                           .interfaces = interfaces,
                           .family = family,
                           .hook = hook,
                           .budget = WALK_BUDGET,
                           .complete = true};
    struct arena *programs = arena_new();
    struct cubes regions;
    struct cube all;

    c.sides[0] = (struct side){question->left, program_make(programs, question->left, family, interfaces)};
    c.sides[1] = (struct side){question->right, program_make(programs, question->right, family, interfaces)};
    /* Unknowns that a walk makes on its way are its side's own. */
    c.sides[1].program->spare_literal += 1u << 30;
    all = packets_at(&c);
    regions = changed_regions(&c, &all);
    regions = disjoint_regions(&c, &regions, &all);
    for (size_t i = 0; i < regions.n && c.complete; i++) {
        compare_part(&c, &regions.v[i]);
        arena_release(c.scratch, (struct arena_mark){0});
    }
    report(&c, arena, differences);
    if (c.gave_up_at != NULL)
        *gave_up_at = rule_ref_of(c.gave_up_at);
    arena_free(programs);
    arena_free(c.scratch);
    arena_free(c.arena);
    return c.complete;
}

bool diff_find(struct arena *arena, const struct diff_question *question, struct differences *differences,
               unsigned *one_sided, struct rule_ref *gave_up_at)
{
    static const enum hook hooks[] = {HOOK_FORWARD, HOOK_INPUT, HOOK_OUTPUT};
    struct interface_patterns patterns = {0};
    const struct interface_numbers *interfaces;
    bool complete = true;

    unknowns_share(arena, question->left, question->right);
    vec_each (const struct interface_pattern *, pattern, &question->left->interfaces)
        *vec_push(arena, &patterns) = *pattern;
    vec_each (const struct interface_pattern *, pattern, &question->right->interfaces)
        *vec_push(arena, &patterns) = *pattern;
    *vec_push(arena, &patterns) = (struct interface_pattern){.name = STR("lo")};
    interfaces = interfaces_number(arena, &patterns);
    *one_sided = question->left->families ^ question->right->families;
    for (size_t i = 0; i < 3; i++) {
        for (enum family family = 0; family < FAMILY_N; family++) {
            bool both = (question->left->families & question->right->families & FAMILY_BIT(family)) != 0;

            if (both && (question->hooks & 1u << hooks[i]) != 0 &&
                !compare_hook(arena, question, interfaces, family, hooks[i], differences, gave_up_at))
                complete = false;
        }
    }
    return complete;
}
