/* What policy.c and face.c share. */
#ifndef PORTOLAN_PLAN_POLICY_MAKER_H
#define PORTOLAN_PLAN_POLICY_MAKER_H

#include "plan/maker.h"
#include "plan/router.h"

/* face.c: the ways by which packets can meet the firewall at the hooks that the policy decides on. */
void faces_make(struct router *router, const struct firewall *firewall, struct policy *policy);

#endif
