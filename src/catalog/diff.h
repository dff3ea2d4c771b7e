/* What differs between two catalogs. */
#ifndef PORTOLAN_CATALOG_DIFF_H
#define PORTOLAN_CATALOG_DIFF_H

#include "model/catalog_diff.h"

/*
 * Requirements are the same when their ids are; else when they ask for the same ports between the same ends, whatever
 * they are called: a role is also known by the company it keeps. What one catalog says in one requirement and the other
 * in several is one change. The result borrows from both catalogs.
 */
struct catalog_diff *catalog_diff(struct arena *arena, const struct catalog *old, const struct catalog *new);

#endif
