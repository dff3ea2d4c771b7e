/* The tokens of a cell of ports, between port_tokens.c and ports.c. */
#ifndef PORTOLAN_IMPORT_PORT_TOKENS_H
#define PORTOLAN_IMPORT_PORT_TOKENS_H

#include "base/vec.h"
#include "import/ports.h"

enum token_kind {
    TOKEN_NUMBER,    /* a port or a range of them: lo, hi */
    TOKEN_TRANSPORT, /* bits */
    TOKEN_SERVICE,   /* service */
    TOKEN_SEPARATOR, /* , ; line end | */
    TOKEN_SLASH,
    TOKEN_COLON,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_DASH,
    TOKEN_MORE, /* > */
    TOKEN_LESS,
    TOKEN_JOIN, /* & + */
    TOKEN_PORT,
    TOKEN_ANY,
    TOKEN_DYNAMIC,
    TOKEN_DEFAULT,
    TOKEN_OR,
    TOKEN_AND,
    TOKEN_TO,
    TOKEN_ABOVE,
    TOKEN_ICMP,
    TOKEN_PROTOCOL,
    TOKEN_GRE,
    TOKEN_ESP,
    TOKEN_AH,
    TOKEN_VRRP,
    TOKEN_NONE,
    TOKEN_NEUTRAL,
    TOKEN_SEE,
    TOKEN_SYMBOL,
    TOKEN_UNIT,
    TOKEN_FOREIGN, /* an address, a version, a number with a unit */
    TOKEN_UNKNOWN,
    TOKEN_KIND_N
};

struct token {
    enum token_kind kind;
    uint32_t lo;
    uint32_t hi;
    unsigned transports;
    const struct service_word *service;
    struct str text;
    size_t at; /* where it stands in the text */
};

struct tokens VEC(struct token);

/* Ranges are one token, thousands separators and footnote marks are gone (the first mark is in *mark). */
struct tokens port_tokens(struct arena *arena, struct str text, struct str *mark);

#endif
