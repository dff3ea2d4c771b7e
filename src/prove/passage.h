/*
 * The whole way of a flow past several firewalls: what passes one comes to the next, with other addresses where it was
 * translated. What was sent to another destination may go another way: then it is not known whether it gets through.
 */
#ifndef PORTOLAN_PROVE_PASSAGE_H
#define PORTOLAN_PROVE_PASSAGE_H

#include "prove/prover.h"

struct passage_hop {
    const struct prover *prover;
    struct permit permit;
};

enum passage {
    PASSAGE_NONE,  /* no packet of the flow gets through */
    PASSAGE_MAYBE, /* some may, but whether they do depends on what the model cannot know */
    PASSAGE_SOME,  /* some surely do */
};

/*
 * Whether packets of the flow that open a connection get through all the hops. *packet is one that does (as the last
 * firewall sees it), *rule the rule that lets it through there, or for PASSAGE_NONE one that stops it.
 */
enum passage passage_find(struct arena *arena, const struct passage_hop *hops, size_t n, struct packet *packet,
                          bool *has_packet, struct rule_ref *rule);

#endif
