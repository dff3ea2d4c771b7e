/*
 * Contradictions: what one place of a document says of a service and a port, and another place says otherwise. A
 * statement is what all requirements of one place say together, so that a row which became two requirements (636 over
 * TCP, and 636 over UDP as optional) still counts as the one row that it was.
 */
#include "catalog/linter.h"
#include "net/proto.h"

struct statement {
    const struct catalog *catalog;
    const struct requirement *requirement; /* the first */
    struct str service;
    uint16_t lo;
    uint16_t hi;
    struct str from; /* roles, each the last of its chain of `else` */
    struct str to;
    struct str origin; /* empty: all places of the catalog together */
    bool tcp;
    bool udp;
    bool other;
    struct lint_ids ids;
};

struct statements VEC(struct statement);

static bool same_subject(const struct statement *a, const struct statement *b)
{
    return str_eq(a->service, b->service) && a->lo == b->lo && a->hi == b->hi;
}

static bool same_ends(const struct statement *a, const struct statement *b)
{
    return str_eq(a->from, b->from) && str_eq(a->to, b->to);
}

static bool same_transports(const struct statement *a, const struct statement *b)
{
    return a->tcp == b->tcp && a->udp == b->udp && a->other == b->other;
}

static bool same_when(const struct statement *a, const struct statement *b)
{
    return str_eq(a->requirement->when_text, b->requirement->when_text);
}

/* Adds what one port of a requirement says to the statement of its place, or makes that. */
static void state(struct linter *linter, struct statements *statements, const struct statement *said, int transport,
                  bool whole_catalog)
{
    struct statement *found = NULL;

    for (size_t i = 0; i < statements->n && found == NULL; i++) {
        struct statement *one = &statements->v[i];

        if (one->catalog == said->catalog && same_subject(one, said) && str_eq(one->to, said->to) &&
            (whole_catalog || (same_ends(one, said) && str_eq(one->origin, said->origin) && same_when(one, said))))
            found = one;
    }
    if (found == NULL) {
        found = vec_push(linter->arena, statements);
        *found = *said;
    }
    found->tcp = found->tcp || transport == PROTO_TCP;
    found->udp = found->udp || transport == PROTO_UDP;
    found->other = found->other || (transport != PROTO_TCP && transport != PROTO_UDP);
    linter_id(linter, &found->ids, said->requirement->id);
}

static void collect(struct linter *linter, const struct catalog *catalog, bool whole_catalog,
                    struct statements *statements)
{
    for (size_t i = 0; i < catalog->requirement_n; i++) {
        const struct requirement *requirement = &catalog->requirements[i];
        struct statement said = {
            .catalog = catalog,
            .requirement = requirement,
            .service = requirement->service,
            .from = linter_role(catalog, requirement->from),
            .to = linter_role(catalog, requirement->to),
            .origin = STR_EMPTY,
        };

        for (size_t j = 0; j < requirement->port_n; j++) {
            const struct port_item *item = &requirement->ports[j];

            if (!linter_ports(catalog, item, &said.lo, &said.hi))
                continue;
            for (size_t k = 0; k < (whole_catalog ? 1 : requirement->origin_n); k++) {
                if (!whole_catalog)
                    said.origin = requirement->origins[k];
                state(linter, statements, &said, item->transport, whole_catalog);
            }
        }
    }
}

static void add_transports(struct buf *out, const struct statement *statement)
{
    buf_adds(out, statement->tcp ? "tcp" : "");
    if (statement->udp)
        buf_adds(out, statement->tcp ? "+udp" : "udp");
    if (statement->other)
        buf_adds(out, statement->tcp || statement->udp ? "+other" : "other");
}

static void add_subject(struct buf *out, const struct statement *statement)
{
    buf_addf(out, "%.*s %u", STR_ARG(statement->service), statement->lo);
    if (statement->hi != statement->lo)
        buf_addf(out, "-%u", statement->hi);
}

/* Two places of one catalog that should agree: the same ends under the same condition, or one end in common. */
static bool should_agree(const struct statement *a, const struct statement *b)
{
    if (!same_subject(a, b))
        return false;
    if (same_ends(a, b))
        return same_when(a, b);
    return str_eq(a->from, b->from) || str_eq(a->to, b->to);
}

static void report_group(struct linter *linter, const struct statements *all, size_t first, const bool *member)
{
    const struct statement *leader = &all->v[first];
    struct buf message = BUF_EMPTY;
    struct lint_ids ids = {0};
    bool ends_differ = false;
    bool more = false;

    for (size_t i = first; i < all->n; i++)
        ends_differ = ends_differ || (member[i] && !same_ends(leader, &all->v[i]));
    add_subject(&message, leader);
    for (size_t i = first; i < all->n; i++) {
        const struct statement *one = &all->v[i];

        if (!member[i])
            continue;
        buf_adds(&message, more ? "; " : " is ");
        more = true;
        add_transports(&message, one);
        if (ends_differ)
            buf_addf(&message, " from %.*s to %.*s", STR_ARG(one->from), STR_ARG(one->to));
        buf_addf(&message, " in %.*s", STR_ARG(one->origin));
        for (size_t j = 0; j < one->ids.n; j++)
            linter_id(linter, &ids, one->ids.v[j]);
    }
    linter_set_ids(linter_add(linter, LINT_TRANSPORTS_DIFFER, SEVERITY_WARNING, leader->catalog,
                              leader->requirement->span, &message),
                   &ids);
}

void linter_transports(struct linter *linter, const struct catalog *catalog)
{
    struct statements all = {0};
    bool *done;
    bool *member;

    collect(linter, catalog, false, &all);
    done = arena_new_array(linter->arena, bool, all.n + 1);
    member = arena_new_array(linter->arena, bool, all.n + 1);
    for (size_t i = 0; i < all.n; i++) {
        bool differ = false;

        if (done[i])
            continue;
        memset(member, 0, all.n);
        member[i] = true;
        for (size_t j = i + 1; j < all.n; j++) {
            member[j] = !done[j] && should_agree(&all.v[i], &all.v[j]);
            differ = differ || (member[j] && !same_transports(&all.v[i], &all.v[j]));
        }
        if (!differ)
            continue;
        for (size_t j = i; j < all.n; j++)
            done[j] = done[j] || member[j];
        report_group(linter, &all, i, member);
    }
}

static struct str full_id(struct linter *linter, const struct catalog *catalog, struct str id)
{
    return str_printf(linter->arena, "%.*s/%.*s", STR_ARG(catalog->product), STR_ARG(id));
}

static void report_across(struct linter *linter, const struct statements *all, size_t first, const bool *member)
{
    const struct statement *leader = &all->v[first];
    struct buf message = BUF_EMPTY;
    struct lint_ids ids = {0};

    add_subject(&message, leader);
    buf_addf(&message, " to %.*s", STR_ARG(leader->to));
    for (size_t i = first; i < all->n; i++) {
        const struct statement *one = &all->v[i];

        if (!member[i])
            continue;
        buf_adds(&message, i == first ? " is " : "; ");
        add_transports(&message, one);
        buf_addf(&message, " in %.*s", STR_ARG(one->catalog->product));
        for (size_t j = 0; j < one->ids.n; j++)
            linter_id(linter, &ids, full_id(linter, one->catalog, one->ids.v[j]));
    }
    linter_set_ids(linter_add(linter, LINT_TRANSPORTS_DIFFER, SEVERITY_WARNING, leader->catalog,
                              leader->requirement->span, &message),
                   &ids);
}

/* The same service on the same port of the same role, over other transports in another product. */
static void compare_transports(struct linter *linter, const struct catalog *const *catalogs, size_t n)
{
    struct statements all = {0};
    bool *done;
    bool *member;

    for (size_t i = 0; i < n; i++)
        collect(linter, catalogs[i], true, &all);
    done = arena_new_array(linter->arena, bool, all.n + 1);
    member = arena_new_array(linter->arena, bool, all.n + 1);
    for (size_t i = 0; i < all.n; i++) {
        bool differ = false;

        if (done[i])
            continue;
        memset(member, 0, all.n);
        for (size_t j = i; j < all.n; j++) {
            member[j] = same_subject(&all.v[i], &all.v[j]) && str_eq(all.v[i].to, all.v[j].to);
            done[j] = done[j] || member[j];
            differ = differ || (member[j] && !same_transports(&all.v[i], &all.v[j]));
        }
        if (differ)
            report_across(linter, &all, i, member);
    }
}

static bool has_pair(const struct catalog *catalog, const struct requirement *like)
{
    for (size_t i = 0; i < catalog->requirement_n; i++) {
        if (str_eq(catalog->requirements[i].from, like->from) && str_eq(catalog->requirements[i].to, like->to))
            return true;
    }
    return false;
}

static bool is_first_of_pair(const struct catalog *catalog, const struct requirement *requirement)
{
    for (const struct requirement *one = catalog->requirements; one < requirement; one++) {
        if (str_eq(one->from, requirement->from) && str_eq(one->to, requirement->to))
            return false;
    }
    return true;
}

/* Products are siblings when two thirds of the pairs of roles of one, and at least three, are pairs of the other. */
static bool are_siblings(const struct catalog *a, const struct catalog *b)
{
    size_t pairs = 0;
    size_t common = 0;

    for (size_t i = 0; i < a->requirement_n; i++) {
        if (!is_first_of_pair(a, &a->requirements[i]))
            continue;
        pairs++;
        common += has_pair(b, &a->requirements[i]);
    }
    return common >= 3 && common * 3 >= pairs * 2;
}

static bool has_port(const struct catalog *catalog, const struct requirement *like, uint16_t lo, uint16_t hi)
{
    for (size_t i = 0; i < catalog->requirement_n; i++) {
        const struct requirement *one = &catalog->requirements[i];

        if (!str_eq(one->from, like->from) || !str_eq(one->to, like->to))
            continue;
        for (size_t j = 0; j < one->port_n; j++) {
            uint16_t one_lo;
            uint16_t one_hi;

            if (one->ports[j].kind == PORT_ANY ||
                (linter_ports(catalog, &one->ports[j], &one_lo, &one_hi) && one_lo <= lo && hi <= one_hi))
                return true;
        }
    }
    return false;
}

/* What `has` says between one pair of roles and `lacks`, which knows the pair too, does not. */
static void compare_pair(struct linter *linter, const struct catalog *has, const struct catalog *lacks,
                         const struct requirement *pair)
{
    struct buf message = BUF_EMPTY;
    struct lint_ids ids = {0};
    struct lint_ids ports = {0};

    for (const struct requirement *one = pair; one < has->requirements + has->requirement_n; one++) {
        if (!str_eq(one->from, pair->from) || !str_eq(one->to, pair->to))
            continue;
        for (size_t j = 0; j < one->port_n; j++) {
            struct statement missing = {.service = one->service};

            if (!linter_ports(has, &one->ports[j], &missing.lo, &missing.hi) ||
                has_port(lacks, one, missing.lo, missing.hi))
                continue;
            add_subject(&message, &missing);
            linter_id(linter, &ports, str_dup(linter->arena, buf_str(&message)));
            buf_free(&message);
            linter_id(linter, &ids, full_id(linter, has, one->id));
        }
    }
    if (ports.n == 0)
        return;
    for (size_t i = 0; i < ports.n; i++)
        buf_addf(&message, "%s%.*s", i == 0 ? "" : ", ", STR_ARG(ports.v[i]));
    buf_addf(&message, " from %.*s to %.*s: in %.*s, not in %.*s", STR_ARG(pair->from), STR_ARG(pair->to),
             STR_ARG(has->product), STR_ARG(lacks->product));
    linter_set_ids(linter_add(linter, LINT_SIBLING_LACKS, SEVERITY_WARNING, has, pair->span, &message), &ids);
}

static void compare_siblings(struct linter *linter, const struct catalog *has, const struct catalog *lacks)
{
    for (size_t i = 0; i < has->requirement_n; i++) {
        const struct requirement *pair = &has->requirements[i];

        if (is_first_of_pair(has, pair) && has_pair(lacks, pair))
            compare_pair(linter, has, lacks, pair);
    }
}

void linter_across(struct linter *linter, const struct catalog *const *catalogs, size_t n)
{
    if (n < 2)
        return;
    compare_transports(linter, catalogs, n);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            if (!are_siblings(catalogs[i], catalogs[j]) && !are_siblings(catalogs[j], catalogs[i]))
                continue;
            compare_siblings(linter, catalogs[i], catalogs[j]);
            compare_siblings(linter, catalogs[j], catalogs[i]);
        }
    }
}
