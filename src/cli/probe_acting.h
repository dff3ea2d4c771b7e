/* As whom the flows of a site are asked: this machine, or a host of the site. */
#ifndef PORTOLAN_CLI_PROBE_ACTING_H
#define PORTOLAN_CLI_PROBE_ACTING_H

#include "cli/probing.h"

/* Who asks. */
struct acting {
    struct probing *probing;
    const struct ranges *as[FAMILY_N]; /* addresses whose flows are asked */
    bool bind;                         /* this machine has them */
    size_t asked;                      /* flows so far */
    struct map names;                  /* an address as text -> the name that stands for it alone */
};

/* --from, else all addresses of this machine. False after errors; what it cannot ask is a warning. */
bool acting_open(struct acting *acting, struct probing *probing);
/* The name that stands for an address alone, else the address. */
struct str acting_name(const struct acting *acting, enum family family, u128 address);

#endif
