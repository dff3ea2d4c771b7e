/*
 * Small random policies as tables: rules that are one box each, in chains of one filter table at FORWARD. A dialect's
 * text is made of a table here, with no word of the dialects' own printers.
 */
#ifndef PORTOLAN_TESTS_ROWS_H
#define PORTOLAN_TESTS_ROWS_H

#include "../draw.h"
#include "base/vec.h"
#include "model/packet.h"
#include "model/ruleset.h"

enum { ROW_SOURCE, ROW_DESTINATION, ROW_SOURCE_PORT, ROW_PORT, ROW_RANGES };

struct row {
    struct range range[ROW_RANGES]; /* of ports only where the protocol is TCP or UDP */
    int protocol;                   /* -1: any */
    int icmp_type;                  /* -1: any */
    bool syn;                       /* TCP: SYN of SYN, ACK, RST, FIN */
    unsigned states;                /* 1u << enum state; all of them: not asked */
    const char *in;                 /* NULL: any; "eth*" is a prefix */
    const char *out;
    enum action action; /* ACCEPT, DROP, REJECT, RETURN, JUMP, GOTO, or NONE: it logs */
    unsigned target;    /* chain, of JUMP and GOTO: greater than that of the row */
};

struct rows VEC(struct row);

#define ROWS_CHAINS 5
#define ALL_STATES ((1u << STATE_N) - 1)

/* Chain 0 is FORWARD. */
struct row_policy {
    enum family family;
    enum action policy;
    struct rows chains[ROWS_CHAINS];
    unsigned chain_n;
};

struct row_policy rows_draw(struct arena *arena, struct draw *draw);
struct row_policy rows_copy(struct arena *arena, const struct row_policy *policy);
/* What is in both. False: nothing. */
bool rows_both(const struct row *a, const struct row *b, struct row *both);
struct packet rows_packet(struct draw *draw, const struct row_policy *policy);

struct str rows_iptables(struct arena *arena, const struct row_policy *policy);
struct str rows_nftables(struct arena *arena, const struct row_policy *policy); /* as `nft -j list ruleset` has it */

#endif
