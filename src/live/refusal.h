/*
 * What a refusal means: from an error number and what the kernel's error queue held to an outcome and its reason. Pure.
 */
#ifndef PORTOLAN_LIVE_REFUSAL_H
#define PORTOLAN_LIVE_REFUSAL_H

#include "live/engine.h"

struct refused {
    int error; /* as the socket reports it; positive */
    struct refusal refusal;
    unsigned proto;
    enum family family; /* of what was asked */
    u128 address;
    bool has_local;
    u128 local; /* from where */
};

/* False: this is no answer (a message about sizes, a time that is over): whoever waits goes on waiting. */
bool refused_means(const struct refused *refused, struct answer *answer);

/* Errors that say only that this machine has too little of something just now; they are waited out. */
bool refused_scarce(int error);

#endif
