/* Depth-first walk of a packet set through chains; see walk.h. */
#include "prove/walk.h"

/* Where a chain returns to. */
struct frame {
    uint32_t chain;
    uint32_t at;
    const struct frame *parent;
};

/* A part of the set, and where it stands. */
struct part {
    struct cube cube;
    uint32_t base; /* which base chain of the path */
    uint32_t chain;
    uint32_t at; /* the next rule */
    const struct frame *parent;
    const struct rule *accepted_by; /* the last rule that accepted it, in a base chain before */
    const struct chain *accepted_policy;
};

struct walker {
    struct arena *arena;
    struct walk *walk;
    uint32_t path[PATH_MAX_CHAINS];
    uint32_t path_n;
    struct {
        struct part *v;
        size_t n;
        size_t capacity;
    } stack;
    bool stopped;
};

static void end_part(struct walker *s, const struct part *part, enum action action, const struct rule *rule,
                     const struct chain *chain)
{
    struct leaf leaf = {.cube = part->cube, .action = action, .rule = rule, .chain = chain};

    if (!s->walk->leaf(s->walk->context, &leaf))
        s->stopped = true;
}

/* Accepted in one base chain: on to the next, or through. True when the part goes on. */
static bool accept_part(struct walker *s, struct part *part, const struct rule *rule, const struct chain *chain)
{
    if (rule != NULL)
        part->accepted_by = rule;
    else if (part->accepted_policy == NULL || chain->hook == s->walk->hook)
        part->accepted_policy = chain;
    if (++part->base < s->path_n) {
        part->chain = s->path[part->base];
        part->at = 0;
        part->parent = NULL;
        return true;
    }
    end_part(s, part, ACTION_ACCEPT, part->accepted_by, part->accepted_by == NULL ? part->accepted_policy : NULL);
    return false;
}

/* Falls off its chain, or returns from it. True when the part goes on. */
static bool return_part(struct walker *s, struct part *part)
{
    const struct chain *chain;

    if (part->parent != NULL) {
        part->chain = part->parent->chain;
        part->at = part->parent->at;
        part->parent = part->parent->parent;
        return true;
    }
    chain = s->walk->program->chains[s->path[part->base]].chain;
    if (chain->policy != ACTION_DROP)
        return accept_part(s, part, NULL, chain);
    end_part(s, part, ACTION_DROP, NULL, chain);
    return false;
}

/* The whole part takes the rule's action. True when it goes on. */
static bool act(struct walker *s, struct part *part, const struct program_rule *rule)
{
    struct frame *frame;

    switch (rule->action) {
    case ACTION_ACCEPT: return accept_part(s, part, rule->rule, NULL);
    case ACTION_DROP:
    case ACTION_REJECT:
    case ACTION_UNKNOWN: end_part(s, part, rule->action, rule->rule, NULL); return false;
    case ACTION_RETURN: return return_part(s, part);
    case ACTION_JUMP:
        frame = arena_new_object(s->arena, struct frame);
        *frame = (struct frame){.chain = part->chain, .at = part->at, .parent = part->parent};
        part->parent = frame;
        part->chain = rule->target;
        part->at = 0;
        return true;
    case ACTION_GOTO:
        part->chain = rule->target;
        part->at = 0;
        return true;
    case ACTION_NONE:
    case ACTION_N: break;
    }
    return true;
}

/*
 * Divides the part between those of its packets that `cube` takes and the rest. The taken part is returned through
 * *taken; the rest is pushed as parts that continue with the rule after. False: nothing is taken.
 */
static bool divide(struct walker *s, const struct part *part, const struct cube *cube, struct cube *taken,
                   struct cubes *rest)
{
    if (!cube_overlaps(&part->cube, cube))
        return false;
    if (cube_within(&part->cube, cube)) {
        *taken = part->cube;
        return true;
    }
    if (!cube_intersect(s->arena, &part->cube, cube, taken))
        return false;
    cube_subtract(s->arena, &part->cube, cube, s->walk->program->family, rest);
    return true;
}

static void push(struct walker *s, const struct part *like, const struct cube *cube)
{
    struct part *part = vec_push(s->arena, &s->stack);

    *part = *like;
    part->cube = *cube;
}

/*
 * A rule with several cubes, or with exceptions: the part is cut by them one after the other. What skips or is left
 * goes on behind the rule, what is taken takes its action.
 */
static void take_many(struct walker *s, const struct part *part, const struct program_rule *rule)
{
    struct cubes rest = {0};
    struct cubes taken = {0};

    *vec_push(s->arena, &rest) = part->cube;
    for (uint32_t i = 0; i < rule->skip_n && rest.n > 0; i++) {
        struct cubes left = {0};

        s->walk->budget -= s->walk->budget > 0;
        vec_each (struct cube *, cube, &rest) {
            struct part piece = *part;
            struct cube skipped;

            piece.cube = *cube;
            if (!divide(s, &piece, &rule->skips[i], &skipped, &left))
                *vec_push(s->arena, &left) = *cube;
            else
                push(s, part, &skipped);
        }
        rest = left;
    }
    for (uint32_t i = 0; i < rule->cube_n && rest.n > 0; i++) {
        struct cubes left = {0};
        size_t k = 0;

        s->walk->budget -= s->walk->budget > 0;
        while (k < rest.n && !cube_overlaps(&rest.v[k], &rule->cubes[i]))
            k++;
        if (k == rest.n)
            continue;
        vec_each (struct cube *, cube, &rest) {
            struct part piece = *part;
            struct cube one;

            piece.cube = *cube;
            if (!divide(s, &piece, &rule->cubes[i], &one, &left))
                *vec_push(s->arena, &left) = *cube;
            else
                *vec_push(s->arena, &taken) = one;
        }
        rest = left;
    }
    vec_each (struct cube *, cube, &rest)
        push(s, part, cube);
    vec_each (struct cube *, cube, &taken) {
        struct part piece = *part;

        piece.cube = *cube;
        if (!s->stopped && act(s, &piece, rule))
            push(s, &piece, &piece.cube);
    }
}

/* Takes one part as far as it stays whole. */
static void run_part(struct walker *s, struct part part)
{
    const struct program *program = s->walk->program;

    while (!s->stopped && s->walk->budget > 0) {
        const struct program_chain *chain = &program->chains[part.chain];
        const struct program_rule *rule;
        struct cubes rest = {0};
        struct cube taken;

        if (part.at == chain->rule_n) {
            if (!return_part(s, &part))
                return;
            continue;
        }
        rule = &chain->rules[part.at++];
        s->walk->budget--;
        if (!cube_overlaps(&part.cube, &rule->bounds))
            continue;
        if (rule->cube_n > 1 || rule->skip_n > 0) {
            take_many(s, &part, rule);
            return;
        }
        if (!divide(s, &part, &rule->cubes[0], &taken, &rest))
            continue;
        vec_each (struct cube *, cube, &rest)
            push(s, &part, cube);
        part.cube = taken;
        if (!act(s, &part, rule))
            return;
    }
}

enum walk_end walk_run(struct arena *arena, struct walk *walk, const struct cube *from)
{
    struct walker s = {.arena = arena, .walk = walk};
    struct part first = {.cube = *from};
    size_t most = arena_size(arena) + (walk->memory == 0 ? WALK_MEMORY : walk->memory);

    s.path_n = (uint32_t)program_path(walk->program, walk->hook, s.path, PATH_MAX_CHAINS);
    if (s.path_n == 0) {
        end_part(&s, &first, ACTION_ACCEPT, NULL, NULL);
        return s.stopped ? WALK_STOPPED : WALK_DONE;
    }
    first.chain = s.path[0];
    *vec_push(arena, &s.stack) = first;
    while (s.stack.n > 0 && !s.stopped && walk->budget > 0) {
        run_part(&s, s.stack.v[--s.stack.n]);
        if (arena_size(arena) > most)
            walk->budget = 0;
    }
    if (s.stopped)
        return WALK_STOPPED;
    return walk->budget == 0 ? WALK_EXHAUSTED : WALK_DONE;
}
