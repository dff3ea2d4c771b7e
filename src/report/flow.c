/* Parts of a flow as text; see flow.h. */
#include "report/flow.h"

#include "net/proto.h"

static struct str finish(struct arena *arena, struct buf *buf)
{
    struct str made = str_dup(arena, buf_str(buf));

    buf_free(buf);
    return made;
}

static struct str ends_text(struct arena *arena, enum family family, const struct ends *ends, size_t most)
{
    struct buf buf = BUF_EMPTY;

    if (ends->any)
        return STR("any");
    for (size_t i = 0; i < ends->item_n && (most == 0 || i < most); i++) {
        buf_adds(&buf, i > 0 ? " " : "");
        addr_range_format(&buf, family, ends->items[i]);
    }
    if (most > 0 && ends->item_n > most)
        buf_addf(&buf, " +%zu", ends->item_n - most);
    return finish(arena, &buf);
}

struct str flow_text_source(struct arena *arena, const struct flow *flow, size_t most)
{
    return ends_text(arena, flow->family, &flow->source, most);
}

struct str flow_text_destination(struct arena *arena, const struct flow *flow, size_t most)
{
    struct buf buf = BUF_EMPTY;

    if (flow->destination.any || flow->destination.item_n > 0)
        return ends_text(arena, flow->family, &flow->destination, most);
    for (size_t i = 0; i < flow->domain_n && (most == 0 || i < most); i++)
        buf_addf(&buf, "%s%.*s", i > 0 ? " " : "", STR_ARG(flow->domains[i]));
    if (most > 0 && flow->domain_n > most)
        buf_addf(&buf, " +%zu", flow->domain_n - most);
    return finish(arena, &buf);
}

struct str flow_text_ports(struct arena *arena, const struct flow *flow)
{
    struct buf buf = BUF_EMPTY;

    if (!flow->ports_known)
        return STR("?");
    if (flow->ports == NULL)
        return flow->transport == TRANSPORT_ANY || proto_has_ports((unsigned)flow->transport) ? STR("any") : STR_EMPTY;
    for (size_t i = 0; i < flow->ports->n; i++) {
        buf_addf(&buf, "%s%u", i > 0 ? " " : "", (unsigned)flow->ports->v[i].lo);
        if (flow->ports->v[i].hi != flow->ports->v[i].lo)
            buf_addf(&buf, "-%u", (unsigned)flow->ports->v[i].hi);
    }
    return finish(arena, &buf);
}

struct str flow_text_transport(struct arena *arena, const struct flow *flow)
{
    struct buf buf = BUF_EMPTY;

    transport_format(&buf, flow->transport);
    return finish(arena, &buf);
}
