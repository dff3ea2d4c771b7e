/* What "an address of this host" means where packets have been routed. */
#ifndef PORTOLAN_DIALECT_IPTABLES_LOCALITY_H
#define PORTOLAN_DIALECT_IPTABLES_LOCALITY_H

#include "model/ruleset.h"

/*
 * In chains that only INPUT leads to, a unicast destination is the host's own, and where only OUTPUT leads to, a source
 * is: unknowns that ask for no more are no unknowns there. IPv4. `ruleset` is changed in place.
 */
void locality_settle(struct arena *arena, struct ruleset *ruleset);

#endif
