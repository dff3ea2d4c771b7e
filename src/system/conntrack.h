/* The connections that a network namespace has seen, forgotten: the next packet of each opens one. */
#ifndef PORTOLAN_SYSTEM_CONNTRACK_H
#define PORTOLAN_SYSTEM_CONNTRACK_H

#include "system/namespace.h"

/* Of a settled process whose own place is `home`. 0 or -errno. */
int conntrack_forget(const struct namespace *namespace, const struct namespace *home);

#endif
