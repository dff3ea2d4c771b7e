/*
 * Which stand-ins somebody wants: those of a host of a site, or those that are named as SERVICE:PORT. Both become ports
 * with their sources (plan/host_ports.h), and those sockets at addresses of this machine.
 */
#ifndef PORTOLAN_CLI_STAND_INS_H
#define PORTOLAN_CLI_STAND_INS_H

#include "cli/cli.h"
#include "cli/receipts.h"
#include "plan/host_ports.h"

struct stand_ins {
    struct VEC(struct stand_in) sockets;
    struct tally *tallies; /* sorted by transport and port; each socket's `user` is one of them */
    size_t tally_n;
    struct offer offer;
    const struct values *bind;            /* --bind; empty: the host's own addresses, else all */
    const struct ranges *allow[FAMILY_N]; /* --allow; NULL: not given */
};

/* --bind and --allow. False with errors. */
bool stand_ins_options(struct cli *cli, struct stand_ins *wanted, const struct values *bind,
                       const struct values *allow);
/* False with errors. */
bool stand_ins_of_site(struct cli *cli, struct stand_ins *wanted, struct str site, struct str host);
bool stand_ins_of_words(struct cli *cli, struct stand_ins *wanted, const struct values *words);

#endif
