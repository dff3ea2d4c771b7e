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
    u128 number;

    /* Not bound to an interface: none is named. */
    *has = ranges != NULL && !ranges_equal(ranges, region_interface(arena, prover, STR_EMPTY));
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

static void pick_addresses(const struct cube *cube, enum family family, struct packet *packet)
{
    const struct ranges *from = cube->field[FIELD_SOURCE] == NULL ? addr_unicast(family) : cube->field[FIELD_SOURCE];
    const struct ranges *to =
        cube->field[FIELD_DESTINATION] == NULL ? addr_unicast(family) : cube->field[FIELD_DESTINATION];

    packet->source = from->v[0].lo;
    packet->destination = to->v[0].lo;
    /* The first address of a prefix is nobody's; the next one reads better where the set has it. */
    if (from->v[0].hi - from->v[0].lo > 1)
        packet->source++;
    if (to->v[0].hi - to->v[0].lo > 1)
        packet->destination++;
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
    static const unsigned char usual[] = {PROTO_TCP, PROTO_UDP};

    for (size_t i = 0; i < sizeof usual; i++) {
        if (ranges == NULL || ranges_contain(ranges, usual[i]))
            return usual[i];
    }
    return (uint8_t)pick(ranges, ranges->v[0].lo);
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
        packet.source_port = (uint16_t)pick(cube->field[FIELD_SOURCE_PORT], 40000);
        packet.port = (uint16_t)pick(cube->field[FIELD_PORT], 1);
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

static void format_number(struct buf *out, enum field field, enum family family, u128 value)
{
    if (field == FIELD_PROTOCOL)
        proto_format(out, (unsigned)value);
    else if (field == FIELD_SOURCE || field == FIELD_DESTINATION)
        addr_format(out, family, value);
    else
        buf_addf(out, "%u", (unsigned)value);
}

static void add_value(struct arena *arena, struct strings *strings, const struct buf *text)
{
    *vec_push(arena, strings) = str_dup(arena, buf_str(text));
}

static void add_range(struct arena *arena, struct strings *strings, enum field field, enum family family,
                      struct range range)
{
    struct buf text = BUF_EMPTY;

    if (field == FIELD_SOURCE || field == FIELD_DESTINATION) {
        addr_range_format(&text, family, range);
    } else {
        format_number(&text, field, family, range.lo);
        if (range.hi > range.lo) {
            text.n = 0;
            buf_addf(&text, "%u-%u", (unsigned)range.lo, (unsigned)range.hi);
        }
    }
    add_value(arena, strings, &text);
    buf_free(&text);
}

/* An interface set: the names in it, or, when it holds the nameless rest too, `!` and the names that are not in it. */
static void add_interfaces(struct arena *arena, const struct prover *prover, const struct ranges *ranges,
                           struct strings *strings)
{
    u128 last = interfaces_last(prover->interfaces);
    bool rest = ranges_contain(ranges, last);
    const struct ranges *shown = rest ? ranges_complement(arena, ranges, last) : ranges;

    for (size_t i = 0; i < shown->n; i++) {
        for (u128 number = shown->v[i].lo; number <= shown->v[i].hi; number++) {
            struct str name = interfaces_name(arena, prover->interfaces, number);

            /* Between two names lie others that nobody wrote; their neighbours stand for them. */
            if (number == INTERFACE_NONE || (number % 2 == 1 && shown->v[i].hi > shown->v[i].lo))
                continue;
            if (rest && str_is(name, "lo"))
                continue;
            *vec_push(arena, strings) = rest ? str_printf(arena, "!%.*s", STR_ARG(name)) : name;
        }
    }
}

static void add_states(struct arena *arena, const struct ranges *ranges, struct strings *strings)
{
    for (enum state state = 0; state < STATE_N; state++) {
        if (ranges_contain(ranges, state))
            *vec_push(arena, strings) = str_of(state_name(state));
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

    for (enum field field = 0; field < FIELD_N; field++) {
        const struct ranges *ranges = cube->field[field];
        struct strings strings = {0};

        if (!is_everything(field, family, ranges)) {
            if (field == FIELD_IN || field == FIELD_OUT)
                add_interfaces(arena, prover, ranges, &strings);
            else if (field == FIELD_STATE)
                add_states(arena, ranges, &strings);
            else
                for (size_t i = 0; i < ranges->n; i++)
                    add_range(arena, &strings, field, family, ranges->v[i]);
        }
        if (strings.n == 0)
            *vec_push(arena, &strings) = STR("any");
        box.values[field] = strings.v;
        box.n[field] = strings.n;
    }
    return box;
}
