/* A run of probes: what the files that work on its loop share. */
#ifndef PORTOLAN_CLI_PROBE_RUNNING_H
#define PORTOLAN_CLI_PROBE_RUNNING_H

#include "cli/probing.h"

struct running {
    struct probing *probing;
    struct loop loop;
    struct resolver *resolver;
    struct engine *engine;
    struct trust *trust;
    struct pins *pins;
    struct watch signals;
    struct deadline progress;
    bool shows_progress;
    int audit; /* descriptor; -1: none */

    size_t names_asked;
    size_t names_open; /* asked, and not answered */
    bool proxy_open;
    struct str proxy_why; /* the proxy's name has no address */

    size_t next;     /* item that the engine gets next */
    size_t expected; /* items that will have a result: those taken, and ports that answers named */
    size_t done;
    size_t open;
    const struct probing_item *traced;
    uint64_t traced_us;
};

/* probe_watch.c: what is seen of it while it runs */
void running_show(struct running *running); /* on a terminal: progress, from now on */
void running_hide(struct running *running);
/* --trace, an engine_trace */
void running_trace(void *user, const struct probe *probe, uint64_t at_us, struct str what, struct str bytes);
/* A line in the audit log. */
void running_audit(struct running *running, const struct probe_outcome *outcome, const struct probe_result *result);

/* probe_names.c: addresses of names, and of the proxy. False after errors. */
bool running_look_up(struct running *running);

#endif
