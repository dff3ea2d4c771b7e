/*
 * Random rulesets as text, over everything of a dialect that the model has. They all speak of one small world, so that
 * their rules meet: sources in 10.1.0.0/16 and fd00:1::/32, destinations in 10.2 and fd00:2, what NAT translates to in
 * 10.3 and fd00:3, interfaces eth0, eth1, eth10 and wg0, a dozen ports and small marks.
 */
#ifndef PORTOLAN_TESTS_COMPOSE_H
#define PORTOLAN_TESTS_COMPOSE_H

#include "../draw.h"
#include "base/vec.h"
#include "net/addr.h"

enum net { NET_SOURCES = 1, NET_DESTINATIONS = 2, NET_TARGETS = 3, NET_OWN = 7 };

#define WORLD_INTERFACES 4

extern const char *const world_interfaces[WORLD_INTERFACES];

u128 world_address(enum family family, enum net net, unsigned host);

struct lines VEC(struct str);

/* A ruleset, line by line: any line may be left out, and what still loads is a ruleset again. */
struct composed {
    enum family family; /* of iptables; nftables speaks for both */
    bool tracks;        /* there is conntrack: states, NAT, and no fragments, which it puts together */
    struct lines sets;  /* for ipset, iptables only */
    struct lines rules;
};

struct composer {
    struct arena *arena;
    struct draw *draw;
    struct composed *to;
    struct buf line; /* being written */
};

void compose_iptables(struct arena *arena, struct draw *draw, bool tracks, struct composed *composed);
void compose_nftables(struct arena *arena, struct draw *draw, bool tracks, struct composed *composed);

/* --- for the composers -------------------------------------------------------------------------------------------- */

/* Ends the line that is being written. */
void compose_end(struct composer *composer, struct lines *lines);
/* An address of a net, a prefix of it, or with `separator` a range: as both dialects write them. */
void compose_address(struct composer *composer, enum family family, enum net net);
void compose_range(struct composer *composer, enum family family, enum net net, unsigned hosts);
void compose_one(struct composer *composer, enum family family, enum net net, unsigned host);
unsigned compose_port(struct composer *composer);

#endif
