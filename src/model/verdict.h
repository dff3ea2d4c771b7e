/* Results of the prover: verdicts and findings, each with its rule and a packet. Plain data for every view. */
#ifndef PORTOLAN_MODEL_VERDICT_H
#define PORTOLAN_MODEL_VERDICT_H

#include "model/flow.h"
#include "model/packet.h"
#include "model/ruleset.h"

/* A rule by name. The default policy of a chain has index 0 (`null` in JSON); line 0 is `null` too. */
struct rule_ref {
    struct str file;
    uint32_t line;
    struct str table;
    struct str chain;
    uint32_t index;
    struct str text;
    bool present; /* false: there is no rule to name */
};

struct rule_ref rule_ref_of(const struct rule *rule);
/* The default policy of a base chain, or the end of the path where `chain` is NULL. */
struct rule_ref rule_ref_policy(struct arena *arena, const struct ruleset *ruleset, const struct chain *chain);

enum verdict_kind { VERDICT_PERMITTED, VERDICT_DENIED, VERDICT_PARTIAL, VERDICT_UNDETERMINED, VERDICT_N };

enum direction { DIRECTION_REQUEST, DIRECTION_REPLY };

const char *verdict_name(enum verdict_kind kind);
unsigned verdict_rank(enum verdict_kind kind); /* the higher the worse: permitted 0, undetermined, partial, denied */
const char *direction_name(enum direction direction);

struct verdict {
    const struct flow *flow;
    struct str firewall;
    enum hook hook;
    enum direction direction;
    enum verdict_kind kind;
    struct rule_ref rule; /* that decides the packet; of a permitted flow the first that lets part of it through */
    /*
     * Permitted, denied: every rule that lets part of it through, or stops it, in the order of the ruleset; of several
     * base chains on the way each its own, and a policy where no rule decides. Else the one of `rule`, where present.
     */
    const struct rule_ref *rules;
    size_t rule_n;
    struct packet
        packet; /* denied, partial: one that does not pass; undetermined: one that depends; else one that passes */
    bool has_packet;
    struct packet
        rewritten; /* what the rules behind NAT see of it (with one of the addresses, where it may be several) */
    bool has_rewritten;
    struct rule_ref translated_by; /* one by which packets go on with other addresses or ports, if there is one */
    struct str reason;             /* in words, where rule and packet do not say it all; may be empty */
};

/* An exact set of packets, printed: each field a list of values, or the one value "any". */
struct box {
    enum family family;
    struct str *values[FIELD_N]; /* as in the JSON: addresses and ranges, names, numbers */
    size_t n[FIELD_N];
};

enum finding_kind {
    FINDING_EXCESS,
    FINDING_SHADOWED,
    FINDING_REDUNDANT,
    FINDING_CONTRADICTS,
    FINDING_TOO_WIDE,
    FINDING_UNREACHABLE_CHAIN,
    FINDING_UNUSED_SET,
    FINDING_BASELINE, /* a piece of the baseline is missing: a warning */
    FINDING_NO_PATH,  /* no firewall joins the zones of a flow */
    FINDING_EXPIRED,  /* an exception of the site is past its date */
    FINDING_KIND_N
};

const char *finding_name(enum finding_kind kind);

struct finding {
    enum finding_kind kind;
    enum severity severity;
    struct str firewall;
    struct str message;
    struct rule_ref rule;
    struct rule_ref *by;
    size_t by_n;
    struct box box;
    bool has_box;
    struct packet packet;
    bool has_packet;
    struct str reason; /* what box and rule do not say, "may be permitted: …"; may be empty */
};

#endif
