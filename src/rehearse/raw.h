/* Packets as bytes, headers and all: what is sent by raw sockets, and what such sockets get. Pure. */
#ifndef PORTOLAN_REHEARSE_RAW_H
#define PORTOLAN_REHEARSE_RAW_H

#include "model/packet.h"

#define RAW_MAX 96

/*
 * The whole packet with right checksums (conntrack takes others for invalid), eight bytes behind its headers. Its
 * bytes; 0: one packet alone cannot be it (of an established connection, a fragment, marked), or it is of SCTP and the
 * like.
 */
size_t raw_build(const struct packet *packet, uint8_t bytes[RAW_MAX]);
/* Ports, or ICMP type and code, of the bytes behind the IP header. False: there are too few. */
bool raw_read_upper(struct packet *packet, const uint8_t *bytes, size_t n);
/* All of an IPv4 packet. */
bool raw_read_v4(struct packet *packet, const uint8_t *bytes, size_t n);

#endif
