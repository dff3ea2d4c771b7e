/* "did you mean": the nearest of a list of names. */
#ifndef PORTOLAN_BASE_SUGGEST_H
#define PORTOLAN_BASE_SUGGEST_H

#include "base/diag.h"

/* Edits (insert, delete, replace, swap of neighbours) between two short names; more than 64 bytes counts as far. */
unsigned suggest_distance(struct str a, struct str b);

/* A search for the nearest name: start with suggest_for, offer every candidate, then take `best` (empty: none near). */
struct suggest {
    struct str wanted;
    struct str best;
    unsigned distance;
};

struct suggest suggest_for(struct str wanted);
void suggest_offer(struct suggest *suggest, struct str candidate);
/* Adds `did you mean "x"` to the last diagnostic when something near was offered. */
void suggest_hint(const struct suggest *suggest, struct diags *diags);

#endif
