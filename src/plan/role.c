/* Who fills a role: the site's binding, else the role that stands in for it, else the domains that it is. */
#include "plan/maker.h"

#define LONGEST_CHAIN 8 /* of `else`; the catalog's reader refuses loops */

static const struct binding *find_binding(const struct instance *instance, struct str role)
{
    for (size_t i = 0; i < instance->binding_n; i++) {
        if (str_eq(instance->bindings[i].role, role))
            return &instance->bindings[i];
    }
    return NULL;
}

static const struct address_set *resolved(const struct site *site, struct str domain)
{
    for (size_t i = 0; i < site->domain_n; i++) {
        if (str_eq(site->domains[i].domain, domain))
            return site->domains[i].set;
    }
    return NULL;
}

static void add_items(struct arena *arena, struct ends *ends, const struct ends *more)
{
    struct range *items = arena_new_array(arena, struct range, ends->item_n + more->item_n);
    size_t i = 0;
    size_t j = 0;
    size_t n = 0;

    while (i < ends->item_n || j < more->item_n) {
        const struct range *a = i < ends->item_n ? &ends->items[i] : NULL;
        const struct range *b = j < more->item_n ? &more->items[j] : NULL;

        if (b == NULL || (a != NULL && (a->lo < b->lo || (a->lo == b->lo && a->hi <= b->hi)))) {
            if (b != NULL && a->lo == b->lo && a->hi == b->hi)
                j++;
            items[n++] = *a;
            i++;
        } else {
            items[n++] = *b;
            j++;
        }
    }
    ends->items = items;
    ends->item_n = n;
    ends->ranges = ranges_union(arena, ends->ranges, more->ranges);
}

static void resolve_domains(struct arena *arena, const struct site *site, const struct role *role, struct role_end *end)
{
    struct address_set *set = arena_new_object(arena, struct address_set);
    struct buf missing = BUF_EMPTY;

    for (unsigned f = 0; f < FAMILY_N; f++)
        set->family[f].ranges = &ranges_empty;
    for (size_t i = 0; i < role->domain_n; i++) {
        const struct address_set *one = resolved(site, role->domains[i]);

        if (one == NULL)
            buf_addf(&missing, "%s%.*s", missing.n > 0 ? ", " : "", STR_ARG(role->domains[i]));
        for (unsigned f = 0; one != NULL && f < FAMILY_N; f++)
            add_items(arena, &set->family[f], &one->family[f]);
    }
    end->kind = END_DOMAINS;
    end->set = set;
    end->domains = role->domains;
    end->domain_n = role->domain_n;
    end->missing = str_dup(arena, buf_str(&missing));
    buf_free(&missing);
}

struct role_end role_resolve(struct arena *arena, const struct site *site, const struct instance *instance,
                             struct str role_name)
{
    struct role_end end = {.kind = END_UNFILLED, .missing = STR_EMPTY, .span = instance->span};

    for (unsigned i = 0; i < LONGEST_CHAIN; i++) {
        const struct binding *binding = find_binding(instance, role_name);

        end.role = catalog_role(instance->catalog, role_name);
        if (end.role == NULL)
            return end;
        if (binding != NULL) {
            end.kind = binding->waived || binding->set == NULL ? END_WAIVED : END_SET;
            end.set = binding->set;
            end.span = binding->span;
            return end;
        }
        if (end.role->otherwise.n == 0)
            break;
        role_name = end.role->otherwise;
    }
    if (end.role->domain_n > 0)
        resolve_domains(arena, site, end.role, &end);
    return end;
}

bool role_end_has(const struct role_end *end, enum family family)
{
    return end->set->family[family].ranges->n > 0 || end->missing.n > 0;
}
