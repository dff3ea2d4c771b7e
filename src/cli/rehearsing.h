/* What a rehearsal needs of the command line's inputs: for each firewall its ruleset as text and as read, and a proof.
 */
#ifndef PORTOLAN_CLI_REHEARSING_H
#define PORTOLAN_CLI_REHEARSING_H

#include "cli/checking.h"
#include "rehearse/play.h"

/* Files in the place of those that the site names, for one firewall. */
struct replaced {
    const struct firewall *firewall;
    struct str *files;
    size_t file_n;
};

struct replaced_list VEC(struct replaced);

/* One state of all firewalls. */
struct side {
    struct checking checking;       /* with verdicts, findings and tests */
    const struct policy **policies; /* these four: by firewall of the site */
    const struct ruleset **rulesets;
    struct stage_ruleset *texts;
    struct prover **provers;
};

/* `F=FILE`; several of one firewall are its files. False with an error. */
bool replaced_read(struct cli *cli, const struct site *site, struct str text, struct replaced_list *list);
void replaced_add(struct cli *cli, struct replaced_list *list, const struct firewall *firewall, struct str file);

/* Reads the rulesets and proves. False when there were errors. */
bool side_open(struct side *side, struct cli *cli, const struct plan *plan, const struct replaced_list *replaced);
void side_close(struct side *side);

/* Packets that the checks show: of findings and of tests; and with `flows` those of flows that do not pass. */
struct witnesses VEC(struct packet);
void side_witnesses(const struct side *side, struct cli *cli, struct witnesses *witnesses);
void side_flow_packets(const struct side *side, struct cli *cli, struct witnesses *packets);

/* Who takes part, whichever of the sides (one or two) is played. NULL when there were errors. */
struct cast *sides_cast(struct cli *cli, const struct plan *plan, const struct side *sides, size_t n,
                        const struct witnesses *packets, bool all);

#endif
