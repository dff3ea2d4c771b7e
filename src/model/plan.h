/* A plan, and the difference between two of them. Plain data for every view. */
#ifndef PORTOLAN_MODEL_PLAN_H
#define PORTOLAN_MODEL_PLAN_H

#include "model/change.h"
#include "model/site.h"

struct plan {
    const struct site *site;   /* NULL: the flows were read from a file */
    const struct flow **flows; /* sorted by instance as in the site, requirement as in the catalog, transport, family */
    size_t n;
};

enum change_field {
    CHANGE_SOURCE,
    CHANGE_DESTINATION,
    CHANGE_DOMAIN,
    CHANGE_PORTS,
    CHANGE_SOURCE_PORTS,
    CHANGE_STATUS,
    CHANGE_NEED,
    CHANGE_FIELD_N
};

const char *change_field_name(enum change_field field);

struct changed_flow {
    const struct flow *old;
    const struct flow *new;
    struct change_list fields[CHANGE_FIELD_N]; /* empty lists where nothing changed */
};

/* A change ticket: flows to open, to close, and those that stay but differ. */
struct change {
    const struct flow **open;
    size_t open_n;
    const struct flow **close;
    size_t close_n;
    struct changed_flow *changed;
    size_t changed_n;
    size_t same_n;
};

#endif
