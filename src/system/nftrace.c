/*
 * See nftrace.h. Facts: linux/netfilter/nf_tables.h, net/netfilter/nf_tables_trace.c of Linux 6.1: a message for each
 * rule that gave a verdict, for each policy that was asked; the headers of the packet come with the first message in a
 * base chain, 40 bytes of the network's and 20 of the transport's.
 */
#include "system/nftrace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#include "net/proto.h"
#include "system/nft.h"

#define RECEIVE_BUFFER (32 << 20)
#define BLOCK ((size_t)64 << 10)

/* Nothing is before the lowest of all priorities. */
static const char marking[] = "table inet " NFTRACE_TABLE " {\n"
                              "  chain in { type filter hook prerouting priority -2147483648; meta nftrace set 1; }\n"
                              "  chain out { type filter hook output priority -2147483648; meta nftrace set 1; }\n"
                              "}\n";

struct nftrace {
    struct mnl_socket *events;
    struct mnl_socket *questions;
};

static int open_socket(unsigned groups, struct mnl_socket **opened)
{
    int error;

    *opened = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | (groups == 0 ? 0 : SOCK_NONBLOCK));
    if (*opened != NULL && mnl_socket_bind(*opened, groups, MNL_SOCKET_AUTOPID) == 0)
        return 0;
    error = -errno;
    if (*opened != NULL)
        mnl_socket_close(*opened);
    *opened = NULL;
    return error;
}

/* In the namespace. */
static int open_sockets(struct nftrace *nftrace)
{
    int size = RECEIVE_BUFFER;
    int error = open_socket(0, &nftrace->questions);

    if (error == 0)
        error = open_socket(1u << (NFNLGRP_NFTRACE - 1), &nftrace->events);
    if (error == 0 &&
        setsockopt(mnl_socket_get_fd(nftrace->events), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        setsockopt(mnl_socket_get_fd(nftrace->events), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return error;
}

int nftrace_open(const struct namespace *namespace, const struct namespace *home, struct diags *diags,
                 struct nftrace **opened)
{
    struct nftrace *nftrace = calloc(1, sizeof *nftrace);
    struct source *text = source_new(diags->arena, STR("the table that traces packets"), str_of(marking));
    int error = nftrace == NULL ? -ENOMEM : nft_load(namespace, text, NULL, diags);

    if (error == 0) {
        error = namespace_enter(namespace);
        if (error == 0) {
            int back;

            error = open_sockets(nftrace);
            back = namespace_enter(home);
            error = error < 0 ? error : back;
        }
        if (error < 0)
            diag_error(diags, SPAN_NONE, "the kernel tells nothing about packets: %s", strerror(-error));
    }
    if (error < 0)
        nftrace_close(nftrace);
    else
        *opened = nftrace;
    return error;
}

void nftrace_close(struct nftrace *nftrace)
{
    if (nftrace == NULL)
        return;
    if (nftrace->events != NULL)
        mnl_socket_close(nftrace->events);
    if (nftrace->questions != NULL)
        mnl_socket_close(nftrace->questions);
    free(nftrace);
}

int nftrace_fd(const struct nftrace *nftrace)
{
    return mnl_socket_get_fd(nftrace->events);
}

/* --- packets ------------------------------------------------------------------------------------------------------ */

static u128 number(const uint8_t *bytes, size_t n)
{
    u128 value = 0;

    for (size_t i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* IPv6 with extension headers: the transport's header is told by its own attribute, its protocol is not. */
static bool read_network(const uint8_t *bytes, size_t n, struct packet *packet)
{
    if (n >= 20 && bytes[0] >> 4 == 4) {
        packet->family = FAMILY_V4;
        packet->protocol = bytes[9];
        packet->source = number(bytes + 12, 4);
        packet->destination = number(bytes + 16, 4);
        return true;
    }
    if (n < 40 || bytes[0] >> 4 != 6)
        return false;
    packet->family = FAMILY_V6;
    packet->protocol = bytes[6];
    packet->source = number(bytes + 8, 16);
    packet->destination = number(bytes + 24, 16);
    return true;
}

static void read_transport(const uint8_t *bytes, size_t n, struct packet *packet)
{
    if (n >= 4 && proto_has_ports(packet->protocol)) {
        packet->source_port = (uint16_t)number(bytes, 2);
        packet->port = (uint16_t)number(bytes + 2, 2);
    }
    if (n >= 14 && packet->protocol == PROTO_TCP)
        packet->tcp_flags = bytes[13];
    if (n >= 2 && packet->protocol == proto_icmp(packet->family)) {
        packet->icmp_type = bytes[0];
        packet->icmp_code = bytes[1];
    }
}

/* --- messages ----------------------------------------------------------------------------------------------------- */

#define ATTRIBUTES 32

struct attributes {
    const struct nlattr *v[ATTRIBUTES];
};

static int note_attribute(const struct nlattr *attribute, void *data)
{
    struct attributes *attributes = data;

    if (mnl_attr_get_type(attribute) < ATTRIBUTES)
        attributes->v[mnl_attr_get_type(attribute)] = attribute;
    return MNL_CB_OK;
}

static uint32_t word(const struct nlattr *attribute)
{
    return attribute == NULL ? 0 : ntohl(mnl_attr_get_u32(attribute));
}

static uint64_t long_word(const struct nlattr *attribute)
{
    return attribute == NULL ? 0 : (uint64_t)number(mnl_attr_get_payload(attribute), 8);
}

static struct str text(const struct nlattr *attribute)
{
    return attribute == NULL ? STR_EMPTY : str_of(mnl_attr_get_str(attribute));
}

static struct str family_name(uint8_t family)
{
    switch (family) {
    case NFPROTO_INET: return STR("inet");
    case NFPROTO_IPV4: return STR("ip");
    case NFPROTO_ARP: return STR("arp");
    case NFPROTO_NETDEV: return STR("netdev");
    case NFPROTO_BRIDGE: return STR("bridge");
    case NFPROTO_IPV6: return STR("ip6");
    }
    return STR_EMPTY;
}

static bool stops(const struct nlattr *verdict)
{
    struct attributes inside = {{NULL}};

    if (verdict == NULL)
        return false;
    mnl_attr_parse_nested(verdict, note_attribute, &inside);
    return inside.v[NFTA_VERDICT_CODE] != NULL && word(inside.v[NFTA_VERDICT_CODE]) == NF_DROP;
}

static bool read_event(const struct nlmsghdr *message, struct nftrace_event *event)
{
    const struct nfgenmsg *about = mnl_nlmsg_get_payload(message);
    struct attributes all = {{NULL}};
    const struct nlattr *network;
    const struct nlattr *transport;
    uint32_t kind;

    if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE))
        return false;
    mnl_attr_parse(message, sizeof *about, note_attribute, &all);
    kind = word(all.v[NFTA_TRACE_TYPE]);
    *event = (struct nftrace_event){
        .id = word(all.v[NFTA_TRACE_ID]),
        .family = family_name(about->nfgen_family),
        .table = text(all.v[NFTA_TRACE_TABLE]),
        .chain = text(all.v[NFTA_TRACE_CHAIN]),
        .handle = kind == NFT_TRACETYPE_RULE ? long_word(all.v[NFTA_TRACE_RULE_HANDLE]) : 0,
    };
    event->drops = kind == NFT_TRACETYPE_POLICY
                       ? all.v[NFTA_TRACE_POLICY] != NULL && word(all.v[NFTA_TRACE_POLICY]) == NF_DROP
                       : stops(all.v[NFTA_TRACE_VERDICT]);
    network = all.v[NFTA_TRACE_NETWORK_HEADER];
    transport = all.v[NFTA_TRACE_TRANSPORT_HEADER];
    event->has_packet = network != NULL &&
                        read_network(mnl_attr_get_payload(network), mnl_attr_get_payload_len(network), &event->packet);
    if (event->has_packet && transport != NULL)
        read_transport(mnl_attr_get_payload(transport), mnl_attr_get_payload_len(transport), &event->packet);
    return true;
}

int nftrace_read(struct nftrace *nftrace, nftrace_take *take, void *context)
{
    _Alignas(8) static _Thread_local char block[BLOCK];

    for (;;) {
        ssize_t got = mnl_socket_recvfrom(nftrace->events, block, sizeof block);
        int left = (int)got;

        if (got < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        for (const struct nlmsghdr *message = (void *)block; mnl_nlmsg_ok(message, left);
             message = mnl_nlmsg_next(message, &left)) {
            struct nftrace_event event;

            if (read_event(message, &event))
                take(context, &event);
        }
    }
}

/* --- rules -------------------------------------------------------------------------------------------------------- */

struct listing {
    nftrace_take *take;
    void *context;
};

static int take_rule(const struct nlmsghdr *message, void *data)
{
    const struct listing *listing = data;
    const struct nfgenmsg *about = mnl_nlmsg_get_payload(message);
    struct attributes all = {{NULL}};
    struct nftrace_event event;

    mnl_attr_parse(message, sizeof *about, note_attribute, &all);
    event = (struct nftrace_event){
        .family = family_name(about->nfgen_family),
        .table = text(all.v[NFTA_RULE_TABLE]),
        .chain = text(all.v[NFTA_RULE_CHAIN]),
        .handle = long_word(all.v[NFTA_RULE_HANDLE]),
    };
    listing->take(listing->context, &event);
    return MNL_CB_OK;
}

int nftrace_rules(struct nftrace *nftrace, nftrace_take *take, void *context)
{
    _Alignas(8) char block[BLOCK];
    struct nlmsghdr *question = mnl_nlmsg_put_header(block);
    struct nfgenmsg *about = mnl_nlmsg_put_extra_header(question, sizeof *about);
    struct listing listing = {take, context};
    int state = MNL_CB_OK;

    question->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE;
    question->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    question->nlmsg_seq = 1;
    *about = (struct nfgenmsg){.nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0};
    if (mnl_socket_sendto(nftrace->questions, question, question->nlmsg_len) < 0)
        return -errno;
    while (state > MNL_CB_STOP) {
        ssize_t got = mnl_socket_recvfrom(nftrace->questions, block, sizeof block);

        if (got < 0)
            return -errno;
        state = mnl_cb_run(block, (size_t)got, 1, mnl_socket_get_portid(nftrace->questions), take_rule, &listing);
    }
    return state < 0 ? -errno : 0;
}
