/*
 * A ruleset made ready for proofs of one address family: interfaces numbered, every rule's matches turned into cubes,
 * the base chains of each hook put in the order in which packets pass them.
 */
#ifndef PORTOLAN_PROVE_PROGRAM_H
#define PORTOLAN_PROVE_PROGRAM_H

#include "model/ruleset.h"
#include "packet/cube.h"

/* One rule: a packet in one of `skips` goes past it; otherwise, in one of `cubes`, the action takes it. */
struct program_rule {
    const struct rule *rule;
    const struct cube *cubes;
    uint32_t cube_n;
    uint32_t skip_n;
    const struct cube *skips;
    enum action action;
    uint32_t target;    /* chain number, of JUMP and GOTO */
    struct cube bounds; /* around all the cubes: what does not meet it meets none */
};

struct program_chain {
    const struct chain *chain;
    struct program_rule *rules; /* those that can match the family, in order */
    size_t rule_n;
};

struct program {
    const struct ruleset *ruleset;
    enum family family;
    const struct interface_numbers *interfaces;
    struct program_chain *chains; /* as in the ruleset */
    size_t chain_n;
    const struct rule **literal_rules; /* the first rule that asks for an unknown */
    bool asks_interface;               /* some rule does */
};

/*
 * The numbering must cover the ruleset's patterns (interfaces_number over them and those of the question). Rules whose
 * alternatives multiply beyond a limit become unknown rather than wrong; they are noted in diags.
 */
struct program *program_make(struct arena *arena, const struct ruleset *ruleset, enum family family,
                             const struct interface_numbers *interfaces, struct diags *diags);

/* Chain numbers of the base chains on the way through a hook, in order. Returns how many. */
size_t program_path(const struct program *program, enum hook hook, uint32_t *path, size_t max);

#define PATH_MAX_CHAINS 256

#endif
