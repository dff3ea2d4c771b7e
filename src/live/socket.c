/* Sockets and their addresses; see socket.h. A socket stays in the namespace it was made in, so that a thread is in
 * another one only while it makes one. */
#include "live/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/proto.h"

u128 socket_address_v6(const void *bytes)
{
    const uint8_t *p = bytes;
    u128 addr = 0;

    for (size_t i = 0; i < 16; i++)
        addr = addr << 8 | p[i];
    return addr;
}

socklen_t socket_address(struct sockaddr_storage *storage, enum family family, u128 addr, uint16_t port)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;

    memset(storage, 0, sizeof *storage);
    if (family == FAMILY_V4) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        v4->sin_addr.s_addr = htonl((uint32_t)addr);
        return sizeof *v4;
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    for (size_t i = 16; i-- > 0; addr >>= 8)
        v6->sin6_addr.s6_addr[i] = (uint8_t)addr;
    return sizeof *v6;
}

bool socket_address_read(const struct sockaddr_storage *storage, enum family *family, u128 *addr, uint16_t *port)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)storage;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)storage;

    if (storage->ss_family == AF_INET) {
        *family = FAMILY_V4;
        *addr = ntohl(v4->sin_addr.s_addr);
        *port = ntohs(v4->sin_port);
        return true;
    }
    if (storage->ss_family != AF_INET6)
        return false;
    *family = FAMILY_V6;
    *addr = socket_address_v6(&v6->sin6_addr);
    *port = ntohs(v6->sin6_port);
    return true;
}

int socket_make(int netns, int domain, int type, int protocol)
{
    int here = -1;
    int fd;
    int error;

    if (netns >= 0) {
        here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        if (here < 0 || setns(netns, CLONE_NEWNET) < 0) {
            error = errno;
            if (here >= 0)
                close(here);
            return -error;
        }
    }
    fd = socket(domain, type, protocol);
    error = errno;
    if (here >= 0) {
        if (setns(here, CLONE_NEWNET) < 0) /* nothing may go on in the wrong network */
            abort();
        close(here);
    }
    return fd < 0 ? -error : fd;
}

int socket_open(int netns, enum family family, unsigned proto)
{
    int type = (proto == PROTO_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = socket_make(netns, family == FAMILY_V4 ? AF_INET : AF_INET6, type, 0);
    int one = 1;

    if (fd >= 0 && family == FAMILY_V6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    return fd;
}
