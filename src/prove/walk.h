/*
 * A set of packets through a ruleset: split where rules tell its packets apart, each part to the rule that decides it.
 *
 * Depth first, with a stack of its own; a jump is followed with the part of the set that takes it, so that no chain is
 * ever unfolded. Cost: the rules that touch the set, times the parts that they split it into.
 */
#ifndef PORTOLAN_PROVE_WALK_H
#define PORTOLAN_PROVE_WALK_H

#include "prove/program.h"

/* Addresses of which only the bits of a prefix were written: those of from..from + last became to..to + last. */
struct shift {
    u128 from;
    u128 to;
    u128 last;
    bool is;
};

/*
 * What rules wrote into the packets of a part, which later rules see instead. A set of several values: one of them,
 * the kernel's choice; where a later rule tells them apart the part is forked, with a literal of its own.
 */
struct rewritten {
    const struct ranges *set[FIELD_N]; /* NULL: as it came */
    struct shift source;               /* only where the set is NULL */
    struct shift destination;
    unsigned other;       /* 1u << FIELD_SOURCE, FIELD_DESTINATION: NAT has changed it, or its port (program.h) */
    unsigned other_maybe; /* likewise, but that hangs on what the kernel chose: a rule that asks forks the part */
    bool to_host;         /* redirected on its way in: INPUT instead of FORWARD */
    bool rerouted; /* sent to another destination by the host itself: it goes out by an interface that is not known */
};

/* What decided in one base chain on the way of a part: a rule (one that translates, too), or the chain's policy. */
struct decision {
    const struct chain *base;
    const struct rule *rule;       /* NULL: the policy */
    const struct decision *before; /* in the base chain before; NULL: it was the first */
};

/* Where a part of the set ended. */
struct leaf {
    struct cube cube;                 /* its packets as they came; literals say for which values of the unknowns */
    const struct rewritten *now;      /* NULL: nothing was written */
    enum action action;               /* ACTION_ACCEPT, ACTION_DROP, ACTION_REJECT, or ACTION_UNKNOWN */
    const struct rule *rule;          /* that decided; NULL: the policy of `chain` */
    const struct chain *chain;        /* NULL too: no chain at this hook, everything passes */
    const struct decision *decisions; /* in every base chain that it came to, the last one first */
};

struct leaves VEC(struct leaf);

/* False stops the walk. */
typedef bool walk_leaf(void *context, const struct leaf *leaf);

struct walk {
    struct program *program;
    enum hook hook;
    walk_leaf *leaf;
    void *context;
    uint64_t budget;         /* steps that may be taken; what is left when it returns */
    size_t memory;           /* bytes that the arena may grow by; 0: WALK_MEMORY */
    struct forks *forks;     /* the choices of the walk are appended, in its arena; NULL: not wanted */
    const struct rule *rule; /* that cut the set most often, else the last that was met; of a walk that was not done */
};

enum walk_end { WALK_DONE, WALK_STOPPED, WALK_EXHAUSTED };

/*
 * Memory for the parts comes from the arena, which the caller rolls back when it is done with the leaves; not the
 * program's own, in which rules are made on the way.
 */
enum walk_end walk_run(struct arena *arena, struct walk *walk, const struct cube *from);

#define WALK_BUDGET 20000000u /* some seconds at most */
#define WALK_MEMORY ((size_t)256 << 20)

#endif
