/* Catalog × site -> flows, and what each firewall of the site has to let through. */
#ifndef PORTOLAN_PLAN_PLAN_H
#define PORTOLAN_PLAN_PLAN_H

#include "model/plan.h"
#include "model/policy.h"
#include "model/verdict.h"
#include "plan/route.h"

/*
 * Makes the flows. Errors (an unfilled required role with the requirements that it leaves open, a parameter without a
 * value, an empty end, IPv4 to IPv6 only), warnings (an expired exception, an omission that omits nothing, a dynamic
 * port without a pin) and notes (a role that stands in for another) are in diags. `today` is YYYYMMDD.
 */
struct plan *plan_make(struct arena *arena, const struct site *site, uint32_t today, struct diags *diags);

/* What one firewall of the site must let through and may; gaps (flows without a path) are findings. */
struct policy *plan_policy(struct arena *arena, const struct plan *plan, const struct firewall *firewall,
                           uint32_t today, struct diags *diags);

/* The flow that a test (or an accepted excess) asks about: from, to, ports of one family and transport each. */
struct probe_flows {
    const struct flow **v;
    size_t n;
};
struct probe_flows plan_exception_flows(struct arena *arena, const struct exception *exception, struct str id);

/* Flows that have no way through the site, one finding each. */
struct finding *plan_gaps(struct arena *arena, const struct plan *plan, size_t *n);

/* What to change on the network to come from one plan to another. Flows are the same when their ids are. */
struct change *plan_change(struct arena *arena, const struct plan *old, const struct plan *new);

#endif
