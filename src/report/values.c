/* Rules, packets and boxes; see values.h. */
#include "report/values.h"

#include <stdlib.h>

#include "net/proto.h"

json_t *report_json_str(struct str s)
{
    json_t *value = json_stringn(s.p, s.n);
    char *clean;

    if (value != NULL)
        return value;
    /* Not UTF-8: bytes of a ruleset that nobody vouches for. */
    clean = malloc(s.n + 1);
    if (clean == NULL)
        return json_null();
    for (size_t i = 0; i < s.n; i++)
        clean[i] = (unsigned char)s.p[i] < 0x80 ? s.p[i] : '?';
    value = json_stringn(clean, s.n);
    free(clean);
    return value;
}

json_t *report_json_rule(const struct rule_ref *rule)
{
    json_t *object;

    if (!rule->present)
        return json_null();
    object = json_object();
    json_object_set_new(object, "file", report_json_str(rule->file));
    json_object_set_new(object, "line", rule->line == 0 ? json_null() : json_integer(rule->line));
    json_object_set_new(object, "table", report_json_str(rule->table));
    json_object_set_new(object, "chain", report_json_str(rule->chain));
    json_object_set_new(object, "index", rule->index == 0 ? json_null() : json_integer(rule->index));
    json_object_set_new(object, "text", report_json_str(rule->text));
    return object;
}

static json_t *address(enum family family, u128 addr)
{
    struct buf text = BUF_EMPTY;
    json_t *value;

    addr_format(&text, family, addr);
    value = report_json_str(buf_str(&text));
    buf_free(&text);
    return value;
}

static json_t *interface(bool has, struct str name)
{
    return has && name.n > 0 ? report_json_str(name) : json_null();
}

json_t *report_json_packet(const struct packet *packet)
{
    json_t *object = json_object();
    bool later = packet->fragment == FRAGMENT_LATER;
    bool ports = proto_has_ports(packet->protocol) && !later;
    bool icmp = (packet->protocol == PROTO_ICMP || packet->protocol == PROTO_ICMPV6) && !later;
    struct buf transport = BUF_EMPTY;

    proto_format(&transport, packet->protocol);
    json_object_set_new(object, "in", interface(packet->has_in, packet->in));
    json_object_set_new(object, "out", interface(packet->has_out, packet->out));
    json_object_set_new(object, "source", address(packet->family, packet->source));
    json_object_set_new(object, "destination", address(packet->family, packet->destination));
    json_object_set_new(object, "transport", report_json_str(buf_str(&transport)));
    json_object_set_new(object, "source_port", ports ? json_integer(packet->source_port) : json_null());
    json_object_set_new(object, "port", ports ? json_integer(packet->port) : json_null());
    json_object_set_new(object, "icmp_type", icmp ? json_integer(packet->icmp_type) : json_null());
    json_object_set_new(object, "icmp_code", icmp ? json_integer(packet->icmp_code) : json_null());
    json_object_set_new(object, "state", json_string(state_name(packet->state)));
    if (packet->protocol == PROTO_TCP && !later)
        json_object_set_new(object, "tcp_flags", json_integer(packet->tcp_flags));
    if (packet->fragment != FRAGMENT_NONE)
        json_object_set_new(object, "fragment", json_string(later ? "later" : "first"));
    if (packet->mark != 0)
        json_object_set_new(object, "mark", json_integer(packet->mark));
    buf_free(&transport);
    return object;
}

static bool is_any(const struct box *box, enum field field)
{
    return box->n[field] == 1 && str_is(box->values[field][0], "any");
}

static json_t *values_of(const struct box *box, enum field field, json_t *any)
{
    json_t *list;

    if (is_any(box, field))
        return json_incref(any);
    list = json_array();
    for (size_t k = 0; k < box->n[field]; k++)
        json_array_append_new(list, report_json_str(box->values[field][k]));
    return list;
}

json_t *report_json_box(const struct box *box)
{
    static const enum field always[] = {FIELD_SOURCE, FIELD_DESTINATION, FIELD_PROTOCOL, FIELD_SOURCE_PORT,
                                        FIELD_PORT,   FIELD_IN,          FIELD_OUT,      FIELD_STATE};
    static const enum field sometimes[] = {FIELD_ICMP, FIELD_TCP_FLAGS, FIELD_FRAGMENT};
    json_t *object = json_object();
    json_t *any = json_array(); /* one for all fields that have it */

    json_array_append_new(any, json_string("any"));
    for (size_t i = 0; i < 11; i++) {
        enum field field = i < 8 ? always[i] : sometimes[i - 8];

        if (i < 8 || !is_any(box, field))
            json_object_set_new(object, field_name(field), values_of(box, field, any));
    }
    json_object_set_new(object, "family", json_string(box->family == FAMILY_V4 ? "ipv4" : "ipv6"));
    json_decref(any);
    return object;
}

json_t *report_json_finding(const struct finding *finding)
{
    json_t *object = json_object();
    json_t *by = json_array();

    for (size_t i = 0; i < finding->by_n; i++)
        json_array_append_new(by, report_json_rule(&finding->by[i]));
    json_object_set_new(object, "kind", json_string(finding_name(finding->kind)));
    json_object_set_new(object, "severity", json_string(severity_name(finding->severity)));
    json_object_set_new(object, "firewall", finding->firewall.n > 0 ? report_json_str(finding->firewall) : json_null());
    if (finding->message.n > 0)
        json_object_set_new(object, "message", report_json_str(finding->message));
    json_object_set_new(object, "rule", report_json_rule(&finding->rule));
    json_object_set_new(object, "by", by);
    json_object_set_new(object, "box", finding->has_box ? report_json_box(&finding->box) : json_null());
    json_object_set_new(object, "packet", finding->has_packet ? report_json_packet(&finding->packet) : json_null());
    if (finding->reason.n > 0)
        json_object_set_new(object, "reason", report_json_str(finding->reason));
    return object;
}

static int add_chunk(const char *p, size_t n, void *out)
{
    buf_add(out, (struct str){p, n});
    return 0;
}

void report_json_print(struct buf *out, json_t *value)
{
    if (json_dump_callback(value, add_chunk, out, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) != 0)
        out->failed = true;
    buf_addc(out, '\n');
    json_decref(value);
}

#define USUAL_BYTES 4096u /* of an element as text */

/* A value inside others: its lines behind the first are pushed in by so many spaces. Frees it. */
static void print_inside(struct buf *out, json_t *value, int depth)
{
    const size_t flags = JSON_INDENT(1) | JSON_REAL_PRECISION(12) | JSON_ENCODE_ANY;
    char usual[USUAL_BYTES];
    char *text = usual;
    size_t n = json_dumpb(value, usual, sizeof usual, flags);
    struct str rest;

    if (n > sizeof usual && (text = malloc(n)) != NULL)
        json_dumpb(value, text, n, flags);
    out->failed = out->failed || n == 0 || text == NULL;
    rest = (struct str){text, text == NULL ? 0 : n};
    while (rest.n > 0) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t line = end == NULL ? rest.n : (size_t)(end - rest.p) + 1;

        buf_add(out, (struct str){rest.p, line});
        if (end != NULL)
            buf_add(out, (struct str){"  ", (size_t)depth});
        rest = (struct str){rest.p + line, rest.n - line};
    }
    if (text != usual)
        free(text);
    json_decref(value);
}

static void print_elements(struct buf *out, report_element *element, const void *context, size_t n)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < n; i++) {
        buf_adds(out, i == 0 ? "\n  " : ",\n  ");
        print_inside(out, element(context, i), 2);
    }
    buf_adds(out, n == 0 ? "]" : "\n ]");
}

void report_json_print_with(struct buf *out, json_t *object, const char *list, report_element *element,
                            const void *context, size_t n)
{
    const char *separator = "{\n ";
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        buf_addf(out, "%s\"%s\": ", separator, key);
        separator = ",\n ";
        if (strcmp(key, list) == 0)
            print_elements(out, element, context, n);
        else
            print_inside(out, json_incref(value), 1);
    }
    buf_adds(out, "\n}\n");
    json_decref(object);
}

void report_line_rule(struct buf *out, const struct rule_ref *rule)
{
    if (rule->file.n > 0)
        buf_add(out, rule->file);
    if (rule->line > 0)
        buf_addf(out, ":%u", rule->line);
    if (rule->file.n > 0)
        buf_adds(out, ": ");
    if (rule->chain.n > 0)
        buf_addf(out, "%.*s %.*s ", STR_ARG(rule->table), STR_ARG(rule->chain));
    if (rule->index > 0)
        buf_addf(out, "rule %u: ", rule->index);
    buf_add(out, rule->text);
}

#define SHOWN 6

static void add_values(struct buf *out, const struct box *box, enum field field)
{
    for (size_t i = 0; i < box->n[field] && i < SHOWN; i++)
        buf_addf(out, "%s%.*s", i > 0 ? ", " : "", STR_ARG(box->values[field][i]));
    if (box->n[field] > SHOWN)
        buf_addf(out, " and %zu more", box->n[field] - SHOWN);
}

static void add_field(struct buf *out, const struct box *box, enum field field, const char *word)
{
    if (is_any(box, field))
        return;
    buf_addf(out, " %s ", word);
    add_values(out, box, field);
}

/* `tcp`, but `protocols 0, 2-5`: a number alone says not what it counts. */
static void add_protocols(struct buf *out, const struct box *box)
{
    for (size_t i = 0; i < box->n[FIELD_PROTOCOL]; i++) {
        struct str value = box->values[FIELD_PROTOCOL][i];

        if (value.n > 0 && value.p[0] >= '0' && value.p[0] <= '9') {
            buf_adds(out, "protocols ");
            break;
        }
    }
    add_values(out, box, FIELD_PROTOCOL);
}

void report_line_box(struct buf *out, const struct box *box)
{
    if (is_any(box, FIELD_PROTOCOL))
        buf_adds(out, "any protocol");
    else
        add_protocols(out, box);
    buf_addc(out, ' ');
    add_values(out, box, FIELD_SOURCE);
    buf_adds(out, " > ");
    add_values(out, box, FIELD_DESTINATION);
    if (is_any(box, FIELD_SOURCE) && is_any(box, FIELD_DESTINATION))
        buf_adds(out, box->family == FAMILY_V4 ? " (IPv4)" : " (IPv6)");
    add_field(out, box, FIELD_PORT, "ports");
    add_field(out, box, FIELD_SOURCE_PORT, "source ports");
    add_field(out, box, FIELD_ICMP, "type");
    add_field(out, box, FIELD_TCP_FLAGS, "flags");
    add_field(out, box, FIELD_FRAGMENT, "fragment");
    add_field(out, box, FIELD_IN, "in");
    add_field(out, box, FIELD_OUT, "out");
    if (box->n[FIELD_STATE] < 3)
        add_field(out, box, FIELD_STATE, "state");
}

static struct str finish(struct arena *arena, struct buf *buf)
{
    struct str made = str_dup(arena, buf_str(buf));

    buf_free(buf);
    return made;
}

struct str report_cell_rule(struct arena *arena, const struct rule_ref *rule)
{
    struct buf buf = BUF_EMPTY;

    if (rule->present)
        report_line_rule(&buf, rule);
    return finish(arena, &buf);
}

struct str report_cell_box(struct arena *arena, const struct box *box)
{
    struct buf buf = BUF_EMPTY;

    report_line_box(&buf, box);
    return finish(arena, &buf);
}

struct str report_cell_packet(struct arena *arena, bool has, const struct packet *packet)
{
    struct buf buf = BUF_EMPTY;

    if (has)
        packet_format(&buf, packet);
    return finish(arena, &buf);
}

struct str report_cell_finding(struct arena *arena, const struct finding *finding)
{
    struct buf buf = BUF_EMPTY;

    if (finding->message.n > 0)
        buf_add(&buf, finding->message);
    else if (finding->has_box)
        report_line_box(&buf, &finding->box);
    if (finding->reason.n > 0)
        buf_addf(&buf, "%s%.*s%s", buf.n > 0 ? " (" : "", STR_ARG(finding->reason), buf.n > 0 ? ")" : "");
    return finish(arena, &buf);
}

void report_xml_text(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        switch (c) {
        case '&': buf_adds(out, "&amp;"); break;
        case '<': buf_adds(out, "&lt;"); break;
        case '>': buf_adds(out, "&gt;"); break;
        case '"': buf_adds(out, "&quot;"); break;
        default: buf_addc(out, c < 0x20 && c != '\n' && c != '\t' ? '?' : (char)c);
        }
    }
}
