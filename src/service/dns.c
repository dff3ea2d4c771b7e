/*
 * DNS over UDP and TCP, RFC 1035 4.1 (messages), 4.2.2 (two bytes of length in front over TCP). The question is for the
 * SOA of the name that is asked for, else of the root: whatever the answer's code is, a server that repeats our id and
 * our question is one.
 */
#include "service/service.h"

#include <strings.h>

#define HEADER_SIZE 12
#define NAME_MAX_SIZE 255
#define ANSWERS_MAX 16
#define TTL_S 60

enum { TYPE_A = 1, TYPE_SOA = 6, TYPE_AAAA = 28, CLASS_IN = 1 };
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

/* Reads a name without pointers, as questions have it: *name are its bytes. */
static bool get_name(struct wire_in *in, struct str *name)
{
    size_t start = in->at;
    unsigned n;

    do {
        n = wire_get_u8(in);
        if (n > 63 || in->at - start + n > NAME_MAX_SIZE)
            return false;
        wire_get(in, n);
    } while (n > 0 && !in->failed);
    *name = (struct str){(const char *)in->p + start, in->at - start};
    return !in->failed;
}

/* Whether the labels of a question are this name's, whatever their case (RFC 4343). */
static bool is_name(struct str labels, struct str name)
{
    while (name.n > 0 && labels.n > 0) {
        struct str label = str_cut(name, '.', &name);

        if ((uint8_t)labels.p[0] != label.n || labels.n <= label.n || strncasecmp(labels.p + 1, label.p, label.n) != 0)
            return false;
        labels = str_from(labels, label.n + 1);
    }
    return name.n == 0 && labels.n == 1;
}

/* Addresses of that name for questions of that type; false where the name is not known. */
static bool look_up(const struct offer *offer, struct str labels, unsigned type, const struct known *found[ANSWERS_MAX],
                    size_t *n)
{
    bool known = false;

    *n = 0;
    for (size_t i = 0; offer != NULL && i < offer->name_n; i++) {
        const struct known *one = &offer->names[i];

        if (!is_name(labels, one->name))
            continue;
        known = true;
        if (type == (one->family == FAMILY_V4 ? TYPE_A : TYPE_AAAA) && *n < ANSWERS_MAX)
            found[(*n)++] = one;
    }
    return known;
}

/* A record of the name that was asked for; RFC 1035 3.4.1 and RFC 3596. */
static void put_address(struct wire_out *out, const struct known *known)
{
    unsigned size = known->family == FAMILY_V4 ? 4 : 16;

    wire_put_u16(out, 0xc000 | HEADER_SIZE);
    wire_put_u16(out, known->family == FAMILY_V4 ? TYPE_A : TYPE_AAAA);
    wire_put_u16(out, CLASS_IN);
    wire_put_u32(out, TTL_S);
    wire_put_u16(out, size);
    for (unsigned i = size; i-- > 0;)
        wire_put_u8(out, (unsigned)(known->address >> 8 * i) & 0xff);
}

/*
 * The question comes back, refused: no resolver believes a stand-in. Of names that it knows it is the authority. What
 * would amplify over UDP is cut off, and asked again over TCP (RFC 1035 4.2.1).
 */
static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct str id = wire_get(in, 2);
    unsigned flags = wire_get_u16(in);
    unsigned questions = wire_get_u16(in);
    const struct known *found[ANSWERS_MAX];
    struct str name;
    unsigned type;
    size_t n;

    wire_get(in, 6);
    if (in->failed || questions != 1 || (flags & (FLAG_RESPONSE | FLAG_OPCODE)) != 0 || !get_name(in, &name))
        return STEP_FOREIGN;
    type = wire_get_u16(in);
    wire_get_u16(in);
    if (in->failed)
        return STEP_FOREIGN;
    flags = FLAG_RESPONSE | (flags & FLAG_RECURSION_DESIRED);
    flags |= look_up(talk->offer, name, type, found, &n) ? FLAG_AUTHORITATIVE : RCODE_REFUSED;
    if (talk->datagram && n > 0) {
        flags |= FLAG_TRUNCATED;
        n = 0;
    }
    wire_put_str(out, id);
    wire_put_u16(out, flags);
    wire_put_u16(out, 1);
    wire_put_u16(out, (unsigned)n);
    wire_put_zeros(out, 4);
    wire_put(out, in->p + HEADER_SIZE, in->at - HEADER_SIZE);
    for (size_t i = 0; i < n; i++)
        put_address(out, found[i]);
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
