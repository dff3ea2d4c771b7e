/*
 * Where packets die on the stage: the firewall, and the rule or policy that stopped them, by name.
 *
 * nf_tables traces every packet that comes to a firewall (system/nftrace.h), rulesets of nftables and those of iptables
 * that are loaded over it. Where iptables has only its older machine, a packet is seen to come to a firewall, and by
 * what it is stopped there is not known. A packet is known by its ends, protocol and ports, or ICMP type and code, as
 * it came to the firewall: one that a firewall before has translated has other ends there.
 */
#ifndef PORTOLAN_REHEARSE_FATE_H
#define PORTOLAN_REHEARSE_FATE_H

#include "model/verdict.h"
#include "rehearse/stage.h"

struct fate {
    const struct firewall *firewall; /* that stopped such a packet; else one that saw it */
    bool stopped;                    /* by `rule`; false: no rule of any firewall did */
    struct rule_ref rule;            /* with index 0: the chain's policy; its text is empty where no reader knows it */
};

struct fates;

/*
 * Begins to look. `rulesets`: what the loaded texts were read as, one for each firewall of the site (NULL: not read),
 * to name rules in the user's own words. 0, or -errno with an error in diags. Rules that are loaded later have no
 * names.
 */
int fates_open(struct arena *arena, struct stage *stage, const struct ruleset *const *rulesets, struct diags *diags,
               struct fates **opened);
void fates_close(struct fates *fates); /* takes NULL */
/* For poll and epoll: readable when there is something to read. */
int fates_fd(const struct fates *fates);
/* Reads what the kernel has told until now. False: some of it was lost, and a packet may have no fate. */
bool fates_read(struct fates *fates);
/* What became of such a packet since fates_forget; false: no firewall has seen one. */
bool fates_find(const struct fates *fates, const struct packet *packet, struct fate *fate);
/* Forgets all packets, so that the next such packet is another. */
void fates_forget(struct fates *fates);

#endif
