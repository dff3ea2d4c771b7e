/* Names of the model's enumerations, and rules by name; see catalog.h, flow.h, lint.h, plan.h, policy.h and verdict.h.
 */
#include "model/catalog_diff.h"
#include "model/lint.h"
#include "model/plan.h"
#include "model/policy.h"
#include "model/result.h"
#include "model/verdict.h"
#include "net/proto.h"

static const char *const need_names[NEED_N] = {"required", "optional", "recommended", "forbidden"};
static const char *const baseline_names[BASELINE_N] = {"loopback", "replies", "icmp-errors", "neighbour-discovery",
                                                       "dhcp"};
static const char *const verdict_names[VERDICT_N] = {"permitted", "denied", "partial", "undetermined"};
static const char *const finding_names[FINDING_KIND_N] = {
    "excess",     "shadowed", "redundant", "contradicts", "too-wide", "unreachable-chain",
    "unused-set", "baseline", "no-path",   "expired",
};

static const char *const lint_names[LINT_KIND_N] = {
    "review",        "inferred", "no-default",  "ports-open", "wildcard", "transports-differ",
    "sibling-lacks", "unused",   "unreachable", "covered",    "alone",
};

const char *lint_kind_name(enum lint_kind kind)
{
    return lint_names[kind];
}

static const char *const change_names[CHANGE_FIELD_N] = {"source",       "destination", "domain", "ports",
                                                         "source_ports", "status",      "need"};

const char *change_field_name(enum change_field field)
{
    return change_names[field];
}

static const char *const catalog_field_names[CATALOG_FIELD_N] = {
    "from",  "to",       "domains", "ports",    "source-ports", "when",    "need",    "family", "scope",
    "reply", "replaces", "any-of",  "discover", "id",           "service", "purpose", "review",
};

const char *catalog_field_name(enum catalog_field field)
{
    return catalog_field_names[field];
}

bool catalog_diff_equal(const struct catalog_diff *diff, bool words)
{
    return diff->added_n + diff->removed_n + diff->name_n == 0 && diff->changed_n == (words ? 0 : diff->words_n);
}

const char *need_name(enum need need)
{
    return need_names[need];
}

const char *baseline_name(enum baseline baseline)
{
    return baseline_names[baseline];
}

const char *verdict_name(enum verdict_kind kind)
{
    return verdict_names[kind];
}

unsigned verdict_rank(enum verdict_kind kind)
{
    static const unsigned ranks[VERDICT_N] = {
        [VERDICT_PERMITTED] = 0, [VERDICT_UNDETERMINED] = 1, [VERDICT_PARTIAL] = 2, [VERDICT_DENIED] = 3};

    return ranks[kind];
}

const char *direction_name(enum direction direction)
{
    return direction == DIRECTION_REQUEST ? "request" : "reply";
}

const char *finding_name(enum finding_kind kind)
{
    return finding_names[kind];
}

const char *flow_status_name(enum flow_status status)
{
    return status == FLOW_RESOLVED ? "resolved" : "unresolved";
}

void transport_format(struct buf *out, int transport)
{
    if (transport == TRANSPORT_ANY)
        buf_adds(out, "any");
    else if (transport == TRANSPORT_UNSTATED)
        buf_adds(out, "unstated");
    else
        proto_format(out, (unsigned)transport);
}

bool transport_parse(struct str text, int *transport)
{
    int proto;

    if (str_is(text, "any")) {
        *transport = TRANSPORT_ANY;
        return true;
    }
    proto = proto_parse(text);
    if (proto < 0)
        return false;
    *transport = proto == PROTO_ICMPV6 ? PROTO_ICMP : proto;
    return true;
}

uint8_t flow_protocol(const struct flow *flow)
{
    if (flow->transport == PROTO_ICMP)
        return (uint8_t)proto_icmp(flow->family);
    return (uint8_t)flow->transport;
}

struct rule_ref rule_ref_of(const struct rule *rule)
{
    const struct source *source = rule->place.source;

    return (struct rule_ref){
        .file = source == NULL ? STR_EMPTY : source->name,
        .line = rule->has_line ? source_line(source, rule->place.at) : 0,
        .table = rule->chain->table,
        .chain = rule->chain->name,
        .index = rule->index,
        .text = rule->text,
        .present = true,
    };
}

struct rule_ref rule_ref_policy(struct arena *arena, const struct ruleset *ruleset, const struct chain *chain)
{
    struct rule_ref ref = {.file = ruleset->file, .present = true};

    if (chain == NULL) {
        ref.text = STR("no chain at this hook: everything passes");
        return ref;
    }
    if (chain->place.source != NULL)
        ref.file = chain->place.source->name;
    ref.table = chain->table;
    ref.chain = chain->name;
    ref.text = str_printf(arena, "policy %s", action_name(chain->policy));
    if (chain->has_line)
        ref.line = source_line(chain->place.source, chain->place.at);
    return ref;
}

#define FIND(type, function, list, count, key)                                                                         \
    const struct type *function(const struct catalog *catalog, struct str name)                                        \
    {                                                                                                                  \
        for (size_t i = 0; i < catalog->count; i++) {                                                                  \
            if (str_eq(catalog->list[i].key, name))                                                                    \
                return &catalog->list[i];                                                                              \
        }                                                                                                              \
        return NULL;                                                                                                   \
    }

FIND(role, catalog_role, roles, role_n, name)
FIND(feature, catalog_feature, features, feature_n, name)
FIND(parameter, catalog_parameter, parameters, parameter_n, name)
FIND(requirement, catalog_requirement, requirements, requirement_n, id)

const struct catalog *catalogs_find(const struct catalogs *catalogs, struct str product)
{
    for (size_t i = 0; i < catalogs->n; i++) {
        struct catalog *catalog = catalogs->v[i];

        if (!str_eq(catalog->product, product))
            continue;
        if (catalogs->complete != NULL && !catalogs->complete(catalogs->context, catalog))
            return NULL;
        return catalog;
    }
    return NULL;
}

static bool unmet(const struct verdict *verdict)
{
    return verdict->kind == VERDICT_DENIED || verdict->kind == VERDICT_PARTIAL;
}

bool verdict_fails(const struct verdict *verdict)
{
    return unmet(verdict) && verdict->flow->need == NEED_REQUIRED;
}

bool verdict_warns(const struct verdict *verdict)
{
    return unmet(verdict) && (verdict->flow->need == NEED_OPTIONAL || verdict->flow->need == NEED_RECOMMENDED);
}
