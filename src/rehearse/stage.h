/*
 * The stage: a site in network namespaces of this machine, with the real addresses and the real rulesets.
 *
 * - Each firewall between zones has a namespace with its interfaces, named as in the site, its own addresses and the
 *   routes of the shortest paths (ways.h). A host with a firewall of its own has one too.
 * - All other hosts of a zone share one namespace, to which every address of the zone is local. Such a host does
 * nothing but send and receive: it has no rules, routes by the destination alone and keeps no state about others, so
 * what passes between two of them and the rest of the site is the same as with a namespace each. (What hosts of one
 * zone without firewalls say to each other meets no ruleset in either case.) Thus the size of a zone costs nothing.
 * - Zones are Ethernet segments: bridges in one more namespace. Zones that share an interface of some firewall share a
 *   segment, as their hosts do.
 * - Neighbours are static. Otherwise a ruleset without neighbour discovery would stop all of IPv6, and say nothing
 *   about its flows; that it is missing is a finding of its own (prove/baseline.c). Next hops have link-local
 *   addresses that are made from the hardware's (IPv4: of 169.254/16), so no address of the site serves as a gateway.
 * - Firewalls believe every source (rp_filter is off), so that it is the ruleset that judges spoofed packets. They
 *   neither redirect nor limit ICMP errors.
 *
 * The namespaces have no names and hang on files of this process: when it ends, however it ends, all of it is gone, and
 * nothing is left to clean up. Nothing of the machine's own network is touched.
 *
 * What it does not do: an interface of a host firewall that the site binds to a zone in which the host has no address
 * is attached where the host is (with a warning), and packets come in by the interface of the segment that brings them.
 * Link-local destinations, broadcast and multicast are not carried between firewalls, as in the site.
 */
#ifndef PORTOLAN_REHEARSE_STAGE_H
#define PORTOLAN_REHEARSE_STAGE_H

#include "dialect/dialect.h"
#include "rehearse/cast.h"
#include "system/namespace.h"

struct stage;

/* The ruleset of one firewall, as it is. */
struct stage_ruleset {
    const struct source *const *texts; /* files in the order in which the site names them */
    size_t n;                          /* 0: none; then everything passes, and that is an error in diags */
    const struct dialect *dialect;     /* NULL: it is told by the text */
    const char *directory;             /* for includes of nftables; NULL: an include is an error */
};

struct stage_wishes {
    const struct site *site;
    const struct cast *cast;
    const struct stage_ruleset *rulesets; /* one for each firewall of the site; NULL: load none, which is no error */
    const struct route *prefer;           /* see ways_make */
};

/*
 * Builds it and loads the rulesets. 0, or -errno with an error in diags: -EPERM and others where the machine allows no
 * namespaces, with a hint what to enable. A ruleset that its own program refuses is an error in diags with the
 * program's message, the stage is there all the same: ask stage_loaded. The process of an ordinary user leaves the
 * machine's network for good (namespace_settle). To be called with one thread. Everything but the files lives in the
 * arena.
 */
int stage_open(struct arena *arena, const struct stage_wishes *wishes, struct diags *diags, struct stage **opened);
void stage_close(struct stage *stage); /* takes NULL */

/*
 * A socket on an actor's host; non-blocking, closed on exec. It belongs there whatever the process does later. To send
 * from, bind it to one of the actor's addresses. The descriptor or -errno. One thread at a time.
 */
int stage_socket(struct stage *stage, const struct actor *actor, int family, int type, int protocol);
/*
 * Another ruleset in the place of the one that a firewall has; what it knows of connections is forgotten. 0, or -errno
 * with an error in diags. Packets have to be followed anew (fates_open).
 */
int stage_reload(struct stage *stage, const struct firewall *firewall, const struct stage_ruleset *ruleset,
                 struct diags *diags);
/* Where a firewall is; NULL: nowhere (between no zones). */
const struct namespace *stage_namespace(const struct stage *stage, const struct firewall *firewall);
/* Whether all of its ruleset was taken by the kernel. */
bool stage_loaded(const struct stage *stage, const struct firewall *firewall);
/* Whether packets of these two take this route through the stage (one of several alternatives may not be). */
bool stage_follows(struct stage *stage, const struct actor *from, const struct actor *to, const struct route *route);

#endif
