/*
 * Stand-ins over UDP. Each datagram is a conversation: one in, at most one out, from the address it came to (ip(7)
 * IP_PKTINFO, RFC 3542 6.1), which a socket bound to all addresses would not choose by itself. What came to a broadcast
 * or multicast address is not answered, so that one datagram never makes many.
 */
#include "live/listener.h"

#include <errno.h>
#include <netinet/in.h>

#include "live/socket.h"

#define AT_ONCE 64 /* datagrams of one socket before the others have their turn */

struct datagram {
    struct post *post;
    struct sockaddr_storage from;
    socklen_t from_size;
    size_t n;
    enum family family;
    u128 peer;
    uint16_t peer_port;
    u128 local;
    bool to_many; /* broadcast or multicast */
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    size_t control_n;
};

static void read_v4(struct datagram *datagram, struct in_pktinfo *info)
{
    datagram->local = ntohl(info->ipi_spec_dst.s_addr);
    datagram->to_many = info->ipi_spec_dst.s_addr != info->ipi_addr.s_addr;
    info->ipi_ifindex = 0; /* the answer goes the way that routes say */
}

static void read_v6(struct datagram *datagram, struct in6_pktinfo *info)
{
    datagram->local = socket_address_v6(&info->ipi6_addr);
    datagram->to_many = IN6_IS_ADDR_MULTICAST(&info->ipi6_addr);
    if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
        info->ipi6_ifindex = 0;
}

/* Where it came to. The same message then says where the answer goes out from. */
static bool read_local(struct datagram *datagram, struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
            read_v4(datagram, (struct in_pktinfo *)(void *)CMSG_DATA(c));
        else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
            read_v6(datagram, (struct in6_pktinfo *)(void *)CMSG_DATA(c));
        else
            continue;
        datagram->control_n = message->msg_controllen;
        return true;
    }
    return false;
}

/* The next one that waits; false: there is none. */
static bool next_datagram(struct post *post, struct datagram *datagram)
{
    struct iovec bytes = {post->listener->input, sizeof post->listener->input};
    struct msghdr message = {.msg_name = &datagram->from,
                             .msg_namelen = sizeof datagram->from,
                             .msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = datagram->control,
                             .msg_controllen = sizeof datagram->control};
    ssize_t n = recvmsg(post->watch.fd, &message, 0);

    if (n < 0)
        return false;
    datagram->post = post;
    datagram->n = (size_t)n;
    datagram->from_size = message.msg_namelen;
    datagram->to_many = !socket_address_read(&datagram->from, &datagram->family, &datagram->peer, &datagram->peer_port);
    if (!read_local(datagram, &message))
        datagram->to_many = true;
    return true;
}

/* 0 or -errno. */
static int send_answer(struct datagram *datagram, const struct wire_out *out)
{
    struct iovec bytes = {out->p, out->n};
    struct msghdr message = {.msg_name = &datagram->from,
                             .msg_namelen = datagram->from_size,
                             .msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = datagram->control,
                             .msg_controllen = datagram->control_n};

    return sendmsg(datagram->post->watch.fd, &message, MSG_DONTWAIT) < 0 ? -errno : 0;
}

static bool within_rate(struct listener *listener, const struct datagram *datagram)
{
    struct source_slot *slot = listener_slot(listener, datagram->family, datagram->peer);
    uint64_t now_us = listener->loop->now_us;

    if (slot->paid_us < now_us)
        slot->paid_us = now_us;
    if (slot->paid_us > now_us + 1000000)
        return false;
    slot->paid_us += 1000000 / listener->options.datagrams_peer;
    return true;
}

static void respond(struct datagram *datagram, struct receipt *receipt)
{
    struct post *post = datagram->post;
    struct listener *listener = post->listener;
    struct wire_out out = {listener->output, 0, sizeof listener->output, false};
    struct answer *asked = listener->spare;
    struct talk talk;
    enum step step;
    size_t used;
    int error = 0;

    answer_init(asked);
    post_talk(post, &talk);
    talk.peer = datagram->peer;
    talk.peer_port = datagram->peer_port;
    talk.local = datagram->local;
    step = respond_heard(&talk, listener->input, datagram->n, &used, &out, asked);
    if (step != STEP_FOREIGN && out.n > 0)
        error = send_answer(datagram, &out);
    receipt->answer = asked->reason.n > 0 ? asked : NULL;
    receipt->requests = receipt->answer != NULL;
    if (error < 0) {
        receipt->kind = RECEIPT_UNANSWERED;
        receipt->why = str_of(strerror(-error));
    } else if (step == STEP_FOREIGN && receipt->answer != NULL) {
        receipt->kind = RECEIPT_UNANSWERED;
        receipt->why = STR("an answer would be longer than the request");
    } else if (step == STEP_FOREIGN) {
        receipt->kind = RECEIPT_FOREIGN;
        receipt->foreign = recognise_request(listener->input, datagram->n, true);
    } else {
        receipt->kind = RECEIPT_ANSWERED;
    }
    post_tell(post, receipt);
}

static void refuse(const struct datagram *datagram, struct receipt *receipt, enum receipt_kind kind, struct str why)
{
    receipt->kind = kind;
    receipt->why = why;
    post_tell(datagram->post, receipt);
}

void post_receive(struct watch *watch, unsigned events)
{
    struct post *post = (struct post *)(void *)watch;
    struct datagram datagram;

    (void)events;
    for (size_t i = 0; i < AT_ONCE && next_datagram(post, &datagram); i++) {
        struct receipt receipt = {.at_us = listener_clock_us(),
                                  .peer = datagram.peer,
                                  .peer_port = datagram.peer_port,
                                  .local = datagram.local};

        if (!post_allows(post, datagram.peer))
            refuse(&datagram, &receipt, RECEIPT_STRANGER, STR_EMPTY);
        else if (datagram.to_many)
            refuse(&datagram, &receipt, RECEIPT_SHED, STR("sent to many at once"));
        else if (datagram.peer_port == 0)
            refuse(&datagram, &receipt, RECEIPT_SHED, STR("from port 0, where no answer can go"));
        else if (!within_rate(post->listener, &datagram))
            refuse(&datagram, &receipt, RECEIPT_SHED, STR("too many from this address"));
        else
            respond(&datagram, &receipt);
    }
}
