/*
 * The one table of iptables words that the reader and the printer share: how an option is spelled, which module it
 * belongs to, which field of a packet it asks about, and which modules and targets exist with what they mean to us.
 */
#ifndef PORTOLAN_DIALECT_IPTABLES_OPTIONS_H
#define PORTOLAN_DIALECT_IPTABLES_OPTIONS_H

#include "model/ruleset.h"

enum module {
    MODULE_GLOBAL, /* options of every rule */
    MODULE_PORTS,  /* tcp, udp, udplite, dccp, sctp */
    MODULE_ICMP,
    MODULE_MULTIPORT,
    MODULE_IPRANGE,
    MODULE_STATE,
    MODULE_CONNTRACK,
    MODULE_MARK,
    MODULE_ADDRTYPE,
    MODULE_SET,
    MODULE_COMMENT,
    MODULE_MAC,
    MODULE_PKTTYPE,
    MODULE_PHYSDEV,
    MODULE_PURE,   /* not modelled; asks about the packet alone: the same text is the same unknown, option by option */
    MODULE_FIXED,  /* likewise, and no target changes what it asks about */
    MODULE_WHOLE,  /* as MODULE_PURE, but only all its options together are a question */
    MODULE_MOVING, /* not modelled; its answer changes from packet to packet (a rate, a counter): an unknown of its own
                    */
    MODULE_N
};

enum option {
    OPTION_SOURCE,
    OPTION_DESTINATION,
    OPTION_IN,
    OPTION_OUT,
    OPTION_PROTOCOL,
    OPTION_FRAGMENT,
    OPTION_MATCH,
    OPTION_JUMP,
    OPTION_GOTO,
    OPTION_COUNTERS,
    OPTION_IP_VERSION, /* -4, -6 of a shell line */
    OPTION_TABLE,
    OPTION_WAIT,
    OPTION_SPORT,
    OPTION_DPORT,
    OPTION_TCP_FLAGS,
    OPTION_SYN,
    OPTION_TCP_OPTION,
    OPTION_ICMP_TYPE,
    OPTION_SPORTS,
    OPTION_DPORTS,
    OPTION_PORTS,
    OPTION_SRC_RANGE,
    OPTION_DST_RANGE,
    OPTION_STATE,
    OPTION_CTSTATE,
    OPTION_CTPROTO,
    OPTION_CTDIR,
    OPTION_CTSTATUS,
    OPTION_CTORIGSRC,
    OPTION_CTORIGDST,
    OPTION_CTREPLSRC,
    OPTION_CTREPLDST,
    OPTION_CTORIGSRCPORT,
    OPTION_CTORIGDSTPORT,
    OPTION_CTREPLSRCPORT,
    OPTION_CTREPLDSTPORT,
    OPTION_MARK,
    OPTION_SRC_TYPE,
    OPTION_DST_TYPE,
    OPTION_MAC,
    OPTION_PKTTYPE,
    OPTION_PHYSDEV_IN,
    OPTION_PHYSDEV_OUT,
    OPTION_PHYSDEV_IS_IN,
    OPTION_PHYSDEV_IS_OUT,
    OPTION_PHYSDEV_IS_BRIDGED,
    OPTION_MATCH_SET,
    OPTION_COMMENT,
    OPTION_N
};

struct option_row {
    enum option option;
    enum module module;
    const char *names[5]; /* the first is what iptables-save writes */
    enum field field;     /* FIELD_N: none in particular */
    unsigned values;      /* words that follow */
};

extern const struct option_row option_rows[];
extern const size_t option_row_n;

/* The spelling that iptables-save uses: "--dports". */
const char *option_name(enum option option);
/* The row of an option as written; NULL when it is none of the table. */
const struct option_row *option_find(struct str name);

/* MODULE_N: no module of that name that we know. */
enum module module_find(struct str name);
/* Whether the module writes to a list that other rules ask: removing the rule changes what they do. */
bool module_keeps_list(struct str name);

enum target_kind {
    TARGET_VERDICT,  /* `action` says it all */
    TARGET_PASSES,   /* goes on; changes nothing that a filter asks about */
    TARGET_MARKS,    /* goes on; sets the mark, which other rules may ask about */
    TARGET_NAT,      /* writes addresses or ports */
    TARGET_OPAQUE,   /* not modelled */
    TARGET_CT,       /* with --notrack as NOTRACK, else passes */
    TARGET_NOTRACK,  /* in table raw: the packet gets no connection */
    TARGET_SET,      /* passes; makes a set move */
    TARGET_CONNMARK, /* --restore-mark sets the mark */
    TARGET_KIND_N
};

struct target_row {
    const char *name;
    enum target_kind kind;
    enum action action;
};

const struct target_row *target_find(struct str name);

/* A name of IANA's service registry as iptables-save -n never prints it and people type it; -1: none. */
int service_port(struct str name);

#endif
