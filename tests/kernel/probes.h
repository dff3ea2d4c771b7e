/* Packets at the edges of what a policy permits: the first and the last of each range, and the ones just outside. */
#ifndef PORTOLAN_TESTS_PROBES_H
#define PORTOLAN_TESTS_PROBES_H

#include "base/vec.h"
#include "engine.h"
#include "model/policy.h"

struct probes VEC(struct engine_probe);

/* What packets can meet: the interfaces of a firewall and its own addresses. */
struct place {
    struct arena *arena;
    const struct policy *policy;
    struct str *interfaces;
    size_t interface_n;
    const struct ranges *own[FAMILY_N];
    uint64_t random; /* state of the generator; not 0 */
    struct map used; /* connections that were tried: no two probes are of one */
    uint16_t next_port;
    uint16_t next_icmp;
};

uint64_t place_random(struct place *place, uint64_t below);

/* About `n` packets, over all the permits and beside them; fewer where the policy has no more edges. */
void probes_make(struct place *place, size_t n, struct probes *probes);
/* The answers to those that passed: state established. */
void probes_answers(struct place *place, const struct probes *passed, struct probes *answers);

#endif
