/*
 * The readers of flows, CSV and JSON: any bytes give flows or errors with a place inside the text. Flows that came out
 * are whole: ends of the flow's own family, addresses and ports in order and in range, an id.
 */
#include "fuzz.h"
#include "net/addr.h"
#include "plan/flows.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_ranges(const struct ranges *ranges, u128 most)
{
    for (size_t i = 0; i < ranges->n; i++) {
        check(ranges->v[i].lo <= ranges->v[i].hi && ranges->v[i].hi <= most);
        check(i == 0 || ranges->v[i - 1].hi < ranges->v[i].lo);
    }
}

static void check_flow(const struct flow *flow)
{
    check(flow->id.n > 0 && flow->family < FAMILY_N);
    check_ranges(flow->source.ranges, addr_max(flow->family));
    check_ranges(flow->destination.ranges, addr_max(flow->family));
    if (flow->status == FLOW_RESOLVED)
        check(flow->source.ranges->n > 0 && flow->destination.ranges->n > 0);
    if (flow->ports != NULL)
        check_ranges(flow->ports, 65535);
    if (flow->source_ports != NULL)
        check_ranges(flow->source_ports, 65535);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct diags diags;
    diags_init(&diags, arena);
    struct source *source = source_new(arena, STR("flows"), (struct str){(const char *)data, size});
    struct flows flows = {0};
    struct buf out = BUF_EMPTY;
    bool good = flows_read(arena, source, &diags, &flows);

    check(good == (diags.errors == 0));
    for (size_t i = 0; i < flows.n; i++)
        check_flow(flows.v[i]);
    for (size_t i = 0; i < diags.n; i++)
        check(diags.v[i].span.source == source && diags.v[i].span.at <= size);
    diags_print(&out, &diags, false);
    buf_free(&out);
    arena_free(arena);
    return 0;
}
