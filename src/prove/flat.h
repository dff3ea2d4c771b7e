/*
 * A base chain as one list: user chains unfolded where they are called, each entry with the packets that a rule can
 * take there, so that the first entry that holds a packet decides it. RETURN and goto have no entries: the packets
 * that they lead past later entries are taken out of those.
 *
 * Packets are seen as the chain sees them. Rules that write into packets have entries too (for telling two lists
 * apart), though those of them that go on to the next rule decide nothing.
 */
#ifndef PORTOLAN_PROVE_FLAT_H
#define PORTOLAN_PROVE_FLAT_H

#include "prove/program.h"

struct flat_entry {
    struct cube cube;
    const struct rule *rule; /* NULL: the policy */
    enum action action;      /* a verdict, a write, or ACTION_UNKNOWN */
    bool after_write;        /* asks for a field that a rule before it may have written: not to be set against those */
};

/* Whether an entry decides packets by what they are when they come to the chain. */
static inline bool flat_plain(const struct flat_entry *entry)
{
    bool verdict = entry->action == ACTION_ACCEPT || entry->action == ACTION_DROP || entry->action == ACTION_REJECT;

    return verdict && !entry->after_write;
}

struct flat {
    const struct chain *chain;
    enum family family;
    struct flat_entry *v;
    size_t n;
    size_t capacity;
    bool too_large; /* the unfolded list would be longer than FLAT_MOST: entries are missing */
};

#define FLAT_MOST 3000000u
#define FLAT_MEMORY ((size_t)256 << 20) /* of the arena, likewise */

/* `chain` is the number of a base chain. */
struct flat *flat_make(struct arena *arena, struct program *program, uint32_t chain);

#endif
