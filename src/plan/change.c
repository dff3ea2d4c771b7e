/* The difference between two plans; flows are the same when their ids are. */
#include "plan/plan.h"

#include <stdlib.h>

struct texts VEC(struct str);

static void push_text(struct arena *arena, struct texts *texts, struct buf *buf)
{
    *vec_push(arena, texts) = str_dup(arena, buf_str(buf));
    buf_free(buf);
}

static struct texts texts_of_ends(struct arena *arena, enum family family, const struct ends *ends)
{
    struct texts texts = {0};

    if (ends->any)
        *vec_push(arena, &texts) = STR("any");
    for (size_t i = 0; !ends->any && i < ends->item_n; i++) {
        struct buf buf = BUF_EMPTY;

        addr_range_format(&buf, family, ends->items[i]);
        push_text(arena, &texts, &buf);
    }
    return texts;
}

static struct texts texts_of_ports(struct arena *arena, const struct ranges *ports, const char *otherwise)
{
    struct texts texts = {0};

    if (ports == NULL)
        *vec_push(arena, &texts) = str_of(otherwise);
    for (size_t i = 0; ports != NULL && i < ports->n; i++) {
        struct buf buf = BUF_EMPTY;

        buf_addf(&buf, "%u", (unsigned)ports->v[i].lo);
        if (ports->v[i].hi != ports->v[i].lo)
            buf_addf(&buf, "-%u", (unsigned)ports->v[i].hi);
        push_text(arena, &texts, &buf);
    }
    return texts;
}

static struct texts texts_of(struct arena *arena, const struct flow *flow, enum change_field field)
{
    struct texts texts = {0};

    switch (field) {
    case CHANGE_SOURCE: return texts_of_ends(arena, flow->family, &flow->source);
    case CHANGE_DESTINATION: return texts_of_ends(arena, flow->family, &flow->destination);
    case CHANGE_DOMAIN:
        for (size_t i = 0; i < flow->domain_n; i++)
            *vec_push(arena, &texts) = flow->domains[i];
        return texts;
    case CHANGE_PORTS: return texts_of_ports(arena, flow->ports, flow->ports_known ? "any" : "not known");
    case CHANGE_SOURCE_PORTS: return texts_of_ports(arena, flow->source_ports, "any");
    case CHANGE_STATUS: *vec_push(arena, &texts) = str_of(flow_status_name(flow->status)); return texts;
    case CHANGE_NEED: *vec_push(arena, &texts) = str_of(need_name(flow->need)); return texts;
    case CHANGE_FIELD_N: break;
    }
    return texts;
}

/* Those of `a` that `b` lacks. */
static struct texts without(struct arena *arena, const struct texts *a, const struct texts *b)
{
    struct texts left = {0};
    struct map known = {0};

    for (size_t i = 0; i < b->n; i++)
        map_set(arena, &known, b->v[i], (void *)&b->v[i]);
    for (size_t i = 0; i < a->n; i++) {
        if (map_get(&known, a->v[i]) == NULL)
            *vec_push(arena, &left) = a->v[i];
    }
    return left;
}

static bool compare(struct arena *arena, const struct flow *old, const struct flow *new, struct changed_flow *changed)
{
    bool differ = false;

    *changed = (struct changed_flow){.old = old, .new = new};
    for (unsigned f = 0; f < CHANGE_FIELD_N; f++) {
        struct texts before = texts_of(arena, old, (enum change_field)f);
        struct texts after = texts_of(arena, new, (enum change_field)f);
        struct texts added = without(arena, &after, &before);
        struct texts removed = without(arena, &before, &after);

        changed->fields[f] = (struct change_list){added.v, added.n, removed.v, removed.n};
        differ = differ || added.n > 0 || removed.n > 0;
    }
    return differ;
}

struct change *plan_change(struct arena *arena, const struct plan *old, const struct plan *new)
{
    struct change *change = arena_new_object(arena, struct change);
    struct VEC(const struct flow *) opened = {0};
    struct VEC(const struct flow *) closed = {0};
    struct VEC(struct changed_flow) changed = {0};
    struct map before = {0};
    struct map after = {0};

    for (size_t i = 0; i < old->n; i++)
        map_set(arena, &before, old->flows[i]->id, (void *)old->flows[i]);
    for (size_t i = 0; i < new->n; i++) {
        const struct flow *flow = new->flows[i];
        const struct flow *was = map_get(&before, flow->id);
        struct changed_flow one;

        map_set(arena, &after, flow->id, (void *)flow);
        if (was == NULL)
            *vec_push(arena, &opened) = flow;
        else if (compare(arena, was, flow, &one))
            *vec_push(arena, &changed) = one;
        else
            change->same_n++;
    }
    for (size_t i = 0; i < old->n; i++) {
        if (map_get(&after, old->flows[i]->id) == NULL)
            *vec_push(arena, &closed) = old->flows[i];
    }
    change->open = opened.v;
    change->open_n = opened.n;
    change->close = closed.v;
    change->close_n = closed.n;
    change->changed = changed.v;
    change->changed_n = changed.n;
    return change;
}
