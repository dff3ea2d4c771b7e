/*
 * Requirements of two catalogs, matched; see diff.h. First by id; then those that ask for exactly the same facts (a
 * port between two ends); then all that share a fact, as one group; then those that have both ends and the service, a
 * domain, or one end in common. What is left came or went.
 */
#include "catalog/differ.h"
#include "catalog/roles.h"
#include "net/addr.h"

struct requirement_list VEC(const struct requirement *);

/* --- what differs in a group
 * ---------------------------------------------------------------------------------------------------- */

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
        .old = old->v, .old_n = old->n, .new = new->v, .new_n = new->n, .words_only = true, .when_only = true};
    bool differ_at_all = false;

    for (enum catalog_field field = 0; field < CATALOG_FIELD_N; field++) {
        struct text_list before = {0};
        struct text_list after = {0};
        struct text_list added;
        struct text_list removed;

        vec_each (const struct requirement **, requirement, old) {
            differ_texts(differ, differ->old, *requirement, field, &before);
        }
        vec_each (const struct requirement **, requirement, new) {
            differ_texts(differ, differ->new, *requirement, field, &after);
        }
        added = without(differ, &after, &before);
        removed = without(differ, &before, &after);
        changed.fields[field] = (struct change_list){added.v, added.n, removed.v, removed.n};
        if (added.n + removed.n > 0) {
            differ_at_all = true;
            changed.words_only = changed.words_only && is_words(field);
            changed.when_only = changed.when_only && (is_words(field) || field == CATALOG_WHEN);
        }
    }
    changed.when_only = changed.when_only && !changed.words_only;
    if (differ_at_all)
        reasons_find(differ->arena, differ->new, &changed);
    if (differ_at_all)
        *vec_push(differ->arena, differ->changed) = changed;
    else
        differ->same_n += new->n;
}

/* --- which are one ------------------------------------------------------------------------------------------------ */

/* Requirements are numbered from 0 in the old catalog and go on in the new one; those with one root are one. */
static size_t root_of(struct differ *differ, size_t i)
{
    size_t *parent = differ->parent;

    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

static void join(struct differ *differ, size_t old, size_t new)
{
    differ->parent[root_of(differ, old)] = root_of(differ, differ->old->requirement_n + new);
    differ->old_done[old] = true;
    differ->new_done[new] = true;
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
    struct text_list facts = differ_facts(differ, catalog, requirement, false);

    return joined(differ, &facts);
}

static struct str key_of_ends(struct differ *differ, const struct catalog *catalog,
                              const struct requirement *requirement)
{
    struct text_list ends = {0};

    differ_texts(differ, catalog, requirement, CATALOG_FROM, &ends);
    differ_texts(differ, catalog, requirement, CATALOG_TO, &ends);
    differ_texts(differ, catalog, requirement, CATALOG_DOMAINS, &ends);
    differ_texts(differ, catalog, requirement, CATALOG_SERVICE, &ends);
    return requirement->service.n == 0 ? STR_EMPTY : joined(differ, &ends);
}

static struct str key_of_end(struct differ *differ, const struct catalog *catalog,
                             const struct requirement *requirement, enum catalog_field end)
{
    struct text_list texts = {0};

    differ_texts(differ, catalog, requirement, end, &texts);
    if (texts.n == 0)
        return STR_EMPTY;
    for (size_t i = 0; i < requirement->port_n; i++)
        differ_push(differ, &texts, roles_port(differ->arena, catalog, &requirement->ports[i]));
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
                join(differ, (size_t)(list->v[k] - differ->old->requirements), i);
        }
    }
}

/* --- groups that share facts -------------------------------------------------------------------------------------- */

struct group {
    struct requirement_list old;
    struct requirement_list new;
};

static void gather(struct differ *differ, struct group *groups)
{
    size_t old_n = differ->old->requirement_n;

    for (size_t i = 0; i < old_n; i++)
        *vec_push(differ->arena, &groups[root_of(differ, i)].old) = &differ->old->requirements[i];
    for (size_t i = 0; i < differ->new->requirement_n; i++)
        *vec_push(differ->arena, &groups[root_of(differ, old_n + i)].new) = &differ->new->requirements[i];
}

/* Marks what stands in a group that both catalogs have a part in; each group's differences where they are wanted. */
static void settle(struct differ *differ, bool compare_them)
{
    size_t n = differ->old->requirement_n + differ->new->requirement_n;
    struct group *groups = arena_new_array(differ->arena, struct group, n + 1);

    gather(differ, groups);
    for (size_t i = 0; i < n; i++) {
        struct group *group = &groups[i];

        if (group->old.n == 0 || group->new.n == 0)
            continue;
        vec_each (const struct requirement **, old, &group->old)
            differ->old_done[*old - differ->old->requirements] = true;
        vec_each (const struct requirement **, new, &group->new)
            differ->new_done[*new - differ->new->requirements] = true;
        if (compare_them)
            match(differ, &group->old, &group->new);
    }
}

struct speakers {
    struct map said; /* fact -> &parent[who said it first] */
    bool domains_alone;
};

static void remember_facts(struct differ *differ, const struct catalog *catalog, size_t i, struct speakers *speakers)
{
    struct text_list facts = differ_facts(differ, catalog, &catalog->requirements[i], speakers->domains_alone);
    size_t first = catalog == differ->old ? 0 : differ->old->requirement_n;

    vec_each (const struct str *, fact, &facts) {
        size_t *speaker = map_get(&speakers->said, *fact);

        if (speaker == NULL)
            map_set(differ->arena, &speakers->said, *fact, &differ->parent[first + i]);
        else
            differ->parent[root_of(differ, first + i)] = root_of(differ, (size_t)(speaker - differ->parent));
    }
}

/* Joins what is left with whoever says one of its facts, and is left too. */
static void join_groups(struct differ *differ, bool domains_alone)
{
    struct speakers speakers = {.domains_alone = domains_alone};

    for (size_t i = 0; i < differ->new->requirement_n; i++) {
        if (!differ->new_done[i])
            remember_facts(differ, differ->new, i, &speakers);
    }
    for (size_t i = 0; i < differ->old->requirement_n; i++) {
        if (!differ->old_done[i])
            remember_facts(differ, differ->old, i, &speakers);
    }
    settle(differ, false);
}

/*
 * Rows of the old catalog that are left join matches that have their facts: a document says some things twice. Not
 * those that were found by id: there both catalogs name their rows in the same way, and a row that is gone is gone.
 */
static void join_doubles(struct differ *differ, const bool *by_id)
{
    struct speakers speakers = {0};

    for (size_t i = 0; i < differ->new->requirement_n; i++) {
        struct text_list facts = {0};

        if (differ->new_done[i] && !by_id[i])
            facts = differ_facts(differ, differ->new, &differ->new->requirements[i], false);
        vec_each (const struct str *, fact, &facts)
            map_set(differ->arena, &speakers.said, *fact, &differ->parent[differ->old->requirement_n + i]);
    }
    for (size_t i = 0; i < differ->old->requirement_n; i++) {
        if (!differ->old_done[i])
            remember_facts(differ, differ->old, i, &speakers);
    }
    settle(differ, false);
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

static struct catalog_diff *compare(struct arena *arena, const struct catalog *old, const struct catalog *new)
{
    struct catalog_diff *diff = arena_new_object(arena, struct catalog_diff);
    struct change_records changed = {0};
    struct differ differ = {.arena = arena,
                            .old = old,
                            .new = new,
                            .named = roles_align(arena, old, new),
                            .parameters = names_align_parameters(arena, old, new),
                            .old_done = arena_new_array(arena, bool, old->requirement_n + 1),
                            .new_done = arena_new_array(arena, bool, new->requirement_n + 1),
                            .changed = &changed};
    size_t n = old->requirement_n + new->requirement_n;
    bool *by_id = arena_new_array(arena, bool, new->requirement_n + 1);

    differ.parent = arena_new_array(arena, size_t, n + 1);
    for (size_t i = 0; i < n; i++)
        differ.parent[i] = i;
    pass(&differ, key_of_id);
    memcpy(by_id, differ.new_done, new->requirement_n);
    pass(&differ, key_of_facts);
    join_groups(&differ, false);
    join_doubles(&differ, by_id);
    pass(&differ, key_of_ends);
    join_groups(&differ, true);
    pass(&differ, key_of_destination);
    pass(&differ, key_of_source);
    settle(&differ, true);
    if (changed.n > 1)
        qsort(changed.v, changed.n, sizeof *changed.v, by_place);
    *diff = (struct catalog_diff){
        .old = old, .new = new, .changed = changed.v, .changed_n = changed.n, .same_n = differ.same_n};
    diff->names = names_compare(&differ, &diff->name_n);
    diff->added = undone(&differ, new, differ.new_done, &diff->added_n);
    diff->removed = undone(&differ, old, differ.old_done, &diff->removed_n);
    vec_each (const struct changed_requirement *, one, &changed)
        diff->words_n += one->words_only;
    return diff;
}

struct catalog_diff *catalog_diff(struct arena *arena, const struct catalog *old, const struct catalog *new,
                                  const struct catalog *const *siblings, size_t sibling_n)
{
    const struct catalog **kept = arena_new_array(arena, const struct catalog *, sibling_n + 1);
    struct catalog_diff *diff = compare(arena, old, siblings_joined(arena, new, siblings, sibling_n));
    size_t n = 0;

    for (size_t i = 0; i < sibling_n; i++) {
        if (siblings_speak(diff, siblings[i]))
            kept[n++] = siblings[i];
    }
    if (n < sibling_n)
        diff = compare(arena, old, siblings_joined(arena, new, kept, n));
    diff->siblings = kept;
    diff->sibling_n = n;
    return diff;
}
