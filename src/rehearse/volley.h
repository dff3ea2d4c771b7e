/*
 * Packets one way, as many as there are at once: each is sent as bytes from where its source is, and looked for where
 * its destination is, behind the rules of that host. Nobody waits for one of them: what became of all is known when
 * every one has arrived or was stopped, or nothing is heard any more.
 */
#ifndef PORTOLAN_REHEARSE_VOLLEY_H
#define PORTOLAN_REHEARSE_VOLLEY_H

#include "rehearse/capture.h"
#include "rehearse/fate.h"

enum shot_end {
    SHOT_UNSENT,  /* `error` says why; 0: it cannot be made (raw.h) */
    SHOT_ARRIVED, /* as it was sent */
    SHOT_STOPPED, /* by a rule of `fate`, or before it left its host */
    SHOT_LOST,    /* neither was seen: it went on with other addresses, or by a machine that tells nothing */
    SHOT_END_N
};

struct shot {
    struct packet packet;
    const struct actor *from;
    const struct actor *to;
    enum shot_end end;
    int error;
    bool seen; /* by the firewall of `fate` */
    struct fate fate;
    struct shot *twin; /* of volley.c: the same packet, that was sent for both */
};

struct volley {
    struct stage *stage;
    struct fates *fates;
    struct capture *capture; /* NULL: none */
};

/* 0, or -errno with an error in diags. */
int volley_fire(const struct volley *volley, struct shot *shots, size_t n, struct diags *diags);

#endif
