/* See conntrack.h. Facts: linux/netfilter/nfnetlink_conntrack.h; a request to delete without a tuple is one for all of
 * them (nf_conntrack_netlink.c of Linux 6.1: ctnetlink_del_conntrack). */
#include "system/conntrack.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdint.h>
#include <sys/socket.h>

static int ask(struct mnl_socket *mnl)
{
    _Alignas(struct nlmsghdr) char bytes[1024];
    struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
    struct nfgenmsg *message;
    ssize_t n;

    header->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    message = mnl_nlmsg_put_extra_header(header, sizeof *message);
    message->nfgen_family = AF_UNSPEC;
    message->version = NFNETLINK_V0;
    if (mnl_socket_bind(mnl, 0, MNL_SOCKET_AUTOPID) != 0 || mnl_socket_sendto(mnl, header, header->nlmsg_len) < 0)
        return -errno;
    n = mnl_socket_recvfrom(mnl, bytes, sizeof bytes);
    if (n < 0 || mnl_cb_run(bytes, (size_t)n, 0, 0, NULL, NULL) < 0)
        return -errno;
    return 0;
}

int conntrack_forget(const struct namespace *namespace, const struct namespace *home)
{
    struct mnl_socket *mnl;
    int error = namespace_enter(namespace);
    int back;

    if (error < 0)
        return error;
    mnl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    error = mnl == NULL ? -errno : 0;
    back = namespace_enter(home);
    if (error == 0)
        error = ask(mnl);
    if (mnl != NULL)
        mnl_socket_close(mnl);
    return error < 0 ? error : back;
}
