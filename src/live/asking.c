/*
 * Sockets of probes. Facts: ip(7) IP_RECVERR, IP_BIND_ADDRESS_NO_PORT; ipv6(7); icmp(7) ping sockets; socket(7)
 * SO_BINDTODEVICE; setns(2). A socket stays in the namespace in which it was made.
 */
#include "live/asking.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "live/socket.h"

#define ESTABLISHED 1 /* TCP_ESTABLISHED of netinet/tcp.h, which does not go with linux/tcp.h */

/* ------------------------------------------------------------------ opening */

/* An echo goes out by a ping socket, and where the machine allows this user none, by a raw one. */
static int make(const struct probe *probe, enum family family, bool *raw)
{
    int domain = family == FAMILY_V4 ? AF_INET : AF_INET6;
    int protocol = (int)(probe->proto == PROTO_ICMP ? proto_icmp(family) : probe->proto);
    int type = (probe->proto == PROTO_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = socket_make(probe->netns, domain, type, protocol);

    *raw = probe->proto == PROTO_ICMP && (fd == -EACCES || fd == -EPERM);
    if (*raw)
        fd = socket_make(probe->netns, domain, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    return fd;
}

static bool set_number(int fd, int level, int name)
{
    int one = 1;

    return setsockopt(fd, level, name, &one, sizeof one) == 0;
}

/* Where it asks from. With an address alone the port is chosen when it connects, for then only the pair must be new. */
static bool bind_to(int fd, const struct probe *probe, enum family family)
{
    struct endpoint from = {family, probe->has_source ? probe->source : 0, probe->source_port};
    struct sockaddr_storage storage;
    socklen_t length;

    if (probe->interface != NULL &&
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, probe->interface, (socklen_t)strlen(probe->interface)) < 0)
        return false;
    if (!probe->has_source && (probe->source_port == 0 || probe->proto == PROTO_ICMP))
        return true;
    if (probe->source_port == 0 || probe->proto == PROTO_ICMP) {
        from.port = 0;
        set_number(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
    } else {
        set_number(fd, SOL_SOCKET, SO_REUSEADDR);
    }
    length = socket_address(&storage, from.family, from.address, from.port);
    return bind(fd, (struct sockaddr *)&storage, length) == 0;
}

/* A link-local address means nothing without its link. */
static void set_scope(int fd, const struct probe *probe, struct sockaddr_storage *storage)
{
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
    struct ifreq request = {0};

    if (storage->ss_family != AF_INET6 || probe->interface == NULL || !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
        return;
    if (strlen(probe->interface) >= sizeof request.ifr_name)
        return;
    memcpy(request.ifr_name, probe->interface, strlen(probe->interface));
    if (ioctl(fd, SIOCGIFINDEX, &request) == 0)
        v6->sin6_scope_id = (uint32_t)request.ifr_ifindex;
}

static struct asking_opened failed(int fd, enum asking_step step)
{
    struct asking_opened opened = {-1, step, fd < 0 ? -fd : errno, false};

    if (fd >= 0)
        close(fd);
    return opened;
}

struct asking_opened asking_open(const struct probe *probe, const struct endpoint *to)
{
    struct sockaddr_storage storage;
    socklen_t length = socket_address(&storage, to->family, to->address, to->port);
    bool raw;
    int fd = make(probe, to->family, &raw);

    if (fd < 0)
        return failed(fd, ASKING_SOCKET);
    if (to->family == FAMILY_V4)
        set_number(fd, IPPROTO_IP, IP_RECVERR);
    else
        set_number(fd, IPPROTO_IPV6, IPV6_RECVERR);
    if (!bind_to(fd, probe, to->family))
        return failed(fd, ASKING_BIND);
    set_scope(fd, probe, &storage);
    if (connect(fd, (struct sockaddr *)&storage, length) < 0 && errno != EINPROGRESS)
        return failed(fd, ASKING_CONNECT);
    return (struct asking_opened){fd, ASKING_STEP_N, 0, raw};
}

/* ------------------------------------------------------------------ what the kernel says */

static bool read_entry(struct msghdr *message, struct refusal *refusal, int *error)
{
    for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control != NULL; control = CMSG_NXTHDR(message, control)) {
        struct sock_extended_err *entry = (struct sock_extended_err *)(void *)CMSG_DATA(control);
        struct sockaddr_storage storage = {0};
        struct endpoint by;

        if (!(control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_RECVERR) &&
            !(control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_RECVERR))
            continue;
        if (entry->ee_origin != SO_EE_ORIGIN_ICMP && entry->ee_origin != SO_EE_ORIGIN_ICMP6)
            continue;
        memcpy(&storage, SO_EE_OFFENDER(entry),
               entry->ee_origin == SO_EE_ORIGIN_ICMP ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        *refusal = (struct refusal){.reported = true, .icmp_type = entry->ee_type, .icmp_code = entry->ee_code};
        refusal->has_by = socket_address_read(&storage, &by.family, &by.address, &by.port);
        if (refusal->has_by) {
            refusal->family = by.family;
            refusal->by = by.address;
        }
        *error = (int)entry->ee_errno;
        return true;
    }
    return false;
}

bool asking_refusal(int fd, struct refusal *refusal, int *error)
{
    for (;;) {
        _Alignas(struct cmsghdr) char control[512];
        struct msghdr message = {.msg_control = control, .msg_controllen = sizeof control};

        if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return false;
        if (read_entry(&message, refusal, error))
            return true;
    }
}

int asking_error(int fd)
{
    int error = 0;
    socklen_t length = sizeof error;

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno : error;
}

bool asking_local(int fd, struct endpoint *local)
{
    struct sockaddr_storage storage = {0};
    socklen_t length = sizeof storage;

    return getsockname(fd, (struct sockaddr *)&storage, &length) == 0 &&
           socket_address_read(&storage, &local->family, &local->address, &local->port);
}

bool asking_heard(int fd)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof info;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
        return false;
    return info.tcpi_bytes_received > (info.tcpi_state == ESTABLISHED ? 0 : 1); /* a FIN counts as a byte */
}

void asking_close_reset(int fd)
{
    struct linger linger = {1, 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(fd);
}
