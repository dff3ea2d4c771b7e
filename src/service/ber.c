/* BER and DER; see ber.h. X.690 8.1.2 to 8.1.3 for tags and lengths, 8.3 for integers. */
#include "service/ber.h"

/* Length octets, short form or at most four bytes of the long one. */
static size_t get_length(struct wire_in *in)
{
    unsigned first = wire_get_u8(in);
    size_t length = 0;

    if (first < 0x80)
        return first;
    if (first == 0x80 || first > 0x84) {
        in->failed = true;
        return 0;
    }
    for (unsigned i = 0; i < (first & 0x7f); i++)
        length = length << 8 | wire_get_u8(in);
    return length;
}

unsigned ber_peek(const struct wire_in *in)
{
    return in->failed || in->at >= in->n ? 0 : in->p[in->at];
}

struct wire_in ber_any(struct wire_in *in, unsigned *tag)
{
    size_t length;

    if (wire_left(in) == 0) {
        *tag = 0;
        return wire_in("", 0);
    }
    *tag = wire_get_u8(in);
    if ((*tag & 0x1f) == 0x1f) /* a tag of several bytes: nothing here has one */
        in->failed = true;
    length = get_length(in);
    return wire_within(in, length);
}

struct wire_in ber_enter(struct wire_in *in, unsigned tag)
{
    if (ber_peek(in) != tag)
        in->failed = true;
    return ber_any(in, &tag);
}

struct str ber_text(struct wire_in *in, unsigned tag)
{
    struct wire_in content = ber_enter(in, tag);

    return (struct str){(const char *)content.p, content.n};
}

uint32_t ber_number(struct wire_in *in, unsigned tag)
{
    struct wire_in content = ber_enter(in, tag);
    uint32_t value = 0;

    if (content.n == 5 && content.p[0] == 0) /* the sign's byte of a number that fills four */
        content.at = 1;
    else if (content.n == 0 || content.n > 4 || content.p[0] & 0x80)
        in->failed = true;
    while (!in->failed && wire_left(&content) > 0)
        value = value << 8 | wire_get_u8(&content);
    return in->failed ? 0 : value;
}

size_t ber_open(struct wire_out *out, unsigned tag)
{
    wire_put_u8(out, tag);
    return out->n;
}

void ber_close(struct wire_out *out, size_t opened)
{
    size_t n = out->n - opened;
    const uint8_t bytes[3] = {n < 256 ? 0x81 : 0x82, (uint8_t)(n >> 8), (uint8_t)n};
    const uint8_t medium[2] = {0x81, (uint8_t)n};

    if (out->failed)
        return;
    if (n < 128)
        wire_insert(out, opened, bytes + 2, 1);
    else if (n < 256)
        wire_insert(out, opened, medium, 2);
    else
        wire_insert(out, opened, bytes, 3);
}

void ber_put_text(struct wire_out *out, unsigned tag, struct str text)
{
    size_t opened = ber_open(out, tag);

    wire_put_str(out, text);
    ber_close(out, opened);
}

void ber_put_number(struct wire_out *out, unsigned tag, uint32_t value)
{
    unsigned bytes = 1;

    while (bytes < 5 && value >> (8 * bytes - 1) != 0) /* the first bit is the sign */
        bytes = bytes == 4 ? 5 : bytes + 1;
    wire_put_u8(out, tag);
    wire_put_u8(out, bytes);
    if (bytes == 5)
        wire_put_u8(out, 0);
    for (unsigned i = bytes == 5 ? 4 : bytes; i > 0; i--)
        wire_put_u8(out, value >> 8 * (i - 1) & 0xff);
}

void ber_put_boolean(struct wire_out *out, bool value)
{
    wire_put_u8(out, BER_BOOLEAN);
    wire_put_u8(out, 1);
    wire_put_u8(out, value ? 0xff : 0);
}

static enum frame_found find(struct wire_in in, size_t *skip, size_t *length)
{
    size_t content;

    if (in.n > 0 && in.p[0] != BER_SEQUENCE)
        return FRAME_FOREIGN;
    if (in.n >= 2 && (in.p[1] == 0x80 || in.p[1] > 0x84))
        return FRAME_FOREIGN;
    wire_get_u8(&in);
    content = get_length(&in);
    if (in.failed)
        return FRAME_MORE;
    *skip = 0;
    *length = in.at + content;
    return FRAME_FOUND;
}

const struct framing framing_ber = {find, NULL};
