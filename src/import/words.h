/*
 * The vocabulary of vendors' documents, and text as it is compared. words.def holds the words; nothing here knows a
 * document.
 */
#ifndef PORTOLAN_IMPORT_WORDS_H
#define PORTOLAN_IMPORT_WORDS_H

#include "base/str.h"

/* Transports as a set of bits. */
enum { WORDS_TCP = 1, WORDS_UDP = 2, WORDS_SCTP = 4, WORDS_DCCP = 8, WORDS_TRANSPORTS = 4 };

int words_transport(unsigned bit); /* IP protocol number of one bit */

/* An application protocol as documents name it. */
struct service_word {
    const char *word;    /* as words_normal has it */
    size_t word_n;       /* its length */
    const char *service; /* the catalog's name; NULL: it has none */
    unsigned transports; /* that it usually runs over; 0: the name alone does not say */
    const char *peer;    /* who serves it: "DNS server"; NULL: the name does not say */
};

/*
 * Text for comparing: lower case, each run of anything but letters and digits one blank, none at the ends. Letters
 * beyond ASCII stay as they are; typographic blanks, dashes and quotes count as none.
 */
struct str words_normal(struct arena *arena, struct str text);
/* Whether a normal text has these words one after the other. */
bool words_have(struct str normal, const char *phrase);
/* Where the phrase begins in the normal text, or -1. */
ptrdiff_t words_at(struct str normal, const char *phrase);
size_t words_count(struct str normal);

/* The service that a normal word or phrase names; NULL: none. */
const struct service_word *words_service(struct str normal);
/* The first service named anywhere in a normal text, the longest name at a place. */
const struct service_word *words_service_in(struct str normal);

/* One line, blanks joined, no-break spaces too, at most `most` bytes (0: any), cut at a word; the text itself where it
 * is that already. */
struct str words_line(struct arena *arena, struct str text, size_t most);
/* A name for the catalog: lower-case letters, digits and hyphens, at most `most` bytes; never empty. */
struct str words_name(struct arena *arena, struct str text, size_t most);

/* Bytes of a typographic blank (1), dash (2) or quote (3) at s.p + at; 0: none of these. */
enum words_sign { SIGN_NONE, SIGN_BLANK, SIGN_DASH, SIGN_QUOTE, SIGN_ARROW, SIGN_BOTH_ARROW, SIGN_BULLET, SIGN_MARK };
enum words_sign words_sign_beyond(struct str s, size_t at, size_t *bytes); /* of a byte beyond ASCII */

static inline enum words_sign words_sign(struct str s, size_t at, size_t *bytes)
{
    if ((unsigned char)s.p[at] >= 0x80)
        return words_sign_beyond(s, at, bytes);
    *bytes = 1;
    return SIGN_NONE;
}

#endif
