/*
 * The fields of a packet that rules can ask about, each a number within 0..field_max. Connection state, TCP flags and
 * fragments are numbers too, so that every field is handled by the one kind of set (net/ranges.h).
 */
#ifndef PORTOLAN_MODEL_FIELD_H
#define PORTOLAN_MODEL_FIELD_H

#include "net/addr.h"

enum field {
    FIELD_IN,          /* interface a packet came in by: a number given by model/interfaces.h */
    FIELD_OUT,         /* interface it goes out by */
    FIELD_SOURCE,      /* address of the packet's family */
    FIELD_DESTINATION, /* likewise */
    FIELD_PROTOCOL,    /* 0..255; for IPv6 the upper-layer protocol behind extension headers */
    FIELD_SOURCE_PORT, /* 0..65535; only where the protocol has ports */
    FIELD_PORT,        /* destination port, likewise */
    FIELD_ICMP,        /* type << 8 | code; only for ICMP and ICMPv6 */
    FIELD_TCP_FLAGS,   /* 0..255: CWR ECE URG ACK PSH RST SYN FIN, FIN is 1; only for TCP */
    FIELD_STATE,       /* enum state */
    FIELD_FRAGMENT,    /* enum fragment */
    FIELD_MARK,        /* 32 bits; 0 on a packet that comes in */
    FIELD_N
};

/* Connection tracking states, as conntrack of Linux knows them. */
enum state { STATE_NEW, STATE_ESTABLISHED, STATE_RELATED, STATE_INVALID, STATE_UNTRACKED, STATE_N };

/* Only the first fragment carries ports; a rule that asks for ports, flags or ICMP does not match a later one. */
enum fragment { FRAGMENT_NONE, FRAGMENT_FIRST, FRAGMENT_LATER, FRAGMENT_N };

enum {
    TCP_FIN = 1,
    TCP_SYN = 2,
    TCP_RST = 4,
    TCP_PSH = 8,
    TCP_ACK = 16,
    TCP_URG = 32,
    TCP_ECE = 64,
    TCP_CWR = 128,
};

const char *field_name(enum field field); /* as in a box of the JSON where it has the field */
const char *state_name(enum state state);
u128 field_max(enum field field, enum family family);

#endif
