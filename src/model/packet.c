/* The one-line language of packets; see packet.h. */
#include "model/packet.h"

#include "base/num.h"
#include "net/proto.h"

struct words {
    const struct source *source;
    struct diags *diags;
    struct str rest;
    struct str word; /* the one read last */
    struct str protocol;
    bool has_ports; /* the protocol */
    size_t errors;  /* of diags at the start */
};

static struct span here(const struct words *words)
{
    if (words->word.n == 0)
        return span_at(words->source, words->source->text.n, 1);
    return span_at(words->source, (size_t)(words->word.p - words->source->text.p), words->word.n);
}

static bool next(struct words *words)
{
    words->word = str_word(&words->rest);
    return words->word.n > 0;
}

static bool need_word(struct words *words, const char *what)
{
    if (next(words))
        return true;
    diag_error(words->diags, here(words), "%s is missing", what);
    return false;
}

static bool read_number(struct words *words, const char *what, uint64_t max, uint64_t *value)
{
    if (!need_word(words, what))
        return false;
    if (num_any(words->word, max, value))
        return true;
    diag_error(words->diags, here(words), "%s must be a number up to %llu", what, (unsigned long long)max);
    return false;
}

/* ADDRESS | IPV4:PORT | [IPV6]:PORT; *port is left alone where there is none. */
static bool read_end(struct words *words, const char *what, enum family *family, u128 *addr, uint16_t *port)
{
    struct str text;
    struct str tail = STR_EMPTY;
    uint64_t number;

    if (!need_word(words, what))
        return false;
    text = words->word;
    if (text.p[0] == '[') {
        text = str_cut(str_from(text, 1), ']', &tail);
        if (text.n == words->word.n - 1)
            text = words->word; /* no bracket closes it: not an address */
    } else if (!addr_parse(text, family, addr)) {
        struct str after;

        text = str_cut(text, ':', &after);
        if (text.n < words->word.n)
            tail = (struct str){after.p - 1, after.n + 1};
    }
    if (!addr_parse(text, family, addr)) {
        diag_error(words->diags, here(words), "%s must be an address, or one with a port", what);
        return false;
    }
    if (tail.n == 0)
        return true;
    if (!words->has_ports) {
        diag_error(words->diags, here(words), "%.*s has no ports", STR_ARG(words->protocol));
        return false;
    }
    if (tail.p[0] != ':' || !num_decimal(str_from(tail, 1), 65535, &number)) {
        diag_error(words->diags, here(words), "port of the %s must be 0-65535", what);
        return false;
    }
    *port = (uint16_t)number;
    return true;
}

static bool read_state(struct words *words, struct packet *packet)
{
    if (!need_word(words, "state"))
        return false;
    for (enum state state = 0; state < STATE_N; state++) {
        if (str_is(words->word, state_name(state))) {
            packet->state = state;
            return true;
        }
    }
    diag_error(words->diags, here(words), "state must be new, established, related, invalid or untracked");
    return false;
}

static const char *const flag_names[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"};

static bool read_flags(struct words *words, struct packet *packet)
{
    struct str rest;

    if (!need_word(words, "flags"))
        return false;
    packet->tcp_flags = 0;
    rest = words->word;
    while (rest.n > 0) {
        struct str name = str_cut(rest, ',', &rest);
        size_t i = 0;

        while (i < 8 && !str_is(name, flag_names[i]))
            i++;
        if (i == 8 && !str_is(name, "none")) {
            diag_error(words->diags, here(words), "flags are fin, syn, rst, psh, ack, urg, ece, cwr or none");
            return false;
        }
        packet->tcp_flags |= (uint8_t)(i < 8 ? 1u << i : 0);
    }
    return true;
}

static bool read_fragment(struct words *words, struct packet *packet)
{
    if (!need_word(words, "fragment"))
        return false;
    if (str_is(words->word, "first"))
        packet->fragment = FRAGMENT_FIRST;
    else if (str_is(words->word, "later"))
        packet->fragment = FRAGMENT_LATER;
    else if (str_is(words->word, "none"))
        packet->fragment = FRAGMENT_NONE;
    else
        diag_error(words->diags, here(words), "fragment must be none, first or later");
    return words->diags->errors == words->errors;
}

/* One of the words behind the ends; *flags_said tells whether TCP flags were among them. */
static bool read_option(struct words *words, struct packet *packet, bool *flags_said)
{
    uint64_t number = 0;

    if (str_is(words->word, "in") || str_is(words->word, "out")) {
        bool in = str_is(words->word, "in");

        if (!need_word(words, "interface"))
            return false;
        *(in ? &packet->in : &packet->out) = words->word;
        *(in ? &packet->has_in : &packet->has_out) = true;
        return true;
    }
    if (str_is(words->word, "state"))
        return read_state(words, packet);
    if (str_is(words->word, "flags")) {
        *flags_said = true;
        return read_flags(words, packet);
    }
    if (str_is(words->word, "fragment"))
        return read_fragment(words, packet);
    if (str_is(words->word, "type") || str_is(words->word, "code")) {
        bool type = str_is(words->word, "type");

        if (!read_number(words, type ? "ICMP type" : "ICMP code", 255, &number))
            return false;
        *(type ? &packet->icmp_type : &packet->icmp_code) = (uint8_t)number;
        return true;
    }
    if (str_is(words->word, "mark")) {
        if (!read_number(words, "mark", UINT32_MAX, &number))
            return false;
        packet->mark = (uint32_t)number;
        return true;
    }
    diag_error(words->diags, here(words), "unknown word \"%.*s\" in a packet", STR_ARG(words->word));
    diag_hint(words->diags, "a packet reads: tcp 10.0.0.1:40000 > 10.0.0.2:443 in eth0 out eth1 state new");
    return false;
}

bool packet_parse(const struct source *source, struct diags *diags, struct packet *packet)
{
    struct words words = {.source = source, .diags = diags, .rest = str_trim(source->text), .errors = diags->errors};
    struct packet made = {.source_port = 40000, .icmp_type = 8, .state = STATE_NEW};
    enum family other = FAMILY_V4;
    bool flags_said = false;
    int proto;

    if (!need_word(&words, "protocol"))
        return false;
    proto = proto_parse(words.word);
    if (proto < 0) {
        diag_error(diags, here(&words), "unknown protocol \"%.*s\"", STR_ARG(words.word));
        return false;
    }
    words.protocol = words.word;
    words.has_ports = proto_has_ports((unsigned)proto);
    if (!read_end(&words, "source", &made.family, &made.source, &made.source_port) || !need_word(&words, "\">\""))
        return false;
    if (!str_is(words.word, ">")) {
        diag_error(diags, here(&words), "expected \">\" between source and destination");
        return false;
    }
    if (!read_end(&words, "destination", &other, &made.destination, &made.port))
        return false;
    if (other != made.family)
        diag_error(diags, here(&words), "source and destination are of different address families");
    made.protocol = (uint8_t)(proto == PROTO_ICMP && made.family == FAMILY_V6 ? PROTO_ICMPV6 : proto);
    if (made.protocol == PROTO_ICMPV6)
        made.icmp_type = 128;
    while (next(&words) && read_option(&words, &made, &flags_said))
        ;
    if (diags->errors != words.errors)
        return false;
    if (!flags_said && made.protocol == PROTO_TCP)
        made.tcp_flags = made.state == STATE_NEW ? TCP_SYN : TCP_ACK;
    if (!proto_has_ports(made.protocol))
        made.source_port = 0;
    *packet = made;
    return true;
}

static void format_end(struct buf *out, const struct packet *packet, u128 addr, uint16_t port)
{
    bool ports = proto_has_ports(packet->protocol) && packet->fragment != FRAGMENT_LATER;

    if (ports && packet->family == FAMILY_V6)
        buf_addc(out, '[');
    addr_format(out, packet->family, addr);
    if (ports)
        buf_addf(out, packet->family == FAMILY_V6 ? "]:%u" : ":%u", port);
}

void packet_format(struct buf *out, const struct packet *packet)
{
    uint8_t usual_flags = packet->state == STATE_NEW ? TCP_SYN : TCP_ACK;
    bool comma = false;

    proto_format(out, packet->protocol);
    buf_addc(out, ' ');
    format_end(out, packet, packet->source, packet->source_port);
    buf_adds(out, " > ");
    format_end(out, packet, packet->destination, packet->port);
    if ((packet->protocol == PROTO_ICMP || packet->protocol == PROTO_ICMPV6) && packet->fragment != FRAGMENT_LATER)
        buf_addf(out, " type %u code %u", packet->icmp_type, packet->icmp_code);
    if (packet->has_in && packet->in.n > 0)
        buf_addf(out, " in %.*s", STR_ARG(packet->in));
    if (packet->has_out && packet->out.n > 0)
        buf_addf(out, " out %.*s", STR_ARG(packet->out));
    buf_addf(out, " state %s", state_name(packet->state));
    if (packet->protocol == PROTO_TCP && packet->tcp_flags != usual_flags && packet->fragment != FRAGMENT_LATER) {
        buf_adds(out, " flags ");
        for (size_t i = 0; i < 8; i++) {
            if ((packet->tcp_flags & 1u << i) != 0) {
                buf_addf(out, "%s%s", comma ? "," : "", flag_names[i]);
                comma = true;
            }
        }
        buf_adds(out, comma ? "" : "none");
    }
    if (packet->fragment != FRAGMENT_NONE)
        buf_adds(out, packet->fragment == FRAGMENT_FIRST ? " fragment first" : " fragment later");
    if (packet->mark != 0)
        buf_addf(out, " mark 0x%x", packet->mark);
}

u128 packet_field(const struct packet *packet, enum field field)
{
    switch (field) {
    case FIELD_SOURCE: return packet->source;
    case FIELD_DESTINATION: return packet->destination;
    case FIELD_PROTOCOL: return packet->protocol;
    case FIELD_SOURCE_PORT: return packet->source_port;
    case FIELD_PORT: return packet->port;
    case FIELD_ICMP: return icmp_message(packet->icmp_type, packet->icmp_code);
    case FIELD_TCP_FLAGS: return packet->tcp_flags;
    case FIELD_STATE: return packet->state;
    case FIELD_FRAGMENT: return packet->fragment;
    case FIELD_MARK: return packet->mark;
    case FIELD_IN:
    case FIELD_OUT:
    case FIELD_N: break;
    }
    return 0;
}
