/*
 * One document may be about several products, each with a catalog of its own: XenServer, its console and what streams
 * its machines. What was imported as one is held against all of them together. Roles, features and parameters of one
 * name are one, except for roles that are domains and not the same: these get their product before their name.
 */
#include "catalog/differ.h"

static void copy_all(void *into, const void *from, size_t n, size_t size)
{
    if (n > 0)
        memcpy(into, from, n * size);
}

static struct str in_product(struct arena *arena, const struct catalog *sibling, struct str name)
{
    return str_printf(arena, "%.*s/%.*s", STR_ARG(sibling->product), STR_ARG(name));
}

static bool same_domains(const struct role *a, const struct role *b)
{
    bool same = a->domain_n == b->domain_n;

    for (size_t i = 0; same && i < a->domain_n; i++)
        same = str_eq(a->domains[i], b->domains[i]);
    return same;
}

/* What the role of a sibling is called in the whole. */
static struct str role_in(struct arena *arena, const struct catalog *whole, const struct catalog *sibling,
                          struct str name)
{
    const struct role *own = catalog_role(sibling, name);
    const struct role *other = catalog_role(whole, name);

    return other == NULL || own == NULL || same_domains(own, other) ? name : in_product(arena, sibling, name);
}

static void join(struct arena *arena, struct catalog *whole, const struct catalog *sibling)
{
    struct map called = {0};

    for (size_t i = 0; i < sibling->role_n; i++) {
        struct role role = sibling->roles[i];
        struct str *name = arena_new_object(arena, struct str);

        *name = role_in(arena, whole, sibling, role.name);
        map_set(arena, &called, role.name, name);
        role.name = *name;
        if (catalog_role(whole, role.name) == NULL)
            whole->roles[whole->role_n++] = role;
    }
    for (size_t i = 0; i < sibling->feature_n; i++) {
        if (catalog_feature(whole, sibling->features[i].name) == NULL)
            whole->features[whole->feature_n++] = sibling->features[i];
    }
    for (size_t i = 0; i < sibling->parameter_n; i++) {
        if (catalog_parameter(whole, sibling->parameters[i].name) == NULL)
            whole->parameters[whole->parameter_n++] = sibling->parameters[i];
    }
    for (size_t i = 0; i < sibling->requirement_n; i++) {
        struct requirement *requirement = &whole->requirements[whole->requirement_n++];

        *requirement = sibling->requirements[i];
        requirement->id = in_product(arena, sibling, requirement->id);
        requirement->from = *(struct str *)map_get(&called, requirement->from);
        requirement->to = *(struct str *)map_get(&called, requirement->to);
    }
}

const struct catalog *siblings_joined(struct arena *arena, const struct catalog *new,
                                      const struct catalog *const *siblings, size_t n)
{
    struct catalog *whole = arena_new_object(arena, struct catalog);
    struct catalog room = *new;

    if (n == 0)
        return new;
    for (size_t i = 0; i < n; i++) {
        room.role_n += siblings[i]->role_n;
        room.feature_n += siblings[i]->feature_n;
        room.parameter_n += siblings[i]->parameter_n;
        room.requirement_n += siblings[i]->requirement_n;
    }
    *whole = *new;
    whole->roles = arena_new_array(arena, struct role, room.role_n + 1);
    whole->features = arena_new_array(arena, struct feature, room.feature_n + 1);
    whole->parameters = arena_new_array(arena, struct parameter, room.parameter_n + 1);
    whole->requirements = arena_new_array(arena, struct requirement, room.requirement_n + 1);
    copy_all(whole->roles, new->roles, new->role_n, sizeof *new->roles);
    copy_all(whole->features, new->features, new->feature_n, sizeof *new->features);
    copy_all(whole->parameters, new->parameters, new->parameter_n, sizeof *new->parameters);
    copy_all(whole->requirements, new->requirements, new->requirement_n, sizeof *new->requirements);
    for (size_t i = 0; i < n; i++)
        join(arena, whole, siblings[i]);
    return whole;
}

bool siblings_speak(const struct catalog_diff *diff, const struct catalog *sibling)
{
    size_t lacking = 0;

    for (size_t i = 0; i < diff->added_n; i++) {
        struct str rest;
        struct str product = str_cut(diff->added[i]->id, '/', &rest);

        lacking += rest.n > 0 && str_eq(product, sibling->product);
    }
    return 2 * lacking <= sibling->requirement_n;
}
