/*
 * A ruleset as a firewall runs it, in no dialect's words: tables of chains of rules, each rule a conjunction of
 * matches and one action. A dialect's reader makes it, the prover takes it. Plain data, immutable once built.
 *
 * A reader that meets something it does not model writes a match of kind MATCH_UNKNOWN (or the action ACTION_UNKNOWN)
 * with the text of it, never leaves it out. A reader never gives a rule a line that the input does not have.
 */
#ifndef PORTOLAN_MODEL_RULESET_H
#define PORTOLAN_MODEL_RULESET_H

#include "base/diag.h"
#include "model/field.h"
#include "model/interfaces.h"

/* Where a base chain sees packets. HOOK_NONE: only by jump and goto. */
enum hook { HOOK_NONE, HOOK_INGRESS, HOOK_PREROUTING, HOOK_INPUT, HOOK_FORWARD, HOOK_OUTPUT, HOOK_POSTROUTING, HOOK_N };

enum match_kind {
    MATCH_RANGES,     /* the field is one of `ranges` */
    MATCH_INTERFACES, /* the field (FIELD_IN or FIELD_OUT) is one of `interfaces`; with `negated`: none of them */
    MATCH_ANY_OF,     /* one of `groups` holds (concatenated sets, source-or-destination ports) */
    MATCH_NONE_OF,    /* none of `groups` holds */
    MATCH_TRANSLATED, /* NAT has changed the field (FIELD_SOURCE or FIELD_DESTINATION), or its port, by now */
    MATCH_UNKNOWN,    /* holds or does not: the model cannot know; `literal` says which unknown it is */
    MATCH_N
};

struct match;

/* A conjunction. */
struct match_group {
    const struct match *v;
    size_t n;
    struct str text; /* of a set's element, for naming it; may be empty */
};

/*
 * A million rules have several million of these: what only some kinds have shares its place, so look at `kind` first.
 *
 * MATCH_TRANSLATED is what conntrack knows of a connection (IPS_SRC_NAT, IPS_DST_NAT) while its first packet is on its
 * way: a translation to what it was is none (nf_nat_setup_info of Linux 6.1). So it stands beside state new; of later
 * packets it is an unknown. Another port that no rule asks for, since this one is taken, is not modelled.
 */
struct match {
    enum match_kind kind;
    enum field field;
    bool unusual;  /* MATCH_UNKNOWN: false for packets without extension headers, and in a rule that refuses */
    bool odd_ends; /* likewise, for packets whose ends are as they seem: not spoofed, and no broadcast of a network */
    bool negated;  /* of MATCH_INTERFACES, _TRANSLATED and _UNKNOWN; ranges are complemented by the reader */
    uint32_t literal; /* MATCH_UNKNOWN: equal numbers are the same unknown; from ruleset_literal */
    union {
        const struct ranges *ranges; /* MATCH_RANGES; may be empty: then it never matches */
        struct {                     /* MATCH_INTERFACES */
            const struct interface_pattern *interfaces;
            size_t interface_n;
        };
        struct {                              /* MATCH_ANY_OF, MATCH_NONE_OF */
            const struct match_group *groups; /* shared where a set is used by several rules */
            size_t group_n;
        };
        struct str text; /* MATCH_UNKNOWN: as written, `-m recent --rcheck …` */
    };
};

enum action {
    ACTION_NONE, /* goes on to the next rule: no verdict, log, counter … */
    ACTION_ACCEPT,
    ACTION_DROP,
    ACTION_REJECT,
    ACTION_RETURN,
    ACTION_JUMP,
    ACTION_GOTO,
    ACTION_MARK,    /* writes the packet's mark and goes on */
    ACTION_NOTRACK, /* before conntrack: the state is untracked from here on; goes on */
    ACTION_DNAT,    /* writes destination and port (DNAT, REDIRECT, NETMAP); ends its base chain as an accept does */
    ACTION_SNAT,    /* likewise source and source port (SNAT, MASQUERADE, NETMAP) */
    ACTION_UNKNOWN, /* may do anything to the packet: a queue, a rewrite that is not modelled */
    ACTION_N
};

struct chain;

/* What an action writes. Of several addresses or ports the kernel takes one; which is not known. */
struct rewrite {
    uint32_t keep; /* ACTION_MARK: mark = (mark & keep) ^ flip */
    uint32_t flip;
    struct range addresses; /* of the rule's family */
    struct range ports;
    bool has_addresses; /* false: the address stays, unless `own` */
    bool has_ports;     /* false: the port stays */
    bool own;           /* to an address of the host itself, which one is not known (redirect, masquerade) */
    bool network;       /* `addresses` is a prefix: only the bits of the prefix are written */
    bool any_port;      /* of SNAT: packets of protocols with ports get any source port (random, fully-random) */
};

struct rule {
    struct span place;  /* span.source NULL: no text of it */
    bool has_line;      /* place.at is where the rule stands; false: the input has no lines */
    uint32_t index;     /* position in its chain, from 1 */
    struct str text;    /* as written, or in the dialect's canonical form */
    struct str comment; /* may be empty */
    unsigned families;  /* FAMILY_BIT set: packets of other families never match */
    const struct match *matches;
    size_t match_n;
    enum action action;
    bool does_more;                /* than decide: it logs, copies, or writes to a list that others ask */
    struct chain *target;          /* of JUMP and GOTO */
    const struct rewrite *rewrite; /* of MARK, DNAT and SNAT */
    struct chain *chain;           /* that it stands in */
};

struct chain {
    struct str table; /* "filter"; nft: "inet portolan" (family and name) */
    struct str name;
    unsigned families; /* packets of other families do not pass here */
    enum hook hook;
    int priority;        /* lower runs first at one hook */
    enum action policy;  /* ACTION_ACCEPT or ACTION_DROP of a base chain; a user chain returns */
    bool policy_written; /* false: the dialect's default */
    bool nat;            /* a base chain of NAT: once one of a hook has written, the next of that hook are not asked */
    struct span place;   /* of the line that sets the policy or names the chain */
    bool has_line;
    struct rule *rules;
    size_t rule_n;
};

/* A set by name that no rule uses is of interest to audits; sets themselves are resolved into matches. */
struct named_set {
    struct str table;
    struct str name;
    struct span place;
    bool has_line;
    bool used;
};

struct ruleset {
    struct str dialect;
    struct str file;   /* name of the (first) input */
    unsigned families; /* that this ruleset speaks for: an iptables-save of IPv4 does not speak for IPv6 */
    struct chain **chains;
    size_t chain_n;
    struct named_set *sets;
    size_t set_n;
    struct interface_patterns interfaces; /* every pattern that a rule uses */
    uint32_t literal_n;                   /* unknowns are numbered 0..literal_n-1 */
    bool unusual;                         /* some match is */
    unsigned rewrites;                    /* 1u << each field that some rule writes: action_writes of every rule */
};

const char *hook_name(enum hook hook);       /* "forward" */
const char *action_name(enum action action); /* "accept" */
/* 1u << each field that the action may write. */
unsigned action_writes(enum action action);

/*
 * What NAT asks its base chains about: packets that open a connection, expected ones too. An ICMP error belongs to a
 * connection, and is translated as that was (nf_nat_core.c and nf_nat_proto.c of Linux 6.1).
 */
#define NAT_GATE_MATCHES 2
extern const struct match nat_gate[NAT_GATE_MATCHES];

/*
 * Whether packets come to a base chain before conntrack has looked at them (at priority -200 of PREROUTING and OUTPUT):
 * their state is INVALID there whatever it will be, or UNTRACKED behind a NOTRACK (nft_ct.c, xt_conntrack.c).
 */
bool chain_before_conntrack(const struct chain *chain);
/* Likewise before it is known where they go: no interface to go out by is any. */
bool chain_before_routing(const struct chain *chain);

/* The chain of a table by name; NULL where there is none. */
struct chain *ruleset_chain(const struct ruleset *ruleset, struct str table, struct str name);

/*
 * Several files of one firewall (IPv4 and IPv6, …) as one ruleset: chains one after the other, literals renumbered.
 * The parts are used up: their matches are changed in place.
 */
struct ruleset *ruleset_join(struct arena *arena, struct ruleset **parts, size_t n);

#endif
