/* See sender.h. */
#include "sender.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/proto.h"

#define WAIT_MS 2000

static socklen_t ends(struct sockaddr_storage *name, enum family family, u128 address, uint16_t port)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    uint8_t *bytes = family == FAMILY_V4 ? (uint8_t *)&four.sin_addr : six.sin6_addr.s6_addr;

    for (size_t i = addr_bits(family) / 8; i > 0; i--, address >>= 8)
        bytes[i - 1] = (uint8_t)address;
    if (family == FAMILY_V4)
        memcpy(name, &four, sizeof four);
    else
        memcpy(name, &six, sizeof six);
    return family == FAMILY_V4 ? sizeof four : sizeof six;
}

static int open_bound(struct stage *stage, const struct actor *actor, const struct packet *packet, int type,
                      u128 address, uint16_t port)
{
    struct sockaddr_storage name;
    struct linger at_once = {.l_onoff = 1};
    socklen_t size = ends(&name, packet->family, address, port);
    int on = 1;
    int fd = stage_socket(stage, actor, packet->family == FAMILY_V4 ? AF_INET : AF_INET6, type,
                          type == SOCK_RAW ? packet->protocol : 0);

    if (fd < 0)
        return fd;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    if (bind(fd, (struct sockaddr *)&name, size) != 0) {
        int error = -errno;

        close(fd);
        return error;
    }
    return fd;
}

static int socket_type(const struct packet *packet)
{
    return packet->protocol == PROTO_TCP ? SOCK_STREAM : packet->protocol == PROTO_UDP ? SOCK_DGRAM : SOCK_RAW;
}

enum sent send_opener(struct stage *stage, const struct actor *from, const struct packet *packet)
{
    struct sockaddr_storage name;
    uint8_t echo[8] = {packet->icmp_type, packet->icmp_code, 0, 0, 0, 1, 0, 1};
    unsigned sum = 0xffff - (unsigned)(echo[0] << 8 | echo[1]) - 2; /* of IPv4; IPv6 reckons its own */
    int type = socket_type(packet);
    int fd = open_bound(stage, from, packet, type, packet->source, type == SOCK_RAW ? 0 : packet->source_port);
    socklen_t size = ends(&name, packet->family, packet->destination, type == SOCK_RAW ? 0 : packet->port);
    int error;

    if (fd < 0)
        return SENT_NOTHING;
    echo[2] = (uint8_t)(sum >> 8);
    echo[3] = (uint8_t)sum;
    if (type == SOCK_STREAM)
        error = connect(fd, (struct sockaddr *)&name, size) == 0 ? 0 : errno;
    else
        error = sendto(fd, echo, sizeof echo, 0, (struct sockaddr *)&name, size) >= 0 ? 0 : errno;
    close(fd); /* a SYN that was sent is on its way */
    if (error == EPERM || error == EACCES || error == ECONNREFUSED || error == EHOSTUNREACH)
        return SENT_STOPPED;
    return error == 0 || error == EINPROGRESS ? SENT : SENT_NOTHING;
}

static bool wait_for(int fd, short events)
{
    struct pollfd one = {fd, events, 0};

    return poll(&one, 1, WAIT_MS) > 0 && (one.revents & events) != 0;
}

static u128 number(const uint8_t *bytes, size_t n)
{
    u128 value = 0;

    for (size_t i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* The headers of a packet as the network hands it over; neither has options. */
static bool is_it(const uint8_t *bytes, size_t n, const struct packet *packet)
{
    bool v4 = packet->family == FAMILY_V4;
    const uint8_t *upper = bytes + (v4 ? 20 : 40);

    if (n < (v4 ? 24u : 44u) || bytes[0] >> 4 != (v4 ? 4 : 6) || bytes[v4 ? 9 : 6] != packet->protocol ||
        number(bytes + (v4 ? 12 : 8), v4 ? 4 : 16) != packet->source ||
        number(bytes + (v4 ? 16 : 24), v4 ? 4 : 16) != packet->destination)
        return false;
    if (!proto_has_ports(packet->protocol))
        return upper[0] == packet->icmp_type && upper[1] == packet->icmp_code;
    return number(upper, 2) == packet->source_port && number(upper + 2, 2) == packet->port;
}

int overhear(struct stage *stage, const struct actor *actor, enum family family)
{
    return stage_socket(stage, actor, AF_PACKET, SOCK_DGRAM, htons(family == FAMILY_V4 ? ETH_P_IP : ETH_P_IPV6));
}

/* The next packet that comes in; -1: nothing is there. */
static int take(int fd, const struct packet *packet)
{
    struct sockaddr_ll about = {0};
    socklen_t size = sizeof about;
    uint8_t bytes[2048];
    ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&about, &size);

    return n < 0 ? -1 : about.sll_pkttype == PACKET_HOST && is_it(bytes, (size_t)n, packet);
}

void pass_over(int fd)
{
    uint8_t byte;

    while (recv(fd, &byte, sizeof byte, MSG_DONTWAIT) >= 0)
        ;
}

bool came(int fd, const struct packet *packet)
{
    int found = 0;

    while (found == 0)
        found = take(fd, packet);
    return found > 0;
}

bool arrives(int fd, const struct packet *packet)
{
    while (wait_for(fd, POLLIN)) {
        if (came(fd, packet))
            return true;
    }
    return false;
}

static bool shake_hands(int client, int server)
{
    int error = -1;
    socklen_t size = sizeof error;
    int taken;

    if (!wait_for(client, POLLOUT) || getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        return false;
    taken = wait_for(server, POLLIN) ? accept4(server, NULL, NULL, SOCK_CLOEXEC) : -1;
    if (taken >= 0)
        close(taken);
    return taken >= 0;
}

static bool ask_and_answer(int client, int server)
{
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    char byte = 'q';

    return send(client, &byte, 1, 0) == 1 && wait_for(server, POLLIN) &&
           recvfrom(server, &byte, 1, 0, (struct sockaddr *)&from, &size) == 1 &&
           sendto(server, &byte, 1, 0, (struct sockaddr *)&from, size) == 1 && wait_for(client, POLLIN) &&
           recv(client, &byte, 1, 0) == 1;
}

bool talk(struct stage *stage, const struct actor *from, const struct actor *to, const struct packet *packet)
{
    struct sockaddr_storage name;
    socklen_t size = ends(&name, packet->family, packet->destination, packet->port);
    int type = socket_type(packet);
    int server = open_bound(stage, to, packet, type, packet->destination, packet->port);
    int client = open_bound(stage, from, packet, type, packet->source, packet->source_port);
    bool works = server >= 0 && client >= 0 && (type == SOCK_DGRAM || listen(server, 8) == 0) &&
                 (connect(client, (struct sockaddr *)&name, size) == 0 || errno == EINPROGRESS);

    if (works)
        works = type == SOCK_DGRAM ? ask_and_answer(client, server) : shake_hands(client, server);
    if (server >= 0)
        close(server);
    if (client >= 0)
        close(client);
    return works;
}
