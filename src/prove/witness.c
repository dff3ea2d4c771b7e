/* Sets of packets as one packet, and as a box of strings; see prover.h. */
#include "net/proto.h"
#include "prove/prover.h"

static u128 pick(const struct ranges *ranges, u128 usual)
{
    if (ranges == NULL || ranges_contain(ranges, usual))
        return usual;
    /* The lowest, but rather not 0. */
    if (ranges->v[0].lo == 0 && ranges->v[0].hi > 0)
        return 1;
    return ranges->v[0].lo;
}

static struct str pick_interface(struct arena *arena, const struct prover *prover, const struct ranges *ranges,
                                 bool *has)
{
    struct arena_mark mark = arena_mark(arena);
    u128 number;

    /* Not bound to an interface: none is named. */
    *has = ranges != NULL && !ranges_equal(ranges, region_interface(arena, prover, STR_EMPTY));
    arena_release(arena, mark);
    if (!*has)
        return STR_EMPTY;
    /* A name that somebody wrote (an even number) rather than one made up for all the others. */
    for (size_t i = 0; i < ranges->n; i++) {
        number = ranges->v[i].lo + ranges->v[i].lo % 2;
        if (number <= ranges->v[i].hi && number != INTERFACE_NONE)
            return interfaces_name(arena, prover->interfaces, number);
    }
    return interfaces_name(arena, prover->interfaces, ranges->v[0].lo);
}

bool witness_exists(const struct cube *cube)
{
    const struct ranges *from = cube->field[FIELD_SOURCE];
    const struct ranges *to = cube->field[FIELD_DESTINATION];

    return from == NULL || to == NULL || from->n != 1 || to->n != 1 || from->v[0].lo != from->v[0].hi ||
           !ranges_equal(from, to);
}

/* The first address of a prefix is nobody's; the next one reads better. */
static bool is_prefix(enum family family, struct range range)
{
    return range.hi - range.lo > 1 && addr_prefix_length(family, range) >= 0;
}

static void pick_addresses(const struct cube *cube, enum family family, struct packet *packet)
{
    const struct ranges *from = cube->field[FIELD_SOURCE] == NULL ? addr_unicast(family) : cube->field[FIELD_SOURCE];
    const struct ranges *to =
        cube->field[FIELD_DESTINATION] == NULL ? addr_unicast(family) : cube->field[FIELD_DESTINATION];

    packet->source = from->v[0].lo;
    packet->destination = to->v[0].lo;
    packet->source += is_prefix(family, from->v[0]);
    packet->destination += is_prefix(family, to->v[0]);
    if (packet->source != packet->destination)
        return;
    if (to->v[0].hi > packet->destination)
        packet->destination++;
    else if (to->n > 1)
        packet->destination = to->v[1].lo;
    else if (from->v[0].hi > packet->source)
        packet->source++;
    else if (from->n > 1)
        packet->source = from->v[1].lo;
}

static uint8_t pick_protocol(const struct ranges *ranges)
{
    static const unsigned char usual[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_ICMPV6, PROTO_GRE, PROTO_ESP};

    for (size_t i = 0; i < sizeof usual; i++) {
        if (ranges == NULL || ranges_contain(ranges, usual[i]))
            return usual[i];
    }
    return (uint8_t)ranges->v[0].lo;
}

struct packet witness_packet(struct arena *arena, const struct prover *prover, enum family family,
                             const struct cube *cube)
{
    struct packet packet = {.family = family};
    u128 message;

    packet.in = pick_interface(arena, prover, cube->field[FIELD_IN], &packet.has_in);
    packet.out = pick_interface(arena, prover, cube->field[FIELD_OUT], &packet.has_out);
    pick_addresses(cube, family, &packet);
    packet.protocol = pick_protocol(cube->field[FIELD_PROTOCOL]);
    packet.state = (enum state)pick(cube->field[FIELD_STATE], STATE_NEW);
    packet.fragment = (enum fragment)pick(cube->field[FIELD_FRAGMENT], FRAGMENT_NONE);
    packet.mark = (uint32_t)pick(cube->field[FIELD_MARK], 0);
    if (proto_has_ports(packet.protocol)) {
        bool reply = packet.state == STATE_ESTABLISHED;

        packet.source_port = (uint16_t)pick(cube->field[FIELD_SOURCE_PORT], reply ? 1 : 40000);
        packet.port = (uint16_t)pick(cube->field[FIELD_PORT], reply ? 40000 : 1);
    }
    if (packet.protocol == PROTO_ICMP || packet.protocol == PROTO_ICMPV6) {
        message = pick(cube->field[FIELD_ICMP], icmp_message(packet.protocol == PROTO_ICMP ? 8 : 128, 0));
        packet.icmp_type = (uint8_t)(message >> 8);
        packet.icmp_code = (uint8_t)(message & 255);
    }
    if (packet.protocol == PROTO_TCP)
        packet.tcp_flags = (uint8_t)pick(cube->field[FIELD_TCP_FLAGS], packet.state == STATE_NEW ? TCP_SYN : TCP_ACK);
    return packet;
}

struct strings VEC(struct str);

static void format_number(struct buf *out, enum field field, u128 value)
{
    if (field == FIELD_PROTOCOL)
        proto_format(out, (unsigned)value);
    else
        buf_addu(out, (uint64_t)value);
}

static void add_range(struct arena *arena, struct buf *text, struct strings *strings, enum field field,
                      enum family family, struct range range)
{
    text->n = 0;
    if (field == FIELD_SOURCE || field == FIELD_DESTINATION) {
        addr_range_format(text, family, range);
    } else if (range.hi > range.lo) {
        buf_addu(text, (uint64_t)range.lo);
        buf_addc(text, '-');
        buf_addu(text, (uint64_t)range.hi);
    } else {
        format_number(text, field, range.lo);
    }
    *vec_push(arena, strings) = str_dup(arena, buf_str(text));
}

/* A wildcard that the walk over all names is inside of, and whether names in it that nobody wrote are in the set. */
struct wildcard {
    struct str name;
    bool inside;
};

static bool opens_wildcard(const struct interface_numbers *numbers, size_t point)
{
    struct str name = numbers->points[point];

    for (size_t i = point + 1; i < numbers->n; i++) {
        struct str other = numbers->points[i];

        if (other.n == name.n + 1 && str_eq(str_head(other, name.n), name) && other.p[name.n] == INTERFACE_AFTER)
            return true;
    }
    return false;
}

static void add_entry(struct arena *arena, struct strings *strings, bool inside, struct str name, bool wild)
{
    *vec_push(arena, strings) = str_printf(arena, "%s%.*s%s", inside ? "" : "!", STR_ARG(name), wild ? "*" : "");
}

/*
 * A set of interfaces as names, wildcards `eth*` and exceptions `!eth0`, `!eth*`: the most specific entry decides, and
 * a list that begins with an exception starts from every interface. Wildcards nest, and rules cannot tell names apart
 * that nobody wrote and that are in the same wildcards.
 */
static void add_interfaces(struct arena *arena, const struct prover *prover, const struct ranges *ranges,
                           struct strings *strings)
{
    const struct interface_numbers *numbers = prover->interfaces;
    struct wildcard *open = arena_new_array(arena, struct wildcard, numbers->n + 1);
    size_t depth = 0;

    open[0].inside = ranges_contain(ranges, interfaces_last(numbers));
    for (size_t point = 0; point < numbers->n; point++) {
        struct str name = numbers->points[point];
        u128 number = 2 * (u128)point + 2;
        bool inside = ranges_contain(ranges, number);

        if (name.n > 0 && name.p[name.n - 1] == INTERFACE_AFTER) {
            depth--;
            continue;
        }
        if (opens_wildcard(numbers, point)) {
            open[depth + 1] = (struct wildcard){name, ranges_contain(ranges, number + 1)};
            if (open[depth + 1].inside != open[depth].inside)
                add_entry(arena, strings, open[depth + 1].inside, name, true);
            depth++;
        }
        /* Loopback is out of every question that is not about it. */
        if (inside != open[depth].inside && !(depth == 0 && open[0].inside && str_is(name, "lo")))
            add_entry(arena, strings, inside, name, false);
    }
}

static void add_states(struct arena *arena, const struct ranges *ranges, struct strings *strings)
{
    for (enum state state = 0; state < STATE_N; state++) {
        if (ranges_contain(ranges, state))
            *vec_push(arena, strings) = str_of(state_name(state));
    }
}

static void add_fragments(struct arena *arena, const struct ranges *ranges, struct strings *strings)
{
    static const char *const names[FRAGMENT_N] = {"none", "first", "later"}; /* `none`: a whole packet */

    for (enum fragment fragment = 0; fragment < FRAGMENT_N; fragment++) {
        if (ranges_contain(ranges, fragment))
            *vec_push(arena, strings) = str_of(names[fragment]);
    }
}

static void add_span(struct arena *arena, struct strings *strings, const char *before, unsigned lo, unsigned hi)
{
    *vec_push(arena, strings) =
        lo == hi ? str_printf(arena, "%s%u", before, lo) : str_printf(arena, "%s%u-%u", before, lo, hi);
}

/* Messages as types, `0-2`, and where not all codes of a type are meant as type and codes, `3/0-3`. */
static void add_messages(struct arena *arena, struct strings *strings, struct range range)
{
    unsigned lo = (unsigned)range.lo;
    unsigned hi = (unsigned)range.hi;

    while (lo <= hi) {
        unsigned type = lo >> 8;
        unsigned last = hi < (type << 8 | 255) ? hi : type << 8 | 255;

        if ((lo & 255) == 0 && (last & 255) == 255) {
            unsigned types = (hi + 1) >> 8;

            add_span(arena, strings, "", type, types - 1);
            last = (types << 8) - 1;
        } else {
            add_span(arena, strings, str_cstr(arena, str_printf(arena, "%u/", type)), lo & 255, last & 255);
        }
        lo = last + 1;
    }
}

static bool is_everything(enum field field, enum family family, const struct ranges *ranges)
{
    u128 lo = field == FIELD_SOURCE_PORT ? 1 : 0; /* source port 0 never counts */

    return ranges == NULL || (ranges->n == 1 && ranges->v[0].lo <= lo && ranges->v[0].hi == field_max(field, family));
}

struct box witness_box(struct arena *arena, const struct prover *prover, enum family family, const struct cube *cube)
{
    struct box box = {.family = family};
    struct buf text = BUF_EMPTY;

    for (enum field field = 0; field < FIELD_N; field++) {
        const struct ranges *ranges = cube->field[field];
        struct strings strings = {0};

        vec_reserve(arena, &strings, ranges == NULL ? 1 : ranges->n);
        if (!is_everything(field, family, ranges)) {
            if (field == FIELD_IN || field == FIELD_OUT)
                add_interfaces(arena, prover, ranges, &strings);
            else if (field == FIELD_STATE)
                add_states(arena, ranges, &strings);
            else if (field == FIELD_FRAGMENT)
                add_fragments(arena, ranges, &strings);
            else if (field == FIELD_ICMP)
                for (size_t i = 0; i < ranges->n; i++)
                    add_messages(arena, &strings, ranges->v[i]);
            else
                for (size_t i = 0; i < ranges->n; i++)
                    add_range(arena, &text, &strings, field, family, ranges->v[i]);
        }
        if (strings.n == 0)
            *vec_push(arena, &strings) = STR("any");
        box.values[field] = strings.v;
        box.n[field] = strings.n;
    }
    buf_free(&text);
    return box;
}
