/* Plans and change tickets as JSON. */
#include "report/plan.h"
#include "report/values.h"

#include "net/proto.h"

static json_t *texts(const struct str *v, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, report_json_str(v[i]));
    return list;
}

static json_t *ends(enum family family, const struct ends *ends)
{
    json_t *list = json_array();
    struct buf text = BUF_EMPTY;

    if (ends->any)
        json_array_append_new(list, json_string("any"));
    for (size_t i = 0; !ends->any && i < ends->item_n; i++) {
        text.n = 0;
        addr_range_format(&text, family, ends->items[i]);
        json_array_append_new(list, report_json_str(buf_str(&text)));
    }
    buf_free(&text);
    return list;
}

static json_t *ranges(const struct ranges *ranges)
{
    json_t *list = json_array();

    for (size_t i = 0; i < ranges->n; i++)
        json_array_append_new(list, json_pack("[ii]", (int)ranges->v[i].lo, (int)ranges->v[i].hi));
    return list;
}

static json_t *ports(const struct flow *flow)
{
    if (!flow->ports_known)
        return json_null();
    if (flow->ports != NULL)
        return ranges(flow->ports);
    if (flow->transport == TRANSPORT_ANY || proto_has_ports((unsigned)flow->transport))
        return json_string("any");
    return json_null();
}

static json_t *transport(const struct flow *flow)
{
    struct buf text = BUF_EMPTY;
    json_t *value;

    transport_format(&text, flow->transport);
    value = report_json_str(buf_str(&text));
    buf_free(&text);
    return value;
}

json_t *report_json_flow(const struct flow *flow)
{
    json_t *object = json_object();

    json_object_set_new(object, "id", report_json_str(flow->id));
    json_object_set_new(object, "instance", report_json_str(flow->instance));
    json_object_set_new(object, "requirement", report_json_str(flow->requirement));
    json_object_set_new(object, "product", report_json_str(flow->product));
    json_object_set_new(object, "family", json_string(flow->family == FAMILY_V4 ? "ipv4" : "ipv6"));
    json_object_set_new(object, "source", ends(flow->family, &flow->source));
    json_object_set_new(object, "destination", ends(flow->family, &flow->destination));
    json_object_set_new(object, "domain", flow->domain_n == 0 ? json_null() : texts(flow->domains, flow->domain_n));
    json_object_set_new(object, "transport", transport(flow));
    json_object_set_new(object, "ports", ports(flow));
    json_object_set_new(object, "status", json_string(flow_status_name(flow->status)));
    json_object_set_new(object, "need", json_string(need_name(flow->need)));
    json_object_set_new(object, "service", report_json_str(flow->service));
    json_object_set_new(object, "purpose", report_json_str(flow->purpose));
    json_object_set_new(object, "origin", texts(flow->origins, flow->origin_n));
    if (flow->reason.n > 0)
        json_object_set_new(object, "reason", report_json_str(flow->reason));
    if (flow->source_ports != NULL)
        json_object_set_new(object, "source_ports", ranges(flow->source_ports));
    if (flow->subnet)
        json_object_set_new(object, "scope", json_string("subnet"));
    if (flow->no_reply)
        json_object_set_new(object, "reply", json_string("none"));
    return object;
}

static json_t *flow_list(const struct flow *const *flows, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, report_json_flow(flows[i]));
    return list;
}

void report_plan_json(struct buf *out, const struct plan *plan)
{
    json_t *root = json_object();

    json_object_set_new(root, "schema_version", json_integer(1));
    if (plan->site != NULL)
        json_object_set_new(root, "site", report_json_str(plan->site->name));
    json_object_set_new(root, "flows", flow_list(plan->flows, plan->n));
    report_json_print(out, root);
}

static json_t *changed_flow(const struct changed_flow *changed)
{
    json_t *object = json_object();
    json_t *fields = json_object();

    for (unsigned f = 0; f < CHANGE_FIELD_N; f++) {
        const struct change_list *list = &changed->fields[f];
        json_t *one;

        if (list->added_n == 0 && list->removed_n == 0)
            continue;
        one = json_object();
        json_object_set_new(one, "added", texts(list->added, list->added_n));
        json_object_set_new(one, "removed", texts(list->removed, list->removed_n));
        json_object_set_new(fields, change_field_name((enum change_field)f), one);
    }
    json_object_set_new(object, "id", report_json_str(changed->new->id));
    json_object_set_new(object, "fields", fields);
    json_object_set_new(object, "old", report_json_flow(changed->old));
    json_object_set_new(object, "new", report_json_flow(changed->new));
    return object;
}

json_t *report_json_change(const struct change *change)
{
    json_t *root = json_object();
    json_t *changed = json_array();
    json_t *summary = json_object();

    for (size_t i = 0; i < change->changed_n; i++)
        json_array_append_new(changed, changed_flow(&change->changed[i]));
    json_object_set_new(summary, "open", json_integer((json_int_t)change->open_n));
    json_object_set_new(summary, "close", json_integer((json_int_t)change->close_n));
    json_object_set_new(summary, "changed", json_integer((json_int_t)change->changed_n));
    json_object_set_new(summary, "same", json_integer((json_int_t)change->same_n));
    json_object_set_new(root, "open", flow_list(change->open, change->open_n));
    json_object_set_new(root, "close", flow_list(change->close, change->close_n));
    json_object_set_new(root, "changed", changed);
    json_object_set_new(root, "summary", summary);
    return root;
}

void report_change_json(struct buf *out, const struct change *change)
{
    json_t *root = report_json_change(change);

    json_object_set_new(root, "schema_version", json_integer(1));
    report_json_print(out, root);
}
