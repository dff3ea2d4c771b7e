/*
 * Runs another program: arguments as a list, never a shell, its standard input given as text, its output collected.
 * With a namespace the program runs in that one.
 */
#ifndef PORTOLAN_SYSTEM_PROCESS_H
#define PORTOLAN_SYSTEM_PROCESS_H

#include "base/buf.h"
#include "system/namespace.h"

struct process {
    const char *const *argv; /* ends with NULL; a name without a slash is looked for in PATH, /usr/sbin and /sbin */
    struct str input;        /* a file that the program may also open again as /dev/stdin */
    const char *directory;   /* to run in; NULL: here */
    const struct namespace *namespace; /* NULL: here */
    size_t output_max;                 /* bytes of output, and of errors, that are kept; more than that ends it */
    unsigned timeout_ms;               /* after which it is killed; 0: never */
};

struct process_result {
    struct buf output;
    struct buf errors;
    int status; /* as the program exited; 128 + N: ended by signal N */
};

/*
 * Waits for the end of the program. 0: it ran, whatever its status; then *result is to be freed. Else -errno:
 * -ENOENT (no such program), -ETIMEDOUT, -EFBIG (more output than allowed), or what else failed.
 */
int process_run(const struct process *process, struct process_result *result);
void process_result_free(struct process_result *result);

#endif
