/*
 * The inside of a walk, shared by walk.c (rules cut parts) and way.c (a part's way through the base chains of a hook).
 */
#ifndef PORTOLAN_PROVE_WALKER_H
#define PORTOLAN_PROVE_WALKER_H

#include "prove/rewrite.h"

/* Where a chain returns to. */
struct frame {
    uint32_t chain;
    uint32_t at;
    const struct frame *parent;
};

/* A part of the set, and where it stands. */
struct part {
    struct cube cube;
    const struct rewritten *now; /* what rules wrote into its packets; NULL: nothing */
    uint32_t base;               /* which base chain of the path */
    uint32_t chain;
    uint32_t at; /* the next rule */
    const struct frame *parent;
    const struct decision *decisions; /* in the base chains before */
};

#define CUTTERS 8u

/* A rule that cuts the set again and again; of those that share a place the most frequent stays. */
struct cutter {
    const struct rule *rule;
    uint32_t cuts;
};

struct walker {
    struct arena *arena;
    struct walk *walk;
    uint32_t path[PATH_MAX_CHAINS];
    uint32_t path_n;
    uint32_t host_path[PATH_MAX_CHAINS]; /* of packets that are redirected to the host on their way through */
    uint32_t host_path_n;
    struct {
        struct part *v;
        size_t n;
        size_t capacity;
    } stack;
    struct cursor cursor; /* over the rules of chain cursor_of, for the part that runs */
    uint32_t cursor_of;
    bool cursor_good;
    bool stopped;
    const struct rule *last; /* that was met */
    size_t most;             /* bytes that the arena may hold */
    struct cutter cutters[CUTTERS];
};

/* --- way.c -------------------------------------------------------------------------------------------------------- */

/*
 * What is not known of a packet yet in the first chains of its way stands for it there as if a rule had written it:
 * the view with which a part starts at its first base chain.
 */
const struct rewritten *way_early(struct walker *s, const struct chain *base);
/* The base chain that a part is in. Up to where the ways through and to the host part they are the same. */
const struct chain *way_base(const struct walker *s, const struct part *part);
/* Stopped by a rule, or (NULL) by the policy of its base chain; or a rule does what is not modelled. */
void way_stop(struct walker *s, struct part *part, enum action action, const struct rule *rule);
/* Through its base chain by a rule, or (NULL) by its policy. True when the part goes on. */
bool way_accept(struct walker *s, struct part *part, const struct rule *rule);
/* Falls off its chain, or returns from it. True when the part goes on. */
bool way_return(struct walker *s, struct part *part);
/* Through the chain of NAT by a rule of it: of the hook's others none is asked any more. True when the part goes on. */
bool way_leave_nat(struct walker *s, struct part *part, const struct rule *rule);

#endif
