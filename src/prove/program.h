/*
 * A ruleset made ready for proofs of one address family: interfaces numbered, every rule's matches turned into cubes,
 * the base chains of each hook put in the order in which packets pass them.
 */
#ifndef PORTOLAN_PROVE_PROGRAM_H
#define PORTOLAN_PROVE_PROGRAM_H

#include "base/map.h"
#include "model/ruleset.h"
#include "packet/index.h"

/* One rule: a packet in one of `skips` goes past it; otherwise, in one of `cubes`, the action takes it. */
struct program_rule {
    const struct rule *rule;
    const struct cube *cubes; /* none: it can match no packet of the family, or has no verdict */
    const struct cube *skips;
    uint32_t cube_n;
    uint32_t skip_n;
    enum action action;
    uint32_t target;               /* chain number, of JUMP and GOTO */
    const struct box_index *index; /* over the cubes where they are many; else NULL */
};

struct program_chain {
    const struct chain *chain;
    size_t rule_n;
    struct program_rule **rules; /* NULL where no question has met the rule yet: program_rule_at makes it */
    struct box_index *index;     /* over the rules, made when first needed; NULL in short chains */
};

/*
 * An unknown beside those of the ruleset: whether a rule matches that cannot be spelled out, or whether the value that
 * the kernel chose, where a rule leaves it a choice, is one that a later rule asks for, or another than it was.
 */
struct fork {
    uint32_t literal;
    const struct rule *rule;     /* that may match; NULL: it is about a choice */
    enum field field;            /* that was written */
    const struct ranges *values; /* the literal holds for these; NULL: where NAT changed that end */
};

struct forks VEC(struct fork);

/*
 * MATCH_TRANSLATED in cubes of rules, beyond all other unknowns: NAT has changed the source or (one more) the
 * destination. A walk knows, so that no leaf has it; without a walk it may be or not.
 */
#define LITERAL_TRANSLATED 0x7ffffffeu

static inline uint32_t literal_translated(enum field end)
{
    return LITERAL_TRANSLATED + (end == FIELD_DESTINATION);
}

struct program {
    const struct ruleset *ruleset;
    enum family family;
    bool plain; /* of packets without extension headers: and with ends as they seem: no unknown of those holds; set
                   before any rule is made */
    const struct interface_numbers *interfaces;
    struct program_chain *chains; /* as in the ruleset */
    size_t chain_n;
    const struct rule **literal_rules; /* a rule that asks for an unknown, of the rules made so far */
    struct map chain_numbers;          /* the bytes of a struct chain * -> its struct program_chain */
    struct arena *arena;
    unsigned early;         /* 1u << FIELD_STATE, 1u << FIELD_OUT: some rule may ask for it before it is known */
    bool asks_translated;   /* some rule may translate, and some may ask for that */
    uint32_t spare_literal; /* the next unknown beside those of the ruleset */
    struct forks forks;     /* rules that cannot be spelled out */
    size_t cubes_spent;     /* for spelling rules out, */
    size_t cubes_left;      /* and for the one that is being spelled out */
    uint64_t steps;         /* that questions may still take together; see outcome.c */
};

/*
 * Cheap: a rule is turned into cubes when a question first meets it. The numbering must cover the ruleset's patterns
 * (interfaces_number over them and those of the question). Rules whose alternatives multiply beyond a limit become
 * unknown (they may match or not) rather than wrong.
 */
struct program *program_make(struct arena *arena, const struct ruleset *ruleset, enum family family,
                             const struct interface_numbers *interfaces);

const struct program_rule *program_rule_at(struct program *program, uint32_t chain, size_t i);
/* The index over a chain's rules; NULL where it has too few for one. */
const struct box_index *program_index(struct program *program, uint32_t chain);

/* 1u << each field that rules may see otherwise than the packet came: written before, or not known yet. */
static inline unsigned program_seen_otherwise(const struct program *program)
{
    return program->ruleset->rewrites | program->early;
}

/*
 * A rule of the ruleset becomes another one in its place: forgotten before it is written over, and made known after.
 * Interfaces and unknowns of the new one must be numbered already.
 */
void program_forget(struct program *program, uint32_t chain, size_t i);
void program_renew(struct program *program, uint32_t chain, size_t i);

/* Chain numbers of the base chains on the way through a hook, in order. Returns how many. */
size_t program_path(const struct program *program, enum hook hook, uint32_t *path, size_t max);

#define PATH_MAX_CHAINS 256
#define PROGRAM_STEPS 30000000u /* that its questions may take together, beyond what each brings */

#endif
