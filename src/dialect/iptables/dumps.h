/* A text cut into dumps of one family each, and its lines told apart; see reader.h. */
#ifndef PORTOLAN_DIALECT_IPTABLES_DUMPS_H
#define PORTOLAN_DIALECT_IPTABLES_DUMPS_H

#include "base/source.h"
#include "base/vec.h"
#include "net/addr.h"

#define FOLD_COLUMN 80 /* where terminals fold */

/* Part of a text that is one dump, of one family. */
struct dump {
    const struct source *source;
    uint32_t from; /* lines, from 1; `to` is behind the last */
    uint32_t to;
    enum family family;
    bool by_header;
    unsigned tables; /* 1u << table_id that it has */
    bool saved;      /* has a *table line */
    bool rules;      /* has rules at all */
};

struct dumps VEC(struct dump);

/* What kind of line it is. */
enum line_kind { LINE_BLANK, LINE_COMMENT, LINE_TABLE, LINE_CHAIN, LINE_COMMIT, LINE_RULE, LINE_SET, LINE_OTHER };

/* A line without its end, and without the mark that some editors put before the first. */
struct str dumps_line(const struct source *source, uint32_t line);
enum line_kind dumps_kind(struct str text); /* of a trimmed line */
bool dumps_is_shell(struct str text);       /* `iptables …`, `sudo /sbin/ip6tables …` */

/* Adds the dumps of a text; family is FAMILY_N where neither header nor contents tell. */
void dumps_find(struct arena *arena, struct dumps *dumps, const struct source *source);
bool dumps_names_v6(struct str name); /* a file's name that speaks of IPv6 */

/* Blanks that a terminal put where it folded its lines, of one length in the whole text; 0: it did not. */
uint32_t dumps_fold(const struct source *source);

#endif
