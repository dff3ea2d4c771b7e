/*
 * One packet through one ruleset, rule by rule, as the kernel would take it. Slow, simple, and written apart from the
 * prover: `explain` shows its trace, and the tests hold the prover against it.
 */
#ifndef PORTOLAN_PACKET_NAIVE_H
#define PORTOLAN_PACKET_NAIVE_H

#include "model/packet.h"
#include "model/ruleset.h"

enum ternary { TERNARY_NO, TERNARY_YES, TERNARY_MAYBE };

/* What may become of a packet: a set of these. */
enum {
    NAIVE_ACCEPT = 1,
    NAIVE_DROP = 2,
    NAIVE_REJECT = 4,
    NAIVE_UNKNOWN = 8, /* a target that is not modelled decides */
};

/* One step: a rule that was looked at, or (rule NULL) the policy of a base chain. */
struct naive_step {
    const struct rule *rule;
    const struct chain *chain;
    enum ternary matched;
    enum action action;
};

/* What the packet looks like after the rules that wrote into it. */
struct naive_rewritten {
    struct packet packet; /* where several values are possible, with one of them */
    bool written;         /* some rule wrote, or may have */
    bool sure;            /* it looks so, and no other way */
    bool translated;      /* its replies are others: the destination was written, or it has no connection */
    bool to_host;         /* redirected: it came to the host itself */
};

struct naive_question {
    const struct ruleset *ruleset;
    enum hook hook; /* FORWARD, INPUT or OUTPUT: the base chains before and after it are passed too */
    const struct packet *packet;
    const enum ternary *literals; /* value of each unknown; NULL: every one is MAYBE */
    /*
     * By field, what the kernel chooses where a rule leaves it a choice: of a range the value that many places behind
     * its first (modulo its size), of the host's own addresses this one. NULL: not known.
     */
    const u128 *choices;
    struct naive_rewritten *rewritten;                          /* NULL: not asked for */
    void (*step)(void *context, const struct naive_step *step); /* NULL: no trace */
    void *context;
};

/* The set of what may become of the packet; exactly one member where no unknown matters. */
unsigned naive_ask(const struct naive_question *question);

/* The base chains that a packet of this family passes on its way through the hook, in order. Returns how many. */
size_t naive_path(const struct ruleset *ruleset, enum hook hook, enum family family, const struct chain **path,
                  size_t max);

#endif
