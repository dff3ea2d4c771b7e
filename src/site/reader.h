/* What the files of the site reader share: the state of one reading, and the address book. */
#ifndef PORTOLAN_SITE_READER_H
#define PORTOLAN_SITE_READER_H

#include "base/suggest.h"
#include "base/yaml.h"
#include "site/site.h"

struct name_entry;

struct site_reader {
    struct arena *arena;
    const struct source *source;
    const struct catalogs *catalogs;
    const struct site_files *files;
    struct diags *diags;
    struct site *site;
    struct map names;                     /* name -> struct name_entry */
    struct VEC(struct name_entry *) open; /* names that are being resolved, outermost first */
    size_t expanded;                      /* items in all sets so far: hostile input is stopped */
};

/* One entry of the address book. It has a node (of the site file), or members and ranges (of another file). */
struct name_entry {
    struct str name;
    struct span span;
    struct yaml_node *node;
    struct VEC(struct str) members; /* names of other entries */
    struct VEC(struct addr_range) ranges;
    const char *hollow; /* why there is no address behind it; NULL: there is */
    bool implied;       /* nobody wrote it: it gives way to one that was written */
    enum { NAME_FRESH, NAME_OPEN, NAME_DONE } state;
    struct address_set *set; /* once done; NULL: an error that was said */
};

/* Which words beside addresses and names an end may use. */
enum { ENDS_NAMES = 0, ENDS_ZONES = 1, ENDS_ROLES = 2 };

/* names.c */
bool site_name_valid(struct site_reader *reader, struct str name, struct span span, const char *what);
/* Adds an entry, or gives the one there is; *fresh says which. */
struct name_entry *site_name_entry(struct site_reader *reader, struct str name, struct span span, bool *fresh);
void site_names(struct site_reader *reader, struct yaml_node *node);
void site_names_resolve(struct site_reader *reader);
/* An end: a scalar or a list. NULL after an error, or where `node` is NULL. */
struct address_set *site_ends(struct site_reader *reader, struct yaml_node *node, const char *what, unsigned words);
struct str site_text(struct site_reader *reader, const struct yaml_node *node); /* as written, in one line */

/* inventory.c, table.c: names from other files */
/* An entry for a name that another file gives; NULL, and an error, where the site file has it too. */
struct name_entry *site_foreign(struct site_reader *reader, struct str name, struct span span);
void site_names_from(struct site_reader *reader, struct yaml_node *node);
void site_inventory_ini(struct site_reader *reader, const struct source *source);
void site_inventory_yaml(struct site_reader *reader, const struct source *source);
void site_inventory_csv(struct site_reader *reader, const struct source *source);
/* Path of a file that the site names, seen from where we stand. */
struct str site_path(struct site_reader *reader, struct str path);

/* the sections */
void site_zones(struct site_reader *reader, struct yaml_node *node);
void site_instances(struct site_reader *reader, struct yaml_node *node);
void site_domains(struct site_reader *reader, struct yaml_node *node);
void site_lock(struct site_reader *reader);
void site_firewalls(struct site_reader *reader, struct yaml_node *node);
void site_extra(struct site_reader *reader, struct yaml_node *node);
void site_omit(struct site_reader *reader, struct yaml_node *node);
void site_accept(struct site_reader *reader, struct yaml_node *node);
void site_tests(struct site_reader *reader, struct yaml_node *node);
void site_resolver(struct site_reader *reader, struct yaml_node *node);
void site_proxy(struct site_reader *reader, struct yaml_node *node);

/* ports.c: `N/proto`, `N-M/proto`, `icmp`, `any` as a list. False after an error. */
bool site_ports(struct site_reader *reader, struct yaml_node *node, struct port_item **items, size_t *n);
/* Says why a text is no port and no range of ports ("port 0 does not exist"); NULL where it is one. */
const char *port_problem(struct str text);

/* A section that may be left empty: true when there is a map (or list) to read; wrong kinds are errors. */
bool site_section(struct site_reader *reader, struct yaml_node *node, enum yaml_kind kind, const char *what);
bool site_is_null(const struct yaml_node *node); /* nothing stands there */

#endif
