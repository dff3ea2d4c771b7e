/*
 * Conversations of flows on the stage: each is asked from its source by the probe of its service, and answered at its
 * destination by our stand-in for it, all on one loop. That it ends well means that packets of both directions came
 * through. A connection that follows from it (FTP's data, which firewalls may take for related) is made too: where it
 * does not come through, `reason` says so, also of a conversation that ended well.
 */
#ifndef PORTOLAN_REHEARSE_DIALOGUE_H
#define PORTOLAN_REHEARSE_DIALOGUE_H

#include "live/engine.h"
#include "plan/host_ports.h"
#include "rehearse/capture.h"
#include "rehearse/fate.h"
#include "rehearse/real.h"

struct dialogue {
    struct packet packet; /* that opens it; with a source port of its own, so that it is known again */
    const struct actor *from;
    const struct actor *to;
    bool played;  /* false: this machine could not, and `reason` says why */
    bool through; /* both directions */
    enum outcome outcome;
    struct str reason;
    bool stopped; /* a firewall was seen to stop its opener, or (of_reply) what answers it */
    bool of_reply;
    bool answered; /* not through, and still the answer to its opener was seen to pass: something that followed did not
                    */
    struct fate fate;
};

struct dialogues {
    struct arena *arena;
    struct stage *stage;
    const struct plan *plan;
    struct fates *fates;
    struct capture *capture; /* NULL: none */
    struct reals *reals;     /* that answer in the place of stand-ins; NULL: none */
    unsigned timeout_ms;     /* of one try */
};

/* How often one is tried at most, in all. */
#define DIALOGUE_TRIES 4

/* The packet that opens a conversation, of one that answers it; and what answers one that opens. */
struct packet dialogue_opener(const struct packet *reply);
struct packet dialogue_reply(const struct packet *opener);

/* 0, or -errno with an error in diags. */
int dialogues_play(const struct dialogues *with, struct dialogue *v, size_t n, struct diags *diags);

#endif
