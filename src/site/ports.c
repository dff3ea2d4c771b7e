/*
 * Ports as a site writes them: those of a catalog (model/ports.h) without what only a document can say: dynamic ports,
 * unstated ones, and parameters.
 */
#include "site/reader.h"

#include "model/ports.h"

#include "base/num.h"

static const char *one_problem(struct str text, uint64_t *value)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return "a port (1 to 65535) or a range of ports N-M was expected";
    }
    if (text.n == 0)
        return "a port (1 to 65535) or a range of ports N-M was expected";
    if (!num_decimal(text, 65535, value))
        return "ports end at 65535";
    return *value == 0 ? "port 0 cannot be used" : NULL;
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
    return lo > hi ? "the range ends before it begins" : NULL;
}

static bool parse_item(struct site_reader *reader, const struct yaml_node *node, struct port_item *item)
{
    if (!port_item_parse(node->text, node->span, reader->diags, item))
        return false;
    if (item->kind != PORT_PARAMETER && item->kind != PORT_DYNAMIC && item->kind != PORT_UNSTATED)
        return true;
    diag_error(reader->diags, node->span, "a site says its ports outright: PORT/TRANSPORT, icmp or any was expected");
    return false;
}

bool site_ports(struct site_reader *reader, struct yaml_node *node, struct port_item **items, size_t *n)
{
    struct yaml_node *const *list = &node;
    size_t list_n = 1;
    bool good = true;

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
