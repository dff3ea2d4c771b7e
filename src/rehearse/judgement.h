/* What was played, held against the prover: the rehearsal as it is shown. */
#ifndef PORTOLAN_REHEARSE_JUDGEMENT_H
#define PORTOLAN_REHEARSE_JUDGEMENT_H

#include "rehearse/play.h"

/* Asks the prover about every packet of result->pairs and ->neighbours, and fills in the rehearsal. */
void judgement_make(struct arena *arena, const struct play *play, const struct play_side *side, struct stage *stage,
                    struct played *result);
/* Whether some firewall may write addresses or ports: then a packet may arrive with others than it was sent with. */
bool judgement_translates(const struct ruleset *const *rulesets, const struct site *site);

#endif
