/* Unknowns about headers that ordinary packets do not have. */
#ifndef PORTOLAN_DIALECT_HEADERS_H
#define PORTOLAN_DIALECT_HEADERS_H

#include "model/ruleset.h"

/*
 * Marks what rules that refuse packets ask of extension headers of IPv6 (`-m rt --rt-type 0 -j DROP`): the packets of
 * flows have none. What lets packets through by such a header stays unknown. `ruleset` is changed in place.
 */
void headers_settle(struct ruleset *ruleset);

#endif
