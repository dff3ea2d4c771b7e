/* What a rehearsal found: what the kernel did with real packets, and what the prover says of the same. Plain data. */
#ifndef PORTOLAN_MODEL_REHEARSAL_H
#define PORTOLAN_MODEL_REHEARSAL_H

#include "model/site.h"
#include "model/verdict.h"

enum playing {
    PLAYED_PASSES,
    PLAYED_STOPPED,
    PLAYED_PARTLY, /* of a flow: some of its packets pass */
    PLAYED_NOT,    /* nothing was sent, or what became of it is not known; `reason` says why */
    PLAYED_N
};

const char *playing_name(enum playing playing); /* "passes", "stopped", "partly", "not-played" */

enum agreement {
    AGREES,
    AGREEMENT_OPEN, /* one of the two has no answer */
    DISAGREES,
    AGREEMENT_N
};

/* One packet, or the conversation that it opens: what both say. */
struct played_packet {
    struct packet packet;
    enum playing kernel;
    struct str firewall; /* that stopped it, or its reply; empty: not known */
    struct rule_ref rule;
    struct str reason;          /* "the reply is stopped", …; may be empty */
    bool follows;               /* of a conversation: more than its opener and the answer to it was sent */
    enum verdict_kind proof;    /* of this very packet; VERDICT_PARTIAL: it passes, and its reply does not */
    struct rule_ref proof_rule; /* that decides it, at the firewall that stops it or the last */
    struct str proof_firewall;
    enum agreement agreement;
};

struct rehearsed_flow {
    const struct flow *flow;
    enum playing rehearsal;
    enum verdict_kind proof; /* of the whole flow */
    enum agreement agreement;
    size_t n; /* packets that were sent, each with its conversation */
    size_t passed;
    const struct played_packet *shown; /* one that does not pass, else one that does; NULL: none */
    struct str reason;                 /* why nothing was played; may be empty */
};

/* A packet that must not pass. */
struct rehearsed_neighbour {
    const char *kind;
    struct str why;
    const struct flow *flow; /* NULL: none */
    struct played_packet played;
};

/* A test of the site, or a flow that its document forbids. */
struct rehearsed_test {
    struct str name;
    bool holds;
    bool undetermined; /* nothing of it could be played */
    size_t n;
    const struct played_packet *shown; /* one for which it does not hold, else any; NULL: none */
};

/* Kernel and prover say different things of one packet; `explain` shows the prover's side. */
struct rehearsal_finding {
    struct str about;    /* flow, or why the packet was sent */
    struct str firewall; /* empty: not known which */
    struct str ruleset;  /* its file */
    const struct played_packet *played;
};

/* With --before: what other rulesets did with the same. */
struct rehearsal_change {
    struct str about;
    struct packet packet;
    enum playing before;
    enum playing after;
    struct rule_ref rule; /* that stops it, on the side where it is stopped */
};

struct rehearsal_summary {
    size_t flows;
    size_t by_played[PLAYED_N];
    size_t failing; /* required flows of which something was stopped */
    size_t packets; /* that were sent on purpose: openers and neighbours */
    size_t neighbours;
    size_t neighbours_pass;
    size_t tests;
    size_t tests_fail;
    size_t disagreements;
    size_t open; /* required flows and neighbours whose fate is not known */
    size_t changes;
    double seconds;
};

struct rehearsal {
    struct str title;
    const struct site *site;
    struct rehearsed_flow *flows;
    size_t flow_n;
    struct rehearsed_neighbour *neighbours;
    size_t neighbour_n;
    struct rehearsed_test *tests;
    size_t test_n;
    struct rehearsal_finding *findings;
    size_t finding_n;
    struct rehearsal_change *changes;
    size_t change_n;
    bool compared; /* with --before */
    struct rehearsal_summary summary;
};

#endif
