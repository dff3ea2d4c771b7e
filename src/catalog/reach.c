/*
 * Requirements that are never on, and requirements that ask for nothing beyond another one. Both are decided by trying
 * every choice of the features that the conditions name; with more than MOST_FEATURES of them that is said instead.
 */
#include "catalog/linter.h"
#include "catalog/when.h"

#define MOST_FEATURES 12

/* The features that some conditions name, and one choice of them. */
struct choice {
    struct linter *linter;
    struct lint_ids names;
    struct map on;
};

static void collect(void *context, struct str feature)
{
    struct choice *choice = context;

    linter_id(choice->linter, &choice->names, feature);
}

static bool replaces(const struct requirement *by, const struct requirement *requirement)
{
    for (size_t i = 0; i < by->replaces_n; i++) {
        if (str_eq(by->replaces[i], requirement->id))
            return true;
    }
    return false;
}

static void collect_all(struct choice *choice, const struct catalog *catalog, const struct requirement *requirement)
{
    when_each(requirement->when, collect, choice);
    for (size_t i = 0; i < catalog->requirement_n; i++) {
        if (replaces(&catalog->requirements[i], requirement))
            when_each(catalog->requirements[i].when, collect, choice);
    }
}

static void choose(struct choice *choice, uint32_t bits)
{
    static char on;

    for (size_t i = 0; i < choice->names.n; i++)
        map_set(choice->linter->arena, &choice->on, choice->names.v[i], (bits >> i & 1) != 0 ? &on : NULL);
}

static bool is_on(const struct choice *choice, const struct catalog *catalog, const struct requirement *requirement)
{
    if (!when_holds(requirement->when, &choice->on))
        return false;
    for (size_t i = 0; i < catalog->requirement_n; i++) {
        const struct requirement *by = &catalog->requirements[i];

        if (replaces(by, requirement) && when_holds(by->when, &choice->on))
            return false;
    }
    return true;
}

static void find_unreachable(struct linter *linter, const struct catalog *catalog,
                             const struct requirement *requirement)
{
    struct choice choice = {.linter = linter};
    struct buf message = BUF_EMPTY;
    struct lint_ids ids = {0};
    bool decided;

    collect_all(&choice, catalog, requirement);
    decided = choice.names.n <= MOST_FEATURES;
    for (uint32_t bits = 0; decided && bits < 1u << choice.names.n; bits++) {
        choose(&choice, bits);
        if (is_on(&choice, catalog, requirement))
            return;
    }
    if (decided)
        buf_adds(&message, "no choice of features switches it on");
    else
        buf_addf(&message, "more than %d features decide on it: whether it is ever on was not tried", MOST_FEATURES);
    linter_id(linter, &ids, requirement->id);
    linter_set_ids(linter_add(linter, LINT_UNREACHABLE, decided ? SEVERITY_WARNING : SEVERITY_NOTE, catalog,
                              requirement->span, &message),
                   &ids);
}

static bool item_covers(const struct catalog *catalog, const struct port_item *wide, const struct port_item *narrow)
{
    uint16_t lo;
    uint16_t hi;
    uint16_t wide_lo;
    uint16_t wide_hi;

    if (wide->kind == PORT_ANY)
        return true;
    if (wide->transport != narrow->transport)
        return false;
    if (wide->kind == PORT_ICMP)
        return true;
    return linter_ports(catalog, wide, &wide_lo, &wide_hi) && linter_ports(catalog, narrow, &lo, &hi) &&
           wide_lo <= lo && hi <= wide_hi;
}

static bool ports_cover(const struct catalog *catalog, const struct requirement *wide, const struct requirement *narrow)
{
    for (size_t i = 0; i < narrow->port_n; i++) {
        bool covered = false;

        for (size_t j = 0; j < wide->port_n && !covered; j++)
            covered = item_covers(catalog, &wide->ports[j], &narrow->ports[i]);
        if (!covered)
            return false;
    }
    return true;
}

/* All that `narrow` asks for, `wide` asks for as well, as firmly, when both are on. */
static bool asks_more(const struct catalog *catalog, const struct requirement *wide, const struct requirement *narrow)
{
    if (!str_eq(wide->from, narrow->from) || !str_eq(wide->to, narrow->to))
        return false;
    if (wide->need == NEED_FORBIDDEN || narrow->need == NEED_FORBIDDEN ||
        (wide->need != NEED_REQUIRED && wide->need != narrow->need))
        return false;
    if (wide->has_family && (!narrow->has_family || narrow->family != wide->family))
        return false;
    if ((wide->subnet && !narrow->subnet) || wide->source_ports != NULL || wide->no_reply != narrow->no_reply)
        return false;
    return ports_cover(catalog, wide, narrow);
}

static bool on_whenever(struct linter *linter, const struct catalog *catalog, const struct requirement *wide,
                        const struct requirement *narrow)
{
    struct choice choice = {.linter = linter};

    collect_all(&choice, catalog, wide);
    collect_all(&choice, catalog, narrow);
    if (choice.names.n > MOST_FEATURES)
        return false;
    for (uint32_t bits = 0; bits < 1u << choice.names.n; bits++) {
        choose(&choice, bits);
        if (is_on(&choice, catalog, narrow) && !is_on(&choice, catalog, wide))
            return false;
    }
    return true;
}

static void find_covered(struct linter *linter, const struct catalog *catalog, const struct requirement *narrow)
{
    for (size_t i = 0; i < catalog->requirement_n; i++) {
        const struct requirement *wide = &catalog->requirements[i];
        struct buf message = BUF_EMPTY;
        struct lint_ids ids = {0};
        bool by_default = false;

        if (wide == narrow || !asks_more(catalog, wide, narrow) || !on_whenever(linter, catalog, wide, narrow))
            continue;
        /* Of two that ask for the same only the later one is named. */
        if (wide > narrow && asks_more(catalog, narrow, wide) && on_whenever(linter, catalog, narrow, wide))
            continue;
        for (size_t j = 0; j < narrow->port_n; j++)
            by_default = by_default || narrow->ports[j].kind == PORT_PARAMETER;
        for (size_t j = 0; j < wide->port_n; j++)
            by_default = by_default || wide->ports[j].kind == PORT_PARAMETER;
        buf_addf(&message, "it asks for nothing beyond \"%.*s\"%s", STR_ARG(wide->id),
                 by_default ? " while parameters have their defaults" : "");
        linter_id(linter, &ids, narrow->id);
        linter_id(linter, &ids, wide->id);
        linter_set_ids(linter_add(linter, LINT_COVERED, SEVERITY_NOTE, catalog, narrow->span, &message), &ids);
        return;
    }
}

void linter_reach(struct linter *linter, const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->requirement_n; i++)
        find_unreachable(linter, catalog, &catalog->requirements[i]);
    for (size_t i = 0; i < catalog->requirement_n; i++)
        find_covered(linter, catalog, &catalog->requirements[i]);
}
