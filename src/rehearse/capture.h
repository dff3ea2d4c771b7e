/*
 * Packets of a rehearsal, kept in a file for tcpdump and Wireshark (pcap, Ethernet, microseconds): each as it comes in
 * somewhere, once for every step of its way, in the order of time. What dies on its own host was on no wire, and is not
 * in it.
 */
#ifndef PORTOLAN_REHEARSE_CAPTURE_H
#define PORTOLAN_REHEARSE_CAPTURE_H

#include "live/loop.h"
#include "rehearse/stage.h"

struct capture;

/* 0, or -errno with an error in diags that names the file. */
int capture_open(struct arena *arena, struct stage *stage, struct str path, struct diags *diags,
                 struct capture **opened);
void capture_take(struct capture *capture); /* writes what has come until now; takes NULL */
/* While the loop runs, what comes is written. 0 or -errno; takes NULL. */
int capture_watch(struct capture *capture, struct loop *loop);
void capture_unwatch(struct capture *capture, struct loop *loop);
/* Adds a warning where packets were lost, an error where the file could not be written. Takes NULL. */
void capture_close(struct capture *capture, struct diags *diags);

#endif
