/* Domains of a role, as a catalog writes them. */
#ifndef PORTOLAN_CATALOG_DOMAINS_H
#define PORTOLAN_CATALOG_DOMAINS_H

#include "base/yaml.h"

struct domain_list {
    struct str *v;
    size_t n;
    size_t capacity;
};

/*
 * Reads a list of `name`, `*.name` and `{under: NAME, hosts: ["@", "*", HOST]}` and appends NAME, *.NAME and
 * HOST.NAME. Errors, of syntax and of doubles, are in diags.
 */
void domains_read(struct arena *arena, struct yaml_node *node, struct diags *diags, struct domain_list *domains);

#endif
