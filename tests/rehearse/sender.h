/* Real packets from one actor to another, by ordinary sockets on the stage. */
#ifndef PORTOLAN_TESTS_SENDER_H
#define PORTOLAN_TESTS_SENDER_H

#include "rehearse/stage.h"

enum sent {
    SENT_NOTHING, /* no socket, or it could not be bound: the machine failed, not the ruleset */
    SENT,
    SENT_STOPPED, /* the sender's own host said no */
    SENT_N
};

/* One packet, as it opens a connection: TCP by a connect that nobody waits for, UDP, an ICMP echo. */
enum sent send_opener(struct stage *stage, const struct actor *from, const struct packet *packet);
/* A socket that gets all packets of a family that come in where an actor is; -errno. */
int overhear(struct stage *stage, const struct actor *actor, enum family family);
void pass_over(int fd); /* all that came until now, or there is no room for more */
/* Waits until the packet comes in by such a socket; false: it does not. */
bool arrives(int fd, const struct packet *packet);
/* Whether it is among those that came in until now. */
bool came(int fd, const struct packet *packet);
/* Connects (TCP) or sends and gets an answer (UDP) from a socket that listens there; true: both directions work. */
bool talk(struct stage *stage, const struct actor *from, const struct actor *to, const struct packet *packet);

#endif
