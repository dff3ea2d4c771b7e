/*
 * Work on what strangers wrote, done in a child process that can do nothing else: no file, no network, no program
 * (system/sandbox.h). Whatever such work is led to do, all that comes back is text and a status.
 */
#ifndef PORTOLAN_SYSTEM_CONFINE_H
#define PORTOLAN_SYSTEM_CONFINE_H

#include "base/buf.h"

struct confined {
    struct buf out;  /* what the work made */
    struct buf said; /* what it has to say about it */
    int status;      /* what it returned */
};

typedef int confined_work(void *context, struct buf *out, struct buf *said);

/*
 * Runs the work in a child. 0: it came to its end; then the buffers of *result are to be freed. Else -errno: -EFAULT
 * when the child died, or what failed. To be called with one thread.
 */
int confine(confined_work *work, void *context, struct confined *result);

#endif
