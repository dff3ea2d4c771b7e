/*
 * Where the rules of a listing stand in the text that was loaded. nft's listing has no lines; the text is scanned for
 * the rules of each chain in order, without understanding them. A chain whose rules cannot be told apart for certain
 * (an include, an insert, a replaced rule) is marked, and nobody gets a line of it.
 */
#ifndef PORTOLAN_DIALECT_NFTABLES_LINES_H
#define PORTOLAN_DIALECT_NFTABLES_LINES_H

#include "base/map.h"
#include "base/source.h"
#include "base/vec.h"

struct lines_rules VEC(struct span);

struct lines_chain {
    struct str table; /* "inet filter" */
    struct str name;
    struct span place; /* of its policy, else of its name */
    bool policy;       /* the text names a policy */
    bool uncertain;
    struct str devices; /* `device "eth0"` or what `devices = { … }` holds; empty: none named */
    struct lines_rules rules;
};

struct lines {
    struct arena *arena;
    const struct source *source;
    struct map chains;  /* "TABLE CHAIN" -> struct lines_chain */
    struct map sets;    /* "TABLE SET" -> struct span, of the set's or map's name */
    struct map dormant; /* names of tables that are switched off */
};

/* `text` is what to read of the source, of the same length: cleaned of what is no nft. */
struct lines *lines_scan(struct arena *arena, const struct source *source, struct str text);
/* NULL where the text has none of this name. */
struct lines_chain *lines_chain(const struct lines *lines, struct str table, struct str name);
const struct span *lines_set(const struct lines *lines, struct str table, struct str name);

#endif
