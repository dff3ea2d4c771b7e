/*
 * What nf_tables tells about packets on their way through the rules of a network namespace: for every packet that has
 * been given `nftrace`, the rules that decided something, by their handles. iptables over nf_tables (iptables-nft) is
 * told about likewise; the older machine of iptables is not.
 */
#ifndef PORTOLAN_SYSTEM_NFTRACE_H
#define PORTOLAN_SYSTEM_NFTRACE_H

#include "base/diag.h"
#include "model/packet.h"
#include "system/namespace.h"

/* The table that gives packets their trace, before any other chain sees them; beside it stands what is traced. */
#define NFTRACE_TABLE "portolan_trace"

struct nftrace_event {
    uint32_t id;       /* of the packet, while it is in the kernel */
    struct str family; /* of the table: "ip", "ip6", "inet", … */
    struct str table;
    struct str chain;
    uint64_t handle;      /* of the rule; 0: the chain's policy, or its end */
    bool drops;           /* the packet goes no further; a reject too */
    bool has_packet;      /* once in each base chain */
    struct packet packet; /* of it family, ends, protocol, ports, TCP flags, ICMP type and code */
};

/* Texts of the event live as long as the call. */
typedef void nftrace_take(void *context, const struct nftrace_event *event);

struct nftrace;

/* Begins to trace all packets of the namespace. 0, or -errno with an error in diags. */
int nftrace_open(const struct namespace *namespace, const struct namespace *home, struct diags *diags,
                 struct nftrace **opened);
void nftrace_close(struct nftrace *nftrace);   /* takes NULL */
int nftrace_fd(const struct nftrace *nftrace); /* to wait for something to read */
/* All that is there to be read. 0, or -errno; -ENOBUFS: some was lost, more may be there. */
int nftrace_read(struct nftrace *nftrace, nftrace_take *take, void *context);
/* Every rule in the namespace, those of a chain in their order, as events without a packet. 0 or -errno. */
int nftrace_rules(struct nftrace *nftrace, nftrace_take *take, void *context);

#endif
