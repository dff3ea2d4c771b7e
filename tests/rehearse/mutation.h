/* One change to one rule in the text of a ruleset: what a person gets wrong. */
#ifndef PORTOLAN_TESTS_MUTATION_H
#define PORTOLAN_TESTS_MUTATION_H

#include "base/source.h"
#include "draw.h"

enum mutation { MUTATION_DROP, MUTATION_WIDEN, MUTATION_SHIFT, MUTATION_SWAP, MUTATION_N };

const char *mutation_name(enum mutation mutation);
/*
 * The text with one rule changed: left out, an address of it made a wider prefix (a range longer by one), a port of it
 * higher or lower by one, or in the place of the next. A rule is a line that accepts or drops, or an element of a set.
 * *line is where. False: this line has nothing of the kind; draw again.
 */
bool mutate(struct arena *arena, struct draw *draw, const struct source *text, enum mutation mutation,
            struct str *mutated, uint32_t *line);

#endif
