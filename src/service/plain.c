/*
 * What is no protocol in particular: `tcp`, where an accepted connection is all that was asked for, `udp`, where any
 * answer is, `tls`, where the handshake below is, and `any`. Where our own responder is expected, its exchange decides.
 */
#include "service/own.h"

static const char *const tls_sends[] = {"nothing behind the TLS handshake", NULL};

static enum step begin_tcp(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    if (talk->ask->own)
        return own_begin(talk, out, answer);
    answer_is(answer, OUTCOME_OPEN, "the connection was accepted; no handshake was asked for");
    return STEP_DONE;
}

static enum step begin_tls(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)talk;
    (void)out;
    answer_is(answer, OUTCOME_OPEN, "the TLS handshake was completed");
    return STEP_DONE;
}

/* Any answer shows that the way there and back is open; what it is, is evidence. */
static enum step heard_udp(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    const char *name;
    bool more;

    if (talk->ask->own)
        return own_heard(talk, in, out, answer);
    name = recognise(in->p, in->n, true, &more);
    answer_add(answer, "answered", "%s", name == NULL ? "unknown" : name);
    answer_add_text(answer, "first-bytes", str_head((struct str){(const char *)in->p, in->n}, 32));
    answer_is(answer, OUTCOME_OPEN, "a datagram came back");
    return STEP_DONE;
}

static enum step heard_nothing(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    (void)talk;
    (void)in;
    (void)out;
    (void)answer;
    return STEP_FOREIGN;
}

/* TLS itself answers the client; whatever it says inside is read and let go. */
static enum step serve_tls(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    (void)talk;
    (void)out;
    wire_get(in, in->n);
    answer_is(receipt, OUTCOME_OPEN, "a TLS client");
    return STEP_DONE;
}

static const struct exchange plain_tcp = {
    .protocol = "portolan",
    .proof = PROOF_CONNECTION,
    .input_max = 512,
    .sends = own_sends_tcp,
    .begin = begin_tcp,
    .heard = own_heard,
    .serve = own_serve,
};

static const struct exchange plain_udp = {
    .protocol = "portolan",
    .proof = PROOF_CONNECTION,
    .input_max = 2048,
    .sends = own_sends_udp,
    .begin = own_begin,
    .heard = heard_udp,
    .serve = own_serve,
};

static const struct exchange plain_tls = {
    .protocol = "tls",
    .proof = PROOF_CONNECTION,
    .tls = TLS_FIRST,
    .input_max = 512,
    .sends = tls_sends,
    .begin = begin_tls,
    .heard = heard_nothing,
    .serve = serve_tls,
};

const struct service service_tcp = {.name = "tcp", .title = "any protocol over TCP", .tcp = &plain_tcp};
const struct service service_udp = {.name = "udp", .title = "any protocol over UDP", .udp = &plain_udp};
const struct service service_tls = {
    .name = "tls", .title = "Transport Layer Security", .tcp = &plain_tls, .ports = {{443, 443, SERVICE_TCP}}};
const struct service service_any = {.name = "any", .title = "any protocol", .tcp = &own_tcp, .udp = &own_udp};
