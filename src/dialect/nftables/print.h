/*
 * What the files of the nftables printer share: permits grouped so that one rule over one set stands for many flows.
 */
#ifndef PORTOLAN_DIALECT_NFTABLES_PRINT_H
#define PORTOLAN_DIALECT_NFTABLES_PRINT_H

#include "base/map.h"
#include "base/vec.h"
#include "model/policy.h"

/* What a permit says about addresses and ports, one box of it. Parts that are not constrained are whole. */
enum part { PART_SOURCE, PART_DESTINATION, PART_PORT, PART_N };

struct element {
    struct range part[PART_N];
    const struct permit **permits; /* that it stands for, in the order of the plan; one at least */
    size_t permit_n;
    size_t layer; /* which of the group's sets it is in: elements of one set do not overlap */
};

/* Permits that differ in nothing but addresses and ports. */
struct group {
    enum hook hook;
    struct str in;
    struct str out;
    enum family family;
    int transport;                     /* TRANSPORT_ANY, or a protocol of the family */
    const struct ranges *source_ports; /* NULL: any */
    unsigned parts;                    /* 1u << enum part: which are constrained */
    struct members VEC(const struct permit *) permits;
    struct elements VEC(struct element) elements;
    struct str *set_names; /* by layer; NULL: a plain rule */
    size_t layer_n;
};

struct groups VEC(struct group *);

/* print_groups.c */
void groups_make(struct arena *arena, const struct policy *policy, struct groups *groups);
unsigned group_part_n(const struct group *group);

/* print_flows.c */
void print_sets(struct arena *arena, struct buf *out, const struct groups *groups);
void print_flow_rules(struct arena *arena, struct buf *out, const struct policy *policy, const struct groups *groups,
                      enum hook hook);
/* Ranges as `a, b-c`, of addresses or numbers, in braces where they are several. */
void print_ranges(struct buf *out, enum family family, bool addresses, const struct ranges *ranges);

#endif
