/* Unfolding; see flat.h. */
#include "prove/flat.h"

#define PIECES_MOST 4096u /* into which skipping may cut one entry */
#define DEEPEST 200u

/* Packets that skip all entries until a chain's unfolding ends, or what a rule calls. */
struct skip {
    struct cube cube;
    size_t until; /* level whose end stops it: of a chain 2 * depth, of a rule in it one more */
};

struct unfolding {
    struct arena *arena;
    struct program *program;
    struct flat *flat;
    struct skips VEC(struct skip) skips; /* active now */
    size_t depth;
    bool marks;  /* a rule so far writes the mark, */
    bool states; /* the state of a connection */
    size_t most; /* bytes of the arena that may be used */
};

/* What active skips leave of the packets. */
static struct cubes unskipped(struct unfolding *u, const struct cube *cube)
{
    struct cubes left = {0};

    *vec_push(u->arena, &left) = *cube;
    vec_each (const struct skip *, skip, &u->skips) {
        left = cubes_subtract(u->arena, &left, &skip->cube, u->program->family);
        if (left.n > PIECES_MOST) {
            u->flat->too_large = true;
            left.n = 0;
        }
        if (left.n == 0)
            break;
    }
    return left;
}

static void add_entry(struct unfolding *u, const struct cube *cube, const struct rule *rule, enum action action)
{
    if (u->flat->n >= FLAT_MOST) {
        u->flat->too_large = true;
        return;
    }
    *vec_push(u->arena, u->flat) = (struct flat_entry){
        .cube = *cube,
        .rule = rule,
        .action = action,
        .after_write = (u->marks && cube->field[FIELD_MARK] != NULL) || (u->states && cube->field[FIELD_STATE] != NULL),
    };
}

static void add_entries(struct unfolding *u, const struct cube *cube, const struct rule *rule, enum action action)
{
    struct cubes left = {0};

    if (u->skips.n == 0) {
        add_entry(u, cube, rule, action);
        return;
    }
    left = unskipped(u, cube);
    vec_each (const struct cube *, piece, &left)
        add_entry(u, piece, rule, action);
}

static size_t chain_level(const struct unfolding *u)
{
    return 2 * u->depth;
}

static void add_skip(struct unfolding *u, const struct cube *cube, size_t until)
{
    *vec_push(u->arena, &u->skips) = (struct skip){.cube = *cube, .until = until};
}

/* The rule's packets leave its chain, but for those that are skipping the rule. */
static void leave_chain(struct unfolding *u, const struct cube *cube)
{
    struct cubes left = unskipped(u, cube);

    vec_each (const struct cube *, piece, &left)
        add_skip(u, piece, chain_level(u));
}

/* Skips that end with this level, or inside it, are over. */
static void end_skips(struct unfolding *u, size_t level)
{
    size_t kept = 0;

    for (size_t i = 0; i < u->skips.n; i++) {
        if (u->skips.v[i].until < level)
            u->skips.v[kept++] = u->skips.v[i];
    }
    u->skips.n = kept;
}

static void unfold(struct unfolding *u, uint32_t chain, const struct cube *guard);

static void enter(struct unfolding *u, uint32_t chain, const struct cube *guard)
{
    if (u->depth >= DEEPEST || u->flat->too_large) {
        u->flat->too_large = true;
        return;
    }
    u->depth++;
    unfold(u, chain, guard);
    end_skips(u, chain_level(u));
    u->depth--;
}

static void take(struct unfolding *u, const struct program_rule *rule, const struct cube *cube)
{
    switch (rule->action) {
    case ACTION_ACCEPT:
    case ACTION_DROP:
    case ACTION_REJECT:
    case ACTION_DNAT:
    case ACTION_SNAT:
    case ACTION_UNKNOWN: add_entries(u, cube, rule->rule, rule->action); break;
    case ACTION_MARK:
    case ACTION_NOTRACK:
        add_entries(u, cube, rule->rule, rule->action);
        u->marks = u->marks || rule->action == ACTION_MARK;
        u->states = u->states || rule->action == ACTION_NOTRACK;
        break;
    case ACTION_RETURN: leave_chain(u, cube); break;
    case ACTION_JUMP: enter(u, rule->target, cube); break;
    case ACTION_GOTO:
        enter(u, rule->target, cube);
        leave_chain(u, cube);
        break;
    case ACTION_NONE:
    case ACTION_N: break;
    }
}

static void unfold_rule(struct unfolding *u, const struct program_rule *rule, const struct cube *guard)
{
    size_t level = chain_level(u) + 1;

    for (uint32_t i = 0; i < rule->skip_n; i++) {
        struct cube cube;

        if (cube_intersect(u->arena, guard, &rule->skips[i], &cube))
            add_skip(u, &cube, level);
    }
    for (uint32_t i = 0; i < rule->cube_n && !u->flat->too_large; i++) {
        struct cube cube;

        if (cube_intersect(u->arena, guard, &rule->cubes[i], &cube))
            take(u, rule, &cube);
    }
    if (rule->skip_n > 0)
        end_skips(u, level);
}

static void unfold(struct unfolding *u, uint32_t chain, const struct cube *guard)
{
    size_t n = u->program->chains[chain].rule_n;

    for (size_t i = 0; i < n && !u->flat->too_large; i++) {
        const struct program_rule *rule = program_rule_at(u->program, chain, i);

        if (rule->cube_n > 0)
            unfold_rule(u, rule, guard);
        u->flat->too_large = u->flat->too_large || arena_used(u->arena) > u->most;
    }
}

struct flat *flat_make(struct arena *arena, struct program *program, uint32_t chain)
{
    struct flat *flat = arena_new_object(arena, struct flat);
    struct unfolding u = {.arena = arena, .program = program, .flat = flat, .most = arena_used(arena) + FLAT_MEMORY};
    struct cube all = CUBE_ALL;

    flat->chain = program->chains[chain].chain;
    flat->family = program->family;
    vec_reserve(arena, flat, program->chains[chain].rule_n + 1); /* one each, where nothing is called */
    unfold(&u, chain, &all);
    end_skips(&u, 0);
    add_entries(&u, &all, NULL, flat->chain->policy == ACTION_DROP ? ACTION_DROP : ACTION_ACCEPT);
    return flat;
}
