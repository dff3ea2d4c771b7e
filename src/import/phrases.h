/* Sentences as words that know their place, and phrases cut out of them. */
#ifndef PORTOLAN_IMPORT_PHRASES_H
#define PORTOLAN_IMPORT_PHRASES_H

#include "import/words.h"

#define SENTENCE_WORDS 120

struct word {
    struct str normal;
    size_t at; /* in the text */
    size_t end;
    bool breaks; /* a clause ends before it */
};

struct sentence {
    struct arena *arena;
    struct str text;
    struct word words[SENTENCE_WORDS];
    size_t n;
};

void sentence_split(struct arena *arena, struct str text, struct sentence *sentence);
/* Whether the words of the phrase stand from word i on; how many they are. */
size_t sentence_match(const struct sentence *sentence, size_t i, const char *phrase);
struct str sentence_cut(const struct sentence *sentence, size_t from, size_t to);
/* The phrase from word i on, up to a clause's end or a preposition; *end (may be NULL): the word behind it. Empty: it
 * names nothing. */
struct str phrase_from(const struct sentence *sentence, size_t i, size_t *end);
/* The phrase that ends before word i, from where its clause begins. */
struct str phrase_before(const struct sentence *sentence, size_t i);
bool word_is_one_of(struct str word, const char *const *words); /* ends in NULL */

/* Without articles, auxiliary verbs and prepositions at its ends; empty where what is left names nothing. */
struct str phrase_clean(struct arena *arena, struct str phrase);
/* Without the words that any heading about ports has: "Required ports for Acme" is "Acme"; empty: nothing is left. */
struct str heading_subject(struct arena *arena, struct str text);

#endif
