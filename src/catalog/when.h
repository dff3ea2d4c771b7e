/* Conditions: boolean expressions over features. */
#ifndef PORTOLAN_CATALOG_WHEN_H
#define PORTOLAN_CATALOG_WHEN_H

#include "base/map.h"
#include "model/catalog.h"

/*
 * Reads an expression with and, or, not and parentheses; NULL after an error, which points into the span. The names in
 * the result are slices of `text`. Whether features of these names exist is for the caller to say.
 */
const struct when *when_parse(struct arena *arena, struct str text, struct span span, struct diags *diags);

/* Whether it holds where just the features are on for which the map has a value that is not NULL. NULL always holds. */
bool when_holds(const struct when *when, const struct map *features);

/* Calls `visit` for each feature that is named, in the order of the text. NULL names none. */
void when_each(const struct when *when, void (*visit)(void *context, struct str feature), void *context);

#endif
