/*
 * A base chain as one list: user chains unfolded where they are called, each entry with the packets that a rule can
 * take there, so that the first entry that holds a packet decides it. RETURN and goto have no entries: the packets
 * that they lead past later entries are taken out of those.
 *
 * Packets are seen as the chain sees them; what marks or translates them on the way is an unknown, as a target that is
 * not modelled.
 */
#ifndef PORTOLAN_PROVE_FLAT_H
#define PORTOLAN_PROVE_FLAT_H

#include "prove/program.h"

struct flat_entry {
    struct cube cube;
    const struct rule *rule; /* NULL: the policy */
    enum action action;      /* ACTION_ACCEPT, ACTION_DROP, ACTION_REJECT or ACTION_UNKNOWN */
};

struct flat {
    const struct chain *chain;
    enum family family;
    struct flat_entry *v;
    size_t n;
    size_t capacity;
    bool too_large; /* the unfolded list would be longer than FLAT_MOST: entries are missing */
};

#define FLAT_MOST 3000000u

/* `chain` is the number of a base chain. */
struct flat *flat_make(struct arena *arena, struct program *program, uint32_t chain);

#endif
