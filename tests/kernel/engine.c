/*
 * See engine.h. Everything is set up with the old ioctls (netdevice(7), route ioctls of ip(7) and ipv6(7)), so that no
 * other program is needed. The way out of a packet is the default route, which is moved from interface to interface:
 * any packet can thus be sent from any interface to any other, whatever its destination.
 */
#include "engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"
#include "net/proto.h"
#include "system/namespace.h"
#include "system/process.h"

#define INTERFACES_MAX 24
#define BURST 64
#define WAIT_MS 1000
#define ADDRESS_WAIT_MS 5000
#define RECEIVE_BUFFER (4 << 20)

/* struct in6_ifreq of <linux/ipv6.h>, which cannot be included beside <netinet/in.h>. */
struct address_v6_request {
    struct in6_addr address;
    uint32_t prefix_length;
    int index;
};

struct engine {
    struct arena *arena;
    struct str names[INTERFACES_MAX];
    int tun[INTERFACES_MAX];
    int index[INTERFACES_MAX];
    size_t interface_n;
    int control[FAMILY_N];       /* for ioctls */
    int sender[FAMILY_N];        /* raw, with our own IP header */
    int receiver[FAMILY_N][256]; /* by protocol; -1: not opened yet */
    uint32_t mark[FAMILY_N];     /* that the senders give to packets */
    unsigned aliases;
    uint32_t first_id; /* of the probes that are being run */
    struct engine_probe *probes;
    size_t probe_n;
    size_t missing; /* expected, sent and not seen yet */
};

static int write_setting(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return -errno;
    n = write(fd, text, strlen(text));
    close(fd);
    return n < 0 ? -EIO : 0;
}

/* A router that believes every source, and is silent otherwise. */
static int make_router(void)
{
    static const char *const needed[][2] = {
        {"/proc/sys/net/ipv4/ip_forward", "1"},
        {"/proc/sys/net/ipv4/conf/all/rp_filter", "0"},
        {"/proc/sys/net/ipv4/conf/default/rp_filter", "0"},
        {"/proc/sys/net/ipv6/conf/all/forwarding", "1"},
        {"/proc/sys/net/ipv6/conf/default/forwarding", "1"},
    };
    static const char *const wanted[][2] = {
        /* For UDP-Lite conntrack reckons with the pseudo-header of UDP: every right checksum is wrong to it. */
        {"/proc/sys/net/netfilter/nf_conntrack_checksum", "0"},
        {"/proc/sys/net/ipv4/conf/all/send_redirects", "0"},
        {"/proc/sys/net/ipv4/conf/default/send_redirects", "0"},
        {"/proc/sys/net/ipv4/icmp_echo_ignore_all", "1"},
        {"/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1"},
        {"/proc/sys/net/ipv6/conf/default/accept_dad", "0"},
        {"/proc/sys/net/ipv6/conf/default/accept_ra", "0"},
        {"/proc/sys/net/ipv6/icmp/echo_ignore_all", "1"},
        {"/proc/sys/net/ipv6/conf/default/router_solicitations", "0"},
    };

    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        int error = write_setting(needed[i][0], needed[i][1]);

        if (error < 0)
            return error;
    }
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        write_setting(wanted[i][0], wanted[i][1]);
    return 0;
}

static bool name_request(struct ifreq *request, struct str name)
{
    memset(request, 0, sizeof *request);
    if (name.n == 0 || name.n >= sizeof request->ifr_name)
        return false;
    memcpy(request->ifr_name, name.p, name.n);
    return true;
}

static int bring_up(struct engine *engine, struct str name, int *index)
{
    struct ifreq request;

    if (!name_request(&request, name) || ioctl(engine->control[FAMILY_V4], SIOCGIFFLAGS, &request) != 0)
        return -errno;
    request.ifr_flags |= IFF_UP;
    if (ioctl(engine->control[FAMILY_V4], SIOCSIFFLAGS, &request) != 0 ||
        ioctl(engine->control[FAMILY_V4], SIOCGIFINDEX, &request) != 0)
        return -errno;
    *index = request.ifr_ifindex;
    return 0;
}

static int add_interface(struct engine *engine, struct str name)
{
    struct ifreq request;
    size_t at = engine->interface_n;
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    engine->tun[at] = fd;
    engine->names[at] = name;
    engine->interface_n++;
    if (!name_request(&request, name))
        return -EINVAL;
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (ioctl(fd, TUNSETIFF, &request) != 0)
        return -errno;
    return bring_up(engine, name, &engine->index[at]);
}

static int open_sockets(struct engine *engine)
{
    static const int domains[FAMILY_N] = {AF_INET, AF_INET6};

    for (size_t f = 0; f < FAMILY_N; f++) {
        engine->control[f] = socket(domains[f], SOCK_DGRAM | SOCK_CLOEXEC, 0);
        engine->sender[f] = socket(domains[f], SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
        if (engine->control[f] < 0 || engine->sender[f] < 0)
            return -errno;
    }
    return 0;
}

static int enter(const char **why)
{
    struct namespace namespace;
    int error = namespace_open(&namespace);

    *why = "a network namespace cannot be made";
    if (error < 0)
        return error;
    error = namespace_enter(&namespace);
    namespace_close(&namespace);
    if (error < 0)
        return error;
    *why = "the settings of a router cannot be made";
    return make_router();
}

int engine_open(struct arena *arena, const struct str *interfaces, size_t n, struct engine **opened, const char **why)
{
    struct engine *engine = arena_new_object(arena, struct engine);
    int loopback;
    int error = enter(why);

    engine->arena = arena;
    for (size_t f = 0; f < FAMILY_N; f++) {
        engine->control[f] = engine->sender[f] = -1;
        for (size_t p = 0; p < 256; p++)
            engine->receiver[f][p] = -1;
    }
    if (error < 0)
        return error;
    *why = "raw sockets cannot be made";
    error = open_sockets(engine);
    if (error == 0)
        error = bring_up(engine, STR("lo"), &loopback);
    *why = "interfaces cannot be made with /dev/net/tun";
    for (size_t i = 0; i < n && error == 0; i++)
        error = i < INTERFACES_MAX ? add_interface(engine, interfaces[i]) : -E2BIG;
    if (error < 0) {
        engine_close(engine);
        return error;
    }
    *opened = engine;
    return 0;
}

void engine_close(struct engine *engine)
{
    for (size_t i = 0; i < engine->interface_n; i++)
        close(engine->tun[i]);
    for (size_t f = 0; f < FAMILY_N; f++) {
        if (engine->control[f] >= 0)
            close(engine->control[f]);
        if (engine->sender[f] >= 0)
            close(engine->sender[f]);
        for (size_t p = 0; p < 256; p++) {
            if (engine->receiver[f][p] >= 0)
                close(engine->receiver[f][p]);
        }
    }
}

/* The kernel takes a new IPv6 address into use a moment later, even where there is nobody who could have it too. */
static int await_address(const struct in6_addr *address)
{
    struct sockaddr_in6 own = {.sin6_family = AF_INET6, .sin6_addr = *address};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int error = fd < 0 ? -errno : -EADDRNOTAVAIL;

    for (unsigned i = 0; i < ADDRESS_WAIT_MS && error == -EADDRNOTAVAIL; i++) {
        error = bind(fd, (struct sockaddr *)&own, sizeof own) == 0 ? 0 : -errno;
        if (error == -EADDRNOTAVAIL)
            poll(NULL, 0, 1);
    }
    if (fd >= 0)
        close(fd);
    return error;
}

int engine_address(struct engine *engine, struct str interface, enum family family, u128 address)
{
    struct ifreq request;
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct address_v6_request six = {.prefix_length = 128, .index = 1};

    for (size_t i = 0; i < engine->interface_n; i++) {
        if (str_eq(engine->names[i], interface))
            six.index = engine->index[i];
    }
    if (family == FAMILY_V6) {
        frame_address(family, address, six.address.s6_addr);
        if (ioctl(engine->control[family], SIOCSIFADDR, &six) != 0)
            return -errno;
        return await_address(&six.address);
    }
    memset(&request, 0, sizeof request);
    if (interface.n > 0)
        name_request(&request, interface);
    else
        snprintf(request.ifr_name, sizeof request.ifr_name, "lo:%u", ++engine->aliases);
    frame_address(family, address, (uint8_t *)&four.sin_addr);
    memcpy(&request.ifr_addr, &four, sizeof four);
    if (ioctl(engine->control[family], SIOCSIFADDR, &request) != 0)
        return -errno;
    four.sin_addr.s_addr = INADDR_BROADCAST;
    memcpy(&request.ifr_netmask, &four, sizeof four);
    return ioctl(engine->control[family], SIOCSIFNETMASK, &request) == 0 ? 0 : -errno;
}

int engine_load(struct engine *engine, const char *const *argv, struct str text, struct str *said)
{
    struct process process = {.argv = argv, .input = text, .output_max = 1 << 20, .timeout_ms = 60000};
    struct process_result result;
    int error = process_run(&process, &result);

    *said = STR_EMPTY;
    if (error < 0)
        return error;
    *said = str_dup(engine->arena, buf_str(result.status == 0 ? &result.output : &result.errors));
    error = result.status == 0 ? 0 : -EINVAL;
    process_result_free(&result);
    return error;
}

/* What `conntrack -F` asks for: IPCTNL_MSG_CT_DELETE with no tuple (nfnetlink_conntrack.h). */
int engine_forget(struct engine *engine)
{
    struct {
        struct nlmsghdr header;
        struct nfgenmsg about;
    } question = {
        .header = {.nlmsg_len = sizeof question,
                   .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
        .about = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0},
    };
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        uint8_t more[256];
    } answer;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    int error = fd < 0 ? -errno : 0;

    (void)engine;
    if (error == 0 && (send(fd, &question, sizeof question, 0) < 0 || recv(fd, &answer, sizeof answer, 0) < 0))
        error = -errno;
    if (fd >= 0)
        close(fd);
    return error < 0 ? error : answer.error.error;
}

/* --- routes ------------------------------------------------------------------------------------------------------- */

static void default_route(struct engine *engine, size_t interface, bool add)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    char device[IFNAMSIZ] = {0};
    struct rtentry four = {.rt_flags = RTF_UP, .rt_dev = device};
    struct in6_rtmsg six = {.rtmsg_flags = RTF_UP, .rtmsg_metric = 1, .rtmsg_ifindex = engine->index[interface]};

    memcpy(device, engine->names[interface].p, engine->names[interface].n);
    memcpy(&four.rt_dst, &any, sizeof any);
    memcpy(&four.rt_genmask, &any, sizeof any);
    if (ioctl(engine->control[FAMILY_V4], add ? SIOCADDRT : SIOCDELRT, &four) != 0)
        fprintf(stderr, "default route to %s: %s\n", device, strerror(errno));
    if (ioctl(engine->control[FAMILY_V6], add ? SIOCADDRT : SIOCDELRT, &six) != 0)
        fprintf(stderr, "default IPv6 route to %s: %s\n", device, strerror(errno));
}

/* --- packets out -------------------------------------------------------------------------------------------------- */

static bool same_ends(const struct packet *a, const struct packet *b)
{
    return a->source == b->source && a->destination == b->destination && str_eq(a->out, b->out);
}

/* What came out may be an error of the host's own about a probe: then it is of another kind. */
static void note(struct engine *engine, uint32_t id, const struct packet *seen)
{
    struct engine_probe *probe;

    if (id - engine->first_id >= engine->probe_n)
        return;
    probe = &engine->probes[id - engine->first_id];
    if (probe->passed || seen->family != probe->packet.family || seen->protocol != probe->packet.protocol ||
        seen->icmp_type != probe->packet.icmp_type || seen->icmp_code != probe->packet.icmp_code ||
        (!probe->any_ends && !same_ends(seen, &probe->packet)))
        return;
    probe->passed = true;
    probe->seen = *seen;
    if (probe->expected && engine->missing > 0)
        engine->missing--;
}

static bool drain_tun(struct engine *engine, size_t interface)
{
    uint8_t bytes[2048];
    struct packet seen;
    uint32_t id;
    ssize_t n = read(engine->tun[interface], bytes, sizeof bytes);

    if (n <= 0)
        return false;
    if (frame_read(bytes, (size_t)n, &id, &seen)) {
        seen.out = engine->names[interface];
        note(engine, id, &seen);
    }
    return true;
}

/* IPv4 comes with its header, IPv6 without it: the socket tells the ends. */
static bool drain_receiver(struct engine *engine, enum family family, uint8_t protocol)
{
    uint8_t bytes[2048];
    uint8_t told[256];
    struct sockaddr_in6 from = {0};
    struct iovec place = {.iov_base = bytes, .iov_len = sizeof bytes};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &place,
                             .msg_iovlen = 1,
                             .msg_control = told,
                             .msg_controllen = sizeof told};
    ssize_t n = recvmsg(engine->receiver[family][protocol], &message, MSG_DONTWAIT);
    struct in6_addr to = {0};
    struct packet seen;
    uint32_t id;

    if (n < 0)
        return false;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part != NULL; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO)
            memcpy(&to, CMSG_DATA(part), sizeof to);
    }
    if (family == FAMILY_V4
            ? frame_read(bytes, (size_t)n, &id, &seen)
            : frame_read_upper(bytes, (size_t)n, protocol, from.sin6_addr.s6_addr, to.s6_addr, &id, &seen))
        note(engine, id, &seen);
    return true;
}

static void drain(struct engine *engine)
{
    for (size_t i = 0; i < engine->interface_n; i++) {
        while (drain_tun(engine, i))
            ;
    }
    for (enum family family = 0; family < FAMILY_N; family++) {
        for (size_t p = 0; p < 256; p++) {
            while (engine->receiver[family][p] >= 0 && drain_receiver(engine, family, (uint8_t)p))
                ;
        }
    }
}

/* Everything that has come out; what is still awaited gets a while. */
static void settle(struct engine *engine)
{
    struct pollfd fds[INTERFACES_MAX + 2 * 256];
    nfds_t n = 0;

    drain(engine);
    if (engine->missing == 0)
        return;
    for (size_t i = 0; i < engine->interface_n; i++)
        fds[n++] = (struct pollfd){.fd = engine->tun[i], .events = POLLIN};
    for (size_t f = 0; f < FAMILY_N; f++) {
        for (size_t p = 0; p < 256; p++) {
            if (engine->receiver[f][p] >= 0)
                fds[n++] = (struct pollfd){.fd = engine->receiver[f][p], .events = POLLIN};
        }
    }
    while (engine->missing > 0 && poll(fds, n, WAIT_MS) > 0)
        drain(engine);
    engine->missing = 0; /* they will not come: waited for once */
}

/* --- packets in --------------------------------------------------------------------------------------------------- */

static bool listen_for(struct engine *engine, const struct packet *packet)
{
    int *fd = &engine->receiver[packet->family][packet->protocol];
    int size = RECEIVE_BUFFER;
    int on = 1;

    if (*fd >= 0)
        return true;
    *fd = socket(packet->family == FAMILY_V4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                 packet->protocol);
    if (*fd >= 0 && setsockopt(*fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size); /* what an ordinary user may have */
    if (*fd >= 0 && packet->family == FAMILY_V6)
        return setsockopt(*fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) == 0;
    return *fd >= 0;
}

/* What OUTPUT refuses, the sender is told. */
static bool send_own(struct engine *engine, const struct packet *packet, const uint8_t *bytes, size_t n)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    bool v4 = packet->family == FAMILY_V4;
    ssize_t sent;

    frame_address(packet->family, packet->destination, v4 ? (uint8_t *)&four.sin_addr : six.sin6_addr.s6_addr);
    if (packet->mark != engine->mark[packet->family]) {
        engine->mark[packet->family] = packet->mark;
        if (setsockopt(engine->sender[packet->family], SOL_SOCKET, SO_MARK, &packet->mark, sizeof packet->mark) != 0)
            return false;
    }
    sent = sendto(engine->sender[packet->family], bytes, n, 0, v4 ? (struct sockaddr *)&four : (struct sockaddr *)&six,
                  v4 ? sizeof four : sizeof six);
    if (sent >= 0 || errno == EPERM || errno == EACCES || errno == EHOSTUNREACH || errno == ECONNREFUSED)
        return true;
    fprintf(stderr, "sending: %s\n", strerror(errno));
    return false;
}

static bool inject(struct engine *engine, const struct engine_probe *probe, uint32_t id)
{
    uint8_t bytes[FRAME_MAX];
    size_t n = probe->about != NULL ? frame_make_error(&probe->packet, probe->about, id, probe->icmp_id, bytes)
                                    : frame_make(&probe->packet, id, probe->icmp_id, bytes);

    if (probe->hook == HOOK_INPUT && !listen_for(engine, &probe->packet))
        return false;
    if (probe->hook == HOOK_OUTPUT)
        return send_own(engine, &probe->packet, bytes, n);
    for (size_t i = 0; i < engine->interface_n; i++) {
        if (str_eq(engine->names[i], probe->packet.in))
            return write(engine->tun[i], bytes, n) == (ssize_t)n;
    }
    return false;
}

static bool run_way(struct engine *engine, size_t interface)
{
    size_t sent = 0;

    for (size_t i = 0; i < engine->probe_n; i++) {
        struct engine_probe *probe = &engine->probes[i];
        bool mine = probe->hook == HOOK_INPUT ? interface == 0 : str_eq(probe->packet.out, engine->names[interface]);

        if (!mine)
            continue;
        engine->missing += probe->expected;
        if (!inject(engine, probe, engine->first_id + (uint32_t)i))
            return false;
        if (++sent % BURST == 0)
            settle(engine);
    }
    settle(engine);
    return true;
}

bool engine_run(struct engine *engine, struct engine_probe *probes, size_t n)
{
    bool done = true;

    engine->first_id += (uint32_t)engine->probe_n;
    engine->probes = probes;
    engine->probe_n = n;
    for (size_t i = 0; i < n; i++)
        probes[i].passed = false;
    for (size_t i = 0; i < engine->interface_n && done; i++) {
        default_route(engine, i, true);
        done = run_way(engine, i);
        default_route(engine, i, false);
    }
    return done;
}
