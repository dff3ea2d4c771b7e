/*
 * One rule's excess: what of the packets that it can take flows and the like leave, and the rule lets through. Between
 * excess.c, which says where to look, and opened.c, which says it to people.
 */
#ifndef PORTOLAN_PROVE_SEARCH_H
#define PORTOLAN_PROVE_SEARCH_H

#include "prove/flat.h"
#include "prove/opened.h"

/* A list of cubes with an index over them. */
struct indexed {
    const struct cube *const *cubes;
    size_t n;
    const struct box_index *index; /* NULL: too few for one */
};

struct search {
    struct arena *arena; /* boxes that stay */
    struct arena *scratch;
    const struct prover *prover;
    const struct policy *policy;
    enum family family;
    enum hook hook;
    struct cubes faces;      /* of this hook and family */
    struct cubes excused;    /* flows, baseline, accepted */
    struct indexed pardons;  /* those */
    const struct flat *flat; /* of the chain that decides; NULL: there is no such */
    struct indexed entries;  /* its */
    const struct rule *only; /* rule whose decisions are wanted; NULL: those of policies */
    struct opened_list *opened;
    size_t at;   /* its entry in the unfolded chain */
    size_t most; /* boxes of one rule */
    uint64_t steps;
    uint64_t work;
    bool complete;
    const struct rule *gave_up_at; /* where it is not complete; NULL: at no rule in particular */
};

/* An index over a list of cubes that is long enough for one. */
void search_index(struct arena *arena, struct indexed *list);

/*
 * Notes what the rule `only` opens, of the packets that it asks for in one of its cubes. `certain`: the rule accepts,
 * and no unknown has a part in whether it does.
 */
void search_cube(struct search *s, const struct cube *asked, bool certain);

#endif
