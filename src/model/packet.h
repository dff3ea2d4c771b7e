/* One concrete packet: what a question asks about, and what a finding shows as its witness. */
#ifndef PORTOLAN_MODEL_PACKET_H
#define PORTOLAN_MODEL_PACKET_H

#include "base/diag.h"
#include "model/field.h"

struct packet {
    enum family family;
    struct str in; /* empty: none, or not said (has_in) */
    struct str out;
    bool has_in;
    bool has_out;
    u128 source;
    u128 destination;
    uint8_t protocol;
    uint16_t source_port; /* where the protocol has ports */
    uint16_t port;
    uint8_t icmp_type; /* where it is ICMP */
    uint8_t icmp_code;
    uint8_t tcp_flags;
    enum state state;
    enum fragment fragment;
    uint32_t mark;
};

/*
 * Reads `tcp 10.0.0.1:40000 > 10.0.0.2:443 in eth0 out eth1 state new`, `icmp 10.0.0.1 > 10.0.0.2 type 8 code 0`,
 * `udp [fd00::1]:53 > [fd00::2]:53`, `47 10.0.0.1 > 10.0.0.2`; further words: `flags syn,ack`, `fragment first|later`,
 * `mark N`. Left out: source port 40000, state new, SYN for TCP in state new and ACK otherwise.
 */
bool packet_parse(const struct source *source, struct diags *diags, struct packet *packet);
/* The same language, fields that are at their default left out. */
void packet_format(struct buf *out, const struct packet *packet);
/* The value of a field; interfaces are not numbers here and give 0. */
u128 packet_field(const struct packet *packet, enum field field);

#endif
