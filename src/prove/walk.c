/* Depth-first walk of a packet set through chains; see walk.h. */
#include "prove/walker.h"

#include <assert.h>

#include "net/proto.h"

static void push(struct walker *s, const struct part *like, const struct cube *cube)
{
    struct part *part = vec_push(s->arena, &s->stack);

    *part = *like;
    part->cube = *cube;
}

/*
 * Errors about a connection are translated as the connection is, and ask no rule of NAT (nf_nat_ipv4_fn, …_ipv6_fn).
 * True when that is all of the part; where it is some of it the part is cut in two, and *cut says so.
 */
static bool is_error(struct walker *s, const struct part *part, bool *cut)
{
    enum family family = s->walk->program->family;
    struct cube error = CUBE_ALL;
    struct cube question;
    struct cube taken;
    struct cubes rest = {0};

    *cut = false;
    error.field[FIELD_PROTOCOL] = ranges_value(s->arena, proto_icmp(family));
    error.field[FIELD_STATE] = ranges_value(s->arena, STATE_RELATED);
    if (part->now != NULL) {
        if (!rewrite_question(s->arena, part->now, &error, &question))
            return false;
        error = question;
    }
    if (!cube_intersect(s->arena, &part->cube, &error, &taken))
        return false;
    cube_subtract(s->arena, &part->cube, &error, family, &rest);
    vec_each (const struct cube *, piece, &rest)
        push(s, part, piece);
    *cut = rest.n > 0;
    if (*cut)
        push(s, part, &taken);
    return !*cut;
}

/* The rule writes into the part's packets. True when it goes on. */
static bool write_part(struct walker *s, struct part *part, const struct program_rule *rule)
{
    bool nat = rule->action == ACTION_DNAT || rule->action == ACTION_SNAT;
    struct part again = *part;
    struct cubes pieces = {0};
    bool cut;

    again.at = (uint32_t)(rule->rule - s->walk->program->chains[part->chain].chain->rules);
    if (nat && is_error(s, &again, &cut))
        return true;
    if (nat && cut)
        return false;
    switch (rewrite_apply(s->arena, s->walk->program, s->walk->hook, way_base(s, part), rule->rule, &part->cube,
                          &part->now, &pieces)) {
    case REWRITE_DONE: return nat ? way_leave_nat(s, part, rule->rule) : true;
    case REWRITE_SPLIT:
        vec_each (struct cube *, piece, &pieces)
            push(s, &again, piece);
        return false;
    case REWRITE_OPAQUE: break;
    }
    way_stop(s, part, ACTION_UNKNOWN, rule->rule);
    return false;
}

static void note_cut(struct walker *s, const struct rule *rule)
{
    struct cutter *cutter = &s->cutters[((uintptr_t)rule >> 4) * 0x9e3779b97f4a7c15u >> 61];

    if (cutter->rule == rule) {
        cutter->cuts++;
    } else if (cutter->cuts == 0) {
        *cutter = (struct cutter){rule, 1};
    } else {
        cutter->cuts--;
    }
}

/* The rule that a walk is given up at: the one that cut the most, else the last that was met. */
static const struct rule *hardest(const struct walker *s)
{
    const struct cutter *most = &s->cutters[0];

    for (size_t i = 1; i < CUTTERS; i++) {
        if (s->cutters[i].cuts > most->cuts)
            most = &s->cutters[i];
    }
    return most->cuts > 0 ? most->rule : s->last;
}

/* The whole part takes the rule's action. True when it goes on. */
static bool act(struct walker *s, struct part *part, const struct program_rule *rule)
{
    struct frame *frame;

    switch (rule->action) {
    case ACTION_ACCEPT: return way_accept(s, part, rule->rule);
    case ACTION_DROP:
    case ACTION_REJECT:
    case ACTION_UNKNOWN: way_stop(s, part, rule->action, rule->rule); return false;
    case ACTION_RETURN: return way_return(s, part);
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
    case ACTION_MARK:
    case ACTION_NOTRACK:
    case ACTION_DNAT:
    case ACTION_SNAT: return write_part(s, part, rule);
    case ACTION_NONE:
    case ACTION_N: break;
    }
    return true;
}

/* Work is counted in steps: a rule that is met, a cube that is cut off. */
static void spend(struct walker *s, size_t steps)
{
    s->walk->budget -= s->walk->budget < steps ? s->walk->budget : steps;
}

/* Of steps, or of memory. */
static bool is_spent(const struct walker *s)
{
    return s->walk->budget == 0 || arena_used(s->arena) > s->most;
}

/* The values that a cut goes through, as steps. */
static size_t weight(const struct cube *cube)
{
    size_t ranges = 0;

    for (enum field field = 0; field < FIELD_N; field++)
        ranges += cube->field[field] == NULL ? 0 : cube->field[field]->n;
    return ranges / 16;
}

/* Divides `all` between the packets that `cube` takes and the rest, which is appended. False: it takes none. */
static bool divide(struct walker *s, const struct cube *all, const struct cube *cube, struct cube *taken,
                   struct cubes *rest)
{
    size_t before;

    if (!cube_overlaps(all, cube))
        return false;
    if (cube_within(all, cube)) {
        *taken = *all;
        return true;
    }
    if (!cube_intersect(s->arena, all, cube, taken))
        return false;
    before = rest->n;
    cube_subtract(s->arena, all, cube, s->walk->program->family, rest);
    spend(s, (rest->n - before) * (4 + weight(all)));
    return true;
}

static void start_cursor(struct walker *s, struct cursor *cursor, const struct box_index *index,
                         const struct part *part)
{
    struct cube view;

    if (part->now == NULL) {
        cursor_start(cursor, index, &part->cube);
        return;
    }
    view = rewrite_view(s->arena, part->now, &part->cube);
    cursor_start(cursor, index, &view);
}

/* The next of a rule's cubes that may meet what is left, from `at` on. */
static uint32_t next_cube(const struct program_rule *rule, const struct cursor *cursor, uint32_t at)
{
    return rule->index == NULL ? at : (uint32_t)cursor_next(cursor, at);
}

/* A rule's cube as a question to the packets as they came. */
static const struct cube *question_of(struct walker *s, const struct part *part, const struct cube *cube,
                                      struct cube *question)
{
    if (part->now == NULL && !rewrite_asked(cube))
        return cube;
    return rewrite_question(s->arena, part->now, cube, question) ? question : NULL;
}

/*
 * Where the rule tells apart what was written: the kernel's choice is an unknown, the part becomes two, each with one
 * side of it, which meet the rule again. True then.
 */
static bool fork_part(struct walker *s, const struct part *part, const struct program_rule *rule)
{
    struct program *program = s->walk->program;

    for (uint32_t i = 0; part->now != NULL && i < rule->cube_n + rule->skip_n; i++) {
        const struct cube *asks = i < rule->skip_n ? &rule->skips[i] : &rule->cubes[i - rule->skip_n];
        struct fork fork = {.rule = NULL};

        if (!rewrite_apart(s->arena, part->now, &part->cube, asks, &fork))
            continue;
        fork.literal = program->spare_literal++;
        if (s->walk->forks != NULL)
            *vec_push(s->arena, s->walk->forks) = fork;
        for (int side = 0; side < 2; side++) {
            struct cube choice = CUBE_ALL;
            struct part one = *part;

            choice.literals = literals_one(s->arena, fork.literal, side == 1);
            one.now = rewrite_side(s->arena, part->now, &fork, side == 1);
            one.at = part->at - 1;
            if (cube_intersect(s->arena, &part->cube, &choice, &one.cube))
                push(s, &one, &one.cube);
        }
        return true;
    }
    return false;
}

/* Cuts every cube of *rest by `cube`: what it takes is appended to taken, what is left stays. NULL takes nothing. */
static void cut(struct walker *s, const struct cube *cube, struct cubes *rest, struct cubes *taken)
{
    struct cubes left = {0};
    size_t k = 0;

    if (cube == NULL)
        return;

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

/*
 * A rule with several cubes, or with exceptions: the part is cut by them one after the other. What skips or is left
 * goes on behind the rule, what is taken takes its action.
 */
static void take_many(struct walker *s, const struct part *part, const struct program_rule *rule)
{
    struct cubes rest = {0};
    struct cubes skipped = {0};
    struct cubes taken = {0};
    struct cube question;
    struct cursor cursor;

    *vec_push(s->arena, &rest) = part->cube;
    for (uint32_t i = 0; i < rule->skip_n && rest.n > 0 && !is_spent(s); i++) {
        spend(s, rest.n);
        cut(s, question_of(s, part, &rule->skips[i], &question), &rest, &skipped);
    }
    if (rule->index != NULL)
        start_cursor(s, &cursor, rule->index, part);
    for (uint32_t i = next_cube(rule, &cursor, 0); i < rule->cube_n && rest.n > 0 && !is_spent(s);
         i = next_cube(rule, &cursor, i + 1)) {
        spend(s, rest.n);
        cut(s, question_of(s, part, &rule->cubes[i], &question), &rest, &taken);
    }
    if (skipped.n + rest.n + taken.n > 1)
        note_cut(s, rule->rule);
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
            start_cursor(s, &s->cursor, index, part);
        s->cursor_of = part->chain;
        s->cursor_good = true;
        part->at = (uint32_t)cursor_next(&s->cursor, part->at);
    }
    if (part->at >= program->chains[part->chain].rule_n)
        return false;
    *rule = program_rule_at(program, part->chain, part->at++);
    s->last = (*rule)->rule;
    return true;
}

/* Takes one part as far as it stays whole. */
static void run_part(struct walker *s, struct part part)
{
    s->cursor_good = false;
    while (!s->stopped && !is_spent(s)) {
        const struct program_rule *rule;
        const struct rewritten *before = part.now;
        struct cubes rest = {0};
        struct cube question;
        const struct cube *asks;
        struct cube taken;

        spend(s, 1);
        if (!next_rule(s, &part, &rule)) {
            if (!way_return(s, &part))
                return;
            continue;
        }
        if (rule->cube_n == 0)
            continue;
        if (part.now != NULL && fork_part(s, &part, rule))
            return;
        if (rule->cube_n > 1 || rule->skip_n > 0) {
            take_many(s, &part, rule);
            return;
        }
        asks = question_of(s, &part, &rule->cubes[0], &question);
        if (asks == NULL || !divide(s, &part.cube, asks, &taken, &rest))
            continue;
        vec_each (struct cube *, cube, &rest)
            push(s, &part, cube);
        if (rest.n > 0)
            note_cut(s, rule->rule);
        s->cursor_good = s->cursor_good && rest.n == 0;
        part.cube = taken;
        if (!act(s, &part, rule))
            return;
        s->cursor_good = s->cursor_good && part.now == before;
    }
}

enum walk_end walk_run(struct arena *arena, struct walk *walk, const struct cube *from)
{
    struct walker s = {.arena = arena, .walk = walk};
    struct part first = {.cube = *from};

    assert(arena != walk->program->arena);
    s.most = arena_used(arena) + (walk->memory == 0 ? WALK_MEMORY : walk->memory);
    s.path_n = (uint32_t)program_path(walk->program, walk->hook, s.path, PATH_MAX_CHAINS);
    if (walk->hook == HOOK_FORWARD && (walk->program->ruleset->rewrites & 1u << FIELD_DESTINATION) != 0)
        s.host_path_n = (uint32_t)program_path(walk->program, HOOK_INPUT, s.host_path, PATH_MAX_CHAINS);
    if (s.path_n == 0) {
        struct leaf leaf = {.cube = *from, .action = ACTION_ACCEPT};

        return walk->leaf(walk->context, &leaf) ? WALK_DONE : WALK_STOPPED;
    }
    first.chain = s.path[0];
    first.now = way_early(&s, walk->program->chains[first.chain].chain);
    *vec_push(arena, &s.stack) = first;
    while (s.stack.n > 0 && !s.stopped && !is_spent(&s))
        run_part(&s, s.stack.v[--s.stack.n]);
    if (!s.stopped && !is_spent(&s))
        return WALK_DONE;
    walk->rule = hardest(&s);
    return s.stopped ? WALK_STOPPED : WALK_EXHAUSTED;
}
