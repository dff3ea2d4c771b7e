/*
 * The driver of conversations: cuts streams into messages, bounds what is kept, names what is foreign, and concludes
 * where a machine has nothing to say. The invariant: after every call either bytes were used, or the talk waits for
 * more than it has been given, or it is over.
 */
#include "service/service.h"

#include <assert.h>

/* Enough bytes to know any protocol by, if it is known at all. */
#define FOREIGN_MAX 256

static const char *const ending_text[ENDING_N] = {
    [ENDING_CLOSED] = "the connection was closed",
    [ENDING_RESET] = "the connection was reset",
    [ENDING_TIMEOUT] = "the time was over",
    [ENDING_FULL] = "the answer is too long",
};

void talk_begin(struct talk *talk, const struct service *service, unsigned proto)
{
    memset(talk, 0, sizeof *talk);
    talk->service = service;
    talk->exchange = service_exchange(service, proto);
    talk->datagram = proto != PROTO_TCP;
    assert(talk->exchange != NULL);
}

uint32_t talk_random_u32(const struct talk *talk)
{
    uint32_t value;

    memcpy(&value, talk->random, sizeof value);
    return value;
}

struct str talk_name(const struct talk *talk)
{
    return talk->offer != NULL && talk->offer->name.n > 0 ? talk->offer->name : STR("portolan");
}

struct str talk_host(const struct talk *talk)
{
    return talk->ask->host.n > 0 ? talk->ask->host : STR("localhost");
}

static struct str address_text(enum family family, u128 addr, uint16_t port, char text[TALK_ADDRESS_MAX])
{
    struct buf buf = BUF_EMPTY;
    int n;

    addr_format(&buf, family, addr);
    n = snprintf(text, TALK_ADDRESS_MAX, family == FAMILY_V6 ? "[%.*s]:%u" : "%.*s:%u", STR_ARG(buf_str(&buf)), port);
    buf_free(&buf);
    assert(n > 0 && n < TALK_ADDRESS_MAX);
    return (struct str){text, (size_t)n};
}

struct str talk_peer_text(const struct talk *talk, char text[TALK_ADDRESS_MAX])
{
    return address_text(talk->peer_family, talk->peer, talk->peer_port, text);
}

struct str talk_local_text(const struct talk *talk, char text[TALK_ADDRESS_MAX])
{
    return address_text(talk->peer_family, talk->local, talk->local_port, text);
}

/* ------------------------------------------------------------------ framing */

static enum frame_found find_number(struct wire_in in, size_t bytes, size_t *skip, size_t *length)
{
    size_t value = bytes == 2 ? wire_get_u16(&in) : wire_get_u32(&in);

    if (in.failed)
        return FRAME_MORE;
    if (value == 0)
        return FRAME_FOREIGN;
    *skip = bytes;
    *length = bytes + value;
    return FRAME_FOUND;
}

static enum frame_found find_u16(struct wire_in in, size_t *skip, size_t *length)
{
    return find_number(in, 2, skip, length);
}

static enum frame_found find_u32(struct wire_in in, size_t *skip, size_t *length)
{
    return find_number(in, 4, skip, length);
}

static void wrap_number(struct wire_out *out, size_t start, size_t bytes)
{
    size_t n = out->n - start;
    const uint8_t length[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

    wire_insert(out, start, length + 4 - bytes, bytes);
}

static void wrap_u16(struct wire_out *out, size_t start)
{
    wrap_number(out, start, 2);
}

static void wrap_u32(struct wire_out *out, size_t start)
{
    wrap_number(out, start, 4);
}

const struct framing framing_u16 = {find_u16, wrap_u16};
const struct framing framing_u32 = {find_u32, wrap_u32};

static void wrap(const struct talk *talk, struct wire_out *out, size_t start)
{
    const struct framing *framing = talk->exchange->framing;

    if (!talk->datagram && framing != NULL && framing->wrap != NULL && out->n > start)
        framing->wrap(out, start);
}

/* ------------------------------------------------------------------ one message at a time, for both sides */

typedef enum step machine(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer);

/* A message that announces more than the exchange would ever keep is not waited for. */
static enum step stream(struct talk *talk, machine *hear, struct wire_in *rest, struct wire_out *out,
                        struct answer *answer)
{
    const struct exchange *exchange = talk->exchange;

    while (wire_left(rest) > 0) {
        struct wire_in in = wire_in(rest->p + rest->at, wire_left(rest));
        size_t start = out->n;
        enum step step;

        if (exchange->framing != NULL) {
            size_t skip = 0;
            size_t length = 0;

            switch (exchange->framing->find(in, &skip, &length)) {
            case FRAME_MORE: return STEP_READ;
            case FRAME_FOREIGN: return STEP_FOREIGN;
            case FRAME_FOUND:
            case FRAME_N: break;
            }
            if (length > exchange->input_max)
                return STEP_FOREIGN;
            if (length > in.n)
                return STEP_READ;
            in = wire_in(in.p + skip, length - skip);
            step = hear(talk, &in, out, answer);
            if (step == STEP_FOREIGN)
                return step;
            rest->at += length;
        } else {
            step = hear(talk, &in, out, answer);
            if (step == STEP_FOREIGN)
                return step;
            if (in.failed || (in.at == 0 && step == STEP_READ))
                return STEP_READ;
            rest->at += in.at;
        }
        wrap(talk, out, start);
        if (step != STEP_READ)
            return step;
    }
    return STEP_READ;
}

/* ------------------------------------------------------------------ probes */

static void name_foreign(const struct talk *talk, struct answer *answer, const char *name, struct str bytes)
{
    if (name != NULL && strcmp(name, talk->exchange->protocol) == 0) {
        answer_is(answer, OUTCOME_ERROR, "speaks %s, but this is no answer to what was asked", name);
    } else if (name == NULL && !talk->ask->own &&
               (talk->exchange->proof == PROOF_UNVERIFIABLE || talk->exchange->proof == PROOF_SILENT)) {
        answer_is(answer, OUTCOME_UNVERIFIABLE, "something answered, in a protocol that is not public");
    } else {
        answer_is(answer, OUTCOME_WRONG_SERVICE, name == NULL ? "what answered is not %s" : "not %s but %s answered",
                  talk->service->name, name);
        answer->answered = name == NULL ? "unknown" : name;
    }
    answer_add_text(answer, "first-bytes", str_head(bytes, 32));
}

/* The bytes are not the protocol: kept until they have a name, or cannot get one. */
static enum step foreign(struct talk *talk, struct str bytes, bool last, struct answer *answer)
{
    bool more = false;
    const char *name = recognise((const uint8_t *)bytes.p, bytes.n, talk->datagram, &more);

    talk->foreign = true;
    if (more && !last && bytes.n < FOREIGN_MAX && bytes.n < talk->exchange->input_max)
        return STEP_READ;
    answer->evidence_n = 0;
    name_foreign(talk, answer, name, bytes);
    return STEP_DONE;
}

/* A datagram that is no answer may be a late one to somebody else; what it looked like is told in the end. */
static enum step datagram(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    enum step step = talk->exchange->heard(talk, in, out, answer);

    if (step == STEP_FOREIGN || in->failed) {
        bool more;
        const char *name = recognise(in->p, in->n, true, &more);

        if (!talk->stray || name != NULL)
            talk->other = name;
        talk->stray = true;
        answer_init(answer);
        out->n = 0;
        return STEP_READ;
    }
    return step;
}

enum step probe_start(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    enum step step = talk->exchange->begin(talk, out, answer);

    wrap(talk, out, 0);
    assert(!out->failed);
    return step;
}

enum step probe_secured(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    return talk->exchange->secured(talk, out, answer);
}

enum step probe_heard(struct talk *talk, const uint8_t *p, size_t n, size_t *used, struct wire_out *out,
                      struct answer *answer)
{
    struct wire_in in = wire_in(p, n);
    enum step step;

    if (talk->datagram) {
        *used = n;
        return datagram(talk, &in, out, answer);
    }
    step = talk->foreign ? STEP_FOREIGN : stream(talk, talk->exchange->heard, &in, out, answer);
    *used = in.at;
    if (step == STEP_FOREIGN)
        return foreign(talk, (struct str){(const char *)p + in.at, n - in.at}, false, answer);
    if (step == STEP_READ && n - in.at >= talk->exchange->input_max) {
        probe_end(talk, p + in.at, n - in.at, ENDING_FULL, answer);
        return STEP_DONE;
    }
    return step;
}

static void end_datagram(const struct talk *talk, struct answer *answer)
{
    if (!talk->stray) {
        answer_is(answer, OUTCOME_FILTERED_OR_SILENT, "no answer");
    } else {
        name_foreign(talk, answer, talk->other, STR_EMPTY);
    }
}

void probe_end(struct talk *talk, const uint8_t *p, size_t n, enum ending ending, struct answer *answer)
{
    struct wire_in in = wire_in(p, n);

    if (talk->foreign) {
        foreign(talk, (struct str){(const char *)p, n}, true, answer);
        return;
    }
    if (!talk->stray && talk->exchange->ended != NULL && talk->exchange->ended(talk, &in, ending, answer))
        return;
    if (talk->datagram) {
        end_datagram(talk, answer);
    } else if (n > 0) {
        bool more;
        const char *name = recognise(p, n, false, &more);

        if (name != NULL && strcmp(name, talk->exchange->protocol) != 0)
            name_foreign(talk, answer, name, (struct str){(const char *)p, n});
        else
            answer_is(answer, OUTCOME_ERROR, "%s in the middle of an answer, after %zu bytes of it",
                      ending_text[ending], n);
    } else if (talk->step > 0) {
        answer_is(answer, OUTCOME_ERROR, "%s in the middle of the handshake", ending_text[ending]);
    } else {
        answer_is(answer, OUTCOME_OPEN_SILENT, "connected, then %s without a word", ending_text[ending]);
    }
}

/* ------------------------------------------------------------------ responders */

/* What did not fit was no valid answer either. */
static enum step respond_checked(struct wire_out *out, enum step step)
{
    if (out->failed)
        step = STEP_FOREIGN;
    if (step == STEP_FOREIGN)
        out->n = 0;
    return step;
}

enum step respond_start(struct talk *talk, struct wire_out *out, struct answer *receipt)
{
    enum step step = STEP_READ;

    if (talk->exchange->greet != NULL) {
        step = talk->exchange->greet(talk, out, receipt);
        wrap(talk, out, 0);
    }
    return respond_checked(out, step);
}

enum step respond_secured(struct talk *talk, struct wire_out *out, struct answer *receipt)
{
    if (talk->exchange->greet != NULL)
        return respond_start(talk, out, receipt);
    return STEP_READ;
}

enum step respond_heard(struct talk *talk, const uint8_t *p, size_t n, size_t *used, struct wire_out *out,
                        struct answer *receipt)
{
    struct wire_in in = wire_in(p, n);
    enum step step;

    if (talk->datagram) {
        *used = n;
        step = respond_checked(out, talk->exchange->serve(talk, &in, out, receipt));
        if (in.failed || out->n > n) { /* half a request, or an answer that would amplify */
            out->n = 0;
            return STEP_FOREIGN;
        }
        return step;
    }
    step = stream(talk, talk->exchange->serve, &in, out, receipt);
    *used = in.at;
    if (step == STEP_READ && n - in.at >= talk->exchange->input_max)
        step = STEP_FOREIGN;
    return respond_checked(out, step);
}

/*
 * The protocol that a responder takes these bytes for; NULL: it does not know them. One that greets first is not asked:
 * its client waits for that, and words of others may look like its own.
 */
static const char *request_of(const struct service *service, unsigned proto, const uint8_t *p, size_t n)
{
    const struct exchange *exchange = proto == PROTO_TCP ? service->tcp : service->udp;
    uint8_t bytes[WIRE_OUT_MAX];
    struct wire_out out = {bytes, 0, sizeof bytes, false};
    struct answer receipt;
    struct talk talk;
    size_t used;

    if (exchange == NULL || exchange->speaks_first || exchange == service_tls.tcp)
        return NULL;
    answer_init(&receipt);
    talk_begin(&talk, service, proto);
    respond_heard(&talk, p, n, &used, &out, &receipt);
    if (receipt.reason.n == 0)
        return NULL;
    return service == &service_syslog && answer_value(&receipt, "nonce").p == NULL ? service->name : exchange->protocol;
}

/* In the order of the table; but a query for NetBIOS names is one of DNS too. */
const char *recognise_request(const uint8_t *p, size_t n, bool datagram)
{
    const char *name = datagram && n > 0 ? request_of(&service_netbios_ns, PROTO_UDP, p, n) : NULL;
    size_t service_n;
    const struct service *const *services = service_all(&service_n);
    bool more;

    if (!datagram && n > 5 && p[0] == 0x16 && p[1] == 3 && p[5] == 1) /* a ClientHello, RFC 8446 4 and 5.1 */
        return "tls";
    for (size_t i = 0; i < service_n && n > 0 && name == NULL; i++)
        name = request_of(services[i], datagram ? PROTO_UDP : PROTO_TCP, p, n);
    return name != NULL ? name : recognise(p, n, datagram, &more);
}
