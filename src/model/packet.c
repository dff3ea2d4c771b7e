/* The one-line language of packets; see packet.h. */
#include "model/packet.h"

#include "base/num.h"
#include "base/suggest.h"
#include "net/proto.h"

struct words {
    const struct source *source;
    struct diags *diags;
    struct str rest;
    struct str word; /* the one read last */
    size_t errors;   /* of diags at the start */
    unsigned said;   /* options that were there, bits of enum option */
};

enum option {
    OPTION_IN,
    OPTION_OUT,
    OPTION_STATE,
    OPTION_FLAGS,
    OPTION_FRAGMENT,
    OPTION_TYPE,
    OPTION_CODE,
    OPTION_MARK,
    OPTION_N
};

static const char *const option_names[OPTION_N] = {"in", "out", "state", "flags", "fragment", "type", "code", "mark"};

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
static bool read_end(struct words *words, const char *what, enum family *family, u128 *addr, uint16_t *port,
                     struct span *port_span)
{
    struct str text;
    struct str tail = STR_EMPTY;
    uint64_t number;

    if (!need_word(words, what))
        return false;
    text = words->word;
    if (text.p[0] == '[' && str_contains(text, "]")) {
        text = str_cut(str_from(text, 1), ']', &tail);
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
    if (tail.p[0] != ':' || !num_decimal(str_from(tail, 1), 65535, &number)) {
        diag_error(words->diags, here(words), "port of the %s must be 0-65535", what);
        return false;
    }
    *port = (uint16_t)number;
    *port_span = here(words);
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

/* As Linux takes them: up to 15 bytes, no slash and nothing that does not show. */
static bool is_interface(struct str name)
{
    bool good = name.n <= 15;

    for (size_t i = 0; i < name.n; i++)
        good = good && (unsigned char)name.p[i] > ' ' && name.p[i] != 0x7f && name.p[i] != '/';
    return good;
}

static bool read_interface(struct words *words, struct str *name, bool *has)
{
    if (!need_word(words, "interface"))
        return false;
    if (!is_interface(words->word)) {
        diag_error(words->diags, here(words), "no interface can have this name");
        return false;
    }
    *name = words->word;
    *has = true;
    return true;
}

static bool read_value(struct words *words, enum option option, struct packet *packet)
{
    uint64_t number = 0;

    switch (option) {
    case OPTION_IN: return read_interface(words, &packet->in, &packet->has_in);
    case OPTION_OUT: return read_interface(words, &packet->out, &packet->has_out);
    case OPTION_STATE: return read_state(words, packet);
    case OPTION_FLAGS: return read_flags(words, packet);
    case OPTION_FRAGMENT: return read_fragment(words, packet);
    case OPTION_TYPE:
    case OPTION_CODE:
        if (!read_number(words, option == OPTION_TYPE ? "ICMP type" : "ICMP code", 255, &number))
            return false;
        *(option == OPTION_TYPE ? &packet->icmp_type : &packet->icmp_code) = (uint8_t)number;
        return true;
    case OPTION_MARK:
        if (!read_number(words, "mark", UINT32_MAX, &number))
            return false;
        packet->mark = (uint32_t)number;
        return true;
    case OPTION_N: break;
    }
    return false;
}

/* What an option asks of the protocol; NULL where it fits. */
static const char *misfit(enum option option, uint8_t protocol)
{
    if (option == OPTION_FLAGS && protocol != PROTO_TCP)
        return "is for tcp";
    if ((option == OPTION_TYPE || option == OPTION_CODE) && protocol != PROTO_ICMP && protocol != PROTO_ICMPV6)
        return "is for icmp";
    return NULL;
}

/* One of the words behind the ends, and its value. */
static bool read_option(struct words *words, struct packet *packet)
{
    struct suggest suggest = suggest_for(words->word);
    const char *wrong;

    for (enum option option = 0; option < OPTION_N; option++) {
        if (!str_is(words->word, option_names[option])) {
            suggest_offer(&suggest, str_of(option_names[option]));
            continue;
        }
        wrong = (words->said & 1u << option) != 0 ? "stands here twice" : misfit(option, packet->protocol);
        if (wrong != NULL)
            diag_error(words->diags, here(words), "\"%s\" %s", option_names[option], wrong);
        words->said |= 1u << option;
        return read_value(words, option, packet);
    }
    diag_error(words->diags, here(words), "unknown word \"%.*s\" in a packet", STR_ARG(words->word));
    if (suggest.best.n > 0)
        suggest_hint(&suggest, words->diags);
    else
        diag_hint(words->diags, "a packet reads: tcp 10.0.0.1:40000 > 10.0.0.2:443 in eth0 out eth1 state new");
    return false;
}

/* Ports stand where the protocol has them, and there the destination has one. */
static void check_ports(struct words *words, const struct packet *packet, struct span source, struct span destination,
                        struct span destination_end)
{
    if (proto_has_ports(packet->protocol)) {
        if (destination.source == NULL && packet->fragment != FRAGMENT_LATER)
            diag_error(words->diags, destination_end, "the destination has no port");
        return;
    }
    if (source.source != NULL)
        diag_error(words->diags, source, "this protocol has no ports");
    if (destination.source != NULL)
        diag_error(words->diags, destination, "this protocol has no ports");
}

bool packet_parse(const struct source *source, struct diags *diags, struct packet *packet)
{
    struct words words = {.source = source, .diags = diags, .rest = str_trim(source->text), .errors = diags->errors};
    struct packet made = {.source_port = 40000, .icmp_type = 8, .state = STATE_NEW};
    struct span source_port = SPAN_NONE;
    struct span port = SPAN_NONE;
    struct span destination;
    enum family other = FAMILY_V4;
    int proto;

    if (!need_word(&words, "protocol"))
        return false;
    proto = proto_parse(words.word);
    if (proto < 0) {
        diag_error(diags, here(&words), "unknown protocol \"%.*s\"", STR_ARG(words.word));
        return false;
    }
    if (!read_end(&words, "source", &made.family, &made.source, &made.source_port, &source_port) ||
        !need_word(&words, "\">\""))
        return false;
    if (!str_is(words.word, ">")) {
        diag_error(diags, here(&words), "expected \">\" between source and destination");
        return false;
    }
    if (!read_end(&words, "destination", &other, &made.destination, &made.port, &port))
        return false;
    destination = here(&words);
    if (other != made.family)
        diag_error(diags, here(&words), "source and destination are of different address families");
    made.protocol = (uint8_t)(proto == PROTO_ICMP && made.family == FAMILY_V6 ? PROTO_ICMPV6 : proto);
    if (made.protocol == PROTO_ICMPV6)
        made.icmp_type = 128;
    while (next(&words) && read_option(&words, &made))
        ;
    check_ports(&words, &made, source_port, port, destination);
    if (diags->errors != words.errors)
        return false;
    if ((words.said & 1u << OPTION_FLAGS) == 0 && made.protocol == PROTO_TCP)
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
