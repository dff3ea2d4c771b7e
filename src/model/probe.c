/* What an outcome means for what was expected; see probe.h. */
#include "model/probe.h"

#include "net/proto.h"

const char *probe_state_name(enum probe_state state)
{
    switch (state) {
    case PROBE_HOLDS: return "holds";
    case PROBE_WARNS: return "warning";
    case PROBE_FAILS: return "fails";
    case PROBE_UNDETERMINED: return "undetermined";
    case PROBE_STATE_N: break;
    }
    return "";
}

const char *probe_finding_name(enum probe_finding_kind kind)
{
    switch (kind) {
    case PROBE_DISAGREES: return "disagrees";
    case PROBE_INTERCEPTED: return "intercepted";
    case PROBE_FINDING_N: break;
    }
    return "";
}

enum probe_passage probe_passage(const struct probe_outcome *outcome)
{
    switch (outcome->outcome) {
    case OUTCOME_OPEN:
    case OUTCOME_OPEN_SILENT:
    case OUTCOME_WRONG_SERVICE:
    case OUTCOME_TLS_UNTRUSTED:
    case OUTCOME_TLS_INTERCEPTED: return PROBE_PASSED;
    case OUTCOME_UNVERIFIABLE:
    case OUTCOME_ERROR: return outcome->connected ? PROBE_PASSED : PROBE_UNKNOWN;
    case OUTCOME_REJECTED:
    case OUTCOME_FILTERED: return PROBE_STOPPED;
    case OUTCOME_REFUSED:
    case OUTCOME_FILTERED_OR_SILENT:
    case OUTCOME_UNREACHABLE:
    case OUTCOME_UNRESOLVED:
    case OUTCOME_PROXY_REFUSED: return PROBE_UNKNOWN;
    case OUTCOME_N: break;
    }
    return PROBE_UNKNOWN;
}

static void add_reason(struct arena *arena, struct probe_outcome *outcome, const char *more)
{
    outcome->reason =
        outcome->reason.n == 0 ? str_of(more) : str_printf(arena, "%.*s; %s", STR_ARG(outcome->reason), more);
}

static enum probe_state denied(struct arena *arena, struct probe_outcome *outcome)
{
    switch (outcome->outcome) {
    case OUTCOME_REFUSED:
        add_reason(arena, outcome,
                   outcome->question.proto == PROTO_TCP ? "if it was the host, the network lets packets through to it"
                                                        : "the network lets packets through to it");
        return PROBE_HOLDS;
    case OUTCOME_REJECTED:
    case OUTCOME_FILTERED:
    case OUTCOME_UNREACHABLE:
    case OUTCOME_PROXY_REFUSED: return PROBE_HOLDS;
    case OUTCOME_FILTERED_OR_SILENT:
    case OUTCOME_UNRESOLVED: return PROBE_UNDETERMINED;
    case OUTCOME_UNVERIFIABLE:
    case OUTCOME_ERROR: return outcome->connected ? PROBE_FAILS : PROBE_UNDETERMINED;
    case OUTCOME_OPEN:
    case OUTCOME_OPEN_SILENT:
    case OUTCOME_WRONG_SERVICE:
    case OUTCOME_TLS_UNTRUSTED:
    case OUTCOME_TLS_INTERCEPTED: return PROBE_FAILS;
    case OUTCOME_N: break;
    }
    return PROBE_UNDETERMINED;
}

static enum probe_state expected(struct probe_outcome *outcome)
{
    const struct flow *flow = outcome->question.flow;

    switch (outcome->outcome) {
    case OUTCOME_OPEN: return PROBE_HOLDS;
    case OUTCOME_OPEN_SILENT:
    case OUTCOME_FILTERED_OR_SILENT:
    case OUTCOME_UNVERIFIABLE: return PROBE_UNDETERMINED;
    case OUTCOME_UNRESOLVED:
        /* Ports that nobody has told, and not a name that nobody knows. */
        return flow != NULL && !flow->ports_known ? PROBE_UNDETERMINED : PROBE_FAILS;
    case OUTCOME_TLS_UNTRUSTED:
        if (!outcome->question.by_address || !outcome->unvouched)
            return PROBE_FAILS;
        outcome->warning = outcome->reason;
        return PROBE_HOLDS;
    case OUTCOME_REFUSED:
    case OUTCOME_REJECTED:
    case OUTCOME_FILTERED:
    case OUTCOME_UNREACHABLE:
    case OUTCOME_WRONG_SERVICE:
    case OUTCOME_TLS_INTERCEPTED:
    case OUTCOME_PROXY_REFUSED:
    case OUTCOME_ERROR: return PROBE_FAILS;
    case OUTCOME_N: break;
    }
    return PROBE_UNDETERMINED;
}

void probe_judge(struct arena *arena, struct probe_outcome *outcome)
{
    const struct flow *flow = outcome->question.flow;

    if (outcome->interrupted)
        outcome->state = PROBE_UNDETERMINED;
    else if (outcome->question.denied)
        outcome->state = denied(arena, outcome);
    else
        outcome->state = expected(outcome);
    if (flow != NULL && (flow->need == NEED_OPTIONAL || flow->need == NEED_RECOMMENDED) &&
        (outcome->state == PROBE_FAILS || outcome->state == PROBE_UNDETERMINED))
        outcome->state = PROBE_WARNS;
}

void probe_count(const struct probe_outcome *v, size_t n, struct probe_summary *summary)
{
    *summary = (struct probe_summary){.n = n};
    for (size_t i = 0; i < n; i++) {
        summary->by_outcome[v[i].outcome]++;
        summary->by_state[v[i].state]++;
    }
}
