/* The two halves of the nftables dialect; see dialect.h for their contract. */
#ifndef PORTOLAN_DIALECT_NFTABLES_NFTABLES_H
#define PORTOLAN_DIALECT_NFTABLES_NFTABLES_H

#include "dialect/dialect.h"

struct ruleset *nftables_read(struct arena *arena, const struct dialect_input *inputs, size_t n, struct diags *diags);
bool nftables_print(const struct policy *policy, struct dialect_output outputs[DIALECT_OUTPUTS_MAX], size_t *n,
                    struct diags *diags);

#endif
