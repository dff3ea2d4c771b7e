/*
 * Text as a person sees it, put together of pieces as a reader meets them: runs of blanks become one, breaks one
 * '\n', invalid bytes U+FFFD, what has no width goes; no-break spaces stay. Knows which bytes of the source it came
 * from, what of it is struck through, and the footnote marks that were told from it.
 */
#ifndef PORTOLAN_DOCUMENT_WORDS_H
#define PORTOLAN_DOCUMENT_WORDS_H

#include "base/buf.h"
#include "base/vec.h"

struct words_range {
    size_t from;
    size_t to;
};

struct words {
    struct arena *arena;
    struct buf out;
    bool blank;      /* a blank is due before the next letter */
    unsigned struck; /* pieces are struck through while this is not 0; readers count their tags in it */
    size_t at;       /* of the first byte of the source that shows; at > end: none does */
    size_t end;      /* behind the last one */
    struct VEC(struct words_range) struck_parts;
    struct VEC(struct str) marks;
};

/* What came of it. */
struct words_text {
    struct str text;
    struct str *marks;
    size_t mark_n;
    size_t at;
    size_t n;
    bool struck;  /* all of it */
    bool dropped; /* some of it was struck through, and was left out */
};

void words_begin(struct words *words, struct arena *arena);
/* Bytes that stand in the source at `at`, or came of the bytes at..end of it. */
void words_add(struct words *words, struct str s, size_t at);
void words_add_from(struct words *words, struct str s, size_t at, size_t end);
void words_lines(struct words *words, struct str s, size_t at); /* likewise, and each '\n' is a break */
void words_blank(struct words *words);
void words_break(struct words *words);
bool words_empty(const struct words *words);
/* A footnote mark, without brackets: kept apart from the text. Before any text it is text: `[mark] `. */
void words_mark(struct words *words, struct str mark, size_t at);
/* Whether what is raised looks like a footnote mark ("1", "[a]", "*") and not like the end of a word ("th"). */
bool words_is_mark(struct str raised);
/* Copies the text into the arena and frees the rest. Where nothing shows, at and n are as `at` was given here. */
struct words_text words_end(struct words *words, size_t at);

/* One piece as text, without the rest. */
struct str words_of(struct arena *arena, struct str s);
/* Code as it stands: lines end in '\n', the empty ones around it go. */
struct str words_code(struct arena *arena, struct str s);
/* The length of the UTF-8 letter that s begins with; 0: it is none. */
size_t words_letter(struct str s, uint32_t *letter);

#endif
