/*
 * See netlink.h. A request that fails is always answered; one that succeeds only where it asks for it, and the last of
 * a batch does: so one answer says that all the others went well. The kernel takes the requests of one send in order.
 *
 * Facts: rtnetlink(7), linux/rtnetlink.h, linux/veth.h, drivers/net/veth.c (a peer's number is taken where both ends
 * have one), net/core/rtnetlink.c of Linux 6.1.
 */
#include "system/netlink.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <poll.h>
#include <stdlib.h>

#include "base/buf.h"

#define BATCH ((size_t)64 << 10)
#define REQUEST_MAX 512u /* bytes of the longest, with room */

struct netlink {
    struct mnl_socket *socket;
    unsigned sequence;
    struct nlmsghdr *last; /* of the batch; NULL: it is empty */
    size_t used;
    int error;
    char said[192];
    _Alignas(8) char batch[BATCH];
};

int netlink_open(struct netlink **opened)
{
    struct netlink *netlink = calloc(1, sizeof *netlink);
    int on = 1;
    int error;

    if (netlink == NULL)
        return -ENOMEM;
    netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (netlink->socket == NULL || mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        error = -errno;
        netlink_close(netlink);
        return error;
    }
    mnl_socket_setsockopt(netlink->socket, NETLINK_EXT_ACK, &on, sizeof on); /* words about errors, where it has them */
    mnl_socket_setsockopt(netlink->socket, NETLINK_CAP_ACK, &on, sizeof on);
    *opened = netlink;
    return 0;
}

void netlink_close(struct netlink *netlink)
{
    if (netlink == NULL)
        return;
    if (netlink->socket != NULL)
        mnl_socket_close(netlink->socket);
    free(netlink);
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static const char *subject(uint16_t type)
{
    switch (type) {
    case RTM_NEWLINK: return "an interface";
    case RTM_NEWADDR: return "an address";
    case RTM_NEWNEIGH: return "a neighbour";
    case RTM_NEWROUTE: return "a route";
    case RTM_NEWRULE: return "a rule of routing";
    }
    return "a request";
}

static int take_words(const struct nlattr *attribute, void *data)
{
    if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG)
        *(const char **)data = mnl_attr_get_str(attribute);
    return MNL_CB_OK;
}

static void note(struct netlink *netlink, const struct nlmsghdr *answer)
{
    const struct nlmsgerr *error = mnl_nlmsg_get_payload(answer);
    const char *words = "";

    if (error->error == 0 || netlink->error < 0)
        return;
    if ((answer->nlmsg_flags & NLM_F_ACK_TLVS) != 0)
        mnl_attr_parse(answer, sizeof *error, take_words, &words);
    netlink->error = error->error;
    snprintf(netlink->said, sizeof netlink->said, "%s%s%s", subject(error->msg.nlmsg_type),
             words[0] == '\0' ? "" : ": ", words);
}

/* Reads answers until that to the last request. */
static void await(struct netlink *netlink, unsigned last)
{
    _Alignas(8) char answers[16384];
    bool done = false;

    while (!done) {
        ssize_t got = mnl_socket_recvfrom(netlink->socket, answers, sizeof answers);
        int left = (int)got;

        if (got < 0) {
            netlink->error = netlink->error < 0 ? netlink->error : -errno;
            return;
        }
        for (const struct nlmsghdr *answer = (void *)answers; mnl_nlmsg_ok(answer, left);
             answer = mnl_nlmsg_next(answer, &left)) {
            if (answer->nlmsg_type != NLMSG_ERROR)
                continue;
            note(netlink, answer);
            done = done || answer->nlmsg_seq == last;
        }
    }
}

static void send_batch(struct netlink *netlink)
{
    if (netlink->last == NULL || netlink->error < 0)
        return;
    netlink->last->nlmsg_flags |= NLM_F_ACK;
    if (mnl_socket_sendto(netlink->socket, netlink->batch, netlink->used) < 0)
        netlink->error = -errno;
    else
        await(netlink, netlink->last->nlmsg_seq);
    netlink->last = NULL;
    netlink->used = 0;
}

int netlink_flush(struct netlink *netlink, struct str *said)
{
    int error;

    send_batch(netlink);
    error = netlink->error;
    *said = str_of(netlink->said);
    return error;
}

static struct nlmsghdr *begin(struct netlink *netlink, uint16_t type, uint16_t flags, const void *head, size_t size)
{
    struct nlmsghdr *message;

    if (netlink->used + REQUEST_MAX > BATCH)
        send_batch(netlink);
    if (netlink->error < 0)
        netlink->used = 0; /* goes nowhere */
    message = mnl_nlmsg_put_header(netlink->batch + netlink->used);
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | flags;
    message->nlmsg_seq = ++netlink->sequence;
    memcpy(mnl_nlmsg_put_extra_header(message, size), head, size);
    return message;
}

static void end(struct netlink *netlink, struct nlmsghdr *message)
{
    assert(message->nlmsg_len <= REQUEST_MAX);
    netlink->used += MNL_ALIGN(message->nlmsg_len);
    netlink->last = message;
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

static uint8_t domain(enum family family)
{
    return family == FAMILY_V4 ? AF_INET : AF_INET6;
}

static void put_address(struct nlmsghdr *message, uint16_t type, enum family family, u128 address)
{
    uint8_t bytes[16];
    size_t n = addr_bits(family) / 8;

    for (size_t i = n; i > 0; i--, address >>= 8)
        bytes[i - 1] = (uint8_t)address;
    mnl_attr_put(message, type, n, bytes);
}

static void put_name(struct nlmsghdr *message, struct str name)
{
    char text[NETLINK_NAME_MAX + 1] = {0};

    assert(name.n <= NETLINK_NAME_MAX);
    memcpy(text, name.p, name.n);
    mnl_attr_put_strz(message, IFLA_IFNAME, text);
}

void netlink_up(struct netlink *netlink, int index)
{
    struct ifinfomsg head = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};

    end(netlink, begin(netlink, RTM_NEWLINK, 0, &head, sizeof head));
}

static struct nlmsghdr *new_link(struct netlink *netlink, struct str name, int index)
{
    struct ifinfomsg head = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct nlmsghdr *message = begin(netlink, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);

    put_name(message, name);
    return message;
}

static void put_kind(struct nlmsghdr *message, const char *kind)
{
    struct nlattr *about = mnl_attr_nest_start(message, IFLA_LINKINFO);

    mnl_attr_put_strz(message, IFLA_INFO_KIND, kind);
    mnl_attr_nest_end(message, about);
}

void netlink_bridge(struct netlink *netlink, const struct netlink_port *bridge)
{
    struct nlmsghdr *message = new_link(netlink, bridge->name, bridge->index);

    mnl_attr_put(message, IFLA_ADDRESS, sizeof bridge->hardware, bridge->hardware);
    put_kind(message, "bridge");
    end(netlink, message);
}

void netlink_dummy(struct netlink *netlink, struct str name)
{
    struct nlmsghdr *message = new_link(netlink, name, 0);

    put_kind(message, "bridge"); /* which every machine has that has a stage; `dummy` is a module of its own */
    end(netlink, message);
}

void netlink_wire(struct netlink *netlink, const struct netlink_port *here, int bridge, int there_fd,
                  const struct netlink_port *there)
{
    struct nlmsghdr *message = new_link(netlink, here->name, here->index);
    struct ifinfomsg peer = {.ifi_index = there->index}; /* comes first, and cannot be up without the other */
    struct nlattr *about;
    struct nlattr *data;
    struct nlattr *end_of_peer;

    mnl_attr_put(message, IFLA_ADDRESS, sizeof here->hardware, here->hardware);
    mnl_attr_put_u32(message, IFLA_MASTER, (uint32_t)bridge);
    about = mnl_attr_nest_start(message, IFLA_LINKINFO);
    mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
    data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
    end_of_peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
    memcpy(mnl_nlmsg_put_extra_header(message, sizeof peer), &peer, sizeof peer);
    put_name(message, there->name);
    mnl_attr_put(message, IFLA_ADDRESS, sizeof there->hardware, there->hardware);
    mnl_attr_put_u32(message, IFLA_NET_NS_FD, (uint32_t)there_fd);
    mnl_attr_nest_end(message, end_of_peer);
    mnl_attr_nest_end(message, data);
    mnl_attr_nest_end(message, about);
    end(netlink, message);
}

void netlink_address(struct netlink *netlink, int index, enum family family, u128 address)
{
    struct ifaddrmsg head = {
        .ifa_family = domain(family),
        .ifa_prefixlen = (uint8_t)addr_bits(family),
        .ifa_index = (uint32_t)index,
    };
    struct nlmsghdr *message = begin(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);

    put_address(message, IFA_LOCAL, family, address);
    put_address(message, IFA_ADDRESS, family, address);
    mnl_attr_put_u32(message, IFA_FLAGS, IFA_F_NODAD);
    end(netlink, message);
}

void netlink_neighbour(struct netlink *netlink, int index, enum family family, u128 address, const uint8_t hardware[6])
{
    struct ndmsg head = {.ndm_family = domain(family), .ndm_ifindex = index, .ndm_state = NUD_PERMANENT};
    struct nlmsghdr *message = begin(netlink, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof head);

    put_address(message, NDA_DST, family, address);
    mnl_attr_put(message, NDA_LLADDR, 6, hardware);
    end(netlink, message);
}

static uint8_t route_type(enum netlink_target target)
{
    return target == NETLINK_LOCAL ? RTN_LOCAL : target == NETLINK_UNREACHABLE ? RTN_UNREACHABLE : RTN_UNICAST;
}

static uint8_t route_scope(const struct netlink_route *route)
{
    if (route->family == FAMILY_V6 || route->target == NETLINK_GATEWAY || route->target == NETLINK_UNREACHABLE)
        return RT_SCOPE_UNIVERSE;
    return route->target == NETLINK_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_LINK;
}

void netlink_route(struct netlink *netlink, const struct netlink_route *route)
{
    int length = addr_prefix_length(route->family, route->prefix);
    struct rtmsg head = {
        .rtm_family = domain(route->family),
        .rtm_dst_len = (uint8_t)length,
        .rtm_protocol = RTPROT_STATIC,
        .rtm_scope = route_scope(route),
        .rtm_type = route_type(route->target),
        .rtm_flags = route->target == NETLINK_GATEWAY ? RTNH_F_ONLINK : 0,
    };
    struct nlmsghdr *message = begin(netlink, RTM_NEWROUTE, NLM_F_CREATE, &head, sizeof head);

    assert(length >= 0);
    put_address(message, RTA_DST, route->family, route->prefix.lo);
    mnl_attr_put_u32(message, RTA_TABLE, route->table);
    if (route->target != NETLINK_UNREACHABLE)
        mnl_attr_put_u32(message, RTA_OIF, (uint32_t)route->index);
    if (route->target == NETLINK_GATEWAY)
        put_address(message, RTA_GATEWAY, route->family, route->gateway);
    end(netlink, message);
}

void netlink_rule(struct netlink *netlink, enum family family, u128 source, uint32_t table)
{
    struct fib_rule_hdr head = {
        .family = domain(family),
        .src_len = (uint8_t)addr_bits(family),
        .action = FR_ACT_TO_TBL,
    };
    struct nlmsghdr *message = begin(netlink, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);

    put_address(message, FRA_SRC, family, source);
    mnl_attr_put_u32(message, FRA_TABLE, table);
    end(netlink, message);
}

/* --- waiting ------------------------------------------------------------------------------------------------------ */

static int note_state(const struct nlattr *attribute, void *data)
{
    if (mnl_attr_get_type(attribute) == IFLA_BRPORT_STATE && mnl_attr_get_u8(attribute) != BR_STATE_FORWARDING)
        ++*(size_t *)data;
    return MNL_CB_OK;
}

static int note_slave(const struct nlattr *attribute, void *data)
{
    if (mnl_attr_get_type(attribute) == IFLA_INFO_SLAVE_DATA)
        mnl_attr_parse_nested(attribute, note_state, data);
    return MNL_CB_OK;
}

static int note_about(const struct nlattr *attribute, void *data)
{
    if (mnl_attr_get_type(attribute) == IFLA_LINKINFO)
        mnl_attr_parse_nested(attribute, note_slave, data);
    return MNL_CB_OK;
}

static int note_link(const struct nlmsghdr *message, void *data)
{
    return message->nlmsg_type != RTM_NEWLINK || mnl_attr_parse(message, sizeof(struct ifinfomsg), note_about, data) > 0
               ? MNL_CB_OK
               : MNL_CB_ERROR;
}

/* How many interfaces in bridges do not forward. */
static int count_blocked(struct netlink *netlink, size_t *blocked)
{
    struct ifinfomsg head = {0};
    struct nlmsghdr *question = begin(netlink, RTM_GETLINK, NLM_F_DUMP, &head, sizeof head);
    _Alignas(8) char answers[32768];
    int state = MNL_CB_OK;

    *blocked = 0;
    if (mnl_socket_sendto(netlink->socket, question, question->nlmsg_len) < 0)
        return -errno;
    while (state > MNL_CB_STOP) {
        ssize_t got = mnl_socket_recvfrom(netlink->socket, answers, sizeof answers);

        if (got < 0)
            return -errno;
        state = mnl_cb_run(answers, (size_t)got, question->nlmsg_seq, mnl_socket_get_portid(netlink->socket), note_link,
                           blocked);
    }
    return state < 0 ? -errno : 0;
}

int netlink_await_bridges(struct netlink *netlink, unsigned timeout_ms)
{
    assert(netlink->last == NULL);
    for (unsigned waited = 0;; waited++) {
        size_t blocked;
        int error = count_blocked(netlink, &blocked);

        if (error < 0 || blocked == 0)
            return error;
        if (waited >= timeout_ms)
            return -ETIMEDOUT;
        poll(NULL, 0, 1);
    }
}
