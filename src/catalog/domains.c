/*
 * Domains; see domains.h. Syntax of host names: RFC 1123 section 2.1 with the underscore that is met in practice, in
 * lower case, so that equal names are equal texts; at least two labels, which tells a domain from a role.
 */
#include "catalog/domains.h"

#define LONGEST_NAME 253
#define LONGEST_LABEL 63

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* What is wrong with a label, or NULL. */
static const char *label_fault(struct str label)
{
    if (label.n == 0)
        return "has an empty label";
    if (label.n > LONGEST_LABEL)
        return "has a label of more than 63 letters";
    if (label.p[0] == '-' || label.p[label.n - 1] == '-')
        return "has a label that begins or ends with a hyphen";
    for (size_t i = 0; i < label.n; i++) {
        if (label.p[i] >= 'A' && label.p[i] <= 'Z')
            return "must be in lower case";
        if (!is_letter(label.p[i]) && label.p[i] != '-')
            return "has a character that no host name has";
    }
    return NULL;
}

/* Checks the labels of a name; points at the first wrong one. */
static bool check_labels(struct str name, struct str text, struct span span, struct diags *diags)
{
    struct str rest = name;

    while (rest.p != NULL) {
        struct str tail;
        struct str label = str_cut(rest, '.', &tail);
        const char *fault = label_fault(label);

        if (fault != NULL) {
            diag_error(diags, span_inside(span, text, (size_t)(rest.p - text.p), label.n), "domain \"%.*s\" %s",
                       STR_ARG(text), fault);
            return false;
        }
        if (label.n == rest.n)
            break;
        rest = tail;
    }
    return true;
}

static bool check_domain(struct str text, struct span span, bool wildcard_allowed, struct diags *diags)
{
    struct str name = wildcard_allowed && str_starts(text, "*.") ? str_from(text, 2) : text;

    if (!check_labels(name, text, span, diags))
        return false;
    if (name.n > LONGEST_NAME) {
        diag_error(diags, span, "domain is longer than %d letters", LONGEST_NAME);
        return false;
    }
    if (!str_contains(name, ".")) {
        diag_error(diags, span, "domain \"%.*s\" has one label: a full name was expected", STR_ARG(text));
        return false;
    }
    return true;
}

static void append(struct arena *arena, struct str domain, struct span span, struct diags *diags,
                   struct domain_list *domains)
{
    vec_each (struct str *, known, domains) {
        if (str_eq(*known, domain)) {
            diag_error(diags, span, "domain \"%.*s\" stands here twice", STR_ARG(domain));
            return;
        }
    }
    *vec_push(arena, domains) = domain;
}

static void read_host(struct arena *arena, struct yaml_node *node, struct str under, struct diags *diags,
                      struct domain_list *domains)
{
    struct str host;

    if (!yaml_string(node, "a host below a domain", diags, &host))
        return;
    if (!str_is(host, "@") && !str_is(host, "*") && !check_labels(host, host, node->span, diags))
        return;
    if (under.n == 0)
        return;
    if (!str_is(host, "@"))
        under = str_printf(arena, "%.*s.%.*s", STR_ARG(host), STR_ARG(under));
    append(arena, under, node->span, diags, domains);
}

static void read_under(struct arena *arena, struct yaml_node *map, struct diags *diags, struct domain_list *domains)
{
    static const char *const keys[] = {"under", "hosts", NULL};
    struct yaml_node *under_node = yaml_need(map, "under", diags);
    struct yaml_node *hosts = yaml_need(map, "hosts", diags);
    struct str under = STR_EMPTY;

    if (yaml_string(under_node, "under", diags, &under) && !check_domain(under, under_node->span, false, diags))
        under = STR_EMPTY;
    if (yaml_is_list(hosts, "hosts", diags)) {
        if (hosts->n == 0)
            diag_error(diags, hosts->span, "hosts is empty");
        for (size_t i = 0; i < hosts->n; i++)
            read_host(arena, hosts->items[i], under, diags, domains);
    }
    yaml_finish(map, keys, "a domain", diags);
}

void domains_read(struct arena *arena, struct yaml_node *node, struct diags *diags, struct domain_list *domains)
{
    struct str name;

    if (!yaml_is_list(node, "domains", diags))
        return;
    if (node->n == 0)
        diag_error(diags, node->span, "domains is empty");
    for (size_t i = 0; i < node->n; i++) {
        struct yaml_node *item = node->items[i];

        if (item->kind == YAML_MAP) {
            read_under(arena, item, diags, domains);
            continue;
        }
        if (yaml_string(item, "a domain", diags, &name) && check_domain(name, item->span, true, diags))
            append(arena, name, item->span, diags, domains);
    }
}
