/* A text cut into dumps of one family each, and its lines told apart; see reader.h. */
#ifndef PORTOLAN_DIALECT_IPTABLES_DUMPS_H
#define PORTOLAN_DIALECT_IPTABLES_DUMPS_H

#include "dialect/iptables/line.h"
#include "net/addr.h"

/* Part of a text that is one dump, of one family. */
struct dump {
    struct lines *lines;
    uint32_t from; /* lines, from 1; `to` is behind the last */
    uint32_t to;
    enum family family;
    bool by_header;
    unsigned tables;   /* 1u << table_id that it has */
    unsigned replaced; /* those of them that a later dump of the same text has again */
    bool saved;        /* has a *table line */
    bool rules;        /* has rules at all */
};

struct dumps VEC(struct dump);

/* What kind of line it is. */
enum line_kind {
    LINE_BLANK,
    LINE_COMMENT,
    LINE_TABLE,
    LINE_CHAIN,
    LINE_COMMIT,
    LINE_RULE,
    LINE_SET,
    LINE_LISTING, /* of `iptables -L` */
    LINE_SCRIPT,  /* `if`, `for` … of a script */
    LINE_OTHER
};

enum line_kind dumps_kind(struct str text); /* of a trimmed line */
/* `iptables …`, `sudo /sbin/ip6tables …`, `$IPT …`, behind a prompt too; *family is the program's, FAMILY_N: not told
 */
bool dumps_is_shell(struct str text, enum family *family);
bool dumps_is_prompt(struct str text); /* `root@host:~# iptables-save`, `$ …` */

/* Adds the dumps of a text; family is FAMILY_N where neither header nor contents tell. Finds the kinds of its lines. */
void dumps_find(struct arena *arena, struct dumps *dumps, struct lines *lines);
/* Of a line of a text whose dumps were found. */
static inline enum line_kind dumps_line(const struct lines *lines, uint32_t line)
{
    return (enum line_kind)lines->kinds[line - 1];
}
/* The family that a file's name speaks of; FAMILY_N: none. */
enum family dumps_family_of_name(struct str name);

#endif
