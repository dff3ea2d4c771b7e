/* Findings within one catalog that need no comparison: open points, and names that nothing uses; see lint.h. */
#include "catalog/lint.h"

#include "catalog/linter.h"
#include "catalog/when.h"
#include "model/ports.h"

struct lint_finding *linter_add(struct linter *linter, enum lint_kind kind, enum severity severity,
                                const struct catalog *catalog, struct span span, struct buf *message)
{
    struct lint_finding *finding = vec_push(linter->arena, &linter->found);

    *finding = (struct lint_finding){
        .severity = severity,
        .kind = kind,
        .product = catalog->product,
        .message = str_dup(linter->arena, buf_str(message)),
        .span = span,
    };
    buf_free(message);
    return finding;
}

void linter_id(struct linter *linter, struct lint_ids *ids, struct str id)
{
    for (size_t i = 0; i < ids->n; i++) {
        if (str_eq(ids->v[i], id))
            return;
    }
    *vec_push(linter->arena, ids) = id;
}

void linter_set_ids(struct lint_finding *finding, const struct lint_ids *ids)
{
    finding->requirements = ids->v;
    finding->requirement_n = ids->n;
}

bool linter_ports(const struct catalog *catalog, const struct port_item *item, uint16_t *lo, uint16_t *hi)
{
    const struct parameter *parameter;

    if (item->kind == PORT_RANGE) {
        *lo = item->lo;
        *hi = item->hi;
        return true;
    }
    if (item->kind != PORT_PARAMETER)
        return false;
    parameter = catalog_parameter(catalog, item->parameter);
    return parameter != NULL && port_value_parse(parameter->value, lo, hi);
}

struct str linter_role(const struct catalog *catalog, struct str name)
{
    const struct role *role = catalog_role(catalog, name);

    while (role != NULL && role->otherwise.n > 0) {
        name = role->otherwise;
        role = catalog_role(catalog, name);
    }
    return name;
}

static void add_about(struct linter *linter, const struct catalog *catalog, const struct requirement *requirement,
                      enum lint_kind kind, enum severity severity, struct buf *message)
{
    struct lint_ids ids = {0};

    linter_id(linter, &ids, requirement->id);
    linter_set_ids(linter_add(linter, kind, severity, catalog, requirement->span, message), &ids);
}

static void find_reviews(struct linter *linter, const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->requirement_n; i++) {
        const struct requirement *requirement = &catalog->requirements[i];
        struct buf message = BUF_EMPTY;

        if (requirement->review.n == 0)
            continue;
        buf_add(&message, requirement->review);
        add_about(linter, catalog, requirement, LINT_REVIEW, SEVERITY_NOTE, &message);
    }
}

static void find_inferred(struct linter *linter, const struct catalog *catalog)
{
    struct lint_ids ids = {0};
    struct buf message = BUF_EMPTY;
    size_t fields = 0;

    for (size_t i = 0; i < catalog->requirement_n; i++) {
        fields += catalog->requirements[i].inferred_n;
        if (catalog->requirements[i].inferred_n > 0)
            linter_id(linter, &ids, catalog->requirements[i].id);
    }
    if (ids.n == 0)
        return;
    buf_addf(&message, "%zu of %zu requirements have fields that are not in their row (%zu fields)", ids.n,
             catalog->requirement_n, fields);
    linter_set_ids(linter_add(linter, LINT_INFERRED, SEVERITY_NOTE, catalog, span_at(catalog->source, 0, 0), &message),
                   &ids);
}

/* NAME-port pins the dynamic port of the program NAME. */
static bool pins(const struct parameter *parameter, const struct requirement *requirement)
{
    for (size_t i = 0; i < requirement->discover_n; i++) {
        struct str program = requirement->discover[i];

        if (parameter->name.n == program.n + 5 && str_ends(parameter->name, "-port") &&
            str_eq(str_head(parameter->name, program.n), program))
            return true;
    }
    return false;
}

static bool uses(const struct requirement *requirement, const struct parameter *parameter)
{
    for (size_t i = 0; i < requirement->port_n; i++) {
        if (requirement->ports[i].kind == PORT_PARAMETER && str_eq(requirement->ports[i].parameter, parameter->name))
            return true;
    }
    return false;
}

static void find_parameters(struct linter *linter, const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->parameter_n; i++) {
        const struct parameter *parameter = &catalog->parameters[i];
        struct lint_ids ids = {0};
        struct buf message = BUF_EMPTY;
        bool used = false;

        for (size_t j = 0; j < catalog->requirement_n; j++) {
            const struct requirement *requirement = &catalog->requirements[j];
            bool named = uses(requirement, parameter);

            used = used || named;
            if (named || pins(parameter, requirement))
                linter_id(linter, &ids, requirement->id);
        }
        if (ids.n == 0)
            buf_addf(&message, "parameter \"%.*s\" is used by no requirement", STR_ARG(parameter->name));
        else if (parameter->value.n > 0)
            continue;
        else if (used)
            buf_addf(&message, "parameter \"%.*s\" has no default: a site has to give it", STR_ARG(parameter->name));
        else
            buf_addf(&message, "parameter \"%.*s\" has no default: its port is discovered unless a site pins it",
                     STR_ARG(parameter->name));
        linter_set_ids(linter_add(linter, ids.n == 0 ? LINT_UNUSED : LINT_NO_DEFAULT,
                                  ids.n == 0 ? SEVERITY_WARNING : SEVERITY_NOTE, catalog, parameter->span, &message),
                       &ids);
    }
}

static void find_open_ports(struct linter *linter, const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->requirement_n; i++) {
        const struct requirement *requirement = &catalog->requirements[i];
        struct buf message = BUF_EMPTY;
        bool open = false;

        for (size_t j = 0; j < requirement->port_n; j++) {
            const struct port_item *item = &requirement->ports[j];

            if (item->kind != PORT_DYNAMIC && item->kind != PORT_UNSTATED)
                continue;
            buf_addf(&message, "%s%.*s", open ? ", " : "ports are open: ", STR_ARG(item->text));
            open = true;
        }
        if (open)
            add_about(linter, catalog, requirement, LINT_PORTS_OPEN, SEVERITY_NOTE, &message);
        else
            buf_free(&message);
    }
}

static void find_wildcards(struct linter *linter, const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->role_n; i++) {
        const struct role *role = &catalog->roles[i];

        for (size_t j = 0; j < role->domain_n; j++) {
            struct buf message = BUF_EMPTY;
            struct lint_ids ids = {0};

            if (!str_starts(role->domains[j], "*."))
                continue;
            for (size_t k = 0; k < catalog->requirement_n; k++) {
                if (str_eq(catalog->requirements[k].to, role->name) ||
                    str_eq(catalog->requirements[k].from, role->name))
                    linter_id(linter, &ids, catalog->requirements[k].id);
            }
            buf_addf(&message, "role \"%.*s\" is every name below %.*s, which no look-up can list", STR_ARG(role->name),
                     STR_ARG(str_from(role->domains[j], 2)));
            linter_set_ids(linter_add(linter, LINT_WILDCARD, SEVERITY_NOTE, catalog, role->span, &message), &ids);
        }
    }
}

static void mark(void *context, struct str feature)
{
    struct lint_ids *ids = context;

    for (size_t i = 0; i < ids->n; i++) {
        if (str_eq(ids->v[i], feature))
            ids->v[i] = STR_EMPTY;
    }
}

static void find_unused(struct linter *linter, const struct catalog *catalog)
{
    struct lint_ids features = {0};
    bool used;

    for (size_t i = 0; i < catalog->role_n; i++) {
        const struct role *role = &catalog->roles[i];
        struct buf message = BUF_EMPTY;

        used = false;
        for (size_t j = 0; j < catalog->requirement_n && !used; j++)
            used = str_eq(catalog->requirements[j].from, role->name) || str_eq(catalog->requirements[j].to, role->name);
        for (size_t j = 0; j < catalog->role_n && !used; j++)
            used = str_eq(catalog->roles[j].otherwise, role->name);
        if (used)
            continue;
        buf_addf(&message, "role \"%.*s\" is in no requirement", STR_ARG(role->name));
        linter_add(linter, LINT_UNUSED, SEVERITY_WARNING, catalog, role->span, &message);
    }
    for (size_t i = 0; i < catalog->feature_n; i++)
        *vec_push(linter->arena, &features) = catalog->features[i].name;
    for (size_t i = 0; i < catalog->requirement_n; i++)
        when_each(catalog->requirements[i].when, mark, &features);
    for (size_t i = 0; i < features.n; i++) {
        struct buf message = BUF_EMPTY;

        if (features.v[i].n == 0)
            continue;
        buf_addf(&message, "feature \"%.*s\" switches nothing", STR_ARG(features.v[i]));
        linter_add(linter, LINT_UNUSED, SEVERITY_WARNING, catalog, catalog->features[i].span, &message);
    }
}

static bool names_document(struct str origin, struct str key)
{
    struct str place;

    return str_eq(str_cut(origin, '#', &place), key);
}

static void find_unused_documents(struct linter *linter, const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->document_n; i++) {
        struct str key = catalog->documents[i].key;
        struct buf message = BUF_EMPTY;
        bool used = false;

        for (size_t j = 0; j < catalog->note_n && !used; j++)
            used = names_document(catalog->notes[j].origin, key);
        for (size_t j = 0; j < catalog->requirement_n && !used; j++) {
            for (size_t k = 0; k < catalog->requirements[j].origin_n && !used; k++)
                used = names_document(catalog->requirements[j].origins[k], key);
        }
        if (used)
            continue;
        buf_addf(&message, "document \"%.*s\" is the origin of nothing", STR_ARG(key));
        linter_add(linter, LINT_UNUSED, SEVERITY_WARNING, catalog, span_at(catalog->source, 0, 0), &message);
    }
}

static void find_alone(struct linter *linter, const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->requirement_n; i++) {
        const struct requirement *requirement = &catalog->requirements[i];
        struct buf message = BUF_EMPTY;
        size_t members = 0;

        if (requirement->any_of.n == 0)
            continue;
        for (size_t j = 0; j < catalog->requirement_n; j++)
            members += str_eq(catalog->requirements[j].any_of, requirement->any_of);
        if (members > 1)
            continue;
        buf_addf(&message, "it is the only one of any-of \"%.*s\"", STR_ARG(requirement->any_of));
        add_about(linter, catalog, requirement, LINT_ALONE, SEVERITY_WARNING, &message);
    }
}

struct lint_finding *catalog_lint(struct arena *arena, const struct catalog *const *catalogs, size_t n,
                                  size_t *finding_n)
{
    struct linter linter = {.arena = arena};

    for (size_t i = 0; i < n; i++) {
        find_reviews(&linter, catalogs[i]);
        find_open_ports(&linter, catalogs[i]);
        find_parameters(&linter, catalogs[i]);
        find_wildcards(&linter, catalogs[i]);
        find_inferred(&linter, catalogs[i]);
        linter_transports(&linter, catalogs[i]);
        linter_reach(&linter, catalogs[i]);
        find_alone(&linter, catalogs[i]);
        find_unused(&linter, catalogs[i]);
        find_unused_documents(&linter, catalogs[i]);
    }
    linter_across(&linter, catalogs, n);
    *finding_n = linter.found.n;
    return linter.found.v;
}
