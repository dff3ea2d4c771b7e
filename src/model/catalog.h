/* A product's documented needs: what a file of catalog/ says. Plain data, immutable once read. */
#ifndef PORTOLAN_MODEL_CATALOG_H
#define PORTOLAN_MODEL_CATALOG_H

#include "base/diag.h"
#include "net/addr.h"

enum need { NEED_REQUIRED, NEED_OPTIONAL, NEED_RECOMMENDED, NEED_FORBIDDEN, NEED_N };
const char *need_name(enum need need);

/* Boolean expression over features. */
enum when_kind { WHEN_FEATURE, WHEN_AND, WHEN_OR, WHEN_NOT, WHEN_N };

struct when {
    enum when_kind kind;
    struct str feature;
    const struct when *left; /* the operand of NOT */
    const struct when *right;
};

enum port_kind {
    PORT_RANGE,     /* lo..hi */
    PORT_PARAMETER, /* `parameter` says: a port or a range */
    PORT_DYNAMIC,   /* chosen at run time: pinned by parameters or discovered, else unresolved */
    PORT_UNSTATED,  /* the document does not say */
    PORT_ANY,       /* any protocol, any port: written out */
    PORT_ICMP,
    PORT_KIND_N
};

#define TRANSPORT_ANY (-1)
#define TRANSPORT_UNSTATED (-2)

struct port_item {
    enum port_kind kind;
    int transport; /* IP protocol number; TRANSPORT_ANY for `any`; TRANSPORT_UNSTATED for `unstated` */
    uint16_t lo;
    uint16_t hi;
    struct str parameter;
    struct str text; /* as written */
    struct span span;
};

struct named_text {
    struct str name;
    struct str text;
};

struct requirement {
    struct str id;
    struct str from; /* roles */
    struct str to;
    struct port_item *ports;
    size_t port_n;
    struct str service;
    struct str purpose;
    struct str when_text;    /* empty: always */
    const struct when *when; /* NULL: always */
    enum need need;
    struct str *replaces; /* requirement ids that are off while this one is on */
    size_t replaces_n;
    struct str any_of; /* requirements of one name: one of them is enough; may be empty */
    bool has_family;
    enum family family;
    bool subnet;                       /* scope: subnet */
    bool no_reply;                     /* reply: none */
    const struct ranges *source_ports; /* NULL: 1-65535 */
    struct str *discover;              /* rpc programs that name a dynamic port */
    size_t discover_n;
    struct named_text *inferred; /* field and why */
    size_t inferred_n;
    struct str review; /* may be empty */
    struct str *origins;
    size_t origin_n;
    struct span span;
};

struct role {
    struct str name;
    struct str title;
    struct str otherwise; /* `else`: the role that stands in when this one is unfilled; may be empty */
    struct str *domains;  /* "repo.example.org", "*.example.org"; n 0: a role that a site fills */
    size_t domain_n;
    struct span span;
};

struct feature {
    struct str name;
    struct str title;
    bool on; /* by default */
    struct span span;
};

struct parameter {
    struct str name;
    struct str title;
    struct str value; /* default: "8012", "6910-6930", or empty for none */
    struct span span;
};

struct document {
    struct str key;
    struct str title;
    struct str url;
    struct str retrieved;
};

struct note {
    struct str text;
    struct str origin;
};

struct catalog {
    struct str product;
    struct str title;
    const struct source *source;
    struct document *documents;
    size_t document_n;
    struct note *notes;
    size_t note_n;
    struct role *roles;
    size_t role_n;
    struct feature *features;
    size_t feature_n;
    struct parameter *parameters;
    size_t parameter_n;
    struct requirement *requirements;
    size_t requirement_n;
};

const struct role *catalog_role(const struct catalog *catalog, struct str name);
const struct feature *catalog_feature(const struct catalog *catalog, struct str name);
const struct parameter *catalog_parameter(const struct catalog *catalog, struct str name);
const struct requirement *catalog_requirement(const struct catalog *catalog, struct str id);

/*
 * All catalogs that a command knows, by product. Each has its product's name from the start; what else it says is there
 * once it was found: `complete` (NULL: all are complete) reads it then.
 */
struct catalogs {
    struct catalog **v;
    size_t n;
    bool (*complete)(void *context, struct catalog *catalog); /* false: it cannot be read; the reasons were reported */
    void *context;
};

/* NULL where there is none of that name, or it cannot be read. */
const struct catalog *catalogs_find(const struct catalogs *catalogs, struct str product);

#endif
