/* What the files of the proxy machines share; for no one else. */
#ifndef PORTOLAN_SERVICE_PROXY_INSIDE_H
#define PORTOLAN_SERVICE_PROXY_INSIDE_H

#include "service/proxy.h"

/* Both are handed a cursor; in->at is what is used. */
enum proxy_step proxy_http_start(const struct proxy_ask *ask, struct wire_out *out);
enum proxy_step proxy_http_heard(const struct proxy_ask *ask, struct wire_in *in, struct answer *answer);
/* Whether what has come says why, though it is not whole. */
bool proxy_http_end(const struct proxy_ask *ask, struct wire_in *in, struct answer *answer);
enum proxy_step proxy_http_serve(struct proxy_door *door, struct wire_in *in, struct wire_out *out);
void proxy_http_reply(enum outcome outcome, struct wire_out *out);

enum proxy_step proxy_socks_start(const struct proxy_ask *ask, struct wire_out *out);
enum proxy_step proxy_socks_heard(struct proxy_talk *talk, struct wire_in *in, struct wire_out *out,
                                  struct answer *answer);
enum proxy_step proxy_socks_serve(struct proxy_door *door, struct wire_in *in, struct wire_out *out);
void proxy_socks_reply(enum outcome outcome, struct wire_out *out);

/* It speaks another protocol than that of a proxy of this kind. */
enum proxy_step proxy_foreign(enum proxy_kind kind, const uint8_t *p, size_t n, struct answer *answer);
/* The host of a request that came in, copied; false: not one that can be asked for. */
bool proxy_door_host(struct proxy_door *door, struct str host);

#endif
