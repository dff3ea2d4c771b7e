/*
 * Sockets of probes: from which namespace, address and interface they ask, and what the kernel's error queue holds.
 */
#ifndef PORTOLAN_LIVE_ASKING_H
#define PORTOLAN_LIVE_ASKING_H

#include "live/engine.h"

struct endpoint {
    enum family family;
    u128 address;
    uint16_t port;
};

/* Of which step the error is. */
enum asking_step { ASKING_SOCKET, ASKING_BIND, ASKING_CONNECT, ASKING_STEP_N };

struct asking_opened {
    int fd; /* -1: it failed at `step` with `error`, which is positive */
    enum asking_step step;
    int error;
    bool raw; /* an echo's: the header of ICMP, and over IPv4 that of IP, are ours */
};

/* A non-blocking socket as the probe wants it, that is connected or (TCP) about to be. */
struct asking_opened asking_open(const struct probe *probe, const struct endpoint *to);

/* The next entry of the error queue that an ICMP message has made; *error is what it stands for. */
bool asking_refusal(int fd, struct refusal *refusal, int *error);
int asking_error(int fd); /* what is pending, positive; 0: nothing. It is gone then. */
bool asking_local(int fd, struct endpoint *local);
bool asking_heard(int fd);       /* TCP: whether a byte has ever come */
void asking_close_reset(int fd); /* TCP: without a port in TIME_WAIT behind it */

#endif
