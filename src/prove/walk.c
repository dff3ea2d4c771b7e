/* Depth-first walk of a packet set through chains; see walk.h. */
#include "prove/rewrite.h"

#include <assert.h>

#include "net/proto.h"

/* Where a chain returns to. */
struct frame {
    uint32_t chain;
    uint32_t at;
    const struct frame *parent;
};

/* A part of the set, and where it stands. */
struct part {
    struct cube cube;
    const struct rewritten *now; /* what rules wrote into its packets; NULL: nothing */
    uint32_t base;               /* which base chain of the path */
    uint32_t chain;
    uint32_t at; /* the next rule */
    const struct frame *parent;
    const struct decision *decisions; /* in the base chains before */
};

#define CUTTERS 8u

/* A rule that cuts the set again and again; of those that share a place the most frequent stays. */
struct cutter {
    const struct rule *rule;
    uint32_t cuts;
};

struct walker {
    struct arena *arena;
    struct walk *walk;
    uint32_t path[PATH_MAX_CHAINS];
    uint32_t path_n;
    uint32_t host_path[PATH_MAX_CHAINS]; /* of packets that are redirected to the host on their way through */
    uint32_t host_path_n;
    struct {
        struct part *v;
        size_t n;
        size_t capacity;
    } stack;
    struct cursor cursor; /* over the rules of chain cursor_of, for the part that runs */
    uint32_t cursor_of;
    bool cursor_good;
    bool stopped;
    const struct rule *last; /* that was met */
    size_t most;             /* bytes that the arena may hold */
    struct cutter cutters[CUTTERS];
};

static bool is_to_host(const struct part *part)
{
    return part->now != NULL && part->now->to_host;
}

/* What is not known of a packet yet in the first chains of its way stands for it there as if a rule had written it. */
static const struct rewritten *early_view(struct walker *s, const struct chain *base)
{
    unsigned early = s->walk->program->early;
    bool state = (early & 1u << FIELD_STATE) != 0 && chain_before_conntrack(base);
    bool out = (early & 1u << FIELD_OUT) != 0 && chain_before_routing(base);
    struct rewritten *now;

    if (!state && !out)
        return NULL;
    now = arena_new_object(s->arena, struct rewritten);
    now->set[FIELD_STATE] = state ? ranges_value(s->arena, STATE_INVALID) : NULL;
    now->set[FIELD_OUT] = out ? ranges_value(s->arena, INTERFACE_NONE) : NULL;
    return now;
}

/* The part comes to a base chain, or (NULL) to the end of its way, where more of it is known. */
static const struct rewritten *late_view(struct walker *s, const struct part *part, const struct chain *base)
{
    static const struct rewritten nothing;
    const struct rewritten *now = part->now;
    bool state = now != NULL && now->set[FIELD_STATE] != NULL && (base == NULL || !chain_before_conntrack(base)) &&
                 ranges_contain(now->set[FIELD_STATE], STATE_INVALID);
    bool out = now != NULL && now->set[FIELD_OUT] != NULL && (base == NULL || !chain_before_routing(base)) &&
               !now->to_host && !now->rerouted;
    struct rewritten *made;

    if (!state && !out)
        return now;
    made = arena_copy(s->arena, now, sizeof *now);
    made->set[FIELD_STATE] = state ? NULL : now->set[FIELD_STATE];
    made->set[FIELD_OUT] = out ? NULL : now->set[FIELD_OUT];
    return memcmp(made, &nothing, sizeof nothing) == 0 ? NULL : made;
}

/* The base chain that a part is in. Up to where the two ways part they are the same. */
static const struct chain *base_of(const struct walker *s, const struct part *part)
{
    const uint32_t *path = is_to_host(part) ? s->host_path : s->path;

    return s->walk->program->chains[path[part->base]].chain;
}

static void decide(struct walker *s, struct part *part, const struct rule *rule)
{
    struct decision *decision = arena_new_object(s->arena, struct decision);

    *decision = (struct decision){.base = base_of(s, part), .rule = rule, .before = part->decisions};
    part->decisions = decision;
}

static void end_part(struct walker *s, const struct part *part, enum action action, const struct rule *rule,
                     const struct chain *chain)
{
    struct leaf leaf = {.cube = part->cube,
                        .now = late_view(s, part, NULL),
                        .action = action,
                        .rule = rule,
                        .chain = chain,
                        .decisions = part->decisions};

    if (!s->walk->leaf(s->walk->context, &leaf))
        s->stopped = true;
}

/* Stopped by a rule, or by the policy of its base chain; or a rule does what is not modelled. */
static void stop_part(struct walker *s, struct part *part, enum action action, const struct rule *rule)
{
    decide(s, part, rule);
    end_part(s, part, action, rule, rule == NULL ? base_of(s, part) : NULL);
}

/*
 * Of what let a part through, the last rule that accepts; without one the policy at the hook itself, or the first;
 * where rules translated in every base chain, the first of those.
 */
static void end_accepted(struct walker *s, const struct part *part)
{
    const struct chain *translated = NULL;
    const struct chain *policy = NULL;

    for (const struct decision *decision = part->decisions; decision != NULL; decision = decision->before) {
        if (decision->rule != NULL && decision->rule->action == ACTION_ACCEPT) {
            end_part(s, part, ACTION_ACCEPT, decision->rule, NULL);
            return;
        }
        if (decision->rule != NULL)
            translated = decision->base;
        else if (policy == NULL || policy->hook != s->walk->hook)
            policy = decision->base;
    }
    end_part(s, part, ACTION_ACCEPT, NULL, policy == NULL ? translated : policy);
}

/* Between OUTPUT and POSTROUTING the kernel looks up again where a new destination is (nf_nat_ipv4_local_fn). */
static void reroute(struct walker *s, struct part *part)
{
    struct rewritten *now;

    if (part->now == NULL || !part->now->rerouted || part->now->set[FIELD_OUT] != NULL ||
        base_of(s, part)->hook != HOOK_POSTROUTING)
        return;
    now = arena_copy(s->arena, part->now, sizeof *now);
    now->set[FIELD_OUT] = ranges_one(s->arena, INTERFACE_NONE + 1, interfaces_last(s->walk->program->interfaces));
    part->now = now;
}

/* Through one base chain: on to the next, or to the end. True when the part goes on. */
static bool next_base(struct walker *s, struct part *part)
{
    if (++part->base < (is_to_host(part) ? s->host_path_n : s->path_n)) {
        part->chain = is_to_host(part) ? s->host_path[part->base] : s->path[part->base];
        part->at = 0;
        part->parent = NULL;
        part->now = late_view(s, part, base_of(s, part));
        reroute(s, part);
        return true;
    }
    end_accepted(s, part);
    return false;
}

static bool accept_part(struct walker *s, struct part *part, const struct rule *rule)
{
    decide(s, part, rule);
    return next_base(s, part);
}

/* Falls off its chain, or returns from it. True when the part goes on. */
static bool return_part(struct walker *s, struct part *part)
{
    if (part->parent != NULL) {
        part->chain = part->parent->chain;
        part->at = part->parent->at;
        part->parent = part->parent->parent;
        return true;
    }
    if (base_of(s, part)->policy != ACTION_DROP)
        return accept_part(s, part, NULL);
    stop_part(s, part, ACTION_DROP, NULL);
    return false;
}

static void push(struct walker *s, const struct part *like, const struct cube *cube)
{
    struct part *part = vec_push(s->arena, &s->stack);

    *part = *like;
    part->cube = *cube;
}

/* Through the chain of NAT by a rule of it: of the hook's others none is asked any more. */
static bool leave_nat(struct walker *s, struct part *part, const struct rule *rule)
{
    const struct chain *left = base_of(s, part);
    const uint32_t *path = is_to_host(part) ? s->host_path : s->path;
    uint32_t n = is_to_host(part) ? s->host_path_n : s->path_n;

    decide(s, part, rule);
    while (left->nat && part->base + 1 < n) {
        const struct chain *next = s->walk->program->chains[path[part->base + 1]].chain;

        if (!next->nat || next->hook != left->hook)
            break;
        part->base++;
    }
    return next_base(s, part);
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
    switch (rewrite_apply(s->arena, s->walk->program->family, s->walk->hook, base_of(s, part), rule->rule, &part->cube,
                          &part->now, &pieces)) {
    case REWRITE_DONE: return nat ? leave_nat(s, part, rule->rule) : true;
    case REWRITE_SPLIT:
        vec_each (struct cube *, piece, &pieces)
            push(s, &again, piece);
        return false;
    case REWRITE_OPAQUE: break;
    }
    stop_part(s, part, ACTION_UNKNOWN, rule->rule);
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
    case ACTION_ACCEPT: return accept_part(s, part, rule->rule);
    case ACTION_DROP:
    case ACTION_REJECT:
    case ACTION_UNKNOWN: stop_part(s, part, rule->action, rule->rule); return false;
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
    if (part->now == NULL)
        return cube;
    return rewrite_question(s->arena, part->now, cube, question) ? question : NULL;
}

/*
 * Where the rule tells apart the values that were written: the kernel's choice is an unknown, the part becomes two,
 * each with the values of one side, which meet the rule again. True then.
 */
static bool fork_part(struct walker *s, const struct part *part, const struct program_rule *rule)
{
    struct program *program = s->walk->program;

    for (uint32_t i = 0; part->now != NULL && i < rule->cube_n + rule->skip_n; i++) {
        const struct cube *asks = i < rule->skip_n ? &rule->skips[i] : &rule->cubes[i - rule->skip_n];
        enum field field = rewrite_apart(s->arena, part->now, &part->cube, asks);
        uint32_t literal;

        if (field == FIELD_N)
            continue;
        literal = program->spare_literal++;
        if (s->walk->forks != NULL)
            *vec_push(s->arena, s->walk->forks) =
                (struct fork){.literal = literal, .field = field, .values = asks->field[field]};
        for (int side = 0; side < 2; side++) {
            struct rewritten *now = arena_copy(s->arena, part->now, sizeof *now);
            struct cube choice = CUBE_ALL;
            struct part one = *part;

            now->set[field] = side == 1 ? ranges_intersect(s->arena, now->set[field], asks->field[field])
                                        : ranges_subtract(s->arena, now->set[field], asks->field[field]);
            choice.literals = literals_one(s->arena, literal, side == 1);
            one.now = now;
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
            if (!return_part(s, &part))
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
        end_part(&s, &first, ACTION_ACCEPT, NULL, NULL);
        return s.stopped ? WALK_STOPPED : WALK_DONE;
    }
    first.chain = s.path[0];
    first.now = early_view(&s, walk->program->chains[first.chain].chain);
    *vec_push(arena, &s.stack) = first;
    while (s.stack.n > 0 && !s.stopped && !is_spent(&s))
        run_part(&s, s.stack.v[--s.stack.n]);
    if (!s.stopped && !is_spent(&s))
        return WALK_DONE;
    walk->rule = hardest(&s);
    return s.stopped ? WALK_STOPPED : WALK_EXHAUSTED;
}
