/* Flows as JSON: what `portolan plan --format json` prints, read back. Keys that a proof does not need are optional. */
#include <jansson.h>

#include "base/map.h"
#include "base/suggest.h"
#include "net/proto.h"
#include "plan/flows_reader.h"
#include "plan/json_place.h"

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

/* The flow that is being read: its first byte. */
static struct span place(const struct flow_reader *reader)
{
    return span_at(reader->source, reader->flow_at, 1);
}

static struct span place_of_value(const struct flow_reader *reader, size_t at)
{
    return span_at(reader->source, at, json_place_end(reader->source->text, at) - at);
}

/* The value of a key of that flow; the flow where it has none. */
static struct span place_of(const struct flow_reader *reader, const char *key)
{
    size_t at = json_place_member(reader->source->text, reader->flow_at, key);

    return at == reader->flow_at ? place(reader) : place_of_value(reader, at);
}

/* Item i of an array of that flow. Looked for only where there is an error that will be shown. */
static struct span place_of_item(const struct flow_reader *reader, const char *key, size_t i)
{
    struct str text = reader->source->text;
    size_t at = json_place_member(text, reader->flow_at, key);

    if (reader->diags->errors > DIAG_KEPT)
        return place(reader);
    at = json_place_first(text, at);
    while (i-- > 0)
        at = json_place_next(text, at);
    return place_of_value(reader, at);
}

static bool read_ends(struct flow_reader *reader, const json_t *flow, const char *key, struct str id,
                      struct flow_ends *ends)
{
    const json_t *list = json_object_get(flow, key);
    bool good = true;
    const json_t *item;
    size_t i;

    if (!json_is_array(list)) {
        diag_error(reader->diags, place_of(reader, key), "flow \"%.*s\": \"%s\" must be an array of strings",
                   STR_ARG(id), key);
        return false;
    }
    json_array_foreach(list, i, item)
    {
        struct str text = string_of(reader->arena, item);
        size_t errors = reader->diags->errors;
        struct diags *diags = reader->diags;

        if (flows_add_end(reader->arena, text, SPAN_NONE, diags, ends))
            continue;
        if (errors < DIAG_KEPT)
            diags->v[diags->n - 1].span = place_of_item(reader, key, i);
        diag_hint(diags, "in \"%s\" of flow \"%.*s\"", key, STR_ARG(id));
        good = false;
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

/* Pairs of an array; an error for each that is none. */
static bool read_pairs(struct flow_reader *reader, const json_t *list, const char *key, struct str id,
                       struct flow_ports *ports)
{
    const json_t *pair;
    bool good = true;
    size_t i;

    json_array_foreach(list, i, pair)
    {
        struct range range;

        if (read_pair(pair, &range)) {
            *vec_push(reader->arena, ports) = range;
            continue;
        }
        diag_error(reader->diags, place_of_item(reader, key, i),
                   "flow \"%.*s\": \"%s\" must be pairs [lo, hi] of 1 to 65535", STR_ARG(id), key);
        good = false;
    }
    return good;
}

/* Ports of a flow: `any` is written out, and only a transport that has none goes without. */
static bool read_ports(struct flow_reader *reader, const json_t *flow, struct str id, int transport,
                       struct flow_ports *ports)
{
    const json_t *list = json_object_get(flow, "ports");
    bool has_ports = transport == TRANSPORT_ANY || proto_has_ports((unsigned)transport);

    if (str_is(string_of(reader->arena, list), "any") || ((list == NULL || json_is_null(list)) && !has_ports)) {
        ports->any = true;
        return true;
    }
    if (!read_pairs(reader, list, "ports", id, ports))
        return false;
    if (ports->n > 0)
        return flows_ports_fit(transport, ports, place_of(reader, "ports"), reader->diags);
    diag_error(reader->diags, place_of(reader, "ports"), "flow \"%.*s\": \"ports\" must be \"any\" or pairs [lo, hi]",
               STR_ARG(id));
    return false;
}

/* A key whose value is one of some words, the first where it is not there; false with an error. */
static bool read_word(struct flow_reader *reader, const json_t *object, const char *key,
                      const char *(*name)(unsigned i), unsigned n, unsigned *found)
{
    const json_t *value = json_object_get(object, key);
    struct str text = string_of(reader->arena, value);
    struct suggest suggest = suggest_for(text);

    if (value == NULL || json_is_null(value))
        return true;
    for (unsigned i = 0; i < n; i++) {
        if (str_is(text, name(i))) {
            *found = i;
            return true;
        }
        suggest_offer(&suggest, str_of(name(i)));
    }
    diag_error(reader->diags, place_of(reader, key), "unknown \"%s\" of a flow", key);
    suggest_hint(&suggest, reader->diags);
    return false;
}

static const char *need_word(unsigned i)
{
    return need_name((enum need)i);
}

static const char *status_word(unsigned i)
{
    return flow_status_name((enum flow_status)i);
}

static const char *family_word(unsigned i)
{
    return i == 0 ? "" : i == 1 ? "ipv4" : "ipv6";
}

static const char *reply_word(unsigned i)
{
    return i == 0 ? "expected" : "none";
}

static const char *scope_word(unsigned i)
{
    return i == 0 ? "any" : "subnet";
}

static void read_strings(struct flow_reader *reader, const json_t *list, struct str **v, size_t *n)
{
    size_t size = json_array_size(list);

    *v = arena_new_array(reader->arena, struct str, size);
    for (size_t i = 0; i < size; i++)
        (*v)[i] = string_of(reader->arena, json_array_get(list, i));
    *n = size;
}

static bool read_words(struct flow_reader *reader, const json_t *object, struct flow_parts *parts)
{
    struct flow *flow = &parts->flow;
    unsigned family = 0;
    unsigned need = NEED_REQUIRED;
    unsigned status = FLOW_RESOLVED;
    unsigned reply = 0;
    unsigned scope = 0;
    bool good = read_word(reader, object, "need", need_word, NEED_N, &need);

    good = read_word(reader, object, "status", status_word, FLOW_UNRESOLVED + 1, &status) && good;
    good = read_word(reader, object, "reply", reply_word, 2, &reply) && good;
    good = read_word(reader, object, "scope", scope_word, 2, &scope) && good;
    good = read_word(reader, object, "family", family_word, 1 + FAMILY_N, &family) && good;
    parts->has_family = family > 0;
    parts->family = family == 2 ? FAMILY_V6 : FAMILY_V4;
    flow->need = (enum need)need;
    flow->status = (enum flow_status)status;
    flow->no_reply = reply == 1;
    flow->subnet = scope == 1;
    flow->instance = member(reader, object, "instance");
    flow->requirement = member(reader, object, "requirement");
    flow->product = member(reader, object, "product");
    flow->service = member(reader, object, "service");
    flow->purpose = member(reader, object, "purpose");
    flow->reason = member(reader, object, "reason");
    read_strings(reader, json_object_get(object, "origin"), &flow->origins, &flow->origin_n);
    read_strings(reader, json_object_get(object, "domain"), &flow->domains, &flow->domain_n);
    return good;
}

static bool read_source_ports(struct flow_reader *reader, const json_t *object, struct flow *flow)
{
    const json_t *list = json_object_get(object, "source_ports");
    struct flow_ports ports = {0};

    if (list == NULL || json_is_null(list))
        return true;
    if (!read_pairs(reader, list, "source_ports", flow->id, &ports))
        return false;
    if (ports.n > 0) {
        flow->source_ports = ranges_of(reader->arena, ports.v, ports.n);
        return true;
    }
    diag_error(reader->diags, place_of(reader, "source_ports"),
               "flow \"%.*s\": \"source_ports\" must be pairs [lo, hi]", STR_ARG(flow->id));
    return false;
}

static void read_flow(struct flow_reader *reader, const json_t *object, struct map *ids, size_t number)
{
    struct flow_parts parts = {0};
    struct str transport = member(reader, object, "transport");
    struct str id = member(reader, object, "id");
    bool unresolved;
    bool good;

    if (id.n == 0) {
        diag_error(reader->diags, place(reader), "flow %zu has no \"id\"", number + 1);
        return;
    }
    if (map_set(reader->arena, ids, id, reader) != NULL)
        diag_error(reader->diags, place_of(reader, "id"), "id \"%.*s\" stands here twice", STR_ARG(id));
    parts.flow.id = id;
    parts.flow.span = place_of(reader, "id");
    good = read_words(reader, object, &parts);
    good = read_source_ports(reader, object, &parts.flow) && good;
    unresolved = parts.flow.status == FLOW_UNRESOLVED;
    good = read_ends(reader, object, "source", id, &parts.source) && good;
    good = read_ends(reader, object, "destination", id, &parts.destination) && good;
    if (unresolved && str_is(transport, "unstated")) {
        parts.flow.transport = TRANSPORT_UNSTATED;
        parts.ports.unknown = true;
    } else if (!transport_parse(transport, &parts.flow.transport)) {
        diag_error(reader->diags, place_of(reader, "transport"), "flow \"%.*s\": unknown transport \"%.*s\"",
                   STR_ARG(id), STR_ARG(transport));
        good = false;
    } else if (unresolved && json_is_null(json_object_get(object, "ports"))) {
        parts.ports.unknown = true;
    } else {
        good = read_ports(reader, object, id, parts.flow.transport, &parts.ports) && good;
    }
    if (good)
        flows_finish(reader, &parts);
}

void flows_read_json(struct flow_reader *reader)
{
    json_error_t error;
    json_t *root = json_loadb(reader->source->text.p, reader->source->text.n, JSON_REJECT_DUPLICATES, &error);
    const json_t *list = json_is_object(root) ? json_object_get(root, "flows") : root;
    struct str text = reader->source->text;
    size_t start = json_place_value(text, 0);
    struct map ids = {0};
    const json_t *flow;
    size_t i;

    reader->flow_at = start;
    if (root == NULL) {
        size_t at = error.position > 0 ? (size_t)error.position - 1 : 0;

        diag_error(reader->diags, span_at(reader->source, at < reader->source->text.n ? at : 0, 1), "%s", error.text);
        return;
    }
    if (!json_is_array(list))
        diag_error(reader->diags, place(reader), "no array \"flows\": this is not a plan");
    reader->flow_at = json_place_first(text, json_is_object(root) ? json_place_member(text, start, "flows") : start);
    json_array_foreach(list, i, flow)
    {
        read_flow(reader, flow, &ids, i);
        reader->flow_at = json_place_next(text, reader->flow_at);
    }
    json_decref(root);
}
