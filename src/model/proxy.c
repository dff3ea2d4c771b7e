/* URLs of proxies; see proxy.h. */
#include "model/proxy.h"

#include "net/proto.h"

/* What a name or an address is made of. */
static bool is_host(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              strchr(".-_:", c) != NULL) ||
            c == '\0')
            return false;
    }
    return text.n > 0;
}

static const char *read_authority(struct str text, struct proxy_url *url)
{
    struct str port = STR_EMPTY;
    struct range range;

    if (str_starts(text, "[")) {
        const char *end = memchr(text.p, ']', text.n);

        if (end == NULL)
            return "an address in brackets ends with ]";
        url->host = (struct str){text.p + 1, (size_t)(end - text.p) - 1};
        port = str_from(text, url->host.n + 2);
        if (port.n > 0 && port.p[0] != ':')
            return "behind ] stands nothing or :PORT";
        port = str_from(port, port.n > 0);
    } else {
        url->host = str_cut(text, ':', &port);
    }
    if (!is_host(url->host) || memchr(port.p, ':', port.n) != NULL)
        return "a host and perhaps a port was expected, as in http://proxy.example:3128";
    url->port = url->socks ? 1080 : 3128;
    if (port.n == 0)
        return NULL;
    if (!port_range_parse(port, false, &range) || range.lo != range.hi)
        return "its port is a number from 1 to 65535";
    url->port = (uint16_t)range.lo;
    return NULL;
}

const char *proxy_url_parse(struct arena *arena, struct str text, struct proxy_url *url)
{
    struct proxy_url made = {.socks = str_starts(text, "socks5://"), .user = STR_EMPTY};
    struct str rest = str_from(text, made.socks ? 9 : 7);
    const char *at;
    const char *problem;

    if (!made.socks && !str_starts(text, "http://"))
        return "a proxy is http://HOST:PORT or socks5://HOST:PORT";
    if (str_ends(rest, "/"))
        rest = str_head(rest, rest.n - 1);
    at = memrchr(rest.p, '@', rest.n);
    if (at != NULL) {
        made.user = (struct str){rest.p, (size_t)(at - rest.p)};
        rest = str_from(rest, made.user.n + 1);
        if (memchr(made.user.p, ':', made.user.n) == NULL)
            return "before the @ stand a name and a password, NAME:PASSWORD";
    }
    problem = read_authority(rest, &made);
    if (problem != NULL)
        return problem;
    made.text = str_printf(arena, "%s://%.*s", made.socks ? "socks5" : "http", STR_ARG(rest));
    *url = made;
    return NULL;
}
