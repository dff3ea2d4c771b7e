/* A deployment: what a site file says, with every name resolved to addresses. Plain data, immutable once read. */
#ifndef PORTOLAN_MODEL_SITE_H
#define PORTOLAN_MODEL_SITE_H

#include "base/map.h"
#include "model/flow.h"
#include "model/policy.h"
#include "model/proxy.h"

/* A name, an address written in place, or a list of both, resolved in both families. */
struct address_set {
    struct ends family[FAMILY_N];
    bool any;
};

struct binding {
    struct str role;
    bool waived;             /* `none` */
    struct address_set *set; /* not waived; NULL: could not be read, and that was said */
    struct str text;         /* as written, for messages */
    struct span span;
};

struct setting {
    struct str name;
    struct str value;
    struct span span;
};

struct instance {
    struct str name;
    const struct catalog *catalog; /* NULL: an unknown product, and that was said */
    struct map features;           /* name -> non-NULL where it is on, after defaults and the site's own list */
    struct setting *parameters;    /* as the site sets them */
    size_t parameter_n;
    struct binding *bindings;
    size_t binding_n;
    struct span span;
};

struct domain_entry {
    struct str domain;
    struct address_set *set;
    struct span span;
};

/* What an extra flow, an omission, an accepted excess and a test have in common. */
struct exception {
    struct str id;            /* extra */
    struct str requirement;   /* omit: INSTANCE/REQUIREMENT */
    struct str firewall;      /* accept; empty: every one */
    struct address_set *from; /* NULL: any */
    struct address_set *to;
    struct str from_text;
    struct str to_text;
    struct port_item *ports; /* n 0: all of them */
    size_t port_n;
    struct str owner;
    struct str reason;
    uint32_t expires; /* YYYYMMDD; 0: never */
    struct str service;
    bool no_reply;
    struct span span;
};

struct zone {
    struct str name;
    bool rest;                   /* `any`: what no other zone has */
    struct addr_range *prefixes; /* as written; none for `rest` */
    size_t prefix_n;
    const struct ranges *ranges[FAMILY_N]; /* what belongs to it, longer prefixes of other zones taken out */
    struct span span;
};

struct zone_interface {
    const struct zone *zone;
    struct str name;
};

struct firewall {
    struct str name;
    struct str dialect;
    struct span dialect_span;
    struct str *files; /* of its ruleset, as written (relative to the site file) */
    struct span *file_spans;
    size_t file_n;
    struct zone_interface *interfaces;
    size_t interface_n;
    struct address_set *addresses; /* its own; NULL: none given. Of a host firewall: the host's. */
    struct str host;               /* the name of the host it stands on; empty: between zones */
    bool reject;
    bool scope_site;
    unsigned baseline;
    struct span span;
};

struct site_test {
    bool allow;            /* else deny */
    struct exception what; /* from, to, ports */
    struct str text;       /* in one line, for reports */
    struct span span;
};

struct site {
    struct str name;
    const struct source *source;
    struct map names; /* name -> struct address_set */
    struct instance *instances;
    size_t instance_n;
    struct domain_entry *domains;
    size_t domain_n;
    struct exception *extra;
    size_t extra_n;
    struct exception *omit;
    size_t omit_n;
    struct exception *accept;
    size_t accept_n;
    struct zone *zones;
    size_t zone_n;
    struct firewall *firewalls;
    size_t firewall_n;
    struct site_test *tests;
    size_t test_n;
    struct address_set *resolver; /* addresses only; NULL: each machine's own */
    struct proxy_url proxy;       /* through which domains are reached; its host is a name of the site or any other;
                                     host.n 0: none */
};

#endif
