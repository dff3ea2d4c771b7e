/* What the two halves of a cast share: addresses (cast.c), and who has them (actors.c). */
#ifndef PORTOLAN_REHEARSE_CASTING_H
#define PORTOLAN_REHEARSE_CASTING_H

#include "rehearse/cast.h"
#include "rehearse/classes.h"

struct addresses VEC(u128);

/* A name of one host. */
struct known {
    u128 address;
    const struct map_entry *name;
};

struct casting {
    struct arena *arena;
    const struct cast_wishes *wishes;
    const struct site *site;
    struct diags *diags;
    struct classes *classes[FAMILY_N];
    struct addresses addresses[FAMILY_N];
    struct VEC(struct known) known[FAMILY_N];
    struct map actors;    /* by name and zone */
    struct str uncounted; /* the first set of too many addresses; empty: none */
    size_t uncounted_n;
    struct cast *cast;
};

/* An address takes part, unless no host can have it or it is in no zone. */
void casting_take(struct casting *casting, enum family family, u128 address);
/* Whether the site has a place for it; *zone is NULL where it has no zones. */
bool casting_zone(const struct site *site, enum family family, u128 address, const struct zone **zone);
const struct ranges *casting_own(const struct firewall *firewall, enum family family); /* its addresses */
/* actors.c: gives every address to an actor. */
void casting_actors(struct casting *casting);

#endif
