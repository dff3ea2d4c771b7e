/* What Kerberos and the password change share: KRB-ERROR (RFC 4120 5.9.1). */
#ifndef PORTOLAN_SERVICE_KRB_H
#define PORTOLAN_SERVICE_KRB_H

#include "service/ber.h"

enum {
    KRB_APP_AS_REQ = 10,
    KRB_APP_AS_REP = 11,
    KRB_APP_AP_REQ = 14,
    KRB_APP_ERROR = 30,
    KRB_VERSION = 5,
};

/* A field `[tag] type` of a sequence. */
void krb_put_number(struct wire_out *out, unsigned tag, uint32_t value);
void krb_put_text(struct wire_out *out, unsigned tag, unsigned type, struct str text);
/* A principal of the given parts. */
void krb_put_principal(struct wire_out *out, unsigned tag, unsigned type, const struct str *parts, size_t n);
/* KRB-ERROR at the talk's time. */
void krb_put_error(struct wire_out *out, const struct talk *talk, uint32_t code, struct str realm,
                   const struct str *sname, size_t n);
/* Reads one to its end; its code and realm become evidence. False: these bytes are none. */
bool krb_get_error(struct wire_in *in, struct answer *answer, uint32_t *code);
struct str krb_realm(const struct talk *talk); /* the one asked for, or one that nobody has */

#endif
