/*
 * The cast: which hosts of a site take part in a rehearsal. Not each of a thousand, but every class of addresses that
 * flows, tests, zones, firewalls and rulesets treat differently (its first and its last member), and the edges of what
 * a site says: the first and last address of each range, and the next ones outside. A ruleset that is wrong about any
 * address is so about one of these, as far as it tells addresses apart by the sets that were read; the edges are for
 * mistakes of the readers.
 *
 * Pure: names and addresses only, whoever builds the stage.
 */
#ifndef PORTOLAN_REHEARSE_CAST_H
#define PORTOLAN_REHEARSE_CAST_H

#include "model/packet.h"
#include "plan/plan.h"

/* A host as seen in one zone, or a firewall itself. */
struct actor {
    struct str name;                 /* of the site where it has one, else the address */
    const struct zone *zone;         /* NULL: a firewall between zones, or the site has none */
    const struct firewall *firewall; /* the one that stands on this host, or that it is; NULL: none */
    u128 *addresses[FAMILY_N];       /* sorted; the site's own */
    size_t address_n[FAMILY_N];
};

struct cast_entry {
    u128 address;
    const struct actor *actor;
};

struct cast {
    struct actor **v; /* in the order of their first address, IPv4 before IPv6 */
    size_t n;
    size_t capacity;
    struct cast_entry *entries[FAMILY_N]; /* every address of every actor, sorted */
    size_t entry_n[FAMILY_N];
};

struct cast_wishes {
    const struct plan *plan;               /* of a site */
    const struct ruleset *const *rulesets; /* one for each firewall of the site; NULL: not read */
    const struct packet *packets;          /* whose ends are in the cast too: witnesses */
    size_t packet_n;
    bool all; /* every address of every set that the site names, not classes alone */
};

/*
 * Everything lives in the arena. Addresses that no host can have (loopback, link-local, multicast …) are not cast, nor
 * are those of no zone. With `all`, a set of more than CAST_ALL_MAX addresses is represented by its classes all the
 * same, with one warning in diags that says which.
 */
#define CAST_ALL_MAX 4096
struct cast *cast_make(struct arena *arena, const struct cast_wishes *wishes, struct diags *diags);

/* NULL where the address is not represented. */
const struct actor *cast_find(const struct cast *cast, enum family family, u128 address);
/* The entries with an address in the range: *first of them, and how many. */
size_t cast_within(const struct cast *cast, enum family family, struct range range, const struct cast_entry **first);
/* Addresses that a host may have in a rehearsal. */
const struct ranges *cast_possible(enum family family);

#endif
