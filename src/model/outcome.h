/* What a probe found. A small stable set: names and order are part of the contract with who reads the JSON. */
#ifndef PORTOLAN_MODEL_OUTCOME_H
#define PORTOLAN_MODEL_OUTCOME_H

#include "base/str.h"

enum outcome {
    OUTCOME_OPEN,               /* the service itself answered */
    OUTCOME_OPEN_SILENT,        /* the connection was accepted; no handshake came */
    OUTCOME_REFUSED,            /* by the host */
    OUTCOME_REJECTED,           /* by a firewall that says so */
    OUTCOME_FILTERED,           /* dropped: the host answers elsewhere, or TCP got nothing */
    OUTCOME_FILTERED_OR_SILENT, /* UDP without an answer */
    OUTCOME_UNREACHABLE,
    OUTCOME_UNRESOLVED,    /* the name has no address */
    OUTCOME_WRONG_SERVICE, /* something else answered */
    OUTCOME_TLS_UNTRUSTED,
    OUTCOME_TLS_INTERCEPTED,
    OUTCOME_PROXY_REFUSED,
    OUTCOME_UNVERIFIABLE, /* nothing that can be asked from here would tell */
    OUTCOME_ERROR,        /* the service answered, but malformed, or that it does not work */
    OUTCOME_N
};

const char *outcome_name(enum outcome outcome); /* "open-silent" */
bool outcome_parse(struct str name, enum outcome *outcome);

/* What a probe spends its time on. */
enum probe_phase { PHASE_RESOLVE, PHASE_CONNECT, PHASE_TLS, PHASE_HANDSHAKE, PHASE_N };

const char *probe_phase_name(enum probe_phase phase); /* "resolve" */

#endif
