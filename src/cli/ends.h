/* Ends as users write them: an address, a prefix, a range, a name, zone or domain of the site. */
#ifndef PORTOLAN_CLI_ENDS_H
#define PORTOLAN_CLI_ENDS_H

#include "cli/cli.h"
#include "model/plan.h"

/* The addresses of both families. False with an error when it is none of them, or a domain that is not resolved. */
bool ends_read(struct cli *cli, const struct plan *plan, struct str text, struct ends ends[FAMILY_N]);

#endif
