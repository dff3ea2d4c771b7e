/*
 * Numbers and bytes out of a message and into one. Both ends fail stickily: a read past the end gives zero and sets
 * `failed`, a write past the capacity drops everything behind it. Lengths that come from the wire are therefore safe to
 * hand on unchecked; whoever loops over a count checks `failed` in the loop.
 *
 * Plain names are in network byte order; `le` is little-endian.
 */
#ifndef PORTOLAN_SERVICE_WIRE_H
#define PORTOLAN_SERVICE_WIRE_H

#include "base/str.h"

/* The most that a service sends at once. */
#define WIRE_OUT_MAX 2048

struct wire_in {
    const uint8_t *p;
    size_t n;
    size_t at;
    bool failed;
};

struct wire_out {
    uint8_t *p; /* the caller's */
    size_t n;
    size_t capacity;
    bool failed;
};

static inline struct wire_in wire_in(const void *p, size_t n)
{
    return (struct wire_in){(const uint8_t *)p, n, 0, false};
}
static inline size_t wire_left(const struct wire_in *in)
{
    return in->n - in->at;
}

uint8_t wire_get_u8(struct wire_in *in);
uint16_t wire_get_u16(struct wire_in *in);
uint32_t wire_get_u24(struct wire_in *in);
uint32_t wire_get_u32(struct wire_in *in);
uint16_t wire_get_u16le(struct wire_in *in);
uint32_t wire_get_u32le(struct wire_in *in);
/* The next n bytes, in place; empty when there are fewer. */
struct str wire_get(struct wire_in *in, size_t n);
/* The next n bytes as a reader of their own: what is missing in them is their failure, not this one's. */
struct wire_in wire_within(struct wire_in *in, size_t n);
/* Whether the next bytes are exactly these; they are read either way. */
bool wire_is(struct wire_in *in, const void *p, size_t n);
/* A line up to \n, without its \r; false when no end of line has come. */
bool wire_line(struct wire_in *in, struct str *line);

void wire_put_u8(struct wire_out *out, unsigned value);
void wire_put_u16(struct wire_out *out, unsigned value);
void wire_put_u24(struct wire_out *out, uint32_t value);
void wire_put_u32(struct wire_out *out, uint32_t value);
void wire_put_u16le(struct wire_out *out, unsigned value);
void wire_put_u32le(struct wire_out *out, uint32_t value);
void wire_put(struct wire_out *out, const void *p, size_t n);
void wire_put_str(struct wire_out *out, struct str s);
void wire_put_text(struct wire_out *out, const char *cstr);
void wire_put_zeros(struct wire_out *out, size_t n);
void wire_printf(struct wire_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts n bytes in at `at`, in front of what is already there. */
void wire_insert(struct wire_out *out, size_t at, const void *p, size_t n);
/* Writes a number of 16 bits over what stands at `at`: a length that is known only at the end. */
void wire_patch_u16(struct wire_out *out, size_t at, size_t value);

#endif
