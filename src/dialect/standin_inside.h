/* What standin.c and standin_find.c share. */
#ifndef PORTOLAN_DIALECT_STANDIN_INSIDE_H
#define PORTOLAN_DIALECT_STANDIN_INSIDE_H

#include "dialect/standin.h"

/* For bytes of the text from here up to there; behind all others until standins_sort. */
struct standin *standins_add(struct standins *standins, size_t from, size_t to);
void standins_sort(struct standins *standins);
/* One for the name of a chain at a byte of the text, where nft needs one. */
void standins_name_chain(struct standins *standins, size_t from, struct str name);
/* A listing with the names that such chains have. */
struct str standins_restore_chains(struct arena *arena, struct str listing);

#endif
