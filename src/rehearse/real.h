/*
 * Real servers in the place of our stand-ins: whoever comes to a port on the stage is led to a server outside of it, in
 * the machine's own network, byte by byte. What meets the rulesets is the same; who answers is not ours.
 */
#ifndef PORTOLAN_REHEARSE_REAL_H
#define PORTOLAN_REHEARSE_REAL_H

#include "base/diag.h"
#include "base/vec.h"
#include "live/loop.h"
#include "net/addr.h"

struct real {
    uint16_t port;   /* on the stage, at every address */
    struct str text; /* as the user wrote it */
    enum family family;
    u128 address;
    uint16_t server_port;
};

struct reals {
    struct real *v;
    size_t n;
    size_t capacity;
    struct VEC(int) sockets[FAMILY_N]; /* in the machine's network, not connected yet */
};

const struct real *reals_find(const struct reals *reals, uint16_t port); /* NULL: our stand-in answers */
/*
 * Whether each of them accepts a connection, and `n` sockets for what will be played: a process that has left the
 * machine's network (stage_open) makes none there any more. 0, or -errno with an error in diags that names the server.
 */
int reals_ready(struct arena *arena, struct reals *reals, size_t n, struct diags *diags);
void reals_close(struct reals *reals);

struct relay;

struct relay *relay_open(struct arena *arena, struct loop *loop, struct reals *reals);
/* Listens in the namespace, for one server. 0 or -errno. */
int relay_listen(struct relay *relay, const struct real *real, int netns, enum family family, u128 address);
void relay_close(struct relay *relay); /* takes NULL */

#endif
