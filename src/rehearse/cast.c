/*
 * See cast.h. First the addresses of each family, then who has them: a firewall, a host with a firewall, a host with a
 * name, or just the address. A name that stands for one host (an address in each family at most) joins its addresses.
 */
#include "rehearse/cast.h"

#include <stdlib.h>

#include "plan/router.h"
#include "rehearse/classes.h"

#define OWN_MAX 256 /* addresses of one firewall that are all cast; of more the edges */

struct addresses VEC(u128);

/* A name of one host. */
struct known {
    u128 address;
    const struct map_entry *name;
};

struct casting {
    struct arena *arena;
    const struct cast_wishes *wishes;
    const struct site *site;
    struct diags *diags;
    struct classes *classes[FAMILY_N];
    struct addresses addresses[FAMILY_N];
    struct VEC(struct known) known[FAMILY_N];
    struct map actors; /* by name and zone */
    struct cast *cast;
};

const struct ranges *cast_possible(enum family family)
{
    /* 0/8, 127/8, 169.254/16 (the stage's own wires) and multicast out; the experimental class E stays. */
    static const struct {
        size_t n;
        struct range v[4];
    } v4 = {4,
            {{0x01000000, 0x7effffff}, {0x80000000, 0xa9fdffff}, {0xa9ff0000, 0xdfffffff}, {0xf0000000, 0xfffffffe}}};
    /* ::/8 (unspecified, loopback, IPv4 in IPv6), link- and site-local, multicast out. */
    static const struct {
        size_t n;
        struct range v[1];
    } v6 = {1, {{(u128)1 << 120, ((u128)0xfe80 << 112) - 1}}};

    return family == FAMILY_V4 ? (const void *)&v4 : (const void *)&v6;
}

/* --- which addresses ---------------------------------------------------------------------------------------------- */

static bool in_a_zone(const struct site *site, enum family family, u128 address, const struct zone **zone)
{
    *zone = NULL;
    for (size_t i = 0; i < site->zone_n; i++) {
        if (ranges_contain(site->zones[i].ranges[family], address)) {
            *zone = &site->zones[i];
            return true;
        }
    }
    return site->zone_n == 0;
}

static void take(struct casting *casting, enum family family, u128 address)
{
    const struct zone *zone;

    if (ranges_contain(cast_possible(family), address) && in_a_zone(casting->site, family, address, &zone))
        *vec_push(casting->arena, &casting->addresses[family]) = address;
}

static void take_edges(struct casting *casting, enum family family, const struct ranges *set)
{
    for (size_t i = 0; i < set->n; i++) {
        struct range range = set->v[i];

        /* Of many lone addresses the first and the last have neighbours. */
        if (range.lo == range.hi && i > 0 && i + 1 < set->n)
            continue;
        take(casting, family, range.lo);
        take(casting, family, range.hi);
        if (range.lo > 0)
            take(casting, family, range.lo - 1);
        if (range.hi < addr_max(family))
            take(casting, family, range.hi + 1);
    }
}

/* Every member of a set that somebody wrote; what nobody can count through is an error. */
static void take_all(struct casting *casting, enum family family, const struct ranges *set, struct str what)
{
    const struct ranges *possible = ranges_intersect(casting->arena, set, cast_possible(family));

    if (ranges_count(possible) > CAST_ALL_MAX) {
        diag_error(casting->diags, SPAN_NONE, "%.*s has too many addresses for all of them to take part (%u at most)",
                   STR_ARG(what), CAST_ALL_MAX);
        return;
    }
    for (size_t i = 0; i < possible->n; i++) {
        for (u128 address = possible->v[i].lo; address <= possible->v[i].hi; address++)
            take(casting, family, address);
    }
}

/* A set of the site that is more than "any". */
static void add_set(struct casting *casting, enum family family, const struct ranges *set, struct str what)
{
    if (set->n == 0 || ranges_subset(addr_unicast(family), set))
        return;
    classes_add(casting->classes[family], set);
    take_edges(casting, family, set);
    if (casting->wishes->all)
        take_all(casting, family, set, what);
}

static void add_exception(struct casting *casting, const struct exception *exception, struct str what)
{
    const struct address_set *const ends[] = {exception->from, exception->to};

    for (size_t e = 0; e < 2; e++) {
        for (unsigned f = 0; ends[e] != NULL && !ends[e]->any && f < FAMILY_N; f++)
            add_set(casting, (enum family)f, ends[e]->family[f].ranges, what);
    }
}

static void add_site(struct casting *casting)
{
    const struct site *site = casting->site;
    const struct plan *plan = casting->wishes->plan;

    for (size_t i = 0; i < plan->n; i++) {
        const struct flow *flow = plan->flows[i];

        add_set(casting, flow->family, flow->source.ranges, flow->id);
        add_set(casting, flow->family, flow->destination.ranges, flow->id);
    }
    for (size_t i = 0; i < site->test_n; i++)
        add_exception(casting, &site->tests[i].what, site->tests[i].text);
    for (size_t i = 0; i < site->accept_n; i++)
        add_exception(casting, &site->accept[i], STR("an accepted excess"));
    for (size_t i = 0; i < site->zone_n; i++) {
        for (unsigned f = 0; f < FAMILY_N; f++) {
            classes_add(casting->classes[f], site->zones[i].ranges[f]);
            if (!site->zones[i].rest)
                take_edges(casting, (enum family)f, site->zones[i].ranges[f]);
        }
    }
}

static void add_matches(struct casting *casting, const struct match *matches, size_t n, unsigned families)
{
    for (size_t i = 0; i < n; i++) {
        const struct match *match = &matches[i];

        switch (match->kind) {
        case MATCH_RANGES:
            for (unsigned f = 0; f < FAMILY_N; f++) {
                if ((match->field == FIELD_SOURCE || match->field == FIELD_DESTINATION) && families == FAMILY_BIT(f) &&
                    match->ranges->n > 0)
                    classes_add(casting->classes[f], match->ranges);
            }
            break;
        case MATCH_ANY_OF:
        case MATCH_NONE_OF:
            for (size_t g = 0; g < match->group_n; g++)
                add_matches(casting, match->groups[g].v, match->groups[g].n, families);
            break;
        case MATCH_INTERFACES:
        case MATCH_UNKNOWN:
        case MATCH_N: break;
        }
    }
}

static void add_ruleset(struct casting *casting, const struct ruleset *ruleset)
{
    for (size_t i = 0; i < ruleset->chain_n; i++) {
        const struct chain *chain = ruleset->chains[i];

        for (size_t k = 0; k < chain->rule_n; k++)
            add_matches(casting, chain->rules[k].matches, chain->rules[k].match_n,
                        chain->rules[k].families & chain->families);
    }
}

static void add_classes(struct casting *casting, enum family family)
{
    const struct ranges *possible = cast_possible(family);
    struct address_class *classes;
    size_t n;

    classes_add(casting->classes[family], possible);
    classes = classes_find(casting->classes[family], &n);
    for (size_t i = 0; i < n; i++) {
        take(casting, family, classes[i].first);
        take(casting, family, classes[i].last);
    }
}

static const struct ranges *own(const struct firewall *firewall, enum family family)
{
    return firewall->addresses == NULL ? &ranges_empty : firewall->addresses->family[family].ranges;
}

/* A firewall's own addresses are all there: nobody else can stand for them. */
static void add_own(struct casting *casting, const struct firewall *firewall)
{
    for (enum family family = 0; family < FAMILY_N; family++) {
        const struct ranges *set = own(firewall, family);

        if (set->n == 0)
            continue;
        classes_add(casting->classes[family], set);
        take_edges(casting, family, set);
        if (ranges_count(set) <= OWN_MAX)
            take_all(casting, family, set, firewall->name);
    }
}

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

/* --- who has them ------------------------------------------------------------------------------------------------- */

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
                take(casting, other, set->family[other].ranges->v[0].lo);
        }
    }
    for (unsigned f = 0; f < FAMILY_N; f++)
        sort_addresses(&casting->addresses[f]);
}

static const struct firewall *firewall_of(const struct site *site, enum family family, u128 address)
{
    for (size_t i = 0; i < site->firewall_n; i++) {
        if (ranges_contain(own(&site->firewalls[i], family), address))
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

static struct str address_text(struct arena *arena, enum family family, u128 address)
{
    struct buf text = BUF_EMPTY;
    struct str copy;

    addr_format(&text, family, address);
    copy = str_dup(arena, buf_str(&text));
    buf_free(&text);
    return copy;
}

static struct actor *give(struct casting *casting, enum family family, u128 address)
{
    const struct firewall *firewall = firewall_of(casting->site, family, address);
    const struct map_entry *name = name_of(casting, family, address);
    const struct zone *zone;
    struct actor *actor;
    struct str called;

    in_a_zone(casting->site, family, address, &zone);
    if (firewall != NULL)
        called = firewall_between(firewall) ? firewall->name : firewall->host;
    else
        called = name != NULL ? name->key : address_text(casting->arena, family, address);
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

struct cast *cast_make(struct arena *arena, const struct cast_wishes *wishes, struct diags *diags)
{
    struct casting casting = {
        .arena = arena,
        .wishes = wishes,
        .site = wishes->plan->site,
        .diags = diags,
        .cast = arena_new_object(arena, struct cast),
    };

    for (unsigned f = 0; f < FAMILY_N; f++)
        casting.classes[f] = classes_new(arena, (enum family)f);
    add_site(&casting);
    for (size_t i = 0; i < casting.site->firewall_n; i++) {
        add_own(&casting, &casting.site->firewalls[i]);
        if (wishes->rulesets != NULL && wishes->rulesets[i] != NULL)
            add_ruleset(&casting, wishes->rulesets[i]);
    }
    for (unsigned f = 0; f < FAMILY_N; f++)
        add_classes(&casting, (enum family)f);
    for (size_t i = 0; i < wishes->packet_n; i++) {
        take(&casting, wishes->packets[i].family, wishes->packets[i].source);
        take(&casting, wishes->packets[i].family, wishes->packets[i].destination);
    }
    for (unsigned f = 0; f < FAMILY_N; f++)
        sort_addresses(&casting.addresses[f]);
    learn_names(&casting);
    join_families(&casting);
    for (unsigned f = 0; f < FAMILY_N; f++)
        give_all(&casting, (enum family)f);
    return casting.cast;
}

size_t cast_within(const struct cast *cast, enum family family, struct range range, const struct cast_entry **first)
{
    const struct cast_entry *entries = cast->entries[family];
    size_t low = 0;
    size_t high = cast->entry_n[family];
    size_t n = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (entries[middle].address < range.lo)
            low = middle + 1;
        else
            high = middle;
    }
    *first = &entries[low];
    while (low + n < cast->entry_n[family] && entries[low + n].address <= range.hi)
        n++;
    return n;
}

const struct actor *cast_find(const struct cast *cast, enum family family, u128 address)
{
    const struct cast_entry *first;

    return cast_within(cast, family, (struct range){address, address}, &first) > 0 ? first->actor : NULL;
}
