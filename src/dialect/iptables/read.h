/* The reader of the iptables dialect; see dialect.h for the contract. */
#ifndef PORTOLAN_DIALECT_IPTABLES_READ_H
#define PORTOLAN_DIALECT_IPTABLES_READ_H

#include "dialect/dialect.h"

struct ruleset *iptables_read(struct arena *arena, const struct dialect_input *inputs, size_t n, struct diags *diags);

#endif
