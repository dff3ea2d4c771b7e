/* `probe` as JSON (DESIGN, section 5), with keys of its own behind the documented ones. */
#include "report/probe.h"

#include "report/values.h"

static json_t *text_or_null(struct str text)
{
    return text.n == 0 ? json_null() : report_json_str(text);
}

static json_t *address(bool has, enum family family, u128 addr)
{
    struct buf text = BUF_EMPTY;
    json_t *value;

    if (!has)
        return json_null();
    addr_format(&text, family, addr);
    value = report_json_str(buf_str(&text));
    buf_free(&text);
    return value;
}

static void add_question(json_t *object, const struct probe_question *question)
{
    struct buf transport = BUF_EMPTY;

    json_object_set_new(object, "target", report_json_str(question->target));
    json_object_set_new(object, "flow", question->flow == NULL ? json_null() : report_json_str(question->flow->id));
    json_object_set_new(object, "service", report_json_str(question->service));
    if (question->test.n > 0)
        json_object_set_new(object, "test", report_json_str(question->test));
    if (question->proto > 0)
        transport_format(&transport, (int)question->proto);
    json_object_set_new(object, "transport", text_or_null(buf_str(&transport)));
    buf_free(&transport);
    json_object_set_new(object, "address", address(question->has_address, question->family, question->address));
    json_object_set_new(object, "port", question->port == 0 ? json_null() : json_integer(question->port));
    json_object_set_new(object, "source", address(question->has_source, question->family, question->source));
    if (question->proxy.n > 0)
        json_object_set_new(object, "proxy", report_json_str(question->proxy));
    json_object_set_new(object, "expected", json_string(question->denied ? "denied" : "open"));
}

static json_t *holds(enum probe_state state)
{
    switch (state) {
    case PROBE_HOLDS: return json_true();
    case PROBE_WARNS:
    case PROBE_FAILS: return json_false();
    case PROBE_UNDETERMINED: return json_null();
    case PROBE_STATE_N: break;
    }
    return json_null();
}

static json_t *outcome_element(const void *context, size_t i)
{
    const struct probe_run *run = context;
    const struct probe_outcome *outcome = &run->v[i];
    json_t *object = json_object();
    json_t *detail = json_object();
    json_t *ms = json_object();

    add_question(object, &outcome->question);
    json_object_set_new(object, "outcome", json_string(outcome_name(outcome->outcome)));
    json_object_set_new(object, "reason", report_json_str(outcome->reason));
    for (size_t k = 0; k < outcome->detail_n; k++)
        json_object_setn_new(detail, outcome->details[k].name.p, outcome->details[k].name.n,
                             report_json_str(outcome->details[k].value));
    json_object_set_new(object, "detail", detail);
    for (enum probe_phase phase = 0; phase < PHASE_N; phase++)
        json_object_set_new(ms, probe_phase_name(phase),
                            outcome->has_ms[phase] ? json_real(outcome->ms[phase]) : json_null());
    json_object_set_new(object, "ms", ms);
    json_object_set_new(object, "holds", holds(outcome->state));
    json_object_set_new(object, "state", json_string(probe_state_name(outcome->state)));
    json_object_set_new(object, "answered", text_or_null(outcome->answered));
    if (outcome->warning.n > 0)
        json_object_set_new(object, "warning", report_json_str(outcome->warning));
    return object;
}

static json_t *findings(const struct probe_run *run)
{
    json_t *list = json_array();

    for (size_t i = 0; i < run->finding_n; i++) {
        const struct probe_finding *finding = &run->findings[i];
        const struct verdict *verdict = &finding->verdict;
        json_t *object = json_object();

        json_object_set_new(object, "kind", json_string(probe_finding_name(finding->kind)));
        json_object_set_new(object, "severity", json_string(severity_name(SEVERITY_ERROR)));
        json_object_set_new(object, "target", report_json_str(finding->outcome->question.target));
        json_object_set_new(object, "flow", text_or_null(report_probe_subject(&finding->outcome->question)));
        json_object_set_new(object, "message", report_json_str(finding->message));
        if (finding->kind == PROBE_DISAGREES) {
            json_object_set_new(object, "verdict", json_string(verdict_name(verdict->kind)));
            json_object_set_new(object, "firewall", text_or_null(verdict->firewall));
        }
        json_object_set_new(object, "rule", report_json_rule(&verdict->rule));
        json_object_set_new(object, "packet", verdict->has_packet ? report_json_packet(&verdict->packet) : json_null());
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *ports(const struct probe_run *run)
{
    json_t *list = json_array();

    for (size_t i = 0; i < run->port_n; i++) {
        const struct probe_port *port = &run->ports[i];
        json_t *object = json_object();
        struct buf transport = BUF_EMPTY;

        transport_format(&transport, (int)port->proto);
        json_object_set_new(object, "instance", text_or_null(port->instance));
        json_object_set_new(object, "parameter", text_or_null(port->parameter));
        json_object_set_new(object, "service", report_json_str(port->service));
        json_object_set_new(object, "transport", report_json_str(buf_str(&transport)));
        json_object_set_new(object, "port", json_integer(port->port));
        json_object_set_new(object, "target", report_json_str(port->target));
        buf_free(&transport);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *summary(const struct probe_run *run)
{
    const struct probe_summary *s = &run->summary;
    json_t *object = json_pack("{s:I, s:I, s:I, s:I, s:I, s:b}", "probes", (json_int_t)s->n, "hold",
                               (json_int_t)s->by_state[PROBE_HOLDS], "fail", (json_int_t)s->by_state[PROBE_FAILS],
                               "undetermined", (json_int_t)s->by_state[PROBE_UNDETERMINED], "warnings",
                               (json_int_t)s->by_state[PROBE_WARNS], "interrupted", run->interrupted);
    json_t *by_outcome = json_object();

    for (enum outcome outcome = 0; outcome < OUTCOME_N; outcome++) {
        if (s->by_outcome[outcome] > 0)
            json_object_set_new(by_outcome, outcome_name(outcome), json_integer((json_int_t)s->by_outcome[outcome]));
    }
    json_object_set_new(object, "outcomes", by_outcome);
    json_object_set_new(object, "findings", json_integer((json_int_t)run->finding_n));
    return object;
}

void report_probe_json(struct buf *out, const struct probe_run *run)
{
    json_t *root = json_object();

    json_object_set_new(root, "schema_version", json_integer(1));
    json_object_set_new(root, "outcomes", json_null());
    json_object_set_new(root, "findings", findings(run));
    if (run->port_n > 0)
        json_object_set_new(root, "ports", ports(run));
    json_object_set_new(root, "summary", summary(run));
    report_json_print_with(out, root, "outcomes", outcome_element, run, run->n);
}

static json_t *planned_element(const void *context, size_t i)
{
    const struct probe_plan *plan = context;
    const struct probe_planned *planned = &plan->v[i];
    json_t *object = json_object();
    json_t *sends = json_array();

    add_question(object, &planned->question);
    for (size_t k = 0; k < planned->send_n; k++)
        json_array_append_new(sends, report_json_str(planned->sends[k]));
    json_object_set_new(object, "before", text_or_null(planned->before));
    json_object_set_new(object, "sends", sends);
    json_object_set_new(object, "reason", text_or_null(planned->reason));
    return object;
}

void report_probe_plan_json(struct buf *out, const struct probe_plan *plan)
{
    json_t *root = json_object();
    size_t asked = 0;

    for (size_t i = 0; i < plan->n; i++)
        asked += plan->v[i].send_n > 0;
    json_object_set_new(root, "schema_version", json_integer(1));
    json_object_set_new(root, "dry_run", json_true());
    json_object_set_new(root, "probes", json_null());
    json_object_set_new(root, "summary", json_pack("{s:I}", "probes", (json_int_t)asked));
    report_json_print_with(out, root, "probes", planned_element, plan, plan->n);
}
