/*
 * Requirements of two catalogs, matched; see diff.h. First by id; then those that ask for exactly the same facts (a
 * port between two ends); then all that share a fact, as one group; then those that have one end, or both ends and the
 * service, in common. What is left came or went.
 */
#include "catalog/diff.h"

#include "base/vec.h"
#include "catalog/roles.h"
#include "net/addr.h"

struct requirement_list VEC(const struct requirement *);
struct text_list VEC(struct str);
struct change_records VEC(struct changed_requirement);
struct name_records VEC(struct changed_name);

struct differ {
    struct arena *arena;
    const struct catalog *old;
    const struct catalog *new;
    struct map named; /* roles of old in new */
    bool *old_done;
    bool *new_done;
    struct change_records *changed;
    size_t same_n;
};

/* --- what a requirement says, as texts ---------------------------------------------------------------------------- */

static struct str role_name(const struct differ *differ, const struct catalog *catalog, struct str name)
{
    const struct str *named = catalog == differ->old ? map_get(&differ->named, name) : NULL;

    return named == NULL ? name : *named;
}

static void push(struct differ *differ, struct text_list *texts, struct str text)
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
        push(differ, texts, str_printf(differ->arena, "%u-%u", (unsigned)ports->v[i].lo, (unsigned)ports->v[i].hi));
}

static void push_all(struct differ *differ, const struct str *v, size_t n, struct text_list *texts)
{
    for (size_t i = 0; i < n; i++)
        push(differ, texts, v[i]);
}

static void texts_of(struct differ *differ, const struct catalog *catalog, const struct requirement *requirement,
                     enum catalog_field field, struct text_list *texts)
{
    const struct role *to = catalog_role(catalog, requirement->to);

    switch (field) {
    case CATALOG_FROM: push(differ, texts, role_name(differ, catalog, requirement->from)); break;
    case CATALOG_TO:
        if (to == NULL || to->domain_n == 0)
            push(differ, texts, role_name(differ, catalog, requirement->to));
        break;
    case CATALOG_DOMAINS:
        push_all(differ, to == NULL ? NULL : to->domains, to == NULL ? 0 : to->domain_n, texts);
        break;
    case CATALOG_PORTS:
        for (size_t i = 0; i < requirement->port_n; i++)
            push(differ, texts, requirement->ports[i].text);
        break;
    case CATALOG_SOURCE_PORTS: push_source_ports(differ, requirement->source_ports, texts); break;
    case CATALOG_WHEN:
        push(differ, texts, requirement->when_text.n > 0 ? requirement->when_text : STR("always"));
        break;
    case CATALOG_NEED: push(differ, texts, str_of(need_name(requirement->need))); break;
    case CATALOG_FAMILY:
        if (requirement->has_family)
            push(differ, texts, requirement->family == FAMILY_V4 ? STR("ipv4") : STR("ipv6"));
        break;
    case CATALOG_SCOPE: push_all(differ, &STR("subnet"), requirement->subnet, texts); break;
    case CATALOG_REPLY: push_all(differ, &STR("none"), requirement->no_reply, texts); break;
    case CATALOG_REPLACES: push_all(differ, requirement->replaces, requirement->replaces_n, texts); break;
    case CATALOG_ANY_OF: push_all(differ, &requirement->any_of, requirement->any_of.n > 0, texts); break;
    case CATALOG_DISCOVER: push_all(differ, requirement->discover, requirement->discover_n, texts); break;
    case CATALOG_ID: push(differ, texts, requirement->id); break;
    case CATALOG_SERVICE: push(differ, texts, requirement->service); break;
    case CATALOG_PURPOSE: push(differ, texts, requirement->purpose); break;
    case CATALOG_REVIEW: push_all(differ, &requirement->review, requirement->review.n > 0, texts); break;
    case CATALOG_FIELD_N: break;
    }
}

/* Each port between two ends, parameters as their defaults and domains by name: the same in both catalogs. */
static struct text_list facts_of(struct differ *differ, const struct catalog *catalog,
                                 const struct requirement *requirement)
{
    struct text_list ends = {0};
    struct text_list facts = {0};
    struct str from = role_name(differ, catalog, requirement->from);

    texts_of(differ, catalog, requirement, CATALOG_TO, &ends);
    texts_of(differ, catalog, requirement, CATALOG_DOMAINS, &ends);
    vec_each (const struct str *, end, &ends) {
        for (size_t i = 0; i < requirement->port_n; i++) {
            struct str port = roles_port(differ->arena, catalog, &requirement->ports[i]);

            push(differ, &facts,
                 str_printf(differ->arena, "%.*s > %.*s %.*s", STR_ARG(from), STR_ARG(*end), STR_ARG(port)));
        }
    }
    return facts;
}

/* --- one match ---------------------------------------------------------------------------------------------------- */

/* Those of `a` that `b` lacks. */
static struct text_list without(struct differ *differ, const struct text_list *a, const struct text_list *b)
{
    struct text_list left = {0};

    vec_each (const struct str *, text, a) {
        size_t i = 0;

        while (i < b->n && !str_eq(b->v[i], *text))
            i++;
        if (i == b->n)
            *vec_push(differ->arena, &left) = *text;
    }
    return left;
}

static bool is_words(enum catalog_field field)
{
    return field >= CATALOG_ID;
}

static void match(struct differ *differ, const struct requirement_list *old, const struct requirement_list *new)
{
    struct changed_requirement changed = {
        .old = old->v, .old_n = old->n, .new = new->v, .new_n = new->n, .words_only = true};
    bool differ_at_all = false;

    for (enum catalog_field field = 0; field < CATALOG_FIELD_N; field++) {
        struct text_list before = {0};
        struct text_list after = {0};
        struct text_list added;
        struct text_list removed;

        vec_each (const struct requirement **, requirement, old) {
            differ->old_done[*requirement - differ->old->requirements] = true;
            texts_of(differ, differ->old, *requirement, field, &before);
        }
        vec_each (const struct requirement **, requirement, new) {
            differ->new_done[*requirement - differ->new->requirements] = true;
            texts_of(differ, differ->new, *requirement, field, &after);
        }
        added = without(differ, &after, &before);
        removed = without(differ, &before, &after);
        changed.fields[field] = (struct change_list){added.v, added.n, removed.v, removed.n};
        if (added.n + removed.n > 0) {
            differ_at_all = true;
            changed.words_only = changed.words_only && is_words(field);
        }
    }
    if (differ_at_all)
        *vec_push(differ->arena, differ->changed) = changed;
    else
        differ->same_n += new->n;
}

static void match_two(struct differ *differ, const struct requirement *old, const struct requirement *new)
{
    struct requirement_list olds = {0};
    struct requirement_list news = {0};

    *vec_push(differ->arena, &olds) = old;
    *vec_push(differ->arena, &news) = new;
    match(differ, &olds, &news);
}

/* --- passes, from the surest to the least sure -------------------------------------------------------------------- */

/* What two requirements have to have in common to be one; empty: nothing will do. */
typedef struct str differ_key(struct differ *differ, const struct catalog *catalog,
                              const struct requirement *requirement);

static struct str key_of_id(struct differ *differ, const struct catalog *catalog, const struct requirement *requirement)
{
    (void)differ;
    (void)catalog;
    return requirement->id;
}

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static struct str joined(struct differ *differ, struct text_list *texts)
{
    struct buf buf = BUF_EMPTY;
    struct str made;

    if (texts->n > 1)
        qsort(texts->v, texts->n, sizeof *texts->v, by_text);
    vec_each (const struct str *, text, texts)
        buf_addf(&buf, "%.*s\n", STR_ARG(*text));
    made = str_dup(differ->arena, buf_str(&buf));
    buf_free(&buf);
    return made;
}

static struct str key_of_facts(struct differ *differ, const struct catalog *catalog,
                               const struct requirement *requirement)
{
    struct text_list facts = facts_of(differ, catalog, requirement);

    return joined(differ, &facts);
}

static struct str key_of_ends(struct differ *differ, const struct catalog *catalog,
                              const struct requirement *requirement)
{
    struct text_list ends = {0};

    texts_of(differ, catalog, requirement, CATALOG_FROM, &ends);
    texts_of(differ, catalog, requirement, CATALOG_TO, &ends);
    texts_of(differ, catalog, requirement, CATALOG_DOMAINS, &ends);
    texts_of(differ, catalog, requirement, CATALOG_SERVICE, &ends);
    return requirement->service.n == 0 ? STR_EMPTY : joined(differ, &ends);
}

static struct str key_of_end(struct differ *differ, const struct catalog *catalog,
                             const struct requirement *requirement, enum catalog_field end)
{
    struct text_list texts = {0};

    texts_of(differ, catalog, requirement, end, &texts);
    if (texts.n == 0)
        return STR_EMPTY;
    for (size_t i = 0; i < requirement->port_n; i++)
        push(differ, &texts, roles_port(differ->arena, catalog, &requirement->ports[i]));
    return joined(differ, &texts);
}

static struct str key_of_destination(struct differ *differ, const struct catalog *catalog,
                                     const struct requirement *requirement)
{
    const struct role *to = catalog_role(catalog, requirement->to);

    return key_of_end(differ, catalog, requirement, to != NULL && to->domain_n > 0 ? CATALOG_DOMAINS : CATALOG_TO);
}

static struct str key_of_source(struct differ *differ, const struct catalog *catalog,
                                const struct requirement *requirement)
{
    return key_of_end(differ, catalog, requirement, CATALOG_FROM);
}

/* In order: the first of one catalog with the first of the other that has the same key. */
static void pass(struct differ *differ, differ_key *key)
{
    struct map waiting = {0};

    for (size_t i = 0; i < differ->old->requirement_n; i++) {
        const struct requirement *old = &differ->old->requirements[i];
        struct requirement_list *list;
        struct str own;

        if (differ->old_done[i] || (own = key(differ, differ->old, old)).n == 0)
            continue;
        list = map_get(&waiting, own);
        if (list == NULL)
            map_set(differ->arena, &waiting, own, list = arena_new_object(differ->arena, struct requirement_list));
        *vec_push(differ->arena, list) = old;
    }
    for (size_t i = 0; i < differ->new->requirement_n; i++) {
        const struct requirement *new = &differ->new->requirements[i];
        struct requirement_list *list;

        if (differ->new_done[i])
            continue;
        list = map_get(&waiting, key(differ, differ->new, new));
        for (size_t k = 0; list != NULL && k < list->n && !differ->new_done[i]; k++) {
            if (!differ->old_done[list->v[k] - differ->old->requirements])
                match_two(differ, list->v[k], new);
        }
    }
}

/* --- groups that share facts -------------------------------------------------------------------------------------- */

static size_t root_of(size_t *parent, size_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* Joins a requirement with the first that said one of its facts; numbers are from 0 in old, go on in new. */
static void join_facts(struct differ *differ, const struct catalog *catalog, size_t first, const bool *done,
                       struct map *said, size_t *parent)
{
    for (size_t i = 0; i < catalog->requirement_n; i++) {
        struct text_list facts = {0};

        if (!done[i])
            facts = facts_of(differ, catalog, &catalog->requirements[i]);
        vec_each (const struct str *, fact, &facts) {
            size_t *speaker = map_get(said, *fact);

            if (speaker == NULL)
                map_set(differ->arena, said, *fact, &parent[first + i]);
            else
                parent[root_of(parent, first + i)] = root_of(parent, (size_t)(speaker - parent));
        }
    }
}

static void gather(struct differ *differ, const struct catalog *catalog, const bool *done, size_t first, size_t *parent,
                   struct requirement_list *groups)
{
    for (size_t i = 0; i < catalog->requirement_n; i++) {
        if (!done[i])
            *vec_push(differ->arena, &groups[root_of(parent, first + i)]) = &catalog->requirements[i];
    }
}

static void match_groups(struct differ *differ)
{
    size_t old_n = differ->old->requirement_n;
    size_t n = old_n + differ->new->requirement_n;
    size_t *parent = arena_new_array(differ->arena, size_t, n + 1);
    struct requirement_list *olds = arena_new_array(differ->arena, struct requirement_list, n + 1);
    struct requirement_list *news = arena_new_array(differ->arena, struct requirement_list, n + 1);
    struct map said = {0};

    for (size_t i = 0; i < n; i++)
        parent[i] = i;
    join_facts(differ, differ->old, 0, differ->old_done, &said, parent);
    join_facts(differ, differ->new, old_n, differ->new_done, &said, parent);
    gather(differ, differ->old, differ->old_done, 0, parent, olds);
    gather(differ, differ->new, differ->new_done, old_n, parent, news);
    for (size_t i = 0; i < n; i++) {
        if (olds[i].n > 0 && news[i].n > 0)
            match(differ, &olds[i], &news[i]);
    }
}

/* --- roles, features, parameters ---------------------------------------------------------------------------------- */

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
                                           domains_text(differ, new)});
    }
    for (size_t i = 0; i < differ->new->role_n; i++) {
        const struct role *new = &differ->new->roles[i];

        if (map_get(&met, new->name) == NULL && new->domain_n == 0)
            add_name(differ, names, (struct changed_name){.kind = "role", .new = new->name});
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
                                                   : STR("off")});
    }
    for (size_t i = 0; i < differ->new->feature_n; i++) {
        const struct feature *new = &differ->new->features[i];

        if (catalog_feature(differ->old, new->name) == NULL)
            add_name(
                differ, names,
                (struct changed_name){.kind = "feature", .new = new->name, .after = new->on ? STR("on") : STR("off")});
    }
}

static void compare_parameters(struct differ *differ, struct name_records *names)
{
    for (size_t i = 0; i < differ->old->parameter_n; i++) {
        const struct parameter *old = &differ->old->parameters[i];
        const struct parameter *new = catalog_parameter(differ->new, old->name);

        add_name(differ, names,
                 (struct changed_name){"parameter", old->name, new == NULL ? STR_EMPTY : new->name, old->value,
                                       new == NULL ? STR_EMPTY : new->value});
    }
    for (size_t i = 0; i < differ->new->parameter_n; i++) {
        const struct parameter *new = &differ->new->parameters[i];

        if (catalog_parameter(differ->old, new->name) == NULL)
            add_name(differ, names, (struct changed_name){.kind = "parameter", .new = new->name, .after = new->value});
    }
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static const struct requirement **undone(struct differ *differ, const struct catalog *catalog, const bool *done,
                                         size_t *n)
{
    struct requirement_list list = {0};

    for (size_t i = 0; i < catalog->requirement_n; i++) {
        if (!done[i])
            *vec_push(differ->arena, &list) = &catalog->requirements[i];
    }
    *n = list.n;
    return list.v;
}

static int by_place(const void *a, const void *b)
{
    const struct requirement *x = ((const struct changed_requirement *)a)->new[0];
    const struct requirement *y = ((const struct changed_requirement *)b)->new[0];

    return x < y ? -1 : x > y;
}

struct catalog_diff *catalog_diff(struct arena *arena, const struct catalog *old, const struct catalog *new)
{
    struct catalog_diff *diff = arena_new_object(arena, struct catalog_diff);
    struct change_records changed = {0};
    struct name_records names = {0};
    struct differ differ = {.arena = arena,
                            .old = old,
                            .new = new,
                            .named = roles_align(arena, old, new),
                            .old_done = arena_new_array(arena, bool, old->requirement_n + 1),
                            .new_done = arena_new_array(arena, bool, new->requirement_n + 1),
                            .changed = &changed};

    pass(&differ, key_of_id);
    pass(&differ, key_of_facts);
    match_groups(&differ);
    pass(&differ, key_of_ends);
    pass(&differ, key_of_destination);
    pass(&differ, key_of_source);
    compare_roles(&differ, &names);
    compare_features(&differ, &names);
    compare_parameters(&differ, &names);
    if (changed.n > 1)
        qsort(changed.v, changed.n, sizeof *changed.v, by_place);
    *diff = (struct catalog_diff){.old = old,
                                  .new = new,
                                  .changed = changed.v,
                                  .changed_n = changed.n,
                                  .same_n = differ.same_n,
                                  .names = names.v,
                                  .name_n = names.n};
    diff->added = undone(&differ, new, differ.new_done, &diff->added_n);
    diff->removed = undone(&differ, old, differ.old_done, &diff->removed_n);
    vec_each (const struct changed_requirement *, one, &changed)
        diff->words_n += one->words_only;
    return diff;
}
