/* What the files of the resolver share; for no one else. */
#ifndef PORTOLAN_LIVE_RESOLVE_INSIDE_H
#define PORTOLAN_LIVE_RESOLVE_INSIDE_H

#include "live/resolve.h"

#include <ares.h>

struct channels;

/* A channel of c-ares, and whose it is. */
struct asker {
    struct channels *channels;
    ares_channel channel; /* NULL: not there */
};

struct channels {
    struct loop *loop;
    struct arena *arena;
    void (*happened)(struct channels *channels); /* after what came from a socket; may be its end */
    struct asker hosts;                          /* looks into the hosts file; not there where servers are named */
    struct asker whole;                          /* asks for names as they are */
    struct asker frank;                          /* says what a resolver's failure was */
    struct asker searching; /* goes through the machine's search domains; not there where servers are named */
    struct line *lines;     /* sockets of all */
};

/* One name. Zeroed but for `name` and `done`. */
struct query {
    struct channels *channels;
    void (*done)(struct query *query); /* inside a call of c-ares: it may not ask, nor close */
    struct str name;                   /* ends in NUL */
    unsigned out;                      /* families */
    int status[FAMILY_N];              /* of c-ares */
    bool frankly[FAMILY_N];
    bool cut;    /* there were more addresses than are kept */
    bool nobody; /* 0.0.0.0 or :: was among them, and is left out */
    struct address *addresses;
    size_t n;
};

/* loop, arena and happened are set. 0 or -errno; to be closed whatever comes of it. */
int channels_open(struct channels *channels, const struct resolver_options *options);
void channels_close(struct channels *channels); /* queries are done, with ARES_EDESTRUCTION */
void channels_tick(struct channels *channels);  /* now and then, for timeouts */
void query_start(struct channels *channels, struct query *query);

#endif
