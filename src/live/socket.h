/* Addresses as the kernel has them, and sockets of this network namespace or of another one. */
#ifndef PORTOLAN_LIVE_SOCKET_H
#define PORTOLAN_LIVE_SOCKET_H

#include <sys/socket.h>

#include "net/addr.h"

/* Writes the address and returns its size. */
socklen_t socket_address(struct sockaddr_storage *storage, enum family family, u128 addr, uint16_t port);
/* False when it is of another family than these two. */
bool socket_address_read(const struct sockaddr_storage *storage, enum family *family, u128 *addr, uint16_t *port);
u128 socket_address_v6(const void *bytes); /* 16 of them, in network byte order */

/* socket(2) in another namespace; netns -1: this one. Descriptor or -errno. */
int socket_make(int netns, int domain, int type, int protocol);
/* Non-blocking, of PROTO_TCP or PROTO_UDP, IPv6 without IPv4 in it; netns -1: this namespace. Descriptor or -errno. */
int socket_open(int netns, enum family family, unsigned proto);

#endif
