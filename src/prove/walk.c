/* Depth-first walk of a packet set through chains; see walk.h. */
#include "prove/walk.h"

#include <assert.h>

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
    struct cursor cursor; /* over the rules of chain cursor_of, for the part that runs */
    uint32_t cursor_of;
    bool cursor_good;
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

/* Divides `all` between the packets that `cube` takes and the rest, which is appended. False: it takes none. */
static bool divide(struct walker *s, const struct cube *all, const struct cube *cube, struct cube *taken,
                   struct cubes *rest)
{
    if (!cube_overlaps(all, cube))
        return false;
    if (cube_within(all, cube)) {
        *taken = *all;
        return true;
    }
    if (!cube_intersect(s->arena, all, cube, taken))
        return false;
    cube_subtract(s->arena, all, cube, s->walk->program->family, rest);
    return true;
}

static void push(struct walker *s, const struct part *like, const struct cube *cube)
{
    struct part *part = vec_push(s->arena, &s->stack);

    *part = *like;
    part->cube = *cube;
}

/* The next of a rule's cubes that may meet what is left, from `at` on. */
static uint32_t next_cube(const struct program_rule *rule, const struct cursor *cursor, uint32_t at)
{
    return rule->index == NULL ? at : (uint32_t)cursor_next(cursor, at);
}

/* Cuts every cube of *rest by `cube`: what it takes is appended to taken, what is left stays. */
static void cut(struct walker *s, const struct cube *cube, struct cubes *rest, struct cubes *taken)
{
    struct cubes left = {0};
    size_t k = 0;

    while (k < rest->n && !cube_overlaps(&rest->v[k], cube))
        k++;
    if (k == rest->n)
        return;
    vec_each (struct cube *, piece, rest) {
        struct cube one;

        if (!divide(s, piece, cube, &one, &left))
            *vec_push(s->arena, &left) = *piece;
        else
            *vec_push(s->arena, taken) = one;
    }
    *rest = left;
}

static void spend(struct walker *s)
{
    s->walk->budget -= s->walk->budget > 0;
}

/*
 * A rule with several cubes, or with exceptions: the part is cut by them one after the other. What skips or is left
 * goes on behind the rule, what is taken takes its action.
 */
static void take_many(struct walker *s, const struct part *part, const struct program_rule *rule)
{
    struct cubes rest = {0};
    struct cubes skipped = {0};
    struct cubes taken = {0};
    struct cursor cursor;

    *vec_push(s->arena, &rest) = part->cube;
    for (uint32_t i = 0; i < rule->skip_n && rest.n > 0; i++) {
        spend(s);
        cut(s, &rule->skips[i], &rest, &skipped);
    }
    if (rule->index != NULL)
        cursor_start(&cursor, rule->index, &part->cube);
    for (uint32_t i = next_cube(rule, &cursor, 0); i < rule->cube_n && rest.n > 0;
         i = next_cube(rule, &cursor, i + 1)) {
        spend(s);
        cut(s, &rule->cubes[i], &rest, &taken);
    }
    vec_each (struct cube *, cube, &skipped)
        push(s, part, cube);
    vec_each (struct cube *, cube, &rest)
        push(s, part, cube);
    vec_each (struct cube *, cube, &taken) {
        struct part piece = *part;

        piece.cube = *cube;
        if (!s->stopped && act(s, &piece, rule))
            push(s, &piece, &piece.cube);
    }
}

/* The next rule of the part's chain that it may meet, from part->at on; false at the end of the chain. */
static bool next_rule(struct walker *s, struct part *part, const struct program_rule **rule)
{
    struct program *program = s->walk->program;
    const struct box_index *index = program_index(program, part->chain);

    if (index != NULL) {
        if (s->cursor_of != part->chain || !s->cursor_good)
            cursor_start(&s->cursor, index, &part->cube);
        s->cursor_of = part->chain;
        s->cursor_good = true;
        part->at = (uint32_t)cursor_next(&s->cursor, part->at);
    }
    if (part->at >= program->chains[part->chain].rule_n)
        return false;
    *rule = program_rule_at(program, part->chain, part->at++);
    return true;
}

/* Takes one part as far as it stays whole. */
static void run_part(struct walker *s, struct part part)
{
    s->cursor_good = false;
    while (!s->stopped && s->walk->budget > 0) {
        const struct program_rule *rule;
        struct cubes rest = {0};
        struct cube taken;

        s->walk->budget--;
        if (!next_rule(s, &part, &rule)) {
            if (!return_part(s, &part))
                return;
            continue;
        }
        if (rule->cube_n == 0)
            continue;
        if (rule->cube_n > 1 || rule->skip_n > 0) {
            take_many(s, &part, rule);
            return;
        }
        if (!divide(s, &part.cube, &rule->cubes[0], &taken, &rest))
            continue;
        vec_each (struct cube *, cube, &rest)
            push(s, &part, cube);
        s->cursor_good = s->cursor_good && rest.n == 0;
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

    assert(arena != walk->program->arena);
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
