/* Which packets may pass between two actors, and whether anything has to stop the others. What neighbours.c asks. */
#ifndef PORTOLAN_REHEARSE_ALLOWED_H
#define PORTOLAN_REHEARSE_ALLOWED_H

#include "rehearse/neighbours.h"

struct allowed;

struct allowed *allowed_new(struct arena *arena, const struct neighbours_wishes *wishes);
/* By a flow of the plan, or by an accepted excess. One that never leaves its subnet allows nothing between zones. */
bool allowed_flow(const struct allowed *allowed, const struct actor *from, const struct actor *to,
                  const struct packet *packet);
/* Whether on each of its ways some firewall has to decide on the packet, and neither scope nor baseline excuse it. */
bool allowed_decided(struct allowed *allowed, const struct actor *from, const struct actor *to,
                     const struct packet *packet);
/* Whether it meets a firewall at all, and there is a way for it. */
bool allowed_crosses(struct allowed *allowed, const struct actor *from, const struct actor *to,
                     const struct packet *packet);

#endif
