/* Growing output buffer; see buf.h. */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOSTLY_ENOUGH 128 /* for one formatted text */

void buf_free(struct buf *buf)
{
    free(buf->p);
    *buf = BUF_EMPTY;
}

bool buf_ok(const struct buf *buf)
{
    return !buf->failed;
}

static bool reserve(struct buf *buf, size_t more)
{
    size_t capacity = buf->capacity == 0 ? 256 : buf->capacity;
    char *p;

    if (buf->failed || more > SIZE_MAX / 4 - buf->n) {
        buf->failed = true;
        return false;
    }
    if (buf->n + more <= buf->capacity)
        return true;
    while (capacity < buf->n + more)
        capacity *= 2;
    p = realloc(buf->p, capacity);
    if (p == NULL) {
        buf->failed = true;
        return false;
    }
    buf->p = p;
    buf->capacity = capacity;
    return true;
}

void buf_add(struct buf *buf, struct str s)
{
    if (s.n == 0 || !reserve(buf, s.n))
        return;
    memcpy(buf->p + buf->n, s.p, s.n);
    buf->n += s.n;
}

void buf_adds(struct buf *buf, const char *cstr)
{
    buf_add(buf, str_of(cstr));
}

void buf_addc(struct buf *buf, char c)
{
    buf_add(buf, (struct str){&c, 1});
}

void buf_addu(struct buf *buf, uint64_t number)
{
    char text[20];
    size_t at = sizeof text;

    do
        text[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    buf_add(buf, (struct str){text + at, sizeof text - at});
}

void buf_fill(struct buf *buf, char c, size_t count)
{
    if (!reserve(buf, count))
        return;
    if (count > 0)
        memset(buf->p + buf->n, c, count);
    buf->n += count;
}

void buf_vaddf(struct buf *buf, const char *format, va_list args)
{
    va_list again;
    size_t room;
    int n;

    if (!reserve(buf, MOSTLY_ENOUGH))
        return;
    room = buf->capacity - buf->n;
    va_copy(again, args);
    n = vsnprintf(buf->p + buf->n, room, format, args);
    if (n >= 0 && (size_t)n >= room && reserve(buf, (size_t)n + 1))
        vsnprintf(buf->p + buf->n, (size_t)n + 1, format, again);
    if (n >= 0 && !buf->failed)
        buf->n += (size_t)n;
    va_end(again);
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buf_vaddf(buf, format, args);
    va_end(args);
}

struct str buf_str(const struct buf *buf)
{
    return buf->n == 0 ? STR_EMPTY : (struct str){buf->p, buf->n};
}
