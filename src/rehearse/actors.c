/*
 * Who has the addresses of a cast: a firewall, a host with a firewall, a host with a name, or just the address. A name
 * that stands for one host (an address in each family at most) joins its addresses.
 */
#include <stdlib.h>

#include "plan/router.h"
#include "rehearse/casting.h"

static int by_value(const void *a, const void *b)
{
    const u128 *x = a;
    const u128 *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void sort_addresses(struct addresses *addresses)
{
    size_t n = 0;

    if (addresses->n == 0)
        return;
    qsort(addresses->v, addresses->n, sizeof *addresses->v, by_value);
    for (size_t i = 0; i < addresses->n; i++) {
        if (n == 0 || addresses->v[i] != addresses->v[n - 1])
            addresses->v[n++] = addresses->v[i];
    }
    addresses->n = n;
}

static bool is_one_host(const struct address_set *set)
{
    size_t n = 0;

    for (unsigned f = 0; f < FAMILY_N; f++) {
        u128 count = ranges_count(set->family[f].ranges);

        if (set->any || count > 1)
            return false;
        n += count > 0;
    }
    return n > 0;
}

static int by_address(const void *a, const void *b)
{
    const struct known *x = a;
    const struct known *y = b;

    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return x->name < y->name ? -1 : x->name > y->name; /* the first name of the site first */
}

static void learn_names(struct casting *casting)
{
    const struct map *names = &casting->site->names;

    for (size_t i = 0; i < names->n; i++) {
        const struct address_set *set = names->entries[i].value;

        if (!is_one_host(set))
            continue;
        for (unsigned f = 0; f < FAMILY_N; f++) {
            if (set->family[f].ranges->n > 0)
                *vec_push(casting->arena, &casting->known[f]) =
                    (struct known){set->family[f].ranges->v[0].lo, &names->entries[i]};
        }
    }
    for (unsigned f = 0; f < FAMILY_N; f++) {
        if (casting->known[f].n > 0)
            qsort(casting->known[f].v, casting->known[f].n, sizeof *casting->known[f].v, by_address);
    }
}

/* The first name of one host with that address; NULL: none. */
static const struct map_entry *name_of(const struct casting *casting, enum family family, u128 address)
{
    size_t low = 0;
    size_t high = casting->known[family].n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (casting->known[family].v[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < casting->known[family].n && casting->known[family].v[low].address == address
               ? casting->known[family].v[low].name
               : NULL;
}

/* A host that is represented is so by all its addresses. */
static void join_families(struct casting *casting)
{
    for (enum family family = 0; family < FAMILY_N; family++) {
        size_t n = casting->addresses[family].n;

        for (size_t i = 0; i < n; i++) {
            const struct map_entry *name = name_of(casting, family, casting->addresses[family].v[i]);
            enum family other = family == FAMILY_V4 ? FAMILY_V6 : FAMILY_V4;
            const struct address_set *set = name == NULL ? NULL : name->value;

            if (set != NULL && set->family[other].ranges->n > 0)
                casting_take(casting, other, set->family[other].ranges->v[0].lo);
        }
    }
    for (unsigned f = 0; f < FAMILY_N; f++)
        sort_addresses(&casting->addresses[f]);
}

static const struct firewall *firewall_of(const struct site *site, enum family family, u128 address)
{
    for (size_t i = 0; i < site->firewall_n; i++) {
        if (ranges_contain(casting_own(&site->firewalls[i], family), address))
            return &site->firewalls[i];
    }
    return NULL;
}

static struct actor *actor_for(struct casting *casting, struct str name, const struct zone *zone,
                               const struct firewall *firewall)
{
    struct str key =
        str_printf(casting->arena, "%.*s %.*s %.*s", STR_ARG(firewall == NULL ? STR_EMPTY : firewall->name),
                   STR_ARG(name), STR_ARG(zone == NULL ? STR_EMPTY : zone->name));
    struct actor *actor = map_get(&casting->actors, key);

    if (actor == NULL) {
        actor = arena_new_object(casting->arena, struct actor);
        *actor = (struct actor){.name = name, .zone = zone, .firewall = firewall};
        map_set(casting->arena, &casting->actors, key, actor);
        *vec_push(casting->arena, casting->cast) = actor;
    }
    return actor;
}

static struct actor *give(struct casting *casting, enum family family, u128 address)
{
    const struct firewall *firewall = firewall_of(casting->site, family, address);
    const struct map_entry *name = name_of(casting, family, address);
    const struct zone *zone;
    struct actor *actor;
    struct str called;

    casting_zone(casting->site, family, address, &zone);
    if (firewall != NULL)
        called = firewall_between(firewall) ? firewall->name : firewall->host;
    else
        called = name != NULL ? name->key : addr_text(casting->arena, family, address);
    actor = actor_for(casting, called, firewall != NULL && firewall_between(firewall) ? NULL : zone, firewall);
    actor->address_n[family]++;
    return actor;
}

static void give_all(struct casting *casting, enum family family)
{
    struct addresses *addresses = &casting->addresses[family];
    struct cast *cast = casting->cast;
    struct actor **owners = arena_new_array(casting->arena, struct actor *, addresses->n);

    cast->entries[family] = arena_new_array(casting->arena, struct cast_entry, addresses->n);
    cast->entry_n[family] = addresses->n;
    for (size_t i = 0; i < addresses->n; i++) {
        owners[i] = give(casting, family, addresses->v[i]);
        cast->entries[family][i] = (struct cast_entry){addresses->v[i], owners[i]};
    }
    for (size_t i = 0; i < cast->n; i++) {
        cast->v[i]->addresses[family] = arena_new_array(casting->arena, u128, cast->v[i]->address_n[family]);
        cast->v[i]->address_n[family] = 0;
    }
    for (size_t i = 0; i < addresses->n; i++)
        owners[i]->addresses[family][owners[i]->address_n[family]++] = addresses->v[i];
}

void casting_actors(struct casting *casting)
{
    for (unsigned f = 0; f < FAMILY_N; f++)
        sort_addresses(&casting->addresses[f]);
    learn_names(casting);
    join_families(casting);
    for (unsigned f = 0; f < FAMILY_N; f++)
        give_all(casting, (enum family)f);
}
