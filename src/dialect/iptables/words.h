/* Words of a line as iptables-restore and the shell part them: blanks and tabs, "…" with backslashes, '…'. */
#ifndef PORTOLAN_DIALECT_IPTABLES_WORDS_H
#define PORTOLAN_DIALECT_IPTABLES_WORDS_H

#include "base/str.h"

struct word {
    struct str text; /* without quotes; a copy only where it holds escapes */
    uint32_t at;     /* bytes of the line that it takes, quotes included */
    uint32_t end;
    bool quoted;
};

struct words {
    struct word *v;
    size_t n;
    size_t capacity;
    bool open_quote; /* the line ends inside a quoted word (the last one) */
};

/* Replaces what is in *words; slices point into `line`, copies are made in `text`, the array grows in `array`. */
void words_split(struct words *words, struct str line, struct arena *array, struct arena *text);

/* A variable of the shell; `script`: quotes do not keep it from being one. */
bool words_is_variable(const struct word *word, bool script);

#endif
