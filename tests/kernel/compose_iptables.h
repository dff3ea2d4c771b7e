/* What the two files of the composer of iptables share; see compose.h. */
#ifndef PORTOLAN_TESTS_COMPOSE_IPTABLES_H
#define PORTOLAN_TESTS_COMPOSE_IPTABLES_H

#include "compose.h"

enum table { TABLE_RAW, TABLE_MANGLE, TABLE_NAT, TABLE_FILTER, TABLE_N };

enum {
    WAY_IN = 1,    /* PREROUTING or OUTPUT: where destinations are written */
    WAY_OUT = 2,   /* POSTROUTING or INPUT: where sources are */
    NO_OUT = 4,    /* packets have no interface to go out by yet */
    NO_IN = 8,     /* or none that they came in by */
    ONLY_POST = 16 /* POSTROUTING itself */
};

struct writing {
    struct composer c;
    enum family family;
    enum table table;
    unsigned traits;   /* of the chain that is being written; a user chain has those of its callers */
    unsigned user;     /* chains from this number on may be called, */
    unsigned user_end; /* up to this one */
};

#define SETS 3 /* and one more that lists them */

static inline void add(struct writing *w, const char *text)
{
    buf_adds(&w->c.line, text);
}

static inline unsigned below(struct writing *w, unsigned n)
{
    return draw_below(w->c.draw, n);
}

static inline void maybe_not(struct writing *w)
{
    if (draw_once_in(w->c.draw, 5))
        add(w, " !");
}

/* What a rule asks, before its target. */
void iptables_matches(struct writing *w);

#endif
