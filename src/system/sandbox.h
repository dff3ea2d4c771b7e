/*
 * A sandbox for reading what strangers wrote: after it a process has what it has open, its memory and its clock, and
 * nothing else. There is no way back.
 */
#ifndef PORTOLAN_SYSTEM_SANDBOX_H
#define PORTOLAN_SYSTEM_SANDBOX_H

/* What keeps a process in; either alone keeps it from files, both are wanted. */
#define SANDBOX_LANDLOCK 1u /* no file by its name; from Linux 6.7 no TCP, from 6.12 no signals to others */
#define SANDBOX_SECCOMP                                                                                                \
    2u /* no system call but those to read, write, close and map memory: no file, socket, process                      \
        */
#define SANDBOX_ALL 3u
#define SANDBOX_SOCKETS                                                                                                \
    4u /* with SECCOMP: sockets that are open may be used, and connections taken from them; no new ones are made */

/*
 * Gives up what it can of `wanted`, and returns what holds now: where the kernel (or a sanitizer that is built in,
 * which needs more than is left) does not allow a part, that part is missing. To be called with one thread, when input
 * was read and output is open; whatever is still open stays usable, and no program starts with more than this one had.
 */
unsigned sandbox_enter(unsigned wanted);

/*
 * Gives up what somebody who needed it once (to bind low ports) does not need any more: root becomes nobody, without
 * groups, and every capability goes. Where the user namespace knows nobody else, root stays root without capabilities.
 * What is open stays open. 0 or -errno. To be called with one thread.
 */
int sandbox_drop_privileges(void);

#endif
