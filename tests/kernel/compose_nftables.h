/* What the two files of the composer of nftables share; see compose.h. */
#ifndef PORTOLAN_TESTS_COMPOSE_NFTABLES_H
#define PORTOLAN_TESTS_COMPOSE_NFTABLES_H

#include "compose.h"

enum kind { KIND_FILTER, KIND_NAT, KIND_N };

enum way { WAY_ANY, WAY_IN, WAY_OUT };

/* A rule has said something of its protocol that is not one with ports: nft takes no ports behind it. */
#define PROTOCOL_SOME 256

struct writing {
    struct composer c;
    unsigned families;  /* of the table */
    enum family family; /* of the rule that is being written, once something says it; else FAMILY_N */
    int protocol;       /* likewise; -1 */
    enum kind kind;
    enum way way;
    const char *hook; /* NULL: a user chain */
    unsigned user;    /* chains from this number on may be called */
    unsigned number;  /* of the table */
};

static inline void add(struct writing *w, const char *text)
{
    buf_adds(&w->c.line, text);
}

static inline unsigned below(struct writing *w, unsigned n)
{
    return draw_below(w->c.draw, n);
}

static inline bool once_in(struct writing *w, unsigned n)
{
    return draw_once_in(w->c.draw, n);
}

static inline void maybe_not(struct writing *w)
{
    if (once_in(w, 5))
        add(w, "!= ");
}

/* Says of which family the rule is, where the table has both. */
static inline enum family need_family(struct writing *w)
{
    if (w->family == FAMILY_N)
        w->family = w->families == FAMILY_BOTH             ? (enum family)below(w, FAMILY_N)
                    : w->families == FAMILY_BIT(FAMILY_V4) ? FAMILY_V4
                                                           : FAMILY_V6;
    return w->family;
}

static inline const char *ip(enum family family)
{
    return family == FAMILY_V4 ? "ip" : "ip6";
}

/* Disjoint ports and hosts, for maps and for sets that do not merge: from a list, in order. */
extern const char *const apart_ports[7];
void apart_address(struct writing *w, enum family family, enum net net, unsigned i);
/* An address, a prefix or a range. */
void nft_address(struct writing *w, enum family family, enum net net);
/* What a rule asks, before its statement. */
void nft_matches(struct writing *w);

#endif
