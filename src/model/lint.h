/* What `catalog lint` finds in catalogs: open points of the documents, contradictions between them, dead entries. */
#ifndef PORTOLAN_MODEL_LINT_H
#define PORTOLAN_MODEL_LINT_H

#include "model/catalog.h"

enum lint_kind {
    LINT_REVIEW,            /* the catalog itself says that a person must look */
    LINT_INFERRED,          /* how many requirements have fields that are not in their row */
    LINT_NO_DEFAULT,        /* a parameter without a default */
    LINT_PORTS_OPEN,        /* ports that are dynamic or unstated */
    LINT_WILDCARD,          /* a domain that stands for any name below it */
    LINT_TRANSPORTS_DIFFER, /* the same service and port, another transport in another place */
    LINT_SIBLING_LACKS,     /* two products are alike, and one has ports that the other has not */
    LINT_UNUSED,            /* a role, feature, parameter or document that nothing uses */
    LINT_UNREACHABLE,       /* a requirement that no choice of features switches on */
    LINT_COVERED,           /* a requirement that asks for nothing beyond another one */
    LINT_ALONE,             /* the only requirement of its any-of group */
    LINT_KIND_N
};

struct lint_finding {
    enum severity severity;
    enum lint_kind kind;
    struct str product;       /* of `span`; of a finding between products the first of them */
    struct str *requirements; /* ids that it is about; PRODUCT/ID where it is about several products */
    size_t requirement_n;
    struct str message;
    struct span span;
};

const char *lint_kind_name(enum lint_kind kind); /* "transports-differ" */

#endif
