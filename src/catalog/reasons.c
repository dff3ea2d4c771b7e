/*
 * Why the new one of two catalogs says it otherwise: what it inferred of the fields that differ, what it leaves to a
 * person, and what the features and parameters are that people made of a row.
 */
#include "catalog/differ.h"
#include "catalog/when.h"

/* A difference in the field is explained by what the requirement has inferred under that name. */
static bool explains(struct str inferred, const struct changed_requirement *changed)
{
    static const struct {
        const char *name;
        enum catalog_field field;
    } fields[] = {
        {"from", CATALOG_FROM},         {"to", CATALOG_TO},
        {"to", CATALOG_DOMAINS},        {"ports", CATALOG_PORTS},
        {"transport", CATALOG_PORTS},   {"need", CATALOG_NEED},
        {"when", CATALOG_WHEN},         {"family", CATALOG_FAMILY},
        {"scope", CATALOG_SCOPE},       {"reply", CATALOG_REPLY},
        {"discover", CATALOG_DISCOVER},
    };

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const struct change_list *list = &changed->fields[fields[i].field];

        if (str_is(inferred, fields[i].name) && list->added_n + list->removed_n > 0)
            return true;
    }
    return false;
}

struct reasons {
    struct arena *arena;
    const struct catalog *catalog;
    struct reason_texts VEC(struct str) texts;
};

static void reason(struct reasons *reasons, struct str text)
{
    vec_each (const struct str *, said, &reasons->texts) {
        if (str_eq(*said, text))
            return;
    }
    *vec_push(reasons->arena, &reasons->texts) = text;
}

static void feature_reason(void *context, struct str name)
{
    struct reasons *reasons = context;
    const struct feature *feature = catalog_feature(reasons->catalog, name);

    if (feature != NULL)
        reason(reasons, str_printf(reasons->arena, "feature %.*s, %s: %.*s", STR_ARG(name), feature->on ? "on" : "off",
                                   STR_ARG(feature->title)));
}

static void parameter_reasons(struct reasons *reasons, const struct requirement *requirement)
{
    for (size_t i = 0; i < requirement->port_n; i++) {
        const struct port_item *item = &requirement->ports[i];
        const struct parameter *parameter =
            item->kind == PORT_PARAMETER ? catalog_parameter(reasons->catalog, item->parameter) : NULL;

        if (parameter != NULL)
            reason(reasons, str_printf(reasons->arena, "parameter %.*s: %.*s", STR_ARG(parameter->name),
                                       STR_ARG(parameter->title)));
    }
}

static bool differs_in(const struct changed_requirement *changed, enum catalog_field field)
{
    return changed->fields[field].added_n + changed->fields[field].removed_n > 0;
}

/* Something else than the condition, and than words, differs. */
static bool differs_beside_when(const struct changed_requirement *changed)
{
    for (enum catalog_field field = 0; field < CATALOG_ID; field++) {
        if (field != CATALOG_WHEN && differs_in(changed, field))
            return true;
    }
    return false;
}

void reasons_find(struct arena *arena, const struct catalog *catalog, struct changed_requirement *changed)
{
    struct reasons reasons = {.arena = arena, .catalog = catalog};

    for (size_t i = 0; i < changed->new_n; i++) {
        const struct requirement *new = changed->new[i];

        for (size_t k = 0; k < new->inferred_n; k++) {
            if (explains(new->inferred[k].name, changed))
                reason(&reasons, new->inferred[k].text);
        }
        if (new->review.n > 0 && differs_beside_when(changed))
            reason(&reasons, new->review);
        if (differs_in(changed, CATALOG_PORTS))
            parameter_reasons(&reasons, new);
        if (differs_in(changed, CATALOG_WHEN))
            when_each(new->when, feature_reason, &reasons);
    }
    changed->why = reasons.texts.v;
    changed->why_n = reasons.texts.n;
}
