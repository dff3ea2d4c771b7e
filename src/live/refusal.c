/*
 * Refusals. Facts: RFC 792, RFC 1812 5.2.7.1 (codes 9, 10, 13 are prohibitions), RFC 4443 3.1; what Linux makes of
 * them: net/ipv4/icmp.c (icmp_err_convert), net/ipv6/icmp.c (tab_unreach), and route(8) for the errors of routes.
 */
#include "live/refusal.h"

#include <errno.h>

enum meaning {
    MEANING_NOTHING, /* about sizes and the like */
    MEANING_PORT,
    MEANING_PROTOCOL,
    MEANING_PROHIBITED,
    MEANING_HOST,
    MEANING_NET,
    MEANING_LOOP,
    MEANING_OTHER,
    MEANING_N
};

enum { V4_UNREACHABLE = 3, V4_TIME = 11, V4_PARAMETER = 12 };
enum { V6_UNREACHABLE = 1, V6_TIME = 3, V6_PARAMETER = 4 };

static enum meaning meaning_v4(unsigned type, unsigned code)
{
    static const uint8_t codes[] = {
        [0] = MEANING_NET,     [1] = MEANING_HOST,        [2] = MEANING_PROTOCOL,    [3] = MEANING_PORT,
        [4] = MEANING_NOTHING, [5] = MEANING_NET,         [6] = MEANING_NET,         [7] = MEANING_HOST,
        [8] = MEANING_HOST,    [9] = MEANING_PROHIBITED,  [10] = MEANING_PROHIBITED, [11] = MEANING_NET,
        [12] = MEANING_HOST,   [13] = MEANING_PROHIBITED, [14] = MEANING_OTHER,      [15] = MEANING_OTHER,
    };

    if (type == V4_UNREACHABLE)
        return code < sizeof codes ? (enum meaning)codes[code] : MEANING_OTHER;
    if (type == V4_TIME)
        return code == 0 ? MEANING_LOOP : MEANING_NOTHING;
    return type == V4_PARAMETER ? MEANING_OTHER : MEANING_NOTHING;
}

static enum meaning meaning_v6(unsigned type, unsigned code)
{
    static const uint8_t codes[] = {
        [0] = MEANING_NET,  [1] = MEANING_PROHIBITED, [2] = MEANING_NET,        [3] = MEANING_HOST,
        [4] = MEANING_PORT, [5] = MEANING_PROHIBITED, [6] = MEANING_PROHIBITED, [7] = MEANING_OTHER,
    };

    if (type == V6_UNREACHABLE)
        return code < sizeof codes ? (enum meaning)codes[code] : MEANING_OTHER;
    if (type == V6_TIME)
        return code == 0 ? MEANING_LOOP : MEANING_NOTHING;
    if (type == V6_PARAMETER)
        return code == 1 ? MEANING_PROTOCOL : MEANING_OTHER;
    return MEANING_NOTHING;
}

static const char *const meaning_text[MEANING_N] = {
    [MEANING_PORT] = "port unreachable",
    [MEANING_PROTOCOL] = "protocol unreachable",
    [MEANING_PROHIBITED] = "administratively prohibited",
    [MEANING_HOST] = "host unreachable",
    [MEANING_NET] = "no route",
    [MEANING_LOOP] = "time exceeded on the way, as in a loop of routes",
    [MEANING_OTHER] = "cannot be delivered",
};

/* ------------------------------------------------------------------ what an ICMP message means */

struct said {
    struct buf by;
    bool target; /* the target itself said it */
    bool own;    /* this machine did */
    const char *text;
};

static void reject(const struct refused *refused, const struct said *said, struct answer *answer)
{
    const struct refusal *refusal = &refused->refusal;

    if (said->own)
        answer_is(answer, OUTCOME_REJECTED, "rejected by a firewall of this machine: %s (ICMP %u/%u)", said->text,
                  refusal->icmp_type, refusal->icmp_code);
    else if (said->target)
        answer_is(answer, OUTCOME_REJECTED, "rejected by a firewall of the host itself: %s (ICMP %u/%u)", said->text,
                  refusal->icmp_type, refusal->icmp_code);
    else
        answer_is(answer, OUTCOME_REJECTED, "rejected by the firewall %.*s: %s (ICMP %u/%u)",
                  STR_ARG(buf_str(&said->by)), said->text, refusal->icmp_type, refusal->icmp_code);
}

static void by_message(const struct refused *refused, enum meaning meaning, const struct said *said,
                       struct answer *answer)
{
    const struct refusal *refusal = &refused->refusal;

    switch (meaning) {
    case MEANING_PORT:
        if (refused->proto == PROTO_UDP && said->target)
            answer_is(answer, OUTCOME_REFUSED, "the host says that nothing listens there (ICMP %u/%u)",
                      refusal->icmp_type, refusal->icmp_code);
        else
            reject(refused, said, answer);
        break;
    case MEANING_PROTOCOL:
    case MEANING_PROHIBITED: reject(refused, said, answer); break;
    case MEANING_HOST:
    case MEANING_NET:
    case MEANING_LOOP:
    case MEANING_OTHER:
        if (meaning == MEANING_HOST && said->own && !said->target)
            answer_is(answer, OUTCOME_UNREACHABLE, "nobody on this link has the address, or the next hop's");
        else
            answer_is(answer, OUTCOME_UNREACHABLE, "%.*s says: %s (ICMP %u/%u)", STR_ARG(buf_str(&said->by)),
                      said->text, refusal->icmp_type, refusal->icmp_code);
        break;
    case MEANING_NOTHING:
    case MEANING_N: break;
    }
    if (refusal->has_by)
        answer_add(answer, "reported-by", "%.*s", STR_ARG(buf_str(&said->by)));
    answer_add(answer, "icmp", "%u/%u", refusal->icmp_type, refusal->icmp_code);
}

static bool by_icmp(const struct refused *refused, struct answer *answer)
{
    const struct refusal *refusal = &refused->refusal;
    bool same = refusal->has_by && refusal->family == refused->family;
    enum meaning meaning = refused->family == FAMILY_V4 ? meaning_v4(refusal->icmp_type, refusal->icmp_code)
                                                        : meaning_v6(refusal->icmp_type, refusal->icmp_code);
    struct said said = {BUF_EMPTY, same && refusal->by == refused->address,
                        same && refused->has_local && refusal->by == refused->local, meaning_text[meaning]};

    if (meaning == MEANING_NOTHING)
        return false;
    if (refusal->has_by)
        addr_format(&said.by, refusal->family, refusal->by);
    else
        buf_adds(&said.by, "somebody on the way");
    by_message(refused, meaning, &said, answer);
    buf_free(&said.by);
    return true;
}

/* ------------------------------------------------------------------ what an error number alone means */

bool refused_scarce(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == EADDRNOTAVAIL ||
           error == EADDRINUSE || error == EAGAIN;
}

static bool by_error(const struct refused *refused, struct answer *answer)
{
    switch (refused->error) {
    case ECONNREFUSED:
    case ECONNRESET:
        if (refused->proto == PROTO_TCP)
            answer_is(answer, OUTCOME_REFUSED, "reset by the host, or by a firewall that answers in its name");
        else
            answer_is(answer, OUTCOME_REFUSED, "port unreachable came back; from where, the kernel does not say");
        return true;
    case EPERM:
        answer_is(answer, OUTCOME_REJECTED, "a firewall of this machine lets nothing out to there");
        return true;
    case EACCES:
        answer_is(answer, OUTCOME_REJECTED,
                  "this machine does not send to there: a prohibit route, or a broadcast address");
        return true;
    case EINVAL: answer_is(answer, OUTCOME_UNREACHABLE, "a blackhole route of this machine"); return true;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETDOWN: answer_is(answer, OUTCOME_UNREACHABLE, "this machine has no route to there"); return true;
    case EAFNOSUPPORT:
        answer_is(answer, OUTCOME_UNREACHABLE, "this machine does not speak %s",
                  refused->family == FAMILY_V6 ? "IPv6" : "IPv4");
        return true;
    case 0:
    case ETIMEDOUT:
    case EMSGSIZE:
    case EINTR: return false;
    default: answer_is(answer, OUTCOME_ERROR, "%s", strerror(refused->error)); return true;
    }
}

bool refused_means(const struct refused *refused, struct answer *answer)
{
    return refused->refusal.reported ? by_icmp(refused, answer) : by_error(refused, answer);
}
