/* Borrowed slices; see str.h. */
#include "base/str.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct str str_of(const char *cstr)
{
    return cstr == NULL ? STR_EMPTY : (struct str){cstr, strlen(cstr)};
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

    if (order != 0)
        return order;
    return a.n < b.n ? -1 : a.n > b.n;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct str take_digits(struct str *s)
{
    size_t n = 0;
    struct str digits;

    while (n < s->n && is_digit(s->p[n]))
        n++;
    digits = str_head(*s, n);
    *s = str_from(*s, n);
    while (digits.n > 1 && digits.p[0] == '0')
        digits = str_from(digits, 1);
    return digits;
}

int str_cmp_natural(struct str a, struct str b)
{
    struct str x = a;
    struct str y = b;

    while (x.n > 0 && y.n > 0) {
        if (is_digit(x.p[0]) && is_digit(y.p[0])) {
            struct str m = take_digits(&x);
            struct str n = take_digits(&y);

            if (m.n != n.n)
                return m.n < n.n ? -1 : 1;
            if (str_cmp(m, n) != 0)
                return str_cmp(m, n);
        } else if (x.p[0] != y.p[0]) {
            return (unsigned char)x.p[0] < (unsigned char)y.p[0] ? -1 : 1;
        } else {
            x = str_from(x, 1);
            y = str_from(y, 1);
        }
    }
    if (x.n != y.n)
        return x.n < y.n ? -1 : 1;
    return str_cmp(a, b);
}

bool str_contains(struct str s, const char *needle)
{
    return s.n > 0 && memmem(s.p, s.n, needle, strlen(needle)) != NULL;
}

struct str str_trim(struct str s)
{
    while (s.n > 0 && isspace((unsigned char)s.p[0]))
        s = str_from(s, 1);
    while (s.n > 0 && isspace((unsigned char)s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_cut(struct str s, char at, struct str *rest)
{
    const char *found = s.n > 0 ? memchr(s.p, at, s.n) : NULL;
    size_t n = found == NULL ? s.n : (size_t)(found - s.p);

    *rest = str_from(s, found == NULL ? n : n + 1);
    return str_head(s, n);
}

struct str str_word(struct str *s)
{
    size_t n = 0;
    struct str word;

    while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\t'))
        *s = str_from(*s, 1);
    while (n < s->n && s->p[n] != ' ' && s->p[n] != '\t')
        n++;
    word = str_head(*s, n);
    *s = str_from(*s, n);
    return word;
}

uint64_t str_hash(struct str s)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */

    for (size_t i = 0; i < s.n; i++)
        hash = (hash ^ (unsigned char)s.p[i]) * 1099511628211u;
    return hash ^ hash >> 32;
}

struct str str_dup(struct arena *arena, struct str s)
{
    return (struct str){arena_copy(arena, s.p, s.n), s.n};
}

const char *str_cstr(struct arena *arena, struct str s)
{
    char *p = arena_alloc(arena, s.n + 1);

    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return p;
}

struct str str_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    char *p;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        return STR_EMPTY;
    p = arena_alloc(arena, (size_t)n + 1);
    va_start(args, format);
    vsnprintf(p, (size_t)n + 1, format, args);
    va_end(args);
    return (struct str){p, (size_t)n};
}
