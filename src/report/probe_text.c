/* `probe` for a terminal: a line for each outcome, findings, ports that were discovered, and the sum. */
#include "report/probe.h"

#include "report/table.h"
#include "report/values.h"

#define PLAIN "\033[0m"
#define COUNT(array) (sizeof(array) / sizeof *(array))

struct str report_probe_address(struct arena *arena, const struct probe_question *question)
{
    return question->has_address ? addr_text(arena, question->family, question->address) : STR_EMPTY;
}

bool report_probe_named(const struct probe_question *question)
{
    struct str scheme;
    struct str host;
    struct buf text = BUF_EMPTY;
    bool named;

    if (!question->has_address)
        return false;
    addr_format(&text, question->family, question->address);
    scheme = str_cut(question->target, '/', &host);
    host = str_from(host, scheme.n < question->target.n); /* the second slash */
    if (str_starts(host, "["))
        host = str_cut(str_from(host, 1), ']', &scheme);
    else
        host = str_cut(host, ':', &scheme);
    named = !str_eq(host, buf_str(&text));
    buf_free(&text);
    return named;
}

struct str report_probe_subject(const struct probe_question *question)
{
    return question->flow != NULL ? question->flow->id : question->test;
}

struct str report_probe_why(struct arena *arena, const struct probe_outcome *outcome)
{
    if (outcome->warning.n > 0 && !str_eq(outcome->warning, outcome->reason))
        return str_printf(arena, "%.*s; %.*s", STR_ARG(outcome->reason), STR_ARG(outcome->warning));
    return outcome->reason;
}

/* --- one line for ports that fared alike ------------------------------------------------------------------------- */

static bool alike(const struct probe_outcome *a, const struct probe_outcome *b)
{
    const struct probe_question *p = &a->question;
    const struct probe_question *q = &b->question;

    return a->outcome == b->outcome && a->state == b->state && a->outcome != OUTCOME_OPEN &&
           str_eq(a->reason, b->reason) && str_eq(a->warning, b->warning) && p->flow == q->flow &&
           str_eq(p->test, q->test) && str_eq(p->service, q->service) && p->proto == q->proto && p->has_address &&
           q->has_address && p->family == q->family && p->address == q->address && p->has_source == q->has_source &&
           p->source == q->source && p->denied == q->denied;
}

/* How many from here on are the ports right behind one another of one such run. */
static size_t run_of(const struct probe_run *run, size_t at)
{
    size_t n = 1;

    while (at + n < run->n && run->v[at + n].question.port == run->v[at].question.port + n &&
           alike(&run->v[at], &run->v[at + n]))
        n++;
    return n;
}

static struct str target_of(struct arena *arena, const struct probe_outcome *first, size_t n)
{
    if (n == 1)
        return first->question.target;
    return str_printf(arena, "%.*s-%zu", STR_ARG(first->question.target), first->question.port + n - 1);
}

/* --- the table --------------------------------------------------------------------------------------------------- */

struct shape {
    bool subject; /* a flow or a test: without a site there is none */
    bool address; /* where a name stands in the target */
    bool source;  /* where they are not all the same */
};

static bool another_source(const struct probe_run *run, size_t i, const struct probe_question *first[FAMILY_N])
{
    const struct probe_question *question = &run->v[i].question;

    if (!question->has_source)
        return false;
    if (first[question->family] == NULL)
        first[question->family] = question;
    return first[question->family]->source != question->source;
}

static struct shape shape_of(const struct probe_run *run)
{
    const struct probe_question *first[FAMILY_N] = {NULL};
    struct shape shape = {0};

    for (size_t i = 0; i < run->n; i++) {
        const struct probe_question *question = &run->v[i].question;

        shape.subject = shape.subject || report_probe_subject(question).n > 0;
        shape.address = shape.address || report_probe_named(question);
        shape.source = shape.source || another_source(run, i, first);
    }
    return shape;
}

static struct str time_cell(struct arena *arena, const struct probe_outcome *outcome)
{
    double sum = 0;
    bool any = false;

    for (enum probe_phase phase = 0; phase < PHASE_N; phase++) {
        any = any || outcome->has_ms[phase];
        sum += outcome->has_ms[phase] ? outcome->ms[phase] : 0;
    }
    return any ? str_printf(arena, "%.1f", sum) : STR_EMPTY;
}

static void add_row(struct table *table, struct shape shape, const struct probe_outcome *outcome, size_t n)
{
    struct arena *arena = table->arena;
    const struct probe_question *question = &outcome->question;

    table_add(table, str_of(probe_state_name(outcome->state)));
    table_add(table, str_of(outcome_name(outcome->outcome)));
    if (shape.subject)
        table_add(table, report_probe_subject(question));
    table_add(table, target_of(arena, outcome, n));
    if (shape.address)
        table_add(table, report_probe_address(arena, question));
    if (shape.source) {
        struct probe_question from = {
            .has_address = question->has_source, .family = question->family, .address = question->source};

        table_add(table, report_probe_address(arena, &from));
    }
    table_add(table, n == 1 ? time_cell(arena, outcome) : STR_EMPTY);
    table_add(table, report_probe_why(arena, outcome));
}

static const char *paint_of(struct str state)
{
    if (str_is(state, "fails"))
        return "\033[1;31m";
    if (str_is(state, "holds"))
        return "\033[1;32m";
    return str_is(state, "undetermined") || str_is(state, "warning") ? "\033[1;33m" : "";
}

/* The first word of each line is its state. */
static void paint(struct buf *out, struct str text)
{
    while (text.n > 0) {
        struct str line = str_cut(text, '\n', &text);
        struct str rest;
        struct str state = str_cut(line, ' ', &rest);
        const char *color = paint_of(state);

        buf_addf(out, "%s%.*s%s", color, STR_ARG(state), color[0] != '\0' ? PLAIN : "");
        buf_add(out, str_from(line, state.n));
        buf_addc(out, '\n');
    }
}

static void add_table(struct buf *out, const struct probe_run *run, bool color)
{
    const char *columns[8];
    size_t column_n = 0;
    struct arena *arena = arena_new();
    struct shape shape = shape_of(run);
    struct buf text = BUF_EMPTY;
    struct table table;

    columns[column_n++] = "state";
    columns[column_n++] = "outcome";
    if (shape.subject)
        columns[column_n++] = "flow";
    columns[column_n++] = "target";
    if (shape.address)
        columns[column_n++] = "address";
    if (shape.source)
        columns[column_n++] = "from";
    columns[column_n++] = "ms";
    columns[column_n++] = "why";
    table_init(&table, arena, columns, column_n);
    for (size_t i = 0, n; i < run->n; i += n) {
        n = run_of(run, i);
        add_row(&table, shape, &run->v[i], n);
    }
    table_print_text(&text, &table);
    if (color)
        paint(out, buf_str(&text));
    else
        buf_add(out, buf_str(&text));
    buf_free(&text);
    arena_free(arena);
}

/* --- behind it --------------------------------------------------------------------------------------------------- */

static void add_finding(struct buf *out, const struct probe_finding *finding)
{
    buf_addf(out, "%s %.*s", probe_finding_name(finding->kind), STR_ARG(finding->outcome->question.target));
    if (finding->outcome->question.flow != NULL)
        buf_addf(out, " (%.*s)", STR_ARG(finding->outcome->question.flow->id));
    buf_addf(out, ": %.*s\n", STR_ARG(finding->message));
    if (finding->verdict.rule.present) {
        buf_adds(out, "    rule   ");
        report_line_rule(out, &finding->verdict.rule);
        buf_addc(out, '\n');
    }
    if (finding->verdict.has_packet) {
        buf_adds(out, "    packet ");
        packet_format(out, &finding->verdict.packet);
        buf_addc(out, '\n');
    }
}

/* Whether one before it says the same parameter; *other: its port is another. */
static bool said_before(const struct probe_port *ports, size_t at, bool *other)
{
    for (size_t i = 0; i < at; i++) {
        if (!str_eq(ports[i].instance, ports[at].instance) || !str_eq(ports[i].parameter, ports[at].parameter))
            continue;
        *other = ports[i].port != ports[at].port;
        return true;
    }
    return false;
}

static bool new_instance(const struct probe_port *ports, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (ports[i].parameter.n > 0 && str_eq(ports[i].instance, ports[at].instance))
            return false;
    }
    return ports[at].parameter.n > 0;
}

static void add_instance_ports(struct buf *out, const struct probe_port *ports, size_t n, struct str instance)
{
    buf_addf(out, "  %.*s:\n    parameters:\n", STR_ARG(instance));
    for (size_t i = 0; i < n; i++) {
        bool other = false;

        if (ports[i].parameter.n == 0 || !str_eq(ports[i].instance, instance))
            continue;
        if (!said_before(ports, i, &other))
            buf_addf(out, "      %.*s: %u\n", STR_ARG(ports[i].parameter), ports[i].port);
        else if (other)
            buf_addf(out, "      # %.*s is at %u, too: one parameter cannot say both (%.*s)\n",
                     STR_ARG(ports[i].service), ports[i].port, STR_ARG(ports[i].target));
    }
}

void report_probe_ports(struct buf *out, const struct probe_port *ports, size_t n)
{
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        if (!new_instance(ports, i))
            continue;
        buf_adds(out, any ? "" : "instances:\n");
        any = true;
        add_instance_ports(out, ports, n, ports[i].instance);
    }
}

static void add_sum(struct buf *out, const struct probe_run *run)
{
    const struct probe_summary *s = &run->summary;
    const char *before = "; ";

    buf_addf(out, "%zu probe%s: %zu hold, %zu fail, %zu undetermined", s->n, s->n == 1 ? "" : "s",
             s->by_state[PROBE_HOLDS], s->by_state[PROBE_FAILS], s->by_state[PROBE_UNDETERMINED]);
    if (s->by_state[PROBE_WARNS] > 0)
        buf_addf(out, ", %zu warning%s", s->by_state[PROBE_WARNS], s->by_state[PROBE_WARNS] == 1 ? "" : "s");
    for (enum outcome outcome = 0; outcome < OUTCOME_N; outcome++) {
        if (s->by_outcome[outcome] == 0)
            continue;
        buf_addf(out, "%s%s: %zu", before, outcome_name(outcome), s->by_outcome[outcome]);
        before = ", ";
    }
    buf_adds(out, run->interrupted ? "; interrupted\n" : "\n");
}

void report_probe_text(struct buf *out, const struct probe_run *run, bool color)
{
    if (run->n > 0) {
        add_table(out, run, color);
        buf_addc(out, '\n');
    }
    for (size_t i = 0; i < run->finding_n; i++)
        add_finding(out, &run->findings[i]);
    if (run->finding_n > 0)
        buf_addc(out, '\n');
    if (run->port_n > 0) {
        buf_adds(out, "# ports that rpcbind names; they stay when they are pinned on the server and written here\n");
        report_probe_ports(out, run->ports, run->port_n);
        buf_addc(out, '\n');
    }
    add_sum(out, run);
}

/* --- what would be sent ------------------------------------------------------------------------------------------ */

void report_probe_plan_text(struct buf *out, const struct probe_plan *plan)
{
    struct arena *arena = arena_new();
    size_t asked = 0;

    for (size_t i = 0; i < plan->n; i++) {
        const struct probe_planned *planned = &plan->v[i];
        const struct probe_question *question = &planned->question;
        struct str address = report_probe_address(arena, question);
        struct str subject = report_probe_subject(question);

        buf_add(out, question->target);
        if (report_probe_named(question))
            buf_addf(out, " at %.*s", STR_ARG(address));
        if (question->has_source) {
            buf_adds(out, " from ");
            addr_format(out, question->family, question->source);
        }
        if (question->proxy.n > 0)
            buf_addf(out, " through %.*s", STR_ARG(question->proxy));
        if (subject.n > 0)
            buf_addf(out, " (%.*s)", STR_ARG(subject));
        buf_adds(out, question->denied ? ", expected denied\n" : "\n");
        if (planned->before.n > 0)
            buf_addf(out, "    first  %.*s\n", STR_ARG(planned->before));
        for (size_t k = 0; k < planned->send_n; k++)
            buf_addf(out, "    sends  %.*s\n", STR_ARG(planned->sends[k]));
        if (planned->reason.n > 0)
            buf_addf(out, "    nothing is asked: %.*s\n", STR_ARG(planned->reason));
        asked += planned->send_n > 0;
    }
    buf_addf(out, "%s%zu probe%s, nothing was sent\n", plan->n > 0 ? "\n" : "", asked, asked == 1 ? "" : "s");
    arena_free(arena);
}
