/* JUnit's XML; see junit.h. */
#include "report/junit.h"

#include "report/probe.h"
#include "report/rehearse.h"
#include "report/values.h"

struct suite {
    struct buf *out;
    struct arena *arena;
};

static void begin(struct suite *suite, struct buf *out, struct str title, size_t tests, size_t failures)
{
    *suite = (struct suite){.out = out, .arena = arena_new()};
    buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
    report_xml_text(out, title);
    buf_addf(out, "\" tests=\"%zu\" failures=\"%zu\">\n", tests, failures);
}

static void end(struct suite *suite)
{
    buf_adds(suite->out, "</testsuite>\n");
    arena_free(suite->arena);
}

/* `failure` NULL: the case holds. */
static void add_case(struct suite *suite, struct str group, struct str name, const char *failure, struct str body)
{
    buf_adds(suite->out, "  <testcase classname=\"");
    report_xml_text(suite->out, group);
    buf_adds(suite->out, "\" name=\"");
    report_xml_text(suite->out, name);
    if (failure == NULL) {
        buf_adds(suite->out, "\"/>\n");
        return;
    }
    buf_addf(suite->out, "\"><failure message=\"%s\">", failure);
    report_xml_text(suite->out, body);
    buf_adds(suite->out, "</failure></testcase>\n");
}

/* Reason, rule and packet, a line each. */
static struct str body_of(struct suite *suite, struct str reason, const struct rule_ref *rule, bool has_packet,
                          const struct packet *packet)
{
    struct str lines[] = {reason, report_cell_rule(suite->arena, rule),
                          report_cell_packet(suite->arena, has_packet, packet)};
    struct buf buf = BUF_EMPTY;
    struct str made;

    for (size_t i = 0; i < 3; i++) {
        if (lines[i].n > 0)
            buf_addf(&buf, "%s%.*s", buf.n > 0 ? "\n" : "", STR_ARG(lines[i]));
    }
    made = str_dup(suite->arena, buf_str(&buf));
    buf_free(&buf);
    return made;
}

static bool bad_verdict(const struct verdict *verdict)
{
    return verdict_fails(verdict) || verdict->kind == VERDICT_UNDETERMINED;
}

static void add_verdict(struct suite *suite, const struct verdict *verdict)
{
    struct str name = str_printf(suite->arena, "%.*s %s%s%s", STR_ARG(verdict->flow->id),
                                 verdict->hook == HOOK_NONE ? "" : hook_name(verdict->hook),
                                 verdict->hook == HOOK_NONE ? "" : " ", direction_name(verdict->direction));

    add_case(suite, verdict->firewall, name, bad_verdict(verdict) ? verdict_name(verdict->kind) : NULL,
             body_of(suite, verdict->reason, &verdict->rule, verdict->has_packet, &verdict->packet));
}

static bool bad_finding(const struct finding *finding)
{
    return finding->severity == SEVERITY_ERROR;
}

static void add_finding(struct suite *suite, const struct finding *finding, bool fails)
{
    struct str said = report_cell_finding(suite->arena, finding);
    struct str what = said.n > 0 ? said : report_cell_rule(suite->arena, &finding->rule);
    struct str name = str_printf(suite->arena, "%s %.*s", finding_name(finding->kind), STR_ARG(what));

    add_case(suite, finding->firewall, name, fails ? finding_name(finding->kind) : NULL,
             body_of(suite, STR_EMPTY, &finding->rule, finding->has_packet, &finding->packet));
}

static void add_test(struct suite *suite, const struct test_result *test)
{
    add_case(suite, STR("test"), test->name, test->holds ? NULL : "the test does not hold",
             body_of(suite, test->reason, &test->rule, test->has_packet, &test->packet));
}

void report_check_junit(struct buf *out, const struct check_result *result)
{
    size_t failures = 0;
    struct suite suite;

    for (size_t i = 0; i < result->verdict_n; i++)
        failures += bad_verdict(&result->verdicts[i]);
    for (size_t i = 0; i < result->finding_n; i++)
        failures += bad_finding(&result->findings[i]);
    for (size_t i = 0; i < result->test_n; i++)
        failures += !result->tests[i].holds;
    begin(&suite, out, result->title, result->verdict_n + result->finding_n + result->test_n, failures);
    for (size_t i = 0; i < result->verdict_n; i++)
        add_verdict(&suite, &result->verdicts[i]);
    for (size_t i = 0; i < result->finding_n; i++)
        add_finding(&suite, &result->findings[i], bad_finding(&result->findings[i]));
    for (size_t i = 0; i < result->test_n; i++)
        add_test(&suite, &result->tests[i]);
    end(&suite);
}

void report_findings_junit(struct buf *out, struct str title, const struct finding *findings, size_t n)
{
    struct suite suite;

    begin(&suite, out, title, n > 0 ? n : 1, n);
    for (size_t i = 0; i < n; i++)
        add_finding(&suite, &findings[i], true);
    if (n == 0)
        add_case(&suite, title, STR("nothing was found"), NULL, STR_EMPTY);
    end(&suite);
}

/* --- probe ------------------------------------------------------------------------------------------------------- */

static bool bad_outcome(const struct probe_outcome *outcome)
{
    return outcome->state == PROBE_FAILS || outcome->state == PROBE_UNDETERMINED;
}

static void add_outcome(struct suite *suite, const struct probe_outcome *outcome)
{
    const struct probe_question *question = &outcome->question;
    struct str address = report_probe_address(suite->arena, question);
    struct str subject = report_probe_subject(question);
    bool named = report_probe_named(question);
    struct str name = str_printf(suite->arena, "%.*s%s%.*s", STR_ARG(question->target), named ? " " : "",
                                 named ? (int)address.n : 0, address.p);

    add_case(suite, subject.n > 0 ? subject : STR("target"), name,
             bad_outcome(outcome) ? outcome_name(outcome->outcome) : NULL, report_probe_why(suite->arena, outcome));
}

void report_probe_junit(struct buf *out, const struct probe_run *run)
{
    size_t failures = run->finding_n;
    struct suite suite;

    for (size_t i = 0; i < run->n; i++)
        failures += bad_outcome(&run->v[i]);
    begin(&suite, out, run->title, run->n + run->finding_n, failures);
    for (size_t i = 0; i < run->n; i++)
        add_outcome(&suite, &run->v[i]);
    for (size_t i = 0; i < run->finding_n; i++) {
        const struct probe_finding *finding = &run->findings[i];
        const struct verdict *verdict = &finding->verdict;

        add_case(&suite, STR("finding"),
                 str_printf(suite.arena, "%s %.*s", probe_finding_name(finding->kind),
                            STR_ARG(finding->outcome->question.target)),
                 probe_finding_name(finding->kind),
                 body_of(&suite, finding->message, &verdict->rule, verdict->has_packet, &verdict->packet));
    }
    end(&suite);
}

/* --- rehearse ---------------------------------------------------------------------------------------------------- */

static void add_played(struct suite *suite, struct str group, struct str name, const char *failure,
                       const struct played_packet *played)
{
    struct rule_ref none = {0};

    add_case(suite, group, name, failure,
             failure == NULL || played == NULL
                 ? STR_EMPTY
                 : body_of(suite, played->reason, played->rule.present ? &played->rule : &none, true, &played->packet));
}

static const char *flow_failure(const struct rehearsed_flow *flow)
{
    return rehearsed_flow_fails(flow) ? playing_name(flow->rehearsal) : NULL;
}

void report_rehearse_junit(struct buf *out, const struct rehearsal *rehearsal)
{
    const struct rehearsal_summary *summary = &rehearsal->summary;
    struct suite suite;

    begin(&suite, out, rehearsal->title,
          rehearsal->flow_n + rehearsal->neighbour_n + rehearsal->test_n + rehearsal->finding_n,
          summary->failing + summary->neighbours_pass + summary->tests_fail + rehearsal->finding_n);
    for (size_t i = 0; i < rehearsal->flow_n; i++)
        add_played(&suite, STR("flow"), rehearsal->flows[i].flow->id, flow_failure(&rehearsal->flows[i]),
                   rehearsal->flows[i].shown);
    for (size_t i = 0; i < rehearsal->neighbour_n; i++) {
        const struct rehearsed_neighbour *neighbour = &rehearsal->neighbours[i];
        struct str packet = report_cell_packet(suite.arena, true, &neighbour->played.packet);

        add_played(&suite, STR("neighbour"),
                   str_printf(suite.arena, "%.*s: %.*s", STR_ARG(neighbour->why), STR_ARG(packet)),
                   neighbour->played.kernel == PLAYED_PASSES ? "passes" : NULL, &neighbour->played);
    }
    for (size_t i = 0; i < rehearsal->test_n; i++) {
        const struct rehearsed_test *test = &rehearsal->tests[i];

        add_played(&suite, STR("test"), test->name, test->holds || test->undetermined ? NULL : "the test does not hold",
                   test->shown);
    }
    for (size_t i = 0; i < rehearsal->finding_n; i++)
        add_played(&suite, STR("disagreement"), rehearsal->findings[i].about, "kernel and prover disagree",
                   rehearsal->findings[i].played);
    end(&suite);
}
