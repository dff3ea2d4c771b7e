/* Blocks, and questions as blocks; see evidence.h. */
#include "evidence.h"

#include "net/proto.h"

struct block block_of(struct arena *arena, const struct cube *cube, enum family family)
{
    struct block block = {.literals = cube->literals};

    for (enum field field = 0; field < FIELD_N; field++) {
        const struct ranges *ranges = cube->field[field];

        block.field[field] = ranges != NULL ? ranges : ranges_one(arena, 0, field_max(field, family));
    }
    return block;
}

enum relation block_unknown(const struct literals *literals, uint32_t id)
{
    for (uint32_t i = 0; literals != NULL && i < literals->n; i++) {
        if (literals->v[i] >> 1 == id)
            return (literals->v[i] & 1) != 0 ? INSIDE : OUTSIDE;
    }
    return CUT;
}

const struct literals *block_assume(struct arena *arena, const struct literals *literals, uint32_t id, bool value)
{
    uint32_t n = literals == NULL ? 0 : literals->n;
    struct literals *made = arena_alloc(arena, sizeof *made + (n + 1) * sizeof made->v[0]);

    made->n = n + 1;
    for (uint32_t i = 0; i < n; i++)
        made->v[i] = literals->v[i];
    made->v[n] = id << 1 | (value ? 1u : 0u);
    return made;
}

static bool meet(const struct block *a, const struct block *b)
{
    for (enum field field = 0; field < FIELD_N; field++) {
        if (!ranges_overlap(a->field[field], b->field[field]))
            return false;
    }
    for (uint32_t i = 0; b->literals != NULL && i < b->literals->n; i++) {
        enum relation value = block_unknown(a->literals, b->literals->v[i] >> 1);

        if (value != CUT && (value == INSIDE) != ((b->literals->v[i] & 1) != 0))
            return false;
    }
    return true;
}

/* Appends what b leaves of a: field by field what is beside b, then within b the next. */
static void take_away(struct arena *arena, const struct block *a, const struct block *b, struct blocks *left)
{
    struct block rest = *a;

    if (!meet(a, b)) {
        *vec_push(arena, left) = *a;
        return;
    }
    for (enum field field = 0; field < FIELD_N; field++) {
        const struct ranges *beside = ranges_subtract(arena, rest.field[field], b->field[field]);

        if (beside->n > 0) {
            struct block *piece = vec_push(arena, left);

            *piece = rest;
            piece->field[field] = beside;
        }
        rest.field[field] = ranges_intersect(arena, rest.field[field], b->field[field]);
    }
    for (uint32_t i = 0; b->literals != NULL && i < b->literals->n; i++) {
        uint32_t id = b->literals->v[i] >> 1;
        bool value = (b->literals->v[i] & 1) != 0;

        if (block_unknown(rest.literals, id) != CUT)
            continue;
        *vec_push(arena, left) = rest;
        left->v[left->n - 1].literals = block_assume(arena, rest.literals, id, !value);
        rest.literals = block_assume(arena, rest.literals, id, value);
    }
}

static bool only_itself(const struct block *block)
{
    const struct ranges *from = block->field[FIELD_SOURCE];
    const struct ranges *to = block->field[FIELD_DESTINATION];

    return from->n == 1 && from->v[0].lo == from->v[0].hi && ranges_equal(from, to);
}

bool blocks_leave(struct arena *arena, const struct blocks *of, const struct blocks *others)
{
    vec_each (const struct block *, block, of) {
        struct blocks rest = {0};

        *vec_push(arena, &rest) = *block;
        vec_each (const struct block *, other, others) {
            struct blocks left = {0};

            vec_each (const struct block *, piece, &rest)
                take_away(arena, piece, other, &left);
            rest = left;
        }
        vec_each (const struct block *, piece, &rest) {
            if (!only_itself(piece))
                return true;
        }
    }
    return false;
}

/* --- questions ------------------------------------------------------------------------------------------------------
 */

enum hook hook_of_flow(const struct permit *permit, enum direction direction)
{
    if (direction == DIRECTION_REQUEST || permit->hook == HOOK_FORWARD)
        return permit->hook;
    return permit->hook == HOOK_INPUT ? HOOK_OUTPUT : HOOK_INPUT;
}

/* An interface by name; without one every one but loopback; at a hook that has none, none. */
static const struct ranges *interface_of(struct arena *arena, const struct prover *prover, bool none, struct str name)
{
    struct interface_pattern pattern = {.name = name.n > 0 ? name : STR("lo")};
    struct range range = interfaces_range(prover->interfaces, &pattern);
    const struct ranges *all = ranges_one(arena, 1, interfaces_last(prover->interfaces));

    if (none)
        return ranges_value(arena, INTERFACE_NONE);
    return name.n > 0 ? ranges_of(arena, &range, 1) : ranges_subtract(arena, all, ranges_of(arena, &range, 1));
}

/* Unicast, unless nothing else was asked for. */
static const struct ranges *ends_of(struct arena *arena, const struct ranges *ranges, enum family family)
{
    const struct ranges *left = ranges_intersect(arena, ranges, addr_unicast(family));

    return left->n > 0 ? left : ranges;
}

static const struct ranges *ports_of(struct arena *arena, const struct ranges *ports)
{
    return ports != NULL ? ports : ranges_one(arena, 1, 65535);
}

/* The queries of ICMP that open something, or their answers. */
static const struct ranges *messages_of(struct arena *arena, enum family family, bool request)
{
    static const unsigned types[FAMILY_N][2][4] = {{{0, 14, 16, 18}, {8, 13, 15, 17}},
                                                   {{129, 140, 129, 140}, {128, 139, 128, 139}}};
    struct range range[4];

    for (size_t i = 0; i < 4; i++) {
        unsigned type = types[family][request ? 1 : 0][i];

        range[i] = (struct range){type << 8, type << 8 | 255};
    }
    return ranges_of(arena, range, 4);
}

static void add_protocol(struct arena *arena, struct block block, const struct ranges *protocols, bool request,
                         enum family family, struct blocks *to)
{
    u128 first = protocols->v[0].lo;
    bool one = protocols->n == 1 && first == protocols->v[0].hi;

    block.field[FIELD_PROTOCOL] = protocols;
    if (one && first == PROTO_TCP)
        block.field[FIELD_TCP_FLAGS] = ranges_value(arena, request ? TCP_SYN : TCP_SYN | TCP_ACK);
    if (one && first == proto_icmp(family))
        block.field[FIELD_ICMP] = messages_of(arena, family, request);
    if (one && !proto_has_ports((unsigned)first))
        block.field[FIELD_PORT] = block.field[FIELD_SOURCE_PORT] = ranges_one(arena, 0, 65535);
    *vec_push(arena, to) = block;
}

struct blocks blocks_of_flow(struct arena *arena, const struct prover *prover, const struct permit *permit,
                             enum direction direction)
{
    const struct flow *flow = permit->flow;
    bool request = direction == DIRECTION_REQUEST;
    enum hook hook = hook_of_flow(permit, direction);
    struct cube all = CUBE_ALL;
    struct block base = block_of(arena, &all, flow->family);
    struct range apart[] = {
        {PROTO_TCP, PROTO_TCP}, {PROTO_ICMP, PROTO_ICMP}, {PROTO_ICMPV6, PROTO_ICMPV6}}; /* as blocks of their own */
    struct blocks blocks = {0};

    base.field[FIELD_IN] = interface_of(arena, prover, hook == HOOK_OUTPUT, request ? permit->in : permit->out);
    base.field[FIELD_OUT] = interface_of(arena, prover, hook == HOOK_INPUT, request ? permit->out : permit->in);
    base.field[request ? FIELD_SOURCE : FIELD_DESTINATION] = ends_of(arena, permit->source, flow->family);
    base.field[request ? FIELD_DESTINATION : FIELD_SOURCE] = ends_of(arena, permit->destination, flow->family);
    base.field[request ? FIELD_SOURCE_PORT : FIELD_PORT] = ports_of(arena, flow->source_ports);
    base.field[request ? FIELD_PORT : FIELD_SOURCE_PORT] = ports_of(arena, flow->ports);
    base.field[FIELD_STATE] = ranges_value(arena, request ? STATE_NEW : STATE_ESTABLISHED);
    base.field[FIELD_FRAGMENT] = ranges_value(arena, FRAGMENT_NONE);
    base.field[FIELD_MARK] = ranges_value(arena, 0);
    if (flow->transport != TRANSPORT_ANY) {
        add_protocol(arena, base, ranges_value(arena, flow_protocol(flow)), request, flow->family, &blocks);
        return blocks;
    }
    add_protocol(arena, base, ranges_of(arena, &apart[0], 1), request, flow->family, &blocks);
    add_protocol(arena, base, ranges_value(arena, proto_icmp(flow->family)), request, flow->family, &blocks);
    add_protocol(arena, base, ranges_subtract(arena, ranges_one(arena, 0, 255), ranges_of(arena, apart, 3)), request,
                 flow->family, &blocks);
    return blocks;
}
