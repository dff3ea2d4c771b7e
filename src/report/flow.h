/* Parts of a flow as text, for the views of plans. */
#ifndef PORTOLAN_REPORT_FLOW_H
#define PORTOLAN_REPORT_FLOW_H

#include "model/flow.h"

/* Up to `most` items, then "+N"; 0: all of them. What stands for domains that are not resolved is their names. */
struct str flow_text_source(struct arena *arena, const struct flow *flow, size_t most);
struct str flow_text_destination(struct arena *arena, const struct flow *flow, size_t most);
/* "123", "5404-5405 8892", "any", "?" where they are not known, "" where the transport has none. */
struct str flow_text_ports(struct arena *arena, const struct flow *flow);
struct str flow_text_transport(struct arena *arena, const struct flow *flow);

#endif
