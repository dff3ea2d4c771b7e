/* A rehearsal as JSON; see rehearse.h. */
#include "report/rehearse.h"
#include "report/values.h"

static json_t *agreement(enum agreement agreement)
{
    return agreement == AGREEMENT_OPEN ? json_null() : json_boolean(agreement == AGREES);
}

static json_t *text_or_null(struct str text)
{
    return text.n == 0 ? json_null() : report_json_str(text);
}

/* What both say of a packet; `shown` NULL: nulls. */
static void add_played(json_t *object, const struct played_packet *shown)
{
    json_object_set_new(object, "firewall", shown == NULL ? json_null() : text_or_null(shown->firewall));
    json_object_set_new(object, "rule", shown == NULL ? json_null() : report_json_rule(&shown->rule));
    json_object_set_new(object, "packet", shown == NULL ? json_null() : report_json_packet(&shown->packet));
    json_object_set_new(object, "reason", shown == NULL ? json_null() : text_or_null(shown->reason));
}

static json_t *flow_json(const struct rehearsed_flow *flow)
{
    json_t *object = json_object();

    json_object_set_new(object, "flow", report_json_str(flow->flow->id));
    json_object_set_new(object, "need", json_string(need_name(flow->flow->need)));
    json_object_set_new(object, "rehearsal", json_string(playing_name(flow->rehearsal)));
    json_object_set_new(object, "proof", json_string(verdict_name(flow->proof)));
    json_object_set_new(object, "packets", json_integer((json_int_t)flow->n));
    json_object_set_new(object, "passed", json_integer((json_int_t)flow->passed));
    add_played(object, flow->shown);
    if (flow->shown == NULL)
        json_object_set_new(object, "reason", text_or_null(flow->reason));
    json_object_set_new(object, "agree", agreement(flow->agreement));
    return object;
}

static json_t *neighbour_json(const struct rehearsed_neighbour *neighbour)
{
    json_t *object = json_object();

    json_object_set_new(object, "kind", json_string(neighbour->kind));
    json_object_set_new(object, "why", report_json_str(neighbour->why));
    json_object_set_new(object, "flow", neighbour->flow == NULL ? json_null() : report_json_str(neighbour->flow->id));
    json_object_set_new(object, "rehearsal", json_string(playing_name(neighbour->played.kernel)));
    json_object_set_new(object, "proof", json_string(verdict_name(neighbour->played.proof)));
    add_played(object, &neighbour->played);
    json_object_set_new(object, "agree", agreement(neighbour->played.agreement));
    return object;
}

static json_t *test_json(const struct rehearsed_test *test)
{
    json_t *object = json_object();

    json_object_set_new(object, "test", report_json_str(test->name));
    json_object_set_new(object, "holds", test->undetermined ? json_null() : json_boolean(test->holds));
    json_object_set_new(object, "packets", json_integer((json_int_t)test->n));
    add_played(object, test->shown);
    return object;
}

static json_t *finding_json(const struct rehearsal *rehearsal, const struct rehearsal_finding *finding)
{
    json_t *object = json_object();
    const struct played_packet *played = finding->played;
    struct arena *arena = arena_new();

    json_object_set_new(object, "kind", json_string("disagreement"));
    json_object_set_new(object, "about", report_json_str(finding->about));
    json_object_set_new(object, "site", report_json_str(rehearsal->site->source->name));
    json_object_set_new(object, "firewall", text_or_null(finding->firewall));
    json_object_set_new(object, "ruleset", text_or_null(finding->ruleset));
    json_object_set_new(object, "explain", report_json_str(report_cell_packet(arena, true, &played->packet)));
    json_object_set_new(object, "packet", report_json_packet(&played->packet));
    json_object_set_new(object, "rehearsal", json_string(playing_name(played->kernel)));
    json_object_set_new(object, "rule", report_json_rule(&played->rule));
    json_object_set_new(object, "reason", text_or_null(played->reason));
    json_object_set_new(object, "proof", json_string(verdict_name(played->proof)));
    json_object_set_new(object, "proof_rule", report_json_rule(&played->proof_rule));
    arena_free(arena);
    return object;
}

static json_t *change_json(const struct rehearsal_change *change)
{
    json_t *object = json_object();

    json_object_set_new(object, "about", report_json_str(change->about));
    json_object_set_new(object, "before", json_string(playing_name(change->before)));
    json_object_set_new(object, "after", json_string(playing_name(change->after)));
    json_object_set_new(object, "packet", report_json_packet(&change->packet));
    json_object_set_new(object, "rule", report_json_rule(&change->rule));
    return object;
}

static json_t *summary_json(const struct rehearsal *rehearsal)
{
    const struct rehearsal_summary *summary = &rehearsal->summary;
    const struct {
        const char *name;
        size_t value;
    } numbers[] = {
        {"flows", summary->flows},
        {"passing", summary->by_played[PLAYED_PASSES]},
        {"stopped", summary->by_played[PLAYED_STOPPED]},
        {"partly", summary->by_played[PLAYED_PARTLY]},
        {"not_played", summary->by_played[PLAYED_NOT]},
        {"failing", summary->failing},
        {"neighbours", summary->neighbours},
        {"neighbours_passing", summary->neighbours_pass},
        {"tests", summary->tests},
        {"tests_failing", summary->tests_fail},
        {"disagreements", summary->disagreements},
        {"open", summary->open},
        {"packets", summary->packets},
        {"changes", summary->changes},
    };
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_object_set_new(object, numbers[i].name, json_integer((json_int_t)numbers[i].value));
    json_object_set_new(object, "seconds", json_real(summary->seconds));
    return object;
}

void report_rehearse_json(struct buf *out, const struct rehearsal *rehearsal)
{
    json_t *root = json_object();
    json_t *flows = json_array();
    json_t *neighbours = json_array();
    json_t *tests = json_array();
    json_t *findings = json_array();
    json_t *changes = json_array();

    for (size_t i = 0; i < rehearsal->flow_n; i++)
        json_array_append_new(flows, flow_json(&rehearsal->flows[i]));
    for (size_t i = 0; i < rehearsal->neighbour_n; i++)
        json_array_append_new(neighbours, neighbour_json(&rehearsal->neighbours[i]));
    for (size_t i = 0; i < rehearsal->test_n; i++)
        json_array_append_new(tests, test_json(&rehearsal->tests[i]));
    for (size_t i = 0; i < rehearsal->finding_n; i++)
        json_array_append_new(findings, finding_json(rehearsal, &rehearsal->findings[i]));
    for (size_t i = 0; i < rehearsal->change_n; i++)
        json_array_append_new(changes, change_json(&rehearsal->changes[i]));
    json_object_set_new(root, "schema_version", json_integer(1));
    json_object_set_new(root, "flows", flows);
    json_object_set_new(root, "neighbours", neighbours);
    json_object_set_new(root, "tests", tests);
    json_object_set_new(root, "findings", findings);
    if (rehearsal->compared)
        json_object_set_new(root, "changes", changes);
    else
        json_decref(changes);
    json_object_set_new(root, "summary", summary_json(rehearsal));
    report_json_print(out, root);
}
