/* The difference between two catalogs: two versions of a document, or what was imported and what people made of it. */
#ifndef PORTOLAN_MODEL_CATALOG_DIFF_H
#define PORTOLAN_MODEL_CATALOG_DIFF_H

#include "model/catalog.h"
#include "model/change.h"
#include "model/plan.h"

/* What a requirement says; from ID on it is names and words, which open no port. */
enum catalog_field {
    CATALOG_FROM,
    CATALOG_TO,
    CATALOG_DOMAINS,
    CATALOG_PORTS,
    CATALOG_SOURCE_PORTS,
    CATALOG_WHEN,
    CATALOG_NEED,
    CATALOG_FAMILY,
    CATALOG_SCOPE,
    CATALOG_REPLY,
    CATALOG_REPLACES,
    CATALOG_ANY_OF,
    CATALOG_DISCOVER,
    CATALOG_ID,
    CATALOG_SERVICE,
    CATALOG_PURPOSE,
    CATALOG_REVIEW,
    CATALOG_FIELD_N
};

const char *catalog_field_name(enum catalog_field field); /* as in the file: "source-ports" */

/* Requirements that say the same thing otherwise: mostly one of each, more where rows were joined or parted. */
struct changed_requirement {
    const struct requirement **old;
    size_t old_n;
    const struct requirement **new;
    size_t new_n;
    struct change_list fields[CATALOG_FIELD_N];
    bool words_only; /* nothing but words differs */
    bool when_only;  /* nothing but words and the condition differs */
    struct str *why; /* reasons that the new one gives for what differs */
    size_t why_n;
};

/* A role, feature or parameter that came, went, or means something else. */
struct changed_name {
    const char *kind;  /* "role", "feature", "parameter" */
    struct str old;    /* its name; empty: it came */
    struct str new;    /* empty: it went */
    struct str before; /* domains, default; empty where only the name differs */
    struct str after;
    struct str title; /* of what came; may be empty */
};

struct catalog_diff {
    const struct catalog *old;
    const struct catalog *new;       /* with what its siblings ask for, as "PRODUCT/ID" */
    const struct catalog **siblings; /* other catalogs of the same document that were needed */
    size_t sibling_n;
    const struct requirement **added;
    size_t added_n;
    const struct requirement **removed;
    size_t removed_n;
    struct changed_requirement *changed;
    size_t changed_n;
    size_t words_n; /* of the changed, those in words only */
    size_t same_n;
    struct changed_name *names;
    size_t name_n;
};

/* Nothing but words differs; with `words`, not even these. */
bool catalog_diff_equal(const struct catalog_diff *diff, bool words);

/* What follows for one firewall of a site: lines of its configuration as `render` prints it. */
struct firewall_change {
    struct str firewall;
    struct str dialect;
    struct change_list lines;
};

/* What follows for a site. */
struct catalog_effect {
    struct str site;
    const struct change *flows;
    struct firewall_change *firewalls;
    size_t firewall_n;
};

#endif
