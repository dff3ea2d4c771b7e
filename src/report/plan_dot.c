/*
 * A plan as a graph for Graphviz: roles of an instance are nodes, each pair of roles one edge with all its ports. Flows
 * that belong to no requirement of the site have their ends as nodes.
 */
#include "report/flow.h"
#include "report/plan.h"

#include "base/vec.h"

struct edge {
    struct str from;
    struct str to;
    struct buf label;
    bool open; /* something in it is unresolved */
};

struct edges {
    struct edge *v;
    size_t n;
    size_t capacity;
};

static void add_quoted(struct buf *out, struct str s)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            buf_addc(out, '\\');
        buf_addc(out, s.p[i]);
    }
    buf_addc(out, '"');
}

static const struct requirement *requirement_of(const struct plan *plan, const struct flow *flow)
{
    for (size_t i = 0; plan->site != NULL && i < plan->site->instance_n; i++) {
        const struct instance *instance = &plan->site->instances[i];

        if (instance->catalog != NULL && str_eq(instance->name, flow->instance))
            return catalog_requirement(instance->catalog, flow->requirement);
    }
    return NULL;
}

static struct edge *edge_of(struct arena *arena, struct edges *edges, struct str from, struct str to)
{
    struct edge *edge;

    for (size_t i = 0; i < edges->n; i++) {
        if (str_eq(edges->v[i].from, from) && str_eq(edges->v[i].to, to))
            return &edges->v[i];
    }
    edge = vec_push(arena, edges);
    *edge = (struct edge){.from = from, .to = to};
    return edge;
}

static void add_flow(struct arena *arena, struct edges *edges, const struct plan *plan, const struct flow *flow)
{
    const struct requirement *requirement = requirement_of(plan, flow);
    struct str from = flow_text_source(arena, flow, 2);
    struct str to = flow_text_destination(arena, flow, 2);
    struct str line;
    struct edge *edge;

    if (requirement != NULL) {
        from = str_printf(arena, "%.*s: %.*s", STR_ARG(flow->instance), STR_ARG(requirement->from));
        to = str_printf(arena, "%.*s: %.*s", STR_ARG(flow->instance), STR_ARG(requirement->to));
    }
    edge = edge_of(arena, edges, from, to);
    line = str_printf(arena, "%.*s %.*s\\n", STR_ARG(flow_text_transport(arena, flow)),
                      STR_ARG(flow_text_ports(arena, flow)));
    edge->open = edge->open || flow->status == FLOW_UNRESOLVED;
    /* The other address family of a flow says the same once more. */
    if (!str_ends(buf_str(&edge->label), str_cstr(arena, line)))
        buf_add(&edge->label, line);
}

void report_plan_dot(struct buf *out, const struct plan *plan)
{
    struct arena *arena = arena_new();
    struct edges edges = {0};

    for (size_t i = 0; i < plan->n; i++)
        add_flow(arena, &edges, plan, plan->flows[i]);
    buf_adds(out, "digraph plan {\n    rankdir=LR;\n    node [shape=box, fontname=\"sans-serif\"];\n"
                  "    edge [fontname=\"sans-serif\", fontsize=10];\n");
    for (size_t i = 0; i < edges.n; i++) {
        struct edge *edge = &edges.v[i];

        buf_adds(out, "    ");
        add_quoted(out, edge->from);
        buf_adds(out, " -> ");
        add_quoted(out, edge->to);
        buf_addf(out, " [label=\"%.*s\"%s];\n", STR_ARG(buf_str(&edge->label)), edge->open ? ", style=dashed" : "");
        buf_free(&edge->label);
    }
    buf_adds(out, "}\n");
    arena_free(arena);
}
