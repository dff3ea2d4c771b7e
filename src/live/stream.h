/* What the files of probes over TCP share; for no one else. */
#ifndef PORTOLAN_LIVE_STREAM_H
#define PORTOLAN_LIVE_STREAM_H

#include "live/engine_inside.h"

enum moved { MOVED, MOVED_LATER_READ, MOVED_LATER_WRITE, MOVED_CLOSED, MOVED_RESET, MOVED_FAILED, MOVED_N };

/* stream_bytes.c */
enum moved stream_moved(enum tls_state state);
enum moved stream_receive(struct flight *flight, uint8_t *p, size_t room, size_t *got);
void stream_push(struct flight *flight, const uint8_t *p, size_t n); /* what does not go out now is kept */
bool stream_push_unsent(struct flight *flight);                      /* false: there is still something unsent */
bool stream_keep(struct conversation *conversation, const uint8_t *p, size_t n); /* as its input; false: no memory */

/* stream.c */
void stream_set_end(struct flight *flight);               /* a phase begins that has a whole timeout for itself */
void stream_converse(struct flight *flight);              /* the way to the target is there */
void stream_begin(struct flight *flight);                 /* and TLS too, where it comes first */
bool stream_hand_in(struct flight *flight, size_t n);     /* n bytes of engine->scratch; false: no more, for now */
void stream_reconnect(struct flight *flight, bool first); /* another connection takes the place of this one */
/* After each step of the talk: sends, and waits for what comes next. */
void stream_go_on(struct flight *flight, enum step step, const struct wire_out *out);

/* stream_tls.c */
void stream_secure(struct flight *flight);
void stream_shake_hands(struct flight *flight);
void stream_not_secured(struct flight *flight, enum moved moved); /* MOVED_LATER_READ: the time is over */
void stream_tls_failed(struct flight *flight);                    /* in the middle of the talk */

/* stream_proxy.c */
void stream_ask_proxy(struct flight *flight);
void stream_hear_proxy(struct flight *flight);
void stream_end_proxy(struct flight *flight, enum ending ending);

#endif
