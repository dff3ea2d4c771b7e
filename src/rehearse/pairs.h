/*
 * Which packets of a flow are played: from and to representatives of its ends (the first and last actor of its ranges,
 * and one of each zone), at the edges of its ports and at the service's own.
 */
#ifndef PORTOLAN_REHEARSE_PAIRS_H
#define PORTOLAN_REHEARSE_PAIRS_H

#include "base/vec.h"
#include "plan/plan.h"
#include "rehearse/cast.h"

struct pair {
    struct packet packet; /* the opener; its source port is 0 where any will do */
    const struct actor *from;
    const struct actor *to;
};

struct pairs VEC(struct pair);

/*
 * Appends to `pairs`; *reason says why where there are none. With `all` every actor of its ends takes part. Pairs that
 * no ruleset stands between are left out.
 */
void pairs_find(struct arena *arena, const struct site *site, const struct cast *cast, const struct flow *flow,
                bool all, struct pairs *pairs, struct str *reason);

/* Whether some ruleset stands between two ends of a flow; NULL: nobody. */
bool pair_is_played(const struct flow *flow, const struct actor *from, const struct actor *to);
/* Whether it is a packet of the flow, whatever its source port. */
bool flow_has(const struct flow *flow, const struct packet *packet);

#endif
