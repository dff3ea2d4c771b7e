/* See ends.h. */
#include "rehearse/ends.h"

const struct cast_entry *ends_first(const struct cast *cast, enum family family, const struct ranges *set)
{
    const struct cast_entry *first;

    for (size_t i = 0; i < set->n; i++) {
        if (cast_within(cast, family, set->v[i], &first) > 0)
            return first;
    }
    return NULL;
}

static const struct cast_entry *first_bare(const struct cast *cast, enum family family, const struct ranges *set)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct cast_entry *first;
        size_t n = cast_within(cast, family, set->v[i], &first);

        for (size_t k = 0; k < n; k++) {
            if (first[k].actor->firewall == NULL)
                return &first[k];
        }
    }
    return NULL;
}

static void add(struct arena *arena, struct end_list *ends, const struct cast_entry *entry)
{
    if (entry != NULL)
        *vec_push(arena, ends) = entry;
}

static void add_firsts(struct arena *arena, const struct cast *cast, enum family family, const struct ranges *set,
                       struct end_list *ends)
{
    const struct cast_entry *first = ends_first(cast, family, set);

    add(arena, ends, first);
    if (first != NULL && first->actor->firewall != NULL)
        add(arena, ends, first_bare(cast, family, set));
}

struct end_list ends_of(struct arena *arena, const struct site *site, const struct cast *cast, enum family family,
                        const struct ranges *set)
{
    struct end_list ends = {0};

    if (site->zone_n == 0)
        add_firsts(arena, cast, family, set, &ends);
    for (size_t z = 0; z < site->zone_n && ends.n + 1 < ENDS_MAX; z++) {
        const struct ranges *zone = site->zones[z].ranges[family];

        if (ranges_overlap(set, zone))
            add_firsts(arena, cast, family, ranges_intersect(arena, set, zone), &ends);
    }
    for (size_t i = set->n; i > 0; i--) {
        const struct cast_entry *first;
        size_t n = cast_within(cast, family, set->v[i - 1], &first);

        if (n == 0)
            continue;
        add(arena, &ends, &first[n - 1]);
        break;
    }
    return ends;
}

static bool stands_beside(const struct cast_entry *entry, const struct cast_entry *here)
{
    return entry->actor->zone == here->actor->zone && entry->actor->firewall == NULL;
}

struct end_list ends_beside(struct arena *arena, const struct cast *cast, enum family family, u128 address)
{
    const struct cast_entry *all = cast->entries[family];
    const struct cast_entry *here;
    struct end_list ends = {0};
    size_t below;
    size_t at;

    if (cast_within(cast, family, (struct range){address, address}, &here) == 0)
        return ends;
    at = (size_t)(here - all);
    for (size_t i = at; i > 0 && ends.n < ENDS_MAX; i--) {
        if (stands_beside(&all[i - 1], here))
            add(arena, &ends, &all[i - 1]);
    }
    below = ends.n;
    for (size_t i = at + 1; i < cast->entry_n[family] && ends.n - below < ENDS_MAX; i++) {
        if (stands_beside(&all[i], here))
            add(arena, &ends, &all[i]);
    }
    return ends;
}
