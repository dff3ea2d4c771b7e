/*
 * Zones: which part of the network an address belongs to. The longest prefix decides, so a zone's ranges are its
 * prefixes without the longer prefixes of other zones inside them.
 */
#include "site/reader.h"

#include <stdlib.h>

struct claim {
    enum family family;
    struct range range;
    size_t zone;
    struct span span;
};

struct claims VEC(struct claim);

/* A range is as many prefixes as it takes. */
static void claim_range(struct site_reader *reader, struct claims *claims, size_t zone, enum family family,
                        struct range range, struct span span)
{
    for (;;) {
        struct range prefix = addr_next_prefix(family, range);

        *vec_push(reader->arena, claims) = (struct claim){family, prefix, zone, span};
        if (prefix.hi >= range.hi)
            return;
        range.lo = prefix.hi + 1;
    }
}

static void claim_node(struct site_reader *reader, struct claims *claims, size_t index, struct yaml_node *node)
{
    struct zone *zone = &reader->site->zones[index];
    struct VEC(struct addr_range) prefixes = {0};
    struct yaml_node *const *list = node->kind == YAML_LIST ? node->items : &node;
    size_t list_n = node->kind == YAML_LIST ? node->n : 1;

    if (list_n == 0)
        diag_error(reader->diags, node->span, "a zone is an empty list");
    for (size_t i = 0; i < list_n; i++) {
        struct address_set *set = site_ends(reader, list[i], "a zone", ENDS_NAMES);

        if (set != NULL && set->any) {
            zone->rest = true;
            continue;
        }
        for (unsigned f = 0; set != NULL && f < FAMILY_N; f++) {
            for (size_t j = 0; j < set->family[f].item_n; j++) {
                struct addr_range range = {(enum family)f, set->family[f].items[j]};

                *vec_push(reader->arena, &prefixes) = range;
                claim_range(reader, claims, index, range.family, range.range, list[i]->span);
            }
        }
    }
    zone->prefixes = prefixes.v;
    zone->prefix_n = prefixes.n;
}

/* Outer prefixes before those inside them. */
static int by_place(const void *a, const void *b)
{
    const struct claim *x = a;
    const struct claim *y = b;

    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    if (x->range.lo != y->range.lo)
        return x->range.lo < y->range.lo ? -1 : 1;
    if (x->range.hi != y->range.hi)
        return x->range.hi > y->range.hi ? -1 : 1;
    return x->zone < y->zone ? -1 : x->zone > y->zone;
}

static void say_doubles(struct site_reader *reader, const struct claims *claims)
{
    for (size_t i = 1; i < claims->n; i++) {
        const struct claim *one = &claims->v[i - 1];
        const struct claim *two = &claims->v[i];
        struct buf text = BUF_EMPTY;

        if (one->family != two->family || one->range.lo != two->range.lo || one->range.hi != two->range.hi ||
            one->zone == two->zone)
            continue;
        addr_range_format(&text, two->family, two->range);
        diag_error(reader->diags, two->span, "%.*s is in zone \"%.*s\" and in zone \"%.*s\"", STR_ARG(buf_str(&text)),
                   STR_ARG(reader->site->zones[one->zone].name), STR_ARG(reader->site->zones[two->zone].name));
        buf_free(&text);
    }
}

struct sweep {
    struct site_reader *reader;
    struct VEC(const struct claim *) open; /* prefixes around the current address, outermost first */
    u128 at;
    bool ended; /* past the last address of the family */
    struct ranges_list {
        struct range *v;
        size_t n;
        size_t capacity;
    } * parts; /* for each zone */
};

/* The innermost prefix owns what lies between here and `hi`. */
static void give(struct sweep *sweep, u128 hi)
{
    const struct claim *top = sweep->open.v[sweep->open.n - 1];

    if (sweep->ended || sweep->at > hi)
        return;
    *vec_push(sweep->reader->arena, &sweep->parts[top->zone]) = (struct range){sweep->at, hi};
    sweep->ended = hi == addr_max(top->family);
    sweep->at = hi + 1;
}

static void close_before(struct sweep *sweep, const struct claim *next)
{
    while (sweep->open.n > 0 && (next == NULL || sweep->open.v[sweep->open.n - 1]->range.hi < next->range.lo)) {
        give(sweep, sweep->open.v[sweep->open.n - 1]->range.hi);
        sweep->open.n--;
    }
}

static void share_out(struct site_reader *reader, const struct claims *claims, enum family family)
{
    struct site *site = reader->site;
    struct sweep sweep = {.reader = reader, .parts = arena_new_array(reader->arena, struct ranges_list, site->zone_n)};
    const struct ranges *taken = &ranges_empty;

    for (size_t i = 0; i < claims->n; i++) {
        const struct claim *claim = &claims->v[i];

        if (claim->family != family)
            continue;
        close_before(&sweep, claim);
        if (sweep.open.n > 0 && claim->range.lo > 0)
            give(&sweep, claim->range.lo - 1);
        *vec_push(reader->arena, &sweep.open) = claim;
        sweep.at = claim->range.lo;
        sweep.ended = false;
    }
    close_before(&sweep, NULL);
    for (size_t z = 0; z < site->zone_n; z++) {
        site->zones[z].ranges[family] = ranges_of(reader->arena, sweep.parts[z].v, sweep.parts[z].n);
        taken = ranges_union(reader->arena, taken, site->zones[z].ranges[family]);
    }
    for (size_t z = 0; z < site->zone_n; z++) {
        if (site->zones[z].rest)
            site->zones[z].ranges[family] = ranges_union(reader->arena, site->zones[z].ranges[family],
                                                         ranges_complement(reader->arena, taken, addr_max(family)));
    }
}

void site_zones(struct site_reader *reader, struct yaml_node *node)
{
    struct site *site = reader->site;
    struct claims claims = {0};
    const struct zone *rest = NULL;

    if (!site_section(reader, node, YAML_MAP, "\"zones\""))
        return;
    site->zones = arena_new_array(reader->arena, struct zone, node->n);
    for (size_t i = 0; i < node->n; i++) {
        struct yaml_pair *pair = &node->pairs[i];
        struct zone *zone = &site->zones[site->zone_n];

        site_name_valid(reader, pair->key, pair->key_span, "zone");
        *zone = (struct zone){.name = pair->key, .span = pair->key_span};
        claim_node(reader, &claims, site->zone_n++, pair->value);
        if (zone->rest && rest != NULL)
            diag_error(reader->diags, pair->value->span, "zone \"%.*s\" is `any` already: only one can be all the rest",
                       STR_ARG(rest->name));
        if (zone->rest && rest == NULL)
            rest = zone;
        else
            zone->rest = false;
    }
    if (claims.n > 1)
        qsort(claims.v, claims.n, sizeof *claims.v, by_place);
    say_doubles(reader, &claims);
    for (unsigned f = 0; f < FAMILY_N; f++)
        share_out(reader, &claims, (enum family)f);
}
