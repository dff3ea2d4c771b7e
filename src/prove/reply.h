/* Requests that NAT or NOTRACK changed on their way, and the replies to them. */
#ifndef PORTOLAN_PROVE_REPLY_H
#define PORTOLAN_PROVE_REPLY_H

#include "model/packet.h"
#include "prove/walk.h"

/* Whether what comes back hangs on what became of the request; else a reply is judged by itself. */
bool reply_follows(const struct ruleset *ruleset);
/* Whether rules of the ruleset may change what comes back. */
bool reply_may_matter(const struct ruleset *ruleset);
/* Whether the answers to packets that were rewritten so are others than to the packets as they came. */
bool reply_matters(const struct rewritten *now);
/*
 * The replies to the requests of these leaves, out of `plain`: those that belong to the requests as they came. Filters
 * see a reply from where the request really went, and to where it really came from. False where no rewriting matters:
 * `plain` it is. None at all where all requests are redirected to the firewall itself.
 */
bool reply_region(struct arena *arena, enum family family, const struct cubes *plain, const struct leaf *leaves,
                  size_t n, struct cubes *replies);
/*
 * A rule on the way of the replies that sees ends which these requests got by translation, before they are translated
 * back or behind that, and takes them for others than the ends that filters see: raw and mangle see the address that
 * SNAT gave. NULL: there is none.
 */
const struct rule *reply_misjudged(struct arena *arena, const struct program *program, const struct leaf *leaves,
                                   size_t n);
/* Whether replies may come to a rule of the chain so: its base chain, or one that may call it, is beside translation.
 */
bool reply_comes_beside(const struct ruleset *ruleset, const struct chain *chain);
/* One packet with what rules wrote into it; of several values the first, of any address the packet's own. */
struct packet reply_rewritten(const struct rewritten *now, const struct packet *packet);

#endif
