/* The first two packets of a conversation, each told from the other; see dialogue.h. */
#include "net/proto.h"
#include "rehearse/dialogue.h"

static struct packet turned(const struct packet *packet)
{
    return (struct packet){.family = packet->family,
                           .source = packet->destination,
                           .destination = packet->source,
                           .protocol = packet->protocol,
                           .source_port = packet->port,
                           .port = packet->source_port};
}

struct packet dialogue_reply(const struct packet *opener)
{
    struct packet reply = turned(opener);

    reply.state = STATE_ESTABLISHED;
    if (opener->protocol == PROTO_TCP)
        reply.tcp_flags = TCP_SYN | TCP_ACK;
    if (opener->protocol == proto_icmp(opener->family))
        reply.icmp_type = opener->family == FAMILY_V4 ? 0 : 129;
    return reply;
}

struct packet dialogue_opener(const struct packet *reply)
{
    struct packet opener = turned(reply);

    opener.state = STATE_NEW;
    if (reply->protocol == PROTO_TCP)
        opener.tcp_flags = TCP_SYN;
    if (reply->protocol == proto_icmp(reply->family))
        opener.icmp_type = reply->family == FAMILY_V4 ? 8 : 128;
    return opener;
}
