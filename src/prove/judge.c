/*
 * Verdicts. A walk splits a flow's packets into those let through and those not, for each value of the unknowns.
 * Where both are there and unknowns have a part in it, the packets that surely pass are what is left when everything
 * that may be stopped is taken away, and the other way round; a flow is `partial` only when some of its packets surely
 * pass and some surely do not, `undetermined` when taking the unknowns one way or the other changes the answer.
 */
#include "prove/outcome.h"
#include "prove/reply.h"
#include "prove/rewrite.h"

static bool any_dependent(const struct outcome *outcome, const struct leaves *leaves)
{
    vec_each (const struct leaf *, leaf, leaves) {
        if (outcome_depends(outcome, leaf))
            return true;
    }
    return false;
}

/* The rule that could not be spelled out and so became an unknown; NULL where it is none of those. */
static const struct rule *unspelled_rule(const struct program *program, const struct literals *literals)
{
    vec_each (const struct fork *, fork, &program->forks) {
        if (literals != NULL && fork->literal == literals->v[0] >> 1)
            return fork->rule;
    }
    return NULL;
}

/* The rule that an undetermined verdict hangs on: the one that asks for the unknown. */
static const struct rule *rule_of_unknown(const struct program *program, const struct leaf *leaf)
{
    const struct literals *literals = leaf->cube.literals;
    const struct rule *rule = unspelled_rule(program, literals);

    if (literals != NULL && literals->v[0] >> 1 < program->ruleset->literal_n)
        rule = program->literal_rules[literals->v[0] >> 1];
    return rule == NULL ? leaf->rule : rule;
}

static struct str reason_of(const struct program *program, const struct leaf *leaf)
{
    if (leaf->action == ACTION_UNKNOWN)
        return STR("a target that is not modelled decides");
    if (unspelled_rule(program, leaf->cube.literals) != NULL)
        return STR("gave up: a rule has too many alternatives");
    if (leaf->cube.literals != NULL && leaf->cube.literals->v[0] >> 1 >= program->ruleset->literal_n)
        return STR("depends on what the kernel chooses, or on where it sends what is translated");
    if (leaf->cube.literals != NULL)
        return STR("depends on a match that only the running firewall knows");
    return STR("depends on an interface that the question does not name");
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
    verdict->rule = rules_name(prover, leaf);
    if (kind == VERDICT_PERMITTED && !shown)
        return;
    verdict->packet = witness_packet(prover->arena, prover, family, packets);
    verdict->has_packet = true;
    if (shown)
        show_rewritten(leaf, verdict);
}

/* Too many steps, or too many parts: at which rule. */
static void give_up(const struct outcome *outcome, enum walk_end end, struct verdict *verdict)
{
    verdict->kind = VERDICT_UNDETERMINED;
    verdict->reason = end == WALK_STOPPED ? STR("gave up: the rules cut the flow into too many parts")
                                          : STR("gave up: too many steps");
    if (outcome->gave_up_at != NULL)
        verdict->rule = rule_ref_of(outcome->gave_up_at);
}

/* A packet that is let through for one value of the unknowns and stopped for another, and the rule that asks. */
static void undetermined(struct arena *arena, const struct prover *prover, enum family family, struct outcome *outcome,
                         struct verdict *verdict)
{
    vec_each (const struct leaf *, passing, &outcome->passing) {
        struct cube may_pass = outcome_projected(outcome, passing);

        vec_each (const struct leaf *, stopped, &outcome->stopped) {
            const struct leaf *leaf = outcome_depends(outcome, passing) ? passing : stopped;
            struct cube may_stop = outcome_projected(outcome, stopped);
            const struct rule *rule = rule_of_unknown(outcome->program, leaf);
            struct cube both;

            if (!outcome_spend(outcome, 1)) {
                outcome->gave_up_at = rule;
                give_up(outcome, WALK_EXHAUSTED, verdict);
                return;
            }
            if (!cube_intersect(arena, &may_pass, &may_stop, &both) || !witness_exists(&both))
                continue;
            conclude(prover, family, leaf, &both, VERDICT_UNDETERMINED, verdict);
            if (rule != NULL)
                verdict->rule = rule_ref_of(rule);
            else if (stopped->rule != NULL)
                verdict->rule = rule_ref_of(stopped->rule); /* rather than a policy */
            verdict->reason = reason_of(outcome->program, leaf);
            return;
        }
    }
    verdict->kind = VERDICT_UNDETERMINED;
}

/* Both kinds of leaves are there. */
static void weigh(struct arena *arena, const struct prover *prover, enum family family, const struct cubes *region,
                  struct outcome *outcome, struct verdict *verdict)
{
    const struct leaf *stopping = &outcome->stopped.v[0];
    struct cubes surely_stopped;
    struct cubes surely_passing;

    if (!any_dependent(outcome, &outcome->stopped) && !any_dependent(outcome, &outcome->passing)) {
        conclude(prover, family, stopping, &stopping->cube, VERDICT_PARTIAL, verdict);
        return;
    }
    if (!outcome_beyond(outcome, region, &outcome->passing, &surely_stopped) ||
        !outcome_beyond(outcome, region, &outcome->stopped, &surely_passing)) {
        give_up(outcome, WALK_EXHAUSTED, verdict);
        return;
    }
    if (surely_stopped.n == 0 || surely_passing.n == 0) {
        undetermined(arena, prover, family, outcome, verdict);
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
 * What comes back: where requests are translated or not tracked, the answers to what they become. `requests` has what
 * became of those.
 */
static enum walk_end ask_reply(struct arena *arena, const struct prover *prover, const struct permit *permit,
                               struct outcome *requests, struct cubes *region)
{
    struct cubes asked;
    enum walk_end end;
    enum hook hook;

    if (!reply_follows(prover->ruleset))
        return WALK_DONE;
    asked = region_of_permit(arena, prover, permit, DIRECTION_REQUEST, &hook);
    end = outcome_walk(arena, prover, permit->flow->family, hook, &asked, requests);
    if (end == WALK_DONE && reply_may_matter(prover->ruleset))
        reply_region(arena, permit->flow->family, region, requests->passing.v, requests->passing.n, region);
    return end;
}

/* Replies whose ends some chain sees before they are translated back: what is judged is not what it sees. */
static bool is_misjudged(struct arena *arena, const struct outcome *requests, struct verdict *verdict)
{
    const struct rule *rule = reply_misjudged(arena, requests->program, requests->passing.v, requests->passing.n);

    if (rule == NULL)
        return false;
    verdict->kind = VERDICT_UNDETERMINED;
    verdict->rule = rule_ref_of(rule);
    verdict->reason = STR("the rule sees replies before they are translated back, or behind that");
    return true;
}

static void judge_region(struct arena *arena, const struct prover *prover, enum family family,
                         const struct cubes *region, struct outcome *outcome, struct verdict *verdict)
{
    enum walk_end end =
        region->n == 0 ? WALK_DONE : outcome_walk(arena, prover, family, verdict->hook, region, outcome);

    if (outcome->passes_surely && outcome->stops_surely) {
        conclude(prover, family, &outcome->sure_stop, &outcome->sure_stop.cube, VERDICT_PARTIAL, verdict);
    } else if (end != WALK_DONE) {
        give_up(outcome, end, verdict);
    } else if (outcome->stopped.n == 0 && outcome->passing.n > 0) {
        const struct leaf *leaf = passing_leaf(outcome);

        conclude(prover, family, leaf, &leaf->cube, VERDICT_PERMITTED, verdict);
        rules_of_leaves(arena, prover, &outcome->passing, verdict);
    } else if (outcome->passing.n == 0 && outcome->stopped.n > 0) {
        conclude(prover, family, &outcome->stopped.v[0], &outcome->stopped.v[0].cube, VERDICT_DENIED, verdict);
        rules_of_leaves(arena, prover, &outcome->stopped, verdict);
    } else if (outcome->passing.n > 0) {
        weigh(arena, prover, family, region, outcome, verdict);
    } else {
        verdict->kind = VERDICT_PERMITTED; /* only pairs of an address with itself: nothing to ask */
    }
}

static bool is_translated(const struct leaf *leaf)
{
    return leaf->now != NULL && !rewrite_same(leaf->now, NULL);
}

/* The rule by which packets of some leaf go on with other ends. */
static void note_translation(const struct outcome *outcome, struct verdict *verdict)
{
    vec_each (const struct leaf *, leaf, &outcome->passing) {
        const struct decision *decision = is_translated(leaf) ? leaf->decisions : NULL;

        while (decision != NULL &&
               (decision->rule == NULL || (action_writes(decision->rule->action) & REWRITE_ENDS) == 0))
            decision = decision->before;
        if (decision == NULL)
            continue;
        verdict->translated_by = rule_ref_of(decision->rule);
        return;
    }
}

/* `certificate` may be NULL. */
static void judge(struct arena *arena, const struct prover *prover, const struct permit *permit,
                  enum direction direction, struct certificate *certificate, struct verdict *verdict)
{
    enum family family = permit->flow->family;
    struct forks *forks = certificate == NULL ? NULL : &certificate->forks;
    struct outcome outcome = {.until_sure = true, .forks = forks};
    struct outcome requests = {.forks = forks};
    enum walk_end end = WALK_DONE;
    struct cubes region;

    *verdict = (struct verdict){.flow = permit->flow, .direction = direction};
    region = region_of_permit(arena, prover, permit, direction, &verdict->hook);
    if (prover->programs[family] == NULL) {
        verdict->kind = VERDICT_UNDETERMINED;
        verdict->packet = witness_packet(prover->arena, prover, family, &region.v[0]);
        verdict->has_packet = true;
        verdict->reason =
            family == FAMILY_V4 ? STR("no ruleset is given for IPv4") : STR("no ruleset is given for IPv6");
        return;
    }
    if (direction == DIRECTION_REPLY)
        end = ask_reply(arena, prover, permit, &requests, &region);
    if (end != WALK_DONE)
        give_up(&requests, end, verdict);
    else if (requests.program == NULL || !is_misjudged(arena, &requests, verdict))
        judge_region(arena, prover, family, &region, &outcome, verdict);
    if ((prover->ruleset->rewrites & REWRITE_ENDS) != 0)
        note_translation(&outcome, verdict);
    if (verdict->rules == NULL && verdict->rule.present) {
        verdict->rules = arena_copy(prover->arena, &verdict->rule, sizeof verdict->rule);
        verdict->rule_n = 1;
    }
    if (certificate == NULL)
        return;
    certificate->region = region;
    if (verdict->kind == VERDICT_PERMITTED)
        certificate->parts = outcome.passing;
    else if (verdict->kind == VERDICT_DENIED)
        certificate->parts = outcome.stopped;
    certificate->requests = requests.passing;
    vec_each (const struct leaf *, leaf, &requests.stopped) {
        if (leaf->action != ACTION_UNKNOWN)
            *vec_push(arena, &certificate->requests) = *leaf;
    }
    vec_each (const struct fork *, fork, &prover->plain[family]->forks)
        *vec_push(arena, &certificate->forks) = *fork;
}

void judge_permit(struct arena *arena, const struct prover *prover, const struct permit *permit,
                  enum direction direction, struct verdict *verdict)
{
    struct arena_mark mark = arena_mark(arena);

    judge(arena, prover, permit, direction, NULL, verdict);
    arena_release(arena, mark);
}

struct permit judge_turned(struct arena *arena, const struct permit *permit)
{
    struct flow *flow = arena_new_object(arena, struct flow);
    struct permit turned = *permit;

    *flow = *permit->flow;
    flow->source = permit->flow->destination;
    flow->source.ranges = permit->destination;
    flow->destination = permit->flow->source;
    flow->destination.ranges = permit->source;
    flow->source_ports = permit->flow->ports;
    flow->ports = permit->flow->source_ports;
    turned.flow = flow;
    turned.source = permit->destination;
    turned.destination = permit->source;
    turned.in = permit->out;
    turned.out = permit->in;
    if (permit->hook != HOOK_FORWARD)
        turned.hook = permit->hook == HOOK_INPUT ? HOOK_OUTPUT : HOOK_INPUT;
    return turned;
}

void judge_certified(struct arena *arena, const struct prover *prover, const struct permit *permit,
                     enum direction direction, struct verdict *verdict, struct certificate *certificate)
{
    *certificate = (struct certificate){0};
    judge(arena, prover, permit, direction, certificate, verdict);
}

bool judge_passing(struct arena *arena, const struct prover *prover, enum family family, enum hook hook,
                   const struct cubes *region, bool surely, struct cubes *passing, struct rule_ref *rule)
{
    struct outcome outcome = {.with_self = true};
    enum walk_end end;

    *passing = (struct cubes){0};
    if (region->n == 0)
        return true;
    if (prover->programs[family] == NULL) {
        if (!surely)
            *passing = *region;
        return false;
    }
    end = outcome_walk(arena, prover, family, hook, region, &outcome);
    if (end == WALK_DONE && outcome.passing.n > 0)
        *rule = rules_name(prover, &outcome.passing.v[0]);
    else if (end == WALK_DONE && outcome.stopped.n > 0)
        *rule = rules_name(prover, &outcome.stopped.v[0]);
    if (end != WALK_DONE || (surely && !outcome_beyond(&outcome, region, &outcome.stopped, passing))) {
        if (outcome.gave_up_at != NULL)
            *rule = rule_ref_of(outcome.gave_up_at);
        if (!surely)
            *passing = *region;
        return false;
    }
    if (surely)
        return true;
    vec_each (const struct leaf *, leaf, &outcome.passing)
        *vec_push(arena, passing) = outcome_projected(&outcome, leaf);
    return true;
}

bool judge_onward(struct arena *arena, const struct prover *prover, enum family family, enum hook hook,
                  const struct cubes *region, bool surely, struct onward *onward)
{
    struct outcome outcome = {.with_self = true};
    bool known;

    *onward = (struct onward){0};
    if ((prover->ruleset->rewrites & REWRITE_ENDS) == 0 || region->n == 0 || prover->programs[family] == NULL)
        return judge_passing(arena, prover, family, hook, region, surely, &onward->packets, &onward->rule);
    known = outcome_walk(arena, prover, family, hook, region, &outcome) == WALK_DONE;
    if (outcome.passing.n > 0)
        onward->rule = rules_name(prover, &outcome.passing.v[0]);
    if (surely && (!known || !outcome_beyond(&outcome, region, &outcome.stopped, &onward->packets)))
        return false;
    if (!known) {
        onward->elsewhere = true;
        onward->packets = *region;
        return false;
    }
    vec_each (const struct leaf *, leaf, &outcome.passing) {
        struct cube cube = outcome_projected(&outcome, leaf);

        if (surely && is_translated(leaf))
            onward->packets = cubes_subtract(arena, &onward->packets, &cube, family);
        if (surely)
            continue;
        if (is_translated(leaf))
            cube = rewrite_view(arena, leaf->now, &cube);
        onward->elsewhere =
            onward->elsewhere ||
            (leaf->now != NULL && (leaf->now->set[FIELD_DESTINATION] != NULL || leaf->now->destination.is));
        cube.field[FIELD_MARK] = NULL;
        cube.field[FIELD_STATE] = NULL;
        *vec_push(arena, &onward->packets) = cube;
    }
    return true;
}
