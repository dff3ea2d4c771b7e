/*
 * SOCKS5, RFC 1928, with a name and a password by RFC 1929. The client's turns: which way to prove oneself, the name
 * and the password where the proxy wants them, the request. Its answer is as long as the address in it says.
 *
 * Code 4 (host unreachable) is what many proxies say when a name has no address; the reason says so.
 */
#include "net/addr.h"
#include "service/proxy_inside.h"

#define VERSION 5
#define LOGIN_VERSION 1
#define METHOD_NONE 0
#define METHOD_LOGIN 2
#define METHOD_NO_WAY 0xff
#define CONNECT 1
#define ADDRESS_V4 1
#define ADDRESS_NAME 3
#define ADDRESS_V6 4

enum turn { TURN_METHOD, TURN_LOGIN, TURN_REQUEST };

static const struct code {
    uint8_t code;
    enum outcome outcome;
    const char *text;
} codes[] = {
    {0, OUTCOME_OPEN, "succeeded"},
    {1, OUTCOME_PROXY_REFUSED, "general failure of the proxy"},
    {2, OUTCOME_PROXY_REFUSED, "not allowed by its rules"},
    {3, OUTCOME_UNREACHABLE, "network unreachable"},
    {4, OUTCOME_UNREACHABLE, "host unreachable, or its name has no address"},
    {5, OUTCOME_REFUSED, "connection refused"},
    {6, OUTCOME_UNREACHABLE, "time to live expired"},
    {7, OUTCOME_PROXY_REFUSED, "it does not make connections"},
    {8, OUTCOME_PROXY_REFUSED, "it does not know this type of address"},
};

/* ------------------------------------------------------------------ the client */

enum proxy_step proxy_socks_start(const struct proxy_ask *ask, struct wire_out *out)
{
    wire_put_u8(out, VERSION);
    wire_put_u8(out, ask->user.n > 0 ? 2 : 1);
    wire_put_u8(out, METHOD_NONE);
    if (ask->user.n > 0)
        wire_put_u8(out, METHOD_LOGIN);
    return PROXY_READ;
}

static void put_request(const struct proxy_ask *ask, struct wire_out *out)
{
    enum family family;
    u128 address;

    wire_put_u8(out, VERSION);
    wire_put_u8(out, CONNECT);
    wire_put_u8(out, 0);
    if (addr_parse(ask->host, &family, &address)) {
        wire_put_u8(out, family == FAMILY_V4 ? ADDRESS_V4 : ADDRESS_V6);
        for (unsigned bits = addr_bits(family); bits > 0; bits -= 8)
            wire_put_u8(out, (uint8_t)(address >> (bits - 8)));
    } else {
        wire_put_u8(out, ADDRESS_NAME);
        wire_put_u8(out, (uint8_t)ask->host.n);
        wire_put_str(out, ask->host);
    }
    wire_put_u16(out, ask->port);
}

static void put_login(const struct proxy_ask *ask, struct wire_out *out)
{
    struct str password;
    struct str name = str_cut(ask->user, ':', &password);

    wire_put_u8(out, LOGIN_VERSION);
    wire_put_u8(out, (uint8_t)name.n);
    wire_put_str(out, name);
    wire_put_u8(out, (uint8_t)password.n);
    wire_put_str(out, password);
}

static enum proxy_step refused(struct answer *answer, const char *text)
{
    answer_is(answer, OUTCOME_PROXY_REFUSED, "the proxy refused: %s", text);
    return PROXY_REFUSED;
}

static enum proxy_step method_chosen(struct proxy_talk *talk, uint8_t method, struct wire_out *out,
                                     struct answer *answer)
{
    bool user = talk->ask->user.n > 0;

    if (method == METHOD_NONE) {
        put_request(talk->ask, out);
        talk->turn = TURN_REQUEST;
        return PROXY_READ;
    }
    if (method == METHOD_LOGIN && user) {
        put_login(talk->ask, out);
        talk->turn = TURN_LOGIN;
        return PROXY_READ;
    }
    return refused(answer, user ? "it wants another authentication than a name and a password"
                                : "it wants an authentication, and there is no name and password for it");
}

static enum proxy_step code_of(uint8_t code, struct answer *answer)
{
    answer_add(answer, "proxy", "SOCKS5 code %u", code);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].code == code && codes[i].outcome == OUTCOME_OPEN)
            return PROXY_THROUGH;
        if (codes[i].code == code && codes[i].outcome == OUTCOME_PROXY_REFUSED)
            return refused(answer, codes[i].text);
        if (codes[i].code == code) {
            answer_is(answer, codes[i].outcome, "the proxy says: %s", codes[i].text);
            return PROXY_REFUSED;
        }
    }
    return refused(answer, "with a code that is not assigned");
}

/* The address in an answer, of which nothing is used. */
static void skip_address(struct wire_in *in)
{
    switch (wire_get_u8(in)) {
    case ADDRESS_V4: wire_get(in, 4 + 2); break;
    case ADDRESS_V6: wire_get(in, 16 + 2); break;
    case ADDRESS_NAME: wire_get(in, wire_get_u8(in) + (size_t)2); break;
    default: break; /* some say 0 when there is no connection: then nothing follows that has to be read */
    }
}

static enum proxy_step message(struct proxy_talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer)
{
    const uint8_t *p = in->p + in->at;
    size_t n = wire_left(in);
    uint8_t version = wire_get_u8(in);
    uint8_t code = wire_get_u8(in);

    if (n > 0 && version != (talk->turn == TURN_LOGIN ? LOGIN_VERSION : VERSION) &&
        !(talk->turn == TURN_LOGIN && version == VERSION)) /* as some do */
        return proxy_foreign(PROXY_SOCKS5, p, n, answer);
    if (in->failed)
        return PROXY_READ;
    switch ((enum turn)talk->turn) {
    case TURN_METHOD: return method_chosen(talk, code, out, answer);
    case TURN_LOGIN:
        if (code != 0)
            return refused(answer, "it does not accept the name and password");
        put_request(talk->ask, out);
        talk->turn = TURN_REQUEST;
        return PROXY_READ;
    case TURN_REQUEST:
        if (code != 0)
            return code_of(code, answer); /* some leave out what is behind it */
        wire_get_u8(in);
        skip_address(in);
        return in->failed ? PROXY_READ : code_of(code, answer);
    }
    return PROXY_READ;
}

enum proxy_step proxy_socks_heard(struct proxy_talk *talk, struct wire_in *in, struct wire_out *out,
                                  struct answer *answer)
{
    for (;;) {
        size_t from = in->at;
        enum proxy_step step = message(talk, in, out, answer);

        if (in->failed) /* not whole yet */
            in->at = from;
        if (step != PROXY_READ || in->failed || wire_left(in) == 0)
            return step;
    }
}

/* ------------------------------------------------------------------ the proxy */

static bool offers(struct str methods, uint8_t method)
{
    return methods.n > 0 && memchr(methods.p, method, methods.n) != NULL;
}

static enum proxy_step greeted(struct proxy_door *door, struct str methods, struct wire_out *out)
{
    uint8_t method = door->user.n > 0 ? METHOD_LOGIN : METHOD_NONE;
    bool good = offers(methods, method);

    wire_put_u8(out, VERSION);
    wire_put_u8(out, good ? method : METHOD_NO_WAY);
    door->turn = method == METHOD_LOGIN ? TURN_LOGIN : TURN_REQUEST;
    return good ? PROXY_READ : PROXY_REFUSED;
}

static enum proxy_step logged_in(struct proxy_door *door, struct str name, struct str password, struct wire_out *out)
{
    struct str right_password;
    struct str right_name = str_cut(door->user, ':', &right_password);
    bool good = str_eq(name, right_name) && str_eq(password, right_password);

    wire_put_u8(out, LOGIN_VERSION);
    wire_put_u8(out, good ? 0 : 1);
    door->turn = TURN_REQUEST;
    return good ? PROXY_READ : PROXY_REFUSED;
}

static enum proxy_step requested(struct proxy_door *door, struct wire_in *in, struct wire_out *out)
{
    uint8_t command = wire_get_u8(in);
    uint8_t type = (wire_get_u8(in), wire_get_u8(in));
    struct str host = wire_get(in, type == ADDRESS_V4 ? 4 : type == ADDRESS_V6 ? 16 : wire_get_u8(in));
    uint16_t port = wire_get_u16(in);
    struct buf text = BUF_EMPTY;
    u128 address = 0;
    bool good;

    if (in->failed)
        return PROXY_READ;
    if (command != CONNECT || (type != ADDRESS_V4 && type != ADDRESS_V6 && type != ADDRESS_NAME)) {
        wire_put(out, command != CONNECT ? "\5\7\0\1\0\0\0\0\0\0" : "\5\10\0\1\0\0\0\0\0\0", 10);
        return PROXY_REFUSED;
    }
    if (type != ADDRESS_NAME) {
        for (size_t i = 0; i < host.n; i++)
            address = address << 8 | (uint8_t)host.p[i];
        addr_format(&text, type == ADDRESS_V4 ? FAMILY_V4 : FAMILY_V6, address);
        host = buf_str(&text);
    }
    door->port = port;
    good = buf_ok(&text) && proxy_door_host(door, host);
    buf_free(&text);
    if (!good)
        wire_put(out, "\5\1\0\1\0\0\0\0\0\0", 10);
    return good ? PROXY_THROUGH : PROXY_REFUSED;
}

static enum proxy_step serve_message(struct proxy_door *door, struct wire_in *in, struct wire_out *out)
{
    uint8_t version = wire_get_u8(in);
    struct str first;
    struct str second;

    if (in->failed)
        return PROXY_READ;
    if (version != (door->turn == TURN_LOGIN ? LOGIN_VERSION : VERSION))
        return PROXY_REFUSED;
    if (door->turn == TURN_REQUEST)
        return requested(door, in, out);
    first = wire_get(in, wire_get_u8(in));
    if (door->turn == TURN_METHOD)
        return in->failed ? PROXY_READ : greeted(door, first, out);
    second = wire_get(in, wire_get_u8(in));
    return in->failed ? PROXY_READ : logged_in(door, first, second, out);
}

enum proxy_step proxy_socks_serve(struct proxy_door *door, struct wire_in *in, struct wire_out *out)
{
    for (;;) {
        size_t from = in->at;
        enum proxy_step step = serve_message(door, in, out);

        if (in->failed)
            in->at = from;
        if (step != PROXY_READ || in->failed || wire_left(in) == 0)
            return step;
    }
}

/* The first code for it that says more than that it failed. */
static uint8_t code_for(enum outcome outcome)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].outcome == outcome && codes[i].code != 1)
            return codes[i].code;
    }
    return outcome == OUTCOME_FILTERED || outcome == OUTCOME_UNRESOLVED ? 4 : 1;
}

void proxy_socks_reply(enum outcome outcome, struct wire_out *out)
{
    wire_put_u8(out, VERSION);
    wire_put_u8(out, code_for(outcome));
    wire_put_u8(out, 0);
    wire_put_u8(out, ADDRESS_V4);
    wire_put_zeros(out, 4 + 2);
}
