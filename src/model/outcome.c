/* Names of outcomes and phases; see outcome.h. */
#include "model/outcome.h"

static const char *const names[OUTCOME_N] = {
    [OUTCOME_OPEN] = "open",
    [OUTCOME_OPEN_SILENT] = "open-silent",
    [OUTCOME_REFUSED] = "refused",
    [OUTCOME_REJECTED] = "rejected",
    [OUTCOME_FILTERED] = "filtered",
    [OUTCOME_FILTERED_OR_SILENT] = "filtered-or-silent",
    [OUTCOME_UNREACHABLE] = "unreachable",
    [OUTCOME_UNRESOLVED] = "unresolved",
    [OUTCOME_WRONG_SERVICE] = "wrong-service",
    [OUTCOME_TLS_UNTRUSTED] = "tls-untrusted",
    [OUTCOME_TLS_INTERCEPTED] = "tls-intercepted",
    [OUTCOME_PROXY_REFUSED] = "proxy-refused",
    [OUTCOME_UNVERIFIABLE] = "unverifiable",
    [OUTCOME_ERROR] = "error",
};

const char *outcome_name(enum outcome outcome)
{
    return names[outcome];
}

bool outcome_parse(struct str name, enum outcome *outcome)
{
    for (enum outcome o = 0; o < OUTCOME_N; o++) {
        if (str_is(name, names[o])) {
            *outcome = o;
            return true;
        }
    }
    return false;
}

const char *probe_phase_name(enum probe_phase phase)
{
    static const char *const phases[PHASE_N] = {
        [PHASE_RESOLVE] = "resolve",
        [PHASE_CONNECT] = "connect",
        [PHASE_TLS] = "tls",
        [PHASE_HANDSHAKE] = "handshake",
    };

    return phases[phase];
}
