/* Rulesets against flows; see checking.h. */
#include "cli/checking.h"

#include "prove/passage.h"
#include "report/values.h"

static void judge(struct checking *c, const struct gate *gate, const struct permit *permit, enum direction direction)
{
    struct verdict verdict;

    judge_permit(c->scratch, gate->prover, permit, direction, &verdict);
    verdict.firewall = gate->policy->firewall;
    *vec_push(c->cli->arena, &c->verdicts) = verdict;
}

void checking_flows(struct checking *c)
{
    size_t n = c->verdicts.n;

    for (size_t i = 0; i < c->gate_n; i++)
        n += 2 * c->gates[i].policy->permit_n;
    vec_reserve(c->cli->arena, &c->verdicts, n);
    for (size_t i = 0; i < c->gate_n; i++) {
        const struct policy *policy = c->gates[i].policy;

        for (size_t k = 0; k < policy->permit_n; k++) {
            judge(c, &c->gates[i], &policy->permits[k], DIRECTION_REQUEST);
            if (!policy->permits[k].flow->no_reply)
                judge(c, &c->gates[i], &policy->permits[k], DIRECTION_REPLY);
        }
    }
}

void checking_unresolved(struct checking *c, const struct flow *const *flows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (flows[i]->status != FLOW_UNRESOLVED)
            continue;
        *vec_push(c->cli->arena, &c->verdicts) =
            (struct verdict){.flow = flows[i],
                             .kind = VERDICT_UNDETERMINED,
                             .reason = flows[i]->reason.n > 0 ? flows[i]->reason : STR("the flow is not resolved")};
    }
}

/* Nothing of the flow may get through all the hops. */
static void test_hops(struct checking *c, const struct passage_hop *hops, size_t n, struct test_result *result)
{
    struct packet packet;
    struct rule_ref rule = {0};
    bool has_packet;
    enum passage passage = passage_find(c->scratch, hops, n, &packet, &has_packet, &rule);

    if (passage == PASSAGE_NONE)
        return;
    result->undetermined = passage == PASSAGE_MAYBE && (result->holds || result->undetermined);
    result->holds = false;
    result->packet = packet;
    result->has_packet = has_packet;
    result->rule = rule;
}

/* A flow without a path does not pass. */
static void deny_without_path(struct checking *c, const struct flow *flow)
{
    struct arena_mark mark = arena_mark(c->scratch);
    struct routes routes = {0};

    routes_find(c->scratch, c->plan->site, flow->family, flow->source.ranges, flow->destination.ranges, flow->subnet,
                &routes);
    if (routes.gap_n > 0)
        *vec_push(c->cli->arena, &c->verdicts) =
            (struct verdict){.flow = flow,
                             .kind = routes.n > 0 ? VERDICT_PARTIAL : VERDICT_DENIED,
                             .reason = STR("no path joins the zones of its ends")};
    arena_release(c->scratch, mark);
}

void checking_gaps(struct checking *c)
{
    size_t n;
    const struct finding *gaps = plan_gaps(c->cli->arena, c->plan, &n);

    for (size_t i = 0; i < n; i++)
        *vec_push(c->cli->arena, &c->findings) = gaps[i];
    for (size_t i = 0; n > 0 && i < c->plan->n; i++) {
        if (c->plan->flows[i]->status == FLOW_RESOLVED && c->plan->flows[i]->need != NEED_FORBIDDEN)
            deny_without_path(c, c->plan->flows[i]);
    }
}

void checking_forbidden(struct checking *c, const struct flow *const *flows, size_t n)
{
    const struct gate *gate = &c->gates[0];
    const struct face *face = &gate->policy->faces[0];

    for (size_t i = 0; i < n; i++) {
        struct test_result result = {.holds = true};
        struct arena_mark mark = arena_mark(c->scratch);
        struct route route = {.source = flows[i]->source.ranges, .destination = flows[i]->destination.ranges};
        struct passage_hop hop = {gate->prover,
                                  {flows[i], face->hook, face->in, face->out, route.source, route.destination}};

        if (flows[i]->need != NEED_FORBIDDEN || flows[i]->status != FLOW_RESOLVED)
            continue;
        result.name = str_printf(c->cli->arena, "forbidden %.*s", STR_ARG(flows[i]->id));
        test_hops(c, &hop, 1, &result);
        arena_release(c->scratch, mark);
        *vec_push(c->cli->arena, &c->tests) = result;
    }
}

void checking_baseline(struct checking *c)
{
    for (size_t i = 0; i < c->gate_n; i++) {
        struct arena_mark mark = arena_mark(c->scratch);

        baseline_find(c->scratch, c->gates[i].prover, c->gates[i].policy, &c->findings);
        arena_release(c->scratch, mark);
    }
}

void checking_excess(struct checking *c)
{
    c->searched = true;
    for (size_t i = 0; i < c->gate_n; i++) {
        struct arena_mark mark = arena_mark(c->scratch);
        struct rule_ref rule = {0};

        if (!excess_find(c->scratch, c->gates[i].prover, c->gates[i].policy, &c->findings, &rule)) {
            struct str at = report_cell_rule(c->scratch, &rule);

            c->incomplete = true;
            diag_warning(&c->cli->diags, SPAN_NONE,
                         "the search for excess%s%.*s took too many steps and was given up, there may be more%s%.*s",
                         c->gate_n > 1 ? " at " : "", STR_ARG(c->gates[i].policy->firewall), rule.present ? ": " : "",
                         STR_ARG(at));
        }
        arena_release(c->scratch, mark);
    }
}

const struct gate *checking_gate(const struct checking *c, const struct firewall *firewall)
{
    for (size_t i = 0; i < c->gate_n; i++) {
        if (c->gates[i].firewall == firewall)
            return &c->gates[i];
    }
    return NULL;
}

/* The hops of a route as questions; false when a firewall on it was not opened. */
static bool hops_of(const struct checking *c, const struct flow *flow, const struct route *route,
                    struct passage_hop *hops)
{
    for (size_t i = 0; i < route->hop_n; i++) {
        const struct gate *gate = checking_gate(c, route->hops[i].firewall);

        if (gate == NULL)
            return false;
        hops[i].prover = gate->prover;
        hops[i].permit = route_permit(flow, route, &route->hops[i]);
    }
    return true;
}

/* A packet that meets no firewall passes. */
static void test_unhindered(const struct flow *flow, const struct route *route, struct test_result *result)
{
    result->holds = false;
    result->reason = STR("no firewall stands between them");
    result->has_packet = true;
    result->packet = (struct packet){.family = flow->family,
                                     .source = route->source->v[0].lo,
                                     .destination = route->destination->v[route->destination->n - 1].hi,
                                     .protocol = flow->transport < 0 ? 6 : flow_protocol(flow),
                                     .source_port = 40000,
                                     .port = flow->ports == NULL ? 1 : (uint16_t)flow->ports->v[0].lo,
                                     .tcp_flags = TCP_SYN};
}

static void test_deny(struct checking *c, const struct flow *flow, const struct route *route,
                      struct test_result *result)
{
    struct passage_hop *hops = arena_new_array(c->scratch, struct passage_hop, route->hop_n);

    if (route->hop_n > 0 && hops_of(c, flow, route, hops))
        test_hops(c, hops, route->hop_n, result);
    else if (route->hop_n == 0 && (route->source->n > 1 || route->source->v[0].lo != route->source->v[0].hi ||
                                   !ranges_equal(route->source, route->destination)))
        test_unhindered(flow, route, result);
}

static void test_allow(struct checking *c, const struct flow *flow, const struct route *route,
                       struct test_result *result)
{
    struct passage_hop *hops = arena_new_array(c->scratch, struct passage_hop, route->hop_n);
    struct verdict before = {0}; /* of a firewall that translates */

    if (!hops_of(c, flow, route, hops))
        return;
    for (size_t i = 0; i < route->hop_n; i++) {
        struct verdict request = {0};

        for (enum direction direction = DIRECTION_REQUEST; direction <= DIRECTION_REPLY; direction++) {
            struct verdict verdict;

            if (direction == DIRECTION_REPLY && flow->no_reply)
                continue;
            judge_permit(c->scratch, hops[i].prover, &hops[i].permit, direction, &verdict);
            if (direction == DIRECTION_REQUEST)
                request = verdict;
            if (before.translated_by.present)
                checking_open_verdict(&verdict, &before);
            if (verdict.kind == VERDICT_PERMITTED)
                continue;
            result->undetermined = verdict.kind == VERDICT_UNDETERMINED && (result->holds || result->undetermined);
            result->holds = false;
            result->packet = verdict.packet;
            result->has_packet = verdict.has_packet;
            result->rule = verdict.rule;
            result->reason = verdict.reason;
        }
        if (request.translated_by.present)
            before = request;
    }
}

static void test_flow(struct checking *c, const struct flow *flow, bool allow, struct test_result *result)
{
    struct routes routes = {0};

    routes_find(c->scratch, c->plan->site, flow->family, flow->source.ranges, flow->destination.ranges, flow->subnet,
                &routes);
    for (size_t i = 0; i < routes.n; i++) {
        if (allow)
            test_allow(c, flow, &routes.v[i], result);
        else
            test_deny(c, flow, &routes.v[i], result);
    }
    if (allow && routes.gap_n > 0) {
        result->holds = false;
        result->undetermined = false;
        result->reason = STR("no path joins their zones");
    }
}

void checking_tests(struct checking *c)
{
    const struct site *site = c->plan->site;

    for (size_t i = 0; i < site->test_n; i++) {
        const struct site_test *test = &site->tests[i];
        struct test_result result = {.test = test, .name = test->text, .holds = true};
        struct probe_flows flows = plan_exception_flows(c->cli->arena, &test->what, STR("test"));

        for (size_t k = 0; k < flows.n; k++) {
            struct arena_mark mark = arena_mark(c->scratch);

            test_flow(c, flows.v[k], test->allow, &result);
            arena_release(c->scratch, mark);
        }
        *vec_push(c->cli->arena, &c->tests) = result;
    }
    for (size_t i = 0; i < c->plan->n; i++) {
        const struct flow *flow = c->plan->flows[i];
        struct test_result result = {.holds = true};
        struct arena_mark mark = arena_mark(c->scratch);

        if (flow->need != NEED_FORBIDDEN || flow->status != FLOW_RESOLVED)
            continue;
        result.name = str_printf(c->cli->arena, "forbidden %.*s", STR_ARG(flow->id));
        test_flow(c, flow, false, &result);
        arena_release(c->scratch, mark);
        *vec_push(c->cli->arena, &c->tests) = result;
    }
}

/* --- the result -------------------------------------------------------------------------------------------------- */

/* What must not be possible is counted by what its test found. */
static enum verdict_kind forbidden_verdict(const struct checking *c, const struct flow *flow)
{
    vec_each (const struct test_result *, test, &c->tests) {
        if (str_starts(test->name, "forbidden ") && str_eq(str_from(test->name, 10), flow->id))
            return test->undetermined ? VERDICT_UNDETERMINED : test->holds ? VERDICT_DENIED : VERDICT_PERMITTED;
    }
    return VERDICT_UNDETERMINED;
}

/* Each flow by its worst verdict. */
static void count_flows(struct checking *c, const struct flow *const *flows, size_t n, struct check_summary *summary)
{
    enum verdict_kind *worst = arena_new_array(c->cli->arena, enum verdict_kind, n);
    struct map by_id = {0};

    summary->flows = n;
    for (size_t i = 0; i < n; i++) {
        worst[i] = flows[i]->need == NEED_FORBIDDEN ? forbidden_verdict(c, flows[i]) : VERDICT_PERMITTED;
        map_set(c->cli->arena, &by_id, flows[i]->id, &worst[i]);
    }
    vec_each (struct verdict *, verdict, &c->verdicts) {
        enum verdict_kind *of_flow = map_get(&by_id, verdict->flow->id);

        if (of_flow != NULL && verdict_rank(verdict->kind) > verdict_rank(*of_flow))
            *of_flow = verdict->kind;
    }
    for (size_t i = 0; i < n; i++) {
        summary->permitted += worst[i] == VERDICT_PERMITTED;
        summary->denied += worst[i] == VERDICT_DENIED;
        summary->partial += worst[i] == VERDICT_PARTIAL;
        summary->undetermined += worst[i] == VERDICT_UNDETERMINED;
    }
}

void checking_result(struct checking *c, const struct flow *const *flows, size_t n, struct check_result *result)
{
    *result = (struct check_result){.verdicts = c->verdicts.v,
                                    .verdict_n = c->verdicts.n,
                                    .findings = c->findings.v,
                                    .finding_n = c->findings.n,
                                    .tests = c->tests.v,
                                    .test_n = c->tests.n,
                                    .flows = (const struct flow **)flows,
                                    .flow_n = n,
                                    .site = c->plan == NULL ? NULL : c->plan->site,
                                    .excess_searched = c->searched && !c->incomplete,
                                    .strict = c->cli->strict};
    result->title = result->site != NULL ? result->site->name : STR("flows");
    count_flows(c, flows, n, &result->summary);
    vec_each (struct finding *, finding, &c->findings)
        result->summary.excess += finding->kind == FINDING_EXCESS;
}

int checking_status(const struct checking *c, const struct check_result *result)
{
    bool undetermined = c->incomplete;
    bool failed = false;
    bool warned = c->cli->diags.warnings > 0;

    for (size_t i = 0; i < result->verdict_n; i++) {
        const struct verdict *verdict = &result->verdicts[i];

        failed = failed || verdict_fails(verdict);
        warned = warned || verdict_warns(verdict);
        undetermined = undetermined || (verdict->kind == VERDICT_UNDETERMINED && verdict->flow->need == NEED_REQUIRED);
    }
    for (size_t i = 0; i < result->finding_n; i++) {
        failed = failed || result->findings[i].severity == SEVERITY_ERROR;
        warned = warned || result->findings[i].severity == SEVERITY_WARNING;
    }
    for (size_t i = 0; i < result->test_n; i++) {
        undetermined = undetermined || result->tests[i].undetermined;
        failed = failed || (!result->tests[i].holds && !result->tests[i].undetermined);
    }
    if (c->cli->diags.errors > 0)
        return EXIT_BAD_INPUT;
    if (failed || (warned && c->cli->strict))
        return EXIT_FINDINGS;
    return undetermined ? EXIT_UNDETERMINED : EXIT_HOLDS;
}
