/* Targets and responders as users write them; see target.h. */
#include "cli/target.h"

#include "model/services.h"

struct reading {
    struct arena *arena;
    struct diags *diags;
    struct span span;
    struct str text;
};

bool target_is(struct str text)
{
    return str_contains(text, "://");
}

/* The place of a part of the text. */
static struct span place(const struct reading *r, struct str part)
{
    size_t at = (size_t)(part.p - r->text.p);

    return r->span.source == NULL ? SPAN_NONE : span_inside(r->span, r->text, at, part.n);
}

/* An operand has no place: the message has to name it. */
static const char *lead(const struct reading *r)
{
    return r->span.source != NULL ? "" : str_cstr(r->arena, str_printf(r->arena, "%.*s: ", STR_ARG(r->text)));
}

/* --- the service ------------------------------------------------------------------------------------------------- */

/* Over what it is asked: the transports of its usual ports, or those that it is spoken over. */
static void usual_protos(struct target *target)
{
    const struct service *service = target->service;
    unsigned bits = 0;

    for (size_t i = 0; i < SERVICE_PORTS_MAX && service->ports[i].lo > 0; i++)
        bits |= service->ports[i].protos;
    if (bits == 0)
        bits = (service->tcp != NULL ? SERVICE_TCP : 0) | (service->udp != NULL ? SERVICE_UDP : 0);
    if (bits == 0)
        target->protos[target->proto_n++] = PROTO_ICMP;
    if (bits & SERVICE_TCP)
        target->protos[target->proto_n++] = PROTO_TCP;
    if (bits & SERVICE_UDP)
        target->protos[target->proto_n++] = PROTO_UDP;
}

static bool read_transport(const struct reading *r, struct str text, struct target *target)
{
    bool tcp = str_is(text, "tcp");

    if (!tcp && !str_is(text, "udp")) {
        diag_error(r->diags, place(r, text), "%sbehind the + stands tcp or udp, not \"%.*s\"", lead(r), STR_ARG(text));
        return false;
    }
    if ((tcp ? target->service->tcp : target->service->udp) == NULL) {
        diag_error(r->diags, place(r, text), "%s%s is not spoken over %s", lead(r), target->service->name,
                   tcp ? "TCP" : "UDP");
        return false;
    }
    target->protos[0] = tcp ? PROTO_TCP : PROTO_UDP;
    target->proto_n = 1;
    return true;
}

static bool read_service(const struct reading *r, struct str text, struct target *target)
{
    struct str transport;
    struct str name = str_cut(text, '+', &transport);

    target->service = service_find(name);
    if (target->service == NULL) {
        service_unknown(name, place(r, name), r->diags);
        return false;
    }
    if (name.n < text.n)
        return read_transport(r, transport, target);
    usual_protos(target);
    return true;
}

/* --- ports ------------------------------------------------------------------------------------------------------- */

static bool read_ports(const struct reading *r, struct str text, struct target *target)
{
    struct VEC(struct range) list = {0};
    struct str rest = text;
    bool good = true;

    if (target->protos[0] == PROTO_ICMP) {
        diag_error(r->diags, place(r, text), "%sicmp has no ports", lead(r));
        return false;
    }
    for (bool more = true; more;) {
        struct str one = str_cut(rest, ',', &rest);
        struct range range;

        more = one.p + one.n < text.p + text.n;
        if (port_range_parse(one, false, &range)) {
            *vec_push(r->arena, &list) = range;
            continue;
        }
        diag_error(r->diags, place(r, one), "%s\"%.*s\" is no port and no range of ports (1-65535)", lead(r),
                   STR_ARG(one));
        good = false;
    }
    if (good)
        target->ports = ranges_of(r->arena, list.v, list.n);
    return good;
}

static bool need_ports(const struct reading *r, const struct target *target)
{
    if (target->ports != NULL || target->protos[0] == PROTO_ICMP || target->service->via != NULL)
        return true;
    for (size_t i = 0; i < target->proto_n; i++) {
        if (service_default_port(target->service, target->protos[i]) > 0)
            continue;
        diag_error(r->diags, r->span, "%s%s has no usual port over %s: name one, as in %s", lead(r),
                   target->service->name, target->protos[i] == PROTO_TCP ? "TCP" : "UDP",
                   target->kind == TARGET_NO_HOST ? "tcp:8080" : "tcp://10.0.0.1:8080");
        return false;
    }
    return true;
}

/* --- the host ---------------------------------------------------------------------------------------------------- */

static bool is_name(struct str text)
{
    bool letter = false;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        letter = letter || (alphanumeric && (c < '0' || c > '9'));
        if (!alphanumeric && (i == 0 || (c != '.' && c != '-' && c != '_')))
            return false;
        if (c == '.' && text.p[i - 1] == '.')
            return false;
    }
    return letter && text.n <= 253;
}

static bool read_host(const struct reading *r, struct str text, struct target *target)
{
    enum addr_error error = addr_range_parse(text, &target->addresses);

    target->host = text;
    if (error == ADDR_OK) {
        target->kind = TARGET_ADDRESSES;
        return true;
    }
    if (error == ADDR_NOT_ADDRESS && is_name(text)) {
        target->kind = TARGET_NAME;
        return true;
    }
    if (text.n == 0)
        diag_error(r->diags, r->span, "%sno host stands behind ://", lead(r));
    else if (error == ADDR_NOT_ADDRESS)
        diag_error(r->diags, place(r, text), "%s\"%.*s\" is neither an address nor a name", lead(r), STR_ARG(text));
    else
        diag_error(r->diags, place(r, text), "%s\"%.*s\": %s", lead(r), STR_ARG(text), addr_error_text(error));
    return false;
}

/* A number behind the slash makes an address a prefix: no path looks so where no path may stand. */
static size_t host_size(struct str text)
{
    size_t n = 0;

    while (n < text.n && text.p[n] != '/' && text.p[n] != '?' && text.p[n] != '#')
        n++;
    if (n + 1 < text.n && text.p[n] == '/' && text.p[n + 1] >= '0' && text.p[n + 1] <= '9') {
        for (n++; n < text.n && ((text.p[n] >= '0' && text.p[n] <= '9') || text.p[n] == '.');)
            n++;
        while (n < text.n && text.p[n] != '/')
            n++;
    }
    return n;
}

/* Everything behind the ://. */
static bool read_place(const struct reading *r, struct str text, struct target *target)
{
    struct addr_range whole;
    size_t size = host_size(text);
    struct str path = str_from(text, size);
    struct str host = str_head(text, size);
    struct str ports = STR_EMPTY;
    enum addr_error error;
    bool has_ports = false;
    bool good = true;

    if (path.n > 0 && !str_is(path, "/")) {
        diag_error(r->diags, place(r, path), "%sno probe asks for a path: leave \"%.*s\" out", lead(r), STR_ARG(path));
        good = false;
    }
    if (memchr(host.p, '@', host.n) != NULL) {
        diag_error(r->diags, place(r, host), "%sno probe logs in: leave out what stands before the @", lead(r));
        return false;
    }
    if (str_starts(host, "[")) {
        const char *end = memchr(host.p, ']', host.n);
        struct str rest = end == NULL ? STR_EMPTY : str_from(host, (size_t)(end - host.p) + 1);

        if (end == NULL || (rest.n > 0 && rest.p[0] != ':')) {
            diag_error(r->diags, place(r, host), "%sa host in brackets ends with ] or ]:PORT", lead(r));
            return false;
        }
        host = (struct str){host.p + 1, (size_t)(end - host.p) - 1};
        has_ports = rest.n > 0;
        ports = str_from(rest, has_ports);
    } else if ((error = addr_range_parse(host, &whole)) != ADDR_OK) {
        struct str name = str_cut(host, ':', &ports);

        if (memchr(ports.p, ':', ports.n) != NULL && error == ADDR_NOT_ADDRESS) {
            diag_error(r->diags, place(r, host),
                       "%s\"%.*s\" is no host: an IPv6 address with a port stands in brackets", lead(r), STR_ARG(host));
            return false;
        }
        has_ports = name.n < host.n && memchr(ports.p, ':', ports.n) == NULL;
        host = has_ports ? name : host;
    }
    good = read_host(r, host, target) && good;
    return (!has_ports || read_ports(r, ports, target)) && good;
}

bool target_parse(struct arena *arena, struct str text, struct span span, struct diags *diags, struct target *target)
{
    struct reading r = {.arena = arena, .diags = diags, .span = span, .text = text};
    struct target made = {.span = span};
    struct str rest;
    struct str name = str_cut(text, ':', &rest);

    if (!str_starts(rest, "//")) {
        diag_error(diags, span, "\"%.*s\" is no target: SERVICE://HOST[:PORT] was expected, as in ntp://10.0.0.1",
                   STR_ARG(text));
        return false;
    }
    if (!read_service(&r, name, &made) || !read_place(&r, str_from(rest, 2), &made) || !need_ports(&r, &made))
        return false;
    *target = made;
    return true;
}

bool responder_parse(struct arena *arena, struct str text, struct span span, struct diags *diags,
                     struct target *responder)
{
    struct reading r = {.arena = arena, .diags = diags, .span = span, .text = text};
    struct target made = {.span = span};
    struct str ports;
    struct str name = str_cut(text, ':', &ports);

    if (!read_service(&r, name, &made))
        return false;
    if (name.n < text.n && !read_ports(&r, ports, &made))
        return false;
    if (!need_ports(&r, &made))
        return false;
    *responder = made;
    return true;
}

bool targets_read(struct arena *arena, const struct source *source, struct diags *diags, struct targets *targets)
{
    size_t errors = diags->errors;

    for (uint32_t line = 1; line <= source->line_n; line++) {
        struct str rest;
        struct str text = str_trim(str_cut(source_line_text(source, line), '#', &rest));
        struct target target;

        if (text.n == 0)
            continue;
        if (target_parse(arena, text, span_at(source, (size_t)(text.p - source->text.p), text.n), diags, &target))
            *vec_push(arena, targets) = target;
    }
    return diags->errors == errors;
}

struct str target_text(struct arena *arena, const struct service *service, unsigned proto, struct str host,
                       uint16_t port)
{
    bool literal = memchr(host.p, ':', host.n) != NULL;
    bool bare = proto == PROTO_ICMP || (proto == PROTO_TCP ? service->udp : service->tcp) == NULL;
    struct str text = str_printf(arena, "%s%s://%s%.*s%s", service->name,
                                 bare                 ? ""
                                 : proto == PROTO_TCP ? "+tcp"
                                                      : "+udp",
                                 literal ? "[" : "", STR_ARG(host), literal ? "]" : "");

    return port == 0 ? text : str_printf(arena, "%.*s:%u", STR_ARG(text), port);
}
