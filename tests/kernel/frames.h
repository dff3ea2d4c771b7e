/* Packets as bytes: what is sent into the kernel, and how it is known again when it comes out. */
#ifndef PORTOLAN_TESTS_FRAMES_H
#define PORTOLAN_TESTS_FRAMES_H

#include "model/packet.h"

#define FRAME_MAX 192

/*
 * An IP packet with right checksums that ends with `id`. ICMP queries carry `icmp_id`. The handshakes fit each other:
 * the answer to a TCP SYN or an SCTP INIT is what conntrack waits for. A later fragment has bytes that look like the
 * header which it does not have. Returns its length.
 */
size_t frame_make(const struct packet *packet, uint32_t id, uint16_t icmp_id, uint8_t out[FRAME_MAX]);
/* An error of ICMP (type and code of `packet`) about another packet, which carried `icmp_id`. */
size_t frame_make_error(const struct packet *packet, const struct packet *about, uint32_t id, uint16_t icmp_id,
                        uint8_t out[FRAME_MAX]);
/*
 * What an IP packet says of itself: family, ends, protocol, ports, ICMP type and code; the rest of *packet is zero.
 * False where it does not end with an id: it is none of ours.
 */
bool frame_read(const uint8_t *bytes, size_t n, uint32_t *id, struct packet *packet);
/* Likewise of what follows an IPv6 header. */
bool frame_read_upper(const uint8_t *bytes, size_t n, uint8_t protocol, const uint8_t source[16],
                      const uint8_t destination[16], uint32_t *id, struct packet *packet);
/* An address in network byte order, 4 or 16 bytes. */
void frame_address(enum family family, u128 address, uint8_t *out);

#endif
