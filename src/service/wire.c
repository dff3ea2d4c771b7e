/* Cursors over messages; see wire.h. Every access goes through wire_get and wire_put, which are the only bounds. */
#include "service/wire.h"

#include <stdarg.h>

struct str wire_get(struct wire_in *in, size_t n)
{
    struct str got = {(const char *)in->p + in->at, n};

    if (in->failed || n > in->n - in->at) {
        in->failed = true;
        return STR_EMPTY;
    }
    in->at += n;
    return got;
}

static uint32_t get_number(struct wire_in *in, size_t bytes)
{
    struct str s = wire_get(in, bytes);
    uint32_t value = 0;

    for (size_t i = 0; i < s.n; i++)
        value = value << 8 | (uint8_t)s.p[i];
    return value;
}

uint8_t wire_get_u8(struct wire_in *in)
{
    return (uint8_t)get_number(in, 1);
}

uint16_t wire_get_u16(struct wire_in *in)
{
    return (uint16_t)get_number(in, 2);
}

uint32_t wire_get_u24(struct wire_in *in)
{
    return get_number(in, 3);
}

uint32_t wire_get_u32(struct wire_in *in)
{
    return get_number(in, 4);
}

uint16_t wire_get_u16le(struct wire_in *in)
{
    return __builtin_bswap16(wire_get_u16(in));
}

uint32_t wire_get_u32le(struct wire_in *in)
{
    return __builtin_bswap32(wire_get_u32(in));
}

struct wire_in wire_within(struct wire_in *in, size_t n)
{
    struct str s = wire_get(in, n);

    return (struct wire_in){(const uint8_t *)s.p, s.n, 0, in->failed};
}

bool wire_is(struct wire_in *in, const void *p, size_t n)
{
    struct str s = wire_get(in, n);

    return !in->failed && (n == 0 || memcmp(s.p, p, n) == 0);
}

bool wire_line(struct wire_in *in, struct str *line)
{
    struct str rest = {(const char *)in->p + in->at, in->n - in->at};
    const char *end = rest.n > 0 ? memchr(rest.p, '\n', rest.n) : NULL;

    if (end == NULL)
        return false;
    in->at += (size_t)(end - rest.p) + 1;
    rest.n = (size_t)(end - rest.p);
    if (rest.n > 0 && rest.p[rest.n - 1] == '\r')
        rest.n--;
    *line = rest;
    return true;
}

void wire_put(struct wire_out *out, const void *p, size_t n)
{
    if (out->failed || n > out->capacity - out->n) {
        out->failed = true;
        return;
    }
    if (n > 0)
        memcpy(out->p + out->n, p, n);
    out->n += n;
}

static void put_number(struct wire_out *out, uint32_t value, size_t bytes)
{
    uint8_t b[4];

    for (size_t i = 0; i < bytes; i++)
        b[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    wire_put(out, b, bytes);
}

void wire_put_u8(struct wire_out *out, unsigned value)
{
    put_number(out, value, 1);
}

void wire_put_u16(struct wire_out *out, unsigned value)
{
    put_number(out, value, 2);
}

void wire_put_u24(struct wire_out *out, uint32_t value)
{
    put_number(out, value, 3);
}

void wire_put_u32(struct wire_out *out, uint32_t value)
{
    put_number(out, value, 4);
}

void wire_put_u16le(struct wire_out *out, unsigned value)
{
    put_number(out, __builtin_bswap16((uint16_t)value), 2);
}

void wire_put_u32le(struct wire_out *out, uint32_t value)
{
    put_number(out, __builtin_bswap32(value), 4);
}

void wire_put_str(struct wire_out *out, struct str s)
{
    wire_put(out, s.p, s.n);
}

void wire_put_text(struct wire_out *out, const char *cstr)
{
    wire_put(out, cstr, strlen(cstr));
}

void wire_put_zeros(struct wire_out *out, size_t n)
{
    if (out->failed || n > out->capacity - out->n) {
        out->failed = true;
        return;
    }
    memset(out->p + out->n, 0, n);
    out->n += n;
}

void wire_printf(struct wire_out *out, const char *format, ...)
{
    size_t room = out->capacity - out->n;
    va_list args;
    int n;

    if (out->failed)
        return;
    va_start(args, format);
    n = vsnprintf((char *)out->p + out->n, room, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= room)
        out->failed = true;
    else
        out->n += (size_t)n;
}

void wire_insert(struct wire_out *out, size_t at, const void *p, size_t n)
{
    if (out->failed || n > out->capacity - out->n) {
        out->failed = true;
        return;
    }
    memmove(out->p + at + n, out->p + at, out->n - at);
    memcpy(out->p + at, p, n);
    out->n += n;
}

void wire_patch_u16(struct wire_out *out, size_t at, size_t value)
{
    if (out->failed)
        return;
    out->p[at] = (uint8_t)(value >> 8);
    out->p[at + 1] = (uint8_t)value;
}
