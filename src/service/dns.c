/*
 * DNS over UDP and TCP, RFC 1035 4.1 (messages), 4.2.2 (two bytes of length in front over TCP). The question is for the
 * SOA of the name that is asked for, else of the root: whatever the answer's code is, a server that repeats our id and
 * our question is one.
 */
#include "service/service.h"

#define HEADER_SIZE 12
#define NAME_MAX_SIZE 255

enum { TYPE_SOA = 6, CLASS_IN = 1 };
enum {
    FLAG_RESPONSE = 0x8000,
    FLAG_OPCODE = 0x7800,
    FLAG_AUTHORITATIVE = 0x0400,
    FLAG_TRUNCATED = 0x0200,
    FLAG_RECURSION_DESIRED = 0x0100,
    FLAG_RECURSION_AVAILABLE = 0x0080,
    RCODE_REFUSED = 5,
};

static const char *const sends[] = {"DNS query for the SOA of a name", NULL};

/* Labels of at most 63 bytes; a name that is none is asked as the root. */
static void put_name(struct wire_out *out, struct str name)
{
    size_t start = out->n;

    if (str_ends(name, "."))
        name.n--;
    while (name.n > 0) {
        struct str label = str_cut(name, '.', &name);

        if (label.n == 0 || label.n > 63 || out->n - start + label.n + 2 > NAME_MAX_SIZE) {
            out->n = start;
            break;
        }
        wire_put_u8(out, (unsigned)label.n);
        wire_put_str(out, label);
    }
    wire_put_u8(out, 0);
}

static void put_question(const struct talk *talk, struct wire_out *out)
{
    put_name(out, talk->ask->name);
    wire_put_u16(out, TYPE_SOA);
    wire_put_u16(out, CLASS_IN);
}

static enum step begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)answer;
    wire_put(out, talk->random, 2);
    wire_put_u16(out, FLAG_RECURSION_DESIRED);
    wire_put_u16(out, 1);
    wire_put_zeros(out, 6);
    put_question(talk, out);
    return STEP_READ;
}

static void add_rcode(struct answer *answer, unsigned rcode)
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

    if (rcode < sizeof names / sizeof *names)
        answer_add(answer, "rcode", "%s", names[rcode]);
    else
        answer_add(answer, "rcode", "%u", rcode);
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    uint8_t bytes[NAME_MAX_SIZE + 5];
    struct wire_out question = {bytes, 0, sizeof bytes, false};
    bool ours = wire_is(in, talk->random, 2);
    unsigned flags = wire_get_u16(in);
    unsigned questions = wire_get_u16(in);
    unsigned answers = wire_get_u16(in);

    (void)out;
    wire_get(in, 4);
    put_question(talk, &question);
    ours = ours && questions == 1 && (flags & (FLAG_RESPONSE | FLAG_OPCODE)) == FLAG_RESPONSE;
    if (!ours || !wire_is(in, bytes, question.n))
        return STEP_FOREIGN;
    add_rcode(answer, flags & 15);
    answer_add(answer, "answers", "%u", answers);
    answer_add(answer, "authoritative", "%s", flags & FLAG_AUTHORITATIVE ? "yes" : "no");
    answer_add(answer, "recursion", "%s", flags & FLAG_RECURSION_AVAILABLE ? "yes" : "no");
    if (flags & FLAG_TRUNCATED)
        answer_add(answer, "truncated", "yes");
    answer_is(answer, OUTCOME_OPEN, "DNS server repeated our question");
    return STEP_DONE;
}

/* Reads a name without pointers, as questions have it. */
static bool get_name(struct wire_in *in)
{
    size_t start = in->at;
    unsigned n;

    do {
        n = wire_get_u8(in);
        if (n > 63 || in->at - start + n > NAME_MAX_SIZE)
            return false;
        wire_get(in, n);
    } while (n > 0 && !in->failed);
    return !in->failed;
}

/* The question comes back, refused: no resolver believes a stand-in, and nothing is amplified. */
static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct str id = wire_get(in, 2);
    unsigned flags = wire_get_u16(in);
    unsigned questions = wire_get_u16(in);
    unsigned type;

    (void)talk;
    wire_get(in, 6);
    if (in->failed || questions != 1 || (flags & (FLAG_RESPONSE | FLAG_OPCODE)) != 0 || !get_name(in))
        return STEP_FOREIGN;
    type = wire_get_u16(in);
    wire_get_u16(in);
    if (in->failed)
        return STEP_FOREIGN;
    wire_put_str(out, id);
    wire_put_u16(out, FLAG_RESPONSE | (flags & FLAG_RECURSION_DESIRED) | RCODE_REFUSED);
    wire_put_u16(out, 1);
    wire_put_zeros(out, 6);
    wire_put(out, in->p + HEADER_SIZE, in->at - HEADER_SIZE);
    answer_is(receipt, OUTCOME_OPEN, "a DNS query of type %u", type);
    return STEP_READ;
}

#define DNS_EXCHANGE(framing_)                                                                                         \
    {                                                                                                                  \
        .protocol = "dns", .framing = framing_, .input_max = 4096, .sends = sends, .begin = begin, .heard = heard,     \
        .serve = serve                                                                                                 \
    }

static const struct exchange over_udp = DNS_EXCHANGE(NULL);
static const struct exchange over_tcp = DNS_EXCHANGE(&framing_u16);

const struct service service_dns = {
    .name = "dns",
    .title = "Domain Name System",
    .tcp = &over_tcp,
    .udp = &over_udp,
    .ports = {{53, 53, SERVICE_TCP | SERVICE_UDP}},
};
