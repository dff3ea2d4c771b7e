/* Packets aimed at a ruleset: at the edges of what its rules ask for, inside and outside, in every state. */
#ifndef PORTOLAN_TESTS_AIM_H
#define PORTOLAN_TESTS_AIM_H

#include "compose.h"
#include "engine.h"

struct shot {
    struct engine_probe probe;
    size_t opener;  /* place + 1 of the packet that opened its connection; 0: it opens one itself, or belongs to none */
    bool reply;     /* against the direction of that */
    bool connected; /* it passed, and conntrack knows of it: set before aim_replies and aim_more */
};

struct shots VEC(struct shot);

struct aim {
    struct arena *arena;
    struct draw *draw;
    const struct ruleset *ruleset;
    bool tracks;     /* as composed */
    bool translates; /* rules write addresses or ports */
    bool peeks;      /* the kernel takes bytes of later fragments for the header that they do not have, */
    bool peeks_any;  /* of whatever protocol */
    struct map used; /* connections that were tried: no two packets open the same */
    uint16_t next_port;
    uint16_t next_icmp;
};

/* The interfaces' own addresses, and one each among sources and destinations. */
bool aim_is_own(enum family family, u128 address);
u128 aim_own(enum family family, size_t interface);
/* Where a packet with these ends passes; HOOK_NONE: both are the host's own. */
enum hook aim_hook(const struct packet *packet);

/* About n packets of no connection before. Hook, state and ways are those that the kernel will give them. */
void aim_openers(struct aim *aim, size_t n, struct shots *shots);
/* What comes back to those that passed. */
void aim_replies(struct aim *aim, struct shots *shots);
/* More of the connections that were answered, and ICMP errors about them and about others. */
void aim_more(struct aim *aim, struct shots *shots);

#endif
