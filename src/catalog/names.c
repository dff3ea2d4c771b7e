/* Roles, features and parameters of two catalogs; see differ.h. */
#include "catalog/differ.h"

struct name_records VEC(struct changed_name);

static void add_name(struct differ *differ, struct name_records *names, struct changed_name name)
{
    if (!str_eq(name.old, name.new) || !str_eq(name.before, name.after))
        *vec_push(differ->arena, names) = name;
}

static struct str domains_text(struct differ *differ, const struct role *role)
{
    struct buf buf = BUF_EMPTY;
    struct str made;

    for (size_t i = 0; i < role->domain_n; i++)
        buf_addf(&buf, "%s%.*s", i == 0 ? "" : " ", STR_ARG(role->domains[i]));
    made = str_dup(differ->arena, buf_str(&buf));
    buf_free(&buf);
    return made;
}

/* Roles that are domains are known by them, whatever they are called; the requirements tell of these. */
static void compare_roles(struct differ *differ, struct name_records *names)
{
    struct map met = {0};

    for (size_t i = 0; i < differ->old->role_n; i++) {
        const struct role *old = &differ->old->roles[i];
        const struct str *named = map_get(&differ->named, old->name);
        const struct role *new = named == NULL ? NULL : catalog_role(differ->new, *named);

        if (new != NULL)
            map_set(differ->arena, &met, new->name, (void *)new);
        if (new == NULL && old->domain_n == 0)
            add_name(differ, names, (struct changed_name){.kind = "role", .old = old->name});
        else if (new != NULL && (old->domain_n == 0 || str_eq(old->name, new->name)))
            add_name(differ, names,
                     (struct changed_name){"role", old->name, new->name, domains_text(differ, old),
                                           domains_text(differ, new), STR_EMPTY});
    }
    for (size_t i = 0; i < differ->new->role_n; i++) {
        const struct role *new = &differ->new->roles[i];

        if (map_get(&met, new->name) == NULL && new->domain_n == 0)
            add_name(differ, names, (struct changed_name){.kind = "role", .new = new->name, .title = new->title});
    }
}

static void compare_features(struct differ *differ, struct name_records *names)
{
    for (size_t i = 0; i < differ->old->feature_n; i++) {
        const struct feature *old = &differ->old->features[i];
        const struct feature *new = catalog_feature(differ->new, old->name);

        add_name(differ, names,
                 (struct changed_name){"feature", old->name, new == NULL ? STR_EMPTY : new->name,
                                       old->on ? STR("on") : STR("off"),
                                       new == NULL ? STR_EMPTY
                                       : new->on   ? STR("on")
                                                   : STR("off"),
                                       STR_EMPTY});
    }
    for (size_t i = 0; i < differ->new->feature_n; i++) {
        const struct feature *new = &differ->new->features[i];

        if (catalog_feature(differ->old, new->name) == NULL)
            add_name(differ, names,
                     (struct changed_name){.kind = "feature",
                                           .new = new->name,
                                           .after = new->on ? STR("on") : STR("off"),
                                           .title = new->title});
    }
}

/* The only parameter with that default; NULL where there is none, or more. */
static const struct parameter *only_with(const struct catalog *catalog, struct str value)
{
    const struct parameter *found = NULL;

    for (size_t i = 0; i < catalog->parameter_n; i++) {
        if (!str_eq(catalog->parameters[i].value, value))
            continue;
        if (found != NULL)
            return NULL;
        found = &catalog->parameters[i];
    }
    return found;
}

struct map names_align_parameters(struct arena *arena, const struct catalog *old, const struct catalog *new)
{
    struct map named = {0};

    for (size_t i = 0; i < old->parameter_n; i++) {
        const struct parameter *own = &old->parameters[i];
        const struct parameter *same = catalog_parameter(new, own->name);

        if (same == NULL && own->value.n > 0 && only_with(old, own->value) != NULL)
            same = only_with(new, own->value);
        if (same != NULL && (str_eq(same->name, own->name) || catalog_parameter(old, same->name) == NULL))
            map_set(arena, &named, own->name, (void *)&same->name);
    }
    return named;
}

static void compare_parameters(struct differ *differ, struct name_records *names)
{
    struct map met = {0};

    for (size_t i = 0; i < differ->old->parameter_n; i++) {
        const struct parameter *old = &differ->old->parameters[i];
        const struct str *named = map_get(&differ->parameters, old->name);
        const struct parameter *new = named == NULL ? NULL : catalog_parameter(differ->new, *named);

        if (new != NULL)
            map_set(differ->arena, &met, new->name, (void *)new);
        add_name(differ, names,
                 (struct changed_name){"parameter", old->name, new == NULL ? STR_EMPTY : new->name, old->value,
                                       new == NULL ? STR_EMPTY : new->value, STR_EMPTY});
    }
    for (size_t i = 0; i < differ->new->parameter_n; i++) {
        const struct parameter *new = &differ->new->parameters[i];

        if (map_get(&met, new->name) == NULL)
            add_name(
                differ, names,
                (struct changed_name){.kind = "parameter", .new = new->name, .after = new->value, .title = new->title});
    }
}

struct changed_name *names_compare(struct differ *differ, size_t *n)
{
    struct name_records names = {0};

    compare_roles(differ, &names);
    compare_features(differ, &names);
    compare_parameters(differ, &names);
    *n = names.n;
    return names.v;
}
