/* Who of the cast stands for one end of a flow when its neighbours are sought. */
#ifndef PORTOLAN_REHEARSE_ENDS_H
#define PORTOLAN_REHEARSE_ENDS_H

#include "rehearse/cast.h"

#define ENDS_MAX 8 /* about so many addresses of one end */

struct end_list VEC(const struct cast_entry *);

/*
 * Of each zone the first address of the set, where that is a host with a firewall of its own the first without too (for
 * it hides the mistakes of those on the way), and the last of all.
 */
struct end_list ends_of(struct arena *arena, const struct site *site, const struct cast *cast, enum family family,
                        const struct ranges *set);
const struct cast_entry *ends_first(const struct cast *cast, enum family family,
                                    const struct ranges *set); /* or NULL */
/* Those next to an address that are in its zone and have no firewall: up to ENDS_MAX below and as many above. */
struct end_list ends_beside(struct arena *arena, const struct cast *cast, enum family family, u128 address);

#endif
