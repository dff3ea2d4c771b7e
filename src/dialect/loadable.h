/*
 * A text of nftables as people paste it, made one that nft loads: prompts and what was typed behind them, fences, the
 * `>` of a mail, numbers of lines, `nft` and the quotes of a script's commands become blanks. Its bytes stay where they
 * are: an offset into the one is an offset into the other.
 */
#ifndef PORTOLAN_DIALECT_LOADABLE_H
#define PORTOLAN_DIALECT_LOADABLE_H

#include "base/str.h"

/* The text itself where there is nothing to change. */
struct str loadable_text(struct arena *arena, struct str text);
/* A listing as JSON without the prompts, comments and fences around it; empty where the text is none. */
struct str loadable_json(struct str text);
/* A line without the prompt, the number and the `nft` before its first word of nft's language. */
struct str loadable_line(struct str line);

#endif
