/* See cast.h. Here the addresses of each family that take part; who has them: actors.c. */
#include "rehearse/casting.h"

#define OWN_MAX 256 /* addresses of one firewall that are all cast; of more the edges */

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

bool casting_zone(const struct site *site, enum family family, u128 address, const struct zone **zone)
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

void casting_take(struct casting *casting, enum family family, u128 address)
{
    const struct zone *zone;

    if (ranges_contain(cast_possible(family), address) && casting_zone(casting->site, family, address, &zone))
        *vec_push(casting->arena, &casting->addresses[family]) = address;
}

static void take_edges(struct casting *casting, enum family family, const struct ranges *set)
{
    for (size_t i = 0; i < set->n; i++) {
        struct range range = set->v[i];

        /* Of many lone addresses the first and the last have neighbours. */
        if (range.lo == range.hi && i > 0 && i + 1 < set->n)
            continue;
        casting_take(casting, family, range.lo);
        casting_take(casting, family, range.hi);
        if (range.lo > 0)
            casting_take(casting, family, range.lo - 1);
        if (range.hi < addr_max(family))
            casting_take(casting, family, range.hi + 1);
    }
}

/* Every member of a set that somebody wrote, unless nobody can count them through. */
static void take_all(struct casting *casting, enum family family, const struct ranges *set, struct str what)
{
    const struct ranges *possible = ranges_intersect(casting->arena, set, cast_possible(family));

    if (ranges_count(possible) > CAST_ALL_MAX) {
        if (casting->uncounted_n++ == 0)
            casting->uncounted = what;
        return;
    }
    for (size_t i = 0; i < possible->n; i++) {
        for (u128 address = possible->v[i].lo; address <= possible->v[i].hi; address++)
            casting_take(casting, family, address);
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
        case MATCH_TRANSLATED:
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
        casting_take(casting, family, classes[i].first);
        casting_take(casting, family, classes[i].last);
    }
}

const struct ranges *casting_own(const struct firewall *firewall, enum family family)
{
    return firewall->addresses == NULL ? &ranges_empty : firewall->addresses->family[family].ranges;
}

/* A firewall's own addresses are all there: nobody else can stand for them. */
static void add_own(struct casting *casting, const struct firewall *firewall)
{
    for (enum family family = 0; family < FAMILY_N; family++) {
        const struct ranges *set = casting_own(firewall, family);

        if (set->n == 0)
            continue;
        classes_add(casting->classes[family], set);
        take_edges(casting, family, set);
        if (ranges_count(set) <= OWN_MAX)
            take_all(casting, family, set, firewall->name);
    }
}

static void say_uncounted(const struct casting *casting)
{
    if (casting->uncounted_n == 0)
        return;
    diag_warning(casting->diags, SPAN_NONE,
                 "%.*s%s too many addresses for all of them to take part (%u at most): one of each kind does",
                 STR_ARG(casting->uncounted), casting->uncounted_n > 1 ? " and others have" : " has", CAST_ALL_MAX);
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
        casting_take(&casting, wishes->packets[i].family, wishes->packets[i].source);
        casting_take(&casting, wishes->packets[i].family, wishes->packets[i].destination);
    }
    casting_actors(&casting);
    say_uncounted(&casting);
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
