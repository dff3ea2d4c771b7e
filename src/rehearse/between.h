/* What stands between two actors: their routes, which are the same for all addresses of two hosts in their zones. */
#ifndef PORTOLAN_REHEARSE_BETWEEN_H
#define PORTOLAN_REHEARSE_BETWEEN_H

#include "plan/route.h"
#include "rehearse/cast.h"

struct between;

struct between *between_new(struct arena *arena, const struct site *site);
/* As routes_find says, for the ends of this packet; found once, and kept as long as the arena. Never NULL. */
const struct routes *between_routes(struct between *between, const struct actor *from, const struct actor *to,
                                    const struct packet *packet, bool subnet);

#endif
