/*
 * ASN.1 in the basic and distinguished encoding rules (X.690): what LDAP and Kerberos need of it. Tags of one byte,
 * definite lengths. Reading goes through wire_in and fails as it does; writing gives the shortest lengths (DER).
 */
#ifndef PORTOLAN_SERVICE_BER_H
#define PORTOLAN_SERVICE_BER_H

#include "service/service.h"

enum {
    BER_BOOLEAN = 0x01,
    BER_INTEGER = 0x02,
    BER_BIT_STRING = 0x03,
    BER_OCTET_STRING = 0x04,
    BER_ENUMERATED = 0x0a,
    BER_GENERALIZED_TIME = 0x18,
    BER_GENERAL_STRING = 0x1b,
    BER_SEQUENCE = 0x30,
    BER_SET = 0x31,
};
#define BER_APPLICATION(n) (0x60 | (n)) /* constructed */
#define BER_CONTEXT(n) (0xa0 | (n))     /* constructed */

/* The content of the next element, which must have this tag. */
struct wire_in ber_enter(struct wire_in *in, unsigned tag);
/* The next element, whatever its tag; tag 0 and empty at the end. */
struct wire_in ber_any(struct wire_in *in, unsigned *tag);
unsigned ber_peek(const struct wire_in *in); /* the next tag; 0 at the end */
struct str ber_text(struct wire_in *in, unsigned tag);
/* INTEGER or ENUMERATED of at most four bytes and not negative; others fail. */
uint32_t ber_number(struct wire_in *in, unsigned tag);

size_t ber_open(struct wire_out *out, unsigned tag); /* what is written until ber_close is its content */
void ber_close(struct wire_out *out, size_t opened);
void ber_put_text(struct wire_out *out, unsigned tag, struct str text);
void ber_put_number(struct wire_out *out, unsigned tag, uint32_t value);
void ber_put_boolean(struct wire_out *out, bool value);

/* An element is a message: LDAP over a stream. Its first byte must be a SEQUENCE. */
extern const struct framing framing_ber;

#endif
