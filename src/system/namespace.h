/*
 * A network namespace of our own: empty but for its loopback, nothing in it touches the machine's network. As an
 * ordinary user it comes with a user namespace in which that user is root. It is gone when it is closed.
 */
#ifndef PORTOLAN_SYSTEM_NAMESPACE_H
#define PORTOLAN_SYSTEM_NAMESPACE_H

struct namespace
{
    int user; /* -1: the same as ours */
    int net;
};

/* 0 or -errno: -EPERM or -ENOSPC where the machine does not allow it. */
int namespace_open(struct namespace *made);
void namespace_close(struct namespace *namespace);
/* Moves the calling process into it; -errno. For a child between fork and exec. */
int namespace_enter(const struct namespace *namespace);

#endif
