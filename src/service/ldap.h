/* What LDAP and its datagram form share (RFC 4511). */
#ifndef PORTOLAN_SERVICE_LDAP_H
#define PORTOLAN_SERVICE_LDAP_H

#include "service/ber.h"

enum {
    LDAP_BIND_REQUEST = BER_APPLICATION(0),
    LDAP_BIND_RESPONSE = BER_APPLICATION(1),
    LDAP_UNBIND_REQUEST = 0x42,
    LDAP_SEARCH_REQUEST = BER_APPLICATION(3),
    LDAP_SEARCH_ENTRY = BER_APPLICATION(4),
    LDAP_SEARCH_DONE = BER_APPLICATION(5),
    LDAP_ABANDON_REQUEST = 0x50,
    LDAP_SEARCH_REFERENCE = BER_APPLICATION(19),
    LDAP_EXTENDED_REQUEST = BER_APPLICATION(23),
    LDAP_EXTENDED_RESPONSE = BER_APPLICATION(24),
};

enum { LDAP_SUCCESS = 0, LDAP_PROTOCOL_ERROR = 2, LDAP_NO_SUCH_OBJECT = 32, LDAP_UNWILLING = 53 };

uint32_t ldap_id(const struct talk *talk); /* of our message: 1 to 2^31 - 1 */
/* Opens a message and its operation; ldap_close closes both. */
struct ldap_open {
    size_t message;
    size_t operation;
};
struct ldap_open ldap_open(struct wire_out *out, uint32_t id, unsigned operation);
void ldap_close(struct wire_out *out, struct ldap_open open);
/* A search of the root entry up to its filter, which the caller writes. */
struct ldap_open ldap_open_root_search(struct wire_out *out, uint32_t id);
void ldap_put_result(struct wire_out *out, uint32_t id, unsigned operation, unsigned code);
/* The head of a message: its id, its operation, and the operation's content. False: it is none. */
bool ldap_get(struct wire_in *in, uint32_t *id, unsigned *operation, struct wire_in *content);
/* Of a search request: whether it asks for the root entry itself. */
bool ldap_is_root_search(struct wire_in content, bool *root);

extern const struct exchange cldap_udp;

#endif
