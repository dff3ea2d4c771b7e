/* What the program says of a packet: the naive evaluation that `explain` shows, and the prover. */
#ifndef PORTOLAN_TESTS_ANSWER_H
#define PORTOLAN_TESTS_ANSWER_H

#include "aim.h"
#include "packet/naive.h"
#include "prove/program.h"

struct answerer {
    struct arena *arena; /* lives as long as the ruleset */
    struct arena *scratch;
    const struct ruleset *ruleset;
    const struct interface_numbers *numbers;
    struct program *programs[FAMILY_N];
    struct str *texts; /* of the unknowns, by number */
    bool translates;
};

struct answer {
    unsigned naive;  /* NAIVE_… */
    unsigned prover; /* likewise */
    struct naive_rewritten after;
    bool elsewhere;      /* came for the host itself, and is sent to another, whatever the kernel chooses */
    bool prover_differs; /* on what becomes of the packet, or on what it then looks like */
};

void answerer_open(struct arena *arena, struct arena *scratch, const struct ruleset *ruleset,
                   struct answerer *answerer);
struct answer answerer_ask(struct answerer *answerer, const struct shot *shot);
enum judgement { AGREES, DISAGREES, UNDETERMINED };

/*
 * Whether the kernel did what the answer says, and the two answers go together. Where the choice is the kernel's, one
 * of the things that they say; undetermined where it hangs on what the model does not know.
 */
enum judgement answerer_judge(struct answerer *answerer, const struct shot *shot, const struct answer *answer);

#endif
