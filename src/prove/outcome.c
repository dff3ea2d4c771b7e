/*
 * See outcome.h. Questions to one program share a pool of steps: each adds a little to it and may take all that is
 * there, but for a limit. So a hostile ruleset costs a bounded time however many flows are asked about, and what is
 * easily decided still is when the pool has run dry.
 */
#include "prove/outcome.h"

#define LEAVES_MOST 200000u
#define STEPS_EACH 4000u /* that a question adds to the pool */

static bool same_field(const struct ranges *a, const struct ranges *b)
{
    return a == b || (a != NULL && b != NULL && ranges_equal(a, b));
}

static bool is_bound(const struct ranges *interfaces)
{
    return interfaces != NULL && interfaces->n == 1 && interfaces->v[0].lo == interfaces->v[0].hi;
}

struct cube outcome_projected(const struct outcome *outcome, const struct leaf *leaf)
{
    const struct cube *asked = outcome->asked;
    struct cube cube = leaf->cube;

    cube.literals = NULL;
    if (!is_bound(asked->field[FIELD_IN]))
        cube.field[FIELD_IN] = asked->field[FIELD_IN];
    if (!is_bound(asked->field[FIELD_OUT]))
        cube.field[FIELD_OUT] = asked->field[FIELD_OUT];
    return cube;
}

bool outcome_depends(const struct outcome *outcome, const struct leaf *leaf)
{
    struct cube whole = outcome_projected(outcome, leaf);

    return leaf->action == ACTION_UNKNOWN || leaf->cube.literals != NULL ||
           !same_field(whole.field[FIELD_IN], leaf->cube.field[FIELD_IN]) ||
           !same_field(whole.field[FIELD_OUT], leaf->cube.field[FIELD_OUT]);
}

static bool collect(void *context, const struct leaf *leaf)
{
    struct outcome *outcome = context;
    bool passes = leaf->action == ACTION_ACCEPT || leaf->action == ACTION_UNKNOWN;
    bool stops = leaf->action != ACTION_ACCEPT;

    if (!outcome->with_self && !witness_exists(&leaf->cube))
        return true;
    if (passes)
        *vec_push(outcome->arena, &outcome->passing) = *leaf;
    if (stops)
        *vec_push(outcome->arena, &outcome->stopped) = *leaf;
    if (outcome->until_sure && !outcome_depends(outcome, leaf)) {
        outcome->passes_surely = outcome->passes_surely || passes;
        if (stops && !outcome->stops_surely)
            outcome->sure_stop = *leaf;
        outcome->stops_surely = outcome->stops_surely || stops;
    }
    return outcome->passing.n + outcome->stopped.n <= LEAVES_MOST && !(outcome->passes_surely && outcome->stops_surely);
}

bool outcome_spend(struct outcome *outcome, size_t steps)
{
    bool enough = outcome->steps >= steps;

    steps = enough ? steps : outcome->steps;
    outcome->steps -= steps;
    outcome->program->steps -= steps;
    return enough;
}

enum walk_end outcome_walk(struct arena *arena, const struct prover *prover, enum family family, enum hook hook,
                           const struct cubes *region, struct outcome *outcome)
{
    struct program *program = prover->plain[family];

    program->steps += STEPS_EACH;
    outcome->arena = arena;
    outcome->program = program;
    outcome->asked = &region->v[0];
    outcome->steps = program->steps < WALK_BUDGET ? program->steps : WALK_BUDGET;
    vec_each (const struct cube *, cube, region) {
        struct walk walk = {.program = program,
                            .hook = hook,
                            .leaf = collect,
                            .context = outcome,
                            .budget = outcome->steps,
                            .forks = outcome->forks};
        enum walk_end end = walk_run(arena, &walk, cube);

        outcome_spend(outcome, outcome->steps - walk.budget);
        if (end != WALK_DONE) {
            outcome->gave_up_at = walk.rule;
            return end;
        }
    }
    return WALK_DONE;
}

bool outcome_beyond(struct outcome *outcome, const struct cubes *region, const struct leaves *leaves,
                    struct cubes *left)
{
    struct cubes rest = *region;

    vec_each (const struct leaf *, leaf, leaves) {
        struct cube cube = outcome_projected(outcome, leaf);

        if (!outcome_spend(outcome, rest.n)) {
            outcome->gave_up_at = leaf->rule;
            return false;
        }
        rest = cubes_subtract(outcome->arena, &rest, &cube, outcome->program->family);
    }
    *left = (struct cubes){0};
    vec_each (const struct cube *, cube, &rest) {
        if (witness_exists(cube))
            *vec_push(outcome->arena, left) = *cube;
    }
    return true;
}
