/* What JSON and CSV of flows share; see flows.h. */
#include "plan/flows_reader.h"

#include "net/proto.h"

#include <stdlib.h>

static int by_range(const void *a, const void *b)
{
    const struct range *x = a;
    const struct range *y = b;

    if (x->lo != y->lo)
        return x->lo < y->lo ? -1 : 1;
    return x->hi < y->hi ? -1 : x->hi > y->hi;
}

bool flows_add_end(struct arena *arena, struct str text, struct span span, struct diags *diags, struct flow_ends *ends)
{
    struct addr_range addr;
    enum addr_error error;

    if (str_is(text, "any")) {
        ends->any = true;
        return true;
    }
    error = addr_range_parse(text, &addr);
    if (error != ADDR_OK) {
        diag_error(diags, span, "\"%.*s\": %s", STR_ARG(text), addr_error_text(error));
        return false;
    }
    *vec_push(arena, &ends->items[addr.family]) = addr.range;
    return true;
}

bool flows_add_ports(struct arena *arena, struct str text, struct span span, struct diags *diags,
                     struct flow_ports *ports)
{
    struct range range;

    if (str_is(text, "any")) {
        ports->any = true;
        return true;
    }
    if (!port_range_parse(text, false, &range)) {
        diag_error(diags, span, "\"%.*s\" is no port: N or N-M, 1 to 65535, or any", STR_ARG(text));
        return false;
    }
    *vec_push(arena, ports) = range;
    return true;
}

bool flows_ports_fit(int transport, const struct flow_ports *ports, struct span span, struct diags *diags)
{
    struct buf name = BUF_EMPTY;

    if (ports->n == 0 || transport < 0 || proto_has_ports((unsigned)transport))
        return true;
    transport_format(&name, transport);
    diag_error(diags, span, "%.*s has no ports", (int)name.n, name.p);
    buf_free(&name);
    return false;
}

static bool has_family(const struct flow_ends *ends, enum family family)
{
    return ends->any || ends->items[family].n > 0;
}

static struct ends end_of(struct arena *arena, struct flow_ends *ends, enum family family)
{
    struct ends end = {.any = ends->any};

    if (ends->any) {
        end.ranges = addr_all(family);
        return end;
    }
    end.ranges = ranges_of(arena, ends->items[family].v, ends->items[family].n);
    end.items = ends->items[family].v;
    end.item_n = ends->items[family].n;
    if (end.item_n > 0)
        qsort(end.items, end.item_n, sizeof *end.items, by_range);
    return end;
}

static void add_flow(struct flow_reader *reader, const struct flow_parts *parts, enum family family, bool second)
{
    struct flow *flow = arena_new_object(reader->arena, struct flow);

    *flow = parts->flow;
    flow->family = family;
    if (second)
        flow->id = str_printf(reader->arena, "%.*s/v6", STR_ARG(flow->id));
    flow->source = end_of(reader->arena, (struct flow_ends *)&parts->source, family);
    flow->destination = end_of(reader->arena, (struct flow_ends *)&parts->destination, family);
    flow->ports_known = !parts->ports.unknown;
    if (!parts->ports.any && parts->ports.n > 0)
        flow->ports = ranges_of(reader->arena, parts->ports.v, parts->ports.n);
    *vec_push(reader->arena, reader->flows) = flow;
}

void flows_finish(struct flow_reader *reader, const struct flow_parts *parts)
{
    bool found = false;
    bool unresolved = parts->flow.status == FLOW_UNRESOLVED;

    for (enum family family = 0; family < FAMILY_N; family++) {
        bool both = has_family(&parts->source, family) && has_family(&parts->destination, family);

        if (parts->has_family && parts->family != family)
            continue;
        /* A plan's IPv6 flows say so in their id; that matters where both ends are `any`. */
        if (family == FAMILY_V4 && str_ends(parts->flow.id, "/v6"))
            continue;
        if (unresolved && !found)
            both = has_family(&parts->source, family) || has_family(&parts->destination, family);
        if (!both)
            continue;
        add_flow(reader, parts, family, found);
        found = true;
    }
    if (!found)
        diag_error(reader->diags, parts->flow.span, "flow \"%.*s\": source and destination share no address family",
                   STR_ARG(parts->flow.id));
}

bool flows_read(struct arena *arena, const struct source *source, struct diags *diags, struct flows *flows)
{
    struct flow_reader reader = {.arena = arena, .source = source, .diags = diags, .flows = flows};
    struct str text = str_trim(source->text);
    size_t errors = diags->errors;

    if (text.n == 0)
        diag_error(diags, span_at(source, 0, 0), "the file is empty");
    else if (text.p[0] == '{' || text.p[0] == '[')
        flows_read_json(&reader);
    else
        flows_read_csv(&reader);
    if (diags->errors == errors && flows->n == 0)
        diag_warning(diags, span_at(source, 0, 0), "there are no flows in this file");
    return diags->errors == errors;
}
