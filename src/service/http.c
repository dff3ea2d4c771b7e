/*
 * HTTP/1.1, RFC 9112 3 (request line), 4 (status line), 5 (fields): GET / with the target as Host. A status line is the
 * proof, whatever it says. https is the same over TLS; web and rest are it over TLS or in the clear, as the far end has
 * it, and rest asks for JSON.
 */
#include "service/http.h"

#define LINE_MAX_SIZE 512
#define BAD_REQUEST 400

const char *const http_sends[] = {"HTTP GET /", NULL};

/* Only what a host can be made of: what a user wrote never ends a line. */
static void put_host(struct talk *talk, struct wire_out *out)
{
    struct str host = str_head(talk_host(talk), 255);
    bool literal = memchr(host.p, ':', host.n) != NULL;
    uint16_t usual = service_default_port(talk->service, PROTO_TCP);

    if (literal)
        wire_put_u8(out, '[');
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
            c == ':' || c == '_')
            wire_put_u8(out, (uint8_t)c);
    }
    if (literal)
        wire_put_u8(out, ']');
    if (talk->ask->port > 0 && talk->ask->port != usual)
        wire_printf(out, ":%u", talk->ask->port);
}

enum step http_begin(struct talk *talk, struct wire_out *out, struct answer *answer)
{
    (void)answer;
    wire_put_text(out, "GET / HTTP/1.1\r\nHost: ");
    put_host(talk, out);
    wire_printf(out, "\r\nUser-Agent: portolan-probe\r\nAccept: %s\r\nConnection: close\r\n\r\n",
                talk->service == &service_rest ? "application/json, */*;q=0.1" : "*/*");
    return STEP_READ;
}

/* HTTP/1.x SP three digits, then SP or the end of the line; any beginning of it is one too. */
static bool is_status_line(const uint8_t *p, size_t n)
{
    static const char shape[] = "HTTP/1.d ddd";

    for (size_t i = 0; i < n && i < sizeof shape - 1; i++) {
        if (shape[i] == 'd' ? p[i] < '0' || p[i] > '9' : p[i] != (uint8_t)shape[i])
            return false;
    }
    return n < sizeof shape || p[sizeof shape - 1] == ' ' || p[sizeof shape - 1] == '\r' || p[sizeof shape - 1] == '\n';
}

enum step http_head(struct wire_in *in, struct http_head *head)
{
    struct str line;
    size_t end;

    if (!is_status_line(in->p, in->n))
        return STEP_FOREIGN;
    if (!wire_line(in, &line))
        return STEP_READ;
    if (line.n < 12)
        return STEP_FOREIGN;
    head->status = (unsigned)((line.p[9] - '0') * 100 + (line.p[10] - '0') * 10 + (line.p[11] - '0'));
    head->fields = (struct str){(const char *)in->p + in->at, 0};
    head->whole = false;
    end = in->at;
    while (!head->whole && wire_line(in, &line)) {
        head->whole = line.n == 0;
        if (!head->whole)
            end = in->at;
    }
    head->fields.n = (size_t)((const char *)in->p + end - head->fields.p);
    return head->status < 100 || head->status > 599 ? STEP_FOREIGN : STEP_DONE;
}

struct str http_field(const struct http_head *head, const char *name)
{
    struct wire_in in = wire_in(head->fields.p, head->fields.n);
    size_t n = strlen(name);
    struct str line;

    while (wire_line(&in, &line)) {
        if (line.n > n && line.p[n] == ':' && strncasecmp(line.p, name, n) == 0)
            return str_trim(str_from(line, n + 1));
    }
    return STR_EMPTY;
}

void http_evidence(const struct http_head *head, struct answer *answer)
{
    static const char *const names[] = {"server", "location", "content-type"};

    answer_add(answer, "status", "%u", head->status);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct str value = http_field(head, names[i]);

        if (value.n > 0)
            answer_add_text(answer, names[i], value);
    }
}

static enum step conclude(const struct http_head *head, struct answer *answer)
{
    http_evidence(head, answer);
    answer_is(answer, OUTCOME_OPEN, "HTTP server answered with status %u", head->status);
    return STEP_DONE;
}

static enum step heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    struct http_head head;
    enum step step = http_head(in, &head);

    (void)talk;
    (void)out;
    if (step == STEP_FOREIGN)
        return step;
    if (step == STEP_READ || !head.whole || head.status == BAD_REQUEST) {
        in->failed = true;
        return STEP_READ;
    }
    return conclude(&head, answer);
}

/*
 * A status line was the proof, though the rest never came. Nothing was wrong with our request: who calls it bad may be
 * a TLS server that guesses what it met, and says so to people.
 */
static bool ended(struct talk *talk, struct wire_in *in, enum ending ending, struct answer *answer)
{
    struct http_head head;

    (void)talk;
    (void)ending;
    if (http_head(in, &head) != STEP_DONE)
        return false;
    conclude(&head, answer);
    if (head.status == BAD_REQUEST &&
        str_contains((struct str){(const char *)in->p + in->at, wire_left(in)}, "HTTPS")) {
        answer_is(answer, OUTCOME_WRONG_SERVICE, "not HTTP but HTTPS is at this port");
        answer->answered = "https";
    }
    return true;
}

enum step http_request(struct wire_in *in, struct str *method, struct answer *receipt)
{
    struct str line;
    struct str target;
    struct str version;

    for (size_t i = 0; i < in->n && i < 8 && in->p[i] != ' '; i++) {
        if (in->p[i] < 'A' || in->p[i] > 'Z')
            return STEP_FOREIGN;
    }
    if (!wire_line(in, &line)) {
        in->failed = true;
        return in->n > LINE_MAX_SIZE ? STEP_FOREIGN : STEP_READ;
    }
    *method = str_cut(line, ' ', &version);
    target = str_cut(version, ' ', &version);
    if (method->n == 0 || method->n > 8 || target.n == 0 || !str_starts(version, "HTTP/1."))
        return STEP_FOREIGN;
    do {
        if (!wire_line(in, &line)) {
            in->failed = true;
            return STEP_READ;
        }
    } while (line.n > 0);
    answer_add_text(receipt, "method", *method);
    answer_add_text(receipt, "target", target);
    answer_is(receipt, OUTCOME_OPEN, "an HTTP request");
    return STEP_DONE;
}

void http_respond(struct wire_out *out, const char *status, const char *type, const char *more, struct str method,
                  const char *body)
{
    wire_printf(out,
                "HTTP/1.1 %s\r\nServer: portolan-stand-in\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
                "Connection: close\r\n\r\n",
                status, type, strlen(body), more);
    if (!str_is(method, "HEAD"))
        wire_put_text(out, body);
}

static enum step serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt)
{
    struct str method;
    enum step step = http_request(in, &method, receipt);

    if (step != STEP_DONE)
        return step;
    if (talk->service == &service_rest)
        http_respond(out, "200 OK", "application/json", "", method, "{\"stand_in\": \"portolan\"}\n");
    else
        http_respond(out, "200 OK", "text/plain", "", method, "a stand-in of portolan listens here\n");
    return STEP_DONE;
}

#define HTTP_EXCHANGE(tls_)                                                                                            \
    {                                                                                                                  \
        .protocol = "http", .tls = tls_, .input_max = HTTP_INPUT_MAX, .sends = http_sends, .begin = http_begin,        \
        .heard = heard, .ended = ended, .serve = serve                                                                 \
    }

static const struct exchange over_tcp = HTTP_EXCHANGE(TLS_NONE);
static const struct exchange over_tls = HTTP_EXCHANGE(TLS_FIRST);
static const struct exchange over_either = HTTP_EXCHANGE(TLS_EITHER);

const struct service service_http = {
    .name = "http",
    .title = "HTTP",
    .tcp = &over_tcp,
    .ports = {{80, 80, SERVICE_TCP}},
};

const struct service service_https = {
    .name = "https",
    .title = "HTTP over TLS",
    .tcp = &over_tls,
    .ports = {{443, 443, SERVICE_TCP}},
};

const struct service service_rest = {
    .name = "rest",
    .title = "REST API over HTTP",
    .tcp = &over_either,
    .ports = {{8000, 8000, SERVICE_TCP}},
};

const struct service service_web = {
    .name = "web",
    .title = "HTTP or HTTPS",
    .tcp = &over_either,
    .ports = {{80, 80, SERVICE_TCP}, {443, 443, SERVICE_TCP}},
};
