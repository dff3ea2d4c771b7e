/*
 * Stand-ins: what nft lists and does not load again (`xt match recent` of iptables-nft), or what the kernel of this
 * machine cannot do (a queue, a flow table), is loaded as something that every kernel has, and put back into the
 * listing. So a text reads like the listing of the machine that it is from, whatever machine reads it.
 *
 * A stand-in for a match or a target is a limit with a burst of its own; flow tables, and what only offloads or counts,
 * decide about no packet and are left out.
 */
#ifndef PORTOLAN_DIALECT_STANDIN_H
#define PORTOLAN_DIALECT_STANDIN_H

#include "base/buf.h"
#include "base/vec.h"

struct standin {
    uint32_t at; /* bytes of the text */
    uint32_t n;
    struct str json;    /* in the listing; empty: what is loaded says it as well */
    struct str written; /* what is loaded, where there is no json; empty: left out */
};

/* A rule as it stands in the text, of a block or a command, without the words that say where it goes. */
struct standin_rule {
    uint32_t from;
    uint32_t to;
};

struct standins {
    struct arena *arena;
    struct str text;
    struct VEC(struct standin) v; /* by place */
    struct VEC(struct standin_rule) rules;
    size_t open;    /* braces that the text does not close */
    bool open_data; /* one of them is no table and no chain */
    bool open_rule; /* the last rule goes on to the end of the text */
};

/* Finds what needs one. The text is a loadable one; slices point to it. */
void standins_find(struct standins *standins, struct arena *arena, struct str text);
/* One for the whole rule at a byte of the text, which may match or not and do anything; false: there is no rule. */
bool standins_add_rule(struct standins *standins, size_t at);
/* A number of its own for a name at a byte of the text that only the firewall knows; false: there is no word. */
bool standins_add_number(struct standins *standins, size_t at, size_t n);
/* Closes a text that was cut off: its last rule may be anything. False: it was not cut off, or not between rules. */
bool standins_close(struct standins *standins);
/* The text to load. */
void standins_write(const struct standins *standins, struct buf *out);
/* The byte of the text that a byte of what was written comes from. */
size_t standins_origin(const struct standins *standins, size_t written);
/* A listing of what was written, with what the stand-ins stand for. */
struct str standins_restore(const struct standins *standins, struct str listing);

#endif
