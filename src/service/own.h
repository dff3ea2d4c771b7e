/*
 * Our own exchange, for services that have no public handshake: a line with a nonce, answered by a line that repeats it
 * and says from where it came. It is sent only where our own responder is expected; without one the far end gets a bare
 * connection or an empty datagram, and the outcome is `unverifiable`.
 */
#ifndef PORTOLAN_SERVICE_OWN_H
#define PORTOLAN_SERVICE_OWN_H

#include "service/service.h"

extern const struct exchange own_tcp; /* a port that accepts connections and waits */
extern const struct exchange own_udp; /* a port that nothing answers from */
extern const struct exchange own_tls; /* as own_tcp, over TLS */

/* Machines for exchanges of other files. */
enum step own_begin(struct talk *talk, struct wire_out *out, struct answer *answer);
enum step own_heard(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *answer);
enum step own_serve(struct talk *talk, struct wire_in *in, struct wire_out *out, struct answer *receipt);
bool own_ended(struct talk *talk, struct wire_in *in, enum ending ending, struct answer *answer);
extern const char *const own_sends_tcp[];
extern const char *const own_sends_udp[];

#endif
