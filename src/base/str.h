/*
 * Strings as borrowed slices: a pointer and a length, no owner, no terminating NUL. A slice is as good as the memory
 * that it points to: the source text, an arena, or a literal.
 */
#ifndef PORTOLAN_BASE_STR_H
#define PORTOLAN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_EMPTY ((struct str){"", 0})
/* For printf's %.*s: printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)((s).n > 1 << 20 ? 1 << 20 : (s).n), (s).p

struct str str_of(const char *cstr); /* NULL gives the empty slice */
static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
/* Inline, for readers ask it of every word: against a literal the compiler knows the length. */
static inline bool str_is(struct str a, const char *cstr)
{
    return cstr == NULL ? a.n == 0 : a.n == strlen(cstr) && (a.n == 0 || memcmp(a.p, cstr, a.n) == 0);
}
int str_cmp(struct str a, struct str b); /* by bytes, shorter first; for sorting */
/* Like str_cmp, but runs of digits compare as numbers: h2 before h10. */
int str_cmp_natural(struct str a, struct str b);
static inline bool str_starts(struct str s, const char *prefix)
{
    return s.n >= strlen(prefix) && (s.n == 0 || memcmp(s.p, prefix, strlen(prefix)) == 0);
}
static inline bool str_ends(struct str s, const char *suffix)
{
    return s.n >= strlen(suffix) && (s.n == 0 || memcmp(s.p + s.n - strlen(suffix), suffix, strlen(suffix)) == 0);
}
bool str_contains(struct str s, const char *needle);
/* The rest from byte `at`. */
static inline struct str str_from(struct str s, size_t at)
{
    if (at > s.n)
        at = s.n;
    if (at == 0)
        return s; /* of a zeroed slice too, whose pointer is NULL */
    return (struct str){s.p + at, s.n - at};
}
/* The first n bytes. */
static inline struct str str_head(struct str s, size_t n)
{
    return (struct str){s.p, n < s.n ? n : s.n};
}
struct str str_trim(struct str s); /* without white space at both ends */
/* Cuts s at the first `at`: the part before is returned, *rest is what follows; without one all of s and an empty rest.
 */
struct str str_cut(struct str s, char at, struct str *rest);
/* Next word of *s, parted by blanks and tabs; empty when there is none. */
struct str str_word(struct str *s);
uint64_t str_hash(struct str s);

struct str str_dup(struct arena *arena, struct str s);
const char *str_cstr(struct arena *arena, struct str s); /* a copy that ends in NUL */
struct str str_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
