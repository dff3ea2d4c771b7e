/*
 * What outcomes mean: alone, together (one issuer over names that have nothing in common; one way of several that is
 * enough), and against what the rulesets of the site say about the very packets that were sent. See probing.h.
 */
#include "cli/probing.h"

#include "net/proto.h"

/* --- together ---------------------------------------------------------------------------------------------------- */

static struct str detail_of(const struct probe_outcome *outcome, const char *name)
{
    for (size_t i = 0; i < outcome->detail_n; i++) {
        if (str_is(outcome->details[i].name, name))
            return outcome->details[i].value;
    }
    return STR_EMPTY;
}

/* The last two labels: names of one organisation mostly share them, and where two do not, they are unrelated. */
static struct str family_name(struct str name)
{
    size_t dots = 0;
    size_t at = name.n;

    while (at > 0 && (name.p[at - 1] != '.' || ++dots < 2))
        at--;
    return str_from(name, at);
}

struct issued {
    struct str name;
    bool several;
};

/* One issuer that nobody trusts, for names of several organisations: somebody between reads along. */
static void find_interception(struct probing *probing)
{
    struct arena *arena = probing->cli->arena;
    struct map issuers = {0};

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < probing->outcomes.n; i++) {
            struct probe_outcome *outcome = probing->outcomes.v[i];
            struct str name = family_name(probing->asked.v[i]->subject->name);
            struct str issuer = detail_of(outcome, "issuer");
            struct issued *issued = map_get(&issuers, issuer);

            if (outcome->outcome != OUTCOME_TLS_UNTRUSTED || name.n == 0 || issuer.n == 0)
                continue;
            if (issued == NULL) {
                issued = arena_new_object(arena, struct issued);
                *issued = (struct issued){.name = name};
                map_set(arena, &issuers, issuer, issued);
            }
            issued->several = issued->several || !str_eq(issued->name, name);
            if (round == 0 || !issued->several)
                continue;
            outcome->outcome = OUTCOME_TLS_INTERCEPTED;
            outcome->reason = str_printf(arena, "the issuer %.*s, whom nobody here trusts, signs for unrelated names",
                                         STR_ARG(issuer));
        }
    }
}

/* Whether everything that was asked of one requirement holds. */
static bool whole(const struct probing *probing, const struct flow *flow)
{
    for (size_t i = 0; i < probing->outcomes.n; i++) {
        const struct probe_outcome *outcome = probing->outcomes.v[i];
        const struct flow *other = outcome->question.flow;

        if (other != NULL && str_eq(other->instance, flow->instance) && str_eq(other->requirement, flow->requirement) &&
            outcome->state != PROBE_HOLDS)
            return false;
    }
    return true;
}

/* One way of several is enough. */
static void excuse_alternatives(struct probing *probing)
{
    for (size_t i = 0; i < probing->outcomes.n; i++) {
        struct probe_outcome *outcome = probing->outcomes.v[i];
        const struct flow *flow = outcome->question.flow;
        bool excused = false;

        if (flow == NULL || flow->any_of.n == 0 || outcome->state == PROBE_HOLDS)
            continue;
        for (size_t k = 0; k < probing->outcomes.n && !excused; k++) {
            const struct flow *other = probing->outcomes.v[k]->question.flow;

            excused = other != NULL && str_eq(other->any_of, flow->any_of) && str_eq(other->instance, flow->instance) &&
                      !str_eq(other->requirement, flow->requirement) && whole(probing, other);
        }
        if (excused)
            outcome->state = PROBE_WARNS;
    }
}

void probing_judge(struct probing *probing)
{
    find_interception(probing);
    vec_each (struct probe_outcome **, outcome, &probing->outcomes)
        probe_judge(probing->cli->arena, *outcome);
    excuse_alternatives(probing);
    vec_each (struct probe_outcome **, outcome, &probing->outcomes) {
        if ((*outcome)->outcome == OUTCOME_TLS_INTERCEPTED)
            *vec_push(probing->cli->arena, &probing->findings) =
                (struct probe_finding){PROBE_INTERCEPTED, *outcome, {0}, (*outcome)->reason};
    }
}

/* --- against the rulesets ---------------------------------------------------------------------------------------- */

static struct ends one_end(struct arena *arena, u128 address)
{
    struct ends ends = {.ranges = ranges_value(arena, address), .item_n = 1};

    ends.items = arena_new_object(arena, struct range);
    ends.items[0] = (struct range){address, address};
    return ends;
}

/* The flow narrowed to what was asked; false: nothing is known of its packets. */
static bool narrowed(struct arena *arena, const struct probing_item *item, struct flow *flow)
{
    const struct probe_question *question = &item->question;

    if (item->subject->flow == NULL || !question->has_address || !question->has_source || item->followed)
        return false;
    *flow = *item->subject->flow;
    flow->family = question->family;
    flow->source = one_end(arena, question->source);
    flow->destination = one_end(arena, question->address);
    flow->transport = (int)question->proto;
    flow->ports = question->port > 0 ? ranges_value(arena, question->port) : NULL;
    flow->ports_known = true;
    return true;
}

static unsigned badness(enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_PERMITTED: return 0;
    case VERDICT_UNDETERMINED: return 1;
    case VERDICT_PARTIAL: return 2;
    case VERDICT_DENIED: return 3;
    case VERDICT_N: break;
    }
    return 0;
}

/* The firewalls of one route, there and back; *any: there is one. */
static void judge_route(struct checking *c, const struct flow *flow, const struct route *route, bool *any,
                        struct verdict *worst)
{
    struct verdict before = {0};

    for (size_t i = 0; i < route->hop_n; i++) {
        const struct hop *hop = &route->hops[i];
        const struct gate *gate = checking_gate(c, hop->firewall);
        struct permit permit = route_permit(flow, route, hop);
        struct verdict request = {0};

        for (enum direction direction = DIRECTION_REQUEST; gate != NULL && direction <= DIRECTION_REPLY; direction++) {
            struct verdict verdict;

            if (direction == DIRECTION_REPLY && flow->no_reply)
                continue;
            judge_permit(c->scratch, gate->prover, &permit, direction, &verdict);
            verdict.firewall = gate->policy->firewall;
            if (direction == DIRECTION_REQUEST)
                request = verdict;
            if (before.translated_by.present) {
                checking_open_verdict(&verdict, &before);
                verdict.rules = NULL; /* `before` is gone when this is shown */
                verdict.rule_n = 0;
            }
            if (!*any || badness(verdict.kind) > badness(worst->kind))
                *worst = verdict;
            *any = true;
        }
        if (request.translated_by.present)
            before = request;
    }
}

static bool rulesets_say(struct checking *c, const struct flow *flow, struct verdict *verdict)
{
    struct routes routes = {0};
    bool any = false;

    routes_find(c->scratch, c->plan->site, flow->family, flow->source.ranges, flow->destination.ranges, flow->subnet,
                &routes);
    for (size_t i = 0; i < routes.n; i++)
        judge_route(c, flow, &routes.v[i], &any, verdict);
    return any && routes.gap_n == 0;
}

static struct str disagreement(struct arena *arena, const struct probe_outcome *outcome, const struct verdict *verdict)
{
    enum probe_passage passage = probe_passage(outcome);
    struct str by = detail_of(outcome, "rejected-by");

    if (passage == PROBE_PASSED && verdict->kind == VERDICT_DENIED)
        return str_printf(arena, "%.*s denies it, and it passed: it runs another ruleset, or there is another way",
                          STR_ARG(verdict->firewall));
    if (passage != PROBE_STOPPED || verdict->kind != VERDICT_PERMITTED)
        return STR_EMPTY;
    if (by.n > 0)
        return str_printf(arena, "the rulesets let it through, and %.*s rejected it", STR_ARG(by));
    return STR("the rulesets let it through, and nothing came back: another ruleset is running, another firewall "
               "stands between, or the host is silent");
}

void probing_compare(struct probing *probing, struct checking *checking)
{
    for (size_t i = 0; i < probing->outcomes.n; i++) {
        const struct probe_outcome *outcome = probing->outcomes.v[i];
        struct flow *flow = arena_new_object(checking->scratch, struct flow);
        struct probe_finding finding = {.kind = PROBE_DISAGREES, .outcome = outcome};

        if (probe_passage(outcome) == PROBE_UNKNOWN || !narrowed(checking->scratch, probing->asked.v[i], flow) ||
            !rulesets_say(checking, flow, &finding.verdict))
            continue;
        finding.message = disagreement(probing->cli->arena, outcome, &finding.verdict);
        if (finding.message.n > 0)
            *vec_push(probing->cli->arena, &probing->findings) = finding;
    }
}
