/* What differs between two catalogs. */
#ifndef PORTOLAN_CATALOG_DIFF_H
#define PORTOLAN_CATALOG_DIFF_H

#include "model/catalog_diff.h"

/*
 * Requirements are the same when their ids are; else when they ask for the same ports between the same ends, whatever
 * they are called: a role is also known by the company it keeps. What one catalog says in one requirement and the other
 * in several is one change. `siblings` are other catalogs of the document that `new` is made of: what one of them has
 * of `old` counts as there, under the id "PRODUCT/ID", if it has half of what that sibling asks for. The result borrows
 * from all of them.
 */
struct catalog_diff *catalog_diff(struct arena *arena, const struct catalog *old, const struct catalog *new,
                                  const struct catalog *const *siblings, size_t sibling_n);

#endif
