/*
 * Transport and ports as people write them in a cell: `443/TCP`, `TCP 443`, `HTTPS:443`, `80, 443`, `6910–6930`,
 * `143/TCP (IMAP), 993/TCP`, `IP protocol 47`, `1024 and above`, `see Note 1`. Nothing is guessed: what a transport
 * belongs to is decided by what stands beside it, and what cannot be told is said.
 */
#ifndef PORTOLAN_IMPORT_PORTS_H
#define PORTOLAN_IMPORT_PORTS_H

#include "import/words.h"
#include "model/catalog.h"

struct port_entry {
    enum port_kind kind; /* PORT_PARAMETER never */
    unsigned transports; /* bits of words.h; 0: the text has none for it */
    uint16_t lo;         /* PORT_RANGE */
    uint16_t hi;
    struct str text; /* PORT_UNSTATED, PORT_ICMP: what stands there, "IP protocol 47", "see note 1", "type 8" */
};

struct port_text {
    struct port_entry *entries;
    size_t n;
    unsigned transports;                /* all that are named */
    bool any_transport;                 /* `any` where transports are named */
    const struct service_word *service; /* the first that is named; NULL: none */
    bool is_default;                    /* the text calls it a default */
    bool either;                        /* alternatives: `443 or 6443` */
    bool none;                          /* `n/a`, `-`, `none`, or nothing at all */
    const char *fault;                  /* NULL, or why it cannot be told what is meant */
    struct str mark;                    /* a footnote mark that stood at a number: "*", "3" */
    size_t known;                       /* words and numbers that are of the grammar */
    size_t unknown;                     /* words that are not */
    bool foreign;                       /* has units, versions, addresses: numbers in it need not be ports */
};

void ports_read(struct arena *arena, struct str text, struct port_text *result);

/* What a text is, when columns are told from what their cells hold. */
enum port_shape {
    SHAPE_EMPTY,
    SHAPE_NONE,       /* something else */
    SHAPE_TRANSPORTS, /* TCP, UDP, ICMP, any; without ports */
    SHAPE_PORTS,      /* ports alone */
    SHAPE_BOTH,
    SHAPE_SERVICES, /* names of application protocols alone */
    SHAPE_SYMBOLIC, /* any, dynamic, user defined, see note */
    SHAPE_N
};
enum port_shape ports_shape(const struct port_text *text);

#endif
