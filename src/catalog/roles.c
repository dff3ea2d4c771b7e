/*
 * Which role of one catalog is which of another. Roles of one name are one. Of the others every port asked of a role,
 * with the other end, is a vote for the role of the other catalog of which the same is asked; a vote counts more where
 * the other end is known already. In each round the pairs that are each other's only best are taken, and know more of
 * the ends for the next.
 */
#include "catalog/roles.h"

#include "base/vec.h"

enum { VOTE_KNOWN = 4, VOTE_PORT = 1, VOTES_LEAST = 2, SAME_LEAST = 3 };

struct str roles_port(struct arena *arena, const struct catalog *catalog, const struct port_item *item)
{
    const struct parameter *parameter =
        item->kind == PORT_PARAMETER ? catalog_parameter(catalog, item->parameter) : NULL;
    struct str transport;

    if (parameter == NULL || parameter->value.n == 0)
        return item->text;
    str_cut(item->text, '/', &transport);
    return str_printf(arena, "%.*s/%.*s", STR_ARG(parameter->value), STR_ARG(transport));
}

struct votes VEC(size_t); /* indices of roles, one an occurrence */

struct ballot {
    struct arena *arena;
    const struct catalog *old;
    const struct catalog *new;
    struct map named; /* old role -> struct str * */
    struct map taken; /* new roles that have a counterpart */
    struct map asked; /* what is asked -> struct votes * of new roles */
    uint32_t *score;  /* old role * new roles + new role */
};

static size_t role_at(const struct catalog *catalog, struct str name)
{
    const struct role *role = catalog_role(catalog, name);

    return role == NULL ? catalog->role_n : (size_t)(role - catalog->roles);
}

/* The other end as the new catalog calls it; empty while nobody knows. */
static struct str known(const struct ballot *ballot, const struct catalog *catalog, struct str name)
{
    const struct str *named = map_get(&ballot->named, name);

    if (catalog == ballot->old)
        return named == NULL ? STR_EMPTY : *named;
    return map_get(&ballot->taken, name) != NULL ? name : STR_EMPTY;
}

typedef void ballot_visit(struct ballot *ballot, size_t role, struct str asked, uint32_t weight);

static void visit_end(struct ballot *ballot, const struct catalog *catalog, const struct requirement *requirement,
                      bool from, ballot_visit *visit)
{
    struct str own = from ? requirement->from : requirement->to;
    struct str other = from ? requirement->to : requirement->from;
    struct str end = str_eq(own, other) ? STR("=") : known(ballot, catalog, other);
    const struct role *domains = catalog_role(catalog, other);
    size_t role = role_at(catalog, own);

    if (role == catalog->role_n || known(ballot, catalog, own).n > 0)
        return;
    for (size_t i = 0; i < requirement->port_n; i++) {
        struct str port = roles_port(ballot->arena, catalog, &requirement->ports[i]);

        visit(ballot, role, str_printf(ballot->arena, "%d %.*s", from, STR_ARG(port)), VOTE_PORT);
        if (end.n > 0)
            visit(ballot, role, str_printf(ballot->arena, "%d %.*s %.*s", from, STR_ARG(port), STR_ARG(end)),
                  VOTE_KNOWN);
        for (size_t k = 0; end.n == 0 && domains != NULL && k < domains->domain_n; k++)
            visit(ballot, role,
                  str_printf(ballot->arena, "%d %.*s %.*s", from, STR_ARG(port), STR_ARG(domains->domains[k])),
                  VOTE_KNOWN);
    }
}

static void visit_all(struct ballot *ballot, const struct catalog *catalog, ballot_visit *visit)
{
    for (size_t i = 0; i < catalog->requirement_n; i++) {
        visit_end(ballot, catalog, &catalog->requirements[i], true, visit);
        visit_end(ballot, catalog, &catalog->requirements[i], false, visit);
    }
}

static void note_new(struct ballot *ballot, size_t role, struct str asked, uint32_t weight)
{
    struct votes *votes = map_get(&ballot->asked, asked);

    (void)weight;
    if (votes == NULL) {
        votes = arena_new_object(ballot->arena, struct votes);
        map_set(ballot->arena, &ballot->asked, asked, votes);
    }
    *vec_push(ballot->arena, votes) = role;
}

static void vote_old(struct ballot *ballot, size_t role, struct str asked, uint32_t weight)
{
    struct votes *votes = map_get(&ballot->asked, asked);

    if (votes == NULL)
        return;
    vec_each (const size_t *, other, votes)
        ballot->score[role * ballot->new->role_n + *other] += weight;
}

/* The only best of a row or column of scores; `n` where there is none. */
static size_t best(const uint32_t *score, size_t n, size_t step)
{
    size_t at = n;
    bool tie = false;

    for (size_t i = 0; i < n; i++) {
        if (score[i * step] < VOTES_LEAST || (at < n && score[i * step] < score[at * step]))
            continue;
        tie = at < n && score[i * step] == score[at * step];
        at = i;
    }
    return tie ? n : at;
}

static void pair(struct ballot *ballot, const struct role *old, const struct role *new)
{
    map_set(ballot->arena, &ballot->named, old->name, (void *)&new->name);
    map_set(ballot->arena, &ballot->taken, new->name, (void *)old);
}

static bool round_of_votes(struct ballot *ballot)
{
    size_t old_n = ballot->old->role_n;
    size_t new_n = ballot->new->role_n;
    bool found = false;

    ballot->asked = (struct map){0};
    ballot->score = arena_new_array(ballot->arena, uint32_t, old_n * new_n + 1);
    visit_all(ballot, ballot->new, note_new);
    visit_all(ballot, ballot->old, vote_old);
    for (size_t i = 0; i < old_n; i++) {
        size_t k = best(&ballot->score[i * new_n], new_n, 1);

        if (k == new_n || best(&ballot->score[k], old_n, new_n) != i)
            continue;
        pair(ballot, &ballot->old->roles[i], &ballot->new->roles[k]);
        found = true;
    }
    return found;
}

static struct str ask(struct ballot *ballot, struct str from, struct str to, struct str port)
{
    return str_printf(ballot->arena, "%.*s > %.*s %.*s", STR_ARG(from), STR_ARG(to), STR_ARG(port));
}

/* Whether all that is asked of the old role would be asked of the new one in its place, and there is enough of it. */
static bool speaks_as(struct ballot *ballot, const struct map *asks, const struct role *old, const struct role *new)
{
    size_t n = 0;

    for (size_t i = 0; i < ballot->old->requirement_n; i++) {
        const struct requirement *one = &ballot->old->requirements[i];
        bool from = str_eq(one->from, old->name);
        bool to = str_eq(one->to, old->name);
        struct str source = from ? new->name : known(ballot, ballot->old, one->from);
        struct str target = to ? new->name : known(ballot, ballot->old, one->to);

        for (size_t k = 0; (from || to) && k < one->port_n; k++, n++) {
            struct str port = roles_port(ballot->arena, ballot->old, &one->ports[k]);

            if ((from != to && str_eq(source, target)) || map_get(asks, ask(ballot, source, target, port)) == NULL)
                return false;
        }
    }
    return n >= SAME_LEAST;
}

static void join_rest(struct ballot *ballot)
{
    struct map asks = {0};

    for (size_t i = 0; i < ballot->new->requirement_n; i++) {
        const struct requirement *one = &ballot->new->requirements[i];

        for (size_t k = 0; k < one->port_n; k++) {
            struct str port = roles_port(ballot->arena, ballot->new, &one->ports[k]);

            map_set(ballot->arena, &asks, ask(ballot, one->from, one->to, port), (void *)one);
        }
    }
    for (size_t i = 0; i < ballot->old->role_n; i++) {
        const struct role *old = &ballot->old->roles[i];

        for (size_t k = 0; k < ballot->new->role_n &&map_get(&ballot->named, old->name) == NULL; k++) {
            if (old->domain_n == 0 && ballot->new->roles[k].domain_n == 0 &&
                speaks_as(ballot, &asks, old, &ballot->new->roles[k]))
                map_set(ballot->arena, &ballot->named, old->name, (void *)&ballot->new->roles[k].name);
        }
    }
}

struct map roles_align(struct arena *arena, const struct catalog *old, const struct catalog *new)
{
    struct ballot ballot = {.arena = arena, .old = old, .new = new};

    for (size_t i = 0; i < old->role_n; i++) {
        const struct role *same = catalog_role(new, old->roles[i].name);

        if (same != NULL)
            pair(&ballot, &old->roles[i], same);
    }
    while (round_of_votes(&ballot))
        continue;
    join_rest(&ballot);
    return ballot.named;
}
