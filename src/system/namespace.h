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
/* Moves the calling process into it; -errno. For a child between fork and exec, and for settled processes. */
int namespace_enter(const struct namespace *namespace);

/*
 * For a process that makes many and goes in and out of them. One that may stays where it is; that of an ordinary user
 * moves for good into a user namespace in which that user is root, out of the machine's network. 0 or -errno. To be
 * called with one thread.
 */
int namespace_settle(void);
/* One more network namespace, made by a settled process, which is back where it was. 0 or -errno. */
int namespace_add(struct namespace *made);
/* Where the process is now, for coming back to. 0 or -errno. */
int namespace_here(struct namespace *here);
/* What to enable where namespaces are refused, as a hint; never NULL. */
const char *namespace_hint(void);

#endif
