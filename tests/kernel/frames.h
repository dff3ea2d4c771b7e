/* Packets as bytes: what is sent into the kernel, and how it is known again when it comes out. */
#ifndef PORTOLAN_TESTS_FRAMES_H
#define PORTOLAN_TESTS_FRAMES_H

#include "model/packet.h"

#define FRAME_MAX 128

/*
 * An IP packet with right checksums that ends with `id`. ICMP queries carry `icmp_id`. The handshakes fit each other:
 * the answer to a TCP SYN or an SCTP INIT is what conntrack waits for. Returns its length.
 */
size_t frame_make(const struct packet *packet, uint32_t id, uint16_t icmp_id, uint8_t out[FRAME_MAX]);
/* The id that bytes end with; false where they are none of ours. */
bool frame_id(const uint8_t *bytes, size_t n, uint32_t *id);
/* Whether an IP packet has the ends and the protocol of this one: an ICMP error quotes what it is about.
 * A source of 0 is any. */
bool frame_is(const uint8_t *bytes, size_t n, const struct packet *packet);
/* Whether the destination port is this packet's; true where its protocol is neither TCP nor UDP. */
bool frame_has_port(const uint8_t *bytes, size_t n, const struct packet *packet);
/* An address in network byte order, 4 or 16 bytes. */
void frame_address(enum family family, u128 address, uint8_t *out);

#endif
