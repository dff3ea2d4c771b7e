/*
 * Ports as a site writes them: `N/proto`, `N-M/proto`, `icmp`, `any`. What only a document can say (dynamic, unstated,
 * a parameter) has no place here.
 */
#include "site/reader.h"

#include "base/num.h"
#include "net/proto.h"

static bool only_digits(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
    }
    return text.n > 0;
}

static const char *one_problem(struct str text, uint64_t *value)
{
    if (!only_digits(text))
        return "a port is a number, a range of ports N-M";
    if (!num_decimal(text, 65535, value))
        return "ports end at 65535";
    return *value == 0 ? "port 0 does not exist" : NULL;
}

const char *port_problem(struct str text)
{
    struct str rest;
    struct str first = str_cut(text, '-', &rest);
    uint64_t lo = 0;
    uint64_t hi = 0;
    const char *problem = one_problem(first, &lo);

    if (problem != NULL || first.n == text.n)
        return problem;
    problem = one_problem(rest, &hi);
    if (problem != NULL)
        return problem;
    return lo > hi ? "the range runs backwards" : NULL;
}

static void suggest_transport(struct site_reader *reader, struct str text)
{
    static const char *const known[] = {"tcp", "udp", "sctp", "dccp", "udplite"};
    struct suggest suggest = suggest_for(text);

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        suggest_offer(&suggest, str_of(known[i]));
    suggest_hint(&suggest, reader->diags);
}

static bool parse_pair(struct site_reader *reader, const struct yaml_node *node, struct port_item *item)
{
    struct str transport;
    struct str ports = str_cut(node->text, '/', &transport);
    const char *problem;
    struct range range;

    if (ports.n == node->text.n) {
        diag_error(reader->diags, node->span, "\"%.*s\" names no transport; expected N/tcp, N-M/udp, icmp or any",
                   STR_ARG(node->text));
        return false;
    }
    if (transport.n == 0 || only_digits(transport) || proto_parse(transport) < 0 ||
        !proto_has_ports((unsigned)proto_parse(transport))) {
        diag_error(reader->diags, node->span, "\"%.*s\" is no transport with ports", STR_ARG(transport));
        suggest_transport(reader, transport);
        return false;
    }
    item->transport = proto_parse(transport);
    if (str_is(ports, "any")) {
        item->kind = PORT_ANY;
        return true;
    }
    problem = port_problem(ports);
    if (problem != NULL || !port_range_parse(ports, false, &range)) {
        diag_error(reader->diags, node->span, "\"%.*s\": %s", STR_ARG(node->text),
                   problem == NULL ? "no port" : problem);
        return false;
    }
    item->kind = PORT_RANGE;
    item->lo = (uint16_t)range.lo;
    item->hi = (uint16_t)range.hi;
    return true;
}

static bool parse_item(struct site_reader *reader, const struct yaml_node *node, struct port_item *item)
{
    *item = (struct port_item){.text = node->text, .span = node->span};
    if (str_is(node->text, "any")) {
        item->kind = PORT_ANY;
        item->transport = TRANSPORT_ANY;
        return true;
    }
    if (str_is(node->text, "icmp") || str_is(node->text, "icmpv6")) {
        item->kind = PORT_ICMP;
        item->transport = PROTO_ICMP;
        return true;
    }
    if (str_starts(node->text, "dynamic") || str_starts(node->text, "unstated") || str_starts(node->text, "{")) {
        diag_error(reader->diags, node->span, "a site says its ports outright; expected N/tcp, N-M/udp, icmp or any");
        return false;
    }
    return parse_pair(reader, node, item);
}

bool site_ports(struct site_reader *reader, struct yaml_node *node, struct port_item **items, size_t *n)
{
    bool good = true;
    struct yaml_node *const *list = &node;
    size_t list_n = 1;

    *items = NULL;
    *n = 0;
    if (node == NULL)
        return false;
    if (node->kind == YAML_LIST) {
        list = node->items;
        list_n = node->n;
    }
    if (list_n == 0) {
        diag_error(reader->diags, node->span, "\"ports\" is an empty list");
        return false;
    }
    *items = arena_new_array(reader->arena, struct port_item, list_n);
    for (size_t i = 0; i < list_n; i++) {
        if (list[i]->kind != YAML_SCALAR || list[i]->text.n == 0) {
            diag_error(reader->diags, list[i]->span, "a port must be a string, like 443/tcp");
            good = false;
        } else if (parse_item(reader, list[i], &(*items)[*n])) {
            ++*n;
        } else {
            good = false;
        }
    }
    return good;
}
