/* Where connections go through, as users write it: http://[NAME:PASSWORD@]HOST[:PORT] or socks5://…. */
#ifndef PORTOLAN_MODEL_PROXY_H
#define PORTOLAN_MODEL_PROXY_H

#include "base/str.h"

struct proxy_url {
    bool socks;      /* SOCKS5; else HTTP's CONNECT */
    struct str user; /* "name:password"; empty: none */
    struct str host; /* a name or an address, without brackets */
    uint16_t port;   /* 3128 and 1080 where none is written */
    struct str text; /* without name and password, for messages */
};

/* NULL, or what is wrong, for a message. What is read points into `text`. */
const char *proxy_url_parse(struct arena *arena, struct str text, struct proxy_url *url);

#endif
