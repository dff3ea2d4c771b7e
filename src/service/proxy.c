/* Which proxy it is, and what is the same for all kinds; see proxy.h. */
#include "service/proxy_inside.h"

/* What a host name or an address is made of: nothing that could end a line or a field. */
static bool is_host(struct str host)
{
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
              c == '_' || c == ':'))
            return false;
    }
    return host.n > 0 && host.n <= 255;
}

static enum proxy_step unsayable(struct answer *answer, const char *what)
{
    answer_is(answer, OUTCOME_ERROR, "a proxy cannot be told %s", what);
    return PROXY_REFUSED;
}

enum proxy_step proxy_start(struct proxy_talk *talk, const struct proxy_ask *ask, struct wire_out *out,
                            struct answer *answer)
{
    struct str password;
    struct str name = str_cut(ask->user, ':', &password);

    *talk = (struct proxy_talk){ask, 0};
    if (!is_host(ask->host))
        return unsayable(answer, "this host: a name of at most 255 letters, digits, dots and hyphens was expected");
    if (name.n > 255 || password.n > 255)
        return unsayable(answer, "a name or a password of more than 255 bytes");
    return ask->kind == PROXY_HTTP ? proxy_http_start(ask, out) : proxy_socks_start(ask, out);
}

enum proxy_step proxy_heard(struct proxy_talk *talk, const uint8_t *p, size_t n, size_t *used, struct wire_out *out,
                            struct answer *answer)
{
    struct wire_in in = wire_in(p, n);
    enum proxy_step step = talk->ask->kind == PROXY_HTTP ? proxy_http_heard(talk->ask, &in, answer)
                                                         : proxy_socks_heard(talk, &in, out, answer);

    *used = in.at;
    if (step == PROXY_READ && wire_left(&in) >= PROXY_INPUT_MAX) {
        proxy_end(talk, p + in.at, n - in.at, ENDING_FULL, answer);
        return PROXY_REFUSED;
    }
    return step;
}

void proxy_end(struct proxy_talk *talk, const uint8_t *p, size_t n, enum ending ending, struct answer *answer)
{
    struct wire_in in = wire_in(p, n);
    bool http = talk->ask->kind == PROXY_HTTP;

    if (http && proxy_http_end(talk->ask, &in, answer))
        return;
    switch (ending) {
    case ENDING_TIMEOUT:
        if (http || talk->turn > 0)
            answer_is(answer, OUTCOME_FILTERED, "no answer of the proxy: it may still be trying to reach the target");
        else
            answer_is(answer, OUTCOME_PROXY_REFUSED, "the proxy accepts connections and does not answer");
        return;
    case ENDING_CLOSED:
    case ENDING_RESET:
        answer_is(answer, OUTCOME_PROXY_REFUSED, "the proxy %s",
                  ending == ENDING_CLOSED ? "closed the connection before it had answered"
                                          : "reset the connection before it had answered");
        return;
    case ENDING_FULL:
    case ENDING_N: answer_is(answer, OUTCOME_PROXY_REFUSED, "the proxy answers without an end"); return;
    }
}

enum proxy_step proxy_foreign(enum proxy_kind kind, const uint8_t *p, size_t n, struct answer *answer)
{
    bool more = false;
    const char *name = recognise(p, n, false, &more);

    answer_is(answer, OUTCOME_PROXY_REFUSED, "the proxy does not speak %s%s%s", kind == PROXY_HTTP ? "HTTP" : "SOCKS5",
              name != NULL ? ", but " : "", name != NULL ? name : "");
    return PROXY_REFUSED;
}

/* ------------------------------------------------------------------ the other side */

bool proxy_door_host(struct proxy_door *door, struct str host)
{
    if (!is_host(host))
        return false;
    memcpy(door->text, host.p, host.n);
    door->host = (struct str){door->text, host.n};
    return true;
}

enum proxy_step proxy_serve(struct proxy_door *door, const uint8_t *p, size_t n, size_t *used, struct wire_out *out)
{
    struct wire_in in = wire_in(p, n);
    enum proxy_step step =
        door->kind == PROXY_HTTP ? proxy_http_serve(door, &in, out) : proxy_socks_serve(door, &in, out);

    *used = in.at;
    return step == PROXY_READ && wire_left(&in) >= PROXY_INPUT_MAX ? PROXY_REFUSED : step;
}

void proxy_reply(const struct proxy_door *door, enum outcome outcome, struct wire_out *out)
{
    if (door->kind == PROXY_HTTP)
        proxy_http_reply(outcome, out);
    else
        proxy_socks_reply(outcome, out);
}
