/* Unknowns about headers and ends that packets of flows do not have. */
#ifndef PORTOLAN_DIALECT_HEADERS_H
#define PORTOLAN_DIALECT_HEADERS_H

#include "model/ruleset.h"

/*
 * Marks what rules that refuse packets ask of extension headers of IPv6 (`-m rt --rt-type 0 -j DROP`): the packets of
 * flows have none. Likewise what they ask of odd ends (`-m rpfilter --invert -j DROP`, `--dst-type BROADCAST -j DROP`),
 * which packets of flows do not have, though others may. What lets packets through by those stays unknown. `ruleset` is
 * changed in place.
 */
void headers_settle(struct ruleset *ruleset);

#endif
