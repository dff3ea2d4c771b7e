/* What the readers of flows share: flows.c, flows_csv.c, flows_json.c. */
#ifndef PORTOLAN_PLAN_FLOWS_READER_H
#define PORTOLAN_PLAN_FLOWS_READER_H

#include "base/vec.h"
#include "plan/flows.h"

struct range_list VEC(struct range);

struct flow_ends {
    bool any;
    struct range_list items[FAMILY_N];
};

struct flow_ports {
    bool any;
    bool unknown; /* of a flow that is not resolved */
    struct range *v;
    size_t n;
    size_t capacity;
};

/* A flow before its families are parted. */
struct flow_parts {
    struct flow flow; /* all but family, ends and ports */
    bool has_family;  /* only this one, where it was said */
    enum family family;
    struct flow_ends source;
    struct flow_ends destination;
    struct flow_ports ports;
};

struct flow_reader {
    struct arena *arena;
    const struct source *source;
    struct diags *diags;
    struct flows *flows;
    size_t flow_at; /* JSON: where the flow that is being read begins */
};

/* Each adds one address, prefix, range or `any` (one port, range or `any`); false with an error at the span. */
bool flows_add_end(struct arena *arena, struct str text, struct span span, struct diags *diags, struct flow_ends *ends);
bool flows_add_ports(struct arena *arena, struct str text, struct span span, struct diags *diags,
                     struct flow_ports *ports);
/* A transport without ports has none to name; false with an error at the span. */
bool flows_ports_fit(int transport, const struct flow_ports *ports, struct span span, struct diags *diags);
/* Makes the flow, or two where both families are there. */
void flows_finish(struct flow_reader *reader, const struct flow_parts *parts);

void flows_read_csv(struct flow_reader *reader);
void flows_read_json(struct flow_reader *reader);

#endif
