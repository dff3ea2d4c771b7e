/* What the two halves of the catalog's reader share: read.c (the file) and requirement.c (its requirements). */
#ifndef PORTOLAN_CATALOG_READER_H
#define PORTOLAN_CATALOG_READER_H

#include "base/map.h"
#include "base/yaml.h"
#include "model/catalog.h"

struct catalog_reader {
    struct arena *arena;
    struct diags *diags;
    struct catalog *catalog;
    struct map documents; /* names that were declared, each with its object, even where that had errors */
    struct map roles;
    struct map features;
    struct map parameters;
    struct map requirements; /* id -> struct requirement */
};

/* A string that must be a name: letters, digits, hyphens. */
bool catalog_reader_name(struct catalog_reader *reader, struct str name, struct span span, const char *what);
/* Error "unknown WHAT "name"" with the nearest of the map. */
void catalog_reader_unknown(struct catalog_reader *reader, const char *what, struct str name, struct span span,
                            const struct map *known);
/* One of `words`; an error with the nearest otherwise. A NULL node gives false without an error. */
bool catalog_reader_word(struct catalog_reader *reader, struct yaml_node *node, const char *what,
                         const char *const *words, size_t n, size_t *index);
/* DOCUMENT#"place": syntax, and that the document is declared. */
bool catalog_reader_origin(struct catalog_reader *reader, struct yaml_node *node, struct str *origin);

void requirements_read(struct catalog_reader *reader, struct yaml_node *list);

#endif
