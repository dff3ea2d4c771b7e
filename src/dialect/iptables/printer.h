/* Inside of the iptables printer: print.c lays a file out, print_match.c says the matches. */
#ifndef PORTOLAN_DIALECT_IPTABLES_PRINTER_H
#define PORTOLAN_DIALECT_IPTABLES_PRINTER_H

#include "base/map.h"
#include "base/vec.h"
#include "dialect/dialect.h"
#include "dialect/iptables/options.h"

/* More ranges than this at one end become a set. */
#define PRINTER_RANGES_MAX 8

/* Texts of which each says one part of a match, together all of it; one empty text: every packet. */
struct variants VEC(struct str);

struct printed_rule {
    struct str body; /* without -A CHAIN and the comment */
    struct str ids;
    size_t flow_n;
};

struct printer {
    const struct policy *policy;
    struct diags *diags;
    struct arena *arena;
    enum family family;
    struct map sets;  /* contents -> name, a cstr */
    struct map names; /* name -> contents */
    struct buf ipset;
    struct buf *out;
    bool failed;
};

/* Ends of a rule: -s, --src-range or --match-set … src, or their counterparts. */
struct variants printer_ends(struct printer *printer, const struct ranges *ranges, enum option option);
/* Ports of a protocol that has them, at most 15 words each; NULL: all. */
struct variants printer_ports(struct printer *printer, const struct ranges *ports, unsigned protocol,
                              enum option single, enum option several);
void printer_protocol(struct buf *out, unsigned protocol);
/* Text in a comment of a rule or of the file: one line, without what would end it. */
void printer_clean(struct buf *out, struct str text, bool quoted);

#endif
