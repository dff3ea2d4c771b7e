/* Roles of two catalogs that are one: by name, else by what is asked of them. */
#ifndef PORTOLAN_CATALOG_ROLES_H
#define PORTOLAN_CATALOG_ROLES_H

#include "base/map.h"
#include "model/catalog.h"

/* Name of a role of `old` -> struct str *, its name in `new`; none for a role that has no counterpart. */
struct map roles_align(struct arena *arena, const struct catalog *old, const struct catalog *new);

/* The ports of an item with parameters as their defaults: "8012/tcp". */
struct str roles_port(struct arena *arena, const struct catalog *catalog, const struct port_item *item);

#endif
