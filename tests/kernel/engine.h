/*
 * The kernel as judge of packets: a network namespace with the interfaces and addresses of a firewall, a ruleset in
 * it, and packets sent through. Interfaces are TUN devices: what is written to one comes in by it, what the kernel
 * sends out by it is read. What is delivered to the host itself is seen by raw sockets, which get it behind the INPUT
 * hook and know nothing of netfilter; what the host sends is written to raw sockets before OUTPUT.
 */
#ifndef PORTOLAN_TESTS_ENGINE_H
#define PORTOLAN_TESTS_ENGINE_H

#include "model/packet.h"
#include "model/ruleset.h"

struct engine;

struct engine_probe {
    struct packet packet; /* `in` is where it is put in, `out` where the route leads */
    enum hook hook;       /* INPUT: the destination is one of the engine's addresses; OUTPUT: the host sends it */
    uint16_t icmp_id;
    const struct packet *about; /* an ICMP error about this one; NULL: none */
    bool expected;              /* to pass: then it is waited for */
    bool any_ends;              /* rules may write: it counts wherever and with whatever ends it comes out */
    /* what the kernel did */
    bool passed;
    struct packet seen; /* with any_ends: its ends, and `out` where it came out, empty where the host itself got it */
};

/*
 * The calling process moves into a new namespace for good: fork first. 0 or -errno (-EPERM and others where the machine
 * allows no namespace, -ENOENT and others where there is no /dev/net/tun). `why` says what failed.
 */
int engine_open(struct arena *arena, const struct str *interfaces, size_t n, struct engine **engine, const char **why);
/* One more own address: of an interface, or of the loopback where `interface` is empty. */
int engine_address(struct engine *engine, struct str interface, enum family family, u128 address);
/* Forgets all connections. 0 or -errno. */
int engine_forget(struct engine *engine);
/* Runs a program with a text as its standard input, in the namespace: nft -f -, iptables-restore … 0, or -errno. *said
 * is what it printed: its output, or when it failed its errors. */
int engine_load(struct engine *engine, const char *const *argv, struct str text, struct str *said);
/*
 * Sends packets in the order of their ways out and says of each whether it passed. False: the machine failed, not the
 * ruleset. An engine may run many times; ids go on.
 */
bool engine_run(struct engine *engine, struct engine_probe *probes, size_t n);
void engine_close(struct engine *engine);

#endif
