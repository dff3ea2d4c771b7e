/* HTTP/1.1 (RFC 9110, RFC 9112): what its services share. */
#ifndef PORTOLAN_SERVICE_HTTP_H
#define PORTOLAN_SERVICE_HTTP_H

#include "service/service.h"

#define HTTP_INPUT_MAX 8192

struct http_head {
    unsigned status;
    struct str fields; /* the lines behind the status line */
    bool whole;        /* the empty line has come */
};

enum step http_begin(struct talk *talk, struct wire_out *out, struct answer *answer);
/* STEP_READ: not even the status line is there. STEP_FOREIGN: not HTTP. STEP_DONE: *head; `in` is behind it if whole.
 */
enum step http_head(struct wire_in *in, struct http_head *head);
struct str http_field(const struct http_head *head, const char *name); /* empty when there is none */
void http_evidence(const struct http_head *head, struct answer *answer);
/* Reads a request to the end of its head; STEP_DONE: it is there. */
enum step http_request(struct wire_in *in, struct str *method, struct answer *receipt);
void http_respond(struct wire_out *out, const char *status, const char *type, const char *more, struct str method,
                  const char *body);
extern const char *const http_sends[];

#endif
