/* Unknowns of two rulesets. */
#ifndef PORTOLAN_PROVE_UNKNOWNS_H
#define PORTOLAN_PROVE_UNKNOWNS_H

#include "model/ruleset.h"

/* Unknowns of the same text are the same: those of the right are renumbered, and both have as many. */
void unknowns_share(struct arena *arena, struct ruleset *left, struct ruleset *right);

#endif
