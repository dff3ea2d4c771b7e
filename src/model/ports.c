/*
 * Ports as catalogs and sites write them; see ports.h.
 *
 *     item      = "any" | "unstated" | "icmp" | what "/" transport
 *     what      = port | port "-" port | "{" name "}" | "dynamic"
 *     transport = "tcp" | "udp" | "sctp" | "dccp" | "udplite"
 */
#include "model/ports.h"

#include "base/num.h"
#include "base/suggest.h"
#include "net/proto.h"

static const char *const transports[] = {"tcp", "udp", "sctp", "dccp", "udplite"};
static const char *const words[] = {"any", "unstated", "icmp"};

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define DYNAMIC "dynamic"

bool name_is_valid(struct str name)
{
    if (name.n == 0 || name.n > 63 || name.p[0] == '-' || name.p[name.n - 1] == '-')
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}

bool port_value_parse(struct str text, uint16_t *lo, uint16_t *hi)
{
    struct range range;

    if (!port_range_parse(text, false, &range))
        return false;
    *lo = (uint16_t)range.lo;
    *hi = (uint16_t)range.hi;
    return true;
}

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    }
    return s.n > 0;
}

/* Says what is wrong with one port; false when it is not one. */
static bool check_port(struct str text, struct span span, struct diags *diags, uint64_t *port)
{
    if (!is_digits(text))
        diag_error(diags, span, "\"%.*s\" is not a port: 1 to 65535 was expected", STR_ARG(text));
    else if (!num_decimal(text, 65535, port))
        diag_error(diags, span, "port %.*s is above 65535", STR_ARG(text));
    else if (*port == 0)
        diag_error(diags, span, "port 0 cannot be used: 1 to 65535 was expected");
    else
        return true;
    return false;
}

static bool read_range(struct str what, struct str text, struct span span, struct diags *diags, struct port_item *item)
{
    struct str last;
    struct str first = str_cut(what, '-', &last);
    uint64_t lo;
    uint64_t hi;
    bool good = check_port(first, span_inside(span, text, 0, first.n), diags, &lo);

    if (first.n < what.n) {
        size_t at = first.n + 1;

        if (!check_port(last, span_inside(span, text, at, last.n), diags, &hi) || !good)
            return false;
    } else if (!good) {
        return false;
    } else {
        hi = lo;
    }
    if (hi < lo) {
        diag_error(diags, span_inside(span, text, 0, what.n), "port range %.*s ends before it begins", STR_ARG(what));
        diag_hint(diags, "did you mean \"%u-%u\"?", (unsigned)hi, (unsigned)lo);
        return false;
    }
    item->kind = PORT_RANGE;
    item->lo = (uint16_t)lo;
    item->hi = (uint16_t)hi;
    return true;
}

static bool read_parameter(struct str what, struct str text, struct span span, struct diags *diags,
                           struct port_item *item)
{
    struct str name = str_from(what, 1);

    if (!str_ends(what, "}")) {
        diag_error(diags, span_inside(span, text, 0, what.n), "\"%.*s\" lacks the closing brace of a parameter",
                   STR_ARG(what));
        return false;
    }
    name.n--;
    if (!name_is_valid(name)) {
        diag_error(diags, span_inside(span, text, 1, name.n), "\"%.*s\" is not the name of a parameter", STR_ARG(name));
        return false;
    }
    item->kind = PORT_PARAMETER;
    item->parameter = name;
    return true;
}

static int transport_of(struct str text)
{
    for (size_t i = 0; i < COUNT(transports); i++) {
        if (str_is(text, transports[i]))
            return proto_parse(text);
    }
    return -1;
}

static void unknown_transport(struct str name, struct span span, struct diags *diags)
{
    struct suggest suggest = suggest_for(name);

    diag_error(diags, span, "unknown transport \"%.*s\": tcp, udp, sctp, dccp or udplite was expected", STR_ARG(name));
    for (size_t i = 0; i < COUNT(transports); i++)
        suggest_offer(&suggest, str_of(transports[i]));
    suggest_hint(&suggest, diags);
}

/* The item has no slash. */
static bool read_word(struct str text, struct span span, struct diags *diags, struct port_item *item)
{
    struct suggest suggest = suggest_for(text);
    struct range range;

    if (str_is(text, "any")) {
        item->kind = PORT_ANY;
        item->transport = TRANSPORT_ANY;
        return true;
    }
    if (str_is(text, "unstated")) {
        item->kind = PORT_UNSTATED;
        item->transport = TRANSPORT_UNSTATED;
        return true;
    }
    if (str_is(text, "icmp")) {
        item->kind = PORT_ICMP;
        item->transport = PROTO_ICMP;
        return true;
    }
    if (str_is(text, "icmpv6")) {
        diag_error(diags, span, "\"icmpv6\" is written icmp: the address family says which of the two it is");
        return false;
    }
    if (port_range_parse(text, true, &range) || str_is(text, DYNAMIC) || str_starts(text, "{")) {
        diag_error(diags, span, "ports \"%.*s\" lack a transport", STR_ARG(text));
        diag_hint(diags, "write %.*s/tcp, %.*s/udp or both", STR_ARG(text), STR_ARG(text));
        return false;
    }
    diag_error(diags, span, "\"%.*s\" names no ports: PORT/TRANSPORT, icmp, any or unstated was expected",
               STR_ARG(text));
    for (size_t i = 0; i < COUNT(words); i++)
        suggest_offer(&suggest, str_of(words[i]));
    suggest_hint(&suggest, diags);
    return false;
}

bool port_item_parse(struct str text, struct span span, struct diags *diags, struct port_item *item)
{
    struct port_item read = {.text = text, .span = span};
    struct str transport;
    struct str what = str_cut(text, '/', &transport);
    bool good;

    if (what.n == text.n) {
        if (!read_word(text, span, diags, &read))
            return false;
        *item = read;
        return true;
    }
    if (transport_of(what) >= 0) {
        diag_error(diags, span, "\"%.*s\" has the transport first", STR_ARG(text));
        diag_hint(diags, "write %.*s/%.*s", STR_ARG(transport), STR_ARG(what));
        return false;
    }
    if (str_is(what, DYNAMIC)) {
        read.kind = PORT_DYNAMIC;
        good = true;
    } else if (str_starts(what, "{")) {
        good = read_parameter(what, text, span, diags, &read);
    } else {
        good = read_range(what, text, span, diags, &read);
    }
    read.transport = transport_of(transport);
    if (read.transport < 0) {
        unknown_transport(transport, span_inside(span, text, what.n + 1, transport.n), diags);
        return false;
    }
    if (good)
        *item = read;
    return good;
}
