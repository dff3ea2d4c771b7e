/* The printer of the iptables dialect; see dialect.h for the contract. */
#ifndef PORTOLAN_DIALECT_IPTABLES_PRINT_H
#define PORTOLAN_DIALECT_IPTABLES_PRINT_H

#include "dialect/dialect.h"

/*
 * Writes "v4.rules" and "v6.rules", as far as the policy has the families, and "ipset" where a rule asks for a set.
 * Sets are loaded first. A rule is never wider than its flow; what cannot be said is an error that names the flow.
 */
bool iptables_print(const struct policy *policy, struct dialect_output outputs[DIALECT_OUTPUTS_MAX], size_t *n,
                    struct diags *diags);

#endif
