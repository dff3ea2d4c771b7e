/* What another version of a catalog means for a site. */
#ifndef PORTOLAN_CLI_EFFECT_H
#define PORTOLAN_CLI_EFFECT_H

#include "cli/inputs.h"
#include "model/catalog_diff.h"

/*
 * The site planned with each of the two in the place of its product's catalog, and every firewall printed for both
 * plans in the dialect that the site says. NULL when there were errors: a role that only the new one needs is one.
 */
struct catalog_effect *effect_of(struct cli *cli, struct str site, const struct catalog *old,
                                 const struct catalog *new);

#endif
