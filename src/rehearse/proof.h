/* What the prover says of one packet of a rehearsal, on the way that the stage has for it. */
#ifndef PORTOLAN_REHEARSE_PROOF_H
#define PORTOLAN_REHEARSE_PROOF_H

#include "model/rehearsal.h"
#include "prove/prover.h"
#include "rehearse/between.h"
#include "rehearse/stage.h"

struct proving {
    const struct site *site;
    struct prover *const *provers; /* one for each firewall of the site */
    struct stage *stage;
    struct between *between; /* of the site */
};

/*
 * Writes proof, proof_rule and proof_firewall of *played. With `replies` what answers the packet has to come back, and
 * where played->follows what is sent after that has to get through; where it does not, the proof is VERDICT_PARTIAL.
 * Packets that open nothing are not asked about: undetermined. The arena is as it was afterwards.
 */
void proof_find(struct arena *arena, const struct proving *proving, const struct actor *from, const struct actor *to,
                bool subnet, bool replies, struct played_packet *played);

#endif
