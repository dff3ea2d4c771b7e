/* What commands read: catalogs, sites, rulesets, flows. Errors go to cli->diags; NULL or false means that there were.
 */
#ifndef PORTOLAN_CLI_INPUTS_H
#define PORTOLAN_CLI_INPUTS_H

#include "cli/cli.h"
#include "model/plan.h"
#include "model/ruleset.h"
#include "plan/flows.h"

/* The built-in catalogs and those of --catalog; read once. */
struct catalogs *inputs_catalogs(struct cli *cli);
void inputs_unknown_dialect(struct cli *cli, struct str name, struct span span);
/* The flows of a site; NULL too when the plan has errors. */
struct plan *inputs_plan(struct cli *cli, struct str path);
/* Of a text that was read; NULL: it was not, and that was said. */
struct plan *inputs_plan_of(struct cli *cli, const struct source *source);
/* Likewise with a catalog in the place of the one of its product. */
struct plan *inputs_plan_with(struct cli *cli, const struct source *source, const struct catalog *catalog);
/* --lenient: what is broken in a ruleset is a warning; the rule may match or not, and do anything. */
extern bool inputs_lenient;
#define INPUTS_LENIENT                                                                                                 \
    {                                                                                                                  \
        "lenient", 0, NULL, "a ruleset with errors is used all the same; what is broken may do anything", NULL,        \
            &inputs_lenient                                                                                            \
    }
/*
 * The files of one firewall as one ruleset. `dialect` empty: recognised by the text. A text of nftables is listed by
 * nft in a network namespace of its own first.
 */
struct ruleset *inputs_ruleset(struct cli *cli, const struct str *paths, size_t n, struct str dialect);
/*
 * Two of them, read at the same time: for `diff`, most of whose time that is. The rooms that read are pure, so it takes
 * no more than an arena of its own for the second. Either is NULL where it had errors.
 */
void inputs_rulesets(struct cli *cli, struct arena *arena, const struct values sides[2], struct str dialect,
                     struct ruleset *rulesets[2]);
/* The ruleset that a site names for a firewall: its files, and as it is read. Paths are relative to the site file. */
struct str *inputs_firewall_files(struct cli *cli, const struct site *site, const struct firewall *firewall, size_t *n);
struct ruleset *inputs_firewall(struct cli *cli, const struct site *site, const struct firewall *firewall);
bool inputs_flows(struct cli *cli, struct str path, struct flows *flows);
/* The firewall that --firewall names; an error lists those there are. */
const struct firewall *inputs_find_firewall(struct cli *cli, const struct site *site, struct str name);

#endif
