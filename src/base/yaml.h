/*
 * YAML into a tree of nodes that know their place, over libyaml. Scalars stay text: the reader of a format gives them
 * their type, so `no` and `on` never become booleans by accident. Duplicate keys, aliases that explode, several
 * documents in a file and bytes that are not UTF-8 are errors with their place.
 */
#ifndef PORTOLAN_BASE_YAML_H
#define PORTOLAN_BASE_YAML_H

#include "base/diag.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP, YAML_N };

struct yaml_pair {
    struct str key;
    struct span key_span;
    struct yaml_node *value;
    bool seen; /* set by yaml_get and yaml_next, asked by yaml_finish */
};

struct yaml_node {
    enum yaml_kind kind;
    bool quoted; /* a scalar in quotes, or a block scalar */
    struct span span;
    struct str text; /* scalar */
    struct yaml_node **items;
    struct yaml_pair *pairs;
    size_t n; /* of items or pairs */
};

/* NULL when the text is not YAML or is empty; the reasons are in diags. Nodes may be shared where aliases are used. */
struct yaml_node *yaml_parse(struct arena *arena, const struct source *source, struct diags *diags);

const char *yaml_kind_name(enum yaml_kind kind); /* "a string", "a list", "a map" */

/* The value of a key of a map, marked as seen; NULL where it is missing or `map` is no map (which is then an error). */
struct yaml_node *yaml_get(struct yaml_node *map, const char *key);
/* Like yaml_get; a missing key is an error at the map. */
struct yaml_node *yaml_need(struct yaml_node *map, const char *key, struct diags *diags);
/* Reports every key of the map that was not asked for, with the nearest of those in `keys` (ends with NULL). */
void yaml_finish(struct yaml_node *map, const char *const *keys, const char *where, struct diags *diags);

/* Each checks the kind and adds an error "WHAT must be …" at the node. A NULL node gives false without an error. */
bool yaml_is_map(struct yaml_node *node, const char *what, struct diags *diags);
bool yaml_is_list(struct yaml_node *node, const char *what, struct diags *diags);
bool yaml_string(struct yaml_node *node, const char *what, struct diags *diags, struct str *value); /* not empty */

#endif
