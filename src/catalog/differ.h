/* What the parts of the comparison of two catalogs share. */
#ifndef PORTOLAN_CATALOG_DIFFER_H
#define PORTOLAN_CATALOG_DIFFER_H

#include "base/map.h"
#include "base/vec.h"
#include "catalog/diff.h"

struct change_records VEC(struct changed_requirement);

struct differ {
    struct arena *arena;
    const struct catalog *old;
    const struct catalog *new; /* with its siblings */
    struct map named;          /* roles of old -> struct str *, in new */
    struct map parameters;     /* in the same way */
    size_t *parent;            /* groups of requirements that are one */
    bool *old_done;
    bool *new_done;
    struct change_records *changed;
    size_t same_n;
};

struct text_list VEC(struct str);

/* said.c */
void differ_push(struct differ *differ, struct text_list *texts, struct str text); /* once */
/* Adds what a requirement says in a field, with the names that roles and parameters have in the new catalog. */
void differ_texts(struct differ *differ, const struct catalog *catalog, const struct requirement *requirement,
                  enum catalog_field field, struct text_list *texts);
/* Each port between two ends, parameters as their defaults and domains by name; with `domains_alone` those to domains,
 * whoever asks for them. */
struct text_list differ_facts(struct differ *differ, const struct catalog *catalog,
                              const struct requirement *requirement, bool domains_alone);

/* names.c: roles, features and parameters. A parameter has another name where just one of each has its default. */
struct map names_align_parameters(struct arena *arena, const struct catalog *old, const struct catalog *new);
struct changed_name *names_compare(struct differ *differ, size_t *n);

/* reasons.c: sets `why`. */
void reasons_find(struct arena *arena, const struct catalog *catalog, struct changed_requirement *changed);

/* siblings.c */
/* `new`, and behind it what the siblings ask for, as "PRODUCT/ID"; `new` itself where there are none. */
const struct catalog *siblings_joined(struct arena *arena, const struct catalog *new,
                                      const struct catalog *const *siblings, size_t n);
/* Whether half of what the sibling asks for is in the old catalog too. */
bool siblings_speak(const struct catalog_diff *diff, const struct catalog *sibling);

#endif
