/* What the files that make flows share. */
#ifndef PORTOLAN_PLAN_MAKER_H
#define PORTOLAN_PLAN_MAKER_H

#include "plan/plan.h"

struct maker {
    struct arena *arena;
    const struct site *site;
    uint32_t today;
    struct diags *diags;
    struct VEC(const struct flow *) flows;
    bool *omit_used; /* for each omission of the site */
    bool quiet;      /* nothing about ports is said */
};

/* --- role.c: what fills a role ------------------------------------------------------------------------------------ */

enum end_kind { END_SET, END_DOMAINS, END_WAIVED, END_UNFILLED };

struct role_end {
    enum end_kind kind;
    const struct address_set *set; /* SET; DOMAINS: what they resolve to so far */
    const struct role *role;       /* that was used in the end: `else` may lead from one to another */
    struct str *domains;
    size_t domain_n;
    struct str missing; /* domains that are not resolved; empty: none */
    struct span span;   /* of the binding, where there is one */
};

struct role_end role_resolve(struct arena *arena, const struct site *site, const struct instance *instance,
                             struct str role);
bool role_end_has(const struct role_end *end, enum family family);

/* --- active.c: which requirements are on -------------------------------------------------------------------------- */

/* For each requirement of the instance's catalog: its condition holds, and nothing that is on replaces it. */
bool *requirements_active(struct arena *arena, const struct instance *instance);

/* --- ports.c: ports of one transport ------------------------------------------------------------------------------ */

struct port_group {
    int transport;
    const struct ranges *ranges; /* empty: none known */
    bool any;                    /* every port, or the transport has none */
    bool open;                   /* some are not known */
    bool dropped;                /* nothing is left of it */
    struct str reason;           /* why open */
};

struct port_groups VEC(struct port_group);

/*
 * Groups of a requirement's ports, in the order in which transports first appear, without what the site omits. False
 * when a parameter lacks a value (said).
 */
bool ports_of_requirement(struct maker *maker, const struct instance *instance, const struct requirement *requirement,
                          struct port_groups *groups);
struct port_groups ports_of_exception(struct arena *arena, const struct exception *exception);
/* The ports at which an instance pins a program that a dynamic requirement names (`mountd` by `mountd-port`). */
bool program_pin(struct arena *arena, const struct instance *instance, struct str program, struct range *ports);

/* Whether an exception is past its date. */
static inline bool exception_expired(const struct exception *exception, uint32_t today)
{
    return exception->expires != 0 && exception->expires < today;
}

/* --- flow.c ------------------------------------------------------------------------------------------------------- */

/* Flows of one requirement; both ends are sets or domains. */
void flows_of_requirement(struct maker *maker, const struct instance *instance, const struct requirement *requirement,
                          const struct role_end *from, const struct role_end *to);
/* Flows of an extra entry, a test or an accepted excess; ids are `id`/TRANSPORT[/v6]. */
void flows_of_exception(struct maker *maker, const struct exception *exception, struct str id);

#endif
