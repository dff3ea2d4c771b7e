/*
 * Our own exchange; see own.h. One line each way, in ASCII, so that a capture explains itself:
 *
 *     PORTOLAN/1 PROBE nonce=<32 hex digits>, then spaces up to 127 bytes, \n
 *     PORTOLAN/1 SEEN nonce=<the same> peer=<address>:<port>\n      never longer than the request
 *
 * The nonce proves that this answer is to this request; the peer, that nobody translated addresses on the way.
 */
#include "service/own.h"

#define REQUEST_SIZE 128
#define NONCE_SIZE (2 * TALK_RANDOM)

static const char probe_head[] = "PORTOLAN/1 PROBE nonce=";
static const char seen_head[] = "PORTOLAN/1 SEEN nonce=";

const char *const own_sends_tcp[] = {"nothing: the connection alone",
                                     "one line with a nonce, to our own responder (PORTOLAN/1 PROBE)", NULL};
const char *const own_sends_udp[] = {"an empty datagram, which only a closed port answers",
                                     "one line with a nonce, to our own responder (PORTOLAN/1 PROBE)", NULL};

static void nonce_of(const struct talk *talk, char nonce[NONCE_SIZE])
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < TALK_RANDOM; i++) {
        nonce[2 * i] = hex[talk->random[i] >> 4];
        nonce[2 * i + 1] = hex[talk->random[i] & 15];
    }
}

static void put_request(struct talk *talk, struct wire_out *out)
{
    char nonce[NONCE_SIZE];
    size_t start = out->n;

    nonce_of(talk, nonce);
    wire_put_text(out, probe_head);
    wire_put(out, nonce, sizeof nonce);
    while (out->n - start < REQUEST_SIZE - 1 && !out->failed)
        wire_put_u8(out, ' ');
    wire_put_u8(out, '\n');
    talk->packet = 1;
}

static enum step get_seen(struct talk *talk, struct wire_in *in, struct answer *answer)
{
    struct str line;
    char nonce[NONCE_SIZE];
    struct str head = STR(seen_head);

    nonce_of(talk, nonce);
    if (!wire_line(in, &line)) {
        size_t n = in->n < head.n ? in->n : head.n;

        if (memcmp(in->p, seen_head, n) != 0 || in->n >= REQUEST_SIZE)
            return STEP_FOREIGN;
        in->failed = true;
        return STEP_READ;
    }
    if (!str_starts(line, seen_head) || line.n < head.n + NONCE_SIZE || in->at > REQUEST_SIZE ||
        memcmp(line.p + head.n, nonce, NONCE_SIZE) != 0 || !str_starts(str_from(line, head.n + NONCE_SIZE), " peer="))
        return STEP_FOREIGN;
    answer_add_text(answer, "seen-from", str_trim(str_from(line, head.n + NONCE_SIZE + 6)));
    answer_is(answer, OUTCOME_OPEN, "our own responder repeated the nonce");
    return STEP_DONE;
}

static bool is_hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
            return false;
    }
    return true;
}

enum step own_serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct str head = STR(probe_head);
    char peer[TALK_ADDRESS_MAX];
    struct str line;
    struct str nonce;

    if (!wire_line(in, &line)) {
        in->failed = true;
        return in->n >= REQUEST_SIZE ? STEP_FOREIGN : STEP_READ;
    }
    nonce = str_head(str_from(line, head.n), NONCE_SIZE);
    if (line.n != REQUEST_SIZE - 1 || !str_starts(line, probe_head) || !is_hex(nonce))
        return STEP_FOREIGN;
    wire_printf(out, "%s%.*s peer=%.*s\n", seen_head, STR_ARG(nonce), STR_ARG(talk_peer_text(talk, peer)));
    answer_add_text(receipt, "nonce", nonce);
    answer_is(receipt, OUTCOME_OPEN, "a nonce of our own exchange");
    return talk->datagram ? STEP_READ : STEP_DONE;
}

enum step own_begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)answer;
    if (talk->ask->own)
        put_request(talk, out);
    return STEP_READ;
}

/* Without our responder, words are no proof of anything, but may be those of something else. */
enum step own_heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    (void)out;
    return talk->ask->own ? get_seen(talk, in, answer) : STEP_FOREIGN;
}

bool own_ended(struct talk *talk, struct wire_in *in, enum ending ending, struct answer *answer)
{
    static const char *const texts[ENDING_N] = {
        [ENDING_CLOSED] = "connected, then closed without a word: only our own responder, or the peer's log, can tell",
        [ENDING_RESET] = "connected, then reset without a word: only our own responder, or the peer's log, can tell",
        [ENDING_TIMEOUT] = "connected and kept open: there is no public handshake, only our own responder can tell",
        [ENDING_FULL] = "connected: there is no public handshake, only our own responder can tell",
    };

    if (talk->ask->own || in->n > 0)
        return false;
    answer_is(answer, OUTCOME_UNVERIFIABLE, "%s",
              talk->datagram ? "nothing answers, by design: only our own responder, or the peer's log, can tell"
                             : texts[ending]);
    return true;
}

#define OWN_EXCHANGE(proof_, tls_, sends_)                                                                             \
    {                                                                                                                  \
        .protocol = "portolan", .proof = proof_, .tls = tls_, .input_max = 512, .patience_ms = 1000, .sends = sends_,  \
        .begin = own_begin, .heard = own_heard, .ended = own_ended, .serve = own_serve,                                \
    }

const struct exchange own_tcp = OWN_EXCHANGE(PROOF_UNVERIFIABLE, TLS_NONE, own_sends_tcp);
const struct exchange own_udp = OWN_EXCHANGE(PROOF_SILENT, TLS_NONE, own_sends_udp);
const struct exchange own_tls = OWN_EXCHANGE(PROOF_UNVERIFIABLE, TLS_FIRST, own_sends_tcp);

/* ------------------------------------------------------------------ services that have nothing else */

#define SILENT_SERVICE(id, name_, title_, tcp_, udp_, ...)                                                             \
    const struct service service_##id = {                                                                              \
        .name = name_, .title = title_, .tcp = tcp_, .udp = udp_, .ports = {__VA_ARGS__}}

SILENT_SERVICE(citrix_licensing, "citrix-licensing", "Citrix licence server", &own_tcp, NULL,
               {27000, 27000, SERVICE_TCP});
SILENT_SERVICE(citrix_vendor_daemon, "citrix-vendor-daemon", "Citrix licence vendor daemon", &own_tcp, NULL,
               {7279, 7279, SERVICE_TCP});
SILENT_SERVICE(wlb, "wlb", "Citrix Workload Balancing", &own_tls, NULL, {8012, 8012, SERVICE_TCP});
SILENT_SERVICE(replication, "replication", "Qumulo replication", &own_tcp, NULL, {3712, 3712, SERVICE_TCP});
SILENT_SERVICE(clustering, "clustering", "XenServer clustering: control and lock manager", &own_tcp, NULL,
               {8892, 8892, SERVICE_TCP}, {8896, 8896, SERVICE_TCP}, {21064, 21064, SERVICE_TCP});
SILENT_SERVICE(corosync, "corosync", "Corosync cluster membership", NULL, &own_udp, {5404, 5405, SERVICE_UDP});
SILENT_SERVICE(pvs, "pvs", "Citrix Provisioning", NULL, &own_udp, {6901, 6930, SERVICE_UDP});
