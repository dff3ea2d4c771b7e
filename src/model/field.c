/* Names and limits of packet fields; see field.h. */
#include "model/field.h"

static const char *const field_names[FIELD_N] = {
    [FIELD_IN] = "in",
    [FIELD_OUT] = "out",
    [FIELD_SOURCE] = "source",
    [FIELD_DESTINATION] = "destination",
    [FIELD_PROTOCOL] = "transport",
    [FIELD_SOURCE_PORT] = "source_ports",
    [FIELD_PORT] = "ports",
    [FIELD_ICMP] = "icmp",
    [FIELD_TCP_FLAGS] = "tcp_flags",
    [FIELD_STATE] = "state",
    [FIELD_FRAGMENT] = "fragment",
    [FIELD_MARK] = "mark",
};

static const char *const state_names[STATE_N] = {"new", "established", "related", "invalid", "untracked"};

const char *field_name(enum field field)
{
    return field_names[field];
}

const char *state_name(enum state state)
{
    return state_names[state];
}

u128 field_max(enum field field, enum family family)
{
    switch (field) {
    case FIELD_SOURCE:
    case FIELD_DESTINATION: return addr_max(family);
    case FIELD_PROTOCOL:
    case FIELD_TCP_FLAGS: return 255;
    case FIELD_SOURCE_PORT:
    case FIELD_PORT:
    case FIELD_ICMP: return 65535;
    case FIELD_STATE: return STATE_N - 1;
    case FIELD_FRAGMENT: return FRAGMENT_N - 1;
    case FIELD_IN:
    case FIELD_OUT:
    case FIELD_MARK:
    case FIELD_N: break;
    }
    return UINT32_MAX;
}
