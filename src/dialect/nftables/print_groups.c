/*
 * Permits into groups, and groups into sets without overlaps; see print.h. The kernel refuses a set with two elements
 * that share a packet: equal ones become one that names both flows, others go to a further set of the same group.
 */
#include "dialect/nftables/print.h"

#include <stdlib.h>

#include "net/proto.h"

unsigned group_part_n(const struct group *group)
{
    return (unsigned)__builtin_popcount(group->parts);
}

static bool is_whole(const struct ranges *ranges, enum family family)
{
    return ranges->n == 1 && ranges->v[0].lo == 0 && ranges->v[0].hi == addr_max(family);
}

static unsigned parts_of(const struct permit *permit)
{
    enum family family = permit->flow->family;
    unsigned parts = 0;

    if (!is_whole(permit->source, family))
        parts |= 1u << PART_SOURCE;
    if (!is_whole(permit->destination, family))
        parts |= 1u << PART_DESTINATION;
    if (permit->flow->ports != NULL)
        parts |= 1u << PART_PORT;
    return parts;
}

static int transport_of(const struct flow *flow)
{
    return flow->transport == TRANSPORT_ANY ? TRANSPORT_ANY : flow_protocol(flow);
}

/* What makes a group, as text: equal texts, one group. */
static struct str group_key(struct arena *arena, const struct permit *permit)
{
    const struct flow *flow = permit->flow;
    struct buf key = BUF_EMPTY;
    struct str made;

    buf_addf(&key, "%d|%.*s|%.*s|%d|%d|%u|", (int)permit->hook, STR_ARG(permit->in), STR_ARG(permit->out),
             (int)flow->family, transport_of(flow), parts_of(permit));
    if (flow->source_ports != NULL)
        print_ranges(&key, FAMILY_V4, false, flow->source_ports);
    made = str_dup(arena, buf_str(&key));
    buf_free(&key);
    return made;
}

/* "forward_eth2_eth0_tcp" with "6" behind for IPv6: names that nft takes, at most 28 bytes before a number. */
static struct str set_name(struct arena *arena, struct map *taken, const struct group *group)
{
    struct buf out = BUF_EMPTY;
    struct str base;
    struct str name;

    buf_addf(&out, "%s", hook_name(group->hook));
    if (group->in.n > 0)
        buf_addf(&out, "_%.*s", STR_ARG(group->in));
    if (group->out.n > 0)
        buf_addf(&out, "_%.*s", STR_ARG(group->out));
    buf_adds(&out, "_");
    if (group->transport == TRANSPORT_ANY)
        buf_adds(&out, "any");
    else
        proto_format(&out, (unsigned)group->transport);
    if (group->family == FAMILY_V6)
        buf_adds(&out, "_v6");
    for (size_t i = 0; i < out.n; i++) {
        char c = out.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            out.p[i] = '_';
    }
    base = str_dup(arena, buf_str(&out));
    buf_free(&out);
    name = base;
    for (unsigned number = 2; map_get(taken, name) != NULL; number++)
        name = str_printf(arena, "%.*s_%u", STR_ARG(base), number);
    map_set(arena, taken, name, taken);
    return name;
}

static void add_elements(struct arena *arena, struct group *group, const struct permit *permit)
{
    static const struct {
        size_t n;
        struct range v[1];
    } no_ports = {1, {{0, 65535}}};
    const struct ranges *ports = permit->flow->ports == NULL ? (const void *)&no_ports : permit->flow->ports;

    for (size_t s = 0; s < permit->source->n; s++) {
        for (size_t d = 0; d < permit->destination->n; d++) {
            for (size_t p = 0; p < ports->n; p++) {
                struct element *element = vec_push(arena, &group->elements);

                element->part[PART_SOURCE] = permit->source->v[s];
                element->part[PART_DESTINATION] = permit->destination->v[d];
                element->part[PART_PORT] = ports->v[p];
                element->permits = arena_new_array(arena, const struct permit *, 1);
                element->permits[0] = permit;
                element->permit_n = 1;
            }
        }
    }
}

static int compare_part(const struct element *x, const struct element *y, enum part part)
{
    if (x->part[part].lo != y->part[part].lo)
        return x->part[part].lo < y->part[part].lo ? -1 : 1;
    if (x->part[part].hi != y->part[part].hi)
        return x->part[part].hi < y->part[part].hi ? -1 : 1;
    return 0;
}

/* Destinations first: they are the narrow ones, and the sweep below goes along them. */
static int compare_boxes(const struct element *x, const struct element *y)
{
    int order = compare_part(x, y, PART_DESTINATION);

    if (order == 0)
        order = compare_part(x, y, PART_SOURCE);
    return order != 0 ? order : compare_part(x, y, PART_PORT);
}

static int by_box(const void *a, const void *b)
{
    const struct element *x = a;
    const struct element *y = b;
    int order = compare_boxes(x, y);

    if (order != 0)
        return order;
    return x->permits[0] < y->permits[0] ? -1 : x->permits[0] > y->permits[0];
}

static int by_plan(const void *a, const void *b)
{
    const struct element *x = a;
    const struct element *y = b;

    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    if (x->permits[0] != y->permits[0])
        return x->permits[0] < y->permits[0] ? -1 : 1;
    return compare_boxes(x, y);
}

/* Equal boxes become one element of all their permits. */
static void merge_equal(struct arena *arena, struct group *group)
{
    struct element *v = group->elements.v;
    size_t made = 0;

    for (size_t i = 0; i < group->elements.n;) {
        size_t end = i + 1;
        struct element merged = v[i];

        while (end < group->elements.n && compare_boxes(&v[i], &v[end]) == 0)
            end++;
        merged.permits = arena_new_array(arena, const struct permit *, end - i);
        merged.permit_n = 0;
        for (size_t k = i; k < end; k++) {
            if (merged.permit_n == 0 || merged.permits[merged.permit_n - 1] != v[k].permits[0])
                merged.permits[merged.permit_n++] = v[k].permits[0];
        }
        v[made++] = merged;
        i = end;
    }
    group->elements.n = made;
}

static bool overlap(const struct element *x, const struct element *y)
{
    for (enum part part = 0; part < PART_N; part++) {
        if (x->part[part].lo > y->part[part].hi || y->part[part].lo > x->part[part].hi)
            return false;
    }
    return true;
}

struct layer {
    const struct element **open; /* those that the sweep has not left behind */
    size_t n;
    size_t capacity;
};

/* True when the element shares nothing with the layer; elements that end before it are dropped on the way. */
static bool fits(struct layer *layer, const struct element *element)
{
    size_t kept = 0;
    bool free = true;

    for (size_t i = 0; i < layer->n; i++) {
        const struct element *other = layer->open[i];

        if (other->part[PART_DESTINATION].hi < element->part[PART_DESTINATION].lo)
            continue;
        layer->open[kept++] = other;
        free = free && !overlap(other, element);
    }
    layer->n = kept;
    return free;
}

static void assign_layers(struct arena *arena, struct group *group)
{
    struct {
        struct layer *v;
        size_t n;
        size_t capacity;
    } layers = {0};

    for (size_t i = 0; i < group->elements.n; i++) {
        struct element *element = &group->elements.v[i];
        struct layer *layer;
        size_t at = 0;

        while (at < layers.n && !fits(&layers.v[at], element))
            at++;
        if (at == layers.n)
            vec_push(arena, &layers);
        layer = &layers.v[at];
        element->layer = at;
        if (layer->n == layer->capacity)
            layer->open = vec_grow(arena, layer->open, layer->n, &layer->capacity, sizeof(struct element *));
        layer->open[layer->n++] = element;
    }
    group->layer_n = layers.n;
}

static void finish_group(struct arena *arena, struct map *taken, struct group *group)
{
    if (group->elements.n > 1)
        qsort(group->elements.v, group->elements.n, sizeof *group->elements.v, by_box);
    merge_equal(arena, group);
    if (group->elements.n <= 1 || group_part_n(group) <= 1) {
        group->layer_n = 1;
        return;
    }
    assign_layers(arena, group);
    qsort(group->elements.v, group->elements.n, sizeof *group->elements.v, by_plan);
    group->set_names = arena_new_array(arena, struct str, group->layer_n);
    for (size_t i = 0; i < group->layer_n; i++)
        group->set_names[i] = set_name(arena, taken, group);
}

void groups_make(struct arena *arena, const struct policy *policy, struct groups *groups)
{
    struct map by_key = {0};
    struct map taken = {0};

    for (size_t i = 0; i < policy->permit_n; i++) {
        const struct permit *permit = &policy->permits[i];
        struct str key;
        struct group *group;

        if ((policy->families & FAMILY_BIT(permit->flow->family)) == 0)
            continue;
        key = group_key(arena, permit);
        group = map_get(&by_key, key);
        if (group == NULL) {
            group = arena_new_object(arena, struct group);
            *group = (struct group){
                .hook = permit->hook,
                .in = permit->in,
                .out = permit->out,
                .family = permit->flow->family,
                .transport = transport_of(permit->flow),
                .source_ports = permit->flow->source_ports,
                .parts = parts_of(permit),
            };
            map_set(arena, &by_key, key, group);
            *vec_push(arena, groups) = group;
        }
        *vec_push(arena, &group->permits) = permit;
        add_elements(arena, group, permit);
    }
    vec_each (struct group **, group, groups)
        finish_group(arena, &taken, *group);
}
