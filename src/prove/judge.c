/*
 * Verdicts. A walk splits a flow's packets into those let through and those not, for each value of the unknowns.
 * Where both are there and unknowns have a part in it, the packets that surely pass are what is left when everything
 * that may be stopped is taken away, and the other way round; a flow is `partial` only when some of its packets surely
 * pass and some surely do not, `undetermined` when taking the unknowns one way or the other changes the answer.
 */
#include "prove/prover.h"
#include "prove/reply.h"

#define LEAVES_MOST 200000u

struct leaves VEC(struct leaf);

struct outcome {
    struct arena *arena;
    struct leaves passing;
    struct leaves stopped;
    const struct cube *asked; /* part of the region, for what unknowns it leaves open */
    bool with_self;           /* packets from an address to itself count too */
    bool until_sure;          /* stop when some packets surely pass and some surely do not: no more is to be learnt */
    bool passes_surely;
    bool stops_surely;
    struct leaf sure_stop;
    bool too_many;
};

/* The leaf's packets whatever the unknowns are: literals dropped, unbound interfaces as wide as the question's. */
static struct cube projected(const struct leaf *leaf, const struct cube *asked)
{
    struct cube cube = leaf->cube;

    cube.literals = NULL;
    if (asked->field[FIELD_IN] == NULL || asked->field[FIELD_IN]->n != 1 ||
        asked->field[FIELD_IN]->v[0].lo != asked->field[FIELD_IN]->v[0].hi)
        cube.field[FIELD_IN] = asked->field[FIELD_IN];
    if (asked->field[FIELD_OUT] == NULL || asked->field[FIELD_OUT]->n != 1 ||
        asked->field[FIELD_OUT]->v[0].lo != asked->field[FIELD_OUT]->v[0].hi)
        cube.field[FIELD_OUT] = asked->field[FIELD_OUT];
    return cube;
}

static bool same_field(const struct ranges *a, const struct ranges *b)
{
    return a == b || (a != NULL && b != NULL && ranges_equal(a, b));
}

/* Whether some unknown has a part in this leaf. */
static bool depends(const struct leaf *leaf, const struct cube *asked)
{
    struct cube whole = projected(leaf, asked);

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
    outcome->too_many = outcome->passing.n + outcome->stopped.n > LEAVES_MOST;
    if (outcome->until_sure && !depends(leaf, outcome->asked)) {
        outcome->passes_surely = outcome->passes_surely || passes;
        if (stops && !outcome->stops_surely)
            outcome->sure_stop = *leaf;
        outcome->stops_surely = outcome->stops_surely || stops;
    }
    return !outcome->too_many && !(outcome->passes_surely && outcome->stops_surely);
}

static bool any_dependent(const struct leaves *leaves, const struct cube *asked)
{
    vec_each (const struct leaf *, leaf, leaves) {
        if (depends(leaf, asked))
            return true;
    }
    return false;
}

/* What of the region no leaf may reach. */
static struct cubes beyond(struct arena *arena, const struct cubes *region, const struct leaves *leaves,
                           enum family family)
{
    struct cubes left = *region;

    vec_each (const struct leaf *, leaf, leaves) {
        struct cube cube = projected(leaf, &region->v[0]);

        left = cubes_subtract(arena, &left, &cube, family);
    }
    for (size_t i = 0; i < left.n;) {
        if (witness_exists(&left.v[i]))
            i++;
        else
            left.v[i] = left.v[--left.n];
    }
    return left;
}

static enum walk_end walk_region(struct arena *arena, const struct prover *prover, enum family family, enum hook hook,
                                 const struct cubes *region, struct outcome *outcome)
{
    uint64_t budget = WALK_BUDGET;

    outcome->arena = arena;
    outcome->asked = &region->v[0];
    vec_each (const struct cube *, cube, region) {
        struct walk walk = {
            .program = prover->programs[family], .hook = hook, .leaf = collect, .context = outcome, .budget = budget};
        enum walk_end end = walk_run(arena, &walk, cube);

        if (end != WALK_DONE)
            return end;
        budget = walk.budget;
    }
    return WALK_DONE;
}

/* The rule that an undetermined verdict hangs on: the one that asks for the unknown. */
static const struct rule *rule_of_unknown(const struct prover *prover, enum family family, const struct leaf *leaf)
{
    const struct literals *literals = leaf->cube.literals;
    uint32_t id;

    if (literals == NULL)
        return leaf->rule;
    id = literals->v[0] >> 1;
    if (id >= prover->ruleset->literal_n || prover->programs[family]->literal_rules[id] == NULL)
        return leaf->rule;
    return prover->programs[family]->literal_rules[id];
}

static struct rule_ref name_rule(const struct prover *prover, const struct rule *rule, const struct chain *chain)
{
    if (rule != NULL)
        return rule_ref_of(rule);
    return rule_ref_policy(prover->arena, prover->ruleset, chain);
}

/* What NAT and the like made of the packet; and whether it was led where the question does not look. */
static void show_rewritten(const struct leaf *leaf, struct verdict *verdict)
{
    const struct packet *packet = &verdict->packet;

    verdict->rewritten = reply_rewritten(leaf->now, packet);
    verdict->has_rewritten = true;
    if (leaf->now->to_host)
        verdict->reason = STR("redirected to the firewall itself: INPUT decides");
    else if (verdict->rewritten.destination != packet->destination && verdict->reason.n == 0)
        verdict->reason = STR("the destination is translated: filters see the new one, after routing to it");
}

static void conclude(const struct prover *prover, enum family family, const struct leaf *leaf,
                     const struct cube *packets, enum verdict_kind kind, struct verdict *verdict)
{
    bool shown = leaf->now != NULL && reply_matters(leaf->now);

    verdict->kind = kind;
    verdict->rule = name_rule(prover, leaf->rule, leaf->chain);
    if (kind == VERDICT_PERMITTED && !shown)
        return;
    verdict->packet = witness_packet(prover->arena, prover, family, packets);
    verdict->has_packet = true;
    if (shown)
        show_rewritten(leaf, verdict);
}

/* A packet that is let through for one value of the unknowns and stopped for another, and the rule that asks. */
static void undetermined(struct arena *arena, const struct prover *prover, enum family family,
                         const struct cubes *region, const struct outcome *outcome, struct verdict *verdict)
{
    const struct cube *asked = &region->v[0];

    vec_each (const struct leaf *, passing, &outcome->passing) {
        struct cube may_pass = projected(passing, asked);

        vec_each (const struct leaf *, stopped, &outcome->stopped) {
            const struct leaf *leaf = depends(passing, asked) ? passing : stopped;
            struct cube may_stop = projected(stopped, asked);
            const struct rule *rule = rule_of_unknown(prover, family, leaf);
            struct cube both;

            if (!cube_intersect(arena, &may_pass, &may_stop, &both) || !witness_exists(&both))
                continue;
            conclude(prover, family, leaf, &both, VERDICT_UNDETERMINED, verdict);
            if (rule != NULL)
                verdict->rule = rule_ref_of(rule);
            verdict->reason = leaf->action == ACTION_UNKNOWN ? STR("a target that is not modelled decides")
                              : leaf->cube.literals != NULL
                                  ? STR("depends on a match that only the running firewall knows")
                                  : STR("depends on an interface that the question does not name");
            return;
        }
    }
    verdict->kind = VERDICT_UNDETERMINED;
}

/* Both kinds of leaves are there. */
static void weigh(struct arena *arena, const struct prover *prover, enum family family, const struct cubes *region,
                  const struct outcome *outcome, struct verdict *verdict)
{
    const struct leaf *stopping = &outcome->stopped.v[0];
    struct cubes surely_stopped;

    if (!any_dependent(&outcome->stopped, &region->v[0]) && !any_dependent(&outcome->passing, &region->v[0])) {
        conclude(prover, family, stopping, &stopping->cube, VERDICT_PARTIAL, verdict);
        return;
    }
    surely_stopped = beyond(arena, region, &outcome->passing, family);
    if (surely_stopped.n == 0 || beyond(arena, region, &outcome->stopped, family).n == 0) {
        undetermined(arena, prover, family, region, outcome, verdict);
        return;
    }
    vec_each (const struct leaf *, leaf, &outcome->stopped) {
        struct cube packets;

        if (cube_intersect(arena, &leaf->cube, &surely_stopped.v[0], &packets) && witness_exists(&packets)) {
            conclude(prover, family, leaf, &packets, VERDICT_PARTIAL, verdict);
            return;
        }
    }
    conclude(prover, family, stopping, &surely_stopped.v[0], VERDICT_PARTIAL, verdict);
}

/* A passing leaf, one that shows a translation if there is one. */
static const struct leaf *passing_leaf(const struct outcome *outcome)
{
    vec_each (const struct leaf *, leaf, &outcome->passing) {
        if (leaf->now != NULL && reply_matters(leaf->now))
            return leaf;
    }
    return &outcome->passing.v[0];
}

/*
 * What comes back: where requests are translated or not tracked, the answers to what they become. False: the walk of
 * the requests was given up.
 */
static bool ask_reply(struct arena *arena, const struct prover *prover, const struct permit *permit,
                      struct cubes *region)
{
    struct outcome outcome = {0};
    struct cubes requests;
    enum hook hook;

    if (prover->programs[permit->flow->family] == NULL || !reply_may_matter(prover->ruleset))
        return true;
    requests = region_of_permit(arena, prover, permit, DIRECTION_REQUEST, &hook);
    if (walk_region(arena, prover, permit->flow->family, hook, &requests, &outcome) != WALK_DONE)
        return false;
    reply_region(arena, permit->flow->family, region, outcome.passing.v, outcome.passing.n, region);
    return true;
}

static void give_up(enum walk_end end, bool too_many, struct verdict *verdict)
{
    verdict->kind = VERDICT_UNDETERMINED;
    verdict->reason = too_many || end == WALK_STOPPED ? STR("gave up: the rules cut the flow into too many parts")
                                                      : STR("gave up: too many steps");
}

void judge_permit(struct arena *arena, const struct prover *prover, const struct permit *permit,
                  enum direction direction, struct verdict *verdict)
{
    enum family family = permit->flow->family;
    struct arena_mark mark = arena_mark(arena);
    struct outcome outcome = {.until_sure = true};
    struct cubes region;
    enum walk_end end;

    *verdict = (struct verdict){.flow = permit->flow, .direction = direction};
    region = region_of_permit(arena, prover, permit, direction, &verdict->hook);
    if (prover->programs[family] == NULL) {
        verdict->kind = VERDICT_UNDETERMINED;
        verdict->packet = witness_packet(prover->arena, prover, family, &region.v[0]);
        verdict->has_packet = true;
        verdict->reason =
            family == FAMILY_V4 ? STR("no ruleset is given for IPv4") : STR("no ruleset is given for IPv6");
        arena_release(arena, mark);
        return;
    }
    if (direction == DIRECTION_REPLY && !ask_reply(arena, prover, permit, &region)) {
        give_up(WALK_EXHAUSTED, false, verdict);
        arena_release(arena, mark);
        return;
    }
    end = region.n == 0 ? WALK_DONE : walk_region(arena, prover, family, verdict->hook, &region, &outcome);
    if (outcome.passes_surely && outcome.stops_surely)
        conclude(prover, family, &outcome.sure_stop, &outcome.sure_stop.cube, VERDICT_PARTIAL, verdict);
    else if (end != WALK_DONE)
        give_up(end, outcome.too_many, verdict);
    else if (outcome.stopped.n == 0 && outcome.passing.n > 0)
        conclude(prover, family, passing_leaf(&outcome), &passing_leaf(&outcome)->cube, VERDICT_PERMITTED, verdict);
    else if (outcome.passing.n == 0 && outcome.stopped.n > 0)
        conclude(prover, family, &outcome.stopped.v[0], &outcome.stopped.v[0].cube, VERDICT_DENIED, verdict);
    else if (outcome.passing.n > 0)
        weigh(arena, prover, family, &region, &outcome, verdict);
    else
        verdict->kind = VERDICT_PERMITTED; /* only pairs of an address with itself: nothing to ask */
    arena_release(arena, mark);
}

bool judge_passing(struct arena *arena, const struct prover *prover, enum family family, enum hook hook,
                   const struct cubes *region, bool surely, struct cubes *passing, struct rule_ref *rule)
{
    struct outcome outcome = {.with_self = true};

    *passing = (struct cubes){0};
    if (region->n == 0)
        return true;
    if (prover->programs[family] == NULL) {
        if (!surely)
            *passing = *region;
        return false;
    }
    if (walk_region(arena, prover, family, hook, region, &outcome) != WALK_DONE) {
        if (!surely)
            *passing = *region;
        return false;
    }
    if (outcome.passing.n > 0)
        *rule = name_rule(prover, outcome.passing.v[0].rule, outcome.passing.v[0].chain);
    else if (outcome.stopped.n > 0)
        *rule = name_rule(prover, outcome.stopped.v[0].rule, outcome.stopped.v[0].chain);
    if (surely) {
        *passing = beyond(arena, region, &outcome.stopped, family);
        return true;
    }
    vec_each (const struct leaf *, leaf, &outcome.passing)
        *vec_push(arena, passing) = projected(leaf, &region->v[0]);
    return true;
}
