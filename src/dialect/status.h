/*
 * Status bits of a tracked connection, as far as a packet's state tells them: `--ctstatus` of iptables, `ct status` of
 * nft. From include/uapi/linux/netfilter/nf_conntrack_common.h and nf_conntrack_core.c of Linux 6.1: who belongs to a
 * connection that was answered is ESTABLISHED, who does not yet is NEW; RELATED are the first packets of an expected
 * connection and errors about any.
 */
#ifndef PORTOLAN_DIALECT_STATUS_H
#define PORTOLAN_DIALECT_STATUS_H

#include "base/str.h"
#include "model/field.h"

struct status_bit {
    const char *name; /* as nft has it; iptables has capitals and _ */
    unsigned bit;
    unsigned sure;  /* 1u << each state in which it is set */
    unsigned open;  /* 1u << each state that does not tell; in the others it is not set */
    enum field end; /* FIELD_N; else of a new packet it says whether NAT has changed this end (MATCH_TRANSLATED) */
};

#define STATUS_BITS 7

extern const struct status_bit status_bits[STATUS_BITS];

/* States of packets that belong to a connection. */
#define STATUS_TRACKED (1u << STATE_NEW | 1u << STATE_ESTABLISHED | 1u << STATE_RELATED)

const struct status_bit *status_find(struct str name); /* either spelling; NULL: none */

#endif
