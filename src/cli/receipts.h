/*
 * Receipts as they come, a line each, and what they sum up to. A flood cannot fill a disk: beyond a rate lines are
 * counted instead of written.
 */
#ifndef PORTOLAN_CLI_RECEIPTS_H
#define PORTOLAN_CLI_RECEIPTS_H

#include <stdio.h>

#include "live/listen.h"

/* Of one port, all its addresses and both families together; stand_in.user points to it. */
struct tally {
    struct str service;
    unsigned transport;
    uint16_t port;
    uint64_t counts[RECEIPT_N];
};

/* Lines in a second, and at once. */
struct line_rate {
    uint64_t refilled_us;
    uint32_t tokens;
};

struct receipts {
    FILE *out;
    bool json;
    bool failed; /* a line could not be written */
    struct line_rate asked;
    struct line_rate other; /* what strangers, foreigners and the slow cause */
    uint64_t hidden;
    uint64_t counts[RECEIPT_N];
};

void receipts_open(struct receipts *receipts, FILE *out, bool json, uint64_t now_us);
void receipts_add(struct receipts *receipts, const struct receipt *receipt);
/* `tallies` sorted: neighbours that nobody came to are one line. */
void receipts_sum(struct receipts *receipts, const struct tally *tallies, size_t n);

#endif
