/*
 * Boxes of excess as findings: joined where they can be, the largest first, each with a packet that its rule decides.
 * What only may be permitted says so, and so does the last box of a rule that may open more than is listed.
 */
#include "prove/opened.h"

#include <stdlib.h>

struct reporter {
    struct arena *arena;
    const struct prover *prover;
    const struct policy *policy;
    size_t most;
};

struct sized {
    const struct opened *opened;
    const struct cube *box;
    double size;
    size_t order;
    bool maybe;
    bool last; /* and its rule may open more */
};

struct sized_list VEC(struct sized);

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

static int by_size(const void *a, const void *b)
{
    const struct sized *x = a;
    const struct sized *y = b;

    if (x->size < y->size || x->size > y->size)
        return x->size > y->size ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static struct str reason_of(struct arena *arena, const struct sized *sized)
{
    const struct rule *rule = sized->opened->rule;
    struct str maybe = STR_EMPTY;

    if (sized->maybe)
        maybe = rule != NULL && rule->action == ACTION_UNKNOWN
                    ? STR("may be permitted: a target that is not modelled decides")
                    : STR("may be permitted: depends on a match that only the running firewall knows");
    if (!sized->last)
        return maybe;
    return str_printf(arena, "%.*s%s%s", STR_ARG(maybe), sized->maybe ? "; " : "",
                      rule != NULL ? "the rule may open more, in smaller boxes that are not listed"
                                   : "the policy may open more, in smaller boxes that are not listed");
}

/* Some packet of the box that the rule decides. */
static struct packet witness_of(const struct reporter *r, const struct sized *sized)
{
    enum family family = sized->opened->family;
    struct cube both;

    vec_each (const struct cube *, witness, &sized->opened->witnesses) {
        if (cube_intersect(r->arena, sized->box, witness, &both) && witness_exists(&both))
            return witness_packet(r->prover->arena, r->prover, family, &both);
    }
    return witness_packet(r->prover->arena, r->prover, family, sized->box);
}

static struct finding describe(const struct reporter *r, const struct sized *sized)
{
    const struct prover *prover = r->prover;
    const struct opened *opened = sized->opened;
    struct finding finding = {.kind = FINDING_EXCESS,
                              .severity = SEVERITY_ERROR,
                              .firewall = r->policy->firewall,
                              .reason = reason_of(prover->arena, sized),
                              .has_box = true,
                              .has_packet = true};

    finding.rule = opened->rule != NULL ? rule_ref_of(opened->rule)
                                        : rule_ref_policy(prover->arena, prover->ruleset, opened->chain);
    finding.box = witness_box(prover->arena, prover, opened->family, sized->box);
    finding.packet = witness_of(r, sized);
    return finding;
}

/* Whether the whole box comes through whatever the unknowns are: another rule lets it through for the other value. */
static bool surely_passes(const struct reporter *r, const struct opened *opened, const struct cube *box)
{
    struct arena_mark mark = arena_mark(r->arena);
    struct cubes region = {0};
    struct cubes left = {0};
    struct cubes passing;
    struct rule_ref rule;

    *vec_push(r->arena, &region) = *box;
    *vec_push(r->arena, &left) = *box;
    judge_passing(r->arena, r->prover, opened->family, opened->hook, &region, true, &passing, &rule);
    vec_each (const struct cube *, cube, &passing)
        left = cubes_subtract(r->arena, &left, cube, opened->family);
    arena_release(r->arena, mark);
    return left.n == 0;
}

/* Boxes that turn out to be sure go to the others. */
static void settle(const struct reporter *r, struct opened *opened)
{
    struct cubes unsure = {0};

    cubes_merge(r->arena, &opened->maybe, opened->family);
    vec_each (const struct cube *, box, &opened->maybe)
        *vec_push(r->arena, surely_passes(r, opened, box) ? &opened->boxes : &unsure) = *box;
    opened->maybe = unsure;
    cubes_merge(r->arena, &opened->boxes, opened->family);
}

static void add_sized(const struct reporter *r, const struct opened *opened, const struct cubes *boxes, bool maybe,
                      struct sized_list *list)
{
    vec_each (const struct cube *, box, boxes) {
        *vec_push(r->arena, list) = (struct sized){
            .opened = opened, .box = box, .size = size_of(box, opened->family), .order = list->n, .maybe = maybe};
    }
}

static void sort(struct sized_list *list)
{
    if (list->n > 0)
        qsort(list->v, list->n, sizeof *list->v, by_size);
}

/* The largest boxes of one rule. */
static void add_opened(const struct reporter *r, struct opened *opened, struct sized_list *all)
{
    struct sized_list own = {0};
    size_t n;

    settle(r, opened);
    add_sized(r, opened, &opened->boxes, false, &own);
    add_sized(r, opened, &opened->maybe, true, &own);
    sort(&own);
    n = own.n < r->most ? own.n : r->most;
    for (size_t i = 0; i < n; i++) {
        own.v[i].order = all->n;
        own.v[i].last = i + 1 == n && (opened->more || own.n > n);
        *vec_push(r->arena, all) = own.v[i];
    }
}

void opened_report(struct arena *arena, const struct prover *prover, const struct policy *policy, size_t most,
                   struct opened_list *list, struct findings *findings)
{
    struct reporter r = {.arena = arena, .prover = prover, .policy = policy, .most = most};
    struct sized_list all = {0};

    vec_each (struct opened *, opened, list)
        add_opened(&r, opened, &all);
    sort(&all);
    vec_each (const struct sized *, sized, &all)
        *vec_push(prover->arena, findings) = describe(&r, sized);
}
