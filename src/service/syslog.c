/*
 * Syslog over UDP (RFC 5426) and TCP (RFC 6587): nothing ever answers, and a message would be written into the log of
 * the far end, so that a probe sends none. The responder takes messages, for their receipt proves that they arrive, and
 * our own exchange.
 */
#include "base/num.h"
#include "service/own.h"

#define MESSAGE_MAX 4096

/* "<" priority ">", 0 to 191 (RFC 5424 6.2.1). */
static bool is_message(struct str line)
{
    struct str rest;
    struct str priority = str_cut(str_from(line, 1), '>', &rest);
    uint64_t value;

    return str_starts(line, "<") && priority.n <= 3 && num_decimal(priority, 191, &value);
}

static enum step received(struct str line, struct answer *receipt)
{
    if (!is_message(line))
        return STEP_FOREIGN;
    answer_add_text(receipt, "message", line);
    answer_is(receipt, OUTCOME_OPEN, "a syslog message");
    return STEP_READ;
}

/* frame = length SP message | message LF */
static enum step serve_stream(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct str rest = {(const char *)in->p, in->n};
    struct str line;

    if (in->p[0] == 'P')
        return own_serve(talk, in, out, receipt);
    if (in->p[0] >= '1' && in->p[0] <= '9') {
        struct str length = str_cut(rest, ' ', &line);
        uint64_t n;

        if (length.n == rest.n && length.n <= 4) {
            in->failed = true;
            return STEP_READ;
        }
        if (!num_decimal(length, MESSAGE_MAX, &n))
            return STEP_FOREIGN;
        wire_get(in, length.n + 1);
        line = wire_get(in, n);
        return in->failed ? STEP_READ : received(line, receipt);
    }
    if (in->p[0] != '<')
        return STEP_FOREIGN;
    if (!wire_line(in, &line)) {
        in->failed = true;
        return STEP_READ;
    }
    return received(line, receipt);
}

static enum step serve_datagram(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    if (in->n > 0 && in->p[0] == 'P')
        return own_serve(talk, in, out, receipt);
    return received((struct str){(const char *)in->p, in->n}, receipt);
}

#define SYSLOG_EXCHANGE(proof_, sends_, serve_)                                                                        \
    {                                                                                                                  \
        .protocol = "portolan", .proof = proof_, .input_max = MESSAGE_MAX, .patience_ms = 1000, .sends = sends_,       \
        .begin = own_begin, .heard = own_heard, .ended = own_ended, .serve = serve_                                    \
    }

static const struct exchange over_udp = SYSLOG_EXCHANGE(PROOF_SILENT, own_sends_udp, serve_datagram);
static const struct exchange over_tcp = SYSLOG_EXCHANGE(PROOF_UNVERIFIABLE, own_sends_tcp, serve_stream);

const struct service service_syslog = {
    .name = "syslog",
    .title = "Syslog",
    .tcp = &over_tcp,
    .udp = &over_udp,
    .ports = {{514, 514, SERVICE_TCP | SERVICE_UDP}},
};
