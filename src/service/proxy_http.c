/*
 * HTTP CONNECT: RFC 9110 9.3.6 (the method; what stands in a 2xx about a body means nothing), 11.7 (authentication),
 * RFC 7617 (Basic), RFC 9209 (Proxy-Status). What proxies say when there is no way to the target: Squid in the header
 * X-Squid-Error (src/error/Error.cc: a page's name and an errno) and in the page's text; tinyproxy, Apache and Privoxy
 * in their pages only. A page is read to its end, so that the answer does not depend on how it was cut.
 */
#include "base/num.h"
#include "net/addr.h"
#include "service/http.h"
#include "service/proxy_inside.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 4648 4. */
static void put_base64(struct wire_out *out, struct str s)
{
    for (size_t i = 0; i < s.n; i += 3) {
        size_t left = s.n - i;
        uint32_t three = (uint32_t)(uint8_t)s.p[i] << 16;

        three |= left > 1 ? (uint32_t)(uint8_t)s.p[i + 1] << 8 : 0;
        three |= left > 2 ? (uint8_t)s.p[i + 2] : 0;
        wire_put_u8(out, (uint8_t)alphabet[three >> 18]);
        wire_put_u8(out, (uint8_t)alphabet[three >> 12 & 63]);
        wire_put_u8(out, left > 1 ? (uint8_t)alphabet[three >> 6 & 63] : '=');
        wire_put_u8(out, left > 2 ? (uint8_t)alphabet[three & 63] : '=');
    }
}

/* ------------------------------------------------------------------ the client */

static void put_target(const struct proxy_ask *ask, struct wire_out *out)
{
    bool literal = memchr(ask->host.p, ':', ask->host.n) != NULL;

    wire_printf(out, literal ? "[%.*s]:%u" : "%.*s:%u", STR_ARG(ask->host), ask->port);
}

enum proxy_step proxy_http_start(const struct proxy_ask *ask, struct wire_out *out)
{
    wire_put_text(out, "CONNECT ");
    put_target(ask, out);
    wire_put_text(out, " HTTP/1.1\r\nHost: ");
    put_target(ask, out);
    wire_put_text(out, "\r\nUser-Agent: portolan-probe\r\n");
    if (ask->user.n > 0) {
        wire_put_text(out, "Proxy-Authorization: Basic ");
        put_base64(out, ask->user);
        wire_put_text(out, "\r\n");
    }
    wire_put_text(out, "\r\n");
    return PROXY_READ;
}

/* What a refusal says of the target, by words in it; the first that is found. */
static const struct cause {
    const char *words;
    enum outcome outcome;
} causes[] = {
    {"ERR_DNS_FAIL", OUTCOME_UNRESOLVED},
    {"error=dns_error", OUTCOME_UNRESOLVED},
    {"error=dns_timeout", OUTCOME_UNRESOLVED},
    {"ERR_CONNECT_FAIL 111", OUTCOME_REFUSED},
    {"ERR_CONNECT_FAIL 110", OUTCOME_FILTERED},
    {"ERR_CONNECT_FAIL", OUTCOME_UNREACHABLE},
    {"ERR_ACCESS_DENIED", OUTCOME_PROXY_REFUSED},
    {"error=connection_refused", OUTCOME_REFUSED},
    {"error=connection_timeout", OUTCOME_FILTERED},
    {"error=destination_unavailable", OUTCOME_UNREACHABLE},
    {"error=destination_not_found", OUTCOME_UNRESOLVED},
    {"error=destination_ip_unroutable", OUTCOME_UNREACHABLE},
    {"error=http_request_denied", OUTCOME_PROXY_REFUSED},
    {"error=destination_ip_prohibited", OUTCOME_PROXY_REFUSED},
    {"Unable to determine IP address", OUTCOME_UNRESOLVED},
    {"Name or service not known", OUTCOME_UNRESOLVED},
    {"Could not resolve", OUTCOME_UNRESOLVED},
    {"DNS lookup failure", OUTCOME_UNRESOLVED},
    {"DNS error", OUTCOME_UNRESOLVED},
    {"No such domain", OUTCOME_UNRESOLVED},
    {"no such host", OUTCOME_UNRESOLVED}, /* of programs in Go */
    {"Connection refused", OUTCOME_REFUSED},
    {"timed out", OUTCOME_FILTERED},
    {"i/o timeout", OUTCOME_FILTERED},
    {"No route to host", OUTCOME_UNREACHABLE},
    {"Network is unreachable", OUTCOME_UNREACHABLE},
    {"Unable to connect", OUTCOME_UNREACHABLE},
};

static bool says(struct str text, const char *words)
{
    return text.n > 0 && memmem(text.p, text.n, words, strlen(words)) != NULL;
}

static const struct cause *cause_in(struct str text)
{
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if (says(text, causes[i].words))
            return &causes[i];
    }
    return NULL;
}

/* An answer as far as it has come. */
struct said {
    struct http_head head;
    struct str line; /* "503 Service Unavailable" */
    struct str body;
    bool whole; /* to the end of its body */
};

static bool body_is_whole(const struct said *said)
{
    struct str length = http_field(&said->head, "content-length");
    struct str coding = http_field(&said->head, "transfer-encoding");
    uint64_t n;

    if (says(coding, "chunked"))
        return str_starts(said->body, "0\r\n\r\n") || says(said->body, "\r\n0\r\n\r\n");
    return length.n > 0 && num_decimal(length, UINT32_MAX, &n) && said->body.n >= n;
}

/* The last answer that is there: interim ones are passed over. STEP_FOREIGN: no HTTP; STEP_READ: none yet. */
static enum step hear(struct wire_in *in, struct said *said)
{
    for (;;) {
        struct wire_in rest = {in->p + in->at, wire_left(in), 0, false};
        enum step step = http_head(&rest, &said->head);

        if (step != STEP_DONE)
            return step;
        said->line = (struct str){(const char *)rest.p + 9, (size_t)(said->head.fields.p - (const char *)rest.p) - 9};
        said->line = str_trim(said->line);
        said->body = (struct str){(const char *)rest.p + rest.at, said->head.whole ? wire_left(&rest) : 0};
        said->whole = said->head.whole && body_is_whole(said);
        if (said->head.status >= 200 || !said->head.whole)
            return said->head.status >= 200 ? STEP_DONE : STEP_READ;
        in->at += rest.at;
    }
}

/* Whether the target may be why: a status of the proxy's own needs no more words. */
static bool may_be_target(unsigned status)
{
    return status >= 500 || status == 404;
}

static enum proxy_step refuse(const struct said *said, const struct cause *cause, struct answer *answer)
{
    enum outcome outcome = said->head.status == 504   ? OUTCOME_FILTERED
                           : said->head.status == 502 ? OUTCOME_UNREACHABLE
                                                      : OUTCOME_PROXY_REFUSED;
    struct str why = cause != NULL ? str_of(cause->words) : http_field(&said->head, "x-squid-error");

    answer_add_text(answer, "proxy", said->line);
    if (cause != NULL)
        outcome = cause->outcome;
    answer_is(answer, outcome, "the proxy %s: %.*s%s%.*s%s", outcome == OUTCOME_PROXY_REFUSED ? "refused" : "says",
              (int)(said->line.n < 60 ? said->line.n : 60), said->line.p, why.n > 0 ? " (" : "",
              (int)(why.n < 60 ? why.n : 60), why.p, why.n > 0 ? ")" : "");
    return PROXY_REFUSED;
}

static enum proxy_step refuse_user(const struct proxy_ask *ask, const struct said *said, struct answer *answer)
{
    answer_add_text(answer, "proxy", said->line);
    answer_is(answer, OUTCOME_PROXY_REFUSED, "the proxy refused: 407, %s",
              ask->user.n > 0 ? "it does not accept the name and password"
                              : "it wants an authentication, and there is no name and password for it");
    return PROXY_REFUSED;
}

/* `last`: nothing more will come. */
static enum proxy_step judge(const struct proxy_ask *ask, const struct said *said, bool last, struct answer *answer)
{
    const struct cause *cause = NULL;

    if (said->head.status == 407)
        return refuse_user(ask, said, answer);
    if (!may_be_target(said->head.status))
        return refuse(said, NULL, answer);
    cause = cause_in(http_field(&said->head, "x-squid-error"));
    if (cause == NULL)
        cause = cause_in(http_field(&said->head, "proxy-status"));
    if (cause == NULL && !said->whole && !last)
        return PROXY_READ;
    if (cause == NULL)
        cause = cause_in(said->line);
    if (cause == NULL)
        cause = cause_in(said->body);
    return refuse(said, cause, answer);
}

enum proxy_step proxy_http_heard(const struct proxy_ask *ask, struct wire_in *in, struct answer *answer)
{
    struct said said;
    enum step step = hear(in, &said);

    if (step == STEP_FOREIGN)
        return proxy_foreign(PROXY_HTTP, in->p + in->at, wire_left(in), answer);
    if (step == STEP_READ || !said.head.whole)
        return PROXY_READ;
    if (said.head.status >= 300)
        return judge(ask, &said, false, answer);
    in->at = (size_t)((const uint8_t *)said.body.p - in->p);
    answer_add_text(answer, "proxy", said.line);
    return PROXY_THROUGH;
}

bool proxy_http_end(const struct proxy_ask *ask, struct wire_in *in, struct answer *answer)
{
    struct said said;

    if (hear(in, &said) != STEP_DONE || said.head.status < 300)
        return false;
    judge(ask, &said, true, answer);
    return true;
}

/* ------------------------------------------------------------------ the proxy */

static enum proxy_step answer_with(struct wire_out *out, const char *status, const char *more)
{
    wire_printf(out, "HTTP/1.1 %s\r\n%sContent-Length: 0\r\n\r\n", status, more);
    return PROXY_REFUSED;
}

/* "host:port", "[fd00::1]:port" */
static bool target(struct proxy_door *door, struct str text)
{
    const char *colon = text.n > 0 ? memrchr(text.p, ':', text.n) : NULL;
    struct str host = {text.p, colon != NULL ? (size_t)(colon - text.p) : 0};
    uint64_t port;

    if (colon == NULL || !num_decimal(str_from(text, host.n + 1), UINT16_MAX, &port))
        return false;
    if (str_starts(host, "[") && str_ends(host, "]"))
        host = (struct str){host.p + 1, host.n - 2};
    door->port = (uint16_t)port;
    return proxy_door_host(door, host);
}

static bool may_pass(const struct proxy_door *door, struct str credentials)
{
    uint8_t right[WIRE_OUT_MAX];
    struct wire_out out = {right, 0, sizeof right, false};

    wire_put_text(&out, "Basic ");
    put_base64(&out, door->user);
    return door->user.n == 0 || (!out.failed && str_eq(credentials, (struct str){(const char *)right, out.n}));
}

enum proxy_step proxy_http_serve(struct proxy_door *door, struct wire_in *in, struct wire_out *out)
{
    struct http_head head = {0};
    struct str request;
    struct str line;
    size_t from = in->at;

    if (!wire_line(in, &request))
        return PROXY_READ;
    head.fields = (struct str){(const char *)in->p + in->at, 0};
    do {
        head.fields.n = (size_t)((const char *)in->p + in->at - head.fields.p);
        if (!wire_line(in, &line)) {
            in->at = from;
            return PROXY_READ;
        }
    } while (line.n > 0);
    if (!str_eq(str_word(&request), STR("CONNECT")))
        return answer_with(out, "405 Method Not Allowed", "Allow: CONNECT\r\n");
    if (!target(door, str_word(&request)) || !str_starts(str_word(&request), "HTTP/1."))
        return answer_with(out, "400 Bad Request", "");
    if (!may_pass(door, http_field(&head, "proxy-authorization")))
        return answer_with(out, "407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=\"proxy\"\r\n");
    return PROXY_THROUGH;
}

void proxy_http_reply(enum outcome outcome, struct wire_out *out)
{
    if (outcome == OUTCOME_OPEN)
        wire_put_text(out, "HTTP/1.1 200 Connection established\r\n\r\n");
    else if (outcome == OUTCOME_REFUSED)
        answer_with(out, "502 Bad Gateway", "Proxy-Status: stand-in; error=connection_refused\r\n");
    else if (outcome == OUTCOME_FILTERED)
        answer_with(out, "504 Gateway Timeout", "Proxy-Status: stand-in; error=connection_timeout\r\n");
    else if (outcome == OUTCOME_UNREACHABLE)
        answer_with(out, "502 Bad Gateway", "Proxy-Status: stand-in; error=destination_ip_unroutable\r\n");
    else if (outcome == OUTCOME_UNRESOLVED)
        answer_with(out, "502 Bad Gateway", "Proxy-Status: stand-in; error=dns_error\r\n");
    else
        answer_with(out, "403 Forbidden", "Proxy-Status: stand-in; error=http_request_denied\r\n");
}
