/* What a requirement says, as texts that are the same in both catalogs; see differ.h. */
#include "catalog/differ.h"
#include "catalog/roles.h"
#include "net/addr.h"

static struct str role_name(const struct differ *differ, const struct catalog *catalog, struct str name)
{
    const struct str *named = catalog == differ->old ? map_get(&differ->named, name) : NULL;

    return named == NULL ? name : *named;
}

/* As written; a parameter of the old catalog by the name that it has in the new one. */
static struct str port_text(const struct differ *differ, const struct catalog *catalog, const struct port_item *item)
{
    const struct str *named = NULL;
    struct str transport;

    if (item->kind == PORT_PARAMETER && catalog == differ->old)
        named = map_get(&differ->parameters, item->parameter);
    if (named == NULL)
        return item->text;
    str_cut(item->text, '/', &transport);
    return str_printf(differ->arena, "{%.*s}/%.*s", STR_ARG(*named), STR_ARG(transport));
}

void differ_push(struct differ *differ, struct text_list *texts, struct str text)
{
    for (size_t i = 0; i < texts->n; i++) {
        if (str_eq(texts->v[i], text))
            return;
    }
    *vec_push(differ->arena, texts) = text;
}

static void push_source_ports(struct differ *differ, const struct ranges *ports, struct text_list *texts)
{
    for (size_t i = 0; ports != NULL && i < ports->n; i++)
        differ_push(differ, texts,
                    str_printf(differ->arena, "%u-%u", (unsigned)ports->v[i].lo, (unsigned)ports->v[i].hi));
}

static void push_all(struct differ *differ, const struct str *v, size_t n, struct text_list *texts)
{
    for (size_t i = 0; i < n; i++)
        differ_push(differ, texts, v[i]);
}

void differ_texts(struct differ *differ, const struct catalog *catalog, const struct requirement *requirement,
                  enum catalog_field field, struct text_list *texts)
{
    const struct role *to = catalog_role(catalog, requirement->to);

    switch (field) {
    case CATALOG_FROM: differ_push(differ, texts, role_name(differ, catalog, requirement->from)); break;
    case CATALOG_TO:
        if (to == NULL || to->domain_n == 0)
            differ_push(differ, texts, role_name(differ, catalog, requirement->to));
        break;
    case CATALOG_DOMAINS:
        push_all(differ, to == NULL ? NULL : to->domains, to == NULL ? 0 : to->domain_n, texts);
        break;
    case CATALOG_PORTS:
        for (size_t i = 0; i < requirement->port_n; i++)
            differ_push(differ, texts, port_text(differ, catalog, &requirement->ports[i]));
        break;
    case CATALOG_SOURCE_PORTS: push_source_ports(differ, requirement->source_ports, texts); break;
    case CATALOG_WHEN:
        differ_push(differ, texts, requirement->when_text.n > 0 ? requirement->when_text : STR("always"));
        break;
    case CATALOG_NEED: differ_push(differ, texts, str_of(need_name(requirement->need))); break;
    case CATALOG_FAMILY:
        if (requirement->has_family)
            differ_push(differ, texts, requirement->family == FAMILY_V4 ? STR("ipv4") : STR("ipv6"));
        break;
    case CATALOG_SCOPE: push_all(differ, &STR("subnet"), requirement->subnet, texts); break;
    case CATALOG_REPLY: push_all(differ, &STR("none"), requirement->no_reply, texts); break;
    case CATALOG_REPLACES: push_all(differ, requirement->replaces, requirement->replaces_n, texts); break;
    case CATALOG_ANY_OF: push_all(differ, &requirement->any_of, requirement->any_of.n > 0, texts); break;
    case CATALOG_DISCOVER: push_all(differ, requirement->discover, requirement->discover_n, texts); break;
    case CATALOG_ID: differ_push(differ, texts, requirement->id); break;
    case CATALOG_SERVICE: differ_push(differ, texts, requirement->service); break;
    case CATALOG_PURPOSE: differ_push(differ, texts, requirement->purpose); break;
    case CATALOG_REVIEW: push_all(differ, &requirement->review, requirement->review.n > 0, texts); break;
    case CATALOG_FIELD_N: break;
    }
}

struct text_list differ_facts(struct differ *differ, const struct catalog *catalog,
                              const struct requirement *requirement, bool domains_alone)
{
    struct text_list ends = {0};
    struct text_list facts = {0};
    struct str from = domains_alone ? STR("anything") : role_name(differ, catalog, requirement->from);

    if (!domains_alone)
        differ_texts(differ, catalog, requirement, CATALOG_TO, &ends);
    differ_texts(differ, catalog, requirement, CATALOG_DOMAINS, &ends);
    vec_each (const struct str *, end, &ends) {
        for (size_t i = 0; i < requirement->port_n; i++) {
            struct str port = roles_port(differ->arena, catalog, &requirement->ports[i]);

            differ_push(differ, &facts,
                        str_printf(differ->arena, "%.*s > %.*s %.*s", STR_ARG(from), STR_ARG(*end), STR_ARG(port)));
        }
    }
    return facts;
}
