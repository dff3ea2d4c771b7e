/*
 * A growing buffer of bytes for output. Failure (no memory, or more than `limit` bytes) is sticky: later calls do
 * nothing, and buf_ok tells once at the end.
 */
#ifndef PORTOLAN_BASE_BUF_H
#define PORTOLAN_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct buf {
    char *p;
    size_t n;
    size_t capacity;
    bool failed;
};

#define BUF_EMPTY ((struct buf){0})

void buf_free(struct buf *buf);
bool buf_ok(const struct buf *buf);
void buf_add(struct buf *buf, struct str s);
void buf_adds(struct buf *buf, const char *cstr);
void buf_addc(struct buf *buf, char c);
void buf_fill(struct buf *buf, char c, size_t count);
void buf_addu(struct buf *buf, uint64_t number); /* in decimal */
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
struct str buf_str(const struct buf *buf); /* a view of what is in it; valid until the next change */

#endif
