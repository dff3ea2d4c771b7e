/* What composers of all dialects share; see compose.h. */
#include "compose.h"

const char *const world_interfaces[WORLD_INTERFACES] = {"eth0", "eth1", "eth10", "wg0"};

u128 world_address(enum family family, enum net net, unsigned host)
{
    if (family == FAMILY_V4)
        return (u128)10 << 24 | (u128)net << 16 | host;
    return (u128)0xfd00 << 112 | (u128)net << 96 | host;
}

void compose_end(struct composer *composer, struct lines *lines)
{
    *vec_push(composer->arena, lines) = str_dup(composer->arena, buf_str(&composer->line));
    buf_free(&composer->line);
    composer->line = BUF_EMPTY;
}

void compose_one(struct composer *composer, enum family family, enum net net, unsigned host)
{
    addr_format(&composer->line, family, world_address(family, net, host));
}

void compose_address(struct composer *composer, enum family family, enum net net)
{
    static const unsigned short_of[] = {0, 0, 0, 1, 2, 3, 6, 8, 16, 24};
    unsigned bits = addr_bits(family);
    unsigned cut = draw_of(composer->draw, short_of);
    u128 address = world_address(family, net, draw_below(composer->draw, 12));

    if (draw_once_in(composer->draw, 10))
        address = world_address(family, net == NET_SOURCES ? NET_DESTINATIONS : NET_SOURCES, 2);
    address = addr_prefix(family, address, bits - cut).lo;
    addr_format(&composer->line, family, address);
    if (cut > 0 || draw_once_in(composer->draw, 4))
        buf_addf(&composer->line, "/%u", bits - cut);
}

void compose_range(struct composer *composer, enum family family, enum net net, unsigned hosts)
{
    unsigned lo = draw_below(composer->draw, 10);

    compose_one(composer, family, net, lo);
    buf_addc(&composer->line, '-');
    compose_one(composer, family, net, lo + 1 + draw_below(composer->draw, hosts));
}

unsigned compose_port(struct composer *composer)
{
    static const unsigned ports[] = {0, 22, 53, 80, 81, 443, 1023, 1024, 8080, 33000, 65534, 65535};

    return draw_of(composer->draw, ports);
}
