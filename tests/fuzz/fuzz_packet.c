/*
 * The language of packets: any bytes give a packet or errors, and what a packet prints as is read back as the same
 * packet.
 */
#include "fuzz.h"
#include "model/packet.h"

static void read_back(struct arena *arena, const struct packet *packet)
{
    struct buf first = BUF_EMPTY;
    struct buf second = BUF_EMPTY;
    struct packet again;
    struct diags diags;

    diags_init(&diags, arena);
    packet_format(&first, packet);
    if (!packet_parse(source_new(arena, STR("packet"), buf_str(&first)), &diags, &again))
        abort();
    packet_format(&second, &again);
    if (!str_eq(buf_str(&first), buf_str(&second)))
        abort();
    for (enum field field = 0; field < FIELD_N; field++) {
        bool hidden = packet->fragment == FRAGMENT_LATER && (field == FIELD_SOURCE_PORT || field == FIELD_PORT ||
                                                             field == FIELD_ICMP || field == FIELD_TCP_FLAGS);

        if (!hidden && packet_field(packet, field) != packet_field(&again, field))
            abort();
    }
    buf_free(&first);
    buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct diags diags;
    diags_init(&diags, arena);
    struct source *source = source_new(arena, STR("packet"), (struct str){(const char *)data, size});
    struct buf out = BUF_EMPTY;
    struct packet packet;

    if (packet_parse(source, &diags, &packet))
        read_back(arena, &packet);
    else if (diags.errors == 0)
        abort(); /* no packet and no reason */
    diags_print(&out, &diags, false);
    buf_free(&out);
    arena_free(arena);
    return 0;
}
