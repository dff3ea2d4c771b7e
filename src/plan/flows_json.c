/* Flows as JSON: what `portolan plan --format json` prints, read back. Keys that a proof does not need are optional. */
#include <jansson.h>

#include "net/proto.h"
#include "plan/flows_reader.h"

static struct str string_of(struct arena *arena, const json_t *value)
{
    if (!json_is_string(value))
        return STR_EMPTY;
    return str_dup(arena, (struct str){json_string_value(value), json_string_length(value)});
}

static struct str member(struct flow_reader *reader, const json_t *object, const char *key)
{
    return string_of(reader->arena, json_object_get(object, key));
}

static struct span place(const struct flow_reader *reader)
{
    return span_at(reader->source, 0, 1);
}

static bool read_ends(struct flow_reader *reader, const json_t *flow, const char *key, struct str id,
                      struct flow_ends *ends)
{
    const json_t *list = json_object_get(flow, key);
    bool good = true;
    const json_t *item;
    size_t i;

    if (!json_is_array(list)) {
        diag_error(reader->diags, place(reader), "flow \"%.*s\": \"%s\" must be an array of strings", STR_ARG(id), key);
        return false;
    }
    json_array_foreach(list, i, item)
    {
        struct str text = string_of(reader->arena, item);

        if (!flows_add_end(reader->arena, text, place(reader), reader->diags, ends)) {
            diag_hint(reader->diags, "in \"%s\" of flow \"%.*s\"", key, STR_ARG(id));
            good = false;
        }
    }
    return good;
}

static bool read_pair(const json_t *pair, struct range *range)
{
    json_int_t lo = json_integer_value(json_array_get(pair, 0));
    json_int_t hi = json_integer_value(json_array_get(pair, 1));

    if (json_array_size(pair) != 2 || lo < 1 || hi > 65535 || lo > hi)
        return false;
    *range = (struct range){(u128)lo, (u128)hi};
    return true;
}

static bool read_ports(struct flow_reader *reader, const json_t *flow, struct flow_parts *parts)
{
    struct flow_ports *ports = &parts->ports;
    struct str id = parts->flow.id;
    const json_t *list = json_object_get(flow, "ports");
    const json_t *pair;
    size_t i;

    if (json_is_null(list) && parts->flow.status == FLOW_UNRESOLVED) {
        ports->unknown = true;
        return true;
    }
    if (list == NULL || json_is_null(list) || str_is(string_of(reader->arena, list), "any")) {
        ports->any = true;
        return true;
    }
    json_array_foreach(list, i, pair)
    {
        struct range range;

        if (!read_pair(pair, &range)) {
            diag_error(reader->diags, place(reader), "flow \"%.*s\": \"ports\" must be pairs [lo, hi] of 1 to 65535",
                       STR_ARG(id));
            return false;
        }
        *vec_push(reader->arena, ports) = range;
    }
    if (ports->n > 0)
        return true;
    diag_error(reader->diags, place(reader), "flow \"%.*s\": \"ports\" must be \"any\" or pairs [lo, hi]", STR_ARG(id));
    return false;
}

static bool read_source_ports(struct flow_reader *reader, const json_t *object, struct flow *flow)
{
    const json_t *list = json_object_get(object, "source_ports");
    struct range_list ranges = {0};
    const json_t *pair;
    size_t i;

    if (list == NULL)
        return true;
    json_array_foreach(list, i, pair)
    {
        if (read_pair(pair, vec_push(reader->arena, &ranges)))
            continue;
        diag_error(reader->diags, place(reader), "flow \"%.*s\": \"source_ports\" must be pairs [lo, hi] of 1 to 65535",
                   STR_ARG(flow->id));
        return false;
    }
    if (ranges.n > 0)
        flow->source_ports = ranges_of(reader->arena, ranges.v, ranges.n);
    return true;
}

static void read_strings(struct flow_reader *reader, const json_t *list, struct str **v, size_t *n)
{
    size_t size = json_array_size(list);

    *v = arena_new_array(reader->arena, struct str, size);
    for (size_t i = 0; i < size; i++)
        (*v)[i] = string_of(reader->arena, json_array_get(list, i));
    *n = size;
}

static void read_words(struct flow_reader *reader, const json_t *object, struct flow *flow)
{
    struct str need = member(reader, object, "need");

    flow->instance = member(reader, object, "instance");
    flow->requirement = member(reader, object, "requirement");
    flow->product = member(reader, object, "product");
    flow->service = member(reader, object, "service");
    flow->purpose = member(reader, object, "purpose");
    flow->reason = member(reader, object, "reason");
    flow->subnet = str_is(member(reader, object, "scope"), "subnet");
    flow->no_reply = str_is(member(reader, object, "reply"), "none");
    read_strings(reader, json_object_get(object, "origin"), &flow->origins, &flow->origin_n);
    read_strings(reader, json_object_get(object, "domain"), &flow->domains, &flow->domain_n);
    if (str_is(member(reader, object, "status"), "unresolved"))
        flow->status = FLOW_UNRESOLVED;
    for (enum need one = 0; one < NEED_N; one++) {
        if (str_is(need, need_name(one)))
            flow->need = one;
    }
}

static void read_flow(struct flow_reader *reader, const json_t *object, size_t number)
{
    struct flow_parts parts = {0};
    struct str transport = member(reader, object, "transport");
    struct str id = member(reader, object, "id");
    struct str family = member(reader, object, "family");
    bool unresolved;
    bool good;

    if (id.n == 0) {
        diag_error(reader->diags, place(reader), "flow %zu has no \"id\"", number + 1);
        return;
    }
    parts.flow.id = id;
    parts.flow.span = place(reader);
    read_words(reader, object, &parts.flow);
    unresolved = parts.flow.status == FLOW_UNRESOLVED;
    good = read_ends(reader, object, "source", id, &parts.source);
    good = read_ends(reader, object, "destination", id, &parts.destination) && good;
    if (unresolved && str_is(transport, "unstated")) {
        parts.flow.transport = TRANSPORT_UNSTATED;
    } else if (!transport_parse(transport, &parts.flow.transport)) {
        diag_error(reader->diags, place(reader), "flow \"%.*s\": unknown transport \"%.*s\"", STR_ARG(id),
                   STR_ARG(transport));
        good = false;
    }
    good = read_ports(reader, object, &parts) && good;
    good = read_source_ports(reader, object, &parts.flow) && good;
    parts.has_family = str_is(family, "ipv4") || str_is(family, "ipv6");
    parts.family = str_is(family, "ipv6") ? FAMILY_V6 : FAMILY_V4;
    if (good)
        flows_finish(reader, &parts);
}

void flows_read_json(struct flow_reader *reader)
{
    json_error_t error;
    json_t *root = json_loadb(reader->source->text.p, reader->source->text.n, JSON_REJECT_DUPLICATES, &error);
    const json_t *list = json_is_object(root) ? json_object_get(root, "flows") : root;
    const json_t *flow;
    size_t i;

    if (root == NULL) {
        size_t at = error.position > 0 ? (size_t)error.position - 1 : 0;

        diag_error(reader->diags, span_at(reader->source, at < reader->source->text.n ? at : 0, 1), "%s", error.text);
        return;
    }
    if (!json_is_array(list))
        diag_error(reader->diags, place(reader), "no array \"flows\": this is not a plan");
    json_array_foreach(list, i, flow) read_flow(reader, flow, i);
    json_decref(root);
}
