/* A plan as aligned text, CSV and Markdown. */
#include "report/flow.h"
#include "report/plan.h"
#include "report/table.h"

static struct str join(struct arena *arena, const struct str *v, size_t n, const char *between)
{
    struct buf buf = BUF_EMPTY;
    struct str made;

    for (size_t i = 0; i < n; i++)
        buf_addf(&buf, "%s%.*s", i > 0 ? between : "", STR_ARG(v[i]));
    made = str_dup(arena, buf_str(&buf));
    buf_free(&buf);
    return made;
}

void report_plan_summary(struct buf *out, const struct plan *plan)
{
    size_t unresolved = 0;
    size_t v6 = 0;
    size_t needs[NEED_N] = {0};

    for (size_t i = 0; i < plan->n; i++) {
        unresolved += plan->flows[i]->status == FLOW_UNRESOLVED;
        v6 += plan->flows[i]->family == FAMILY_V6;
        needs[plan->flows[i]->need]++;
    }
    buf_addf(out, "%zu flow%s: %zu resolved, %zu unresolved", plan->n, plan->n == 1 ? "" : "s", plan->n - unresolved,
             unresolved);
    if (v6 > 0)
        buf_addf(out, "; %zu IPv6", v6);
    for (unsigned need = NEED_REQUIRED + 1; need < NEED_N; need++) {
        if (needs[need] > 0)
            buf_addf(out, "; %zu %s", needs[need], need_name((enum need)need));
    }
}

static struct str remark(struct arena *arena, const struct flow *flow)
{
    if (flow->status == FLOW_UNRESOLVED)
        return str_printf(arena, "unresolved: %.*s", STR_ARG(flow->reason));
    if (flow->need == NEED_REQUIRED)
        return flow->service;
    return str_printf(arena, "%.*s%s%s", STR_ARG(flow->service), flow->service.n > 0 ? ", " : "",
                      need_name(flow->need));
}

void report_plan_text(struct buf *out, const struct plan *plan)
{
    static const char *const columns[] = {"flow", "source", "destination", "ports", "service"};
    struct arena *arena = arena_new();
    struct table table;

    table_init(&table, arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < plan->n; i++) {
        const struct flow *flow = plan->flows[i];

        table_add(&table, flow->id);
        table_add(&table, flow_text_source(arena, flow, 1));
        table_add(&table, flow_text_destination(arena, flow, 1));
        table_add(&table, flow_text_ports(arena, flow));
        table_add(&table, remark(arena, flow));
    }
    if (plan->n > 0) {
        table_print_text(out, &table);
        buf_addc(out, '\n');
    }
    report_plan_summary(out, plan);
    buf_addc(out, '\n');
    arena_free(arena);
}

void report_plan_csv(struct buf *out, const struct plan *plan)
{
    static const char *const columns[] = {"id",       "source",      "destination", "transport", "ports",
                                          "instance", "requirement", "product",     "domain",    "status",
                                          "need",     "service",     "purpose",     "origin"};
    struct arena *arena = arena_new();
    struct table table;

    table_init(&table, arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < plan->n; i++) {
        const struct flow *flow = plan->flows[i];
        bool none = flow->destination.item_n == 0 && !flow->destination.any;

        table_add(&table, flow->id);
        table_add(&table, flow_text_source(arena, flow, 0));
        table_add(&table, none ? STR_EMPTY : flow_text_destination(arena, flow, 0));
        table_add(&table, flow_text_transport(arena, flow));
        table_add(&table, flow->ports_known ? flow_text_ports(arena, flow) : STR_EMPTY);
        table_add(&table, flow->instance);
        table_add(&table, flow->requirement);
        table_add(&table, flow->product);
        table_add(&table, join(arena, flow->domains, flow->domain_n, " "));
        table_add(&table, str_of(flow_status_name(flow->status)));
        table_add(&table, str_of(need_name(flow->need)));
        table_add(&table, flow->service);
        table_add(&table, flow->purpose);
        table_add(&table, join(arena, flow->origins, flow->origin_n, "; "));
    }
    table_print_csv(out, &table);
    arena_free(arena);
}

void report_plan_markdown(struct buf *out, const struct plan *plan)
{
    static const char *const columns[] = {"Flow", "Source", "Destination", "Transport", "Ports", "Purpose", "Remark"};
    struct arena *arena = arena_new();
    struct table table;

    table_init(&table, arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < plan->n; i++) {
        const struct flow *flow = plan->flows[i];

        table_add(&table, flow->id);
        table_add(&table, flow_text_source(arena, flow, 8));
        table_add(&table, flow_text_destination(arena, flow, 8));
        table_add(&table, flow_text_transport(arena, flow));
        table_add(&table, flow_text_ports(arena, flow));
        table_add(&table, flow->purpose);
        table_add(&table, remark(arena, flow));
    }
    if (plan->site != NULL && plan->site->name.n > 0)
        buf_addf(out, "# Flows of %.*s\n\n", STR_ARG(plan->site->name));
    report_plan_summary(out, plan);
    buf_adds(out, "\n\n");
    table_print_markdown(out, &table);
    arena_free(arena);
}
