/*
 * What the files of `probe` share.
 *
 *   targets  ---+                    names, by the resolver
 *               +--> subjects --> (host × address × port × source) --> items --> engine --> outcomes --> views
 *   a site   ---+                                                        |
 *                                                                        +--> --dry-run
 *
 * A subject is what is asked about, an item one question; a subject whose host is a name gets its items when the name
 * has addresses. An answer may name ports to go on to (rpcbind, FTP): these items are made then.
 */
#ifndef PORTOLAN_CLI_PROBING_H
#define PORTOLAN_CLI_PROBING_H

#include "cli/checking.h"
#include "cli/target.h"
#include "live/engine.h"
#include "live/resolve.h"
#include "model/probe.h"

/* More questions than this at once are refused: their number is said. */
#define PROBING_MOST ((size_t)1 << 20)

struct probing_options {
    struct values from;
    struct values resolvers;
    struct values proxies;
    struct values sources;
    struct values interfaces;
    struct values ca;
    struct values pins;
    struct values audit_logs;
    struct values rates;
    struct values timeouts;
    struct values tries;
    struct values in_flight;
    struct values expected;
    bool own;
    bool all_ports;
    bool discover;
    bool write;
    bool dry_run;
    bool trace;
    bool no_check;
};

/* What is asked about: a target, or the flow of a site towards one host. */
struct probing_subject {
    size_t order;            /* of targets, flows and tests, as they were given */
    const struct flow *flow; /* NULL: a target; of a test, its question */
    struct str test;         /* empty: it is none */
    const struct service *service;
    unsigned protos[2];
    size_t proto_n;
    const struct ranges *ports; /* NULL: the service's usual one */
    struct str host;            /* as it is shown: a name or an address */
    struct str name;            /* what it is called to itself (SNI, Host); empty: nothing but an address is known */
    unsigned families;          /* bits; of a name: which of its addresses are wanted */
    const struct addr_range *sources; /* single addresses to ask from, of families that are asked; n 0: any */
    size_t source_n;
    bool denied;
    bool by_address;
    bool bare;   /* a connection says it all */
    bool any;    /* of a flow of any protocol: an echo is asked, and proves no more than that */
    bool sought; /* the port is asked of service->via, or what answers names the ports */
};

struct probing_item {
    struct probe_question question;
    const struct probing_subject *subject;
    const struct service *service; /* that is asked: of the subject, or the one that tells its port */
    struct ask ask;
    bool proxied;  /* the proxy resolves the name */
    bool followed; /* the ports that the answer names are asked, too */
    bool nothing;  /* nothing is asked: `outcome` and `reason` are known */
    bool reported;
    enum outcome outcome;
    struct str reason;
    size_t origin; /* number of the item that it follows from, or its own */
    uint64_t resolve_us;
};

struct probing {
    struct cli *cli;
    const struct probing_options *options;
    const struct plan *plan; /* NULL: targets */
    struct str title;
    struct VEC(struct probing_item *) items;
    struct VEC(struct probing_subject *) names; /* subjects whose addresses a resolver knows */
    struct str resolver;                        /* as resolve.h wants it; empty: this machine's */
    struct proxy_url proxy_url;
    struct proxy proxy; /* once its host is an address */
    unsigned rate;
    unsigned timeout_ms;
    unsigned tries;
    size_t in_flight;
    bool too_many;
    bool has_proxy;
    bool interrupted;

    struct VEC(struct probe_outcome *) outcomes;   /* in the order in which they came */
    struct VEC(const struct probing_item *) asked; /* of each */
    struct VEC(struct probe_finding) findings;
    struct VEC(struct probe_port) ports;
};

/* probe_items.c */
/* What the service itself answers are ports to go on to: FTP's data port, those of NFS 3. */
bool probing_names_ports(const struct service *service);
/* The address of the subject as questions: its transports, ports, sources. */
void probing_add_address(struct probing *probing, const struct probing_subject *subject, enum family family,
                         u128 address, uint64_t resolve_us);
/* The subject's host is a name: asked of the resolver, or left to the proxy. */
void probing_add_name(struct probing *probing, struct probing_subject *subject);
/* An outcome without a question. */
void probing_add_nothing(struct probing *probing, const struct probing_subject *subject, enum outcome outcome,
                         struct str reason);
/* A port that the answer to an item named. */
struct probing_item *probing_follow(struct probing *probing, const struct probing_item *item,
                                    const struct service *service, unsigned proto, uint16_t port);
void probing_plan(struct probing *probing, struct probe_plan *plan); /* --dry-run */

/* probe_outcome.c */
struct pins;
struct pins *pins_open(struct cli *cli, struct str path); /* NULL after errors */
bool pins_close(struct pins *pins);                       /* writes those that are new */
/* What the engine found for an item, as it stands in the result; `pins` may be NULL. */
struct probe_outcome *probing_outcome(struct probing *probing, const struct probing_item *item,
                                      const struct probe_result *result, struct pins *pins);
/* Likewise of an item that was not asked. */
struct probe_outcome *probing_unasked(struct probing *probing, const struct probing_item *item, enum outcome found,
                                      struct str reason);

/* probe_run.c: names, probes, outcomes. 0 or EXIT_UNDETERMINED or EXIT_BAD_INPUT, which was said. */
int probing_run(struct probing *probing);

/* probe_findings.c: judges the outcomes, alone and together. */
void probing_judge(struct probing *probing);
/* Holds what was seen against the rulesets of the site. */
void probing_compare(struct probing *probing, struct checking *checking);

/* probe_write.c: the ports that were found, into the site file; false, and nothing is written, after errors. */
bool probing_write(struct probing *probing);

/* probe_targets.c, probe_site.c: false after errors. */
bool probing_targets(struct probing *probing);
bool probing_site(struct probing *probing, struct str path);

#endif
