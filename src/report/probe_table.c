/* `probe` as CSV and Markdown. */
#include "report/probe.h"

#include "report/table.h"
#include "report/values.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct str transport_cell(struct arena *arena, const struct probe_question *question)
{
    struct buf text = BUF_EMPTY;
    struct str made;

    if (question->proto > 0)
        transport_format(&text, (int)question->proto);
    made = str_dup(arena, buf_str(&text));
    buf_free(&text);
    return made;
}

static struct str port_cell(struct arena *arena, const struct probe_question *question)
{
    return question->port == 0 ? STR_EMPTY : str_printf(arena, "%u", question->port);
}

static struct str source_cell(struct arena *arena, const struct probe_question *question)
{
    struct probe_question from = {
        .has_address = question->has_source, .family = question->family, .address = question->source};

    return report_probe_address(arena, &from);
}

static void add_question(struct table *table, const struct probe_question *question)
{
    table_add(table, question->target);
    table_add(table, report_probe_subject(question));
    table_add(table, question->service);
    table_add(table, transport_cell(table->arena, question));
    table_add(table, report_probe_address(table->arena, question));
    table_add(table, port_cell(table->arena, question));
    table_add(table, source_cell(table->arena, question));
    table_add(table, question->proxy);
    table_add(table, question->denied ? STR("denied") : STR("open"));
}

#define QUESTION_COLUMNS "target", "flow", "service", "transport", "address", "port", "source", "proxy", "expected"

void report_probe_csv(struct buf *out, const struct probe_run *run)
{
    static const char *const columns[] = {QUESTION_COLUMNS, "outcome",    "state",      "reason", "answered",
                                          "warning",        "resolve_ms", "connect_ms", "tls_ms", "handshake_ms"};
    struct arena *arena = arena_new();
    struct table table;

    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < run->n; i++) {
        const struct probe_outcome *outcome = &run->v[i];

        add_question(&table, &outcome->question);
        table_add(&table, str_of(outcome_name(outcome->outcome)));
        table_add(&table, str_of(probe_state_name(outcome->state)));
        table_add(&table, outcome->reason);
        table_add(&table, outcome->answered);
        table_add(&table, outcome->warning);
        for (enum probe_phase phase = 0; phase < PHASE_N; phase++)
            table_add(&table, outcome->has_ms[phase] ? str_printf(arena, "%.3f", outcome->ms[phase]) : STR_EMPTY);
    }
    table_print_csv(out, &table);
    arena_free(arena);
}

static void markdown_findings(struct buf *out, struct arena *arena, const struct probe_run *run)
{
    static const char *const columns[] = {"finding", "target", "flow", "what", "rule", "packet"};
    struct table table;

    if (run->finding_n == 0)
        return;
    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < run->finding_n; i++) {
        const struct probe_finding *finding = &run->findings[i];

        table_add(&table, str_of(probe_finding_name(finding->kind)));
        table_add(&table, finding->outcome->question.target);
        table_add(&table, report_probe_subject(&finding->outcome->question));
        table_add(&table, finding->message);
        table_add(&table, report_cell_rule(arena, &finding->verdict.rule));
        table_add(&table, report_cell_packet(arena, finding->verdict.has_packet, &finding->verdict.packet));
    }
    buf_addc(out, '\n');
    table_print_markdown(out, &table);
}

void report_probe_markdown(struct buf *out, const struct probe_run *run)
{
    static const char *const columns[] = {"state", "outcome", "flow", "target", "address", "why"};
    const struct probe_summary *s = &run->summary;
    struct arena *arena = arena_new();
    struct table table;

    buf_addf(out, "# Probes of %.*s\n\n%zu probe%s: %zu hold, %zu fail, %zu undetermined, %zu warning%s%s.\n\n",
             STR_ARG(run->title), s->n, s->n == 1 ? "" : "s", s->by_state[PROBE_HOLDS], s->by_state[PROBE_FAILS],
             s->by_state[PROBE_UNDETERMINED], s->by_state[PROBE_WARNS], s->by_state[PROBE_WARNS] == 1 ? "" : "s",
             run->interrupted ? "; interrupted" : "");
    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < run->n; i++) {
        const struct probe_outcome *outcome = &run->v[i];

        table_add(&table, str_of(probe_state_name(outcome->state)));
        table_add(&table, str_of(outcome_name(outcome->outcome)));
        table_add(&table, report_probe_subject(&outcome->question));
        table_add(&table, outcome->question.target);
        table_add(&table, report_probe_address(arena, &outcome->question));
        table_add(&table, report_probe_why(arena, outcome));
    }
    table_print_markdown(out, &table);
    markdown_findings(out, arena, run);
    arena_free(arena);
}

static struct str sends_cell(struct arena *arena, const struct probe_planned *planned)
{
    struct buf text = BUF_EMPTY;
    struct str made;

    for (size_t k = 0; k < planned->send_n; k++)
        buf_addf(&text, "%s%.*s", k > 0 ? "; " : "", STR_ARG(planned->sends[k]));
    made = str_dup(arena, buf_str(&text));
    buf_free(&text);
    return made;
}

void report_probe_plan_csv(struct buf *out, const struct probe_plan *plan)
{
    static const char *const columns[] = {QUESTION_COLUMNS, "before", "sends", "reason"};
    struct arena *arena = arena_new();
    struct table table;

    table_init(&table, arena, columns, COUNT(columns));
    for (size_t i = 0; i < plan->n; i++) {
        add_question(&table, &plan->v[i].question);
        table_add(&table, plan->v[i].before);
        table_add(&table, sends_cell(arena, &plan->v[i]));
        table_add(&table, plan->v[i].reason);
    }
    table_print_csv(out, &table);
    arena_free(arena);
}
