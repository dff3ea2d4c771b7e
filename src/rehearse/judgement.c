/* See judgement.h. */
#include "rehearse/judgement.h"

#include "net/proto.h"

struct rehearsal_changes VEC(struct rehearsal_change);

struct judging {
    struct arena *arena;
    const struct play *play;
    const struct play_side *side;
    const struct site *site;
    struct proving proving;
    struct played *result;
    struct rehearsal *rehearsal;
    struct VEC(struct rehearsal_finding) findings;
};

bool judgement_translates(const struct ruleset *const *rulesets, const struct site *site)
{
    const unsigned ends = 1u << FIELD_SOURCE | 1u << FIELD_DESTINATION | 1u << FIELD_PORT | 1u << FIELD_SOURCE_PORT;

    for (size_t i = 0; i < site->firewall_n; i++) {
        if (rulesets[i] != NULL && (rulesets[i]->rewrites & ends) != 0)
            return true;
    }
    return false;
}

/* --- one packet --------------------------------------------------------------------------------------------------- */

static enum agreement agreement_of(enum playing kernel, enum verdict_kind proof)
{
    bool passes = proof == VERDICT_PERMITTED;

    if (proof == VERDICT_UNDETERMINED || kernel == PLAYED_NOT)
        return AGREEMENT_OPEN;
    return (kernel == PLAYED_PASSES) == passes ? AGREES : DISAGREES;
}

/* The firewall whose ruleset is in question: the one that stopped it, or that should have. */
static struct str firewall_in_question(const struct played_packet *played)
{
    return played->firewall.n > 0 ? played->firewall : played->proof_firewall;
}

static void prove_packet(struct judging *judging, const struct actor *from, const struct actor *to, bool subnet,
                         bool replies, struct str about, struct played_packet *played)
{
    struct rehearsal_finding *finding;

    proof_find(judging->side->proofs, &judging->proving, from, to, subnet, replies, played);
    played->agreement = agreement_of(played->kernel, played->proof);
    if (played->agreement != DISAGREES)
        return;
    finding = vec_push(judging->arena, &judging->findings);
    *finding = (struct rehearsal_finding){.about = about, .firewall = firewall_in_question(played), .played = played};
    for (size_t i = 0; i < judging->site->firewall_n; i++) {
        if (str_eq(judging->site->firewalls[i].name, finding->firewall) && judging->side->rulesets[i] != NULL)
            finding->ruleset = judging->side->rulesets[i]->file;
    }
}

/* --- flows -------------------------------------------------------------------------------------------------------- */

/* The worst of the check; a flow that crosses no firewall is permitted. */
static enum verdict_kind proof_of_flow(const struct judging *judging, const struct flow *flow)
{
    enum verdict_kind worst = VERDICT_PERMITTED;

    for (size_t i = 0; i < judging->side->verdict_n; i++) {
        const struct verdict *verdict = &judging->side->verdicts[i];

        if (verdict->flow == flow && verdict_rank(verdict->kind) > verdict_rank(worst))
            worst = verdict->kind;
    }
    return worst;
}

/* What to show of several packets: one that disagrees, else one that does not pass, else any. */
static bool shows_more(const struct played_packet *a, const struct played_packet *b)
{
    if (b == NULL || (a->agreement == DISAGREES) != (b->agreement == DISAGREES))
        return b == NULL || a->agreement == DISAGREES;
    return b->kernel == PLAYED_PASSES && a->kernel != PLAYED_PASSES;
}

static void judge_part(struct judging *judging, const struct scene_part *part, struct rehearsed_flow *made)
{
    size_t unknown = 0;

    *made = (struct rehearsed_flow){.flow = part->flow, .reason = part->reason, .n = part->n};
    made->proof = proof_of_flow(judging, part->flow);
    for (size_t i = part->first; i < part->first + part->n; i++) {
        const struct pair *pair = &judging->play->pairs.v[i];
        struct played_packet *played = &judging->result->pairs[i];

        prove_packet(judging, pair->from, pair->to, part->flow->subnet, !part->flow->no_reply, part->flow->id, played);
        /* What the check of a flow does not ask (proof.c). */
        if (verdict_rank(made->proof) == 0 && verdict_rank(played->proof) > 0)
            made->proof = played->proof == VERDICT_UNDETERMINED ? VERDICT_UNDETERMINED : VERDICT_PARTIAL;
        made->passed += played->kernel == PLAYED_PASSES;
        unknown += played->kernel == PLAYED_NOT;
        if (played->agreement > made->agreement)
            made->agreement = played->agreement;
        if (shows_more(played, made->shown))
            made->shown = played;
    }
    made->rehearsal = unknown == part->n        ? PLAYED_NOT
                      : made->passed == part->n ? PLAYED_PASSES
                      : made->passed == 0       ? PLAYED_STOPPED
                                                : PLAYED_PARTLY;
    if (part->n == 0)
        made->agreement = AGREEMENT_OPEN;
}

static void judge_flows(struct judging *judging)
{
    const struct play *play = judging->play;
    struct rehearsal *rehearsal = judging->rehearsal;

    rehearsal->flows = arena_new_array(judging->arena, struct rehearsed_flow, play->flows.n);
    for (size_t i = 0; i < play->flows.n; i++) {
        if (play->flows.v[i].test == NULL)
            judge_part(judging, &play->flows.v[i], &rehearsal->flows[rehearsal->flow_n++]);
    }
}

/* --- neighbours --------------------------------------------------------------------------------------------------- */

static void judge_neighbours(struct judging *judging)
{
    const struct neighbours *neighbours = judging->play->neighbours;
    struct rehearsal *rehearsal = judging->rehearsal;

    rehearsal->neighbours = arena_new_array(judging->arena, struct rehearsed_neighbour, neighbours->n);
    vec_each (const struct neighbour *, neighbour, neighbours) {
        struct rehearsed_neighbour *made = &rehearsal->neighbours[rehearsal->neighbour_n++];
        struct played_packet *played = &judging->result->neighbours[neighbour - neighbours->v];

        prove_packet(judging, neighbour->from, neighbour->to, false, false, neighbour->why, played);
        *made = (struct rehearsed_neighbour){neighbour_name(neighbour->kind), neighbour->why, neighbour->flow, *played};
    }
}

/* --- tests -------------------------------------------------------------------------------------------------------- */

/* The neighbours that it denies, whichever reason they were sent for. */
static void judge_denied(struct judging *judging, const struct flow *flow, struct rehearsed_test *test)
{
    const struct rehearsal *rehearsal = judging->rehearsal;

    for (size_t i = 0; i < rehearsal->neighbour_n; i++) {
        const struct played_packet *played = &rehearsal->neighbours[i].played;

        if (!flow_has(flow, &played->packet) || played->kernel == PLAYED_NOT)
            continue;
        test->n++;
        if (test->shown == NULL || (test->holds && played->kernel == PLAYED_PASSES))
            test->shown = played;
        test->holds = test->holds && played->kernel != PLAYED_PASSES;
    }
}

static void judge_allowed(struct judging *judging, const struct site_test *asked, struct rehearsed_test *test)
{
    for (size_t i = 0; i < judging->play->flows.n; i++) {
        const struct scene_part *part = &judging->play->flows.v[i];
        struct rehearsed_flow flow;

        if (part->test != asked)
            continue;
        judge_part(judging, part, &flow);
        test->n += part->n;
        if (flow.shown != NULL && (test->shown == NULL || flow.rehearsal != PLAYED_PASSES))
            test->shown = flow.shown;
        test->undetermined = test->undetermined || flow.rehearsal == PLAYED_NOT;
        test->holds = test->holds && (flow.rehearsal == PLAYED_PASSES || flow.rehearsal == PLAYED_NOT);
    }
}

static void judge_tests(struct judging *judging)
{
    const struct plan *plan = judging->play->wishes.plan;
    struct VEC(struct rehearsed_test) tests = {0};

    for (size_t i = 0; i < judging->site->test_n; i++) {
        const struct site_test *asked = &judging->site->tests[i];
        struct probe_flows flows = plan_exception_flows(judging->arena, &asked->what, STR("test"));
        struct rehearsed_test test = {.name = asked->text, .holds = true};

        for (size_t k = 0; !asked->allow && k < flows.n; k++)
            judge_denied(judging, flows.v[k], &test);
        if (asked->allow)
            judge_allowed(judging, asked, &test);
        *vec_push(judging->arena, &tests) = test;
    }
    for (size_t i = 0; i < plan->n; i++) {
        struct rehearsed_test test = {.holds = true};

        if (plan->flows[i]->need != NEED_FORBIDDEN)
            continue;
        test.name = str_printf(judging->arena, "forbidden %.*s", STR_ARG(plan->flows[i]->id));
        judge_denied(judging, plan->flows[i], &test);
        *vec_push(judging->arena, &tests) = test;
    }
    vec_each (struct rehearsed_test *, test, &tests) {
        test->undetermined = test->holds && (test->n == 0 || test->undetermined);
        test->holds = test->holds && !test->undetermined;
    }
    judging->rehearsal->tests = tests.v;
    judging->rehearsal->test_n = tests.n;
}

/* --- the sum ------------------------------------------------------------------------------------------------------ */

static void count(struct rehearsal *rehearsal)
{
    struct rehearsal_summary *summary = &rehearsal->summary;

    for (size_t i = 0; i < rehearsal->flow_n; i++) {
        const struct rehearsed_flow *flow = &rehearsal->flows[i];
        bool required = flow->flow->need == NEED_REQUIRED;

        summary->flows++;
        summary->by_played[flow->rehearsal]++;
        summary->packets += flow->n;
        summary->failing += required && (flow->rehearsal == PLAYED_STOPPED || flow->rehearsal == PLAYED_PARTLY);
        /* Without a ruleset in between there is nothing to rehearse, and nothing is open. */
        summary->open += required && flow->rehearsal == PLAYED_NOT && flow->n > 0;
    }
    for (size_t i = 0; i < rehearsal->neighbour_n; i++) {
        summary->neighbours++;
        summary->packets++;
        summary->neighbours_pass += rehearsal->neighbours[i].played.kernel == PLAYED_PASSES;
        summary->open += rehearsal->neighbours[i].played.kernel == PLAYED_NOT;
    }
    for (size_t i = 0; i < rehearsal->test_n; i++) {
        summary->tests++;
        summary->tests_fail += !rehearsal->tests[i].holds && !rehearsal->tests[i].undetermined;
        summary->open += rehearsal->tests[i].undetermined;
    }
    summary->disagreements = rehearsal->finding_n;
}

void judgement_make(struct arena *arena, const struct play *play, const struct play_side *side, struct stage *stage,
                    struct played *result)
{
    struct judging judging = {
        .arena = arena,
        .play = play,
        .side = side,
        .site = play->wishes.plan->site,
        .proving = {play->wishes.plan->site, side->provers, stage, between_new(arena, play->wishes.plan->site)},
        .result = result,
        .rehearsal = &result->rehearsal};

    result->rehearsal.site = judging.site;
    judge_flows(&judging);
    judge_neighbours(&judging);
    judge_tests(&judging);
    result->rehearsal.findings = judging.findings.v;
    result->rehearsal.finding_n = judging.findings.n;
    count(&result->rehearsal);
}

/* --- two rulesets ------------------------------------------------------------------------------------------------- */

static void add_change(struct arena *arena, struct rehearsal_changes *changes, struct str about,
                       const struct played_packet *before, const struct played_packet *after)
{
    if (before->kernel != after->kernel)
        *vec_push(arena, changes) =
            (struct rehearsal_change){about, after->packet, before->kernel, after->kernel,
                                      after->kernel == PLAYED_STOPPED ? after->rule : before->rule};
}

void play_compare(struct arena *arena, const struct play *play, const struct played *before, struct played *after)
{
    struct rehearsal_changes changes = {0};

    for (size_t i = 0; i < play->flows.n; i++) {
        const struct scene_part *part = &play->flows.v[i];

        for (size_t k = part->first; k < part->first + part->n; k++)
            add_change(arena, &changes, part->flow->id, &before->pairs[k], &after->pairs[k]);
    }
    for (size_t i = 0; i < play->neighbours->n; i++)
        add_change(arena, &changes, play->neighbours->v[i].why, &before->neighbours[i], &after->neighbours[i]);
    after->rehearsal.compared = true;
    after->rehearsal.changes = changes.v;
    after->rehearsal.change_n = after->rehearsal.summary.changes = changes.n;
}
