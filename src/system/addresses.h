/* The addresses that this machine has, in the network namespace in which the process is. */
#ifndef PORTOLAN_SYSTEM_ADDRESSES_H
#define PORTOLAN_SYSTEM_ADDRESSES_H

#include "net/addr.h"
#include "net/ranges.h"

/* Sets in the arena; of the loopback all that its prefix has, for the kernel takes each for its own. 0 or -errno. */
int addresses_own(struct arena *arena, const struct ranges *own[FAMILY_N]);

#endif
